"""Small loops: sums and sums of products over lists of floats, and comparing lists by identity.

Sums go from left to right, to the same bits on every build and Python.
Compiled, a plain loop is the fastest way; interpreted, the fastest are C-level iterators. (From Python 3.12 on the
builtin ``sum`` compensates its rounding errors: more digits, but other bits than the loop's.)
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable
from itertools import accumulate, chain
from operator import is_, mul
from types import FunctionType
from typing import Any, Final

from . import lists
from .base import Operand, as_float

__all__ = ["NATIVE", "affine", "all_floats", "same_objects", "same_trees", "total"]

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


def same_trees(now: Any, then: list[Any]) -> bool:
    """Whether nested lists have what they had when ``then`` was made, a copy of the lists and not of what is in them.

    The same objects, or constants of the same type and number: 1 is not 1.0, and no Value is another.

    Args:
        now: lists of lists, of any depth.
        then: the same, of the same depth everywhere.

    >>> a, b = object(), object()
    >>> same_trees([[a, 2.5], [b]], [[a, 2.5], [b]]), same_trees([[a]], [[b]]), same_trees([[1.0]], [[1]])
    (True, False, False)
    """
    if not NATIVE:
        return _same_levels(now, then)
    pairs: list[Any] = [now, then]
    while pairs:
        b, a = pairs.pop(), pairs.pop()
        if type(a) is not list or len(a) != len(b):
            return False
        for x, y in zip(a, b):
            if x is y:
                continue
            if type(y) is list:
                if type(x) is not list or not lists.same_items(x, y):
                    pairs.append(x)
                    pairs.append(y)
            elif not _same_constant(x, y):
                return False
    return True


def _same_levels(now: Any, then: list[Any]) -> bool:
    """The same, level by level."""
    while type(now) is list and len(now) == len(then):
        if not then or type(then[0]) is not list:
            return all(map(is_, now, then)) or all(map(_same_constant, now, then))
        if set(map(type, now)) != {list} or [*map(len, now)] != [*map(len, then)]:
            return False
        now, then = list(chain.from_iterable(now)), list(chain.from_iterable(then))
    return False


def _same_constant(a: Any, b: Any) -> bool:
    return a is b or (type(a) is type(b) and not isinstance(b, Operand) and a == b)
