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

#: modules by which a thread starts others and waits for them: then theirs are the function's draws
_TOGETHER = {"threading", "queue", "concurrent", "multiprocessing", "asyncio"}
_KINDS = (random.Random, np.random.Generator, np.random.RandomState)
_PACKAGE = __name__.split(".")[0]


@functools.cache
def _methods() -> frozenset[str]:
    """The names by which numbers are drawn from generators, or those of NumPy are reached."""
    names = {name for kind in _KINDS for name in dir(kind) if name[0] != "_"}
    return frozenset(names - {"bit_generator", "get_state", "getstate", "spawn"} | {"random_raw", "mtrand", "_rand"})


class Draws:
    """Within the block, notes what code this thread runs: it is looked through for what draws random numbers.

    Methods of NumPy's generators are seen by no profile function, but Python has to name them, or hold them.

    Args:
        reached: the generators that the function reaches by itself.
    """

    def __init__(self, reached: Sequence[Any]) -> None:
        self._reached = {id(generator) for generator in reached}
        self._ran: dict[int, tuple[CodeType, dict[str, Any]]] = {}
        self._unsure = sys.getprofile() is not None  # a profiler is at work, which is not to miss anything

    def __enter__(self) -> Draws:
        if not self._unsure:
            sys.setprofile(self._saw)
        return self

    def __exit__(self, *exc: object) -> None:
        if not self._unsure:
            sys.setprofile(None)

    def _saw(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            self._ran.setdefault(id(frame.f_code), (frame.f_code, frame.f_globals))

    def are_others(self, generator: Any) -> bool:
        """Whether it can only have been another thread that drew from ``generator`` within the block."""
        if self._unsure or id(generator) in self._reached or not isinstance(generator, _KINDS):
            return False
        return not any(_may_draw(code, names) for code, names in self._ran.values())


def is_ours(names: dict[str, Any]) -> bool:
    """Whether a frame with these globals runs this package's code."""
    return _root(names) == _PACKAGE


def _root(names: dict[str, Any]) -> str:
    return str(names.get("__name__", "")).split(".")[0]


def _may_draw(code: CodeType, names: dict[str, Any]) -> bool:
    """Whether a code object names what draws random numbers, or has another thread draw them."""
    if is_ours(names):
        return "default_generator" in code.co_names
    found = looks(code)
    if _root(names) in _TOGETHER or not _methods().isdisjoint(found.attributes):
        return True
    held = [names.get(name) for name in found.globals]
    return any(isinstance(thing, _KINDS) or isinstance(getattr(thing, "__self__", None), _KINDS) for thing in held)
