"""Two more styles: ``ops``, every value with its operation, and ``book``, circles and boxes as in figure 7.9."""

from __future__ import annotations

import re
from typing import Any

from ...engine.sweeps import Node
from ...notation import Phrase, phrase_of_call
from ..graph_view import Reading, number, runs, too_many
from ..longest_path import straighten
from ..model import Box, Cell, Edge, Picture, Row, box, circle
from ..style import FONT, SERIF, SIZE
from ..text import Line, Run, line, plain, width
from .cards import legend

__all__ = ["book", "ops"]

_DOT = "•"


def ops(reading: Reading) -> Picture:
    """Every value as a card (name | value | gradient) and every operation as a circle before it.

    Raises:
        RenderError: for more boxes than ``max_nodes``.
    """
    options = reading.options
    boxes: list[Box] = []
    edges: list[Edge] = []
    for item in reading.outline.lines:
        node = item.node
        key = reading.ids[id(node)]
        if node.op is not None:
            symbol = _symbol(node, options.unfold)
            across = max(22.0, width(symbol, SIZE) + 9.0)
            shape = circle if across < 30.0 else box
            made = shape(f"o{key[1:]}", symbol, fill="page", stroke="edge", tooltip=_op_tooltip(reading, node))
            made.width, made.height = across, across if shape is circle else 22.0
            boxes.append(made)
            products, into = _into_op(reading, node, made.id)
            boxes[-1:] = [*products, made]
            edges += into
            edges.append(Edge(f"r{key[1:]}", f"o{key[1:]}", key))
        boxes.append(_strip(reading, node))
    _check(reading, boxes)
    picture = Picture(
        boxes, edges, direction=options.direction, theme=options.theme, legend=legend(options), ranksep=0.3
    )
    straighten(picture, light=reading.light())
    return picture


def _strip(reading: Reading, node: Any) -> Box:
    """A flat card: name | value | gradient."""
    options = reading.options
    cells = [Cell(reading.name(node))]
    if options.values:
        cells.append(Cell((Run(reading.value(node), "value"),)))
    if options.grads:
        cells.append(Cell((Run(number(node.grad), "grad"),)))
    kind = reading.kind(node)
    row = Row(cells)
    return Box(reading.ids[id(node)], "card", (row,), (), kind, f"{kind}_line", tooltip=reading.tooltip(node))


def book(reading: Reading) -> Picture:
    """Circles are variables, boxes are operations; an unnamed intermediate has no circle.

    Raises:
        RenderError: for more boxes than ``max_nodes``.
    """
    options = reading.options
    boxes: list[Box] = []
    edges: list[Edge] = []
    folded = reading.outline.folded
    for node in reading.outline.nodes:
        key = reading.ids[id(node)]
        if node.op is not None:
            symbol = _bracketed(node, options.unfold)
            made = box(
                f"o{key[1:]}", symbol, max(34.0, width(symbol, SIZE) + 8.0), 21.0, font=SERIF, fill="page",
                stroke="edge", tooltip=_op_tooltip(reading, node),
            )  # fmt: skip
            boxes.append(made)
            products, into = _into_op(reading, node, made.id, SERIF)
            boxes[-1:] = [*products, made]
            edges += into
        if id(node) not in folded:
            boxes.append(_disc(reading, node))
            if node.op is not None:
                edges.append(Edge(f"r{key[1:]}", f"o{key[1:]}", key))
    _check(reading, boxes)
    shown = legend(options) if options.values or options.grads or options.partials else ()
    picture = Picture(
        boxes,
        edges,
        direction=options.direction,
        theme=options.theme,
        legend=shown,
        ranksep=0.32 if options.partials else 0.2,
    )
    straighten(picture, light=reading.light(), shared=True)
    return picture


def _disc(reading: Reading, node: Any) -> Box:
    """A circle with the name in it, and below it the numbers that are asked for."""
    options = reading.options
    name = reading.name(node)
    radius = max(11.0, width(name, SIZE) / 2 + 3.5)
    made = circle(
        reading.ids[id(node)], name, radius, font=SERIF, fill="page", stroke="edge",
        tooltip=reading.tooltip(node),
    )  # fmt: skip
    numbers = [Run(reading.value(node), "value")] if options.values else []
    numbers += [Run(number(node.grad), "grad")] if options.grads else []
    if numbers:
        made.rows = [*made.rows, *(Row((Cell((run,), "center"),), size=8.0) for run in numbers)]
        longest = max(width((run,), 8.0) for run in numbers)
        made.width = made.height = 2 * max(radius, longest / 2 + 5.0, 12.0 + 4.5 * len(numbers))
    return made


def _into_op(reading: Reading, node: Any, target: str, font: str = FONT) -> tuple[list[Box], list[Edge]]:
    """The edges from the operands of ``node`` to its operation; of a neuron that unfolds, by way of its products."""
    boxes: dict[str, Box] = {}
    edges: list[Edge] = []
    labels = reading.options.partials
    folded = reading.outline.folded
    products = _products(node) if reading.options.unfold else {}
    for i, (operand, partial) in enumerate(zip(node.parents, node.local_partials)):
        inner = id(operand) in folded
        tail = f"{'o' if inner else 'n'}{reading.ids[id(operand)][1:]}"
        tooltip = "" if inner or id(node) in folded else reading.edge_tooltip(node, operand, partial)
        head = target
        if i in products:
            place, sign = products[i]
            head = f"p{target[1:]}_{place}"
            if head not in boxes:
                boxes[head] = circle(head, sign, 9.0, font=font, fill="page", stroke="edge", tooltip="a product")
                edges.append(Edge(f"s{head[1:]}", head, target, (Run("1", "partial"),) if labels else ()))
        label = (Run(number(partial), "partial"),) if labels else ()
        edges.append(Edge(f"e{target[1:]}_{i}", tail, head, label, tooltip=tooltip))
    return list(boxes.values()), edges


def _products(node: Any) -> dict[int, tuple[int, Line]]:
    """For the operands of a dot or an affine, by their place among the parents: the product, and its sign."""
    if node.op.name not in ("dot", "affine"):
        return {}
    args = node.args
    count = len(args) // 2
    found: dict[int, tuple[int, Line]] = {}
    parent = 0
    for i, arg in enumerate(args[: 2 * count]):
        if isinstance(arg, Node):
            other = args[(i + count) % (2 * count)]
            found[parent] = (i % count, (Run("·" if isinstance(other, Node) else f"{number(other)} ·"),))
            parent += 1
    return found


def _op_tooltip(reading: Reading, node: Any) -> str:
    return f"{node.op.name}: {plain(_bracketed(node))}"


def _check(reading: Reading, boxes: list[Box]) -> None:
    limit = reading.options.max_nodes
    if limit is not None and len(boxes) > limit:
        raise too_many(f"{len(boxes):,} boxes", limit)


# --- an operation without its operands --------------------------------------------------------------------------------


def _pattern(node: Any, unfold: bool) -> list[tuple[str, str]]:
    """The op's notation with a dot for every operand that is a value."""
    args = node.args
    if node.op.arity < 0 and len(args) > 2:
        if unfold and node.op.name in ("dot", "affine"):
            return [("op", "Σ")]
        n_ary = {"sum": "Σ •", "dot": "Σ • · •", "affine": "• + Σ • · •", "prod": "Π •"}
        return [("op", n_ary.get(node.op.name, f"{node.op.name}(•, …)"))]
    parts = [
        Phrase([("op", _DOT)])
        if isinstance(arg, Node)
        else Phrase([("num", f"{arg:.6g}")], 5 if arg >= 0 else 3, arg < 0)
        for arg in args
    ]
    return phrase_of_call(node.op, parts).runs


def _bracketed(node: Any, unfold: bool = False) -> Line:
    """exp[•], (•)², • + •."""
    pattern = _pattern(node, unfold)
    found = re.fullmatch(rf"(\w+)(?: {_DOT}|\({_DOT}\))", "".join(text for _, text in pattern))
    if found:
        return (Run(f"{found[1]}[{_DOT}]"),)
    if len(pattern) == 2 and pattern[0][1] == _DOT and pattern[1][0] == "sup":
        return line(Run(f"({_DOT})"), Run(pattern[1][1], shift=1))
    return runs(pattern) or (Run(_DOT),)


def _symbol(node: Any, unfold: bool) -> Line:
    """The sign alone where that says everything: +, ·, exp; else the whole pattern: 2 · •."""
    pattern = _pattern(node, unfold)
    text = "".join(t for _, t in pattern)
    bare = text.replace(_DOT, "").strip()
    if len(node.args) == len(node.parents) and bare and re.fullmatch(r"\w+|[^\w\s()]", bare):
        return (Run(bare),)
    return runs(pattern) or (Run(_DOT),)
