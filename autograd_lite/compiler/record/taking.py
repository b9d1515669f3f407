"""``ag.take`` by integers that are arguments of the recorded call: a choice made anew in every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.sweeps import Node

__all__ = ["recorded_take"]


def recorded_take(table: Any, indices: Any, integer: Callable[[Any], bool], pick: Callable[[Any, Any], Any]) -> Any:
    """What ``take(table, indices)`` gives when some of the indices are Values; None if one of them is no integer.

    Args:
        table, indices: the arguments of ``take``.
        integer: whether a Value stands for an integer argument.
        pick: ``pick(row, index)`` records the choice of one number.

    Whether the indices are in the table is a question that the function asks of its arguments: a call with another
    answer is recorded anew, and raises what it raises in plain code.
    """
    flat, build = _flattened(indices)
    if not all(integer(i) if isinstance(i, Node) else type(i) is int for i in flat):
        return None
    count = len(table)
    for i in flat:
        if not (i >= -count and i < count):
            raise IndexError(f"take: an index is not in a table of {count} entries")
    rows = table.values() if hasattr(table, "values") else table
    return build([_entry(rows, i, count, pick) for i in flat])


def _entry(table: Any, i: Any, count: int, pick: Callable[[Any, Any], Any]) -> Any:
    if type(i) is int:
        return table[i]
    if i < 0:
        i = i + float(count)
    if hasattr(table, "shape"):
        columns = np.asarray(table, dtype=object).reshape(count, -1).T.tolist()
        picked = [pick(column, i) for column in columns]
        return picked[0] if table.ndim == 1 else _array(picked, table.shape[1:])
    if all(isinstance(entry, (Node, int, float)) for entry in table):
        return pick(table, i)
    if all(isinstance(entry, (list, tuple)) for entry in table) and len({len(entry) for entry in table}) == 1:
        numbers = [_entry(column, i, count, pick) for column in zip(*table, strict=True)]
        return tuple(numbers) if isinstance(table[0], tuple) else numbers
    return table[int(i.data)]  # rows of another kind, or of several lengths: read, so that other indices record anew


def _flattened(indices: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The single indices, and what arranges as many entries as they are."""
    if isinstance(indices, (list, tuple)):
        parts = [_flattened(item) for item in indices]

        def build(entries: list[Any]) -> Any:
            found, at = [], 0
            for flat, inner in parts:
                found.append(inner(entries[at : at + len(flat)]))
                at += len(flat)
            return tuple(found) if isinstance(indices, tuple) else found

        return [i for flat, _ in parts for i in flat], build
    if getattr(indices, "ndim", 0):
        shape = indices.shape
        return indices.ravel().tolist(), lambda entries: _stacked(entries, shape)
    return [indices], lambda entries: entries[0]


def _stacked(entries: list[Any], shape: tuple[int, ...]) -> Any:
    inner = np.array([entries[0]], dtype=object).shape[1:] if entries else ()
    flat = [x for entry in entries for x in np.asarray([entry], dtype=object).ravel().tolist()]
    return _array(flat, (*shape, *inner))


def _array(numbers: list[Any], shape: tuple[int, ...]) -> Any:
    made = np.empty(len(numbers), dtype=object)
    made[:] = numbers
    return made.reshape(shape)
