"""The listing of a program of scalars runs by itself."""

from __future__ import annotations

import math

import pytest

import autograd_lite as ag


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda x: ag.sin(x) * x + ag.exp(x / 3.0), 0.7),
        (lambda x: ag.where(x > 0.5, ag.log(x), x * x) + ag.clip(x, -1.0, 1.0), 0.7),
        (lambda x: ag.sqrt(x) + abs(x) + ag.gelu(x) + ag.lgamma(x), 0.0),
        (lambda x: x * 2.0, 3.0),
    ],
)
def test_by_itself(f, point):
    g = ag.compile(ag.value_and_grad(f))
    value, derivative = g(point)
    scope: dict = {}
    exec(g.source("python"), scope)
    for found, expected in zip(scope["program"](point), (value, derivative), strict=True):
        assert found == expected or (math.isnan(found) and math.isnan(expected))
