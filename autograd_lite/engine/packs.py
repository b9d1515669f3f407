"""Many leaves at once: their numbers and gradients read into arrays, and written back from them.

For plain Values, which keep both themselves. This file is hot: it is compiled where that is possible.
"""

from __future__ import annotations

from typing import Any

from ..primitives.sums import NATIVE
from .nodes import has_float

__all__ = ["add_gradients", "are_leaves", "read_gradients", "read_numbers", "write_gradients", "write_numbers"]


def are_leaves(nodes: list[Any]) -> bool:
    """Whether no op made any of ``nodes``."""
    for i in range(len(nodes)):
        node = nodes[i]
        if node._prim is not None:
            return False
    return True


def read_numbers(nodes: list[Any], out: Any) -> None:
    """Write the numbers of ``nodes`` into ``out``, a flat array of float64 of the same length."""
    if NATIVE:
        for i in range(len(nodes)):
            node = nodes[i]
            out[i] = node._data
    else:
        out[:] = [node._data for node in nodes]


def write_numbers(nodes: list[Any], numbers: Any) -> None:
    """Make the numbers of ``nodes`` those of an array."""
    if NATIVE:
        for i in range(len(nodes)):
            node = nodes[i]
            node._data = numbers[i]
    else:
        for node, number in zip(nodes, numbers.tolist()):
            node._data = number


def read_gradients(nodes: list[Any], out: Any) -> bool:
    """Write their gradients into ``out``; False if one of them is a node, which is left out."""
    for i in range(len(nodes)):
        node = nodes[i]
        if not has_float(node):
            return False
        if NATIVE:
            out[i] = node._grad
    if not NATIVE:
        out[:] = [node._grad for node in nodes]
    return True


def write_gradients(nodes: list[Any], gradients: Any) -> None:
    """Make their gradients those of an array."""
    if not NATIVE:
        gradients = gradients.tolist()
    for i in range(len(nodes)):
        node = nodes[i]
        g = gradients[i]
        if has_float(node):
            node._grad = g
        else:
            node._set_gradient(g)


def add_gradients(nodes: list[Any], gradients: Any, factor: float) -> bool:
    """Add ``factor`` times an array to their gradients; whether all that are floats are finite then."""
    if not NATIVE:
        gradients = gradients.tolist()
    size = 0.0
    for i in range(len(nodes)):
        node = nodes[i]
        g = factor * gradients[i]
        if has_float(node):
            node._grad += g
            size += node._grad - node._grad
        else:
            node._accumulate(g)
    return size == 0.0
