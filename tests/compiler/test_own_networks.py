"""Networks of people who have their own: classes, dicts by name, tuples, arrays of objects. One recording serves all
batches of a shape, what runs are few statements, and the numbers are eager code's.
"""
# ruff: noqa: RUF007, RUF017 - it is theirs

from __future__ import annotations

import dataclasses
import functools
import math
import operator
import random
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value

DRAW = random.Random(4)


def weight(scale=0.4):
    return Value(DRAW.gauss(0.0, scale))


def matrix(rows, columns):
    return [[weight() for _ in range(columns)] for _ in range(rows)]


def matvec(table, x):
    return [sum(w * v for w, v in zip(row, x)) for row in table]


def numbers(k, n, d):
    draw = random.Random(k)
    return [[draw.uniform(-1, 1) for _ in range(d)] for _ in range(n)]


def integers(k, n, below):
    draw = random.Random(k)
    return [draw.randrange(below) for _ in range(n)]


class Neuron:
    def __init__(self, count, bent):
        self.w, self.b, self.bent = [weight() for _ in range(count)], Value(0), bent

    def __call__(self, x):
        total = sum((w * v for w, v in zip(self.w, x)), self.b)
        return total.relu() if self.bent else total


class Layers:
    def __init__(self, *sizes):
        pairs = list(zip(sizes, sizes[1:]))
        self.layers = [[Neuron(a, k < len(pairs) - 1) for _ in range(b)] for k, (a, b) in enumerate(pairs)]

    def __call__(self, x):
        return functools.reduce(lambda x, layer: [neuron(x) for neuron in layer], self.layers, x)


NEURONS = Layers(3, 8, 8, 1)


def wrapped(X, y):
    """The inputs become Values, as in micrograd's example."""
    scores = [NEURONS(list(map(Value, x)))[0] for x in X]
    return sum((1 + -t * s).relu() for t, s in zip(y, scores)) * (1.0 / len(y))


STATE = {"fc.weight": matrix(6, 4), "fc.bias": [Value(0.0) for _ in range(6)], "out.weight": matrix(3, 6)}


def by_names(X, labels):
    total = Value(0)
    for x, label in zip(X, labels):
        hidden = [(z + b).tanh() for z, b in zip(matvec(STATE["fc.weight"], x), STATE["fc.bias"])]
        scores = matvec(STATE["out.weight"], hidden)
        top = max(scores, key=lambda v: v.data).data
        raised = [(v - top).exp() for v in scores]
        total += -(ag.take(raised, label) / sum(raised)).log()
    return total / len(X)


@dataclasses.dataclass
class Dense:
    w: list
    b: list

    def __call__(self, x):
        found = []
        for row, total in zip(self.w, self.b):
            for a, v in zip(row, x):
                total = total + a * v
            found.append(ag.sigmoid(total))
        return found


DENSE = [Dense(matrix(5, 3), [weight() for _ in range(5)]), Dense(matrix(2, 5), [weight() for _ in range(2)])]


def by_dataclasses(X, Y):
    return sum((a - t) ** 2 for x, y in zip(X, Y) for a, t in zip(DENSE[1](DENSE[0](x)), y))


TABLE = np.array(matrix(5, 4))


def by_arrays(X, labels):
    z = np.array(X) @ TABLE
    e = np.exp(z - z.max(axis=1, keepdims=True))
    logs = np.log(e / e.sum(axis=1, keepdims=True))
    return -sum(ag.take(list(row), label) for row, label in zip(logs, labels)) / len(labels)


KERNELS = [matrix(3, 3) for _ in range(2)]


def convolved(image):
    found = [
        [[sum(map(operator.mul, sum(kernel, []), [image[i + u][j + v] for u in range(3) for v in range(3)]))
          for j in range(5)] for i in range(5)]
        for kernel in KERNELS
    ]  # fmt: skip
    return sum(ag.relu(v) for plane in found for row in plane for v in row) / 25


QUERY, KEY = matrix(4, 4), matrix(4, 4)


def padded(X, mask):
    queries, keys = [matvec(QUERY, x) for x in X], [matvec(KEY, x) for x in X]
    total = 0.0
    for t, query in enumerate(queries):
        fits = [sum(a * b for a, b in zip(query, key)) / 2.0 + (1.0 - m) * -1e9 for key, m in zip(keys, mask)]
        top = max(v.data for v in fits)
        raised = [ag.exp(v - top) for v in fits]
        mixed = [sum(e * x[d] for e, x in zip(raised, X)) / sum(raised) for d in range(4)]
        total += mask[t] * sum(v * v for v in mixed)
    return total / sum(mask)


GAIN, SHIFT = tuple(weight() for _ in range(6)), tuple(weight() for _ in range(6))


def normed(X):
    total = 0.0
    for x in X:
        h = [a + math.sqrt(2.0) * ag.gelu(b) for a, b in zip(x, x[::-1])]
        mean = sum(h) / len(h)
        spread = sum((v - mean) ** 2 for v in h) / len(h)
        total -= sum(g * (v - mean) * (spread + 1e-5) ** -0.5 + s for g, v, s in zip(GAIN, h, SHIFT)) ** 2
    return total


EMBEDDED, HEAD = matrix(40, 5), matrix(40, 5)


def neighbours(contexts, words):
    total = 0
    for context, word in zip(contexts, words):
        h = [sum(column) / len(context) for column in zip(*ag.take(EMBEDDED, context))]
        scores = matvec(HEAD, h)
        total += ag.logsumexp(scores) - ag.take(scores, word)
    return total / len(words)


#: the loss, its weights, a batch by number, and the most lines of source
CASES = {
    "wrapped": (wrapped, NEURONS, lambda k: (numbers(k, 20, 3), [1 - 2 * (i % 2) for i in range(20)]), 35),
    "by names": (by_names, STATE, lambda k: (numbers(k, 25, 4), integers(k, 25, 3)), 40),
    "by dataclasses": (by_dataclasses, DENSE, lambda k: (numbers(k, 20, 3), numbers(k, 20, 2)), 30),
    "by arrays": (by_arrays, TABLE, lambda k: (numbers(k, 20, 5), np.array(integers(k, 20, 4))), 60),
    "convolved": (convolved, KERNELS, lambda k: (numbers(k, 7, 7),), 60),
    "padded": (padded, (QUERY, KEY), lambda k: (numbers(k, 6, 4), [float(i < 3 + k % 3) for i in range(6)]), 50),
    "normed": (normed, (GAIN, SHIFT), lambda k: (numbers(k, 12, 6),), 40),
    "neighbours": (
        neighbours, (EMBEDDED, HEAD), lambda k: ([integers(9 * k + i, 4, 40) for i in range(12)], integers(k, 12, 40)),
        50,
    ),
}  # fmt: skip


def values_in(x):
    """The weights of a network, whatever holds them."""
    if isinstance(x, Value):
        return [x]
    if isinstance(x, dict):
        return values_in(list(x.values()))
    if isinstance(x, (list, tuple, np.ndarray)):
        return [v for item in x for v in values_in(item)]
    return values_in(vars(x)) if hasattr(x, "__dict__") else []


@pytest.mark.parametrize("name", CASES)
def test_a_network_of_ones_own(name):
    loss, network, batch, most = CASES[name]
    weights, fast = values_in(network), ag.compile(loss)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for k in range(4):
            found = []
            for f in (fast, loss):
                ag.zero_grad(weights)
                y = f(*batch(k))
                y.backward()
                found.append([y.data, *[w.grad for w in weights]])
            np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-12)
            for w in weights:
                w.data -= 0.05 * w.grad
    assert fast.eager is None
    assert sum(len(paths) for paths in fast._states[0].entries.values()) == 1
    assert len(fast.source().splitlines()) <= most, fast.source()
