"""The table, statistics: variance and spread, and the softmax with its logarithm.

``softmax`` and ``log_softmax`` give a list or array like their argument, one node for each component: the primitives
``softmax_of`` and ``log_softmax_of`` take the component's own number first and the others after it. So a component
near 1 keeps its tiny derivative s·(1 − s), as the sigmoid does; the price is n² operands for n components. A list of
Values is recorded by ``Component.row``, the numbers and partials of all its components at once.

Source: Goodfellow, Bengio & Courville, Deep Learning, sections 3.8 and 6.2.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, overload

from .arithmetic import div, where
from .logistic import difference, logistic_pdf
from .primitive import Nary, Operand
from .reductions import float_shares, grouped, mean, shares

__all__ = ["log_softmax", "log_softmax_of", "softmax", "softmax_of", "std", "var"]

V = TypeVar("V", bound=Operand | float)

#: a component's number, its partial to its own number, and its partials to all, of which that in its place isn't read
Row = tuple[float, float, list[float]]

nan, inf = math.nan, math.inf


# --- spread ---------------------------------------------------------------------------------------------------------


class Spread(Nary):
    """A primitive of one iterable of data; the operands are x₁ … xₙ and, last, ddof."""

    def __call__(self, data: Any, ddof: Any = 0.0) -> Any:  # type: ignore[override]
        return super().__call__(data, ddof)

    def flatten(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The operands: the data, then ddof."""
        data, ddof = args
        if isinstance(data, (Operand, int, float)):
            raise TypeError(f"{self.name} takes one iterable of numbers, not {type(data).__name__}")
        operands = super().flatten((data,))
        if not operands:
            raise ValueError(f"{self.name} of no numbers: pass at least one")
        return (*operands, ddof)


def _var(*args: float) -> float:
    """Variance Σ(xᵢ − m)²/(n − ddof) about the mean m; the partials are 2(xᵢ − m)/(n − ddof).

    ``ddof=0`` as in NumPy, 1 for the unbiased estimate; the partial wrt ddof is out/(n − ddof). nan for n = ddof.

    Args:
        data: numbers and Values: a list or another iterable, an array.
        ddof: a number or a Value.

    Returns:
        A float, or a Value if one of the numbers is.

    Raises:
        TypeError: for what is no number; ValueError: for no numbers at all.

    >>> var([1.0, 2.0, 6.0]), var([1.0, 2.0, 6.0], ddof=1)
    (4.666666666666667, 7.0)
    """
    ds, left = _centered(args[:-1]), len(args) - 1 - args[-1]
    total = math.fsum([d * d for d in ds]) if ds[0] - ds[0] == 0.0 else nan
    return total / left if left != 0.0 else nan


def _center(xs: Sequence[float]) -> float:
    try:
        return math.fsum(xs) / len(xs)
    except (OverflowError, ValueError):
        return builtins.sum(x / len(xs) for x in xs)


def _centered(xs: Sequence[float]) -> list[float]:
    """xᵢ less their mean, twice: far from 0 the mean itself is rounded by more than the xᵢ may be apart."""
    m = _center(xs)
    ds = [x - m for x in xs]
    rest = _center(ds)
    return [d - rest for d in ds]


def _deviations(xs: tuple[Any, ...]) -> list[Any]:
    m = mean(list(xs))
    ds = [x - m for x in xs]
    rest = mean(ds)
    return [d - rest for d in ds]


def _var_partials(out: Any, *args: Any) -> tuple[Any, ...]:
    left = (len(args) - 1.0) - args[-1]
    return (*[div(2.0 * d, left) for d in _deviations(args[:-1])], div(out, left))


_CENTRED = "(lambda d: d - np.mean(d, axis=0))({args}[:-1] - np.mean({args}[:-1], axis=0))"
_VAR_SYMPY = "(lambda *a: Add(*[(x - Add(*a[:-1])/({n} - 1))**2 for x in a[:-1]])/({n} - 1 - a[-1]))({args})"

var: Spread = grouped(
    Spread,
    _var,
    _var_partials,
    text="var({args})",
    latex=r"\operatorname{{var}}\left({args}\right)",
    sympy=_VAR_SYMPY,
    array=f"(np.sum(np.square({_CENTRED}), axis=0) / ({{n}} - 1 - {{args}}[-1]))",
)


def _std(*args: float) -> float:
    """Standard deviation √var, without overflow; the partials are (xᵢ − m)/((n − ddof)·out), 0 for equal numbers.

    The partial wrt ddof is out/2(n − ddof). nan for n = ddof.

    Args:
        data: numbers and Values: a list or another iterable, an array.
        ddof: a number or a Value.

    Returns:
        A float, or a Value if one of the numbers is.

    Raises:
        TypeError: for what is no number; ValueError: for no numbers at all.

    >>> std([1.0, 3.0]), std([2.0, 2.0]), std([1e200, 3e200])
    (1.0, 0.0, 1e+200)
    """
    left = len(args) - 1 - args[-1]
    return math.hypot(*_centered(args[:-1])) / math.sqrt(left) if left > 0.0 else nan


def _std_partials(out: Any, *args: Any) -> tuple[Any, ...]:
    left = (len(args) - 1.0) - args[-1]
    partials = [where(out == 0.0, 0.0, div(div(d, out), left)) for d in _deviations(args[:-1])]
    return (*partials, div(0.5 * out, left))


std: Spread = grouped(
    Spread,
    _std,
    _std_partials,
    text="std({args})",
    latex=r"\operatorname{{std}}\left({args}\right)",
    sympy=f"sqrt({_VAR_SYMPY})",
    array=f"(np.hypot.reduce({_CENTRED}, axis=0) / np.sqrt({{n}} - 1 - {{args}}[-1]))",
)


# --- softmax --------------------------------------------------------------------------------------------------------


def _softmax_of_partials(out: Any, *xs: Any) -> tuple[Any, ...]:
    if len(xs) == 2:
        p = logistic_pdf(difference(*xs))
        return p, -p
    found, others = shares(out, xs)
    return (out * others, *[-(out * s) for s in found[1:]])


class Component(Nary):
    """One component of a function of a row of numbers: its own number is the first operand.

    Attributes:
        row: all components of a row of finite floats at once.
    """

    row: Callable[[list[float]], list[Row]]

    def of_row(self, items: list[Any]) -> list[Any]:
        """The components of a row. (For Values, ``engine/nary.py`` has a shorter way.)"""
        return [self(x, *items[:i], *items[i + 1 :]) for i, x in enumerate(items)]


def _softmax_of(*xs: float) -> float:
    """The first number's component s₁ = e^x₁/Σe^xᵢ of the softmax; the partials are s₁·Σ₂ⁿsᵢ and −s₁·sᵢ.

    1 − s₁ is added up from the other components, so that it does not vanish where s₁ is 1 to all digits. Equal
    infinities share alike.

    >>> softmax_of(1.0, 1.0), softmax_of(0.0, -1000.0)
    (0.5, 1.0)
    """
    if not xs or any(x != x for x in xs):
        return nan
    top = builtins.max(xs)
    if math.isinf(top):
        return 1.0 / xs.count(top) if xs[0] == top else 0.0
    return math.exp(xs[0] - top) / math.fsum([math.exp(x - top) for x in xs])


softmax_of: Component = grouped(
    Component,
    _softmax_of,
    _softmax_of_partials,
    text="softmax({args})",
    latex=r"\operatorname{{softmax}}_1\left({args}\right)",
    sympy="(exp({0})/Add(*map(exp, [{args}])))",
    array="np.exp({0} - np.logaddexp.reduce({args}, axis=0))",
)


def _softmax_row(xs: list[float]) -> list[Row]:
    top = builtins.max(xs)
    terms = [math.exp(x - top) for x in xs]
    total = math.fsum(terms)
    found, others = float_shares(xs)
    outs = [term / total for term in terms]
    return [(out, out * others[i], [-(out * s) for s in found]) for i, out in enumerate(outs)]


softmax_of.row = _softmax_row


def _log_softmax_of_partials(out: Any, *xs: Any) -> tuple[Any, ...]:
    found, others = shares(out, xs)
    return (others, *[-s for s in found[1:]])


def _log_softmax_of(*xs: float) -> float:
    """log s₁ of the first number's component s₁ = e^x₁/Σe^xᵢ; the partials are Σ₂ⁿsᵢ (which is 1 − s₁) and −sᵢ.

    Where the first is the largest, −log1p Σ₂ⁿ exp(xᵢ − x₁), which keeps its digits next to 0; the cross-entropy of a
    class is its negative, one node.

    >>> log_softmax_of(0.0, -50.0), log_softmax_of(-1000.0, 0.0)
    (-1.9287498479639178e-22, -1000.0)
    """
    if not xs or any(x != x for x in xs):
        return nan
    first, top = xs[0], builtins.max(xs)
    if math.isinf(top):
        return -math.log(xs.count(top)) if first == top else -inf
    if first == top:
        return -math.log1p(math.fsum([math.exp(x - first) for x in xs[1:]]))
    at = xs.index(top)
    return (first - top) - math.log1p(math.fsum([math.exp(x - top) for x in (*xs[:at], *xs[at + 1 :])]))


log_softmax_of: Component = grouped(
    Component,
    _log_softmax_of,
    _log_softmax_of_partials,
    text="log softmax({args})",
    latex=r"\log\operatorname{{softmax}}_1\left({args}\right)",
    sympy="({0} - log(Add(*map(exp, [{args}]))))",
    array="({0} - np.logaddexp.reduce({args}, axis=0))",
)


def _log_softmax_row(xs: list[float]) -> list[Row]:
    top = builtins.max(xs)
    at = xs.index(top)
    rest = math.log1p(math.fsum([math.exp(x - top) for x in (*xs[:at], *xs[at + 1 :])]))
    found, others = float_shares(xs)
    slopes = [-s for s in found]
    return [((x - top) - rest if x != top else -rest, others[i], slopes) for i, x in enumerate(xs)]


log_softmax_of.row = _log_softmax_row


@overload
def softmax(xs: list[V], axis: int = -1) -> list[V]: ...
@overload
def softmax(xs: Any, axis: int = -1) -> Any: ...
def softmax(xs: Any, axis: int = -1) -> Any:
    """The softmax e^xᵢ/Σe^xⱼ of a list, tuple or array; a list of lists is taken row by row.

    Args:
        xs: numbers or Values; a list, a tuple, an array of any shape, any iterable.
        axis: of an array, the axis along which the components sum to 1.

    Returns:
        A list, tuple or array like ``xs``; each component one node of ``softmax_of``. Its partials are sᵢ(δᵢⱼ − sⱼ).

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    return _componentwise(softmax_of, xs, axis)


@overload
def log_softmax(xs: list[V], axis: int = -1) -> list[V]: ...
@overload
def log_softmax(xs: Any, axis: int = -1) -> Any: ...
def log_softmax(xs: Any, axis: int = -1) -> Any:
    """log softmax of a list, tuple or array, exact where a component is near 1.

    Its partials are δᵢⱼ − sⱼ.

    Args:
        xs: numbers or Values; a list, a tuple, an array of any shape, any iterable.
        axis: of an array, the axis along which the components are those of one softmax.

    Returns:
        As many numbers, in a list, a tuple or an array.

    >>> log_softmax([0.0, -1000.0])
    [-0.0, -1000.0]
    """
    return _componentwise(log_softmax_of, xs, axis)


def _componentwise(component: Any, xs: Any, axis: int) -> Any:
    """Each number of ``xs`` as the first operand of ``component``, the others of its row after it."""
    if isinstance(xs, (Operand, int, float, str)) or not (hasattr(xs, "shape") or isinstance(xs, Iterable)):
        name = component.name.removesuffix("_of")
        raise TypeError(f"{name} takes a list or array of numbers, not {type(xs).__name__}")
    if hasattr(xs, "shape"):
        return _along_axis(component, xs, axis)
    items = list(xs)
    if items and isinstance(items[0], (list, tuple)):
        rows = [_componentwise(component, row, axis) for row in items]
        return tuple(rows) if isinstance(xs, tuple) else rows
    found = component.of_row(items)
    return tuple(found) if isinstance(xs, tuple) else found


def _along_axis(component: Any, xs: Any, axis: int) -> Any:
    import numpy as np

    if xs.ndim == 0:
        raise TypeError(f"{component.name.removesuffix('_of')} takes an array of at least one dimension")
    result = np.empty(xs.shape, dtype=object)
    rows, out = np.moveaxis(xs, axis, -1), np.moveaxis(result, axis, -1)
    for index in np.ndindex(rows.shape[:-1]):
        row = rows[index].tolist()
        out[index] = _componentwise(component, row, -1)
    return result.astype(float) if xs.dtype != object else result
