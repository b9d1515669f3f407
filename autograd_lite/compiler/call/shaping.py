"""Results put together: a generated function from a program's numbers to what the user's function returned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

__all__ = ["shaper"]

#: a result of more parts is put together item by item
MANY = 2000


def shaper(like: Any) -> Callable[[Any], Any] | None:
    """A function that makes something like ``like`` of a flat float array; None if it is not of floats alone.

    Lists, tuples, dicts and float arrays, nested in any way. Nothing that it returns shares memory with the array.

    >>> shaper([1.0, {"a": np.zeros((1, 2))}])(np.array([3.0, 4.0, 5.0]))
    [3.0, {'a': array([[4., 5.]])}]
    """
    parts = _Parts()
    text = parts.text(like)
    if text is None or parts.count > MANY:
        return None
    lines = ["    _a = _a.copy()"] * ("_a[" in text) + ["    _n = _a.tolist()"] * ("_n[" in text)
    source = "\n".join(["def shaped(_a):", *lines, f"    return {text}"])
    scope: dict[str, Any] = {}
    exec(compile(source, "<autograd_lite result>", "exec"), scope)
    return cast("Callable[[Any], Any]", scope["shaped"])


class _Parts:
    """Expressions of parts of a result: ``at`` numbers are used so far, in ``count`` parts."""

    def __init__(self) -> None:
        self.at = 0
        self.count = 0

    def text(self, like: Any, depth: int = 0) -> str | None:
        """The expression of something like ``like`` of the next numbers; None if it holds anything but floats."""
        self.count += 1
        kind = type(like)
        if depth > 8 or self.count > MANY:
            return None
        if kind is float:
            self.at += 1
            return f"_n[{self.at - 1}]"
        if kind is np.ndarray:
            if like.dtype != np.float64 or not like.shape:
                return None
            begin, self.at = self.at, self.at + like.size
            return f"_a[{begin}:{self.at}].reshape({like.shape!r})"
        if kind is dict:
            if not all(type(key) in (str, int) for key in like):
                return None
            pairs = [(key, self.text(item, depth + 1)) for key, item in like.items()]
            return None if any(x is None for _, x in pairs) else f"{{{', '.join(f'{k!r}: {x}' for k, x in pairs)}}}"
        return self.row(like, depth) if kind in (list, tuple) else None

    def row(self, like: Any, depth: int) -> str | None:
        """The same for a list or tuple: a slice if it is of numbers, or of arrays of one shape."""
        kind = type(like)
        if like and all(type(item) is float for item in like):
            begin, self.at = self.at, self.at + len(like)
            found = f"_n[{begin}:{self.at}]"
        elif len(like) > 1 and all(type(x) is np.ndarray and x.shape == like[0].shape for x in like):
            if like[0].dtype != np.float64 or not like[0].shape:
                return None
            begin, self.at = self.at, self.at + len(like) * like[0].size
            found = f"[*_a[{begin}:{self.at}].reshape({(len(like), *like[0].shape)!r})]"
        else:
            items = [self.text(item, depth + 1) for item in like]
            if any(item is None for item in items):
                return None
            found = f"[{', '.join(map(str, items))}]"
        return found if kind is list else f"(*{found},)"
