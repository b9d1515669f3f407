"""Value and both partials in one call, for ops of two arguments met often. Compiled with the hot modules.

As in ``fused_unary.py``: each class says again, for two floats, what an entry of the table says,
``(fn(x, y), *partials)``, and a test holds it to the entry bit for bit.
"""

from __future__ import annotations

import math
from typing import Final

__all__ = ["FUSED_PAIRS", "Pair", "Power", "Square"]

nan: Final = math.nan
inf: Final = math.inf


class Pair:
    """An op of two arguments, its number and its slopes."""

    def parts(self, x: float, y: float) -> tuple[float, float, float]:
        """The op's value at (``x``, ``y``), and its two partials."""
        raise NotImplementedError


class Div(Pair):
    """x/y, 1/y, −(x/y)/y, by IEEE where y is 0."""

    def parts(self, x: float, y: float) -> tuple[float, float, float]:
        if y != 0.0:
            out = x / y
            return out, 1.0 / y, -(out / y)
        out = nan if x == 0.0 or x != x else math.copysign(inf, x) * math.copysign(1.0, y)
        slope = nan if out != out else math.copysign(inf, out) * math.copysign(1.0, y)
        return out, math.copysign(inf, y), -slope


class Maximum(Pair):
    """The larger of two; the larger has the slope 1, at a tie each ½."""

    def parts(self, x: float, y: float) -> tuple[float, float, float]:
        if x > y:
            return x, 1.0, 0.0
        if x < y:
            return y, 0.0, 1.0
        return (x, 0.5, 0.5) if x == y else (nan, nan, nan)


class Minimum(Pair):
    """The smaller of two; the smaller has the slope 1, at a tie each ½."""

    def parts(self, x: float, y: float) -> tuple[float, float, float]:
        if x < y:
            return x, 1.0, 0.0
        if x > y:
            return y, 0.0, 1.0
        return (x, 0.5, 0.5) if x == y else (nan, nan, nan)


class LeakyRelu(Pair):
    """x for x > 0, slope·x below."""

    def parts(self, x: float, y: float) -> tuple[float, float, float]:
        if x > 0.0:
            return x, 1.0, 0.0
        if x < 0.0:
            return y * x, y, x
        if x == 0.0:
            return y * x, 0.0 if y < 0.0 else 1.0 if y > 1.0 else y, 0.0
        return y * x, nan, nan


def power(x: float, y: float) -> float:
    """xʸ by IEEE, as the table's ``pow``."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0.0 and math.fmod(y, 2.0) != 0.0 else inf
    except ValueError:
        if x == 0.0:
            return math.copysign(inf, x) if math.fmod(y, 2.0) in (1.0, -1.0) else inf
        return nan


def power_dx(x: float, y: float) -> float:
    """y·xʸ⁻¹, and 0 for y = 0."""
    slope = y * power(x, y - 1.0)
    return slope if y != 0.0 or slope == 0.0 else 0.0


class Pow(Pair):
    """xʸ with both slopes."""

    def parts(self, x: float, y: float) -> tuple[float, float, float]:
        out = power(x, y)
        if x > 0.0:
            log: float = math.log(x)
            half = power(x, 0.5 * y) if out == inf else 0.0
            slope = half * log * half if out == inf else out * log
        elif x == 0.0:
            slope = 0.0 if y >= 0.0 else out * -inf
        else:
            slope = nan
        return out, power_dx(x, y), slope


class Power(Pair):
    """xʸ for an exponent that is constant: its slope, which nobody reads, is not computed."""

    def parts(self, x: float, y: float) -> tuple[float, float, float]:
        return power(x, y), power_dx(x, y), 0.0


class Square(Pair):
    """x² written as a power."""

    def parts(self, x: float, y: float) -> tuple[float, float, float]:
        return power(x, 2.0), 2.0 * x, 0.0


#: by the name of the op
FUSED_PAIRS: dict[str, Pair] = {
    "div": Div(),
    "maximum": Maximum(),
    "minimum": Minimum(),
    "pow": Pow(),
    "leaky_relu": LeakyRelu(),
}
