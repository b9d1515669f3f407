"""The table, first page: the operators, choice between values, and everything that needs no transcendental.

Kinks follow the one rule: the derivative where it exists; else, where the function is locally convex or
concave, the subgradient of smallest norm; else by continuity; outside the domain nan.

Source: IEEE 754 (2019); the partials are the rules of calculus for sums, products and quotients.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from types import FunctionType
from typing import Any

from . import fused_unary
from .primitive import TABLE, Operand, Primitive, primitive

__all__ = [
    "abs",
    "add",
    "clip",
    "div",
    "fabs",
    "fma",
    "fmax",
    "fmin",
    "identity",
    "maximum",
    "minimum",
    "mul",
    "neg",
    "pos",
    "reciprocal",
    "square",
    "sub",
    "where",
]

nan, inf = math.nan, math.inf


# --- choice ---------------------------------------------------------------------------------------------------------


class Where(Primitive):
    """Choice: only the branch taken is evaluated (when it is a callable) and enters the graph."""

    def __call__(self, *args: Any) -> Any:  # type: ignore[override]
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
        for other in (a, b, condition, *_mentioned(a), *_mentioned(b)):
            if isinstance(other, Operand):
                return other._constant(branch) if hasattr(other, "_constant") else branch
        return branch


def _mentioned(branch: Any) -> Iterator[Any]:
    """What a lazy branch refers to: whether the branch not taken would have given a Value decides what a number is."""
    if hasattr(branch, "__self__"):  # a bound method, as in where(x > 0, x.sqrt, 0)
        yield branch.__self__
    if isinstance(branch, FunctionType):
        for cell in branch.__closure__ or ():
            with suppress(ValueError):  # an empty cell
                found = cell.cell_contents
                yield from found if isinstance(found, (list, tuple)) else (found,)
        for name in branch.__code__.co_names:
            found = branch.__globals__.get(name)
            yield from found if isinstance(found, (list, tuple)) else (found,)
        yield from branch.__defaults__ or ()


def _where_array(condition: Any, a: Any, b: Any) -> Any:
    import numpy as np

    result = np.frompyfunc(where, 3, 1)(condition, a, b)
    if all(isinstance(x, float) for x in result.flat):
        return result.astype(float)
    return result


@primitive(
    lambda out, x: (1.0,),
    text="{0}",
    latex="{0}",
    sympy="{0}",
    array="{0}",
    expression=lambda x: x,
    table=True,
)
def identity(x: float) -> float:
    """The number itself, as a node of its own; the partial is 1.

    >>> identity(2.0)
    2.0
    """
    return x


def _where(condition: float, a: float, b: float) -> float:
    """``a`` where the condition holds, else ``b``. The partial of the branch taken is 1, of the other 0.

    The condition is a bool, or a comparison. Branches may be callables: only the one taken is called, and only that
    one enters the graph: ``where(x > 0, sqrt(x), 0)`` at −1 has derivative 0.

    Args:
        condition: a bool, a number (0 is false), a comparison of Values, or an array of them.
        a: what it is where the condition holds: a number, a Value, an array of either, or a function of no arguments.
        b: likewise, where it doesn't.

    Returns:
        A float, or a Value if the branch taken is one; of arrays an array.

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
where.choice = True
TABLE["where"] = where


# --- the operators --------------------------------------------------------------------------------------------------


@primitive(
    lambda out, a, b: (1.0, 1.0),
    text="{0} + {1}",
    latex="{0} + {1}",
    sympy="{0} + {1}",
    array="{0} + {1}",
    precedence=1,
    table=True,
)
def add(a: float, b: float) -> float:
    """a + b; both partials are 1.

    >>> add(1.0, 2.0)
    3.0
    """
    return a + b


@primitive(
    lambda out, a, b: (1.0, -1.0),
    text="{0} − {1}",
    latex="{0} - {1}",
    sympy="{0} - {1}",
    array="{0} - {1}",
    precedence=1,
    table=True,
)
def sub(a: float, b: float) -> float:
    """a − b; the partials are 1 and −1.

    >>> sub(1.0, 2.0)
    -1.0
    """
    return a - b


@primitive(
    lambda out, a, b: (b, a),
    text="{0} · {1}",
    latex=r"{0} \cdot {1}",
    sympy="{0} * {1}",
    array="{0} * {1}",
    precedence=2,
    table=True,
)
def mul(a: float, b: float) -> float:
    """a · b; the partials are b and a.

    >>> mul(3.0, 2.0)
    6.0
    """
    return a * b


def _div_partials(out: Any, a: Any, b: Any) -> tuple[Any, Any]:
    return div(1.0, b), -div(out, b)


@primitive(
    _div_partials,
    text="{0} / {1}",
    latex=r"\frac{{{0}}}{{{1}}}",
    sympy="{0} / {1}",
    array="{0} / {1}",
    precedence=2,
    domain=((-2.0, 2.0), (0.3, 3.0)),
    table=True,
)
def div(a: float, b: float) -> float:
    """a / b by IEEE: 1/0 is inf, 0/0 is nan. The partials are 1/b and −(a/b)/b, which survive b = 1e200.

    >>> div(1.0, 4.0), div(1.0, 0.0), div(1.0, -0.0)
    (0.25, inf, -inf)
    """
    if b == 0.0:
        return nan if a == 0.0 or a != a else math.copysign(inf, a) * math.copysign(1.0, b)
    return a / b


@primitive(
    lambda out, x: (-1.0,),
    text="−{0}",
    latex="-{0}",
    sympy="-{0}",
    array="-{0}",
    precedence=3,
    table=True,
)
def neg(x: float) -> float:
    """−x; the partial is −1.

    >>> neg(2.0)
    -2.0
    """
    return -x


@primitive(
    lambda out, x: (1.0,),
    text="+{0}",
    latex="+{0}",
    sympy="{0}",
    array="+{0}",
    precedence=3,
    expression=lambda x: x,
    table=True,
)
def pos(x: float) -> float:
    """+x; the partial is 1.

    >>> pos(2.0)
    2.0
    """
    return x


@primitive(
    lambda out, x: (2.0 * x,),
    text="{0}²",
    latex="{0}^{{2}}",
    sympy="{0}**2",
    array="np.square({0})",
    precedence=4,
    expression=lambda x: x * x,
    fused=fused_unary.Squared(),
    table=True,
)
def square(x: float) -> float:
    """x²; the partial is 2x.

    >>> square(3.0), square(1e200)
    (9.0, inf)
    """
    return x * x


@primitive(
    lambda out, x: (-(out * out),),
    text="1 / {0}",
    latex=r"\frac{{1}}{{{0}}}",
    sympy="1 / {0}",
    array="1.0 / {0}",
    precedence=2,
    domain=((0.3, 3.0),),
    expression=lambda x: div(1.0, x),
    fused=fused_unary.Reciprocal(),
    table=True,
)
def reciprocal(x: float) -> float:
    """1/x by IEEE; the partial is −1/x², −inf at 0.

    >>> reciprocal(4.0), reciprocal(-0.0)
    (0.25, -inf)
    """
    return 1.0 / x if x != 0.0 else math.copysign(inf, x)


@primitive(
    lambda out, a, b, c: (b, a, 1.0),
    text="{0} · {1} + {2}",
    latex=r"{0} \cdot {1} + {2}",
    sympy="{0} * {1} + {2}",
    array="_np_fma({0}, {1}, {2})",
    precedence=1,
    table=True,
)
def fma(a: float, b: float, c: float) -> float:
    """a·b + c rounded once, as ``math.fma`` of Python 3.13; the partials are b, a and 1.

    >>> fma(0.1, 10.0, -1.0) == 2.0**-54
    True
    """
    rough = a * b + c
    if a - a != 0.0 or b - b != 0.0 or c - c != 0.0:
        return rough
    (an, ad), (bn, bd), (cn, cd) = a.as_integer_ratio(), b.as_integer_ratio(), c.as_integer_ratio()
    exact = an * bn * cd + cn * ad * bd
    try:
        return exact / (ad * bd * cd) if exact else rough  # the quotient of two ints is rounded once
    except OverflowError:
        return inf if exact > 0 else -inf


# --- kinks ----------------------------------------------------------------------------------------------------------


@primitive(
    lambda out, x: (where(x > 0.0, 1.0, where(x < 0.0, -1.0, where(x == 0.0, 0.0, nan))),),
    text="|{0}|",
    latex=r"\left|{0}\right|",
    sympy="Abs({0})",
    array="np.abs({0})",
    kinks=(0.0,),
    textbook=lambda out, x: (TABLE["sign"](x),),
    fused=fused_unary.Abs(),
    table=True,
)
def abs(x: float) -> float:
    """|x|; the partial is the sign of x, and 0 at the kink (the subgradient of smallest norm).

    >>> abs(-2.0)
    2.0
    """
    return math.fabs(x)


#: ``math``'s name for the absolute value
fabs = abs


def _share(a: Any, b: Any) -> Any:
    """1 where a > b, 0 where a < b, ½ at a tie, nan where either is nan."""
    return where(a > b, 1.0, where(a < b, 0.0, where(a == b, 0.5, nan)))


def _share_number(a: Any, b: Any) -> Any:
    """``_share``, but a number wins from nan; nan where both are nan."""
    only = where(a == a, 1.0, where(b == b, 0.0, nan))
    return where(a > b, 1.0, where(a < b, 0.0, where(a == b, 0.5, only)))


@primitive(
    lambda out, a, b: (_share(a, b), _share(b, a)),
    text="max({0}, {1})",
    latex=r"\max\left({0}, {1}\right)",
    sympy="Max({0}, {1})",
    array="np.maximum({0}, {1})",
    expression=lambda a, b: where(a != a, a, where(b != b, b, where(a >= b, a, b))),
    table=True,
)
def maximum(a: float, b: float) -> float:
    """The larger of two; nan if either is. The partial is 1 for the larger, 0 for the smaller, ½ each at a tie.

    >>> maximum(1.0, 2.0), maximum(float("nan"), 1.0)
    (2.0, nan)
    """
    if a != a or b != b:
        return nan
    return a if a >= b else b


@primitive(
    lambda out, a, b: (_share(b, a), _share(a, b)),
    text="min({0}, {1})",
    latex=r"\min\left({0}, {1}\right)",
    sympy="Min({0}, {1})",
    array="np.minimum({0}, {1})",
    expression=lambda a, b: where(a != a, a, where(b != b, b, where(a <= b, a, b))),
    table=True,
)
def minimum(a: float, b: float) -> float:
    """The smaller of two; nan if either is. The partial is 1 for the smaller, 0 for the larger, ½ each at a tie.

    >>> minimum(1.0, 2.0)
    1.0
    """
    if a != a or b != b:
        return nan
    return a if a <= b else b


@primitive(
    lambda out, a, b: (_share_number(a, b), _share_number(b, a)),
    text="fmax({0}, {1})",
    latex=r"\operatorname{{fmax}}\left({0}, {1}\right)",
    sympy="Max({0}, {1})",
    array="np.fmax({0}, {1})",
    expression=lambda a, b: where(a != a, b, where(b > a, b, a)),
    table=True,
)
def fmax(a: float, b: float) -> float:
    """The larger of two, a number rather than nan. The partials are those of
    ``maximum``; beside a nan, the number has 1.

    >>> fmax(1.0, 2.0), fmax(float("nan"), 1.0)
    (2.0, 1.0)
    """
    if a != a:
        return b
    return b if b > a else a


@primitive(
    lambda out, a, b: (
        _share_number(-a, -b),
        _share_number(-b, -a),
    ),
    text="fmin({0}, {1})",
    latex=r"\operatorname{{fmin}}\left({0}, {1}\right)",
    sympy="Min({0}, {1})",
    array="np.fmin({0}, {1})",
    expression=lambda a, b: where(a != a, b, where(b < a, b, a)),
    table=True,
)
def fmin(a: float, b: float) -> float:
    """The smaller of two, a number rather than nan. The partials are those of
    ``minimum``; beside a nan, the number has 1.

    >>> fmin(1.0, 2.0), fmin(float("nan"), 1.0)
    (1.0, 1.0)
    """
    if a != a:
        return b
    return b if b < a else a


def _clip_partials(out: Any, x: Any, low: Any, high: Any) -> tuple[Any, Any, Any]:
    inside = where(x > low, where(x < high, 1.0, 0.0), 0.0)
    below = where(x < low, where(low < high, 1.0, 0.0), 0.0)
    above = where(x > high, 1.0, where(low > high, 1.0, 0.0))
    return where(out == out, inside, nan), where(out == out, below, nan), where(out == out, above, nan)


@primitive(
    _clip_partials,
    text="clip({0}, {1}, {2})",
    latex=r"\operatorname{{clip}}\left({0}, {1}, {2}\right)",
    sympy="Min(Max({0}, {1}), {2})",
    array="np.clip({0}, {1}, {2})",
    domain=((-2.0, 2.0), (-1.0, -0.5), (0.5, 1.0)),
    expression=lambda x, low, high: minimum(maximum(x, low), high),
    table=True,
)
def clip(x: float, low: float = -inf, high: float = inf) -> float:
    """x held between low and high: min(max(x, low), high). The partial wrt x is 1 strictly inside and 0 elsewhere.
    A bound that is left out holds nothing.

    At a bound it is 0, the subgradient of smallest norm (PyTorch's clamp gives 1 there). A bound has the partial 1
    where x is strictly beyond it. nan if any argument is nan.

    >>> clip(3.0, 0.0, 1.0), clip(0.5, 0.0, 1.0), clip(-2.0, 0.0)
    (1.0, 0.5, 0.0)
    """
    if x != x or low != low or high != high:
        return nan
    held = low if x < low else x
    return high if held > high else held
