"""Functions that NumPy's sources define where they call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def _number(x):
    """In double precision."""
    return np.asarray(x, float)


def _raised(x, y):
    """x ** y; of one exponent for many, if it is 0.5, np.power is np.sqrt: nan at -inf, and -0.0 at -0.0."""
    one = np.size(y) == 1 or 0 in np.asarray(y).strides
    return (np.float_power if one else np.power)(x, y)


def _stack(*xs):
    """The operands as one array, along a new first axis."""
    return np.stack(np.broadcast_arrays(*xs))
