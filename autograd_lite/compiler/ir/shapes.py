"""The shapes of statements, from their operands'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["Shape", "broadcast_shape", "indexed_shape", "infer_shape", "matmul_shape"]

Shape = tuple[int, ...]


def broadcast_shape(shapes: Iterable[Shape]) -> Shape:
    """The shape of arrays of these shapes combined element by element."""
    result: list[int] = []
    for shape in shapes:
        if len(shape) > len(result):
            result = [1] * (len(shape) - len(result)) + result
        for i in range(1, len(shape) + 1):
            n = shape[-i]
            if n != 1:
                if result[-i] not in (1, n):
                    raise ValueError(f"shapes that do not go together: {tuple(shape)} and {tuple(result)}")
                result[-i] = n
    return tuple(result)


def indexed_shape(shape: Shape, index: Sequence[Any]) -> Shape:
    """The shape of ``x[index]``."""
    result: list[int] = []
    axis = 0
    for item in index:
        if item is None:
            result.append(1)
            continue
        if isinstance(item, tuple):
            result.append(len(range(*slice(*item).indices(shape[axis]))))
        axis += 1
    return (*result, *shape[axis:])


def matmul_shape(a: Shape, b: Shape) -> Shape:
    """The shape of ``a @ b``."""
    if a[-1] != b[-2 if len(b) > 1 else 0] or a[:-2] != b[:-2]:
        raise ValueError(f"matmul of shapes {a} and {b}")
    return (*a[:-1], *b[-1:]) if len(b) > 1 else a[:-1]


def infer_shape(op: str, attrs: Any, shapes: Sequence[Shape]) -> Shape:
    """The shape that a statement must have."""
    if op == "elementwise":
        return broadcast_shape(shapes)
    if op in ("reshape", "broadcast"):
        return tuple(attrs)
    if op == "transpose":
        return tuple(shapes[0][a] for a in attrs)
    if op == "index":
        return indexed_shape(shapes[0], attrs)
    if op == "take":
        return tuple(attrs.shape)
    if op == "concat":
        shape = list(shapes[0])
        shape[attrs] = sum(s[attrs] for s in shapes)
        return tuple(shape)
    if op == "matmul":
        return matmul_shape(shapes[0], shapes[1])
    if op in ("sum", "amax", "amin", "logsumexp", "prod"):
        return tuple(n for a, n in enumerate(shapes[0]) if a not in attrs)
    if op in ("cumprod", "softmax", "log_softmax", "called"):
        return shapes[0]
    if op in ("place", "scatter"):
        return tuple(attrs[0])
    if op == "pack":
        return tuple(attrs)
    if op in ("scan", "gathered", "result"):
        return tuple(attrs[2]) if op == "result" else ()
    raise ValueError(f"no statement is called {op!r}")
