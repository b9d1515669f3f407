"""Every op of the table, compiled in each way, at ordinary points and at the edges: equal to the eager op."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.primitives import TABLE

SPECIAL = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1000.0, -1000.0, 0.5)
GROUPED = {"dot": lambda op, x: op(x[:2], x[2:4]), "dist": lambda op, x: op(x[:2], x[2:4]),
           "affine": lambda op, x: op(x[:2], x[2:4], x[4])}  # fmt: skip


def function_and_points(op):
    if op.arity > 0:
        n = op.arity
        middle = [(low + high) / 2 + 0.1 * (high - low) * s for s in (0.3, -0.7) for low, high in op.domain]

        def f(xs):
            return ag.sum([op(*xs[i * n : (i + 1) * n]) * 1.25 for i in range(2)])

        return f, [middle, *[[x] * n + middle[n:] for x in SPECIAL]]
    low, high = op.domain[0]
    middle = [low + (high - low) * t for t in (0.2, 0.9, 0.5, 0.33, 0.61)]
    call = GROUPED.get(op.name, lambda op, x: op(list(x)))
    points = [middle, [1.0] * 5, [0.0] * 5, [math.nan, *middle[1:]], [math.inf, *middle[1:]]]
    return (lambda xs: call(op, xs)), points


@pytest.mark.parametrize("way", ["lines", "arrays", "cells"])
@pytest.mark.parametrize("name", sorted(set(TABLE) - {"where"}))
def test_every_op(name, way, run_as):
    run_as(way)
    f, points = function_and_points(TABLE[name])
    eager = ag.value_and_grad(f)
    compiled = ag.compile(eager)
    checked = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for point in points:
            try:
                value, slope = eager(point)
            except (ValueError, TypeError, OverflowError):
                continue
            found = compiled(point)
            np.testing.assert_allclose([found[0], *found[1]], [value, *slope], rtol=1e-9, atol=1e-12)
            checked += 1
    assert checked


@pytest.mark.parametrize("way", ["lines", "arrays", "cells"])
def test_an_op_of_the_users_own(way, run_as):
    @ag.primitive(partials=lambda out, x: (3 * x * x,))
    def cube(x):
        return x * x * x

    run_as(way)
    g = ag.compile(ag.grad(lambda xs: ag.sum([cube(x) for x in xs])))
    assert g([1.0, 2.0, -3.0]) == [3.0, 12.0, 27.0]
    total = ag.compile(lambda xs: ag.sum([cube(x) for x in xs]))
    assert total([1.0, 2.0]) == 9.0
    with pytest.raises(NotImplementedError, match="array="):
        total.source("jax")


def scaled(k, name=""):
    @ag.primitive(partials=lambda out, x: (k,), name=name)
    def scale(x):
        return k * x

    return scale


@pytest.mark.parametrize("way", ["lines", "arrays", "cells"])
def test_ops_with_one_name(way, run_as):
    """The user's own, made in a loop, or called like one of the table's or of those that only programs have."""
    run_as(way)
    ops = [scaled(2.0), scaled(3.0), scaled(5.0, "exp"), scaled(7.0, "stop"), scaled(11.0, "eq"), scaled(13.0, "neg")]

    def f(xs):
        return ag.sum([op(x) for op in ops for x in xs]) + ag.exp(xs[0]) - xs[1]

    compiled, eager = ag.compile(ag.value_and_grad(f)), ag.value_and_grad(f)
    for point in ([1.0, 2.0], [0.5, -3.0], np.array([1.0, 2.0])):
        found, expected = compiled(point), eager(point)
        np.testing.assert_allclose([found[0], *found[1]], [expected[0], *expected[1]], rtol=1e-14)


@pytest.mark.parametrize("way", ["lines", "arrays", "cells"])
def test_anomalies_are_seen_after_any_call(way, run_as):
    run_as(way)
    g = ag.compile(ag.grad(lambda x, y: ag.log(x) * y))
    assert g(2.0, 3.0) == 1.5
    assert g(0.0, 3.0) == math.inf
    with ag.detect_anomaly(), pytest.raises((ArithmeticError, ValueError)):
        g(0.0, 3.0)
    assert g(0.0, 3.0) == math.inf


@pytest.mark.parametrize("way", ["lines", "arrays", "cells"])
@pytest.mark.parametrize("name", ["sum", "fsum", "prod", "mean", "max", "affine", "norm", "identity", "pos"])
def test_of_a_single_number(name, way, run_as):
    """A sum of one number is that number, and used again where its value was."""
    run_as(way)
    op = TABLE[name]

    def f(xs):
        ys = [op(x * 2.0) if op.arity == 1 else op([], [], x * 2.0) if name == "affine" else op([x * 2.0]) for x in xs]
        return ag.sum([ag.cos(y) * ag.sin(y) for y in ys])

    x = np.linspace(0.1, 0.9, 5)
    np.testing.assert_allclose(ag.compile(ag.grad(f))(x), ag.grad(f)(x), rtol=1e-12)
