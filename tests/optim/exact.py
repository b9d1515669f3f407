"""The same numbers, to the last bit; where an older NumPy rounds otherwise, to two units in the last place."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["same"]

#: NumPy 1 takes some powers and roots by other instructions than NumPy 2, with which the references were made; over
#: eight steps that is a unit or two in the last place of the largest number
_OLD = int(np.__version__.partition(".")[0]) < 2


def same(found: Any, known: Any) -> bool:
    """Whether two lists or arrays of numbers are equal."""
    a, b = np.asarray(found, float), np.asarray(known, float)
    slack = 2.0 * np.spacing(np.abs(b).max()) if _OLD else 0.0
    return a.shape == b.shape and bool((np.abs(a - b) <= slack).all())
