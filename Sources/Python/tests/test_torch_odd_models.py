"""Right PyTorch models that look odd, and a model that is as it was after a check."""

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F
from torch import nn

import tiecheck
from torch_models import Tied, Words, asked, asked_words
from witness import Asked


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(3)
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_unused_and_frozen_parameters():
    model = Tied()
    model.extra, model.cold = nn.Linear(3, 3), nn.Linear(6, 6)
    model.cold.requires_grad_(False)
    told = asked(model).assert_right()
    assert [p["name"] for p in told.told["parameters"] if p.get("unused")] == ["extra.weight", "extra.bias"]
    assert not any(p["name"].startswith("cold") for p in told.told["parameters"])


def test_padding_rows_are_told_where_they_are_looked_up():
    rows = lambda told: [use.get("untrained_rows") for use in told.told["uses"] if use["layer"] in ("embed", "head")]
    assert rows(asked_words(Words(padding_idx=0))) == [[0], None]
    assert rows(asked_words(Words(padding_idx=-1))) == [[6], None]
    assert rows(asked_words(Words(padding_idx=5))) == [None, None]
    assert rows(asked_words(Words())) == [None, None]


def test_several_uses_can_see_values_of_their_own_at_once():
    told = asked(Tied())
    values = told.told["parameters"][0]["values"]
    moved = [{"parameter": 0, "to": [x + 0.1 for x in values]}]
    uses = [u for u, use in enumerate(told.told["uses"]) if use["parameter"] == 0]
    alone = [{"use": use, "set": moved} for use in uses]
    whole, both, first = told.ask("losses", points=[{"set": moved}, {"in_uses": alone}, {"in_use": alone[0]}])["losses"]
    assert both == pytest.approx(whole, rel=1e-12) and first != both


def test_losses_of_other_kinds():
    assert "no tensor" in asked(Tied(), lambda y, t: F.mse_loss(y, t).item()).told["error"]
    told = asked(Tied(), nn.MSELoss(reduction="none")).assert_right()
    assert "unreduced-loss" in told.words("remarks")


def test_a_batch_of_named_inputs_and_a_loss_within_the_model():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = Tied()

        def forward(self, pixels, labels=None):
            y = self.net(pixels)
            return type("Output", (), {"loss": F.mse_loss(y, labels), "y": y})

    x = torch.randn(5, 6)
    told = Asked(tiecheck.torch_model(M(), batch={"pixels": x, "labels": x})).assert_right()
    assert told.told["batch"] == 5


def test_what_is_intended_is_marked():
    class Straight(Tied):
        def forward(self, x):
            w = self.encoder.weight
            q = w + (w.sign() - w).detach()
            return F.linear(torch.tanh(F.linear(x, q)), q.t())

    told = asked(Straight(), intended=["encoder.weight"])
    assert all(use.get("intended") for use in told.told["uses"])
    assert not any(use.get("intended") for use in asked(Straight()).told["uses"])


def test_a_check_leaves_the_model_as_it_was():
    model = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 6))
    model(torch.randn(5, 6)).sum().backward()
    keep = [(p.clone(), p.grad.clone(), id(p)) for p in model.parameters()]
    x = torch.randn(5, 6)
    buffers, state = [b.clone() for b in model.buffers()], torch.get_rng_state()
    told = asked(model, x=x, optimizers={"adam": lambda m: torch.optim.Adam(m.parameters())})
    told.assert_right()
    told.ask("steps", optimizer="adam", steps=3)
    told.ask("losses", points=[{"set": [{"parameter": 0, "to": [float("1e400")] * 24}]}, {}], witness="double")
    for p, (value, grad, name) in zip(model.parameters(), keep):
        assert id(p) == name and torch.equal(p, value) and torch.equal(p.grad, grad) and p.dtype == torch.float64
    assert all(torch.equal(a, b) for a, b in zip(buffers, model.buffers()))
    assert torch.equal(state, torch.get_rng_state()) and model.training


def test_a_loss_that_raises_near_the_point_is_no_number_there():
    class M(Tied):
        def forward(self, x):
            if self.encoder.weight[0, 0] > 5:
                raise ValueError("too far")
            return super().forward(x)

    told = asked(M())
    answer = told.ask("losses", points=[{}, {"set": [{"parameter": 0, "at": [0], "to": [6.0]}]}, {}])
    assert answer["losses"][1] == "nan" and answer["losses"][0] == answer["losses"][2]
    assert answer["raised"] == {"1": "ValueError: too far"}
