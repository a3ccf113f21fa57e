"""Every way in which a PyTorch parameter is read is followed to the layer that uses it."""

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F
import torch.nn.utils.prune
from torch import nn

import tiecheck
from torch_readings import Plain, Reader, ask, reads
from witness import Asked


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(3)
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("how", sorted(reads))
def test_a_parameter_is_followed_to_the_layer_that_reads_it(how):
    model = Plain(reads[how])
    asked = Asked(tiecheck.torch_model(model, nn.MSELoss(), (model.x, model.x), ties=[["encoder", "decoder"]]))
    asked.assert_right()
    assert set(asked.layers_of("encoder.weight")) == {"encoder", "decoder"}
    assert len(asked.layers_of("encoder.weight")) == 2
    assert "gradient_by_use" in asked.told["can"]
    assert asked.words("remarks") == []


@pytest.mark.parametrize("how", ["transpose", "chunk", "unbind", "function", "einsum", "cat", "vmap"])
def test_the_same_with_the_decoder_cut_off_claims_nothing_there(how):
    model = Plain(lambda W, h: reads[how](W.detach(), h))
    asked = Asked(tiecheck.torch_model(model, nn.MSELoss(), (model.x, model.x)))
    whole, by_use = asked.differences()
    assert abs(whole[0][0] - whole[0][1]) > 1e-3
    place = asked.layers_of("encoder.weight").index("decoder")
    uses = [i for i, use in enumerate(asked.use_names()) if use[2] == "encoder.weight"]
    claimed, measured = by_use[uses[place]]
    assert claimed == 0 and abs(measured) > 1e-3


@pytest.mark.parametrize("how", ["transpose", "matmul", "T", "einsum", "clone", "contiguous"])
@pytest.mark.parametrize("square", [False, True])
def test_the_decoder_uses_the_weight_transposed(how, square):
    model = Plain(reads[how], square)
    asked = Asked(tiecheck.torch_model(model, nn.MSELoss(), (model.x, model.x)))
    turned = {layer: way for layer, _, name, way in asked.use_names() if name == "encoder.weight"}
    assert turned == {"encoder": False, "decoder": True}


def test_an_untransposed_second_use_is_none():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(4, 4)
            self.b = Reader(self.a, lambda W, h: F.linear(h, W))

        def forward(self, x):
            return self.b(torch.tanh(self.a(x)))

    x = torch.randn(3, 4)
    asked = Asked(tiecheck.torch_model(M(), nn.MSELoss(), (x, x))).assert_right()
    assert [way for *_, way in asked.use_names()] == [False, False, False]


class Derived(nn.Module):
    """The parent computes the kernel and hands it to two layers."""

    def __init__(self):
        super().__init__()
        self.raw, self.scale = nn.Parameter(torch.randn(4, 6)), nn.Parameter(torch.rand(4, 1))
        self.encoder, self.decoder = Given(False), Given(True)

    def forward(self, x):
        kernel = F.softplus(self.raw) * self.scale - 0.5 * torch.ones(4, 6)
        return self.decoder(torch.tanh(self.encoder(x, kernel)), kernel)


class Given(nn.Module):
    def __init__(self, turned):
        super().__init__()
        self.turned = turned

    def forward(self, x, kernel):
        return F.linear(x, kernel.t() if self.turned else kernel)


def test_a_kernel_made_by_the_parent_is_used_by_the_layers_it_is_handed_to():
    asked = ask(Derived()).assert_right()
    assert asked.layers_of("raw") == ["encoder", "decoder"]
    assert asked.layers_of("scale") == ["encoder", "decoder"]
    assert [way for layer, _, name, way in asked.use_names() if name == "raw"] == [False, True]


class Hyper(nn.Module):
    """A module makes the kernel for two others."""

    def __init__(self):
        super().__init__()
        self.maker = Maker()
        self.encoder, self.decoder = Given(False), Given(True)

    def forward(self, x):
        kernel = self.maker()
        return self.decoder(torch.tanh(self.encoder(x, kernel)), kernel)


class Maker(nn.Module):
    def __init__(self):
        super().__init__()
        self.code, self.expand = nn.Parameter(torch.randn(3)), nn.Linear(3, 24)

    def forward(self):
        return self.expand(self.code).view(4, 6)


def test_a_kernel_made_by_another_module_is_followed_too():
    asked = ask(Hyper()).assert_right()
    assert asked.layers_of("maker.expand.weight") == ["encoder", "decoder"]


@pytest.mark.parametrize("kind", ["weight_norm", "spectral_norm", "orthogonal", "weight_norm by hook", "pruned", "cached"])
def test_parametrized_weights(kind):
    model = Plain(reads["transpose"])
    encoder = model.encoder
    if kind == "weight_norm by hook":
        nn.utils.weight_norm(encoder)
    elif kind == "pruned":
        nn.utils.prune.l1_unstructured(encoder, "weight", 0.3)
    elif kind == "spectral_norm":
        nn.utils.parametrizations.spectral_norm(encoder)
        model.eval()
    elif kind == "orthogonal":
        nn.utils.parametrizations.orthogonal(encoder)
    else:
        nn.utils.parametrizations.weight_norm(encoder)
    if kind == "cached":
        run = model.forward

        def forward(x):
            with nn.utils.parametrize.cached():
                return run(x)

        model.forward = forward
    asked = ask(model, model.x)
    if kind == "orthogonal":
        kernel = next(p for p in asked.told["parameters"] if p["name"].endswith("original"))
        # Its diagonal holds signs, which are read as whole numbers.
        assert kernel["untrained_entries"] == [0, 7, 14, 21]
        assert asked.layers_of("encoder.parametrizations.weight.original") == ["encoder", "decoder"]
        return
    asked.assert_right()
    for name in [p["name"] for p in asked.told["parameters"] if p["name"] != "encoder.bias"]:
        assert asked.layers_of(name) == ["encoder", "decoder"], asked.use_names()
    assert "error" not in asked.told
