"""Models made of plain functions, lists and arrays."""

import sys

import pytest

np = pytest.importorskip("numpy")

import tiecheck
from witness import Asked

rng = np.random.default_rng(3)
X = rng.standard_normal((8, 6))


def tied(kind=np.float64, **words):
    x = X.astype(kind)
    P = {"W": (rng.standard_normal((6, 4)) * 0.5).astype(kind), "c": np.zeros(6, kind)}

    def run(p):
        h = np.tanh(x @ p["W", "encoder"])
        return h, h @ p["W", "decoder"].T + p["c", "decoder"]

    def gradient(p):
        h, y = run(p)
        d = (2 * (y - x) / x.size).astype(kind)
        return {("W", "encoder"): x.T @ ((d @ p["W"]) * (1 - h * h)), ("W", "decoder"): d.T @ h, "c": d.sum(0)}

    uses = [("encoder", "W"), ("decoder", "W", True), ("decoder", "c")]
    return tiecheck.functions(P, lambda p: np.mean((run(p)[1] - x) ** 2), gradient, uses=uses, **words)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_a_tied_pair(kind):
    told = Asked(tied(kind)).assert_right(1e-5 if kind is np.float64 else 1e-4)
    assert ("double" in told.told["can"]) == (kind is np.float32)


def test_lists_need_no_numpy():
    W = [[0.3, -0.2], [0.1, 0.4]]
    loss = lambda p: sum(x**3 for row in p["W"] for x in row)
    Asked(tiecheck.functions({"W": W, "b": 0.5}, lambda p: loss(p) + p["b"] ** 2,
                             lambda p: {"W": [[3 * x * x for x in row] for row in p["W"]], "b": 2 * p["b"]})).assert_right()


def test_a_loss_that_rounds_has_no_double_witness():
    W = rng.standard_normal(4).astype("float32")
    told = Asked(tiecheck.functions({"W": W}, lambda p: np.sum(p["W"].astype("float32") ** 2), lambda p: {"W": 2 * p["W"]}))
    assert "rounds its parameters" in told.told["double_missing"]


@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_what_writes_into_a_parameter_is_named(where):
    W = rng.standard_normal((3, 2))

    def loss(p, writes=where == "loss"):
        if writes:
            p["W"][0] *= 0.5
        return float(np.sum(p["W"] ** 2))

    def gradient(p):
        loss(p, where == "gradient")
        return {"W": 2 * p["W"]}

    told = Asked(tiecheck.functions({"W": W, "b": np.ones(2)}, loss, gradient))
    assert told.told["faults"][0]["id"] == "changes-itself" and told.told["faults"][0]["parameters"] == ["W"]
    assert told.told["parameters"][0]["values"] == W.reshape(-1).tolist()
    assert len(set(told.ask("losses", points=[{}, {}, {}])["losses"])) == 1


def test_an_unreduced_loss_is_told_in_a_sentence():
    told = Asked(tiecheck.functions({"W": np.ones(3)}, lambda p: p["W"] ** 2, lambda p: {"W": 2 * p["W"]}))
    assert "expected one number" in told.told["error"]


def test_equal_arrays_are_remarked_on():
    W = rng.standard_normal((3, 2))
    f = lambda p: np.sum((p["a"] @ p["b"]) ** 2)
    told = Asked(tiecheck.functions({"a": W, "b": W.T.copy()}, f, lambda p: {}))
    assert told.told["remarks"][0]["parameters"] == ["a", "b"]


def test_what_is_intended_is_marked():
    told = Asked(tied(intended=["decoder"]))
    assert [bool(use.get("intended")) for use in told.told["uses"]] == [False, True, True]


@pytest.mark.parametrize("library", ["torch", "jax", "tensorflow"])
def test_arrays_of_other_libraries(library):
    if library not in sys.modules:
        pytest.importorskip(library) if library != "tensorflow" else pytest.skip("tensorflow is not loaded")
    if library == "torch":
        import torch

        W = torch.tensor(X[:2])
        loss, gradient = lambda p: (p["W"] ** 3).sum(), lambda p: {"W": 3 * p["W"] ** 2}
    elif library == "jax":
        import jax.numpy as jnp

        W = jnp.asarray(X[:2], "float32")
        loss, gradient = lambda p: jnp.sum(p["W"] ** 3), lambda p: {"W": 3 * p["W"] ** 2}
    else:
        import tensorflow as tf

        W = tf.constant(X[:2])
        loss, gradient = lambda p: tf.reduce_sum(p["W"] ** 3), lambda p: {"W": 3 * p["W"] ** 2}
    Asked(tiecheck.functions({"W": W}, loss, gradient)).assert_right(1e-4)
