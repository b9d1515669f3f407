"""What a picture is made of, before any renderer: boxes with text, edges, clusters.

The same picture is written as DOT (``dot.write``) for Graphviz, or laid out and written as SVG here (``layout``).

>>> from autograd_lite.drawing.text import Run
>>> picture = Picture([circle("x", mathematical("x")), box("f", (Run("exp[•]"),))], [Edge("e0", "x", "f")])
>>> [b.shape for b in picture.boxes]
['circle', 'box']
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .style import FONT, SIZE
from .text import Line, mathematical

__all__ = ["Box", "Cell", "Cluster", "Edge", "Picture", "Row", "box", "circle", "mathematical"]


@dataclass(frozen=True)
class Cell:
    """One cell of a card: a line of text, how it is set, how many columns it spans."""

    line: Line
    align: str = "left"
    span: int = 1


@dataclass(frozen=True)
class Row:
    """One row of a card; ``rule`` draws a line above it, ``joined`` continues the one above, ``size`` is the font's."""

    cells: Sequence[Cell]
    rule: bool = False
    size: float = SIZE
    joined: bool = False


@dataclass
class Box:
    """A node of the picture.

    Attributes:
        id: the id in DOT and SVG.
        shape: "card" (rounded, a table of rows), "circle", "box" or "text" (no outline).
        rows: the text; each row of a shape other than a card is one centred line.
        panel: rows of a card's lower part, which has columns of its own and the colour of parameters.
        fill, stroke: colours or roles of the palette.
        pen: width of the outline in points.
        tooltip: plain text, shown when the pointer rests on it; lines separated by newlines.
        width, height: the size in points of a circle or box; 0 fits the text.
        spine: whether it stands on the straight path.
        font: the family.
    """

    id: str
    shape: str = "card"
    rows: Sequence[Row] = ()
    panel: Sequence[Row] = ()
    fill: str = "card"
    stroke: str = "card_line"
    pen: float = 1.0
    tooltip: str = ""
    width: float = 0.0
    height: float = 0.0
    spine: bool = False
    font: str = FONT


@dataclass
class Edge:
    """An arrow from the box ``tail`` to the box ``head`` (ids), which stands to the right of it or below.

    Attributes:
        label: text beside it.
        colour: a colour or a role of the palette.
        pen: width in points.
        weight: how hard the layout tries to keep it short and straight.
        back: draw the arrowhead at the tail: the layout is that of the forward pass.
        dashed: a broken line.
        arrow: whether it has a head at all.
    """

    id: str
    tail: str
    head: str
    label: Line = ()
    colour: str = "edge"
    pen: float = 1.1
    tooltip: str = ""
    weight: int = 1
    back: bool = False
    dashed: bool = False
    arrow: bool = True
    size: float = 9.0


@dataclass
class Cluster:
    """A frame with a title around the boxes ``members`` (ids)."""

    id: str
    title: Line
    members: Sequence[str]


@dataclass
class Picture:
    """A whole picture.

    Attributes:
        boxes, edges, clusters: the parts; ids are unique.
        direction: "LR" or "TB".
        theme: "light" or "dark".
        legend: a line of text below, on the left.
        columns: ids of boxes by column, top to bottom (for "TB" by row, left to right); fixes their order. Boxes
            that are in no column are placed by the layout.
        nodesep, ranksep: distances in inches, as in DOT.
        name: the name of the graph in DOT.
        straight: draw edges as straight lines.
    """

    boxes: list[Box]
    edges: list[Edge] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)
    direction: str = "LR"
    theme: str = "light"
    legend: Line = ()
    columns: Sequence[Sequence[str]] = ()
    nodesep: float = 0.16
    ranksep: float = 0.26
    name: str = "autograd_lite"
    straight: bool = False


def circle(id: str, text: Line, radius: float = 11.0, **style: object) -> Box:
    """A circle with one line of text in it, as the book draws variables.

    Args:
        id: its id.
        text: the line; ``mathematical("f1")`` makes one of a name.
        radius: in points.
        **style: any other attribute of ``Box``.
    """
    return _shape("circle", id, text, 2 * radius, 2 * radius, style)


def box(id: str, text: Line, width: float = 34.0, height: float = 21.0, **style: object) -> Box:
    """A rectangle with one line of text in it, as the book draws operations; sizes in points."""
    return _shape("box", id, text, width, height, style)


def _shape(shape: str, id: str, text: Line, width: float, height: float, style: dict[str, object]) -> Box:
    size = style.pop("size", SIZE)
    made = Box(id, shape, (Row((Cell(text, "center"),), size=float(str(size))),), width=width, height=height)
    for name, setting in style.items():
        if not hasattr(made, name):
            raise TypeError(f"a box has no attribute {name!r}")
        setattr(made, name, setting)
    return made
