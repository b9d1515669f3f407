"""Graphviz's SVG made to work everywhere.

Firefox doesn't know ``baseline-shift``, browsers show the title of a node (its id) rather than its tooltip, and without
pango the pieces of a formula stand apart, because Greek letters are measured as spaces.
"""

from __future__ import annotations

import re

from .model import Box, Edge, Picture
from .style import palette
from .svg import centred, text_at
from .text import Line, clean, measured, width

__all__ = ["polish"]

_SHIFT = re.compile(r' baseline-shift="(sub|super)"([^>]*?font-size="([\d.]+)")')
_TOOLTIP = re.compile(r'<g id="a_[^"]*"><a xlink:title="([^"]*)">')
_FAMILIES = {
    "Arial": "Arial,Helvetica,Liberation Sans,sans-serif",
    "Times,serif": "Times New Roman,Times,Liberation Serif,serif",
    "Times-Roman": "Times New Roman,Times,Liberation Serif,serif",
}
_BLANK = re.compile(r"<text [^>]*>(?: |&#160;)*</text>\n?")
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_PART = re.compile(r'<g id="([^"]*)" class="(?:node|edge)">.*?(?=<g id="[^"]*" class="|</svg>)', re.DOTALL)
_TEXT = re.compile(r'<text [^>]*?x="([^"]+)" y="([^"]+)"[^>]*>([^<]*)</text>\n?')


def polish(svg: str, picture: Picture | None = None) -> str:
    """An SVG of Graphviz with subscripts that every browser lowers, and tooltips that every browser shows.

    Args:
        svg: what Graphviz wrote.
        picture: what it was made from: then lines of several runs are written as one text each.

    >>> polish('<text y="1" baseline-shift="sub" font-size="8.00">1</text>')
    '<text y="1" dy="2.0" font-size="8.00">1</text>'
    """
    svg = _BLANK.sub("", _COMMENT.sub("", svg))
    if picture is not None:
        parts: dict[str, Box | Edge] = {item.id: item for item in picture.boxes}
        parts |= {edge.id: edge for edge in picture.edges if len(edge.label) > 1}
        colours = palette(picture.theme)
        svg = _PART.sub(lambda m: _reletter(m[0], parts.get(m[1]), colours), svg)
    svg = _SHIFT.sub(lambda m: f' dy="{(0.25 if m[1] == "sub" else -0.4) * float(m[3]):.1f}"{m[2]}', svg)
    svg = re.sub(r"<title>[^<]*</title>\n?", "", svg)  # ids, which would hide the tooltips
    svg = _TOOLTIP.sub(lambda m: f"<g><title>{m[1]}</title><g>", svg).replace("</a>", "</g>")
    for family, better in _FAMILIES.items():
        svg = svg.replace(f'font-family="{family}"', f'font-family="{better}"')
    return svg


def _lines(item: Box) -> list[tuple[Line, float]]:
    """The lines of a box in the order in which Graphviz writes them, with their sizes."""
    return [(cell.line, row.size) for row in (*item.rows, *item.panel) for cell in row.cells]


def _inked(text: Line) -> int:
    """How many of its runs leave a mark."""
    return sum(bool(clean(run.text).strip()) for run in text)


def _reletter(part: str, item: Box | Edge | None, colours: dict[str, str]) -> str:
    """A node or an edge with one text for each line; as it is, if it doesn't have the texts that it should."""
    if item is None:
        return part
    texts = list(_TEXT.finditer(part))
    lines = [(item.label, item.size)] if isinstance(item, Edge) else _lines(item)
    if not texts or len(texts) != sum(_inked(text) for text, _ in lines):
        return part
    family = re.search(r'font-family="[^"]*"', part)
    if isinstance(item, Edge):
        made = _label(part, item, texts, colours)
    elif item.shape == "card":
        made = _cells(part, texts, lines, colours)
    else:
        made = _disc(part, item, texts, colours)
    return made.replace(' class="', f' {family[0]} class="', 1) if family else made


def _label(part: str, edge: Edge, texts: list[re.Match[str]], colours: dict[str, str]) -> str:
    """A label, in the middle of the room that Graphviz gave it."""
    room = float(texts[-1][1]) + measured(edge.label[-1:], edge.size) - float(texts[0][1])
    x = float(texts[0][1]) + max(0.0, room - width(edge.label, edge.size)) / 2
    written = text_at(edge.label, x, float(texts[0][2]), edge.size, "left", colours)
    return part[: texts[0].start()] + written + "\n" + part[texts[-1].end() :]


def _cells(node: str, texts: list[re.Match[str]], lines: list[tuple[Line, float]], colours: dict[str, str]) -> str:
    """A card: each line begins where its first run did."""
    pieces, end, i = [], 0, 0
    for text, size in lines:
        if not _inked(text):
            continue
        first, last = texts[i], texts[i + _inked(text) - 1]
        spaces = len(first[3]) - len(first[3].lstrip(" ")) if not text[0].text.startswith(" ") else 0
        written = text_at(text, float(first[1]) + 0.278 * size * spaces, float(first[2]), size, "left", colours)
        pieces += [node[end : first.start()], written, "\n"]
        end = last.end()
        i += _inked(text)
    return "".join(pieces) + node[end:]


def _disc(node: str, item: Box, texts: list[re.Match[str]], colours: dict[str, str]) -> str:
    """A circle or a box: its lines around its middle."""
    circle = re.search(r'<ellipse [^>]*cx="([^"]+)" cy="([^"]+)"', node)
    corners = re.search(r'<polygon [^>]*points="([^"]+)"', node)
    if not texts or not (circle or corners):
        return node
    if circle:
        x, y = float(circle[1]), float(circle[2])
    else:
        assert corners is not None
        points = [[float(c) for c in point.split(",")] for point in corners[1].split()]
        x, y = (sum((min(side), max(side))) / 2 for side in zip(*points))
    return node[: texts[0].start()] + centred(item, x, y, colours) + "\n" + node[texts[-1].end() :]
