"""Values that stand in nested lists of one shape, as an array: read where they are, and known by their order."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ...engine.packs import read_numbers
from ...engine.value import Value

__all__ = ["Pack", "as_pack"]


class Pack:
    """Live Values, of no subclass, that a program reads as one array.

    Attributes:
        nodes: the Values, in row-major order.
        shape: the array's shape.
    """

    __slots__ = ("nodes", "shape")

    def __init__(self, nodes: list[Any], shape: tuple[int, ...]) -> None:
        self.nodes = nodes
        self.shape = shape

    def _number(self) -> Any:
        """Their numbers now."""
        flat = np.empty(len(self.nodes))
        read_numbers(self.nodes, flat)
        return flat.reshape(self.shape)


def as_pack(x: Any) -> tuple[Pack, tuple[type, ...]] | None:
    """The Values that nested lists and tuples hold, and the types of those from the outermost inwards.

    None if they hold anything else, a subclass's Values too, are ragged, or differ in type on one level.
    """
    first = x
    while type(first) in (list, tuple) and first:
        first = first[0]
    if type(first) is not Value:
        return None
    level: list[Any] = [x]
    shape: list[int] = []
    kinds: list[type] = []
    while True:
        found = set(map(type, level))
        if len(found) > 1:
            return None
        kind = found.pop()
        if kind is Value:
            return Pack(level, tuple(shape)), tuple(kinds)
        lengths = set(map(len, level)) if kind in (list, tuple) else {0}
        if len(lengths) > 1 or 0 in lengths:
            return None
        shape.append(lengths.pop())
        kinds.append(kind)
        level = list(itertools.chain.from_iterable(level))
