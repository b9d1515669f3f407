"""Structures of numbers: what the arguments and results of a function may be, taken apart and put together again.

A number is a float, an int, a Fraction, a Decimal, a NumPy scalar or a Value; structures of them are lists, tuples
(named ones too), dicts and NumPy arrays, nested in any way.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from math import prod
from typing import Any

from ..engine.sweeps import Node
from ..primitives.base import as_float

__all__ = ["SCALAR", "Structure", "as_array", "contains_node", "flatten", "group", "substitute", "tuple_maker"]


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

    def blocks(self, inner: Structure, matrix: Sequence[Sequence[Any]]) -> Any:
        """A matrix (a row for each number of this structure, a column for each of ``inner``) as nested structures.

        This structure is outermost; in the place of each of its numbers or arrays stands ``inner``, and in the place of
        each of *its* numbers or arrays an array with both shapes joined (a plain number if both are numbers).
        """
        return self._blocks(inner, matrix, 0, 0)

    def _blocks(self, inner: Structure, matrix: Sequence[Sequence[Any]], row: int, column: int) -> Any:
        outer_first = self.container
        parts = []
        for child in (self if outer_first else inner).children:
            if outer_first:
                parts.append(child._blocks(inner, matrix, row, column))
                row += child.size
            else:
                parts.append(self._blocks(child, matrix, row, column))
                column += child.size
        if outer_first:
            return self._make(parts)
        if inner.container:
            return inner._make(parts)
        if self.kind == inner.kind == "scalar":
            return matrix[row][column]
        numbers = [x for line in matrix[row : row + self.size] for x in line[column : column + inner.size]]
        return as_array(numbers, self.shape + inner.shape)


SCALAR = Structure("scalar")


def as_array(numbers: list[Any], shape: tuple[int, ...]) -> Any:
    """A float array of the numbers if they are all floats, else an object array."""
    import numpy as np

    if all(type(x) is float for x in numbers):
        return np.array(numbers, dtype=float).reshape(shape)
    array = np.empty(len(numbers), dtype=object)
    array[:] = numbers
    return array.reshape(shape)


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
    if isinstance(x, (list, tuple)):
        children = [flatten(item, into, where) for item in x]
        if isinstance(x, list):
            return Structure("list", children)
        return Structure("tuple", children, make=tuple_maker(x))
    if isinstance(x, Mapping):
        return Structure("dict", [flatten(v, into, where) for v in x.values()], (), tuple(x), _remake(x))
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


def tuple_maker(x: Any) -> Callable[[list[Any]], Any]:
    """Makes a tuple of the class of ``x``, named or not."""
    make: Callable[[list[Any]], Any] = getattr(type(x), "_make", tuple)
    return make


def _remake(x: Mapping[Any, Any]) -> Callable[[list[Any]], Any]:
    """Puts new values into a mapping of the same class and keys."""

    def make(items: list[Any]) -> Any:
        made: Any = dict(zip(x, items)) if type(x) is dict else copy.copy(x)
        if type(x) is not dict:
            for key, item in zip(x, items):
                made[key] = item
        return made

    return make


def substitute(x: Any, replace: Callable[[Any], Any]) -> Any:
    """``x`` with every Value in its lists, tuples, dicts and object arrays replaced; all else as it is."""
    if isinstance(x, Node):
        return replace(x)
    if isinstance(x, (list, tuple)):
        items = [substitute(item, replace) for item in x]
        return items if isinstance(x, list) else tuple_maker(x)(items)
    if isinstance(x, Mapping):
        return _remake(x)([substitute(item, replace) for item in x.values()])
    if str(getattr(x, "dtype", "")) == "object" and hasattr(x, "ravel"):
        return as_array([substitute(item, replace) for item in x.ravel().tolist()], x.shape)
    return x


def contains_node(x: Any) -> bool:
    """Whether a Value is in a structure; anything that is no structure contains none."""
    if isinstance(x, Node):
        return True
    if isinstance(x, (float, int, str)):
        return False
    if isinstance(x, Mapping):
        return any(contains_node(item) for item in x.values())
    if isinstance(x, (list, tuple)):
        return any(contains_node(item) for item in x)
    if str(getattr(x, "dtype", "")) == "object" and hasattr(x, "ravel"):
        return any(contains_node(item) for item in x.ravel().tolist())
    return False
