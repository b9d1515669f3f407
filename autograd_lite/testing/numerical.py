"""Numerical derivatives with an estimate of their own error, and with an eye for kinks.

Central differences are extrapolated to step 0 (Richardson 1911; the tableau with its error estimate is Ridders',
Advances in Engineering Software 4, 1982). The entry taken is the one whose truncation and rounding errors together
are smallest. The complex step (Squire & Trapp, SIAM Review 40, 1998) has no subtraction and so no step to choose.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, overload

from ..engine.value import Value
from .numbers import complex_arrays, flatten, number, positional, result_numbers

__all__ = ["Slope", "numerical_grad", "slope"]

EPSILON = 2.0**-52
METHODS = ("central", "richardson", "complex")
#: steps tried, each half the one before, and how many of them one extrapolation combines
ROWS, COLUMNS = 16, 6
#: the smallest step, as a part of the numbers that it is added to
GRAIN = 2.0**-44
#: from here on what a function does may well be smaller than a step that is a part of its argument
LARGE = 2.0**20


class Slope(NamedTuple):
    """A numerical derivative and what is known about it.

    Attributes:
        value: the derivative; nan where none was found.
        error: bound on its error (truncation and rounding), as estimated from the differences themselves.
        kink: None, or about how far from the point the slope jumps (0.0: at the point itself).
        left, right: the one-sided slopes, meaningful at a kink.

    >>> slope(abs).kink, slope(abs).left, slope(abs).right
    (0.0, -1.0, 1.0)
    """

    value: float
    error: float
    kink: float | None
    left: float
    right: float


def slope(
    phi: Callable[[float], float], scale: float = 1.0, noise: float | None = None, grain: float | None = None
) -> Slope:
    """The derivative of ``phi`` at 0 from function values alone.

    Args:
        phi: a function of one number.
        scale: the length over which ``phi`` may be expected to change; the largest step is a part of it.
        noise: how uncertain a value of ``phi`` is from rounding; by default a few units in its last place.
        grain: the smallest step worth taking; by default 2⁻⁴⁴ of ``scale``, below which steps round away.

    Returns:
        A Slope: the derivative, a bound on its error, and where a kink was seen.

    >>> import math
    >>> s = slope(math.exp)
    >>> abs(s.value - 1.0) <= s.error < 1e-9
    True
    >>> slope(abs).kink
    0.0
    """
    center = phi(0.0)
    best = Slope(math.nan, math.inf, None, math.nan, math.nan)
    if center - center != 0.0:
        return best
    smallest = grain if grain is not None else scale * GRAIN
    reaches = [scale, scale * 2.0**-12, scale * 2.0**-24]
    if smallest < scale * GRAIN:
        reaches.append(scale * 2.0**-36)
    if smallest / GRAIN < reaches[-1]:  # log|x| at 1e-300 looks like a kink from further away than 1e-300
        reaches.append(smallest / GRAIN)
    size = 0.0
    for reach in reaches:
        rows = list(_samples(phi, center, reach, noise, smallest))
        found = _slope(rows)
        if (
            found.error < best.error
            or found.kink == 0.0
            or _contradicts(found.value, found.error, best.value, best.error)
        ):
            best = found
        size = max([size, *[max(abs(row.left), abs(row.right)) * row.step for row in rows]])
        if best.error <= 1e-6 * abs(best.value) and scale < LARGE:
            break
    lost = best.kink is None and _unresolved(rows, size / scale)
    if scale >= LARGE and best.kink == 0.0:
        lost = _bends(rows)
    elif scale >= LARGE and noise is not None:  # all that the function does may be within its own rounding
        lost = lost or (size < 64.0 * noise and noise > 1e6 * EPSILON * max(abs(center), size))
    if lost:
        return Slope(math.nan, math.inf, None, math.nan, math.nan)
    return best


def _contradicts(value: float, error: float, before: float, its: float) -> bool:
    """Whether a derivative from smaller steps rules out the one from larger steps before it, which are then longer
    than what the function does: sin at 1e12 is nearly flat to steps of 1e6."""
    return abs(value - before) > 4.0 * (error + its)


def _bends(rows: list[_Row]) -> bool:
    """Whether a slope on one side still changes at the smallest steps, as at no kink: they are too long for it."""
    return len(rows) < 2 or any(
        abs(more - less) > max(8.0 * rows[-1].noise, 1e-6 * abs(less))
        for more, less in zip(rows[-2][1:3], rows[-1][1:3])
    )


def _unresolved(rows: list[_Row], usual: float) -> bool:
    """Whether even the smallest steps are longer than what the function does: their differences disagree."""
    if len(rows) < 2:
        return False
    more, less = (0.5 * (row.left + row.right) for row in rows[-2:])
    return abs(more - less) > max(8.0 * rows[-1].noise, 0.5 * abs(less), 1e-3 * usual)


def _slope(rows: list[_Row]) -> Slope:
    """The derivative from the differences of one sequence of steps."""
    if len(rows) < 3:
        return Slope(math.nan, math.inf, None, math.nan, math.nan)
    kinky = [i for i in range(len(rows) - 2) if _jumps(rows[i], rows[i + 1]) and _jumps(rows[i + 1], rows[i + 2])]
    first = kinky[-1] + 2 if kinky else 0
    if kinky and first >= len(rows) - 4:  # no step is small enough to stay on one side
        left, right = (_extrapolate(side, rows, 2.0) for side in _sides(rows))
        return Slope(math.nan, math.inf, 0.0, left[0], right[0])
    rows = rows[first:]
    value, error = _extrapolate([0.5 * (r.left + r.right) for r in rows], rows, 4.0)
    return Slope(value, error, rows[0].step if kinky else None, rows[-1].left, rows[-1].right)


def exact_grain(x: float) -> float:
    """The smallest step worth taking from ``x`` where steps are powers of two, which are exact down to its last place
    if it is large: then what the function does may be smaller than 2⁻⁴⁴ of it."""
    return 2.0 * math.ulp(x) if abs(x) >= LARGE else GRAIN * (abs(x) or 1e-3)


class _Row(NamedTuple):
    """Differences of one step: to the left, to the right, and what rounding may do to either."""

    step: float
    left: float
    right: float
    noise: float


def _samples(
    phi: Callable[[float], float], center: float, scale: float, noise: float | None, grain: float
) -> Iterator[_Row]:
    """Differences for steps that halve, from the largest whose values are finite."""
    step = 2.0 ** (math.frexp(scale)[1] - 4)
    taken = 0
    while taken < ROWS and step >= grain:
        above, below = phi(step), phi(-step)
        if above - above == 0.0 and below - below == 0.0:
            size = max(abs(center), abs(above), abs(below))
            unsure = noise if noise is not None else 4.0 * EPSILON * size
            yield _Row(step, (center - below) / step, (above - center) / step, 2.0 * max(unsure, EPSILON * size) / step)
            taken += 1
        step /= 2.0


def _jumps(row: _Row, half: _Row) -> bool:
    """Whether the gap between right and left slope fails to shrink with the step, as it must without a kink."""
    gap, less = abs(row.right - row.left), abs(half.right - half.left)
    return less > 4.0 * half.noise and less > 0.8 * gap and less > 1e-6 * max(abs(half.right), abs(half.left))


def _sides(rows: list[_Row]) -> tuple[list[float], list[float]]:
    return [row.left for row in rows], [row.right for row in rows]


def _extrapolate(differences: list[float], rows: list[_Row], factor: float) -> tuple[float, float]:
    """Richardson's tableau; the entry with the smallest sum of truncation estimate and rounding.

    ``factor`` is 4 for central differences (whose error is a series in h²), 2 for one-sided ones.
    """
    best, least = math.nan, math.inf
    previous: list[float] = []
    for i, row in enumerate(rows):
        current = [differences[i]]
        for j in range(1, min(i, COLUMNS) + 1):
            current.append(current[j - 1] + (current[j - 1] - previous[j - 1]) / (factor**j - 1.0))
            change = max(abs(current[j] - current[j - 1]), abs(current[j] - previous[j - 1]))
            # the weights of an entry add up to less than 2 in absolute value (factor 4), less than 9 (factor 2)
            error = change + (2.0 if factor == 4.0 else 9.0) * row.noise
            if error < least:
                best, least = current[j], error
        previous = current
    return best, least


@overload
def numerical_grad(f: Callable[..., Any], args: float, method: str = ..., step: float | None = ...) -> float: ...
@overload
def numerical_grad(
    f: Callable[..., Any], args: Any, method: str = ..., step: float | None = ..., return_error: bool = ...
) -> Any: ...
def numerical_grad(
    f: Callable[..., Any],
    args: Any,
    method: str = "richardson",
    step: float | None = None,
    return_error: bool = False,
) -> Any:
    """The gradient of ``f`` from its values alone, for comparing with the engine's.

    Args:
        f: a function of floats, lists, tuples, dicts or arrays of them, that returns one number. Plain Python and
            NumPy functions will do; one that needs Values (it calls their methods) is called with Values.
        args: the arguments, a tuple or list of them; a single float, dict or array may stand alone.
        method: ``"central"``: (f(x+h) − f(x−h))/2h, good to about 10 digits; ``"richardson"``: extrapolated to h = 0,
            12 digits or so; ``"complex"``: Im f(x+ih)/h, all digits, for analytic functions that take complex numbers
            (``cmath``, NumPy, polynomials; not ``abs``, comparisons, nor the functions of the table, which are real).
        step: h for "central" and "complex", the largest step for "richardson"; chosen from the size of x by default.
        return_error: return the pair of the gradient and a like structure of error bounds.

    Returns:
        The gradient, with the structure of ``args``: a tuple for a tuple or list of arguments, else that of the
        single argument.

    Raises:
        TypeError: for a result that is not one number, or a function that can't take complex numbers.
        ValueError: for an unknown method.

    >>> import math
    >>> gx, gy = numerical_grad(lambda x, y: math.sin(x) * y, (0.0, 2.0))
    >>> round(gx, 9), round(gy, 9)
    (2.0, 0.0)
    >>> numerical_grad(lambda p: p["a"] ** 3, {"a": 2.0}, method="complex")
    {'a': 12.0}
    """
    if method not in METHODS:
        raise ValueError(f"numerical_grad has no method {method!r}: choose one of {', '.join(map(repr, METHODS))}")
    arguments, several = positional(f, args)
    point, rebuild = flatten(arguments, "numerical_grad")
    call = _caller(f, rebuild, point, complex if method == "complex" else float)
    found = [_partial(call, point, i, method, step) for i in range(len(point))]

    def shaped(numbers: list[float]) -> Any:
        result = rebuild(iter(numbers))
        return result if several else result[0]

    gradient = shaped([value for value, _ in found])
    return (gradient, shaped([error for _, error in found])) if return_error else gradient


def _caller(
    f: Callable[..., Any], rebuild: Callable[[Iterator[Any]], Any], point: list[float], kind: type
) -> Callable[[list[Any]], Any]:
    """``f`` as a function of a flat list of numbers."""

    def scalar(result: Any) -> Any:
        numbers = result_numbers(result)
        if len(numbers) != 1:
            raise TypeError(f"numerical_grad needs a function that returns one number, not {len(numbers)}")
        found = numbers[0]
        return complex(found) if kind is complex else number(found, "the result of the function")

    def plain(xs: list[Any]) -> Any:
        return scalar(f(*rebuild(iter(xs))))

    def on_complex(xs: list[Any]) -> Any:
        return scalar(f(*complex_arrays(rebuild(iter(xs)))))

    def on_values(xs: list[Any]) -> Any:
        return scalar(f(*rebuild(iter([Value(x) for x in xs]))))

    if kind is complex:
        try:
            on_complex([complex(x) for x in point])
        except (TypeError, AttributeError) as error:
            raise TypeError(
                f"the complex step needs a function of complex numbers, and this one says: {error}; "
                f"use method='richardson'"
            ) from error
        return on_complex
    try:
        plain(point)
    except AttributeError:  # f uses methods of Values
        return on_values
    return plain


def _partial(
    call: Callable[[list[Any]], Any], point: list[float], i: int, method: str, step: float | None
) -> tuple[float, float]:
    """One partial derivative and a bound on its error."""
    x = point[i]
    size = max(abs(x), 1.0)

    def at(t: Any) -> Any:
        return call([*point[:i], x + t, *point[i + 1 :]])

    if method == "complex":
        h = step if step is not None else 1e-30 * size
        value = at(complex(0.0, h)).imag / h
        return value, 4.0 * EPSILON * abs(value)
    if method == "central":
        h = step if step is not None else EPSILON ** (1.0 / 3.0) * size
        up, down = x + h, x - h  # the step actually taken, after rounding
        value = (at(h) - at(-h)) / (up - down)
        wider = (at(2.0 * h) - at(-2.0 * h)) / (4.0 * h)
        return value, abs(value - wider) + 4.0 * EPSILON * abs(at(0.0)) / h
    found = slope(at, 8.0 * step if step is not None else size, None, exact_grain(x))
    return found.value, found.error
