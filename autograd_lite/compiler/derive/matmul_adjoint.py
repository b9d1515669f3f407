"""The adjoint of a matrix product: Ā = C̄ Bᵀ and B̄ = Aᵀ C̄, of which some numbers of C may not be reached.

(Giles, Collected matrix derivative results for AD, 2008.) A number of C̄ that is not reached is 0, but what it is
multiplied with may be nan: rows (or columns) that are not reached at all are set to 0 before the product, or after it.
"""

from __future__ import annotations

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
        column = builder.reshape(b, (*b.shape, 1))
    else:
        column = b
    rows: Reach = ALWAYS  # when any number of a row, of a column, is reached
    columns: Reach = ALWAYS
    where: Any = None
    if reach != ALWAYS:
        where = builder.constant(as_number(builder, reach))
        if vector and where.shape:
            where = builder.index(where, (_ALL, None))
        rows, columns = _any(builder, where, -1), _any(builder, where, -2)
    result: list[tuple[int, Any, Reach]] = []
    if a.id in active:
        if vector:  # a product of a column and a row
            part = gated(builder, rows, g * builder.index(b, (None, _ALL)))
        else:
            part = _left(builder, g, column, where)
        result.append((a.id, part, rows))
    if b.id in active:
        if vector:
            x = a if where is None else builder.constant(gated(builder, rows, a))
            part = builder.matmul(builder.transpose(x), builder.reshape(g, (a.shape[0],)))
            arrives = as_reach(builder, builder.reduce("sum", builder.broadcast(where, g.shape), (0, 1))) if (
                where is not None) else ALWAYS  # fmt: skip
            result.append((b.id, part, arrives))
        else:
            turned = None if where is None else _turned(builder, where)
            part = _swapped(builder, _left(builder, _swapped(builder, g), _swapped(builder, a), turned))
            result.append((b.id, part, columns))
    return result


def _swapped(builder: Builder, x: Symbol) -> Symbol:
    """The last two axes exchanged."""
    n = len(x.shape)
    return builder.transpose(x, (*range(n - 2), n - 1, n - 2))


def _turned(builder: Builder, where: Symbol) -> Symbol:
    return _swapped(builder, where) if len(where.shape) > 1 else (
        builder.index(where, (_ALL, None)) if where.shape else where)  # fmt: skip


def _any(builder: Builder, where: Symbol, axis: int) -> Reach:
    """When any number along an axis is reached, the axis kept with length 1."""
    if len(where.shape) < -axis or where.shape[axis] == 1:
        return as_reach(builder, where)
    total = builder.reduce("sum", where, (axis,))
    kept = [_ALL] * len(where.shape)
    kept[axis] = None  # type: ignore[call-overload]
    return as_reach(builder, builder.index(total, kept))


def _left(builder: Builder, g: Symbol, b: Symbol, where: Symbol | None) -> Any:
    """C̄ Bᵀ; what is not reached in a row meets 0, or all the finite numbers of B, never nan.

    If the sweep reaches some numbers of a row and not others, the numbers of B that are not finite count only where
    they meet one that is reached.
    """
    choose = TABLE["where"]
    if where is None:
        return builder.matmul(g, _swapped(builder, b))
    if len(where.shape) == 0 or where.shape[-1] == 1:  # whole rows, or none
        return builder.elementwise(choose, (where, builder.matmul(g, _swapped(builder, b)), 0.0))
    if len(where.shape) == 1 or where.shape[-2] == 1:  # the same columns of each row
        kept = builder.constant(builder.elementwise(choose, (where, b, 0.0)))
        return builder.matmul(g, _swapped(builder, kept))
    difference = builder.constant(b - b)
    good = difference == 0.0
    finite = builder.constant(builder.elementwise(choose, (good, b, 0.0)))
    bad = builder.constant(builder.elementwise(choose, (good, 0.0, 1.0)))
    hit = builder.matmul(builder.broadcast(where, g.shape), _swapped(builder, bad))
    plain, without = builder.matmul(g, _swapped(builder, b)), builder.matmul(g, _swapped(builder, finite))
    return builder.elementwise(choose, (hit, plain, without))
