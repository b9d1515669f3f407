"""A live graph read for a picture: its lines (``notation.outline``), names, ids, tooltips and groups.

The three styles share all of it; they differ in what they draw for a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.sweeps import Info, LayerInputs, Node
from ..engine.value import Value
from ..errors import OptionError
from ..notation import Outline, outline
from .model import Cluster
from .text import Line, Run, line, mathematical, plain

__all__ = ["Options", "Reading", "number", "read", "runs"]

#: a card folds at most this many operations, so more ops than cards × this are surely too many
_OPS_A_CARD = 13


@dataclass(frozen=True)
class Options:
    """What ``draw`` was asked for."""

    values: bool = True
    grads: bool = True
    partials: bool = True
    direction: str = "LR"
    theme: str = "light"
    fold: bool | None = None
    unfold: bool = False
    max_nodes: int | None = 300
    secret: frozenset[str] = frozenset()  # of values, grads and partials: what the tooltips leave out too


def runs(notation: Iterable[tuple[str, str]], colour: str = "ink") -> Line:
    """Runs of an expression as runs of a picture."""
    kinds = {"var": (True, 0), "sub": (False, -1), "sup": (False, 1)}
    return line(*(Run(text, colour, *kinds.get(kind, (False, 0))) for kind, text in notation))


def number(x: Any) -> str:
    """A number as pictures show it, with four significant digits.

    >>> number(33.90776829990312), number(-0.0001)
    ('33.91', '-0.0001')
    """
    return f"{as_number(x) + 0.0:.4g}"  # without the sign of -0.0


def as_number(x: Any) -> float:
    """A float, or the number of a Value (a gradient from ``create_graph``)."""
    return float(x.data) if isinstance(x, Value) else float(x)


class Reading:
    """A graph, read.

    Attributes:
        outline: its lines.
        ids: the id in the picture of every node that has a line, by ``id`` of the node.
        owner: for every node of the graph the ``id`` of the node on whose line it is.
    """

    def __init__(self, read: Outline, options: Options) -> None:
        self.outline = read
        self.options = options
        self.ids = {id(node): f"n{i}" for i, node in enumerate(read.nodes)}
        self.lines = {id(item.node): item for item in read.lines}
        self.tops = {id(root) for root in read.roots}
        self.owner = self._owners()
        self.ways = dict.fromkeys(self.lines, 0)
        for item in read.lines:
            for operand, ways in zip(item.operands, item.partials):
                self.ways[id(operand)] += len(ways)

    def _owners(self) -> dict[int, int]:
        """Folded nodes have one consumer: go up from each line through what is folded in it."""
        owner = {key: key for key in self.lines}
        folded = self.outline.folded
        for key in list(owner):
            stack = [p for p in self.lines[key].node.parents if id(p) in folded]
            while stack:
                node = stack.pop()
                owner[id(node)] = key
                stack.extend(p for p in node.parents if id(p) in folded)
        return owner

    def light(self) -> set[str]:
        """Ids of the parameters, which a straight path shouldn't begin with where it has the choice."""
        return {self.ids[id(item.node)] for item in self.outline.lines if self.is_parameter(item.node)}

    # --- names and kinds ----------------------------------------------------------------------------------------------

    def is_parameter(self, node: Any) -> bool:
        """Whether a leaf is a parameter: an element of one, or named as one (a Greek letter, w1, bias)."""
        if node.op is not None or id(node) in self.tops:
            return False
        if type(node) is not Value:
            return True
        if id(node) not in self.outline.names.given:
            return False
        stem = self.outline.names[node].stem
        if stem in {"b", "B"}:  # a bias only where there are weights
            return self._weights
        return _PARAMETER.fullmatch(stem) is not None

    @property
    def _weights(self) -> bool:
        if not hasattr(self, "_has_weights"):
            given = self.outline.names.given
            leaves = (item.node for item in self.outline.lines if item.node.op is None)
            stems = {self.outline.names[leaf].stem for leaf in leaves if id(leaf) in given}
            self._has_weights = any(_WEIGHT.fullmatch(stem) for stem in stems)
        return self._has_weights

    def kind(self, node: Any) -> str:
        """The role of its colours: "output", "parameter", "input" or "card"."""
        if id(node) in self.tops:
            return "output"
        if node.op is not None:
            return "card"
        return "parameter" if self.is_parameter(node) else "input"

    def name(self, node: Any, colour: str = "ink") -> Line:
        """Its name."""
        return runs(self.outline.names[node].runs(), colour)

    def word(self, node: Any) -> str:
        """Its name as plain text."""
        return self.outline.names[node].text

    def expression(self, node: Any) -> Line:
        """Its expression, muted; empty for a leaf."""
        return runs(self.outline.phrase(node).runs, "muted") if node.op is not None else ()

    # --- tooltips -----------------------------------------------------------------------------------------------------

    def tooltip(self, node: Any) -> str:
        """f₁ = exp x, value, gradient."""
        head = self.word(node)
        if node.op is not None:
            head += " = " + plain(self.expression(node))
        if "values" not in self.options.secret:
            head += f"\nvalue {self.outline.number(node):.6g}{self._since(node)}"
        if "grads" not in self.options.secret:
            head += f"\ngradient {self.gradient_name(node)}{as_number(node.grad):.6g}"
        return head

    def _since(self, node: Any) -> str:
        """What has become of a leaf since the graph was recorded."""
        if id(node) in self.outline.recorded.several:
            return " now; changed while this was recorded"
        if id(node) in self.outline.recorded.lost:
            return " now; the recorded one can't be found again"
        then, now = self.outline.number(node), as_number(node.data)
        return "" if then == now or then != then else f" when recorded, {now:.6g} now"

    def value(self, node: Any) -> str:
        """Its number, when the graph was recorded."""
        shown = number(self.outline.number(node))
        return f"{shown} now" if id(node) in self.outline.recorded.lost else shown

    def gradient_name(self, node: Any) -> str:
        """∂y/∂f₁ = , where there is one output."""
        roots = self.outline.roots
        return f"∂{self.word(roots[0])}/∂{self.word(node)} = " if len(roots) == 1 else ""

    def edge_tooltip(self, node: Any, operand: Any, partial: float) -> str:
        """∂f₂/∂f₁ = 1.213; adds 1.213 × 3.211 = 3.896 to the gradient of f₁."""
        a, b = self.word(node), self.word(operand)
        grad = as_number(node.grad)
        if "partials" in self.options.secret:
            return f"∂{a}/∂{b}"
        if "grads" in self.options.secret:
            return f"∂{a}/∂{b} = {partial:.4g}"
        return (
            f"∂{a}/∂{b} = {partial:.4g}; adds {partial:.4g} × {grad:.4g} = {partial * grad:.4g} to the gradient of {b}"
        )

    # --- clusters -----------------------------------------------------------------------------------------------------

    def clusters(self, wanted: bool | Mapping[str, Iterable[Any]], shown: Sequence[Any]) -> list[Cluster]:
        """Frames around the nodes of a module, or around those that the user groups.

        Args:
            wanted: True for the modules that recorded the nodes, False for none, or groups of Values by title.
            shown: the nodes that have a box.
        """
        if isinstance(wanted, Mapping):
            groups: dict[str, list[str]] = {}
            taken: set[int] = set()
            boxed = {id(node) for node in shown}
            for title, nodes in wanted.items():
                for node in _flat(nodes):
                    key = self.owner.get(id(node), 0)
                    if key in boxed and key not in taken:
                        taken.add(key)
                        groups.setdefault(str(title), []).append(self.ids[key])
        else:
            groups = self._modules(shown) if wanted else {}
        return [Cluster(f"c{i}", mathematical(title), members) for i, (title, members) in enumerate(groups.items())]

    def _modules(self, shown: Sequence[Any]) -> dict[str, list[str]]:
        """Boxes by the module that recorded them; by the module around it where each would frame one box."""
        scopes = {id(node): node._info.scope for node in shown if isinstance(node._info, Info) and node._info.scope}
        while scopes:
            groups: dict[str, list[str]] = {}
            for key, scope in scopes.items():
                groups.setdefault(scope, []).append(self.ids[key])
            if any(len(members) > 1 for members in groups.values()):
                return groups
            scopes = {key: scope.rpartition(".")[0] for key, scope in scopes.items() if "." in scope}
        return self._layers({id(node) for node in shown})

    def _layers(self, shown: set[int]) -> dict[str, list[str]]:
        """Neurons by the layer whose parameters they use, where there are several layers."""
        layers: dict[int, list[str]] = {}
        for node in self.outline.nodes:
            owner = self.owner[id(node)]
            if isinstance(node._b, LayerInputs) and owner in shown:
                layers.setdefault(id(node._b.sink), []).append(self.ids[owner])
                shown.discard(owner)
        if len(layers) < 2 or all(len(members) == 1 for members in layers.values()):
            return {}
        return {f"layer {i}": members for i, members in enumerate(layers.values(), 1)}


_WEIGHT = re.compile(r"(?:.*\.)?(?:[wW]|weights?)(?:\[.*)?")
_PARAMETER = re.compile(r"(?:.*\.)?(?:[α-ωΑ-Ω]|[wW]|weights?|bias(?:es)?|theta|phi|beta|omega)(?:\[.*)?", re.DOTALL)


def _flat(nodes: Any) -> list[Any]:
    """The Values in a Value, an iterable of Values or an array of them."""
    if isinstance(nodes, Node):
        return [nodes]
    return list(nodes.ravel()) if hasattr(nodes, "ravel") else list(nodes)


def roots_of(y: Any) -> list[Any]:
    """The Values that ``draw`` was given."""
    try:
        roots = _flat(y)
    except TypeError:
        roots = []
    if not roots or not all(isinstance(root, Node) for root in roots):
        kind = "no Values" if isinstance(y, Iterable) and not roots else type(y).__name__
        raise TypeError(
            f"draw takes a Value or several (a list, an object array), not {kind}: pass the result of the computation"
        )
    return roots


def read(roots: Sequence[Any], names: Mapping[str, Any] | None, options: Options) -> Reading:
    """Read the graph of ``roots``.

    Raises:
        OptionError: if it would have more than ``max_nodes`` boxes.
    """
    limit = options.max_nodes
    if limit is not None:
        count, whole = count_ops(roots, limit * _OPS_A_CARD)
        if not whole:
            raise too_many(f"over {count:,} operations", limit)
    return Reading(outline(*roots, names=names, fold=options.fold), options)


def count_ops(roots: Sequence[Any], limit: int) -> tuple[int, bool]:
    """How many operations a graph has; stops at ``limit`` (then the second result is False)."""
    seen = {id(root): root for root in roots}
    stack = list(seen.values())
    count = 0
    while stack:
        node = stack.pop()
        count += node.op is not None
        if count > limit or len(seen) > 50 * limit:
            return limit, False
        for parent in node.parents:
            if id(parent) not in seen:
                seen[id(parent)] = parent
                stack.append(parent)
    return count, True


def too_many(what: str, limit: int) -> OptionError:
    """The polite refusal."""
    return OptionError(
        f"this graph has {what}, and a picture of more than {limit:,} boxes is slow to draw and can't be read: draw an "
        f"inner value of it, name fewer values (unnamed ones fold into the expression that uses them), or pass "
        f"max_nodes=None to draw it anyway"
    )
