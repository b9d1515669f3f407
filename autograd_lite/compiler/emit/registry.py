"""The targets, by the names that ``source`` takes."""

from __future__ import annotations

from .dialects import DIALECTS
from .python import PYTHON
from .source import ArrayTarget
from .target import Target
from .targets.c_target import C
from .targets.drjit import DRJIT

__all__ = ["TARGETS", "target"]

#: every target; a new one is a module of ``targets/`` and a line here
TARGETS: dict[str, Target] = {
    found.name: found
    for found in (
        *map(ArrayTarget, DIALECTS.values()),
        DRJIT,
        PYTHON,
        C,
    )
}


def target(name: str) -> Target:
    """The target of that name; ValueError for an unknown one, with those that there are."""
    if name not in TARGETS:
        raise ValueError(f"backend {name!r}: one of {', '.join(map(repr, TARGETS))}")
    return TARGETS[name]
