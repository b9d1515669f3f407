"""The arguments of a ``vmap``: what is an array of lanes, and what all lanes share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...functional.pytree import children, contains_node
from ...functional.vmap import lane_of
from ..record.structure import Parts, as_numbers, flatten, has_integers
from .forms import Unlike
from .plans import Path

__all__ = ["Batches"]


class Batches:
    """The arguments of a call, taken apart into arrays of lanes and into what all lanes share.

    Attributes:
        given: each argument by position, and its axis.
        arrays: for each argument, those by keyword last, the arrays of its lanes, lanes first, or None for one that is
            shared.
        count: the number of lanes; 0 if there are none, or batches of different sizes.
        lists: whether all batches are lists, and results are.

    Raises:
        Unlike: if an argument is not of plain numbers.
    """

    def __init__(self, args: Sequence[Any], axes: Sequence[Any], named: dict[str, Any]) -> None:
        self.given = list(zip(args, axes))
        self.kinds: set[type] = set()
        self.arrays = [(arg, None if axis is None else self._split(arg, axis)) for arg, axis in self.given]
        self.arrays += [(arg, None) for arg in named.values()]
        if not self.kinds or any(part is None and contains_node(arg) for arg, part in self.arrays):
            raise Unlike
        sizes = {len(array) for _, part in self.arrays for array in part or ()}
        self.count = sizes.pop() if len(sizes) == 1 else 0
        self.lists = self.kinds == {list}

    def _split(self, x: Any, axis: Any) -> list[Any]:
        """The arrays of a mapped argument."""
        if isinstance(x, (dict, tuple)):
            return [array for item in children(x) for array in self._split(item, axis)]
        array = as_numbers(x)
        if array is None or type(axis) is not int or not -array.ndim <= axis < array.ndim:
            raise Unlike
        if isinstance(x, list) and (axis < 0 or has_integers(x)):
            raise Unlike
        self.kinds.add(list if isinstance(x, list) else np.ndarray)
        return [np.moveaxis(np.asarray(array, dtype=float), axis, 0)]

    def lane(self, k: int) -> tuple[Any, ...]:
        """The arguments of one lane."""
        return tuple(arg if axis is None else lane_of(arg, axis, k) for arg, axis in self.given)

    def blocks(self, path: Path, left: Any) -> list[tuple[Any, bool]] | None:
        """The array of every block of the recording's arguments, and whether it has lanes; None if they don't fit."""
        shapes = path.shapes
        found: list[tuple[Any, bool]] = []
        for arg, part in self.arrays:
            if part is None:
                shared = Parts()
                flatten(arg, shared)
                found += [(np.asarray(block, dtype=float), False) for block in shared]
                continue
            # a tuple of numbers is one block, which here comes in several batches
            rows = [array if left is None else array[left] for array in part]
            rows = [array.reshape(len(array), -1) for array in rows]
            flat = rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1)
            while flat.shape[1]:
                shape = shapes[len(found)] if len(found) < len(shapes) else ()
                size = math.prod(shape)
                if not 0 < size <= flat.shape[1]:
                    return None
                found.append((flat[:, :size].reshape(len(flat), *shape), True))
                flat = flat[:, size:]
        return found if [block.shape[batched:] for block, batched in found] == shapes else None
