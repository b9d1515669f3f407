"""Whose draws they were: random numbers that are drawn while a function is recorded, by it or by another thread."""

from __future__ import annotations

import functools
import random
import sys
from collections.abc import Sequence
from types import CodeType, FrameType
from typing import Any

import numpy as np

from .code import looks

__all__ = ["Draws", "is_ours"]

#: what a thread calls that starts another, or waits for it: then that one's draws may be the function's
_TOGETHER = {"acquire", "acquire_lock", "get", "join", "start_joinable_thread", "start_new_thread"}
_KINDS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator)
_PACKAGE = __name__.split(".")[0]


@functools.cache
def _methods() -> frozenset[str]:
    """The names by which numbers are drawn from NumPy's generators, or those are reached."""
    names = {name for kind in _KINDS[:2] for name in dir(kind) if name[0] != "_"} - {
        "bit_generator",
        "get_state",
        "spawn",
    }
    return frozenset(names | {"random", "random_raw", "mtrand", "_rand"})


class Draws:
    """Within the block, notes what this thread does that may draw random numbers.

    Methods of ``random.Random`` are seen by a profile function, which every thread has its own of. Those of NumPy are
    not, and neither can be called but from Python: so the code that ran is looked through for their names, and for
    what its globals hold.

    Args:
        reached: the generators that the function reaches by itself.
    """

    def __init__(self, reached: Sequence[Any]) -> None:
        self._reached = {id(generator) for generator in reached}
        self._called: set[int] = set()
        self._ran: dict[int, tuple[CodeType, dict[str, Any]]] = {}
        self._unsure = False

    def __enter__(self) -> Draws:
        if sys.getprofile() is None:
            sys.setprofile(self._saw)
        else:  # a profiler is at work, which is not to miss anything
            self._unsure = True
        return self

    def __exit__(self, *exc: object) -> None:
        if not self._unsure or sys.getprofile() == self._saw:
            sys.setprofile(None)

    def _saw(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            self._ran.setdefault(id(frame.f_code), (frame.f_code, frame.f_globals))
        elif event == "c_call":
            owner = getattr(arg, "__self__", None)
            if isinstance(owner, random.Random):
                self._called.add(id(owner))
            elif arg.__name__ in _TOGETHER and _waits(owner, arg.__name__):
                self._unsure = True

    def are_others(self, generator: Any) -> bool:
        """Whether it can only have been another thread that drew from ``generator`` within the block."""
        if self._unsure or id(generator) in self._reached:
            return False
        if isinstance(generator, random.Random):
            return id(generator) not in self._called
        numpys = isinstance(generator, (np.random.Generator, np.random.RandomState))
        return numpys and not any(_may_draw(code, names) for code, names in self._ran.values())


def _waits(owner: Any, name: str) -> bool:
    """Whether a method of the machinery of threads starts one or waits for it; an open lock is no reason to wait."""
    module = getattr(owner, "__name__", "") or type(owner).__module__
    if module not in ("_thread", "_queue"):
        return False
    return not name.startswith("acquire") or not hasattr(owner, "locked") or bool(owner.locked())


def is_ours(names: dict[str, Any]) -> bool:
    """Whether a frame with these globals runs this package's code."""
    return str(names.get("__name__", "")).split(".")[0] == _PACKAGE


def _may_draw(code: CodeType, names: dict[str, Any]) -> bool:
    """Whether a code object names what draws from NumPy's generators."""
    if is_ours(names):
        return "default_generator" in code.co_names
    found = looks(code)
    if not _methods().isdisjoint(found.attributes):
        return True
    held = [names.get(name) for name in found.globals]
    return any(isinstance(thing, _KINDS) or isinstance(getattr(thing, "__self__", None), _KINDS) for thing in held)
