"""The table again, in mpmath: every op as a function of 50-digit numbers, and its derivatives by differences there.

Nothing here knows a derivative rule. With numbers of 160 digits a central difference of step 1e-45 is right to more
than 50 digits, so value, first and second derivatives of any op or computation come from its values alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import mpmath
from mpmath import mp, mpf

DIGITS, STEP = 160, -45

half = mpf("0.5")


def precise(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` with the working precision of this module."""

    def run(*args: Any, **named: Any) -> Any:
        with mp.workdps(DIGITS):
            return function(*args, **named)

    return run


def _sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def _softplus(x):
    return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


def _erfinv(x):
    """Newton's iteration on erf: mpmath's own stops at fewer digits for hard arguments."""
    y = mpmath.erfinv(x)
    for _ in range(3):
        y -= (mp.erf(y) - x) * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)
    return y


def _ncdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _npdf(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def _trunc(x):
    return mp.floor(x) if x >= 0 else mp.ceil(x)


def _nearest(x):
    """Half to even, as Python's round."""
    below = mp.floor(x)
    rest = x - below
    if rest == half:
        return below if int(below) % 2 == 0 else below + 1
    return below if rest < half else below + 1


def _pairs(xs):
    n = len(xs) // 2
    return list(zip(xs[:n], xs[n : 2 * n]))


def _mean(*xs):
    return mp.fsum(xs) / len(xs)


def _hard_sigmoid(x):
    return min(max(x / 6 + half, mpf(0)), mpf(1))


def _var(*xs):
    *data, ddof = xs
    m = _mean(*data)
    return mp.fsum((x - m) ** 2 for x in data) / (len(data) - ddof)


SELU_ALPHA = "1.6732632423543772848170429916717"
SELU_SCALE = "1.0507009873554804934193349852946"


def _elu(x, alpha):
    return x if x > 0 else alpha * mp.expm1(x)


def _sinc(x):
    return mp.sinc(mp.pi * x)


#: name → the function of 50-digit numbers, operands one by one
MP: dict[str, Callable[..., Any]] = {
    "identity": lambda x: x,
    "where": lambda c, a, b: a if c > 0 else b,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda x: -x,
    "pos": lambda x: x,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "fma": lambda a, b, c: a * b + c,
    "abs": abs,
    "maximum": max,
    "minimum": min,
    "fmax": max,
    "fmin": min,
    "clip": lambda x, low, high: min(max(x, low), high),
    "exp": mp.exp,
    "expm1": mp.expm1,
    "exp2": lambda x: mpf(2) ** x,
    "ldexp": lambda x, n: x * mpf(2) ** n,
    "log": mp.log,
    "log1p": mp.log1p,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "logaddexp": lambda a, b: max(a, b) + mp.log1p(mp.exp(-abs(a - b))),
    "logaddexp2": lambda a, b: mp.log(mpf(2) ** a + mpf(2) ** b) / mp.log(2),
    "xlogy": lambda x, y: x * mp.log(y) if x != 0 else mpf(0),
    "xlog1py": lambda x, y: x * mp.log1p(y) if x != 0 else mpf(0),
    "sqrt": mp.sqrt,
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "cbrt": lambda x: mp.cbrt(x) if x >= 0 else -mp.cbrt(-x),
    "pow": lambda x, y: mpf(x) ** y,
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "asin": mp.asin,
    "acos": mp.acos,
    "atan": mp.atan,
    "atan2": mp.atan2,
    "hypot": lambda x, y: mp.sqrt(x * x + y * y),
    "norm": lambda *xs: mp.sqrt(mp.fsum(x * x for x in xs)),
    "degrees": lambda x: x * 180 / mp.pi,
    "radians": lambda x: x * mp.pi / 180,
    "sinpi": mp.sinpi,
    "cospi": mp.cospi,
    "sinc": _sinc,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "asinh": mp.asinh,
    "acosh": mp.acosh,
    "atanh": mp.atanh,
    "gaussian": lambda x: mp.exp(-x * x),
    "erf": mp.erf,
    "erfc": mp.erfc,
    "erfinv": _erfinv,
    "norm_pdf": _npdf,
    "logistic_pdf": lambda x: 1 / (2 + 2 * mp.cosh(x)),
    "norm_cdf": _ncdf,
    "gamma": mp.gamma,
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))),
    "digamma": mp.digamma,
    "trigamma": lambda x: mp.psi(1, x),
    "polygamma": lambda n, x: mp.psi(int(n), x),
    "relu": lambda x: max(x, mpf(0)),
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "logsigmoid": lambda x: -_softplus(-x),
    "silu": lambda x: x * _sigmoid(x),
    "mish": lambda x: x * mp.tanh(_softplus(x)),
    "gelu": lambda x: x * _ncdf(x),
    "gelu_tanh": lambda x: x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3))),
    "elu": _elu,
    "selu": lambda x: mpf(SELU_SCALE) * _elu(x, mpf(SELU_ALPHA)),
    "celu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x / alpha),
    "softsign": lambda x: x / (1 + abs(x)),
    "relu6": lambda x: min(max(x, mpf(0)), mpf(6)),
    "hardtanh": lambda x, low=-1, high=1: min(max(x, low), high),
    "hardsigmoid": _hard_sigmoid,
    "hardswish": lambda x: x * _hard_sigmoid(x),
    "hardshrink": lambda x, width: x if abs(x) > width else mpf(0),
    "softshrink": lambda x, width: x - mp.sign(x) * width if abs(x) > width else mpf(0),
    "smooth_maximum": lambda a, b, beta: mp.log(mp.exp(beta * a) + mp.exp(beta * b)) / beta,
    "smooth_abs": lambda x, width: mp.sqrt(x * x + width * width),
    "softmax_of": lambda *xs: mp.exp(xs[0]) / mp.fsum(mp.exp(x) for x in xs),
    "log_softmax_of": lambda *xs: xs[0] - mp.log(mp.fsum(mp.exp(x) for x in xs)),
    "sign": mp.sign,
    "floor": mp.floor,
    "ceil": mp.ceil,
    "trunc": _trunc,
    "round": lambda x, n: _nearest(x * mpf(10) ** n) / mpf(10) ** n,
    "heaviside": lambda x, h: mpf(0) if x < 0 else mpf(1) if x > 0 else h,
    "copysign": lambda x, y: abs(x) if y >= 0 else -abs(x),
    "floordiv": lambda a, b: mp.floor(mpf(a) / b),
    "mod": lambda a, b: a - b * mp.floor(mpf(a) / b),
    "fmod": lambda a, b: a - b * _trunc(mpf(a) / b),
    "remainder": lambda a, b: a - b * _nearest(mpf(a) / b),
    "sum": lambda *xs: mp.fsum(xs),
    "fsum": lambda *xs: mp.fsum(xs),
    "mean": _mean,
    "prod": lambda *xs: mp.fprod(xs),
    "dot": lambda *xs: mp.fsum(x * y for x, y in _pairs(xs)),
    "affine": lambda *xs: mp.fsum(x * y for x, y in _pairs(xs[:-1])) + xs[-1],
    "dist": lambda *xs: mp.sqrt(mp.fsum((x - y) ** 2 for x, y in _pairs(xs))),
    "max": lambda *xs: max(xs),
    "min": lambda *xs: min(xs),
    "logsumexp": lambda *xs: mp.log(mp.fsum(mp.exp(x) for x in xs)),
    "var": _var,
    "std": lambda *xs: mp.sqrt(_var(*xs)),
}


@precise
def value(f: Callable[..., Any], point: Sequence[float]) -> Any:
    """f at the point, in 160 digits."""
    return f(*[mpf(x) for x in point])


@precise
def gradient(f: Callable[..., Any], point: Sequence[float], leaves: Sequence[int] | None = None) -> list[Any]:
    """The partial derivatives of f (all, or those for ``leaves``) by central differences."""
    xs = [mpf(x) for x in point]
    h = mpf(10) ** STEP
    result = []
    for i in range(len(xs)) if leaves is None else leaves:
        up, down = ([*xs[:i], xs[i] + t, *xs[i + 1 :]] for t in (h, -h))
        result.append((f(*up) - f(*down)) / (2 * h))
    return result


@precise
def along(f: Callable[..., Any], point: Sequence[float], v: Sequence[float]) -> tuple[Any, Any]:
    """The first and second derivative of f along ``v``."""
    xs = [mpf(x) for x in point]
    h = mpf(10) ** STEP
    up, down = (f(*[x + t * mpf(d) for x, d in zip(xs, v)]) for t in (h, -h))
    return (up - down) / (2 * h), (up - 2 * f(*xs) + down) / (h * h)


@precise
def second(f: Callable[..., Any], point: Sequence[float], i: int, j: int) -> Any:
    """∂²f/∂xᵢ∂xⱼ by central differences."""
    xs = [mpf(x) for x in point]
    h = mpf(10) ** STEP

    def at(s: int, t: int) -> Any:
        moved = list(xs)
        moved[i] += s * h
        moved[j] += t * h
        return f(*moved)

    if i == j:
        return (at(1, 0) - 2 * at(0, 0) + at(-1, 0)) / (h * h)
    return (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * h * h)


def jet(name: str, args: Sequence[float], order: int = 2) -> tuple[Any, list[Any], dict[tuple[int, int], Any]]:
    """Value, partial derivatives and second partial derivatives {(i, j): …} of an op at ``args``."""
    f = MP[name]
    pairs = [(i, j) for i in range(len(args)) for j in range(i + 1)] if order > 1 else []
    firsts = gradient(f, args) if order > 0 else []
    return value(f, args), firsts, {(i, j): second(f, args, i, j) for i, j in pairs}


def _apart(*xs: float) -> float:
    """The distance of the closest pair."""
    ordered = sorted(xs)
    return min((b - a for a, b in pairwise(ordered)), default=1.0)


def _from_whole(x: float) -> float:
    return abs(x - round(x))


#: ops of several operands: how far the operands are from a kink or jump
KINK_DISTANCE: dict[str, Callable[..., float]] = {
    "where": lambda c, a, b: abs(c),
    "maximum": _apart,
    "minimum": _apart,
    "fmax": _apart,
    "fmin": _apart,
    "max": _apart,
    "min": _apart,
    "clip": lambda x, low, high: min(abs(x - low), abs(x - high)),
    "hardtanh": lambda x, low=-1.0, high=1.0: min(abs(x - low), abs(x - high)),
    "atan2": lambda y, x: abs(y) if x <= 0.0 else 1.0,
    "hypot": lambda x, y: max(abs(x), abs(y)),
    "norm": lambda *xs: max(map(abs, xs)),
    "dist": lambda *xs: max(abs(x - y) for x, y in _pairs(xs)),
    "std": lambda *xs: max(xs[:-1]) - min(xs[:-1]),
    "hardshrink": lambda x, width: abs(abs(x) - width),
    "softshrink": lambda x, width: abs(abs(x) - width),
    "copysign": lambda x, y: min(abs(x), abs(y)),
    "floordiv": lambda a, b: _from_whole(a / b),
    "mod": lambda a, b: _from_whole(a / b),
    "fmod": lambda a, b: _from_whole(a / b),
    "remainder": lambda a, b: _from_whole(a / b + 0.5),
}


def kink_distance(f: Any) -> float:
    """How far the nearest op of an ``Expression`` is from a kink, at its leaves."""
    numbers = f.numbers(f.leaves)
    nearest = 1.0
    for op, operands in f.steps:
        args = [numbers[o] if isinstance(o, int) else o for o in operands]
        for kink in op.kinks:
            nearest = min(nearest, abs(args[0] - kink))
        if op.name in KINK_DISTANCE:
            nearest = min(nearest, KINK_DISTANCE[op.name](*args))
    return nearest
