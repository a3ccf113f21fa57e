"""Watching a PyTorch model run: every operation, in which module, and every hand-written autograd.Function."""

import contextlib
import sys
import types
import warnings


class _Watcher:
    """Sees the operations of a run. Each has a key that it has again in the next run: its name, and how many of
    that name came before. What is done with it is a subclass's."""

    # Functions that read no values, or that are the derivative's own.
    silent = set(
        """size dim ndimension numel nelement stride storage_offset is_contiguous is_floating_point is_complex
        data_ptr get_device element_size __len__ requires_grad_ untyped_storage storage is_pinned type_as
        register_hook is_shared is_inference retain_grad backward __hash__ has_names is_signed is_same_size
        __get__ __set__ __repr__ __format__ __deepcopy__ __reduce_ex__ is_nonzero_ is_set_to __bool__ is_nonzero
        equal allclose is_same_size grad register_post_accumulate_grad_hook sym_size result_type can_cast
        promote_types __dir__ is_sparse is_coalesced dense_dim sparse_dim""".split()
    )

    def __init__(self, torch, memories):
        self.torch, self.memories = torch, memories
        self.applied = self.quiet = 0
        self.counts = {}
        self.has_inner_gradient = False

    def operation(self, function, args, kwargs):
        if self.quiet:
            return function(*args, **kwargs)
        return self.counted(function, args, kwargs)

    def function_applied(self, kind, apply, args, kwargs):
        """A hand-written autograd.Function is one operation if it is given a parameter, and what is within it
        is not looked at: its backward speaks for the whole."""
        if self.quiet:
            return apply(*args, **kwargs)
        self.applied += 1
        if not self.is_one(kind, args):
            return apply(*args, **kwargs)
        return self.counted(apply, args, kwargs)

    def counted(self, function, args, kwargs):
        name = getattr(function, "__name__", "")
        key = name, self.counts.get(name, 0)
        self.counts[name] = key[1] + 1
        self.quiet += 1
        try:
            return self.seen(key, function, args, kwargs)
        finally:
            self.quiet -= 1

    def run(self, body):
        torch = self.torch
        with _eager(torch), _doorway(torch, self.function_applied), _mode(torch)(self):
            return body()

    def tensors(self, value, found):
        """The tensors in arguments or results, in their order."""
        if isinstance(value, self.torch.Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            for item in value:
                self.tensors(item, found)
        elif isinstance(value, dict):
            for item in value.values():
                self.tensors(item, found)
        return found

    def replaced(self, value, other):
        """Arguments with other(tensor) in the place of each tensor."""
        if isinstance(value, self.torch.Tensor):
            return other(value)
        if isinstance(value, (list, tuple)):
            items = [self.replaced(item, other) for item in value]
            if all(a is b for a, b in zip(items, value)):
                return value
            return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
        if isinstance(value, dict):
            return {key: self.replaced(item, other) for key, item in value.items()}
        return value


def _is_in_place(name, kwargs):
    if name.startswith("__"):
        return name in ("__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__", "__idiv__", "__ipow__")
    return name.endswith("_") or kwargs.get("out") is not None


_made = {}


def _mode(torch):
    """The mode through which PyTorch shows its operations; made when PyTorch is there."""
    if "mode" not in _made:
        from torch.overrides import TorchFunctionMode

        class Mode(TorchFunctionMode):
            def __init__(self, watcher):
                super().__init__()
                self.watcher = watcher

            def __torch_function__(self, function, types, args=(), kwargs=None):
                return self.watcher.operation(function, args, kwargs or {})

        _made["mode"] = Mode
    return _made["mode"]


@contextlib.contextmanager
def _eager(torch):
    """Compiled models run uncompiled while they are watched, and attention by the same way with and without
    a gradient."""
    with contextlib.ExitStack() as stack:
        # Where nothing is compiled its compiler is not loaded, and loading it takes seconds.
        if "torch._dynamo" in sys.modules and hasattr(torch.compiler, "set_stance"):
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        stack.enter_context(_one_attention(torch))
        yield


@contextlib.contextmanager
def _one_attention(torch):
    """Without the shortcut that attention takes where no gradient is asked for: the loss is to be the very one
    that is derived."""
    ways = getattr(torch.backends, "mha", None)
    if ways is None or not ways.get_fastpath_enabled():
        yield
        return
    ways.set_fastpath_enabled(False)
    try:
        yield
    finally:
        ways.set_fastpath_enabled(True)


@contextlib.contextmanager
def _doorway(torch, applied):
    """Calls of autograd.Function.apply pass through `applied(kind, apply, args, kwargs)`. The code of apply is
    exchanged, because many programs keep a bound `f = MyFunction.apply`."""
    method = torch.autograd.Function.__dict__["apply"].__func__
    code = method.__code__
    if code.co_freevars != ("__class__",):  # a PyTorch whose apply is another: Functions are not watched
        yield
        return
    original = types.FunctionType(code, method.__globals__, "apply", method.__defaults__, method.__closure__)

    def door(cls, args, kwargs):
        def apply(*args, **kwargs):
            return original(cls, *args, **kwargs)

        apply.__name__ = cls.__name__
        return applied(cls, apply, args, kwargs)

    torch.autograd.Function._watched_apply = staticmethod(door)
    method.__code__ = _door_code()
    try:
        yield
    finally:
        method.__code__ = code
        del torch.autograd.Function._watched_apply


def _door_code():
    __class__ = None

    def apply(cls, *args, **kwargs):
        return __class__._watched_apply(cls, args, kwargs)

    return apply.__code__


class _Calls:
    """Which module's call is running: a stack, kept by hooks that see every module, registered or not."""

    def __init__(self, torch, names):
        self.torch, self.names = torch, names
        self.stack, self.opened, self.number = [], [], 0
        self.counts = {}

    def before(self, module, inputs):
        path = self.names(module)
        # What a parametrization computes belongs to the layer that asks for the weight.
        is_layer = path is not None
        self.opened.append(is_layer)
        if is_layer:
            self.number += 1
            self.counts[path] = self.counts.get(path, 0) + 1
            self.stack.append((self.number, path, self.counts[path]))

    def after(self, module, inputs, output):
        if self.opened and self.opened.pop():
            self.stack.pop()

    @contextlib.contextmanager
    def followed(self):
        hooks = self.torch.nn.modules.module
        handles = [
            hooks.register_module_forward_pre_hook(self.before),
            hooks.register_module_forward_hook(self.after, always_call=True),
        ]
        try:
            with warnings.catch_warnings():
                # A compiled model warns of hooks that see every module; it runs uncompiled here.
                warnings.filterwarnings("ignore", message=".*global hooks on modules")
                yield
        finally:
            for handle in handles:
                handle.remove()

    def scope(self):
        return tuple(self.stack)


def _is_within(inner, outer):
    """Whether a call was made, directly or not, by another one."""
    return len(outer) < len(inner) and inner[: len(outer)] == outer
