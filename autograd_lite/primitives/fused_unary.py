"""Value and partial in one call, for the ops met most often. Compiled with the hot modules.

Each class here says again, for one float, what an entry of the table says: ``(fn(x), partials(fn(x), x)[0])``. A test
holds every one to its entry bit for bit; the table remains the truth, this page only the short way to it. (A method,
because compiled code calls a method of a class it knows without boxing the numbers, and a function in a table with.)
"""

from __future__ import annotations

import math
from typing import Final

__all__ = [
    "Abs",
    "Atan",
    "Cos",
    "Exp",
    "Expm1",
    "Fused",
    "Log",
    "Log1p",
    "Reciprocal",
    "Relu",
    "Sigmoid",
    "Silu",
    "Sin",
    "Softplus",
    "Sqrt",
    "Squared",
    "Tan",
    "Tanh",
]

nan: Final = math.nan
inf: Final = math.inf


class Fused:
    """An op of one argument, its number and its slope."""

    def pair(self, x: float) -> tuple[float, float]:
        """The op's value at ``x``, and its partial."""
        raise NotImplementedError


class Exp(Fused):
    """eˣ, eˣ."""

    def pair(self, x: float) -> tuple[float, float]:
        try:
            out = math.exp(x)
        except OverflowError:
            out = inf
        return out, out


class Sin(Fused):
    """sin x, cos x."""

    def pair(self, x: float) -> tuple[float, float]:
        if -inf < x < inf:
            return math.sin(x), math.cos(x)
        return nan, nan


class Cos(Fused):
    """cos x, −sin x."""

    def pair(self, x: float) -> tuple[float, float]:
        if -inf < x < inf:
            return math.cos(x), -math.sin(x)
        return nan, nan


class Tanh(Fused):
    """tanh x and 1 − tanh² x, in the form that keeps the digits of the tails."""

    def pair(self, x: float) -> tuple[float, float]:
        out: float = math.tanh(x)
        if out * out < 0.04:
            return out, 1.0 - out * out
        e = math.exp(2.0 * x if x < 0.0 else -2.0 * x)
        return out, 4.0 * e / ((1.0 + e) * (1.0 + e))


class Sigmoid(Fused):
    """σ(x), σ(x)·σ(−x)."""

    def pair(self, x: float) -> tuple[float, float]:
        e = math.exp(-math.fabs(x))
        large, small = 1.0 / (1.0 + e), e / (1.0 + e)
        out = large if x >= 0.0 else small
        return out, out * (small if x > 0.0 else large)


class Relu(Fused):
    """max(0, x) and its slope, 0 at the kink."""

    def pair(self, x: float) -> tuple[float, float]:
        if x > 0.0:
            return x, 1.0
        if x <= 0.0:
            return 0.0, 0.0
        return x, nan


class Log(Fused):
    """log x, 1/x."""

    def pair(self, x: float) -> tuple[float, float]:
        if x > 0.0:
            return math.log(x), 1.0 / x
        return (-inf, inf) if x == 0.0 else (nan, nan)


class Sqrt(Fused):
    """√x, 1/(2√x)."""

    def pair(self, x: float) -> tuple[float, float]:
        if x > 0.0:
            out = math.sqrt(x)
            return out, 0.5 / out
        return (x, inf) if x == 0.0 else (nan, nan)


class Abs(Fused):
    """|x| and its sign."""

    def pair(self, x: float) -> tuple[float, float]:
        if x > 0.0:
            return x, 1.0
        if x < 0.0:
            return -x, -1.0
        return (0.0, 0.0) if x == 0.0 else (x, nan)


class Squared(Fused):
    """x², 2x."""

    def pair(self, x: float) -> tuple[float, float]:
        return x * x, 2.0 * x


class Reciprocal(Fused):
    """1/x, −1/x²."""

    def pair(self, x: float) -> tuple[float, float]:
        out = 1.0 / x if x != 0.0 else math.copysign(inf, x)
        return out, -(out * out)


class Tan(Fused):
    """tan x, 1 + tan² x."""

    def pair(self, x: float) -> tuple[float, float]:
        if -inf < x < inf:
            out = math.tan(x)
            return out, 1.0 + out * out
        return nan, nan


class Softplus(Fused):
    """log(1 + eˣ), σ(x)."""

    def pair(self, x: float) -> tuple[float, float]:
        e = math.exp(-math.fabs(x))
        rest: float = math.log1p(e)
        out = (x if x > 0.0 or x != x else 0.0) + rest
        return out, (1.0 if x >= 0.0 else e) / (1.0 + e)


class Silu(Fused):
    """x·σ(x), σ(x) + x·σ(x)·σ(−x)."""

    def pair(self, x: float) -> tuple[float, float]:
        if x < -1e4:
            return -0.0, 0.0
        e = math.exp(-math.fabs(x))
        large, small = 1.0 / (1.0 + e), e / (1.0 + e)
        slope = large * small if x != 0.0 else large * large
        if x >= 0.0 or x != x:
            return x / (1.0 + e), 1.0 if x > 1e4 else large + x * slope
        return x * e / (1.0 + e) if x > -1e4 else -0.0, small + x * slope


class Log1p(Fused):
    """log(1 + x), 1/(1 + x)."""

    def pair(self, x: float) -> tuple[float, float]:
        if x > -1.0:
            out: float = math.log1p(x)
            return out, 1.0 / (1.0 + x)
        return (-inf, inf) if x == -1.0 else (nan, nan)


class Expm1(Fused):
    """eˣ − 1, eˣ."""

    def pair(self, x: float) -> tuple[float, float]:
        try:
            out: float = math.expm1(x)
            return out, math.exp(x)
        except OverflowError:
            return inf, inf


class Atan(Fused):
    """arctan x, 1/(1 + x²)."""

    def pair(self, x: float) -> tuple[float, float]:
        out: float = math.atan(x)
        h: float = math.hypot(1.0, x)
        return out, 1.0 / h / h
