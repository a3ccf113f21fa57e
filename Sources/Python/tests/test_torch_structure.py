"""What no derivative shows in a PyTorch model is named."""

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


def fault(told, name):
    return next(entry for entry in told.told.get("faults", []) if entry["id"] == name)


class Lists(Tied):
    def __init__(self, store=list):
        super().__init__()
        self.mid = store([nn.Linear(4, 4)])

    def forward(self, x):
        return self.decoder(torch.tanh(self.mid[0](torch.tanh(self.encoder(x)))))


def test_a_layer_in_a_plain_list_is_named():
    told = asked(Lists()).assert_right()
    assert fault(told, "unregistered")["parameters"] == ["mid.0.weight", "mid.0.bias"]
    assert "mid.0" in told.layers_of("mid.0.weight")
    assert "faults" not in asked(Lists(nn.ModuleList)).told


def test_a_tensor_in_a_closure_or_a_global_or_an_attribute_is_named():
    scale = torch.rand(6, requires_grad=True)

    class Closed(Tied):
        def forward(self, x):
            return super().forward(x) * scale

    class Kept(Tied):
        def __init__(self):
            super().__init__()
            self.gain = torch.rand(6, requires_grad=True)

        def forward(self, x):
            return super().forward(x) * self.gain

    assert fault(asked(Closed()), "unregistered")["parameters"] == ["scale"]
    assert fault(asked(Kept()), "unregistered")["parameters"] == ["gain"]
    loss = lambda y, t: F.mse_loss(y * scale, t)
    assert fault(asked(Tied(), loss), "unregistered")["parameters"] == ["scale"]


def test_what_an_optimizer_trains_is_not_forgotten():
    scale = torch.rand(6, requires_grad=True)
    loss = lambda y, t: F.mse_loss(y * scale, t)
    told = asked(Tied(), loss, optimizers={"sgd": lambda m: torch.optim.SGD([*m.parameters(), scale], lr=0.1)})
    assert "faults" not in told.assert_right().told
    assert "scale" in told.told["optimizers"][0]["holds"]


def test_a_loss_with_parameters_of_its_own():
    class Weighted(nn.Module):
        def __init__(self):
            super().__init__()
            self.logs = nn.Parameter(torch.rand(6))

        def forward(self, y, t):
            return ((y - t) ** 2 * torch.exp(-self.logs) + self.logs).mean()

    told = asked(Tied(), Weighted()).assert_right()
    assert "faults" not in told.told
    assert [u["layer"] for u in told.told["uses"] if u.get("loss_term")] == ["loss", "loss"]


def test_inputs_that_ask_for_a_gradient_are_no_parameters():
    x = torch.randn(5, 6, requires_grad=True)
    assert "faults" not in asked(Tied(), x=x).told

    class Fresh(Tied):
        def forward(self, x):
            x = x.detach().requires_grad_()
            return super().forward(x)

    assert "faults" not in asked(Fresh()).told


def test_two_parameters_over_one_memory():
    model = Tied()
    model.decoder = nn.Linear(4, 6, bias=False)
    model.decoder.weight = nn.Parameter(model.encoder.weight.t())
    told = asked(model)
    assert fault(told, "shared-memory")["parameters"] == ["encoder.weight"]
    assert fault(told, "shared-memory")["tensors"] == ["decoder.weight"]
    assert "faults" not in asked(Tied()).told


def test_parameters_side_by_side_in_one_storage_are_not_shared():
    flat = torch.randn(24 + 6)

    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.b = nn.Parameter(flat[:24].view(6, 4)), nn.Parameter(flat[24:])

        def forward(self, x):
            return torch.tanh(x @ self.w) @ self.w.t() + self.b

    told = asked(M()).assert_right()
    assert "faults" not in told.told and [p["name"] for p in told.told["parameters"]] == ["w", "b"]


def test_interleaved_parameters_are_told_apart_in_a_sentence():
    flat = torch.randn(6, 4)

    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Parameter(flat[:, :3]), nn.Parameter(flat[:, 1:])

        def forward(self, x):
            return x @ self.a

    assert "share only a part of their memory" in asked(M()).told["error"]


def test_equal_values_apart_are_remarked_on():
    def remarked(told):
        return [r["parameters"] for r in told.told.get("remarks", []) if r["about"] == "equal-values"]

    model = Words()
    model.head.weight = nn.Parameter(model.embed.weight.detach().clone())
    assert remarked(asked_words(model)) == [["embed.weight", "head.weight"]]
    model = Tied()
    model.decoder = nn.Linear(4, 6)
    model.decoder.weight = nn.Parameter(model.encoder.weight.detach().t().clone())
    assert remarked(asked(model)) == [["encoder.weight", "decoder.weight"]]
    # Norms start at one everywhere, and biases at zero.
    assert remarked(asked(nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 6), nn.LayerNorm(6)))) == []


def test_an_evaluation_that_changes_a_parameter_is_named():
    told = asked_words(Words(max_norm=0.5))
    assert fault(told, "changes-itself")["parameters"] == ["embed.weight"]
    assert "faults" not in asked_words(Words()).told


def test_an_evaluation_that_changes_what_the_loss_reads_is_named():
    model = Tied()
    nn.utils.parametrizations.spectral_norm(model.encoder)
    model.train()
    names = fault(asked(model), "changes-itself")["tensors"]
    assert all(name.startswith("encoder.parametrizations.weight.0._") for name in names)


def test_running_statistics_are_no_fault_and_stay_as_they_were():
    model = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6))
    before = [b.clone() for b in model.buffers()]
    told = asked(model).assert_right()
    assert "faults" not in told.told
    assert all(torch.equal(a, b) for a, b in zip(before, model.buffers()))


@pytest.mark.parametrize("noise", ["dropout", "own", "functional"])
def test_a_model_that_draws_is_told_with_the_module_that_draws(noise):
    class Noise(nn.Module):
        def forward(self, x):
            return x + 0.1 * torch.randn_like(x)

    class Functional(nn.Module):
        def forward(self, x):
            return F.dropout(x, 0.5, self.training)

    part = {"dropout": nn.Dropout(0.5), "own": Noise(), "functional": Functional()}[noise]
    model = nn.Sequential(nn.Linear(6, 4), part, nn.Linear(4, 6))
    told = asked(model).told
    assert told["draws"] == ["1"] and "model.eval()" in told["error"]
    if noise != "own":
        assert "error" not in asked(model.eval()).told


def test_a_loss_that_draws_outside_of_modules_is_told_so():
    told = asked(Tied(), lambda y, t: F.mse_loss(y + torch.randn_like(y), t)).told
    assert "draws" in told["error"]


def test_a_loss_that_depends_on_the_gradient_mode_is_measured_with_it_on():
    class M(Tied):
        def forward(self, x):
            return super().forward(x) * (1.0 if torch.is_grad_enabled() else 3.0)

    told = asked(M()).assert_right()
    assert "gradient-mode" in told.words("remarks")
    assert "gradient-mode" not in asked(Tied()).words("remarks")


def test_a_model_that_derives_something_by_its_input_is_checked():
    class M(Tied):
        def forward(self, x):
            x = x.detach().requires_grad_()
            y = super().forward(x)
            return torch.autograd.grad(y.sum(), x, create_graph=True)[0]

    told = asked(M()).assert_right()
    assert "error" not in told.told
