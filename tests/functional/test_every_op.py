"""Every op of the table in every mode: an op that is new is walked over without being listed."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.primitives import TABLE

from ..compiler.test_words import WHOLE, case

OPS = sorted(set(TABLE) - {"where"})
#: with an operand that is a whole number
WHOLE_OPERANDS = {*WHOLE, "ldexp", "floordiv"}


def of_two(name):
    """A smooth enough function of a list that applies the op, and two points."""
    f, points = case(name)
    point = [float(x) for x in points[0]]
    if name in WHOLE_OPERANDS:
        return (lambda xs: f(xs) * ag.sin(xs[0] + 0.3)), point, point
    point = [x + 0.003 * (k + 1) for k, x in enumerate(point)]  # no ties
    beside = [x + 0.01 * (k + 1) for k, x in enumerate(point)]
    return (lambda xs: f(xs) * ag.sin(xs[0] + 0.3)), point, beside


def differences(f, x, v, h=1e-6):
    """The derivative along v, of the gradient of f."""
    g = ag.grad(f)
    ahead, back = g([a + h * b for a, b in zip(x, v)]), g([a - h * b for a, b in zip(x, v)])
    return [(a - b) / (2.0 * h) for a, b in zip(ahead, back)]


def close(found, expected, rtol=1e-11):
    np.testing.assert_allclose(np.asarray(found, dtype=float), np.asarray(expected, dtype=float), rtol=rtol, atol=1e-11)


@pytest.mark.parametrize("made", ["eager", "compiled"])
@pytest.mark.parametrize("name", OPS)
def test_modes_agree(name, made):
    f, point, beside = of_two(name)
    wrap = ag.compile if made == "compiled" else lambda g: g
    direction = [math.cos(k + 1.0) for k in range(len(point))]
    value, slope = ag.value_and_grad(f)(point)
    along = sum(s * d for s, d in zip(slope, direction))

    found = wrap(lambda x: ag.jvp(f, (x,), (direction,)))(point)
    close(found, [value, along])
    close(wrap(lambda x: ag.vjp(f, x)[1](2.0)[0])(point), [2.0 * s for s in slope])
    close(wrap(ag.jacobian(f))(point), slope)
    close(wrap(ag.vmap(ag.grad(f)))([point, beside]), [slope, ag.grad(f)(beside)])
    close(wrap(ag.vmap(f))(np.array([point, beside])), [value, float(f(beside))])


@pytest.mark.parametrize("made", ["eager", "compiled"])
@pytest.mark.parametrize("name", sorted(set(OPS) - WHOLE_OPERANDS))
def test_second_derivatives_agree(name, made):
    f, point, _ = of_two(name)
    wrap = ag.compile if made == "compiled" else lambda g: g
    direction = [math.cos(k + 1.0) for k in range(len(point))]
    hessian = np.array(ag.hessian(f)(point), dtype=float)
    close(wrap(lambda x: ag.hvp(f, x, direction))(point), hessian @ direction, 1e-9)
    close(wrap(ag.hessian(f))(point), hessian, 1e-9)
    np.testing.assert_allclose(hessian @ direction, differences(f, point, direction), rtol=2e-4, atol=2e-5)
