"""``max``, ``min``, ``sorted``, NumPy's ``maximum``, ``clip``, ``where``, ``sort`` … of a recording's numbers: choices.

They compare, and go one way or the other; a recording would hold for that way alone. While one is made on a thread,
they choose there by ``where`` what they would have chosen: of equal numbers the same one, and of nan what Python makes
of it. Like Python's, the choice hands on its derivative within ``no_grad`` too.
"""

from __future__ import annotations

import builtins
import math
import sys
import threading
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from ...engine.observers import current_tracer, without_observers
from ...engine.recordings import owners_of
from ...engine.value import Value, record
from ...primitives.arithmetic import where
from ...primitives.primitive import TABLE
from .extremes import FEW, extreme

__all__ = ["Choosing", "Elementwise"]

#: longer lists are sorted by decisions: the choices are half as many as the square
LONGEST = 12

Function = Callable[..., Any]

_lock = threading.Lock()
_open = 0


def _numbers(items: list[Any]) -> bool:
    """Whether a recording of this thread chooses among them."""
    return any(isinstance(x, Value) for x in items) and all(isinstance(x, (Value, float, int)) for x in items)


def _plain(items: list[Any]) -> bool:
    """Whether plain code has floats there, of which NumPy makes other things than of objects: nan, truths."""
    tracer: Any = current_tracer()
    return hasattr(tracer, "passive") and tracer.all_passive() and all(map(_is_plain, items))


def _is_plain(x: Any) -> bool:
    owners = [*owners_of(x)] if isinstance(x, Value) else ()
    return not isinstance(x, Value) or (bool(owners) and all(owner.plain for owner in owners))


def _extreme(original: Function) -> Function:
    def chosen(*args: Any, **named: Any) -> Any:
        ours = named.keys() <= ({"default", "key"} if len(args) == 1 else {"key"})
        if not args or not ours or current_tracer() is None:
            return original(*args, **named)
        given = args[0] if len(args) == 1 else args
        if "default" in named:
            given = list(given)
            if not given:
                return named["default"]
        return extreme(original, given, named.get("key"))

    return chosen


def _sorting(original: Function) -> Function:
    def sorted(iterable: Any, /, **named: Any) -> Any:
        if current_tracer() is None or not named.keys() <= {"reverse"}:
            return original(iterable, **named)
        items = list(iterable)
        return _in_order(items, named.get("reverse")) if _sortable(items) else original(items, **named)

    return sorted


def _sorting_arrays(original: Function) -> Function:
    def sort(a: Any, *args: Any, **named: Any) -> Any:
        given = a
        a = np.asarray(a) if current_tracer() and not args and not named else None
        if a is not None and a.dtype == object and a.ndim:
            rows = a.reshape(-1, a.shape[-1]).tolist()
            if any(map(_has_nan, rows)) and _plain(a.ravel().tolist()):
                cast(Any, current_tracer()).changes("sorts nan by NumPy")
            if all(map(_sortable, rows)):
                result = np.empty(a.shape, dtype=object)
                result.reshape(-1, a.shape[-1])[...] = [_in_order(row) for row in rows]
                return result
        return original(given, *args, **named)

    return sort


def _has_nan(items: list[Any]) -> bool:
    return any(x._number() != x._number() if isinstance(x, Value) else x != x for x in items)


def _sortable(items: list[Any]) -> bool:
    """Whether a recording of this thread sorts them by choices: few numbers; no nan, which has no place, is a guard."""
    if not 1 < len(items) <= LONGEST or not _numbers(items):
        return False
    total = sum(items)
    return bool(total == total)


def _in_order(items: list[Any], reverse: Any = False) -> list[Any]:
    with without_observers("cuts"):
        for end in range(1, len(items)):
            for k in range(end, 0, -1):
                a, b = items[k - 1], items[k]
                wrong = a < b if reverse else b < a
                items[k - 1], items[k] = where(wrong, b, a), where(wrong, a, b)
    return items


class Elementwise:
    """A function of NumPy over arrays of Values: what chooses, and for all else itself."""

    def __init__(
        self, original: Any, choose: Callable[..., Any], count: int, of_rows: Any = None, plain: Any = None
    ) -> None:
        self._original = original
        self._count = count
        self.of_rows = of_rows
        self._ufunc = np.frompyfunc(choose, count, 1)
        self._of_plain = self._ufunc if plain is None else np.frompyfunc(plain, count, 1)

    def __call__(self, *args: Any, **named: Any) -> Any:
        if not named and len(args) == self._count and current_tracer() is not None:
            items = [x for arg in args for x in np.ravel(np.asarray(arg, dtype=object)).tolist()]
            if _numbers(items):
                with without_observers("cuts"):
                    return (self._of_plain if _plain(items) else self._ufunc)(*args)
        return self._original(*args, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def reduce(
        self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False,
        initial: Any = np._NoValue, where: Any = True,
    ) -> Any:  # fmt: skip
        """What ``np.max`` and ``np.min`` call, and an array's methods of the name: the largest, row by row."""
        items = np.asanyarray(array)
        axes = (*range(items.ndim),) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        plain = dtype is None and out is None and initial is np._NoValue and where is True
        rows: Any = []
        if self.of_rows and plain and items.dtype == object and items.size and current_tracer() is not None:
            last = np.moveaxis(items, axes, range(-len(axes), 0))
            kept = last.shape[: items.ndim - len(axes)]
            rows = last.reshape(math.prod(kept), -1).tolist()
        if not rows or not all(map(_numbers, rows)):
            return self._original.reduce(array, axis, dtype, out, keepdims, initial, where)
        found = np.empty(len(rows), dtype=object)
        found[:] = list(map(self._largest, rows))
        shaped = found.reshape(kept).view(type(items))
        return np.expand_dims(shaped, axes) if keepdims else shaped if kept else found[0]

    def _largest(self, row: list[Any]) -> Any:
        """The largest; as NumPy compares objects, one by one, if there are several or a nan."""
        if _plain(row):
            return record(TABLE[self.of_rows.__name__], tuple(row))
        numbers = [x._number() if isinstance(x, Value) else x for x in row]
        if len(row) > FEW and all(x == x for x in numbers) and numbers.count(self.of_rows(numbers)) == 1:
            return extreme(self.of_rows, row)
        with without_observers("cuts"):
            return self._ufunc.reduce(np.array(row, dtype=object))


class _Where(Elementwise):
    """``np.where``, whose conditions are comparisons; its result is an array, of no axes too."""

    def __call__(self, *args: Any, **named: Any) -> Any:
        if not args or not any(isinstance(x, Value) for x in np.ravel(np.asarray(args[0], dtype=object)).tolist()):
            return self._original(*args, **named)
        found = super().__call__(*args, **named)
        if isinstance(found, np.ndarray):
            return found
        result = np.empty((), dtype=object)
        result[()] = found
        return result


def _clipped(x: Any, low: Any, high: Any) -> Any:
    x = where(x >= low, x, low)
    return where(x <= high, x, high)


def _pairwise(name: str) -> Callable[..., Any]:
    return lambda a, b: record(TABLE[name], (a, b))


def _refused(original: Function) -> Function:
    """A function that leaves objects alone, and floats not."""

    def refused(x: Any, *args: Any, **named: Any) -> Any:
        tracer = current_tracer()
        if tracer is not None and any(isinstance(item, Value) for item in np.asarray(x, dtype=object).ravel().tolist()):
            tracer.changes(f"calls np.{original.__name__}")
        return original(x, *args, **named)

    return refused


_of_two, _of_two_less = _pairwise("maximum"), _pairwise("minimum")
_largest = Elementwise(np.maximum, lambda a, b: where(a >= b, a, b), 2, builtins.max, _of_two)
_smallest = Elementwise(np.minimum, lambda a, b: where(a <= b, a, b), 2, builtins.min, _of_two_less)
_clip = Elementwise(np.clip, _clipped, 3, None, lambda x, low, high: _of_two_less(_of_two(x, low), high))
#: what an array's methods max and min call
_methods: Any = sys.modules[
    np.ndarray.__module__ + "._core._methods" if hasattr(np, "_core") else "numpy.core._methods"
]

_REPLACED: list[tuple[Any, str, Function, Function]] = [
    (builtins, "max", builtins.max, _extreme(builtins.max)),
    (builtins, "min", builtins.min, _extreme(builtins.min)),
    (builtins, "sorted", builtins.sorted, _sorting(builtins.sorted)),
    (np, "maximum", np.maximum, _largest),
    (np, "minimum", np.minimum, _smallest),
    (_methods, "umr_maximum", np.maximum.reduce, _largest.reduce),
    (_methods, "umr_minimum", np.minimum.reduce, _smallest.reduce),
    (np, "clip", np.clip, _clip),
    (np, "where", np.where, _Where(np.where, where, 3)),
    (np, "sort", np.sort, _sorting_arrays(np.sort)),
    (np, "nan_to_num", np.nan_to_num, _refused(np.nan_to_num)),
]


class Choosing:
    """Within the block, on threads that record, the functions choose; elsewhere they are what they were."""

    def __enter__(self) -> None:
        global _open
        with _lock:
            _open += 1
            if _open == 1:
                for module, name, _, chosen in _REPLACED:
                    setattr(module, name, chosen)

    def __exit__(self, *exc: object) -> None:
        global _open
        with _lock:
            _open -= 1
            if _open == 0:
                for module, name, original, _ in _REPLACED:
                    setattr(module, name, original)
