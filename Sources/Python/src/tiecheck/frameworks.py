"""Which adapter a model needs."""

import sys

from .adapter.jax_model import jax_model
from .adapter.keras_model import keras_model
from .adapter.torch_model import torch_model


def adapted(model, loss, batch, **options):
    """The adapter of a model: what it is decides."""
    options = {key: value for key, value in options.items() if value is not None}
    if hasattr(model, "description") and hasattr(model, "loss_in_uses"):
        if loss is not None or batch is not None or options:
            raise TypeError("%s holds its loss, batch and options already" % type(model).__name__)
        return model
    # A Keras model on PyTorch is a torch.nn.Module as well.
    for module, kind, adapter in (("keras", "Model", keras_model), ("torch.nn", "Module", torch_model)):
        found = getattr(sys.modules.get(module), kind, None)
        if found is not None and isinstance(model, found):
            return adapter(model, loss, batch, **options)
    if callable(model) and loss is not None and "jax" in sys.modules:
        return jax_model(model, loss, batch, **options)
    raise TypeError(
        "%s is no torch.nn.Module and no keras.Model. Give a model with its loss and batch; for JAX a loss "
        "function, its parameters and a batch; for plain functions tiecheck.functions(...)." % type(model).__name__
    )
