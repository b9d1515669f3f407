"""Index arrays in a source: by a formula where they are those of all pairs, or of neighbours in a ring."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["positions_source"]

#: so many numbers are written one by one; places of an item side by side are looked for up to so many
FEW, WIDEST = 16, 64


def positions_source(positions: Any, module: str) -> str:
    """The source of an index array.

    >>> import numpy as np
    >>> positions_source(np.array([0, 2, 1]), "np")
    'np.array([0, 2, 1])'
    >>> positions_source(np.triu_indices(8, 1)[1], "np")
    'np.triu_indices(8, 1)[1]'
    """
    flat = np.ravel(positions)
    if flat.size > FEW:
        for width in range(1, WIDEST + 1):
            found = _by_items(flat, width, module) if flat.size % width == 0 else None
            if found is not None:
                text, shape = found
                return text if shape == np.shape(positions) else f"({text}).reshape({np.shape(positions)!r})"
    return f"{module}.{'tensor' if module == 'torch' else 'array'}({np.asarray(positions).tolist()})"


def _by_items(flat: Any, width: int, m: str) -> tuple[str, tuple[int, ...]] | None:
    """Positions as those of items of ``width`` numbers side by side: the source and its shape; None if they aren't."""
    items = flat.reshape(-1, width)
    inside = np.arange(width)
    if (items[0] != items[0, 0] + inside).any() or (items != items[:, :1] + inside).any():
        return None
    first = items[:, 0]
    for text, pattern in _patterns(len(first), int(first[0]), m):
        between = int(pattern.max() - pattern.min())
        stride, rest = divmod(int(first.max() - first.min()), between)
        start = int(first[0]) - stride * int(pattern.flat[0])
        if rest == 0 and (first == start + stride * pattern.ravel()).all():
            text = text if stride == 1 else f"{text} * {stride}"
            text = f"{text} + {start}" if start else text
            if width == 1:
                return text, pattern.shape
            return f"({text})[..., None] + {m}.arange({width})", (*pattern.shape, width)
    return None


def _patterns(count: int, start: int, m: str) -> Iterator[tuple[str, Any]]:
    """Sources of ``count`` numbers, and the numbers."""
    for diagonal in (1, 0):
        n = (math.isqrt(1 + 8 * count) + 1) // 2 - (diagonal == 0)
        if n > 1 and n * (n - 1) // 2 + (diagonal == 0) * n == count:
            for (name, sign), which in itertools.product((("triu", 1), ("tril", -1)), (0, 1)):
                size = f"{n}, {n}" if m == "torch" else f"{n}"
                text = f"{m}.{name}_indices({size}, {sign * diagonal})[{which}]"
                yield text, getattr(np, f"{name}_indices")(n, sign * diagonal)[which]
    n = math.isqrt(count) + 1
    if n > 1 and n * (n - 1) == count:  # the others of each
        others = np.arange(n - 1)
        text = f"({m}.arange({n - 1}) + ({m}.arange({n - 1}) >= {m}.arange({n})[:, None]))"
        yield text, others + (others >= np.arange(n)[:, None])
    if count > 1 and 0 < start < count:
        yield f"({m}.arange({count}) + {start}) % {count}", (np.arange(count) + start) % count
