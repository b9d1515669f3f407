"""The table, special functions: the error function and the normal distribution, gamma and the functions behind it.

Values are bit-equal to Python's ``math`` for erf, erfc, gamma and lgamma; the others are good to a few units in the
last place (``numerics.py``).

Source: Abramowitz & Stegun, Handbook of Mathematical Functions, chapters 6 and 7.
"""

from __future__ import annotations

import math
from typing import Any

from . import numerics
from .arithmetic import abs, div, where
from .elementary import exp
from .primitive import primitive

__all__ = [
    "digamma",
    "erf",
    "erfc",
    "erfinv",
    "gamma",
    "gaussian",
    "lgamma",
    "norm_cdf",
    "norm_pdf",
    "polygamma",
    "trigamma",
]

nan, inf, pi = math.nan, math.inf, math.pi
TWO_OVER_SQRT_PI = 2.0 / math.sqrt(pi)


# --- the error function and the normal distribution -----------------------------------------------------------------


@primitive(
    lambda out, x: (where(out == 0.0, 0.0, -2.0 * x * out),),
    text="exp(−{0}²)",
    latex=r"e^{{-{0}^2}}",
    sympy="exp(-({0})**2)",
    array="np.exp(-np.square({0}))",
    expression=lambda x: exp(-(x * x)),
    table=True,
)
def gaussian(x: float) -> float:
    """exp(−x²), exact in the tails, where rounding x² first would cost digits; the partial is −2x·out.

    >>> gaussian(0.0), gaussian(40.0)
    (1.0, 0.0)
    """
    return numerics.exp_minus_square(x)


@primitive(
    lambda out, x: (TWO_OVER_SQRT_PI * gaussian(x),),
    latex=r"\operatorname{{erf}}\left({0}\right)",
    array="_np_erf({0})",
    table=True,
)
def erf(x: float) -> float:
    """The error function 2/√π ∫₀ˣ exp(−t²) dt; the partial is 2/√π · exp(−x²).

    >>> erf(0.0), erf(10.0)
    (0.0, 1.0)
    """
    return math.erf(x)


@primitive(
    lambda out, x: (-TWO_OVER_SQRT_PI * gaussian(x),),
    latex=r"\operatorname{{erfc}}\left({0}\right)",
    array="_np_erfc({0})",
    table=True,
)
def erfc(x: float) -> float:
    """1 − erf x without cancellation in the tail; the partial is −2/√π · exp(−x²).

    >>> erfc(0.0), erfc(20.0) > 0.0
    (1.0, True)
    """
    return math.erfc(x)


@primitive(
    lambda out, x: (where(abs(out) == inf, abs(out), div(1.0 / TWO_OVER_SQRT_PI, gaussian(out))),),
    latex=r"\operatorname{{erf}}^{{-1}}\left({0}\right)",
    array="_np_erfinv({0})",
    domain=((-0.9, 0.9),),
    table=True,
)
def erfinv(x: float) -> float:
    """The inverse of erf; the partial is √π/2 · exp(out²). ±inf at ±1 with derivative inf, nan beyond.

    >>> erfinv(0.0), erfinv(1.0), erfinv(2.0)
    (0.0, inf, nan)
    """
    return numerics.erfinv(x)


@primitive(
    lambda out, x: (where(out == 0.0, 0.0, -x * out),),
    text="φ({0})",
    latex=r"\varphi\left({0}\right)",
    sympy="(exp(-({0})**2 / 2) / sqrt(2*pi))",
    array="(np.exp(-0.5 * np.square({0})) / (2.0 * np.pi) ** 0.5)",
    expression=lambda x: exp(-0.5 * (x * x)) / math.sqrt(2.0 * pi),
    textbook=lambda out, x: (-x * out,),
    table=True,
)
def norm_pdf(x: float) -> float:
    """Density of the standard normal distribution, exp(−x²/2)/√(2π); the partial is −x·out.

    >>> norm_pdf(0.0) == 1 / math.sqrt(2 * math.pi)
    True
    """
    return numerics.norm_pdf(x)


@primitive(
    lambda out, x: (norm_pdf(x),),
    text="Φ({0})",
    latex=r"\Phi\left({0}\right)",
    sympy="(erfc(-({0}) / sqrt(2)) / 2)",
    array="_np_norm_cdf({0})",
    expression=lambda x: 0.5 * erfc(x * -math.sqrt(0.5)),
    table=True,
)
def norm_cdf(x: float) -> float:
    """Distribution function of the standard normal, erfc(−x/√2)/2, exact in the tails; the partial is φ(x).

    >>> norm_cdf(0.0), norm_cdf(-30.0) > 0.0
    (0.5, True)
    """
    return numerics.norm_cdf(x)


# --- gamma and the functions behind it ------------------------------------------------------------------------------


def _gamma_partials(out: Any, x: Any) -> tuple[Any]:
    slope = out * digamma(x)
    return (where(x > 1.0, where(slope == inf, out, slope), slope),)  # one infinity, and not inf − inf further on


@primitive(
    _gamma_partials,
    text="Γ({0})",
    latex=r"\Gamma\left({0}\right)",
    sympy="gamma({0})",
    array="_np_gamma({0})",
    domain=((0.5, 4.0),),
    table=True,
)
def gamma(x: float) -> float:
    """The gamma function; the partial is Γ(x)·ψ(x). ±inf at ±0, nan at the negative whole numbers and −inf.

    >>> gamma(5.0), gamma(-1.0), gamma(200.0)
    (24.0, nan, inf)
    """
    if x == 0.0:
        return math.copysign(inf, x)
    try:
        return math.gamma(x)
    except OverflowError:
        return math.copysign(inf, x)
    except ValueError:
        return nan


def _lgamma_partials(out: Any, x: Any) -> tuple[Any]:
    return (digamma(x),)


@primitive(
    _lgamma_partials,
    text="log Γ({0})",
    latex=r"\log\Gamma\left({0}\right)",
    sympy="loggamma({0})",
    array="_np_lgamma({0})",
    domain=((0.5, 4.0),),
    table=True,
)
def lgamma(x: float) -> float:
    """log |Γ(x)|; the partial is ψ(x). inf at 0 and the negative whole numbers, where the derivative is nan.

    >>> lgamma(1.0), lgamma(-1.0)
    (0.0, inf)
    """
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):
        return inf


def _digamma_partials(out: Any, x: Any) -> tuple[Any]:
    return (trigamma(x),)


@primitive(
    _digamma_partials,
    text="ψ({0})",
    latex=r"\psi\left({0}\right)",
    sympy="digamma({0})",
    array="_np_digamma({0})",
    domain=((0.5, 4.0),),
    table=True,
)
def digamma(x: float) -> float:
    """ψ(x) = Γ′(x)/Γ(x); the partial is trigamma. ∓inf at ±0, nan at the negative whole numbers.

    >>> digamma(0.0), digamma(-1.0)
    (-inf, nan)
    """
    return numerics.digamma(x)


def _trigamma_partials(out: Any, x: Any) -> tuple[Any]:
    return (polygamma(2.0, x),)


def _trigamma_expression(x: Any) -> Any:
    return polygamma(1.0, x)


@primitive(
    _trigamma_partials,
    text="ψ′({0})",
    latex=r"\psi'\left({0}\right)",
    sympy="polygamma(1, {0})",
    array="_np_trigamma({0})",
    domain=((0.5, 4.0),),
    expression=_trigamma_expression,
    table=True,
)
def trigamma(x: float) -> float:
    """ψ′(x), the derivative of digamma; the partial is polygamma(2, x). inf at 0 and the negative whole numbers.

    >>> trigamma(0.0), trigamma(1.0) == math.pi**2 / 6
    (inf, True)
    """
    return numerics.polygamma(1, x)


def _polygamma_partials(out: Any, n: Any, x: Any) -> tuple[Any, Any]:
    return nan, polygamma(n + 1.0, x)


@primitive(
    _polygamma_partials,
    text="ψ₍{0}₎({1})",
    latex=r"\psi^{{\left({0}\right)}}\left({1}\right)",
    sympy="polygamma({0}, {1})",
    array="_np_polygamma({0}, {1})",
    domain=((2.0, 2.0), (0.5, 4.0)),
    whole=0,
    table=True,
)
def polygamma(n: float, x: float) -> float:
    """ψ⁽ⁿ⁾(x), the n-th derivative of digamma; the partial wrt x is ψ⁽ⁿ⁺¹⁾(x), wrt the whole number n nan.

    nan for an n that is no whole number from 0 to 150.

    >>> polygamma(1.0, 0.5) == trigamma(0.5), polygamma(0.5, 1.0)
    (True, nan)
    """
    return numerics.polygamma(int(n), x) if 0.0 <= n <= 150.0 and n == int(n) else nan
