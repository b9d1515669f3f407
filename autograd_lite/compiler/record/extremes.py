"""The largest or smallest of many Values while a function is recorded: one number, without a way for each of them.

Python would compare them one by one. Here the result is a reduction, with guards that there is one largest and no nan.
The maximum that a softmax subtracts, ``max(v.data for v in row)``, is such a number too, without a derivative; where
code does with it what only a float can do, the function is recorded once more, and the numbers that were read are
guards.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from types import GeneratorType
from typing import Any, cast

from ...engine.observers import current_tracer, without_observers
from ...engine.sweeps import Node
from ...engine.value import record
from ...primitives.arithmetic import where
from ...primitives.primitive import TABLE
from ..ir.control_ops import COMPARISONS, stop

__all__ = ["extreme", "softly"]

#: so many Values are compared one after the other, as Python does it, without a guard
FEW = 4

#: the code of generators that read numbers and do nothing else with them
_READS = {eval(text).gi_code.co_code for text in ("(v.data for v in ())", "(v.data for row in () for v in row)")}


class _State(threading.local):
    """Whether numbers that are read may stay numbers of the program on this thread, and whether any did."""

    soft = False
    used = False


_state = _State()


def softly(make: Callable[..., Any], *args: Any) -> Any:
    """``make(*args)``, which records a function, where numbers that only ``max`` and ``min`` see are no guards.

    Returns:
        The Recording, in which no result is a number that was read softly.
    """
    outer = _state.soft, _state.used
    _state.soft, _state.used = True, False
    try:
        try:
            made = make(*args)
            if not _state.used or not _escaped(made.program):
                return made
        except Exception:
            if not _state.used:
                raise
        _state.soft = False
        return make(*args)
    finally:
        _state.soft, _state.used = outer


def _escaped(program: Any) -> bool:
    first = program.first
    return any(id >= first and program.prims[id - first] is stop for id in program.outputs)


def extreme(original: Callable[..., Any], given: Any, key: Any = None) -> Any:
    """``original(given, key=key)``, which is the builtin ``max`` or ``min``, as one of numbers of a recording."""
    name, tracer = original.__name__, cast(Any, current_tracer())
    read = None if key else _numbers_read(given, tracer)
    items = list(given) if read is None else read
    kinds = [isinstance(x, Node) for x in items]
    if not any(kinds) or not all(kind or type(x) in (int, float) for kind, x in zip(kinds, items)):
        return original(items, key=key)
    if key is not None:
        return _one_by_one(name, items, key)
    numbers = [x._number() if isinstance(x, Node) else x for x in items]
    if any(x != x for x in numbers) or not hasattr(tracer, "decide"):
        return original(items) if read is None else original(_exactly(read, tracer))
    copies = {id(copy) for copy, _ in tracer.copies}
    if read is not None or all(id(x) in copies for x, kind in zip(items, kinds) if kind):  # without derivatives
        _state.used = _state.used or read is not None
        return _only_numbers(record(TABLE[name], tuple(map(_stopped, items))), tracer)
    if len(items) <= FEW:
        return _one_by_one(name, items)
    return original(items) if numbers.count(original(numbers)) > 1 else _at_once(name, items, tracer)


def _one_by_one(name: str, items: list[Any], key: Callable[[Any], Any] = lambda x: x) -> Any:
    """As Python does it, whose choice is one of them, within no_grad too."""
    with without_observers("cuts"):
        best, reached = items[0], key(items[0])
        for item in items[1:]:
            value = key(item)
            wins = value > reached if name == "max" else value < reached
            best, reached = where(wins, item, best), where(wins, value, reached)
    return best


def _at_once(name: str, items: list[Any], tracer: Any) -> Any:
    with without_observers("cuts"):
        best = _only_numbers(record(TABLE[name], tuple(map(_stopped, items))), tracer)
        same = tuple([_equal(x, best) for x in items])
        tracer.decide(_equal(record(TABLE["sum"], same), 1.0))
        return record(TABLE["sum"], tuple([record(where, (here, x, 0.0)) for here, x in zip(same, items)]))


def _equal(a: Any, b: Any) -> Any:
    return record(COMPARISONS["eq"], (a, b))


def _stopped(x: Any) -> Any:
    return record(stop, (x,)) if isinstance(x, Node) else x


def _only_numbers(best: Any, tracer: Any) -> Any:
    """``best``, guarded: a nan among the operands makes it nan, and Python's choice another."""
    tracer.decide(_equal(best, best))
    return best


def _numbers_read(items: Any, tracer: Any) -> list[Any] | None:
    """The Values of ``(v.data for v in row)``, whose numbers nothing else has seen; None for anything else."""
    if not _state.soft or type(items) is not GeneratorType or inspect.getgeneratorstate(items) != inspect.GEN_CREATED:
        return None
    if items.gi_code.co_code not in _READS or items.gi_code.co_names != ("data",):
        return None
    found: list[Any] = []
    tracer.read = found.append
    try:
        count = len(list(items))
    finally:
        del tracer.read
    return found if len(found) == count else _exactly(found, tracer)


def _exactly(values: list[Any], tracer: Any) -> list[Any]:
    """Their numbers, each with the guard that reading it makes."""
    for value in values:
        tracer.read(value)
    return [value._number() for value in values]
