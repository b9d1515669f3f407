"""The comparison behind ``check_grads``: at one point, along directions, order by order and mode by mode."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..engine.sweeps import (
    CheckpointOperands,
    Node,
    forward_sweep,
    partials_on_nodes,
    reverse_adjoints,
    reverse_nodes,
    rule_parents,
)
from ..engine.value import Value
from .expression import Expression, nodes_of
from .numerical import EPSILON, GRAIN, LARGE, Slope, exact_grain, slope

__all__ = ["Flat", "Mismatch", "Report", "Settings", "Stuck", "check_point", "on_inner_kink", "shown"]

Flat = Callable[[Sequence[Any]], Any]


class Mismatch(NamedTuple):
    """One comparison that failed."""

    order: int
    mode: str
    engine: float
    numerical: float
    tolerance: float
    why: str
    direction: tuple[float, ...]

    @property
    def what(self) -> str:
        """The derivative that was compared, in words."""
        turned = [i for i, d in enumerate(self.direction) if d != 0.0]
        along = f"with respect to x{turned[0]}" if len(turned) == 1 else "along a random direction"
        return f"derivative of order {self.order} {along} ({self.mode} mode)"


class Report:
    """What ``check_grads`` compared: how many numbers, how close, and which kinks it met.

    Attributes:
        comparisons: how many derivatives were compared with differences.
        worst: the largest deviation, as a part of what was allowed.
        kinks: one sentence for every kink that was met.

    >>> import autograd_lite as ag
    >>> print(ag.check_grads(ag.relu, 0.0).kinks[0])
    on a kink at (0.0)
    """

    def __init__(self) -> None:
        self.comparisons = 0
        self.worst = 0.0
        self.kinks: list[str] = []

    def met(self, sentence: str) -> None:
        """Note a kink, once."""
        if sentence not in self.kinks:
            self.kinks.append(sentence)

    def __repr__(self) -> str:
        met = "".join(f"; {sentence}" for sentence in self.kinks)
        return f"<{self.comparisons} derivatives agree, the worst within {self.worst:.2g} of what rounding allows{met}>"


class Stuck(Exception):
    """No differences can be taken at this point."""


class Settings(NamedTuple):
    order: int
    modes: tuple[str, ...]
    directions: int
    rtol: float
    atol: float
    axes: bool = False


def check_point(
    flat: Flat, point: list[float], settings: Settings, rng: random.Random, report: Report, aside: bool = False
) -> Mismatch | None:
    """All orders, modes and directions at one point."""
    value = flat([Value(x) for x in point]).data
    if value - value != 0.0:
        if aside:
            raise Stuck(f"{value!r}")
        raise ValueError(f"check_grads: the function is {value!r} at {shown(point)}; choose a point inside its domain")
    for v in _directions(len(point), settings, rng):
        for k in range(1, settings.order + 1):
            found = _check_direction(flat, point, v, k, settings, report)
            if found is not None:
                return found
    return None


def _directions(n: int, settings: Settings, rng: random.Random) -> list[list[float]]:
    """The axes, when asked for and few, and random directions with no component near 0."""
    axes = (
        [[1.0 if i == j else 0.0 for j in range(n)] for i in range(n)] if n == 1 or (settings.axes and n <= 8) else []
    )
    if n == 1:
        return axes
    return axes + [
        [rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) for _ in range(n)] for _ in range(settings.directions)
    ]


class _Measured(NamedTuple):
    """One derivative: the engine's, the differences', and how far rounding may move either."""

    engine: float
    rounded: float
    found: Slope
    size: float


def _measure(flat: Flat, point: list[float], v: list[float], k: int, mode: str) -> _Measured:
    """The k-th derivative along ``v`` by the engine, beside differences of its (k−1)-th."""

    def phi(t: float) -> float:
        return float(_chain(flat, [x + t * d for x, d in zip(point, v)], v, k - 1, mode)[0].data)

    y, leaves = _chain(flat, point, v, k - 1, mode)
    recorded = Expression.of(y, leaves)
    moving = [x for x, d in zip(point, v) if d != 0.0]
    exact = len(moving) == 1 and set(map(abs, v)) <= {0.0, 1.0}
    rounding, moves = recorded.rounding(
        16 if len(recorded.steps) < 1000 else 4, exact=exact and abs(moving[0]) >= LARGE
    )
    moved = sum(abs(d) * m for d, m in zip(v, moves))
    noise = 4.0 * rounding + EPSILON * abs(y.data) if rounding < math.inf else None
    grain = exact_grain(moving[0]) if exact else GRAIN * (max(map(abs, point)) or 1e-3)
    found = slope(phi, min(max(abs(x), 1.0) for x in (moving if exact else point)), noise, grain)
    # recorded again, after other points: a rule that remembers an earlier point shows
    engine = _along(*_chain(flat, point, v, k - 1, mode), v, mode)
    rounded = 4.0 * (moved if moved < math.inf else 0.0) + 4.0 * EPSILON * abs(engine)
    size = max(abs(x) for x in recorded.numbers(point) if _finite(x))
    return _Measured(engine, rounded, found, size)


def _check_direction(
    flat: Flat, point: list[float], v: list[float], k: int, settings: Settings, report: Report
) -> Mismatch | None:
    """The k-th derivative along ``v``: modes against differences of the (k−1)-th, and against each other."""
    engines: dict[str, float] = {}
    allowed = 0.0

    def room(number: float, rounded: float) -> float:
        return 2.0 * rounded + settings.rtol * abs(number) + settings.atol

    for mode in settings.modes:
        engine, rounded, found, size = _measure(flat, point, v, k, mode)
        engines[mode] = engine
        allowed += rounded
        if found.kink == 0.0:
            if k == 1 and not _between(engine, found):
                why = f"the point is on a kink, with slopes {found.left!r} and {found.right!r} on its sides"
                return Mismatch(k, mode, engine, 0.5 * (found.left + found.right), 0.0, why, tuple(v))
            raise Stuck("on a kink" if k == 1 else f"derivative {k - 1} on a kink")
        if not found.error <= max(1e-3 * abs(found.value), 1e-6 * size):  # they would say nothing
            raise Stuck("no differences")
        if found.kink is not None:
            report.met(f"a kink within {found.kink:.2g} of {shown(point)}")
        tolerance = 4.0 * found.error + rounded + settings.rtol * abs(found.value) + settings.atol
        off = abs(engine - found.value)
        if not off <= tolerance:
            return Mismatch(k, mode, engine, found.value, tolerance, "", tuple(v))
        report.comparisons += 1
        report.worst = max(report.worst, off / tolerance if tolerance else 0.0)
        if k < settings.order:  # the next order starts from the rules run on nodes: they must say the same
            on_nodes = float(_chain(flat, point, v, k, mode)[0].data)
            if not abs(on_nodes - engine) <= room(engine, rounded):
                why = "the second number is that of create_graph=True: a rule differs on Values and on floats"
                return Mismatch(k, mode, engine, on_nodes, room(engine, rounded), why, tuple(v))
    first, last = engines[settings.modes[0]], engines[settings.modes[-1]]
    if not abs(first - last) <= room(first, allowed):
        why = f"the second number is {settings.modes[-1]} mode's: the modes disagree"
        return Mismatch(k, settings.modes[0], first, last, room(first, allowed), why, tuple(v))
    return None


def _between(engine: float, found: Slope) -> bool:
    """Whether a derivative at a kink lies between the slopes on its sides."""
    low, high = sorted((found.left, found.right))
    room = 1e-6 * (abs(low) + abs(high))
    return not (found.left - found.left == 0.0 and found.right - found.right == 0.0) or (
        low - room <= engine <= high + room
    )


def _chain(flat: Flat, point: Sequence[float], v: list[float], k: int, mode: str) -> tuple[Any, list[Value]]:
    """The k-th derivative along ``v`` as a node, by sweeps that run the rules on nodes; and the leaves."""
    leaves = [Value(x) for x in point]
    y: Any = flat(leaves)
    for _ in range(k):
        if mode == "forward":
            y = _tangent(y, leaves, v)
        else:
            adjoints = reverse_nodes([(y, Value(1.0))], Value)
            y = sum((d * adjoints[id(x)] for x, d in zip(leaves, v) if id(x) in adjoints), Value(0.0))
        y = y if isinstance(y, Node) else Value(y)
    return y, leaves


def _tangent(y: Any, leaves: list[Value], v: list[float]) -> Any:
    """The forward sweep with the rules run on nodes: the tangent of ``y`` as a node."""
    tangents: dict[int, Any] = {id(x): d for x, d in zip(leaves, v)}
    for node in nodes_of(y):
        if id(node) in tangents:
            continue
        total: Any = 0.0
        if node._prim is not None:
            for parent, partial in zip(rule_parents(node), partials_on_nodes(node)):
                total = total + partial * tangents[id(parent)]
        tangents[id(node)] = total
    return tangents[id(y)]


def _along(y: Any, leaves: list[Value], v: list[float], mode: str) -> float:
    """The derivative of ``y`` along ``v`` by a sweep on numbers, which touches no gradient."""
    if mode == "forward":
        return float(forward_sweep([y], list(zip(leaves, v)))[id(y)])
    adjoints = reverse_adjoints(y, leaves, 1.0)
    return math.fsum(d * g for d, g in zip(v, adjoints)) if all(map(_finite, adjoints)) else math.nan


def on_inner_kink(flat: Flat, point: list[float]) -> str:
    """Name of an op whose operands lie on a kink of its own, "" without one.

    x = relu(x) − relu(−x) has no kink at 0, and still no rule can be right about it there: what a function does at
    a kink of one of its ops is a convention, not a derivative.
    """
    leaves = [Value(x) for x in point]
    for node in nodes_of(flat(leaves)):
        if node.op is None or isinstance(node._info, CheckpointOperands) or node.op.name in _SMOOTH:
            continue
        args = [a if isinstance(a, float) else a.data for a in node.args]
        free = [i for i, a in enumerate(node.args) if not isinstance(a, float)]
        turns = [{i: 0.75 + 0.5 * (k % 2) for k, i in enumerate(free)}, {i: (-1.0) ** k for k, i in enumerate(free)}]
        for steps in turns + [{i: 1.0} for i in free[:4] if len(free) > 1]:

            def phi(t: float, node: Any = node, args: list[float] = args, steps: dict[int, float] = steps) -> float:
                return float(node.op.fn(*[a + t * steps.get(i, 0.0) for i, a in enumerate(args)]))

            if slope(phi, 1.0, None, GRAIN * (max(map(abs, args)) or 1e-3)).kink == 0.0:
                return str(node.op.name)
    return ""


#: ops without a kink, and common enough to be worth not asking
_SMOOTH = frozenset(
    {"add", "sub", "mul", "neg", "pos", "identity", "sum", "mean", "prod", "dot", "affine", "exp", "sin", "cos"}
)


def _finite(x: float) -> bool:
    return x - x == 0.0


def shown(point: Sequence[float]) -> str:
    """A point as text, its first six numbers."""
    more = f", … {len(point)} numbers" if len(point) > 6 else ""
    return "(" + ", ".join(repr(x) for x in point[:6]) + more + ")"
