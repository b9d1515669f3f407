"""Arguments and results as flat lists of numbers: floats, Values, lists, tuples, dicts, arrays, nested."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any

from ..engine.value import Value
from ..functional import pytree as structure
from ..primitives.base import as_float

__all__ = ["complex_arrays", "flatten", "number", "positional", "result_numbers"]


def _is_array(x: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(x, numpy.ndarray)


def number(x: Any, where: str) -> float:
    """The float in a Value or a plain number."""
    return float(x.data) if isinstance(x, Value) else as_float(x, where)


def flatten(tree: Any, where: str) -> tuple[list[float], Callable[[Iterator[Any]], Any]]:
    """The numbers in ``tree``, in order, and a function that makes a like tree of other numbers.

    >>> numbers, rebuild = flatten({"w": [1.0, 2], "b": 3.0}, "an argument")
    >>> numbers
    [1.0, 2.0, 3.0]
    >>> rebuild(iter([10.0, 20.0, 30.0]))
    {'w': [10.0, 20.0], 'b': 30.0}
    """
    found: list[Any] = []
    shape = structure.flatten(tree, found, where)
    return [number(x, where) for x in found], shape.build


def complex_arrays(tree: Any) -> Any:
    """``tree`` with its object arrays of complex numbers made arrays of complex numbers, as NumPy's functions want."""
    parts = structure.children(tree)
    if parts is not None:
        return structure.like(tree, [complex_arrays(part) for part in parts])
    return tree.astype(complex) if _is_array(tree) else tree


def positional(f: Callable[..., Any], args: Any) -> tuple[tuple[Any, ...], bool]:
    """What ``f`` is called with for ``args``, and whether ``args`` was a sequence of arguments.

    A tuple or list is a sequence of arguments, unless ``f`` can only take it whole; anything else is the one argument.
    """
    if not isinstance(args, (tuple, list)) or hasattr(args, "_fields"):
        return (args,), False
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):  # a builtin without one
        return tuple(args), True

    def fits(*values: Any) -> bool:
        try:
            signature.bind(*values)
        except TypeError:
            return False
        return True

    if not fits(*args) and fits(args):
        return (args,), False
    return tuple(args), True


def result_numbers(result: Any) -> list[Any]:
    """The numbers (floats, complex numbers or Values) in what a function returned."""
    numbers: list[Any] = []
    stack = [result]
    while stack:
        item = stack.pop()
        parts = structure.children(item)
        if parts is not None:
            stack.extend(reversed(parts))
        elif _is_array(item):
            stack.extend(reversed(item.ravel().tolist()))
        else:
            numbers.append(item)
    return numbers
