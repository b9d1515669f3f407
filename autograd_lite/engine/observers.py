"""Scopes that watch recording: ``no_grad``, ``detect_anomaly`` and tracing are observers of every new node.

The hot path asks one thing (is ``STATE.observers`` empty?); only when a scope lives somewhere does a new node go
through ``notify``, which calls the observers of its own context: those of a thread, or of an asyncio task.

A scope ends with its block, whatever ends that. The ``with`` statement holds the scope's ``Token``, which everything
else refers to weakly, and both what it calls at the block's start and what it calls at its end are C functions, before
which Python looks for no signals: a KeyboardInterrupt comes before the scope is open, within its block, or after it.
"""

from __future__ import annotations

import functools
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from contextvars import ContextVar
from typing import Any

from .sweeps import STATE, Node, operands_of

__all__ = [
    "SCOPES",
    "STATE",
    "Observing",
    "Tracer",
    "current_tracer",
    "hash_value",
    "notify_all",
    "notify_tracer",
    "observe",
    "observers",
    "recording_is_off",
    "tracer_of",
    "tracing",
    "without_observers",
]

Observer = Callable[[Any], None]
Exit = Callable[..., None]

#: the tracers whose nodes have a mark, on any thread
_recordings: weakref.WeakValueDictionary[int, Tracer] = weakref.WeakValueDictionary()
#: the tokens of this context's scopes, outermost first; they may be dead, and open or not
SCOPES: ContextVar[tuple[weakref.ref[Token], ...]] = ContextVar("scopes", default=())


class View:
    """What a scope sees and hides; see ``Observing``. Its tape is the tracer, if that is a recording."""

    __slots__ = ("hides", "observer", "tape", "tracer")

    def __init__(self, observer: Observer | None, hides: str, tracer: Tracer | None) -> None:
        self.observer = observer
        self.hides = hides
        self.tracer = tracer
        self.tape: Any = tracer if tracer is not None and tracer.mark else None

    def shown(self, outer: Observer) -> Observer | None:
        """What sees the nodes within the scope in the place of an outer observer."""
        if self.hides != "all" and not getattr(outer, self.hides, False):
            return outer
        instead: Observer | None = getattr(outer, "uncut", None) if self.hides == "cuts" else None
        return instead


def _nothing() -> None:
    return None


class Token(functools.partial[None]):
    """One time that a scope is entered: calling it leaves. It is what lives as long as the block.

    Attributes:
        lock: locked from the block's start to its end; a lock, because its methods are C and make no Python call.
        view: what the scope sees.
        where: the thread and the asyncio task that enter it.
    """

    lock: Any
    view: View
    where: tuple[int, int]


def _token(view: View, token: Token) -> Token:
    """Make ``token`` one of a scope, not open yet, known in this context."""
    lock = threading.Lock()
    state: Any = token
    state.__setstate__((lock.__exit__, (), {}, {"lock": lock, "view": view, "where": _here()}))
    known = weakref.ref(token, STATE.observers.discard)
    STATE.observers.add(known)
    SCOPES.set((*[other for other in SCOPES.get() if other() is not None], known))
    return token


def _here() -> tuple[int, int]:
    """Who is asking: a thread, and an asyncio task on it."""
    tasks = sys.modules.get("asyncio.tasks")
    running = tasks is not None and tasks.events._get_running_loop() is not None
    return threading.get_ident(), id(tasks.current_task()) if tasks is not None and running else 0


class _Enter:
    """``scope.__enter__``: makes a token, and gives the C function that opens it."""

    def __get__(self, scope: Observing | None, kind: type[Observing]) -> Callable[..., Any]:
        if scope is None:
            return _enter
        token = scope._promised()
        scope._promised = _nothing
        if token is None:
            token = _token(scope._view, Token(_leave))
            mine = scope._tokens
            mine[:] = [other for other in mine if other.lock.locked() or other.where != token.where]
            mine.append(token)
        opens: Callable[..., Any] = token.lock.acquire
        return opens


class _Exit:
    """``scope.__exit__``: the last token that was made here, and whose end nobody has in hand yet.

    ``with`` asks for both before it enters: up to Python 3.13 for ``__enter__`` first, then for ``__exit__`` first.
    """

    def __get__(self, scope: Observing | None, kind: type[Observing]) -> Exit:
        if scope is None:
            leaving = Token(_leave)
            _last.asked = weakref.ref(leaving)
            return leaving
        mine, here = scope._tokens, _here()
        token = next((token for token in reversed(mine) if token.where == here), mine[-1] if mine else None)
        if token is None:
            token = _token(scope._view, Token(_leave))
            scope._promised = weakref.ref(token)
        else:
            mine.remove(token)
        return token


def _leave(scope: Observing, *exc: object) -> None:
    """``type(scope).__exit__``, called without having been asked for as the scope was entered."""
    scope.__exit__(*exc)


class _Last(threading.local):
    """The ``type(scope).__exit__`` that was asked for last on this thread.

    ``ExitStack`` and compiled code ask for it, call ``type(scope).__enter__`` and keep it: it becomes the token.
    """

    asked: Callable[[], Token | None] = staticmethod(_nothing)


_last = _Last()


def _enter(scope: Observing) -> None:
    """``type(scope).__enter__``."""
    asked, _last.asked = _last.asked(), _nothing
    token = _token(scope._view, asked or Token(_leave))
    if asked is None:
        scope._tokens.append(token)
    try:
        token.lock.acquire()
    except BaseException:  # an interrupt, maybe after it was opened
        if token.lock.locked():
            token.lock.release()
        raise


class Observing:
    """A scope: within the block, an observer sees every node that this context records.

    It may be entered again while it is open, by several threads and tasks, and left in any order.

    Args:
        observer: called with every new node; None for none.
        hides: the outer observers that don't see new nodes: those with a true attribute of that name, or "all".
        tracer: what watches besides how Values are used.
    """

    def __init__(self, observer: Observer | None, hides: str = "", tracer: Tracer | None = None) -> None:
        self._view = View(observer, hides, tracer)
        self._tokens: list[Token] = []  # those whose end nobody has in hand
        self._promised: Callable[[], Token | None] = _nothing  # the one whose end was taken first

    __enter__ = _Enter()
    __exit__ = _Exit()


def observe(observer: Observer) -> Observing:
    """Within the block, call ``observer(node)`` for every node that this context records.

    An observer may change the node (``no_grad`` cuts it from its operands) or raise (``detect_anomaly``).
    """
    return Observing(observer)


def without_observers(kind: str) -> Observing | nullcontext[None]:
    """Within the block, this context's observers with a true attribute of that name don't see new nodes.

    ``"cuts"`` are those that cut nodes from their operands (``no_grad``); one that has an ``uncut`` gets them there.
    ``"checks"`` are those that raise.
    """
    some = bool(STATE.observers) and any(getattr(observer, kind, False) for observer in observers())
    return Observing(None, hides=kind) if some else nullcontext()


def _views() -> list[View]:
    """The views of the scopes that are open in this context, outermost first; those that ended are forgotten."""
    scopes = SCOPES.get()
    tokens = [known() for known in scopes]
    if None in tokens:  # the last one would hide from ``notify`` that a recording is the innermost
        SCOPES.set(tuple([known for known, token in zip(scopes, tokens) if token is not None]))
    return [token.view for token in tokens if token is not None and token.lock.locked()]


def observers() -> list[Observer]:
    """The observers of this context, outermost first."""
    found: list[Observer] = []
    for view in _views():
        if view.hides:
            found = [o for o in map(view.shown, found) if o is not None]
        if view.observer is not None:
            found.append(view.observer)
    return found


def recording_is_off() -> bool:
    """Whether nodes are cut from their operands for good: within ``no_grad``, and not where a checkpoint is taken."""
    return bool(STATE.observers) and any(getattr(o, "cuts", False) and not hasattr(o, "uncut") for o in observers())


def notify_all(node: Any) -> None:
    """Show a new node to each observer of this context; or a recording elsewhere, whose numbers it is made of."""
    found = observers()
    outermost: Any = getattr(found[0], "__self__", None) if found else None
    if _recordings and not getattr(outermost, "mark", 0):
        tracer_of(*operands_of(node))
    for observer in found:
        observer(node)


class Tracer:
    """What ``compile`` overrides to watch a function run: every new node, and each use of a Value as a plain number.

    Attributes:
        mark: the ``_mark`` of the recording's nodes, a negative number by which other threads tell them; 0 for none.
            One that has a mark is a ``Tape``, which gets the nodes that no other observer sees.
    """

    mark = 0

    def elsewhere(self) -> None:
        """A number of the recording is used on another thread."""

    def copied(self, made: Any) -> None:
        """A node was made by a copy or a pickle."""

    def saw(self, node: Any) -> None:
        """A node was recorded."""

    def made(self, leaf: Any, data: Any = None) -> None:
        """A leaf was made, of ``data``."""

    def compare(self, a: Any, other: Any, how: str) -> Any:
        """``a < other`` and the like, at least one a Value: the comparison as a Value, which a choice can depend on."""
        return NotImplemented

    def decide(self, value: Any) -> None:
        """Python asks whether ``value`` is true, and will go one way or the other."""

    def read(self, value: Any) -> Any:
        """``value.data``."""
        return value._number()

    def exactly(self, value: Any) -> Any:
        """The number of ``value``, of which every digit counts from now on."""
        return value._number()

    def plain(self, data: Any) -> Any:
        """What a Value is to be made of: its number, if it is a Value that stands for a plain one; else itself."""
        return data

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

    def partial(self, x: Any) -> Any:
        """A partial, which may be an operand itself: as a number that is a derivative."""
        return x

    def pick(self, row: Any, index: Any) -> Any:
        """``row[index]`` for an index that stands for an integer argument."""
        raise NotImplementedError

    def take(self, table: Any, indices: Any) -> Any:
        """``take(table, indices)`` where some of them are Values; None if one doesn't stand for an integer argument."""
        return None


def tracing(tracer: Tracer) -> Observing:
    """Within the block this context's nodes, comparisons and reads go to ``tracer``, and to no outer observer."""
    if tracer.mark:
        _recordings[tracer.mark] = tracer
    return Observing(tracer.saw, hides="all", tracer=tracer)


def notify_tracer(what: str) -> None:
    """Tell a tracer, if one is at work, that gradients or parameters are read or changed."""
    tracer = current_tracer()
    if tracer is not None:
        tracer.changes(what)


def hash_value(value: Any) -> int:
    """The hash of a Value while something watches this or another context."""
    tracer = current_tracer()
    if tracer is not None:
        tracer.hashes(value)
    return id(value) >> 4


def current_tracer() -> Tracer | None:
    """The tracer of this context, if one is at work."""
    for view in reversed(_views()):
        if view.tracer is not None:
            return view.tracer
    return None


def tracer_of(*values: Any) -> Tracer | None:
    """``current_tracer()``, before ``values`` are used: a recording on another thread notes it."""
    found = current_tracer()
    if found is None and _recordings:
        for value in values:
            owner = _recordings.get(value._mark) if isinstance(value, Node) else None
            if owner is not None:
                owner.elsewhere()
    return found
