"""Graphviz's SVG made to work everywhere.

Firefox doesn't know ``baseline-shift``, browsers show the title of a node (its id) rather than its tooltip, and without
pango the pieces of a formula stand apart, because Greek letters are measured as spaces.
"""

from __future__ import annotations

import re

from .model import Box, Picture
from .style import palette
from .svg import text_at
from .text import Line

__all__ = ["polish"]

_SHIFT = re.compile(r' baseline-shift="(sub|super)"([^>]*?font-size="([\d.]+)")')
_TOOLTIP = re.compile(r'<g id="a_[^"]*"><a xlink:title="([^"]*)">')
_FAMILIES = {
    "Arial": "Arial,Helvetica,Liberation Sans,sans-serif",
    "Times,serif": "Times New Roman,Times,Liberation Serif,serif",
    "Times-Roman": "Times New Roman,Times,Liberation Serif,serif",
}
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_NODE = re.compile(r'<g id="([^"]*)" class="node">.*?(?=<g id="[^"]*" class="|</svg>)', re.DOTALL)
_TEXT = re.compile(r'<text [^>]*?x="([^"]+)" y="([^"]+)"[^>]*>[^<]*</text>\n?')


def polish(svg: str, picture: Picture | None = None) -> str:
    """An SVG of Graphviz with subscripts that every browser lowers, and tooltips that every browser shows.

    Args:
        svg: what Graphviz wrote.
        picture: what it was made from: then lines of several runs are written as one text each.

    >>> polish('<text y="1" baseline-shift="sub" font-size="8.00">1</text>')
    '<text y="1" dy="2.0" font-size="8.00">1</text>'
    """
    svg = _COMMENT.sub("", svg)
    if picture is not None:
        boxes = {item.id: item for item in picture.boxes}
        colours = palette(picture.theme)
        svg = _NODE.sub(lambda m: _reletter(m[0], boxes.get(m[1]), colours), svg)
    svg = _SHIFT.sub(lambda m: f' dy="{(0.25 if m[1] == "sub" else -0.4) * float(m[3]):.1f}"{m[2]}', svg)
    svg = re.sub(r"<title>[^<]*</title>\n?", "", svg)  # ids, which would hide the tooltips
    svg = _TOOLTIP.sub(lambda m: f"<g><title>{m[1]}</title><g>", svg).replace("</a>", "</g>")
    for family, better in _FAMILIES.items():
        svg = svg.replace(f'font-family="{family}"', f'font-family="{better}"')
    return svg


def _lines(item: Box) -> list[tuple[Line, float]]:
    """The lines of a box in the order in which Graphviz writes them, with their sizes."""
    return [(cell.line, row.size) for row in (*item.rows, *item.panel) for cell in row.cells]


def _reletter(node: str, item: Box | None, colours: dict[str, str]) -> str:
    """A node with one text for each line; as it is, if it doesn't have the texts that it should."""
    if item is None:
        return node
    texts = list(_TEXT.finditer(node))
    lines = _lines(item)
    if len(texts) != sum(len(text) or 1 for text, _ in lines):
        return node
    family = re.search(r'font-family="[^"]*"', node)
    pieces, end, i = [], 0, 0
    for text, size in lines:
        first, last = texts[i], texts[i + max(len(text), 1) - 1]
        x, align = (float(first[1]), "left") if item.shape == "card" else (_middle(node, float(first[1])), "center")
        pieces += [node[end : first.start()], text_at(text, x, float(first[2]), size, align, colours), "\n"]
        end = last.end()
        i += max(len(text), 1)
    made = "".join(pieces) + node[end:]
    return made.replace('class="node"', f'class="node" {family[0]}', 1) if family else made


def _middle(node: str, otherwise: float) -> float:
    """The middle of a circle or a box."""
    circle = re.search(r'<ellipse [^>]*cx="([^"]+)"', node)
    if circle:
        return float(circle[1])
    corners = re.search(r'<polygon [^>]*points="([^"]+)"', node)
    if corners:
        xs = [float(point.partition(",")[0]) for point in corners[1].split()]
        return (min(xs) + max(xs)) / 2
    return otherwise
