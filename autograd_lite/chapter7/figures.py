"""The chapter's graph figures, drawn from live Values: 7.1 to 7.5 and 7.9, and both example graphs as cards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..drawing import SERIF, Box, Cell, Edge, Line, Picture, Row, Run, circle, draw, line, mathematical, render_svg
from ..drawing.style import palette
from ..engine.value import Value
from ..explorer import explore
from ..notation import Outline, explain, number, outline
from .graphs import Layered, domke, layered_network, toy_chain
from .registry import Figure

__all__ = ["FIGURES", "backward_1", "backward_2", "backward_panels", "chain", "forward_network"]

_BOOK = {"font": SERIF, "fill": "page", "stroke": "edge"}


# --- 7.1 and 7.2: the network -----------------------------------------------------------------------------------------


def network_picture(
    net: Layered, weight: Value, theme: str, title: str = "", ranksep: float = 0.42, orange: bool = True
) -> Picture:
    """The network in columns, one weight in blue and, if wished, everything downstream of it in orange."""
    below = net.downstream(weight) if orange else set()
    columns: list[list[str]] = []
    boxes: list[Box] = []
    edges: list[Edge] = []
    names = {id(unit): f"u{k}_{j}" for k, layer in enumerate(net.layers) for j, unit in enumerate(layer)}
    names[id(net.loss)] = "loss"
    for k, layer in enumerate([*net.layers, [net.loss]]):
        columns.append([f"name{k}", *(names[id(unit)] for unit in layer)])
        boxes.append(_layer_name(k, len(net.layers)))
        for unit in layer:
            hot = id(unit) in below
            text = mathematical("ℓ") if unit is net.loss else ()
            look = {"stroke": "orange", "pen": 1.8} if hot else {"stroke": "edge"}
            tip = f"{unit.label} = {number(unit.data)}"
            boxes.append(circle(names[id(unit)], text, 9.0, font=SERIF, fill="page", tooltip=tip, **look))
    for k, rows in enumerate(net.weights):
        for j, row in enumerate(rows):
            for i, w in enumerate(row):
                tail, head = net.layers[k][i], net.layers[k + 1][j]
                edges.append(_arrow(names, tail, head, below, w is weight, f"{w.label} = {number(w.data)}"))
    edges += [_arrow(names, unit, net.loss, below, False, "") for unit in net.layers[-1]]
    return Picture(
        boxes, edges, columns=columns, theme=theme, straight=True, ranksep=ranksep, nodesep=0.14,
        legend=(Run(title),) if title else (), name="network",
    )  # fmt: skip


def _layer_name(k: int, count: int) -> Box:
    """The name of a layer, above its column: x, h₁, h₂ …, f; the loss has its name in its circle."""
    text = "x" if k == 0 else f"h{k}" if k < count - 1 else "f" if k == count - 1 else ""
    return circle(f"name{k}", mathematical(text) if text else (), 9.0, font=SERIF, shape="text", pen=0.0)


def _arrow(names: dict[int, str], tail: Value, head: Value, below: set[int], blue: bool, tip: str) -> Edge:
    a, b = names[id(tail)], names[id(head)]
    hot = id(tail) in below and id(head) in below
    colour, pen = ("blue", 2.6) if blue else ("orange", 1.8) if hot else ("edge", 0.7)
    return Edge(f"e_{a}_{b}", a, b, colour=colour, pen=pen, tooltip=tip)


def forward_network(theme: str = "light") -> str:
    """Figure 7.1: one weight of a fully connected network, from the second unit of h₁ to the second of h₂."""
    net = layered_network()
    return render_svg(network_picture(net, net.weights[1][1][1], theme, ranksep=0.62, orange=False))


def backward_panels(theme: str = "light") -> str:
    """Figure 7.2: a weight into h₃, h₂, h₁ and everything through which it reaches the loss."""
    net = layered_network()
    chosen = [("a) a weight into h₃", 2, 1, 1), ("b) a weight into h₂", 1, 1, 1), ("c) a weight into h₁", 0, 1, 1)]
    panels = [render_svg(network_picture(net, net.weights[k][j][i], theme, title)) for title, k, j, i in chosen]
    return side_by_side(panels, theme)


def side_by_side(panels: Sequence[str], theme: str, gap: float = 18.0) -> str:
    """Several SVG documents as one, in a row."""
    parts: list[str] = []
    x = height = 0.0
    for i, panel in enumerate(panels):
        start = panel.index("<svg")
        opening = panel[start : panel.index(">", start) + 1]
        box_size = re.search(r'viewBox="([^"]+)"', opening)
        if box_size is None:
            raise ValueError("a panel has no viewBox")
        _, _, w, h = map(float, box_size[1].split())
        body = panel[panel.index(">", start) + 1 : panel.rindex("</svg>")]
        body = re.sub(r'\bid="', f'id="p{i}_', body)
        parts.append(f'<svg x="{x:g}" y="0" width="{w:g}" height="{h:g}" viewBox="{box_size[1]}">{body}</svg>')
        x += w + gap
        height = max(height, h)
    width = x - gap
    page = palette(theme)["page"]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width:g}pt" height="{height:g}pt" viewBox="0 0 {width:g} {height:g}">'
        f'<rect width="{width:g}" height="{height:g}" fill="{page}"/>{"".join(parts)}</svg>\n'
    )


# --- 7.3 to 7.5: the chain --------------------------------------------------------------------------------------------


_ROW = ("x", "f0", "h1", "f1", "h2", "f2", "h3", "f3", "loss")


def _disc(name: str, text: Line, figure: str, tip: str, colour: str = "value", radius: float = 19.0) -> Box:
    """A circle with a name and, below it, a number."""
    made = circle(name, text, radius, tooltip=tip, **_BOOK)
    size = 11.0 if radius < 20 else 9.5
    made.rows = (Row((Cell(text, "center"),), size=size), Row((Cell((Run(figure, colour),), "center"),), size=8.0))
    return made


def _symbol(node: Value) -> Line:
    return mathematical("ℓ" if node.label == "ell" else _greek(node.label))


def _greek(label: str) -> str:
    return label.replace("beta", "β").replace("omega", "ω")


def _ratio(of: Value, wrt: Value) -> Line:
    return line(Run("∂"), _symbol(of), Run("/∂"), _symbol(wrt))


def _derivative(of: Value, wrt: Value, seen: Outline, shown: bool) -> Line:
    """∂of/∂wrt = number, of neighbours in the graph."""
    if not shown:
        return ()
    return line(_ratio(of, wrt), Run(f" = {number(_local(of, wrt, seen), 3)}", "partial"))


def _local(of: Value, wrt: Value, seen: Outline) -> float:
    """The local derivative ∂of/∂wrt."""
    for found in seen.lines:
        if found.node is of:
            for operand, ways in zip(found.operands, found.partials):
                if operand is wrt:
                    return sum(ways)
    raise KeyError(f"{wrt.label} is no operand of {of.label}")


def chain(theme: str = "light") -> str:
    """Figure 7.3: the chain from x to the loss, with the value of every intermediate quantity."""
    nodes = toy_chain()
    row = [nodes[name] for name in _ROW]
    boxes = [_disc(name, _symbol(v), number(v.data, 4), f"{v.label} = {v.data!r}") for name, v in zip(_ROW, row)]
    edges = [Edge(f"e_{a}_{b}", a, b, weight=12) for a, b in pairwise(_ROW)]
    return render_svg(Picture(boxes, edges, theme=theme, ranksep=0.28, name="chain"))


def _gradient_disc(name: str, of: Value, v: Value) -> Box:
    text = _ratio(of, v)
    return _disc(name, text, number(v.grad, 4), f"gradient of {v.label}: {v.grad!r}", "grad", 22.0)


def _backward_row(nodes: dict[str, Value], seen: Outline, labels: bool) -> tuple[list[Box], list[Edge]]:
    """The row with ∂ℓ/∂· in its circles, arrows to the left."""
    loss = nodes["loss"]
    boxes = [_gradient_disc(name, loss, nodes[name]) for name in _ROW[1:]]
    edges = [
        Edge(f"e_{a}_{b}", a, b, _derivative(nodes[b], nodes[a], seen, labels), back=True, weight=12, size=8.5)
        for a, b in pairwise(_ROW[1:])
    ]
    return boxes, edges


def backward_1(theme: str = "light") -> str:
    """Figure 7.4: backward pass #1, the derivatives with respect to the intermediate quantities."""
    nodes = toy_chain()
    nodes["loss"].backward()
    boxes, edges = _backward_row(nodes, outline(nodes["loss"]), labels=True)
    return render_svg(Picture(boxes, edges, theme=theme, ranksep=0.22, name="backward_1"))


def backward_2(theme: str = "light") -> str:
    """Figure 7.5: backward pass #2, from each ∂ℓ/∂f to the derivatives with respect to the parameters."""
    nodes = toy_chain()
    loss = nodes["loss"]
    loss.backward()
    seen = outline(loss)
    boxes, edges = _backward_row(nodes, seen, labels=False)
    columns = [[name] for name in _ROW]
    columns[0] = []
    for k in range(4):
        f, beta, omega = f"f{k}", f"beta{k}", f"omega{k}"
        boxes += [_gradient_disc(name, loss, nodes[name]) for name in (beta, omega)]
        edges += [
            Edge(
                f"e_{name}", name, f, _derivative(nodes[f], nodes[name], seen, True), back=True, colour="grad", size=8.5
            )
            for name in (beta, omega)
        ]
        columns[2 * k] = [beta, *columns[2 * k], omega]
    return render_svg(
        Picture(boxes, edges, theme=theme, columns=columns, ranksep=0.5, nodesep=0.25, name="backward_2", straight=True)
    )


# --- 7.9, the cards, and what the page says ---------------------------------------------------------------------------


def book_domke(theme: str = "light") -> str:
    """Figure 7.9: circles are variables, boxes are operations."""
    return _drawn(domke()["y"], theme, style="book", values=False, grads=False, partials=False)


def domke_cards(theme: str = "light") -> str:
    """The graph of figure 7.9 as cards, with values, gradients and local derivatives."""
    return _drawn(_with_gradients(domke()["y"]), theme)


def toy_cards(theme: str = "light") -> str:
    """The chain of figures 7.3 to 7.5 as cards: every number of figures 7.4 and 7.5 on one picture."""
    return _drawn(_with_gradients(toy_chain()["loss"]), theme)


def _with_gradients(root: Value) -> Value:
    root.backward()
    return root


def _drawn(root: Value, theme: str, **options: Any) -> str:
    picture = draw(root, theme=theme, **options)
    return str(picture.pipe(format="svg", encoding="utf-8"))


def _toy_trace() -> str:
    nodes = toy_chain()
    parameters = [nodes[name] for k in range(4) for name in (f"beta{k}", f"omega{k}")]
    return explain(nodes["loss"], wrt=parameters, local=True, digits=6).html()


def _reverse_and_forward() -> str:
    nodes = domke()
    reverse = explain(nodes["y"], local=True, digits=6).html()
    forward = explain(nodes["y"], mode="forward", wrt=nodes["x"], digits=6).html()
    return (
        f"<h3>Problem 7.12: reverse mode</h3>{reverse}"
        f'<div class="tangents"><h3>Problem 7.13: forward mode</h3>{forward}</div>'
    )


def _toy_steps() -> str:
    nodes = toy_chain()
    return explore(nodes["loss"], wrt=nodes["x"], title="Toy chain, step by step")._repr_html_()


def _domke_steps() -> str:
    return explore(domke()["y"], title="Domke’s graph, step by step")._repr_html_()


FIGURES = [
    Figure(
        "7.1", "figure_7_1.svg", "Forward pass of a network",
        "The weight in blue multiplies the unit it leaves and adds the result to the unit it enters: how much the loss "
        "feels a change of it grows with the value of the unit it leaves. So the forward pass keeps all values.",
        forward_network,
    ),
    Figure(
        "7.2", "figure_7_2.svg", "Backward pass of a network",
        "A weight (blue) acts on the loss through everything downstream of it (orange). The further back the weight, "
        "the more lies downstream; but most of it was computed already for the weights after it.",
        backward_panels,
    ),
    Figure(
        "7.3", "figure_7_3.svg", "Toy chain, forward pass",
        "Each intermediate quantity is computed from the one before it, and kept.",
        chain,
    ),
    Figure(
        "7.4", "figure_7_4.svg", "Toy chain, backward pass #1",
        "From the loss back: each derivative is the one to its right times the local derivative on the arrow.",
        backward_1,
    ),
    Figure(
        "7.5", "figure_7_5.svg", "Toy chain, backward pass #2",
        "The derivatives for the parameters branch off: ∂ℓ/∂f times how f changes with its own bias or slope.",
        backward_2, _toy_trace,
    ),
    Figure(
        "", "toy_chain_cards.svg", "Toy chain as cards",
        "One card for each quantity, its value and its gradient, the parameters in the card that uses them; the local "
        "derivatives are on the arrows.",
        toy_cards, _toy_steps,
    ),
    Figure(
        "7.9", "figure_7_9.svg", "Domke’s graph, of problems 7.12 and 7.13",
        "Circles are variables, boxes are operations.",
        book_domke, _reverse_and_forward,
    ),
    Figure(
        "", "domke_cards.svg", "Domke’s graph as cards",
        "Two ways lead from f₁ to f₃ and two from f₃ to y: where ways meet on the way back, gradients add up.",
        domke_cards, _domke_steps,
    ),
]  # fmt: skip
