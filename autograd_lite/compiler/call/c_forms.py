"""What the arguments and results of one call are made of, as ``c_entry.c`` takes them apart and puts them together.

A form is read number by number into memory, or, if it is an array, where it is; and made of numbers in memory. What is
not like it is read as "not mine", which the caller takes to the general way.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import importlib.resources
import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np

from .forms import FLOAT, Form, Unlike, form_of

__all__ = ["TESTS", "Forms", "array_maker", "converted", "glue", "list_form", "numpy_objects", "spoken"]

#: where in an entry's ``self`` shapes and keys begin: behind what ``c_entry.c`` has names for
OBJECTS = 12
#: the kinds of forms, as ``c_entry.c`` numbers them
KINDS = ("float", "array", "list", "tuple", "dict")
#: containers in one argument or result, at most; as many equal ones in a row are one
MANY = 40


def spoken(x: Any, result: bool = False) -> Form | None:
    """The form of an argument or a result; None if it is not one that ``c_entry.c`` takes, or makes."""
    try:
        form = form_of(x, not result)
    except Unlike:
        return None
    parts = list(form.all())
    return form if len(parts) <= MANY and all(_known(part, result) for part in parts) else None


def _known(form: Form, result: bool) -> bool:
    if form.kind == "dict":
        return result and all(type(key) is str and key.isascii() and key.isidentifier() for key in form.keys)
    return form.kind in KINDS and form.char == "d"


def list_form(count: int) -> Form:
    """That of a list of so many floats."""
    return Form("list", ((FLOAT, count),) if count else ())


def converted(form: Form, x: Any) -> Any:
    """A number, or a list or an array of numbers, made to be of such a form."""
    if form.kind != "array":
        return float(x) if form is FLOAT else [*map(float, x)]
    made = np.empty(form.shape)
    made[...] = np.reshape(x, form.shape)
    return made


# --- the memory of Python's objects -------------------------------------------------------------------------------

#: the size of what every object begins with; its type is the last thing there
HEAD = object.__basicsize__
_WORD = ctypes.sizeof(ctypes.c_void_p)
#: where a tuple's items begin, and where a list has the pointer to its own
ITEMS = tuple.__basicsize__
#: where a bytes object's text begins: a 0 behind it is in its size
TEXT = bytes.__basicsize__ - 1


class _Array(ctypes.Structure):
    """What follows in a NumPy array: a part of NumPy's binary interface."""

    _fields_ = [
        ("data", ctypes.c_void_p), ("nd", ctypes.c_int), ("dims", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.c_void_p), ("base", ctypes.c_void_p), ("descr", ctypes.c_void_p), ("flags", ctypes.c_int),
    ]  # fmt: skip


@functools.cache
def numpy_objects() -> tuple[Any, ...] | None:
    """What an entry needs of NumPy; None if objects are not laid out as the C here has it, which is tried."""
    probe = np.zeros((2, 3))
    if ctypes.c_void_p.from_address(id(probe) + HEAD - _WORD).value != id(np.ndarray):
        return None
    both, text, number = (probe, np.ndarray), b"text", 2.5
    row = list(both)
    for start in (id(both) + ITEMS, ctypes.c_void_p.from_address(id(row) + ITEMS).value or 0):
        if list((ctypes.c_void_p * 2).from_address(start)) != [*map(id, both)]:
            return None
    if ctypes.c_double.from_address(id(number) + HEAD).value != number or ctypes.string_at(id(text) + TEXT) != text:
        return None
    seen = _Array.from_address(id(probe) + HEAD)
    known = (probe.ctypes.data, 2, id(probe.dtype), probe.flags.num)
    if (seen.data, seen.nd, seen.descr, seen.flags) != known or seen.dims[:2] != [2, 3]:
        return None
    return np.ndarray, np.dtype(np.float64), np.empty


@functools.cache
def array_maker() -> int | None:
    """The address of ``PyArray_NewFromDescr``: NumPy's headers say where it is in the table of its C API."""
    header = Path(np.get_include(), "numpy", "__multiarray_api.h")
    try:
        found = re.search(
            r"define PyArray_NewFromDescr\b[^#]*?PyArray_API\[(\d+)\]", header.read_text(encoding="utf-8")
        )
        core = importlib.import_module("numpy._core" if int(np.__version__.partition(".")[0]) > 1 else "numpy.core")
        capsule = core._multiarray_umath._ARRAY_API
    except (OSError, ImportError, AttributeError):
        return None
    if found is None:
        return None
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return ctypes.c_void_p.from_address(pointer(capsule, None) + int(found[1]) * _WORD).value


#: what a call looks at in its surroundings, by identity, in groups of four: one of these, and what it is about
TESTS = ("item", "without", "cell", "code", "defaults", "keywords", "class", "length", "holds")


@functools.cache
def glue() -> str:
    """The source of the entries (``c_entry.c``), the same for every program."""
    text = importlib.resources.files(__package__).joinpath("c_entry.c").read_text(encoding="ascii")
    known = [f"#define {name} {at}" for name, at in (("AG_HEAD", HEAD), ("AG_FIRST", ITEMS), ("AG_TEXT", TEXT))]
    return "\n".join([*known, f"enum {{ AG_END, {', '.join(f'AG_{word.upper()}' for word in TESTS)} }};", text])


class Forms:
    """Forms as the words that ``c_entry.c`` reads and makes objects by.

    Attributes:
        words: all of them, those that come before included.
        objects: shapes and keys: an entry's ``self`` has them from place ``OBJECTS`` on.
    """

    def __init__(self, before: int) -> None:
        self.words = [0] * before
        self.objects: list[Any] = []
        self._places: dict[Form, int] = {}

    def place(self, form: Form) -> int:
        """Where the words of a form are."""
        if form not in self._places:
            more = [form.count, len(form.items)]
            for (item, n), key in itertools.zip_longest(form.items, form.keys):
                more += [self.place(item), n, 0 if key is None else self._object(key)]
            if form.kind == "array":
                more = [self._object(form.shape), len(form.shape), *form.shape]
            self._places[form] = len(self.words)
            self.words += [KINDS.index(form.kind), form.size, *more]
        return self._places[form]

    def _object(self, x: Any) -> int:
        if x not in self.objects:
            self.objects.append(x)
        return OBJECTS + self.objects.index(x)
