"""Built programs kept from process to process, in a folder that only their owner can write to.

The folder is what ``AUTOGRAD_LITE_C_CACHE`` names; without it nothing is kept. A library is code that will run, so one
is taken only if nobody else can have put it there: every folder on the way has to be the user's or root's, and not
writable by others (a sticky folder such as /tmp may be on the way), and the file the user's alone.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ...engine.user_frame import warn_at_user
from ..ir.scalar_program import CompileWarning

__all__ = ["Cache", "cache", "ran"]

#: libraries that are kept; then those that were not used for longest go
MOST = 500
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Cache:
    """A folder of libraries.

    Attributes:
        folder: its path, without links.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, source: str, command: Sequence[str], flags: Sequence[str]) -> Path:
        """Where the library of a source is, or will be."""
        parts = [source, *flags, "", *command, _identity(command[0]), sys.platform, platform.machine(), _features()]
        return self.folder / f"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()}.so"

    def has(self, place: Path) -> bool:
        """Whether the library is there, and the user's alone; it then counts as used."""
        try:
            found = os.lstat(place)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
                return False
            os.utime(place)
        except OSError:
            return False
        return True

    def put(self, library: Path, place: Path) -> None:
        """Keep a library: whole or not at all, whoever else does so at the same time."""
        try:
            number, name = tempfile.mkstemp(dir=self.folder, suffix=".part")  # mode 0600
            try:
                with os.fdopen(number, "wb") as file, open(library, "rb") as given:
                    shutil.copyfileobj(given, file)
                os.replace(name, place)
            except BaseException:
                os.unlink(name)
                raise
            self._forget()
        except OSError:  # a full disk, say: the library that was built serves this process
            return

    def drop(self, place: Path) -> None:
        """Take out a library that could not be loaded."""
        place.unlink(missing_ok=True)

    def _forget(self) -> None:
        found = sorted(self.folder.glob("*.so"), key=lambda path: path.stat().st_mtime)
        for path in found[: max(0, len(found) - MOST)]:
            path.unlink(missing_ok=True)


_told: set[str] = set()


def cache() -> Cache | None:
    """The cache that the environment asks for; None, with one warning, if its folder is not safe."""
    named = os.environ.get("AUTOGRAD_LITE_C_CACHE", "")
    if not named:
        return None
    try:
        os.makedirs(named, mode=0o700, exist_ok=True)
        folder = Path(named).resolve(strict=True)
        why = _unsafe(folder)
    except OSError as error:
        why = str(error)
    if not why:
        return Cache(folder)
    if named not in _told:
        _told.add(named)
        warn_at_user(f"AUTOGRAD_LITE_C_CACHE is not used: {why}", CompileWarning)
    return None


def _unsafe(folder: Path) -> str:
    """Why somebody else could put a library into a folder; empty if nobody can."""
    own = os.stat(folder)
    if not stat.S_ISDIR(own.st_mode):
        return f"{folder} is no folder"
    if own.st_uid != os.geteuid():
        return f"{folder} belongs to somebody else"
    if own.st_mode & _OTHERS:
        return f"{folder} may be written to by others: chmod go-w it"
    for above in folder.parents:
        found = os.stat(above)
        if found.st_uid not in (0, os.geteuid()):
            return f"{above}, in which it is, belongs to somebody else"
        if found.st_mode & _OTHERS and not found.st_mode & stat.S_ISVTX:
            return f"{above}, in which it is, may be written to by others"
    return ""


def ran(command: Sequence[str], timeout: float) -> tuple[int, str, str]:
    """Run a compiler: its exit status and what it wrote. One that takes too long ends with all that it has started.

    Raises:
        subprocess.TimeoutExpired: after so many seconds.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, errors="replace", start_new_session=True
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, out, err


@functools.cache
def _identity(compiler: str) -> str:
    """What tells one compiler from the next one at the same place."""
    found = os.stat(compiler)
    try:
        _, said, _ = ran([compiler, "--version"], 10.0)
    except subprocess.TimeoutExpired:
        said = ""
    return f"{os.path.realpath(compiler)} {found.st_size} {found.st_mtime_ns} {said}"


@functools.cache
def _features() -> str:
    """What the processor can do, which options like -march=native make use of: a folder may be of several machines."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            return next((line for line in file if line.startswith(("flags", "Features"))), "")
    except OSError:
        return platform.processor()
