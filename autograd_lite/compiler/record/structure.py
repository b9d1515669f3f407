"""What arguments and results are made of: numbers in lists, tuples, dicts and arrays, taken apart and put together.

Blocks, and not numbers one by one: an array is one, so is a list that is like an array. What is no number is part of
the description by which a call finds its program. (``functional.pytree`` says what containers there are.)
"""

from __future__ import annotations

import copy
import datetime
import enum
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, islice
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ...engine.sweeps import Node
from ...functional.pytree import as_array, atoms, mapped, parts_of
from ...primitives.sums import all_floats
from .code import is_library
from .pack import Pack, as_pack

__all__ = [
    "Flat",
    "Parts",
    "alike",
    "as_numbers",
    "fixed",
    "flatten",
    "has_integers",
    "is_deep",
    "is_finite",
    "is_foreign",
    "is_numeric",
    "leaves_of",
    "nudged",
    "number_of",
    "opaque",
    "rebuild",
]

_FLOAT = "float"
_INT = np.dtype(int)


class Parts(list[Any]):
    """Blocks, each a float or a float array, which becomes one array of a program; objects, and more of them.

    Attributes:
        objects: the arguments without numbers of their own (a model, a function).
        integers: the numbers of the blocks that came as integers; ``narrow`` of those that NumPy lets wrap round soon.
        foreign: the types of numbers that are not rounded as Python's are, by the numbers of their blocks.
        active: the numbers of the blocks with derivatives: Values, and the arguments of a gradient.
        values: the numbers of the blocks that are Values, or packs of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.objects: list[Any] = []
        self.integers: set[int] = set()
        self.narrow: set[int] = set()
        self.foreign: dict[int, str] = {}
        self.active: set[int] = set()
        self.values: set[int] = set()

    def says(self, what: str, block: int) -> bool:
        """Whether a block is "passive", has no derivatives; or "integer", a passive one that came as integers."""
        return block not in self.active and (what == "passive" or block in self.integers)

    def nodes(self) -> Iterator[Any]:
        """The Values in the blocks."""
        return chain.from_iterable(getattr(self[k], "nodes", (self[k],)) for k in sorted(self.values))


_NUMERIC = "fiu"


class Fixed:
    """A count, a position, a mask or an array of them: given to the function as it is, and part of the key."""

    __slots__ = ("key", "thing")

    def __init__(self, thing: Any) -> None:
        array = isinstance(thing, np.ndarray)
        self.thing = thing.copy() if array else thing
        self.key = ("fixed", thing.dtype.str, thing.shape, thing.tobytes()) if array else ("fixed", type(thing), thing)


def fixed(x: Any, arrays: bool = True) -> Any:
    """Something like ``x`` with every integer fixed, and unless ``arrays`` is false every array and list of them."""
    if _integral(x):
        return Fixed(x) if arrays or not getattr(x, "shape", ()) or x.dtype.kind == "b" else x
    return x if not arrays and as_numbers(x) is not None else mapped(x, lambda item: fixed(item, arrays))


def has_integers(x: Any) -> bool:
    """Whether ``fixed`` would change ``x``."""
    return any(map(_integral, atoms(x)))


def _integral(x: Any) -> bool:
    return type(x) is int or isinstance(x, np.integer) or (isinstance(x, np.ndarray) and x.dtype.kind in "iub")


def flatten(x: Any, blocks: Parts) -> Any:
    """Take ``x`` apart: append its numbers to ``blocks``, and return what is left of it, a hashable description.

    Two arguments with equal descriptions have the same shapes, types and structure, and equal constants.
    A float is a block of its own; an array, or nested lists of numbers that form one, is a block too.
    """
    kind = type(x)
    if kind is float or isinstance(x, Node):
        blocks.append(x)
        return _FLOAT
    if kind is bool or x is None or kind is str or kind is bytes:
        return ("static", x)
    if kind is Fixed:
        return x.key
    if is_number(x):
        width = _noted(_INT if kind is int else getattr(x, "dtype", kind), blocks)
        try:
            blocks.append(float(x))
        except OverflowError:
            blocks.append(math.inf)
        return (_FLOAT, width) if width else _FLOAT
    if has_attributes(x):
        blocks.foreign[-1] = f"{kind.__name__} with attributes"
    pack = as_pack(x)
    if pack is not None:
        blocks.append(pack[0])
        return ("values", *pack[1], pack[0].shape)
    found = as_numbers(x)
    if found is not None:
        width = _noted(found.dtype, blocks)
        blocks.append(np.asarray(found, dtype=np.float64))
        return (*_kinds(x), found.shape, width)
    parts = parts_of(x)
    if parts is not None:
        keys = (*x, *map(type, x)) if isinstance(x, Mapping) else getattr(x, "shape", ())
        return (kind, keys, *[flatten(item, blocks) for item in parts])
    blocks.objects.append(x)
    return ("object", Same(x))


def number_of(block: Any) -> Any:
    """The number or array of numbers of a block now, live or not."""
    return block._number() if isinstance(block, (Node, Pack)) else block


def is_foreign(kind: Any) -> bool:
    """Whether numbers of a dtype, or of a type that has none, are not rounded as Python's are."""
    return kind.char in "eg" if isinstance(kind, np.dtype) else kind is not float and kind is not int


def _noted(kind: Any, blocks: Parts) -> str:
    """Say of the next block of what kind its numbers are: of which dtype, or type if they have none.

    Returns:
        The dtype where a program has to know it.
    """
    if is_foreign(kind):
        blocks.foreign[len(blocks)] = kind.name if isinstance(kind, np.dtype) else kind.__name__
    elif kind.kind in "iu":
        blocks.integers.add(len(blocks))
        if kind.kind == "u" or kind.itemsize < 4:
            blocks.narrow.add(len(blocks))
            return str(kind.char)
    return ""


class Same:
    """Equal only to the same object, which it keeps alive: an argument that holds no numbers."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.thing is self.thing

    def __hash__(self) -> int:
        return id(self.thing) >> 4


def as_numbers(x: Any) -> Any:
    """An array of numbers itself, or the one that nested lists form; None for anything else."""
    if isinstance(x, np.ndarray):
        return x if x.dtype.kind in _NUMERIC and not isinstance(x, np.ma.MaskedArray) else None
    if not isinstance(x, (list, tuple)) or not x:
        return None
    first = x[0]
    if not isinstance(first, (float, int, list, tuple, np.ndarray, np.floating)) or isinstance(first, bool):
        return None
    if isinstance(first, np.ndarray) and first.dtype.kind == "O":
        return None
    try:
        found = np.array(x)
    except (ValueError, TypeError):
        return None
    return found if found.dtype.kind in _NUMERIC and found.size and _uniform(x) else None


def _uniform(x: Any) -> bool:
    """Whether the containers on each level are of one type, so that ``_kinds`` says it all, and no number is a bool."""
    level = [x]
    while True:
        kinds = set[type]()
        for item in level:
            kinds.update(map(type, item))
        if bool in kinds:
            return False
        if not any(issubclass(kind, (list, tuple, np.ndarray)) for kind in kinds):
            return True
        if len(kinds) > 1:
            return False
        if np.ndarray in kinds:
            return True
        level = [inner for item in level for inner in item]


def _kinds(x: Any) -> tuple[Any, ...]:
    """The container types on the way to the first number."""
    kinds = []
    while isinstance(x, (list, tuple)) and x:
        kinds.append(type(x))
        x = x[0]
    return (*kinds, np.ndarray if isinstance(x, np.ndarray) else float)


def has_attributes(x: Any) -> bool:
    """Whether a list, tuple, dict or array, of a class of the user's, has attributes besides what is in it."""
    held = isinstance(x, (list, tuple, dict, np.ndarray)) and getattr(x, "__dict__", None)
    return bool(held) and not is_library(type(x).__module__)


_TEXTS = (str, bytes, bool, type(None))
#: objects without parts, which a program may return as they are
_ATOMS = (
    *_TEXTS, complex, range, slice, type, ModuleType, BuiltinFunctionType, enum.Enum,
    datetime.date, datetime.time, datetime.timedelta, np.dtype, type(...), type(NotImplemented),
)  # fmt: skip


def opaque(x: Any, known: Collection[int]) -> str | None:
    """What in a result can't be taken apart, in words; None if all of it can, or was there before (``known``)."""
    if has_attributes(x):
        return f"a {type(x).__name__} with attributes"
    if isinstance(x, (*_ATOMS, Node)) or id(x) in known or (isinstance(x, np.ndarray) and x.dtype != "O"):
        return None
    if isinstance(x, Mapping) and any(isinstance(key, Node) for key in x):
        return "a dict with Values as keys"
    parts = list(x) if isinstance(x, (set, frozenset)) else parts_of(x, True)
    if parts is not None:
        return next(filter(None, (opaque(item, known) for item in parts)), None)
    bare = isinstance(x, FunctionType) and not (x.__closure__ or x.__defaults__ or x.__kwdefaults__)
    return None if bare or is_number(x) else f"a {type(x).__name__}"


class Flat(Iterator[float]):
    """The numbers of floats, lists and arrays: one after the other, or as many as a list or an array has at once."""

    def __init__(self, blocks: Sequence[Any]) -> None:
        self.blocks = iter(blocks)
        self.numbers: Any = ()
        self.at = 0

    def __next__(self) -> float:
        while self.at == len(self.numbers):
            block = next(self.blocks)
            if type(block) is float:
                return block
            self.numbers, self.at = np.ravel(block), 0
        self.at += 1
        return float(self.numbers[self.at - 1])

    def part(self, count: int) -> Any:
        """The next numbers, as an array of its own."""
        while count and self.at == len(self.numbers):
            self.numbers, self.at = np.ravel(next(self.blocks)), 0
        self.at += count
        return np.array(self.numbers[self.at - count : self.at])


def rebuild(x: Any, take: Iterator[Any], deep: bool = False) -> Any:
    """Something like ``x`` with each number replaced by the next from ``take``; arrays of floats stay float arrays.

    ``deep`` looks into dataclasses and the like, too: those of a result.
    """
    if isinstance(x, Fixed):
        return copy.copy(x.thing)
    if isinstance(x, np.ma.MaskedArray):
        return x
    if isinstance(x, np.ndarray) and (x.dtype != object or not x.size):
        if x.dtype.kind not in _NUMERIC or (not x.size and (deep or type(take) is not Flat)):
            return x.copy()
        numbers = take.part(x.size) if type(take) is Flat else as_array(list(islice(take, x.size)), x.shape)
        return numbers.reshape(x.shape)
    if deep and isinstance(x, set):
        return set(x)
    if type(x) is list and type(take) is Flat and x and all_floats(x):
        return take.part(len(x)).tolist()
    return next(take) if is_number(x) else mapped(x, lambda item: rebuild(item, take, deep), deep)


def is_number(x: Any) -> bool:
    """Whether ``x`` is one number."""
    plain = hasattr(x, "__float__") and not isinstance(x, (bool, np.ndarray))
    return isinstance(x, Node) or (plain and getattr(x, "shape", ()) == ())


def leaves_of(x: Any, deep: bool = False) -> list[Any]:
    """The numbers in a result, in order: Values and plain numbers."""
    found: list[Any] = []
    for atom in atoms(x, deep):
        if as_numbers(atom) is not None:
            found += np.asarray(atom).ravel().tolist()
        elif is_number(atom):
            found.append(atom)
    return found


def is_deep(x: Any) -> bool:
    """Whether a result holds anything but numbers, bools, texts, None, and lists, tuples, dicts and arrays of them."""
    return not all(isinstance(atom, (*_TEXTS, np.ndarray)) or is_number(atom) for atom in atoms(x))


def nudged(x: Any) -> Any:
    """Arguments a little further on: of the same types, and of numbers that agree with nothing by chance."""
    if isinstance(x, (float, np.floating)) or (isinstance(x, np.ndarray) and x.dtype.kind == "f"):
        moved: Any = x * 1.00031831 + 0.000027183
        return moved if isinstance(x, (float, np.ndarray)) else type(x)(moved)
    return mapped(x, nudged)


def alike(a: Any, b: Any) -> bool:
    """Whether two results hold the same numbers, up to rounding, and the same texts and bools."""
    p, q = ([float(number_of(x)) for x in leaves_of(result, True)] for result in (a, b))
    texts, others = ([x for x in atoms(result, True) if isinstance(x, _TEXTS)] for result in (a, b))
    return texts == others and len(p) == len(q) and bool(np.allclose(p, q, rtol=1e-6, atol=1e-9, equal_nan=True))


def is_finite(x: Any) -> bool:
    """Whether a result holds a finite number, or none at all."""
    numbers = [float(number_of(leaf)) for leaf in leaves_of(x, True)]
    return not numbers or any(map(math.isfinite, numbers))


def is_numeric(x: Any) -> bool:
    """Whether ``x`` holds numbers alone: a gradient has nothing to say of a bool, a text or None."""
    return all(is_number(atom) or as_numbers(atom) is not None for atom in atoms(x))
