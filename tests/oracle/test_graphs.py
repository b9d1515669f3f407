"""Random computations over the whole table against 50-digit arithmetic: 200 in CI, 10,000 in the nightly profile."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, assume, given, settings

from autograd_lite.testing import expressions

from .judge import judge
from .mp_table import kink_distance

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


@settings(max_examples=10_000 if NIGHTLY else 200, suppress_health_check=list(HealthCheck))
@given(expressions(max_leaves=3, max_steps=8))
def test_random_graphs(f):
    assume(kink_distance(f) > 1e-6)
    wrong = [judged for judged in judge(f) if judged.wrong]
    assert not wrong, wrong
