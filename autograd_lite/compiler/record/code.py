"""What a function's code looks up by name: globals, attributes, modules."""

from __future__ import annotations

import dis
import functools
import inspect
import os
import re
import sys
from types import CodeType
from typing import Any

__all__ = ["FLAGS", "Looks", "defined", "is_library", "looks"]

_GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
_STORED = {"STORE_GLOBAL", "DELETE_GLOBAL"}

#: names by which code reads any global that there is
_ALL = {"globals", "eval", "exec"}
#: and those by which it reads attributes whose names are computed
_COMPUTED = {"getattr", "hasattr", "vars", "dir", "eval", "exec", "__dict__", "attrgetter", "__getattribute__"}
#: names by which it asks for the type of a number, or makes one that decides how others are rounded
_TYPES = {
    "isinstance", "issubclass", "type", "hasattr", "callable", "__class__", "dtype", "float16", "half", "longdouble",
    "Decimal", "float", "int", "bool", "complex",
}  # fmt: skip
#: names by which it asks whether two things are one, or how an array lies in memory
_ALIASES = {"is_", "is_not", "strides", "flags", "itemsize", "nbytes", "nditer", "K"}
#: errors that plain arithmetic raises, and programs don't; and what catches those, among others
_ERRORS = {"ZeroDivisionError", "OverflowError", "ArithmeticError", "FloatingPointError", "RuntimeWarning"}
_ALL_ERRORS = {"Exception", "BaseException"}
#: random number generators, which differ from call to call if they are made without a seed
_SEEDED = {
    "default_rng", "Random", "RandomState", "SystemRandom", "SeedSequence", "PCG64", "MT19937", "Philox", "SFC64",
}  # fmt: skip

#: what is true of a function if it is of one inside it
FLAGS = ("identities", "aliases")


class Looks:
    """The names in a function's code and in the functions inside it.

    Attributes:
        globals: those looked up as globals; ``stored`` those assigned.
        attributes: those looked up as attributes, and texts that may name one.
        sets: those that are set or deleted.
        imports: the modules imported by absolute name.
        everything: whether any global may be read.
        computed: whether attributes are read whose names are computed.
        typed: whether types are asked for.
        identities: whether something may be asked to be the very ``True`` or ``False``, ``match`` included.
        aliases: whether two local things are asked to be the same one, or an array how it lies in memory.
        catches: an arithmetic error that is named, to be caught, or a handler of all errors; empty if there is none.
        unseeded: a random number generator made without a seed; empty if there is none.
    """

    def __init__(self, code: CodeType) -> None:
        self.globals: set[str] = set()
        self.stored: set[str] = set()
        self.attributes: set[str] = set()
        self.sets: set[str] = set()
        self.imports: set[str] = set()
        self.unseeded = ""
        self.caught: set[str] = set()
        self.identities = self.aliases = self.handles = False
        self._read(code)
        names = self.globals | self.attributes
        self.everything = not names.isdisjoint(_ALL)
        self.computed = not names.isdisjoint(_COMPUTED)
        self.caught |= names & _ERRORS
        self.handles = self.handles or "suppress" in names
        if "suppress" in names or (code.co_name == "__exit__" and True in code.co_consts):
            self.caught |= (names & _ALL_ERRORS) or {"every error"}
        self.catches = min(self.caught, default="")
        self.sets |= self.attributes if "setattr" in names else set()
        self.aliases = self.aliases or "id" in self.globals or not names.isdisjoint(_ALIASES)
        self.typed = self.aliases or self.handles or not names.isdisjoint(_TYPES)

    def _read(self, code: CodeType) -> None:
        last, constant, local, opened = "", None, False, False
        loaded: list[Any] = []  # in a row
        truths = any(isinstance(found, bool) for found in code.co_consts)
        for instruction in dis.get_instructions(code):
            name, found = instruction.opname, instruction.argval
            self.identities = self.identities or (name == "IS_OP" and truths and constant != "None")
            self.aliases = self.aliases or (name == "IS_OP" and local)
            local = not name.startswith(("LOAD_CONST", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_ATTR"))
            constant = repr(found) if name == "LOAD_CONST" else ""
            if name in ("PUSH_NULL", "PRECALL", "CACHE", "EXTENDED_ARG"):
                continue
            if opened and name == "POP_TOP":  # ``except:``
                self.caught.add("every error")
            opened = name == "PUSH_EXC_INFO"
            if name in ("CHECK_EXC_MATCH", "CHECK_EG_MATCH"):
                self.handles = True
                self.caught |= _ALL_ERRORS.intersection(loaded)
            loaded = [*loaded, found] if name.startswith("LOAD_") else loaded if name == "BUILD_TUPLE" else []
            if name == "CALL" and instruction.arg == 0 and last in _SEEDED:
                self.unseeded = last
            last = found if isinstance(found, str) else ""
            if name in _GLOBAL:
                self.globals.add(found)
            elif name in _STORED:
                self.globals.add(found)
                self.stored.add(found)
            elif name == "IMPORT_NAME":
                self.imports.update({found} if found else ())
            elif instruction.opcode in dis.hasname:
                self.attributes.add(found)
                self.sets |= {found} if name in ("STORE_ATTR", "DELETE_ATTR") else set()
        for k, constant in enumerate(code.co_consts):
            if k == 0 and _has_docstring(code):
                continue
            if isinstance(constant, str) and len(constant) < 1000:  # getattr(settings, "rate"), eval("2 * rate")
                self.attributes.update(re.findall(r"[^\W\d]\w*", constant))
            if isinstance(constant, CodeType):
                inner = vars(looks(constant))
                for name in ("globals", "stored", "attributes", "sets", "imports", "caught"):
                    vars(self)[name] |= inner[name]
                vars(self).update({flag: vars(self)[flag] or inner[flag] for flag in (*FLAGS, "handles", "unseeded")})


def _has_docstring(code: CodeType) -> bool:
    """Whether the first constant is a docstring, which names nothing."""
    if sys.version_info >= (3, 14):  # before, a function without one has None there
        return bool(code.co_flags & inspect.CO_HAS_DOCSTRING)
    return bool(code.co_flags & inspect.CO_OPTIMIZED) and bool(code.co_consts) and isinstance(code.co_consts[0], str)


@functools.lru_cache(maxsize=32768)
def looks(code: CodeType) -> Looks:
    """The names that a function's code looks up."""
    return Looks(code)


#: packages whose code and state are not watched
_PACKAGES = {"autograd_lite", "numpy", "scipy", "math", "builtins", "jax", "jaxlib", "torch", "typing"}
_STANDARD = os.path.dirname(os.__file__)


@functools.lru_cache(maxsize=4096)
def is_library(name: Any) -> bool:
    """Whether a module is this package's, NumPy's, the standard library's: code that has no state of the user's."""
    root = name.split(".")[0] if isinstance(name, str) else ""
    if root in _PACKAGES:
        return True
    if root not in sys.stdlib_module_names or root == "__main__":
        return False
    file: Any = getattr(sys.modules.get(root), "__file__", None)  # a user's file may have the name of one of Python's
    return file is None or (file.startswith(_STANDARD) and "site-packages" not in file)


def defined(f: Any) -> str:
    """Where a function is, for messages: its file and line; of an object its class, since its repr is the user's."""
    f = inspect.unwrap(f) if callable(f) else f
    while isinstance(f, functools.partial):
        f = f.func
    code = getattr(f, "__code__", None) or getattr(getattr(type(f), "__call__", None), "__code__", None)  # noqa: B004
    if code is not None:
        return f"{code.co_filename}:{code.co_firstlineno}"
    return repr(f) if callable(f) else type(f).__qualname__
