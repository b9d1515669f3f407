"""What a compiled transform returns where its function closes over live Values: numbers that pass derivatives on.

The numbers are the program's. A sweep that asks for their derivatives runs the plain transform, as that of a
``checkpoint`` does; until then it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.sweeps import CheckpointOperands, NaryOperands, Node, Sunk
from ...engine.value import Value, node
from ...functional.checkpoint import CHECKPOINT, Group
from ..record.structure import leaves_of, rebuild
from .plans import Path
from .results import Gradients

__all__ = ["deferred"]


class _Deferred(Group):
    """One call of a compiled transform."""

    def results_of(self, result: Any, made: dict[int, Node]) -> list[Any]:
        return [x if isinstance(x, Node) else Value(float(x)) for x in leaves_of(result)]

    def repeats(self, numbers: list[float]) -> bool:
        return len(numbers) == len(self.results)  # the program's differ by rounding

    def unseen(self, inner: list[Node]) -> list[Sunk]:
        totals: dict[int, tuple[Any, Any]] = {}
        for x in inner:
            storage = getattr(x, "storage", None)  # an element of a parameter, which a second derivative is taken by
            if storage is not None:
                _, total = totals.setdefault(id(storage), (storage, np.zeros(storage.data.size)))
                total[x.index] += x._adjoint  # type: ignore[attr-defined]
                x._adjoint, x._mark = 0.0, 0  # as before the sweep: another call that it goes through may meet it
        found: list[Sunk] = []
        for storage, total in totals.values():
            sink = Gradients(storage.runs([storage]), [total], None)
            found.append((sink, [(NaryOperands([], [], [], sink), 1.0)]))
        return found


def deferred(f: Callable[..., Any], args: Any, named: Any, result: Any, path: Path) -> Any:
    """The result of a compiled transform, with Values in the place of its numbers.

    Args:
        f: the plain transform.
        args, named: what it was called with; of numbers alone.
        result: numbers, in any structure.
        path: the way that the call took; its live leaves are what the Values depend on.
    """
    given = (args, named)
    group = _Deferred(f, *rebuild(given, iter(leaves_of(given))))  # arrays may be written over before the sweep
    live = [path.leaves[k] for k in path.live]
    nodes: list[Any] = []
    for leaf in live:
        if leaf.kind == "value":
            nodes += leaf.key.nodes if leaf.shape else [leaf.key]
    group.reads(nodes, any(leaf.kind == "parameter" for leaf in live))
    group.results = leaves_of(result)
    made = [
        node(float(number), CHECKPOINT, None, None, 0.0, 0.0, CheckpointOperands(group, group.nodes, k))
        for k, number in enumerate(group.results)
    ]
    return rebuild(result, iter(made))
