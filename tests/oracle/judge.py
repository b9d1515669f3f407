"""The engine against 50-digit arithmetic, with a tolerance that follows the conditioning of the computation."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import islice, product
from typing import Any, NamedTuple

from mpmath import mpf

from autograd_lite import Value
from autograd_lite.engine.sweeps import forward_sweep, reverse_nodes
from autograd_lite.primitives import TABLE
from autograd_lite.testing import Expression, Step
from autograd_lite.testing.strategies import SPREADS, WIDTHS

from .mp_table import MP, along, gradient, kink_distance, value


class Judged(NamedTuple):
    """One number of the engine beside the exact one."""

    what: str
    engine: float
    exact: Any
    allowed: float

    @property
    def wrong(self) -> bool:
        return not (abs(mpf(self.engine) - self.exact) <= self.allowed < math.inf)

    @property
    def share(self) -> float:
        """The error as a part of what is allowed."""
        error = float(abs(mpf(self.engine) - self.exact))
        return error / self.allowed if self.allowed > 0.0 else 0.0 if error == 0.0 else math.inf


def allowance(exact: Any, largest: float) -> float:
    """Four times the largest error that moved roundings made, four units in the last place, the oracle's own error."""
    return 4.0 * largest + 4.0 * math.ulp(float(exact)) + 1e-50


def judge(f: Expression, v: list[float] | None = None, second: bool = True) -> Iterator[Judged]:
    """Value, gradient (reverse), derivative along ``v`` (forward) and second derivative along ``v``."""
    direction = v or [math.cos(1.0 + 2.0 * i) for i in range(len(f.leaves))]

    def exact_f(*xs: Any) -> Any:
        return f.evaluate(MP, xs)

    moved, moves = f.rounding(16)
    leaves = [Value(x) for x in f.leaves]
    y = f(*leaves)
    exact = value(exact_f, f.leaves)
    yield Judged("value", y.data, exact, allowance(exact, moved))
    y.backward()
    slopes = gradient(exact_f, f.leaves)
    for i, (x, slope) in enumerate(zip(leaves, slopes)):
        yield Judged(f"∂/∂v{i}", x.grad, slope, allowance(slope, moves[i]))
    exact, curvature = along(exact_f, f.leaves, direction)
    noise = sum(abs(d) * m for d, m in zip(direction, moves)) + sum(
        abs(float(s) * d) * 2**-52 for s, d in zip(slopes, direction)
    )
    tangent = forward_sweep([y], list(zip(leaves, direction)))[id(y)]
    yield Judged("forward", tangent, exact, allowance(exact, noise))
    if second:
        yield _second(f, direction, curvature)


def _second(f: Expression, v: list[float], curvature: Any) -> Judged:
    leaves = [Value(x) for x in f.leaves]
    adjoints = reverse_nodes([(f(*leaves), Value(1.0))], Value)
    first = sum((d * adjoints[id(x)] for d, x in zip(v, leaves) if id(x) in adjoints), Value(0.0))
    program = Expression.of(first, leaves)
    _, moves = program.rounding(16)
    first.backward()
    terms = [d * x.grad for d, x in zip(v, leaves)]
    noise = sum(abs(d) * m for d, m in zip(v, moves)) + sum(abs(t) * 2**-52 for t in terms)
    return Judged("second derivative", math.fsum(terms), curvature, allowance(curvature, noise))


def points(name: str, count: int = 6) -> list[Expression]:
    """The op alone, at random points of its test domain, away from its kinks."""
    op = TABLE[name]
    rng = random.Random(name)
    found: list[Expression] = []
    while len(found) < count:
        width = op.arity if op.arity >= 0 else WIDTHS.get(name, lambda n: n)(rng.randint(2, 4))
        leaves: list[float] = []
        operands: list[int | float] = []
        for i in range(width):
            low, high = op.domain[i] if op.arity >= 0 and i < len(op.domain) else op.domain[0]
            if low == high:
                operands.append(low)
            else:
                operands.append(len(leaves))
                leaves.append(rng.uniform(low, high))
        if name in SPREADS:
            operands.append(float(rng.randint(0, 1)))
        f = Expression(leaves, [Step(op, tuple(operands))])
        if kink_distance(f) > 1e-3:
            found.append(f)
    return found


def special_points(name: str) -> list[Expression]:
    """The op at 0, ±1, ±½, 2: where a rule that treats a special case may forget that derivatives have derivatives."""
    op = TABLE[name]
    width = op.arity if op.arity >= 0 else WIDTHS.get(name, lambda n: n)(2)
    domain = list(op.domain) if op.arity >= 0 else [op.domain[0]] * width
    choices = [
        [c for c in (0.0, 1.0, -1.0, 0.5, 2.0) if low <= c <= high] if low < high else [low] for low, high in domain
    ]
    tail = [0.0] if name in SPREADS else []
    found: list[Expression] = []
    for point in islice(product(*choices), 200):
        free = [i for i, (low, high) in enumerate(domain) if low < high]
        leaves = [point[i] for i in free]
        operands: list[int | float] = [free.index(i) if i in free else point[i] for i in range(width)]
        found.append(Expression(leaves, [Step(op, tuple(operands + tail))]))
        if len(free) > 1 and len(set(leaves)) == 1:  # one leaf in every place
            same: list[int | float] = [0 if i in free else point[i] for i in range(width)]
            found.append(Expression(leaves[:1], [Step(op, tuple(same + tail))]))
    return [f for f in found if kink_distance(f) > 1e-3]
