"""The same PyTorch model computed in float64 throughout, at the very numbers of its float32 parameters."""

import contextlib
import re

from .torch_watch import _is_in_place, _made


class _Double:
    """Exchanges the data of every parameter and buffer for float64 and back. The objects stay the same ones, so
    ties, closures and lists of parameters hold in both precisions."""

    def __init__(self, torch, memories, tensors):
        self.torch, self.memories = torch, memories
        # What is no parameter: buffers, frozen parameters, and what the model holds unregistered.
        self.tensors = [t for t in tensors if t.is_floating_point() and t.dtype != torch.float64]
        self.is_on, self.batch = False, None
        self.has_widened, self.needs_widening = False, True

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
        """What `body` gives, with its casts to narrower numbers made casts to float64. A model that has none is
        run as it is."""
        if not self.needs_widening:
            return body()
        with _widening(self.torch)(self):
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
    real = narrow | {torch.float64}
    casts = {"float", "half", "bfloat16"}

    names = {"from_numpy", "as_tensor", "tensor"}
    untouched = {"__get__", "__set__", "copy_"}

    class Widening(TorchFunctionMode):
        def __init__(self, double):
            super().__init__()
            self.double = double

        def __torch_function__(self, function, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            name = getattr(function, "__name__", "")
            if name in casts and args:
                self.double.has_widened = True
                return args[0].double()
            # What is seen at a glance decides whether there is anything to do: this runs for each operation.
            kinds, has_other = set(), bool(kwargs)
            for value in args:
                if isinstance(value, torch.Tensor):
                    kinds.add(value.dtype)
                elif value is not None and not isinstance(value, (int, float)):
                    has_other = True
            if not has_other and len(kinds & real) < 2:
                return function(*args, **kwargs)
            return self.widened(function, name, args, kwargs)

        def widened(self, function, name, args, kwargs):
            if any(isinstance(value, torch.dtype) for value in args):
                args = tuple(self.wide(value) for value in args)
            if kwargs.get("dtype") in narrow:
                kwargs = dict(kwargs, dtype=self.wide(kwargs["dtype"]))
            if name == "type" and len(args) > 1 and isinstance(args[1], str):
                args = (args[0], re.sub("(BFloat16|Float|Half)Tensor", "DoubleTensor", args[1]))
            if name in names:
                result = function(*args, **kwargs)
                return result.double() if result.dtype in narrow and "dtype" not in kwargs else result
            found = _tensors_in(torch, (args, kwargs), [])
            if name in untouched or len({x.dtype for x in found} & real) < 2:
                return function(*args, **kwargs)
            self.double.has_widened = True
            target = args[0] if _is_in_place(name, kwargs) else None
            widen = lambda x: x.double() if x.dtype in narrow and x is not target else x
            return function(*_mapped(torch, args, widen), **_mapped(torch, kwargs, widen))

        def wide(self, value):
            if isinstance(value, torch.dtype) and value in narrow:
                self.double.has_widened = True
                return torch.float64
            return value

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
