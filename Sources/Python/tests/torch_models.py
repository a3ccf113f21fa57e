"""Small PyTorch models for the tests."""

import torch
import torch.nn.functional as F
from torch import nn

import tiecheck
from witness import Asked


class Tied(nn.Module):
    """x -> tanh(x W^T + b) -> h W."""

    def __init__(self, n=6, h=4):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(n, h), Decoder()
        self.decoder.tied = [self.encoder]

    def forward(self, x):
        return self.decoder(torch.tanh(self.encoder(x)))


class Decoder(nn.Module):
    def forward(self, h):
        return F.linear(h, self.tied[0].weight.t())


class Words(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.embed, self.mid = nn.Embedding(7, 4, **options), nn.Linear(4, 4)
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, t):
        return self.head(torch.tanh(self.mid(self.embed(t))))


def asked(model, loss=None, x=None, **words):
    x = torch.randn(5, 6) if x is None else x
    return Asked(tiecheck.torch_model(model, loss or nn.MSELoss(), (x, x), **words))


def asked_words(model, **words):
    t = torch.tensor([1, 4, 2, 6, 1, 0])
    return Asked(tiecheck.torch_model(model, nn.CrossEntropyLoss(), (t, t.flip(0)), **words))
