"""Functions for generated NumPy source that NumPy itself lacks: the table's own, over arrays.

The array notation of an entry may call ``_np_<name>``; a program that holds such a call needs ``HELPERS`` in scope.
Where SciPy is installed its functions compute them, a hundred times faster, to the same accuracy; at poles, infinities
and nan the table's conventions stand. Elsewhere they run at the speed of Python calls, and agree with the table to the
last bit. Imported only by whoever runs such source, since it imports NumPy; SciPy is imported by the first call.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from . import TABLE

__all__ = ["HELPERS"]

#: SciPy's names of the functions of one argument that it has too
_SCIPY = {
    "erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "norm_cdf": "ndtr", "gamma": "gamma", "lgamma": "gammaln",
    "digamma": "psi", "trigamma": "zeta",
}  # fmt: skip

#: an array of fewer numbers is left to the table
FEW = 4


class _Helper:
    """The float function of an entry, over arrays with broadcasting."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.table = np.vectorize(TABLE[name].fn, otypes=[float], doc=TABLE[name].__doc__)
        self.__doc__ = TABLE[name].__doc__

    @functools.cached_property
    def special(self) -> Callable[..., Any] | None:
        """SciPy's function; None if there is none."""
        if self.name not in _SCIPY or importlib.util.find_spec("scipy") is None:
            return None
        found: Callable[..., Any] = getattr(importlib.import_module("scipy.special"), _SCIPY[self.name])
        return functools.partial(found, 2.0) if self.name == "trigamma" else found  # Σ 1/(x + k)²

    def __call__(self, *args: Any) -> Any:
        x = np.asarray(args[0], dtype=float)
        if x.size < FEW or self.special is None:
            return self.table(*args)
        with np.errstate(all="ignore"):
            found = np.asarray(self.special(x))
            finite = np.isfinite(found) & np.isfinite(x) & (x != 0.0)
            if not finite.all():
                found[~finite] = self.table(x[~finite])
        return found


#: by name, each function that some entry's array notation calls
HELPERS: dict[str, Callable[..., Any]] = {
    f"_np_{name}": _Helper(name)
    for name in sorted({found for entry in TABLE.values() for found in re.findall(r"\b_np_(\w+)\(", entry.array)})
}
