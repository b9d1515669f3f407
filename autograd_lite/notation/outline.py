"""A graph as a list of lines: unnamed intermediates fold into the expression that uses them.

Traces in words and pictures made of cards both read a graph this way: one line per named value, the derivatives along
the folded way multiplied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.sweeps import LayerInputs, topological_order
from .expressions import Phrase, phrase
from .recorded import Recorded, recorded
from .symbols import Names, Symbol, name_nodes

__all__ = ["Line", "Outline", "expression", "outline"]

_FOLD_LIMIT = 12  # operations in one folded expression


@dataclass(slots=True)
class Line:
    """A node that stands on a line of its own.

    Attributes:
        node: the node.
        operands: the nodes on other lines that its expression reads, in order, each once.
        partials: for each operand, ∂node/∂operand along every way through the folded expression (their sum is the
            local derivative; ``x * x`` has two).
    """

    node: Any
    operands: list[Any]
    partials: list[list[float]]


class Outline:
    """The lines of a graph in topological order, with their names and expressions.

    Attributes:
        roots: the results.
        nodes: all nodes in topological order, the folded ones too.
        lines: the lines, leaves included, operands before their consumers.
        folded: ids of the nodes that have no line.
        names: the symbol of every node that has a line.
        recorded: the numbers, as they were when the graph was recorded.
    """

    def __init__(
        self, roots: Sequence[Any], nodes: list[Any], lines: list[Line], folded: frozenset[int], names: Names
    ) -> None:
        self.recorded: Recorded = recorded(nodes)
        self.roots = tuple(roots)
        self.nodes = nodes
        self.lines = lines
        self.folded = folded
        self.names = names

    def symbol(self, node: Any) -> Symbol:
        """The name of a node."""
        return self.names[node]

    def number(self, node: Any) -> float:
        """The number of a node when the graph was recorded; the present one where that can't be found again."""
        return self.recorded.number(node)

    def phrase(self, node: Any, style: str = "text") -> Phrase:
        """The expression of a node, the folded nodes inlined."""
        return phrase(node, self.names.__getitem__, self.folded, style)


def outline(*roots: Any, names: Mapping[str, Any] | None = None, fold: bool | None = None) -> Outline:
    """Read a graph as lines.

    Args:
        roots: the results.
        names: variables by name, such as ``locals()``, for nodes without a label.
        fold: whether unnamed nodes with one consumer become part of its expression; by default only where the user
            has named an intermediate, or a layer has recorded neurons, since otherwise the whole graph would be one
            line.

    Returns:
        An Outline.

    >>> from autograd_lite import Value
    >>> x = Value(2.0, label="x"); f = (3 * x + 1).named("f"); y = (f * f).named("y")
    >>> [(o.symbol(v.node).text, o.phrase(v.node).text) for o in [outline(y)] for v in o.lines]
    [('x', '2'), ('f', '3 · x + 1'), ('y', 'f · f')]
    """
    nodes = topological_order(*roots)
    labels = name_nodes(nodes, names, keep=())
    tops = {id(root) for root in roots}
    if fold is None:
        fold = any(_is_landmark(node, labels) for node in nodes if id(node) not in tops)
    parents = {id(node): node.parents for node in nodes}
    folded = _foldable(nodes, parents, labels, tops) if fold else set()
    lines = [_line(node, parents, folded) for node in nodes if id(node) not in folded]
    return Outline(roots, nodes, lines, frozenset(folded), name_nodes(nodes, names, [line.node for line in lines]))


def _is_landmark(node: Any, labels: Names) -> bool:
    """Whether an inner node keeps a folded graph from being one line: it has a name, or is a neuron."""
    return node.op is not None and (labels.named(node) or isinstance(node._b, LayerInputs))


def expression(v: Any, style: str = "text", names: Mapping[str, Any] | None = None) -> str:
    """How a Value was made, in terms of the nodes that have a name (and those that several others use).

    Args:
        v: the Value.
        style: "text", "latex" or "sympy" (source for SymPy, exact and never shortened).
        names: variables by name, such as ``locals()``, for nodes without a label.

    Returns:
        The expression; a leaf gives its number.

    >>> import autograd_lite as ag
    >>> x, w = ag.Value(2.0, label="x1"), ag.Value(3.0, label="omega")
    >>> y = ag.exp(w * x + 1) ** 2
    >>> expression(y), expression(y, "sympy")
    ('(exp(ω · x₁ + 1))²', 'exp(omega * x1 + 1)**2')
    """
    return outline(v, names=names, fold=True).phrase(v, style).text


def _foldable(nodes: list[Any], parents: dict[int, tuple[Any, ...]], labels: Names, tops: set[int]) -> set[int]:
    """Unnamed inner nodes with one consumer, as long as the expression stays short."""
    uses: dict[int, int] = {}
    for operands in parents.values():
        for operand in operands:
            uses[id(operand)] = uses.get(id(operand), 0) + 1
    size: dict[int, int] = {}  # of the candidates: operations in their expression
    neurons: set[int] = set()  # with an n-ary op in their expression: they fold into functions, not into other neurons
    for node in nodes:
        if node.op is None:
            continue
        inner = [p for p in parents[id(node)] if id(p) in size]
        if len(parents[id(node)]) > 1:
            for p in inner:
                if id(p) in neurons:
                    size.pop(id(p), None)
            inner = [p for p in inner if id(p) in size]
        many = node.op.arity < 0 and len(parents[id(node)]) > 2
        if many or isinstance(node._b, LayerInputs) or any(id(p) in neurons for p in inner):
            neurons.add(id(node))
        total = 1 + sum(size[id(p)] for p in inner)
        if total > _FOLD_LIMIT:
            for p in inner:
                if size[id(p)] > 1:
                    del size[id(p)]
            total = 1 + sum(size.get(id(p), 0) for p in inner)
        if uses.get(id(node)) == 1 and id(node) not in tops and not labels.named(node):
            size[id(node)] = total
    return set(size)


def _line(node: Any, parents: dict[int, tuple[Any, ...]], folded: set[int]) -> Line:
    """The line of a node: a walk through its folded operands, multiplying partials."""
    direct = parents[id(node)]
    keys = {id(operand) for operand in direct}
    if len(keys) == len(direct) and keys.isdisjoint(folded):  # nothing to follow, nothing to add up
        return Line(node, list(direct), [[partial] for partial in node.local_partials])
    place: dict[int, int] = {}
    line = Line(node, [], [])
    stack: list[tuple[Any, float]] = []
    _push(stack, node, parents, 1.0)
    while stack:
        operand, partial = stack.pop()
        if id(operand) in folded:
            _push(stack, operand, parents, partial)
        elif id(operand) in place:
            line.partials[place[id(operand)]].append(partial)
        else:
            place[id(operand)] = len(line.operands)
            line.operands.append(operand)
            line.partials.append([partial])
    return line


def _push(stack: list[tuple[Any, float]], node: Any, parents: dict[int, tuple[Any, ...]], factor: float) -> None:
    pairs = list(zip(parents[id(node)], node.local_partials))
    stack.extend((operand, factor * partial) for operand, partial in reversed(pairs))
