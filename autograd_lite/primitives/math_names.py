"""What else ``math`` has: its constants, its questions and ``frexp``, for ``import autograd_lite as math``.

The questions are answered by plain bools; asked of an array element by element. While a function is recorded they are
conditions, on which ``ag.where`` and a guarded ``if`` can depend.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .arithmetic import abs, maximum
from .elementary import ldexp
from .primitive import Operand, as_float

__all__ = ["e", "frexp", "inf", "isclose", "isfinite", "isinf", "isnan", "nan", "pi", "tau"]

pi, e, tau, inf, nan = math.pi, math.e, math.tau, math.inf, math.nan


def _asked(question: Callable[[Any], Any], x: Any, name: str) -> Any:
    if getattr(x, "ndim", 0):
        import numpy as np

        with np.errstate(all="ignore"):
            return np.frompyfunc(lambda item: bool(question(item)), 1, 1)(x).astype(bool)
    return question(x if isinstance(x, Operand) else as_float(x, name))


def isnan(x: Any) -> Any:
    """Whether x is nan; of an array, element by element.

    Args:
        x: a number, a Value, or an array of either.

    Returns:
        A bool; of an array, an array of bools.

    Raises:
        TypeError: for what is no number.

    >>> isnan(float("nan")), isnan(1.0)
    (True, False)
    """
    return _asked(lambda v: v != v, x, "isnan")


def isinf(x: Any) -> Any:
    """Whether x is an infinity; of an array, element by element.

    Args:
        x: a number, a Value, or an array of either.

    Returns:
        A bool; of an array, an array of bools.

    Raises:
        TypeError: for what is no number.

    >>> isinf(-inf), isinf(1.0)
    (True, False)
    """
    return _asked(lambda v: abs(v) == inf, x, "isinf")


def isfinite(x: Any) -> Any:
    """Whether x is a number and no infinity; of an array, element by element.

    Args:
        x: a number, a Value, or an array of either.

    Returns:
        A bool; of an array, an array of bools.

    Raises:
        TypeError: for what is no number.

    >>> isfinite(1.0), isfinite(inf), isfinite(nan)
    (True, False, False)
    """
    return _asked(lambda v: abs(v) < inf, x, "isfinite")


def isclose(a: Any, b: Any, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> Any:
    """Whether a and b differ by at most rel_tol times the larger, or by abs_tol (``math.isclose``).

    Args:
        a, b: numbers or Values.
        rel_tol: how much of the larger they may differ by.
        abs_tol: how much they may differ by in any case.

    Returns:
        A bool.

    Raises:
        ValueError: for a negative tolerance.

    >>> isclose(1.0, 1.0 + 1e-12), isclose(inf, inf), isclose(0.0, 1e-12)
    (True, True, False)
    """
    if rel_tol < 0.0 or abs_tol < 0.0:
        raise ValueError("isclose: tolerances are not negative")
    a, b = (x if isinstance(x, Operand) else as_float(x, "isclose") for x in (a, b))
    if a == b:
        return True
    if abs(a) == inf or abs(b) == inf:
        return False
    return abs(a - b) <= maximum(rel_tol * maximum(abs(a), abs(b)), abs_tol)


def frexp(x: Any) -> tuple[Any, int]:
    """(m, k) with x = m·2ᵏ and ½ ≤ |m| < 1; the derivative of m is 2⁻ᵏ, the int k is a step. (x, 0) at 0, ±inf, nan.

    Args:
        x: a number or a Value.

    Raises:
        TypeError: for what is no number.

    >>> frexp(12.0)
    (0.75, 4)
    """
    whole: Any = x if isinstance(x, Operand) else as_float(x, "frexp")
    exponent = math.frexp(whole.data if isinstance(x, Operand) else whole)[1]
    return (ldexp(whole, float(-exponent)) if exponent else +whole), exponent
