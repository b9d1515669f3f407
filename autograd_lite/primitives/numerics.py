"""Float functions that ``math`` has not: the digamma family, the inverse error function, Gaussians to the last digits.

Plain numbers in and out, total, IEEE at the edges. Formulas: Abramowitz & Stegun, Handbook of Mathematical Functions,
chapters 6, 7 and 23; NIST Digital Library of Mathematical Functions, chapters 5, 7 and 25.
"""

from __future__ import annotations

import math

__all__ = ["cospi", "digamma", "erfinv", "exp_minus_square", "norm_cdf", "norm_pdf", "polygamma", "sinpi"]

nan, inf, pi = math.nan, math.inf, math.pi

#: the Bernoulli numbers B₂, B₄ … B₂₄
_BERNOULLI = (
    1 / 6,
    -1 / 30,
    1 / 42,
    -1 / 30,
    5 / 66,
    -691 / 2730,
    7 / 6,
    -3617 / 510,
    43867 / 798,
    -174611 / 330,
    854513 / 138,
    -236364091 / 2730,
)

#: the positive zero of digamma, as the sum of two floats
_ZERO, _ZERO_TAIL = 1.4616321449683622, 9.549995429965697e-17

#: digamma(x)/(x − zero) on [1, 2] as a polynomial in 2x − 3: interpolated at 27 Chebyshev nodes in 60-digit arithmetic
_NEAR_ZERO = (
    0.9510558760318328,
    -0.21181371064073024,
    0.06013562106019673,
    -0.01855061538173966,
    0.005936795278307164,
    -0.001935066664741276,
    0.0006368880302864755,
    -0.00021074841280927333,
    6.99501892077337e-05,
    -2.32582331094511e-05,
    7.741229128505858e-06,
    -2.578131716100528e-06,
    8.589251863098652e-07,
    -2.862193104653834e-07,
    9.53885212905258e-08,
    -3.179037042138413e-08,
    1.0596076826917857e-08,
    -3.53601505743959e-09,
    1.178643219581012e-09,
    -3.87559467334894e-10,
    1.2918535196059924e-10,
    -4.771931207635686e-11,
    1.5906391763896165e-11,
    -2.651066990840664e-12,
    8.836872511698434e-13,
    -1.178246894522134e-12,
    3.927488691994595e-13,
)


def sinpi(x: float) -> float:
    """sin πx with the exact multiple of π: 0 at every whole number."""
    if x - x != 0.0:
        return nan
    r = math.remainder(x, 2.0)
    if math.fabs(r) > 0.5:
        r = math.copysign(1.0 - math.fabs(r), r)
    return math.sin(pi * r) if math.fabs(r) <= 0.25 else math.copysign(math.cos(pi * (0.5 - math.fabs(r))), r)


def cospi(x: float) -> float:
    """cos πx with the exact multiple of π: 0 halfway between whole numbers."""
    if x - x != 0.0:
        return nan
    r = math.fabs(math.remainder(x, 2.0))
    if r <= 0.25:
        return math.cos(pi * r)
    return math.sin(pi * (0.5 - r)) if r <= 0.75 else -math.cos(pi * (1.0 - r))


def digamma(x: float) -> float:
    """The logarithmic derivative of gamma: recurrence, and an asymptotic series from 10; reflected below 0."""
    if x == 0.0:
        return math.copysign(inf, -x)
    if x != x or x == -inf or (x < 0.0 and x == math.floor(x)):
        return nan
    if x < 0.0:
        return digamma(1.0 - x) - pi * (cospi(x) / sinpi(x))
    if x < 1.0:
        return digamma(x + 1.0) - 1.0 / x
    if x >= 10.0:
        return _digamma_large(x)
    shift = 0.0
    while x > 2.0:
        x -= 1.0
        shift += 1.0 / x
    near = 0.0
    for c in reversed(_NEAR_ZERO):
        near = near * (2.0 * x - 3.0) + c
    return ((x - _ZERO) - _ZERO_TAIL) * near + shift


def _digamma_large(x: float) -> float:
    """log x − 1/2x − Σ B₂ₖ/(2k x²ᵏ), for x ≥ 10."""
    q = 1.0 / x / x
    series = 0.0
    for k in range(8, 0, -1):
        series = q * (_BERNOULLI[k - 1] / (2 * k) + series)
    return math.log(x) - 0.5 / x - series


def polygamma(n: int, x: float) -> float:
    """The n-th derivative of digamma: (−1)ⁿ⁺¹ n! ζ(n+1, x), reflected below 0; n from 0 to 150, else nan."""
    if n == 0:
        return digamma(x)
    if not 0 < n <= 150 or x != x or x == -inf:
        return nan
    sign = 1.0 if n % 2 else -1.0
    if x == 0.0:
        return inf if n % 2 else -math.copysign(inf, x)
    if x < 0.0:
        if x == math.floor(x):
            return inf if n % 2 else nan
        return -sign * polygamma(n, 1.0 - x) - _cot_derivative(n, x)
    return sign * math.gamma(n + 1.0) * _zeta(n + 1.0, x)


def _cot_derivative(n: int, x: float) -> float:
    """The n-th derivative of π cot πx: πⁿ⁺¹ Pₙ(cot πx), with P₀(c) = c and Pₙ₊₁ = −(1 + c²) Pₙ′."""
    p = [0.0, 1.0]
    for _ in range(n):
        slope = [k * a for k, a in enumerate(p)][1:]
        p = [-(a + b) for a, b in zip([*slope, 0.0, 0.0], [0.0, 0.0, *slope], strict=True)]
    cot = cospi(x) / sinpi(x)
    square = cot * cot
    total = p[-1]
    for a in p[-3:0:-2]:  # coefficients of one parity, all of one sign: nothing cancels
        total = total * square + a
    if n % 2:
        total = total * square + p[0]
    else:
        total *= cot
    return pi ** (n + 1) * total


def _zeta(s: float, x: float) -> float:
    """Hurwitz's zeta Σ (x + k)⁻ˢ for s ≥ 2 and x > 0, by Euler and Maclaurin's summation."""
    if x == inf:
        return 0.0
    terms: list[float] = []
    while x < 12.0 + s:
        terms.append(_power(x, -s))
        x += 1.0
    here = _power(x, -s)
    terms += [_power(x, 1.0 - s) / (s - 1.0), 0.5 * here]
    factor = here * s / x
    for j, b in enumerate(_BERNOULLI, start=1):
        terms.append(b / math.factorial(2 * j) * factor)
        factor *= (s + 2 * j - 1.0) * (s + 2 * j) / x / x
    return math.fsum(terms) if terms[0] < inf else inf


def _power(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except OverflowError:
        return inf


def _split(x: float) -> tuple[float, float]:
    """x as the sum of two floats of at most 26 bits, so that the square of the first is exact (Dekker)."""
    high = 134217729.0 * x
    high -= high - x
    return high, x - high


def exp_minus_square(x: float, half: bool = False) -> float:
    """exp(−x²), or exp(−x²/2), without the rounding of x² that would cost x² units in the last place."""
    if not -40.0 < x < 40.0:
        return x if x != x else 0.0
    high, low = _split(x)
    scale = -0.5 if half else -1.0
    return math.exp(scale * (high * high)) * math.exp(scale * (low * (x + high)))


def norm_pdf(x: float) -> float:
    """The density of the standard normal distribution."""
    return exp_minus_square(x, half=True) / math.sqrt(2.0 * pi)


_SQRT_HALF, _SQRT_HALF_TAIL = 0.7071067811865476, -4.833646656726457e-17


def norm_cdf(x: float) -> float:
    """Φ(x) = erfc(−x/√2)/2, corrected to first order for the rounding of x/√2."""
    z = -x * _SQRT_HALF
    value = 0.5 * math.erfc(z)
    if not -40.0 < x < 40.0:
        return value
    (xh, xl), (sh, sl) = _split(-x), _split(_SQRT_HALF)
    rest = ((xh * sh - z) + xh * sl + xl * sh) + xl * sl - x * _SQRT_HALF_TAIL
    return value - rest * exp_minus_square(z) / math.sqrt(pi)


def erfinv(x: float) -> float:
    """The inverse of erf: Winitzki's approximation, polished by Halley's iteration on erf or, in the tail, erfc."""
    size = math.fabs(x)
    if not size < 1.0:
        return math.copysign(inf, x) if size == 1.0 else nan
    if size < 1e-8:
        return x * (0.5 * math.sqrt(pi))
    logarithm = math.log1p(-size * size)
    t = 2.0 / (pi * 0.147) + 0.5 * logarithm
    y = math.sqrt(math.sqrt(t * t - logarithm / 0.147) - t)
    for _ in range(3):
        excess = math.erf(y) - size if size < 0.5 else (1.0 - size) - math.erfc(y)
        step = excess / (2.0 / math.sqrt(pi) * exp_minus_square(y))
        y -= step / (1.0 + y * step)
    return math.copysign(y, x)
