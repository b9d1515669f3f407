"""What a recording writes down: every node that a context makes while it is watched, in order.

Every operator comes by here while a scope lives anywhere. This file is hot: it is compiled where that is possible.
"""

from __future__ import annotations

from typing import Any

from .nodes import Info, LayerInputs, NaryOperands, Node
from .observers import SCOPES, notify_all

__all__ = ["Tape", "notify", "used_by"]


class Tape:
    """The nodes of one recording, in the order in which they were made.

    Args:
        mark: becomes the ``_mark`` of each.
        looks: before so many first ones are added, ``look()`` is called.

    Attributes:
        nodes: the nodes.
        early: by its number, the primitive and the operands of a node that another observer may have cut from them.
    """

    __slots__ = ("early", "looks", "mark", "nodes")

    def __init__(self, mark: int, looks: int) -> None:
        self.mark: int = mark
        self.looks: int = looks
        self.nodes: list[Any] = []
        self.early: dict[int, Any] = {}

    def look(self) -> None:
        """One of the first nodes was recorded."""

    def add(self, node: Node) -> None:
        """A node was recorded."""
        node._mark = self.mark
        if len(self.nodes) < self.looks:
            self.look()
        self.nodes.append(node)

    def add_early(self, node: Node) -> None:
        """A node was recorded, which the observers after this one may change."""
        self.early[len(self.nodes)] = (node._prim, used_by(node))
        self.add(node)

    def is_touched(self, leaves: list[Any]) -> bool:
        """Whether a sweep left a gradient in a node, or in one of ``leaves``, or one of them has a hook."""
        for nodes in (self.nodes, leaves):
            for i in range(len(nodes)):
                node = nodes[i]
                if node._grad != 0.0:
                    return True
                info = node._info
                if info is not None and isinstance(info, Info) and info.hooks:
                    return True
        return False


def notify(node: Node) -> None:
    """Show a new node to the observers of this context; or to a recording elsewhere, whose numbers it is made of."""
    scopes = SCOPES.get()
    if scopes:
        token = scopes[-1]()
        # the innermost scope is a recording, most of the time, and hides all others
        tape = token.view.tape if token is not None and token.lock.locked() else None
        token = None  # the traceback of an error from below would keep it, and with it the scope
        if tape is not None:
            tape.add(node)
            return
    notify_all(node)


def used_by(node: Node) -> tuple[Any, ...]:
    """What a node was made of, constants as floats; of a neuron the fan of its inputs and its place there."""
    a, b = node._a, node._b
    if a is not None:
        if b is not None:
            return (a, b)
        prim = node._prim
        return (a,) if prim is None or prim.arity == 1 else (a, node._pb)
    if b is not None:
        return (b, node._pa) if isinstance(b, LayerInputs) else (node._pa, b)
    many = node._info
    return many.args() if isinstance(many, NaryOperands) else ()
