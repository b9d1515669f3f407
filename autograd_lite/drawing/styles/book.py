"""``book``: circles are variables and boxes operations, as in figure 7.9."""

from __future__ import annotations

from typing import Any

from ..graph_view import Reading, number
from ..longest_path import straighten
from ..model import Box, Cell, Edge, Picture, Row, box, circle
from ..style import SERIF, SIZE
from ..text import Run, width
from .cards import legend
from .operations import bracketed, check, into_op, op_tooltip
from .registered import Style

__all__ = ["STYLE", "book"]


def book(reading: Reading) -> Picture:
    """Circles are variables, boxes are operations; an unnamed intermediate has no circle.

    Raises:
        RenderError: for more boxes than ``max_nodes``.
    """
    options = reading.options
    boxes: list[Box] = []
    edges: list[Edge] = []
    folded = reading.outline.folded
    for node in reading.outline.nodes:
        key = reading.ids[id(node)]
        if node.op is not None:
            symbol = bracketed(node, options.unfold)
            made = box(
                f"o{key[1:]}", symbol, max(34.0, width(symbol, SIZE) + 8.0), 21.0, font=SERIF, fill="page",
                stroke="edge", tooltip=op_tooltip(reading, node),
            )  # fmt: skip
            boxes.append(made)
            products, into = into_op(reading, node, made.id, SERIF)
            boxes[-1:] = [*products, made]
            edges += into
        if id(node) not in folded:
            boxes.append(_disc(reading, node))
            if node.op is not None:
                edges.append(Edge(f"r{key[1:]}", f"o{key[1:]}", key))
    check(reading, boxes)
    shown = legend(options) if options.values or options.grads or options.partials else ()
    picture = Picture(
        boxes,
        edges,
        direction=options.direction,
        theme=options.theme,
        legend=shown,
        ranksep=0.32 if options.partials else 0.2,
    )
    straighten(picture, light=reading.light(), shared=True)
    return picture


def _disc(reading: Reading, node: Any) -> Box:
    """A circle with the name in it, and below it the numbers that are asked for."""
    options = reading.options
    name = reading.name(node)
    radius = max(11.0, width(name, SIZE) / 2 + 3.5)
    made = circle(
        reading.ids[id(node)], name, radius, font=SERIF, fill="page", stroke="edge",
        tooltip=reading.tooltip(node),
    )  # fmt: skip
    numbers = [Run(reading.value(node), "value")] if options.values else []
    numbers += [Run(number(node.grad), "grad")] if options.grads else []
    if numbers:
        made.rows = [*made.rows, *(Row((Cell((run,), "center"),), size=8.0) for run in numbers)]
        longest = max(width((run,), 8.0) for run in numbers)
        made.width = made.height = 2 * max(radius, longest / 2 + 5.0, 12.0 + 4.5 * len(numbers))
    return made


STYLE = Style("book", "circles are variables and boxes operations, as in figure 7.9", book, numbers=False)
