"""N-ary nodes as arrays: sums along an axis, grids of dots as matrix products, rows indexed by labels."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...primitives.primitive import TABLE, Primitive
from ..ir.array_program import Builder, Symbol
from ..ir.control_ops import COMPARISONS
from .lifted import Lifted

__all__ = ["dots", "picked", "picks", "reduced"]

_OPS = {"sum": "sum", "mean": "sum", "max": "amax", "min": "amin", "logsumexp": "logsumexp", "prod": "prod"}


def reduced(lifted: Lifted, prim: Primitive, ids: Any, args: Any) -> None:
    """m nodes of K operands each: an (m, K) table reduced along its rows.

    But for a product, which may overflow on the way in one order and not in another, the operands may be taken in any
    order: those from one array are brought together.
    """
    m, count = args.shape
    if prim.name != "prod" and not is_mixed(lifted, args):
        args = args[:, np.argsort(lifted.owner[args[0]], kind="stable")]
    op = _OPS[prim.name]
    total: Any
    if op == "sum":
        total = None
        for run in _runs(lifted, args):
            part = _row_sums(lifted, args[:, run])
            total = part if total is None else total + part
        if prim.name == "mean":
            total = total / float(count)
    else:
        total = lifted.builder.reduce(op, matrix(lifted, args), [1])
    _define(lifted, total, ids, (m,))


def _define(lifted: Lifted, result: Any, ids: Any, shape: tuple[int, ...]) -> None:
    """Define the numbers ``ids`` as those of ``result``, which is broadcast to ``shape``; one number has shape ()."""
    if len(ids) == 1:
        shape = ()
        if hasattr(result, "shape"):
            result = lifted.builder.reshape(result, ())
    if hasattr(result, "shape"):
        result = lifted.builder.broadcast(result, shape)
    lifted.define(result, ids)


def is_mixed(lifted: Lifted, args: Any) -> bool:
    """Whether the rows of a table differ in where they have padding or constants."""
    owners = lifted.owner[args]
    return bool((owners != owners[:1]).any() or (args.size and args.max() >= lifted.pads["sum"]))


def _runs(lifted: Lifted, args: Any) -> list[slice]:
    """Slices of columns whose operands are in one array."""
    if is_mixed(lifted, args):
        return [slice(None)]
    owners = lifted.owner[args[0]]
    cuts = [0, *(np.flatnonzero(owners[1:] != owners[:-1]) + 1).tolist(), len(owners)]
    return [slice(low, high) for low, high in itertools.pairwise(cuts)]


def _row_sums(lifted: Lifted, args: Any) -> Any:
    """The sums of the rows of a table of numbers that are in one array: shape (m,), or () for one row."""
    table = lifted.gather(args.ravel(), args.shape)
    if not hasattr(table, "shape"):
        return float(table) * args.shape[1]
    builder = lifted.builder
    if args.shape[0] == 1:
        whole = builder.whole(table) if table.shape == args.shape else None  # else it is to be broadcast
        table = whole if whole is not None else builder.broadcast(table, args.shape)
        return builder.reduce("sum", table, range(len(table.shape)))
    if args.shape[1] == 1:
        return builder.reshape(table, (len(args),)) if table.shape[0] > 1 else table
    return builder.reduce("sum", builder.broadcast(table, (table.shape[0], args.shape[1])), [1])


def matrix(lifted: Lifted, ids: Any) -> Symbol:
    """A table of numbers as an array of that shape."""
    parts = []
    for run in _runs(lifted, ids):
        table = ids[:, run]
        parts.append(lifted.builder.broadcast(lifted.gather(table.ravel(), table.shape), table.shape))
    return lifted.builder.concat(parts, 1)


# --- dots -------------------------------------------------------------------------------------------------------------


def dots(lifted: Lifted, prim: Primitive, ids: Any, args: Any) -> None:
    """Nodes Σ xᵢ·yᵢ (+ b): as few matrix products as there are grids of them."""
    n = args.shape[1] // 2
    left, right = args[:, :n], args[:, n : 2 * n]
    bias = args[:, 2 * n] if prim.name == "affine" else None
    if n == 0:
        _define(lifted, 0.0 if bias is None else lifted.gather(bias, (len(ids),)), ids, (len(ids),))
        return
    order: Any = np.arange(n) if is_mixed(lifted, args) else np.lexsort((lifted.owner[right[0]], lifted.owner[left[0]]))
    if not (order[1:] > order[:-1]).all():
        left, right = left[:, order], right[:, order]
    a, rows = _distinct(left)
    b, columns = _distinct(right)
    grids, others, at = _grids(rows, columns)
    size = grids.size * others.shape[-1]
    product: Any
    if size == len(ids) == len(np.unique(at)):
        product, order, shape = _products(lifted, a, b, grids, others, np.argsort(at))
    elif size and bias is None and len(lifted.program.outputs) == 1 and 1 not in (grids.shape[1], others.shape[1]):
        product, _, _ = _products(lifted, a, b, grids, others, np.arange(size))
        lifted.builder.complete.add(product.id)
        lifted.define_at(product, ids, at)
        return
    else:
        product, order, shape = _row_by_row(lifted, left, right), None, (len(ids),)
    if order is not None:
        ids = ids[order]
        bias = None if bias is None else bias[order]
    if bias is not None:
        offset = lifted.gather(bias, shape)
        if not (type(offset) is float and offset == 0.0):
            product = product + offset
    _define(lifted, product, ids, shape)


def _distinct(table: Any) -> tuple[Any, Any]:
    """The distinct rows in order of first appearance, and which of them each row is."""
    numbers: dict[bytes, int] = {}
    which = np.empty(len(table), dtype=np.int64)
    firsts: list[int] = []
    for i, row in enumerate(np.ascontiguousarray(table)):
        key = row.tobytes()
        found = numbers.get(key)
        if found is None:
            found = numbers[key] = len(firsts)
            firsts.append(i)
        which[i] = found
    return table[firsts], which


def _grids(rows: Any, columns: Any) -> tuple[Any, Any, Any]:
    """Pairs of rows and columns as parts of equal grids, of which they fill at least half.

    Returns:
        Tables (grids, u) of rows and (grids, v) of columns, and where in the grids each pair is; all empty without any.
    """
    together: dict[int, list[int]] = {}  # by row r and column -1 - c: those of its grid
    for r, c in zip(rows.tolist(), columns.tolist()):
        few, many = sorted((together.setdefault(key, [key]) for key in (r, -1 - c)), key=len)
        if few is not many:
            many += few
            together.update(dict.fromkeys(few, many))
    grids = {id(found): sorted(found) for found in together.values()}.values()
    split = [int(np.searchsorted(found, 0)) for found in grids]
    u, v = len(next(iter(grids))) - split[0], split[0]
    if u * v * len(grids) > 2 * len(rows) or {(len(found), k) for found, k in zip(grids, split)} != {(u + v, v)}:
        return (np.empty(0, dtype=np.int64),) * 3
    tables = np.array(list(grids))
    across, down = -1 - tables[:, v - 1 :: -1], tables[:, v:]
    place = np.empty((2, 1 + max(rows.max(), columns.max())), dtype=np.int64)
    place[0, down] = np.arange(down.size).reshape(down.shape) * v
    place[1, across] = np.arange(v)
    return down, across, place[0, rows] + place[1, columns]


def _products(lifted: Lifted, a: Any, b: Any, rows: Any, columns: Any, order: Any) -> tuple[Any, Any, tuple[int, ...]]:
    """One matrix product, or a stack of them; the order of nodes that its numbers have, and its shape."""
    builder = lifted.builder
    grids, u = rows.shape
    v = columns.shape[1]
    n = a.shape[1]
    if u == 1 and v == 1:
        return _row_by_row(lifted, a[rows[:, 0]], b[columns[:, 0]]), order, (grids,) if grids > 1 else ()
    if grids == 1 and u > 1 and v > 1 and order[1] == u:  # the first operands change fastest: they are the columns
        order = order.reshape(u, v).T.ravel() if (np.diff(order.reshape(u, v)[:, 0]) == 1).all() else order
        if order[1] == 1:
            a, b, rows, columns, u, v = b, a, columns, rows, v, u
    if grids == 1:
        left, right = matrix(lifted, a[rows[0]]), matrix(lifted, b[columns[0]])
        if u == 1:
            return builder.matmul(right, builder.reshape(left, (n,))), order, (v,)
        if v == 1 and builder.statements[right.id].op != "leaf":  # a layer of one neuron stays a matrix
            return builder.matmul(left, builder.reshape(right, (n,))), order, (u,)
        return builder.matmul(left, builder.transpose(right)), order, (u, v)
    stacks = [
        builder.reshape(matrix(lifted, table[which.ravel()]), (grids, which.shape[1], n))
        for table, which in ((a, rows), (b, columns))
    ]
    return builder.matmul(stacks[0], builder.transpose(stacks[1], (0, 2, 1))), order, (grids, u, v)


#: factors from at most so many pairs of arrays are multiplied pair by pair, not brought together first
FEW = 4


def _row_by_row(lifted: Lifted, left: Any, right: Any) -> Any:
    """Each row of one table with its row of the other: Σ xᵢ·yᵢ in shape (m,), or () for one row."""
    owners = lifted.owner[left[0]], lifted.owner[right[0]]
    if is_mixed(lifted, left) or is_mixed(lifted, right):
        return _pairs(lifted, matrix(lifted, left), matrix(lifted, right), left.shape)
    changes = (owners[0][1:] != owners[0][:-1]) | (owners[1][1:] != owners[1][:-1])
    cuts = [0, *(np.flatnonzero(changes) + 1).tolist(), left.shape[1]]
    if len(cuts) - 1 > FEW:
        return _pairs(lifted, matrix(lifted, left), matrix(lifted, right), left.shape)
    total: Any = None
    for low, high in itertools.pairwise(cuts):
        tables = [table[:, low:high] for table in (left, right)]
        x, y = (lifted.gather(table.ravel(), table.shape) for table in tables)
        if type(x) is float or type(y) is float:
            part = x * _row_sums(lifted, tables[1]) if type(x) is float else y * _row_sums(lifted, tables[0])
        else:
            part = _pairs(lifted, x, y, tables[0].shape)
        total = part if total is None else total + part
    return total


def _pairs(lifted: Lifted, x: Any, y: Any, shape: tuple[int, ...]) -> Any:
    """The row sums of the products of two tables of that shape."""
    builder = lifted.builder
    m, n = shape
    if m == 1:
        x, y = (builder.reshape(builder.broadcast(table, shape), (n,)) for table in (x, y))
        return builder.matmul(x, y)
    return builder.reduce("sum", builder.broadcast(x * y, shape), [1])


# --- labels -----------------------------------------------------------------------------------------------------------


def picks(lifted: Lifted, ids: Any, args: Any) -> None:
    """Nodes row[index]: the sum of the row where 0, 1, 2 … is the index, and 0 elsewhere.

    Every index with every row (a table of weights looked up at many places) is one grid. Numbers that are not picked
    play no part, whatever they are: they are not multiplied by 0.
    """
    builder, (m, count) = lifted.builder, args[:, 1:].shape
    indices, which = _distinct(args[:, :1])
    rows, at = _distinct(args[:, 1:])
    shape: tuple[int, ...] = (m,)
    if len(indices) * len(rows) == m and (which * len(rows) + at == np.arange(m)).all():
        shape = (len(indices), len(rows))
        column = builder.constant(lifted.gather(indices[:, 0], (len(indices),)))
        column = builder.reshape(column, (len(indices), 1, 1))
        table = matrix(lifted, rows)
    else:
        column = builder.reshape(builder.constant(lifted.gather(args[:, 0], (m,))), (m, 1))
        table = matrix(lifted, args[:, 1:])
    chosen = builder.elementwise(COMPARISONS["eq"], (column, builder.constant(np.arange(float(count)))))
    if hasattr(chosen, "id"):  # guards see to it that an index is one of the row
        builder.certain.add(chosen.id)
    kept = builder.broadcast(builder.elementwise(TABLE["where"], (chosen, table, 0.0)), (*shape, count))
    _define(lifted, builder.reduce("sum", kept, [len(shape)]), ids, shape)


def picked(builder: Builder, operands: Sequence[Any]) -> Any:
    """The same for one number."""
    index, *row = operands
    chosen = [builder.elementwise(COMPARISONS["eq"], (index, float(k))) for k in range(len(row))]
    terms = [builder.elementwise(TABLE["where"], (c, x, 0.0)) for c, x in zip(chosen, row)]
    return builder.elementwise(TABLE["sum"], terms)
