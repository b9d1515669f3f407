"""Small loops: sums and sums of products over lists of floats, and comparing lists by identity.

Sums go from left to right, to the same bits on every build and Python.
Compiled, a plain loop is the fastest way; interpreted, the fastest are C-level iterators. (From Python 3.12 on the
builtin ``sum`` compensates its rounding errors: more digits, but other bits than the loop's.)
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable
from itertools import accumulate
from operator import is_, mul
from types import FunctionType
from typing import Any, Final

from .base import as_float

__all__ = ["NATIVE", "affine", "all_floats", "same_objects", "total"]

#: whether this is the compiled build
NATIVE: Final[bool] = not isinstance(as_float, FunctionType)
_PLAIN_SUM: Final[bool] = sys.version_info < (3, 12)


def total(xs: list[float], start: float = 0.0) -> float:
    """``start`` + x₁ + … + xₙ.

    >>> total([1.0, 2.0], 0.5)
    3.5
    """
    if NATIVE:
        out = start
        for x in xs:
            out += x
        return out
    if _PLAIN_SUM:
        return sum(xs, start)
    return deque(accumulate(xs, initial=start), maxlen=1)[0]


def affine(xs: list[float], ws: list[float], start: float = 0.0) -> float:
    """``start`` + x₁·w₁ + … + xₙ·wₙ, for lists of the same length.

    >>> affine([1.0, 2.0], [3.0, 4.0], 0.5)
    11.5
    """
    if NATIVE:
        out = start
        for i in range(len(xs)):
            out += xs[i] * ws[i]
        return out
    products: Iterable[float] = map(mul, xs, ws)
    if _PLAIN_SUM:
        return sum(products, start)
    return deque(accumulate(products, initial=start), maxlen=1)[0]


def all_floats(xs: Any) -> bool:
    """Whether the items of a list or tuple are floats, and no integers or anything else.

    >>> all_floats([1.0, 2.0]), all_floats((1.0, 2)), all_floats([])
    (True, False, True)
    """
    if NATIVE and isinstance(xs, list):
        return all(type(x) is float for x in xs)
    return set(map(type, xs)) <= {float}


def same_objects(now: Any, then: tuple[Any, ...]) -> bool:
    """Whether ``now`` has the very objects in ``then``, in their order.

    >>> x = object()
    >>> same_objects([x, None], (x, None)), same_objects([x], (object(),)), same_objects([x], (x, x))
    (True, False, False)
    """
    if len(now) != len(then):
        return False
    if NATIVE and isinstance(now, list):
        return all(now[i] is then[i] for i in range(len(now)))
    return all(map(is_, now, then))
