"""The graph in pictures."""

from __future__ import annotations

from .figure import Drawing, inline_html, render_svg
from .live import draw, mimebundle, picture_of
from .model import Box, Cell, Cluster, Edge, Picture, Row, box, circle
from .reading import Options
from .renderer import Renderer, find_renderer
from .style import PALETTES, SERIF, palette
from .text import Line, Run, line, mathematical

__all__ = [
    "PALETTES", "SERIF", "Box", "Cell", "Cluster", "Drawing", "Edge", "Line", "Options", "Picture", "Renderer", "Row",
    "Run", "box", "circle", "draw", "find_renderer", "inline_html", "line", "mathematical", "mimebundle",
    "palette", "picture_of", "render_svg",
]  # fmt: skip
