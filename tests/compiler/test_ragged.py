"""Rows of different lengths: growing lists, causal attention, triangles; one statement for all of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_lite as ag

RNG = np.random.default_rng(8)


def prefix_sums(x):
    return sum(ag.exp(sum(x[: k + 1])) for k in range(len(x)))


def prefix_dots(x):
    return sum(ag.sin(sum(a * b for a, b in zip(x[:k], x[::-1]))) for k in range(1, len(x)))


def prefix_maxima(x):
    return sum(ag.max(x[: k + 1]) * (k + 1) for k in range(len(x))) + sum(ag.min(x[k:]) for k in range(len(x)))


def with_bias(x):
    return sum(ag.tanh(sum((a * b for a, b in zip(x[:k], list(x)[1:])), x[0])) for k in range(1, len(x)))


def softmax(row):
    top = ag.max(row)
    raised = [ag.exp(z - top) for z in row]
    total = sum(raised)
    return [e / total for e in raised]


def attention(x):
    """Causal: position t looks at positions 0 … t."""
    d = 3
    rows = [x[k : k + d] for k in range(0, len(x) - d + 1, d)]
    total = 0.0
    for t, query in enumerate(rows):
        scores = [sum(a * b for a, b in zip(query, key)) / math.sqrt(d) for key in rows[: t + 1]]
        weights = softmax(scores)
        mixed = [sum(w * v[j] for w, v in zip(weights, rows[: t + 1])) for j in range(d)]
        total = total + sum(m * m for m in mixed) ** 0.5
    return total


def triangle(x):
    """A product with a lower triangular matrix."""
    n = len(x)
    lower = [[0.1 * (i + 1) / (j + 1) for j in range(i + 1)] for i in range(n)]
    return sum(ag.tanh(sum(a * b for a, b in zip(row, x))) for row in lower)


def jagged_means(x):
    groups = [x[:2], x[2:7], x[7:8], x[8:20], x[20:]]
    return sum(ag.exp(sum(g) / len(g)) for g in groups)


def empty_rows(x):
    return sum(ag.cos(sum(x[:k])) + sum(x[j] * x[j + 1] for j in range(k)) for k in range(len(x) - 1))


def masked(hidden, largest):
    """Attention whose rows are of one length: beyond the mask stands ``hidden``."""

    def f(x):
        rows = [x[k : k + 3] for k in range(0, len(x) - 2, 3)]
        total = 0.0
        for i, query in enumerate(rows):
            scores = [sum(a * b for a, b in zip(query, key)) if j <= i else hidden for j, key in enumerate(rows)]
            top = largest(scores)
            raised = [ag.exp(z - top) for z in scores]
            shares = [e / sum(raised) for e in raised]
            total = total + sum(s * v[0] for s, v in zip(shares, rows)) ** 2
        return total

    return f


MASKED = [
    masked(-math.inf, max), masked(-math.inf, ag.max), masked(-1e9, max), masked(-math.inf, lambda z: 0.5),
    masked(-30.0, lambda z: max(getattr(v, "data", v) for v in z))
]  # fmt: skip


@pytest.mark.parametrize("f", MASKED)
def test_rows_that_differ_in_where_they_are_constant(f):
    fast, plain, lines = ag.compile(ag.value_and_grad(f)), ag.value_and_grad(f), []
    for n in (30, 45):
        for scale in (1.0, 0.3):
            x = RNG.normal(size=n) * scale
            value, slope = fast(x)
            expected, wanted = plain(x)
            assert value == pytest.approx(expected, rel=1e-12)
            np.testing.assert_allclose(slope, wanted, rtol=1e-9, atol=1e-11)
        lines.append(len(fast.source().splitlines()))
    assert lines[1] <= lines[0] + 2, lines
    assert lines[1] < 80


KINDS = [
    prefix_sums, prefix_dots, prefix_maxima, with_bias, attention, triangle, jagged_means, empty_rows,
]  # fmt: skip


@pytest.mark.parametrize("f", KINDS)
@pytest.mark.parametrize("n", [30, 45])
def test_value_and_gradient_are_the_eager_ones(f, n):
    fast, plain = ag.compile(ag.value_and_grad(f)), ag.value_and_grad(f)
    for scale in (1.0, 0.3, -0.5):
        x = RNG.normal(size=n) * scale
        value, slope = fast(x)
        expected, wanted = plain(x)
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(slope, wanted, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("f", KINDS)
def test_ties_are_the_tables(f):
    x = np.round(RNG.normal(size=30), 0)
    np.testing.assert_allclose(ag.compile(ag.grad(f))(x), ag.grad(f)(x), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("f", [prefix_sums, prefix_dots, attention, triangle, with_bias])
def test_the_program_does_not_grow_with_the_number_of_rows(f):
    lines = []
    for n in (30, 60):
        fast = ag.compile(ag.value_and_grad(f))
        fast(RNG.normal(size=n))
        lines.append(len(fast.source().splitlines()))
    assert lines[1] <= lines[0] + 2, lines
    assert lines[1] < 80


def test_what_one_row_has_is_not_in_another():
    """Several results: infinities and nan of later positions do not leak into earlier ones."""

    def f(x):
        return [sum(a * b for a, b in zip(x[: k + 1], x[10:])) for k in range(10)]

    x = RNG.normal(size=20)
    x[9], x[19] = math.inf, math.nan
    found, wanted = ag.compile(f)(x), f(x)
    np.testing.assert_allclose(found[:9], [float(y) for y in wanted[:9]], rtol=1e-12)
    assert math.isnan(found[9])


def test_jacobians_of_ragged_rows():
    def f(x):
        return [ag.tanh(sum(a * b for a, b in zip(x[: k + 1], list(x)[1:]))) for k in range(len(x) - 1)]

    x = RNG.normal(size=12)
    found, wanted = ag.compile(ag.jacobian(f))(x), ag.jacobian(f)(x)
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(wanted, float), rtol=1e-9, atol=1e-12)
