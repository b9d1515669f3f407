"""The table, activations: what neurons apply to their sums. The piecewise ones are on the next page, but for ReLU.

Source: Goodfellow, Bengio & Courville, Deep Learning, section 6.3.
"""

from __future__ import annotations

import math
from typing import Any

from . import fused_unary, numerics
from .arithmetic import abs, clip, div, where
from .elementary import exp, expm1
from .logistic import logistic_pdf, sigmoid
from .primitive import TABLE, Primitive, primitive
from .rounding import sign
from .special import norm_cdf, norm_pdf

__all__ = [
    "celu",
    "elu",
    "gelu",
    "gelu_tanh",
    "leaky_relu",
    "mish",
    "relu",
    "selu",
    "silu",
    "softsign",
    "swish",
]

nan, inf = math.nan, math.inf


# --- ReLU and its leaky form ----------------------------------------------------------------------------------------


@primitive(
    lambda out, x: (where(x > 0.0, 1.0, where(x <= 0.0, 0.0, nan)),),
    text="relu {0}",
    latex=r"\operatorname{{ReLU}}\left[{0}\right]",
    sympy="Max(0, {0})",
    array="np.maximum({0}, 0.0)",
    kinks=(0.0,),
    expression=lambda x: where(x <= 0.0, 0.0, x),
    fused=fused_unary.Relu(),
    table=True,
)
def relu(x: float) -> float:
    """max(0, x); the partial is 1 for x > 0 and 0 for x ≤ 0, the kink included (as in PyTorch and JAX); nan at nan.

    >>> relu(-1.0), relu(2.0)
    (0.0, 2.0)

    Source: Nair and Hinton (2010).
    """
    return 0.0 if x <= 0.0 else x


def _leaky_relu_partials(out: Any, x: Any, slope: Any) -> tuple[Any, Any]:
    at_kink = clip(slope, 0.0, 1.0)  # of the numbers between slope and 1, the smallest
    return (
        where(x > 0.0, 1.0, where(x < 0.0, slope, where(x == 0.0, at_kink, nan))),
        where(x < 0.0, x, where(x >= 0.0, 0.0, nan)),
    )


@primitive(
    _leaky_relu_partials,
    latex=r"\operatorname{{LeakyReLU}}_{{{1}}}\left[{0}\right]",
    sympy="Piecewise(({0}, ({0}) > 0), (({1})*({0}), True))",
    array="np.where({0} > 0.0, {0}, {1} * {0})",
    domain=((-2.0, 2.0), (0.01, 0.3)),
    kinks=(0.0,),
    expression=lambda x, slope: where(x > 0.0, x, slope * x),
    table=True,
)
def leaky_relu(x: float, slope: float = 0.01) -> float:
    """x for x > 0, slope·x below; the partials are 1 and 0 above, slope and x below.

    At 0 the partial wrt x is the number of smallest norm between slope and 1: the slope, if that is from 0 to 1.

    >>> leaky_relu(-1.0, 0.1)
    -0.1

    Source: Maas et al. (2013).
    """
    return x if x > 0.0 else slope * x


# --- gated by a sigmoid ---------------------------------------------------------------------------------------------


def _gated_partials(x: Any, gate: Any, slope: Any) -> tuple[Any]:
    """The partial gate + x·slope of x·gate(x), with its limits 0 and 1 far out, where x·slope would be inf·0."""
    return (where(x < -1e4, 0.0, where(x > 1e4, 1.0, gate + x * slope)),)


def _silu_partials(out: Any, x: Any) -> tuple[Any]:
    s = sigmoid(x)
    return _gated_partials(x, s, logistic_pdf(x))


def _silu_textbook(out: Any, x: Any) -> tuple[Any]:
    s = sigmoid(x)
    return (s + out * (1.0 - s),)


@primitive(
    _silu_partials,
    latex=r"\operatorname{{SiLU}}\left[{0}\right]",
    sympy="({0})/(1 + exp(-({0})))",
    array="np.where({0} == -np.inf, -0.0, {0} * (np.exp(np.minimum({0}, 0.0)) / (1.0 + np.exp(-np.abs({0})))))",
    expression=lambda x: where(x < -1e4, -0.0, x * sigmoid(x)),
    textbook=_silu_textbook,
    fused=fused_unary.Silu(),
    table=True,
)
def silu(x: float) -> float:
    """x·σ(x), also called swish; the partial is σ(x) + x·σ(x)·σ(−x). 0 at −inf, with its limit 0 as derivative.

    >>> silu(0.0), silu(1000.0)
    (0.0, 1000.0)

    Source: Elfwing et al. (2017).
    """
    e = math.exp(-math.fabs(x))
    return x / (1.0 + e) if x >= 0.0 or x != x else x * e / (1.0 + e) if x > -1e4 else -0.0


#: the other name of ``silu``
swish = silu


def _mish_partials(out: Any, x: Any) -> tuple[Any]:
    # tanh(softplus x) is n/(n + 2w²) with n = 1 + 2w, w = e⁻ˣ for x ≥ 0; times e²ˣ below, so that nothing overflows
    w = exp(where(x < 0.0, x, -x))
    above, below = 1.0 + 2.0 * w, w * (w + 2.0)
    gate = where(x < 0.0, below / (below + 2.0), above / (above + 2.0 * (w * w)))
    up, down = above + 2.0 * (w * w), below + 2.0
    slope = where(x < 0.0, 4.0 * w * (1.0 + w) / (down * down), 4.0 * (w * w) * (1.0 + w) / (up * up))
    return _gated_partials(x, gate, slope)


def _mish_expression(x: Any) -> Any:
    w = exp(-abs(x))
    below = w * (w + 2.0)
    above = x / (1.0 + 2.0 * w * w / (1.0 + 2.0 * w))
    return where(x < -1e4, -0.0, where(x < 0.0, x * (below / (below + 2.0)), above))


@primitive(
    _mish_partials,
    latex=r"\operatorname{{mish}}\left[{0}\right]",
    sympy="({0})*tanh(log(1 + exp({0})))",
    array="np.where({0} == -np.inf, -0.0, {0} * np.tanh(np.maximum({0}, 0.0) + np.log1p(np.exp(-np.abs({0})))))",
    expression=_mish_expression,
    table=True,
)
def mish(x: float) -> float:
    """x·tanh(softplus x); the partial is tanh(softplus x) + x·sech²(softplus x)·σ(x). Limits at ±inf as for silu.

    >>> mish(0.0), mish(1000.0)
    (0.0, 1000.0)

    Source: Misra (2019).
    """
    w = math.exp(-math.fabs(x))
    if x >= 0.0 or x != x:
        return x / (1.0 + 2.0 * w * w / (1.0 + 2.0 * w))
    return x * (w * (w + 2.0) / (w * (w + 2.0) + 2.0)) if x > -1e4 else -0.0


class Gelu(Primitive):
    """The exact form; called with ``approximate="tanh"``, the approximate one, a primitive of its own."""

    def __call__(self, x: Any, approximate: str = "none") -> Any:  # type: ignore[override]
        if approximate not in ("none", "tanh"):
            raise ValueError(f"gelu: approximate is 'none' or 'tanh', not {approximate!r}")
        return super().__call__(x) if approximate == "none" else gelu_tanh(x)


def _gelu(x: float) -> float:
    """x·Φ(x) with Φ(x) = erfc(−x/√2)/2; the partial is Φ(x) + x·φ(x). 0 at −inf, with its limit 0 as derivative.

    ``gelu(x, approximate="tanh")`` is the approximation with a tanh, also called ``gelu_tanh``.

    >>> gelu(0.0), gelu(100.0), gelu(-10.0) < 0.0
    (0.0, 100.0, True)

    Source: Hendrycks and Gimpel (2016).
    """
    return x * numerics.norm_cdf(x) if x > -1e4 or x != x else -0.0


def _gelu_partials(out: Any, x: Any) -> tuple[Any]:
    return _gated_partials(x, norm_cdf(x), norm_pdf(x))


gelu: Gelu = Gelu(
    "gelu",
    _gelu,
    _gelu_partials,
    1,
    "gelu({0})",
    r"\operatorname{{GELU}}\left[{0}\right]",
    "({0})*erfc(-({0})/sqrt(2))/2",
    "np.where({0} == -np.inf, -0.0, {0} * _np_norm_cdf({0}))",
    5,
    ((-2.0, 2.0),),
    (),
    _gelu.__doc__ or "",
)
gelu.textbook = lambda out, x: (norm_cdf(x) + x * norm_pdf(x),)
gelu.expression = lambda x: where(x < -1e4, -0.0, x * norm_cdf(x))
TABLE["gelu"] = gelu

_GELU_A, _GELU_B = 2.0 * math.sqrt(2.0 / math.pi), 0.044715


def _gelu_tanh_partials(out: Any, x: Any) -> tuple[Any]:
    s = x * x
    z = _GELU_A * x * (1.0 + _GELU_B * s)
    slope = logistic_pdf(z) * (_GELU_A * (1.0 + 3.0 * _GELU_B * s))
    return _gated_partials(x, sigmoid(z), slope)


@primitive(
    _gelu_tanh_partials,
    latex=r"\operatorname{{GELU}}_{{\tanh}}\left[{0}\right]",
    sympy="({0})/(1 + exp(-2*sqrt(2/pi)*(({0}) + Rational(44715, 1000000)*({0})**3)))",
    expression=lambda x: where(x < -1e4, -0.0, x * sigmoid(_GELU_A * x * (1.0 + _GELU_B * (x * x)))),
    table=True,
)
def gelu_tanh(x: float) -> float:
    """x·σ(2u), u = √(2/π)·(x + 0.044715 x³), which is ½x(1 + tanh u) without its cancellation for x ≪ 0.

    The partial is σ(2u) + x·σ(2u)·σ(−2u)·2u′.

    >>> gelu_tanh(0.0), gelu_tanh(100.0)
    (0.0, 100.0)

    Source: Hendrycks and Gimpel (2016).
    """
    return x * float(sigmoid(_GELU_A * x * (1.0 + _GELU_B * (x * x)))) if x > -1e4 or x != x else -0.0


# --- exponential units, softsign ------------------------------------------------------------------------------------


def _elu_partials(out: Any, x: Any, alpha: Any) -> tuple[Any, Any]:
    at_kink = clip(alpha, 0.0, 1.0)
    return (
        where(x > 0.0, 1.0, where(x < 0.0, alpha * exp(x), where(x == 0.0, at_kink, nan))),
        where(x < 0.0, expm1(x), where(x >= 0.0, 0.0, nan)),
    )


@primitive(
    _elu_partials,
    latex=r"\operatorname{{ELU}}_{{{1}}}\left[{0}\right]",
    sympy="Piecewise(({0}, ({0}) > 0), (({1})*(exp({0}) - 1), True))",
    array="np.where({0} > 0.0, {0}, {1} * np.expm1(np.minimum({0}, 0.0)))",
    domain=((-2.0, 2.0), (0.5, 1.5)),
    kinks=(0.0,),
    expression=lambda x, alpha: where(x > 0.0, x, alpha * expm1(x)),
    table=True,
)
def elu(x: float, alpha: float = 1.0) -> float:
    """x for x > 0, α(eˣ − 1) below; the partials are 1 and 0 above, α·eˣ and eˣ − 1 below.

    At 0 the partial wrt x is the number of smallest norm between α and 1.

    >>> elu(2.0), elu(-1000.0)
    (2.0, -1.0)

    Source: Clevert et al. (2015).
    """
    return x if x > 0.0 else alpha * math.expm1(x)


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


@primitive(
    lambda out, x: (
        where(
            x > 0.0, _SELU_SCALE, where(x < 0.0, _SELU_SCALE * _SELU_ALPHA * exp(x), where(x == 0.0, _SELU_SCALE, nan))
        ),
    ),
    latex=r"\operatorname{{SELU}}\left[{0}\right]",
    sympy="Piecewise((1.0507009873554805*({0}), ({0}) > 0), (1.758099340847377*(exp({0}) - 1), True))",
    array="np.where({0} > 0.0, 1.0507009873554805 * {0}, 1.758099340847377 * np.expm1(np.minimum({0}, 0.0)))",
    kinks=(0.0,),
    expression=lambda x: where(x > 0.0, _SELU_SCALE * x, _SELU_SCALE * _SELU_ALPHA * expm1(x)),
    table=True,
)
def selu(x: float) -> float:
    """λx for x > 0, λα(eˣ − 1) below, λ = 1.0507…, α = 1.6732…; the partials are λ above and λα·eˣ below.

    At 0, a concave kink, the partial is λ, the smaller of λ and λα (PyTorch gives λα).

    >>> selu(0.0), selu(1.0)
    (0.0, 1.0507009873554805)

    Source: Klambauer et al. (2017).
    """
    return _SELU_SCALE * x if x > 0.0 else _SELU_SCALE * _SELU_ALPHA * math.expm1(x)


#: (e^r − 1 − r·e^r)/−r² as a power series: (k + 1)/(k + 2)! for r^k
_CELU_SERIES = tuple((k + 1.0) / math.factorial(k + 2) for k in range(13))


def _celu_dalpha(r: Any, e: Any) -> Any:
    """e^r − 1 − r·e^r, which cancels near 0: there its power series."""
    series = _CELU_SERIES[-1]
    for c in _CELU_SERIES[-2::-1]:
        series = series * r + c
    return where(abs(r) < 0.25, -(r * r) * series, expm1(r) - r * e)


def _celu_partials(out: Any, x: Any, alpha: Any) -> tuple[Any, Any]:
    r = div(x, alpha)
    r = where(r < -800.0, -800.0, r)  # where e is 0, and 0·∂r/∂α would be nan
    e = exp(r)
    return (
        where(x < 0.0, e, where(x >= 0.0, 1.0, nan)),
        where(x < 0.0, where(e == 0.0, -1.0, _celu_dalpha(r, e)), where(x >= 0.0, 0.0, nan)),
    )


@primitive(
    _celu_partials,
    latex=r"\operatorname{{CELU}}_{{{1}}}\left[{0}\right]",
    sympy="Piecewise(({0}, ({0}) > 0), (({1})*(exp(({0})/({1})) - 1), True))",
    array="np.where({0} >= 0.0, {0}, {1} * np.expm1(np.minimum({0}, 0.0) / {1}))",
    domain=((-2.0, 2.0), (0.5, 1.5)),
    kinks=(0.0,),
    expression=lambda x, alpha: where(x >= 0.0, x, alpha * expm1(where(alpha == 0.0, x * inf, div(x, alpha)))),
    table=True,
)
def celu(x: float, alpha: float = 1.0) -> float:
    """x for x > 0, α(exp(x/α) − 1) below: smooth at 0 for every α.

    The partials are 1 and 0 above, e = exp(x/α) and e − 1 − (x/α)·e below.

    >>> celu(2.0, 0.5), celu(-1000.0, 0.5)
    (2.0, -0.5)

    Source: Barron (2017).
    """
    return x if x >= 0.0 else alpha * float(expm1(x / alpha if alpha else x * inf))


@primitive(
    lambda out, x: (div(1.0, 1.0 + abs(x)) / (1.0 + abs(x)),),
    latex=r"\operatorname{{softsign}}\left[{0}\right]",
    sympy="({0})/(1 + Abs({0}))",
    array="np.where(np.isinf({0}), np.sign({0}), {0} / (1.0 + np.abs({0})))",
    expression=lambda x: where(abs(x) == inf, sign(x), x / (1.0 + abs(x))),
    table=True,
)
def softsign(x: float) -> float:
    """x/(1 + |x|), ±1 at ±inf; the partial is 1/(1 + |x|)², whose own derivative at 0 is 0 (a kink of the partial).

    >>> softsign(1.0), softsign(-math.inf)
    (0.5, -1.0)

    Source: Bergstra et al. (2009).
    """
    return x / (1.0 + math.fabs(x)) if x - x == 0.0 or x != x else math.copysign(1.0, x)
