"""Recording a function with its surroundings in view: what it changes while it is recorded is undone."""

from __future__ import annotations

import dis
import gc
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from types import FunctionType, TracebackType
from typing import Any

from ...engine.user_frame import is_users
from ..ir.scalar_program import CompileError
from ..record.arguments import Arguments, fixed_integers
from ..record.draws import Draws
from ..record.environment import Watch
from ..record.lowering import Begun, Lowering
from ..record.recording import record_call
from ..record.restore import DRAWN, TAKEN, Before
from .pausing import collector_paused
from .plans import Path

__all__ = ["Changed", "Drawn", "Final", "Unrecorded", "indexed_at", "reason", "recorded"]


#: whether a number of the recording is kept is asked so often, with so many seconds between
_LOOKS, _MOMENT = 100, 0.002


class Final(CompileError):
    """What no other treatment of integers mends."""


class Drawn(Final):
    """Random numbers, items of an iterator, the time: what a recording would repeat."""


class Changed(Final):
    """A recording that may do at the next call: its numbers proved nothing, or it changed the surroundings, which was
    undone: a cache that is there then, maybe."""


class Unrecorded(Exception):  # never seen by users
    """What is called can't be recorded, for the reason given: where it is a lane's, the whole call is plain code's."""


@collector_paused()
def recorded(f: Callable[..., Any], call: Arguments, watch: Watch) -> Path | Exception:
    """A new path; the error if ``f`` can't be recorded on these arguments."""
    if watch.unseen:
        return Final(watch.unseen)
    if watch.catches and len(call.active) < len(call):
        return Final(
            f"it catches {watch.catches} (in {watch.where}), as plain numbers raise; those of a program become inf and "
            f"nan: test for zero instead"
        )
    before = Before(watch)
    found, drawn, changed = _attempt(before, f, call)
    if drawn == DRAWN and threading.active_count() > 1:  # it may have been another thread: look again, and look who
        found, drawn, changed = _attempt(Before(watch, Draws(watch.generators)), f, call)
        if drawn == DRAWN:
            before.rewind()
    once = drawn == TAKEN and not changed and not isinstance(found, Exception)
    if drawn and not once:
        return Drawn(drawn)
    if changed:
        return Changed(changed)
    if isinstance(found, Exception):
        return found
    if _alive(found.alive):
        return Final(
            f"it keeps a number (in {found.where}) where compile can't see it, and would keep a recording's: return it"
        )
    path = Path(found, call.level, call.given[0], fixed_integers(f, *call.given))
    path.once = once
    return path


def _attempt(before: Before, f: Callable[..., Any], call: Arguments) -> tuple[Any, str, str]:
    """A recording or an error, what it drew, and what it changed (and is undone).

    With branches as choices, where that can be; what fails so is tried with fewer of them, and with none.
    """
    watch, lowering = before.watch, None
    if not (watch.identities or watch.aliases or watch.iterators):
        lowering = Lowering([thing for thing in watch.seen.values() if isinstance(thing, FunctionType)], watch.typed)
    while True:
        try:
            with before.draws or nullcontext():
                found: Any = record_call(f, call, watch.seen, watch.identities, lowering)
        except Exception as error:
            found = error
        except BaseException:
            before.undo()
            raise
        drawn, changed = before.undo()
        if drawn or changed or not isinstance(found, Exception) or lowering is None or not lowering.codes:
            return found, drawn, changed
        lowering = lowering if isinstance(found, Begun) else lowering.stricter()
        found.__traceback__ = None  # in whose frames the recording is
        before = Before(watch, before.draws)


def _alive(leaves: list[Any]) -> bool:
    """Whether something still holds a leaf of the recording."""
    for look in range(_LOOKS):  # a profiler's thread holds the frames that it looks at for a moment
        if all(leaf() is None for leaf in leaves):
            return False
        if look == 0:
            gc.collect()  # a traceback, a function that calls itself
        elif threading.active_count() == 1:
            break
        else:
            time.sleep(_MOMENT)
    return True


def reason(error: Exception) -> str:
    """Why a function isn't recorded, in the words of an error that was raised while it was, with the user's line."""
    if isinstance(error, CompileError):
        return str(error)
    at = _last_of_users(error)
    line = "" if at is None else f" at {at.tb_frame.f_code.co_filename}:{at.tb_lineno}"
    return f"it can't be recorded{line}: {type(error).__name__}: {error}"


def indexed_at(error: Exception) -> str:
    """Where a number of the recording indexed a list or an array, which it can't; empty if the error is another."""
    found = _last_of_users(error)
    if not isinstance(error, (TypeError, IndexError)) or found is None:
        return ""
    code = found.tb_frame.f_code
    here = next((step for step in dis.get_instructions(code) if step.offset == found.tb_lasti), None)
    if here is None or (here.opname != "BINARY_SUBSCR" and (here.opname, here.argrepr) != ("BINARY_OP", "[]")):
        return ""
    return f"{code.co_filename}:{found.tb_lineno}"


def _last_of_users(error: Exception) -> TracebackType | None:
    """The last of the user's own frames that an error went through."""
    found, at = None, error.__traceback__
    while at is not None:
        found = at if is_users(at.tb_frame) else found
        at = at.tb_next
    return found
