"""The Double witness of PyTorch models is double throughout."""

import contextlib

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F
from torch import nn

from torch_models import Tied, Words, asked, asked_words


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(3)
    torch.set_num_threads(1)


class Casting(nn.Module):
    """Computes a part in float32 by an explicit cast, as language models do."""

    def __init__(self, cast):
        super().__init__()
        self.a, self.b, self.cast = nn.Linear(6, 6), nn.Linear(6, 6), cast

    def forward(self, x):
        h = self.cast(self.a(x))
        h = h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + 1e-6)
        return self.b(h.to(x.dtype))


casts = {
    "float()": lambda h: h.float(),
    "to": lambda h: h.to(torch.float32),
    "to dtype=": lambda h: h.to(dtype=torch.float32),
    "type": lambda h: h.type(torch.float32),
    "softmax": lambda h: F.softmax(h, dim=-1, dtype=torch.float32),
    "sum": lambda h: h.cumsum(-1, dtype=torch.float32),
    "half": lambda h: h.to(torch.bfloat16).float(),
    "factory": lambda h: h * torch.full((6,), 0.7, dtype=torch.float32) + torch.ones(6, dtype=torch.float32),
    "autocast": lambda h: h,
}


def resolution(told):
    """How much the loss in double answers to a change of 1e-11, against what the slope says."""
    values = told.told["parameters"][0]["values"]
    points = [{"set": [{"parameter": 0, "at": [1], "to": [values[1] + k * 1e-9]}]} for k in (-2, -1, 0, 1, 2)]
    a, b, c, d, e = told.ask("losses", points=points, witness="double")["losses"]
    return abs(a - 4 * b + 6 * c - 4 * d + e) / max(abs(e - a), 1e-300)


@pytest.mark.parametrize("how", sorted(casts))
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_casts_within_the_model_do_not_round(how, kind):
    model = Casting(casts[how]).to(kind)
    if how == "autocast":
        run = model.forward

        def forward(x):
            with torch.autocast("cpu", torch.bfloat16):
                return run(x).float()

        model.forward = forward
    told = asked(model, x=torch.randn(5, 6).to(kind))
    assert "double" in told.told["can"], told.told.get("double_missing")
    assert resolution(told) < 1e-4
    assert "double-rounds" not in told.words("remarks")
    precisions = {p["precision"] for p in told.told["parameters"]}
    narrow = how in ("half",) or (how == "autocast" and kind == torch.float32)
    if narrow:
        assert precisions == {"bfloat16"}
    elif how not in ("factory", "autocast") or kind == torch.float32:
        assert precisions == {"float"}
    told.assert_right(5e-2 if narrow else 1e-3)


@pytest.mark.parametrize("model", ["tied", "words", "lstm", "attention", "batch norm", "weight norm"])
def test_float32_models_measured_in_double(model):
    if model == "words":
        asked_words(Words()).assert_right(1e-4)
        return
    x = torch.randn(5, 6)
    layer = {
        "tied": Tied,
        "lstm": lambda: Sequence(nn.LSTM(6, 6)),
        "attention": lambda: Sequence(nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0)),
        "batch norm": lambda: nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6)),
        "weight norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(6, 6)),
    }[model]()
    told = asked(layer, lambda y, t: ((y - t) ** 2).mean(), x).assert_right(2e-4)
    assert {p["precision"] for p in told.told["parameters"]} == {"float"}


class Sequence(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        y = self.layer(x)
        return y[0] if isinstance(y, tuple) else y


def test_values_in_double_are_not_rounded_to_float32_and_come_back():
    model = Tied()
    told = asked(model)
    before = model.encoder.weight.detach().clone()
    near = told.told["parameters"][0]["values"][0] + 1e-12
    points = [{}, {"set": [{"parameter": 0, "at": [0], "to": [near]}]}]
    first, second = told.ask("losses", points=points, witness="double")["losses"]
    assert first != second
    assert torch.equal(model.encoder.weight, before) and model.encoder.weight.dtype == torch.float32
    assert torch.get_default_dtype() == torch.float32
    assert told.ask("losses", points=[{}])["losses"][0] == pytest.approx(first, rel=1e-5)


def test_a_closure_over_the_model_is_in_double_too():
    model = Tied()
    kept = model.encoder

    class Outside(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.again = model, lambda h: kept(h)

        def forward(self, x):
            return self.net(x) + self.again(x).sum()

    asked(Outside()).assert_right(2e-4)


def test_bfloat16_parameters_are_judged_as_such():
    told = asked(Tied().bfloat16(), x=torch.randn(5, 6).bfloat16())
    assert {p["precision"] for p in told.told["parameters"]} == {"bfloat16"}
    assert "double" in told.told["can"]
    told.assert_right(5e-2)


def test_what_cannot_be_double_says_why():
    class M(Tied):
        def forward(self, x):
            if x.dtype == torch.float64 or self.encoder.weight.dtype == torch.float64:
                raise TypeError("this kernel knows float32 alone")
            return super().forward(x)

    told = asked(M())
    assert "double" not in told.told["can"] and "knows float32 alone" in told.told["double_missing"]
    assert next(iter(told.model.model.parameters())).dtype == torch.float32


def test_where_numbers_leave_pytorch_the_rounding_is_named():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.odd = nn.Linear(6, 6), Odd()

        def forward(self, x):
            return self.odd(self.a(x))

    class Odd(nn.Module):
        def forward(self, h):
            return h + torch.from_numpy(h.detach().numpy().astype("float32")) * 0

    told = asked(M())
    assert "double" in told.told["can"]


def test_the_user_can_ask_for_the_models_own_precision():
    told = asked(Tied(), witness="own")
    assert "double" not in told.told["can"] and "double_missing" not in told.told
