"""JAX losses as their users write them."""

import os

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
jax = pytest.importorskip("jax")
import jax.numpy as jnp
import numpy as np

import tiecheck
from witness import Asked

rng = np.random.default_rng(5)
X = rng.standard_normal((8, 6)).astype("float32")


def tied_params():
    return {
        "encoder": {"kernel": jnp.asarray(rng.standard_normal((6, 4)).astype("float32") * 0.5), "bias": jnp.zeros(4)},
        "decoder": {"bias": jnp.zeros(6)},
    }


def tied_loss(params, x, cut=lambda k: k):
    with jax.named_scope("encoder"):
        h = jnp.tanh(x @ params["encoder"]["kernel"] + params["encoder"]["bias"])
    with jax.named_scope("decoder"):
        y = h @ cut(params["encoder"]["kernel"]).T + params["decoder"]["bias"]
    return jnp.mean((y - x) ** 2)


def test_a_loss_of_a_pytree_and_a_batch():
    told = Asked(tiecheck.jax_model(tied_loss, tied_params(), X, ties=[["encoder", "decoder"]]))
    assert "double" in told.told["can"], told.told
    told.assert_right(1e-4)
    assert told.layers_of("encoder.kernel") == ["encoder", "decoder"]
    assert [way for _, _, name, way in told.use_names() if name == "encoder.kernel"] == [False, True]
    assert told.layers_of("decoder.bias") == ["decoder"]


def test_a_stopped_gradient_claims_nothing_there():
    told = Asked(tiecheck.jax_model(lambda p, x: tied_loss(p, x, jax.lax.stop_gradient), tied_params(), X))
    whole, by_use = told.differences()
    place = [(layer, name) for layer, _, name, _ in told.use_names()].index(("decoder", "encoder.kernel"))
    assert by_use[place][0] == 0 and abs(by_use[place][1]) > 1e-3


def test_a_wrong_custom_derivative_is_claimed_as_it_is():
    @jax.custom_vjp
    def mm(x, w):
        return x @ w.T

    mm.defvjp(lambda x, w: (x @ w.T, (x, w)), lambda s, g: (g @ s[1], 2 * g.T @ s[0]))
    loss = lambda p, x: jnp.mean((mm(jnp.tanh(x @ p["w"]), p["w"]) - x) ** 2)
    told = Asked(tiecheck.jax_model(jax.jit(loss), {"w": X[:6, :6] * 0.5}, X))
    _, by_use = told.differences()
    assert [round(claimed / measured, 3) for claimed, measured in by_use] == [1, 2]
    told.assert_paths_add_up(1e-4)


@pytest.mark.parametrize("how", ["jit", "scan", "vmap", "remat", "derived", "positions"])
def test_ways_to_write_it(how):
    def loss(p, x):
        w = p["w"]
        if how == "scan":
            step = lambda h, x: (jnp.tanh(x @ w + h @ p["u"]), None)
            return jnp.mean(jax.lax.scan(step, jnp.zeros(4), x)[0] ** 2)
        if how == "vmap":
            return jnp.mean(jax.vmap(lambda v: jnp.tanh(v @ w) @ w.T)(x) ** 2) + 0 * p["u"].sum()
        if how == "derived":
            kernel = jax.nn.softplus(w) * 0.3
            return jnp.mean((jnp.tanh(x @ kernel) @ kernel.T - x) ** 2) + jnp.sum(p["u"] ** 2)
        if how == "positions":
            return jnp.mean(jnp.tanh(x @ w + p["u"][jnp.arange(8) % 4]) ** 2)
        body = jax.checkpoint(lambda x: jnp.tanh(x @ w)) if how == "remat" else jax.jit(lambda x: jax.nn.relu(x @ w))
        return jnp.mean((body(x) @ p["u"] @ w.T) ** 2)

    p = {"w": rng.standard_normal((6, 4)).astype("float32"), "u": rng.standard_normal((4, 4)).astype("float32")}
    told = Asked(tiecheck.jax_model(loss, p, X)).assert_right(2e-4)
    assert "use" in told.told["can"]


def test_batches_of_several():
    loss = lambda p, x, y: jnp.mean((x @ p["w"] - y) ** 2)
    Asked(tiecheck.jax_model(loss, {"w": np.ones((6, 2), "float32")}, (X, X[:, :2]))).assert_right(1e-4)
    with_aux = lambda p, b: (jnp.mean((b["x"] @ p["w"]) ** 2), {"a": 1})
    Asked(tiecheck.jax_model(with_aux, {"w": np.ones((6, 2), "float32")}, {"x": X})).assert_right(1e-4)
    Asked(tiecheck.jax_model(lambda p: jnp.sum(p**3), np.ones(3, "float32"))).assert_right(1e-4)


def test_a_loss_that_rounds_says_so():
    loss = lambda p, x: jnp.mean(jnp.tanh(x @ p["w"]).astype("float32") ** 2)
    told = Asked(tiecheck.jax_model(loss, {"w": rng.standard_normal((6, 2)).astype("float32")}, X))
    assert "double" not in told.told["can"] and "rounds to float32" in told.told["double_missing"]


def test_one_array_in_two_leaves_is_two_parameters_and_said():
    w = jnp.asarray(X[:6, :6])
    told = Asked(tiecheck.jax_model(lambda p, x: jnp.mean((x @ p["a"] @ p["b"]) ** 2), {"a": w, "b": w}, X))
    assert len(told.assert_right(1e-4).told["parameters"]) == 2
    assert told.told["remarks"][0]["parameters"] == ["a", "b"]


def test_a_gradient_of_ones_own():
    wrong = lambda p, x: {"w": 2 * jax.grad(lambda p: jnp.mean((x @ p["w"]) ** 2))(p)["w"]}
    told = Asked(tiecheck.jax_model(lambda p, x: jnp.mean((x @ p["w"]) ** 2), {"w": X[:6]}, X, gradient=wrong))
    (claimed, measured), = told.differences()[0]
    assert claimed / measured == pytest.approx(2, rel=1e-4)


def test_flax_linen():
    linen = pytest.importorskip("flax.linen")

    class Net(linen.Module):
        @linen.compact
        def __call__(self, x):
            h = jnp.tanh(linen.Dense(4, name="encoder")(x))
            return linen.Dense(6, name="decoder")(h)

    net = Net()
    params = net.init(jax.random.PRNGKey(0), X)
    told = Asked(tiecheck.jax_model(lambda p, x: jnp.mean((net.apply(p, x) - x) ** 2), params, X)).assert_right(1e-4)
    assert told.layers_of("encoder.kernel") == ["encoder"] and told.layers_of("decoder.bias") == ["decoder"]


def test_flax_nnx():
    nnx = pytest.importorskip("flax.nnx")

    class Net(nnx.Module):
        def __init__(self, rngs):
            self.encoder = nnx.Linear(6, 4, rngs=rngs)

        def __call__(self, x):
            return jnp.tanh(self.encoder(x)) @ self.encoder.kernel.T

    told = Asked(tiecheck.jax_model(lambda m, x: jnp.mean((m(x) - x) ** 2), Net(nnx.Rngs(0)), X)).assert_right(1e-4)
    assert {p["name"] for p in told.told["parameters"]} == {"encoder.kernel", "encoder.bias"}


def test_equinox():
    eqx = pytest.importorskip("equinox")

    class Net(eqx.Module):
        encoder: eqx.nn.Linear
        decoder: eqx.nn.Linear
        act: callable = jnp.tanh

        def __call__(self, x):
            return self.decoder(self.act(self.encoder(x)))

    a, b = jax.random.split(jax.random.PRNGKey(0))
    net = Net(eqx.nn.Linear(6, 4, key=a), eqx.nn.Linear(4, 6, key=b))
    told = Asked(tiecheck.jax_model(lambda m, x: jnp.mean((jax.vmap(m)(x) - x) ** 2), net, X)).assert_right(1e-4)
    assert told.layers_of("encoder.weight") == ["encoder"] and told.layers_of("decoder.weight") == ["decoder"]


def test_optax():
    optax = pytest.importorskip("optax")
    optimizers = {
        "sgd": optax.sgd(0.1, 0.9, nesterov=True),
        "adam": optax.adam(0.01),
        "adamw": lambda: optax.adamw(0.01, weight_decay=0.1),
        "rmsprop": optax.rmsprop(0.01, decay=0.9),
        "clip": optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1)),
        "lion": optax.lion(0.01),
        "schedule": optax.adam(optax.cosine_decay_schedule(0.1, 10)),
        "centred": optax.rmsprop(0.01, centered=True),
    }
    told = Asked(tiecheck.jax_model(tied_loss, tied_params(), X, optimizers=optimizers))
    said = {entry["name"]: entry for entry in told.told["optimizers"]}
    assert (said["sgd"]["momentum"], said["sgd"]["nesterov"], said["sgd"]["learning_rate"]) == (0.9, True, 0.1)
    assert (said["adam"]["rule"], said["adamw"]["rule"], said["adamw"]["weight_decay"]) == ("adam", "adamw", 0.1)
    assert (said["rmsprop"]["rule"], said["rmsprop"]["smoothing"], said["clip"]["clip"]) == ("rmsprop", 0.9, {"norm": 1.0})
    assert [name for name, entry in said.items() if "not_compared" in entry] == ["lion", "schedule", "centred"]
    assert len(told.ask("steps", optimizer="adam", steps=3)["parameters"]) == 3
