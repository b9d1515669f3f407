"""What the compiler's tests share."""

from __future__ import annotations

import pytest

from autograd_lite.compiler.call import entry, plans
from autograd_lite.compiler.call.plans import Path


@pytest.fixture
def run_as(monkeypatch):
    """``run_as("cells")``: programs recorded from here on are run in that way, whatever their size and the build."""

    def choose(way):
        monkeypatch.setattr(Path, "_choose", lambda self: way != "arrays")
        monkeypatch.setattr(Path, "_lifted", None, raising=False)
        monkeypatch.setattr(Path, "_way", lambda self: way)
        monkeypatch.setattr(plans, "OFTEN", 1)
        monkeypatch.setattr(entry, "straight", lambda program, derivatives: way == "lines")

    return choose
