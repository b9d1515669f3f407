"""Guards: what decided the way through a function, and whether a run of its program took the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

__all__ = ["HOLDS", "guards_hold", "scattered"]

#: what an engine that looks at the guards itself has instead: one number, whether there was one that doesn't hold
HOLDS: Final[list[tuple[Any, bool]]] = [(0.0, True)]

#: from so many ways on it is asked whether there will be hundreds
ENOUGH = 3


def guards_hold(outputs: Sequence[Any], expected: Sequence[Any]) -> bool:
    """Whether a run took the recorded way."""
    for found, (wanted, exact) in zip(outputs, expected):
        same = (found == wanted) | ((found != found) & (wanted != wanted)) if exact else (found != 0.0) == wanted
        if same is not True and not (same.all() if type(same) is np.ndarray else same):
            return False
    return True


def scattered(paths: Sequence[Any], many: int) -> bool:
    """Whether a function has too many ways to wait for them all: none has been taken twice, and they differ in at
    least ``many`` decisions that don't follow from each other, as a branch for each number of a list does.

    Args:
        paths: the ways recorded, each with its ``program`` and whether it has been ``used`` again.
        many: so many decisions.
    """
    if len(paths) < ENOUGH or any(path.used for path in paths):
        return False
    decisions = zip(*[path.program.guards for path in paths])
    ways = [{(guard.line, guard.expected if guard.exact else guard.expected != 0.0) for guard in d} for d in decisions]
    return sum(len({line for line, _ in way}) == 1 < len(way) for way in ways) >= many
