"""What every test shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

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


# where every library is installed a skip is a promise that nobody has tested: AUTOGRAD_LITE_NO_SKIPS=1
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Iterator[None]:
    return _no_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: Any) -> Iterator[None]:
    return _no_skip((yield))


def _no_skip(report: Any) -> Any:
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("AUTOGRAD_LITE_NO_SKIPS") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped, where nothing may be: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _the_same_renderer_everywhere(monkeypatch):
    """Pictures are drawn by graphviz-pure (or our own layout), whatever ``dot`` a machine has on its PATH.

    Tests of other renderers choose them: see the fixtures in ``drawing/conftest.py``.
    """
    from autograd_lite.drawing.renderer import _pure

    monkeypatch.setenv("AUTOGRAD_LITE_DOT", _pure() or "builtin")
