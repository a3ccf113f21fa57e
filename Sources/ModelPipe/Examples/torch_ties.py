"""A tied autoencoder in PyTorch, right and with three ties that people had.

    tiecheck verify -- python3 torch_ties.py [KIND] [float]

    right      the decoder reads encoder.weight.t()
    aliased    decoder.weight = nn.Parameter(encoder.weight.t()): two parameters over one memory
    copied     the decoder copies encoder.weight.t() on each call, outside the gradient
    duplicate  the shared weight stands twice in the optimizer's list
"""

import sys

for word in sys.argv[1:]:
    if word not in ("right", "aliased", "copied", "duplicate", "float"):
        sys.exit(f"{word}: expected right, aliased, copied, duplicate or float")

import tiecheck_pipe as tiecheck
import torch
import torch.nn.functional as F
from torch import nn

kind = next((word for word in sys.argv[1:] if word != "float"), "right")
torch.manual_seed(1)
torch.set_default_dtype(torch.float32 if "float" in sys.argv else torch.float64)


class Transposed(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.tied_to = [encoder]  # in a list: the encoder stays the model's, and is registered once
        self.bias = nn.Parameter(torch.zeros(encoder.in_features))

    def forward(self, h):
        weight = self.tied_to[0].weight
        if kind == "copied":
            weight = weight.detach().clone()
        return F.linear(h, weight.t(), self.bias)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(6, 4)
        if kind == "aliased":
            self.decoder = nn.Linear(4, 6)
            self.decoder.weight = nn.Parameter(self.encoder.weight.t())
        else:
            self.decoder = Transposed(self.encoder)

    def forward(self, x):
        return self.decoder(torch.tanh(self.encoder(x)))


def parameters(model):
    twice = [model.encoder.weight] if kind == "duplicate" else []
    return list(model.parameters()) + twice


x = torch.randn(8, 6)
tiecheck.serve(
    tiecheck.torch_model(
        Autoencoder(),
        nn.MSELoss(),
        (x, x),
        optimizers={
            "sgd": lambda model: torch.optim.SGD(parameters(model), lr=0.1),
            "momentum": lambda model: torch.optim.SGD(parameters(model), lr=0.1, momentum=0.9),
            "rmsprop": lambda model: torch.optim.RMSprop(parameters(model), lr=0.01),
            "adam": lambda model: torch.optim.Adam(parameters(model), lr=0.01),
            "adamw": lambda model: torch.optim.AdamW(parameters(model), lr=0.01),
        },
        ties=[["encoder", "decoder"]],
    )
)
