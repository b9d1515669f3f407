"""Functions of lists of numbers, whatever the library's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import functools  # noqa: F401  (what sources of reductions call)
    import math  # noqa: F401


def _placed(x, where, n, zero):
    result = [zero] * n  # a list of n zeros with x in some of the places
    result[where] = x
    return result
