"""From scalars to arrays: nodes of one primitive on one level, with operands from the same arrays, are one statement.

A level is the longest way to the leaves. Within a statement the operands' flat positions in their arrays are an index
pattern: the array itself, a slice, a broadcast, or in the worst case a gather. A grid of dots, every row of one set
with every row of another, is a matrix product.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...primitives.primitive import Primitive
from ..ir.array_program import Symbol
from ..ir.control_ops import pick
from ..ir.scalar_program import Program
from .index_patterns import Pattern, common_shape, find_pattern
from .lifted import CONSTANT, Lifted
from .ragged import RAGGED, ragged
from .reductions import dots, picked, picks, reduced
from .softmax import SOFTMAX, softmax_rows

__all__ = ["level_groups", "lift", "same_rows", "statement", "tables", "unlifted"]

#: numbers at the ends of a row, which read others than those within; operands of an op, at most
EDGE, NARROW = 2, 3
#: groups to which one with constants may belong, at most
TRIED = 32

Buckets = dict[tuple[int, str, int], list[int]]


def unlifted(program: Program) -> Lifted:
    """Every number a statement of its own: the scalar program in the same form."""
    lifted = Lifted(program)
    for k, (prim, args) in enumerate(zip(program.prims, program.args)):
        operands = [lifted.one(i) for i in args]
        found = picked(lifted.builder, operands) if prim is pick else lifted.builder.elementwise(prim, operands)
        lifted.define(found, np.array([program.first + k]))
    return lifted


def lift(program: Program, buckets: Buckets | None = None, textbook: bool = False, most: float = math.inf) -> Lifted:
    """The scalar program as array statements.

    Args:
        program: the program; ``buckets`` are its ``level_groups``, if they are known.
        textbook: whether it is to be read, and not run.
        most: if it would run more statements, what comes after those is left out.
    """
    lifted = Lifted(program, textbook)
    many = _together(program, buckets or level_groups(program))
    uses = _uses(lifted, many)
    for prim, alike in many:
        if len(lifted.builder.statements) > most and lifted.cost() > most:
            break
        if len(alike) > 1:
            tables_of_many, alike = ragged(lifted, prim, alike)
            for ids, args in tables_of_many:
                statement(lifted, prim, ids, args)
        for ids, args in alike:
            groups = same_rows(lifted.owner[args])
            if len(groups) > 1 and (prim.name in RAGGED or (0 < prim.arity <= NARROW and prim.whole < 0)):
                groups = _with_constants(groups, lifted.owner[args], uses[ids])
            if len(groups) > 1 and 0 < prim.arity <= NARROW and prim.whole < 0:
                groups = _with_edges(groups, uses[ids])
            for rows in groups:
                statement(lifted, prim, ids[rows], args[rows])
    return lifted


def _uses(lifted: Lifted, many: Sequence[tuple[Primitive, list[tuple[Any, Any]]]]) -> Any:
    """For each id one of the operands that it is: numbers of one are better in one array."""
    uses = np.full(len(lifted.owner), -1)
    for n, (_, alike) in enumerate(many):
        for _, args in alike:
            width = args.shape[1]
            uses[args] = n * NARROW + (np.arange(width) if width <= NARROW else 0)
    return uses


def _with_constants(groups: list[Any], owners: Any, uses: Any) -> list[Any]:
    """Groups of numbers that are used alike together, where one has constants in place of another's operands: those
    beyond a mask.
    """
    found: list[tuple[Any, set[int], list[Any]]] = []
    for rows in sorted(groups, key=lambda rows: int((owners[rows[0]] == CONSTANT).sum())):
        row, used = owners[rows[0]], set(uses[rows].tolist())
        for more, uses_of_more, together in found[:TRIED] if (row == CONSTANT).any() else ():
            if -1 not in used and used <= uses_of_more and ((row == more) | (row == CONSTANT)).all():
                together.append(rows)
                break
        else:
            found.append((row, used, [rows]))
    return [np.sort(np.concatenate(together)) for _, _, together in found]


def _with_edges(groups: list[Any], uses: Any) -> list[Any]:
    """The largest group with those of a number or two that are used as it is: the ends of a row, of which more would be
    apart at every level.
    """
    largest = max(groups, key=len)
    used = set(uses[largest].tolist()) - {-1}
    joined: list[Any] = [largest]
    apart: list[Any] = []
    for rows in groups:
        if rows is not largest:
            ends = len(rows) <= EDGE < len(largest) // 2 and used.issuperset(uses[rows].tolist())
            (joined if ends else apart).append(rows)
    return [np.sort(np.concatenate(joined)), *apart]


def level_groups(program: Program, part: slice = slice(None)) -> Buckets:
    """Instructions (or a part of them) by level, primitive and number of operands: the fewest statements."""
    begin, end, _ = part.indices(len(program))
    first = program.first + begin
    operands, starts = program.operands()
    operands, starts = operands[starts[begin] : starts[end]], starts[begin : end + 1] - starts[begin]
    inner = np.flatnonzero(operands >= first)  # leaves, and what is before, are on level 0
    computed = array("q", (operands[inner] - first).tobytes())
    cuts = np.searchsorted(inner, starts).tolist()
    level: list[int] = []
    buckets: Buckets = {}
    at = level.__getitem__
    below: dict[bytes, int] = {}  # of long rows, which the neurons of a layer share
    for k, (prim, count) in enumerate(zip(program.prims[part], np.diff(starts).tolist())):
        row = computed[cuts[k] : cuts[k + 1]]
        if len(row) < 8:
            here = 1 + max(map(at, row), default=0)
        else:
            key = row.tobytes()
            here = below.get(key) or below.setdefault(key, 1 + max(map(at, row)))
        level.append(here)
        buckets.setdefault((here, prim.name, count), []).append(begin + k)
    return buckets


def tables(program: Program, buckets: Buckets) -> list[tuple[Primitive, Any, Any]]:
    """For each bucket, lower levels first: the primitive, ids, and a table of operands."""
    operands, starts = program.operands()
    result = []
    for key in sorted(buckets, key=lambda key: key[0]):
        members = np.array(buckets[key])
        begin, end = starts[members[0]], starts[members[-1] + 1]
        if end - begin == len(members) * key[2]:  # side by side
            table = operands[begin:end].reshape(len(members), key[2])
        else:
            table = operands[starts[members][:, None] + np.arange(key[2])]
        result.append((program.prims[members[0]], members + program.first, table))
    return result


def _together(program: Program, buckets: Buckets) -> list[tuple[Primitive, list[tuple[Any, Any]]]]:
    """The tables of all buckets, those of one level and primitive together where they may be rows of many lengths."""
    result: list[tuple[Primitive, list[tuple[Any, Any]]]] = []
    places: dict[Any, list[tuple[Any, Any]]] = {}
    keys = sorted(buckets, key=lambda key: key[0])
    for key, (prim, ids, table) in zip(keys, tables(program, buckets)):
        alike = places.get(key[:2]) if prim.name in RAGGED else None
        if alike is not None:
            alike.append((ids, table))
            continue
        places[key[:2]] = [(ids, table)]
        result.append((prim, places[key[:2]]))
    return result


def same_rows(owners: Any) -> list[Any]:
    """Row numbers grouped by equal rows, in order of first appearance."""
    if len(owners) == 1 or (owners == owners[0]).all():
        return [slice(None)]
    groups: dict[bytes, list[int]] = {}
    for i, row in enumerate(owners):
        groups.setdefault(row.tobytes(), []).append(i)
    return [np.array(rows) for rows in groups.values()]


def statement(lifted: Lifted, prim: Primitive, ids: Any, args: Any) -> None:
    """One statement for the numbers ``ids``; row k of ``args`` has the operands of number k."""
    name = prim.name
    if lifted.builder.textbook and name in SOFTMAX and softmax_rows(lifted, name, ids, args):
        return
    if prim.whole >= 0 and len(ids) > 1:  # one statement for each whole number, which is part of the function
        numbers = args[:, prim.whole]
        keys = np.where(lifted.owner[numbers] == CONSTANT, lifted.number[numbers], np.nan)
        for key in dict.fromkeys(keys.tolist()):
            rows = keys == key if key == key else keys != keys
            elementwise(lifted, prim, ids[rows], args[rows])
    elif name in ("dot", "affine"):
        dots(lifted, prim, ids, args)
    elif prim.arity < 0 and name in ("sum", "mean", "max", "min", "logsumexp", "prod") and args.shape[1] > 1:
        reduced(lifted, prim, ids, args)
    elif prim is pick:
        picks(lifted, ids, args)
    elif len(ids) == 1:
        operands = [lifted.one(int(i)) for i in args[0]]
        lifted.define(lifted.builder.elementwise(prim, operands), ids)
    else:
        elementwise(lifted, prim, ids, args)


def elementwise(lifted: Lifted, prim: Primitive, ids: Any, args: Any) -> None:
    """A primitive applied element by element to arrays."""
    order = _order(lifted, args)
    if order is not None:
        ids, args = ids[order], args[order]
    columns = [args[:, k] for k in range(args.shape[1])]
    patterns = [find_pattern(lifted.position[c]) if _whole(lifted, c) else None for c in columns]
    shape = result_shape(lifted, columns, patterns, len(ids))
    operands = [lifted.gather(column, shape) for column in columns]
    result = lifted.builder.elementwise(prim, operands)
    if isinstance(result, Symbol) and result.shape != shape:
        result = lifted.builder.broadcast(result, shape)
    lifted.define(result, ids)


def _whole(lifted: Lifted, ids: Any) -> bool:
    """Whether numbers are all of one array."""
    owners = lifted.owner[ids]
    return owners[0] != CONSTANT and bool((owners == owners[0]).all())


def _order(lifted: Lifted, args: Any) -> Any:
    """The order in which an operand is all of its array; None if that is the order already, or there is none."""
    for k in range(args.shape[1]):
        owner = int(lifted.owner[args[0, k]])
        if not _whole(lifted, args[:, k]):
            continue
        positions = lifted.position[args[:, k]]
        if len(positions) == math.prod(lifted.builder.symbol(owner).shape):
            if (positions[1:] > positions[:-1]).all():
                return None
            order = np.argsort(positions, kind="stable")
            ordered = positions[order]
            if (ordered[1:] > ordered[:-1]).all():
                return order
    return None


def result_shape(
    lifted: Lifted, columns: Sequence[Any], patterns: Sequence[Pattern | None], count: int
) -> tuple[int, ...]:
    """A shape in which as many operands as possible are views: the coarsest that refines all their patterns."""
    shapes: list[tuple[int, ...]] = []
    wholes: set[Any] = set()
    for column, pattern in zip(columns, patterns):
        if pattern is None and lifted.owner[column[0]] != CONSTANT:
            wholes.add(None)
        if pattern is None or not pattern.dims:
            continue
        own = lifted.builder.symbol(int(lifted.owner[column[0]])).shape
        whole = pattern.dims == (count,) and pattern.strides == (1,) and pattern.offset == 0 and math.prod(own) == count
        wholes.add(own if whole else None)
        candidate = own if whole and len(own) > 1 else pattern.dims
        if common_shape([*shapes, candidate]) is not None:
            shapes.append(candidate)
    if len(wholes) == 1 and None not in wholes:  # whole arrays of one shape: axes of length 1 are kept
        return tuple(wholes.pop())
    return (common_shape(shapes) if shapes else None) or (count,)
