"""The adjoint of a matrix product: Ā = C̄ Bᵀ and B̄ = Aᵀ C̄, of which some numbers of C may not be reached.

(Giles, Collected matrix derivative results for AD, 2008.) A number of C̄ that is not reached is 0, but what it is
multiplied with may be nan: rows (or columns) that are not reached at all are set to 0 before the product, or after it.
"""

from __future__ import annotations

from math import inf, nan
from typing import Any

from ...primitives.primitive import TABLE
from ..ir.array_program import Builder, Symbol
from .reaching import ALWAYS, Reach, as_number, as_reach, gated

__all__ = ["fitted", "matmul_adjoints"]

_ALL = (0, None, 1)


def fitted(builder: Builder, g: Any, shape: tuple[int, ...], full: tuple[int, ...]) -> Any:
    """``g``, the adjoint of something broadcast from ``shape`` to ``full``, summed to ``shape``."""
    if shape == full:
        return builder.broadcast(g, full) if full else g
    g = builder.broadcast(g, full)
    lead = len(full) - len(shape)
    axes = [*range(lead), *[lead + a for a, n in enumerate(shape) if n == 1 and full[lead + a] != 1]]
    return builder.reshape(builder.reduce("sum", g, axes), shape)


def matmul_adjoints(
    builder: Builder, a: Symbol, b: Symbol, g: Symbol, active: set[int], reach: Reach
) -> list[tuple[int, Any, Reach]]:
    """What the product C of ``a`` and ``b`` with adjoint ``g`` adds to theirs.

    Args:
        reach: when the sweep arrives at the numbers of C.
    """
    if len(a.shape) == len(b.shape) == 1:
        pairs = [(x, fitted(builder, g * y, x.shape, x.shape)) for x, y in ((a, b), (b, a)) if x.id in active]
        return [(x.id, gated(builder, reach, part), reach) for x, part in pairs]
    vector = len(b.shape) == 1
    if vector:  # a column: C = A b
        g = builder.index(g, (_ALL, None))
    rows: Reach = ALWAYS  # when any number of a row, of a column, is reached
    columns: Reach = ALWAYS
    where: Any = None
    if reach != ALWAYS:
        where = builder.constant(as_number(builder, reach))
        lead = len(g.shape) - len(where.shape) - vector
        if where.shape and (lead or vector):  # with all axes, some of length 1
            where = builder.index(where, [*[None] * lead, *[_ALL] * len(where.shape), *[None] * vector])
        rows = _any(builder, where, -1)
        ever = builder.reduce("sum", builder.broadcast(where, g.shape), (0, 1)) if vector else None
        columns = _any(builder, where, -2) if ever is None else as_reach(builder, ever)
    result: list[tuple[int, Any, Reach]] = []
    if a.id in active and vector:  # a product of a column and a row
        result.append((a.id, gated(builder, rows, g * builder.index(b, (None, _ALL))), rows))
    elif a.id in active:
        result.append((a.id, _left(builder, g, b, where), rows))
    if b.id in active and vector:
        x = a if where is None else builder.constant(gated(builder, rows, a))
        part = builder.matmul(builder.transpose(x), builder.reshape(g, (a.shape[0],)))
        result.append((b.id, part, columns))
    elif b.id in active:
        turned = None if where is None else _swapped(builder, where)
        part = _swapped(builder, _left(builder, _swapped(builder, g), _swapped(builder, a), turned))
        result.append((b.id, part, columns))
    return result


def _swapped(builder: Builder, x: Symbol) -> Symbol:
    """The last two axes exchanged."""
    n = len(x.shape)
    return builder.transpose(x, (*range(n - 2), n - 1, n - 2)) if n else x


def _any(builder: Builder, where: Symbol, axis: int) -> Reach:
    """When any number along an axis is reached, the axis kept with length 1."""
    if not where.shape or where.shape[axis] == 1:
        return as_reach(builder, where)
    kept: list[Any] = [_ALL] * len(where.shape)
    kept[axis] = None
    return as_reach(builder, builder.index(builder.reduce("sum", where, (axis,)), kept))


def _left(builder: Builder, g: Symbol, b: Symbol, where: Symbol | None) -> Any:
    """C̄ Bᵀ; what is not reached in a row meets 0, or all the finite numbers of B, never nan.

    If the sweep reaches some numbers of a row and not others, the numbers of B that are not finite count only where
    they meet one that is reached. A sum with such terms is infinite if all of them are, with one sign, and else nan.
    """
    choose = TABLE["where"]
    b = _swapped(builder, b)
    if where is None or not where.shape or where.shape[-1] == 1:  # whole rows, or none
        plain = builder.matmul(g, b)
        return plain if where is None else builder.elementwise(choose, (where, plain, 0.0))
    good = builder.constant(b - b) == 0.0
    signs = builder.elementwise(choose, (b == inf, 1.0, builder.elementwise(choose, (b == -inf, -1.0, 0.0))))
    bad = builder.constant(builder.elementwise(choose, (good, 0.0, 1.0)))
    hit = builder.matmul(builder.broadcast(where, g.shape), bad)
    # with ±1 for what is infinite: an infinite number of C̄ stays so, and no finite one counts beside an infinite sum
    tamed = builder.matmul(g, builder.constant(builder.elementwise(choose, (good, b, signs))))
    if builder.linear:
        return builder.elementwise(choose, (hit, builder.matmul(g, b), tamed))
    balance = builder.matmul(builder.constant(builder.elementwise(TABLE["sign"], (g,))), builder.constant(signs))
    below = builder.elementwise(choose, (balance < 0.0, -inf, 0.0))
    infinite = builder.elementwise(choose, (balance > 0.0, inf, below))
    return tamed + builder.elementwise(choose, (abs(balance) == hit, infinite, nan))
