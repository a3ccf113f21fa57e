"""A tied pair in plain Python: encoder h = tanh(x W), decoder y = h W^T.

    tiecheck verify -- python3 plain_pair.py            the right one: passes
    tiecheck verify -- python3 plain_pair.py detached   the decoder's path is missing from the gradient
"""

import sys
from math import tanh

import tiecheck_pipe as tiecheck

for word in sys.argv[1:]:
    if word != "detached":
        sys.exit(f"{word}: expected detached")

X = [[0.5, -0.2, 0.1], [0.3, 0.8, -0.4], [-0.7, 0.6, 0.9], [0.2, -0.9, 0.4]]


def run(x, W, V):
    h = [tanh(sum(x[i] * W[i][j] for i in range(3))) for j in range(2)]
    y = [sum(h[j] * V[i][j] for j in range(2)) for i in range(3)]
    return h, y


def loss(p):
    # What each layer sees of W: the same, unless the checker changes it for one of them alone.
    W, V = p["W", "encoder"], p["W", "decoder"]
    return sum((a - b) ** 2 for x in X for a, b in zip(run(x, W, V)[1], x)) / (3 * len(X))


def gradient(p):
    W = p["W"]
    encoder = [[0.0] * 2 for _ in range(3)]
    decoder = [[0.0] * 2 for _ in range(3)]
    for x in X:
        h, y = run(x, W, W)
        d = [2 * (a - b) / (3 * len(X)) for a, b in zip(y, x)]
        for j in range(2):
            e = sum(d[i] * W[i][j] for i in range(3)) * (1 - h[j] ** 2)
            for i in range(3):
                encoder[i][j] += x[i] * e
                decoder[i][j] += d[i] * h[j]
    if "detached" in sys.argv:
        return {("W", "encoder"): encoder}
    return {("W", "encoder"): encoder, ("W", "decoder"): decoder}


tiecheck.serve(
    tiecheck.functions(
        {"W": [[0.1, 0.4], [-0.3, 0.2], [0.25, -0.6]]},
        loss,
        gradient,
        uses=[("encoder", "W"), ("decoder", "W", True)],
        loss_name="mean_squared_error",
        batch=len(X),
        ties=[["encoder", "decoder"]],
    )
)
