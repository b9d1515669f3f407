"""Which number of a program each node of a recording is, and what is computed from which.

Three walks over the nodes: which of them the results need, which operands come from elsewhere, and what instruction
each becomes. This file is hot: it is compiled where that is possible.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...engine.nodes import LayerInputs, Node
from ...engine.tape import Tape, used_by

__all__ = ["Numbering"]


class Numbering:
    """The numbers of a recording's nodes.

    A node's place among the known ones stands in its mark, and is believed where that node is found there: so no table
    of all nodes is needed, and no other node is taken for one of them.

    Args:
        leaves: the leaves that stand for arguments, and those that the function made itself.
        tape: what it recorded.
        copies: nodes that stand for another, and that one.

    Attributes:
        ids: the id of each known node in the program, None for one that isn't needed.
        informed: the nodes of the program with an ``_info``, which may be a label.
        outside: the leaves of nodes from elsewhere that are needed, by their ``id()``.
        constants: those of constants, by the number; by its text if ``==`` does not tell it from another.
        fans: by its ``id()``, the inputs of each sample of a layer: known nodes and leaves.
        moved: the id in the program of each leaf: a list, or a range.
    """

    __slots__ = (
        "constants",
        "copied",
        "early",
        "fans",
        "ids",
        "informed",
        "known",
        "moved",
        "nodes",
        "outside",
        "start",
        "used",
    )

    def __init__(self, leaves: list[Any], tape: Tape, copies: list[tuple[Any, Any]]) -> None:
        self.nodes: list[Any] = tape.nodes
        self.early: dict[int, Any] = tape.early
        self.start: int = len(leaves)
        self.known: list[Any] = leaves + tape.nodes
        self.ids: list[Any] = [None] * len(self.known)
        self.informed: list[Any] = []
        self.copied: list[int] = []
        self.used: list[Any] = [None] * len(self.nodes)
        self.outside: dict[int, Any] = {}
        self.constants: dict[Any, Any] = {}
        self.fans: dict[int, Any] = {}
        self.moved: Any = ()
        for i in range(len(self.known)):
            node = self.known[i]
            node._mark = i
        for copy, of in copies:
            self.copied.append(self.place(of))
            node = copy
            node._mark = len(self.known)
            self.known.append(copy)

    def place(self, node: Node) -> int:
        """Where a node is among the known ones, or what it is a copy of; -1 if it is none of them."""
        i = node._mark
        if i < 0 or i >= len(self.known) or self.known[i] is not node:
            return -1
        copy = i - len(self.ids)
        return i if copy < 0 else self.copied[copy]

    def need(self, results: list[Any]) -> bytearray:
        """Which of the known nodes ``results`` depend on, themselves included."""
        live = bytearray(len(self.ids))
        fans: set[int] = set()
        self._mark(results, live)
        for k in range(len(self.nodes) - 1, -1, -1):
            if not live[self.start + k]:
                continue
            early = self.early.get(k) if self.early else None
            used = used_by(self.nodes[k]) if early is None else early[1]
            self.used[k] = used
            if not used or not isinstance(used[0], LayerInputs):
                self._mark(used, live)
            elif id(used[0]) not in fans:
                fans.add(id(used[0]))
                self._mark(used[0].nodes, live)
        return live

    def _mark(self, nodes: Any, live: bytearray) -> None:
        for x in nodes:
            if isinstance(x, Node):
                i = self.place(x)
                if i >= 0:
                    live[i] = 1

    def meet(self, note: Callable[[Any], int]) -> None:
        """Ask ``note`` for the leaf of each constant and each node from elsewhere, and show it each sample of a layer.

        From then on what each node is made of are known nodes and leaves.
        """
        for k in range(len(self.used)):
            used = self.used[k]
            if used is None:
                continue
            if not used or not isinstance(used[0], LayerInputs):
                if len(used) == 2:
                    self.used[k] = (self.leaf_of(used[0], note), self.leaf_of(used[1], note))
                else:
                    self.used[k] = tuple([self.leaf_of(x, note) for x in used])
            elif id(used[0]) not in self.fans:
                fan: Any = used[0]
                self.fans[id(fan)] = [self.leaf_of(x, note) for x in fan.inputs]
                note(fan)
                if fan.sink.bias is None:
                    self.leaf_of(0.0, note)

    def leaf_of(self, x: Any, note: Callable[[Any], int]) -> Any:
        """A known node itself, or the leaf of what is none, for which ``note`` is asked once."""
        if isinstance(x, Node):
            if self.place(x) >= 0:
                return x
            key: Any = id(x)
            leaves = self.outside
        else:
            number = float(x)
            key = number if number != 0.0 and number == number else repr(number)
            leaves = self.constants
        leaf = leaves.get(key)
        if leaf is None:
            leaf = leaves[key] = note(x)
        return leaf

    def id_of(self, x: Any) -> Any:
        """The id of a known node, or of a leaf."""
        return self.ids[self.place(x)] if isinstance(x, Node) else self.moved[x]

    def forget(self, mark: int) -> None:
        """Give all nodes a mark that no sweep takes for its own."""
        for i in range(len(self.known)):
            node = self.known[i]
            node._mark = mark

    def instructions(
        self, first: int, row: Callable[[Any, float], tuple[Any, Any]], distinct: Callable[[Any], Any], stop: Any
    ) -> tuple[list[Any], list[Any]]:
        """The primitives and the operands' ids; what is computed twice is an instruction once.

        Args:
            first: the id of the first instruction.
            row: what tells a neuron from others, and the ids of its inputs, weights and bias.
            distinct: the primitive that stands for one in the program.
            stop: the primitive of a node that is no longer made of its operands: a number, without a derivative.
        """
        prims: list[Any] = []
        args: list[Any] = []
        last: Any = None
        known: dict[int, Any] = {}  # by primitive: what stands for it, and the ids of instructions by their operands
        for k in range(len(self.nodes)):
            used = self.used[k]
            if used is None:
                continue
            node = self.nodes[k]
            early = self.early.get(k) if self.early else None
            prim = node._prim if early is None else early[0]
            if used and isinstance(used[0], LayerInputs):
                key, ids = row(*used)
            elif len(used) == 2:
                key = ids = (self.id_of(used[0]), self.id_of(used[1]))
            else:
                key = ids = tuple([self.id_of(x) for x in used])
            if prim is not last:
                last = prim
                entry = known.get(id(prim))
                if entry is None:
                    entry = known[id(prim)] = (distinct(prim), {})
                made = entry[0]
                same: dict[Any, Any] = entry[1]
            here = same.get(key)
            if here is None:
                here = same[key] = first + len(prims)
                prims.append(made)
                args.append(ids)
            if node._prim is None:  # cut from its operands by no_grad after it was recorded
                prims.append(stop)
                args.append((here,))
                here = first + len(prims) - 1
            self.ids[self.start + k] = here
            if node._info is not None:
                self.informed.append(node)
        return prims, args
