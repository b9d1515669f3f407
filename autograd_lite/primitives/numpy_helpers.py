"""Functions for generated NumPy source that NumPy itself lacks: the table's own, element by element.

The array notation of an entry may call ``_np_<name>``; a program that holds such a call needs ``HELPERS`` in scope.
They run at the speed of Python calls, and agree with the table to the last bit. Imported only by whoever runs such
source, since it imports NumPy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from . import TABLE

__all__ = ["HELPERS"]


def _vectorized(name: str) -> Callable[..., Any]:
    """The float function of an entry, over arrays with broadcasting."""
    return np.vectorize(TABLE[name].fn, otypes=[float], doc=TABLE[name].__doc__)


#: by name, each function that some entry's array notation calls
HELPERS: dict[str, Callable[..., Any]] = {
    f"_np_{name}": _vectorized(name)
    for name in sorted({found for entry in TABLE.values() for found in re.findall(r"\b_np_(\w+)\(", entry.array)})
}
