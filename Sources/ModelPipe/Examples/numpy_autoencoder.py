"""A tied autoencoder in NumPy, 100 -> 99 -> 100: 10,099 parameters.

    tiecheck verify -- python3 numpy_autoencoder.py
    tiecheck verify -- python3 numpy_autoencoder.py uses     also says which layer uses what: the tie is
                                                             checked, with three times as many losses
    tiecheck verify -- python3 numpy_autoencoder.py timed    says at the end how long its losses took
"""

import sys
import time

import numpy as np
import tiecheck_pipe as tiecheck

for word in sys.argv[1:]:
    if word not in ("uses", "timed"):
        sys.exit(f"{word}: expected uses or timed")

random = np.random.default_rng(1)
x = random.uniform(0, 1, (32, 100))
parameters = {
    "W": random.uniform(-0.2, 0.2, (100, 99)),
    "b": random.uniform(-0.1, 0.1, 99),
    "c": random.uniform(-0.1, 0.1, 100),
}
spent, evaluations = 0.0, 0


def run(p):
    h = np.tanh(x @ p["W", "encoder"] + p["b", "encoder"])
    return h, h @ p["W", "decoder"].T + p["c", "decoder"]


def loss(p):
    global spent, evaluations
    started = time.perf_counter()
    value = np.mean((run(p)[1] - x) ** 2)
    spent += time.perf_counter() - started
    evaluations += 1
    return value


def gradient(p):
    h, y = run(p)
    d = 2 * (y - x) / x.size
    e = (d @ p["W"]) * (1 - h * h)
    return {("W", "encoder"): x.T @ e, ("W", "decoder"): d.T @ h, "b": e.sum(0), "c": d.sum(0)}


uses = [("encoder", "W"), ("encoder", "b"), ("decoder", "W", True), ("decoder", "c")] if "uses" in sys.argv else ()
started = time.perf_counter()
tiecheck.serve(
    tiecheck.functions(
        parameters,
        loss,
        gradient,
        uses=uses,
        loss_name="mean_squared_error",
        batch=32,
        ties=[["encoder", "decoder"]] if uses else (),
    )
)
if "timed" in sys.argv:
    asked = time.perf_counter() - started
    print("%d losses: %.2f s of %.2f s" % (evaluations, spent, asked), file=sys.stderr)
