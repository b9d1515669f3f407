"""The whole table, op by op, against 50-digit arithmetic: value, every partial, second derivatives."""

from __future__ import annotations

import pytest

from autograd_lite.primitives import TABLE

from .judge import judge, points, special_points
from .mp_table import MP


def test_the_oracle_knows_every_op():
    assert set(TABLE) <= set(MP), "tests/oracle/mp_table.py lacks these"


@pytest.mark.parametrize("name", sorted(TABLE))
def test_op(name):
    for f in points(name):
        wrong = [judged for judged in judge(f) if judged.wrong]
        assert not wrong, f"{f!r}\n{wrong}"


@pytest.mark.parametrize("name", sorted(TABLE))
def test_op_at_special_points(name):
    for f in special_points(name):
        wrong = [judged for judged in judge(f) if judged.wrong]
        assert not wrong, f"{f!r}\n{wrong}"
