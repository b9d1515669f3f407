"""What a compiled function keeps for one state of its surroundings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...engine.user_frame import warn_at_user
from ..ir.scalar_program import CompileWarning
from ..record.environment import Watch
from .plans import Path

__all__ = ["State"]


class State:
    """The recordings that belong to one state of a function's surroundings, and of its arguments that are objects.

    Attributes:
        objects: the ids of these, which the watch keeps alive.
        indexed: the line on which an integer of the arguments indexes a plain list; empty if there is none, or the
            user knows.
    """

    __slots__ = ("eager", "entries", "indexed", "level", "objects", "watch")

    def __init__(self, f: Callable[..., Any], objects: list[Any]) -> None:
        self.objects = [*map(id, objects)]
        self.watch = Watch(f, objects)
        self.eager = False
        self.entries: dict[Any, list[Path]] = {}
        self.level = 0
        self.indexed = ""

    def say_anew(self, name: str, level: int) -> None:
        """Say once, at the second, that each value of an integer that indexes a list is a recording of its own."""
        if not self.indexed or not level or len({_without_integers(key) for key in self.entries}) == len(self.entries):
            return
        line, self.indexed = self.indexed, ""
        warn_at_user(
            f"{name} is recorded anew for each value of the integer that indexes a list at {line}: write "
            f"ag.take(table, i) there, for which one recording serves all",
            CompileWarning,
        )


def _without_integers(key: Any) -> Any:
    """A description of arguments, the same for all values of integers that are constants in it."""
    if not isinstance(key, tuple):
        return key
    return key[:2] if key[:1] == ("fixed",) else tuple(map(_without_integers, key))
