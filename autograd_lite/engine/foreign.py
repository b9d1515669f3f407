"""What else stands beside a Value in an operator: numbers of other libraries, quantities with units, amounts of money.

What is a real number and nothing more (an int, a Fraction, a Decimal, a NumPy scalar or 0-d array) is taken as one. Of
anything else the reflected operator is asked first, as Python would if a Value knew it were no number for it; what has
no answer, and can become a float, is a number after all (SymPy's pi).
"""

from __future__ import annotations

import sys
from typing import Any

from ..primitives.base import as_float, carries_gradient

__all__ = ["asked", "is_number", "refuse"]

#: the reflected method of each operator, by the name of its primitive
_REFLECTED = {
    "add": "__radd__", "sub": "__rsub__", "mul": "__rmul__", "div": "__rtruediv__", "pow": "__rpow__",
    "mod": "__rmod__", "floordiv": "__rfloordiv__",
}  # fmt: skip


def asked(op: str, value: Any, other: Any) -> Any:
    """What ``other`` makes of standing to the right of ``value``; NotImplemented if that is not for it to say."""
    kind = type(other)
    method = getattr(kind, _REFLECTED[op], None)
    if method is None or _is_numpys(kind):
        return NotImplemented
    return method(other, value)


def _is_numpys(kind: type) -> bool:
    """Whether these are NumPy's own numbers and arrays."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and (kind is numpy.ndarray or issubclass(kind, numpy.generic))


def refuse(op: str, other: Any) -> None:
    """Raise for what can never stand beside a Value.

    Raises:
        TypeError: for what is no number by its type; the message names the cure.
        LostGradientError: for what carries another engine's gradient.
    """
    if other is None or isinstance(other, (str, bytes, complex, list, tuple)) or carries_gradient(other):
        as_float(other, op)


def is_number(other: Any) -> bool:
    """Whether ``other`` can be a constant operand. (Arrays go element by element, by their own operator.)"""
    return not getattr(other, "ndim", 0) and hasattr(other, "__float__")
