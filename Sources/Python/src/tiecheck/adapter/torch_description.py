"""What a PyTorch model says of itself."""

from .torch_double import _Double, _rounding
from .values import _array_keys, _equal_values, _note_findings


class _TorchDescription:
    """The answer to the question "describe"."""

    def description(self):
        self.prepare()
        can = ["gradient", "use"] + (["steps"] if self.optimizers else [])
        description = {
            "name": self.name,
            "loss": getattr(self.loss_function, "__name__", type(self.loss_function).__name__),
            "parameters": self.parameters(),
            "uses": self.uses.description(self.intended),
            "optimizers": [self.optimizer(name).description() for name in self.optimizers],
            "can": can,
        }
        batch = self.tensors_of_batch()
        if batch and batch[-1].dim():
            description["batch"] = len(batch[-1])
        if self.are_claims_of_a_piece():
            can.append("gradient_by_use")
        else:
            description["claims_by_use"] = "apart"
        description["layers"] = [
            {"name": layer, "type": self.kind_of(layer)}
            for layer in dict.fromkeys(use["layer"] for use in description["uses"])
        ]
        description["ties"] = self.ties_that_can_be_told(description["uses"])
        self.note_double(description)
        self.note_equal_values()
        _note_findings(description, self.faults, self.remarks)
        return description

    def ties_that_can_be_told(self, uses):
        if not self.uses.left_out:
            return self.ties
        heard = {use["layer"] for use in uses}
        return [tie for tie in self.ties if heard.issuperset(tie)]

    def parameters(self):
        self.whole = self.claimed()
        parameters = []
        for index, (memory, claim) in enumerate(zip(self.memories, self.whole)):
            entry = {
                "name": memory.name,
                "shape": list(memory.shape),
                "values": memory.values().double().tolist(),
                "precision": self.precision(memory),
            }
            if claim is None:
                entry["unused"] = True
            entries = self.uses.rounded_entries(index, claim)
            if entries:
                entry["untrained_entries"] = entries
            parameters.append(entry)
        return parameters

    def precision(self, memory):
        """The narrowest arithmetic that the gradient passes, whatever the parameter is kept in."""
        words = ["double", "float", "bfloat16", "float16"]
        return words[max(words.index(memory.precision), self.uses.trace.narrowest)]

    def are_claims_of_a_piece(self):
        """Whether the claims by use add up to the gradient; where they do not they are not compared."""
        sums = {}
        for (_, memory), claim in zip(self.uses.list, self.evaluated(self.uses.claims)):
            if claim is not None:
                sums[memory] = claim + sums[memory] if memory in sums else claim
        apart = []
        for index, (memory, whole) in enumerate(zip(self.memories, self.whole)):
            if index in self.uses.left_out:
                continue
            zero = self.torch.zeros_like(memory.values())
            whole, parts = (zero if whole is None else whole), sums.get(index, zero)
            size = max(float(whole.abs().max()), float(parts.abs().max()))
            tolerance = {"double": 1e-6, "float": 1e-3}.get(self.precision(memory), 5e-2)
            if not float((whole - parts).abs().max()) <= tolerance * size:
                apart.append(memory.name)
        if apart:
            self.remarks.append(
                {
                    "about": "by-use-apart",
                    "parameters": apart,
                    "sentence": "What the uses of %s claim one by one does not add up to the gradient that training has "
                    "(a hook on the gradient, a checkpoint with re-entry, or a gradient kept aside): the claims of "
                    "single uses cannot be told apart and are not compared. The gradient as a whole is, and each "
                    "path is measured." % ", ".join(apart),
                }
            )
        return not apart

    def note_double(self, description):
        if self.witness != "double":
            return
        self.double = _Double(self.torch, self.memories, self.state.every_tensor())
        try:
            with self.in_double():
                with self.state.kept():
                    missing, rounding = None, _rounding(self.torch, self.double, self.value, self.path_of)
                self.loss()
                self.loss_in_uses([(use, []) for use in range(len(self.uses.list))])
                self.double.needs_widening = self.double.has_widened
        except Exception as error:
            missing = "The model does not run in float64: %s: %s." % (type(error).__name__, str(error).split("\n")[0])
        if missing:
            description["double_missing"] = missing
            return
        description["can"].append("double")
        if rounding:
            self.remarks.append(
                {
                    "about": "double-rounds",
                    "parameters": [],
                    "sentence": "Measured in float64, and still rounded to fewer digits in %s." % ", ".join(rounding),
                }
            )

    def note_equal_values(self):
        arrays = [
            _array_keys(memory.name, memory.values().reshape(memory.shape).double().cpu().numpy())
            for memory in self.memories
        ]
        self.remarks += _equal_values([keys for keys in arrays if keys])
