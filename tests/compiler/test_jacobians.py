"""Compiled Jacobians and Hessians: by colouring where it pays, and the same numbers and structures in any case."""

from __future__ import annotations

import collections

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.compiler.call.sparse import coloured

RNG = np.random.default_rng(0)
X = RNG.normal(size=60)
Pair = collections.namedtuple("Pair", "a b")


def tridiagonal(x):
    n = len(x)
    return [x[i] ** 2 + (x[i - 1] * x[i] if i else 0.0) + (ag.sin(x[i + 1]) if i < n - 1 else 0.0) for i in range(n)]


def rosenbrock(x):
    return ag.sum([100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1)])


def signed(x):
    return [v * v if v > 0 else -v for v in x]


def assert_equal(a, b):
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert list(a) == list(b)
        a, b = list(a.values()), list(b.values())
    if isinstance(a, (list, tuple)):
        for x, y in zip(a, b, strict=True):
            assert_equal(x, y)
    else:
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


def sweeps(compiled):
    """How many sweeps the last call took, and whether forward; None if it was not swept."""
    last = compiled.last
    if last is None or not (last.plan.seeded or last.plan.forward):
        return None
    (colouring,) = last.path.colourings.values()
    return len(colouring.groups), colouring.forward


CASES = {
    "tridiagonal, lists": (tridiagonal, (X.tolist(),), 0, (3, False)),
    "tridiagonal, array to list": (tridiagonal, (X,), 0, (3, False)),
    "tridiagonal, arrays": (lambda x: np.array(tridiagonal(x), dtype=object), (X,), 0, (3, False)),
    "few columns": (lambda x: [ag.sin(k * x[0]) * x[1] + x[2] ** k for k in range(200)], (X[:3] ** 2,), 0, (3, True)),
    "one column": (lambda x: [ag.sin(k * x) * x for k in range(300)], (0.3,), 0, (1, True)),
    "few rows": (lambda x: [ag.sum(list(x * x)), ag.sum(list(ag.sin(x)))], (RNG.normal(size=200),), 0, (2, False)),
    "a full column": (lambda x: [x[0] * v + v**2 for v in x], (X,), 0, (2, True)),
    "a full row": (lambda x: [ag.sum([v * v for v in x])] + [v**3 for v in x[1:]], (X,), 0, (2, False)),
    "a dict": (lambda d: {"u": [v * d["b"] for v in d["a"]], "v": d["a"] ** 2}, ({"a": X, "b": 2.0},), 0, (2, True)),
    "two arguments": (lambda x, y, s: Pair(x * y * s, y * 2), (X, X + 1, 3.0), (1, 0), (2, False)),
    "the last argument": (lambda s, x: x * s, (2.0, X), -1, (1, False)),
    "where": (lambda x: [ag.where(v > 0, lambda v=v: ag.sqrt(v), v) for v in x], (X,), 0, (1, False)),
    "a choice": (signed, (X,), 0, (1, False)),
    "constants": (lambda x: [1.0] * 30 + list(x), (X,), 0, (1, False)),
    "an int that counts": (lambda x, n: [sum(v * v for _ in range(n)) for v in x], (X, 2), 0, (1, False)),
    "full": (lambda x: ag.tanh(RNG_MATRIX @ x), (X[:20],), 0, None),
    "small": (tridiagonal, (X[:4],), 0, None),
}  # fmt: skip
RNG_MATRIX = RNG.normal(size=(20, 20))


@pytest.mark.parametrize("name", CASES)
def test_the_same_as_plain(name):
    f, args, argnums, expected = CASES[name]
    plain = ag.jacobian(f, argnums)
    compiled = ag.compile(plain)
    for _ in range(2):
        assert_equal(compiled(*args), plain(*args))
    assert sweeps(compiled) == expected
    compiled.source()


@pytest.mark.parametrize("x", [X, X.tolist()], ids=["array", "list"])
def test_hessians(x):
    plain = ag.hessian(rosenbrock)
    compiled = ag.compile(plain)
    assert_equal(compiled(x), plain(x))
    assert sweeps(compiled) == (3, False)
    small = ag.compile(plain)
    assert_equal(small(x[:5]), plain(x[:5]))
    assert sweeps(small) is None


def test_a_thousand_functions_take_three_sweeps():
    x = np.linspace(0.0, 1.0, 1000)
    compiled = ag.compile(ag.jacobian(lambda x: np.array(tridiagonal(x), dtype=object)))
    found = compiled(x)
    assert sweeps(compiled) == (3, False)
    expected = np.diag(2 * x) + np.diag(np.cos(x[1:]), 1)
    expected[1:, 1:] += np.diag(x[:-1])
    expected[1:, :-1] += np.diag(x[1:])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    found[:] = 7.0  # the caller's own
    np.testing.assert_allclose(compiled(x), expected, rtol=1e-12)


def test_another_way_and_other_surroundings():
    scale = 1.0
    w = ag.Value(2.0)
    compiled = ag.compile(ag.jacobian(lambda x: [scale * w * v for v in signed(x)]))
    for _ in range(2):
        for x in (X, -X, X[:40]):
            with ag.no_grad():
                found = compiled(x)
            np.testing.assert_allclose(found, scale * w.data * np.diag(np.where(x > 0, 2 * x, -1.0)))
        scale, w.data = scale + 1.0, w.data + 1.0
    compiled(X.tolist())[0][0].backward()
    assert w.grad == pytest.approx(scale * 2 * X[0])


def test_a_pole_elsewhere_leaves_the_other_numbers_alone():
    """A seed of 0 times an infinite partial would be nan, in the rows that share the sweep."""
    plain = ag.jacobian(lambda x: [2 * x[i] + (ag.sqrt(x[i + 1]) if i < 39 else 0.0) for i in range(40)])
    x = np.concatenate([np.zeros(20), np.ones(20)])
    np.testing.assert_array_equal(ag.compile(plain)(x), plain(x))


def test_values_give_values():
    plain = ag.jacobian(lambda x: [v * v for v in x])
    x = ag.values(X)
    compiled = ag.compile(plain)
    compiled(X)
    found = np.array(compiled(x))
    ag.sum(list(found.ravel())).backward()
    np.testing.assert_allclose([v.grad for v in x], 2.0)


@pytest.mark.parametrize("argnums", [1, (0, 0), "a"])
def test_wrong_argnums(argnums):
    with pytest.raises((ValueError, TypeError)):
        ag.compile(ag.jacobian(lambda x: [v * v for v in x], argnums))(X)


@pytest.mark.parametrize("steps", [40, 400])
def test_of_a_long_function_only_the_gradient_is_recorded(steps):
    """One program of all second derivatives has some times as many instructions as a gradient, for each column."""

    def f(p):
        h = [0.1, 0.2]
        for t in range(steps):
            h = [ag.tanh(p[0] * h[0] + p[1] * h[1] + 0.1 * t % 1), ag.sigmoid(p[2] * h[0] - p[3] * h[1])]
            h = [where_positive(x) for x in h]
        return h[0] * h[1]

    def where_positive(x):
        return ag.where(x > 0, x, 0.5 * x)

    plain, point = ag.hessian(f), [0.5, -0.3, 0.8, 0.2]
    compiled = ag.compile(plain)
    for shift in (0.0, 0.1):
        moved = [x + shift for x in point]
        assert_equal(compiled(moved), plain(moved))
    assert (sweeps(compiled) is None) == (steps == 40)
    assert bool(compiled._states) == (steps == 40)


def test_a_jacobian_is_recorded_once():
    compiled = ag.compile(ag.jacobian(lambda x: [ag.sum(list(x)) * v for v in x]))
    inner = ag.hessian(rosenbrock)
    outer = ag.compile(lambda x, inner=inner: ag.sum(list(inner(x).ravel())))
    for c in (compiled, outer):
        c(X[:5])
        c(X[1:6])
        assert len(c._states) == 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 2**31))
def test_colourings_are_proper(m, n, seed):
    matrix = np.random.default_rng(seed).random((m, n)) < 0.3
    colours = coloured(matrix)
    for a in range(m):
        for b in range(a):
            assert colours[a] != colours[b] or not (matrix[a] & matrix[b]).any()


@settings(max_examples=25, deadline=None)
@given(st.integers(17, 24), st.integers(17, 24), st.integers(0, 2**31))
def test_random_patterns(m, n, seed):
    rng = np.random.default_rng(seed)
    matrix = np.where(rng.random((m, n)) < 0.08, rng.normal(size=(m, n)), 0.0)

    def f(x):
        return [ag.sin(ag.sum([a * v for a, v in zip(row, x) if a])) * (1.0 + x[0] * row[0]) for row in matrix]

    x = rng.normal(size=n)
    plain = ag.jacobian(f)
    np.testing.assert_allclose(ag.compile(plain)(x), plain(x), rtol=1e-9, atol=1e-12)


def test_choices_within_choices_stay_small():
    """What comes through a choice is 0 where it isn't taken: no other gate is needed, and one for each op."""

    def tree(p):  # an American put on a lattice of ten steps
        up, down = ag.exp(0.1 * p[1]), ag.exp(-0.1 * p[1])
        values = [max(p[0] - up**j * down ** (10 - j), 0.0) for j in range(11)]
        for i in range(9, -1, -1):
            values = [max(0.6 * values[j + 1] + 0.39 * values[j], p[0] - up**j * down ** (i - j)) for j in range(i + 1)]
        return [values[0], values[0] * p[1], ag.sin(p[0]) * values[0]]

    plain, fast, value = ag.jacobian(tree), ag.compile(ag.jacobian(tree)), ag.compile(tree)
    for p in ([1.1, 0.3], [0.9, 0.4], [1.02, 0.01]):
        np.testing.assert_allclose(fast(p), plain(p), rtol=1e-10)
        value(p)
    assert len(fast.program) < 5.5 * len(value.program)  # 6.6 with gates on gates


def test_a_branch_that_is_never_taken():
    def f(x):
        return ag.where(x > 0.0, ag.where(x > 0.0, x * x, ag.log(x) * x), ag.where(x > 0.0, ag.sqrt(x) * x, x**3))

    for transform in (ag.grad(ag.grad(f)), ag.jacobian(ag.grad(f)), ag.hessian(f)):
        fast = ag.compile(transform)
        for x in (2.0, -3.0, 1.5):
            assert fast(x) == pytest.approx(transform(x), rel=1e-12)
