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
        several: ids of those of them that had different numbers at different nodes.
        wrong: a node whose number is not the one that its operands give; None where everything was found.
    """

    __slots__ = ("changed", "lost", "several", "then", "wrong")

    def __init__(self) -> None:
        self.then: dict[int, float] = {}
        self.changed: list[Any] = []
        self.lost: set[int] = set()
        self.several: set[int] = set()
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
    found.several |= _refuted(found, stale, [node for node in inner if id(node) not in ids]) & kept
    _forget(found)
    for node in stale:
        if not _agrees(node, found, _CLOSE):
            _blame(node, found, kept)
    found.lost |= found.several
    _forget(found)
    found.changed = [n for n in nodes if id(n) in found.lost or found.then.get(id(n), n.data) != n.data]
    return found


def _refuted(found: Recorded, stale: list[Any], agreeing: list[Any]) -> set[int]:
    """The leaves whose number can't be the one that was found, because of a node that agrees with the present one.

    One that would agree with both says nothing: relu(-2) is relu(-1).
    """
    now = {id(leaf): leaf.data for node in stale for leaf in _leaves(node.args)}
    other = {key for key, number in found.then.items() if not _same(number, now[key], _CLOSE)}
    if not other:
        return other
    against = [node for node in agreeing if not _agrees(node, found, _CLOSE)]
    return other & {id(leaf) for node in against for leaf in _leaves(node.args)}


def _blame(node: Any, found: Recorded, kept: set[int]) -> None:
    """Note what a node that is wrong says of its leaves."""
    leaves = {id(leaf): leaf for leaf in _leaves(node.args)}
    unknown = leaves.keys() - kept - found.then.keys()
    if found.wrong is None:
        found.wrong = node
    found.lost |= unknown
    if not unknown and not leaves.keys() & found.several:  # what is known of them is from other nodes
        found.several |= {key for key, leaf in leaves.items() if found.then.get(key, leaf.data) != leaf.data}


def _forget(found: Recorded) -> None:
    found.then = {key: number for key, number in found.then.items() if key not in found.several}


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
            factor = row[k - half]
        if factor is not None and not _same(found.then.setdefault(id(arg), float(factor)), float(factor), _CLOSE):
            found.several.add(id(arg))


def _solve(node: Any, found: Recorded, kept: set[int]) -> None:
    """The one operand that is unknown, by Newton's method from its present number."""
    places = [id(arg) for arg in node.args]
    open_ = {id(leaf) for leaf in _leaves(node.args)} - kept - found.then.keys()
    if len(open_) != 1 or _agrees(node, found):
        return
    (unknown,) = open_
    mine = [k for k, place in enumerate(places) if place == unknown]  # x + x has it twice
    row, target = _numbers(node, found), float(node.data)
    partials = iter(node.local_partials)
    slopes = [float(next(partials)) if isinstance(arg, Node) else 0.0 for arg in node.args]

    def with_(x: float) -> list[float]:
        return [x if place == unknown else number for place, number in zip(places, row)]

    def result(x: float) -> float:
        return float(node.op.fn(*with_(x)))

    def rules(x: float) -> list[float]:
        given = node.op.float_partials(target, *with_(x))
        return [float(given[k]) for k in mine]

    def fits(x: float, close: float, closer: float) -> bool:
        """Whether it gives the number and the local derivatives that were recorded."""
        return _same(result(x), target, close) and all(_same(r, slopes[k], closer) for r, k in zip(rules(x), mine))

    x = row[mine[0]]
    try:
        for _ in range(_STEPS):
            error = result(x) - target
            if abs(error) <= 1e-15 * abs(target) or not math.isfinite(error):
                break
            x -= error / math.fsum(rules(x))
        if fits(x, _EXACT, _CLOSE):
            close = 1e-15 if isinstance(node._b, LayerInputs) else 0.0  # a layer sums in an order of its own
            rounded = [*(round(x, k) + 0.0 for k in range(17)), *(float(f"{x:.{k}g}") for k in range(1, 17))]
            found.then[unknown] = next((y for y in rounded if fits(y, close, 1e-15)), x)
    except (ArithmeticError, ValueError):  # a pole, or out of the domain: it can't be found
        return
