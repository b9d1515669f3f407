"""What a graph costs, and what this installation is made of."""

from __future__ import annotations

import html
import importlib
import platform
import sys
from collections import Counter
from typing import Any

from . import graph
from .graph import Fan, Many, Node, topological_order
from .structure import substitute

__all__ = ["BuildInfo", "Cost", "build_info", "cost"]


#: as much memory (in bits) as counting what each leaf reaches may take
_BITS = 400_000_000


class Cost:
    """What ``cost`` counts.

    Attributes:
        operations: how many nodes there are of each kind, most frequent first; leaves apart.
        nodes, leaves: all nodes; those that no op made.
        edges: operands of all nodes, with repeats: one partial derivative each.
        depth: the number of operations on the longest way from a leaf to an output.
        bytes: memory of the nodes and what only they hold, about.
        reverse: multiplications of one reverse sweep: one per edge, and it gives the derivatives with respect to all
            leaves.
        forward: multiplications of forward mode for the same derivatives: a sweep per leaf, each over all edges.
        forward_needed: of these, the ones whose tangent is not zero from the outset (edges that the leaf can reach);
            None for a graph too large to count them.
    """

    def __init__(self, nodes: list[Any]) -> None:
        self.operations: dict[str, int] = dict(Counter(n.op.name for n in nodes if n.op is not None).most_common())
        self.nodes = len(nodes)
        leaves = [n for n in nodes if n.op is None]
        self.leaves = len(leaves)
        self.edges = 0
        self.bytes = 0
        depth: dict[int, int] = {}
        for n in nodes:
            parents = n.parents
            self.edges += len(parents)
            self.bytes += _size(n)
            depth[id(n)] = 1 + max((depth[id(p)] for p in parents), default=-1)
        self.depth = max(depth.values(), default=0)
        self.reverse = self.edges
        self.forward = self.edges * self.leaves
        self.forward_needed = _reachable(nodes) if self.leaves * self.nodes <= _BITS else None

    def _rows(self) -> list[tuple[str, str]]:
        ratio = f" ({self.forward / self.reverse:.0f} times as many)" if self.reverse else ""
        rows = [
            ("operations", ", ".join(f"{count} {name}" for name, count in self.operations.items()) or "none"),
            ("nodes", f"{self.nodes:,}, of which {self.leaves:,} leaves"),
            ("edges", f"{self.edges:,}"),
            ("depth", f"{self.depth:,}"),
            ("bytes", f"{self.bytes:,}"),
            ("reverse mode", f"{self.reverse:,} multiplications: one sweep for all {self.leaves:,} leaves"),
            ("forward mode", f"{self.forward:,} multiplications: one sweep per leaf{ratio}"),
        ]
        if self.forward_needed is not None:
            rows.append(("", f"{self.forward_needed:,} if a sweep skips what its leaf doesn't reach"))
        return rows

    def __repr__(self) -> str:
        return "\n".join(f"{name:13} {text}" for name, text in self._rows())

    def _repr_html_(self) -> str:
        return _table(self._rows())


_LEFT = "style='text-align:left'"


def _table(rows: list[tuple[str, str]]) -> str:
    lines = [
        f"<tr><th {_LEFT}>{html.escape(name)}</th><td {_LEFT}>{html.escape(text)}</td></tr>" for name, text in rows
    ]
    return f"<table>{''.join(lines)}</table>"


def _size(n: Any) -> int:
    """Bytes of a node, its operand lists and its label; floats count where they are boxed."""
    boxed = 0 if compiled() else 24 * 2  # the number and one partial; further ones are often shared
    size = sys.getsizeof(n) + boxed
    info, fan = n._info, n._b
    if isinstance(fan, Fan):  # its share of what the neurons of a sample have in common
        size += (sum(map(sys.getsizeof, (fan, fan.inputs, fan.numbers))) + boxed) // fan.count
    if isinstance(info, str):
        return size + sys.getsizeof(info)
    if info is None:
        return size
    size += sys.getsizeof(info) + (sys.getsizeof(info.label) if info.label else 0)
    if isinstance(info, Many):
        for held in (info.operands, info.nodes, info.partials):
            size += sys.getsizeof(held)
        size += 24 * len(info.partials)
    return size


def _reachable(nodes: list[Any]) -> int:
    """Σ over leaves of the edges that start at the leaf or above it, by sets of leaves as bits of an integer."""
    bit = 1
    below: dict[int, int] = {}
    total = 0
    for n in nodes:
        if n.op is None:
            below[id(n)] = bit
            bit <<= 1
            continue
        mine = 0
        for p in n.parents:
            total += below[id(p)].bit_count()
            mine |= below[id(p)]
        below[id(n)] = mine
    return total


def cost(y: Any) -> Cost:
    """Count what is in the graph of ``y``, and what its derivatives cost in reverse and in forward mode.

    Args:
        y: an output; or a list, tuple, dict or array of them.

    Returns:
        The counts, with a readable ``repr``. Parameters of layers are counted as leaves.

    >>> import autograd_lite as ag
    >>> x, w = ag.Value(2.0), ag.Value(3.0)
    >>> c = ag.cost(ag.sin(x * w) + x)
    >>> c.nodes, c.edges, c.depth, c.operations
    (5, 5, 3, {'mul': 1, 'sin': 1, 'add': 1})
    >>> c.reverse, c.forward
    (5, 10)
    """
    roots: list[Node] = []
    substitute(y, roots.append)
    if not roots:
        raise TypeError(f"cost takes Values, not {type(y).__name__}: record a graph first")
    return Cost(topological_order(*roots))


def compiled() -> bool:
    """Whether the hot rooms are compiled."""
    return not str(graph.__file__).endswith((".py", ".pyc"))


class BuildInfo(dict[str, Any]):
    """What ``build_info`` found: a dict that shows itself as a table."""

    def __repr__(self) -> str:
        return "\n".join(f"{name:14} {text}" for name, text in self.items())

    def _repr_html_(self) -> str:
        return _table([(name, str(text)) for name, text in self.items()])


def build_info() -> BuildInfo:
    """What this installation is made of: for bug reports, and to see which half of the package you run.

    Returns:
        A dict: "autograd_lite" (version), "engine" ("compiled" or "pure"), "python", "platform", a version (or "not
        installed") for each library that can be used, and "renderer": what draws graphs here.

    >>> import autograd_lite as ag
    >>> ag.build_info()["engine"] in ("compiled", "pure")
    True
    """
    info = BuildInfo()
    info["autograd_lite"] = importlib.import_module(__package__).__version__
    info["engine"] = "compiled" if compiled() else "pure"
    info["python"] = f"{platform.python_implementation()} {platform.python_version()}"
    info["platform"] = f"{platform.system()} {platform.machine()}"
    for name in ("numpy", "graphviz", "graphviz-pure", "matplotlib", "safetensors", "tqdm", "scipy", "sympy"):
        info[name] = _version(name)
    info["renderer"] = _renderer()
    return info


def _version(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _renderer() -> str:
    """What the drawing room says it would draw with."""
    try:
        room = importlib.import_module(f"{__package__}.drawing.renderer")
        found = room.find_renderer()
        return " ".join(str(part) for part in (found.name, found.path) if part)
    except Exception as error:  # a report about a broken installation must not break
        return f"none ({type(error).__name__}: {error})"
