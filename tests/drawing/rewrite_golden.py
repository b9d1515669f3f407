"""Rewrite the golden sources: python tests/drawing/rewrite_golden.py. Read the difference before committing it."""

from __future__ import annotations

from pathlib import Path

import autograd_lite as ag

from .drawn_graphs import domke, toy_chain

if __name__ == "__main__":
    for graph in (toy_chain, domke):
        for style in ("cards", "ops", "book"):
            path = Path(__file__).parent / "golden" / f"{graph.__name__}-{style}.gv"
            path.write_text(ag.draw(graph(), style=style).source, encoding="utf-8")
