"""The arguments of a ``vmap``: what is an array of lanes, and what all lanes share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...functional.pytree import contains_node
from ...functional.vmap import lane_of
from ..record.structure import flatten, has_integers
from .plans import Path

__all__ = ["Batches"]


class Batches:
    """The arguments of a call, taken apart into arrays of lanes and into what all lanes share.

    Attributes:
        arrays: for each argument the arrays of its lanes, lanes first, or None for one that is shared; None in the
            place of them all if an argument is not of plain numbers.
        count: the number of lanes; 0 if there are none, or batches of different sizes.
        lists: whether all batches are lists, and results are.
    """

    def __init__(self, args: Sequence[Any], axes: Sequence[Any], named: dict[str, Any]) -> None:
        self.args, self.axes, self.named = args, axes, named
        self.given = list(zip(args, axes))
        self.arrays: list[list[Any] | None] | None = []
        self.kinds: set[type] = set()
        for arg, axis in zip(args, axes):
            part: list[Any] | None = [] if axis is not None else None
            if (part is not None and not self._split(arg, axis, part)) or (part is None and contains_node(arg)):
                self.arrays = None
                return
            self.arrays.append(part)
        if contains_node(named) or not self.kinds:
            self.arrays = None
            return
        sizes = {len(array) for part in self.arrays if part is not None for array in part}
        self.count = sizes.pop() if len(sizes) == 1 else 0
        self.lists = self.kinds == {list}

    def _split(self, x: Any, axis: Any, found: list[Any]) -> bool:
        """Append the arrays of a mapped argument; False if it is not made of any."""
        if isinstance(x, dict):
            return all(self._split(item, axis, found) for item in x.values())
        if isinstance(x, tuple):
            return all(self._split(item, axis, found) for item in x)
        if not isinstance(x, (list, np.ndarray)) or not isinstance(axis, int) or isinstance(axis, bool):
            return False
        if isinstance(x, np.ma.MaskedArray):
            return False
        if isinstance(x, list) and (axis < 0 or has_integers(x)):
            return False
        try:
            array = np.asarray(x)
        except ValueError:  # rows of different lengths
            return False
        if array.dtype.kind not in "fiu" or not -array.ndim <= axis < array.ndim:
            return False
        self.kinds.add(list if isinstance(x, list) else np.ndarray)
        found.append(np.moveaxis(np.asarray(array, dtype=float), axis, 0))
        return True

    def lane(self, k: int) -> tuple[Any, ...]:
        """The arguments of one lane."""
        return tuple(arg if axis is None else lane_of(arg, axis, k) for arg, axis in zip(self.args, self.axes))

    def blocks(self, path: Path, left: Any) -> list[tuple[Any, bool]] | None:
        """The array of every block of the recording's arguments, and whether it has lanes; None if they don't fit."""
        shapes = {leaf.key: leaf.shape for leaf in path.leaves if leaf.kind == "argument"}
        found: list[tuple[Any, bool]] = []
        assert self.arrays is not None
        for arg, part in zip([*self.args, *self.named.values()], [*self.arrays, *[None] * len(self.named)]):
            if part is None:
                shared: list[Any] = []
                flatten(arg, shared)
                found += [(np.asarray(block, dtype=float), False) for block in shared]
                continue
            chosen = part if left is None else [array[left] for array in part]
            if [array.shape[1:] for array in chosen] != [shapes.get(len(found) + i) for i in range(len(chosen))]:
                flat = np.concatenate([array.reshape(len(array), -1) for array in chosen], axis=1)
                chosen = []  # a tuple of numbers is one block, which here comes in several batches
                while flat.shape[1]:
                    shape = shapes.get(len(found) + len(chosen), ())
                    size = math.prod(shape)
                    if not 0 < size <= flat.shape[1]:
                        return None
                    chosen.append(flat[:, :size].reshape(len(flat), *shape))
                    flat = flat[:, size:]
            found += [(array, True) for array in chosen]
        fits = {k: block.shape[batched:] for k, (block, batched) in enumerate(found)}
        return found if fits == shapes else None
