"""The same PyTorch model computed in float64 throughout, at the very numbers of its float32 parameters."""

import contextlib

from .torch_watch import _made


class _Double:
    """Exchanges the data of every parameter and buffer for float64 and back. The objects stay the same ones, so
    ties, closures and lists of parameters hold in both precisions."""

    def __init__(self, torch, memories, tensors):
        self.torch, self.memories = torch, memories
        # What is no parameter: buffers, frozen parameters, and what the model holds unregistered.
        self.tensors = [t for t in tensors if t.is_floating_point() and t.dtype != torch.float64]
        self.is_on, self.batch = False, None

    @contextlib.contextmanager
    def on(self):
        torch = self.torch
        here = [(member, member.data, memory) for memory in self.memories for member in memory.members]
        here_grads = [member.grad for member, _, _ in here]
        other = [(tensor, tensor.data) for tensor in self.tensors]
        wholes = {id(memory): memory.whole().to(torch.float64, copy=True) for memory in self.memories}
        default = torch.get_default_dtype()
        try:
            for member, data, _ in here:
                member.grad = None
            for member, data, memory in here:
                place = data.size(), data.stride(), data.storage_offset() - memory.low
                member.data = wholes[id(memory)].as_strided(*place)
            self.enter(wholes)
            for tensor, data in other:
                tensor.data = data.double()
            torch.set_default_dtype(torch.float64)
            self.is_on, self.batch = True, None
            yield
        finally:
            self.is_on, self.batch = False, None
            torch.set_default_dtype(default)
            for tensor, data in other:
                tensor.data = data
            for (member, data, _), grad in zip(here, here_grads):
                member.data = data
                member.grad = grad
            self.leave()

    def enter(self, wholes):
        self.lows = [memory.low for memory in self.memories]
        for memory in self.memories:
            memory.low, memory.narrow_start = 0, memory.start
            memory.start = memory.start.double()
        self.memories.find()

    def leave(self):
        for memory, low in zip(self.memories, self.lows):
            memory.low, memory.start = low, memory.narrow_start
        self.memories.find()

    def run(self, body):
        with _widening(self.torch)():
            return body()

    def wide(self, batch):
        """A batch with its numbers in float64."""
        torch = self.torch

        def widen(x):
            return x.double() if x.is_floating_point() and x.dtype != torch.float64 else x

        if self.batch is None:
            self.batch = _mapped(torch, dict(batch) if hasattr(batch, "keys") else batch, widen)
        return self.batch


def _widening(torch):
    """A mode in which every cast to a narrower kind of number is a cast to float64."""
    if "widening" in _made:
        return _made["widening"]
    from torch.overrides import TorchFunctionMode

    narrow = {torch.float32, torch.float16, torch.bfloat16}
    casts = {"float", "half", "bfloat16"}

    def wide(value):
        return torch.float64 if isinstance(value, torch.dtype) and value in narrow else value

    def has_mixed_kinds(tensors):
        return len({t.dtype for t in tensors if t.is_floating_point()}) > 1

    class Widening(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            name = getattr(function, "__name__", "")
            if name in casts and args and args[0].is_floating_point():
                return args[0].double()
            if name in casts and args:
                return args[0].to(torch.float64)
            if any(isinstance(value, torch.dtype) for value in args):
                args = tuple(wide(value) for value in args)
            if "dtype" in kwargs:
                kwargs = dict(kwargs, dtype=wide(kwargs["dtype"]))
            if name == "type" and len(args) > 1 and isinstance(args[1], str):
                args = (args[0], args[1].replace("FloatTensor", "DoubleTensor").replace("HalfTensor", "DoubleTensor"))
            if name == "from_numpy" or name == "as_tensor" or name == "tensor":
                result = function(*args, **kwargs)
                return result.double() if result.dtype in narrow and "dtype" not in kwargs else result
            return self.in_one_kind(function, name, args, kwargs)

        def in_one_kind(self, function, name, args, kwargs):
            found = _tensors_in(torch, (args, kwargs), [])
            if name in ("__get__", "__set__", "copy_") or not has_mixed_kinds(found):
                return function(*args, **kwargs)
            widen = lambda x: x.double() if x.dtype in narrow else x
            return function(*_mapped(torch, args, widen), **_mapped(torch, kwargs, widen))

    _made["widening"] = Widening
    return Widening


def _tensors_in(torch, value, found):
    if isinstance(value, torch.Tensor):
        found.append(value)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _tensors_in(torch, item, found)
    elif isinstance(value, dict):
        for item in value.values():
            _tensors_in(torch, item, found)
    return found


def _mapped(torch, value, change):
    """Arguments with change(tensor) in the place of each tensor."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return type(value)(_mapped(torch, item, change) for item in value)
    if isinstance(value, dict):
        return {key: _mapped(torch, item, change) for key, item in value.items()}
    return value


def _rounding(torch, double, value, path_of):
    """Names of the modules in which a run in float64 still makes narrower numbers of wider ones."""
    from torch.utils._python_dispatch import TorchDispatchMode

    from .torch_watch import _Calls

    calls, found = _Calls(torch, path_of), []
    narrow = (torch.float32, torch.float16, torch.bfloat16)

    class Looking(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            outs = [x for x in _tensors_in(torch, result, []) if x.dtype in narrow]
            if outs and any(x.dtype == torch.float64 for x in _tensors_in(torch, (args, kwargs or {}), [])):
                scope = calls.scope()
                found.append(scope[-1][1] if scope else "the loss")
            return result

    with calls.followed(), Looking(), torch.no_grad():
        double.run(value)
    return list(dict.fromkeys(found))
