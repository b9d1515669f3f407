"""What is on the pictures: cards, folding, names, ids, tooltips, the three styles."""

from __future__ import annotations

import random
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import graphviz
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.chapter7 import figures
from autograd_lite.drawing import PALETTES, Options, find_renderer, picture_of
from autograd_lite.engine.sweeps import Info
from autograd_lite.errors import RenderError

from .drawn_graphs import BETA, OMEGA, by_label, domke, toy_chain

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"


def svg_of(drawing: Any) -> ET.Element:
    return ET.fromstring(drawing.pipe(format="svg", encoding="utf-8"))


def texts(drawing: Any) -> list[str]:
    return ["".join(t.itertext()) for t in svg_of(drawing).iter("{http://www.w3.org/2000/svg}text")]


def card(picture: Any, name: str) -> list[list[str]]:
    """The rows of the card whose expression begins with ``name``, as plain text."""
    for box in picture.boxes:
        rows = [["".join(run.text for run in cell.line) for cell in row.cells] for row in (*box.rows, *box.panel)]
        if rows[0][0] == name or rows[0][0].startswith(f"{name} = "):
            return rows
    raise AssertionError(f"no card {name}")


# --- golden sources ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["cards", "ops", "book"])
@pytest.mark.parametrize("graph", [toy_chain, domke])
def test_golden(graph: Any, style: str, request: pytest.FixtureRequest) -> None:
    """The DOT source of the chapter's graphs, kept word for word (rewrite: tests/drawing/rewrite_golden.py)."""
    path = GOLDEN / f"{graph.__name__}-{style}.gv"
    assert ag.draw(graph(), style=style).source == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("style", ["cards", "ops", "book"])
def test_the_same_graph_gives_the_same_source(style: str) -> None:
    assert ag.draw(domke(), style=style).source == ag.draw(domke(), style=style).source


# --- the toy chain ----------------------------------------------------------------------------------------------------


def test_toy_chain_is_narrow_enough(tier: str) -> None:
    svg = svg_of(ag.draw(toy_chain()))
    assert float(svg.attrib["width"].removesuffix("pt")) <= 1069  # 13 pixels for its text on a page of 1280


@pytest.mark.parametrize("drawn", [figures.backward_1, figures.toy_cards])
def test_a_label_stands_clear_of_its_arrow(tier: str, drawn: Any) -> None:
    """Subscripts too: they hang lower than the line of text."""
    arrows: dict[str, float] = {}
    labels: dict[str, list[ET.Element]] = {}
    for group in ET.fromstring(drawn()).iter(f"{SVG}g"):
        key = group.get("id", "").removesuffix("-label")
        if group.get("class") in ("edge", "edge-label"):
            labels.setdefault(key, []).extend(group.iter(f"{SVG}text"))
            for path in group.iter(f"{SVG}path"):
                arrows[key] = min(float(y) for y in re.findall(r",(-?[\d.]+)", path.attrib["d"]))
    for key, arrow in arrows.items():
        for text in labels[key]:
            lowest = max((float(run.get("dy", 0)) for run in text.iter(f"{SVG}tspan")), default=0.0)
            assert float(text.attrib["y"]) + lowest < arrow - 1.5
    assert sum(map(len, labels.values())) >= 7


def test_toy_chain_has_every_number_of_figures_7_4_and_7_5(tier: str) -> None:
    loss = toy_chain()
    node = by_label(loss)
    shown = texts(ag.draw(loss))
    for name in ["x", "y", "f0", "h1", "f1", "h2", "f2", "h3", "f3", "ℓ", *(f"{p}{k}" for p in "βω" for k in range(4))]:
        assert f"{node[name].data:.4g}" in shown
        assert f"{node[name].grad:.4g}" in shown
    for k in range(1, 4):
        assert f"{OMEGA[k]:.4g}" in shown  # ∂f_k/∂h_k
        assert f"{node[f'h{k}'].local_partials[0]:.4g}" in shown  # ∂h_k/∂f_{k-1}
    picture = picture_of([loss], "cards", Options())
    for k in range(4):
        rows = card(picture, f"f{k}")
        h = node["x" if k == 0 else f"h{k}"].data
        assert rows[2] == [f"β{k}", f"{BETA[k]:.4g}", f"{node[f'β{k}'].grad:.4g}", "1"]  # ∂f_k/∂β_k
        assert rows[3] == [f"ω{k}", f"{OMEGA[k]:.4g}", f"{node[f'ω{k}'].grad:.4g}", f"{h:.4g}"]  # ∂f_k/∂ω_k


def test_the_spine_is_straight(tier: str) -> None:
    """The cards from x to ℓ stand on one line."""
    svg = svg_of(ag.draw(toy_chain()))
    paths = {g.attrib["id"]: g for g in svg.iter() if g.attrib.get("class") == "edge"}
    picture = picture_of([toy_chain()], "cards", Options())
    spine = {box.id for box in picture.boxes if box.spine}
    assert len(spine) == 9
    for edge in picture.edges:
        if edge.tail in spine and edge.head in spine:
            path = next(e for e in paths[edge.id].iter() if e.tag.endswith("path"))
            ys = [float(y) for _, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", path.attrib["d"])]
            assert max(ys) - min(ys) < 1.0


# --- folding ----------------------------------------------------------------------------------------------------------


def test_unnamed_intermediates_fold_and_their_partials_are_multiplied() -> None:
    x = Value(3.0, label="x")
    y = ag.exp(2 * (x - 1) ** 2 / 16).named("y")
    picture = picture_of([y], "cards", Options(fold=True))
    assert len(picture.boxes) == 2
    assert card(picture, "y")[0] == ["y = exp(2 · (x − 1)2 / 16)"]
    assert [edge.label[0].text for edge in picture.edges] == [f"{y.data * 4 * 2 / 16:.4g}"]


def test_an_unnamed_value_with_two_consumers_has_a_card() -> None:
    x = Value(3.0, label="x")
    u = x * 2
    y = (ag.sin(u) + u).named("y")
    picture = picture_of([y], "cards", Options(fold=True))
    assert card(picture, "v1")[0] == ["v1 = x · 2"]
    assert card(picture, "y")[0] == ["y = sin v1 + v1"]


def test_parameters_used_twice_have_cards() -> None:
    w, x = Value(2.0, label="w"), Value(3.0, label="x")
    y = (w * x + w).named("y")
    assert len(picture_of([y], "cards", Options(fold=True)).boxes) == 3


def test_a_card_of_parameters_alone_keeps_them_outside() -> None:
    w, b = Value(2.0, label="w"), Value(3.0, label="b")
    assert len(picture_of([(w * b).named("y")], "cards", Options(fold=True)).boxes) == 3


def test_b_is_a_parameter_only_beside_weights() -> None:
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    assert len(picture_of([(a * b).named("y")], "cards", Options(fold=True)).boxes) == 3
    w = Value(2.0, label="w1")
    assert len(picture_of([(a * w + b).named("y")], "cards", Options(fold=True)).boxes) == 2


def test_constants_are_drawn() -> None:
    x = Value(3.0, label="x")
    assert card(picture_of([(2 * x).named("y")], "cards", Options()), "y")[0] == ["y = 2 · x"]
    ops = picture_of([(2 * x).named("y")], "ops", Options())
    assert "".join(run.text for run in ops.boxes[1].rows[0].cells[0].line) == "2 · •"


def test_without_names_nothing_folds() -> None:
    x = Value(3.0)
    assert len(picture_of([ag.exp(x * 2)], "cards", Options()).boxes) == 3
    assert len(picture_of([ag.exp(x * 2)], "cards", Options(fold=True)).boxes) == 2


def test_parallel_edges_are_kept() -> None:
    x = Value(3.0, label="x")
    for style in ("cards", "ops", "book"):
        picture = picture_of([(x + x).named("y")], style, Options())
        into = [edge for edge in picture.edges if edge.tail == "n0"]
        assert [edge.id for edge in into] == ["e1_0", "e1_1"]


def test_a_neuron_is_one_card() -> None:
    random.seed(0)
    out = nn.MLP(2, [3, 1])([Value(1.0, "x1"), Value(-2.0, "x2")])
    out.backward()
    picture = picture_of([out.named("y")], "cards", Options())
    assert len(picture.boxes) == 2 + 3 + 1
    assert [len(box.panel) for box in picture.boxes if box.panel] == [3, 3, 3, 4]


def test_many_parameters_are_cut_short_unless_unfolded() -> None:
    xs = [Value(float(i), f"x{i}") for i in range(20)]
    ws = [Value(0.1 * i, f"w{i}") for i in range(20)]
    y = ag.dot(ws, xs).named("y")
    rows = card(picture_of([y], "cards", Options()), "y")
    assert rows[-1] == ["… and 13 more parameters"]
    assert len(card(picture_of([y], "cards", Options(unfold=True)), "y")) == len(rows) - 8 + 20


# --- names and options ------------------------------------------------------------------------------------------------


def test_names_from_locals() -> None:
    a, b = Value(2.0), Value(-3.0)
    d = a * b
    e = d + 1.0
    source = ag.draw(e, names=locals()).source
    assert {"a", "b", "d", "e"} <= set(re.findall(r"<I>(\w+)</I>", source))
    assert "" == a.label == d.label


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("style", ["cards", "ops", "book"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_every_combination_is_drawn(tier: str, style: str, theme: str, direction: str) -> None:
    drawing = ag.draw(domke(), style=style, theme=theme, direction=direction)
    svg = drawing.pipe(format="svg", encoding="utf-8")
    assert PALETTES[theme]["page"].lower() in svg.lower()
    root = ET.fromstring(svg)
    width, height = (float(root.attrib[side].removesuffix("pt")) for side in ("width", "height"))
    assert (width > height) == (direction == "LR")


@pytest.mark.parametrize("off", ["values", "grads", "partials"])
@pytest.mark.parametrize("style", ["cards", "ops"])
def test_parts_can_be_switched_off(off: str, style: str) -> None:
    y = domke()
    colour = PALETTES["light"][{"values": "value", "grads": "grad", "partials": "partial"}[off]]
    on = ag.draw(y, style=style).source
    without = ag.draw(y, style=style, **{off: False}).source
    assert f'COLOR="{colour}" POINT' in on
    assert f'COLOR="{colour}" POINT' not in without


def test_the_book_shows_numbers_when_asked() -> None:
    assert not {"33.91", "1.105", "-0.6859"} & set(texts(ag.draw(domke(), style="book")))
    full = texts(ag.draw(domke(), style="book", values=True, grads=True, partials=True))
    assert {"33.91", "1.105", "-0.6859"} <= set(full)


def test_several_outputs() -> None:
    x = Value(1.0, label="x")
    a, b = (x * 2).named("a"), (x * 3).named("b")
    for roots in ([a, b], (a, b), ag.values([1.0, 2.0], label="z")):
        picture = ag.draw(roots).picture
        assert sum(box.fill == "output" for box in picture.boxes) == 2


def test_a_leaf_alone() -> None:
    assert "<svg" in ag.draw(Value(1.0, "x")).pipe(format="svg", encoding="utf-8")


@pytest.mark.parametrize("wrong", [1.0, "y", None, [], [1.0]])
def test_what_is_no_value_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="draw takes a Value"):
        ag.draw(wrong)


@pytest.mark.parametrize("wrong", [{"style": "card"}, {"theme": "blue"}, {"direction": "RL"}, {"max_nodes": 0}])
def test_unknown_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RenderError, match=r"there is no|max_nodes is 0") as caught:
        ag.draw(domke(), **wrong)
    assert isinstance(caught.value, ValueError)
    with pytest.raises(TypeError, match="such as locals"):
        ag.draw(domke(), names=["y"])


@pytest.mark.parametrize("style", ["cards", "ops", "book"])
def test_what_is_switched_off_is_in_no_tooltip_either(style: str) -> None:
    y = domke()
    source = ag.draw(y, style=style).source
    assert "value 10.9705" in source
    assert "gradient ∂y/∂x = 33.9078" in source
    assert "∂f₁/∂x = 1.105; adds 1.105 × 30.68 = 33.91" in source
    assert "10.97" not in ag.draw(y, style=style, values=False).source
    assert "33.9" not in ag.draw(y, style=style, grads=False).source
    assert "∂f₁/∂x" in ag.draw(y, style=style, partials=False).source
    assert "33.91" not in ag.draw(y, style=style, partials=False, grads=False).source
    assert "1.105" not in ag.draw(y, style=style, partials=False, values=False).source


def test_gradients_that_are_values_are_shown() -> None:
    x = Value(3.0, label="x")
    y = (x**2).named("y")
    y.backward(create_graph=True)
    assert "6" in texts(ag.draw(y))


# --- ids, tooltips, clusters, highlights ------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["cards", "ops", "book"])
def test_ids_are_stable_and_unique(tier: str, style: str) -> None:
    ids = [
        [e.attrib["id"] for e in svg_of(ag.draw(toy_chain(), style=style)).iter() if e.attrib.get("class") in kinds]
        for kinds in ({"node", "edge"}, {"node", "edge"})
    ]
    assert sorted(ids[0]) == sorted(ids[1])
    assert len(set(ids[0])) == len(ids[0])
    assert all(re.fullmatch(r"n\d+|o\d+|e\d+_\d+|r\d+", id) for id in ids[0])


def test_tooltips(tier: str) -> None:
    titles = [e.text for e in svg_of(ag.draw(domke())).iter() if e.tag.endswith("title")]
    assert "f₁ = exp x\nvalue 1.10517\ngradient ∂y/∂f₁ = 30.681" in titles
    assert "∂f₂/∂f₁ = 2.21; adds 2.21 × 9.557 = 21.12 to the gradient of f₁" in titles


def test_clusters_of_the_user_and_of_modules(tier: str) -> None:
    y = domke()
    node = by_label(y)
    drawing = ag.draw(y, clusters={"left": [node["f1"], node["f2"]], "right": node["f5"]})
    frames = [e for e in svg_of(drawing).iter() if e.attrib.get("class") == "cluster"]
    assert [e.attrib["id"] for e in frames] == ["c0", "c1"]
    assert ag.draw(y, clusters={"left": [node["f1"], node["f2"]]}).picture.clusters[0].members == ["n1", "n2"]
    assert ag.draw(y).picture.clusters == []


def test_highlighting_one_value_is_figure_7_2() -> None:
    loss = toy_chain()
    node = by_label(loss)
    picture = ag.draw(loss, highlight=node["ω2"]).picture
    orange = {box.id for box in picture.boxes if box.stroke == "orange"}
    names = [v.label for i, v in enumerate(ag.topological_order(loss)) if f"n{i}" in orange]
    assert names == ["f2", "h3", "f3", "ℓ"]
    row = next(row for box in picture.boxes for row in box.panel if row.cells[0].line[0].colour == "blue")
    assert "".join(run.text for run in row.cells[0].line) == "ω2"


@pytest.mark.parametrize("style", ["cards", "ops", "book"])
def test_highlighting_a_path_and_an_edge(style: str) -> None:
    y = domke()
    node = by_label(y)
    picture = ag.draw(y, style=style, highlight=[node["f1"], node["f2"]]).picture
    assert {box.id for box in picture.boxes if box.stroke == "orange"} == {"n1", "n2"}
    coloured = {edge.id for edge in picture.edges if edge.colour == "orange"}
    assert coloured == ({"e2_0"} if style == "cards" else {"e2_0", "r2"})
    picture = ag.draw(y, style=style, highlight={"crimson": ("f3", "f5")}).picture
    assert {edge.id for edge in picture.edges if edge.colour == "crimson"} == (
        {"e5_0"} if style == "cards" else {"e5_0", "r5"}
    )


@pytest.mark.parametrize("wrong", ["nobody", Value(1.0), {"blue": "nobody"}, {"no colour<": "x"}])
def test_highlighting_what_is_not_there(wrong: Any) -> None:
    with pytest.raises(ValueError, match="highlight"):
        ag.draw(domke(), highlight=wrong)


@pytest.mark.parametrize("wrong", [3, {1: "x"}, {"blue": [("x", "f1", "f2")]}])
def test_highlights_of_a_wrong_type(wrong: Any) -> None:
    with pytest.raises(TypeError, match="highlight"):
        ag.draw(domke(), highlight=wrong)


# --- contrast ---------------------------------------------------------------------------------------------------------


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("paper", ["page", "card", "input", "parameter", "output", "cluster"])
@pytest.mark.parametrize("ink", ["value", "grad", "partial", "ink", "muted"])
def test_contrast(theme: str, paper: str, ink: str) -> None:
    """WCAG 2.2's 4.5 : 1 for text, in both themes."""
    colours = PALETTES[theme]
    high, low = sorted((_luminance(colours[ink]), _luminance(colours[paper])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_drawing_is_a_digraph() -> None:
    drawing = ag.draw(domke())
    assert isinstance(drawing, graphviz.Digraph)
    assert drawing.copy().source == drawing.source
    assert drawing.source.startswith("digraph autograd_lite {")
    assert find_renderer().version or find_renderer().name == "builtin"


def test_layers_are_framed(tier: str) -> None:
    random.seed(0)
    out = nn.MLP(2, [3, 2, 1])([Value(1.0, "x1"), Value(-2.0, "x2")])
    drawing = ag.draw(out)
    assert [len(cluster.members) for cluster in drawing.picture.clusters] == [3, 2, 1]
    frames = [e for e in svg_of(drawing).iter() if e.attrib.get("class") == "cluster"]
    assert [" ".join("".join(frame.itertext()).split()) for frame in frames] == ["layer 1", "layer 2", "layer 3"]
    assert ag.draw(out, clusters=False).picture.clusters == []


def test_scopes_are_framed() -> None:
    """What a module writes into a node's scope; where each scope has one card, the scope around it."""
    y = domke()
    for name, scope in [("f1", "net.a"), ("f2", "net.b"), ("f4", "net.c")]:
        node = by_label(y)[name]
        node._info = Info(name)
        node._info.scope = scope
    assert [(c.title[0].text, c.members) for c in ag.draw(y).picture.clusters] == [("net", ["n1", "n2", "n4"])]


def test_long_expressions_break() -> None:
    xs = [Value(1.0, f"quantity{i}") for i in range(6)]
    y = ag.exp(xs[0] * xs[1] + xs[2] * xs[3] + xs[4] * xs[5]).named("y")
    box = ag.draw(y, fold=True).picture.boxes[-1]
    assert [row.joined for row in box.rows] == [False, True, False]
    assert "".join(t for row in box.rows[:2] for t in ("".join(r.text for r in row.cells[0].line),)).startswith(
        "y = exp("
    )


@pytest.mark.parametrize("style", ["ops", "book"])
def test_neurons_unfold_into_products(style: str) -> None:
    xs, ws = [Value(2.0, "x0"), Value(3.0, "x1")], [Value(5.0, "w0"), Value(7.0, "w1")]
    y = ag.dot(ws, xs).named("y")
    assert len(ag.draw(y, style=style).picture.boxes) == 6
    picture = ag.draw(y, style=style, unfold=True, partials=True).picture
    assert sum(item.id.startswith("p") for item in picture.boxes) == 2
    labels = {(edge.tail, edge.head): edge.label[0].text for edge in picture.edges if edge.label}
    assert labels == {
        ("n0", "p4_0"): "2", ("n1", "p4_1"): "3", ("n2", "p4_0"): "5", ("n3", "p4_1"): "7", ("p4_0", "o4"): "1",
        ("p4_1", "o4"): "1",
    }  # fmt: skip
    blue = ag.draw(y, style=style, unfold=True, highlight={"blue": ("w0", "y")}).picture
    assert {edge.id for edge in blue.edges if edge.colour == "blue"} == {"e4_0", "s4_0", "r4"}
