"""tiecheck: are these gradients right?"""

from .adapter.functions import functions
from .adapter.protocol import serve
from .adapter.torch_model import torch_model
from .adapter.torch_optimizers import clipped
