"""What the engine needs of a primitive, and of whatever one can be applied to. Compiled with the hot modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..errors import LostGradientError
from .fused_unary import Fused

__all__ = ["SHORTCUT", "Op", "Operand", "as_float", "carries_gradient"]


class Shortcut:
    """The number class met most often (``value.py`` says which)."""

    __slots__ = ("kind",)

    def __init__(self) -> None:
        self.kind: Any = None


SHORTCUT: Final = Shortcut()
_NOTHING: Final = object()  # no argument


class Op:
    """The half of a primitive that recording and sweeping use; ``Primitive`` adds notation, tests and calling.

    Attributes:
        name: the op's name.
        arity: number of arguments; -1 for n-ary.
        fn: the float function; total (IEEE results, no exceptions) and strict.
        partials: the rule ``partials(out, *args)``: one partial derivative per argument.
        float_partials: the same rule with the raw float functions bound in place of the generic ones.
        permanent: whether it is one of the table's, and there as long as the process.
        fused: both in one call for one float, ``fused.pair(x)``, where ``fused_unary.py`` has it.
    """

    def __init__(self, name: str, arity: int, fn: Callable[..., Any], partials: Callable[..., Any]) -> None:
        self.name: str = name
        self.arity: int = arity
        self.fn: Callable[..., Any] = fn
        self.partials: Callable[..., Any] = partials
        self.float_partials: Callable[..., Any] = partials
        self.fused: Fused | None = None
        self.permanent: bool = False

    def __call__(self, x: Any = _NOTHING, extra: Any = _NOTHING) -> Any:
        # ``*args`` would be slower; two arguments are one too many, and get the op's own message
        if extra is _NOTHING and self.arity == 1:
            if isinstance(x, Operand):
                return x._apply_unary(self)
            if type(x) is float:
                return self.fn(x)
        return self.dispatch((x, extra) if extra is not _NOTHING else (x,) if x is not _NOTHING else (), {})

    def dispatch(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Apply the op to whatever the arguments are."""
        raise NotImplementedError


class Operand:
    """What a primitive can be applied to besides a number: Values, and the symbols of a program."""

    __slots__ = ()

    def _apply(self, primitive: Any, args: tuple[Any, ...]) -> Any:
        """Apply ``primitive`` to ``args``, one of which is this operand."""
        raise NotImplementedError

    def _apply_unary(self, primitive: Op) -> Any:
        """Apply a primitive of one argument to this operand."""
        return self._apply(primitive, (self,))

    def _traced(self) -> bool:
        """Whether a function of it is being recorded: what its number decides would hold for that number alone."""
        return False

    def _picked(self) -> Any:
        """What a choice among operands gives: itself, and a constant where no operation would keep its operands."""
        return self

    def detach(self) -> Any:
        """The same number as a constant, where there is a difference."""
        return self


def as_float(x: Any, where: str = "Value") -> float:
    """The float that ``x`` stands for; TypeError for whatever is not a real number.

    >>> as_float(True), as_float(3)
    (1.0, 3.0)
    >>> as_float("3")
    Traceback (most recent call last):
        ...
    TypeError: Value takes a real number, not str '3': convert it first, as in float('3')
    """
    if type(x) is float:
        return x
    if isinstance(x, float):
        return float(x)
    if isinstance(x, int):
        try:
            return float(x)
        except OverflowError:
            raise OverflowError(
                f"{where}: this int has {x.bit_length()} bits, and the largest float is about 1.8e308; scale it first"
            ) from None
    kind = type(x).__name__
    if isinstance(x, str):
        shown = repr(x if len(x) <= 20 else x[:20] + "…")
        raise TypeError(f"{where} takes a real number, not {kind} {shown}: convert it first, as in float({shown})")
    if isinstance(x, Operand):
        raise TypeError(f"{where} takes a plain number, not a {kind}: use it as it is, or its number, .data")
    cure = {
        "NoneType": "a function without a return statement gives None",
        "complex": "take its .real, .imag or abs()",
        **dict.fromkeys(
            ["list", "tuple"], "take its elements one by one, or an array: ag.values(numbers), np.stack(list)"
        ),
        "ndarray": "make a Value of each element, as in ag.values(array)",
    }
    convert = getattr(x, "__float__", None)
    if convert is None or isinstance(x, complex) or getattr(x, "shape", ()) != ():
        hint = cure.get(kind, "pass a float")
        raise TypeError(f"{where} takes a real number, not {kind}: {hint}")
    if carries_gradient(x):
        raise LostGradientError(
            f"{where}: a {kind} that wants a gradient from another engine can't become a plain number without losing "
            f"it: pass its number alone, as in x.detach() or x.item()"
        )
    return float(convert())


def carries_gradient(x: Any) -> bool:
    """Whether another engine would lose a gradient if ``x`` became a float: a torch tensor that requires one, a MyGrad
    tensor that is no constant; whatever has a ``backward`` and doesn't say that it needs none.
    """
    if isinstance(x, Operand) or not callable(getattr(type(x), "backward", None)):
        return False
    for flag, wanted in (("requires_grad", True), ("constant", False), ("stop_gradient", False)):
        found = getattr(x, flag, None)
        if isinstance(found, bool):
            return found is wanted
    return hasattr(x, "grad")
