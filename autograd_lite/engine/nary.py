"""Sums, dot products and softmaxes of Values, recorded in one pass over their operands.

The nodes are those that ``record`` gives, without the rule. For lists and tuples of Values and floats, at least one of
them a Value; anything else is left to the general way. This file is hot: it is compiled where that is possible.
"""

from __future__ import annotations

import math
from typing import Any

from ..primitives.primitive import TABLE, Nary
from ..primitives.statistics import Component
from . import calls
from .value import Value, nary_node, node

__all__ = ["dot_node", "row_nodes", "sum_node"]


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


def row_nodes(self: Component, items: list[Any]) -> list[Any]:
    """The nodes of all components of a row of Values and finite floats; anything else in the general way."""
    count = len(items)
    values = 0
    numbers: list[float] = []
    for x in items:
        if isinstance(x, Value):
            v = x
            numbers.append(v._data if type(x) is Value else v._number())
            values += 1
        elif type(x) is float:
            numbers.append(x)
        else:
            break
    if values == 0 or count < 3 or len(numbers) < count or not all(map(math.isfinite, numbers)):
        return [self(x, *items[:i], *items[i + 1 :]) for i, x in enumerate(items)]
    made = []
    for i, (out, own, slopes) in enumerate(self.row(numbers)):
        operands = [items[i], *items[:i], *items[i + 1 :]]
        partials = [own, *slopes[:i], *slopes[i + 1 :]]
        if values < count:
            partials = [p for p, x in zip(partials, operands) if isinstance(x, Value)]
        nodes = operands if values == count else [x for x in operands if isinstance(x, Value)]
        made.append(nary_node(out, self, operands, nodes, partials))
    return made


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
Component.of_row = row_nodes  # type: ignore[method-assign]
Nary.__call__ = _call  # type: ignore[assignment,method-assign]  # the table is below the engine, and knows no node
calls.call_lists_at_once(_SUM, _DOT)
