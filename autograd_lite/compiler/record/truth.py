"""Comparisons in a recording: numbers of the program, which Python's ``&``, ``|`` and ``^`` combine."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.user_frame import user_line
from ...engine.value import Value
from ..ir.scalar_program import CompileError

__all__ = ["Truth"]


class Truth(Value):
    """A comparison in a recording: with others, and with bools, it combines to one; with integers it is a bool."""

    def __and__(self, other: Any) -> Any:
        return self * other != 0.0 if isinstance(other, _TRUTHS) else bool(self) & other

    def __or__(self, other: Any) -> Any:
        return self + other != 0.0 if isinstance(other, _TRUTHS) else bool(self) | other

    def __xor__(self, other: Any) -> Any:
        return self != other if isinstance(other, _TRUTHS) else bool(self) ^ other

    def __invert__(self) -> Any:
        raise CompileError(
            f"a compiled function takes ~ of a comparison, at {user_line()}, which is -2 or -1 for numbers and a truth "
            f"for NumPy's: write not"
        )

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__
    __hash__ = Value.__hash__


_TRUTHS = (Truth, bool, np.bool_)
