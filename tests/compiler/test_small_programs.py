"""Small programs of public kinds, compiled: values, gradients and Jacobians are eager code's, on every call."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest

import autograd_lite as ag

small = pytest.importorskip("benchmarks.small_programs", reason="the tests run outside the project's directory")
PROGRAMS = small.PROGRAMS


def points(name, count):
    draw = random.Random(name)
    return [[x * (1.0 + 0.05 * draw.uniform(-1.0, 1.0)) for x in PROGRAMS[name][1]] for _ in range(count)]


@pytest.fixture(autouse=True)
def eager_is_an_answer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ag.compiler.CompileWarning)
        yield


@pytest.mark.parametrize("name", PROGRAMS)
def test_value_and_gradient(name):
    f = PROGRAMS[name][0]
    plain, fast = ag.value_and_grad(f), ag.compile(ag.value_and_grad(f))
    for p in points(name, 6):
        for given in (p, np.array(p)):
            value, slope = fast(given)
            expected, wanted = plain(given)
            assert value == pytest.approx(expected, rel=1e-10)
            np.testing.assert_allclose(slope, wanted, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", PROGRAMS)
def test_jacobian(name):
    f = PROGRAMS[name][0]

    def several(p):
        return [f(p), p[0] * f(p), ag.sin(p[-1])]

    plain, fast = ag.jacobian(several), ag.compile(ag.jacobian(several))
    for p in points(name, 2):
        np.testing.assert_allclose(fast(p), plain(p), rtol=1e-8, atol=1e-10)
