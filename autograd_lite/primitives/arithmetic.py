"""The table, first page: the operators, choice between values, and everything that needs no transcendental."""

from __future__ import annotations

import math
from typing import Any

from .core import TABLE, Operand, Primitive, primitive

__all__ = [
    "abs", "add", "clip", "div", "identity", "maximum", "minimum", "mul", "neg", "pos", "sub", "where",
]  # fmt: skip

nan, inf = math.nan, math.inf


class Where(Primitive):
    """Choice: only the branch taken is evaluated (when it is a callable) and enters the graph."""

    def __call__(self, *args: Any) -> Any:
        if len(args) != 3:
            raise TypeError(f"where takes a condition and two branches, not {len(args)} argument(s)")
        condition, a, b = args
        if isinstance(condition, Operand):
            chosen = condition._choose(a, b) if hasattr(condition, "_choose") else None
            if chosen is not None:
                return chosen
        elif getattr(condition, "ndim", 0) > 0 or getattr(a, "ndim", 0) > 0 or getattr(b, "ndim", 0) > 0:
            return _where_array(condition, a, b)
        branch = a if condition else b
        if callable(branch) and not isinstance(branch, Operand):
            branch = branch()
        if isinstance(branch, Operand):
            return branch._apply_unary(identity)
        for other in (a, b):
            if isinstance(other, Operand):
                return other._constant(branch) if hasattr(other, "_constant") else branch
        return branch


def _where_array(condition: Any, a: Any, b: Any) -> Any:
    import numpy as np

    result = np.frompyfunc(where, 3, 1)(condition, a, b)
    if all(isinstance(x, float) for x in result.flat):
        return result.astype(float)
    return result


@primitive(lambda out, x: (1.0,), text="{0}", latex="{0}", sympy="{0}", array="{0}", precedence=5, table=True)
def identity(x: float) -> float:
    """The number itself, as a node of its own: d out/dx = 1.

    >>> identity(2.0)
    2.0
    """
    return x


def _where(condition: float, a: float, b: float) -> float:
    """``a`` where the condition holds, else ``b``; the branch not taken has no influence on the derivative.

    The condition is a bool, or a comparison. Branches may be callables: only the one taken is called.

    >>> where(True, 1.0, lambda: 1 / 0)
    1.0
    """
    return a if condition else b


where: Where = Where(
    "where",
    _where,
    lambda out, c, a, b: (0.0, where(c, 1.0, 0.0), where(c, 0.0, 1.0)),
    3,
    "where({0}, {1}, {2})",
    r"\begin{{cases}}{1}&{0}\\{2}&\text{{otherwise}}\end{{cases}}",
    "Piecewise(({1}, {0}), ({2}, True))",
    "np.where({0}, {1}, {2})",
    5,
    ((-1.0, 1.0), (-2.0, 2.0), (-2.0, 2.0)),
    (),
    _where.__doc__ or "",
)
TABLE["where"] = where


@primitive(lambda out, a, b: (1.0, 1.0), text="{0} + {1}", latex="{0} + {1}", sympy="{0} + {1}",
           array="{0} + {1}", precedence=1, table=True)  # fmt: skip
def add(a: float, b: float) -> float:
    """a + b; both partials are 1.

    >>> add(1.0, 2.0)
    3.0
    """
    return a + b


@primitive(lambda out, a, b: (1.0, -1.0), text="{0} − {1}", latex="{0} - {1}", sympy="{0} - {1}",
           array="{0} - {1}", precedence=1, table=True)  # fmt: skip
def sub(a: float, b: float) -> float:
    """a − b; the partials are 1 and −1.

    >>> sub(1.0, 2.0)
    -1.0
    """
    return a - b


@primitive(lambda out, a, b: (b, a), text="{0} · {1}", latex=r"{0} \cdot {1}", sympy="{0} * {1}",
           array="{0} * {1}", precedence=2, table=True)  # fmt: skip
def mul(a: float, b: float) -> float:
    """a · b; the partials are b and a.

    >>> mul(3.0, 2.0)
    6.0
    """
    return a * b


@primitive(lambda out, a, b: (div(1.0, b), -div(out, b)), text="{0} / {1}", latex=r"\frac{{{0}}}{{{1}}}",
           sympy="{0} / {1}", array="{0} / {1}", precedence=2, domain=((-2.0, 2.0), (0.3, 3.0)), table=True)  # fmt: skip
def div(a: float, b: float) -> float:
    """a / b by IEEE: 1/0 is inf, 0/0 is nan. The partials are 1/b and −(a/b)/b, which survive b = 1e200.

    >>> div(1.0, 4.0), div(1.0, 0.0), div(1.0, -0.0)
    (0.25, inf, -inf)
    """
    if b == 0.0:
        return nan if a == 0.0 or a != a else math.copysign(inf, a) * math.copysign(1.0, b)
    return a / b


@primitive(lambda out, x: (-1.0,), text="−{0}", latex="-{0}", sympy="-{0}", array="-{0}", precedence=3, table=True)
def neg(x: float) -> float:
    """−x; the partial is −1.

    >>> neg(2.0)
    -2.0
    """
    return -x


@primitive(lambda out, x: (1.0,), text="+{0}", latex="+{0}", sympy="{0}", array="+{0}", precedence=3, table=True)
def pos(x: float) -> float:
    """+x; the partial is 1.

    >>> pos(2.0)
    2.0
    """
    return x


@primitive(lambda out, x: (where(x > 0.0, 1.0, where(x < 0.0, -1.0, where(x == 0.0, 0.0, nan))),),
           text="|{0}|", latex=r"\left|{0}\right|", sympy="Abs({0})", array="np.abs({0})", kinks=(0.0,), table=True)  # fmt: skip
def abs(x: float) -> float:
    """|x|; the partial is the sign of x, and 0 at the kink (the subgradient of smallest norm).

    >>> abs(-2.0)
    2.0
    """
    return math.fabs(x)


def _share(a: Any, b: Any) -> Any:
    """1 where a > b, 0 where a < b, ½ at a tie, nan where either is nan."""
    return where(a > b, 1.0, where(a < b, 0.0, where(a == b, 0.5, nan)))


@primitive(lambda out, a, b: (_share(a, b), _share(b, a)), text="max({0}, {1})",
           latex=r"\max\left({0}, {1}\right)", sympy="Max({0}, {1})", array="np.maximum({0}, {1})", table=True)  # fmt: skip
def maximum(a: float, b: float) -> float:
    """The larger of two; nan if either is. The partial is 1 for the larger, ½ each at a tie.

    >>> maximum(1.0, 2.0), maximum(float("nan"), 1.0)
    (2.0, nan)
    """
    if a != a or b != b:
        return nan
    return a if a >= b else b


@primitive(lambda out, a, b: (_share(b, a), _share(a, b)), text="min({0}, {1})",
           latex=r"\min\left({0}, {1}\right)", sympy="Min({0}, {1})", array="np.minimum({0}, {1})", table=True)  # fmt: skip
def minimum(a: float, b: float) -> float:
    """The smaller of two; nan if either is. The partial is 1 for the smaller, ½ each at a tie.

    >>> minimum(1.0, 2.0)
    1.0
    """
    if a != a or b != b:
        return nan
    return a if a <= b else b


def _clip_partials(out: Any, x: Any, low: Any, high: Any) -> tuple[Any, Any, Any]:
    inside = where(x > low, where(x < high, 1.0, 0.0), 0.0)
    return (
        where(x == x, inside, nan),
        where(x < low, 1.0, where(x >= low, 0.0, nan)),
        where(x > high, 1.0, where(x <= high, 0.0, nan)),
    )


@primitive(_clip_partials, text="clip({0}, {1}, {2})", latex=r"\operatorname{{clip}}\left({0}, {1}, {2}\right)",
           sympy="Min(Max({0}, {1}), {2})", array="np.clip({0}, {1}, {2})",
           domain=((-2.0, 2.0), (-1.0, -0.5), (0.5, 1.0)), table=True)  # fmt: skip
def clip(x: float, low: float, high: float) -> float:
    """x held between low and high. The partial wrt x is 1 strictly inside and 0 elsewhere, bounds included
    (PyTorch's clamp gives 1 there); nan at nan.

    >>> clip(3.0, 0.0, 1.0), clip(0.5, 0.0, 1.0)
    (1.0, 0.5)
    """
    if x != x:
        return x
    return low if x < low else high if x > high else x
