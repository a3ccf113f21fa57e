"""The question tiecheck began with, in Keras 3: two layers, one kernel, one of them transposed.

    tiecheck verify -- python3 keras_pair.py [KIND] [double]

    live      the second layer reads the first one's variables
    written   its well-known answer: get_weights() on each call, numbers without a history
    model     an autoencoder whose decoder is no layer: the model itself reads the kernel
"""

import os
import sys

for word in sys.argv[1:]:
    if word not in ("live", "written", "model", "double"):
        sys.exit(f"{word}: expected live, written, model or double")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import tiecheck_pipe as tiecheck
import keras
import numpy as np
import tensorflow as tf

kind = next((word for word in sys.argv[1:] if word != "double"), "live")
keras.utils.set_random_seed(7)
keras.backend.set_floatx("float64" if "double" in sys.argv else "float32")


class CustomDense(keras.layers.Layer):
    def __init__(self, reference_layer):
        super().__init__(name="transposed_dense")
        self.ref_layer = reference_layer

    def call(self, inputs):
        weights = self.ref_layer.get_weights()[0]
        bias = self.ref_layer.get_weights()[1]
        weights = tf.transpose(weights)
        x = tf.linalg.matmul(inputs, weights) + bias
        return x

    def compute_output_shape(self, shape):  # all that was added to the answer: Keras 3 asks for it
        return shape


class Live(CustomDense):
    def call(self, inputs):
        return tf.linalg.matmul(inputs, tf.transpose(self.ref_layer.kernel)) + self.ref_layer.bias


class Autoencoder(keras.Model):
    def __init__(self):
        super().__init__(name="autoencoder")
        self.encoder = keras.layers.Dense(3, activation="tanh", name="encoder")

    def call(self, inputs):
        return self.encoder(inputs) @ keras.ops.transpose(self.encoder.kernel)


def pair(layer):
    inputs = keras.Input(shape=(5,))
    dense = keras.layers.Dense(5, name="dense")
    return keras.Model(inputs, layer(dense)(dense(inputs)), name="pair")


model = Autoencoder() if kind == "model" else pair(CustomDense if kind == "written" else Live)
data = np.random.default_rng(7).uniform(-1, 1, (7, 5)).astype(keras.backend.floatx())
ties = [["encoder", "autoencoder"]] if kind == "model" else [["dense", "transposed_dense"]]
tiecheck.serve(
    tiecheck.keras_model(
        model,
        keras.losses.MeanSquaredError(),
        (data, data),
        optimizers={
            "sgd": lambda: keras.optimizers.SGD(0.1),
            "nesterov": lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
            "rmsprop": lambda: keras.optimizers.RMSprop(0.01),
            "adam": lambda: keras.optimizers.Adam(0.01),
            "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.01),
        },
        ties=ties,
    )
)
