"""How the nodes' memory is kept: the plain source leaves that to Python, compiled code has ``memory.pxd`` instead."""

from __future__ import annotations

from typing import Any

from .nodes import NaryOperands

__all__ = ["blank", "free_flatly", "keep_nodes", "new_operands", "own_attributes"]

#: a new object of a class, with nothing in its slots yet
blank: Any = object.__new__
#: the operands of an n-ary node, three lists: all of them, those that are nodes, the partials
new_operands: Any = NaryOperands


def free_flatly(kind: type) -> None:
    """Objects of this class form chains, however long: freed, none of them recurses. (Python's own never do.)"""


def keep_nodes(kind: type, info: type, nary: type, watching: set[Any]) -> None:
    """Objects of this class are the nodes of graphs, with objects of the others: see ``slabs.h``.

    ``watching`` is empty while their properties do nothing but give and take numbers.
    """


def own_attributes(node: Any) -> dict[str, Any]:
    """The attributes of a user's own: compiled, they are not in a ``__dict__`` of the node's; see ``attributes.h``."""
    found: dict[str, Any] = node.__dict__
    return found
