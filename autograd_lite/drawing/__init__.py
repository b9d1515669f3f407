"""The graph in pictures."""

from __future__ import annotations

from .draw import draw, mimebundle, picture_of, picture_of_lines
from .drawing import Drawing, inline_html, render_svg
from .graph_view import Options
from .model import Box, Cell, Cluster, Edge, Picture, Row, box, circle
from .renderer import Renderer, find_renderer
from .style import PALETTES, SERIF, palette
from .styles import STYLES
from .text import Line, Run, line, mathematical

__all__ = [
    "PALETTES", "SERIF", "STYLES", "Box", "Cell", "Cluster", "Drawing", "Edge", "Line", "Options", "Picture",
    "Renderer", "Row", "Run", "box", "circle", "draw", "find_renderer", "inline_html", "line", "mathematical",
    "mimebundle", "palette", "picture_of", "picture_of_lines", "render_svg",
]  # fmt: skip
