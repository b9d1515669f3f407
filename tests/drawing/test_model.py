"""Pictures built by hand, as the chapter's figures are: every part of the model, by every tier."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import (  # fmt: skip
    SERIF,
    Box,
    Cell,
    Drawing,
    Edge,
    Picture,
    Row,
    Run,
    box,
    circle,
    line,
    mathematical,
    palette,
    render_svg,
)
from autograd_lite.drawing.renderer import Renderer
from autograd_lite.drawing.style import resolve
from autograd_lite.drawing.text import clean, plain, width
from autograd_lite.errors import RenderError

from .drawn_graphs import domke


def parse(picture: Picture) -> dict[str, ET.Element]:
    root = ET.fromstring(render_svg(picture))
    return {e.attrib["id"]: e for e in root.iter() if "id" in e.attrib}


def words(element: ET.Element) -> list[str]:
    return ["".join(t.itertext()) for t in element.iter("{http://www.w3.org/2000/svg}text")]


def test_circles_boxes_text_and_edges(tier: str) -> None:
    picture = Picture(
        [
            circle("a", mathematical("∂ℓ/∂f0"), 22.0, font=SERIF, tooltip="first\nsecond"),
            box("b", (Run("exp[•]"),), font=SERIF, pen=2.0, stroke="blue"),
            Box("c", "text", [Row([Cell((Run("plain"),), "center")])]),
            Box("d", "circle", [Row([Cell((Run("fits"),), "center")]), Row([Cell((Run("1.5", "value"),), "center")])]),
        ],
        [
            Edge("e0", "a", "b", mathematical("∂h1/∂f0"), tooltip="a tooltip"),
            Edge("e1", "b", "c", back=True, dashed=True, colour="orange", pen=2.0),
            Edge("e2", "c", "d", arrow=False),
        ],
        legend=line(Run("value", "value")),
    )
    found = parse(picture)
    assert words(found["a"]) == ["∂ℓ/∂f0"]
    assert "first\nsecond" in "".join(found["a"].itertext())
    assert [word.strip() for word in words(found["c"]) + words(found["d"])] == ["plain", "fits", "1.5"]
    label = found.get("e0-label", found["e0"])
    assert words(label)[-1] == "∂h1/∂f0"
    orange = palette("light")["orange"].lower()
    assert orange in ET.tostring(found["e1"], "unicode").lower()
    assert len([e for e in found["e1"].iter() if e.tag.endswith("polygon")]) == 1
    assert not [e for e in found["e2"].iter() if e.tag.endswith("polygon")]
    assert "stroke-dasharray" in ET.tostring(found["e1"], "unicode")


def centre(element: ET.Element) -> tuple[float, float]:
    shape = next(e for e in element.iter() if "cx" in e.attrib)
    return float(shape.attrib["cx"]), float(shape.attrib["cy"])


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_columns_are_kept_by_every_tier(tier: str, direction: str) -> None:
    """Figure 7.1: fully connected columns, each in its order; the last two columns have no edge between them."""
    columns = [[f"u{k}_{i}" for i in range(n)] for k, n in enumerate([3, 4, 2, 1])]
    boxes = [circle(id, (), 6.0) for column in reversed(columns) for id in reversed(column)]
    edges = [Edge(f"e{a}{b}", a, b) for left, right in pairwise(columns[:3]) for a in left for b in reversed(right)]
    found = parse(Picture(boxes, edges, direction=direction, columns=columns, straight=True))
    along, across = (0, 1) if direction == "LR" else (1, 0)
    places = [[centre(found[id]) for id in column] for column in columns]
    for column in places:
        assert max(p[along] for p in column) - min(p[along] for p in column) < 1.0
        assert [p[across] for p in column] == sorted(p[across] for p in column)
    assert [column[0][along] for column in places] == sorted(column[0][along] for column in places)


def test_a_wrong_attribute_is_named() -> None:
    with pytest.raises(TypeError, match="no attribute 'color'"):
        circle("a", (), color="red")


def test_colours_are_roles_or_colours() -> None:
    assert resolve("crimson", palette("light")) == "crimson"
    with pytest.raises(RenderError, match="no theme"):
        palette("sepia")


def test_text() -> None:
    assert clean("x" * 10, limit=4) == "xxx…"
    assert plain(mathematical("ω₁2")) == "ω₁₂"
    assert plain(line(Run("x"), Run("-2", shift=1))) == "x⁻²"
    assert width((Run("e\u0301"),), 10.0) == width((Run("e"),), 10.0)
    assert [run.text for run in mathematical("h_{3,1}")] == ["h", "3,1"]


def test_files_that_would_collide(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="also the file of the source"):
        ag.draw(domke()).render(outfile=tmp_path / "a.gv")


def test_view_opens_the_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[Any] = []
    monkeypatch.setattr(Drawing, "_view", lambda self, path, **named: opened.append(path))
    path = ag.draw(domke()).render(outfile=tmp_path / "a.svg", view=True)
    assert opened == [path]


def test_a_program_that_cannot_be_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "dot"
    program.write_bytes(b"\x00not a program")
    program.chmod(0o755)
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", str(program))
    with pytest.raises(RenderError, match=r"can't be run|failed"):
        ag.draw(domke()).pipe(format="svg")
    assert Renderer("dot", str(program)).version == "unknown"
    assert Renderer("builtin").version == ""


def test_too_many_edges_are_refused() -> None:
    columns = [[Value(1.0, f"x{i}") for i in range(60)]]
    for k in range(2):
        columns.append([ag.sum(columns[-1]).named(f"h{k}_{i}") for i in range(60)])
    with pytest.raises(RenderError, match="7,260 edges"):
        ag.draw(ag.sum(columns[-1]))


def test_an_expression_that_is_far_too_long_is_cut() -> None:
    xs = [Value(1.0, f"a_rather_long_name_{i}") for i in range(40)]
    y = ag.sin(xs[0])
    for x in xs[1:]:
        y = y + ag.sin(x)
    picture = ag.draw(y.named("y"), fold=True).picture
    assert max(len(item.rows) for item in picture.boxes) <= 5
    assert re.search(
        r"…", "".join(run.text for item in picture.boxes for row in item.rows for run in row.cells[0].line)
    )
