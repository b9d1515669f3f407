"""Numbers picked out of rows by an index, as NumPy runs them: looked up, and added up where they were picked.

In a program a pick is the sum of a row where 0, 1, 2 … is the index, and 0 elsewhere; its adjoint the sum over the
picks of what arrives where the index is. For rows as long as a vocabulary, that is most of the work.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..ir.array_program import ArrayProgram, Statement

__all__ = ["Pick", "added", "looked_up", "picks_of"]

#: from so many numbers in the rows on, looking up is faster than comparing
LARGE = 4096


class Pick(NamedTuple):
    """Sums of ``where(index == [0, 1, 2 …], x, 0)`` along axes.

    Attributes:
        choice: the number of the statement ``where``.
        at, x: those of its parts, the index and the row; ``shape`` is its shape.
    """

    choice: int
    at: int
    x: int
    shape: tuple[int, ...]


def picks_of(program: ArrayProgram, users: Sequence[Sequence[int]]) -> tuple[dict[int, Pick], set[int]]:
    """The sums of a program that are picks, or their adjoints, of many numbers; and what then need not be computed."""
    found: dict[int, Pick] = {}
    statements = program.statements
    for i, s in enumerate(statements):
        if s.op != "sum" or len(users[s.args[0]]) != 1 or statements[s.args[0]].name != "where":
            continue
        choice = statements[s.args[0]]
        condition, x, other = (statements[a] for a in choice.args)
        last, count = len(choice.shape) - 1, choice.shape[-1]
        forward = s.attrs == (last,) and x.shape[-1:] == (count,)
        back = last not in s.attrs and x.shape[-1:] == (1,)
        if math.prod(choice.shape) < LARGE or not (forward or back) or not _is_number(other, 0.0):
            continue
        if condition.name == "eq":
            index, places = condition.args
            if statements[index].shape[-1:] == (1,) and _counts(statements[places], count):
                found[i] = Pick(s.args[0], index, choice.args[1], choice.shape)
    choices = {pick.choice for pick in found.values()}
    return found, choices | {i for i, s in enumerate(statements) if s.boolean and choices >= {*users[i]}}


def _is_number(s: Statement, number: float) -> bool:
    return s.op == "constant" and s.shape == () and s.attrs == number


def _counts(s: Statement, count: int) -> bool:
    """Whether it is 0, 1, 2 …"""
    return s.op == "constant" and s.shape == (count,) and np.array_equal(s.attrs, np.arange(count))


def looked_up(pick: Pick, index: Any, x: Any) -> Any:
    """The numbers of ``x`` at ``index``, and 0 where that is no place in a row."""
    places, valid = _places(index, pick.shape[-1])
    grid = [np.arange(n).reshape((n, *[1] * (x.ndim - 2 - axis))) for axis, n in enumerate(x.shape[:-1])]
    return np.where(valid, x[(*grid, places)], 0.0)


def added(pick: Pick, axes: Sequence[int], index: Any, x: Any) -> Any:
    """Rows of zeros to which ``x`` is added at ``index``, along ``axes`` all to one."""
    *outer, count = pick.shape
    places, valid = _places(index, count)
    kept = [1 if axis in axes else n for axis, n in enumerate(outer)]
    size = math.prod(kept)
    flat = np.arange(size).reshape(kept) * count + places
    numbers = np.where(valid, x[..., 0], 0.0)
    flat, numbers = (np.broadcast_to(array, outer).ravel() for array in (flat, numbers))
    shape = [n for axis, n in enumerate(pick.shape) if axis not in axes]
    return np.bincount(flat, numbers, size * count).reshape(shape)


def _places(index: Any, count: int) -> tuple[Any, Any]:
    """An index as places in rows of so many, and where it is one."""
    numbers = index[..., 0]
    places = np.fmax(np.fmin(numbers, count - 1.0), 0.0).astype(np.intp)
    return places, places == numbers
