"""What is a bool, an int or a float in plain code, and a number of the program in a recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.observers import Tracer, current_tracer
from ...engine.tape import Tape
from ...engine.user_frame import user_line
from ...engine.value import Value

__all__ = ["Read", "Truth", "Typed", "Whole", "kind_of"]


class Whole(Value):
    """What is an int in plain code: a sum, difference or product of comparisons and integers."""

    __hash__ = Value.__hash__

    def __neg__(self) -> Any:
        return 0 - self  # an int has no -0

    def __pos__(self) -> Any:
        return self + 0

    def __abs__(self) -> Any:
        return _whole(Value.__abs__(self), self)

    def __round__(self, ndigits: Any = None) -> Any:
        return self + 0 if ndigits is None or ndigits >= 0 else Value.__round__(self, ndigits)

    __floor__ = __ceil__ = __trunc__ = __pos__

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other


class Truth(Whole):
    """A comparison in a recording: with others, and with bools, it combines to one; with integers it is a bool."""

    def __and__(self, other: Any) -> Any:
        return self * other != 0.0 if isinstance(other, _TRUTHS) else bool(self) & other

    def __or__(self, other: Any) -> Any:
        return self + other != 0.0 if isinstance(other, _TRUTHS) else bool(self) | other

    def __xor__(self, other: Any) -> Any:
        return self != other if isinstance(other, _TRUTHS) else bool(self) ^ other

    def __invert__(self) -> Any:
        tracer: Any = current_tracer()
        tracer.refuse(
            f"a compiled function takes ~ of a comparison, at {user_line()}, which is -2 or -1 for numbers and a truth "
            f"for NumPy's: write not"
        )

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__
    __hash__ = Value.__hash__


_TRUTHS = (Truth, bool, np.bool_)


class Read(Value):
    """A number read by ``.data``, a float. Where only its digits will do, they are a guard."""

    __hash__ = Value.__hash__

    def __float__(self) -> float:
        tracer: Any = current_tracer()
        return float(tracer.exactly(self))

    def __round__(self, ndigits: Any = None) -> Any:
        return round(float(self), ndigits)


class Typed(Tape, Tracer):
    """The tape of a recording, on which numbers change their class.

    Attributes:
        copies: numbers that stand for others, as pairs.
        fresh: leaves made by the function itself, which are constants.
    """

    def __init__(self, mark: int, looks: int) -> None:
        super().__init__(mark, looks)
        self.copies: list[tuple[Any, Any]] = []
        self.fresh: list[Any] = []
        self.partials: dict[int, Any] = {}  # integers and comparisons as derivatives, by their ids

    def twin(self, made: Any, kind: type[Value]) -> Any:
        """The number that was just recorded, as one of another kind."""
        twin = self.as_kind(made, kind)
        self.nodes[-1] = twin
        return twin

    def as_kind(self, number: Any, kind: type[Value]) -> Any:
        """The same number in another class."""
        found = kind(number._data)
        self.fresh.pop()
        for slot in ("_prim", "_a", "_b", "_pa", "_pb", "_info"):
            setattr(found, slot, getattr(number, slot))
        return found

    def partial(self, x: Any) -> Any:
        if not isinstance(x, Whole):
            return x
        found = self.partials.get(id(x))
        if found is None:
            found = self.partials[id(x)] = self.as_kind(x, Value)
            self.copies.append((found, x))
        return found


def kind_of(x: Any) -> type | None:
    """What a number of a recording is in plain code: bool, int, or None for a Value or a float."""
    return bool if isinstance(x, Truth) else int if isinstance(x, Whole) else None


def _exact(name: str) -> Callable[..., Any]:
    """What a float makes of its digits."""
    return lambda self, *args: getattr(float(self), name)(*args)


for _name in (
    "__int__", "__trunc__", "__floor__", "__ceil__", "__str__", "__repr__", "__format__", "as_integer_ratio",
    "is_integer", "hex",
):  # fmt: skip
    setattr(Read, _name, _exact(_name))


def _whole(made: Any, *operands: Any) -> Any:
    """The number that was just recorded; as an int if all its operands are."""
    tracer: Any = current_tracer()
    ints = tracer is not None and all(isinstance(x, (Whole, int)) for x in operands)
    return tracer.twin(made, Whole) if ints else made


def _keeping(name: str, keeps: Callable[[Any], bool] = lambda other: True, signed: bool = True) -> Callable[..., Any]:
    """The operator of that name, which gives an int of one that it ``keeps``; as a float it may be -0 if ``signed``."""
    operator = getattr(Value, name)

    def applied(self: Any, other: Any) -> Any:
        made = operator(self, other)
        found = _whole(made, self, other) if keeps(other) else made
        return found + 0 if signed and isinstance(found, Whole) and not isinstance(other, _TRUTHS) else found

    return applied


def _divisor(other: Any) -> bool:
    return not isinstance(other, Value) and other != 0


def _exponent(other: Any) -> bool:
    return isinstance(other, Truth) or (not isinstance(other, Value) and other >= 0)


for _name in ("__add__", "__radd__", "__sub__", "__rsub__"):
    setattr(Whole, _name, _keeping(_name, signed=False))
for _name in ("__mul__", "__rmul__"):
    setattr(Whole, _name, _keeping(_name))
for _name in ("__floordiv__", "__mod__"):
    setattr(Whole, _name, _keeping(_name, _divisor))
Whole.__pow__ = _keeping("__pow__", _exponent)  # type: ignore[method-assign]
Truth.__rpow__ = _keeping("__rpow__")  # type: ignore[method-assign]
