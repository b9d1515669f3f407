"""Sorting, quantiles, running totals and interpolation: compositions of the table's ops, on lists, tuples and arrays.

Outside a recording the numbers decide (a sort of floats, a bisection), and a result is one of the operands or a node or
two. While a function is recorded nothing may depend on the numbers: a sort is Batcher's network of minima and maxima
(Knuth, The Art of Computer Programming, section 5.3.4, merge exchange), a place between knots a choice, so that one
recording serves all numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, TypeVar, overload

from . import reductions
from .arithmetic import maximum, minimum, where
from .primitive import Operand

__all__ = ["argsort", "cumprod", "cumsum", "interp", "median", "quantile", "sort"]

V = TypeVar("V", bound=Operand | float)


def _numbers(xs: Any, name: str, least: int = 0) -> list[Any]:
    """The numbers of a list, tuple or array of one axis."""
    if isinstance(xs, (str, bytes, dict)) or not hasattr(xs, "__iter__") or getattr(xs, "ndim", 1) != 1:
        kind = f"an array of {xs.ndim} axes" if getattr(xs, "ndim", 1) != 1 else f"a {type(xs).__name__}"
        raise TypeError(f"{name} takes a list, a tuple or an array of one axis, not {kind}: pass its rows one by one")
    items = list(xs)
    if any(isinstance(x, (list, tuple)) or getattr(x, "ndim", 0) for x in items):
        raise TypeError(f"{name} takes numbers in one row, and these are nested: pass the rows one by one")
    if len(items) < least:
        raise ValueError(f"{name} of no numbers: pass at least one")
    return items


def _like(xs: Any, found: list[Any]) -> Any:
    """The results as ``xs`` is: a tuple, an array, else a list."""
    if hasattr(xs, "dtype"):
        import numpy as np

        made = np.empty(len(found), dtype=object)
        made[:] = found
        return made if any(isinstance(x, Operand) for x in found) else made.astype(float)
    return tuple(found) if isinstance(xs, tuple) else found


def _recorded(items: Sequence[Any]) -> bool:
    """Whether a function is being recorded, so that a decision about these numbers would hold for them alone."""
    return any(isinstance(x, Operand) and x._traced() for x in items)


def _plain(x: Any) -> Any:
    return x._number() if hasattr(x, "_number") else x


# --- order ----------------------------------------------------------------------------------------------------------


@overload
def sort(xs: list[V]) -> list[V]: ...
@overload
def sort(xs: Any) -> Any: ...
def sort(xs: Any) -> Any:
    """The numbers in increasing order.

    Each result is one of the operands, whose derivative is 1 (0 within ``no_grad``); tied numbers share it, 1/k each
    of k. A nan makes all of them nan.

    Args:
        xs: a list, a tuple or an array of one axis, of numbers and Values.

    Returns:
        The same kind of sequence.

    Raises:
        TypeError: for a single number, or nested rows.

    >>> sort([3.0, 1.0, 2.0])
    [1.0, 2.0, 3.0]
    >>> import autograd_lite as ag
    >>> x, y = ag.Value(2.0), ag.Value(1.0)
    >>> ag.sort([x, y])[0] is y
    True
    """
    return _like(xs, _sorted(_numbers(xs, "sort")))


def _sorted(items: list[Any]) -> list[Any]:
    if _recorded(items):
        return _shared(_network(list(items)))
    numbers = [_plain(x) for x in items]
    if any(x != x for x in numbers):
        return [reductions.max(items)] * len(items)
    order = sorted(range(len(items)), key=numbers.__getitem__)
    found: list[Any] = []
    while len(found) < len(order):
        at = len(found)
        tied = [items[i] for i in order[at:] if numbers[i] == numbers[order[at]]] if _tied(numbers, order, at) else []
        found += [reductions.max(tied)] * len(tied) if len(tied) > 1 else [_picked(items[order[at]])]
    return found


def _picked(x: Any) -> Any:
    return x._picked() if isinstance(x, Operand) else x


def _tied(numbers: list[Any], order: list[int], at: int) -> bool:
    return at + 1 < len(order) and bool(numbers[order[at]] == numbers[order[at + 1]])


def _network(items: list[Any]) -> list[Any]:
    """Batcher's merge exchange: which pairs are compared does not depend on the numbers."""
    n = len(items)
    if n < 2:
        return items
    top = p = 1 << ((n - 1).bit_length() - 1)
    while p > 0:
        q, r, d = top, 0, p
        while True:
            for i in range(n - d):
                if i & p == r:
                    items[i], items[i + d] = minimum(items[i], items[i + d]), maximum(items[i], items[i + d])
            if q == p:
                break
            d, q, r = q - p, q >> 1, p
        p >>= 1
    return items


def _shared(items: list[Any]) -> list[Any]:
    """Sorted numbers, each with the mean of the derivatives of those that are equal to it.

    A network halves a tie pair by pair; where the same comes back to all of a tie, it hands the same to each. (Equal
    infinities keep their halves.)
    """
    numbers = [x.detach() if isinstance(x, Operand) else x for x in items]
    totals: list[Any] = [x - number for x, number in zip(items, numbers)]  # 0, each with the derivative of its number
    counts: list[Any] = [1.0] * len(items)
    tied = [a == b for a, b in pairwise(numbers)]
    for i, same in enumerate(tied):
        totals[i + 1] = where(same, totals[i] + totals[i + 1], totals[i + 1])
        counts[i + 1] = where(same, counts[i] + 1.0, 1.0)
    for i, same in reversed(list(enumerate(tied))):
        totals[i], counts[i] = where(same, totals[i + 1], totals[i]), where(same, counts[i + 1], counts[i])
    return [
        where(count > 1.0, where(number - number == 0.0, number + total / count, x), x)
        for x, number, total, count in zip(items, numbers, totals, counts)
    ]


def argsort(xs: Any) -> Any:
    """The places of the numbers in increasing order, as plain ints: ``take(xs, argsort(xs))`` is sorted.

    Ties stay in their order, a nan goes last. A compiled function records each order that it meets anew.

    Args:
        xs: a list, a tuple or an array of one axis.

    Returns:
        A list of ints; for an array an integer array.

    >>> argsort([3.0, 1.0, 2.0])
    [1, 2, 0]
    """
    items = _numbers(xs, "argsort")
    missing = [bool(x != x) for x in items]
    order = sorted((i for i in range(len(items)) if not missing[i]), key=lambda i: _Compared(items[i]))
    order += [i for i in range(len(items)) if missing[i]]
    if hasattr(xs, "dtype"):
        import numpy as np

        return np.array(order, dtype=int)
    return order


class _Compared:
    """A number that is sorted by the question ``a < b``, which a recording can guard."""

    __slots__ = ("number",)

    def __init__(self, number: Any) -> None:
        self.number = number

    def __lt__(self, other: _Compared) -> bool:
        return bool(self.number < other.number)


@overload
def median(xs: list[V]) -> V: ...
@overload
def median(xs: Any) -> Any: ...
def median(xs: Any) -> Any:
    """The number in the middle, of an even count the mean of the two; nan if any number is nan.

    The derivative is 1 for the middle one (½ each for two); tied numbers share it as in ``sort``.

    Args:
        xs: a list, a tuple or an array of one axis, not empty.

    Raises:
        ValueError: for no numbers.

    >>> median([3.0, 1.0, 2.0]), median([4.0, 1.0, 2.0, 3.0])
    (2.0, 2.5)
    """
    return _between(_numbers(xs, "median", 1), 0.5)


def quantile(xs: Any, q: Any) -> Any:
    """The number below which a share ``q`` of the numbers lies, linear between neighbours (NumPy's default).

    At position q·(n − 1) of the sorted numbers s: s[k] + (q·(n − 1) − k)·(s[k+1] − s[k]). The derivatives wrt the two
    neighbours are their weights, ties sharing as in ``sort``; nan if any number is nan.

    Args:
        xs: a list, a tuple or an array of one axis, not empty.
        q: a plain number from 0 to 1, or a list of them.

    Raises:
        ValueError: for no numbers, or a q that is not from 0 to 1. TypeError: for a q that is a Value.

    >>> quantile([1.0, 2.0, 4.0], 0.75), quantile([1.0, 2.0, 4.0], [0.0, 1.0])
    (3.0, [1.0, 4.0])
    """
    items = _numbers(xs, "quantile", 1)
    if isinstance(q, (list, tuple)) or getattr(q, "ndim", 0) > 0:
        return _like(q, [quantile(items, share) for share in q])
    if isinstance(q, Operand):
        raise TypeError("quantile: q decides between which numbers to look, and is a plain number: pass q.data")
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"quantile: q is from 0 to 1, not {q!r}")
    return _between(items, float(q))


def _between(items: list[Any], q: float) -> Any:
    ordered = _sorted(items)
    place = q * (len(items) - 1)
    k = min(int(place), len(items) - 1)
    rest = place - k
    if rest == 0.0:
        return _node(ordered[k])
    if rest == 0.5:
        return 0.5 * (ordered[k] + ordered[k + 1])
    return ordered[k] * (1.0 - rest) + ordered[k + 1] * rest


def _node(x: Any) -> Any:
    """A number as a float; a Value as it is."""
    return x if isinstance(x, Operand) else float(x)


# --- running --------------------------------------------------------------------------------------------------------


def _running(xs: Any, name: str, step: Callable[[Any, Any], Any]) -> Any:
    found: list[Any] = []
    for x in _numbers(xs, name):
        found.append(_node(x) if not found else step(found[-1], x))
    return _like(xs, found)


@overload
def cumsum(xs: list[V]) -> list[V]: ...
@overload
def cumsum(xs: Any) -> Any: ...
def cumsum(xs: Any) -> Any:
    """The running totals x₁, x₁ + x₂, …, added from left to right.

    Args:
        xs: a list, a tuple or an array of one axis.

    >>> cumsum([1.0, 2.0, 3.0])
    [1.0, 3.0, 6.0]
    """
    return _running(xs, "cumsum", lambda total, x: total + x)


@overload
def cumprod(xs: list[V]) -> list[V]: ...
@overload
def cumprod(xs: Any) -> Any: ...
def cumprod(xs: Any) -> Any:
    """The running products x₁, x₁·x₂, …; a factor 0 is no pole of any derivative.

    Args:
        xs: a list, a tuple or an array of one axis.

    >>> cumprod([1.0, 2.0, 3.0])
    [1.0, 2.0, 6.0]
    """
    return _running(xs, "cumprod", lambda product, x: product * x)


# --- interpolation --------------------------------------------------------------------------------------------------


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    """The piecewise linear function through the points (xp, fp) at x; constant beyond the first and last.

    Its derivatives wrt x, xp and fp are those of the segment in which x lies. At a knot the value is fp's, and the
    slope the number of smallest norm between the slopes to its sides: 0 if their signs differ, and at the ends.

    Args:
        x: a number or Value, or a list, tuple or array of them.
        xp: the knots, increasing; numbers or Values.
        fp: the values there; numbers or Values.
        left, right: what it is beyond the ends; the values at the ends by default.

    Raises:
        ValueError: for knots that do not increase, or another number of values than of knots.

    >>> interp(0.5, [0.0, 1.0, 2.0], [0.0, 10.0, 5.0]), interp([-1.0, 3.0], [0.0, 1.0], [2.0, 4.0])
    (5.0, [2.0, 4.0])
    """
    knots, heights = _numbers(xp, "interp", 1), _numbers(fp, "interp")
    if len(knots) != len(heights):
        raise ValueError(f"interp: {len(knots)} knots and {len(heights)} values: each knot has one")
    if not all(bool(a < b) for a, b in pairwise(knots)):
        raise ValueError("interp: the knots must increase: sort the points by xp, and keep one of equal ones")
    ends = (heights[0] if left is None else left, heights[-1] if right is None else right)
    if hasattr(x, "__iter__") and getattr(x, "ndim", 1) > 0:
        return _like(x, [_at(item, knots, heights, ends) for item in _numbers(x, "interp")])
    return _at(x, knots, heights, ends)


def _at(x: Any, knots: list[Any], heights: list[Any], ends: tuple[Any, Any]) -> Any:
    found = ends[1]
    if _recorded([x, *knots]):
        for k in range(len(knots) - 1, -1, -1):
            found = where(x == knots[k], _on_knot(x, knots, heights, k), found)
            found = where(x < knots[k], ends[0] if k == 0 else _on_segment(x, knots, heights, k - 1), found)
        return where(x == x, found, x)
    number = _plain(x)
    if number != number:
        return where(True, x, x)
    if number < _plain(knots[0]):
        return _held(x, ends[0])
    for k in range(len(knots)):
        if number == _plain(knots[k]):
            return _on_knot(x, knots, heights, k)
        if k + 1 < len(knots) and number < _plain(knots[k + 1]):
            return _on_segment(x, knots, heights, k)
    return _held(x, ends[1])


def _held(x: Any, end: Any) -> Any:
    """What is constant in x: a Value if x is one."""
    return where(True, end, x) if isinstance(x, Operand) else _node(end)


def _on_segment(x: Any, knots: list[Any], heights: list[Any], k: int) -> Any:
    return heights[k] + (x - knots[k]) * _slope(knots, heights, k)


def _slope(knots: list[Any], heights: list[Any], k: int) -> Any:
    return (heights[k + 1] - heights[k]) / (knots[k + 1] - knots[k])


def _on_knot(x: Any, knots: list[Any], heights: list[Any], k: int) -> Any:
    if k in (0, len(knots) - 1):
        return heights[k] + (x - knots[k]) * 0.0
    a, b = _slope(knots, heights, k - 1), _slope(knots, heights, k)
    steeper = a * a > b * b
    return heights[k] + (x - knots[k]) * where(a * b > 0.0, where(steeper, b, a), 0.0)
