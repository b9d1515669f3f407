"""Colouring a path, single values or single edges, as figure 7.2 does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..engine.sweeps import Node
from .graph_view import Reading
from .model import Box, Cell, Edge, Picture, Row
from .style import PALETTES
from .text import recolour

__all__ = ["apply_highlight"]


def apply_highlight(picture: Picture, reading: Reading, highlight: Any) -> None:
    """Colour parts of the picture.

    Args:
        picture: what to change.
        reading: the graph it was made of.
        highlight: a Value (it in blue, everything downstream of it in orange, as in figure 7.2); several (a path, in
            orange, with the edges between them); or a dict from a colour to a Value, a label, a pair (tail, head) for
            an edge, or several of these.

    Raises:
        TypeError: for anything else.
        ValueError: for a Value or a label that is not in the graph.
    """
    painter = _Painter(picture, reading)
    if isinstance(highlight, Mapping):
        for colour, items in highlight.items():
            if not isinstance(colour, str):
                raise TypeError(f"highlight takes a dict from colours to Values, not from {type(colour).__name__}")
            if isinstance(items, tuple) and len(items) == 2 and all(_single(i) for i in items):
                items = [items]
            painter.paint(colour, [items] if _single(items) else list(items), path=not isinstance(items, (set, dict)))
    elif _single(highlight):
        painter.downstream(highlight)
    elif isinstance(highlight, Iterable):
        painter.paint("orange", list(highlight), path=True)
    else:
        raise TypeError(f"highlight takes Values, or a dict from colours to Values, not {type(highlight).__name__}")


def _single(item: Any) -> bool:
    return isinstance(item, (Node, str))


class _Painter:
    def __init__(self, picture: Picture, reading: Reading) -> None:
        self.picture = picture
        self.reading = reading
        self.boxes = {item.id: item for item in picture.boxes}
        self.labels = {node.label: node for node in reversed(reading.outline.nodes) if node.label}
        self.words = {reading.word(item.node): item.node for item in reversed(reading.outline.lines)}

    def find(self, item: Any) -> Any:
        """The node that a Value or a label means."""
        node = self.labels.get(item, self.words.get(item)) if isinstance(item, str) else item
        if node is None or id(node) not in self.reading.owner:
            raise ValueError(f"highlight: {item!r} is not in this graph")
        return node

    def box(self, node: Any) -> str:
        """The id of the box where a node is drawn: its own, or the one that it is folded into."""
        own = self.reading.ids[self.reading.owner[id(node)]]
        return own if own in self.boxes else self.row_owner(node)

    def row_owner(self, node: Any) -> str:
        """The card of which a folded parameter is a row."""
        for item in self.reading.outline.lines:
            if any(operand is node for operand in item.operands):
                return self.reading.ids[id(item.node)]
        raise AssertionError("a parameter without a card")

    def paint(self, colour: str, items: list[Any], path: bool) -> None:
        """Colour values and edges; between the values of a path, the edges too."""
        inside: set[str] = set()
        for item in items:
            if isinstance(item, tuple):
                if len(item) != 2:
                    raise TypeError(f"highlight: an edge is a pair (tail, head), not a tuple of {len(item)}")
                self.edges(colour, {self.box(self.find(item[0]))}, {self.box(self.find(item[1]))})
            else:
                inside.add(self.value(colour, self.find(item)))
        if path:
            self.edges(colour, inside, inside)

    def value(self, colour: str, node: Any) -> str:
        """Colour one value; the id of its box."""
        target = self.box(node)
        if self.reading.ids[self.reading.owner[id(node)]] in self.boxes:
            _outline(self.boxes[target], colour)
        else:
            _row(self.boxes[target], self.reading.name(node), colour)
        return target

    def edges(self, colour: str, tails: set[str], heads: set[str]) -> None:
        """Colour the edges on every way from one set of boxes to another that passes through operations alone."""
        ordered = sorted(self.picture.edges, key=_place)
        after, before = set(tails), set(heads)
        for edge in ordered:
            if edge.tail in after and edge.head[0] in _OPERATIONS:
                after.add(edge.head)
        for edge in reversed(ordered):
            if edge.head in before and edge.tail[0] in _OPERATIONS:
                before.add(edge.tail)
        for edge in ordered:
            if edge.tail in after and edge.head in before:
                _stroke(edge, colour)

    def downstream(self, item: Any) -> None:
        """The value in blue, all that depends on it in orange."""
        node = self.find(item)
        start = self.value("blue", node)
        reached = {start}
        for edge in sorted(self.picture.edges, key=_place):
            if edge.tail in reached:
                reached.add(edge.head)
                _stroke(edge, "orange")
        row = self.reading.ids[self.reading.owner[id(node)]] not in self.boxes
        for id_ in reached - (set() if row else {start}):
            _outline(self.boxes[id_], "orange")


#: the first letters of the ids of operations: a neuron's product, an operation; values are n
_OPERATIONS = "po"


def _place(edge: Edge) -> tuple[int, int]:
    """Sorts edges by the topological place of their tails; an operation stands just before its result."""
    return int(edge.tail[1:].partition("_")[0]), "pon".index(edge.tail[0])


def _outline(item: Box, colour: str) -> None:
    item.stroke, item.pen = _role(colour), 2.0


def _stroke(edge: Edge, colour: str) -> None:
    edge.colour, edge.pen = _role(colour), 2.0


def _row(item: Box, name: Any, colour: str) -> None:
    """The row of a folded parameter."""
    rows: list[Row] = []
    for row in item.panel:
        if row.cells[0].line == name:
            row = replace(row, cells=[Cell(recolour(c.line, _role(colour)), c.align, c.span) for c in row.cells])
        rows.append(row)
    item.panel = rows


def _role(colour: str) -> str:
    """A role of the palette, or a colour that can be written into DOT and SVG."""
    if colour in PALETTES["light"] or (colour.isascii() and colour.isalnum()) or _is_hex(colour):
        return colour
    raise ValueError(f"highlight: {colour!r} is no colour: take blue, orange, a name such as crimson, or #rrggbb")


def _is_hex(colour: str) -> bool:
    return colour[:1] == "#" and len(colour) in (4, 7, 9) and all(c in "0123456789abcdefABCDEF" for c in colour[1:])
