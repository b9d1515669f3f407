"""Our own layout: nothing overlaps, everything is on the page, edges go from border to border."""

from __future__ import annotations

import math
import random
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.drawing import Edge, Picture, Run, box, circle, layout, mathematical, svg
from autograd_lite.drawing.layout import arrange
from autograd_lite.drawing.sizes import card_columns, size
from autograd_lite.drawing.text import width

from .drawn_graphs import domke, toy_chain


def network() -> Value:
    random.seed(3)
    return nn.MLP(3, [4, 4, 1])([Value(0.5, "x1"), Value(-1.0, "x2"), Value(2.0, "x3")])


def random_graph(seed: int, count: int = 25) -> Value:
    rng = random.Random(seed)
    values: list[Any] = [Value(rng.uniform(0.5, 1.5), f"x{i}") for i in range(4)]
    for i in range(count):
        a, b = rng.choice(values[-8:]), rng.choice(values)
        values.append(rng.choice([a + b, a * b, ag.sin(a), a - 2.0 * b, a * a]))
        if rng.random() < 0.7:
            values[-1] = values[-1].named(f"h{i}")
    return ag.sum(values).named("y")


def overlaps(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return abs(a[0] - b[0]) < (a[2] + b[2]) / 2 - 0.01 and abs(a[1] - b[1]) < (a[3] + b[3]) / 2 - 0.01


def check(picture: Picture) -> None:
    placed = arrange(picture)
    boxes = [(*placed.centres[item.id], *placed.sizes[item.id]) for item in picture.boxes]
    for i, a in enumerate(boxes):
        assert not any(overlaps(a, b) for b in boxes[:i])
    across = picture.direction == "LR"
    for edge in picture.edges:  # forward
        tail, head = placed.centres[edge.tail], placed.centres[edge.head]
        assert tail[not across] < head[not across]
    root = ET.fromstring(layout.to_svg(picture))
    left, top, wide, high = (float(x) for x in root.attrib["viewBox"].split())
    for x, y, w, h in boxes:
        assert left <= x - w / 2 <= x + w / 2 <= left + wide
        assert top <= y - h / 2 <= y + h / 2 <= top + high
    for element in root.iter():
        if element.tag.endswith("}text"):
            assert left <= float(element.attrib["x"]) <= left + wide
            assert top <= float(element.attrib["y"]) <= top + high
    assert "nan" not in re.sub(r"<title>.*?</title>|<tspan.*?</tspan>", "", layout.to_svg(picture), flags=re.DOTALL)


@pytest.mark.parametrize("style", ["cards", "ops", "book"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("graph", [toy_chain, domke, network])
def test_nothing_overlaps(graph: Any, style: str, direction: str) -> None:
    check(ag.draw(graph(), style=style, direction=direction).picture)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), style=st.sampled_from(["cards", "ops", "book"]), across=st.booleans())
def test_nothing_overlaps_in_random_graphs(seed: int, style: str, across: bool) -> None:
    check(ag.draw(random_graph(seed), style=style, direction="LR" if across else "TB").picture)


@pytest.mark.parametrize("graph", [toy_chain, domke, network])
def test_labels_of_edges_do_not_overlap(graph: Any) -> None:
    picture = ag.draw(graph()).picture
    placed = arrange(picture)
    curves, places = svg._edges(picture, placed)
    labels = [
        (x, y - 5.4, width(edge.label, edge.size), 10.8) for edge, (x, y) in zip(picture.edges, places) if edge.label
    ]
    assert len(labels) == len(curves)
    for i, a in enumerate(labels):
        assert not any(overlaps(a, b) for b in labels[:i])


@pytest.mark.parametrize("graph", [toy_chain, domke, network, lambda: random_graph(7)])
def test_text_fits_its_card(graph: Any) -> None:
    for item in ag.draw(graph()).picture.boxes:
        upper, lower = card_columns(item)
        for rows, widths in ((item.rows, upper), (item.panel, lower)):
            for row in rows:
                at = 0
                for cell in row.cells:
                    assert width(cell.line, row.size) <= sum(widths[at : at + cell.span])
                    at += cell.span
        assert size(item)[0] == pytest.approx(sum(upper))
        assert not lower or sum(lower) < sum(upper)


def test_edges_touch_their_circles() -> None:
    picture = Picture(
        [circle(i, mathematical(i)) for i in ("a", "b", "c")],
        [Edge("e0", "a", "c"), Edge("e1", "b", "c")],
        straight=True,
    )
    placed = arrange(picture)
    for edge, points in zip(picture.edges, svg._edges(picture, placed)[0]):
        for end, id in ((points[0], edge.tail), (points[-1], edge.head)):
            assert math.dist(end, placed.centres[id]) == pytest.approx(11.8)


def test_columns_fix_the_order_and_the_rank() -> None:
    columns = [["a0", "a1", "a2"], ["b0", "b1"]]
    picture = Picture(
        [circle(id, (), 6.0) for column in reversed(columns) for id in reversed(column)],
        [Edge("e0", "a2", "b0"), Edge("e1", "a0", "b1")],
        columns=columns,
    )
    centres = arrange(picture).centres
    assert centres["a0"][1] < centres["a1"][1] < centres["a2"][1]
    assert centres["b0"][1] < centres["b1"][1]
    assert len({centres[id][0] for id in columns[0]}) == 1


def test_backward_arrows_keep_the_layout() -> None:
    forward = Picture([circle("a", ()), box("b", (Run("•"),))], [Edge("e", "a", "b")])
    back = Picture([circle("a", ()), box("b", (Run("•"),))], [Edge("e", "a", "b", back=True, dashed=True)])
    assert arrange(forward).centres == arrange(back).centres
    assert layout.to_svg(forward) != layout.to_svg(back)
    assert "stroke-dasharray" in layout.to_svg(back)


def test_an_empty_picture() -> None:
    root = ET.fromstring(layout.to_svg(Picture([])))
    assert root.tag.endswith("}svg")
    assert not root.findall(".//*[@class='node']")


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("graph", [toy_chain, domke, network, *(lambda i=i: random_graph(i) for i in range(6))])
def test_edges_and_labels_keep_off_other_cards(graph: Any, direction: str) -> None:
    picture = ag.draw(graph(), direction=direction).picture
    placed = arrange(picture)
    curves, places = svg._edges(picture, placed)
    boxes = {item.id: (*placed.centres[item.id], *placed.sizes[item.id]) for item in picture.boxes}
    for edge, curve, (x, y) in zip(picture.edges, curves, places):
        others = [place for id, place in boxes.items() if id not in (edge.tail, edge.head)]
        points = [svg._at(curve[i : i + 4], t / 12) for i in range(0, len(curve) - 1, 3) for t in range(13)]
        assert not any(overlaps((*point, 0.0, 0.0), other) for point in points for other in others)
        if direction == "LR":
            label = (x, y - 5.0, width(edge.label, edge.size), 9.0)
            assert not any(overlaps(label, place) for place in boxes.values())
