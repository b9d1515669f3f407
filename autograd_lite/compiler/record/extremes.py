"""The largest or smallest of many Values while a function is recorded: one number, without a way for each of them.

Python would compare them one by one. Here the result is a reduction, with guards that there is one largest and no nan.
The maximum that a softmax subtracts, ``max(v.data for v in row)``, is such a number too, without a derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from ...engine.observers import current_tracer, without_observers
from ...engine.sweeps import Node
from ...engine.value import record
from ...primitives.arithmetic import where
from ...primitives.primitive import TABLE
from ..ir.control_ops import COMPARISONS, stop
from .truth import Read

__all__ = ["FEW", "extreme"]

#: so many Values are compared one after the other, as Python does it, without a guard
FEW = 4


def extreme(original: Callable[..., Any], given: Any, key: Any = None) -> Any:
    """``original(given, key=key)``, which is the builtin ``max`` or ``min``, as one of numbers of a recording."""
    name, tracer, items = original.__name__, cast(Any, current_tracer()), list(given)
    if not any(isinstance(x, Node) for x in items) or not _are_numbers(items):
        return original(items, key=key)
    reached = items if key is None else list(map(key, items))
    numbers = [x._number() if isinstance(x, Node) else x for x in reached]
    if not _are_numbers(reached) or any(x != x for x in numbers) or not hasattr(tracer, "decide"):
        return items[original(range(len(items)), key=reached.__getitem__)]
    copies = {id(copy) for copy, _ in tracer.copies}
    if key is None and all(isinstance(x, Read) or id(x) in copies for x in items if isinstance(x, Node)):
        return _only_numbers(record(TABLE[name], tuple(map(_stopped, items))), tracer)  # without derivatives
    if len(items) <= FEW:
        return _one_by_one(name, items, reached)
    if numbers.count(original(numbers)) > 1:
        return items[original(range(len(items)), key=reached.__getitem__)]
    return _at_once(name, items, reached, tracer)


def _are_numbers(items: Sequence[Any]) -> bool:
    return all(isinstance(x, Node) or type(x) in (int, float) for x in items)


def _one_by_one(name: str, items: Sequence[Any], reached: Sequence[Any]) -> Any:
    """As Python does it, whose choice is one of them, within no_grad too."""
    with without_observers("cuts"):
        best, most = items[0], reached[0]
        for item, value in zip(items[1:], reached[1:]):
            wins = value > most if name == "max" else value < most
            best = where(wins, item, best)
            most = best if reached is items else where(wins, value, most)
    return best


def _at_once(name: str, items: Sequence[Any], reached: Sequence[Any], tracer: Any) -> Any:
    with without_observers("cuts"):
        best = _only_numbers(record(TABLE[name], tuple(map(_stopped, reached))), tracer)
        same = tuple([_equal(x, best) for x in reached])
        tracer.decide(_equal(record(TABLE["sum"], same), 1.0))
        return record(TABLE["sum"], tuple([record(where, (here, x, 0.0)) for here, x in zip(same, items)]))


def _equal(a: Any, b: Any) -> Any:
    return record(COMPARISONS["eq"], (a, b))


def _stopped(x: Any) -> Any:
    return record(stop, (x,)) if isinstance(x, Node) and not isinstance(x, Read) else x


def _only_numbers(best: Any, tracer: Any) -> Any:
    """``best``, guarded: a nan among the operands makes it nan, and Python's choice another."""
    tracer.decide(_equal(best, best))
    return best
