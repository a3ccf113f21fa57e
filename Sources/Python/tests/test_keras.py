"""Keras models on the backend that KERAS_BACKEND names (TensorFlow if nothing is said)."""

import importlib.util
import os

import pytest

backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
for needed in ("keras", backend):
    if importlib.util.find_spec(needed) is None:
        pytest.skip("%s is not installed" % needed, allow_module_level=True)
import keras
import numpy as np

import tiecheck
from witness import Asked

L = keras.layers
X = np.random.default_rng(7).uniform(-1, 1, (7, 5))


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(7)
    keras.config.set_floatx("float32")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


class Twin(L.Layer):
    """Reads another layer's kernel, transposed."""

    def __init__(self, source, read=lambda k: k, **words):
        super().__init__(name="decoder", **words)
        self.source, self.read = source, read

    def build(self, shape):
        self.bias = self.add_weight(shape=(5,), initializer="zeros", name="bias")

    def call(self, x):
        return keras.ops.matmul(x, keras.ops.transpose(self.read(self.source.kernel))) + self.bias

    def compute_output_shape(self, shape):
        return (shape[0], 5)


def pair(read=lambda k: k, **words):
    inputs = keras.Input((5,))
    encoder = L.Dense(3, activation="tanh", name="encoder", **words)
    return keras.Model(inputs, Twin(encoder, read)(encoder(inputs)), name="pair")


def asked(model, loss=None, batch=None, **words):
    x = X.astype(keras.config.floatx())
    return Asked(tiecheck.keras_model(model, loss or keras.losses.MeanSquaredError(), batch or (x, x), **words))


def test_a_tied_pair_is_right_and_measured_in_double():
    told = asked(pair(), ties=[["encoder", "decoder"]])
    assert "double" in told.told["can"], told.told
    told.assert_right(1e-4)
    assert told.layers_of("encoder/kernel") == ["encoder", "decoder"]
    assert [way for _, _, name, way in told.use_names() if name == "encoder/kernel"] == [False, True]
    assert told.words("remarks") == [] and told.words("faults") == []


def test_a_stopped_gradient_claims_nothing():
    told = asked(pair(keras.ops.stop_gradient))
    whole, by_use = told.differences()
    claimed, measured = by_use[[(l, n) for l, _, n, _ in told.use_names()].index(("decoder", "encoder/kernel"))]
    assert claimed == 0 and abs(measured) > 1e-4


def test_double_is_double_where_layers_cast():
    class Casting(Twin):
        def call(self, x):
            y = keras.ops.cast(super().call(x), "float32")
            return y * keras.ops.rsqrt(keras.ops.mean(keras.ops.square(y), -1, keepdims=True) + 1e-6)

    inputs = keras.Input((5,))
    encoder = L.Dense(3, activation="tanh", name="encoder")
    told = asked(keras.Model(inputs, Casting(encoder)(encoder(inputs))))
    told.assert_right(1e-4)
    start = told.told["parameters"][0]["values"][1]
    points = [{"set": [{"parameter": 0, "at": [1], "to": [start + k * 1e-9]}]} for k in (-1, 0, 1)]
    a, b, c = told.ask("losses", points=points, witness="double")["losses"]
    assert abs(a - 2 * b + c) < 1e-3 * abs(c - a)


def test_float64_models():
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    if backend == "jax":
        pytest.skip("JAX has no float64 unless its own option says so")
    told = asked(pair()).assert_right()
    assert {p["precision"] for p in told.told["parameters"]} == {"double"}


def test_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    told = asked(pair())
    assert {p["precision"] for p in told.told["parameters"]} == {"bfloat16"}
    told.assert_right(6e-2)


@pytest.mark.parametrize("layer", ["lstm", "norm", "attention", "conv", "batch norm", "embedding"])
def test_layers_of_the_library(layer):
    inputs = keras.Input((4,), dtype="int32") if layer == "embedding" else keras.Input((4, 6))
    if layer == "lstm":
        y = L.LSTM(3, name="it")(inputs)
    elif layer == "norm":
        y = L.LayerNormalization(name="it")(inputs)
    elif layer == "attention":
        y = L.MultiHeadAttention(2, 3, name="it")(inputs, inputs)
    elif layer == "conv":
        y = L.Conv1D(2, 3, name="it")(inputs)
    elif layer == "batch norm":
        y = L.BatchNormalization(name="it")(inputs)
    else:
        y = L.Embedding(5, 3, name="it")(inputs)
    rng = np.random.default_rng(1)
    x = rng.integers(0, 5, (3, 4)) if layer == "embedding" else rng.normal(size=(3, 4, 6)).astype("float32")
    loss = lambda target, y: keras.ops.mean(keras.ops.square(y) * y)
    told = asked(keras.Model(inputs, y), loss, (x, np.zeros(3, "float32")))
    # Keras's attention on JAX rounds to float32 whatever it is given, and the answer says so.
    is_wide = "double" in told.told["can"]
    assert is_wide or ("rounds" in told.told["double_missing"] and backend == "jax" and layer == "attention")
    if is_wide:
        told.assert_right(2e-4)
    assert {use["layer"] for use in told.told["uses"]} == {"it"}


def test_a_layer_that_the_model_does_not_hold_is_named():
    outside = L.Dense(5, name="outside")
    outside.build((None, 3))
    inputs = keras.Input((5,))
    h = L.Dense(3, activation="tanh", name="encoder")(inputs)
    model = keras.Model(inputs, L.Lambda(lambda h: outside(h), output_shape=(5,), name="hidden")(h))
    told = asked(model)
    fault = next(f for f in told.told["faults"] if f["id"] == "unregistered")
    assert fault["parameters"] == ["outside/kernel", "outside/bias"]
    told.assert_right(1e-4)


def test_regularizers_are_uses_of_the_loss():
    told = asked(pair(kernel_regularizer=keras.regularizers.L2(0.05))).assert_right(1e-4)
    assert [use["layer"] for use in told.told["uses"] if use.get("loss_term")] == ["loss"]


def test_unused_weights_and_equal_copies():
    inputs = keras.Input((5,))
    a, b = L.Dense(5, name="a", use_bias=False), L.Dense(5, name="b", use_bias=False)
    model = keras.Model(inputs, b(keras.ops.tanh(a(inputs))))
    b.kernel.assign(keras.ops.transpose(a.kernel))
    assert asked(model).told["remarks"][0]["parameters"] == ["a/kernel", "b/kernel"]


def test_a_layer_that_draws_is_named():
    class Noise(L.Layer):
        def __init__(self):
            super().__init__(name="noise")
            self.seed = keras.random.SeedGenerator(3)

        def call(self, x):
            return x + keras.random.normal(keras.ops.shape(x), seed=self.seed)

    inputs = keras.Input((5,))
    told = asked(keras.Model(inputs, Noise()(L.Dense(5)(inputs)))).told
    assert "random numbers" in told["error"] and "noise" in str(told["draws"])


def test_a_layer_called_twice_has_two_slots():
    inputs = keras.Input((5,))
    d = L.Dense(5, name="d", activation="tanh")
    told = asked(keras.Model(inputs, d(d(inputs)))).assert_right(1e-4)
    assert [slot for _, slot, name, _ in told.use_names() if name == "d/kernel"] == ["call 1", "call 2"]


def test_inner_layers_that_a_tie_names():
    class Outer(L.Layer):
        def __init__(self):
            super().__init__(name="outer")
            self.inner = L.Dense(5, name="inner")

        def build(self, shape):
            self.inner.build(shape)

        def call(self, x):
            return self.inner(x)

    inputs = keras.Input((5,))
    make = lambda: keras.Model(inputs, Outer()(inputs))
    assert {use["layer"] for use in asked(make()).told["uses"]} == {"outer"}
    assert {use["layer"] for use in asked(make(), ties=[["inner"]]).told["uses"]} == {"inner"}


O = keras.optimizers


@pytest.mark.parametrize(
    "make,says",
    [
        (lambda: O.SGD(0.1, momentum=0.9, nesterov=True), {"rule": "sgd", "momentum": 0.9, "nesterov": True}),
        (lambda: O.Adam(0.01, weight_decay=0.1), {"rule": "adamw", "weight_decay": 0.1, "decoupled": True}),
        (lambda: O.AdamW(0.01), {"rule": "adamw", "stabilizer_place": "uncorrected"}),
        (lambda: O.SGD(0.1, weight_decay=0.1), {"rule": "sgd", "weight_decay": 0.1}),
        (lambda: O.SGD(0.1, global_clipnorm=1.0), {"rule": "sgd", "clip": {"norm": 1.0}}),
    ],
)
def test_optimizers_that_the_reference_knows(make, says):
    told = asked(pair(), optimizers={"it": make})
    entry = told.told["optimizers"][0]
    assert {key: entry[key] for key in says} == says and "not_compared" not in entry
    assert len(told.ask("steps", optimizer="it", steps=2)["parameters"]) == 2
    assert told.ask("losses", points=[{}])["losses"] == told.ask("losses", points=[{}])["losses"]


@pytest.mark.parametrize(
    "make,word",
    [
        (lambda: O.Muon(0.01), "Muon"),
        (lambda: O.Adam(0.01, amsgrad=True), "amsgrad"),
        (lambda: O.SGD(0.1, clipnorm=1.0), "clipnorm"),
        (lambda: O.Adam(0.01, use_ema=True), "use_ema"),
        (lambda: O.SGD(0.1, momentum=0.9, weight_decay=0.1), "weight_decay"),
        (lambda: O.Adam(O.schedules.ExponentialDecay(0.1, 10, 0.9)), "schedule"),
    ],
)
def test_optimizers_that_are_not_compared(make, word):
    told = asked(pair(), optimizers={"it": make})
    assert word in told.told["optimizers"][0]["not_compared"]


def test_constraints_and_exclusions():
    told = asked(pair(kernel_constraint=keras.constraints.UnitNorm(0)), optimizers={"it": lambda: O.SGD(0.1)})
    assert "constraint" in told.told["optimizers"][0]["not_compared"]

    def make():
        optimizer = O.AdamW(0.01, weight_decay=0.1)
        optimizer.exclude_from_weight_decay(var_names=["bias"])
        return optimizer

    groups = asked(pair(), optimizers={"it": make}).told["optimizers"][0]["groups"]
    assert [(g["parameters"], g["weight_decay"]) for g in groups] == [
        (["encoder/kernel"], 0.1),
        (["encoder/bias", "decoder/bias"], 0.0),
    ]


def test_a_compiled_loss_and_a_name():
    model = pair()
    model.compile(loss="mse")
    x = X.astype("float32")
    Asked(tiecheck.keras_model(model, batch=(x, x))).assert_right(1e-4)
    Asked(tiecheck.keras_model(pair(), "mae", (x, x + 1))).assert_right(1e-4)


def test_the_model_is_as_before():
    model = pair()
    before = [w.copy() for w in model.get_weights()]
    told = asked(model, optimizers={"it": lambda: O.Adam(0.1)})
    told.assert_right(1e-4)
    told.ask("steps", optimizer="it", steps=2)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    assert keras.config.floatx() == "float32" and model.layers[1].dtype_policy.name == "float32"
    assert "call" not in vars(model.layers[1])
