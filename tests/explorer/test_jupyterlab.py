"""JupyterLab itself, in a browser: what a Value, a list of Values, a picture and a stepping page become there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("jupyterlab", reason="pip install jupyterlab to see what it shows")
nbformat = pytest.importorskip("nbformat")

CELLS = [
    "import autograd_lite as ag\nx = ag.Value(0.1, label='x')\ny = ag.sin(ag.exp(x)).named('y')\ny.backward()\ny",
    "[y, {'k': (x,)}]",
    "ag.draw(y)",
    "ag.explore(y)",
]
PATIENCE = 60.0
RUN_ALL = """async () => {
  const notebook = jupyterapp.shell.currentWidget;
  await notebook.context.ready;
  await notebook.sessionContext.ready;
  await jupyterapp.commands.execute("notebook:run-all-cells");
}"""


@pytest.fixture
def lab(tmp_path):
    """The address of a server in an empty folder with one notebook."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    work = tmp_path / "work"
    work.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), work / "shown.ipynb")
    folders = {f"JUPYTER_{what}_DIR": str(tmp_path / what) for what in ("CONFIG", "DATA", "RUNTIME")}
    settings = {"IPYTHONDIR": str(tmp_path / "ipython"), "AUTOGRAD_LITE_DOT": "builtin"}
    options = [
        "--no-browser",
        "--allow-root",
        "--port=0",
        "--expose-app-in-browser",
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={work}",
    ]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env={**os.environ, **folders, **settings}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield address(tmp_path / "RUNTIME", server)
    finally:
        server.terminate()
        server.wait(30)


def address(runtime: Path, server: subprocess.Popen) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                return str(json.loads(path.read_text())["url"])
            except ValueError:  # it is being written
                pass
        time.sleep(0.2)
    raise TimeoutError("JupyterLab has not begun")


def test_what_jupyterlab_shows(browser, lab):
    page = browser.new_context(viewport={"width": 1280, "height": 2000}, color_scheme="light").new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(f"{lab}lab/tree/shown.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.evaluate(RUN_ALL)
    page.wait_for_selector(".jp-OutputArea-output iframe")
    value, listed, drawn, stepping = (cell.locator(".jp-OutputArea-output") for cell in
                                             page.locator(".jp-CodeCell").all())  # fmt: skip
    for picture in (value, drawn):
        assert picture.locator("svg").count() == 1
        assert "0.8935" in picture.inner_text()
    assert "Value(data=0.893540943292148" in listed.inner_text()

    frame = stepping.frame_locator("iframe")
    frame.locator("#sum").wait_for()
    page.wait_for_function("document.querySelector('.jp-OutputArea-output iframe').style.height !== '860px'")
    paper = "e => getComputedStyle(e).backgroundColor"
    assert frame.locator("html").evaluate(paper) == "rgb(255, 255, 255)"
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    frame.locator("html[data-theme=dark]").wait_for()
    assert frame.locator("html").evaluate(paper) == "rgb(30, 30, 30)"
    assert value.locator("svg rect").first.evaluate("e => getComputedStyle(e).fill") == "rgb(30, 30, 30)"
    page.context.close()
