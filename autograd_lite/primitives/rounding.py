"""The table, rounding and remainders: step functions (derivative 0, jumps included) and what they leave over.

Values are Python's: ``round`` goes half to even, ``mod`` is the ``%`` of floats with the divisor's sign, ``fmod`` and
``remainder`` are ``math``'s. The quotient in a derivative is the exact one, not a rounded a/b.

Source: IEEE 754 (2019) and ``math.h`` of the C standard.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

from .arithmetic import abs, div, where
from .primitive import primitive

__all__ = [
    "ceil",
    "copysign",
    "divmod",
    "floor",
    "floordiv",
    "fmod",
    "heaviside",
    "mod",
    "modf",
    "remainder",
    "round",
    "sign",
    "trunc",
]

nan, inf = math.nan, math.inf


def _whole(n: int, x: float) -> float:
    """The int ``n`` as a float; a zero keeps the sign of ``x``."""
    return float(n) if n else math.copysign(0.0, x)


# --- steps ----------------------------------------------------------------------------------------------------------


@primitive(
    lambda out, x: (where(x == x, 0.0, nan),),
    text="sign({0})",
    latex=r"\operatorname{{sign}}\left({0}\right)",
    sympy="sign({0})",
    array="np.sign({0})",
    kinks=(0.0,),
    expression=lambda x: where(x > 0.0, 1.0, where(x < 0.0, -1.0, where(x == 0.0, 0.0, nan))),
    textbook=lambda out, x: (0.0,),
    table=True,
)
def sign(x: float) -> float:
    """−1, 0 or 1; the partial is 0, the jump included; nan at nan.

    >>> sign(-2.0), sign(0.0)
    (-1.0, 0.0)
    """
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0 if x == 0.0 else nan


@primitive(
    lambda out, x: (where(x == x, 0.0, nan),),
    text="⌊{0}⌋",
    latex=r"\left\lfloor{0}\right\rfloor",
    sympy="floor({0})",
    array="np.floor({0})",
    kinks=(-2.0, -1.0, 0.0, 1.0, 2.0),
    textbook=lambda out, x: (0.0,),
    table=True,
)
def floor(x: float) -> float:
    """The largest whole number ≤ x, as a float; the partial is 0, jumps included.

    >>> floor(-1.5), floor(float("inf"))
    (-2.0, inf)
    """
    return x if x - x != 0.0 else _whole(math.floor(x), x)


@primitive(
    lambda out, x: (where(x == x, 0.0, nan),),
    text="⌈{0}⌉",
    latex=r"\left\lceil{0}\right\rceil",
    sympy="ceiling({0})",
    array="np.ceil({0})",
    kinks=(-2.0, -1.0, 0.0, 1.0, 2.0),
    textbook=lambda out, x: (0.0,),
    table=True,
)
def ceil(x: float) -> float:
    """The smallest whole number ≥ x, as a float; the partial is 0, jumps included.

    >>> ceil(1.5), ceil(-1.5)
    (2.0, -1.0)
    """
    return x if x - x != 0.0 else _whole(math.ceil(x), x)


@primitive(
    lambda out, x: (where(x == x, 0.0, nan),),
    text="trunc({0})",
    latex=r"\operatorname{{trunc}}\left({0}\right)",
    sympy="(sign({0}) * floor(Abs({0})))",
    array="np.trunc({0})",
    kinks=(-2.0, -1.0, 1.0, 2.0),
    textbook=lambda out, x: (0.0,),
    table=True,
)
def trunc(x: float) -> float:
    """x without its fraction, as a float; the partial is 0, jumps included.

    >>> trunc(1.5), trunc(-1.5)
    (1.0, -1.0)
    """
    return x if x - x != 0.0 else _whole(math.trunc(x), x)


@primitive(
    lambda out, x, ndigits: (where(out == out, 0.0, nan), where(out == out, 0.0, nan)),
    text="round({0}, {1})",
    latex=r"\operatorname{{round}}\left({0}, {1}\right)",
    sympy="(floor({0} * 10**({1}) + Rational(1, 2)) / 10**({1}))",
    array="_np_round({0}, {1})",
    domain=((-2.0, 2.0), (0.0, 0.0)),
    kinks=(-1.5, -0.5, 0.5, 1.5),
    whole=1,
    table=True,
)
def round(x: float, ndigits: float = 0.0) -> float:
    """x rounded to ``ndigits`` decimals, half to even, as a float; both partials are 0, jumps included.

    >>> round(2.5), round(3.14159, 2), round(float("inf"))
    (2.0, 3.14, inf)
    """
    if x - x != 0.0 or ndigits - ndigits != 0.0:
        return x if ndigits == ndigits else nan
    try:
        return builtins.round(x, int(ndigits))
    except OverflowError:
        return math.copysign(inf, x)


@primitive(
    lambda out, x, half: (where(x == x, 0.0, nan), where(x == 0.0, 1.0, where(x == x, 0.0, nan))),
    text="heaviside({0}, {1})",
    latex=r"H_{{{1}}}\left({0}\right)",
    sympy="Heaviside({0}, {1})",
    array="np.heaviside({0}, {1})",
    domain=((-2.0, 2.0), (0.0, 1.0)),
    kinks=(0.0,),
    expression=lambda x, half: where(x > 0.0, 1.0, where(x < 0.0, 0.0, where(x == 0.0, half, nan))),
    table=True,
)
def heaviside(x: float, half: float = 0.5) -> float:
    """0 below 0, 1 above, ``half`` at 0. The partial wrt x is 0, jump included; wrt half 1 at 0 and 0 elsewhere.

    >>> heaviside(-1.0), heaviside(0.0), heaviside(3.0)
    (0.0, 0.5, 1.0)
    """
    return 0.0 if x < 0.0 else 1.0 if x > 0.0 else half if x == 0.0 else nan


def _copysign_partials(out: Any, x: Any, y: Any) -> tuple[Any, Any]:
    return sign(x) * copysign(1.0, y), where(out == out, 0.0, nan)


@primitive(
    _copysign_partials,
    text="copysign({0}, {1})",
    latex=r"\operatorname{{copysign}}\left({0}, {1}\right)",
    sympy="(Abs({0}) * sign({1}))",
    array="np.copysign({0}, {1})",
    table=True,
)
def copysign(x: float, y: float) -> float:
    """|x| with the sign of y, that of a zero or nan included; the partials are sign x · sign y (0 at x = 0) and 0.

    >>> copysign(2.0, -0.0), copysign(-2.0, 1.0)
    (-2.0, 2.0)
    """
    return math.copysign(x, y)


# --- quotients and remainders ---------------------------------------------------------------------------------------


@primitive(
    lambda out, a, b: (where(out == out, div(0.0 * a, b), nan),) * 2,  # 0, and nan, not a constant, for b = 0
    text="⌊{0} / {1}⌋",
    latex=r"\left\lfloor\frac{{{0}}}{{{1}}}\right\rfloor",
    sympy="floor({0} / {1})",
    array="np.floor_divide({0}, {1})",
    domain=((-2.0, 2.0), (0.3, 3.0)),
    table=True,
)
def floordiv(a: float, b: float) -> float:
    """Python's ``a // b``, the floor of the exact quotient; both partials are 0, jumps included.

    By IEEE where Python raises: a//0 is a/0, with partials nan.

    >>> floordiv(7.0, 2.0), floordiv(-7.0, 2.0), floordiv(1.0, 0.0)
    (3.0, -4.0, inf)
    """
    return a // b if b != 0.0 else div.fn(a, b)


@primitive(
    lambda out, a, b: (_one(out, a, b), where(out == out, -floordiv(a, b), nan)),
    text="{0} mod {1}",
    latex=r"{0} \bmod {1}",
    sympy="Mod({0}, {1})",
    array="np.mod({0}, {1})",
    precedence=2,
    domain=((-2.0, 2.0), (0.3, 3.0)),
    table=True,
)
def mod(a: float, b: float) -> float:
    """Python's ``a % b``, with the sign of b; the partials are 1 and −⌊a/b⌋, jumps included. nan for b = 0.

    >>> mod(7.0, 3.0), mod(-7.0, 3.0), mod(1.0, 0.0)
    (1.0, 2.0, nan)
    """
    return a % b if b != 0.0 else nan


def _one(out: Any, a: Any, b: Any) -> Any:
    """1, the slope of a remainder; nan, and no constant, for b = 0."""
    return where(out == out, 1.0, nan) + div(0.0 * a, b)


def divmod(a: Any, b: Any) -> tuple[Any, Any]:
    """``(a // b, a % b)``, two nodes; on Values, floats and arrays.

    Args:
        a: a number, a Value, or an array of either.
        b: likewise.

    Raises:
        TypeError: for what is no number.

    >>> divmod(7.0, 2.0)
    (3.0, 1.0)
    """
    return floordiv(a, b), mod(a, b)


@primitive(
    lambda out, a, b: (_one(out, a, b), -round(div(a - out, b))),
    text="fmod({0}, {1})",
    latex=r"\operatorname{{fmod}}\left({0}, {1}\right)",
    sympy="(sign({0}) * Mod(Abs({0}), Abs({1})))",
    array="np.fmod({0}, {1})",
    domain=((-2.0, 2.0), (0.3, 3.0)),
    table=True,
)
def fmod(a: float, b: float) -> float:
    """C's remainder, with the sign of a; the partials are 1 and −trunc(a/b), jumps included. nan for b = 0.

    >>> fmod(7.0, 3.0), fmod(-7.0, 3.0), fmod(1.0, 0.0)
    (1.0, -1.0, nan)
    """
    return nan if b == 0.0 or math.isinf(a) else math.fmod(a, b)


@primitive(
    lambda out, a, b: (_one(out, a, b), -round(div(a - out, b))),
    text="remainder({0}, {1})",
    latex=r"\operatorname{{remainder}}\left({0}, {1}\right)",
    sympy="({0} - {1} * floor({0} / {1} + Rational(1, 2)))",
    array="({0} - {1} * np.rint({0} / {1}))",
    precedence=5,
    domain=((-2.0, 2.0), (0.3, 3.0)),
    table=True,
)
def remainder(a: float, b: float) -> float:
    """IEEE 754's remainder, at most |b|/2; the partials are 1 and −(the whole number nearest a/b), jumps included.

    >>> remainder(7.0, 4.0), remainder(5.0, 4.0), remainder(1.0, 0.0)
    (-1.0, 1.0, nan)
    """
    return nan if b == 0.0 or math.isinf(a) else math.remainder(a, b)


def modf(x: Any) -> tuple[Any, Any]:
    """The fraction and the whole part of x, both with its sign: ``(fmod(x, 1), trunc(x))``, two nodes.

    Args:
        x: a number, a Value, or an array of either.

    Raises:
        TypeError: for what is no number.

    >>> modf(-2.5)
    (-0.5, -2.0)
    """
    return where(abs(x) == inf, copysign(0.0, x), fmod(x, 1.0)), trunc(x)
