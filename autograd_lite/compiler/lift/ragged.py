"""Rows of different lengths as one table: a growing list that is summed at every step, the causal rows of an attention.

Reductions of one kind on one level whose operands are in the same arrays are one reduction of a table with a row for
each, padded with what changes nothing. What follows them is then on one level too, and one statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...primitives.primitive import Primitive

if TYPE_CHECKING:
    from .lifted import Lifted

__all__ = ["RAGGED", "ragged"]

#: the primitives whose operands may come in any number, and how many rows of operands they have
RAGGED = {"sum": 1, "dot": 2, "affine": 2, "max": 1, "min": 1}

#: a table may be so many times as large as the rows in it
LOOSE = 4

Rows = tuple[Any, Any]


def ragged(lifted: Lifted, prim: Primitive, buckets: Sequence[Rows]) -> tuple[list[Rows], list[Rows]]:
    """Reductions of several lengths that have their operands in the same arrays, together.

    Args:
        lifted: the statements so far.
        prim: the primitive.
        buckets: for each length the ids, and a table of their operands.

    Returns:
        Ids and tables that are padded to one length, and what is left, of one length each.
    """
    together: list[Rows] = []
    left: list[Rows] = []
    groups: dict[tuple[int, ...], list[Rows]] = {}
    sides = RAGGED[prim.name]
    for ids, table in buckets:
        width = (table.shape[1] - (prim.name == "affine")) // sides
        parts = [table[:, k * width : (k + 1) * width] for k in range(sides)]
        owners = [lifted.owner[part] for part in parts]
        keys = np.stack([part[:, 0] for part in owners], axis=1) if width else np.zeros((len(ids), 0), dtype=np.int64)
        pure = (
            np.logical_and.reduce([(part == part[:, :1]).all(axis=1) for part in owners])
            if width
            else np.zeros(len(ids), bool)
        )
        if (~pure).any():
            left.append((ids[~pure], table[~pure]))
        for key in dict.fromkeys(map(tuple, keys[pure].tolist())):
            chosen = pure & (keys == key).all(axis=1)
            groups.setdefault(key, []).append((ids[chosen], table[chosen]))
    for found in groups.values():
        merged = _padded(lifted, prim, found) if len(found) > 1 else None
        if merged is None:
            left += found
        else:
            together.append(merged)
    return together, left


def _padded(lifted: Lifted, prim: Primitive, found: Sequence[Rows]) -> Rows | None:
    """The rows in one table, in the order of their ids; None if most of it would be padding."""
    sides, tail = RAGGED[prim.name], int(prim.name == "affine")
    widths = [(table.shape[1] - tail) // sides for _, table in found]
    width, rows = max(widths), sum(len(ids) for ids, _ in found)
    if rows * width > LOOSE * sum(w * len(ids) for w, (ids, _) in zip(widths, found)):
        return None
    pad = lifted.pads[prim.name]
    table = np.full((rows, sides * width + tail), pad, dtype=np.int64)
    at = 0
    for w, (ids, part) in zip(widths, found):
        for k in range(sides):
            table[at : at + len(ids), k * width : k * width + w] = part[:, k * w : (k + 1) * w]
        if tail:
            table[at : at + len(ids), -1] = part[:, -1]
        at += len(ids)
    ids = np.concatenate([ids for ids, _ in found])
    order = np.argsort(ids, kind="stable")
    table = table[order]
    if sides == 2 and len(lifted.program.outputs) == 1:  # 0 · nan: what is beyond a row is used by another row
        second = table[:, width : 2 * width]
        _extend(second, pad)
    return ids[order], table


def _extend(rows: Any, pad: int) -> None:
    """Let rows that are the beginning of a longer one go on like it: they are then one row, multiplied by zeros."""
    lengths = (rows != pad).sum(axis=1)
    longer: dict[tuple[int, bytes], int] = {}
    kinds = sorted(set(lengths.tolist()))
    for r in np.argsort(-lengths, kind="stable").tolist():
        n = int(lengths[r])
        found = longer.get((n, rows[r, :n].tobytes()))
        if found is not None:
            rows[r] = rows[found]
            continue
        for k in kinds:
            if k <= n:
                longer.setdefault((k, rows[r, :k].tobytes()), r)
