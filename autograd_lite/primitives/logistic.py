"""The table, logistic functions: the sigmoid, what it is the derivative of, and what is its derivative.

Source: Goodfellow, Bengio & Courville, Deep Learning, section 3.10.
"""

from __future__ import annotations

import math
from typing import Any

from . import fused_unary
from .arithmetic import abs, div, maximum, where
from .elementary import LN2, LOG2_E, exp, exp2, log1p
from .hyperbolic import tanh
from .primitive import primitive

__all__ = ["logaddexp", "logaddexp2", "logistic_pdf", "logsigmoid", "sigmoid", "softplus"]

nan, inf = math.nan, math.inf


# --- of one number --------------------------------------------------------------------------------------------------


def _logistic_pdf_expression(x: Any) -> Any:
    e = exp(-abs(x))
    return 1.0 / (1.0 + e) * (e / (1.0 + e))


@primitive(
    lambda out, x: (-(out * tanh(0.5 * x)),),
    text="σ({0}) · σ(−{0})",
    latex=r"\sigma\left({0}\right)\,\sigma\left(-{0}\right)",
    sympy="1/(2 + 2*cosh({0}))",
    array="(np.exp(-np.abs({0})) / np.square(1.0 + np.exp(-np.abs({0}))))",
    precedence=2,
    expression=_logistic_pdf_expression,
    table=True,
)
def logistic_pdf(x: float) -> float:
    """σ(x)·σ(−x), the slope of the sigmoid and the density of the logistic distribution; exact in both tails.

    The partial is −out·tanh(x/2): σ(−x) − σ(x) would lose its digits near 0.

    >>> logistic_pdf(0.0), logistic_pdf(-1000.0)
    (0.25, 0.0)
    """
    e = math.exp(-math.fabs(x))
    return 1.0 / (1.0 + e) * (e / (1.0 + e))


def _sigmoid_partials(out: Any, x: Any) -> tuple[Any]:
    return (logistic_pdf(x),)


def _sigmoid_expression(x: Any) -> Any:
    e = exp(-abs(x))
    return where(x >= 0.0, 1.0, e) / (1.0 + e)


@primitive(
    _sigmoid_partials,
    text="σ({0})",
    latex=r"\sigma\left({0}\right)",
    sympy="1/(1 + exp(-({0})))",
    array="(np.exp(np.minimum({0}, 0.0)) / (1.0 + np.exp(-np.abs({0}))))",
    expression=_sigmoid_expression,
    textbook=lambda out, x: (out * (1.0 - out),),
    fused=fused_unary.Sigmoid(),
    table=True,
)
def sigmoid(x: float) -> float:
    """1/(1 + e⁻ˣ) in the form that never overflows; the partial is σ(x)·σ(−x), exact in the tails.

    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)
    """
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def _softplus_expression(x: Any) -> Any:
    return logaddexp(x, 0.0)


@primitive(
    lambda out, x: (sigmoid(x),),
    latex=r"\operatorname{{softplus}}\left({0}\right)",
    sympy="log(1 + exp({0}))",
    array="(np.maximum({0}, 0.0) + np.log1p(np.exp(-np.abs({0}))))",  # a third of np.logaddexp's time
    expression=_softplus_expression,
    fused=fused_unary.Softplus(),
    table=True,
)
def softplus(x: float) -> float:
    """log(1 + eˣ) as max(x, 0) + log1p(e^−|x|), with no cut-off; the partial is the sigmoid.

    >>> softplus(0.0) == math.log(2.0)
    True
    """
    return (x if x > 0.0 or x != x else 0.0) + math.log1p(math.exp(-math.fabs(x)))


def _logsigmoid_expression(x: Any) -> Any:
    return -logaddexp(-x, 0.0)


@primitive(
    lambda out, x: (sigmoid(-x),),
    text="log σ({0})",
    latex=r"\log\sigma\left({0}\right)",
    sympy="-log(1 + exp(-({0})))",
    array="-(np.maximum(-{0}, 0.0) + np.log1p(np.exp(-np.abs({0}))))",
    expression=_logsigmoid_expression,
    table=True,
)
def logsigmoid(x: float) -> float:
    """log σ(x) = −softplus(−x), exact in both tails; the partial is σ(−x).

    >>> logsigmoid(0.0) == -math.log(2.0), logsigmoid(-1000.0)
    (True, -1000.0)
    """
    return (x if x < 0.0 or x != x else 0.0) - math.log1p(math.exp(-math.fabs(x)))


# --- of two ---------------------------------------------------------------------------------------------------------


def difference(a: Any, b: Any) -> Any:
    """a − b, and 0 for two equal infinities: the logit of the share of eᵃ in eᵃ + eᵇ."""
    return where(a == b, where(abs(a) == inf, 0.0, a - b), a - b)


@primitive(
    lambda out, a, b: (sigmoid(difference(a, b)), sigmoid(difference(b, a))),
    latex=r"\log\left(e^{{{0}}}+e^{{{1}}}\right)",
    sympy="log(exp({0}) + exp({1}))",
    array="np.logaddexp({0}, {1})",
    expression=lambda a, b: where(a == b, a + LN2, maximum(a, b) + log1p(exp(-abs(a - b)))),
    table=True,
)
def logaddexp(a: float, b: float) -> float:
    """log(eᵃ + eᵇ) = max + log1p(e^−|a−b|); the partials are σ(a − b) and σ(b − a), ½ each for equal infinities.

    >>> logaddexp(1000.0, 1000.0) == 1000.0 + math.log(2.0), logaddexp(math.inf, 0.0)
    (True, inf)
    """
    if a != a or b != b:
        return nan
    return a + LN2 if a == b else max(a, b) + math.log1p(math.exp(-math.fabs(a - b)))


def _outweighs2(a: Any, b: Any) -> Any:
    """The share of 2ᵃ in 2ᵃ + 2ᵇ; ½ for two equal infinities."""
    d = difference(a, b)
    e = exp2(where(d < 0.0, d, -d))
    far = where(d < 0.0, div(e, 1.0 + e), div(1.0, 1.0 + e))
    return where(abs(d) < 1.0, sigmoid(LN2 * d), far)  # near 0 the sigmoid keeps the digits of further derivatives


@primitive(
    lambda out, a, b: (_outweighs2(a, b), _outweighs2(b, a)),
    latex=r"\log_2\left(2^{{{0}}}+2^{{{1}}}\right)",
    sympy="log(2**({0}) + 2**({1}), 2)",
    array="np.logaddexp2({0}, {1})",
    expression=lambda a, b: where(a == b, a + 1.0, maximum(a, b) + LOG2_E * log1p(exp2(-abs(a - b)))),
    table=True,
)
def logaddexp2(a: float, b: float) -> float:
    """log₂(2ᵃ + 2ᵇ); the partials are the shares of 2ᵃ and 2ᵇ in the sum, ½ each for equal infinities.

    >>> logaddexp2(1000.0, 1000.0)
    1001.0
    """
    if a != a or b != b:
        return nan
    return a + 1.0 if a == b else max(a, b) + LOG2_E * math.log1p(math.exp2(-math.fabs(a - b)))
