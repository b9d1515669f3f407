"""``ag.take`` by integers that are arguments of the recorded call: a choice made anew in every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.sweeps import Node
from ...functional.pytree import atoms, mapped
from ...primitives.selection import gathered

__all__ = ["indexable", "recorded_take"]


class Table(np.ndarray[Any, Any]):
    """An argument's numbers, which integers that are arguments index."""

    def __getitem__(self, key: Any) -> Any:
        found = gathered(self, key)
        return super().__getitem__(key) if found is None else found

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array.view(Table) if array.ndim else array[()]


def indexable(x: Any) -> Any:
    """Something like ``x`` with arrays of Values as tables."""
    if isinstance(x, np.ndarray):
        return x.view(Table) if type(x) is np.ndarray and x.dtype == object else x
    return mapped(x, indexable)


def recorded_take(table: Any, indices: Any, integer: Callable[[Any], bool], pick: Callable[[Any, Any], Any]) -> Any:
    """What ``take(table, indices)`` gives when some of the indices are Values; None if one of them is no integer.

    Args:
        table, indices: the arguments of ``take``.
        integer: whether a Value stands for an integer argument.
        pick: ``pick(row, index)`` records the choice of one number.

    Whether the indices are in the table is a question that the function asks of its arguments: a call with another
    answer is recorded anew, and raises what it raises in plain code.
    """
    if not all(integer(i) if isinstance(i, Node) else type(i) is int for i in atoms(indices)):
        return None
    rows, count = table.values() if hasattr(table, "values") else table, len(table)

    def taken(i: Any) -> Any:
        if isinstance(i, (list, tuple)):
            found = [taken(item) for item in i]
            return tuple(found) if isinstance(i, tuple) else found
        if getattr(i, "ndim", 0):
            return _stacked([taken(item) for item in i.ravel().tolist()], i.shape)
        if not (i >= -count and i < count):
            raise IndexError(f"take: an index is not in a table of {count} entries")
        return _entry(rows, i, count, pick)

    return taken(indices)


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


def _stacked(entries: list[Any], shape: tuple[int, ...]) -> Any:
    inner = np.array([entries[0]], dtype=object).shape[1:] if entries else ()
    flat = [x for entry in entries for x in np.asarray([entry], dtype=object).ravel().tolist()]
    return _array(flat, (*shape, *inner))


def _array(numbers: list[Any], shape: tuple[int, ...]) -> Any:
    made = np.empty(len(numbers), dtype=object)
    made[:] = numbers
    return made.reshape(shape)
