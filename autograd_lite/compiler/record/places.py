"""Places among the surroundings that are read like dicts and lists, how they are compared, and how put back."""

from __future__ import annotations

import itertools
import keyword
import operator
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from types import GeneratorType
from typing import Any

import numpy as np

from ...engine.observers import Tracer, tracing
from ...engine.sweeps import Node
from ...engine.user_frame import locals_of
from ...primitives.sums import NATIVE, same_objects, same_trees

__all__ = [
    "MISSING", "PLAIN", "ClassDict", "Context", "Items", "Local", "Slots", "as_tree", "comparison", "conditions",
    "equal", "position", "put", "same_array", "write_back",
]  # fmt: skip

PLAIN = (int, float, str, bytes, bool, type(None), complex, frozenset, range)
MISSING: Any = object()

#: lists of lists of lists … of so many levels are compared one by one
DEEPEST = 6

#: items that are the same for a program where they are equal, unless they are 0.0 (which -0.0 is equal to)
_COMPARED = {int, float, str, bytes, type(None)}


class Items:
    """The items of an object array, also of a view that is not contiguous, read like a list."""

    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def __len__(self) -> int:
        return int(self.held.size)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.held.ravel().tolist())


class Slots:
    """An object with ``__slots__``, read like a dict."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def get(self, key: str, default: Any) -> Any:
        return getattr(self.thing, key, default)

    def __contains__(self, key: str) -> bool:
        return hasattr(self.thing, key)

    def put(self, key: str, item: Any) -> None:
        """Write it back."""
        if item is MISSING:
            delattr(self.thing, key)
        else:
            setattr(self.thing, key, item)


class Context(Slots):
    """A context variable, read like a dict."""

    def get(self, key: str, default: Any) -> Any:
        try:
            return self.thing.get()
        except LookupError:  # it was never set
            return None

    def put(self, key: str, item: Any) -> None:
        self.thing.set(item)


class Local(Slots):
    """The attributes of a module, or of a ``threading.local``: those of the thread that asks."""

    def __len__(self) -> int:
        return len(vars(self.thing))


class ClassDict(Slots):
    """A class's own attributes, read like a dict."""

    def get(self, key: str, default: Any) -> Any:
        return vars(self.thing).get(key, default)


def position(iterator: Any) -> Any:
    """What is different when an iterator has been asked for another item."""
    if isinstance(iterator, GeneratorType):
        frame = iterator.gi_frame
        return None if frame is None else (frame.f_lasti, [id(thing) for thing in locals_of(frame).values()])
    if hasattr(iterator, "tell"):
        try:
            return iterator.tell()
        except (OSError, ValueError):  # in the middle of its lines, or closed
            return None
    return repr(iterator), operator.length_hint(iterator, -1)


def equal(a: Any, b: Any) -> bool:
    """Whether two plain constants are of one type and the same number or text (−0.0 is not 0.0)."""
    return type(a) is type(b) and isinstance(a, (*PLAIN, np.generic)) and a == b and repr(a) == repr(b)


def as_tree(thing: list[Any]) -> list[Any] | None:
    """A copy of nested lists of one depth, whose items are the same.

    None if they hold what ``==`` does not tell apart: 0.0 and -0.0, and everything but numbers, texts, None and Values.
    """
    depth = 0
    level: list[Any] = [thing]
    while True:
        kinds = {kind for part in level for kind in map(type, part)}
        if kinds != {list}:
            break
        depth += 1
        if depth > DEEPEST:
            return None
        level = list(itertools.chain.from_iterable(level))
    if not all(issubclass(kind, Node) for kind in kinds - _COMPARED):
        return None
    if float in kinds and any(0.0 in part for part in level):
        return None
    copied = thing.copy()
    parts = [copied]
    for _ in range(depth):
        for part in parts:
            part[:] = [inner.copy() for inner in part]
        parts = list(itertools.chain.from_iterable(parts))
    return copied


class _Identity(Tracer):
    """While it traces, a Value is equal to nothing but itself: lists are compared at the speed of ``==``."""

    def compare(self, a: Any, other: Any, how: str) -> Any:
        return False


def _equal(now: list[Any], then: list[Any]) -> bool:
    with tracing(_Identity()):
        return now == then


def comparison(tree: list[Any], typed: bool) -> Callable[[list[Any], list[Any]], bool]:
    """What tells whether nested lists have what ``tree`` has: the quickest that does.

    Interpreted, that is ``==`` where the types of numbers make no difference: there are floats alone, and the function
    does not ask for types.
    """
    if NATIVE or typed:
        return same_trees
    level: list[Any] = tree
    while level and type(level[0]) is list:
        level = list(itertools.chain.from_iterable(level))
    return same_trees if int in set(map(type, level)) else _equal


def same_array(a: Any, b: Any) -> bool:
    """Whether two arrays have the same numbers, signs of zeros and nan included."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind in "fiub" and a.tobytes() == b.tobytes():
        return True
    if isinstance(a, np.ma.MaskedArray):
        return False  # what is masked is filled in those bytes, and true when compared
    if a.dtype.kind == "f":
        return bool((((a == b) & (np.signbit(a) == np.signbit(b))) | ((a != a) & (b != b))).all())
    return bool((a == b).all())


def put(place: Any, key: Any, item: Any) -> None:
    """Write ``item`` back to a dict, or to what is read like one."""
    if isinstance(place, Slots):
        place.put(key, item)
    elif item is MISSING:
        place.pop(key, None)
    else:
        place[key] = item


def write_back(sequence: Any, items: Any) -> None:
    """Make a list, set, deque or object array hold ``items`` again."""
    if isinstance(sequence, Items):
        sequence.held[...] = np.fromiter(items, dtype=object, count=len(items)).reshape(sequence.held.shape)
    elif isinstance(sequence, (set, deque)):
        sequence.clear()
        sequence.update(items) if isinstance(sequence, set) else sequence.extend(items)
    elif isinstance(sequence, bytearray):
        sequence[:] = bytes(items)
    else:
        sequence[:] = items if isinstance(sequence, list) else type(sequence)(sequence.typecode, items)


#: that something has not changed, as Python asks it
SAME = {
    "item": "{0}[{1}] is {2}", "attribute": "{0}.get({1}, None) is {2}", "without": "{1} not in {0}",
    "cell": "{0}.cell_contents is {1}", "length": "_len({0}) == {1}", "order": "_tuple({0}) == {1}",
    "class": "{0}.__class__ is {1}", "code": "{0}.__code__ is {1}", "defaults": "{0}.__defaults__ is {1}",
    "keywords": "{0}.__kwdefaults__ is {1}", "objects": "_objects({0}, {1})", "array": "_same_array({0}, {1})",
    "tree": "{2}({0}, {1})",
}  # fmt: skip


def conditions(
    tests: Iterable[tuple[str, Any, Any, Any]], home: dict[str, Any] | None = None, taken: Collection[str] = ()
) -> tuple[list[str], dict[str, Any]]:
    """Whether nothing has changed, as expressions that compare by identity where that is enough; what they name.

    Args:
        tests: words of ``SAME``, and what they are about.
        home: the globals of the code that they are for: what is there is called what the user's code calls it.
        taken: the names that mean something else in that code; all that begin with an underscore may.
    """
    scope: dict[str, Any] = {"_len": len, "_tuple": tuple, "_objects": same_objects, "_same_array": same_array}
    names: dict[int, str] = {}

    def called(thing: Any) -> str:
        name = names.setdefault(id(thing), f"_now{len(names)}")
        scope[name] = thing
        return name

    found = []
    for word, a, b, c in tests:
        plain = type(b) is str and b.isidentifier() and not keyword.iskeyword(b)
        if word == "item" and a is home and plain and b[0] != "_" and b not in taken:
            found.append(f"{b} is {called(c)}")
        else:
            literal = word == "length" or (type(b) is str and word in ("item", "attribute", "without"))
            key = repr(b) if literal else called(b)
            found.append(SAME[word].format(called(a), key, called(c)))
    return found, scope
