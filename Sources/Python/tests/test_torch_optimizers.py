"""What is said of PyTorch optimizers, and their steps."""

import pytest

torch = pytest.importorskip("torch")
from torch import nn

import tiecheck
from torch_models import Tied, asked


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(3)


def entry(make, model=None, **words):
    told = asked(model or Tied(), optimizers={"it": make}, **words)
    assert "error" not in told.told, told.told
    return told.told["optimizers"][0], told


O = torch.optim


def test_the_rules():
    said, _ = entry(lambda m: O.SGD(m.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01))
    assert (said["rule"], said["momentum"], said["nesterov"], said["weight_decay"]) == ("sgd", 0.9, True, 0.01)
    said, _ = entry(lambda m: O.Adam(m.parameters(), lr=0.1, amsgrad=True, maximize=True, foreach=True))
    assert (said["rule"], said["amsgrad"], said["maximize"]) == ("adam", True, True) and "not_compared" not in said
    said, _ = entry(lambda m: O.Adam(m.parameters(), weight_decay=0.1, decoupled_weight_decay=True))
    assert said["rule"] == "adamw" and said["decoupled"] and said["weight_decay"] == 0.1
    said, _ = entry(lambda m: O.AdamW(m.parameters(), lr=torch.tensor(0.1)))
    assert said["rule"] == "adamw" and said["learning_rate"] == pytest.approx(0.1)
    said, _ = entry(lambda m: O.RMSprop(m.parameters(), alpha=0.9))
    assert (said["rule"], said["smoothing"]) == ("rmsprop", 0.9)


@pytest.mark.parametrize(
    "make,word",
    [
        (lambda m: O.RMSprop(m.parameters(), momentum=0.5), "momentum"),
        (lambda m: O.RMSprop(m.parameters(), centered=True), "centered"),
        (lambda m: O.SGD(m.parameters(), lr=0.1, momentum=0.9, dampening=0.5), "dampening"),
        (lambda m: O.Adagrad(m.parameters()), "Adagrad"),
        (lambda m: O.LBFGS(m.parameters()), "LBFGS"),
        (lambda m: O.Muon([m.encoder.weight]), "Muon"),
    ],
)
def test_what_the_reference_does_not_know_is_not_compared(make, word):
    said, told = entry(make)
    assert word in said["not_compared"]
    assert len(told.ask("steps", optimizer="it", steps=2)["parameters"]) == 2


def test_groups_with_options_of_their_own():
    make = lambda m: O.AdamW(
        [{"params": [m.encoder.weight], "weight_decay": 0.1}, {"params": [m.encoder.bias], "weight_decay": 0.0}]
    )
    said, _ = entry(make)
    assert [(g["parameters"], g["weight_decay"]) for g in said["groups"]] == [
        (["encoder.weight"], 0.1),
        (["encoder.bias"], 0.0),
    ]
    assert "groups" not in entry(lambda m: O.AdamW(m.parameters()))[0]


def test_what_an_optimizer_holds():
    model, other = Tied(), Tied()
    said, _ = entry(lambda m: O.SGD(other.parameters(), lr=0.1), model)
    assert said["holds"] == [] and said["foreign"] == 2
    said, _ = entry(lambda m: O.SGD([m.encoder.weight], lr=0.1), model)
    assert said["holds"] == ["encoder.weight"] and said["foreign"] == 0 and said["frozen"] == []
    said, _ = entry(lambda m: O.SGD([m.encoder.weight], lr=0.1), model, frozen=["encoder.bias"])
    assert said["frozen"] == ["encoder.bias"]


def test_a_subclass_is_compared_with_its_base_rule():
    class Twice(O.SGD):
        def step(self, closure=None):
            super().step()
            super().step()

    said, told = entry(lambda m: Twice(m.parameters(), lr=0.1))
    assert said["rule"] == "sgd" and "not_compared" not in said
    once, _ = entry(lambda m: O.SGD(m.parameters(), lr=0.1), told.model.model)
    start = told.told["parameters"][0]["values"]
    claim = told.ask("gradient")["gradient"][0]
    moved = told.ask("steps", optimizer="it", steps=1)["parameters"][0][0]
    assert moved[0] - start[0] == pytest.approx(-0.2 * claim[0], rel=1e-4)


def test_wrappers_without_defaults():
    class Wrapper:
        def __init__(self, inner):
            self.inner = inner

        def zero_grad(self):
            self.inner.zero_grad()

        def step(self):
            self.inner.step()

    said, told = entry(lambda m: Wrapper(O.Adam(m.parameters(), lr=0.01)))
    assert said["rule"] == "adam" and said["holds"] == ["encoder.weight", "encoder.bias"]

    class Pair(Wrapper):
        def __init__(self, m):
            self.inner, self.second = O.SGD([m.encoder.weight], lr=0.1), O.SGD([m.encoder.bias], lr=0.2)

        def zero_grad(self):
            self.inner.zero_grad(), self.second.zero_grad()

        def step(self):
            self.inner.step(), self.second.step()

    said, _ = entry(Pair)
    assert [g["learning_rate"] for g in said["groups"]] == [0.1, 0.2]

    class Own:
        def zero_grad(self):
            pass

        def step(self):
            pass

    said, _ = entry(lambda m: Own())
    assert "not_compared" in said


def test_clipping_can_be_part_of_the_step():
    said, told = entry(lambda m: tiecheck.clipped(O.SGD(m.parameters(), lr=1.0), norm=1e-3))
    assert said["clip"] == {"norm": 1e-3} and said["rule"] == "sgd"
    start = [x for p in told.told["parameters"] for x in p["values"]]
    after = [x for p in told.ask("steps", optimizer="it", steps=1)["parameters"][0] for x in p]
    assert sum((a - b) ** 2 for a, b in zip(start, after)) ** 0.5 == pytest.approx(1e-3, rel=1e-3)


def test_an_optimizer_that_was_made_before_keeps_its_state():
    model = Tied()
    optimizer = O.Adam(model.parameters(), lr=0.01)
    model(torch.randn(2, 6)).sum().backward()
    optimizer.step()
    steps = float(optimizer.state[model.encoder.weight]["step"])
    said, told = entry(optimizer, model)
    answer = told.ask("steps", optimizer="it", steps=2)
    assert answer["states"] == 2
    assert float(optimizer.state[model.encoder.weight]["step"]) == steps
