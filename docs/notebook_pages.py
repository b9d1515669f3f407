"""A hook of mkdocs: the notebooks, as they are committed with their outputs, become pages of the site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def title(path: Path) -> str:
    """A notebook's first heading."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "".join(cells[0]["source"]).splitlines()[0].lstrip("# ")


def on_files(files: Any, config: Any) -> Any:
    """Add a page for every notebook, and one that lists them."""
    from mkdocs.structure.files import File
    from nbconvert import HTMLExporter

    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    lines = [f"- [{title(path)}](notebooks/{path.stem}.html)" for path in paths]
    files.append(File.generated(config, "notebooks.md", content="\n".join(["# Notebooks", "", *lines, ""])))
    for path in paths:
        html, _ = HTMLExporter().from_filename(str(path))
        files.append(File.generated(config, f"notebooks/{path.stem}.html", content=html))
    return files
