"""What every test shares."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def _no_mode_leaks():
    """A test that leaves a mode switched on fails, and not its neighbours."""
    from autograd_lite.engine.observers import STATE

    assert not STATE.observers
    yield
    assert not STATE.observers, "a mode was left switched on"
