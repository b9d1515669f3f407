"""How large things are: cards as tables of text, circles, boxes, labels."""

from __future__ import annotations

from .model import Box, Edge, Row
from .text import width

__all__ = ["PAD", "columns", "label_size", "row_height", "size"]

#: space around the text of a cell, in points
PAD = 4.0


def row_height(row: Row) -> float:
    """The height of a row of a card."""
    return row.size * 1.16 + 2 * 3.0


def columns(item: Box) -> list[float]:
    """The widths of a card's columns: wide enough for every cell, spans included."""
    count = max((sum(cell.span for cell in row.cells) for row in item.rows), default=1)
    widths = [0.0] * count
    for row in item.rows:
        at = 0
        for cell in row.cells:
            if cell.span == 1:
                widths[at] = max(widths[at], width(cell.line, row.size) + 2 * PAD)
            at += cell.span
    for row in item.rows:
        at = 0
        for cell in row.cells:
            need = width(cell.line, row.size) + 2 * PAD - sum(widths[at : at + cell.span])
            if need > 0:
                for i in range(at, at + cell.span):
                    widths[i] += need / cell.span
            at += cell.span
    return widths


def size(item: Box) -> tuple[float, float]:
    """Width and height of a box in points."""
    if item.width and item.shape != "card":
        return item.width, item.height or item.width
    if item.shape == "card":
        return sum(columns(item)), sum(row_height(row) for row in item.rows)
    wide = max((width(cell.line, row.size) for row in item.rows for cell in row.cells), default=0.0) + 8.0
    high = sum(row.size * 1.2 * len(row.cells) for row in item.rows) + 6.0
    if item.shape == "circle":
        return (max(wide, high),) * 2
    return wide, high


def label_size(edge: Edge) -> tuple[float, float]:
    """Width and height of an edge's label."""
    return width(edge.label, edge.size), edge.size * 1.2
