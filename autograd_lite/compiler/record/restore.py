"""What a function changed while it was recorded, put back: a recording leaves no trace in the user's objects."""

from __future__ import annotations

import builtins
import io
import os
import pickle
import random
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from ...data.random import default_generator
from .code import is_library
from .draws import Draws, is_ours
from .environment import ASKED, Watch

__all__ = ["DRAWN", "TAKEN", "Before"]

DRAWN = (
    "it draws random numbers, which a recording would repeat: draw them outside and pass them as an argument (or put a "
    "model with Dropout into eval mode)"
)
TAKEN = (
    "it takes items from an iterator, which a recording would do only once: pass the items as an argument, or a list "
    "of them"
)


#: through which files and directories are read, whatever the code that asks calls it
_READERS = ((builtins, ("open", "input")), (io, ("open",)), (os, ("open", "stat", "lstat", "scandir", "listdir")))


def _in_passing(frame: Any) -> bool:
    """Whether it isn't the user's code that asks: a scope makes a lock when it is entered; an import, the first time,
    and the text of a warning ask for files.
    """
    while frame is not None and is_library(name := frame.f_globals.get("__name__")):
        if is_ours(frame.f_globals) or name in ("linecache", "tokenize") or name.startswith("importlib."):
            return True
        frame = frame.f_back
    return False


class Before:
    """The surroundings before a recording.

    Args:
        watch: what there is, and holds.
        draws: tells the function's draws from other threads'; None if that is not known.
    """

    def __init__(self, watch: Watch, draws: Draws | None = None) -> None:
        self.watch = watch
        self.draws = draws
        self.thread = threading.get_ident()
        self.asked: list[str] = []
        readers = [(vars(module), name, getattr(module, name)) for module, names in _READERS for name in names]
        self.calls = [*watch.calls, *readers]
        for place, key, function in self.calls:
            place[key] = self._noting(function)
        found = [*_global_generators(), *watch.generators]
        self.generators = [(g, state := _access(g)[0](), pickle.dumps(state)) for g in found]
        self.positions = watch.positions()

    def _noting(self, function: Any) -> Any:
        """The function, that says it was called."""

        def noting(*args: Any, **named: Any) -> Any:
            if threading.get_ident() == self.thread and not _in_passing(sys._getframe(1)):
                self.asked.append(f"{function.__module__}.{function.__name__}()")
            return function(*args, **named)

        return noting

    def undo(self) -> tuple[str, str]:
        """Put back what was changed.

        Returns:
            What the recording took that later calls would not take again, and what it changed; in words, or empty.
        """
        drawn = changed = ""
        for place, key, function in self.calls:
            place[key] = function
        if self.asked:
            drawn = f"it asks {self.asked[0]} (in {self.watch.where}) {ASKED}"
        for generator, state in self.moved():
            if self.draws is None or not self.draws.are_others(generator):
                if threading.active_count() == 1:
                    _access(generator)[1](state)
                drawn = DRAWN
        if self.watch.positions() != self.positions:
            drawn = TAKEN
        if not self.watch.holds():
            names = ", ".join(map(repr, self.watch.changed()[:3])) or "a list, dict or array"
            changed = (
                f"it changes {names} outside (in {self.watch.where}), which a program doesn't: return the new state, "
                f"and pass it as an argument"
            )
            self.watch.restore()
        return drawn, changed

    def moved(self) -> list[tuple[Any, Any]]:
        """The generators that numbers were drawn from since, and how they were."""
        return [(g, state) for g, state, text in self.generators if pickle.dumps(_access(g)[0]()) != text]

    def rewind(self) -> None:
        """Make the generators as they were, although there are other threads: it was the function that drew."""
        for generator, state in self.moved():
            _access(generator)[1](state)


def _global_generators() -> list[Any]:
    """The random number generators that a function may draw from without holding them."""
    # loaded here if need be: the function may be the first to draw
    found: list[Any] = [random._inst, np.random.mtrand._rand, default_generator(None)]
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "default_generator"):
        found.append(torch.default_generator)
    return found


def _access(generator: Any) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    """What reads the state of a generator, and what sets it."""
    if isinstance(generator, random.Random):
        return generator.getstate, generator.setstate
    if isinstance(generator, np.random.RandomState):
        return generator.get_state, generator.set_state
    if hasattr(generator, "get_state"):  # PyTorch's; pickles of one tensor differ
        torch = sys.modules["torch"]
        return lambda: generator.get_state().numpy(), lambda state: generator.set_state(torch.from_numpy(state))
    bits = getattr(generator, "bit_generator", generator)
    return lambda: bits.state, lambda state: setattr(bits, "state", state)
