"""A recorded network as figure 7.1 draws it: a circle for each neuron, in columns, and an arrow for each weight.

A neuron is an ``affine`` node together with the activation function that is its only consumer. What lies between
neurons otherwise (a loss, a normalisation) is not drawn: its result is joined to the neurons that it depends on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...engine.sweeps import topological_order
from ...engine.value import Value
from ...errors import RenderError
from ...notation import recorded
from ..graph_view import Options, number, too_many
from ..model import Box, Edge, Picture, circle, mathematical
from ..style import SERIF
from ..text import Run
from .registered import Style

__all__ = ["STYLE", "network"]

Weight = Any  # a Value, or the float of a constant


class _Network:
    """The neurons of a graph, in columns.

    Attributes:
        column: for every circle (by key) the column it stands in; inputs in the first.
        node: the Value of a circle, or the float of a constant input.
        edges: tail, head and weight; a weight of None joins a result to what it depends on.
        recorded: the numbers, as they were when the graph was recorded.
    """

    def __init__(self, roots: Sequence[Any]) -> None:
        self.column: dict[Any, int] = {}
        self.node: dict[Any, Any] = {}
        self.edges: list[tuple[Any, Any, Weight]] = []
        self._behind: dict[int, list[Any]] = {}
        nodes = topological_order(*roots)
        self.recorded = recorded(nodes)
        users: dict[int, list[Any]] = {}
        for node in nodes:
            for parent in node.parents:
                users.setdefault(id(parent), []).append(node)
        activation = {id(n): self._activation(n, users) for n in nodes if n.op == "affine"}
        if not activation:
            raise RenderError(
                "there is no neuron (affine) in this graph: style='network' draws what nn's layers record"
            )
        shown = {id(a): n for n in nodes if n.op == "affine" for a in [activation[id(n)]]}
        for node in nodes:
            if id(node) in shown:
                self._neuron(node, shown[id(node)])
            elif node.op == "affine":
                continue  # its activation is the circle
            else:
                below = [key for parent in node.parents for key in self._behind.get(id(parent), ())]
                self._behind[id(node)] = list(dict.fromkeys(below))
        for root in roots:
            if id(root) not in self.column:
                tails = self._behind[id(root)]
                self._place(id(root), root, tails)
                self.edges += [(tail, id(root), None) for tail in tails]

    @staticmethod
    def _activation(node: Any, users: dict[int, list[Any]]) -> Any:
        """The function that is applied to a neuron's sum, if nothing else uses the sum; else the sum itself."""
        using = users.get(id(node), [])
        return using[0] if len(using) == 1 and using[0].op.arity == 1 else node

    def _neuron(self, top: Any, node: Any) -> None:
        """A circle for a neuron, after circles for those of its inputs that have none yet."""
        args = node.args
        count = len(args) // 2
        incoming: list[tuple[Any, Weight]] = []
        for i, (x, w) in enumerate(zip(args[:count], args[count:-1])):
            if isinstance(x, Value):
                if not self._behind.get(id(x)):  # an input: nothing is behind it
                    self._place(id(x), x, ())
                tails = self._behind[id(x)]
            else:
                tails = [("constant", i, x)]
                self._place(tails[0], x, ())
            incoming += [(tail, w) for tail in tails]
        self._place(id(top), top, [tail for tail, _ in incoming])
        self._behind[id(node)] = [id(top)]
        self.edges += [(tail, id(top), w) for tail, w in incoming]

    def _place(self, key: Any, node: Any, tails: Sequence[Any]) -> None:
        if key not in self.column:
            self.column[key] = 1 + max((self.column[tail] for tail in tails), default=-1)
            self.node[key] = node
            if isinstance(node, Value):
                self._behind[id(node)] = [key]

    def downstream(self, start: Any) -> set[Any]:
        """A circle and all that it acts on."""
        found = {start}
        for tail, head, _ in sorted(self.edges, key=lambda edge: self.column[edge[0]]):
            if tail in found:
                found.add(head)
        return found


def network(roots: Sequence[Any], options: Options, highlight: Any = None) -> Picture:
    """The picture of a recorded network.

    Args:
        roots: the results: outputs, or a loss.
        options: what ``draw`` was asked for.
        highlight: a weight (its arrow in blue) or a neuron (its circle): everything downstream of it is orange.
    """
    found = _Network(roots)
    if options.max_nodes is not None and len(found.column) > options.max_nodes:
        raise too_many(f"{len(found.column):,} circles", options.max_nodes)
    blue = None if highlight is None else _chosen(found, highlight)
    heads = [head for tail, head, w in found.edges if highlight is not None and w is highlight]
    below: set[Any] = set().union(*map(found.downstream, heads if heads else [blue] if blue is not None else []))
    names = {key: f"u{i}" for i, key in enumerate(found.column)}
    columns: list[list[str]] = [[] for _ in range(1 + max(found.column.values()))]
    for key, at in found.column.items():
        columns[at].append(names[key])
    boxes = [_circle(found, key, names[key], key in below, key == blue, roots, options) for key in found.column]
    edges: dict[tuple[str, str], Edge] = {}
    for tail, head, w in found.edges:
        hot = tail in below and head in below
        colour, pen = ("blue", 2.6) if w is not None and w is highlight else ("orange", 1.8) if hot else ("edge", 0.7)
        ends = names[tail], names[head]
        if ends not in edges or colour == "blue":
            edges[ends] = Edge(f"e_{ends[0]}_{ends[1]}", *ends, colour=colour, pen=pen, tooltip=_weight_text(found, w))
    return Picture(
        boxes, list(edges.values()), columns=columns, direction=options.direction, theme=options.theme, straight=True,
        ranksep=0.55, nodesep=0.14, name="network",
    )  # fmt: skip


def _chosen(found: _Network, highlight: Any) -> Any:
    """The key of a highlighted neuron; None for a weight."""
    if id(highlight) in found.column:
        return id(highlight)
    if any(w is highlight for _, _, w in found.edges):
        return None
    raise RenderError(
        "highlight is none of the network's neurons, inputs or weights: pass layer.weight[i, j] or an output"
    )


def _circle(found: _Network, key: Any, name: str, hot: bool, blue: bool, roots: Sequence[Any], options: Options) -> Box:
    node = found.node[key]
    value = isinstance(node, Value)
    then = found.recorded.number(node) if value else float(node)
    shown = number(then)
    tip = f"{node.label} = {shown}" if value and node.label else f"value {shown}"
    if value and options.grads:
        tip += f"\ngradient {number(node.grad)}"
    is_loss = any(node is root for root in roots) and node.op != "affine" and len(roots) == 1
    short = f"{then:.2g}".replace("-", "−")
    text = (Run(short),) if options.values else mathematical("ℓ") if is_loss else ()
    stroke, pen = ("blue", 2.2) if blue else ("orange", 1.8) if hot else ("edge", 1.0)
    return circle(
        name, text, 15.0 if options.values else 9.0, size=8.0 if options.values else 11.0, font=SERIF,
        fill="page", stroke=stroke, pen=pen, tooltip=tip,
    )  # fmt: skip


def _weight_text(found: _Network, w: Weight) -> str:
    if w is None:
        return ""
    if not isinstance(w, Value):
        return f"weight {number(w)}"
    return f"{w.label or 'weight'} = {number(found.recorded.number(w))}\ngradient {number(w.grad)}"


STYLE = Style("network", "a circle for each neuron and an arrow for each weight, as in figure 7.1", whole=network)
