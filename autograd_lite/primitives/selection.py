"""Taking entries of a table by their places: no node of its own, the entries themselves.

An index is data, without a derivative. While a function is recorded its integer arguments are Values that stand for
them: such an index is handed to the recording as a whole (``Operand._take``), so that one recording serves all of them.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

from .primitive import Operand

__all__ = ["take"]


def take(table: Any, i: Any) -> Any:
    """The entries of ``table`` at the places ``i``: an embedding's rows, a token's numbers, a class's score.

    The entries are taken as they are, so that a gradient goes to those taken, as often as they were. In a compiled
    function ``i`` may be an argument: one recording serves every index.

    Args:
        table: a list or tuple (of numbers, Values, or lists of them: rows, which may differ in length), a NumPy array
            of numbers or Values, a ``Parameter``. It is indexed along its first axis.
        i: an int, a list or tuple of ints, nested too, or an integer array. A negative one counts from the end.

    Returns:
        For an int ``table[i]``; for a list or tuple, one like it; for an array, an array of its shape and the entries'.

    Raises:
        IndexError: for an index that is not in the table.
        TypeError: for an index that is no integer: a float, a bool, a Value, a text; for a table that is none.

    >>> import autograd_lite as ag
    >>> table = [[ag.Value(1.0), ag.Value(2.0)], [ag.Value(3.0), ag.Value(4.0)]]
    >>> y = ag.sum(ag.take(table, -1)) * ag.take(table, [0, 1])[1][0]
    >>> y.backward(); table[1][0].grad, table[0][0].grad
    (10.0, 0.0)
    """
    if (not hasattr(table, "shape") and not isinstance(table, Sequence)) or isinstance(table, (str, bytes)):
        raise TypeError(f"take: a table is a list, a tuple or an array, not {_called(table)}: pass list(…) of it")
    if getattr(table, "shape", None) == ():
        raise TypeError("take: a table has at least one axis, and this is a single number")
    asked = _operand_in(i)
    if asked is not None:
        found = asked._take(table, i) if hasattr(asked, "_take") else None
        if found is not None:
            return found
        _place(asked, 0)
    return _taken(table, i)


def gathered(table: Any, key: Any) -> Any:
    """``table[key]`` where ``key`` holds integers that are arguments of the function being recorded; None elsewhere.

    Args:
        table: an array of Values.
        key: what stands in its brackets: of several indices none is a slice.
    """
    keys = key if isinstance(key, tuple) else (key,)
    if all(_operand_in(k) is None for k in keys) or any(isinstance(k, (slice, type(None), type(...))) for k in keys):
        return None
    import numpy as np

    places = np.broadcast(*[np.asarray(k, dtype=object) for k in keys])
    if len(keys) == 1:
        return take(table, np.asarray(keys[0], dtype=object) if places.shape else keys[0])
    found = [functools.reduce(take, place, table) for place in places]
    made = np.empty(len(found), dtype=object)
    made[:] = found
    return made.reshape(places.shape) if places.shape else found[0]


def _operand_in(i: Any) -> Operand | None:
    """The first index that stands for an argument of a recording, or is a Value by mistake; None if there is none."""
    waiting = [i]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Operand):
            return item
        if isinstance(item, (list, tuple)):
            waiting.extend(item)
        elif getattr(item, "ndim", 0) and item.dtype == object:
            waiting.extend(item.ravel().tolist())
    return None


def _taken(table: Any, i: Any) -> Any:
    count = len(table)
    if isinstance(i, (list, tuple)):
        found = [_taken(table, item) for item in i]
        return tuple(found) if isinstance(i, tuple) else found
    if getattr(i, "ndim", 0):
        return _array(table, i, count)
    return table[_place(i, count)]


def _place(i: Any, count: int) -> int:
    """The index as an int, TypeError for what is none, IndexError for one outside a table of so many entries."""
    if isinstance(i, Operand):
        raise TypeError(
            "take: an index is an integer, and this is a Value: a number that is computed has a derivative, a place in "
            "a table has none. Keep indices as ints, or pass int(v.data)"
        )
    kind = type(i).__name__
    if isinstance(i, bool) or kind in ("bool_", "bool"):
        raise TypeError(f"take: an index is an integer, not the bool {i}: for a choice by a condition write ag.where")
    try:
        place = operator.index(i)
    except TypeError:
        cure = f"; int({i!r}) is one" if isinstance(i, float) and i == i // 1.0 else ""
        raise TypeError(f"take: an index is an integer, not {_called(i)}{cure}") from None
    if not -count <= place < count:
        raise IndexError(f"take: the index {place} is not in a table of {count} entries")
    return place


def _array(table: Any, i: Any, count: int) -> Any:
    """The entries at an array of places, as an array of the shape of both."""
    import numpy as np

    if i.dtype == bool or i.dtype.kind not in "iuO":
        raise TypeError(f"take: an array of indices is one of integers, not of {i.dtype}: write i.astype(int)")
    places = np.array([_place(item, count) for item in i.ravel().tolist()], dtype=int).reshape(i.shape)
    if hasattr(table, "shape"):
        return table[places]
    whole = np.array([_unpacked(row) for row in table], dtype=object)
    if any(isinstance(item, (list, tuple)) for item in whole.ravel().tolist()):
        raise ValueError("take: the rows of this table differ in length and make no array: pass the indices as a list")
    numbers = all(isinstance(item, (int, float)) for item in whole.ravel().tolist())
    return (whole.astype(float) if numbers else whole)[places]


def _unpacked(row: Any) -> Any:
    return row.tolist() if hasattr(row, "tolist") and not isinstance(row, Operand) else row


def _called(x: Any) -> str:
    """How a message names an argument of the wrong kind."""
    kind = type(x).__name__
    return f"{kind} {x!r}" if isinstance(x, (str, float)) else f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
