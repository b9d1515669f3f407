"""Where to look at the table: points in the test domains and far from them, and derivatives by differences there.

The values come from ``oracle/mp_table.py``. Its differences have one step for ordinary points; here the step follows
the operand, so that 1e200 and 1e-200 are the same to it.
"""

from __future__ import annotations

import math
import random

import mpmath as mp
from mpmath import mpf

__all__ = ["FAR", "UNIT", "close", "condition", "derivative", "points"]

#: one rounding
UNIT = 2.0**-53

#: how many operands the n-ary ones are tried with; grouped ones need the right count
_SIZES = {"dot": (2, 6), "affine": (3, 7), "dist": (4, 6)}
#: far points, besides random ones in the test domain: tails in which a naive formula is wrong
FAR = {
    **{
        name: [(-40.0,), (-700.0,), (40.0,), (1e-9,)]
        for name in ["sigmoid", "softplus", "logsigmoid", "silu", "mish", "logistic_pdf"]
    },
    **{name: [(20.0,), (-40.0,), (350.0,), (1e-10,)] for name in ["tanh"]},
    **{name: [(-37.0,), (-10.0,), (10.0,), (1e-9,)] for name in ["gelu", "norm_cdf", "norm_pdf"]},
    "gelu_tanh": [(-20.0,), (-5.0,), (10.0,)],
    **{name: [(26.0,), (-26.0,), (5.0,), (1e-20,)] for name in ["erf", "erfc", "gaussian"]},
    "erfinv": [(1e-300,), (1e-9,), (0.999999,), (-(1 - 2.0**-50),)],
    "gamma": [(1e-5,), (-0.5,), (-3.7,), (20.0,), (100.3,)],
    "lgamma": [(1e-5,), (-0.5,), (-3.7,), (1e5,)],
    "digamma": [(1.4616321449683622,), (1.5,), (1e-5,), (-0.5,), (-3.7,), (1e5,), (1e200,)],
    "trigamma": [(1e-5,), (-3.7,), (1e5,)],
    "sinc": [(1e-9,), (0.1,), (-0.39,), (0.41,), (30.7,), (12345.678,)],
    "atan": [(1e154,), (1e-200,), (-1e100,)],
    "asinh": [(1e200,), (-1e-200,)],
    "acosh": [(1e200,), (1.0 + 2.0**-40,)],
    "log1p": [(1e-20,), (1e300,)],
    "expm1": [(1e-20,), (-50.0,), (700.0,)],
    "hypot": [(3e200, 4e200), (3e-200, 4e-200), (0.0, -2.0)],
    "smooth_abs": [(3e200, 4e200), (1e-8, 1.0)],
    "norm": [(3e200, 4e200), (1.0, 2.0, -2.0)],
    "dist": [(3e200, 1.0, 0.0, 4e200)],
    "std": [(1e200, 3e200, 2e200, 0.0), (5.0, 5.5, 1.0)],
    "atan2": [(3e200, 4e200), (3e-100, -4e-100), (0.0, 2.0)],
    "div": [(1.0, 1e150), (1e200, 1e100)],
    "logaddexp": [(800.0, 0.0), (0.0, 40.0), (3.0, 3.0), (-1000.0, -1000.5)],
    "logaddexp2": [(1000.0, 0.0), (0.0, 40.0), (3.0, 3.0), (2000.0, 2000.5)],
    "smooth_maximum": [(800.0, 0.0, 1.0), (3.0, 3.0, 2.0), (0.0, 1.0, 50.0)],
    "logsumexp": [(1000.0, 999.0, 0.0), (0.0, -40.0), (2.0, 2.0, 1.0)],
    "softmax_of": [(40.0, 0.0, 1.0), (0.0, 40.0), (-700.0, 0.0), (2.0, 2.0, 2.0)],
    "log_softmax_of": [(40.0, 0.0, 1.0), (0.0, 40.0), (-700.0, 0.0), (2.0, 2.0, 2.0)],
    "prod": [(0.0, 3.0, 4.0), (0.0, 0.0, 2.0)],
    "pow": [(1e200, 1.5), (1e-200, 1.5), (3.0, 0.0), (2.5, 1.0)],
    "xlogy": [(0.0, 2.0), (1e-300, 1e300)],
    "xlog1py": [(0.0, 2.0), (2.0, 1e-20)],
    "polygamma": [(3.0, 0.1), (5.0, 30.0), (1.0, -2.3), (2.0, -2.3)],
    "fma": [(0.1, 10.0, -1.0)],
}


def points(entry, count: int = 6) -> list[tuple[float, ...]]:
    """Operands in the entry's test domain, always the same ones, and its far points."""
    source = random.Random(entry.name)
    sizes = (entry.arity,) if entry.arity > 0 else _SIZES.get(entry.name, (2, 5))
    found = []
    for size in sizes:
        for _ in range(count):
            domain = entry.domain if entry.arity > 0 else entry.domain * size
            found.append(tuple(source.uniform(low, high) for low, high in domain))
    if entry.name in ("var", "std"):
        found = [(*p[:-1], float(i % 2)) for i, p in enumerate(p for p in found if len(p) > 3)]
    return found + FAR.get(entry.name, [])


def derivative(f, point, wrt=()) -> mpf:
    """The derivative of ``f`` with respect to the operands numbered in ``wrt`` (at most three), in 450 digits."""
    with mp.workdps(450):
        at = [mpf(x) for x in point]
        steps = [mpf(10) ** -40 * (abs(x) or 1) for x in at]

        def differentiate(g, i):
            def dg(*xs):
                up, down = list(xs), list(xs)
                up[i], down[i] = xs[i] + steps[i] / 2, xs[i] - steps[i] / 2
                return (g(*up) - g(*down)) / steps[i]

            return dg

        for i in wrt:
            f = differentiate(f, i)
        return f(*at)


def condition(f, point, wrt=()) -> float:
    """|D| + Σ |xⱼ·∂D/∂xⱼ| of the derivative D: what one rounding of each operand amounts to."""
    terms = [derivative(f, point, wrt)]
    terms += [mpf(x) * derivative(f, point, (*wrt, j)) for j, x in enumerate(point) if x]
    return sum(float(abs(term)) for term in terms)


def close(got: float, expected: mpf, scale: float, units: float) -> bool:
    """Whether ``got`` is within ``units`` rounding units of ``scale``; exact for what under- or overflows."""
    wanted = float(expected)
    if math.isinf(wanted) or got == wanted:
        return got == wanted
    return abs(mpf(got) - expected) <= units * UNIT * scale + 4 * 5e-324
