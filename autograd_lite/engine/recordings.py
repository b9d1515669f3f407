"""Which nodes belong to a recording that is running: a copy of such a node is the node itself.

A function that is differentiated may copy its arguments, or have them copied (``dataclasses.asdict``, networkx, a
pickle): the derivative goes through. So a copy of whatever depends on an input of a running transform, on any thread,
is no copy. Everything else is copied as ever.
"""

from __future__ import annotations

import itertools
import os
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

from .nodes import Node, operands_of

__all__ = ["Running", "Same", "is_running", "owner_of", "owners_of", "same"]

#: weak references to the recordings that are running, over all threads
_running: set[weakref.ref[Running]] = set()
_serial = itertools.count()


class Running:
    """A function that is being recorded; it ends with ``end()``, or when nobody has it any more.

    Args:
        inputs: the nodes with respect to which it will be differentiated.
    """

    __slots__ = ("__weakref__", "_known", "_me", "inputs", "kept", "serial")
    #: whether what belongs to it is plain numbers where nothing is recorded
    plain = False

    def __init__(self, inputs: Sequence[Node]) -> None:
        self.inputs = inputs
        self.serial = next(_serial)
        self.kept: list[Node] = []
        self._known: dict[int, tuple[Node, bool]] = {}
        self._me = weakref.ref(self, _running.discard)
        _running.add(self._me)

    def end(self) -> None:
        """From now on copies are copies."""
        _running.discard(self._me)

    def has(self, node: Node) -> bool:
        """Whether ``node`` is an input or made from one. (Each node is looked at once in a recording.)"""
        known = self._known
        if not known:
            known.update({id(x): (x, True) for x in self.inputs})
        waiting = [node]
        while waiting:
            x = waiting[-1]
            operands = operands_of(x) if id(x) not in known and x._prim is not None else ()
            new = [o for o in operands if id(o) not in known and o._prim is not None]
            if new:
                waiting.extend(new)
                continue
            waiting.pop()
            if operands:
                known[id(x)] = (x, any(id(o) in known and known[id(o)][1] for o in operands))
        return id(node) in known and known[id(node)][1]


def is_running() -> bool:
    """Whether anything is being recorded, on any thread."""
    return bool(_running)


def owner_of(node: Node) -> Running | None:
    """A running recording that ``node`` belongs to, if there is one."""
    return next(owners_of(node), None) if _running else None


def owners_of(node: Node) -> Iterator[Running]:
    """The running recordings that ``node`` belongs to."""
    recordings = [known() for known in list(_running)]
    return (recording for recording in recordings if recording is not None and recording.has(node))


class Same:
    """What a deep copy or a pickle is told of a node of a running recording.

    A pickle also has the node as it would be pickled elsewhere: what is read when the recording is over, or in another
    process, is a graph of its own.
    """

    def __init__(self, node: Node, owner: Running, apart: tuple[Any, ...]) -> None:
        self.node = node
        self.owner = owner
        self.apart = apart

    def __deepcopy__(self, memo: dict[int, Any]) -> Same:
        return self

    def __reduce__(self) -> Any:
        self.owner.kept.append(self.node)
        return (_again, (os.getpid(), self.owner.serial, len(self.owner.kept) - 1, _Apart(self.apart)))


class _Apart:
    """A node that is pickled as its graph."""

    def __init__(self, reduced: tuple[Any, ...]) -> None:
        self.reduced = reduced

    def __reduce__(self) -> Any:
        return self.reduced


def same(x: Any) -> Any:
    """The node again."""
    return x.node if isinstance(x, Same) else x


def _again(process: int, serial: int, place: int, apart: Any) -> Any:
    """The node itself, if its recording is still running here."""
    for known in list(_running) if process == os.getpid() else ():
        recording = known()
        if recording is not None and recording.serial == serial:
            return recording.kept[place]
    return apart
