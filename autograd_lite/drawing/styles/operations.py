"""Operations as boxes of their own, for the styles that draw them: their signs, and the edges into them."""

from __future__ import annotations

import re
from typing import Any

from ...engine.sweeps import Node
from ...notation import Phrase, phrase_of_call
from ..graph_view import Reading, number, runs, too_many
from ..model import Box, Edge, circle
from ..style import FONT
from ..text import Line, Run, line, plain

__all__ = ["bracketed", "check", "into_op", "op_tooltip", "sign"]

_DOT = "•"


def into_op(reading: Reading, node: Any, target: str, font: str = FONT) -> tuple[list[Box], list[Edge]]:
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


def op_tooltip(reading: Reading, node: Any) -> str:
    """What an operation says of itself when it is pointed at."""
    return f"{node.op.name}: {plain(bracketed(node))}"


def check(reading: Reading, boxes: list[Box]) -> None:
    """RenderError for more boxes than ``max_nodes``."""
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


def bracketed(node: Any, unfold: bool = False) -> Line:
    """exp[•], (•)², • + •."""
    pattern = _pattern(node, unfold)
    found = re.fullmatch(rf"(\w+)(?: {_DOT}|\({_DOT}\))", "".join(text for _, text in pattern))
    if found:
        return (Run(f"{found[1]}[{_DOT}]"),)
    if len(pattern) == 2 and pattern[0][1] == _DOT and pattern[1][0] == "sup":
        return line(Run(f"({_DOT})"), Run(pattern[1][1], shift=1))
    return runs(pattern) or (Run(_DOT),)


def sign(node: Any, unfold: bool) -> Line:
    """The sign alone where that says everything: +, ·, exp; else the whole pattern: 2 · •."""
    pattern = _pattern(node, unfold)
    text = "".join(t for _, t in pattern)
    bare = text.replace(_DOT, "").strip()
    if len(node.args) == len(node.parents) and bare and re.fullmatch(r"\w+|[^\w\s()]", bare):
        return (Run(bare),)
    return runs(pattern) or (Run(_DOT),)
