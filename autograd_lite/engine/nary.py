"""Sums and dot products of Values, recorded in one pass over their operands: what ``record`` gives, without the rule.

For lists and tuples of plain Values and floats, at least one of them a Value; anything else is left to the general way.
This file is hot: it is compiled where that is possible.
"""

from __future__ import annotations

from typing import Any

from ..primitives.primitive import TABLE, Nary
from .nodes import NaryOperands, Node
from .value import Value, node

__all__ = ["dot_node", "sum_node"]


def sum_node(given: tuple[Any, ...]) -> Any:
    """The node of ``sum``: every partial is 1. None where the general way decides."""
    xs: Any = given[0] if len(given) == 1 else given
    if (type(xs) is not list and type(xs) is not tuple) or len(xs) < 2:
        return None
    nodes: list[Node] = []
    out = 0.0
    for x in xs:
        if type(x) is Value:
            v = x
            out += v._data
            nodes.append(v)
        elif type(x) is float:
            out += x
        else:
            return None
    if len(nodes) == 0:
        return None
    if len(xs) == 2:  # stored as every op of two operands is
        return node(out, _SUM, nodes[0], nodes[1], 1.0, 1.0) if len(nodes) == 2 else None
    operands = list(xs) if len(nodes) < len(xs) else nodes
    return node(out, _SUM, None, None, 0.0, 0.0, _operands(operands, nodes, [1.0] * len(nodes)))


def dot_node(given: tuple[Any, ...]) -> Any:
    """The node of ``dot``: ∂/∂xᵢ = yᵢ and ∂/∂yᵢ = xᵢ. None where the general way decides."""
    if len(given) != 2:
        return None
    xs, ys = given
    if (type(xs) is not list and type(xs) is not tuple) or (type(ys) is not list and type(ys) is not tuple):
        return None
    count = len(xs)
    if count < 2 or len(ys) != count:
        return None
    nodes: list[Node] = []
    partials: list[float] = []
    second: list[Node] = []
    slopes: list[float] = []
    out = 0.0
    for i in range(count):
        x, y = xs[i], ys[i]
        if type(x) is Value:
            v = x
            a = v._data
        elif type(x) is float:
            a = x
        else:
            return None
        if type(y) is Value:
            w = y
            b = w._data
            second.append(w)
            slopes.append(a)
        elif type(y) is float:
            b = y
        else:
            return None
        if type(x) is Value:
            nodes.append(x)
            partials.append(b)
        out += a * b
    nodes += second
    partials += slopes
    if len(nodes) == 0:
        return None
    operands = [*xs, *ys] if len(nodes) < 2 * count else nodes
    return node(out, _DOT, None, None, 0.0, 0.0, _operands(operands, nodes, partials))


def _operands(operands: list[Any], nodes: list[Node], partials: list[float]) -> NaryOperands:
    """What ``NaryOperands`` makes of these, without the price of its call."""
    made = NaryOperands.__new__(NaryOperands)
    made.label = made.scope = made.source = ""
    made.hooks = made.grad = made.sink = None
    made.operands = operands
    made.nodes = nodes
    made.partials = partials
    made.index = 0
    return made


def _call(self: Nary, *args: Any, **named: Any) -> Any:
    """An n-ary primitive applied: the short way where there is one, then the table's."""
    if not named:
        made = sum_node(args) if self is _SUM else dot_node(args) if self is _DOT else None
        if made is not None:
            return made
    return self.dispatch(args, named)


_SUM, _DOT = TABLE["sum"], TABLE["dot"]
Nary.__call__ = _call  # type: ignore[assignment,method-assign]  # the table is below the engine, and knows no node
