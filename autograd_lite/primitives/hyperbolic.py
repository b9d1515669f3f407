"""The table, hyperbolic functions and their inverses.

Values are bit-equal to Python's ``math`` wherever ``math`` has the function and does not raise; an overflow is an
infinity, a point outside the domain nan.

Source: Abramowitz & Stegun, Handbook of Mathematical Functions, sections 4.5 and 4.6.
"""

from __future__ import annotations

import math
from typing import Any

from . import fused_unary
from .arithmetic import div, where
from .elementary import exp, sqrt
from .primitive import primitive
from .trigonometric import hypot, one_minus_square

__all__ = [
    "acosh",
    "asinh",
    "atanh",
    "cosh",
    "sinh",
    "tanh",
]

nan, inf = math.nan, math.inf


def _sinh_partials(out: Any, x: Any) -> tuple[Any]:
    return (cosh(x),)


@primitive(
    _sinh_partials,
    latex=r"\sinh\left({0}\right)",
    array="np.sinh({0})",
    table=True,
)
def sinh(x: float) -> float:
    """Hyperbolic sine; the partial is cosh x. Overflows to ±inf.

    >>> sinh(0.0), sinh(-1000.0)
    (0.0, -inf)
    """
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(inf, x)


@primitive(
    lambda out, x: (sinh(x),),
    latex=r"\cosh\left({0}\right)",
    array="np.cosh({0})",
    table=True,
)
def cosh(x: float) -> float:
    """Hyperbolic cosine; the partial is sinh x. Overflows to inf.

    >>> cosh(0.0)
    1.0
    """
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


def _tanh_dx(out: Any, x: Any) -> Any:
    # 4e/(1+e)² with e = exp(−2|x|): 1 − tanh² is already 0 at x = 20. Near 0 it is 1 − tanh² that keeps
    # the digits of the next derivative, −2 tanh·(1 − tanh²)
    e = exp(where(x < 0.0, 2.0, -2.0) * x)
    return where(out * out < 0.04, 1.0 - out * out, 4.0 * e / ((1.0 + e) * (1.0 + e)))


@primitive(
    lambda out, x: (_tanh_dx(out, x),),
    text="tanh {0}",
    latex=r"\tanh\left({0}\right)",
    array="np.tanh({0})",
    textbook=lambda out, x: (1.0 - out * out,),
    fused=fused_unary.Tanh(),
    table=True,
)
def tanh(x: float) -> float:
    """Hyperbolic tangent; the partial is 4e/(1+e)² with e = exp(−2|x|), exact in the tails; 1 − out² near 0.

    >>> tanh(0.0)
    0.0
    """
    return math.tanh(x)


@primitive(
    lambda out, x: (div(1.0, hypot(1.0, x)),),
    latex=r"\operatorname{{arsinh}}\left({0}\right)",
    array="np.arcsinh({0})",
    table=True,
)
def asinh(x: float) -> float:
    """Inverse hyperbolic sine; the partial is 1/hypot(1, x), which does not overflow.

    >>> asinh(0.0)
    0.0
    """
    return math.asinh(x)


def _acosh_dx(x: Any) -> Any:
    """1/(√(x−1)·√(x+1)); at 1 the second root is a constant, as above."""
    return div(div(1.0, sqrt(x - 1.0)), where(x == 1.0, math.sqrt(2.0), sqrt(x + 1.0)))


@primitive(
    lambda out, x: (_acosh_dx(x),),
    latex=r"\operatorname{{arcosh}}\left({0}\right)",
    array="np.arccosh({0})",
    domain=((1.2, 4.0),),
    textbook=lambda out, x: (1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)),),
    table=True,
)
def acosh(x: float) -> float:
    """Inverse hyperbolic cosine; the partial is 1/(√(x−1)·√(x+1)), inf at 1, nan below.

    >>> acosh(1.0), acosh(0.0)
    (0.0, nan)
    """
    return math.acosh(x) if x >= 1.0 else nan


@primitive(
    lambda out, x: (div(where(out == out, 1.0, nan), one_minus_square(x)),),
    latex=r"\operatorname{{artanh}}\left({0}\right)",
    array="np.arctanh({0})",
    domain=((-0.9, 0.9),),
    textbook=lambda out, x: (1.0 / (1.0 - x * x),),
    table=True,
)
def atanh(x: float) -> float:
    """Inverse hyperbolic tangent; the partial is 1/((1−x)(1+x)), inf at ±1, nan beyond.

    >>> atanh(0.0), atanh(1.0)
    (0.0, inf)
    """
    if -1.0 < x < 1.0:
        return math.atanh(x)
    return math.copysign(inf, x) if x == 1.0 or x == -1.0 else nan
