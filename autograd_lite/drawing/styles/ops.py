"""``ops``: every value, and every operation as a shape of its own, as micrograd draws them."""

from __future__ import annotations

from typing import Any

from ..graph_view import Reading, number
from ..longest_path import straighten
from ..model import Box, Cell, Edge, Picture, Row, box, circle
from ..style import SIZE
from ..text import Run, width
from .cards import legend
from .operations import check, into_op, op_tooltip, sign
from .registered import Style

__all__ = ["STYLE", "ops"]


def ops(reading: Reading) -> Picture:
    """Every value as a card (name | value | gradient) and every operation as a circle before it.

    Raises:
        RenderError: for more boxes than ``max_nodes``.
    """
    options = reading.options
    boxes: list[Box] = []
    edges: list[Edge] = []
    for item in reading.outline.lines:
        node = item.node
        key = reading.ids[id(node)]
        if node.op is not None:
            symbol = sign(node, options.unfold)
            across = max(22.0, width(symbol, SIZE) + 9.0)
            shape = circle if across < 30.0 else box
            made = shape(f"o{key[1:]}", symbol, fill="page", stroke="edge", tooltip=op_tooltip(reading, node))
            made.width, made.height = across, across if shape is circle else 22.0
            boxes.append(made)
            products, into = into_op(reading, node, made.id)
            boxes[-1:] = [*products, made]
            edges += into
            edges.append(Edge(f"r{key[1:]}", f"o{key[1:]}", key))
        boxes.append(_strip(reading, node))
    check(reading, boxes)
    picture = Picture(
        boxes, edges, direction=options.direction, theme=options.theme, legend=legend(options), ranksep=0.3
    )
    straighten(picture, light=reading.light())
    return picture


def _strip(reading: Reading, node: Any) -> Box:
    """A flat card: name | value | gradient."""
    options = reading.options
    cells = [Cell(reading.name(node))]
    if options.values:
        cells.append(Cell((Run(reading.value(node), "value"),)))
    if options.grads:
        cells.append(Cell((Run(number(node.grad), "grad"),)))
    kind = reading.kind(node)
    row = Row(cells)
    return Box(reading.ids[id(node)], "card", (row,), (), kind, f"{kind}_line", tooltip=reading.tooltip(node))


STYLE = Style("ops", "every value and every operation, as micrograd draws them", ops, fold=False)
