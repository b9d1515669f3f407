"""Value and partial in one call, for the ops met most often. Compiled with the hot rooms.

Each function here says again, for one float, what an entry of the table says: ``(fn(x), partials(fn(x), x)[0])``. A
test holds every one to its entry bit for bit; the table remains the truth, this page only the short way to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

__all__ = ["FUSED"]

nan: Final = math.nan
inf: Final = math.inf


def fused_exp(x: float) -> tuple[float, float]:
    """eˣ, eˣ."""
    try:
        out = math.exp(x)
    except OverflowError:
        out = inf
    return out, out


def fused_sin(x: float) -> tuple[float, float]:
    """sin x, cos x."""
    if -inf < x < inf:
        return math.sin(x), math.cos(x)
    return nan, nan


def fused_cos(x: float) -> tuple[float, float]:
    """cos x, −sin x."""
    if -inf < x < inf:
        return math.cos(x), -math.sin(x)
    return nan, nan


def fused_tanh(x: float) -> tuple[float, float]:
    """tanh x and 1 − tanh² x, in the form that keeps the digits of the tails."""
    out: float = math.tanh(x)
    if out * out < 0.04:
        return out, 1.0 - out * out
    e = math.exp(2.0 * x if x < 0.0 else -2.0 * x)
    return out, 4.0 * e / ((1.0 + e) * (1.0 + e))


def fused_sigmoid(x: float) -> tuple[float, float]:
    """σ(x), σ(x)·σ(−x)."""
    e = math.exp(-math.fabs(x))
    large, small = 1.0 / (1.0 + e), e / (1.0 + e)
    out = large if x >= 0.0 else small
    return out, out * (small if x > 0.0 else large)


def fused_relu(x: float) -> tuple[float, float]:
    """max(0, x) and its slope, 0 at the kink."""
    if x > 0.0:
        return x, 1.0
    if x <= 0.0:
        return 0.0, 0.0
    return x, nan


def fused_log(x: float) -> tuple[float, float]:
    """log x, 1/x."""
    if x > 0.0:
        return math.log(x), 1.0 / x
    return (-inf, inf) if x == 0.0 else (nan, nan)


def fused_sqrt(x: float) -> tuple[float, float]:
    """√x, 1/(2√x)."""
    if x > 0.0:
        out = math.sqrt(x)
        return out, 0.5 / out
    return (x, inf) if x == 0.0 else (nan, nan)


#: by the name of the op
FUSED: dict[str, Callable[[float], tuple[float, float]]] = {
    "exp": fused_exp,
    "sin": fused_sin,
    "cos": fused_cos,
    "tanh": fused_tanh,
    "sigmoid": fused_sigmoid,
    "relu": fused_relu,
    "log": fused_log,
    "sqrt": fused_sqrt,
}
