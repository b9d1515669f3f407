"""The loose Values that a program reads as arrays: all of them are read in one go, and their gradients added in one."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ...engine.packs import add_gradients, read_gradients, read_numbers, write_gradients
from ...engine.sweeps import Node
from ...primitives.sums import NATIVE
from ..record.pack import Pack

__all__ = ["Loose", "places_of", "together"]


class Loose:
    """The Values of several packs, one pack after the other. They keep their numbers and gradients themselves.

    Attributes:
        nodes: the Values.
        starts: where each pack begins.
    """

    def __init__(self, packs: Sequence[Pack]) -> None:
        self.packs = list(packs)
        self.nodes: list[Any] = [node for pack in packs for node in pack.nodes]
        self.starts = list(accumulate([len(pack.nodes) for pack in packs], initial=0))
        self._parts = [(start, end, pack.shape) for (start, end), pack in zip(pairwise(self.starts), packs)]

    @functools.cached_property
    def places(self) -> dict[int, list[int]]:
        """Where each Value is among ``nodes``, by its ``id``: one may be an argument twice."""
        found: dict[int, list[int]] = {}
        for k, node in enumerate(self.nodes):
            found.setdefault(id(node), []).append(k)
        return found

    def read(self, flat: Any) -> None:
        """Write the numbers into a vector."""
        read_numbers(self.nodes, flat)

    def numbers(self) -> list[Any]:
        """The numbers now, an array for each pack. The arrays are new: an output may be a view of one."""
        flat = np.empty(len(self.nodes))
        self.read(flat)
        return [flat[start:end].reshape(shape) for start, end, shape in self._parts]

    def gradients(self) -> Any:
        """The gradients now, so that it takes no memory to set them: an array, or a list if some are nodes."""
        if NATIVE and read_gradients(self.nodes, flat := np.empty(len(self.nodes))):
            return flat
        return [node._grad if node._info is None else node._gradient() for node in self.nodes]

    def set_gradients(self, gradients: Any) -> None:
        """Make the gradients what ``gradients()`` gave."""
        if isinstance(gradients, np.ndarray):
            write_gradients(self.nodes, gradients)
        else:
            for node, g in zip(self.nodes, gradients):
                node._set_gradient(g)

    def add(self, gradients: Any) -> list[Node]:
        """Add to the gradients; a Value whose gradient is nan or infinite by it, if any."""
        if add_gradients(self.nodes, gradients):
            return []
        finite = np.isfinite(gradients)
        return [] if finite.all() else [self.nodes[int(np.argmin(finite))]]


def places_of(blocks: Sequence[Any], values: Sequence[int]) -> dict[int, Sequence[int]]:
    """For the blocks of a call's arguments that are Values, or packs of them: their numbers among all of those."""
    sizes = [len(blocks[k].nodes) if isinstance(blocks[k], Pack) else 1 for k in values]
    return {k: range(end - size, end) for k, size, end in zip(values, sizes, accumulate(sizes))}


def together(sources: Sequence[tuple[str, Any]]) -> tuple[list[tuple[str, Any]], Loose | None]:
    """What a program reads, with each pack of Values as its place among the arrays of all of them."""
    packs: list[Pack] = []
    found: list[tuple[str, Any]] = []
    for kind, key in sources:
        found.append(("loose", len(packs)) if isinstance(key, Pack) else (kind, key))
        if isinstance(key, Pack):
            packs.append(key)
    return found, Loose(packs) if packs else None
