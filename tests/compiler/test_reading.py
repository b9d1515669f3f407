"""Numbers that a function reads by ``.data``, Values that it makes of its arguments, arrays that an argument indexes:
numbers of one program, whose results are eager code's.
"""

from __future__ import annotations

import functools
import random
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn

W = [[Value(0.1 * (3 * i - j)) for j in range(5)] for i in range(6)]


def rows(k, n=9, d=5):
    draw = random.Random(k)
    return [[draw.uniform(-1, 1) for _ in range(d)] for _ in range(n)]


def scores(x):
    return [sum(w * v for w, v in zip(row, x)) for row in W]


def number(x):
    return x.data if isinstance(x, Value) else x


#: what a softmax subtracts, as people write it
LARGEST = {
    "generator": lambda z: max(v.data for v in z),
    "list": lambda z: max([v.data for v in z]),
    "two names": lambda z: max(score.data for score in list(z)),
    "if": lambda z: max(number(v) for v in z),
    "key": lambda z: max(z, key=lambda v: v.data),
    "detached": lambda z: max(z, key=lambda v: v.data).detach(),
    "reduce": lambda z: functools.reduce(max, [v.data for v in z]),
    "numpy": lambda z: np.max([v.data for v in z]),
    "item": lambda z: max(v.item() for v in z),
    "Value": lambda z: Value(max(v.data for v in z)),
    "method": lambda z: np.array([v.data for v in z]).max(),
    "halved": lambda z: 0.5 * max(2.0 * v.data for v in z),
}


def one_recording(f, calls):
    fast = ag.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for args in calls:
            found, expected = fast(*args), f(*args)
            grads = []
            for y in (found, expected):
                ag.zero_grad([w for row in W for w in row])
                y.backward()
                grads.append([w.grad for row in W for w in row])
            assert found.data == pytest.approx(expected.data, rel=1e-12)
            np.testing.assert_allclose(grads[0], grads[1], rtol=1e-9, atol=1e-12)
    assert fast.eager is None
    assert sum(len(paths) for paths in fast._states[0].entries.values()) == 1
    return fast


@pytest.mark.parametrize("name", LARGEST)
def test_what_a_softmax_subtracts(name):
    def loss(X):
        total = 0.0
        for x in X:
            z = scores(x)
            top = LARGEST[name](z)
            e = [ag.exp(v - top) for v in z]
            total -= ag.log(e[2] / sum(e))
        return total / len(X)

    fast = one_recording(loss, [(rows(k),) for k in range(4)])
    assert len(fast.source().splitlines()) < 30, fast.source()


def test_a_target_of_numbers_that_are_read():
    def loss(X, Y):
        return sum((0.9 * max(v.data for v in scores(y)) + 0.1 - sum(scores(x))) ** 2 for x, y in zip(X, Y))

    one_recording(loss, [(rows(k), rows(k + 9)) for k in range(3)])


def test_a_way_that_is_decided_by_data():
    fast = ag.compile(lambda x: x * 2.0 if x.data > 0.0 else -x)
    for number in (1.0, 2.0, -1.0, -3.0, 0.5):
        x = Value(number)
        fast(x).backward()
        assert x.grad == (2.0 if number > 0 else -1.0)
    assert fast.eager is None


KINDS = {
    "read": lambda x: x.data,
    "made of it": lambda x: 2.0 * x.data + 1.0,
    "both": lambda x: (x * x, x.data, ag.exp(x.data), x.data > 1.0),
    "text": lambda x: f"{x.data:.2f}",
    "whole": lambda x: int(x.data) + round(x.data, 1),
    "digits": lambda x: float(x.data).hex(),
    "counted": lambda x: sum(v.data > 1.5 for v in (x, 2.0 * x)),
    "detached": lambda x: x.detach().data,
    "live": lambda x: W[1][0].data * 2.0,
    "live and plain": lambda x: (W[1][0].data, W[1][0].detach()),
    "no_grad": lambda x: plainly(x),
    "keys": lambda x: {1.0: "one", 2.0: "two"}.get(x.data, "more"),
}


def plainly(x):
    with ag.no_grad():
        return (x * 3.0).data


def described(x):
    if isinstance(x, (list, tuple)):
        return [described(item) for item in x]
    return type(x).__name__, getattr(x, "data", x) if isinstance(x, Value) else x


@pytest.mark.parametrize("name", KINDS)
def test_a_number_that_is_read_is_plain(name):
    f = KINDS[name]
    fast = ag.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ag.compiler.CompileWarning)
        for number in (1.0, 2.0, 1.25, 2.0):
            assert described(fast(Value(number))) == described(f(Value(number)))


def test_gradients_of_what_is_read_from_outside_are_plain_numbers():
    f = ag.grad(lambda x: x * x * W[0][1].data)
    fast = ag.compile(f)
    for number in (1.0, -2.0):
        assert type(fast(number)) is float
        assert fast(number) == f(number)
    before, W[0][1].data = W[0][1].data, 7.0
    assert fast(2.0) == f(2.0) == 28.0
    W[0][1].data = before


def test_plain_arguments_become_values():
    """micrograd's own example makes its inputs Values."""

    def loss(X):
        wrapped = [list(map(Value, x)) for x in X]
        shifted = [[Value(2.0 * v - 1.0) for v in x] for x in X]
        return sum(v.tanh() for x, y in zip(wrapped, shifted) for v in [*scores(x), *scores(y)])

    one_recording(loss, [(rows(k),) for k in range(3)])
    one_recording(lambda X: sum(map(sum, map(scores, ag.values(X)))), [(rows(k),) for k in range(3)])


def test_a_value_of_a_value_is_refused_as_in_plain_code():
    for f, x in ((lambda x: Value(x) * 2.0, Value(1.0)), (lambda x: Value(Value(x)), 1.0)):
        with pytest.raises(TypeError, match="use it as it is"):
            ag.compile(f)(x)
    with pytest.raises(TypeError, match="use it as it is"):
        ag.compile(ag.grad(lambda x: Value(x) * x))(1.0)


TABLES = {
    "values": ag.values(np.arange(12.0).reshape(4, 3)),
    "parameter": nn.Parameter(np.arange(12.0).reshape(4, 3)),
}
INDEXED = {
    "row": (lambda t, i: np.sum(t[i] ** 2), [1, 3, 0]),
    "rows": (lambda t, i: np.sum(t[i] ** 2), [np.array([1, 3]), np.array([0, 0])]),
    "table": (lambda t, i: np.sum(t[i] ** 3), [np.array([[1, 3], [0, 2]]), np.array([[0, 0], [3, 1]])]),
    "list": (lambda t, i: np.sum(t[i] ** 2), [[1, 3], [0, 0]]),
    "number": (lambda t, i: t[i, 1] ** 2, [1, 3, 0]),
    "labels": (lambda t, i: np.sum(t[np.arange(4), i] ** 2), [np.array([0, 1, 2, 1]), np.array([2, 2, 0, 1])]),
}


@pytest.mark.parametrize("kind", INDEXED)
@pytest.mark.parametrize("table", [*TABLES, "argument"])
def test_arrays_indexed_by_an_argument_are_gathers(table, kind):
    f, indices = INDEXED[kind]
    given = (np.arange(12.0).reshape(4, 3),) if table == "argument" else ()
    g = ag.value_and_grad(f) if given else lambda i: f(TABLES[table], i)
    fast = ag.compile(g)
    for i in indices:
        found, expected = fast(*given, i), g(*given, i)
        if given:
            np.testing.assert_allclose(found[1], expected[1])
        assert float(ag.numbers(found[0] if given else found)) == float(ag.numbers(expected[0] if given else expected))
    assert sum(len(paths) for paths in fast._states[0].entries.values()) == 1
    for out in (4, -5):
        if kind == "row":
            with pytest.raises(IndexError):
                fast(*given, out)


def test_a_plain_array_of_values_says_that_it_is_recorded_anew():
    table = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    fast = ag.compile(lambda i: np.sum(table[i] ** 2))
    fast(0)
    with pytest.warns(ag.compiler.CompileWarning, match=r"test_reading\.py:\d+: write ag\.take"):
        assert fast(1).data == 25.0


@pytest.mark.parametrize("write", [
    lambda z: z.max(axis=1, keepdims=True), lambda z: np.max(z, axis=1, keepdims=True),
    lambda z: z.max(axis=-1)[:, None], lambda z: np.amax(z), lambda z: np.max(z, axis=(0, 1)), lambda z: -(-z).min(),
])  # fmt: skip
def test_the_largest_along_an_axis(write):
    def loss(X):
        z = X @ np.array(W).T
        e = np.exp(z - write(z))
        return np.sum(np.log(e / e.sum(axis=1, keepdims=True))[:, 2])

    one_recording(loss, [(np.array(rows(k)),) for k in range(3)])
