"""The call itself for programs in C: they take arguments as they come, look around, and make the result."""

from __future__ import annotations

from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any

from ..record.environment import Watch
from ..record.places import MISSING
from .c_forms import TESTS
from .plans import Compilation
from .running import Running

__all__ = ["c_call"]

_ITEM, _NO_ITEM, _CELL, _CODE, _DEFAULTS, _CLASS, _LENGTH, _HOLDS = range(len(TESTS))
#: more looks than these are one generated expression of Python
MANY = 60


def c_call(
    owner: Running, compilation: Compilation, args: tuple[Any, ...], named: dict[str, Any], watch: Watch
) -> Callable[..., Any] | None:
    """A function in C that is the whole call, or hands it to the general way.

    It does so for arguments that are not like ``args``, on another way through the function, while something watches
    recording, and when the surroundings have changed. None if there is no such program, or it reads live numbers.
    """
    engine = compilation.native
    if engine is None or engine.call is None or compilation.path.kinds or named:
        return None
    if owner.kind == "call" and compilation.plan.wrt:
        return None
    single = owner.kind == "call" or isinstance(owner.argnums, int)
    return engine.calling(_tests(watch), owner.previous or owner.general, single)


def _tests(watch: Watch) -> list[Any]:
    """What C looks at, in groups of four; the watch's own test if some of it is not to be told by identity."""
    whole = [_HOLDS, watch.test, None, None]
    if watch.arrays or watch.sequences or watch.trees or watch.orders or len(watch) + len(watch.lengths) > MANY:
        return whole
    tests: list[Any] = []
    for place, key, thing in watch.items:
        if type(place) is not dict:
            return whole
        tests += [_NO_ITEM, place, key, None] if thing is MISSING else [_ITEM, place, key, thing]
    for cell, thing in watch.cells:
        if type(cell) is not CellType:
            return whole
        tests += [_CELL, cell, thing, None]
    for place, length in watch.lengths:
        tests += [_LENGTH, place, length, None]
    for thing, kind in watch.classes:
        if type(thing) is not kind:
            return whole
        tests += [_CLASS, thing, kind, None]
    for f, code, defaults, keywords in watch.functions:
        if type(f) is not FunctionType or keywords is not None:
            return whole
        tests += [_CODE, f, code, None]
        if defaults is not None:  # a function without any has no use for them where every argument is given
            tests += [_DEFAULTS, f, defaults, None]
    return tests
