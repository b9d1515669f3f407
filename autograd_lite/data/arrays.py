"""Arrays of Values: made of numbers, and back to their numbers and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.numpy_protocol import apply_ufunc, refused
from ..engine.observers import STATE, current_tracer
from ..engine.value import Value
from ..errors import LostGradientError
from ..primitives import linear_algebra, sequences
from ..primitives.primitive import TABLE
from ..primitives.selection import gathered

__all__ = ["ValueArray", "grads", "numbers", "values"]


class ValueArray(np.ndarray[Any, Any]):
    """An object ndarray of Values, which NumPy asks before it runs a function (``values`` makes them)."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:
        return _own(apply_ufunc(ufunc, method, inputs, named))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return apply_function(func, types, args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        found = gathered(self, key) if STATE.observers and current_tracer() is not None else None
        return super().__getitem__(key) if found is None else found

    def __repr__(self) -> str:
        return repr(self.view(np.ndarray))

    def __getattr__(self, name: str) -> Any:
        cure = f"ag.{name}(array)" if name in TABLE else _OF_EACH.get(name)
        raise AttributeError(f"an array of Values has no attribute {name!r}" + (f": {cure}" if cure else ""))


#: what a Value or a tensor has, and what it is of an array
_OF_EACH = {
    "grad": "ag.grads(array) are the gradients of its Values",
    "backward": "a gradient is that of one number, array[0].backward() or array.sum().backward()",
    **dict.fromkeys(["detach", "numpy", "cpu"], "ag.numbers(array) are the numbers of its Values"),
    "zero_grad": "ag.zero_grad(array)",
}


def apply_function(func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """What a function of NumPy gives on arguments of which one is a Value or an array of Values (NEP 18).

    Raises:
        LostGradientError: for a function that takes plain numbers only.
    """
    if not all(issubclass(kind, (np.ndarray, Value)) for kind in types):
        return NotImplemented  # another library's arrays take their turn
    instead = _INSTEAD.get(func)
    if instead is not None:
        return instead(*args, **kwargs)
    try:
        named = {key: _boxed(x) for key, x in kwargs.items()}
        found = np.ndarray.__array_function__(_NOTHING, func, (ValueArray,), tuple(map(_boxed, args)), named)
    except (TypeError, AttributeError) as error:
        if isinstance(error, LostGradientError) or func.__module__.partition(".")[0] != "numpy":
            raise
        name = func.__qualname__ if func.__module__ == "numpy" else f"{func.__module__[6:]}.{func.__qualname__}"
        raise refused(f"np.{name}", error) from error
    return _own(found)


def _boxed(x: Any) -> Any:
    """An argument as NumPy shall ask us about it: a Value as an array of no axes."""
    if not isinstance(x, Value):
        return x
    box = np.empty((), dtype=object)
    box[()] = x
    return box.view(ValueArray)


def _own(found: Any) -> Any:
    """A result of NumPy that holds objects, as an array of this class."""
    return found.view(ValueArray) if type(found) is np.ndarray and found.dtype == object else found


def _quantile(a: Any, q: Any) -> Any:
    return sequences.quantile(np.ravel(a), q)


def _percentile(a: Any, q: Any) -> Any:
    return sequences.quantile(np.ravel(a), np.divide(q, 100.0) if getattr(q, "ndim", 0) else q / 100.0)


#: functions of NumPy by what stands in for them
_INSTEAD: dict[Any, Any] = {
    np.linalg.solve: linear_algebra.solve,
    np.linalg.inv: linear_algebra.inv,
    np.linalg.det: linear_algebra.det,
    np.linalg.cholesky: linear_algebra.cholesky,
    np.sinc: TABLE["sinc"],
    np.interp: sequences.interp,
    np.quantile: _quantile,
    np.percentile: _percentile,
}
_NOTHING = np.empty(0)


def values(array_like: Any, label: str = "") -> np.ndarray[Any, Any]:
    """An object ndarray of leaf Values with the numbers and the shape of ``array_like``.

    Args:
        array_like: a number, an array or nested lists of numbers (not of Values: those are leaves or nodes already).
        label: a name for pictures and traces; the elements are called ``label[0, 1]`` …, a single number ``label``.

    Returns:
        An object ndarray of that shape, each element a new leaf; NumPy's operators, ``@`` and functions work on it.

    Raises:
        TypeError: for elements that are not real numbers.
        ValueError: for ragged nested lists.

    >>> import autograd_lite as ag
    >>> w = ag.values([[1.0, 2.0], [3.0, 4.0]], label="w")
    >>> w.shape, w[0, 1].label
    ((2, 2), 'w[0, 1]')
    >>> (w @ [1.0, 10.0])[1].backward(); w[1, 1].grad
    10.0
    """
    try:
        numbers = np.asarray(array_like, dtype=object)
    except ValueError:
        raise ValueError(
            "values takes an array or evenly nested lists; these are ragged: make an array of each"
        ) from None
    result = np.empty(numbers.shape, dtype=object).view(ValueArray)
    for index in np.ndindex(numbers.shape):
        place = f"[{', '.join(map(str, index))}]" if index else ""
        number: Any = numbers[index]
        if isinstance(number, (list, tuple)):
            raise ValueError("values takes an array or evenly nested lists; these are ragged: make an array of each")
        result[index] = Value(number, f"{label}{place}" if label else "")
    return result


def numbers(array_like: Any) -> Any:
    """The numbers (primals) of an array of Values, as a float64 array of the same shape.

    Args:
        array_like: a Value, or an array or nested lists of Values and numbers; an ``nn.Parameter``.

    Raises:
        TypeError: for an element that is no real number.

    >>> import autograd_lite as ag
    >>> ag.numbers(ag.values([1.0, 2.0]) ** 2).tolist()
    [1.0, 4.0]
    """
    return _floats(array_like, lambda v: v.data)


def grads(array_like: Any) -> Any:
    """The gradients of an array of Values, as a float64 array of the same shape; a plain number's is 0.

    Args:
        array_like: a Value, or an array or nested lists of Values and numbers; an ``nn.Parameter``.

    After ``backward(create_graph=True)`` these are the gradients' numbers.

    >>> import autograd_lite as ag
    >>> w = ag.values([[1.0, 2.0], [3.0, 4.0]])
    >>> ag.sum((w**2).ravel()).backward()
    >>> ag.grads(w).tolist()
    [[2.0, 4.0], [6.0, 8.0]]
    """

    def gradient(v: Value) -> float:
        found: Any = v.grad  # a Value after backward(create_graph=True)
        return found.data if isinstance(found, Value) else float(found)

    return _floats(array_like, gradient, other=lambda x: 0.0 * float(x))


def _floats(array_like: Any, of: Any, other: Any = float) -> Any:
    """``of`` each Value and ``other`` of each number, in an array."""
    if hasattr(array_like, "values") and hasattr(array_like, "storage"):  # a Parameter
        array_like = array_like.values()
    given = np.asarray(array_like, dtype=object)
    found = [of(x) if isinstance(x, Value) else other(x) for x in given.ravel().tolist()]
    return np.array(found, dtype=np.float64).reshape(given.shape)
