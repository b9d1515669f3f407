"""What Dr.Jit calls the table's functions; the functions at the end are printed into the sources that use them.

Only what is listed here is emitted, since Dr.Jit's functions of doubles are not all what their names say. In its
version 1.5 with LLVM 15, ``maximum``, ``minimum``, ``hypot``, ``atan`` and ``atan2`` end the process (LLVM has no
instruction for maxima that pass nan on), ``erfinv`` has single precision and ``tan`` loses half its digits near 0,
``power`` of negative numbers is nan, and ``select`` of two Python numbers is an array of single precision. What is
emitted agrees with the table to 1e-12 at finite numbers, up to how the program magnifies roundings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..scalars import ScalarTarget

if TYPE_CHECKING:
    import drjit
    from drjit.llvm import Float64

__all__ = ["DRJIT"]

_SAME = "sin cos exp exp2 log log2 sqrt cbrt asin acos sinh cosh tanh asinh acosh atanh abs floor ceil trunc"
#: by op; one that is not here is written by its entry's ``expression``
_WORDS = {
    **{name: f"drjit.{name}({{0}})" for name in _SAME.split()},
    "copysign": "drjit.copysign({0}, {1})", "stop": "{0}",
    "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}", "neg": "-{0}",
    "fma": "{0} * {1} + {2}", "where": "drjit.select({0}, {1}, {2})",
    "maximum": "_maximum({0}, {1})", "minimum": "_minimum({0}, {1})",
    "pow": "_power({0}, {1})", "expm1": "_expm1({0})", "log1p": "_log1p({0})",
    "log10": "drjit.log({0}) / drjit.log(10.0)", "hypot": "_hypot({0}, {1})",
    "tan": "drjit.sin({0}) / drjit.cos({0})", "atan": "_atan({0})", "atan2": "_atan2({0}, {1})",
    "sinpi": "_sinpi({0})", "cospi": "_cospi({0})",
    "floordiv": "drjit.floor({0} / {1})", "mod": "_mod({0}, {1})",
    "fmod": "{0} - {1} * drjit.trunc({0} / {1})", "remainder": "{0} - {1} * drjit.round({0} / {1})",
    "erf": "drjit.select({0} != {0}, {0}, drjit.erf({0}))", "erfc": "_erfc({0})", "erfinv": "_erfinv({0})",
    "lgamma": "_lgamma({0})", "gamma": "_gamma({0})", "digamma": "_digamma({0})", "trigamma": "_polygamma(1, {0})",
    "round": "_round({0}, {1})", "polygamma": "_polygamma({0}, {1})",
}  # fmt: skip

DRJIT = ScalarTarget(
    "drjit",
    number="Float64",
    header="import drjit\nfrom drjit.llvm import Float64\n",
    words=_WORDS,
    truth="drjit.all({})",
    evaluated="drjit.eval({})",
)


def _maximum(x, y):
    return drjit.select((x >= y) | (x != x), x, y)


def _minimum(x, y):
    return drjit.select((x <= y) | (x != x), x, y)


def _log1p(x):
    """log(1 + x): what 1 + x lost by rounding is made up for."""
    u = 1.0 + x
    return drjit.select((u == 1.0) | (x == drjit.inf), x, drjit.log(u) * (x / (u - 1.0)))


def _expm1(x):
    """exp(x) - 1, without its cancellation near 0."""
    u = drjit.exp(x)
    near = drjit.select(u == 1.0, x, (u - 1.0) * (x / drjit.log(u)))
    return drjit.select(drjit.abs(x) < 1.0, near, u - 1.0)


def _hypot(x, y):
    """sqrt(x*x + y*y), scaled so that the squares stay in range."""
    size = _maximum(drjit.abs(x), drjit.abs(y))
    a, b = x / size, y / size
    return drjit.select(size == 0.0, 0.0, size * drjit.sqrt(a * a + b * b))


def _atan(x):
    """arctan(x), as the arc sine of an angle of at most 45 degrees."""
    size = drjit.abs(x)
    t = drjit.select(size > 1.0, 1.0 / size, size)
    angle = drjit.asin(t / drjit.sqrt(1.0 + t * t))
    return drjit.copysign(drjit.select(size > 1.0, 0.5 * drjit.pi - angle, angle), x)


def _atan2(y, x):
    """The angle of the point (x, y)."""
    angle = drjit.select(y == 0.0, y, _atan(y / x))
    return angle + drjit.select(x < 0.0, drjit.copysign(Float64(drjit.pi), y), 0.0 * y)


def _power(x, y):
    """x ** y, negative x with whole y included."""
    size = drjit.power(drjit.abs(x), y)
    odd = drjit.select(2.0 * drjit.floor(0.5 * y) == y, size, -size)
    negative = drjit.select(drjit.floor(y) == y, odd, Float64(drjit.nan))
    return drjit.select((y == 0.0) | (x == 1.0), 1.0, drjit.select(x < 0.0, negative, size))


def _mod(x, y):
    """x - y floor(x / y): the sign is that of y."""
    rest = x - y * drjit.trunc(x / y)
    return drjit.select((rest != 0.0) & ((rest < 0.0) != (y < 0.0)), rest + y, rest)


def _sinpi(x):
    """sin(pi x), by the distance to the nearest whole number."""
    near = drjit.round(x)
    odd = near - 2.0 * drjit.floor(0.5 * near)
    return (1.0 - 2.0 * odd) * drjit.sin(drjit.pi * (x - near))


def _cospi(x):
    """cos(pi x)."""
    near = drjit.round(x)
    odd = near - 2.0 * drjit.floor(0.5 * near)
    return (1.0 - 2.0 * odd) * _sinpi(0.5 - drjit.abs(x - near))


def _round(x, digits):
    """x rounded to so many decimals, half to even."""
    scale = 10.0 ** abs(digits)
    return drjit.round(x * scale) / scale if digits >= 0 else drjit.round(x / scale) * scale


def _erfc(x):
    """1 - erf(x), without its cancellation: t exp(-x^2 + p(t)) with t = 2 / (2 + |x|), p a series of Chebyshev's."""
    t = 2.0 / (2.0 + drjit.abs(x))
    u = 4.0 * t - 2.0
    a, b = Float64(0.0), Float64(0.0)
    for c in [
        -2.82e-17, 1.21023718e-16, -9.4574946e-17, -1.523028201e-15, 7.106097614e-15, 3.81090526e-16,
        -1.12708223614e-13, 3.13092139934e-13, 8.94487927309e-13, -6.8860275264976e-12, 2.3940380830391e-12,
        9.64679110201553e-11, -2.273651222929318e-10, -9.913641564930331e-10, 5.0593434955514689e-09,
        6.5290544390988515e-09, -8.523809591494254e-08, 1.562644172206614e-08, 1.3036558355805232e-06,
        -1.624290004647025e-06, -2.0278578112534243e-05, 4.252332480690771e-05, 0.00036683949785276145,
        -0.0009465953444820369, -0.009561514786808632, 0.019476473204185836, 0.6419697923564902,
    ]:  # fmt: skip
        a, b = u * a - b + c, a
    found = t * drjit.exp(0.5 * (u * a) - b - 0.6513268598908547 - x * x)
    return drjit.select(x < 0.0, 2.0 - found, found)


def _erfinv(x):
    """Dr.Jit's, which is of single precision, and two steps of Halley's iteration."""
    size = drjit.abs(x)
    y = drjit.erfinv(size)
    for _ in range(2):
        excess = drjit.select(size < 0.5, drjit.erf(y) - size, (1.0 - size) - _erfc(y))
        step = excess / (2.0 / drjit.sqrt(drjit.pi) * drjit.exp(-y * y))
        y = y - step / (1.0 + y * step)
    return drjit.copysign(drjit.select(size == 1.0, drjit.inf, y), x)


def _lgamma(x):
    """log |gamma(x)|: Stirling's series at x + 10, and reflection below 0."""
    y = drjit.select(x < 0.5, 1.0 - x, x)
    product = y
    for k in range(1, 10):
        product = product * (y + k)
    z = y + 10.0
    w = 1.0 / (z * z)
    series = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - w * 691 / 360360))))) / z
    found = (z - 0.5) * drjit.log(z) - z + 0.5 * drjit.log(2.0 * drjit.pi) + series - drjit.log(product)
    return drjit.select(x < 0.5, drjit.log(drjit.pi) - drjit.log(drjit.abs(_sinpi(x))) - found, found)


def _gamma(x):
    """By its logarithm; its sign alternates below 0."""
    floor = drjit.floor(x)
    odd = floor - 2.0 * drjit.floor(0.5 * floor)
    return drjit.select(x < 0.0, 1.0 - 2.0 * odd, 1.0) * drjit.exp(_lgamma(x))


def _digamma(x):
    """The derivative of log gamma: its asymptotic series at x + 10, and reflection below 0."""
    y = drjit.select(x < 0.5, 1.0 - x, x)
    total = 0.0
    for k in range(10):
        total = total + 1.0 / (y + k)
    z = y + 10.0
    w = 1.0 / (z * z)
    series = w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132 - w * 691 / 32760)))))
    found = drjit.log(z) - 0.5 / z - series - total
    return drjit.select(x < 0.5, found - drjit.pi * _cospi(x) / _sinpi(x), found)


def _polygamma(n, x):
    """The n-th derivative of digamma, n > 0: its asymptotic series at x + 10 + n, and reflection below 0."""
    y = drjit.select(x < 0.5, 1.0 - x, x)
    total, factorial = 0.0, 1.0
    for k in range(1, n + 1):
        factorial = factorial * k
    for k in range(10 + n):
        total = total + factorial / (y + k) ** (n + 1)
    z = y + 10.0 + n
    total = total + factorial / n / z**n + 0.5 * factorial / z ** (n + 1)
    coefficient = factorial * (n + 1) / 2
    for k, bernoulli in enumerate((1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510), 1):
        total = total + bernoulli * coefficient / z ** (n + 2 * k)
        coefficient = coefficient * (n + 2 * k) * (n + 2 * k + 1) / ((2 * k + 1) * (2 * k + 2))
    found = total if n % 2 else -total
    slope = [0.0, 1.0]  # the n-th derivative of the cotangent, a polynomial in it
    for _ in range(n):
        slope = [k * c for k, c in enumerate(slope)][1:]
        slope = [-(a + b) for a, b in zip([*slope, 0.0, 0.0], [0.0, 0.0, *slope])]
    cot = _cospi(x) / _sinpi(x)
    powers = 0.0
    for c in reversed(slope):
        powers = powers * cot + c
    return drjit.select(x < 0.5, (-1.0) ** n * found - drjit.pi ** (n + 1) * powers, found)
