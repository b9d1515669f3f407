"""What the arguments and results of one call are made of, and the C that takes them apart and puts them together.

A form is read number by number into memory, or, if it is an array, where it is; and made of numbers in memory. What is
not like it is read as "not mine", which the caller takes to the general way.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["HEAD", "SHAPES", "TESTS", "Form", "Forms", "array_maker", "form_of", "numpy_objects", "prelude"]

#: where in an entry's ``self`` shapes begin: behind the library, what of NumPy is needed, and what a call looks at
SHAPES = 9
#: containers in one argument or result, at most; as many equal ones in a row are one
MANY = 40
DEEPEST = 8


@dataclass(frozen=True)
class Form:
    """A float, or a list, tuple, dict or float array.

    Attributes:
        kind: which of them.
        items: the forms of a container's items, as pairs with how many there are in a row.
        shape: an array's.
        keys: a dict's.
    """

    kind: str
    items: tuple[tuple[Form, int], ...] = ()
    shape: tuple[int, ...] = ()
    keys: tuple[str, ...] = ()

    @functools.cached_property
    def size(self) -> int:
        """How many numbers it has."""
        if self.kind == "float":
            return 1
        return math.prod(self.shape) if self.kind == "array" else sum(form.size * n for form, n in self.items)

    @functools.cached_property
    def count(self) -> int:
        """How many items it has."""
        return sum(n for _, n in self.items)

    @functools.cached_property
    def parts(self) -> int:
        """How many forms it is written with."""
        return 1 + sum(form.parts for form, _ in self.items)


def form_of(x: Any, result: bool = False, depth: int = 0) -> Form | None:
    """The form of an argument or a result; None if it holds anything but floats, or is too deep.

    An argument's integers are floats here too: what is read has to be floats, and another call may have them.

    >>> form_of([1.0, 2.0]).size, form_of([1.0, "two"])
    (2, None)
    """
    kind = type(x)
    if kind is float or (kind is int and not result):
        return _FLOAT
    if kind is np.ndarray:
        return Form("array", shape=x.shape) if x.dtype == np.float64 and x.shape else None
    if depth > DEEPEST or kind not in (list, tuple, dict):
        return None
    if kind is dict and not (result and all(type(key) is str and key.isascii() and key.isidentifier() for key in x)):
        return None
    runs: list[tuple[Form, int]] = []
    for item in x.values() if kind is dict else x:
        form = form_of(item, result, depth + 1)
        if form is None or len(runs) > MANY:
            return None
        if kind is not dict and runs and runs[-1][0] == form:
            runs[-1] = (form, runs[-1][1] + 1)
        else:
            runs.append((form, 1))
    found = Form(kind.__name__, tuple(runs), keys=tuple(x) if kind is dict else ())
    return found if found.parts <= MANY else None


_FLOAT = Form("float")


# --- the memory of Python's objects -------------------------------------------------------------------------------

#: the size of what every object begins with; its type is the last thing there
HEAD = object.__basicsize__
_WORD = ctypes.sizeof(ctypes.c_void_p)
#: where a tuple's items begin
ITEMS = tuple.__basicsize__


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
    row = (probe, np.ndarray)
    if [ctypes.c_void_p.from_address(id(row) + ITEMS + k * _WORD).value for k in (0, 1)] != [id(probe), id(np.ndarray)]:
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


_PRELUDE = """
typedef struct {
  char head[%d];
  double *data;
  int nd;
  Py_ssize_t *dims, *strides;
  PyObject *base, *descr;
  int flags;
} ag_ndarray;
extern PyObject PyFloat_Type, PyList_Type, PyTuple_Type, _Py_TrueStruct;
extern Py_ssize_t PyList_Size(PyObject *), PyTuple_Size(PyObject *);
extern PyObject *PyTuple_GetItem(PyObject *, Py_ssize_t), *PyDict_New(void);
extern int PyDict_SetItemString(PyObject *, const char *, PyObject *);
extern PyObject *PyObject_Vectorcall(PyObject *, PyObject *const *, size_t, PyObject *);
extern PyObject *PyObject_GetAttr(PyObject *, PyObject *), *PyDict_GetItemWithError(PyObject *, PyObject *);
extern PyObject *PyCell_Get(PyObject *), *PyFunction_GetCode(PyObject *), *PyFunction_GetDefaults(PyObject *);
extern PyObject *PyObject_CallNoArgs(PyObject *), *PyExc_Exception;
extern Py_ssize_t PySet_Size(PyObject *), PyObject_Size(PyObject *);
extern long PyLong_AsLong(PyObject *);
extern int PyObject_IsTrue(PyObject *), PyErr_ExceptionMatches(PyObject *);
extern void PyErr_Clear(void);

#define AG_TYPE(x) (*(PyObject **)((char *)(x) + %d))
#define AG_ITEMS(x) ((PyObject **)((char *)(x) + %d))

static int ag_float(PyObject *self, PyObject *x, double *to) {
  (void)self;
  if (AG_TYPE(x) != &PyFloat_Type) return 0;
  *to = PyFloat_AsDouble(x);
  return 1;
}

/* the numbers of an array that has them one after the other; NULL for any other object */
static double *ag_array(PyObject *self, PyObject *x, int nd, const Py_ssize_t *shape) {
  const ag_ndarray *a = (ag_ndarray *)(void *)x;
  int k;
  if (AG_TYPE(x) != AG_ITEMS(self)[1] || a->nd != nd || a->descr != AG_ITEMS(self)[2]) return NULL;
  for (k = 0; k < nd; k++) if (a->dims[k] != shape[k]) return NULL;
  return (a->flags & 0x101) == 0x101 ? a->data : NULL;
}

/* whether something watches, or the surroundings have changed, as the tests in self say; -1: an interrupt */
static int ag_changed(PyObject *self) {
  PyObject *tests = AG_ITEMS(self)[6], *seen = PyObject_GetAttr(AG_ITEMS(self)[4], AG_ITEMS(self)[5]);
  Py_ssize_t k, n = PyTuple_Size(tests);
  int same = seen != NULL && PySet_Size(seen) == 0;
  if (seen != NULL) Py_DecRef(seen);
  for (k = 0; same && k < n; k += 4) {
    PyObject *a = AG_ITEMS(tests)[k + 1], *b = AG_ITEMS(tests)[k + 2], *c = AG_ITEMS(tests)[k + 3];
    switch (PyLong_AsLong(AG_ITEMS(tests)[k])) {
    case AG_ITEM: same = PyDict_GetItemWithError(a, b) == c; break;
    case AG_NO_ITEM: same = PyDict_GetItemWithError(a, b) == NULL; break;
    case AG_CELL:
      seen = PyCell_Get(a);
      same = seen == b;
      if (seen != NULL) Py_DecRef(seen);
      break;
    case AG_CODE: same = PyFunction_GetCode(a) == b; break;
    case AG_DEFAULTS: same = PyFunction_GetDefaults(a) == b; break;
    case AG_CLASS: same = AG_TYPE(a) == b; break;
    case AG_LENGTH: same = PyObject_Size(a) == PyLong_AsLong(b); break;
    default:
      seen = PyObject_CallNoArgs(a);
      same = seen != NULL && PyObject_IsTrue(seen) == 1;
      if (seen != NULL) Py_DecRef(seen);
    }
  }
  if (PyErr_Occurred()) {
    if (!PyErr_ExceptionMatches(PyExc_Exception)) return -1;
    PyErr_Clear();
    return 1;
  }
  return !same;
}

/* PyArray_NewFromDescr, where it is known; else NumPy's empty makes the array, of the shape at this place in self */
PyObject *(*ag_numpy_new)(PyObject *, PyObject *, int, const Py_ssize_t *, void *, void *, int, PyObject *) = NULL;

static PyObject *ag_new(PyObject *self, Py_ssize_t shape, int nd, const Py_ssize_t *dims) {
  if (ag_numpy_new != NULL) {
    Py_IncRef(AG_ITEMS(self)[2]); /* which it takes */
    return ag_numpy_new(AG_ITEMS(self)[1], AG_ITEMS(self)[2], nd, dims, NULL, NULL, 0, NULL);
  }
  return PyObject_Vectorcall(AG_ITEMS(self)[3], AG_ITEMS(self) + shape, 1, NULL);
}
"""


#: what a call looks at in its surroundings, by identity, in groups of four: one of these, and what it is about
TESTS = ("AG_ITEM", "AG_NO_ITEM", "AG_CELL", "AG_CODE", "AG_DEFAULTS", "AG_CLASS", "AG_LENGTH", "AG_HOLDS")


def prelude() -> str:
    """The C that the rest is written with."""
    return f"enum {{ {', '.join(TESTS)} }};\n{_PRELUDE % (HEAD, HEAD - _WORD, ITEMS)}"


def _dims(shape: tuple[int, ...]) -> str:
    """The last two arguments of what asks for a shape."""
    return f"{len(shape)}, (const Py_ssize_t[]){{{', '.join(map(str, shape))}}}"


class Forms:
    """The functions of one entry that read and make forms.

    Attributes:
        texts: their sources.
        shapes: of the arrays that they make: the entry's ``self`` has them from place ``SHAPES`` on.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.shapes: list[tuple[int, ...]] = []
        self._readers: dict[Form, str] = {}
        self._makers: dict[Form, str] = {}

    def shape(self, shape: tuple[int, ...]) -> int:
        """The place in ``self`` of a shape."""
        if shape not in self.shapes:
            self.shapes.append(shape)
        return SHAPES + self.shapes.index(shape)

    def array(self, x: str, shape: tuple[int, ...]) -> str:
        """An expression for the numbers of an array."""
        return f"ag_array(self, {x}, {_dims(shape)})"

    def new(self, shape: tuple[int, ...]) -> str:
        """An expression for a new array."""
        return f"ag_new(self, {self.shape(shape)}, {_dims(shape)})"

    def reader(self, form: Form) -> str:
        """The name of a function that reads ``x`` into ``to``; it returns whether ``x`` is of the form."""
        if form.kind == "float":
            return "ag_float"
        if form in self._readers:
            return self._readers[form]
        readers = [self.reader(item) for item, _ in form.items]
        name = self._readers[form] = f"ag_read{len(self._readers)}"
        if form.kind == "array":
            lines = [f"const double *from = {self.array('x', form.shape)};", "if (from == NULL) return 0;"]
            lines += [f"memcpy(to, from, {form.size} * sizeof(double));"]
        else:
            kind = form.kind.title()
            lines = [
                "Py_ssize_t k = 0;",
                f"if (AG_TYPE(x) != &Py{kind}_Type || Py{kind}_Size(x) != {form.count}) return 0;",
                "(void)k;",
            ]
            at = place = 0
            for read, (item, n) in zip(readers, form.items):
                one = f"{read}(self, Py{kind}_GetItem(x, {place} + k), to + {at} + k * {item.size})"
                lines.append(f"for (k = 0; k < {n}; k++) if (!{one}) return 0;")
                place, at = place + n, at + n * item.size
        body = "".join(f"  {line}\n" for line in [*lines, "(void)self;", "(void)to;", "return 1;"])
        head = f"static int {name}(PyObject *self, PyObject *x, double *to)"
        self.texts.append(f"{head} {{\n{body}}}")
        return name

    def maker(self, form: Form) -> str:
        """The name of a function that makes an object of the numbers at ``x``."""
        if form in self._makers:
            return self._makers[form]
        if form.kind == "array":
            lines = self._array(form)
        elif form.kind == "dict":
            lines = self._dict(form)
        elif form.kind == "float":
            lines = ["(void)self;", "return PyFloat_FromDouble(*x);"]
        else:
            lines = self._row(form)
        name = self._makers[form] = f"ag_make{len(self._makers)}"
        body = "".join(f"  {line}\n" for line in lines)
        self.texts.append(f"static PyObject *{name}(PyObject *self, const double *x) {{\n{body}}}")
        return name

    def _array(self, form: Form) -> list[str]:
        return [
            f"PyObject *made = {self.new(form.shape)};",
            f"if (made != NULL) memcpy(((ag_ndarray *)(void *)made)->data, x, {form.size} * sizeof(double));",
            "return made;",
        ]

    def _dict(self, form: Form) -> list[str]:
        lines = ["PyObject *made = PyDict_New(), *item;"]
        at = 0
        for (item, _), key in zip(form.items, form.keys):
            lines += [
                f"item = made == NULL ? NULL : {self.maker(item)}(self, x + {at});",
                f'if (item == NULL || PyDict_SetItemString(made, "{key}", item)) {{',
                "  if (made != NULL) Py_DecRef(made);",
                "  made = NULL;",
                "}",
                "if (item != NULL) Py_DecRef(item);",
            ]
            at += item.size
        return [*lines, "(void)self; (void)x; (void)item;", "return made;"]

    def _row(self, form: Form) -> list[str]:
        """A list or tuple."""
        kind = form.kind.title()
        lines = [f"PyObject *made = Py{kind}_New({form.count}), *item;", "Py_ssize_t k;"]
        at = place = 0
        for item, n in form.items:
            one = f"{self.maker(item)}(self, x + {at} + k * {item.size})"
            lines += [
                f"for (k = 0; made != NULL && k < {n}; k++) {{",
                f"  if ((item = {one}) == NULL) {{ Py_DecRef(made); made = NULL; }}",
                f"  else Py{kind}_SetItem(made, {place} + k, item);",
                "}",
            ]
            place, at = place + n, at + n * item.size
        return [*lines, "(void)self; (void)x; (void)item; (void)k;", "return made;"]
