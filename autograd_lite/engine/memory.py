"""How the nodes' memory is kept: the plain source leaves that to Python, compiled code has ``memory.pxd`` instead."""

from __future__ import annotations

__all__ = ["free_flatly", "keep_nodes"]


def free_flatly(kind: type) -> None:
    """Objects of this class form chains, however long: freed, none of them recurses. (Python's own never do.)"""


def keep_nodes(kind: type, info: type) -> None:
    """Objects of this class are the nodes of graphs, with objects of the other: see ``slabs.h``."""
