"""Batches: what a module accepts as its input, and the errors when the shape is another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from ..engine.value import Value
from ..errors import AutogradError
from ..primitives.primitive import Operand
from .parameter import Parameter

if TYPE_CHECKING:
    import numpy as np

#: what a layer gives: an object array of Values
Array: TypeAlias = "np.ndarray[Any, Any]"

__all__ = ["Array", "ShapeError", "array_of", "as_array", "each", "object_array"]


class ShapeError(AutogradError, ValueError):
    """An input's shape is not the one a module takes; the message names the module and both shapes."""


def as_array(x: Any, where: Any) -> Any:
    """The array that ``x`` stands for: float64 if it has only numbers, an object array if it has Values.

    Args:
        x: an array, a Parameter, (nested) lists of Values and numbers, or one of those.
        where: the module, whose repr an error begins with.

    Raises:
        ShapeError: for rows of different lengths.
        TypeError: for what is not numbers.
    """
    if isinstance(x, Parameter):
        return x.values()
    if isinstance(x, Operand):
        return object_array([x], ())
    import numpy as np

    if not isinstance(x, np.ndarray):
        try:
            x = np.asarray(x)
        except ValueError as error:
            raise ShapeError(f"{where}: the rows of the input have different lengths ({error})") from None
    kind = x.dtype.kind
    if kind == "O":
        return x
    if kind not in "fiub":
        raise TypeError(f"{where} takes Values and numbers, not an array of {x.dtype}")
    return x.astype(np.float64, copy=False)


def object_array(values: list[Any], shape: tuple[int, ...]) -> Any:
    """An object array of ``values`` in the given shape."""
    import numpy as np

    return np.fromiter(values, dtype=object, count=len(values)).reshape(shape)


def array_of(values: list[Any], shape: tuple[int, ...]) -> Any:
    """An array of ``values`` in the given shape: of objects if there are Values among them, else of float64."""
    if any(isinstance(v, Operand) for v in values):
        return object_array(values, shape)
    import numpy as np

    return np.array(values, dtype=np.float64).reshape(shape)


def each(function: Callable[[Any], Any], x: Any, where: Any) -> Any:
    """``function`` of every number: of one Value a Value, of one float a float, of anything else an array."""
    if isinstance(x, (Value, float)):
        return function(x)
    array = as_array(x, where)
    return array_of(list(map(function, array.ravel().tolist())), array.shape)
