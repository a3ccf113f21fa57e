"""A PyTorch model as a checker asks it."""

import contextlib

from .protocol import NotCheckable
from .torch_double import _Double, _rounding
from .torch_memory import _Memories
from .torch_optimizers import _TorchOptimizer, _fresh_state, _made_optimizer, _step
from .torch_state import _TorchState
from .torch_structure import _leaves, _reachable, _shared_memory_faults, _unregistered_fault
from .torch_uses import _TorchUses
from .torch_watch import _one_attention
from .values import _array_keys, _equal_values


def torch_model(
    model, loss=None, batch=None, optimizers=None, name=None, ties=(), intended=(), frozen=(), witness="double"
):
    """A torch.nn.Module at its present parameters.

    loss        a function of the model's output and the target; None if the output is the loss, or has it as
                .loss, as models of the transformers library do
    batch       (input, target); the input may be a tuple of several, or a dictionary of named ones
    optimizers  name -> a function that takes the model and gives a fresh torch.optim.Optimizer
    ties        [["encoder", "decoder"]]: modules that are meant to share a parameter
    intended    layers, parameters or (layer, parameter) whose claimed gradient is deliberately not the
                derivative (straight-through, scaled by frequency)
    frozen      names of parameters that no optimizer is meant to train
    witness     "double": the loss is measured in float64 wherever it can be; "own": as the model computes it

    Parameters are told apart by the memory they stand in: two over one memory are one, used twice. Its
    uses are found by watching which operations of which module read that memory.
    """
    return _Torch(model, loss, batch, optimizers or {}, name, ties, intended, frozen, witness)


class _Torch:
    def __init__(self, model, loss, batch, optimizers, name, ties, intended, frozen, witness):
        import torch

        self.torch, self.model, self.loss_function, self.optimizers = torch, model, loss, optimizers
        self.batch = batch
        self.inner = self.unwrapped(model)
        self.name, self.ties = name or type(self.inner).__name__, [list(tie) for tie in ties]
        self.intended, self.frozen, self.witness = set(intended), list(frozen), witness
        self.derives_losses, self.uses, self.double = False, None, None
        self.faults, self.remarks = [], []
        self.note_names()

    def unwrapped(self, model):
        """The model within what torch.compile and data parallelism wrap around it."""
        while True:
            inner = getattr(model, "_orig_mod", None)
            if inner is None and type(model).__name__ in ("DistributedDataParallel", "DataParallel"):
                inner = model.module
            if inner is None:
                return model
            model = inner

    # Names

    def note_names(self):
        torch, names = self.torch, {}
        for path, module in self.inner.named_modules(remove_duplicate=False):
            names.setdefault(id(module), []).append(path.replace("_orig_mod.", "") or self.name)
        self.paths = {key: paths[0] for key, paths in names.items()}
        told = self.told = {layer for tie in self.ties for layer in tie}
        # A module that stands under several names is called by them in turn, if a tie names them.
        self.other_names = {p[0]: p for p in names.values() if len(p) > 1 and told & set(p[1:])}
        self.loss_layers = set()
        self.named = [
            (path.replace("_orig_mod.", ""), p)
            for path, p in self.inner.named_parameters(remove_duplicate=False)
        ]
        if isinstance(self.loss_function, torch.nn.Module):
            for path, module in self.loss_function.named_modules():
                if id(module) not in self.paths:
                    self.paths[id(module)] = "loss.%s" % path if path else "loss"
                    self.loss_layers.add(self.paths[id(module)])
            self.named += [("loss.%s" % path, p) for path, p in self.loss_function.named_parameters()]
        roots = [("", self.inner), ("loss", self.loss_function)]
        self.elsewhere = _reachable(torch, roots, set(self.paths) | {id(p) for _, p in self.named})

    def path_of(self, module):
        """What a module is called; None where what it computes belongs to whoever calls it."""
        path = self.paths.get(id(module))
        if path is None and next(module.parameters(), None) is not None:
            path = self.elsewhere.get(id(module), type(module).__name__.lower())
            self.paths[id(module)] = path
        if path is None or "parametrizations" in path.split(".") or module is self.model is not self.inner:
            return None
        return path

    def kind_of(self, layer):
        kinds = {path: type(module).__name__ for path, module in self.inner.named_modules(remove_duplicate=False)}
        return kinds.get(layer, "loss" if layer == "loss" or layer in self.loss_layers else "module")

    # The loss

    def output(self):
        inputs = self.batch
        if isinstance(inputs, (tuple, list)) and self.loss_function is not None:
            inputs = inputs[0]
        if hasattr(inputs, "keys"):
            return self.model(**inputs)
        return self.model(*inputs) if isinstance(inputs, tuple) else self.model(inputs)

    def value(self):
        output = self.output()
        if self.loss_function is not None:
            target = self.batch[1:] if isinstance(self.batch, (tuple, list)) else ()
            loss = self.loss_function(output, *target)
        else:
            loss = getattr(output, "loss", output)
        if not isinstance(loss, self.torch.Tensor):
            raise NotCheckable(
                "the loss is a %s and no tensor, so it has no gradient: return the tensor, without .item() or float()"
                % type(loss).__name__
            )
        self.loss_shape = tuple(loss.shape)
        return loss if loss.dim() == 0 else loss.mean()

    def evaluated(self, body):
        """What `body` gives, with the tensors that evaluating changes as they were."""
        with self.state.kept():
            if self.double is not None and self.double.is_on:
                return self.double.run(body)
            with _one_attention(self.torch):
                return body()

    def loss(self):
        with self.torch.set_grad_enabled(self.derives_losses):
            return self.evaluated(self.value).item()

    def loss_in_use(self, use, changes):
        site, memory = self.uses.list[use]
        own = self.memories[memory].own()
        for change in changes:
            self.memories[memory].put(change.get("at"), change["to"], own.reshape(-1))
        given = {site: {memory: own}}
        return self.evaluated(lambda: self.uses.loss(given, self.derives_losses)).item()

    # Description

    def prepare(self):
        torch = self.torch
        self.faults, self.remarks = [], []
        self.memories = _Memories(torch, [pair for pair in self.named if pair[1].requires_grad])
        self.state = _TorchState(self)
        self.faults += self.state.look()
        self.note_unregistered()
        self.faults += _shared_memory_faults(self.memories)
        if self.state.remark:
            self.remarks.append(self.state.remark)
        if not self.memories:
            raise NotCheckable("the model has no parameters that ask for a gradient")
        self.uses = self.evaluated(lambda: _TorchUses(self))
        self.remarks += self.uses.remarks
        if self.loss_shape:
            self.remarks.append(
                {
                    "about": "unreduced-loss",
                    "parameters": [],
                    "sentence": "The loss has the shape %s; its mean is checked." % (self.loss_shape,),
                }
            )

    def note_unregistered(self):
        """Leaves of the loss's graph that stay from one evaluation to the next and that nothing registers."""
        own = {id(p) for _, p in self.named}
        given = {self.memories.pointer(x) for x in self.tensors_of_batch()}
        first, second = (_leaves(self.state.graph()) for _ in range(2))
        lasting = {id(leaf) for leaf in first} & {id(leaf) for leaf in second}
        found = [
            leaf
            for leaf in first
            if id(leaf) in lasting and id(leaf) not in own and self.memories.pointer(leaf) not in given
        ]
        if not found:
            return
        named = []
        for leaf in found:
            name = self.elsewhere.get(id(leaf)) or "a tensor of the shape %s" % (tuple(leaf.shape),)
            names = [other for other, _ in named]
            named.append((name if name not in names else "%s (%d)" % (name, len(named)), leaf))
        held = {id(p) for p in self.held_by_optimizers()}
        untrained = [name for name, leaf in named if id(leaf) not in held]
        if untrained:
            self.faults.append(_unregistered_fault(untrained))
        self.named += named
        self.memories = _Memories(self.torch, [pair for pair in self.named if pair[1].requires_grad])
        self.state.memories = self.memories

    def held_by_optimizers(self):
        for make in self.optimizers.values():
            optimizer = _made_optimizer(make, self.model)
            for group in getattr(optimizer, "param_groups", []):
                yield from group["params"]

    def tensors_of_batch(self):
        found, open_things = [], [self.batch]
        while open_things:
            thing = open_things.pop()
            if isinstance(thing, self.torch.Tensor):
                found.append(thing)
            elif isinstance(thing, (tuple, list)):
                open_things += thing
            elif hasattr(thing, "values"):
                open_things += list(thing.values())
        return found

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
        description.update({k: v for k, v in (("faults", self.faults), ("remarks", self.remarks)) if v})
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
            rows = self.uses.trace.padding.get(index)
            if rows:
                entry["untrained_rows"] = sorted(rows)
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
                missing, rounding = None, _rounding(self.torch, self.double, self.value, self.path_of)
                self.loss()
                for use in range(min(1, len(self.uses.list))):
                    self.loss_in_use(use, [])
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

    # Answers

    @contextlib.contextmanager
    def in_double(self):
        with self.double.on():
            yield

    def set(self, parameter, at, to):
        self.memories[parameter].put(at, to)

    def restore(self, parameter, at):
        memory = self.memories[parameter]
        if at is None:
            memory.put(None, memory.start)
        elif len(at) == 1:
            memory.put(at, [memory.start[at[0]]])
        else:
            memory.put(at, memory.start[self.torch.as_tensor(at)])

    def claimed(self):
        def derived():
            loss = self.value()
            if loss.requires_grad:
                loss.backward()
            claims = [memory.gradient() for memory in self.memories]
            return [None if claim is None else claim.detach().clone() for claim in claims]

        with self.state.gradients_aside(), self.torch.enable_grad():
            return self.evaluated(derived)

    def gradient(self):
        return [None if claim is None else claim.double().tolist() for claim in self.claimed()]

    def gradient_by_use(self):
        with self.state.gradients_aside():
            claims = self.evaluated(self.uses.claims)
        return [None if claim is None else claim.double().tolist() for claim in claims]

    def optimizer(self, name):
        made = _made_optimizer(self.optimizers[name], self.model)
        return _TorchOptimizer(self.torch, self.memories, name, made, self.frozen)

    def steps(self, name, count):
        if name not in self.optimizers:
            raise KeyError("there is no optimizer %r" % name)
        with self.state.gradients_aside(), self.state.everything_kept(), self.torch.enable_grad():
            optimizer = _made_optimizer(self.optimizers[name], self.model)
            with _fresh_state(optimizer), _one_attention(self.torch):
                way = []
                for _ in range(count):
                    _step(optimizer, self.value)
                    way.append([memory.values().double().tolist() for memory in self.memories])
                state = getattr(optimizer, "state", None)
                return dict({"parameters": way}, **({"states": len(state)} if state is not None else {}))
