"""What a graph costs: operations, memory, multiplications in reverse and in forward mode."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from ..engine.sweeps import LayerInputs, NaryOperands, Node, topological_order
from ..functional.pytree import substitute
from .build_info import compiled, table

__all__ = ["Cost", "cost"]


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
        return table(self._rows())


def _size(n: Any) -> int:
    """Bytes of a node, its operand lists and its label; floats count where they are boxed."""
    boxed = 0 if compiled() else 24 * 2  # the number and one partial; further ones are often shared
    size = sys.getsizeof(n) + boxed
    info, fan = n._info, n._b
    if isinstance(fan, LayerInputs):  # its share of what the neurons of a sample have in common
        size += (sys.getsizeof(fan) + sys.getsizeof(fan.inputs) + 8 * len(fan.inputs) + boxed) // fan.batch.count
    if isinstance(info, str):
        return size + sys.getsizeof(info)
    if info is None:
        return size
    size += sys.getsizeof(info) + (sys.getsizeof(info.label) if info.label else 0)
    if isinstance(info, NaryOperands):
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

    Raises:
        TypeError: for what is no Value.

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
