"""Tools for trusting a derivative: numerical derivatives, ``check_grads``, random expressions for Hypothesis.

>>> import autograd_lite as ag
>>> from autograd_lite.testing import check_grads, numerical_grad
>>> report = check_grads(lambda x, y: ag.sin(x) * y, (0.3, 2.0), order=2)
>>> round(numerical_grad(lambda x: x**3, 2.0), 6)
12.0

The strategies ``values()``, ``expressions()`` and ``networks()`` need Hypothesis (``pip install hypothesis``);
everything else works without it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .check import CheckError, Report, check_grads
from .expression import Expression, Step
from .numerical import Slope, numerical_grad, slope

__all__ = [
    "CheckError", "Expression", "Report", "Slope", "Step", "check_grads", "expressions", "networks", "numerical_grad",
    "slope", "values",
]  # fmt: skip

if TYPE_CHECKING:
    from .strategies import expressions, networks, values


def _load(name: str) -> Any:
    """Load the strategies, and with them Hypothesis, when one of them is first used."""
    if name not in {"expressions", "networks", "values"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.strategies"), name)


if not TYPE_CHECKING:  # type checkers take the imports above, and refuse what is not there
    __getattr__ = _load
