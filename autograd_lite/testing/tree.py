"""Arguments as a flat list of numbers and back: floats, Values, lists, tuples, dicts, arrays, nested."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any

from ..primitives.core import as_float
from ..value import Value

__all__ = ["flatten", "number", "positional", "result_numbers"]

Rebuild = Callable[[Iterator[Any]], Any]


def _is_array(x: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(x, numpy.ndarray)


def number(x: Any, where: str) -> float:
    """The float in a Value or a plain number."""
    return float(x.data) if isinstance(x, Value) else as_float(x, where)


def _is_namedtuple(x: Any) -> bool:
    return isinstance(x, tuple) and hasattr(x, "_fields")


def _children(x: Any) -> list[Any] | None:
    """What a container holds; None for a number."""
    if isinstance(x, (list, tuple)):
        return list(x)
    if isinstance(x, dict):
        return list(x.values())
    if _is_array(x) and x.ndim > 0:
        return list(x.ravel().tolist())
    return None


def _assemble(x: Any, children: list[Any]) -> Any:
    """A container like ``x`` with other children."""
    if _is_namedtuple(x):
        return type(x)(*children)
    if isinstance(x, (list, tuple)):
        return type(x)(children)
    if isinstance(x, dict):
        return dict(zip(x, children))
    import numpy as np

    plain = all(isinstance(child, (int, float, complex)) for child in children)
    array = np.empty(len(children), dtype=None if not plain else np.result_type(float, *children))
    if not plain:
        array = np.empty(len(children), dtype=object)
    array[:] = children
    return array.reshape(x.shape)


def flatten(tree: Any, where: str = "an argument") -> tuple[list[float], Rebuild]:
    """The numbers in ``tree``, in order, and a function that makes a like tree of other numbers.

    >>> numbers, rebuild = flatten({"w": [1.0, 2], "b": 3.0})
    >>> numbers
    [1.0, 2.0, 3.0]
    >>> rebuild(iter([10.0, 20.0, 30.0]))
    {'w': [10.0, 20.0], 'b': 30.0}
    """
    numbers: list[float] = []
    # a postfix program: None takes the next number, (container, n) assembles the last n results
    program: list[tuple[Any, int] | None] = []
    stack: list[tuple[Any, int]] = [(tree, -1)]
    while stack:
        item, count = stack.pop()
        if count >= 0:
            program.append((item, count))
            continue
        children = _children(item)
        if children is None:
            numbers.append(number(item, where))
            program.append(None)
        else:
            stack.append((item, len(children)))
            stack.extend((child, -1) for child in reversed(children))

    def rebuild(values: Iterator[Any]) -> Any:
        results: list[Any] = []
        for entry in program:
            if entry is None:
                results.append(next(values))
            else:
                container, count = entry
                children = results[len(results) - count :]
                del results[len(results) - count :]
                results.append(_assemble(container, children))
        return results[0]

    return numbers, rebuild


def positional(f: Callable[..., Any], args: Any) -> tuple[tuple[Any, ...], bool]:
    """What ``f`` is called with for ``args``, and whether ``args`` was a sequence of arguments.

    A tuple or list is a sequence of arguments, unless ``f`` can only take it whole; anything else is the one argument.
    """
    if not isinstance(args, (tuple, list)) or _is_namedtuple(args):
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
        children = _children(item)
        if children is None:
            numbers.append(item.item() if _is_array(item) else item)
        else:
            stack.extend(reversed(children))
    return numbers
