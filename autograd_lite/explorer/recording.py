"""The graph as data for the page: the tape of every node, the cards with their links, the frames of a training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..drawing.graph_view import Reading
from ..drawing.model import Picture
from ..engine.sweeps import Node, topological_order
from ..errors import GraphChangedError
from ..notation import recorded
from ..notation.expressions import phrase
from ..notation.symbols import Symbol, symbol
from .javascript_rules import supported

__all__ = ["Frame", "Tape", "cards_data", "replayed", "snapshot", "tape_of"]

#: first of the private characters that stand for operands in expressions; the page puts names or numbers there
MARK = 0xE000


@dataclass(frozen=True)
class Frame:
    """The numbers of a graph at one moment; ``snapshot`` makes one.

    Attributes:
        values: of every node, in topological order.
        partials: of every node, one for each operand (0 for constants).
        constants: the constant operands, in the order in which the tape meets them.
        shape: the ops and operands, by which two frames are known to be of the same graph.
        title: what the page calls it.
    """

    values: tuple[float, ...]
    partials: tuple[tuple[float, ...], ...]
    constants: tuple[float, ...]
    shape: tuple[Any, ...] = field(repr=False)
    title: str = ""


@dataclass
class Tape:
    """Every node in topological order: its op and its operands (index of a node, or −1 − index of a constant)."""

    nodes: list[Any]
    ops: list[Any]
    args: list[list[int]]
    constants: list[float]

    @property
    def shape(self) -> tuple[Any, ...]:
        return tuple((op.name if op else "", tuple(args)) for op, args in zip(self.ops, self.args))

    @property
    def leaves(self) -> list[int]:
        """Indices of the nodes without an op."""
        return [i for i, op in enumerate(self.ops) if op is None]

    def missing(self) -> list[str]:
        """Ops that the page can't compute."""
        return sorted({op.name for op in self.ops if op is not None and not supported(op)})


def tape_of(nodes: Sequence[Any]) -> Tape:
    """The tape of nodes in topological order."""
    index = {id(node): i for i, node in enumerate(nodes)}
    tape = Tape(list(nodes), [node.op for node in nodes], [], [])
    for node in nodes:
        row = []
        for arg in node.args if node.op is not None else ():
            if isinstance(arg, Node):
                row.append(index[id(arg)])
            else:
                tape.constants.append(float(arg))
                row.append(-len(tape.constants))
        tape.args.append(row)
    return tape


def snapshot(y: Any, title: str = "") -> Frame:
    """The numbers of a graph as they are now, to be one frame of ``explore(history=…)``.

    Args:
        y: the Value at the end of the graph, such as the loss of an epoch.
        title: what the page calls the frame; its number by default.

    Returns:
        A Frame. Take it before the optimiser steps: it holds the parameters as they were when ``y`` was recorded.

    Raises:
        TypeError: if ``y`` is not a Value.
        GraphChangedError: if leaves were changed since ``y`` was recorded and their numbers can't be found again.

    >>> from autograd_lite import Value
    >>> w = Value(3.0, label="w")
    >>> snapshot(w * w).values
    (3.0, 9.0)
    """
    if not isinstance(y, Node):
        raise TypeError(f"a frame of a history is a Value or a snapshot of one, not {type(y).__name__}")
    return frame_of(tape_of(topological_order(y)), title)


def frame_of(tape: Tape, title: str = "") -> Frame:
    """The frame of a tape: values and partials as recorded, and the leaves as they were then."""
    partials = []
    for node, args in zip(tape.nodes, tape.args):
        given = iter(node.local_partials if node.op is not None else ())
        partials.append(tuple([float(next(given)) if a >= 0 else 0.0 for a in args]))
    then = recorded(tape.nodes)
    if then.wrong is not None:
        raise GraphChangedError(
            f"a leaf of this graph was changed after it was recorded ({then.wrong.op.name} no longer gives "
            f"{float(then.wrong.data)!r}): for a training run take each frame before the optimiser steps, "
            f"frames.append(autograd_lite.explorer.snapshot(loss)), and pass history=frames"
        )
    values = tuple([float(then.number(node)) for node in tape.nodes])
    return Frame(values, tuple(partials), tuple(tape.constants), tape.shape, title)


def replayed(tape: Tape, leaves: Mapping[Any, Any], title: str = "") -> Frame:
    """The frame that a graph would have with other numbers on its leaves, by the table's float functions.

    Args:
        tape: of the graph.
        leaves: a number for each leaf that differs, by Value or by label.
        title: of the frame.
    """
    values = [float(node.data) for node in tape.nodes]
    known = {id(key) if isinstance(key, Node) else key: number for key, number in leaves.items()}
    used = set()
    for i in tape.leaves:
        for key in (id(tape.nodes[i]), tape.nodes[i].label):
            if key in known and key != "":
                values[i] = float(known[key])
                used.add(key)
    unknown = [key for key in leaves if (id(key) if isinstance(key, Node) else key) not in used]
    if unknown:
        raise ValueError(f"history: {unknown[0]!r} is no leaf of this graph")
    partials: list[tuple[float, ...]] = []
    for i, (op, args) in enumerate(zip(tape.ops, tape.args)):
        if op is None:
            partials.append(())
            continue
        row = [values[a] if a >= 0 else tape.constants[-1 - a] for a in args]
        values[i] = op.fn(*row)
        given = [float(p) for p in op.float_partials(values[i], *row)]
        partials.append(tuple([p if a >= 0 else 0.0 for p, a in zip(given, args)]))
    return Frame(tuple(values), tuple(partials), tuple(tape.constants), tape.shape, title)


# --- the cards --------------------------------------------------------------------------------------------------------


def cards_data(reading: Reading, picture: Picture, tape: Tape) -> dict[str, Any]:
    """The lines of a reading as the page wants them.

    Returns:
        "lines": for each line its node, id in the picture, kind, name, expression, cluster, and links to the lines
        of its operands (each: line, ways through the folded expression as (node, operand) pairs, ids of the edges,
        the row of its card); "inner": name and expression of the folded nodes.
    """
    outline = reading.outline
    index = {id(node): i for i, node in enumerate(tape.nodes)}
    place = {id(item.node): k for k, item in enumerate(outline.lines)}
    boxes = {item.id for item in picture.boxes}
    cluster = {member: k for k, group in enumerate(picture.clusters) for member in group.members}
    namer = _Namer(reading, index)
    lines: list[dict[str, Any]] = []
    for item in outline.lines:
        box = reading.ids[id(item.node)]
        links: list[Any] = []
        count, rows = 0, 0
        for operand, ways in zip(item.operands, _ways(item.node, index, outline.folded)):
            edges = [f"e{box[1:]}_{count + j}" for j in range(len(ways))]
            count += len(ways)
            row = -1
            if reading.ids[id(operand)] not in boxes:
                row, rows, edges = rows, rows + 1, []
            links.append([place[id(operand)], ways, edges, row])
        expression = [] if item.node.op is None else namer.marked(item.node, outline.folded)
        kind = reading.kind(item.node)
        name = outline.names[item.node].runs()
        lines.append({
            "n": index[id(item.node)], "id": box, "kind": kind, "name": name, "expr": expression,
            "cluster": cluster.get(box, -1), "links": links,
        })  # fmt: skip
        if any(len(way) > 2 for _, ways, *_ in links for way in ways):
            lines[-1]["own"] = namer.marked(item.node, frozenset())
    inner = {
        index[id(node)]: {"name": namer.name(node), "expr": namer.marked(node, frozenset())}
        for node in outline.nodes
        if id(node) in outline.folded
    }
    return {
        "lines": lines,
        "inner": inner,
        "clusters": ["".join(run.text for run in c.title) for c in picture.clusters],
    }


def _ways(node: Any, index: Mapping[int, int], folded: frozenset[int]) -> list[list[list[int]]]:
    """For each operand of a line, the ways to it through the folded nodes: flat lists node, k, node, k …

    The order is that of ``notation.outline``, on which the ids of the picture's edges depend.
    """
    place: dict[int, int] = {}
    found: list[list[list[int]]] = []
    stack: list[tuple[Any, list[int]]] = []

    def push(top: Any, way: list[int]) -> None:
        pairs = [(arg, [*way, index[id(top)], k]) for k, arg in enumerate(top.args) if isinstance(arg, Node)]
        stack.extend(reversed(pairs))

    if node.op is not None:
        push(node, [])
    while stack:
        operand, way = stack.pop()
        if id(operand) in folded:
            push(operand, way)
        elif id(operand) in place:
            found[place[id(operand)]].append(way)
        else:
            place[id(operand)] = len(found)
            found.append([way])
    return found


class _Namer:
    """Names of the folded nodes, and expressions with marks where operands stand."""

    def __init__(self, reading: Reading, index: Mapping[int, int]) -> None:
        self.index = index
        taken = {reading.word(item.node) for item in reading.outline.lines}
        letter = next(c for c in ("u", "a", "b", "c", "d") if not any(t.startswith(c) for t in taken) or c == "d")
        nodes = [node for node in reading.outline.nodes if id(node) in reading.outline.folded]
        self.names = {id(node): symbol(f"{letter}{k}").runs() for k, node in enumerate(nodes, 1)}

    def name(self, node: Any) -> list[tuple[str, str]]:
        """The runs of a folded node's name."""
        return self.names[id(node)]

    def marked(self, node: Any, folded: frozenset[int]) -> list[Any]:
        """Its expression: runs, and for each operand the index of its node."""
        runs = phrase(node, lambda operand: Symbol(chr(MARK + self.index[id(operand)])), folded).runs
        made: list[Any] = []
        for kind, text in runs:
            code = ord(text) - MARK if len(text) == 1 else -1
            made.append(code if kind == "var" and 0 <= code < len(self.index) else [kind, text])
        return made
