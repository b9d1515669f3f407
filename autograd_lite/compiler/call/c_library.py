"""A C compiler, if the machine has one: sources built in a private folder, loaded, and unloaded with their last use.

A library has, besides the printed function, an entry that Python calls directly. It is written against Python's stable
ABI without its headers, so that it needs nothing that the running interpreter has not.
"""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...engine.user_frame import warn_at_user
from ..emit.targets.c import Argument, CFunction
from ..ir.scalar_program import CompileWarning

__all__ = ["CTarget", "CUnavailable", "Library", "build", "c_compiler", "described", "entry_source", "target_of"]

#: a compiler that takes longer is stopped, in seconds; AUTOGRAD_LITE_CC_TIMEOUT overrides it
TIMEOUT = 120.0
#: nothing here changes a result: errno and the flags of exceptions are not read, and a*b + c is rounded twice
FLAGS = ("-std=c99", "-O2", "-fPIC", "-shared", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")
#: arrays of arguments that are copied to the stack, in numbers
STACK = 512


class CUnavailable(RuntimeError):
    """There is no C compiler, or it could not build the program: the message says which, and why."""


class CTarget:
    """That a function is to run in C: given up, with one warning, where it can't.

    Attributes:
        active: whether it still is.
    """

    __slots__ = ("active",)

    def __init__(self) -> None:
        self.active = True

    def refuse(self, error: Exception) -> None:
        """Take the default engine from now on."""
        if self.active:
            self.active = False
            warn_at_user(f"compile(…, backend='c') runs on the default engine: {error}", CompileWarning)


def target_of(backend: str) -> CTarget | None:
    """What ``compile``'s argument asks for: None for the default engine, ValueError for an unknown one."""
    if backend not in ("auto", "c"):
        raise ValueError(f"compile: backend is 'auto' or 'c', not {backend!r}")
    return CTarget() if backend == "c" else None


_found: dict[tuple[str | None, str | None], list[str] | None] = {}


def c_compiler() -> list[str] | None:
    """The command of the C compiler: ``CC``, else cc, gcc or clang; None if there is none."""
    key = (os.environ.get("CC"), os.environ.get("PATH"))
    if key not in _found:
        wanted = [shlex.split(key[0])] if key[0] and key[0].strip() else [["cc"], ["gcc"], ["clang"]]
        _found[key] = next(([path, *rest] for name, *rest in wanted if (path := shutil.which(name))), None)
    return _found[key]


def described() -> str:
    """The C compiler as ``build_info`` shows it."""
    command = c_compiler()
    if command is None:
        return "none"
    try:
        said = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return f"{shlex.join(command)} (does not answer)"
    return " ".join([shlex.join(command), *said.splitlines()[:1]])


def _flags() -> list[str]:
    extra = shlex.split(os.environ.get("AUTOGRAD_LITE_CFLAGS", ""))
    link = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    return [*FLAGS, *extra, *link]


#: closes a library; in one of its own, which stays, since no code can unload itself
_CLOSER = """
#include <dlfcn.h>
typedef struct _object PyObject;
extern void *PyCapsule_GetPointer(PyObject *, const char *);
void ag_close(PyObject *capsule);
void ag_close(PyObject *capsule) { dlclose(PyCapsule_GetPointer(capsule, 0)); }
"""


@functools.cache
def _closer() -> Any:
    """The address of ``ag_close``."""
    library = _loaded(_CLOSER)
    return ctypes.cast(library.ag_close, ctypes.c_void_p)


class Library:
    """A library in this process.

    Attributes:
        handle: a capsule: the library is closed when it goes. Its entry holds it too. (An object with a ``__del__``
            would be finalized before an entry that is part of the same cycle, and leave it without its code.)
    """

    def __init__(self, source: str) -> None:
        closer = _closer()
        self.functions = _loaded(source)
        make = ctypes.pythonapi.PyCapsule_New
        make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        self.handle: Any = make(self.functions._handle, None, closer)

    def entry(self) -> Callable[..., Any]:
        """The entry as a function of Python."""
        make = ctypes.pythonapi.PyCFunction_NewEx
        make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
        definition = ctypes.c_char.in_dll(self.functions, "ag_definition")
        found: Callable[..., Any] = make(ctypes.addressof(definition), self.handle, None)
        return found


def build(source: str) -> Library:
    """Compile and load a source.

    Raises:
        CUnavailable: if there is no compiler, it takes too long, or it does not accept the source.
    """
    return Library(source)


def _loaded(source: str) -> Any:
    command = c_compiler()
    if command is None:
        raise CUnavailable("no C compiler was found: CC, cc, gcc, clang")
    if platform.python_implementation() != "CPython" or os.name != "posix":
        raise CUnavailable(f"programs in C are called on CPython and POSIX, not {platform.python_implementation()}")
    timeout = float(os.environ.get("AUTOGRAD_LITE_CC_TIMEOUT", TIMEOUT))
    folder = tempfile.mkdtemp(prefix="autograd_lite_")  # nobody else's: mode 0700
    try:
        text, target = Path(folder, "program.c"), Path(folder, "program.so")
        text.write_text(source, encoding="ascii")
        _compile([*command, *_flags(), str(text), "-o", str(target), "-lm"], timeout)
        return ctypes.PyDLL(str(target))
    except OSError as error:
        raise CUnavailable(f"{shlex.join(command)}: {error}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _compile(command: Sequence[str], timeout: float) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, errors="replace")
    except subprocess.TimeoutExpired:
        raise CUnavailable(f"{command[0]} took longer than {timeout:g} s") from None
    if done.returncode:
        said = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()
        raise CUnavailable(f"{command[0]} failed: {next((x for x in said if 'error' in x), said[0])}")


# --- the entry ----------------------------------------------------------------------------------------------------

_PYTHON = r"""
#include <stddef.h>
#include <stdlib.h>

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
  PyObject *(*call)(PyObject *, PyObject *const *, Py_ssize_t);
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


def entry_source(function: CFunction, order: Sequence[Argument], lists: bool) -> str:
    """The function, and the entry that Python calls with the arguments in ``order``.

    With ``lists``, arrays come as lists or arrays, and results are a tuple of floats and lists. Otherwise the arrays of
    results are among the arguments, as arrays to be written, and the tuple has the single numbers only. Last in the
    tuple is the number of the guard, if there are guards.
    """
    results = [a for a in function.arguments if a.output]
    need = function.work
    lines: list[str] = []
    space: dict[str, str] = {}
    for a in function.arguments:
        if a.shape and lists:
            if a.size <= STACK:
                lines.append(f"double space_{a.name}[{max(1, a.size)}];")
                space[a.name] = f"space_{a.name}"
            else:
                space[a.name] = f"work + {need}"
                need += a.size
        elif not a.shape:
            lines.append(f"double v_{a.name} = 0.0;")
    arrays = [a for a in order if a.shape]
    lines += [f"Py_buffer open[{max(1, len(arrays))}];", "int opened = 0, guard = 0, k;", "PyObject *found = NULL;"]
    lines += [f"const double *p_{a.name};" for a in arrays]
    lines += ["double *work = ag_spare, value = 0.0;", "ag_spare = NULL;"] if need else ["double value = 0.0;"]
    lines += [
        f'if (count != {len(order)}) PyErr_SetString(PyExc_TypeError, "takes {len(order)} arguments");',
        f"if (count != {len(order)}) goto end;",
    ]
    if need:
        lines.append(
            f"if (work == NULL && (work = malloc({need} * sizeof(double))) == NULL) {{ PyErr_NoMemory(); goto end; }}"
        )
    for k, a in enumerate(order):
        if a.shape:
            copy = space[a.name] if lists and not a.output else "NULL"
            mode = 1 if a.output else 0
            lines.append(f"p_{a.name} = ag_numbers(args[{k}], {a.size}, {copy}, &open[opened++], {mode});")
            lines.append(f"if (p_{a.name} == NULL) goto end;")
        else:
            lines.append(f"v_{a.name} = PyFloat_AsDouble(args[{k}]);")
            lines.append(f"if (v_{a.name} == -1.0 && PyErr_Occurred()) goto end;")
    given = [_passed(a, space, lists) for a in function.arguments]
    given += ["&guard"] * bool(function.guards) + ["work"] * bool(function.work)
    lines.append(f"{'value = ' if function.returns else ''}{function.name}({', '.join(given)});")
    made = ["PyFloat_FromDouble(value)"] if function.returns else []
    for a in results:
        if not a.shape:
            made.append(f"PyFloat_FromDouble(v_{a.name})")
        elif lists:
            made.append(f"ag_list({space[a.name]}, {a.size})")
    made += ["PyFloat_FromDouble((double)guard)"] * bool(function.guards)
    lines.append(f"found = PyTuple_New({len(made)});")
    lines += [f"if (found != NULL) PyTuple_SetItem(found, {k}, {text});" for k, text in enumerate(made)]
    lines += ["end:", "for (k = 0; k < opened; k++) if (open[k].obj != NULL) PyBuffer_Release(&open[k]);"]
    if need:
        lines += ["if (ag_spare == NULL) ag_spare = work; else free(work);"]
    lines += ["(void)self; (void)value; (void)guard; (void)args;", "return found;"]
    body = "\n".join(f"  {line}" for line in lines)
    head = "static PyObject *ag_entry(PyObject *self, PyObject *const *args, Py_ssize_t count) {"
    definition = 'PyMethodDef ag_definition = {"c", ag_entry, 0x0080, NULL};'
    freed = "__attribute__((destructor)) static void ag_end(void) { free(ag_spare); ag_spare = NULL; }" if need else ""
    return f"{function.source()}\n{_PYTHON}\n{head}\n{body}\n}}\n\n{definition}\n{freed}\n"


def _passed(a: Argument, space: dict[str, str], lists: bool) -> str:
    """What the function is called with for one argument."""
    if not a.shape:
        return f"&v_{a.name}" if a.output else f"v_{a.name}"
    if a.output:
        return space[a.name] if lists else f"(double *)p_{a.name}"
    return f"p_{a.name}"
