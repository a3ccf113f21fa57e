"""tiecheck: are these gradients right?"""

from .adapter.functions import functions
from .adapter.jax_model import jax_model
from .adapter.keras_model import keras_model
from .adapter.protocol import serve
from .adapter.torch_model import torch_model
from .adapter.torch_optimizers import clipped
