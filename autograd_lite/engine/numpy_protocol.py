"""NumPy's functions on Values: which of them the table's ops stand in for, and errors that name the cure.

NumPy asks a Value, or an array from ``ag.values``, before it runs a ufunc (NEP 13). Its own loops over objects call the
method of the same name of the *first* operand, which fails for ``np.arctan2(2.0, v)`` and for arrays with plain numbers
among the Values; and for ``isnan``, ``copysign`` and some more it has no such loop. Those go through the table, element
by element. Operators, comparisons and choices keep NumPy's loops, which use Python's operators.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import LostGradientError
from ..primitives import math_names
from ..primitives.primitive import TABLE

__all__ = ["INSTEAD", "apply_ufunc", "refused"]

_NAMES = {
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")},
    "rint": "round", "deg2rad": "radians", "rad2deg": "degrees", "fabs": "abs", "remainder": "mod",
    "power": "pow", "float_power": "pow",
}  # fmt: skip
_SAME = [
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt",
    "cbrt", "square", "reciprocal", "sign", "floor", "ceil", "trunc", "hypot", "logaddexp", "logaddexp2", "copysign",
    "heaviside", "ldexp", "fmod", "degrees", "radians",
]  # fmt: skip

#: ufuncs by name, and the function that stands in for each
INSTEAD: dict[str, Callable[..., Any]] = {
    **{name: TABLE[name] for name in _SAME},
    **{name: TABLE[ours] for name, ours in _NAMES.items()},
    **{name: getattr(math_names, name) for name in ("isnan", "isinf", "isfinite")},
}

#: functions that have no derivative here, and what to write
_CURES = {
    "reduce": "ag.sum, ag.prod, ag.max, ag.min and ag.logsumexp take the numbers of an array of any shape",
    "signbit": "ag.copysign(1.0, v) < 0", "modf": "ag.modf(v)", "divmod": "divmod(v, d)", "frexp": "ag.frexp(v)",
}  # fmt: skip


def apply_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What ``ufunc`` gives on operands of which one is a Value or an array of Values.

    Raises:
        LostGradientError: for a ufunc that neither has a loop over objects nor an op in its place.
    """
    operands = [_plain(x) for x in inputs]
    if named.get("out") is not None:
        named = {**named, "out": tuple(_plain(x) for x in named["out"])}
    instead = INSTEAD.get(ufunc.__name__)
    if instead is not None and method == "__call__" and not named:
        with np.errstate(all="ignore"):
            return instead(*[x if getattr(x, "ndim", 0) or not hasattr(x, "item") else x.item() for x in operands])
    try:
        return getattr(ufunc, method)(*operands, **named)
    except (TypeError, AttributeError) as error:
        if isinstance(error, LostGradientError) or "out" in named:
            raise
        raise refused(f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}"), error) from error


def refused(name: str, error: Exception) -> LostGradientError:
    """The error for a function of NumPy that can't take Values."""
    last = name.rpartition(".")[2]
    ours = getattr(INSTEAD.get(last), "__name__", last)
    cure = _CURES.get(last) or (f"ag.{ours}" if hasattr(importlib.import_module("autograd_lite"), ours) else "")
    also = f"{cure}; or " if cure else "a function of autograd_lite (ag.sin, ag.solve …), or "
    return LostGradientError(
        f"{name} takes plain numbers, and this is an array with Values: write {also}ag.numbers(array) (v.data of one) "
        f"for the numbers alone. NumPy says: {str(error)[:120]}"
    )


def _plain(x: Any) -> Any:
    """An operand that NumPy doesn't ask: an array of the plain class, a Value in a box."""
    if isinstance(x, np.ndarray):
        return x.view(np.ndarray)
    if hasattr(x, "__array_ufunc__") and not isinstance(x, np.generic):
        box = np.empty((), dtype=object)
        box[()] = x
        return box
    return x
