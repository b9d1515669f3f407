"""Guards: what decided the way through a function, and whether a run of its program took the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.scalar_program import Guard

__all__ = ["expectation", "guards_hold", "scattered"]

#: from so many ways on it is asked whether there will be hundreds
ENOUGH = 3


def expectation(guard: Guard) -> tuple[Any, bool]:
    """What a guard's number has to be, as ``guards_hold`` wants it."""
    number = np.array(guard.expected)
    return (number, True) if guard.exact else (number != 0.0, False)


def guards_hold(outputs: Sequence[Any], expected: Sequence[Any]) -> bool:
    """Whether a run took the recorded way."""
    for found, (wanted, exact) in zip(outputs, expected):
        found = np.asarray(found, dtype=float)
        if exact:
            if not ((found == wanted) | ((found != found) & (wanted != wanted))).all():
                return False
        elif not ((found != 0.0) == wanted).all():
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
