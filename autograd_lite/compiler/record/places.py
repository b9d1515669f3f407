"""Places among the surroundings: how each is read, how compared, and how put back."""

from __future__ import annotations

import itertools
import keyword
import operator
from array import array
from collections import deque
from collections.abc import Callable, Collection, Iterable
from types import GeneratorType
from typing import Any, NamedTuple

import numpy as np

from ...engine.sweeps import Node
from ...engine.user_frame import locals_of
from ...primitives.sums import same_objects, same_trees
from .lowering import code_of

__all__ = ["MISSING", "PLAIN", "SAME", "ClassDict", "Referent", "Slots", "as_tree", "conditions", "held", "position"]

PLAIN = (int, float, str, bytes, bool, type(None), complex, frozenset, range)
MISSING: Any = object()

#: lists of lists of lists … of so many levels are compared one by one
DEEPEST = 6

#: items that are the same for a program where they are equal, unless they are 0.0 (which -0.0 is equal to)
_COMPARED = {int, float, str, bytes, type(None)}


class Slots:
    """The attributes of an object, read like a dict."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __len__(self) -> int:
        return len(vars(self.thing))

    def get(self, key: str, default: Any) -> Any:
        return getattr(self.thing, key, default)

    def put(self, key: str, item: Any) -> None:
        """Write it back."""
        if item is MISSING:
            delattr(self.thing, key)
        else:
            setattr(self.thing, key, item)


class Referent(Slots):
    """Whether what a weak reference is to is still there, read like a dict."""

    def get(self, key: str, default: Any) -> Any:
        return self.thing() is not None

    def put(self, key: str, item: Any) -> None:
        """It can't be."""


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


def as_tree(thing: list[Any]) -> list[Any] | None:
    """A copy of nested lists of one depth, whose items are the same.

    None if they hold what ``==`` does not tell apart: 0.0 and -0.0, and everything but numbers, texts, None and Values.
    """
    level = [copied := thing.copy()]
    for _ in range(DEEPEST):
        kinds = {kind for part in level for kind in map(type, part)}
        if kinds != {list}:
            break
        for part in level:
            part[:] = map(list.copy, part)
        level = list(itertools.chain.from_iterable(level))
    alike = all(issubclass(kind, Node) for kind in kinds - _COMPARED)
    return None if not alike or (float in kinds and any(0.0 in part for part in level)) else copied


def _same(a: Any, b: Any) -> bool:
    """Whether two things are one, or plain constants of one type and the same number or text (−0.0 is not 0.0)."""
    if a is b:
        return True
    return type(a) is type(b) and isinstance(a, (*PLAIN, np.generic)) and a == b and repr(a) == repr(b)


def _same_items(now: Any, then: tuple[Any, ...]) -> bool:
    return same_objects(now, then) or (len(now) == len(then) and all(map(_same, now, then)))


def _same_array(a: Any, b: Any) -> bool:
    """Whether two arrays have the same numbers, signs of zeros and nan included, or the same objects."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind in "fiubO" and a.tobytes() == b.tobytes():
        return True
    if isinstance(a, np.ma.MaskedArray):
        return False  # what is masked is filled in those bytes, and true when compared
    if a.dtype.kind == "f":
        return bool((((a == b) & (np.signbit(a) == np.signbit(b))) | ((a != a) & (b != b))).all())
    return all(map(_same, a.ravel().tolist(), b.ravel().tolist())) if a.dtype == object else bool((a == b).all())


def held(place: Any, name: str) -> Any:
    """An attribute, ``MISSING`` without it: a closure cell that is not filled has no content."""
    try:
        return getattr(place, name)
    except (AttributeError, ValueError):
        return MISSING


def _put_item(place: Any, key: Any, item: Any) -> None:
    place[key] = item


def _put_items(sequence: Any, items: Any, _: Any) -> None:
    """Make a list, set, deque, ``array``, bytearray or NumPy array hold ``items`` again."""
    if isinstance(sequence, (set, deque)):
        sequence.clear()
        (sequence.update if isinstance(sequence, set) else sequence.extend)(items)
    elif isinstance(sequence, np.ndarray):
        sequence[...] = items
    else:
        sequence[:] = array(sequence.typecode, items) if isinstance(sequence, array) else items


def _put_tree(lists: Any, then: Any, _: Any) -> None:
    lists[:] = as_tree(then) or []


def _put_keys(place: Any, _: Any, keys: Any) -> None:
    """Let a dict, whose items are put back, have them in their order, and no others; other things stay as they are."""
    place = vars(place.thing) if isinstance(place, Slots) and keys is not None else place
    if isinstance(place, dict):
        items = {key: place[key] for key in keys}
        place.clear()
        place.update(items)


def _same_code(notes: list[tuple[Any, Any, Any]]) -> bool:
    return all(code_of(f) is code for f, code, _ in notes)


def _put_code(f: Any, code: Any, _: Any) -> None:
    f.__code__ = code


class Look(NamedTuple):
    """A way to look at what is at places.

    Attributes:
        text: that one has not changed, as Python asks it.
        same: whether all have what they had, or what is as good; what makes one so again: ``put``.
    """

    text: str
    same: Callable[[list[tuple[Any, Any, Any]]], bool]
    put: Callable[[Any, Any, Any], Any]


def _got(notes: list[tuple[Any, Any, Any]]) -> bool:
    for place, key, thing in notes:
        if place.get(key, MISSING) is not thing and not _same(place.get(key, MISSING), thing):
            return False
    return True


def _attribute(name: str) -> Look:
    return Look(
        f"{{0}}.{name} is {{1}}",
        lambda notes: all(_same(held(a, name), b) for a, b, _ in notes),
        lambda a, b, _: setattr(a, name, b),
    )


#: the ways by name; those that keys are put back by come last
SAME = {
    "item": Look("{0}[{1}] is {2}", _got, _put_item),
    "attribute": Look("{0}.get({1}, _absent) is {2}", _got, lambda a, b, c: a.put(b, c)),
    "without": Look("{1} not in {0}", lambda notes: all(b not in a for a, b, _ in notes), lambda a, b, _: a.pop(b)),
    "cell": _attribute("cell_contents"),
    "class": _attribute("__class__"),
    "code": Look("{0}.__code__ is {1}", _same_code, _put_code),
    "defaults": _attribute("__defaults__"),
    "keywords": _attribute("__kwdefaults__"),
    "objects": Look("_objects({0}, {1})", lambda notes: all(_same_items(a, b) for a, b, _ in notes), _put_items),
    "array": Look("_same_array({0}, {1})", lambda notes: all(_same_array(a, b) for a, b, _ in notes), _put_items),
    "tree": Look("_same_trees({0}, {1})", lambda notes: all(same_trees(a, b) for a, b, _ in notes), _put_tree),
    "length": Look("_len({0}) == {1}", lambda notes: all(len(a) == b for a, b, _ in notes), _put_keys),
    "order": Look("_tuple({0}) == {1}", lambda notes: all(tuple(a) == b for a, b, _ in notes), _put_keys),
}


def conditions(
    tests: Iterable[tuple[str, Any, Any, Any]], home: dict[str, Any] | None = None, taken: Collection[str] = ()
) -> tuple[list[str], dict[str, Any]]:
    """Whether nothing has changed, as expressions that compare by identity where that is enough; what they name.

    Args:
        tests: words of ``SAME``, and what they are about.
        home: the globals of the code that they are for: what is there is called what the user's code calls it.
        taken: the names that mean something else in that code; all that begin with an underscore may.
    """
    scope: dict[str, Any] = {
        "_len": len, "_tuple": tuple, "_objects": same_objects, "_same_array": _same_array, "_same_trees": same_trees,
        "_absent": MISSING,
    }  # fmt: skip
    names: dict[int, str] = {}

    def called(thing: Any) -> str:
        name = names.setdefault(id(thing), f"_now{len(names)}")
        scope[name] = thing
        return name

    found = []
    for word, a, b, c in tests:
        plain = type(b) is str and b.isidentifier() and not keyword.iskeyword(b)
        named = word == "item" or (word == "without" and c is not MISSING)  # a global, or a builtin that none hides
        if named and a is home and plain and b[0] != "_" and b not in taken:
            found.append(f"{b} is {called(c)}")
        else:
            literal = word == "length" or (type(b) is str and word in ("item", "attribute", "without"))
            key = repr(b) if literal else called(b)
            found.append(SAME[word].text.format(called(a), key, called(c)))
    return found, scope
