"""The whole table, op by op, against 50-digit arithmetic: value, every partial, second derivatives."""

from __future__ import annotations

import random

import pytest

from autograd_lite.primitives import TABLE
from autograd_lite.testing import Expression, Step
from autograd_lite.testing.strategies import SPREADS, WIDTHS

from .judge import judge
from .mp_table import MP, kink_distance

POINTS = 6


def points(name: str, count: int = POINTS) -> list[Expression]:
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


def test_the_oracle_knows_every_op():
    assert set(TABLE) <= set(MP), "tests/oracle/mp_table.py lacks these"


@pytest.mark.parametrize("name", sorted(TABLE))
def test_op(name):
    for f in points(name):
        wrong = [judged for judged in judge(f) if judged.wrong]
        assert not wrong, f"{f!r}\n{wrong}"
