"""Run the notebooks and keep what comes out, so that whoever looks at the repository sees pictures and traces.

``python notebooks/execute.py`` runs all of them, or those that are named, and writes their outputs; ``--check`` only
says where what comes out is not what is there. Pictures come from the layout that needs no program, so that they are
the same everywhere. A cell with the tag ``volatile`` (timings) is run, and its outputs are not kept.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbclient
import nbformat

HERE = Path(__file__).parent
#: the stepping page, which has tests of its own; ids; memory, which differs between the builds
_VOLATILE = re.compile(r'srcdoc="[^"]*"|\bag\d+[0-9a-f]{6}-|(?<=bytes)(</th><td[^>]*>)?\s*[\d,]+')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def executed(path: Path) -> Any:
    """A notebook with the outputs of a fresh run, in an empty directory."""
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AUTOGRAD_LITE_DOT"] = "builtin"
        nbclient.NotebookClient(
            book, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}}, record_timing=False
        ).execute()  # a cell that raises, raises here
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
        if cell.cell_type == "code" and "volatile" in cell.metadata.get("tags", []):
            cell.outputs = []
    book.metadata["language_info"] = {"name": "python"}
    return book


def differences(one: Any, other: Any) -> list[str]:
    """Where the outputs of two runs say different things; numbers may differ where platforms round differently."""
    found = []
    for k, (a, b) in enumerate(zip(one.cells, other.cells, strict=True)):
        if a.cell_type != "code":
            continue
        left, right = ([_kinds(output) for output in _joined(cell.outputs)] for cell in (a, b))
        if [sorted(x) for x in left] != [sorted(x) for x in right]:
            found.append(f"cell {k}: {[sorted(x) for x in left]} and {[sorted(x) for x in right]}")
            continue
        for x, y in zip(left, right):
            found += [f"cell {k}: {kind}\n{x[kind]}\n{y[kind]}" for kind in x if not _alike(x[kind], y[kind])]
    return found


def _joined(outputs: list[Any]) -> list[Any]:
    """The outputs, with a stream that came in pieces in one."""
    found: list[Any] = []
    for output in outputs:
        before = found[-1] if found else None
        if before is not None and output.output_type == before.output_type == "stream" and output.name == before.name:
            found[-1] = nbformat.v4.new_output("stream", name=output.name, text=before.text + output.text)
        else:
            found.append(output)
    return found


def _kinds(output: Any) -> dict[str, str]:
    """What an output shows, by its type; bitmaps are those of another library, and the stepping page has tests."""
    if output.output_type == "stream":
        return {output.name: output.text}
    shown = {kind: text for kind, text in output.get("data", {}).items() if isinstance(text, str)}
    shown |= {kind: "" for kind in shown if kind == "image/png"}
    return {kind: _VOLATILE.sub("", text) for kind, text in shown.items()}


def _alike(one: str, other: str) -> bool:
    if _NUMBER.sub("", one) != _NUMBER.sub("", other):
        return False
    pairs = zip(map(float, _NUMBER.findall(one)), map(float, _NUMBER.findall(other)))
    return all(math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-7) or a == b for a, b in pairs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(HERE.glob("*.ipynb")))
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    wrong = 0
    for path in options.notebooks:
        book = executed(path)
        if options.check:
            found = differences(nbformat.read(path, as_version=4), book)
            print(path.name, "is as committed" if not found else "\n".join(["differs:", *found]))
            wrong += bool(found)
        else:
            nbformat.write(book, path)
            print(path.name)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
