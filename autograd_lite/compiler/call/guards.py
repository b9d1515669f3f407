"""Guards: what decided the way through a function, and whether a run of its program took the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.scalar_program import Guard

__all__ = ["expectation", "guards_hold"]


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
