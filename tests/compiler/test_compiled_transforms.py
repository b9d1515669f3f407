"""Transforms compiled: vmap, Jacobians, Hessians, and compiled functions inside others."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import CompileError

from .functions import TOY, branchy, close, rosenbrock, toy

# --- vmap -------------------------------------------------------------------------------------------------------------


def test_vmap_equals_the_loop():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=1000), rng.normal(size=1000)
    f = ag.vmap(ag.grad(toy, argnums=(0, 1, 2)), in_axes=(None,) * 8 + (0, 0))
    found = ag.compile(f)(*TOY[:8], x, y)
    expected = f(*TOY[:8], x[:50], y[:50])
    for a, b in zip(found, expected):
        close(a[:50], b)
        assert a.shape == (1000,)


def test_vmap_splits_lanes_by_path():
    x = np.linspace(-2.0, 2.0, 101)
    y = np.zeros(101)
    f = ag.vmap(branchy)
    close(ag.compile(f)(x, y), f(x, y))
    g = ag.vmap(ag.grad(branchy, argnums=(0, 1)))
    for a, b in zip(ag.compile(g)(x, y), g(x, y), strict=True):
        close(a, b)


def test_vmap_over_rows_and_in_lists():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 3))
    g = ag.vmap(ag.grad(lambda v: v[0] ** 2 * v[1] + ag.sin(v[2])))
    close(ag.compile(g)(X), g(X))
    assert ag.compile(ag.vmap(ag.grad(lambda v: v[0] ** 2 * v[1])))([[1.0, 2.0], [3.0, 4.0]]) == [
        [4.0, 1.0],
        [24.0, 9.0],
    ]
    h = ag.vmap(lambda v, w: {"a": v * w, "b": [v, w]}, in_axes=(1, None))
    h2 = ag.compile(h)
    a, b = h2(X, 2.0), h(X, 2.0)
    close(a["a"], b["a"])


def test_names_that_could_be_confused():
    def f(x, x_0, t1, np, _slow, type):
        t2 = (x[0] * x_0 + t1 * np).named("x_1")
        return (t2 * _slow - type * x[1]).named("t1")

    def eager(x, x_0, t1, np, _slow, type):
        return (x[0] * x_0 + t1 * np) * _slow - type * x[1]

    c = ag.compile(lambda x, x_0, t1, np, _slow, type: f(x, x_0, t1, np, _slow, type))
    args = ([2.0, 3.0], 5.0, 7.0, 11.0, 13.0, 17.0)
    for _ in range(2):
        assert c(*args) == eager(*args)
    scope: dict = {}
    exec(c.source(), scope)
    assert scope["program"](np.array(args[0]), *args[1:]) == eager(*args)


def test_backward_inside_is_refused():
    def f(x):
        y = x * x
        y.backward()
        return y * x.grad

    with pytest.raises(CompileError, match=r"ag\.grad"):
        ag.compile(f, strict=True)(2.0)

    def hooked(x):
        y = x * x
        y.register_hook(lambda g: 10.0 * g)
        return y

    with pytest.raises(CompileError, match="hook"):
        ag.compile(hooked, strict=True)(2.0)
    inner = ag.compile(lambda x: x * ag.grad(lambda z: z**3)(x))
    assert inner(2.0) == 24.0
    assert ag.compile(ag.grad(lambda x: x * ag.grad(lambda z: z**3)(x)))(2.0) == 36.0


def test_checkpoints_are_seen_through():
    def f(x, y):
        h = ag.checkpoint(lambda a, b: ag.sin(a * b) * a, x, y)
        return h * h

    close(ag.compile(ag.grad(f, argnums=(0, 1)))(0.5, 2.0), ag.grad(f, argnums=(0, 1))(0.5, 2.0))


# --- the other transforms ---------------------------------------------------------------------------------------------


def test_jacobian_hessian_and_hvp():
    rng = np.random.default_rng(0)
    x, v = rng.normal(size=4), rng.normal(size=4)

    def f(x):
        return np.array([x[0] * x[1], ag.sin(x[2]) + x[3] ** 3, ag.exp(x[0])])

    close(ag.compile(ag.jacobian(f))(x), ag.jacobian(f)(x))
    for _ in range(2):
        x = rng.normal(size=10)
        v = rng.normal(size=10)
        h, product = ag.compile(ag.hessian(rosenbrock)), ag.compile(lambda x, v: ag.hvp(rosenbrock, x, v))
        np.testing.assert_allclose(h(x), ag.hessian(rosenbrock)(x), rtol=1e-10, atol=1e-9)
        np.testing.assert_allclose(product(x, v), h(x) @ v, rtol=1e-9, atol=1e-9)
    assert h(x).shape == (10, 10)


def test_the_hessian_of_a_chain_is_sparse():
    h = ag.compile(ag.hessian(rosenbrock))
    x = np.random.default_rng(0).normal(size=10)
    h(x)
    assert h.last.statements[0].count() < 120  # nothing is computed for the 72 zeros


def test_gradient_of_a_network_with_respect_to_its_input():
    from autograd_lite import nn

    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))

    def f(x):
        return ag.sum(np.ravel(model(x)))

    g = ag.compile(ag.grad(f))
    x = np.random.default_rng(0).normal(size=(5, 3))
    with ag.no_grad():
        close(g(x), ag.grad(f)(x))
        model[0].weight.data *= 2.0
        close(g(x), ag.grad(f)(x))
    assert not np.any(model[0].weight.grad)


def test_compiled_functions_inside_others():
    inner = ag.compile(lambda x: ag.sin(x) * x)
    outer = ag.compile(ag.grad(lambda x: inner(x) * inner(2.0 * x)))

    def eager(x):
        return ag.sin(x) * x * (ag.sin(2.0 * x) * 2.0 * x)

    inner(1.0)
    close(outer(0.7), ag.grad(eager)(0.7))
    close(ag.grad(inner)(0.7), ag.grad(lambda x: ag.sin(x) * x)(0.7))
