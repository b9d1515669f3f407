"""The table, third page: what neurons apply to their sums."""

from __future__ import annotations

import math

from .arithmetic import where
from .core import primitive
from .elementary import exp

__all__ = ["leaky_relu", "relu", "sigmoid", "softplus"]

nan, inf = math.nan, math.inf


@primitive(lambda out, x: (where(x > 0.0, 1.0, where(x <= 0.0, 0.0, nan)),), text="relu {0}",
           latex=r"\operatorname{{ReLU}}\left[{0}\right]", sympy="Max(0, {0})", array="np.maximum({0}, 0.0)",
           kinks=(0.0,), table=True)  # fmt: skip
def relu(x: float) -> float:
    """max(0, x); the partial is 1 for x > 0 and 0 for x ≤ 0, the kink included (as in PyTorch and JAX); nan at nan.

    >>> relu(-1.0), relu(2.0)
    (0.0, 2.0)
    """
    return 0.0 if x <= 0.0 else x


@primitive(lambda out, x, slope: (where(x > 0.0, 1.0, where(x <= 0.0, slope, nan)), where(x < 0.0, x, where(x >= 0.0, 0.0, nan))),
           latex=r"\operatorname{{LeakyReLU}}_{{{1}}}\left[{0}\right]", sympy="Piecewise(({0}, {0} > 0), ({1}*{0}, True))",
           array="np.where({0} > 0.0, {0}, {1} * {0})", domain=((-2.0, 2.0), (0.01, 0.3)), kinks=(0.0,), table=True)  # fmt: skip
def leaky_relu(x: float, slope: float = 0.01) -> float:
    """x for x > 0, slope·x below; the partial at 0 is the slope (the subgradient of smaller norm).

    >>> leaky_relu(-1.0, 0.1)
    -0.1
    """
    return x if x > 0.0 else slope * x


@primitive(lambda out, x: (out * sigmoid(-x),), text="σ({0})", latex=r"\sigma\left({0}\right)", sympy="1/(1 + exp(-{0}))",
           array="1.0 / (1.0 + np.exp(-{0}))", table=True)  # fmt: skip
def sigmoid(x: float) -> float:
    """1/(1 + e⁻ˣ) in the form that never overflows; the partial is s(x)·s(−x), exact in the tails.

    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)
    """
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


@primitive(lambda out, x: (sigmoid(x),), latex=r"\operatorname{{softplus}}\left({0}\right)", sympy="log(1 + exp({0}))",
           array="np.logaddexp({0}, 0.0)", table=True)  # fmt: skip
def softplus(x: float) -> float:
    """log(1 + eˣ) as max(x, 0) + log1p(e^−|x|), with no cut-off; the partial is the sigmoid.

    >>> softplus(0.0) == math.log(2.0)
    True
    """
    return (x if x > 0.0 or x != x else 0.0) + math.log1p(math.exp(-math.fabs(x)))
