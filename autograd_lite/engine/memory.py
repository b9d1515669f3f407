"""How the nodes' memory is kept: the plain source leaves that to Python, compiled code has ``memory.pxd`` instead."""

from __future__ import annotations

from typing import Any

__all__ = ["blank", "free_flatly", "keep_nodes", "own_attributes"]

#: a new object of a class, with nothing in its slots yet
blank: Any = object.__new__


def free_flatly(kind: type) -> None:
    """Objects of this class form chains, however long: freed, none of them recurses. (Python's own never do.)"""


def keep_nodes(kind: type, info: type) -> None:
    """Objects of this class are the nodes of graphs, with objects of the other: see ``slabs.h``."""


def own_attributes(node: Any) -> dict[str, Any]:
    """The attributes of a user's own: compiled, they are not in a ``__dict__`` of the node's; see ``attributes.h``."""
    found: dict[str, Any] = node.__dict__
    return found
