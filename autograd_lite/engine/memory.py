"""How the nodes' memory is kept. The plain source leaves that to Python; compiled, ``memory.h`` stands in for this."""

from __future__ import annotations

__all__ = ["ready"]


def ready(kind: type) -> None:
    """Make a class ready whose objects refer to each other in long chains: freed, none of them recurses."""
