"""What is inside a folded card: a small picture of its operations, which the page puts in its place when it opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..drawing.graph_view import Options, runs
from ..drawing.layout import to_svg
from ..drawing.longest_path import straighten
from ..drawing.model import Box, Cell, Edge, Picture, Row
from ..drawing.text import Line, Run, line
from .live_picture import live_svg
from .recording import Tape

__all__ = ["insides"]


def insides(data: Mapping[str, Any], picture: Picture, tape: Tape) -> str:
    """The pictures of all cards that open, as SVG elements ``in-n5``; parts in them are ``i7`` and ``i7_0``.

    Args:
        data: the page's, with lines and inner nodes.
        picture: the whole one.
        tape: of the graph.
    """
    shown = {item.id for item in picture.boxes}
    names = {item["n"]: runs(item["name"]) for item in data["lines"]}
    names |= {n: runs(item["name"]) for n, item in data["inner"].items()}
    options = Options(direction=picture.direction)
    return "".join(
        _inside(item, data, names, tape, options) for item in data["lines"] if "own" in item and item["id"] in shown
    )


def _inside(
    item: Mapping[str, Any], data: Mapping[str, Any], names: Mapping[int, Line], tape: Tape, options: Options
) -> str:
    rows = [data["lines"][place]["n"] for place, _, _, row in item["links"] if row >= 0]  # parameters in the card
    tree = sorted({item["n"], *rows, *(n for _, ways, *_ in item["links"] for way in ways for n in way[::2])})
    boxes, edges = [], []
    for n in tree:
        expression = item["own"] if n == item["n"] else [] if n in rows else data["inner"][n]["expr"]
        written = [names[run] if isinstance(run, int) else runs([run], "muted") for run in expression]
        head = line(names[n], *([Run(" = ", "muted")] if written else []), *(part for text in written for part in text))
        numbers = Row([Cell((Run("0", role),), "center") for role in ("value", "grad")], rule=True)
        kind = item["kind"] if n == item["n"] else "parameter" if n in rows else "card"
        boxes.append(Box(f"i{n}", "card", [Row((Cell(head, "left", 2),)), numbers], (), kind, f"{kind}_line"))
        edges += [
            Edge(f"i{n}_{k}", f"i{a}", f"i{n}", (Run("0", "partial"),)) for k, a in enumerate(tape.args[n]) if a in tree
        ]
    made = Picture(boxes, edges, direction=options.direction)
    straighten(made)
    svg = live_svg(made, to_svg)
    for before, after in (
        (' class="node" tabindex="0" role="button"', ' class="part"'),
        (' class="edge', ' class="way edge'),
        (' data-s="', ' data-part="'),
    ):
        svg = svg.replace(before, after)
    frame = f'<rect class="frame" rx="9" fill="var(--cluster)" stroke="var(--{item["kind"]}-line)"></rect>'
    start = svg.index(">") + 1
    size = svg[:start].partition('viewBox="')[2].partition('"')[0]
    return f'<svg id="in-{item["id"]}" class="inner" viewBox="{size}">{frame}{svg[start:]}'
