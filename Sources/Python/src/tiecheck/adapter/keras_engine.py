"""Derivatives and arrays of the library that Keras runs on: TensorFlow, PyTorch or JAX."""

import contextlib
import types


def _keras_engine(keras):
    name = keras.backend.backend()
    kinds = {"tensorflow": _TensorFlowEngine, "torch": _TorchEngine, "jax": _JaxEngine}
    if name not in kinds:
        raise RuntimeError("Keras runs on %s; set KERAS_BACKEND to tensorflow, torch or jax" % name)
    return kinds[name](keras)


class _TensorFlowEngine:
    def __init__(self, keras):
        import tensorflow

        self.keras, self.tf = keras, tensorflow

    def tensor(self, array):
        return self.tf.constant(array)

    def derived(self, loss, arrays):
        """The derivatives of loss(tensors) by tensors with these values; None where nothing comes back."""
        leaves = [self.tf.constant(array) for array in arrays]
        with self.tf.GradientTape() as tape:
            tape.watch(leaves)
            value = loss(leaves)
        return tape.gradient(value, leaves, unconnected_gradients="none")

    def trained(self, loss, variables):
        """The derivatives by variables, as training takes them."""
        with self.tf.GradientTape() as tape:
            value = loss()
        return tape.gradient(value, [variable.value for variable in variables])

    def numpy(self, tensor):
        return self.tf.convert_to_tensor(tensor).numpy()

    def wide_casts(self):
        return [(self.tf, "cast")]

    def is_wide(self):
        return contextlib.nullcontext()


class _TorchEngine:
    def __init__(self, keras):
        import torch

        self.keras, self.torch = keras, torch

    def tensor(self, array):
        return self.torch.as_tensor(array).to(self.keras.src.backend.torch.core.get_device())

    def derived(self, loss, arrays):
        leaves = [self.tensor(array).clone().requires_grad_() for array in arrays]
        value = loss(leaves)
        if not value.requires_grad:
            return [None] * len(leaves)
        return self.torch.autograd.grad(value, leaves, allow_unused=True)

    def trained(self, loss, variables):
        leaves = [variable._value for variable in variables]
        value = loss()
        if not value.requires_grad:
            return [None] * len(leaves)
        kept = [leaf.grad for leaf in leaves]
        for leaf in leaves:
            leaf.grad = None
        try:
            value.backward()
            return [leaf.grad for leaf in leaves]
        finally:
            for leaf, grad in zip(leaves, kept):
                leaf.grad = grad

    def numpy(self, tensor):
        return tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else self.keras.ops.convert_to_numpy(tensor)

    def wide_casts(self):
        return []

    def is_wide(self):
        from .torch_double import _widening

        return _widening(self.torch)(types.SimpleNamespace(has_widened=False))


class _JaxEngine:
    def __init__(self, keras):
        import jax

        self.keras, self.jax = keras, jax

    def tensor(self, array):
        return self.jax.numpy.asarray(array)

    def derived(self, loss, arrays):
        leaves = [self.jax.numpy.asarray(array) for array in arrays]
        return self.jax.grad(lambda leaves: loss(leaves).sum())(leaves) if leaves else []

    def trained(self, loss, variables):
        def scoped(values):
            with self.keras.StatelessScope(list(zip(variables, values))):
                return loss()

        return self.jax.grad(scoped)([variable.value for variable in variables])

    def numpy(self, tensor):
        import numpy

        return numpy.asarray(tensor)

    def wide_casts(self):
        return []

    def is_wide(self):
        from .functions import _wide_jax

        return _wide_jax()
