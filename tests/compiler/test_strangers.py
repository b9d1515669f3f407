"""Programs written without this package in mind: whatever way a call takes, its numbers are eager code's."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest

import autograd_lite as ag

from . import strangers_at_work  # noqa: F401 - its programs are among them
from .strangers import PROGRAMS


@pytest.fixture(autouse=True)
def eager_is_an_answer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ag.compiler.CompileWarning)
        yield


def points(name, count):
    """The program's own, points close by, and some that take other ways."""
    draw = random.Random(name)
    point = PROGRAMS[name][1]
    widths = (0.0, 0.01, 0.01, 0.3, 0.3, 0.01)
    return [[x * (1.0 + width * draw.uniform(-1.0, 1.0)) for x in point] for width in widths[:count]]


@pytest.mark.parametrize("name", PROGRAMS)
def test_values_and_gradients(name):
    f = PROGRAMS[name][0]
    plain, fast, value = ag.value_and_grad(f), ag.compile(ag.value_and_grad(f)), ag.compile(f)
    for p in points(name, 6):
        expected, slope = plain(p)
        for given in (p, np.array(p)):
            found = fast(given)
            assert found[0] == pytest.approx(expected, rel=1e-10, abs=1e-12)
            np.testing.assert_allclose(found[1], slope, rtol=1e-7, atol=1e-9)
        assert value(p) == pytest.approx(expected, rel=1e-10, abs=1e-12)
    if fast.eager is None:
        scope = {}
        exec(fast.source(), scope)
        try:
            with np.errstate(divide="ignore", invalid="ignore"):  # both sides of a choice are computed
                found = scope[fast.name](np.array(p))
        except AssertionError:
            return  # the source is of the way recorded last, and says so
        np.testing.assert_allclose(found[1], slope, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", [name for name, (_, point) in PROGRAMS.items() if len(point) <= 5])
def test_hessians(name):
    plain, fast = (made(ag.hessian(PROGRAMS[name][0])) for made in (lambda f: f, ag.compile))
    for p in points(name, 2):
        expected = np.array(plain(p))
        np.testing.assert_allclose(fast(p), expected, rtol=1e-7, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("transform", [lambda f: f, ag.value_and_grad])
@pytest.mark.parametrize(
    ("name", "scalar"),
    [("cir", True), ("nbody3d", True), ("gauss_newton", True), ("soft_kmeans", False), ("mixture_density", False)],
)
def test_few_lanes_are_numbers_and_many_are_arrays(transform, name, scalar):
    """A statement of NumPy costs as much as some twenty operations, whatever is asked for."""
    f, point = PROGRAMS[name]
    fast = ag.compile(transform(f))
    fast(point)
    assert fast.last.scalar is scalar
