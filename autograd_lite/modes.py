"""Scopes that watch recording: ``no_grad``, ``detect_anomaly`` and tracing are observers of every new node.

The hot path pays for one test of one number (``STATE.special``); only when some thread has an observer does a new
node go through ``notify``, which calls the observers of its own thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .graph import STATE

__all__ = ["STATE", "notify", "observe"]

Observer = Callable[[Any], None]


_lock = threading.Lock()
_local = threading.local()


def observers() -> list[Observer]:
    """The observers of this thread, outermost first."""
    found: list[Observer] = getattr(_local, "observers", [])
    return found


@contextmanager
def observe(observer: Observer) -> Iterator[None]:
    """Within the block, call ``observer(node)`` for every node that this thread records.

    An observer may change the node (``no_grad`` cuts it from its operands) or raise (``detect_anomaly``).
    """
    stack = observers()
    _local.observers = [*stack, observer]
    with _lock:
        STATE.special += 1
    try:
        yield
    finally:
        _local.observers = stack
        with _lock:
            STATE.special -= 1


def notify(node: Any) -> None:
    """Show a new node to the observers of this thread."""
    for observer in observers():
        observer(node)
