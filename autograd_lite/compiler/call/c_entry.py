"""The C between Python and a printed function: entries that Python calls, written against its stable ABI.

None of Python's headers is needed: what an entry calls is declared in it, and what it knows of the memory of objects
is tried before it is used (``c_forms.numpy_objects``).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..emit.targets.c import Argument, CFunction
from .c_forms import Form, Forms, prelude

__all__ = ["Call", "entry_source"]

#: arrays of arguments that are copied to the stack, in numbers
STACK = 512

_PYTHON = r"""
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct _object PyObject;
typedef ptrdiff_t Py_ssize_t;
typedef struct {
  void *buf;
  PyObject *obj;
  Py_ssize_t len, itemsize;
  int readonly, ndim;
  char *format;
  Py_ssize_t *shape, *strides, *suboffsets;
  void *internal;
} Py_buffer;
typedef struct {
  const char *name;
  PyObject *(*call)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);
  int flags;
  const char *doc;
} PyMethodDef;
extern double PyFloat_AsDouble(PyObject *);
extern PyObject *PyFloat_FromDouble(double), *PyErr_Occurred(void), *PyErr_NoMemory(void);
extern PyObject *PyList_New(Py_ssize_t), *PyList_GetItem(PyObject *, Py_ssize_t), *PyTuple_New(Py_ssize_t);
extern int PyList_SetItem(PyObject *, Py_ssize_t, PyObject *), PyTuple_SetItem(PyObject *, Py_ssize_t, PyObject *);
extern int PyObject_CheckBuffer(PyObject *), PyObject_GetBuffer(PyObject *, Py_buffer *, int);
extern void PyBuffer_Release(Py_buffer *), Py_IncRef(PyObject *), Py_DecRef(PyObject *);
extern PyObject *PyExc_TypeError;
extern void PyErr_SetString(PyObject *, const char *);

/* numbers of a list, or of anything that has them side by side in memory, which is then open */
static const double *ag_numbers(PyObject *x, Py_ssize_t n, double *copy, Py_buffer *open, int writable) {
  Py_ssize_t i;
  open->obj = NULL;
  if (copy == NULL || PyObject_CheckBuffer(x)) {
    if (PyObject_GetBuffer(x, open, writable)) return NULL;
    if (open->len == n * (Py_ssize_t)sizeof(double)) return open->buf;
    PyErr_SetString(PyExc_TypeError, "an array of another size, or of other numbers than float64");
    return NULL;
  }
  for (i = 0; i < n; i++) {
    PyObject *item = PyList_GetItem(x, i);
    if (item == NULL) return NULL;
    copy[i] = PyFloat_AsDouble(item);
    if (copy[i] == -1.0 && PyErr_Occurred()) return NULL;
  }
  return copy;
}

static PyObject *ag_list(const double *x, Py_ssize_t n) {
  PyObject *list = PyList_New(n);
  Py_ssize_t i;
  for (i = 0; list != NULL && i < n; i++) PyList_SetItem(list, i, PyFloat_FromDouble(x[i]));
  return list;
}

static double *ag_spare = NULL; /* held by whoever runs, under the interpreter's lock */
"""
_METHOD = 'PyMethodDef {name}_definition = {{"{name}", {name}, 0x0082, NULL}};'
_HEAD = "static PyObject *{name}(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {{"
_FREED = "__attribute__((destructor)) static void ag_end(void) { free(ag_spare); ag_spare = NULL; }"


class _Space:
    """Memory of one entry: small arrays on its stack, large ones behind what the function needs itself."""

    def __init__(self, function: CFunction) -> None:
        self.need = function.work
        self.lines: list[str] = []

    def numbers(self, name: str, size: int) -> str:
        """An expression for the place of ``size`` numbers."""
        if size <= STACK:
            self.lines.append(f"double {name}[{max(1, size)}];")
            return name
        self.need += size
        return f"work + {self.need - size}"

    def taken(self) -> list[str]:
        """Lines that get the memory; they go to ``end`` if there is none."""
        if not self.need:
            return []
        return [
            "work = ag_spare;",
            "ag_spare = NULL;",
            "if (work == NULL && (work = malloc(AG_NEED * sizeof(double))) == NULL) { PyErr_NoMemory(); goto end; }",
        ]

    def given_back(self) -> list[str]:
        return ["if (ag_spare == NULL) ag_spare = work; else free(work);"] if self.need else []


def entry_source(function: CFunction, order: Sequence[Argument], lists: bool, call: Call | None = None) -> str:
    """The function, and the entries that Python calls.

    Args:
        function: the function.
        order: in which order ``ag_entry`` takes its arguments.
        lists: whether arrays come as lists or arrays, and results are a tuple of floats and lists. Otherwise the arrays
            of results are among the arguments, as arrays to be written, and the tuple has the single numbers only. Last
            in the tuple is the number of the guard, if there are guards.
        call: what the user's call is made of; then there is ``ag_call`` too, which is that call.
    """
    space, direct = _Space(function), _Space(function)
    parts = [_whole("ag_entry", _general(function, order, lists, space))]
    if call is not None:
        whole = _whole("ag_call", call.body(function, direct))
        parts += [prelude(), *call.forms.texts, whole]
    freed = [_FREED] if space.need or direct.need else []
    need = f"#define AG_NEED {max(space.need, direct.need)}\n"  # they share what is spare
    return "\n".join([function.source(), _PYTHON, need, *parts, *freed, ""])


def _whole(name: str, lines: Sequence[str]) -> str:
    body = "\n".join(f"  {line}" for line in lines)
    return f"{_HEAD.format(name=name)}\n{body}\n}}\n\n{_METHOD.format(name=name)}\n"


def _general(function: CFunction, order: Sequence[Argument], lists: bool, space: _Space) -> list[str]:
    """The lines of ``ag_entry``."""
    copies = {a.name: space.numbers(f"space_{a.name}", a.size) for a in function.arguments if a.shape and lists}
    arrays = [a for a in order if a.shape]
    lines = [*space.lines, *(f"double v_{a.name} = 0.0;" for a in function.arguments if not a.shape)]
    lines += [f"Py_buffer open[{max(1, len(arrays))}];", "int opened = 0, guard = 0, k;", "PyObject *found = NULL;"]
    lines += [f"const double *p_{a.name};" for a in arrays]
    lines += ["double *work = NULL, value = 0.0;"]
    lines += [
        f'if (count != {len(order)}) PyErr_SetString(PyExc_TypeError, "takes {len(order)} arguments");',
        f"if (count != {len(order)}) goto end;",
        *space.taken(),
    ]
    for k, a in enumerate(order):
        if a.shape:
            copy = copies[a.name] if lists and not a.output else "NULL"
            mode = 1 if a.output else 0
            lines.append(f"p_{a.name} = ag_numbers(args[{k}], {a.size}, {copy}, &open[opened++], {mode});")
            lines.append(f"if (p_{a.name} == NULL) goto end;")
        else:
            lines.append(f"v_{a.name} = PyFloat_AsDouble(args[{k}]);")
            lines.append(f"if (v_{a.name} == -1.0 && PyErr_Occurred()) goto end;")
    lines.append(_called(function, [_passed(a, copies, lists) for a in function.arguments]))
    lines += _tuple(_results(function, copies, lists))
    lines += ["end:", "for (k = 0; k < opened; k++) if (open[k].obj != NULL) PyBuffer_Release(&open[k]);"]
    unused = "(void)self; (void)value; (void)guard; (void)args; (void)names; (void)work;"
    return [*lines, *space.given_back(), unused, "return found;"]


def _called(function: CFunction, given: Sequence[str]) -> str:
    """The line that calls the function."""
    given = [*given, *["&guard"] * bool(function.guards), *["work"] * bool(function.work)]
    return f"{'value = ' if function.returns else ''}{function.name}({', '.join(given)});"


def _results(function: CFunction, copies: dict[str, str], lists: bool) -> list[str]:
    """Expressions that make what ``ag_entry`` returns."""
    made = ["PyFloat_FromDouble(value)"] if function.returns else []
    for a in function.arguments:
        if a.output and not a.shape:
            made.append(f"PyFloat_FromDouble(v_{a.name})")
        elif a.output and lists:
            made.append(f"ag_list({copies[a.name]}, {a.size})")
    return made + ["PyFloat_FromDouble((double)guard)"] * bool(function.guards)


def _tuple(made: Sequence[str]) -> list[str]:
    """Lines that make ``found`` a tuple."""
    lines = [f"found = PyTuple_New({len(made)});"]
    return lines + [f"if (found != NULL) PyTuple_SetItem(found, {k}, {text});" for k, text in enumerate(made)]


def _passed(a: Argument, copies: dict[str, str], lists: bool) -> str:
    """What the function is called with for one argument."""
    if not a.shape:
        return f"&v_{a.name}" if a.output else f"v_{a.name}"
    if a.output:
        return copies[a.name] if lists else f"(double *)p_{a.name}"
    return f"p_{a.name}"


class Call:
    """One call of the user's: what it is given, and what it returns.

    Attributes:
        forms: the functions that read and make what it is of.
        given: the form of each argument; ``homes`` says for each leaf of the program which of them it is in, and
            from which number on.
        results: the forms of the results besides the value; ``places`` says the same of each result of the program.
        value: whether the value is a result by itself, in front.
    """

    def __init__(
        self, given: Sequence[Form], homes: dict[int, tuple[int, int]], results: Sequence[Form],
        places: dict[int, tuple[int, int]], value: bool,
    ) -> None:  # fmt: skip
        self.forms = Forms()
        self.given = given
        self.homes = homes
        self.results = results
        self.places = places
        self.value = value

    def body(self, function: CFunction, space: _Space) -> list[str]:
        """The lines of ``ag_call``.

        It hands on to the general way what is not of its forms, and a call where a guard does not hold or the
        surroundings have changed.
        """
        sources = [
            space.numbers(f"a{k}", form.size) if form.kind != "array" else "NULL" for k, form in enumerate(self.given)
        ]
        targets = [
            space.numbers(f"r{k}", form.size) if form.kind != "array" else "NULL" for k, form in enumerate(self.results)
        ]
        lines = [
            *space.lines,
            "double value = 0.0, *work = NULL;",
            "int guard = 0, other = 0;",
            "PyObject *found = NULL;",
        ]
        lines += [f"const double *p{k};" for k in range(len(self.given))]
        lines += [f"double *q{k};" for k in range(len(self.results))]
        arrays = [k for k, form in enumerate(self.results) if form.kind == "array"]
        lines += [f"PyObject *o{k} = NULL;" for k in arrays]
        lines += [f"if (count != {len(self.given)} || (names != NULL && PyTuple_Size(names))) goto other;"]
        lines += ["if ((other = ag_changed(self))) goto end;", *space.taken()]
        for k, (form, source) in enumerate(zip(self.given, sources)):
            if form.kind == "array":
                lines.append(f"if ((p{k} = {self.forms.array(f'args[{k}]', form.shape)}) == NULL) goto other;")
            else:
                lines.append(f"if (!{self.forms.reader(form)}(self, args[{k}], {source})) goto other;")
                lines.append(f"p{k} = {source};")
        for k, (form, target) in enumerate(zip(self.results, targets)):
            if form.kind == "array":
                lines.append(f"if ((o{k} = {self.forms.new(form.shape)}) == NULL) goto end;")
                target = f"((ag_ndarray *)(void *)o{k})->data"
            lines.append(f"q{k} = {target};")
        lines += [_called(function, [self._passed(a) for a in function.arguments]), "if (guard) goto other;"]
        if function.returns and not self.value:
            lines.append("q0[0] = value;")
        made = [
            f"o{k}" if form.kind == "array" else f"{self.forms.maker(form)}(self, q{k})"
            for k, form in enumerate(self.results)
        ]
        if len(made) == 1:
            lines += [f"found = {made[0]};", "if (found != NULL && AG_ITEMS(self)[8] != &_Py_TrueStruct) {"]
            lines += ["  PyObject *one = found;", *_tuple(["one"]), "}"]
        else:
            lines += _tuple(made)
        lines += [f"o{k} = NULL;" for k in arrays]
        if self.value:
            lines += [
                "if (found != NULL) {",
                "  PyObject *rest = found;",
                *_tuple(["PyFloat_FromDouble(value)", "rest"]),
                "}",
            ]
        lines += ["goto end;", "other: other = 1;", "end:"]
        lines += [f"if (o{k} != NULL) Py_DecRef(o{k});" for k in arrays]
        lines += [*space.given_back(), "(void)args; (void)value; (void)work;"]
        return [
            *lines,
            "return other == 1 ? PyObject_Vectorcall(AG_ITEMS(self)[7], args, count, names) : found;",
        ]

    def _passed(self, a: Argument) -> str:
        where, at = (self.places if a.output else self.homes)[a.leaf]
        text = f"{'q' if a.output else 'p'}{where}{f' + {at}' if at else ''}"
        return text if a.shape or a.output else f"p{where}[{at}]"
