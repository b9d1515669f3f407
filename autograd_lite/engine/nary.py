"""Sums and dot products of Values, recorded in one pass over their operands: what ``record`` gives, without the rule.

For lists and tuples of Values and floats, at least one of them a Value; anything else is left to the general way.
This file is hot: it is compiled where that is possible.
"""

from __future__ import annotations

from typing import Any

from ..primitives.primitive import TABLE, Nary
from . import calls
from .value import Value, nary_node, node

__all__ = ["dot_node", "sum_node"]


def sum_node(xs: Any) -> Any:
    """The node of ``sum``: every partial is 1. None where the general way decides."""
    if (type(xs) is not list and type(xs) is not tuple) or len(xs) < 2:
        return None
    operands = list(xs)
    count = len(operands)
    values = 0
    out = 0.0
    for x in operands:
        if isinstance(x, Value):
            v = x
            out += v._data if type(x) is Value else v._number()
            values += 1
        elif type(x) is float:
            out += x
        else:
            return None
    if values == 0:
        return None
    if count == 2:  # stored as every op of two operands is
        return node(out, _SUM, operands[0], operands[1], 1.0, 1.0) if values == 2 else None
    nodes = operands if values == count else [x for x in operands if isinstance(x, Value)]
    return nary_node(out, _SUM, operands, nodes, _ones(values))


def dot_node(xs: Any, ys: Any) -> Any:
    """The node of ``dot``: ∂/∂xᵢ = yᵢ and ∂/∂yᵢ = xᵢ. None where the general way decides."""
    if (type(xs) is not list and type(xs) is not tuple) or (type(ys) is not list and type(ys) is not tuple):
        return None
    firsts, seconds = list(xs), list(ys)
    count = len(firsts)
    if count < 2 or len(seconds) != count:
        return None
    slopes: list[float] = []
    partials: list[float] = []
    values = 0
    out = 0.0
    for i in range(count):
        x, y = firsts[i], seconds[i]
        if isinstance(x, Value):
            v = x
            a = v._data if type(x) is Value else v._number()
            values += 1
        elif type(x) is float:
            a = x
        else:
            return None
        if isinstance(y, Value):
            w = y
            b = w._data if type(y) is Value else w._number()
            values += 1
            slopes.append(a)
        elif type(y) is float:
            b = y
        else:
            return None
        if isinstance(x, Value):
            partials.append(b)
        out += a * b
    if values == 0:
        return None
    partials += slopes
    firsts += seconds
    nodes = firsts if values == 2 * count else [x for x in firsts if isinstance(x, Value)]
    return nary_node(out, _DOT, firsts, nodes, partials)


def _ones(count: int) -> list[float]:
    """So many ones; those of short sums are the same list, which nobody changes."""
    if count < len(_ONES):
        return _ONES[count]
    return [1.0] * count


def _call(self: Nary, *args: Any, **named: Any) -> Any:
    """An n-ary primitive applied: the short way where there is one, then the table's."""
    if not named:
        made: Any = None
        if self is _SUM:
            made = sum_node(args[0] if len(args) == 1 else args)
        elif self is _DOT and len(args) == 2:
            made = dot_node(*args)
        if made is not None:
            return made
    return self.dispatch(args, named)


_ONES = [[1.0] * count for count in range(64)]
_SUM, _DOT = TABLE["sum"], TABLE["dot"]
Nary.__call__ = _call  # type: ignore[assignment,method-assign]  # the table is below the engine, and knows no node
calls.call_lists_at_once(_SUM, _DOT)
