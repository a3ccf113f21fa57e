"""What no derivative shows in a PyTorch model: tensors that it does not register, memory held twice, evaluation
that changes something or draws."""

import types


def _reachable(torch, roots, known):
    """Tensors and modules that roots hold in lists, closures, globals or plain attributes: id -> name.

    roots   (name, object) pairs
    known   ids of what is registered, which needs no other name
    """
    found, open_things, seen = {}, [(name, thing, 0) for name, thing in roots], set()
    while open_things:
        name, thing, depth = open_things.pop(0)
        if id(thing) in seen or depth > 6:
            continue
        seen.add(id(thing))
        if isinstance(thing, torch.Tensor) or isinstance(thing, torch.nn.Module):
            if id(thing) not in known:
                found.setdefault(id(thing), name)
        open_things += [(part, item, depth + 1) for part, item in _parts(torch, name, thing, known)]
    return found


def _parts(torch, name, thing, known):
    """What a thing holds, with names."""
    join = lambda part: "%s.%s" % (name, part) if name else str(part)
    if isinstance(thing, torch.nn.Module):
        for store in (thing._parameters, thing._buffers, thing._modules):
            yield from ((join(part), item) for part, item in store.items() if item is not None)
        skipped = ("_parameters", "_buffers", "_modules")
        own = [(part, item) for part, item in vars(thing).items() if part not in skipped]
        yield from ((join(part), item) for part, item in own if not part.startswith("_"))
        yield from _parts(torch, name, getattr(type(thing), "forward", None), known)
    elif isinstance(thing, (list, tuple)):
        yield from ((join(i), item) for i, item in enumerate(thing[:1000]))
    elif isinstance(thing, dict):
        yield from ((join(part), item) for part, item in list(thing.items())[:1000])
    elif isinstance(thing, types.MethodType):
        yield from _parts(torch, name, thing.__func__, known)
        yield name, thing.__self__
    elif isinstance(thing, types.FunctionType):
        cells = zip(thing.__code__.co_freevars, thing.__closure__ or ())
        for part, cell in cells:
            try:
                yield part, cell.cell_contents
            except ValueError:
                pass
        for part in thing.__code__.co_names:
            item = thing.__globals__.get(part)
            if isinstance(item, (torch.Tensor, torch.nn.Module, list, tuple, dict)):
                yield part, item
    elif hasattr(thing, "func") and hasattr(thing, "keywords"):  # functools.partial
        yield name, thing.func
        yield from _parts(torch, name, list(thing.args), known)
    elif type(thing).__module__.split(".")[0] not in ("torch", "builtins", "numpy") and hasattr(thing, "__dict__"):
        if not isinstance(thing, (type, types.ModuleType)):
            yield from ((join(part), item) for part, item in vars(thing).items())


def _leaves(loss):
    """The leaf tensors that the loss's graph leads to."""
    found, open_nodes, seen = [], [loss.grad_fn], set()
    while open_nodes:
        node = open_nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        open_nodes.extend(following for following, _ in node.next_functions)
    return found


def _unregistered_fault(names):
    told = ", ".join(names)
    one = len(names) == 1
    return {
        "id": "unregistered",
        "parameters": list(names),
        "sentence": "The loss reads %s, which %s a gradient, and the model does not register %s: model.parameters() "
        "does not list %s, so no optimizer made from it trains %s, and no state_dict holds %s. Assign it as an "
        "attribute of a module (a list of modules as torch.nn.ModuleList, a tensor as torch.nn.Parameter)."
        % ((told, "asks for" if one else "ask for") + (("it",) * 4 if one else ("them",) * 4)),
    }


def _shared_memory_faults(memories):
    """Different parameters over one memory."""
    faults = []
    for memory in memories:
        different = {}
        for name, member in zip(memory.names, memory.members):
            different.setdefault(id(member), name)
        if len(different) > 1:
            names = list(different.values())
            faults.append(
                {
                    "id": "shared-memory",
                    "parameters": names,
                    "sentence": "%s are different parameters over one memory. Each has a gradient and a state of "
                    "its own, so an optimizer such as Adam steps twice in the same numbers. Give both layers the same "
                    "torch.nn.Parameter, and let one of them transpose it when it reads it." % " and ".join(names),
                }
            )
    return faults


class _Drawing:
    """Which modules of a run draw random numbers: those in whose calls the state of a generator changes, and
    in none of their parts'."""

    def __init__(self, torch):
        self.torch, self.stack, self.names = torch, [], []

    def state(self):
        import random

        states = [self.torch.get_rng_state().numpy().tobytes(), random.getstate()]
        if self.torch.cuda.is_available():
            states.append(self.torch.cuda.get_rng_state().numpy().tobytes())
        return states

    def seen(self, body, name_of):
        hooks = self.torch.nn.modules.module

        def before(module, inputs):
            self.stack.append([module, self.state(), False])

        def after(module, inputs, output):
            if not self.stack:
                return
            module, state, has_drawing_part = self.stack.pop()
            draws = has_drawing_part or self.state() != state
            if draws and self.stack:
                self.stack[-1][2] = True
            if draws and not has_drawing_part:
                self.names.append(name_of(module))

        handles = [
            hooks.register_module_forward_pre_hook(before),
            hooks.register_module_forward_hook(after, always_call=True),
        ]
        try:
            body()
        finally:
            for handle in handles:
                handle.remove()
        return list(dict.fromkeys(self.names))
