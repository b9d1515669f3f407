"""The table, piecewise activations and smooth stand-ins for kinks.

The rule that decides every kink: of the slopes to the left and to the right, the number of smallest norm between them
where the function is convex or concave there; at a jump the slopes' own value beside it, 0.

Source: Donoho & Johnstone, Ideal spatial adaptation by wavelet shrinkage (1994), for the shrinking ones.
"""

from __future__ import annotations

import math
from typing import Any

from .arithmetic import abs, clip, div, maximum, minimum, where
from .elementary import LN2, exp, log1p
from .logistic import sigmoid
from .primitive import primitive
from .rounding import copysign, sign
from .trigonometric import hypot

__all__ = [
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "relu6",
    "smooth_abs",
    "smooth_maximum",
    "softshrink",
]

nan, inf = math.nan, math.inf


# --- clipped --------------------------------------------------------------------------------------------------------


def _inside(x: Any, low: float, high: float, slope: Any, above: float = 0.0) -> Any:
    """The slope strictly between the bounds, 0 below, ``above`` above; at a bound the smaller of its two slopes."""
    return where(x > low, where(x < high, slope, above), where(x <= low, 0.0, nan))


@primitive(
    lambda out, x: (_inside(x, 0.0, 6.0, 1.0),),
    latex=r"\operatorname{{ReLU6}}\left[{0}\right]",
    sympy="Min(Max({0}, 0), 6)",
    array="np.clip({0}, 0.0, 6.0)",
    kinks=(0.0, 6.0),
    expression=lambda x: minimum(maximum(x, 0.0), 6.0),
    table=True,
)
def relu6(x: float) -> float:
    """min(max(x, 0), 6); the partial is 1 strictly between 0 and 6, else 0, both kinks included.

    >>> relu6(-1.0), relu6(3.0), relu6(9.0)
    (0.0, 3.0, 6.0)

    Source: Krizhevsky (2010).
    """
    return 0.0 if x <= 0.0 else 6.0 if x >= 6.0 else x


@primitive(
    clip.partials,
    text="hardtanh({0}, {1}, {2})",
    latex=r"\operatorname{{hardtanh}}\left[{0}\right]_{{{1}}}^{{{2}}}",
    sympy="Min(Max({0}, {1}), {2})",
    array="np.clip({0}, {1}, {2})",
    domain=((-2.0, 2.0), (-1.0, -0.5), (0.5, 1.0)),
    kinks=(-1.0, 1.0),
    expression=lambda x, low, high: minimum(maximum(x, low), high),
    table=True,
)
def hardtanh(x: float, low: float = -1.0, high: float = 1.0) -> float:
    """``clip`` to [−1, 1], or other bounds; the partial wrt x is 1 strictly inside and 0 elsewhere, bounds included.

    >>> hardtanh(-3.0), hardtanh(0.5), hardtanh(3.0, 0.0, 2.0)
    (-1.0, 0.5, 2.0)

    Source: Collobert (2004).
    """
    return float(clip(x, low, high))


@primitive(
    lambda out, x: (_inside(x, -3.0, 3.0, 1.0 / 6.0),),
    latex=r"\operatorname{{hardsigmoid}}\left[{0}\right]",
    sympy="Min(Max(({0})/6 + Rational(1, 2), 0), 1)",
    array="np.clip(({0} + 3.0) / 6.0, 0.0, 1.0)",
    domain=((-4.0, 4.0),),
    kinks=(-3.0, 3.0),
    expression=lambda x: where(x <= -3.0, 0.0, where(x >= 3.0, 1.0, (x + 3.0) / 6.0)),
    table=True,
)
def hardsigmoid(x: float) -> float:
    """(x + 3)/6 held between 0 and 1; the partial is 1/6 strictly between −3 and 3, else 0, both kinks included.

    >>> hardsigmoid(-4.0), hardsigmoid(0.0), hardsigmoid(4.0)
    (0.0, 0.5, 1.0)

    Source: Howard et al. (2019).
    """
    return 0.0 if x <= -3.0 else 1.0 if x >= 3.0 else (x + 3.0) / 6.0


@primitive(
    lambda out, x: (_inside(x, -3.0, 3.0, (2.0 * x + 3.0) / 6.0, 1.0),),
    latex=r"\operatorname{{hardswish}}\left[{0}\right]",
    sympy="({0})*Min(Max(({0})/6 + Rational(1, 2), 0), 1)",
    array="np.where({0} >= 3.0, {0}, np.where({0} <= -3.0, 0.0, {0} * ({0} + 3.0) / 6.0))",
    domain=((-4.0, 4.0),),
    kinks=(-3.0, 3.0),
    expression=lambda x: where(x <= -3.0, 0.0, where(x >= 3.0, x, x * (x + 3.0) / 6.0)),
    table=True,
)
def hardswish(x: float) -> float:
    """x·hardsigmoid(x); the partial is (2x + 3)/6 strictly between −3 and 3, 0 below, 1 above.

    Both kinks are concave: 0 at −3 (of 0 and −½), 1 at 3 (of 1½ and 1).

    >>> hardswish(-4.0), hardswish(1.5), hardswish(4.0)
    (0.0, 1.125, 4.0)

    Source: Howard et al. (2019).
    """
    return 0.0 if x <= -3.0 else x if x >= 3.0 else x * (x + 3.0) / 6.0


# --- shrinking ------------------------------------------------------------------------------------------------------


@primitive(
    lambda out, x, width: (
        where(abs(x) > width, 1.0, where(abs(x) <= width, 0.0, nan)),
        where(abs(x) > width, 0.0, where(abs(x) <= width, 0.0, nan)),
    ),
    latex=r"\operatorname{{hardshrink}}_{{{1}}}\left[{0}\right]",
    sympy="Piecewise(({0}, Abs({0}) > ({1})), (0, True))",
    domain=((-2.0, 2.0), (0.4, 0.6)),
    kinks=(-0.5, 0.5),
    expression=lambda x, width: where(abs(x) > width, x, where(abs(x) <= width, 0.0, nan)),
    table=True,
)
def hardshrink(x: float, width: float = 0.5) -> float:
    """x where |x| > λ, else 0; the partial wrt x is 1 there and 0 elsewhere, the jump included, wrt λ 0.

    >>> hardshrink(1.0), hardshrink(0.5)
    (1.0, 0.0)
    """
    if x != x or width != width:
        return nan
    return x if math.fabs(x) > width else 0.0


@primitive(
    lambda out, x, width: (
        where(abs(x) > width, 1.0, where(abs(x) <= width, 0.0, nan)),
        where(abs(x) > width, -sign(x), where(abs(x) <= width, 0.0, nan)),
    ),
    latex=r"\operatorname{{softshrink}}_{{{1}}}\left[{0}\right]",
    sympy="sign({0})*Max(Abs({0}) - ({1}), 0)",
    array="np.where(np.abs({0}) <= {1}, 0.0, {0} - np.copysign({1}, {0}))",
    domain=((-2.0, 2.0), (0.4, 0.6)),
    kinks=(-0.5, 0.5),
    expression=lambda x, width: where(abs(x) > width, x - copysign(width, x), where(abs(x) <= width, 0.0, nan)),
    table=True,
)
def softshrink(x: float, width: float = 0.5) -> float:
    """x pulled towards 0 by λ, and 0 where |x| ≤ λ; the partials are 1 and −sign x outside, 0 inside and at the kinks.

    >>> softshrink(2.0), softshrink(-2.0), softshrink(0.5)
    (1.5, -1.5, 0.0)
    """
    if x != x or width != width:
        return nan
    return x - math.copysign(width, x) if math.fabs(x) > width else 0.0


# --- smooth stand-ins -----------------------------------------------------------------------------------------------


def _smooth_maximum_partials(out: Any, a: Any, b: Any, beta: Any) -> tuple[Any, ...]:
    d = where(a == b, where(abs(a) == inf, 0.0, a - b), a - b)
    z = where(d < 0.0, beta * d, -(beta * d))  # ≤ 0: nothing overflows for β > 0
    e = exp(z)
    slope = where(e == 0.0, 0.0, div(div(z * sigmoid(z) - log1p(e), beta), beta))
    return tuple([where(out == out, s, nan) for s in (sigmoid(beta * d), sigmoid(-(beta * d)), slope)])


def _smooth_maximum_expression(a: Any, b: Any, beta: Any) -> Any:
    apart = maximum(a, b) + log1p(exp(-beta * abs(a - b))) / beta
    return where(beta > 0.0, where(a == b, a + LN2 / beta, apart), nan)


@primitive(
    _smooth_maximum_partials,
    latex=r"\frac{{1}}{{{2}}}\log\left(e^{{{2}\,{0}}}+e^{{{2}\,{1}}}\right)",
    sympy="log(exp(({2})*({0})) + exp(({2})*({1})))/({2})",
    domain=((-2.0, 2.0), (-2.0, 2.0), (0.5, 3.0)),
    expression=_smooth_maximum_expression,
    table=True,
)
def smooth_maximum(a: float, b: float, beta: float = 1.0) -> float:
    """log(e^βa + e^βb)/β for β > 0, at most log 2/β above the maximum, and as smooth as can be.

    The partials are σ(β(a − b)), σ(β(b − a)) and −(|d|·σ(−β|d|) + log1p(e^−β|d|)/β)/β with d = a − b.

    >>> smooth_maximum(1.0, 1.0) == 1.0 + math.log(2.0), smooth_maximum(0.0, 1000.0, 10.0)
    (True, 1000.0)

    Source: Boyd & Vandenberghe, Convex Optimization, section 3.1.5.
    """
    if a != a or b != b or not beta > 0.0:
        return nan
    if a == b:
        return a + math.log(2.0) / beta
    return max(a, b) + math.log1p(math.exp(-beta * math.fabs(a - b))) / beta


@primitive(
    hypot.partials,
    latex=r"\sqrt{{{0}^2+{1}^2}}",
    sympy="sqrt({0}**2 + {1}**2)",
    array="np.hypot({0}, {1})",
    domain=((-2.0, 2.0), (0.1, 1.0)),
    expression=lambda x, width: hypot(x, width),
    table=True,
)
def smooth_abs(x: float, width: float = 0.001) -> float:
    """√(x² + ε²), at most ε above |x|, and smooth at 0; the partials are x/out and ε/out (0 where out is 0).

    >>> smooth_abs(3.0, 4.0), smooth_abs(0.0, 0.5)
    (5.0, 0.5)

    Source: Charbonnier et al. (1994).
    """
    return math.hypot(x, width)
