"""Functions that several tests compile."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

import autograd_lite as ag


def close(a, b, tolerance=1e-12):
    np.testing.assert_allclose(np.array(a, dtype=float), np.array(b, dtype=float), rtol=tolerance, atol=1e-300)


def toy(b0, b1, b2, b3, w0, w1, w2, w3, x, y):
    f0 = b0 + w0 * x
    h1 = ag.sin(f0)
    f1 = b1 + w1 * h1
    h2 = ag.exp(f1)
    f2 = b2 + w2 * h2
    h3 = ag.cos(f2)
    f3 = b3 + w3 * h3
    return (f3 - y) ** 2


TOY = (1.0, 2.0, -3.0, 0.4, 0.1, -0.4, 2.0, 3.0, 2.3, 2.0)


def rosenbrock(x):
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


# --- guards -----------------------------------------------------------------------------------------------------------


def branchy(x, y):
    if x > y:
        return x * x
    return -y


def recurrence(x, w):
    for _ in range(3000):
        x = ag.tanh(x * w + 0.1) - 0.5 * x
    return x * w


def product(xs):
    result = xs[0]
    for x in xs[1:]:
        result = result * x
    return result


def spring(xs):
    return sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(xs))
