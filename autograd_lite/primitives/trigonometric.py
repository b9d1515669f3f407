"""The table, angles: trigonometric functions and their inverses, degrees, and the sinc function.

Values are bit-equal to Python's ``math`` wherever ``math`` has the function; outside its domain nan.

Source: Abramowitz & Stegun, Handbook of Mathematical Functions, chapter 4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from . import fused_unary, numerics
from .arithmetic import abs, div, where
from .elementary import sqrt
from .primitive import TABLE, Multi, primitive
from .rounding import copysign

__all__ = [
    "acos",
    "asin",
    "atan",
    "atan2",
    "cos",
    "cospi",
    "degrees",
    "hypot",
    "norm",
    "radians",
    "sin",
    "sinc",
    "sinpi",
    "tan",
]

nan, inf, pi = math.nan, math.inf, math.pi


# --- trigonometric --------------------------------------------------------------------------------------------------


def _sin_partials(out: Any, x: Any) -> tuple[Any]:
    return (cos(x),)


@primitive(
    _sin_partials,
    text="sin {0}",
    latex=r"\sin\left[{0}\right]",
    sympy="sin({0})",
    array="np.sin({0})",
    fused=fused_unary.Sin(),
    table=True,
)
def sin(x: float) -> float:
    """Sine of x radians; the partial is cos x. nan at ±inf.

    >>> sin(0.0)
    0.0
    """
    return math.sin(x) if -inf < x < inf else nan


@primitive(
    lambda out, x: (-sin(x),),
    text="cos {0}",
    latex=r"\cos\left[{0}\right]",
    sympy="cos({0})",
    array="np.cos({0})",
    fused=fused_unary.Cos(),
    table=True,
)
def cos(x: float) -> float:
    """Cosine of x radians; the partial is −sin x. nan at ±inf.

    >>> cos(0.0)
    1.0
    """
    return math.cos(x) if -inf < x < inf else nan


@primitive(
    lambda out, x: (1.0 + out * out,),
    text="tan {0}",
    latex=r"\tan\left[{0}\right]",
    sympy="tan({0})",
    array="np.tan({0})",
    domain=((-1.2, 1.2),),
    fused=fused_unary.Tan(),
    table=True,
)
def tan(x: float) -> float:
    """Tangent of x radians; the partial is 1 + tan²x. nan at ±inf.

    >>> tan(0.0)
    0.0
    """
    return math.tan(x) if -inf < x < inf else nan


def one_minus_square(x: Any) -> Any:
    """1 − x²: near 0 in the form whose derivative, −2x, keeps its digits; near ±1 from the distance v there, v(2 − v).

    At ±1 the second factor is the constant 2, so that 1/√v has infinite derivatives there and not inf·0.
    """
    v = 1.0 - abs(x)
    return where(x * x < 0.5, 1.0 - x * x, v * where(v == 0.0, 2.0, 2.0 - v))


@primitive(
    lambda out, x: (div(1.0, sqrt(one_minus_square(x))),),
    latex=r"\arcsin\left({0}\right)",
    array="np.arcsin({0})",
    domain=((-0.9, 0.9),),
    textbook=lambda out, x: (1.0 / sqrt(1.0 - x * x),),
    table=True,
)
def asin(x: float) -> float:
    """Arc sine in radians; the partial is 1/√((1−x)(1+x)), inf at ±1, nan beyond.

    >>> asin(0.0), asin(2.0)
    (0.0, nan)
    """
    return math.asin(x) if -1.0 <= x <= 1.0 else nan


@primitive(
    lambda out, x: (-div(1.0, sqrt(one_minus_square(x))),),
    latex=r"\arccos\left({0}\right)",
    array="np.arccos({0})",
    domain=((-0.9, 0.9),),
    textbook=lambda out, x: (-1.0 / sqrt(1.0 - x * x),),
    table=True,
)
def acos(x: float) -> float:
    """Arc cosine in radians; the partial is −1/√((1−x)(1+x)), −inf at ±1, nan beyond.

    >>> acos(1.0)
    0.0
    """
    return math.acos(x) if -1.0 <= x <= 1.0 else nan


def _atan_dx(x: Any) -> Any:
    # as for atan2: 1/(1 + x²) is 0 from x = 1e155, where the derivative is 1e-310
    h = hypot(1.0, x)
    return 1.0 / h / h


@primitive(
    lambda out, x: (_atan_dx(x),),
    latex=r"\arctan\left({0}\right)",
    array="np.arctan({0})",
    textbook=lambda out, x: (1.0 / (1.0 + x * x),),
    fused=fused_unary.Atan(),
    table=True,
)
def atan(x: float) -> float:
    """Arc tangent in radians; the partial is 1/(1 + x²), as (1/h)/h with h = hypot(1, x).

    >>> atan(0.0)
    0.0
    """
    return math.atan(x)


def _ratio(x: Any, h: Any) -> Any:
    """x/h, and 0 with all its derivatives at the origin, where h is 0."""
    return div(x, where(h == 0.0, inf, h))


def _atan2_partials(out: Any, y: Any, x: Any) -> tuple[Any, Any]:
    # x/h² and −y/h², by q, the smaller over the larger: h² overflows, and 1/h² does where its own derivative may not
    steep = abs(y) > abs(x)
    larger = where(steep, y, x)
    q = _ratio(where(steep, x, y), larger)
    f = 1.0 / (1.0 + q * q)
    return _ratio(where(steep, q, 1.0), larger) * f, -(_ratio(where(steep, 1.0, q), larger) * f)


@primitive(
    _atan2_partials,
    latex=r"\operatorname{{atan2}}\left({0}, {1}\right)",
    array="np.arctan2({0}, {1})",
    domain=((0.2, 2.0), (-2.0, 2.0)),
    table=True,
)
def atan2(y: float, x: float) -> float:
    """Angle of the point (x, y) in radians; the partials are x/h² and −y/h² with h = hypot(x, y), 0 at the origin.

    >>> atan2(0.0, 1.0)
    0.0
    """
    return math.atan2(y, x)


def _direction(x: Any, p: Any, rest: Callable[[], Any], h: Any) -> Any:
    """p = x/h of h = √(x² + r²), where ``rest()`` gives r: ∂h/∂x, 0 at the origin.

    Where x outweighs r it is ±√(1 − (r/h)²). Its own derivative (r/h)²/h, of x/h the difference of two numbers that
    are nearly the same, keeps its digits so.
    """
    small = p * p <= 0.75  # for x = ±inf, where p is nan, it is false
    if small is True:  # on floats: nothing more to do
        return p
    s = _ratio(rest(), h)  # of subnormals both quotients may be 1
    return where(small, p, where(s * s < 0.3, copysign(sqrt(1.0 - s * s), x), p))


def directions(h: Any, xs: Sequence[Any]) -> list[Any]:
    """xᵢ/h of the norm h of the xᵢ: its partials, 0 at the origin."""
    shared: list[Any] = []
    shares = [_ratio(x, h) for x in xs]

    def rest() -> Any:  # the norm of all but the one that outweighs the others
        if not shared:
            shared.append(norm(*[where(p * p > 0.75, 0.0, x) for x, p in zip(xs, shares, strict=True)]))
        return shared[0]

    return [_direction(x, p, rest, h) for x, p in zip(xs, shares, strict=True)]


class Hypot(Multi):
    """√(x² + y²); called with any other number of coordinates, the norm of them, as ``math.hypot``."""

    def dispatch(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Apply the op to two coordinates, or ``norm`` to all of them."""
        if len(args) == 2 or named:
            return super().dispatch(args, named)
        return norm(list(args))


def _hypot(x: float, y: float) -> float:
    """√(x² + y²) without overflow; the partials are x/out and y/out, 0 at the origin.

    With more coordinates, ``norm``.

    >>> hypot(3.0, 4.0), hypot(2.0, 3.0, 6.0)
    (5.0, 7.0)
    """
    return math.hypot(x, y)


hypot: Hypot = Hypot(
    "hypot",
    _hypot,
    lambda out, x, y: (_direction(x, _ratio(x, out), lambda: y, out), _direction(y, _ratio(y, out), lambda: x, out)),
    2,
    "hypot({0}, {1})",
    r"\sqrt{{{0}^2+{1}^2}}",
    "sqrt({0}**2 + {1}**2)",
    "np.hypot({0}, {1})",
    5,
    ((0.2, 2.0), (-2.0, 2.0)),
    (),
    _hypot.__doc__ or "",
)
hypot.textbook = lambda out, x, y: (x / out, y / out)
TABLE["hypot"] = hypot


@primitive(
    lambda out, *xs: tuple(directions(out, xs)),
    text="‖({args})‖",
    latex=r"\left\lVert\left({args}\right)\right\rVert",
    sympy="sqrt(Add(*[x**2 for x in [{args}]]))",
    array="np.hypot.reduce({args}, axis=0)",
    textbook=lambda out, *xs: tuple([x / out for x in xs]),
    table=True,
)
def norm(*xs: float) -> float:
    """Euclidean norm √Σxᵢ² without overflow; the partials are xᵢ/out, 0 at the origin. The empty norm is 0.

    >>> norm([3.0, 4.0])
    5.0
    """
    return math.hypot(*xs)


@primitive(
    lambda out, x: (180.0 / pi,),
    latex=r"\frac{{180}}{{\pi}}{0}",
    sympy="({0}) * 180 / pi",
    array="np.degrees({0})",
    expression=lambda x: x * (180.0 / pi),
    table=True,
)
def degrees(x: float) -> float:
    """Radians to degrees; the partial is 180/π.

    >>> degrees(math.pi)
    180.0
    """
    return math.degrees(x)


@primitive(
    lambda out, x: (pi / 180.0,),
    latex=r"\frac{{\pi}}{{180}}{0}",
    sympy="({0}) * pi / 180",
    array="np.radians({0})",
    expression=lambda x: x * (pi / 180.0),
    table=True,
)
def radians(x: float) -> float:
    """Degrees to radians; the partial is π/180.

    >>> radians(180.0) == math.pi
    True
    """
    return math.radians(x)


# --- of half turns --------------------------------------------------------------------------------------------------


def _sinpi_partials(out: Any, x: Any) -> tuple[Any]:
    return (pi * cospi(x),)


@primitive(
    _sinpi_partials,
    text="sin π{0}",
    latex=r"\sin\left(\pi{0}\right)",
    sympy="sin(pi * ({0}))",
    array="np.sin(np.pi * np.remainder({0}, 2.0))",
    table=True,
)
def sinpi(x: float) -> float:
    """sin πx with the exact multiple of π, 0 at every whole number; the partial is π cos πx. nan at ±inf.

    >>> sinpi(0.5), sinpi(1e10)
    (1.0, 0.0)
    """
    return numerics.sinpi(x)


@primitive(
    lambda out, x: (-pi * sinpi(x),),
    text="cos π{0}",
    latex=r"\cos\left(\pi{0}\right)",
    sympy="cos(pi * ({0}))",
    array="np.cos(np.pi * np.remainder({0}, 2.0))",
    table=True,
)
def cospi(x: float) -> float:
    """cos πx with the exact multiple of π, 0 halfway between whole numbers; the partial is −π sin πx. nan at ±inf.

    >>> cospi(0.5), cospi(1.0)
    (0.0, -1.0)
    """
    return numerics.cospi(x)


def _sinc_dx(out: Any, x: Any) -> Any:
    # (cos πx − out)/x cancels near 0: there the series Σ (−1)ᵏ 2k π²ᵏ x²ᵏ⁻¹/(2k+1)!
    s = x * x
    series = _SINC[-1]
    for c in _SINC[-2::-1]:
        series = series * s + c
    return where(s < 0.16, x * series, where(abs(x) == inf, 0.0, div(cospi(x) - out, x)))


_SINC = [(-1.0) ** k * 2.0 * k * pi ** (2 * k) / math.factorial(2 * k + 1) for k in range(1, 14)]


def _sinc_expression(x: Any) -> Any:
    elsewhere = where(x == 0.0, 1.0, where(abs(x) == inf, 1.0, x))  # sin π is 0
    return where(x == 0.0, 1.0, sinpi(elsewhere) / (pi * elsewhere))


@primitive(
    lambda out, x: (_sinc_dx(out, x),),
    latex=r"\operatorname{{sinc}}\left({0}\right)",
    sympy="sinc(pi * ({0}))",
    expression=_sinc_expression,
    table=True,
)
def sinc(x: float) -> float:
    """sin(πx)/(πx), 1 at 0 (the normalised form, as in NumPy and PyTorch); the partial is (cos πx − out)/x.

    Near 0, where that cancels, the partial is a series; at 0 it is 0. At ±inf value and partial are 0.

    >>> sinc(0.0), sinc(2.0)
    (1.0, 0.0)
    """
    if x == 0.0:
        return 1.0
    return 0.0 if x - x != 0.0 and x == x else numerics.sinpi(x) / (pi * x)
