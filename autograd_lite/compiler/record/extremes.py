"""The builtins ``max`` and ``min`` while a function is recorded: the largest of some Values, whichever it is.

Python's own would compare them one by one, and which one wins would be a way of its own through the function. Here the
result is a number of the program: of two Values the one that Python would choose, of more the largest, with guards that
there is one largest and no nan. The maximum that a softmax subtracts, ``max(v.data for v in row)``, is such
a number too, without a derivative; where code does with it what only a float can do, the function is recorded once
more, and the numbers that were read are guards.
"""

from __future__ import annotations

import builtins
import dis
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import GeneratorType
from typing import Any

from ...engine.observers import current_tracer
from ...engine.sweeps import Node
from ...engine.value import record
from ...primitives.primitive import TABLE
from ..ir.control_ops import COMPARISONS, stop

__all__ = ["softly"]

#: what ``(v.data for v in row)`` consists of, on any Python
_PLAIN = {
    "CACHE", "CALL_INTRINSIC_1", "COPY_FREE_VARS", "END_FOR", "EXTENDED_ARG", "FOR_ITER", "GEN_START", "JUMP_ABSOLUTE",
    "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "LOAD_ATTR", "LOAD_CONST", "LOAD_FAST", "LOAD_FAST_BORROW", "NOP",
    "NOT_TAKEN", "POP_ITER", "POP_TOP", "RERAISE", "RESUME", "RETURN_CONST", "RETURN_GENERATOR", "RETURN_VALUE",
    "STORE_FAST", "STORE_FAST_LOAD_FAST", "YIELD_VALUE",
}  # fmt: skip

_MAX, _MIN = builtins.max, builtins.min


class _State(threading.local):
    """Whether numbers that are read may stay numbers of the program on this thread, and whether any did."""

    soft = False
    used = False


_state = _State()
_lock = threading.Lock()
_running = 0


def softly(make: Callable[..., Any], *args: Any) -> Any:
    """``make(*args)``, which records a function, with these ``max`` and ``min``.

    Returns:
        The Recording, in which no result is a number that was read softly.
    """
    outer = _state.soft, _state.used
    _state.soft, _state.used = True, False
    try:
        with _replaced():
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


@contextmanager
def _replaced() -> Iterator[None]:
    """Within the block ``max`` and ``min`` are these; for all threads, but only one that records sees a difference."""
    global _running
    with _lock:
        _running += 1
        builtins.max, builtins.min = max_of, min_of
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if not _running:
                builtins.max, builtins.min = _MAX, _MIN


def _escaped(program: Any) -> bool:
    first = program.first
    return any(id >= first and program.prims[id - first] is stop for id in program.outputs)


def max_of(*args: Any, **named: Any) -> Any:
    """``max``, of Values in a recording too."""
    return _MAX(*args, **named) if named or current_tracer() is None else _chosen(_MAX, "max", "gt", args)


def min_of(*args: Any, **named: Any) -> Any:
    """``min``, of Values in a recording too."""
    return _MIN(*args, **named) if named or current_tracer() is None else _chosen(_MIN, "min", "lt", args)


def _chosen(original: Callable[..., Any], name: str, test: str, args: tuple[Any, ...]) -> Any:
    tracer: Any = current_tracer()
    if len(args) == 1:
        read = _numbers_read(args[0], tracer)
        items = list(args[0]) if read is None else read
    else:
        read, items = None, list(args)
    kinds = [isinstance(x, Node) for x in items]
    if not any(kinds) or not all(kind or type(x) in (int, float) for kind, x in zip(kinds, items)):
        return original(items)
    numbers = [x._number() if isinstance(x, Node) else x for x in items]
    if any(x != x for x in numbers) or not hasattr(tracer, "decide"):
        return original(items) if read is None else original(_exactly(read, tracer))
    if read is not None:
        _state.used = True
        return _only_numbers(record(TABLE[name], [_stopped(x) for x in items]), tracer)
    if len(args) == 2:
        return TABLE["where"](_compared(test, items[1], items[0]), items[1], items[0])
    best = _only_numbers(record(TABLE[name], items), tracer)
    if numbers.count(best._data) > 1:
        return original(items)
    if len(items) > 1:
        ties = record(TABLE["sum"], [_compared("eq", x, best) for x in items])
        tracer.decide(_compared("eq", ties, 1.0))
    return best


def _compared(test: str, a: Any, b: Any) -> Any:
    return record(COMPARISONS[test], (a, b))


def _stopped(x: Any) -> Any:
    return record(stop, (x,)) if isinstance(x, Node) else x


def _only_numbers(best: Any, tracer: Any) -> Any:
    """``best``, guarded: a nan among the operands makes it nan, and Python's choice another."""
    tracer.decide(_compared("eq", best, best))
    return best


def _numbers_read(items: Any, tracer: Any) -> list[Any] | None:
    """The Values of ``(v.data for v in row)``, whose numbers nothing else has seen; None for anything else."""
    if not _state.soft or type(items) is not GeneratorType or inspect.getgeneratorstate(items) != inspect.GEN_CREATED:
        return None
    code = items.gi_code
    if code.co_names != ("data",) or any(i.opname not in _PLAIN for i in dis.get_instructions(code)):
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
