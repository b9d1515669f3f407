"""Structures of numbers: what the arguments and results of a function may be, taken apart and put together again.

A number is a float, an int, a Fraction, a Decimal, a NumPy scalar or a Value; structures of them are lists, tuples
(named ones too), dicts and NumPy arrays, nested in any way. What a container has in it, and how one like it is made, is
said once, by ``children`` and ``like``: what is put together again has its class, its keys and its names.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections import deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from itertools import chain, islice
from math import prod
from types import MappingProxyType, SimpleNamespace
from typing import Any

from ..engine.pickling import slot_names
from ..engine.sweeps import Node
from ..primitives.base import as_float

__all__ = [
    "SCALAR",
    "Structure",
    "as_array",
    "atoms",
    "attributes",
    "children",
    "contains_node",
    "flatten",
    "group",
    "like",
    "mapped",
    "parts_of",
    "substitute",
]


class Structure:
    """The shape of a structure without its numbers.

    Attributes:
        kind: "scalar", "array", "list", "tuple" or "dict".
        shape: of an array; () of a scalar.
        children: of a container, in order.
        size: how many numbers there are.
    """

    __slots__ = ("_make", "children", "keys", "kind", "shape", "size")

    def __init__(
        self,
        kind: str,
        children: Sequence[Structure] = (),
        shape: tuple[int, ...] = (),
        keys: tuple[Any, ...] = (),
        make: Callable[[list[Any]], Any] = list,
    ) -> None:
        self.kind = kind
        self.children = children
        self.shape = shape
        self.keys = keys
        self._make = make
        self.size: int = prod(shape) if not self.container else sum([child.size for child in children])

    @property
    def container(self) -> bool:
        """Whether this is a list, tuple or dict."""
        return self.kind not in ("scalar", "array")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Structure) and (self.kind, self.shape, self.keys, list(self.children)) == (
            other.kind,
            other.shape,
            other.keys,
            list(other.children),
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if self.kind == "scalar":
            return "a number"
        if self.kind == "array":
            return f"an array of shape {self.shape}"
        if self.kind == "dict":
            return f"a dict with the keys {', '.join(map(repr, self.keys))}"
        return f"a {self.kind} of {len(self.children)}"

    def build(self, numbers: Iterator[Any]) -> Any:
        """The structure with the next ``size`` of ``numbers`` in it; an array is a float array if all are floats."""
        if self.kind == "scalar":
            return next(numbers)
        if self.kind == "array":
            return as_array(list(islice(numbers, self.size)), self.shape)
        return self._make([child.build(numbers) for child in self.children])

    def blocks(self, inner: Structure, matrix: Any) -> Any:
        """A matrix (a row for each number of this structure, a column for each of ``inner``) as nested structures.

        This structure is outermost; in the place of each of its numbers or arrays stands ``inner``, and in the place of
        each of *its* numbers or arrays an array with both shapes joined (a plain number if both are numbers).

        Args:
            inner: the structure inside.
            matrix: a list of rows, or a float array, of which the arrays in the result are views.
        """
        return self._blocks(inner, matrix, 0, 0, inner._flat())

    def _flat(self) -> bool:
        """Whether this is a container of single numbers."""
        return self.container and all(child.kind == "scalar" for child in self.children)

    def _blocks(self, inner: Structure, matrix: Any, row: int, column: int, flat: bool) -> Any:
        parts = []
        if self.container:
            for child in self.children:
                parts.append(child._blocks(inner, matrix, row, column, flat))
                row += child.size
            return self._make(parts)
        array = hasattr(matrix, "reshape")
        if flat and self.kind == "scalar":
            line = matrix[row][column : column + inner.size]
            return inner._make(line.tolist() if array else line)
        if inner.container:
            for child in inner.children:
                parts.append(self._blocks(child, matrix, row, column, child._flat()))
                column += child.size
            return inner._make(parts)
        if self.kind == inner.kind == "scalar":
            return matrix.item(row, column) if array else matrix[row][column]
        lines, shape = matrix[row : row + self.size], self.shape + inner.shape
        if array:
            return lines[:, column : column + inner.size].reshape(shape)
        return as_array([x for line in lines for x in line[column : column + inner.size]], shape)


SCALAR = Structure("scalar")


def as_array(items: list[Any], shape: tuple[int, ...]) -> Any:
    """An array of floats, or of ints, if all of the items are such; else of objects."""
    import numpy as np

    kinds = set(map(type, items))
    if kinds <= {float}:
        return np.array(items, dtype=float).reshape(shape)
    made = np.fromiter(items, dtype=object, count=len(items)).reshape(shape)
    if all(kind is int or issubclass(kind, np.integer) for kind in kinds):
        return made.astype(int)
    return made.astype(float) if all(kind in (int, float) or issubclass(kind, np.number) for kind in kinds) else made


def group(parts: Sequence[Structure]) -> Structure:
    """The structure of a tuple of these."""
    return Structure("tuple", parts, make=tuple)


def flatten(x: Any, into: list[Any], where: str) -> Structure:
    """Take ``x`` apart.

    Args:
        x: a number or a structure of numbers.
        into: gets the numbers, as floats or nodes, from left to right.
        where: what to call ``x`` in messages.

    Raises:
        TypeError: for anything else.
    """
    if type(x) is float or isinstance(x, Node):
        into.append(x)
        return SCALAR
    parts = children(x)
    if parts is not None:
        kind, keys = ("dict", tuple(x)) if isinstance(x, Mapping) else ("list" if isinstance(x, list) else "tuple", ())
        return Structure(kind, [flatten(part, into, where) for part in parts], (), keys, functools.partial(like, x))
    shape = getattr(x, "shape", ())
    if hasattr(x, "__array__") and (shape != () or not hasattr(x, "dtype") or type(x).__name__ == "ndarray"):
        import numpy as np

        array = np.asarray(x)
        numbers = array.ravel().tolist()
        into.extend(
            numbers if array.dtype == float else [n if isinstance(n, Node) else as_float(n, where) for n in numbers]
        )
        return Structure("array", (), array.shape)
    into.append(as_float(x, where))
    return SCALAR


def children(x: Any) -> Any:
    """The list of what is in a list, a tuple or a mapping, in order; None for anything else.

    >>> children({"a": 1.0, "b": [2.0]}), children(3.0)
    ([1.0, [2.0]], None)
    """
    if isinstance(x, (list, tuple)):
        return list(x)
    return list(x.values()) if isinstance(x, Mapping) else None


def like(x: Any, items: list[Any]) -> Any:
    """A container of the class of ``x``, with its keys, names and attributes, and ``items`` in it.

    >>> like({"a": 1.0, "b": 2.0}, [3.0, 4.0]), like((1.0,), [2.0])
    ({'a': 3.0, 'b': 4.0}, (2.0,))
    """
    kind: Any = type(x)
    if kind is list or kind is tuple:
        return kind(items)
    if hasattr(kind, "_make"):
        return kind._make(items)
    if isinstance(x, (list, tuple)):  # whatever its constructor takes
        made = tuple.__new__(kind, items) if isinstance(x, tuple) else list.__new__(kind)
        if isinstance(x, list):
            list.extend(made, items)
        if getattr(x, "__dict__", None):
            vars(made).update(vars(x))
        return made
    if kind is dict or not isinstance(x, MutableMapping):
        found = dict(zip(x, items))
        return kind(found) if kind is MappingProxyType else found
    made = copy.copy(x)
    for key, item in zip(x, items):
        made[key] = item
    return made


def attributes(x: Any) -> dict[str, Any]:
    """What an object has in its dict and its slots."""
    found = dict(getattr(x, "__dict__", {}) or {})
    slots = [name for name in slot_names(type(x)) if not name.startswith("__") and hasattr(x, name)]
    return found | {name: getattr(x, name) for name in slots}


def parts_of(x: Any, deep: bool = False) -> list[Any] | None:
    """What is in a list, a tuple, a mapping or an array of objects, in order; None for anything else.

    ``deep``: in a deque, a dataclass, an attrs class or a namespace too.
    """
    if isinstance(x, (float, int, str, Node)):
        return None
    found = children(x)
    if found is None and hasattr(x, "__array_interface__") and x.dtype == object and not hasattr(x, "mask"):
        return x.ravel().tolist()  # type: ignore[no-any-return]
    if found is None and deep:
        kind = type(x)
        known = kind is SimpleNamespace or dataclasses.is_dataclass(kind) or hasattr(kind, "__attrs_attrs__")
        found = list(x) if isinstance(x, deque) else list(attributes(x).values()) if known else None
    return found  # type: ignore[no-any-return]


def mapped(x: Any, f: Callable[[Any], Any], deep: bool = False) -> Any:
    """Something like ``x`` with ``f`` of each of its parts; itself if it has none."""
    parts = parts_of(x, deep)
    if parts is None:
        return x
    items = [f(part) for part in parts]
    if isinstance(x, (list, tuple, Mapping)):
        return like(x, items)
    if hasattr(x, "__array_interface__"):
        return as_array(items, x.shape)
    if isinstance(x, deque):
        return deque(items, x.maxlen)
    kind: Any = type(x)
    made = kind.__new__(kind)
    for name, item in zip(attributes(x), items):
        object.__setattr__(made, name, item)
    return made


def atoms(x: Any, deep: bool = False) -> Iterator[Any]:
    """What has no parts itself, in order."""
    parts = parts_of(x, deep)
    return iter((x,)) if parts is None else chain.from_iterable([atoms(part, deep) for part in parts])


def substitute(x: Any, replace: Callable[[Any], Any]) -> Any:
    """``x`` with every Value in its lists, tuples, dicts and object arrays replaced; all else as it is."""
    return replace(x) if isinstance(x, Node) else mapped(x, lambda part: substitute(part, replace))


def contains_node(x: Any) -> bool:
    """Whether a Value is in a structure; anything that is no structure contains none."""
    return any(isinstance(atom, Node) for atom in atoms(x))
