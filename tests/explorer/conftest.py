"""A headless Chromium for the tests of the stepping page; without one they are skipped, and say so."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograd_lite.drawing import renderer

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--force-device-scale-factor=1",
    "--font-render-hinting=none",
]  # fmt: skip
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """One browser for all the tests here; it is gone (and its event loop) before others begin."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("there is no chromium on PATH: the stepping page is not tested in a browser")
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright to test the page in a browser")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()


class Watched:
    """A page with what went wrong on it: console messages, errors, requests."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.console: list[str] = []
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def show(self, html: str) -> Any:
        """Load a document."""
        self.page.goto("about:blank")  # a document written over another keeps its content security policy
        self.page.set_content(html)
        return self.page

    def check(self) -> None:
        """Nothing was said, nothing failed, nothing was asked for."""
        assert self.errors == []
        assert self.console == []
        assert [url for url in self.requests if not url.startswith(("file:", "about:", "data:"))] == []


@pytest.fixture
def watched(browser: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A fresh page; pictures come from our own layout, which is here everywhere and gives the same everywhere."""
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "builtin")
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, reduced_motion="reduce", color_scheme="light"
    )
    made = Watched(context.new_page())
    yield made
    made.check()
    context.close()


@pytest.fixture(params=["dot", "graphviz-pure", "builtin"])
def tier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Each of the three renderers."""
    program = renderer._pure()
    if request.param != "builtin" and (not program or sys.platform == "win32"):
        pytest.skip("graphviz-pure is not installed")
    if request.param == "dot":
        wrapper = tmp_path / "dot"
        wrapper.write_text(f'#!/bin/sh\necho "Warning: no fonts" >&2\nexec "{program}" "$@"\n')
        wrapper.chmod(0o755)
        program = str(wrapper)
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "builtin" if request.param == "builtin" else program)
    return str(request.param)
