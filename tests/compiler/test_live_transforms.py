"""Compiled transforms whose function closes over live Values: results that pass derivatives on, as the plain ones'."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.compiler import CompileWarning

TRANSFORMS = {
    "grad": ag.grad,
    "value_and_grad": ag.value_and_grad,
    "jacobian": ag.jacobian,
    "hessian": ag.hessian,
    "vmap": lambda f: ag.vmap(ag.grad(f)),
}
POINTS = {"vmap": np.array([0.5, 1.5])}


def functions():
    w = Value(0.7, label="w")
    layer = nn.Linear(2, 1)
    inner = ag.exp(w) * 0.5
    rows = [Value(0.3), Value(-0.4)]
    return {
        "leaf": (lambda x: w * x**3, [w]),
        "inner": (lambda x: ag.sin(inner * x) * x, [w]),
        "list": (lambda x: ag.tanh(rows[0] * x + rows[1]) ** 2, rows),
        "layer": (lambda x: ag.tanh(layer([x, x * x])[0]) * x, list(layer.parameters())),
    }


def gradients(leaves):
    found = [np.ravel(np.array(leaf.grad, dtype=float)) for leaf in leaves]
    for leaf in leaves:
        leaf.grad = leaf.grad * 0.0
    return np.concatenate(found)


def total(result):
    """The sum of a result's Values."""
    return ag.sum(np.ravel(np.asarray(result, dtype=object)).tolist())


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", functions())
def test_derivatives_of_what_is_closed_over(transform, name):
    f, leaves = functions()[name]
    plain = TRANSFORMS[transform](f)
    compiled = ag.compile(plain)
    for x in (0.5, 0.5, 1.25):
        point = POINTS.get(transform, 1.0) * x
        expected, found = total(plain(point)), total(compiled(point))
        assert found.data == pytest.approx(expected.data, rel=1e-12)
        (expected * expected).backward()
        wanted = gradients(leaves)
        (found * found).backward()
        np.testing.assert_allclose(gradients(leaves), wanted, rtol=1e-11, atol=1e-14)
        assert wanted.any()


def test_second_derivatives_and_outer_transforms():
    w = Value(2.0)
    slope = ag.compile(ag.grad(lambda x: w**2 * x**3))
    y = slope(1.5)
    y.backward(create_graph=True)
    g, w.grad = w.grad, 0.0
    g.backward()
    assert g.data == pytest.approx(2 * 2.0 * 3 * 1.5**2)
    assert w.grad == pytest.approx(2 * 3 * 1.5**2)

    def outer(v):
        return ag.compile(ag.grad(lambda x: v * x**2))(3.0) * v

    assert ag.grad(outer)(2.0) == pytest.approx(24.0)
    assert ag.grad(ag.grad(outer))(2.0) == pytest.approx(12.0)
    assert ag.jvp(outer, (2.0,), (1.0,))[1] == pytest.approx(24.0)


def test_numbers_where_nothing_is_recorded_or_nothing_depends():
    w = Value(2.0)
    slope = ag.compile(ag.grad(lambda x: w * x * x))
    for _ in range(3):
        with ag.no_grad():
            assert type(slope(3.0)) is float
        assert isinstance(slope(3.0), Value)
    lanes = ag.compile(ag.vmap(ag.grad(lambda x: w * x * x)))
    for _ in range(3):
        with ag.no_grad():
            assert lanes(np.ones(3)).dtype == float
        assert isinstance(lanes(np.ones(3))[0], Value)
    assert type(ag.compile(ag.grad(lambda x: x * x if x > w else x))(1.0)) is float  # only a comparison reads it


def test_arguments_may_be_written_over_before_the_sweep():
    w = Value(2.0)
    slope = ag.compile(ag.grad(lambda x: w * (x * x).sum()))
    x = np.array([1.0, 2.0])
    found = slope(x)
    x[:] = 7.0
    found[1].backward()
    assert w.grad == 4.0


def test_a_changed_value_is_said():
    w = Value(2.0)
    found = ag.compile(ag.grad(lambda x: w * x * x))(3.0)
    w.data = 5.0
    with pytest.raises(ag.GraphChangedError):
        found.backward()


def test_constants_are_returned_as_they_are():
    f = ag.compile(lambda v: 7.0 if v > 0 else v)
    assert type(f(Value(1.0))) is float
    assert type(ag.compile(lambda v: 3)(Value(1.0))) is int


def test_another_way_that_cannot_be_recorded():
    """Its result is the plain transform's, though the program of the first way was run to find out."""
    w = Value(0.4)

    def f(x, s):
        return w**2 + 0.0 * x if s < 0.5 else w**3 + (x if math.isnan(s) else w)

    transform = ag.value_and_grad(f)
    compiled = ag.compile(transform)
    for s in (0.1, 0.2):
        compiled(1.0, s)
    with pytest.warns(CompileWarning, match="isnan"):
        found = compiled(1.0, 0.9)
    assert [part.data for part in found] == [part.data for part in transform(1.0, 0.9)]
    found[0].backward()
    assert w.grad == pytest.approx(3 * 0.4**2 + 1.0)
