"""What a function depends on besides its arguments: closure cells, globals, defaults, the attributes of its objects.

A recording holds these as constants, so every call first looks whether they are still the same. Values and parameters
are not looked into: their numbers are inputs that each call reads.
"""

from __future__ import annotations

import builtins
import datetime
import functools
import gc
import math
import os
import random
import sys
import threading
import weakref
from array import array
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextvars import ContextVar
from itertools import islice
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GeneratorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from ...engine.sweeps import Node
from ...engine.user_frame import locals_of
from ...engine.value import Value
from ...primitives.base import Op, Operand
from .code import FLAGS, Looks, defined, is_library, looks
from .lowering import code_of
from .pack import Pack
from .places import MISSING, PLAIN, SAME, ClassDict, Referent, Slots, as_tree, conditions, held, position
from .structure import Parts, is_foreign

__all__ = ["ASKED", "Watch"]

#: so many objects are watched; a function that reaches more runs eagerly
LIMIT = 100_000

#: so often it is asked by value whether something has changed, before the quicker test is written
OFTEN = 1
#: the quicker test is of fewer things
MANY = 2000

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
#: what holds nothing that can change
_ATOMS = tuple(kind for kind in PLAIN if kind is not frozenset)
#: modules whose classes in C hold nothing of the user's, or are looked into
_SEEN = {"builtins", "_abc", "functools", "_collections", "numpy", "_thread", "_csv", "_struct", "zoneinfo", "jaxlib"}
#: what a class in Python adds to its objects
_ITS_OWN = {"__dict__", "__weakref__", "__slots__"}
#: what every class has
_CLASS = {*vars(type("", (), {})), "__init__", "__new__", "__repr__", "__str__", "__format__", "__slots__", "__hash__"}
#: methods of dates that do
_CLOCKS = {"now", "today", "utcnow"}
_BY_NAME = {"modules", "import_module", "__import__"}


#: what has its contents with a thread or a task
_ELSEWHERE = (threading.local, ContextVar)


def _is_hidden(thing: Any) -> bool:
    """Whether it holds what can't be seen, and may change: a memoryview, a mapped file, an object written in C."""
    kind: Any = type(thing)
    if callable(thing) or (kind.__hash__ not in (object.__hash__, None) and not hasattr(kind, "__setitem__")):
        return False  # code, or equal by what it holds, which then stays
    return kind is memoryview or any(map(_is_in_c, kind.__mro__[:-1]))


def _is_in_c(kind: Any) -> bool:
    """Whether a class adds to its objects what isn't Python's, and may be the user's."""
    adds = kind.__basicsize__ > kind.__base__.__basicsize__ and _ITS_OWN.isdisjoint(vars(kind))
    return adds and (kind.__module__.split(".")[0] not in _SEEN or "random" in kind.__module__)


def _overrides(kind: type, attributes: set[str]) -> bool:
    """Whether a class of Values of the user's has operators of its own, or something that is asked for."""
    names = {name for base in kind.__mro__ if not is_library(base.__module__) for name in vars(base)}
    return not names.isdisjoint(attributes) or any(hasattr(float, name) for name in names - _CLASS)


@functools.cache
def _known() -> set[str]:
    """Attributes of Values, and names that functions read off other things."""
    things = (Value, list, dict, str, np.ndarray, np, math, sys.modules["autograd_lite"])
    return {name for thing in things for name in dir(thing)} - {"label"}


def _broad(kind: Any) -> str:
    """The name of a class of errors, if plain arithmetic raises such."""
    broad = isinstance(kind, type) and (issubclass(kind, ArithmeticError) or kind in (Exception, BaseException))
    return kind.__name__ if broad else ""


class Watch:
    """The surroundings of a function, and of objects that it is called with, as they were; whether they still are so.

    Attributes:
        unseen: why they can't be watched; empty if they can.
        catches: an arithmetic error that the function catches, or "every error"; empty if there is none.
        calls: where the function finds what answers differently from call to call, (place, key, function).
        typed: whether the function asks for types of its numbers, which are not those of plain code, or holds some that
            are rounded otherwise.
        identities: whether it asks whether a comparison is the very ``True`` or ``False``; ``aliases``, whether two of
            its numbers are the same one.
        where: the function's file and line.
    """

    def __init__(self, f: Callable[..., Any], objects: Sequence[Any] = ()) -> None:
        self.unseen = ""
        self.typed = self.identities = self.aliases = False
        self.catches = ""
        self.calls: list[tuple[Any, Any, Any]] = []
        self.where = defined(f)
        self.notes: dict[str, list[tuple[Any, Any, Any]]] = {word: [] for word in SAME}
        self.modules: set[tuple[int, Looks]] = set()
        self.generators: list[Any] = []
        self.iterators: list[Any] = []
        self.attributes: set[str] = set()
        self.seen: dict[int, Any] = {}
        self._asked = 0
        self._walk([*objects, f])

    def asks(self, integers: Collection[int]) -> bool:
        """Whether the function may ask what calls look at in the general way alone; some numbers came as integers."""
        return self.aliases or (self.typed and bool(integers))

    @functools.cached_property
    def _read_off(self) -> set[str]:
        """The attributes that the function may read off a Value and only a user gives one."""
        return self.attributes - _known()

    def tells_apart(self, blocks: Parts) -> bool:
        """Whether the function may read off a Value in these what its stand-in in a recording hasn't got."""
        asked = self._read_off
        kinds = {type(blocks[k]) for k in blocks.values} - {Value, Pack}
        return any(_overrides(kind, self.attributes) for kind in kinds) or any(
            not asked.isdisjoint(node._own()) or ("label" in asked and node.label != "")
            for node in (blocks.nodes() if asked else ())
        )

    def positions(self) -> list[Any]:
        """Where the iterators among the surroundings stand, generators and open files too."""
        return [position(iterator) for iterator in self.iterators]

    @property
    def toggled(self) -> bool:
        """Whether the function depends on whether a model is in training mode."""
        return any(hasattr(type(thing), "training") for thing in self.seen.values())

    def holds(self) -> bool:
        """Whether nothing has changed."""
        self._asked += 1
        try:
            if self._asked > OFTEN and self._unchanged():
                return True
            return all(SAME[word].same(found) for word, found in self.notes.items())
        except (KeyError, AttributeError, ValueError):
            return False

    @functools.cached_property
    def _unchanged(self) -> Callable[[], bool]:
        """The test by identity, as one generated expression, which is not to be too long."""
        tests, scope = conditions(islice(self.tests(), MANY))
        if len(tests) == MANY:
            return lambda: False
        found: Callable[[], bool] = eval(f"lambda: {' and '.join(tests) or 'True'}", scope)
        return found

    def tests(self, given: bool = False) -> Iterator[tuple[str, Any, Any, Any]]:
        """What has to be as it was: a word of ``places.SAME``, and what it is about.

        ``given`` leaves out that a function has no defaults: that matters only to calls that don't give every argument.
        """
        for word, found in self.notes.items():
            needless = given and word in ("defaults", "keywords")
            yield from ((word, *note) for note in found if not needless or note[1])

    def changed(self) -> list[str]:
        """The names of globals, attributes and variables that are something else now."""
        keys = [
            key
            for word, at in (("item", 1), ("without", 1), ("attribute", 1), ("cell", 2))
            for note in self.notes[word]
            if isinstance(key := note[at], str) and not SAME[word].same([note])
        ]
        return [*dict.fromkeys(keys)]

    def restore(self) -> None:
        """Put back what has changed."""
        for word, found in self.notes.items():
            for note in found:
                if not SAME[word].same([note]):
                    SAME[word].put(*note)

    def _note(self, word: str, a: Any, b: Any, c: Any = None) -> None:
        self.notes[word].append((a, b, c))

    # --- looking around -------------------------------------------------------------------------------------------

    def _walk(self, stack: list[Any]) -> None:
        while stack:
            if len(self.seen) >= LIMIT:
                self.unwatchable(
                    f"it reaches more than {LIMIT} objects, and compile watches no more: pass them as arguments"
                )
                return
            thing = stack.pop()
            if isinstance(thing, Value) and (own := thing._own()):
                stack += self._attributes(own)  # w.momentum
            if isinstance(thing, (*_ATOMS, Node, Operand, Op, ModuleType, CodeType)):
                continue
            if id(thing) in self.seen or thing is sys.modules:  # of which those that are named are looked at
                continue
            self.seen[id(thing)] = thing
            if hasattr(type(thing), "__float__") and is_foreign(getattr(thing, "dtype", type(thing))):
                self.typed = True
            stack.extend(self._look(thing))
            items = isinstance(thing, (list, tuple, set, dict, deque, np.ndarray))
            if items and hasattr(thing, "__dict__") and not is_library(type(thing).__module__):
                stack.extend(self._object(thing))  # a list of the user's own kind, with attributes

    def unwatchable(self, why: str) -> None:
        """Say once why a function has to run eagerly."""
        self.unseen = self.unseen or why

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
        if isinstance(thing, functools._lru_cache_wrapper):  # its dict can't be asked for
            held = gc.get_referents(thing)
            cache = next(x for x in held if type(x) is dict and x is not vars(thing))
            return [x for x in held if x is not cache] + self._mapping(cache, ordered=False)
        if isinstance(thing, weakref.ref):
            return self._referent(thing)
        if isinstance(thing, _ELSEWHERE):
            self.unwatchable(f"it reads a {type(thing).__name__} (in {self.where}), {ASKED}")
            return []
        if isinstance(thing, random.SystemRandom):  # which stands nowhere
            self.calls.append((vars(random), "_urandom", random._urandom))  # type: ignore[attr-defined]
            return []
        if isinstance(thing, _GENERATORS) or _is_torchs(thing):
            self.generators.append(thing)
            return []
        if isinstance(thing, Iterator) and type(thing).__module__ in _ITERATORS:
            self.iterators.append(thing)
            if isinstance(thing, GeneratorType):
                return list(locals_of(thing.gi_frame).values()) if thing.gi_frame is not None else []
            return gc.get_referents(thing)
        if isinstance(thing, (np.ndarray, list, tuple, set, frozenset, deque, array, bytearray)):
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

    def _referent(self, reference: Any) -> list[Any]:
        """What an object holds that is not to be kept alive."""
        thing = reference()
        self._note("attribute", Referent(reference), "alive", thing is not None)
        own = getattr(thing, "__dict__", None)
        if not isinstance(own, dict) or isinstance(thing, FunctionType):
            return [thing]
        return [type(thing), *self._attributes(own)]

    def _sequence(self, thing: Any) -> list[Any]:
        if isinstance(thing, np.ndarray):
            self._note("array", thing, thing.copy())
            return thing.ravel().tolist() if thing.dtype == object else []
        tree = as_tree(thing) if type(thing) is list else None
        if tree is not None:  # nested lists of plain constants and Values, and a copy of the lists
            self.notes["tree"].append((thing, tree, None))
            return []
        if not isinstance(thing, (tuple, frozenset)):
            self.notes["objects"].append((thing, tuple(thing), None))
        return list(thing)

    def _mapping(self, thing: Any, ordered: bool = True) -> list[Any]:
        self.notes["item"] += [(thing, key, item) for key, item in thing.items()]
        if ordered and len(thing) > 1:
            self.notes["order"].append((thing, tuple(thing), tuple(thing)))
        else:
            self._note("length", thing, len(thing), tuple(thing))
        return [*thing.values(), *(key for key in thing if type(key) is not str)]

    def _attributes(self, own: dict[str, Any]) -> list[Any]:
        """What an object has in its dict."""
        if id(own) in self.seen:
            return []
        self.seen[id(own)] = own
        return self._mapping(own, ordered=False)

    def _function(self, f: FunctionType) -> list[Any]:
        self._note("code", f, code_of(f))
        self._note("defaults", f, f.__defaults__)
        self._note("keywords", f, f.__kwdefaults__)
        found: list[Any] = [*(f.__defaults__ or ()), *(self._mapping(f.__kwdefaults__) if f.__kwdefaults__ else ())]
        for name, cell in zip(f.__code__.co_freevars, f.__closure__ or ()):
            if (thing := held(cell, "cell_contents")) is not MISSING:  # filled already
                self._note("cell", cell, thing, name)
                found.append(thing)
        if is_library(f.__module__):
            return [os.environ] if f is os.getenv else found
        code = looks(code_of(f))
        for flag in ("typed", *FLAGS):
            vars(self)[flag] |= vars(code)[flag]
        self.attributes |= code.attributes
        own = "site-packages" not in f.__code__.co_filename
        self.catches = self.catches or (code.catches if own else "")
        if vars(f):  # f.rate
            found += self._mapping(vars(f))
        if code.everything:  # by names in texts, or computed ones: then those of containers
            there = self._mapping(f.__globals__, ordered=False)
            found += [thing for thing in there if isinstance(thing, (list, dict, set, deque, np.ndarray))]
            found += [f.__globals__[name] for name in code.attributes if name in f.__globals__]
        if code.unseeded and own:
            self.unwatchable(f"it makes a {code.unseeded} without a seed (in {self.where}): pass one as an argument")
        modules = self._modules(f, code, found)
        for module in modules:
            found += self._module(module, code)
        clocks = [kind.__name__ for kind in (datetime.date, datetime.datetime) if any(kind is thing for thing in found)]
        if own and clocks and _CLOCKS & code.attributes:
            self.unwatchable(f"it asks {clocks[0]} {ASKED} (in {self.where})")
        if own and code.handles:  # errors = (ZeroDivisionError, KeyError)
            kinds = [kind for thing in found for kind in (thing if isinstance(thing, tuple) else (thing,))]
            self.catches = self.catches or max(map(_broad, kinds), default="")
        for thing in [f, *found]:  # f.calls = getattr(f, "calls", 0) + 1
            self._not_yet(thing, code)
        return found

    def _not_yet(self, thing: Any, code: Looks) -> None:
        """Watch the attributes that code sets, or asks for, on a function, a class or a Value that hasn't got them."""
        names = code.sets
        place: Any = None
        if isinstance(thing, FunctionType):
            place = Slots(thing)
        elif isinstance(thing, type) and not is_library(thing.__module__):
            place = ClassDict(thing)
        elif isinstance(thing, Value):
            names, place = names | (code.attributes if code.computed else set()), Slots(thing)
            if "label" in code.attributes:
                self._note("attribute", place, "label", thing.label)
        for name in names if place is not None else ():
            if place.get(name, MISSING) is MISSING:
                self._note("attribute", place, name, MISSING)

    def _modules(self, f: FunctionType, code: Looks, found: list[Any]) -> list[ModuleType]:
        """The modules that a function looks into; what else its globals' names stand for is appended to ``found``."""
        modules = [thing for thing in found if isinstance(thing, ModuleType)]  # in a closure cell or a default
        names = set(code.imports)  # inside the function: modules are looked up at each call
        if not (code.attributes | code.globals).isdisjoint(_BY_NAME):  # sys.modules["settings"]
            names |= {*code.attributes, f.__module__} & sys.modules.keys()
        for name in names:
            module = sys.modules.get(name, MISSING)
            self._named(sys.modules, name, module)
            modules += [module] if isinstance(module, ModuleType) else []
        for name in code.globals:
            thing = f.__globals__.get(name, MISSING)
            self._named(f.__globals__, name, thing)
            if isinstance(thing, ModuleType):
                modules.append(thing)
            elif thing is not MISSING:
                found.append(thing)
        return modules

    def _named(self, place: Any, name: str, thing: Any) -> None:
        """Watch what a function looks up by name."""
        if thing is MISSING:
            self._note("without", place, name, vars(builtins).get(name, MISSING))
            return
        self._note("item", place, name, thing)
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
            self._note("length", Slots(module), len(vars(module)))
        found = []
        for name in names:
            thing = vars(module).get(name, MISSING)
            if thing is not MISSING or name in code.sets:
                self._named(vars(module), name, thing)
            if thing is not MISSING:
                found += self._module(thing, code) if isinstance(thing, ModuleType) else [thing]
        return [*found, vars(module).get("__getattr__")]

    def _class(self, kind: type) -> list[Any]:
        if is_library(kind.__module__):
            return []
        found: list[Any] = list(kind.__bases__)
        self._note("length", vars(kind), len(vars(kind)))
        for name, there in vars(kind).items():
            thing = getattr(there, "__func__", there)
            if isinstance(thing, FunctionType) or not name.startswith("__"):
                self._note("attribute", ClassDict(kind), name, there)
                found += [there.fget, there.fset, there.fdel] if isinstance(there, property) else [thing]
        return found

    def _object(self, thing: Any) -> list[Any]:
        found: list[Any] = [type(thing)]
        if _is_hidden(thing):
            self.unwatchable(f"it uses a {type(thing).__name__}, which can change unseen (in {self.where})")
        if not is_library(type(thing).__module__):
            self._note("class", thing, type(thing))
        if isinstance(getattr(thing, "__dict__", None), dict):
            found += self._attributes(thing.__dict__)
        for kind in type(thing).__mro__:
            slots = vars(kind).get("__slots__", ())
            own = str(kind.__module__).split(".")[0] == "autograd_lite"  # whose private slots are caches
            for slot in (slots,) if isinstance(slots, str) else slots:
                shown = not slot.startswith("_" if own else "__")
                if shown and isinstance(getattr(type(thing), slot, None), MemberDescriptorType):  # no property hides it
                    found.append(held(thing, slot))
                    self._note("attribute", Slots(thing), slot, found[-1])
        return found
