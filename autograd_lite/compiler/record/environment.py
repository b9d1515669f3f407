"""What a function depends on besides its arguments: closure cells, globals, defaults, the attributes of its objects.

A recording holds these as constants, so every call first looks whether they are still the same. Values and parameters
are not looked into: their numbers are inputs that each call reads.
"""

from __future__ import annotations

import dis
import functools
import gc
import itertools
import operator
import random
import sys
import weakref
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import BuiltinFunctionType, CodeType, FunctionType, GeneratorType, MappingProxyType, MethodType, ModuleType
from typing import Any

import numpy as np

from ...engine.observers import Tracer, tracing
from ...engine.sweeps import Node
from ...primitives.base import Op, Operand
from ...primitives.sums import same_objects

__all__ = ["Watch", "random_states"]

LIMIT = 20_000
#: a list of so many integers is compared by identity: 1 is not 1.0
FEW = 64
#: and lists of lists of lists … of so many levels one by one
DEEPEST = 6

#: items that are the same for a program where they are equal, unless they are 0.0 (which -0.0 is equal to)
_COMPARED = {int, float, str, bytes, type(None)}

_PLAIN = (int, float, str, bytes, bool, type(None), complex, frozenset, range)
_MISSING = object()

#: names of functions by which code reads any global that there is
_ALL = {"globals", "eval", "exec"}

#: where the iterators that are not written in Python come from
_ITERATORS = ("builtins", "itertools", "_io", "_csv")


class Watch:
    """The surroundings of a function as they were, and whether they still are so."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.items: list[tuple[Any, Any, Any]] = []  # a dict, a key, what is there
        self.cells: list[tuple[Any, Any]] = []
        self.sequences: list[tuple[Any, tuple[Any, ...]]] = []
        self.trees: list[tuple[Any, Any]] = []  # nested lists of plain constants and Values, and a copy of the lists
        self.live = False  # whether there are Values in them
        self.arrays: list[tuple[Any, Any]] = []
        self.lengths: list[tuple[Any, int]] = []
        self.functions: list[tuple[Any, Any, Any, Any]] = []
        self.names: set[str] = set()
        self.modules: set[tuple[int, frozenset[str]]] = set()
        self.generators: list[Any] = []
        self.iterators: list[Any] = []
        self.seen: set[int] = set()
        self.kept: list[Any] = []
        self._walk(f)
        self._unchanged = self._quick()
        #: says whether nothing has changed; False, or a KeyError, AttributeError or ValueError, if something may have
        self.test = self._unchanged or self._same

    def __len__(self) -> int:
        return len(self.items) + len(self.cells) + len(self.sequences) + len(self.arrays) + len(self.trees)

    def generator_states(self) -> list[Any]:
        """Where the random number generators among the surroundings stand."""
        return [repr(g.getstate() if isinstance(g, random.Random) else g.bit_generator.state) for g in self.generators]

    def positions(self) -> list[Any]:
        """Where the iterators among the surroundings stand, generators and open files too."""
        return [_position(iterator) for iterator in self.iterators]

    def holds(self) -> bool:
        """Whether nothing has changed."""
        if self._unchanged is not None:
            try:
                if self._unchanged():
                    return True
            except (KeyError, AttributeError, ValueError):
                return False
        return self._same()

    def _quick(self) -> Callable[[], bool] | None:
        """The test as one generated expression, by identity where that is enough; None if it would be too long."""
        if len(self) > 2000:
            return None
        scope: dict[str, Any] = {"same_objects": same_objects, "same_trees": _same_trees, "same_array": _same_array}
        tests = []
        for k, (place, key, thing) in enumerate(self.items):
            scope[f"d{k}"], scope[f"v{k}"] = place, thing
            read = f"d{k}[{key!r}]" if isinstance(key, str) else f"d{k}[n{k}]"
            scope[f"n{k}"] = key
            if thing is _MISSING:
                tests.append(f"n{k} not in d{k}")
                continue
            tests.append(f"{read} is v{k}" if isinstance(place, dict) else f"d{k}.get({key!r}, None) is v{k}")
        for k, (cell, thing) in enumerate(self.cells):
            scope[f"c{k}"], scope[f"w{k}"] = cell, thing
            tests.append(f"c{k}.cell_contents is w{k}")
        for k, (place, length) in enumerate(self.lengths):
            scope[f"l{k}"] = place
            tests.append(f"len(l{k}) == {length}")
        for k, (f, code, defaults, named) in enumerate(self.functions):
            scope[f"f{k}"], scope[f"g{k}"], scope[f"h{k}"], scope[f"k{k}"] = f, code, defaults, named
            tests.append(f"f{k}.__code__ is g{k} and f{k}.__defaults__ is h{k} and f{k}.__kwdefaults__ is k{k}")
        for k, (sequence, things) in enumerate(self.sequences):
            scope[f"q{k}"], scope[f"r{k}"] = sequence, things
            tests.append(f"same_objects(q{k}, r{k})")
        for k, (now, kept) in enumerate(self.arrays):
            scope[f"a{k}"], scope[f"b{k}"] = now, kept
            tests.append(f"same_array(a{k}, b{k})")
        if self.trees:
            scope["trees"], scope["copies"] = [tree for tree, _ in self.trees], [kept for _, kept in self.trees]
            tests.append("same_trees(trees, copies)" if self.live else "trees == copies")
        found: Callable[[], bool] = eval(f"lambda: {' and '.join(tests) or 'True'}", scope)
        return found

    def _same(self) -> bool:
        """The test by value."""
        for place, key, thing in self.items:
            if place.get(key, _MISSING) is not thing and not _equal(place.get(key, _MISSING), thing):
                return False
        for cell, thing in self.cells:
            if cell.cell_contents is not thing and not _equal(cell.cell_contents, thing):
                return False
        for sequence, things in self.sequences:
            if len(sequence) != len(things):
                return False
            if same_objects(sequence, things):
                continue
            for now, then in zip(sequence, things):
                if now is not then and not _equal(now, then):
                    return False
        for place, length in self.lengths:
            if len(place) != length:
                return False
        for f, code, defaults, named in self.functions:
            if f.__code__ is not code or f.__defaults__ is not defaults or f.__kwdefaults__ is not named:
                return False
        if not _same_trees([tree for tree, _ in self.trees], [kept for _, kept in self.trees]):
            return False
        return all(_same_array(array, kept) for array, kept in self.arrays)

    def changed(self) -> list[str]:
        """The names of globals, attributes and variables that are something else now."""
        found = [key for place, key, thing in self.items if place.get(key, _MISSING) is not thing]
        for f, code, _, _ in self.functions:
            held = {id(cell): name for name, cell in zip(code.co_freevars, f.__closure__ or ())}
            found += [held[id(c)] for c, thing in self.cells if id(c) in held and c.cell_contents is not thing]
        return [key for key in dict.fromkeys(found) if isinstance(key, str)]

    # --- looking around -------------------------------------------------------------------------------------------

    def _walk(self, start: Any) -> None:
        stack = [start]
        while stack and len(self.seen) < LIMIT:
            thing = stack.pop()
            if isinstance(thing, (*_PLAIN, Node, Operand, Op, ModuleType, CodeType)):
                continue
            if id(thing) in self.seen:
                continue
            self.seen.add(id(thing))
            self.kept.append(thing)
            stack.extend(self._look(thing))
            if isinstance(thing, (list, tuple, set, dict, deque)) and hasattr(thing, "__dict__"):
                stack.extend(self._object(thing))  # a list of the user's own kind, with attributes

    def _look(self, thing: Any) -> list[Any]:
        """Note what ``thing`` consists of; return what there is to look into."""
        if isinstance(thing, FunctionType):
            return self._function(thing)
        owner = thing.__self__ if hasattr(type(thing), "__self__") else None
        if isinstance(thing, BuiltinFunctionType) or (owner is not None and not isinstance(thing, MethodType)):
            return [owner]  # rng.normal: the method of an object that is not written in Python
        if isinstance(thing, MethodType):
            return [thing.__self__, thing.__func__]
        if isinstance(thing, functools.partial):
            return [thing.func, thing.args, thing.keywords]
        if isinstance(thing, weakref.ref):
            return [thing()]
        if isinstance(thing, ContextVar):
            context = _Context(thing)
            self.items.append((context, "value", context.get("value", None)))
            return [context.get("value", None)]
        if isinstance(thing, (np.random.Generator, random.Random)):
            if not isinstance(thing, random.SystemRandom):  # which stands nowhere
                self.generators.append(thing)
            return []
        if isinstance(thing, Iterator) and type(thing).__module__ in _ITERATORS:
            self.iterators.append(thing)
            frame = thing.gi_frame if isinstance(thing, GeneratorType) else None
            return list(frame.f_locals.values()) if frame is not None else gc.get_referents(thing)
        if isinstance(thing, np.ndarray):
            if thing.dtype == object:
                self.sequences.append((_Items(thing), tuple(thing.ravel().tolist())))
                return thing.ravel().tolist()
            self.arrays.append((thing, thing.copy()))
            return []
        if type(thing) is list:
            tree = _tree(thing)
            if tree is not None:
                self.trees.append((thing, tree[0]))
                self.live = self.live or tree[1]
                return []
        if isinstance(thing, (list, tuple, set, deque, array, bytearray)):
            if not isinstance(thing, tuple):
                self.sequences.append((thing, tuple(thing)))
            return list(thing)
        if isinstance(thing, (dict, MappingProxyType)):
            return self._mapping(thing)
        if isinstance(thing, type):
            return self._class(thing)
        if type(thing).__module__.split(".")[0] == "autograd_lite" and callable(getattr(thing, "__wrapped__", None)):
            return [thing.__wrapped__]  # jacobian(f), compile(f): what they note about themselves is not f
        return self._object(thing)

    def _mapping(self, thing: Any) -> list[Any]:
        self.lengths.append((thing, len(thing)))
        self.items += [(thing, key, item) for key, item in thing.items()]
        return list(thing.values())

    def _function(self, f: FunctionType) -> list[Any]:
        self.functions.append((f, f.__code__, f.__defaults__, f.__kwdefaults__))
        found: list[Any] = [*(f.__defaults__ or ()), *(self._mapping(f.__kwdefaults__) if f.__kwdefaults__ else ())]
        for cell in f.__closure__ or ():
            try:
                self.cells.append((cell, cell.cell_contents))
                found.append(cell.cell_contents)
            except ValueError:  # not filled yet
                continue
        if f.__module__ is not None and f.__module__.split(".")[0] in ("autograd_lite", "numpy", "math", "builtins"):
            return found
        names = _names(f.__code__)
        if vars(f):  # f.rate
            found += self._mapping(vars(f))
        if not names.isdisjoint(_ALL):
            found += self._mapping(f.__globals__)
        self.names |= names
        for thing in tuple(found):
            if isinstance(thing, ModuleType):  # in a closure cell or a default
                found += self._module(thing, names)
        for name in _imports(f.__code__):  # an import inside the function: the module is looked up at each call
            module = sys.modules.get(name, _MISSING)
            self.items.append((sys.modules, name, module))
            if isinstance(module, ModuleType):
                found += self._module(module, names)
        for name in names:
            thing = f.__globals__.get(name, _MISSING)
            if thing is _MISSING:
                continue
            self.items.append((f.__globals__, name, thing))
            if isinstance(thing, ModuleType):
                found += self._module(thing, names)
            else:
                found.append(thing)
        return found

    def _module(self, module: ModuleType, names: set[str]) -> list[Any]:
        """The attributes that a function may read off a module, ``config.rate``, and off the modules in it."""
        if (id(module), frozenset(names)) in self.modules:
            return []
        self.modules.add((id(module), frozenset(names)))
        if module.__name__.split(".")[0] in ("autograd_lite", "numpy", "math", "jax", "torch"):
            return []
        found = []
        for name in names:
            thing = vars(module).get(name, _MISSING)
            if thing is not _MISSING:
                self.items.append((vars(module), name, thing))
                found += self._module(thing, names) if isinstance(thing, ModuleType) else [thing]
        return found

    def _class(self, kind: type) -> list[Any]:
        if kind.__module__.split(".")[0] in ("builtins", "autograd_lite", "numpy", "typing", "collections"):
            return []
        found: list[Any] = list(kind.__bases__)
        self.lengths.append((vars(kind), len(vars(kind))))
        for name, held in vars(kind).items():
            thing = held
            if isinstance(held, (staticmethod, classmethod)):
                thing = held.__func__
            elif isinstance(held, property):
                thing = held.fget
            if isinstance(thing, FunctionType) or not name.startswith("__"):
                self.items.append((_ClassDict(kind), name, held))
                found.append(thing)
        return found

    def _object(self, thing: Any) -> list[Any]:
        found: list[Any] = [type(thing)]
        if isinstance(getattr(thing, "__dict__", None), dict):
            found.append(thing.__dict__)
        for kind in type(thing).__mro__:
            slots = kind.__dict__.get("__slots__", ())
            own = kind.__module__.split(".")[0] == "autograd_lite"  # whose private slots are caches
            for slot in (slots,) if isinstance(slots, str) else slots:
                if own and slot.startswith("_"):
                    continue
                item = getattr(thing, slot, _MISSING)
                if item is not _MISSING and not slot.startswith("__"):
                    self.items.append((_Slots(thing), slot, item))
                    found.append(item)
        return found


class _Items:
    """The items of an object array, also of a view that is not contiguous, read like a list."""

    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def __len__(self) -> int:
        return int(self.held.size)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.held.ravel().tolist())


class _Slots:
    """An object with ``__slots__``, read like a dict."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def get(self, key: str, default: Any) -> Any:
        return getattr(self.thing, key, default)


class _Context(_Slots):
    """A context variable, read like a dict."""

    def get(self, key: str, default: Any) -> Any:
        try:
            return self.thing.get()
        except LookupError:  # it was never set
            return None


class _ClassDict(_Slots):
    """A class's own attributes, read like a dict."""

    def get(self, key: str, default: Any) -> Any:
        return vars(self.thing).get(key, default)


def _position(iterator: Any) -> Any:
    """What is different when an iterator has been asked for another item."""
    if isinstance(iterator, GeneratorType):
        frame = iterator.gi_frame
        return None if frame is None else (frame.f_lasti, [id(thing) for thing in frame.f_locals.values()])
    if hasattr(iterator, "tell"):
        try:
            return iterator.tell()
        except (OSError, ValueError):  # in the middle of its lines, or closed
            return None
    return repr(iterator), operator.length_hint(iterator, -1)


def _names(code: CodeType) -> set[str]:
    """Names that a function's code, and the functions inside it, look up."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, str) and constant.isidentifier():  # getattr(settings, "rate")
            names.add(constant)
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names


def _imports(code: CodeType) -> set[str]:
    """The modules that a function's code, and the functions inside it, import by absolute name."""
    found = set()
    if dis.opmap["IMPORT_NAME"] in code.co_code[::2]:
        found = {i.argval for i in dis.get_instructions(code) if i.opname == "IMPORT_NAME" and i.argval}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _imports(constant)
    return found


def _equal(a: Any, b: Any) -> bool:
    """Whether two plain constants are of one type and the same number or text (−0.0 is not 0.0)."""
    return type(a) is type(b) and isinstance(a, (*_PLAIN, np.generic)) and a == b and repr(a) == repr(b)


class _Identity(Tracer):
    """While it traces, no two Values are equal: lists of them are compared by identity, at the speed of ``==``."""

    def compare(self, a: Any, other: Any, how: str) -> Any:
        return False


def _tree(thing: list[Any]) -> tuple[list[Any], bool] | None:
    """A copy of nested lists, whose items are the same, and whether they are Values.

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
    nodes = bool(kinds - _COMPARED)
    if nodes and not all(issubclass(kind, Node) for kind in kinds - _COMPARED):
        return None
    if (float in kinds and any(0.0 in part for part in level)) or (int in kinds and not depth and len(thing) <= FEW):
        return None
    copied = thing.copy()
    parts = [copied]
    for _ in range(depth):
        for part in parts:
            part[:] = [inner.copy() for inner in part]
        parts = list(itertools.chain.from_iterable(parts))
    return copied, nodes


def _same_trees(now: list[Any], then: list[Any]) -> bool:
    """Whether the lists have the items that they had when they were copied."""
    with tracing(_Identity()):
        return now == then


def _same_array(a: Any, b: Any) -> bool:
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind in "fiub" and a.tobytes() == b.tobytes():
        return True
    if a.dtype.kind == "f":
        return bool((((a == b) & (np.signbit(a) == np.signbit(b))) | ((a != a) & (b != b))).all())
    return bool((a == b).all())


def random_states() -> list[Any]:
    """Where the global random number generators stand that a function may draw from."""
    found: list[Any] = []
    standard = sys.modules.get("random")
    if standard is not None:
        found.append(standard.getstate())
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        state = numpy_random.get_state()
        found.append((state[2], state[1].tobytes()))
    arrays = sys.modules.get("autograd_lite.data.random")
    if arrays is not None:
        found.append(repr(arrays.default_generator(None).bit_generator.state))
    return found
