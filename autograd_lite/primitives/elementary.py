"""The table, second page: powers, exponentials, logarithms, trigonometric and hyperbolic functions.

Values are bit-equal to Python's ``math`` wherever ``math`` has the function and does not raise; where it raises,
IEEE: a pole gives an infinity, an overflow an infinity of the right sign, a point outside the domain nan.
Derivatives: Abramowitz & Stegun, Handbook of Mathematical Functions, chapters 3 and 4.
"""

from __future__ import annotations

import math
from typing import Any

from .arithmetic import div, where
from .core import primitive

__all__ = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "exp", "exp2", "expm1", "hypot",
    "log", "log10", "log1p", "log2", "pow", "pow_dx", "pow_dy", "sin", "sinh", "sqrt", "tan", "tanh",
]  # fmt: skip

nan, inf = math.nan, math.inf
LN2, LN10 = math.log(2.0), math.log(10.0)


@primitive(lambda out, x: (out,), text="exp {0}", latex=r"\exp\left[{0}\right]", sympy="exp({0})",
           array="np.exp({0})", table=True)  # fmt: skip
def exp(x: float) -> float:
    """eˣ; the partial is the output itself. Overflows to inf.

    >>> exp(0.0), exp(1000.0)
    (1.0, inf)
    """
    try:
        return math.exp(x)
    except OverflowError:
        return inf


@primitive(lambda out, x: (exp(x),), array="np.expm1({0})", latex=r"\left(e^{{{0}}}-1\right)", sympy="(exp({0}) - 1)", table=True)
def expm1(x: float) -> float:
    """eˣ − 1 without cancellation near 0; the partial is eˣ (not out + 1, which cancels).

    >>> expm1(1e-20)
    1e-20
    """
    try:
        return math.expm1(x)
    except OverflowError:
        return inf


@primitive(lambda out, x: (out * LN2,), array="np.exp2({0})", latex="2^{{{0}}}", sympy="2**({0})", table=True)
def exp2(x: float) -> float:
    """2ˣ; the partial is 2ˣ ln 2.

    >>> exp2(3.0)
    8.0
    """
    try:
        return math.exp2(x)
    except OverflowError:
        return inf


@primitive(lambda out, x: (where(x < 0.0, nan, div(1.0, x)),), text="log {0}", latex=r"\log\left[{0}\right]",
           sympy="log({0})", array="np.log({0})", domain=((0.2, 4.0),), table=True)  # fmt: skip
def log(x: float) -> float:
    """Natural logarithm; the partial is 1/x. log 0 is −inf with derivative inf, log of a negative number nan.

    >>> log(1.0), log(0.0), log(-1.0)
    (0.0, -inf, nan)
    """
    if x > 0.0:
        return math.log(x)
    return -inf if x == 0.0 else nan


@primitive(lambda out, x: (where(x < -1.0, nan, div(1.0, 1.0 + x)),), array="np.log1p({0})",
           latex=r"\log\left(1+{0}\right)", sympy="log(1 + {0})", domain=((-0.7, 3.0),), table=True)  # fmt: skip
def log1p(x: float) -> float:
    """log(1 + x), exact near 0; the partial is 1/(1 + x).

    >>> log1p(1e-20)
    1e-20
    """
    if x > -1.0:
        return math.log1p(x)
    return -inf if x == -1.0 else nan


@primitive(lambda out, x: (where(x < 0.0, nan, div(1.0, x * LN2)),), array="np.log2({0})", latex=r"\log_2\left({0}\right)",
           sympy="log({0}, 2)", domain=((0.2, 4.0),), table=True)  # fmt: skip
def log2(x: float) -> float:
    """Binary logarithm; the partial is 1/(x ln 2).

    >>> log2(8.0)
    3.0
    """
    if x > 0.0:
        return math.log2(x)
    return -inf if x == 0.0 else nan


@primitive(lambda out, x: (where(x < 0.0, nan, div(1.0, x * LN10)),), array="np.log10({0})",
           latex=r"\log_{{10}}\left({0}\right)", sympy="log({0}, 10)", domain=((0.2, 4.0),), table=True)  # fmt: skip
def log10(x: float) -> float:
    """Decimal logarithm; the partial is 1/(x ln 10).

    >>> log10(1000.0)
    3.0
    """
    if x > 0.0:
        return math.log10(x)
    return -inf if x == 0.0 else nan


@primitive(lambda out, x: (div(0.5, out),), text="√{0}", latex=r"\sqrt{{{0}}}", sympy="sqrt({0})",
           array="np.sqrt({0})", domain=((0.2, 4.0),), table=True)  # fmt: skip
def sqrt(x: float) -> float:
    """Square root; the partial is 1/(2√x): inf at 0, nan below.

    >>> sqrt(4.0), sqrt(-1.0)
    (2.0, nan)
    """
    return math.sqrt(x) if x >= 0.0 else nan


@primitive(lambda out, x: (div(1.0, 3.0 * out * out),), text="∛{0}", latex=r"\sqrt[3]{{{0}}}", sympy="real_root({0}, 3)",
           array="np.cbrt({0})", domain=((0.2, 4.0),), kinks=(0.0,), table=True)  # fmt: skip
def cbrt(x: float) -> float:
    """Real cube root, negative for negative x; the partial is 1/(3 out²), inf at 0.

    >>> cbrt(-27.0)
    -3.0
    """
    return math.cbrt(x)


@primitive(lambda out, x: (cos(x),), text="sin {0}", latex=r"\sin\left[{0}\right]", sympy="sin({0})",
           array="np.sin({0})", table=True)  # fmt: skip
def sin(x: float) -> float:
    """Sine of x radians; the partial is cos x. nan at ±inf.

    >>> sin(0.0)
    0.0
    """
    return math.sin(x) if -inf < x < inf else nan


@primitive(lambda out, x: (-sin(x),), text="cos {0}", latex=r"\cos\left[{0}\right]", sympy="cos({0})",
           array="np.cos({0})", table=True)  # fmt: skip
def cos(x: float) -> float:
    """Cosine of x radians; the partial is −sin x. nan at ±inf.

    >>> cos(0.0)
    1.0
    """
    return math.cos(x) if -inf < x < inf else nan


@primitive(lambda out, x: (1.0 + out * out,), text="tan {0}", latex=r"\tan\left[{0}\right]", sympy="tan({0})",
           array="np.tan({0})", domain=((-1.2, 1.2),), table=True)  # fmt: skip
def tan(x: float) -> float:
    """Tangent of x radians; the partial is 1 + tan²x.

    >>> tan(0.0)
    0.0
    """
    return math.tan(x) if -inf < x < inf else nan


@primitive(lambda out, x: (div(1.0, sqrt((1.0 - x) * (1.0 + x))),), latex=r"\arcsin\left({0}\right)", array="np.arcsin({0})",
           domain=((-0.9, 0.9),), table=True)  # fmt: skip
def asin(x: float) -> float:
    """Arc sine in radians; the partial is 1/√((1−x)(1+x)), inf at ±1.

    >>> asin(0.0)
    0.0
    """
    return math.asin(x) if -1.0 <= x <= 1.0 else nan


@primitive(lambda out, x: (-div(1.0, sqrt((1.0 - x) * (1.0 + x))),), latex=r"\arccos\left({0}\right)", array="np.arccos({0})",
           domain=((-0.9, 0.9),), table=True)  # fmt: skip
def acos(x: float) -> float:
    """Arc cosine in radians; the partial is −1/√((1−x)(1+x)), −inf at ±1.

    >>> acos(1.0)
    0.0
    """
    return math.acos(x) if -1.0 <= x <= 1.0 else nan


@primitive(lambda out, x: (1.0 / (1.0 + x * x),), latex=r"\arctan\left({0}\right)", array="np.arctan({0})", table=True)
def atan(x: float) -> float:
    """Arc tangent in radians; the partial is 1/(1 + x²).

    >>> atan(0.0)
    0.0
    """
    return math.atan(x)


def _ratio(x: Any, h: Any) -> Any:
    """x/h, and 0 at the origin, where h is 0."""
    return where(h == 0.0, 0.0, div(x, h))


def _atan2_partials(out: Any, y: Any, x: Any) -> tuple[Any, Any]:
    h = hypot(x, y)
    return _ratio(_ratio(x, h), h), -_ratio(_ratio(y, h), h)


@primitive(_atan2_partials, latex=r"\operatorname{{atan2}}\left({0}, {1}\right)", array="np.arctan2({0}, {1})",
           domain=((0.2, 2.0), (-2.0, 2.0)), table=True)  # fmt: skip
def atan2(y: float, x: float) -> float:
    """Angle of the point (x, y) in radians; the partials are (x/h)/h and −(y/h)/h with h = hypot(x, y); 0 at the origin.

    >>> atan2(0.0, 1.0)
    0.0
    """
    return math.atan2(y, x)


@primitive(lambda out, x, y: (_ratio(x, out), _ratio(y, out)), latex=r"\sqrt{{{0}^2+{1}^2}}", sympy="sqrt({0}**2 + {1}**2)",
           array="np.hypot({0}, {1})", domain=((0.2, 2.0), (-2.0, 2.0)), table=True)  # fmt: skip
def hypot(x: float, y: float) -> float:
    """√(x² + y²) without overflow; the partials are x/out and y/out, 0 at the origin.

    >>> hypot(3.0, 4.0)
    5.0
    """
    return math.hypot(x, y)


@primitive(lambda out, x: (cosh(x),), latex=r"\sinh\left({0}\right)", array="np.sinh({0})", table=True)
def sinh(x: float) -> float:
    """Hyperbolic sine; the partial is cosh x.

    >>> sinh(0.0)
    0.0
    """
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(inf, x)


@primitive(lambda out, x: (sinh(x),), latex=r"\cosh\left({0}\right)", array="np.cosh({0})", table=True)
def cosh(x: float) -> float:
    """Hyperbolic cosine; the partial is sinh x.

    >>> cosh(0.0)
    1.0
    """
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


def _tanh_dx(x: Any) -> Any:
    # 4e/(1+e)² with e = exp(−2|x|): 1 − tanh² is already 0 at x = 20
    e = exp(-2.0 * where(x < 0.0, -x, x))
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


@primitive(lambda out, x: (_tanh_dx(x),), text="tanh {0}", latex=r"\tanh\left({0}\right)", array="np.tanh({0})", table=True)
def tanh(x: float) -> float:
    """Hyperbolic tangent; the partial is 4e/(1+e)² with e = exp(−2|x|), exact in the tails.

    >>> tanh(0.0)
    0.0
    """
    return math.tanh(x)


@primitive(lambda out, x: (div(1.0, hypot(1.0, x)),), latex=r"\operatorname{{arsinh}}\left({0}\right)", array="np.arcsinh({0})", table=True)
def asinh(x: float) -> float:
    """Inverse hyperbolic sine; the partial is 1/hypot(1, x).

    >>> asinh(0.0)
    0.0
    """
    return math.asinh(x)


@primitive(lambda out, x: (div(1.0, sqrt(x - 1.0) * sqrt(x + 1.0)),), latex=r"\operatorname{{arcosh}}\left({0}\right)",
           array="np.arccosh({0})", domain=((1.2, 4.0),), table=True)  # fmt: skip
def acosh(x: float) -> float:
    """Inverse hyperbolic cosine; the partial is 1/(√(x−1)·√(x+1)), inf at 1.

    >>> acosh(1.0)
    0.0
    """
    return math.acosh(x) if x >= 1.0 else nan


@primitive(lambda out, x: (where(x > 1.0, nan, where(x < -1.0, nan, div(1.0, (1.0 - x) * (1.0 + x)))),),
           latex=r"\operatorname{{artanh}}\left({0}\right)", array="np.arctanh({0})", domain=((-0.9, 0.9),), table=True)  # fmt: skip
def atanh(x: float) -> float:
    """Inverse hyperbolic tangent; the partial is 1/((1−x)(1+x)), inf at ±1.

    >>> atanh(0.0)
    0.0
    """
    if -1.0 < x < 1.0:
        return math.atanh(x)
    return math.copysign(inf, x) if x == 1.0 or x == -1.0 else nan


def pow_dx(x: Any, y: Any) -> Any:
    """∂(xʸ)/∂x = y·xʸ⁻¹, and 0 everywhere for y = 0."""
    return where(y == 0.0, 0.0, y * pow(x, y - 1.0))


def pow_dy(out: Any, x: Any, y: Any) -> Any:
    """∂(xʸ)/∂y = xʸ·log x, with 0·log 0 := 0 for y ≥ 0."""
    return where(x == 0.0, where(y >= 0.0, 0.0, out * log(x)), out * log(x))


@primitive(lambda out, x, y: (pow_dx(x, y), pow_dy(out, x, y)), text="{0}^{1}", latex="{0}^{{{1}}}", sympy="{0}**{1}",
           array="np.power({0}, {1})", precedence=4, domain=((0.2, 2.0), (-2.0, 2.0)), table=True)  # fmt: skip
def pow(x: float, y: float) -> float:
    """xʸ; the partials are y·xʸ⁻¹ and xʸ·log x. x**0 is 1 with derivative 0 everywhere; (−8)**(1/3) is nan.

    >>> pow(2.0, 3.0), pow(0.0, -1.0), pow(10.0, 400.0)
    (8.0, inf, inf)
    """
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0.0 and math.fmod(y, 2.0) != 0.0 else inf
    except ValueError:
        if x == 0.0:
            odd = math.fmod(y, 2.0) in (1.0, -1.0)
            return math.copysign(inf, x) if odd else inf
        return nan
