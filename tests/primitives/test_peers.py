"""Points at which another library is nan, infinite or off: what ``findings/`` shows, asked of this one."""

from __future__ import annotations

import pytest

import autograd_lite as ag
from autograd_lite import nn


@pytest.mark.parametrize("y", [-1.0, 1.0])
def test_the_soft_margin_of_a_wrong_logit_is_a_line(y):
    loss = nn.SoftMarginLoss()
    assert loss([-800.0 * y], [y]) == 800.0
    assert ag.grad(lambda x: loss([x], [y]))(-800.0 * y) == -y


def test_cross_entropy_has_a_slope_at_certainty():
    loss = nn.BCELoss()
    assert ag.grad(lambda p: loss([p], [0.0]))(0.0) == 1.0
    assert ag.grad(lambda p: loss([p], [1.0]))(1.0) == -1.0


@pytest.mark.parametrize("outer", [ag.grad, lambda f: ag.compile(ag.grad(f))])
def test_second_derivatives_far_out_and_where_arguments_are_equal(outer):
    assert outer(ag.grad(ag.mish))(800.0) == 0.0
    assert outer(ag.grad(lambda x: ag.logaddexp(x, 0.0)))(-800.0) == 0.0
    assert outer(ag.grad(lambda x: ag.hypot(x, 1.0)))(1.0) == pytest.approx(0.125**0.5, rel=1e-14)
