"""What PyTorch optimizers hold and by which rule they step, group by group."""

import contextlib
import inspect

# What each class takes, and what of that the reference knows or does not matter.
_torch_rules = {
    "SGD": "lr momentum weight_decay nesterov maximize",
    "Adam": "lr betas eps weight_decay amsgrad maximize decoupled_weight_decay",
    "AdamW": "lr betas eps weight_decay amsgrad maximize decoupled_weight_decay",
    "RMSprop": "lr alpha eps weight_decay maximize",
}
_torch_no_matter = set("params foreach fused capturable differentiable initial_lr param_names".split())
_torch_words = {"alpha": "smoothing", "eps": "stabilizer", "momentum": "momentum", "weight_decay": "weight_decay"}
_torch_is_known = {
    "Muon": "Muon makes each step of a matrix orthogonal",
    "LBFGS": "LBFGS evaluates the loss several times in a step",
    "Adagrad": "Adagrad adds up all squares",
}


def _made_optimizer(make, model):
    """The optimizer of `optimizers=`: a function of the model or of nothing, or an optimizer itself."""
    if hasattr(make, "step") and not isinstance(make, type):
        return make
    try:
        takes = [
            p
            for p in inspect.signature(make).parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        has_rest = any(p.kind == p.VAR_POSITIONAL for p in inspect.signature(make).parameters.values())
    except (TypeError, ValueError):
        takes, has_rest = [None], False
    return make(model) if takes or has_rest else make()


@contextlib.contextmanager
def _fresh_state(optimizer):
    """An optimizer that the user made before has its state put aside while steps are compared."""
    state = getattr(optimizer, "state", None)
    if not state:
        yield
        return
    kept = dict(state)
    state.clear()
    try:
        yield
    finally:
        state.clear()
        state.update(kept)


def _inner_optimizers(torch, optimizer):
    """The PyTorch optimizers that a wrapper steps: itself, or those it holds."""
    if isinstance(optimizer, torch.optim.Optimizer):
        return [optimizer]
    found = []
    for value in list(getattr(optimizer, "__dict__", {}).values()):
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if hasattr(item, "step") and item is not optimizer and not hasattr(item, "last_epoch"):
                found += [inner for inner in _inner_optimizers(torch, item) if inner not in found]
    return found


def _base_rule(torch, optimizer):
    """The class of torch.optim that an optimizer is or is made from, and whether it is that class itself."""
    for kind in type(optimizer).__mro__:
        if kind.__module__.split(".")[:2] == ["torch", "optim"] and kind is not torch.optim.Optimizer:
            return kind.__name__
    return None


def _group_rule(kind, group):
    """A group's options in the reference's words, and the options that it does not know."""
    known = _torch_rules[kind].split()
    rule = {"rule": kind.lower(), "learning_rate": float(group.get("lr", 0))}
    if "betas" in group:
        rule["beta1"], rule["beta2"] = (float(beta) for beta in group["betas"])
    for theirs, ours in _torch_words.items():
        if theirs in known and theirs in group:
            rule[ours] = float(group[theirs])
    for word in ("nesterov", "maximize", "amsgrad"):
        if word in known and group.get(word):
            rule[word] = True
    if kind in ("Adam", "AdamW") and group.get("decoupled_weight_decay", kind == "AdamW"):
        rule["rule"] = "adamw"
        rule["decoupled"] = True
    unknown = [
        "%s=%s" % (key, value)
        for key, value in group.items()
        if key not in known and key not in _torch_no_matter and not isinstance(value, (list, dict)) and value
    ]
    if kind == "RMSprop" and group.get("weight_decay"):
        unknown.append("weight_decay=%s" % group["weight_decay"])
    return rule, unknown


class _TorchOptimizer:
    """What is said of one optimizer."""

    def __init__(self, torch, memories, name, optimizer, frozen):
        self.torch, self.memories, self.name, self.optimizer = torch, memories, name, optimizer
        self.frozen = frozen
        self.by_id = {id(member): memory for memory in memories for member in memory.members}

    def description(self):
        inner = _inner_optimizers(self.torch, self.optimizer)
        entry = {"name": self.name, "rule": type(self.optimizer).__name__.lower(), "frozen": self.frozen}
        groups, unknown, foreign, held = [], [], 0, []
        for optimizer in inner:
            kind = _base_rule(self.torch, optimizer)
            if kind not in _torch_rules:
                unknown.append(_torch_is_known.get(kind, "%s has no reference" % type(optimizer).__name__))
            for group in optimizer.param_groups:
                names, others = self.names(group["params"])
                foreign += others
                held += [name for name in names if name not in held]
                rule = {}
                if kind in _torch_rules:
                    rule, odd = _group_rule(kind, group)
                    unknown += [option for option in odd if option not in unknown]
                groups.append(dict(rule, parameters=names))
        if inner:
            entry.update(holds=held, foreign=foreign)
        else:
            unknown.append("%s is no torch.optim.Optimizer and holds none" % type(self.optimizer).__name__)
        if groups:
            entry.update({key: value for key, value in groups[0].items() if key != "parameters"})
        without = lambda group: {key: value for key, value in group.items() if key != "parameters"}
        if any(without(group) != without(groups[0]) for group in groups):
            entry["groups"] = groups
        if unknown:
            entry["rule"] = type(self.optimizer).__name__.lower()
            entry["not_compared"] = "%s is not compared with a reference: %s." % (self.name, "; ".join(unknown))
        clip = getattr(self.optimizer, "clip", None)
        if isinstance(clip, dict):
            entry["clip"] = clip
        return entry

    def names(self, parameters):
        """The model's parameters among those of a group, and how many are not the model's."""
        names, others = [], 0
        for parameter in parameters:
            memory = self.by_id.get(id(parameter))
            if memory is None:
                others += bool(parameter.requires_grad)
            elif memory.name not in names:
                names.append(memory.name)
        return names, others


class clipped:
    """An optimizer whose gradients are clipped before each step, as a training loop does it.

    optimizers={"adam": lambda model: tiecheck.clipped(torch.optim.Adam(model.parameters()), norm=1.0)}

    norm    the longest that all gradients together may be (torch.nn.utils.clip_grad_norm_)
    value   the largest that one entry may be (torch.nn.utils.clip_grad_value_)
    """

    def __init__(self, optimizer, norm=None, value=None):
        if (norm is None) == (value is None):
            raise TypeError("clipped() takes norm= or value=, one of them")
        self.optimizer, self.state = optimizer, optimizer.state
        self.clip = {"norm": float(norm)} if norm is not None else {"value": float(value)}

    def parameters(self):
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def zero_grad(self):
        self.optimizer.zero_grad()

    def step(self):
        import torch

        if "norm" in self.clip:
            torch.nn.utils.clip_grad_norm_(self.parameters(), self.clip["norm"])
        else:
            torch.nn.utils.clip_grad_value_(self.parameters(), self.clip["value"])
        self.optimizer.step()


def _step(optimizer, loss):
    """One step as a training loop makes it."""
    optimizer.zero_grad()
    needs_closure = [
        p
        for p in inspect.signature(optimizer.step).parameters.values()
        if p.name == "closure" and p.default is p.empty
    ]
    if needs_closure:

        def closure():
            optimizer.zero_grad()
            value = loss()
            value.backward()
            return value

        optimizer.step(closure)
        return
    loss().backward()
    optimizer.step()
