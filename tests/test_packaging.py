"""What a build leaves behind: a compiled wheel and a pure one, from one command."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def backend(monkeypatch):
    """The project's build backend on a setuptools that only says what it was asked for."""
    asked = []

    def build_wheel(directory, config_settings=None, metadata_directory=None):
        asked.append(("this process", directory))
        return stub.wheel

    stub = types.ModuleType("setuptools.build_meta")
    stub.build_wheel = build_wheel
    stub.__all__ = ["build_wheel"]
    setuptools = types.ModuleType("setuptools")
    setuptools.build_meta = stub
    monkeypatch.setitem(sys.modules, "setuptools", setuptools)
    monkeypatch.setitem(sys.modules, "setuptools.build_meta", stub)
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda command, env, check: asked.append((env["AUTOGRAD_LITE_PURE"], command[-1])),
    )
    monkeypatch.delenv("AUTOGRAD_LITE_NATIVE", raising=False)
    monkeypatch.delenv("AUTOGRAD_LITE_PURE", raising=False)
    monkeypatch.delenv("PIP_BUILD_TRACKER", raising=False)
    name = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["build-backend"]
    spec = importlib.util.spec_from_file_location(name, ROOT / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.stub, module.asked = stub, asked
    return module


def test_a_compiled_wheel_brings_a_pure_one(backend):
    backend.stub.wheel = "autograd_lite-0.1.0-cp311-cp311-linux_x86_64.whl"
    assert backend.build_wheel("dist") == backend.stub.wheel
    assert backend.asked == [("this process", "dist"), ("1", "dist")]


def test_a_pure_wheel_is_alone(backend):
    backend.stub.wheel = "autograd_lite-0.1.0-py3-none-any.whl"
    assert backend.build_wheel("dist") == backend.stub.wheel
    assert backend.asked == [("this process", "dist")]


def test_a_native_wheel_that_was_asked_for_is_alone(backend, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_NATIVE", "1")
    backend.stub.wheel = "autograd_lite-0.1.0-cp311-cp311-linux_x86_64.whl"
    backend.build_wheel("dist")
    assert backend.asked == [("this process", "dist")]


def test_pip_which_installs_one_gets_one(backend, monkeypatch):
    monkeypatch.setenv("PIP_BUILD_TRACKER", "somewhere")
    backend.stub.wheel = "autograd_lite-0.1.0-cp311-cp311-linux_x86_64.whl"
    backend.build_wheel("dist")
    assert backend.asked == [("this process", "dist")]


def test_every_room_that_is_compiled_is_there():
    namespace = {}
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    exec(text[text.index("HOT_ROOMS") : text.index("class OptionalBuild")], namespace)
    assert all((ROOT / room).is_file() for room in namespace["HOT_ROOMS"])
