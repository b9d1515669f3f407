"""``backend="auto"``: C once it pays, for programs whose numbers it doesn't change.

Those are programs that run as straight-line Python: C is printed of the same statements, so that every number is the
same to the bit. Where Python would raise, as in 1 / 0.0, the processor's flags say so, and the call is Python's.

A program is built when its calls have taken as long as a build does. What is waited for is then at most twice what
knowing the number of calls beforehand would have cost (Karlin, Manasse, Rudolph and Sleator, Competitive snoopy
caching, 1988).
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from .c_engine import LONG, CEngine
from .c_library import CUnavailable, c_compiler
from .forms import Unlike

__all__ = ["turning"]

#: seconds that a build takes: the latest one's
cost = 0.2
#: one in so many calls is timed
EVERY = 64
#: functions of the C library that are not Python's to the bit
_APART = re.compile(r"\b(lgamma|tgamma|ag_polygamma)\(")


def turning(
    owner: Any, fast: Callable[..., Any], path: Any, plan: Any, in_c: Callable[[CEngine], Callable[..., Any]]
) -> Callable[..., Any]:
    """A call that is replaced by one in C when it has taken as long as building that.

    Args:
        owner: the compiled function.
        fast: the call as straight-line Python, to which the one in C hands what it is not for.
        path, plan: its program.
        in_c: makes the call in C of the engine.
    """
    if len(path.program) > LONG or c_compiler() is None:
        return fast
    calls, least, lock = 0, math.inf, threading.Lock()

    def call(*args: Any, **named: Any) -> Any:
        nonlocal calls, least
        calls += 1
        if calls % EVERY:
            return fast(*args, **named)
        start = time.perf_counter()
        found = fast(*args, **named)
        least = min(least, time.perf_counter() - start)  # others may have had the processor meanwhile
        if calls * least > cost and lock.acquire(blocking=False):  # once
            owner.exchange(call, _built(path, plan, in_c) or fast)
        return found

    return call


def _built(path: Any, plan: Any, in_c: Callable[[CEngine], Callable[..., Any]]) -> Callable[..., Any] | None:
    """The call in C; None if there can't be one, or its numbers may be others."""
    global cost
    start = time.perf_counter()
    try:
        engine = CEngine(path, plan, alike=True)
        made = None if engine.call is None or _APART.search(engine.function.source()) else in_c(engine)
    except (CUnavailable, NotImplementedError, Unlike):
        return None
    cost = time.perf_counter() - start
    return made
