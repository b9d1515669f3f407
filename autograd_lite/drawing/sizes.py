"""How large things are: cards as tables of text, circles, boxes, labels."""

from __future__ import annotations

from collections.abc import Sequence

from .model import Box, Edge, Row
from .text import width

__all__ = ["AROUND", "PAD", "TIGHT", "card_columns", "label_size", "row_height", "size"]

#: space left and right of the text of a cell, and above and below it; in a panel, and around it
PAD, TIGHT, AROUND = 3.5, 2.6, 2.4
_LEADING = 1.16


def row_height(row: Row, inside: bool = False) -> float:
    """The height of a row of a card, or of its panel."""
    return row.size * _LEADING + (2.5 if row.joined else 4.0 if inside else 6.0)


def columns(rows: Sequence[Row], pad: float = PAD) -> list[float]:
    """The widths of columns: wide enough for every cell, spans included."""
    count = max((sum(cell.span for cell in row.cells) for row in rows), default=1)
    widths = [0.0] * count
    for row in rows:
        at = 0
        for cell in row.cells:
            if cell.span == 1:
                widths[at] = max(widths[at], width(cell.line, row.size) + 2 * pad)
            at += cell.span
    for row in rows:
        at = 0
        for cell in row.cells:
            need = width(cell.line, row.size) + 2 * pad - sum(widths[at : at + cell.span])
            if need > 0:
                for i in range(at, at + cell.span):
                    widths[i] += need / cell.span
            at += cell.span
    return widths


def card_columns(item: Box) -> tuple[list[float], list[float]]:
    """The widths of a card's columns, and of those of its panel: stretched to the same total."""
    upper, lower = columns(item.rows), columns(item.panel, TIGHT) if item.panel else []
    missing = sum(lower) + 2 * AROUND - sum(upper)
    if item.panel:
        grown = upper if missing > 0 else lower
        grown[:] = [w + abs(missing) / len(grown) for w in grown]
    return upper, lower


def size(item: Box) -> tuple[float, float]:
    """Width and height of a box in points."""
    if item.width and item.shape != "card":
        return item.width, item.height or item.width
    if item.shape == "card":
        high = sum(row_height(row) for row in item.rows)
        if item.panel:
            high += sum(row_height(row, inside=True) for row in item.panel) + 2 * AROUND
        return sum(card_columns(item)[0]), high
    wide = max((width(cell.line, row.size) for row in item.rows for cell in row.cells), default=0.0) + 8.0
    high = sum(row.size * 1.2 * len(row.cells) for row in item.rows) + 6.0
    if item.shape == "circle":
        return (max(wide, high),) * 2
    return wide, high


def label_size(edge: Edge) -> tuple[float, float]:
    """Width and height of an edge's label."""
    return width(edge.label, edge.size), edge.size * 1.2
