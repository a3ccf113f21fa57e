"""Uses by calls: loops, layers of the library, torch.func, checkpoints, compiled models, terms of the loss."""

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F
from torch import nn

import tiecheck
from torch_readings import Plain, ask, reads
from witness import Asked


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(3)
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_positions_stay_with_the_table_they_are_looked_up_in():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.places = nn.Embedding(7, 4), nn.Embedding(5, 4)
            self.head = nn.Linear(4, 7, bias=False)
            self.head.weight = self.words.weight

        def forward(self, t):
            return self.head(torch.tanh(self.words(t) + self.places(torch.arange(t.shape[1])))).flatten(0, 1)

    t = torch.randint(0, 7, (2, 5))
    asked = Asked(tiecheck.torch_model(M(), nn.CrossEntropyLoss(), (t, t.flatten()))).assert_right()
    assert asked.layers_of("places.weight") == ["places"]
    assert asked.layers_of("words.weight") == ["words", "head"]


@pytest.mark.parametrize("is_named", [False, True])
def test_learned_queries_are_used_where_they_meet_the_data_or_in_the_layer_that_a_tie_names(is_named):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.queries = nn.Parameter(torch.randn(3, 6))
            self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
            self.q = nn.Linear(6, 6)

        def forward(self, x):
            q = self.q(self.queries).expand(x.shape[0], -1, -1)
            return self.attention(q, x, x)[0]

    x = torch.randn(2, 4, 6)
    ties = [["q", "attention"]] if is_named else []
    asked = Asked(tiecheck.torch_model(M(), lambda y, t: (y**2).sum(), (x, x), ties=ties)).assert_right()
    place = "q" if is_named else "attention"
    assert asked.layers_of("q.weight") == [place] and asked.layers_of("queries") == [place]
    assert asked.layers_of("attention.in_proj_weight") == ["attention"]


def test_a_cell_called_in_a_loop_has_a_use_for_each_call():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.head = nn.RNNCell(3, 4), nn.Linear(4, 3)

        def forward(self, x):
            h = torch.zeros(x.shape[0], 4)
            for t in range(x.shape[1]):
                h = self.cell(x[:, t], h)
            return self.head(h)

    x = torch.randn(5, 3, 3)
    asked = Asked(tiecheck.torch_model(M(), nn.MSELoss(), (x, x[:, -1]))).assert_right()
    slots = [slot for _, slot, name, _ in asked.use_names() if name == "cell.weight_hh"]
    assert slots == ["call 1", "call 2", "call 3"]


def test_a_long_loop_is_one_use():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.RNNCell(2, 3)

        def forward(self, x):
            h = torch.zeros(1, 3)
            for t in range(30):
                h = self.cell(x, h)
            return h

    asked = Asked(tiecheck.torch_model(M(), nn.MSELoss(), (torch.randn(1, 2), torch.zeros(1, 3)))).assert_right()
    assert len(asked.layers_of("cell.weight_hh")) == 1


@pytest.mark.parametrize("layer", ["LSTM", "GRU", "BatchNorm1d", "TransformerEncoderLayer", "Bilinear", "Conv1d", "LayerNorm"])
def test_layers_of_the_library(layer):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            if layer == "TransformerEncoderLayer":
                self.layer = nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0, batch_first=True)
            elif layer == "Bilinear":
                self.layer = nn.Bilinear(6, 6, 2)
            elif layer == "Conv1d":
                self.layer = nn.Conv1d(4, 2, 3)
            elif layer in ("LSTM", "GRU"):
                self.layer = getattr(nn, layer)(6, 3, 2, batch_first=True, bidirectional=True)
            else:
                self.layer = getattr(nn, layer)(4 if layer == "BatchNorm1d" else 6)

        def forward(self, x):
            y = self.layer(x, x) if layer == "Bilinear" else self.layer(x)
            return y[0] if isinstance(y, tuple) else y

    x = torch.randn(3, 4, 6)
    asked = Asked(tiecheck.torch_model(M(), lambda y, t: (y**3).mean(), (x, x))).assert_right()
    assert {use["layer"].split(".")[0] for use in asked.told["uses"]} == {"layer"}
    assert {use["parameter"] for use in asked.told["uses"]} == set(range(len(asked.told["parameters"])))


def test_one_module_under_two_names_is_called_by_them_in_turn():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(4, 4)
            self.second = self.first

        def forward(self, x):
            return self.second(torch.tanh(self.first(x)))

    x = torch.randn(3, 4)
    asked = Asked(tiecheck.torch_model(M(), nn.MSELoss(), (x, x), ties=[["first", "second"]])).assert_right()
    assert asked.layers_of("first.weight") == ["first", "second"]


@pytest.mark.parametrize("ways", ["functional_call", "grad", "maml"])
def test_torch_func(ways):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = Plain(reads["transpose"])

        def forward(self, x):
            p = dict(self.net.named_parameters())
            call = lambda q: torch.func.functional_call(self.net, q, (x,))
            if ways == "functional_call":
                return call(p)
            inner = lambda q: (call(q) ** 2).mean()
            if ways == "grad":
                g = torch.func.grad(inner)(p)
            else:
                with torch.enable_grad():
                    found = torch.autograd.grad(inner(p), list(p.values()), create_graph=True)
                g = dict(zip(p, found))
            return call({k: v - 0.3 * g[k] for k, v in p.items()})

    asked = ask(M())
    asked.assert_right()
    if ways == "functional_call":
        assert asked.layers_of("net.encoder.weight") == ["net.encoder", "net.decoder"]


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("cut", [False, True])
def test_checkpoints(reentrant, cut):
    from torch.utils.checkpoint import checkpoint

    class M(Plain):
        def forward(self, x):
            x = x.clone().requires_grad_()
            h = checkpoint(lambda a: torch.tanh(self.encoder(a)), x, use_reentrant=reentrant)
            return checkpoint(self.decoder, h, use_reentrant=reentrant)

    model = M(lambda W, h: h @ (W.detach() if cut else W))
    asked = ask(model, model.x)
    assert asked.layers_of("encoder.weight") == ["encoder", "decoder"]
    if reentrant:
        assert asked.told["claims_by_use"] == "apart" and "by-use-apart" in asked.words("remarks")
        assert "gradient_by_use" not in asked.told["can"]
    if not cut:
        asked.assert_right()
    asked.assert_paths_add_up()


def test_claims_that_a_hook_changes_are_not_compared_by_use():
    model = Plain(reads["transpose"])
    model.encoder.weight.register_hook(lambda g: g * 0.5)
    asked = ask(model, model.x)
    assert asked.told["claims_by_use"] == "apart"
    whole, _ = asked.differences()
    assert abs(whole[0][0] / whole[0][1] - 0.5) < 1e-6


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_compiled_models(backend):
    model = torch.compile(Plain(reads["transpose"]), backend=backend)
    asked = ask(model, model._orig_mod.x).assert_right()
    assert asked.layers_of("encoder.weight") == ["encoder", "decoder"]


def test_scripted_models_have_no_wrong_paths():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(6, 4)
            self.second = torch.jit.trace(nn.Linear(4, 6), torch.randn(2, 4))

        def forward(self, x):
            return self.second(torch.tanh(self.first(x)))

    asked = ask(M())
    asked.assert_right()


def test_a_penalty_is_a_term_of_the_loss():
    model = Plain(reads["transpose"])
    loss = lambda y, t: F.mse_loss(y, t) + 0.1 * (model.encoder.weight**2).sum()
    asked = Asked(tiecheck.torch_model(model, loss, (model.x, model.x))).assert_right()
    assert [u["layer"] for u in asked.told["uses"] if u.get("loss_term")] == ["loss"]


def test_a_loss_of_parameters_alone():
    model = nn.Linear(3, 3)
    asked = Asked(tiecheck.torch_model(model, lambda y, t: (model.weight**3).sum(), (torch.randn(2, 3), None)))
    asked.assert_right()


def test_a_reading_for_a_log_is_no_use():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(3, 3)

        def forward(self, x):
            self.log = (self.a.weight * x[:1]).sum().item()
            assert torch.isfinite(self.a.weight).all()
            return self.a(x)

    asked = ask(M(), torch.randn(4, 3)).assert_right()
    assert asked.layers_of("a.weight") == ["a"]


def test_the_numpy_road_is_seen_as_a_use_that_claims_nothing():
    model = Plain(lambda W, h: h @ torch.from_numpy(W.detach().numpy().copy()))
    asked = ask(model, model.x)
    whole, by_use = asked.differences()
    assert asked.layers_of("encoder.weight") == ["encoder", "decoder"]
    assert by_use[2][0] == 0 and abs(by_use[2][1]) > 1e-3


def test_sparse_gradients():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(7, 4, sparse=True)
            self.head = nn.Linear(4, 7, bias=False)
            self.head.weight = self.table.weight

        def forward(self, t):
            return self.head(torch.tanh(self.table(t)))

    t = torch.tensor([1, 4, 2, 6, 1])
    asked = Asked(tiecheck.torch_model(M(), nn.CrossEntropyLoss(), (t, t))).assert_right()
    assert "gradient_by_use" in asked.told["can"]


def test_experts_in_one_tensor_are_one_use():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.W = nn.Parameter(torch.randn(2, 3, 3))

        def forward(self, x):
            return torch.tanh(x @ self.W[0]) @ self.W[1]

    asked = ask(M(), torch.randn(4, 3)).assert_right()
    assert len(asked.told["uses"]) == 1
