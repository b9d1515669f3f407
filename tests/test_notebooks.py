"""Every notebook runs from top to bottom; what it claims, it asserts; and what it shows is what is committed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_notebooks():
    assert {"01_toy_chain.ipynb", "02_domke_graph.ipynb"} <= {path.name for path in NOTEBOOKS}


@pytest.fixture(scope="module")
def execute():
    """The module that runs them, which is no part of the package."""
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    spec = importlib.util.spec_from_file_location("execute_notebooks", FOLDER / "execute.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# zmq and the kernel's client leave sockets to the garbage collector; that is no concern of the notebook
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_gives_what_is_committed(path, execute, tmp_path, monkeypatch):
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "builtin")
    book = execute.executed(path)
    printed = [o for cell in book.cells if cell.cell_type == "code" for o in cell.outputs if o.get("name") == "stderr"]
    assert printed == [], "a cell warned"
    assert any("assert" in cell.source for cell in book.cells if cell.cell_type == "code")
    found = execute.differences(nbformat.read(path, as_version=4), book)
    assert not found, "python notebooks/execute.py writes what comes out:\n" + "\n".join(text[:2000] for text in found)


def test_the_committed_notebooks_show_themselves():
    pictures = 0
    for path in NOTEBOOKS:
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in cells if cell.source.strip())
        outputs = [output for cell in cells for output in cell.outputs]
        assert outputs, path.name
        pictures += sum(any(kind.startswith("image/") for kind in output.get("data", {})) for output in outputs)
        for output in outputs:  # a static viewer drops the HTML, and has the picture
            if "<svg" in output.get("data", {}).get("text/html", ""):
                assert "image/svg+xml" in output.data
    assert pictures >= 10


def test_a_difference_is_found_and_rounding_is_none(execute):
    def book(text):
        shown = nbformat.v4.new_output("stream", name="stdout", text=text)
        return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=[shown])])

    assert not execute.differences(book("x = 1.0000000001"), book("x = 1.0"))
    assert execute.differences(book("x = 1.01"), book("x = 1.0"))
    assert execute.differences(book("y = 1.0"), book("x = 1.0"))
