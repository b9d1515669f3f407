"""Second and third derivatives of every op, from 1e-300 to 1e300 and beside its kinks, against mpmath."""

from __future__ import annotations

import math
import random
from itertools import combinations_with_replacement

import mpmath as mp
import pytest
from mpmath import mpf

import autograd_lite as ag
from autograd_lite.primitives import TABLE

from .mp_table import MP

#: sizes at which a formula may lose its digits, overflow or underflow
SIZES = (1e-300, 1e-100, 1e-20, 1e-8, 1e-3, 0.3, 0.99, 1.5, 3.0, 20.0, 40.0, 300.0, 1e5, 1e20, 1e100, 1e300)
#: of several operands, those whose ratios and powers stay in range
MIDDLING = (1e-30, 1e-9, 1e-3, 0.3, 1.0, 3.0, 40.0, 1e5, 1e30)
#: digits of the test: a third derivative may cancel a few
LOST = 1e-9
#: smaller derivatives may underflow on the way
SMALL = 1e-250
#: steep ones, whose operands are kept small: mpmath takes long for them
BOUNDED = {
    "gamma": 150.0,
    "lgamma": 350.0,
    "digamma": 25.0,
    "trigamma": 50.0,
    "erf": 40.0,
    "erfc": 25.0,
    "norm_cdf": 35.0,
}
BOUNDED |= {"gelu": 35.0, "norm_pdf": 35.0, "gaussian": 25.0, "sinc": 1e6, "erfinv": 1.0}
#: steps, sums and choices of the largest: derivatives of order two and more are 0, as test_table and test_edges have it
STEPS = {
    "round", "floordiv", "mod", "fmod", "remainder", "where", "heaviside", "ldexp", "polygamma", "clip", "hardtanh",
    "maximum", "minimum", "fmax", "fmin", "max", "min", "hardshrink", "softshrink", "copysign",
}  # fmt: skip
NARY = {
    "norm": [(1.0, 1e-9, 2e-9), (3.0, 4.0, 12.0), (1e-9, 2e-9, -1.0), (1e100, 1.0, 1.0)],
    "dist": [(1.0, 1e-9, 0.0, 3e-9), (3.0, 1.0, 0.5, 2.0), (1e-9, -1.0, 0.0, 2.0)],
    "logsumexp": [(1e-12, 0.0), (0.0, -40.0, -41.0), (1.0, 2.0, 3.0), (300.0, 0.0, 1.0)],
    "softmax_of": [(1e-12, 0.0), (0.0, -40.0, -41.0), (-40.0, 0.0, -41.0), (1.0, 2.0, 3.0)],
    "log_softmax_of": [(0.0, 1e-12), (0.0, -40.0, -41.0), (-40.0, 0.0, -41.0), (1.0, 2.0, 3.0)],
    "var": [(1.0, 2.0, 4.0, 0.0), (1e12, 1e12 + 1.0, 1e12 + 3.0, 1.0)],
    "std": [(1.0, 2.0, 4.0, 0.0), (1e8, 1e8 + 1.0, 1e8 + 3.0, 1.0)],
    "prod": [(0.0, 3.0, 4.0), (1e-100, 1e50, -2.0)],
}


def points(op):
    """Where to look: every size with both signs, and one unit in the last place beside a kink."""
    if op.arity < 0:
        return NARY.get(
            op.name, [(1.0, -2.0, 3.0, 0.5, 2.0)[: 3 if op.name in ("sum", "fsum", "mean", "affine") else 4]]
        )
    if op.arity == 1:
        beside = [math.nextafter(k, toward) for k in op.kinks for toward in (-math.inf, math.inf) if k]
        found = [(s * x,) for x in SIZES for s in (1.0, -1.0)] + [(x,) for x in beside]
        poles = op.name in ("gamma", "lgamma", "digamma", "trigamma")
        return [
            p
            for p in found
            if abs(p[0]) < BOUNDED.get(op.name, math.inf) and not (poles and p[0] % 1.0 == 0.0) and p[0] not in op.kinks
        ]
    draw = random.Random(op.name)
    found = [tuple(draw.choice((1.0, -1.0)) * draw.choice(MIDDLING) for _ in range(op.arity)) for _ in range(12)]
    if op.name == "smooth_maximum":
        return [(a, b, min(abs(beta), 3.0)) for a, b, beta in found]
    positive = {"pow": 0, "xlogy": 1, "xlog1py": 1}.get(op.name)  # outside the domain see test_edges
    return [tuple(abs(x) if i == positive else x for i, x in enumerate(p)) for p in found]


def exact(f, point, wrt):
    """The derivative by central differences, in as many digits as the point needs; None where f is no real number."""
    span = max(abs(math.log10(abs(x))) if x else 0.0 for x in point)
    with mp.workdps(int(len(wrt) * (45 + span) + 200 + (900 if 8 < max(map(abs, point)) < 1500 else 0))):
        steps = [mpf(10) ** -40 * min(abs(x) or 1, 1) for x in map(mpf, point)]

        def differentiate(g, i):
            def dg(*xs):
                up, down = list(xs), list(xs)
                up[i], down[i] = xs[i] + steps[i] / 2, xs[i] - steps[i] / 2
                return (g(*up) - g(*down)) / steps[i]

            return dg

        scale = f(*map(mpf, point))
        if isinstance(scale, mp.mpc):
            return None
        scale = abs(scale)
        for i in wrt:
            f = differentiate(f, i)
            scale /= steps[i]
        found = f(*map(mpf, point))
        return found if abs(found) > scale * mpf(10) ** (30 - mp.mp.dps) else mpf(0)


def nested(op, point, wrt):
    """The derivative by the engine: one transform inside the other."""

    def f(*xs):
        return next(x for x in xs if isinstance(x, ag.Value))._apply(op, xs)

    for i in wrt:
        f = ag.grad(f, argnums=i)
    return f(*point)


def wrong(op, point, wrt):
    """What the engine says and what is right, if they differ by more than a few digits."""
    true = exact(MP[op.name], point, wrt)
    found = nested(op, point, wrt)
    if true is None:
        return None if found != found else (point, wrt, found, "nan: outside the domain")
    if abs(true) > 1e305:
        return None if not abs(found) < 1e290 else (point, wrt, found, mp.nstr(true, 8))
    if abs(true) < SMALL and abs(found) < 10 * SMALL:
        return None
    if abs(mpf(found) - true) <= LOST * abs(true):
        return None
    # it may be that all digits cancel at this point: what a rounding of each operand amounts to
    scale = abs(true) + sum(abs(mpf(x) * exact(MP[op.name], point, (*wrt, j))) for j, x in enumerate(point))
    return None if abs(mpf(found) - true) <= LOST * scale else (point, wrt, found, mp.nstr(true, 8))


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("name", sorted(set(TABLE) - STEPS))
def test_no_digits_are_lost(name, order):
    op = TABLE[name]
    bad = []
    for point in points(op):
        places = range(len(point) - (name in ("var", "std")))
        wrts = list(combinations_with_replacement(places, order))
        if order == 3 and len(point) > 1:
            wrts = random.Random(name).sample(wrts, min(3, len(wrts)))
        bad += [found for wrt in wrts if (found := wrong(op, point, wrt)) is not None]
    assert not bad, "\n".join(map(str, bad))
