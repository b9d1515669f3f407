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


def _layer_norm(x):
    y = nn.LayerNorm(3, elementwise_affine=False)([x, 1.0, -0.7])
    return 0.3 * y[0] - y[1] + 2.0 * y[2]


def _forward(f):
    return lambda x: ag.jvp(f, (x,), (1.0,))[1]


@pytest.mark.parametrize("outer", [ag.grad, _forward])
@pytest.mark.parametrize("inner", [ag.grad, _forward])
@pytest.mark.parametrize(
    ("f", "x", "second"),
    [
        (lambda x: ag.det([[x, 1.0], [0.5, 3.0]]), 2.0, 0.0),
        (lambda x: ag.log(ag.det([[x, 1.0], [0.5, 3.0]])), 2.0, -((3.0 / 5.5) ** 2)),
        (lambda x: sum(ag.solve([[x, 1.0], [0.5, 3.0]], [1.0, 1.0])), 2.0, 240 / 11**3),  # (2x + 3)/(6x - 1)
        (lambda x: sum(ag.inv([[x, 1.0], [1.0, 3.0]])[i][i] for i in range(2)), 2.0, 0.48),  # (x + 3)/(3x - 1)
        (_layer_norm, 0.5, 1.391540590382780616),  # by SymPy from its definition
    ],
)
def test_second_derivatives_do_not_depend_on_the_order_of_modes(outer, inner, f, x, second):
    assert float(outer(inner(f))(x)) == pytest.approx(second, rel=1e-12, abs=1e-14)


def test_slopes_at_a_tie_and_at_zero_and_the_tail_of_the_sigmoid():
    assert ag.grad(lambda x: ag.max([x] * 10))(1.0) == pytest.approx(1.0, rel=1e-15)
    assert ag.grad(lambda x: ag.ldexp(x, 10))(0.0) == 1024.0
    assert ag.sigmoid(-50.0) == pytest.approx(1.9287498479639178e-22, rel=1e-14)
    assert ag.log_softmax([1000.0, 0.0])[1] == -1000.0
