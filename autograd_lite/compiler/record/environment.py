"""What a function depends on besides its arguments: closure cells, globals, defaults, the attributes of its objects.

A recording holds these as constants, so every call first looks whether they are still the same. Values and parameters
are not looked into: their numbers are inputs that each call reads.
"""

from __future__ import annotations

import builtins
import datetime
import functools
import gc
import os
import pathlib
import random
import sys
import threading
import weakref
from array import array
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextvars import ContextVar
from types import BuiltinFunctionType, CodeType, FunctionType, GeneratorType, MappingProxyType, MethodType, ModuleType
from typing import Any

import numpy as np

from ...engine.sweeps import Node
from ...engine.user_frame import locals_of
from ...engine.value import Value
from ...primitives.base import Op, Operand
from ...primitives.sums import same_objects, same_trees
from .code import Looks, defined, is_library, looks
from .places import (
    MISSING,
    PLAIN,
    ClassDict,
    Context,
    Items,
    Local,
    Slots,
    as_tree,
    comparison,
    conditions,
    equal,
    position,
    put,
    same_array,
    write_back,
)  # fmt: skip
from .structure import is_foreign

__all__ = ["ASKED", "Watch"]

#: so many objects are watched; a function that reaches more runs eagerly
LIMIT = 100_000

#: what is wrong with clocks, files and the like
ASKED = "what may have another answer at each call: ask outside, and pass the answer as an argument"

#: where the iterators that are not written in Python come from
_ITERATORS = ("builtins", "itertools", "_io", "_csv")


_GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)


def _is_torchs(thing: Any) -> bool:
    return str(type(thing).__module__).split(".")[0] == "torch" and type(thing).__name__ == "Generator"


#: modules whose functions answer differently from call to call
_OUTSIDE = {
    "time", "posix", "nt", "_socket", "socket", "select", "uuid", "secrets", "tempfile", "subprocess", "urllib", "http",
    "shutil", "glob", "getpass", "resource", "sys", "gc", "_thread", "threading", "decimal", "locale", "_locale",
}  # fmt: skip
#: methods of dates and paths, and builtins, that do
_CLOCKS = {"now", "today", "utcnow", "read_text", "read_bytes", "exists", "stat"}
_BY_NAME = {"modules", "import_module", "__import__"}
_READERS = {"open": open, "input": input}


def _is_buffer(thing: Any) -> bool:
    """Whether it is bytes that others may write: a memoryview, a ctypes array, a mapped file."""
    if isinstance(thing, (np.generic, bytes)):
        return False  # never changes
    try:
        memoryview(thing).release()
    except (TypeError, ValueError, BufferError):
        return False
    return True


class Watch:
    """The surroundings of a function as they were, and whether they still are so.

    Attributes:
        unseen: why they can't be watched; empty if they can.
        catches: an arithmetic error that the function catches, or "every error"; empty if there is none.
        calls: where the function finds what answers differently from call to call, (place, key, function).
        entropy: whether it reaches a generator that draws from the system.
        typed: whether the function asks for types of its numbers, which are not those of plain code, or holds some that
            are rounded otherwise.
        identities: whether it asks whether a comparison is the very ``True`` or ``False``; ``aliases``, whether two of
            its numbers are the same one.
        where: the function's file and line.
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        self.unseen = ""
        self.typed = self.identities = self.aliases = self.entropy = False
        self.catches = ""
        self.calls: list[tuple[Any, Any, Any]] = []
        self.where = defined(f)
        self.items: list[tuple[Any, Any, Any]] = []  # a dict, a key, what is there
        self.cells: list[tuple[Any, Any]] = []
        self.sequences: list[tuple[Any, tuple[Any, ...]]] = []
        self.trees: list[tuple[Any, Any]] = []  # nested lists of plain constants and Values, and a copy of the lists
        self.arrays: list[tuple[Any, Any]] = []
        self.lengths: list[tuple[Any, int]] = []
        self.orders: list[tuple[Any, tuple[Any, ...]]] = []  # dicts, and their keys in order
        self.classes: list[tuple[Any, type]] = []  # objects of the user's, and what they are
        self.functions: list[tuple[Any, Any, Any, Any]] = []
        self.modules: set[tuple[int, Looks]] = set()
        self.generators: list[Any] = []
        self.iterators: list[Any] = []
        self.seen: set[int] = set()
        self.kept: list[Any] = []
        self.handles = False
        self.errors: list[str] = []
        self._walk(f)
        if self.handles and self.errors:
            self.catches = self.catches or self.errors[0]
        self._unchanged = self._quick()
        #: says whether nothing has changed; False, or a KeyError, AttributeError or ValueError, if something may have
        self.test = self._unchanged or self._same

    def asks(self, integers: Collection[int]) -> bool:
        """Whether the function may ask what calls look at in the general way alone; some numbers came as integers."""
        return self.aliases or (self.typed and bool(integers))

    def __len__(self) -> int:
        return len(self.items) + len(self.cells) + len(self.sequences) + len(self.arrays) + len(self.trees)

    def positions(self) -> list[Any]:
        """Where the iterators among the surroundings stand, generators and open files too."""
        return [position(iterator) for iterator in self.iterators]

    @property
    def toggled(self) -> bool:
        """Whether the function depends on whether a model is in training mode."""
        return any(hasattr(type(thing), "training") for thing in self.kept)

    def holds(self) -> bool:
        """Whether nothing has changed."""
        if self._unchanged is not None:
            try:
                if self._unchanged():
                    return True
            except (KeyError, AttributeError, ValueError):
                return False
        return self._same()

    def tests(self, given: bool = False) -> Iterator[tuple[str, Any, Any, Any]]:
        """What has to be as it was: a word of ``places.SAME``, and what it is about.

        ``given`` leaves out that a function has no defaults: that matters only to calls that don't give every argument.
        """
        for place, key, thing in self.items:
            word = "without" if thing is MISSING else "item" if isinstance(place, dict) else "attribute"
            yield word, place, key, thing
        pairs = (("cell", self.cells), ("length", self.lengths), ("order", self.orders), ("class", self.classes))
        yield from ((word, a, b, None) for word, found in pairs for a, b in found)
        for f, code, defaults, named in self.functions:
            yield "code", f, code, None
            yield from ((k, f, x, None) for k, x in (("defaults", defaults), ("keywords", named)) if x or not given)
        yield from (("objects", sequence, things, None) for sequence, things in self.sequences)
        yield from (("array", now, kept, None) for now, kept in self.arrays)
        yield from (("tree", tree, kept, comparison(kept, self.typed)) for tree, kept in self.trees)

    def _quick(self) -> Callable[[], bool] | None:
        """The test as one generated expression; None if it would be too long."""
        if len(self) > 2000:
            return None
        tests, scope = conditions(self.tests())
        found: Callable[[], bool] = eval(f"lambda: {' and '.join(tests) or 'True'}", scope)
        return found

    def _same(self) -> bool:
        """The test by value."""
        for place, key, thing in self.items:
            if place.get(key, MISSING) is not thing and not equal(place.get(key, MISSING), thing):
                return False
        for cell, thing in self.cells:
            if cell.cell_contents is not thing and not equal(cell.cell_contents, thing):
                return False
        for sequence, things in self.sequences:
            if len(sequence) != len(things):
                return False
            if same_objects(sequence, things):
                continue
            for now, then in zip(sequence, things):
                if now is not then and not equal(now, then):
                    return False
        for place, length in self.lengths:
            if len(place) != length:
                return False
        if any(tuple(place) != keys for place, keys in self.orders):
            return False
        if any(thing.__class__ is not kind for thing, kind in self.classes):
            return False
        for f, code, defaults, named in self.functions:
            if f.__code__ is not code or f.__defaults__ is not defaults or f.__kwdefaults__ is not named:
                return False
        if not all(same_trees(tree, kept) for tree, kept in self.trees):
            return False
        return all(same_array(array, kept) for array, kept in self.arrays)

    def changed(self) -> list[str]:
        """The names of globals, attributes and variables that are something else now."""
        found = [key for place, key, thing in self.items if place.get(key, MISSING) is not thing]
        for f, code, _, _ in self.functions:
            held = {id(cell): name for name, cell in zip(code.co_freevars, f.__closure__ or ())}
            found += [held[id(c)] for c, thing in self.cells if id(c) in held and c.cell_contents is not thing]
        return [key for key in dict.fromkeys(found) if isinstance(key, str)]

    def restore(self) -> None:
        """Put back what has changed."""
        whole: dict[int, tuple[Any, dict[Any, Any]]] = {
            id(d): (d, {}) for d, _ in [*self.lengths, *self.orders] if isinstance(d, dict)
        }
        for place, key, thing in self.items:
            if id(place) in whole:
                whole[id(place)][1][key] = thing
            elif place.get(key, MISSING) is not thing:
                put(place, key, thing)
        for place, items in whole.values():
            if [*place] != [*items] or any(place[k] is not items[k] for k in items):
                place.clear()
                place.update(items)
        for cell, thing in self.cells:
            if cell.cell_contents is not thing:
                cell.cell_contents = thing
        for sequence, things in self.sequences:
            if not same_objects(list(sequence), things):
                write_back(sequence, things)
        for tree, kept in self.trees:
            if not same_trees(tree, kept):
                tree[:] = as_tree(kept) or []
        for now, kept in self.arrays:
            if not same_array(now, kept):
                now[...] = kept
        for thing, kind in self.classes:
            if thing.__class__ is not kind:
                thing.__class__ = kind
        for f, code, defaults, named in self.functions:
            f.__code__, f.__defaults__, f.__kwdefaults__ = code, defaults, named

    # --- looking around -------------------------------------------------------------------------------------------

    def _walk(self, start: Any) -> None:
        stack = [start]
        while stack:
            if len(self.seen) >= LIMIT:
                self.unwatchable(
                    f"it reaches more than {LIMIT} objects, and compile watches no more: pass them as arguments"
                )
                return
            thing = stack.pop()
            if isinstance(thing, Value):
                stack.extend(self._kept_on(thing))
            if isinstance(thing, (*PLAIN, Node, Operand, Op, ModuleType, CodeType)):
                continue
            if id(thing) in self.seen:
                continue
            self.seen.add(id(thing))
            self.kept.append(thing)
            if hasattr(type(thing), "__float__") and is_foreign(getattr(thing, "dtype", type(thing))):
                self.typed = True
            stack.extend(self._look(thing))
            if isinstance(thing, (list, tuple, set, dict, deque)) and hasattr(thing, "__dict__"):
                stack.extend(self._object(thing))  # a list of the user's own kind, with attributes

    def unwatchable(self, why: str) -> None:
        """Say once why a function has to run eagerly."""
        self.unseen = self.unseen or why

    def _look(self, thing: Any) -> list[Any]:
        """Note what ``thing`` consists of; return what there is to look into."""
        if isinstance(thing, FunctionType):
            return self._function(thing)
        owner = thing.__self__ if hasattr(type(thing), "__self__") else None
        if isinstance(thing, threading.local):
            state = Local(thing)
            self.lengths.append((state, len(state)))
            self.items += [(state, key, item) for key, item in vars(thing).items()]
            return list(vars(thing).values())
        if isinstance(thing, BuiltinFunctionType) or (owner is not None and not isinstance(thing, MethodType)):
            return [owner]  # rng.normal: the method of an object that is not written in Python
        if isinstance(thing, MethodType):
            return [thing.__self__, thing.__func__]
        if isinstance(thing, functools.partial):
            return [thing.func, thing.args, thing.keywords]
        if isinstance(thing, functools._lru_cache_wrapper):  # its dict can't be asked for
            held = gc.get_referents(thing)
            cache = next(x for x in held if type(x) is dict and x is not vars(thing))
            return [x for x in held if x is not cache] + self._mapping(cache, ordered=False)
        if isinstance(thing, weakref.ref):
            return [thing()]
        if isinstance(thing, ContextVar):
            context = Context(thing)
            self.items.append((context, "value", context.get("value", None)))
            return [context.get("value", None)]
        if isinstance(thing, random.SystemRandom):  # which stands nowhere
            self.entropy = True
            return []
        if isinstance(thing, _GENERATORS) or _is_torchs(thing):
            self.generators.append(thing)
            return []
        if isinstance(thing, Iterator) and type(thing).__module__ in _ITERATORS:
            self.iterators.append(thing)
            frame = thing.gi_frame if isinstance(thing, GeneratorType) else None
            return (list(locals_of(frame).values()) if frame is not None else []) or gc.get_referents(thing)
        if isinstance(thing, (np.ndarray, list, tuple, set, deque, array, bytearray)):
            return self._sequence(thing)
        if isinstance(thing, (dict, MappingProxyType)):
            return self._mapping(thing)
        if isinstance(thing, type):
            return self._class(thing)
        if str(type(thing).__module__).split(".")[0] == "autograd_lite" and callable(
            getattr(thing, "__wrapped__", None)
        ):
            return [thing.__wrapped__]  # jacobian(f), compile(f): what they note about themselves is not f
        return self._object(thing)

    def _kept_on(self, value: Value) -> list[Any]:
        """The attributes of a user's own on a Value: ``w.momentum``."""
        own = value._own()
        if not own or id(own) in self.seen:
            return []
        self.seen.add(id(own))
        self.kept.append(own)
        return self._mapping(own, ordered=False)

    def _sequence(self, thing: Any) -> list[Any]:
        if isinstance(thing, np.ndarray):
            if thing.dtype != object:
                self.arrays.append((thing, thing.copy()))
                return []
            items: list[Any] = thing.ravel().tolist()
            self.sequences.append((Items(thing), tuple(items)))
            return items
        tree = as_tree(thing) if type(thing) is list else None
        if tree is not None:
            self.trees.append((thing, tree))
            return []
        if not isinstance(thing, tuple):
            self.sequences.append((thing, tuple(thing)))
        return list(thing)

    def _mapping(self, thing: Any, ordered: bool = True) -> list[Any]:
        if ordered and len(thing) > 1:
            self.orders.append((thing, tuple(thing)))
        else:
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
        if is_library(f.__module__):
            return [os.environ] if f is os.getenv else found
        code = looks(f.__code__)
        self.typed = self.typed or code.typed
        self.handles = self.handles or code.handles
        self.identities = self.identities or code.identities
        self.aliases = self.aliases or code.aliases
        if code.catches and "site-packages" not in f.__code__.co_filename:
            self.catches = self.catches or code.catches
        if vars(f):  # f.rate
            found += self._mapping(vars(f))
        if code.everything:  # by names in texts, or computed ones: then those of containers
            held = self._mapping(f.__globals__, ordered=False)
            found += [thing for thing in held if isinstance(thing, (list, dict, set, deque, np.ndarray))]
            found += [f.__globals__[name] for name in code.attributes if name in f.__globals__]
        self.calls += [
            (f.__globals__, name, _READERS[name]) for name in code.globals & _READERS.keys() - f.__globals__.keys()
        ]
        own = "site-packages" not in f.__code__.co_filename
        if code.unseeded and own:
            self.unwatchable(f"it makes a {code.unseeded} without a seed (in {self.where}): pass one as an argument")
        modules = self._modules(f, code, found)
        for module in modules:
            found += self._module(module, code)
        clocks = {datetime.datetime, datetime.date, pathlib.Path} & {
            thing for thing in found if isinstance(thing, type)
        }
        if own and clocks and _CLOCKS & code.attributes:
            self.unwatchable(f"it asks {min(kind.__name__ for kind in clocks)} {ASKED} (in {self.where})")
        return found

    def _modules(self, f: FunctionType, code: Looks, found: list[Any]) -> list[ModuleType]:
        """The modules that a function looks into; what else its globals' names stand for is appended to ``found``."""
        modules = [thing for thing in found if isinstance(thing, ModuleType)]  # in a closure cell or a default
        for name in code.imports:  # an import inside the function: the module is looked up at each call
            module = sys.modules.get(name, MISSING)
            self.items.append((sys.modules, name, module))
            modules += [module] if isinstance(module, ModuleType) else []
        if not (code.attributes | code.globals).isdisjoint(_BY_NAME):  # sys.modules["settings"]
            modules += [sys.modules[name] for name in {*code.attributes, f.__module__} if name in sys.modules]
        for name in code.globals:
            thing = f.__globals__.get(name, MISSING)
            if thing is MISSING and hasattr(builtins, name) and name not in code.stored:
                continue
            self._named(f.__globals__, name, thing)
            if isinstance(thing, ModuleType):
                modules.append(thing)
            elif thing is not MISSING:
                found.append(thing)
        return modules

    def _named(self, place: Any, name: str, thing: Any) -> None:
        """Watch what a function looks up by name."""
        self.items.append((place, name, thing))
        if isinstance(thing, (BuiltinFunctionType, FunctionType)) and str(thing.__module__).split(".")[0] in _OUTSIDE:
            self.calls.append((place, name, thing))

    def _module(self, module: ModuleType, code: Looks) -> list[Any]:
        """The attributes that a function may read off a module, ``config.rate``, and off the modules in it."""
        if (id(module), code) in self.modules:
            return []
        self.modules.add((id(module), code))
        library = is_library(module.__name__)
        if library and module.__name__.split(".")[0] not in sys.stdlib_module_names:
            return []
        names = code.attributes
        if code.computed and not library:
            names = names | vars(module).keys()
            self.lengths.append((Local(module), len(vars(module))))
        found = []
        for name in names:
            thing = vars(module).get(name, MISSING)
            if thing is not MISSING:
                self._named(vars(module), name, thing)
                found += self._module(thing, code) if isinstance(thing, ModuleType) else [thing]
        return found

    def _class(self, kind: type) -> list[Any]:
        if is_library(kind.__module__):
            if issubclass(kind, ArithmeticError) or kind in (Exception, BaseException):  # errors = (ZeroDivisionError,)
                self.errors.append(kind.__name__)
            return []
        found: list[Any] = [base for base in kind.__bases__ if not is_library(base.__module__)]
        self.lengths.append((vars(kind), len(vars(kind))))
        for name, held in vars(kind).items():
            thing = held
            if isinstance(held, (staticmethod, classmethod)):
                thing = held.__func__
            elif isinstance(held, property):
                thing = held.fget
            if isinstance(thing, FunctionType) or not name.startswith("__"):
                self.items.append((ClassDict(kind), name, held))
                found.append(thing)
        return found

    def _object(self, thing: Any) -> list[Any]:
        found: list[Any] = [type(thing)]
        if not is_library(type(thing).__module__):
            self.classes.append((thing, type(thing)))
        if _is_buffer(thing):
            self.unwatchable(f"it reads a {type(thing).__name__}, whose bytes can change unseen (in {self.where})")
        if isinstance(getattr(thing, "__dict__", None), dict):
            self.seen.add(id(thing.__dict__))
            self.kept.append(thing.__dict__)
            found += self._mapping(thing.__dict__, ordered=False)
        for kind in type(thing).__mro__:
            slots = kind.__dict__.get("__slots__", ())
            own = str(kind.__module__).split(".")[0] == "autograd_lite"  # whose private slots are caches
            for slot in (slots,) if isinstance(slots, str) else slots:
                if own and slot.startswith("_"):
                    continue
                item = getattr(thing, slot, MISSING)
                if not slot.startswith("__"):
                    self.items.append((Slots(thing), slot, item))
                    found += [item] if item is not MISSING else []
        return found
