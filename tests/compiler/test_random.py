"""Random graphs: compiled equals eager, however it is run; every pass keeps the oracle's result."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.record.arguments import Arguments
from autograd_lite.compiler.record.recording import record_call
from autograd_lite.compiler.rewrite import fold, gather_sums, prune

from .oracle import evaluate

UNARY = [
    "sin", "cos", "tanh", "exp", "relu", "sigmoid", "softplus", "abs", "sqrt", "log", "square", "neg", "atan", "expm1",
    "leaky_relu", "elu", "gelu", "silu", "erf", "log1p", "cbrt", "softsign", "asinh",
]  # fmt: skip
BINARY = ["add", "sub", "mul", "div", "maximum", "minimum", "atan2", "hypot", "pow", "logaddexp"]


def random_function(seed: int):
    """A function of an array: whole-array steps, reductions and odd single numbers, as users' loops mix them."""
    rng = np.random.default_rng(seed)
    steps = [(rng.integers(0, 9), rng.integers(0, 1 << 30)) for _ in range(rng.integers(3, 9))]
    start = int(rng.integers(2, 7))

    def safe(name, *xs):
        if name in ("sqrt", "log", "pow"):
            xs = (ag.softplus(xs[0]) + 0.1, *xs[1:])
        if name == "div":
            xs = (xs[0], xs[1] * xs[1] + 0.5)
        if name in ("exp", "expm1", "pow"):
            xs = tuple(ag.tanh(x) for x in xs)
        return getattr(ag, name)(*xs)

    def f(x):
        rng_names = np.random.default_rng(seed)
        v = list(x)
        for kind, key in steps:
            local = np.random.default_rng(key)
            n = len(v)
            if kind == 0:
                name = UNARY[local.integers(len(UNARY))]
                v = [safe(name, a) for a in v]
            elif kind == 1:
                name = BINARY[local.integers(len(BINARY))]
                shift = int(local.integers(0, n))
                v = [safe(name, v[i], v[(i + shift) % n]) for i in range(n)]
            elif kind == 2:
                c = float(np.round(local.normal(), 3))
                v = [a * c + 0.25 for a in v]
            elif kind == 3:
                w = local.normal(size=(start + 1, n)).round(3).tolist()
                v = [sum(p * q for p, q in zip(row, v)) for row in w]
            elif kind == 4:
                w = local.normal(size=(start, n)).round(3).tolist()
                v = [ag.affine(v, row, 0.1) for row in w]
            elif kind == 5:
                v = [*v[1:], ag.mean(v)]
            elif kind == 6:
                v = [a - ag.logsumexp(v) for a in v]
            elif kind == 7:
                pick = local.integers(0, n, size=n).tolist()
                v = [v[i] for i in pick]
            else:
                v = [ag.where(a > b, a * b, a - b) for a, b in zip(v, v[::-1])]
        total = ag.dot(v, v[::-1]) if rng_names.integers(2) else ag.sum(v)
        return total + ag.max(v)

    return f, np.random.default_rng(seed + 1).normal(size=start)


def agree(a, b, tolerance=1e-8):
    a, b = np.array(a, dtype=float), np.array(b, dtype=float)
    scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("way", ["lines", "arrays", "cells"])
@pytest.mark.parametrize("seed", range(60))
def test_compiled_equals_eager(seed, way, run_as):
    run_as(way)
    f, x = random_function(seed)
    value, gradient = ag.compile(ag.value_and_grad(f))(x)
    expected, slope = ag.value_and_grad(f)(x)
    agree(value, expected)
    agree(gradient, slope)


def recurrence(x, w):
    for _ in range(2000):
        x = ag.tanh(x * w + 0.1) - 0.5 * x
    return x * w


def test_a_recurrence_is_a_loop():
    g = ag.compile(ag.value_and_grad(recurrence, argnums=(0, 1)))
    for x, w in ((0.5, 1.1), (0.3, 0.7)):
        value, gradient = g(x, w)
        expected, slope = ag.value_and_grad(recurrence, argnums=(0, 1))(x, w)
        agree(value, expected)
        agree(gradient, slope)
    assert len(g.source().splitlines()) < 60


@pytest.mark.parametrize("period", [1, 2, 5])
def test_recurrences_over_data(period, run_as):
    """A filter: each step reads the next number of the data, and what was ``period`` steps ago."""
    data = np.random.default_rng(0).normal(size=300)

    def f(a, xs):
        y = [0.1] * period
        for x in xs:
            y.append(ag.sin(a * y[-period] + x) + y[-1] * 0.25)
        return ag.sum(y[-3:])

    g = ag.compile(ag.grad(f, argnums=(0, 1)))
    run_as("cells")
    found = g(0.7, data)
    expected = ag.grad(f, argnums=(0, 1))(0.7, data)
    agree(found[0], expected[0])
    agree(found[1], expected[1])


def recorded(f, *args):
    call = Arguments(args)
    return record_call(f, call).program, call


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("apply", [fold, prune, gather_sums], ids=lambda p: p.__name__)
def test_each_pass_keeps_the_oracle(seed, apply):
    f, x = random_function(seed)
    program, blocks = recorded(f, x)
    before, guards = evaluate(program, blocks)
    agree(before, [f(x.tolist())])
    after, guards_after = evaluate(apply(program), blocks)
    agree(after, before, 1e-10)
    assert guards == guards_after == [True] * len(guards)


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
@pytest.mark.parametrize("seed", range(8))
def test_sources_agree(seed, backend, run_as):
    if backend != "numpy":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pytest.importorskip(backend)
    run_as("arrays")
    f, x = random_function(seed)
    compiled = ag.compile(ag.value_and_grad(f))
    value, gradient = compiled(x)
    try:
        text = compiled.source(backend)
    except NotImplementedError:
        assert backend != "numpy"
        return
    scope: dict = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if backend == "numpy":
            from autograd_lite.primitives.numpy_helpers import HELPERS

            scope.update(HELPERS)
        exec(text, scope)
        run = next(scope[n] for n in ("f", "program", "value_and_gradient") if n in scope)
        if backend == "torch":
            import torch

            found = run(torch.tensor(x, dtype=torch.float64))
        elif backend == "jax":
            import jax

            found = jax.jit(run)(x)
        else:
            with np.errstate(all="ignore"):
                found = run(x)
    agree(np.asarray(found[0]), value)
    agree(np.asarray(found[1]), gradient)


def test_a_sum_of_one_number_is_that_number():
    """It was another name for the number's buffer, which the next statement wrote over."""
    rng = np.random.default_rng(1)
    a = rng.normal(size=(12, 8))

    def f(x):
        rows = [[w * v for w, v in zip(row, x)] for row in a]
        return [g([h(s)]) for row in rows for s in row[:1] for g in (ag.sum, ag.prod, ag.max) for h in (ag.sin, ag.cos)]

    x = rng.normal(size=8)
    plain = ag.jacobian(f)
    np.testing.assert_allclose(ag.compile(f)(x), f(x), rtol=1e-12)
    np.testing.assert_allclose(ag.compile(plain)(x), plain(x), rtol=1e-12)
    both = ag.compile(lambda x: [ag.sin(ag.sum([w * x[0]])) + ag.cos(ag.sum([w * x[0]])) * x[1] for w in a.ravel()])
    expected = np.sin(a.ravel() * x[0]) + np.cos(a.ravel() * x[0]) * x[1]
    np.testing.assert_allclose(both(x), expected, rtol=1e-12)
