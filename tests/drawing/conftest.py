"""The three tiers: a machine with ``dot``, one with graphviz-pure alone, one with neither."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest

from autograd_lite.drawing import renderer


def pure_program() -> str:
    return renderer._pure()


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A PATH without ``dot``, also on a machine that has it."""
    monkeypatch.delenv("AUTOGRAD_LITE_DOT", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


@pytest.fixture
def system_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A program named ``dot`` on PATH: graphviz-pure's, complaining on stderr as a dot without pango does."""
    if not pure_program() or sys.platform == "win32":
        pytest.skip("graphviz-pure plays the part of dot here")
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = -V ]; then echo "dot - graphviz version 2.43.0 (0)" >&2; exit 0; fi\n'
        'echo "Warning: no hard-coded metrics for Arial" >&2\n'
        f'exec "{pure_program()}" "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.delenv("AUTOGRAD_LITE_DOT", raising=False)
    monkeypatch.setenv("PATH", str(program.parent) + os.pathsep + "/bin" + os.pathsep + "/usr/bin")
    return program


@pytest.fixture
def pure(no_dot: None) -> None:
    """graphviz-pure and nothing else."""
    if not pure_program():
        pytest.skip("graphviz-pure is not installed")


@pytest.fixture
def nothing(no_dot: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No renderer at all."""
    real = importlib.metadata.distribution

    def distribution(name: str) -> importlib.metadata.Distribution:
        if name == "graphviz-pure":
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "distribution", distribution)


@pytest.fixture(params=["system_dot", "pure", "nothing"])
def tier(request: pytest.FixtureRequest) -> str:
    """Each tier in turn."""
    request.getfixturevalue(request.param)
    return str(request.param)
