"""Ways in which a PyTorch layer can read another layer's weight."""

import torch
import torch.nn.functional as F
from torch import nn

import tiecheck
from witness import Asked


class Plain(nn.Module):
    """A tied autoencoder whose decoder reads the encoder's weight in the way `read` says."""

    def __init__(self, read, square=False):
        super().__init__()
        n = 4 if square else 6
        self.encoder = nn.Linear(n, 4)
        self.decoder = Reader(self.encoder, read)
        self.x = torch.randn(5, n)

    def forward(self, x):
        return self.decoder(torch.tanh(self.encoder(x)))


class Reader(nn.Module):
    def __init__(self, encoder, read):
        super().__init__()
        self.tied, self.read = [encoder], read

    def forward(self, h):
        return self.read(self.tied[0].weight, h)


class Outer(torch.autograd.Function):
    """h W by hand."""

    @staticmethod
    def forward(ctx, h, weight):
        ctx.save_for_backward(h, weight)
        return h @ weight

    @staticmethod
    def backward(ctx, g):
        h, weight = ctx.saved_tensors
        return g @ weight.t(), h.t() @ g


kept_apply = Outer.apply  # as many programs keep it

reads = {
    "transpose": lambda W, h: F.linear(h, W.t()),
    "matmul": lambda W, h: h @ W,
    "T": lambda W, h: (W.T @ h.T).T,
    "permute": lambda W, h: F.linear(h, W.permute(1, 0)),
    "slices": lambda W, h: h[:, :2] @ W[:2] + h[:, 2:] @ W[2:],
    "negative": lambda W, h: h @ W[..., :],
    "boolean": lambda W, h: h @ W[torch.tensor([True, True, False, True])].repeat(2, 1)[:4],
    "fancy": lambda W, h: h @ W[[3, 1, 0, 2]],
    "chunk": lambda W, h: sum(h[:, i * 2 : i * 2 + 2] @ w for i, w in enumerate(W.chunk(2))),
    "split": lambda W, h: torch.cat([h @ w for w in W.split([2, 4], dim=1)], 1),
    "unbind": lambda W, h: torch.stack([h @ w for w in W.unbind(1)], 1),
    "iteration": lambda W, h: sum(h[:, i : i + 1] * row for i, row in enumerate(W)),
    "narrow": lambda W, h: h @ W.narrow(0, 0, 4),
    "select": lambda W, h: h @ torch.stack([W.select(0, i) for i in range(4)]),
    "expand": lambda W, h: torch.bmm(h.unsqueeze(1), W.expand(h.shape[0], *W.shape)).squeeze(1),
    "einsum": lambda W, h: torch.einsum("bo,oi->bi", h, W),
    "tensordot": lambda W, h: torch.tensordot(h, W, dims=1),
    "clone": lambda W, h: h @ W.clone(),
    "contiguous": lambda W, h: F.linear(h, W.t().contiguous()),
    "reshape": lambda W, h: h @ W.reshape(-1).reshape(W.shape),
    "cast": lambda W, h: h @ W.to(torch.float64).double(),
    "view_as_strided": lambda W, h: h @ W.as_strided(W.shape, W.stride()),
    "function": lambda W, h: Outer.apply(h, W),
    "kept function": lambda W, h: kept_apply(h, W),
    "function of a view": lambda W, h: Outer.apply(h, W.t().t()),
    "cat": lambda W, h: h @ torch.cat([W[:2], W[2:]]),
    "index_select": lambda W, h: h @ W.index_select(0, torch.arange(4)),
    "gather": lambda W, h: h @ torch.gather(W, 1, torch.arange(W.shape[1]).expand(4, -1)),
    "embedding": lambda W, h: h @ F.embedding(torch.arange(4), W),
    "normalised": lambda W, h: h @ F.normalize(W, dim=1),
    "masked": lambda W, h: h @ (W * torch.ones(4, 6).tril()),
    "buffer": lambda W, h: h @ _filled(W),
    "vmap": lambda W, h: torch.func.vmap(lambda v: v @ W)(h),
    "vmap over rows": lambda W, h: torch.func.vmap(lambda w: h @ w, in_dims=1, out_dims=1)(W),
}


def _filled(W):
    out = torch.zeros(W.shape)
    out[:2] = W[:2]
    out[2:] = W[2:]
    return out


def ask(model, x=None, **words):
    x = torch.randn(5, 6) if x is None else x
    return Asked(tiecheck.torch_model(model, nn.MSELoss(), (x, x), **words))
