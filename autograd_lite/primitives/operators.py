"""Python's arithmetic operators as the table's ops: what the symbols share that rules are run on.

``Value`` has its own, which are short cuts; comparisons mean something else to each kind of symbol.
"""

from __future__ import annotations

from typing import Any

from .primitive import TABLE, Operand

__all__ = ["Operators"]


class Operators(Operand):
    """An operand whose operators apply the op of that name, by ``_apply``."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return self._apply(TABLE["add"], (self, other))

    def __radd__(self, other: Any) -> Any:
        return self._apply(TABLE["add"], (other, self))

    def __sub__(self, other: Any) -> Any:
        return self._apply(TABLE["sub"], (self, other))

    def __rsub__(self, other: Any) -> Any:
        return self._apply(TABLE["sub"], (other, self))

    def __mul__(self, other: Any) -> Any:
        return self._apply(TABLE["mul"], (self, other))

    def __rmul__(self, other: Any) -> Any:
        return self._apply(TABLE["mul"], (other, self))

    def __truediv__(self, other: Any) -> Any:
        return self._apply(TABLE["div"], (self, other))

    def __rtruediv__(self, other: Any) -> Any:
        return self._apply(TABLE["div"], (other, self))

    def __pow__(self, other: Any) -> Any:
        return self._apply(TABLE["pow"], (self, other))

    def __rpow__(self, other: Any) -> Any:
        return self._apply(TABLE["pow"], (other, self))

    def __neg__(self) -> Any:
        return self._apply(TABLE["neg"], (self,))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self._apply(TABLE["abs"], (self,))
