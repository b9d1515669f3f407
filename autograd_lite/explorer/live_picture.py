"""The picture of a graph made ready for the page: colours that follow the theme, numbers that the script can change."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..drawing import PALETTES, render_svg
from ..drawing.model import Box, Cell, Edge, Picture, Row
from ..drawing.text import Line
from ..drawing.themed import SVG, by_role, parse, serialize

__all__ = ["live_svg", "palette_css", "with_room"]

_ROOM = "−8.888"  # what a number may need; longer ones are set smaller
_NUMBERS = {"value": "v", "grad": "g", "partial": "p"}


def with_room(picture: Picture) -> Picture:
    """The picture with the same width for every number, since they will change."""
    boxes = [replace(box, rows=_rows(box.rows), panel=_rows(box.panel), tooltip="") for box in picture.boxes]
    edges = [replace(edge, label=_wide(edge.label), tooltip="") for edge in picture.edges]
    return replace(picture, boxes=boxes, edges=edges, legend=(), ranksep=min(picture.ranksep, 0.16))


def _rows(rows: Any) -> list[Row]:
    return [replace(row, cells=[_cell(cell) for cell in row.cells]) for row in rows]


def _cell(cell: Cell) -> Cell:
    made = _wide(cell.line)
    return cell if made == cell.line else replace(cell, line=made, align="center")


def _wide(text: Line) -> Line:
    return tuple([replace(run, text=_ROOM) if run.colour in _NUMBERS else run for run in text])


def palette_css() -> tuple[str, str]:
    """The two palettes as CSS variables, light and dark."""
    light, dark = (
        "".join(f"--{role.replace('_', '-')}:{colour};" for role, colour in PALETTES[theme].items())
        for theme in ("light", "dark")
    )
    return light, dark


def live_svg(picture: Picture, draw: Callable[[Picture], str] = render_svg) -> str:
    """The SVG of a picture for the page, from ``draw``: by default whichever renderer is here.

    Colours become ``var(--role)``. The texts of numbers carry ``data-s`` (v, g, p: value, gradient, local derivative),
    those of a card's rows ``data-r`` too. Nodes and edges keep their ids.

    >>> from autograd_lite.drawing import Box, Picture, Row, Cell, Run
    >>> box = Box("n0", rows=[Row([Cell((Run("x"),))]), Row([Cell((Run("2", "value"),))])])
    >>> 'data-s="v"' in live_svg(Picture([box]))
    True
    """
    roomy = with_room(picture)
    root = parse(draw(roomy))
    _tidy(root, roomy)
    for element in list(root.iter()):
        for child in list(element):  # wide lines for tooltips, and the halo behind labels, which is the style's here
            if child.get("aria-hidden") or (child.get("fill") == "none" and child.get("stroke") == "none"):
                element.remove(child)
    return serialize(root)


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _tidy(root: ET.Element, picture: Picture) -> None:
    boxes: dict[str, Box] = {box.id: box for box in picture.boxes}
    edges: dict[str, Edge] = {edge.id: edge for edge in picture.edges}
    for group in root.iter(f"{{{SVG}}}g"):
        name = group.get("id", "")
        if name in boxes:
            _mark_box(group, boxes[name])
            group.set("tabindex", "0")
            group.set("role", "button")
        elif name.removesuffix("-label") in edges:
            _mark_texts(group, lambda k: {})
    by_role(root, picture, lambda role, _: f"var(--{role.replace('_', '-')})")
    box = [float(x) for x in root.get("viewBox", "0 0 100 100").split()]
    root.set("style", f"--w:{box[2]:.0f};--h:{box[3]:.0f}")
    root.set("role", "group")
    root.set("aria-label", "the graph")
    for key in ("width", "height"):
        root.attrib.pop(key, None)
    for child in list(root):  # the white page behind it
        if _tag(child) == "rect":
            root.remove(child)
        elif child.get("id") == "graph0":
            for page in child.findall(f"{{{SVG}}}polygon")[:1]:
                child.remove(page)


def _mark_box(group: ET.Element, box: Box) -> None:
    upper = sum(1 for row in box.rows for cell in row.cells for run in cell.line if run.colour in _NUMBERS)
    lower = [sum(1 for cell in row.cells for run in cell.line if run.colour in _NUMBERS) for row in box.panel]
    rows = [r for r, count in enumerate(lower) for _ in range(count)]
    _mark_texts(group, lambda k: {} if k < upper else {"data-r": str(rows[k - upper])})


def _mark_texts(group: ET.Element, more: Any) -> None:
    """Mark the texts that are one number, by their colour, and set them around their middle."""
    light = {PALETTES["light"][role].lower(): mark for role, mark in _NUMBERS.items()}
    count = 0
    for text in group.iter(f"{{{SVG}}}text"):
        inner = [child for child in text if _tag(child) == "tspan"]
        words = "".join(text.itertext())
        fill = (inner[0] if inner else text).get("fill", "").lower()
        if words.strip() != _ROOM:
            continue
        if fill not in light:  # the halo behind a label
            continue
        size = float(text.get("font-size", "11"))
        wide = sum(_WIDTHS.get(c, 0.556) for c in _ROOM) * size
        anchor = text.get("text-anchor", "start")
        x = float(text.get("x", "0")) + {"start": wide / 2, "end": -wide / 2}.get(anchor, 0.0)
        y, family = text.get("y", "0"), text.get("font-family")
        text.clear()
        text.attrib.update({"x": f"{x:.1f}", "y": y, "font-size": f"{size:g}", "text-anchor": "middle", "fill": fill})
        text.attrib.update({"data-s": light[fill], **more(count)})
        if family:
            text.set("font-family", family)
        count += 1


_WIDTHS = {"−": 0.584, ".": 0.278}
