"""Lists compared by the identity of their items: compiled code has ``lists.pxd`` instead, which looks at the memory."""

from __future__ import annotations

from operator import is_
from typing import Any

__all__ = ["same_items"]


def same_items(a: list[Any], b: list[Any]) -> bool:
    """Whether two lists have the very same objects in the same order.

    >>> x = object()
    >>> same_items([x, None], [x, None]), same_items([x], [object()]), same_items([x], [])
    (True, False, False)
    """
    return len(a) == len(b) and all(map(is_, a, b))
