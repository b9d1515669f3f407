"""Every op of the table in every library that sources are written for: the same numbers as eager code.

An op that is new in the table is tested here without being listed.
"""

import functools
import math
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.primitives import TABLE

from .targets import SCALARS, SOURCES
from .test_drjit import dr  # noqa: F401  (a fixture)
from .test_every_op import function_and_points

#: ops of a whole number, which sources take as a constant
WHOLE = {
    "polygamma": lambda x: ag.polygamma(2.0, x[0]) + ag.polygamma(3.0, x[1]) * 0.5 + ag.polygamma(0.0, x[2]),
    "round": lambda x: ag.round(x[0], 1.0) + ag.round(x[1]) * x[2] + ag.round(100.0 * x[2], -1.0),
}
EDGES = (0.0, -0.0, math.inf, -math.inf, math.nan, -1.0, -2.5, 30.0)


def case(name):
    """A function of a list that applies the op, and points."""
    if name in WHOLE:
        return WHOLE[name], [[0.7, 1.4, 3.3], *[[x, 1.4, 2.1] for x in EDGES]]
    if name == "where":
        return lambda x: ag.where(x[0] > 0.0, x[1] * 0.1, 0.7) * x[2], [[1.0, 2.0, 3.0], [-1.0, 2.0, 3.0]]
    return function_and_points(TABLE[name])


def function(compiled, backend):
    scope = {}
    exec(compiled.source(backend), scope)
    return next(scope[n] for n in ("f", "program") if n in scope)


@functools.cache
def module(backend):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(backend)


def argument(backend, x):
    if backend == "torch":
        return module("torch").tensor(x, dtype=module("torch").float64)
    return np.array(x)


@pytest.mark.parametrize("backend", sorted(set(SOURCES) - set(SCALARS)))
@pytest.mark.parametrize("name", sorted(TABLE))
def test_value_and_derivative(name, backend):
    module(backend)
    f, points = case(name)
    eager = ag.value_and_grad(f)
    compiled = ag.compile(eager)
    compiled(points[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = function(compiled, backend)
        for point in points:
            try:
                value, slope = eager(point)
            except (ValueError, TypeError, OverflowError):
                continue
            with np.errstate(all="ignore"):
                found = run(argument(backend, point))
            got = [float(found[0]), *np.asarray(found[1]).tolist()]
            np.testing.assert_allclose(got, [value, *slope], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_in_drjit(dr, name):  # noqa: F811
    f, points = case(name)
    eager = ag.value_and_grad(f)
    compiled = ag.compile(eager)
    compiled(points[0])
    run = function(compiled, "drjit")
    rng = np.random.default_rng(0)
    spread = np.array(points[0]) * rng.uniform(0.95, 1.05, (20, len(points[0])))
    if name in ("ldexp", "floordiv", "polygamma"):
        spread = np.array(points[:1])
    value, slope = run(list(spread.T))
    for k, point in enumerate(spread.tolist()):
        expected, gradient = eager(point)
        got = [np.broadcast_to(x, (len(spread),))[k] for x in (value, *slope)]
        np.testing.assert_allclose(got, [expected, *gradient], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("backend", ["jax", "torch", "drjit"])
def test_a_refusal_names_the_op_the_library_and_the_cure(backend):
    @ag.primitive(partials=lambda out, x: (3 * x * x,))
    def cube(x):
        return x * x * x

    for f, match in (
        (lambda x: cube(x[0]) + x[1], rf"cube has no notation in {backend}: .*source\('numpy'\)"),
        (lambda x: ag.polygamma(x[1], x[0]), rf"polygamma in {backend} takes its whole number as a constant"),
    ):
        compiled = ag.compile(f)
        compiled([1.5, 2.0])
        with pytest.raises(NotImplementedError, match=match):
            compiled.source(backend)
