"""The default style: one card per named value, with its expression, its value and its gradient."""

from __future__ import annotations

import re
from typing import Any

from ...engine.sweeps import LayerInputs
from ..graph_view import Options, Reading, number, too_many
from ..longest_path import straighten
from ..model import Box, Cell, Edge, Picture, Row
from ..style import SIZE
from ..text import Line, Run, line, width
from .registered import Style

__all__ = ["STYLE", "cards", "legend"]

_ROWS = 8  # parameters that a card lists
_SMALL = 10.0
_WIDE = 230.0  # points, from which an expression is broken into lines
_LINES = 4
_BREAK = re.compile(r"(?=(?: [+−] |, ))")  # before a sum's signs and after commas


def cards(reading: Reading) -> Picture:
    """The picture of a graph as cards.

    Raises:
        RenderError: for more cards than ``max_nodes``.
    """
    options = reading.options
    inside = _folded_parameters(reading)
    shown = [item for item in reading.outline.lines if id(item.node) not in inside]
    if options.max_nodes is not None and len(shown) > options.max_nodes:
        raise too_many(f"{len(shown):,} cards", options.max_nodes)
    boxes, edges = [], []
    for item in shown:
        rows: list[tuple[Any, float]] = []
        count = 0
        for operand, ways in zip(item.operands, item.partials):
            for partial in ways:
                if id(operand) in inside:
                    rows.append((operand, partial))
                else:
                    edges.append(_edge(reading, item.node, operand, partial, count))
                count += 1
        boxes.append(_card(reading, item.node, rows))
    labelled = any(e.label for e in edges)
    picture = Picture(
        boxes, edges, direction=options.direction, theme=options.theme, legend=legend(options, labelled),
        ranksep=0.2 if options.direction == "LR" else 0.26,
    )  # fmt: skip
    straighten(picture, light=reading.light())
    return picture


def legend(options: Options, partials: bool = True) -> Line:
    """What the three colours mean."""
    words = []
    if options.values:
        words.append(Run("value", "value"))
    if options.grads:
        words.append(Run("gradient", "grad"))
    if options.partials and partials:
        words.append(Run("local derivative", "partial"))
    return line(*(run for word in words for run in (word, Run("     ", "muted"))))


def _folded_parameters(reading: Reading) -> set[int]:
    """Parameters used once, by a neuron or a card that something else enters too: they become rows of that card."""
    outline = reading.outline
    neurons = {reading.owner[id(node)] for node in outline.nodes if isinstance(node._b, LayerInputs)}
    found: set[int] = set()
    for item in outline.lines:
        once = {
            id(operand) for operand in item.operands if reading.ways[id(operand)] == 1 and reading.is_parameter(operand)
        }
        if len(once) < len(item.operands) or id(item.node) in neurons:
            found |= once
    return found


def _card(reading: Reading, node: Any, parameters: list[tuple[Any, float]]) -> Box:
    options = reading.options
    numbers = []
    if options.values:
        numbers.append(Run(reading.value(node), "value"))
    if options.grads:
        numbers.append(Run(number(node.grad), "grad"))
    wide = max(len(numbers), 1)
    head = _wrapped(_head(reading, node))
    align = "left" if wide > 1 or len(head) > 1 else "center"
    rows = [Row((Cell(text, align, wide),), joined=i > 0) for i, text in enumerate(head)]
    if numbers:
        rows.append(Row([Cell((run,), "center") for run in numbers], rule=True))
    limit = len(parameters) if options.unfold or len(parameters) <= _ROWS else _ROWS - 1
    panel = [_parameter(reading, parameter, partial) for parameter, partial in parameters[:limit]]
    if limit < len(parameters):
        more = Run(f"… and {len(parameters) - limit} more parameters", "muted")
        panel.append(Row((Cell((more,), "left", len(panel[0].cells)),), size=_SMALL))
    kind = reading.kind(node)
    tooltip = "\n".join([reading.tooltip(node), *(reading.edge_tooltip(node, *p) for p in parameters[:40])])
    return Box(reading.ids[id(node)], "card", rows, panel, kind, f"{kind}_line", tooltip=tooltip)


def _head(reading: Reading, node: Any) -> Line:
    """name = expression."""
    expression = reading.expression(node)
    name = reading.name(node)
    return line(name, Run(" = ", "muted"), expression) if expression else name


def _wrapped(text: Line) -> list[Line]:
    """A long expression on several lines, broken before its operators; at most four."""
    if width(text, SIZE) <= _WIDE:
        return [text]
    pieces = [Run(part, run.colour, run.italic, run.shift) for run in text for part in _BREAK.split(run.text) if part]
    lines: list[Line] = [()]
    for piece in pieces:
        longer = line(lines[-1], piece)
        if lines[-1] and _BREAK.match(piece.text) and width(longer, SIZE) > _WIDE - 60.0:
            lines.append(line(Run("    "), Run(piece.text.lstrip(), piece.colour, piece.italic, piece.shift)))
        else:
            lines[-1] = longer
    if len(lines) > _LINES:
        lines[_LINES - 1 :] = [line(lines[_LINES - 1], Run(" …", "muted"))]
    return lines


def _parameter(reading: Reading, node: Any, partial: float) -> Row:
    """name | value | gradient | local derivative."""
    options = reading.options
    cells = [Cell(reading.name(node))]
    if options.values:
        cells.append(Cell((Run(reading.value(node), "value"),), "right"))
    if options.grads:
        cells.append(Cell((Run(number(node.grad), "grad"),), "right"))
    if options.partials:
        cells.append(Cell((Run(number(partial), "partial"),), "right"))
    return Row(cells, size=_SMALL)


def _edge(reading: Reading, node: Any, operand: Any, partial: float, count: int) -> Edge:
    tail, head = reading.ids[id(operand)], reading.ids[id(node)]
    label = (Run(number(partial), "partial"),) if reading.options.partials else ()
    return Edge(f"e{head[1:]}_{count}", tail, head, label, tooltip=reading.edge_tooltip(node, operand, partial))


STYLE = Style("cards", "one card per named value, with its expression, value and gradient", cards)
