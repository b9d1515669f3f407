"""The table, powers, exponentials and logarithms.

Values are bit-equal to Python's ``math`` wherever ``math`` has the function and does not raise; where it raises,
IEEE: a pole gives an infinity, an overflow an infinity of the right sign, a point outside the domain nan.

Source: Abramowitz & Stegun, Handbook of Mathematical Functions, chapters 3 and 4.
"""

from __future__ import annotations

import math
from typing import Any

from . import fused_unary
from .arithmetic import abs, div, where
from .primitive import TABLE, Primitive, primitive
from .rounding import floor, trunc

__all__ = [
    "cbrt",
    "exp",
    "exp2",
    "expm1",
    "ldexp",
    "log",
    "log1p",
    "log2",
    "log10",
    "pow",
    "rsqrt",
    "sqrt",
    "xlog1py",
    "xlogy",
]

nan, inf = math.nan, math.inf
LN2 = math.log(2.0)
LOG2_E, LOG10_E = math.log2(math.e), math.log10(math.e)


# --- exponentials ---------------------------------------------------------------------------------------------------


@primitive(
    lambda out, x: (out,),
    text="exp {0}",
    latex=r"\exp\left[{0}\right]",
    sympy="exp({0})",
    array="np.exp({0})",
    fused=fused_unary.Exp(),
    table=True,
)
def exp(x: float) -> float:
    """eˣ; the partial is the output itself. Overflows to inf.

    >>> exp(0.0), exp(1000.0)
    (1.0, inf)
    """
    try:
        return math.exp(x)
    except OverflowError:
        return inf


@primitive(
    lambda out, x: (exp(x),),
    latex=r"\left(e^{{{0}}}-1\right)",
    sympy="(exp({0}) - 1)",
    array="np.expm1({0})",
    fused=fused_unary.Expm1(),
    table=True,
)
def expm1(x: float) -> float:
    """eˣ − 1 without cancellation near 0; the partial is eˣ (not out + 1, which cancels).

    >>> expm1(1e-20)
    1e-20
    """
    try:
        return math.expm1(x)
    except OverflowError:
        return inf


def _exp2_partials(out: Any, x: Any) -> tuple[Any]:
    return (where(out == inf, (2.0 * LN2) * exp2(x - 1.0), out * LN2),)  # finite for another half beyond 1024


@primitive(
    _exp2_partials,
    latex="2^{{{0}}}",
    sympy="2**({0})",
    array="np.exp2({0})",
    textbook=lambda out, x: (out * math.log(2.0),),
    table=True,
)
def exp2(x: float) -> float:
    """2ˣ; the partial is 2ˣ ln 2. Overflows to inf.

    >>> exp2(3.0)
    8.0
    """
    try:
        return math.exp2(x)
    except OverflowError:
        return inf


def _ldexp_partials(out: Any, x: Any, n: Any) -> tuple[Any, Any]:
    return ldexp(1.0, n), out * LN2


def _ldexp_expression(x: Any, n: Any) -> Any:
    """In three factors that don't overflow by themselves."""
    held = where(n < -2200.0, -2200.0, where(n > 2200.0, 2200.0, n))
    third = pow(2.0, trunc(held / 3.0))
    return where(held == floor(held), x * third * third * pow(2.0, held - 2.0 * trunc(held / 3.0)), nan)


@primitive(
    _ldexp_partials,
    text="{0} · 2^{1}",
    latex=r"{0} \cdot 2^{{{1}}}",
    sympy="{0} * 2**({1})",
    precedence=2,
    domain=((-2.0, 2.0), (3.0, 3.0)),
    expression=_ldexp_expression,
    table=True,
)
def ldexp(x: float, n: float) -> float:
    """x·2ⁿ for a whole number n; the partials are 2ⁿ and x·2ⁿ ln 2. nan where n is no whole number.

    >>> ldexp(0.75, 4.0), ldexp(1.0, 5000.0)
    (12.0, inf)
    """
    whole = max(-5000.0, min(n, 5000.0))
    if x != x or n != n or whole != math.floor(whole):
        return nan
    try:
        return math.ldexp(x, int(whole))
    except OverflowError:
        return math.copysign(inf, x)


# --- logarithms -----------------------------------------------------------------------------------------------------


def _over(x: Any, scale: float) -> Any:
    """scale/x for x ≥ 0 (−0 counts as 0), nan below: one quotient, so that all its derivatives are right there too."""
    return div(where(x >= 0.0, scale, nan), x + 0.0)


class Log(Primitive):
    """The natural logarithm; called with a second argument, the logarithm to that base, as a quotient of two."""

    def dispatch(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Apply the op; ``log(x, base)`` is ``log(x) / log(base)``, as in ``math``."""
        if len(args) == 2 and not named:
            return div(self(args[0]), self(args[1]))
        return super().dispatch(args, named)


def _log(x: float) -> float:
    """Natural logarithm; the partial is 1/x. log 0 is −inf with derivative inf, log of a negative number nan.

    ``log(x, base)`` is log x / log base, two or three nodes.

    >>> log(1.0), log(0.0), log(-1.0), log(8.0, 2.0)
    (0.0, -inf, nan, 3.0)
    """
    if x > 0.0:
        return math.log(x)
    return -inf if x == 0.0 else nan


log: Log = Log(
    "log",
    _log,
    lambda out, x: (_over(x, 1.0),),
    1,
    "log {0}",
    r"\log\left[{0}\right]",
    "log({0})",
    "np.log({0})",
    5,
    ((0.2, 4.0),),
    (),
    _log.__doc__ or "",
)
log.fused = fused_unary.Log()
log.textbook = lambda out, x: (1.0 / x,)
TABLE["log"] = log


@primitive(
    lambda out, x: (div(where(x >= -1.0, 1.0, nan), 1.0 + x),),
    latex=r"\log\left(1+{0}\right)",
    sympy="log(1 + {0})",
    array="np.log1p({0})",
    domain=((-0.7, 3.0),),
    textbook=lambda out, x: (1.0 / (1.0 + x),),
    fused=fused_unary.Log1p(),
    table=True,
)
def log1p(x: float) -> float:
    """log(1 + x), exact near 0; the partial is 1/(1 + x). −inf at −1 with derivative inf, nan below.

    >>> log1p(1e-20), log1p(-1.0)
    (1e-20, -inf)
    """
    if x > -1.0:
        return math.log1p(x)
    return -inf if x == -1.0 else nan


@primitive(
    lambda out, x: (_over(x, LOG2_E),),
    latex=r"\log_2\left({0}\right)",
    sympy="log({0}, 2)",
    array="np.log2({0})",
    domain=((0.2, 4.0),),
    textbook=lambda out, x: (1.0 / (math.log(2.0) * x),),
    table=True,
)
def log2(x: float) -> float:
    """Binary logarithm; the partial is 1/(x ln 2). Edges as for ``log``.

    >>> log2(8.0)
    3.0
    """
    if x > 0.0:
        return math.log2(x)
    return -inf if x == 0.0 else nan


@primitive(
    lambda out, x: (_over(x, LOG10_E),),
    latex=r"\log_{{10}}\left({0}\right)",
    sympy="log({0}, 10)",
    array="np.log10({0})",
    domain=((0.2, 4.0),),
    textbook=lambda out, x: (1.0 / (math.log(10.0) * x),),
    table=True,
)
def log10(x: float) -> float:
    """Decimal logarithm; the partial is 1/(x ln 10). Edges as for ``log``.

    >>> log10(1000.0)
    3.0
    """
    if x > 0.0:
        return math.log10(x)
    return -inf if x == 0.0 else nan


def _quotient(x: Any, y: Any) -> Any:
    """x/y for y ≥ 0, and nan below; 0 for x = 0, as 0/y (which keeps the mixed derivative 1/y) but where y is 0."""
    return div(x * where(x == 0.0, 1.0, where(y >= 0.0, 1.0, nan)), where(x == 0.0, where(y == 0.0, inf, y), y))


def _xlogy_partials(out: Any, x: Any, y: Any) -> tuple[Any, Any]:
    return log(y), _quotient(x, y)


@primitive(
    _xlogy_partials,
    text="{0} · log {1}",
    latex=r"{0} \log\left({1}\right)",
    sympy="{0} * log({1})",
    array="({0} * np.log(np.where(({0} == 0.0) & ({1} == {1}), 1.0, {1})))",
    precedence=2,
    domain=((-2.0, 2.0), (0.2, 4.0)),
    expression=lambda x, y: where(x == 0.0, where(y == y, 0.0, nan), x * log(y)),
    table=True,
)
def xlogy(x: float, y: float) -> float:
    """x·log y, and 0 for x = 0 whatever number y is; the partials are log y and x/y (0 for x = 0).

    >>> xlogy(2.0, 1.0), xlogy(0.0, 0.0)
    (0.0, 0.0)
    """
    if x == 0.0 and y == y:
        return 0.0
    return x * _log(y)


def _xlog1py_partials(out: Any, x: Any, y: Any) -> tuple[Any, Any]:
    return log1p(y), _quotient(x, 1.0 + y)


@primitive(
    _xlog1py_partials,
    text="{0} · log(1 + {1})",
    latex=r"{0} \log\left(1+{1}\right)",
    sympy="{0} * log(1 + {1})",
    array="({0} * np.log1p(np.where(({0} == 0.0) & ({1} == {1}), 0.0, {1})))",
    precedence=2,
    domain=((-2.0, 2.0), (-0.7, 3.0)),
    expression=lambda x, y: where(x == 0.0, where(y == y, 0.0, nan), x * log1p(y)),
    table=True,
)
def xlog1py(x: float, y: float) -> float:
    """x·log(1 + y), and 0 for x = 0 whatever number y is; the partials are log(1 + y) and x/(1 + y) (0 for x = 0).

    >>> xlog1py(2.0, 0.0), xlog1py(0.0, -1.0)
    (0.0, 0.0)
    """
    if x == 0.0 and y == y:
        return 0.0
    return x * (math.log1p(y) if y > -1.0 else -inf if y == -1.0 else nan)


# --- powers ---------------------------------------------------------------------------------------------------------


@primitive(
    lambda out, x: (div(0.5, out + 0.0),),  # √−0 is −0, and its slope inf
    text="√{0}",
    latex=r"\sqrt{{{0}}}",
    sympy="sqrt({0})",
    array="np.sqrt({0})",
    domain=((0.2, 4.0),),
    textbook=lambda out, x: (0.5 / out,),
    fused=fused_unary.Sqrt(),
    table=True,
)
def sqrt(x: float) -> float:
    """Square root; the partial is 1/(2√x): inf at 0, nan below.

    >>> sqrt(4.0), sqrt(-1.0)
    (2.0, nan)
    """
    return math.sqrt(x) if x >= 0.0 else nan


@primitive(
    lambda out, x: (-0.5 * div(out, x + 0.0),),
    text="1/√{0}",
    latex=r"\frac{{1}}{{\sqrt{{{0}}}}}",
    sympy="1/sqrt({0})",
    array="np.abs(1.0 / np.sqrt({0}))",
    precedence=2,
    domain=((0.2, 4.0),),
    expression=lambda x: where(x == 0.0, inf, div(1.0, sqrt(x))),
    textbook=lambda out, x: (-0.5 * (out / x),),
    table=True,
)
def rsqrt(x: float) -> float:
    """1/√x; the partial is −out/(2x): −inf at 0, where the value is inf; nan below.

    >>> rsqrt(4.0), rsqrt(0.0)
    (0.5, inf)
    """
    return inf if x == 0.0 else 1.0 / math.sqrt(x) if x > 0.0 else nan


@primitive(
    lambda out, x: (div(div(1.0, 3.0 * out), out),),
    text="∛{0}",
    latex=r"\sqrt[3]{{{0}}}",
    sympy="real_root({0}, 3)",
    array="np.cbrt({0})",
    domain=((0.2, 4.0),),
    kinks=(0.0,),
    textbook=lambda out, x: (1.0 / (3.0 * (out * out)),),
    table=True,
)
def cbrt(x: float) -> float:
    """Real cube root, negative for negative x; the partial is 1/(3 out²), inf at 0.

    >>> f"{cbrt(-27.0):.12g}"
    '-3'
    """
    return math.cbrt(x)


def pow_dx(x: Any, y: Any) -> Any:
    """∂(xʸ)/∂x = y·xʸ⁻¹, and 0 everywhere for y = 0."""
    # for y = 0, 0·x⁻¹ keeps ∂²/∂x∂y = 1/x; where x⁻¹ is no number, the plain 0
    finite = where(y == 0.0, where(abs(x) > 1e-308, 1.0, 0.0), 1.0) != 0.0
    return where(finite, y * pow(where(finite, x, 1.0), y - 1.0), 0.0)


def pow_dy(out: Any, x: Any, y: Any) -> Any:
    """∂(xʸ)/∂y = xʸ·log x, with 0·log 0 := 0 for y ≥ 0; finite where xʸ itself is too large but log x is small."""
    half = pow(x, 0.5 * y)
    slope = where(out == inf, half * log(x) * half, out * log(x))
    return where(x == 0.0, where(y >= 0.0, 0.0, slope), slope)


@primitive(
    lambda out, x, y: (pow_dx(x, y), pow_dy(out, x, y)),
    text="{0}^{1}",
    latex="{0}^{{{1}}}",
    sympy="{0}**{1}",
    array="np.power({0}, {1})",
    precedence=4,
    domain=((0.2, 2.0), (-2.0, 2.0)),
    textbook=lambda out, x, y: (y * x ** (y - 1.0), out * log(x)),
    table=True,
)
def pow(x: float, y: float) -> float:
    """xʸ; the partials are y·xʸ⁻¹ and xʸ·log x. x**0 is 1 with derivative 0 everywhere; (−8)**(1/3) is nan.

    At x = 0 the partial wrt y is 0 for y ≥ 0 (0·log 0 := 0) and −inf for y < 0.

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
