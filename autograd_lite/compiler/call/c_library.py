"""A C compiler, if the machine has one: sources built in a private folder, loaded, and unloaded with their last use.

What Python calls is the entry in a library of its own (``c_entry.c``), which calls the programs' functions.
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
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...engine.user_frame import warn_at_user
from ..ir.scalar_program import CompileWarning
from .c_cache import cache, ran
from .c_forms import array_maker, glue

__all__ = ["CTarget", "CUnavailable", "Library", "build", "c_compiler", "described", "target_of"]

#: a compiler that takes longer is stopped, in seconds; AUTOGRAD_LITE_CC_TIMEOUT overrides it
TIMEOUT = 120.0
#: nothing here changes a result: errno and the flags of exceptions are not read, and a*b + c is rounded twice
FLAGS = (
    "-std=c99", "-O2", "-ftree-vectorize", "-fPIC", "-shared", "-ffp-contract=off", "-fno-math-errno",
    "-fno-trapping-math",
)  # fmt: skip


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
    if backend not in ("default", "auto", "c"):
        raise ValueError(f"compile: backend is 'default', 'auto' or 'c', not {backend!r}")
    return CTarget() if backend == "c" else None


_found: dict[tuple[str | None, str | None], list[str] | None] = {}


def _words(name: str) -> list[str]:
    """What a variable of the environment has, as words of a command."""
    said = os.environ.get(name, "")
    try:
        return shlex.split(said)
    except ValueError as error:
        raise CUnavailable(f"{name}={said}: {error}") from None


def c_compiler() -> list[str] | None:
    """The command of the C compiler: ``CC``, else cc, gcc or clang; None if there is none."""
    key = (os.environ.get("CC"), os.environ.get("PATH"))
    if key not in _found:
        try:
            wanted = [own] if (own := _words("CC")) else [["cc"], ["gcc"], ["clang"]]
        except CUnavailable:
            wanted = []
        _found[key] = next(([path, *rest] for name, *rest in wanted if (path := shutil.which(name))), None)
    return _found[key]


def described() -> str:
    """The C compiler as ``build_info`` shows it."""
    command = c_compiler()
    if command is None:
        return "none"
    try:
        _, said, _ = ran([*command, "--version"], 10.0)
    except (OSError, subprocess.TimeoutExpired):
        return f"{shlex.join(command)} (does not answer)"
    return " ".join([shlex.join(command), *said.splitlines()[:1]])


def _flags() -> list[str]:
    link = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    return [*FLAGS, *_words("AUTOGRAD_LITE_CFLAGS"), *link]


@functools.cache
def _entries() -> Any:
    """The library of the entry (``c_entry.c``), which stays: no code can unload itself."""
    library = _loaded(glue())
    ctypes.c_void_p.in_dll(library, "ag_numpy_new").value = array_maker()
    return library


class Library:
    """The library of a program in this process.

    Attributes:
        handle: a capsule: the library is closed when it goes. Its entries hold it too. (An object with a ``__del__``
            would be finalized before an entry that is part of the same cycle, and leave it without its code.)
    """

    def __init__(self, source: str) -> None:
        closer = ctypes.cast(_entries().ag_close, ctypes.c_void_p)
        self.functions = _loaded(source)
        make = ctypes.pythonapi.PyCapsule_New
        make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        self.handle: Any = make(self.functions._handle, None, closer)

    @property
    def address(self) -> int:
        """Where ``ag_run`` is."""
        return ctypes.cast(self.functions.ag_run, ctypes.c_void_p).value or 0

    def entry(self, *more: Any) -> Callable[..., Any]:
        """``ag_call`` as a function of Python, whose ``self`` is the capsule and ``more``."""
        make = ctypes.pythonapi.PyCFunction_NewEx
        make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
        definition = ctypes.c_char.in_dll(_entries(), "ag_call_definition")
        found: Callable[..., Any] = make(ctypes.addressof(definition), (self.handle, *more), None)
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
        raise CUnavailable(f"no C compiler was found: {' '.join(_words('CC')) or 'CC, cc, gcc, clang'}")
    if platform.python_implementation() != "CPython" or os.name != "posix":
        raise CUnavailable(f"programs in C are called on CPython and POSIX, not {platform.python_implementation()}")
    flags = _flags()
    kept = cache()
    if kept is None:
        return _built(source, command, flags, None)
    place = kept.place(source, command, flags)
    if kept.has(place):
        try:
            return ctypes.PyDLL(str(place))
        except OSError:
            kept.drop(place)
    return _built(source, command, flags, functools.partial(kept.put, place=place))


def _built(source: str, command: Sequence[str], flags: Sequence[str], keep: Callable[[Path], None] | None) -> Any:
    """A library, built in a folder of its own, which goes when it is loaded; ``keep`` gets it before."""
    said = os.environ.get("AUTOGRAD_LITE_CC_TIMEOUT") or str(TIMEOUT)
    try:
        timeout = float(said)
    except ValueError:
        timeout = -1.0
    if not 0.0 <= timeout <= threading.TIMEOUT_MAX:
        raise CUnavailable(f"AUTOGRAD_LITE_CC_TIMEOUT is a number of seconds, not {said!r}")
    try:
        with tempfile.TemporaryDirectory(prefix="autograd_lite_", ignore_cleanup_errors=True) as folder:  # mode 0700
            text, target = Path(folder, "program.c"), Path(folder, "program.so")
            text.write_text(source, encoding="ascii")
            _compile([*command, *flags, str(text), "-o", str(target), "-lm"], timeout)
            if keep is not None:
                keep(target)
            return ctypes.PyDLL(str(target))
    except OSError as error:
        raise CUnavailable(f"{shlex.join(command)}: {error}") from None


def _compile(command: Sequence[str], timeout: float) -> None:
    try:
        status, _, said = ran(command, timeout)
    except subprocess.TimeoutExpired:
        raise CUnavailable(f"{command[0]} took longer than {timeout:g} s") from None
    if status:
        lines = (said.strip() or f"exit status {status}").splitlines()
        raise CUnavailable(f"{command[0]} failed: {next((x for x in lines if 'error' in x), lines[0])}")
