"""The numbers with which a graph was recorded, where an optimiser (or the user) has changed its leaves since.

A leaf keeps one number, the present one; what its consumers keep, their results and local derivatives, says what it
was. A product's partials are its other factors; an operation of which one operand is unknown is solved for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from ..engine.sweeps import CheckpointOperands, LayerInputs, Node, summed_apart

__all__ = ["Recorded", "recorded"]

_EXACT, _CLOSE = 1e-12, 1e-9
_STEPS = 60  # of Newton's method


class Recorded:
    """What is known of the numbers of a graph.

    Attributes:
        then: by id, the number that a changed leaf had.
        changed: the leaves that have another number now, or may have one (those in ``lost``), in topological order.
        lost: ids of the leaves whose number can't be found again.
        wrong: a node whose number is not the one that its operands give; None where everything was found.
    """

    __slots__ = ("changed", "lost", "then", "wrong")

    def __init__(self) -> None:
        self.then: dict[int, float] = {}
        self.changed: list[Any] = []
        self.lost: set[int] = set()
        self.wrong: Any = None

    def number(self, node: Any) -> float:
        """The number of a node when the graph was recorded; the present one where it can't be found."""
        return self.then.get(id(node), node.data) if self.then else float(node.data)


def recorded(nodes: Sequence[Any]) -> Recorded:
    """The numbers of a graph as it was recorded.

    Args:
        nodes: of the graph, in topological order.

    >>> from autograd_lite import Value
    >>> w = Value(2.0); f = w * w
    >>> w.data = 1.0
    >>> recorded([w, f]).number(w), recorded([w, f]).number(f)
    (2.0, 4.0)
    """
    found = Recorded()
    inner = [node for node in nodes if node.op is not None]
    stale = [node for node in inner if not _agrees(node, found)]
    if not stale:
        return found
    ids = {id(node) for node in stale}
    kept = {id(leaf) for node in inner if id(node) not in ids for leaf in _leaves(node.args)}
    for node in stale:
        _factors(node, found)
    for _ in range(3):  # what one finds may be what another lacks
        before = len(found.then)
        for node in stale:
            _solve(node, found, kept)
        if len(found.then) == before:
            break
    bad = [node for node in stale if not _agrees(node, found, _CLOSE)]
    if bad:
        found.wrong = bad[0]
        found.lost = {id(leaf) for node in bad for leaf in _leaves(node.args)} - kept - found.then.keys()
    found.then = {key: number for key, number in found.then.items() if key not in kept}
    found.changed = [n for n in nodes if id(n) in found.lost or found.then.get(id(n), n.data) != n.data]
    return found


def _leaves(args: Iterable[Any]) -> list[Any]:
    return [arg for arg in args if isinstance(arg, Node) and arg._prim is None]


def _numbers(node: Any, found: Recorded) -> list[float]:
    return [found.number(arg) if isinstance(arg, Node) else float(arg) for arg in node.args]


def _same(a: float, b: float, close: float) -> bool:
    return a == b or (a != a and b != b) or math.isclose(a, b, rel_tol=close, abs_tol=close * 1e-3)


def _agrees(node: Any, found: Recorded, close: float = _EXACT) -> bool:
    if isinstance(node._info, CheckpointOperands):  # only running its function again would tell
        return True
    numbers = _numbers(node, found)
    try:
        return _same(node.op.fn(*numbers), node.data, close) or summed_apart(node, numbers)
    except (ArithmeticError, ValueError):  # a function of the user's, where it is not defined
        return False


def _factors(node: Any, found: Recorded) -> None:
    """The leaves among the factors of a product, or of a sum of products."""
    if node.op.name not in ("mul", "dot", "affine") or not node.op.is_ours:
        return
    args = node.args
    half = len(args) // 2
    given = iter(node.local_partials)
    partials = [next(given) if isinstance(arg, Node) else None for arg in args]
    row = node._b.row(node._pa) if isinstance(node._b, LayerInputs) else None  # a neuron keeps its weights as they were
    for k, arg in enumerate(args[: 2 * half]):
        if not isinstance(arg, Node) or arg._prim is not None:
            continue
        factor = partials[k - half if k >= half else k + half]
        if row is not None and k >= half:
            found.then[id(arg)] = float(row[k - half])
        elif factor is not None:
            found.then[id(arg)] = float(factor)


def _solve(node: Any, found: Recorded, kept: set[int]) -> None:
    """The one operand that is unknown, by Newton's method from its present number."""
    unknown = {id(leaf): leaf for leaf in _leaves(node.args)}
    places = [id(arg) for arg in node.args]
    open_ = [key for key in unknown if key not in kept and key not in found.then and places.count(key) == 1]
    if len(open_) != 1 or _agrees(node, found):
        return
    k = places.index(open_[0])
    row, target = _numbers(node, found), float(node.data)
    partials = iter(node.local_partials)
    slope = float([next(partials) if isinstance(arg, Node) else 0.0 for arg in node.args][k])

    def result(x: float) -> float:
        return float(node.op.fn(*row[:k], x, *row[k + 1 :]))

    def rule(x: float) -> float:
        return float(node.op.float_partials(target, *row[:k], x, *row[k + 1 :])[k])

    x = row[k]
    try:
        for _ in range(_STEPS):
            error = result(x) - target
            if abs(error) <= 1e-15 * abs(target) or not math.isfinite(error):
                break
            x -= error / rule(x)
        if _same(result(x), target, _EXACT) and _same(rule(x), slope, _CLOSE):
            close = 1e-15 if isinstance(node._b, LayerInputs) else 0.0  # a layer sums in an order of its own
            rounded = [*(round(x, k) + 0.0 for k in range(17)), *(float(f"{x:.{k}g}") for k in range(1, 17))]
            fits = (y for y in rounded if _same(result(y), target, close) and _same(rule(y), slope, 1e-15))
            found.then[open_[0]] = next(fits, x)
    except (ArithmeticError, ValueError):  # a pole, or out of the domain: it can't be found
        return
