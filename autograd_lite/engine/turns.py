"""The lock of the sweeps, as Python has it; compiled code has ``turns.h`` instead."""

from __future__ import annotations

import threading
from typing import Any

__all__ = ["check_signals", "give", "give_list", "is_taken_here", "new_lock", "pop_last", "take", "take_list"]

#: an empty list, which ``give_list`` takes back
take_list: Any = list
#: its last item, taken off; it has one
pop_last: Any = list.pop


def give_list(nodes: list[Any]) -> None:
    """Nobody needs the list any more."""


def new_lock() -> Any:
    """A lock that knows which thread has it."""
    return threading.RLock()


def take(lock: Any) -> bool:
    """Whether it could be taken without ``with``: not here, where an interrupt can come before the next statement."""
    return False


def give(lock: Any) -> None:
    """Give back what ``take`` took."""


def is_taken_here(lock: Any) -> bool:
    """Whether this thread has it."""
    return bool(lock._is_owned())


def check_signals() -> None:
    """A call: at every one, Python runs the handlers of signals that came meanwhile."""
