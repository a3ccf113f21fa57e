"""tiecheck: are these gradients right?

    result = tiecheck.check(model, loss, batch)
    tiecheck.assert_gradients(model, loss, batch)
"""

from .adapter.functions import functions
from .adapter.jax_model import jax_model
from .adapter.keras_model import keras_model
from .adapter.protocol import NotCheckable, serve
from .adapter.torch_model import torch_model
from .adapter.torch_optimizers import clipped
from .checking import CheckError, assert_gradients, check
from .result import Result



def _version():
    from importlib import metadata

    try:
        return metadata.version("tiecheck")
    except metadata.PackageNotFoundError:  # run from its source
        return "source"


__version__ = _version()
__all__ = [
    "CheckError", "NotCheckable", "Result", "assert_gradients", "check", "clipped", "functions", "jax_model",
    "keras_model", "serve", "torch_model",
]
