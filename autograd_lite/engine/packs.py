"""Many leaves at once: their numbers and gradients read into arrays, and written back from them.

For plain Values, which keep both themselves. This file is hot: it is compiled where that is possible.
"""

from __future__ import annotations

import struct
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
        struct.pack_into(f"{len(nodes)}d", out, 0, *[node._data for node in nodes])  # in half the time of NumPy


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
    """Write their gradients into ``out``; False as soon as one of them is a node."""
    if not NATIVE:
        struct.pack_into(f"{len(nodes)}d", out, 0, *[node._grad for node in nodes])
        return not [node for node in nodes if node._info is not None and not has_float(node)]
    for i in range(len(nodes)):
        node = nodes[i]
        if node._info is not None and not has_float(node):
            return False
        out[i] = node._grad
    return True


def write_gradients(nodes: list[Any], gradients: Any) -> None:
    """Make their gradients those of an array."""
    if not NATIVE:
        gradients = gradients.tolist()
    for i in range(len(nodes)):
        node = nodes[i]
        g = gradients[i]
        if node._info is None or has_float(node):
            node._grad = g
        else:
            node._set_gradient(g)


def add_gradients(nodes: list[Any], gradients: Any) -> bool:
    """Add an array to their gradients; whether all that are floats are finite then."""
    if not NATIVE:
        gradients = gradients.tolist()
    finite = True
    for i in range(len(nodes)):
        node = nodes[i]
        g = gradients[i]
        if node._info is None or has_float(node):
            g += node._grad
            node._grad = g
            if g - g != 0.0:
                finite = False
        else:
            node._accumulate(g)
    return finite
