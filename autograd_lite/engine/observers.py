"""Scopes that watch recording: ``no_grad``, ``detect_anomaly`` and tracing are observers of every new node.

The hot path pays for one test of one number (``STATE.observers``); only when some thread has an observer does a new
node go through ``notify``, which calls the observers of its own thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .sweeps import STATE

__all__ = [
    "STATE",
    "Tracer",
    "current_tracer",
    "hash_value",
    "nesting",
    "notify",
    "notify_tracer",
    "observe",
    "tracing",
    "without_observers",
]  # fmt: skip

Observer = Callable[[Any], None]


_lock = threading.Lock()
_local = threading.local()


class Nesting(threading.local):
    """How many transforms (``grad`` and its kin) are running a function on this thread."""

    depth = 0


nesting = Nesting()


def observers() -> list[Observer]:
    """The observers of this thread, outermost first."""
    found: list[Observer] = getattr(_local, "observers", [])
    return found


class Observing:
    """What ``observe`` returns. (No generator: an interrupt right after its ``yield`` would leave it open.)"""

    __slots__ = ("_counted", "_observer", "_outer")

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._outer: list[Observer] = []
        self._counted = False

    def __enter__(self) -> None:
        self._outer = observers()
        try:
            with _lock:
                STATE.observers += 1
                self._counted = True
            _local.observers = [*self._outer, self._observer]
        except BaseException:  # an interrupt, before the block whose end would undo this
            self.__exit__()
            raise

    def __exit__(self, *exc: object) -> None:
        _local.observers = self._outer
        if self._counted:
            with _lock:
                STATE.observers -= 1
                self._counted = False


def observe(observer: Observer) -> Observing:
    """Within the block, call ``observer(node)`` for every node that this thread records.

    An observer may change the node (``no_grad`` cuts it from its operands) or raise (``detect_anomaly``).
    """
    return Observing(observer)


@contextmanager
def without_observers(kind: str) -> Iterator[None]:
    """Within the block, this thread's observers with a true attribute of that name don't see new nodes.

    ``"cuts"`` are those that cut nodes from their operands (``no_grad``), ``"checks"`` those that raise.
    """
    if STATE.observers == 0:
        yield
        return
    stack = observers()
    _local.observers = [observer for observer in stack if not getattr(observer, kind, False)]
    try:
        yield
    finally:
        _local.observers = stack


def notify(node: Any) -> None:
    """Show a new node to the observers of this thread."""
    for observer in observers():
        observer(node)


class Tracer:
    """What ``compile`` overrides to watch a function run: every new node, and each use of a Value as a plain number."""

    def saw(self, node: Any) -> None:
        """A node was recorded."""

    def made(self, leaf: Any) -> None:
        """A leaf was made."""

    def compare(self, a: Any, other: Any, how: str) -> Any:
        """``a < other`` and the like, at least one a Value: the comparison as a Value, which a choice can depend on."""
        return NotImplemented

    def decide(self, value: Any) -> None:
        """Python asks whether ``value`` is true, and will go one way or the other."""

    def read(self, value: Any) -> None:
        """``value.data`` is read."""

    def detach(self, value: Any, copy: Any) -> None:
        """``copy`` is ``value.detach()``."""

    def choose(self, condition: Any, a: Any, b: Any) -> Any:
        """``where(condition, a, b)`` with both branches recorded; None for the ordinary way."""
        return None

    def changes(self, what: str) -> None:
        """The function does something that a recording can't hold: it reads or changes gradients, or parameters."""

    def hashes(self, value: Any) -> None:
        """``value`` is a key of a dict, or put into a set."""

    def integer(self, value: Any) -> bool:
        """Whether ``value`` stands for an integer argument: the function asks, and every call has to answer alike."""
        return False

    def passive(self, value: Any) -> bool:
        """Whether ``value`` stands for a plain number, an argument without derivatives; likewise."""
        return False

    def pick(self, row: Any, index: Any) -> Any:
        """``row[index]`` for an index that stands for an integer argument."""
        raise NotImplementedError

    def take(self, table: Any, indices: Any) -> Any:
        """``take(table, indices)`` where some of them are Values; None if one doesn't stand for an integer argument."""
        return None


@contextmanager
def tracing(tracer: Tracer) -> Iterator[None]:
    """Within the block this thread's nodes, comparisons and reads go to ``tracer``, and to no outer observer."""
    outer, stack = current_tracer(), observers()
    _local.tracer, _local.observers = tracer, [tracer.saw]
    with _lock:
        STATE.observers += 1
    try:
        yield
    finally:
        _local.tracer, _local.observers = outer, stack
        with _lock:
            STATE.observers -= 1


def notify_tracer(what: str) -> None:
    """Tell a tracer, if one is at work, that gradients or parameters are read or changed."""
    tracer = current_tracer()
    if tracer is not None:
        tracer.changes(what)


def hash_value(value: Any) -> int:
    """The hash of a Value while something watches this or another thread."""
    tracer = current_tracer()
    if tracer is not None:
        tracer.hashes(value)
    return id(value) >> 4


def current_tracer() -> Tracer | None:
    """The tracer of this thread, if one is at work."""
    found: Tracer | None = getattr(_local, "tracer", None)
    return found
