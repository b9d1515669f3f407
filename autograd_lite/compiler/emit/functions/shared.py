"""What NumPy, JAX and PyTorch have alike: ``np`` becomes the library's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from .numpy import _number, _stack
    from .torch import polygamma


def _round(x, digits):
    """x rounded to so many decimals, half to even."""
    scale = 10.0 ** abs(digits)
    scaled = np.where(_number(digits) >= 0.0, x * scale, x / scale)
    near = np.round(scaled)
    return np.where(np.abs(scaled) < 2.0**52, np.where(_number(digits) >= 0.0, near / scale, near * scale), x)


def _remainder(a, b):
    """What is left of a by the nearest multiple of b, of two as near the even one; exact, as in IEEE 754."""
    a, size = _number(a), np.abs(_number(b))
    r = np.fmod(np.abs(a), 2.0 * size)
    r = np.where(2.0 * r > size, np.where(2.0 * (r - size) >= size, r - size - size, r - size), r)
    return np.copysign(_number(1.0), a) * r


def _turned(x):
    """What is left of x by the nearest even number."""
    r = x - 2.0 * np.round(0.5 * x)
    return np.where(r == 0.0, np.copysign(r, x), r)


def _sinpi(x):
    """sin(pi x), exactly 0 at whole numbers."""
    r = _turned(_number(x))
    return np.sin(np.pi * np.where(np.abs(r) > 0.5, np.copysign(1.0 - np.abs(r), r), r))


def _cospi(x):
    """cos(pi x), exactly 0 halfway between whole numbers."""
    return np.sin(np.pi * (0.5 - np.abs(_turned(_number(x)))))


def _polygamma(n, x):
    """The n-th derivative of digamma, reflected below 0: there it needs the n-th derivative of the cotangent."""
    slope = [0.0, 1.0]  # a polynomial in cot(pi x)
    for _ in range(n):
        slope = [k * c for k, c in enumerate(slope)][1:]
        slope = [-(a + b) for a, b in zip([*slope, 0.0, 0.0], [0.0, 0.0, *slope])]
    below = x < 0.5
    cot = 1.0 / np.tan(np.pi * (x - np.round(x)))
    reflected = (-1.0) ** n * polygamma(n, np.where(below, 1.0 - x, x))
    reflected = reflected - np.pi ** (n + 1) * sum(c * cot**k for k, c in enumerate(slope))
    pole = np.inf if n % 2 else np.where(x == 0.0, -np.copysign(_number(np.inf), x), np.nan)
    reflected = np.where(x == np.round(x), pole, reflected)
    result = np.where(below, reflected, polygamma(n, np.where(below | (x == np.inf), 1.0, x)))
    return np.where(x == np.inf, 0.0, np.where(x == -np.inf, np.nan, result))


def _norm(*xs):
    """The length of a vector, without overflow."""
    total = np.abs(_number(xs[0])) if xs else _number(0.0)
    for x in xs[1:]:
        total = np.hypot(total, _number(x))
    return total


def _dist(*xs):
    """The distance of two points, one after the other."""
    half = len(xs) // 2
    return _norm(*[a - b for a, b in zip(xs[:half], xs[half:])])


def _dot(*xs):
    """The sum of the products of the first half with the second."""
    half = len(xs) // 2
    return sum((a * b for a, b in zip(xs[:half], xs[half:])), 0.0)


def _affine(*xs):
    """The dot product of all but the last number, plus that."""
    return _dot(*xs[:-1]) + xs[-1]


def _deviations(xs):
    """The numbers less their mean, twice: far from 0 the mean itself is rounded."""
    mean = sum(xs) / len(xs)
    xs = [x - mean for x in xs]
    mean = sum(xs) / len(xs)
    return [x - mean for x in xs]


def _var(*xs):
    """The variance; the last number is the correction of the degrees of freedom."""
    *numbers, correction = xs
    return sum(d * d for d in _deviations(numbers)) / (len(numbers) - correction)


def _std(*xs):
    """The standard deviation; the last number is the correction of the degrees of freedom."""
    *numbers, correction = xs
    return _norm(*_deviations(numbers)) / np.sqrt(_number(len(numbers) - correction))


def _exponentials(xs):
    """exp(x - top) for each number, where top is the largest; and top."""
    top = np.amax(xs, 0)
    return np.where(xs == top, 1.0, np.exp(xs - top)), top


def _logsumexp(*xs):
    """log(exp(x1) + exp(x2) + ...), without overflow."""
    terms, top = _exponentials(_stack(*xs))
    return top + np.log(np.sum(terms, 0))


def _softmax_of(*xs):
    """The first number's share of the exponentials."""
    terms, _ = _exponentials(_stack(*xs))
    return terms[0] / np.sum(terms, 0)


def _log_softmax_of(*xs):
    """The logarithm of the first number's share of the exponentials."""
    xs = _stack(*xs)
    terms, top = _exponentials(xs)
    return np.where(xs[0] == top, -np.log1p(np.sum(terms[1:], 0)), xs[0] - top - np.log(np.sum(terms, 0)))


def cumprod(x, axis, reverse):
    """The product of the numbers before each (after each, if reverse)."""
    x = np.flip(x, (axis,)) if reverse else x
    ones = np.ones_like(x[tuple(slice(0, 1) if a == axis else slice(None) for a in range(x.ndim))])
    rest = x[tuple(slice(0, -1) if a == axis else slice(None) for a in range(x.ndim))]
    result = np.cumprod(np.concatenate([ones, rest], axis), axis)
    return np.flip(result, (axis,)) if reverse else result
