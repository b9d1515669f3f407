"""``check_grads``: the engine's derivatives against differences of its own function values."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..graph import (
    Node,
    _postorder,
    forward_sweep,
    partials_on_nodes,
    reverse_adjoints,
    reverse_nodes,
    rule_parents,
    topological_order,
)
from ..value import Value
from .numerical import EPSILON, GRAIN, Slope, slope
from .tape import Expression, Step
from .tree import flatten, positional, result_numbers

__all__ = ["CheckError", "Report", "check_grads"]

MODES = ("forward", "reverse")
Flat = Callable[[Sequence[Any]], Any]


class CheckError(AssertionError):
    """A derivative disagrees with the differences.

    Attributes:
        op: name of the op whose rule is wrong, "" if no single one is.
        order, mode: which derivative, and which sweep computed it.
        point: the numbers at which the smallest failing graph was evaluated.
        engine, numerical, error: the two numbers, and the bound on the error of the second.
        expression: the smallest failing computation.
    """

    def __init__(self, message: str, found: Mismatch, expression: Expression, op: str = "") -> None:
        super().__init__(message)
        self.op = op
        self.order, self.mode = found.order, found.mode
        self.engine, self.numerical, self.error = found.engine, found.numerical, found.tolerance
        self.expression = expression
        self.point = expression.leaves

    @property
    def graph(self) -> Any:
        """The smallest failing graph, recorded afresh: ``ag.draw(error.graph)``."""
        return self.expression(*[Value(x, f"x{i}") for i, x in enumerate(self.expression.leaves)])

    @property
    def dot(self) -> str:
        """The smallest failing graph in the DOT language."""
        f = self.expression
        n = len(f.leaves)
        lines = ["digraph {", "  rankdir=LR"]
        lines += [f'  n{i} [label="x{i} = {x:.6g}" shape=box]' for i, x in enumerate(f.leaves) if i in f.used]
        for i, (op, operands) in enumerate(f.steps):
            constants = ", ".join(f"{o:.6g}" for o in operands if isinstance(o, float))
            lines.append(f'  n{n + i} [label="{op.name}{" " if constants else ""}{constants}"]')
            lines += [f"  n{o} -> n{n + i}" for o in operands if isinstance(o, int)]
        return "\n".join([*lines, "}"])


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
    """

    def __init__(self) -> None:
        self.comparisons = 0
        self.worst = 0.0
        self.kinks: list[str] = []

    def __repr__(self) -> str:
        met = "".join(f"; {sentence}" for sentence in self.kinks)
        return f"<{self.comparisons} derivatives agree, the worst within {self.worst:.2g} of what rounding allows{met}>"


class _Stuck(Exception):
    """No differences can be taken at this point."""


class _Settings(NamedTuple):
    order: int
    modes: tuple[str, ...]
    directions: int
    rtol: float
    atol: float
    axes: bool = False


def check_grads(
    f: Callable[..., Any],
    args: Any,
    order: int = 2,
    modes: Sequence[str] | str = MODES,
    *,
    directions: int = 2,
    seed: int = 0,
    rtol: float = 0.0,
    atol: float = 0.0,
) -> Report:
    """Compare the derivatives of ``f`` with extrapolated differences, and the modes with each other.

    Along random directions, the k-th derivative of the engine is compared with differences of its (k−1)-th, for
    k = 1 … ``order``. What is allowed follows from the computation: the error that the differences estimate for
    themselves, and how far rounding moves the result (Monte Carlo arithmetic on the recorded graph). A difference
    that straddles a kink is taken again with smaller steps; at a kink itself the derivative must lie between the
    one-sided slopes, and the check is then made a step aside.

    Args:
        f: a function of numbers, lists, tuples, dicts or arrays of them; its result may be any of these, too (a random
            combination of its numbers is checked).
        args: the arguments, a tuple or list of them; a single number, dict or array may stand alone.
        order: the highest derivative to check.
        modes: "forward", "reverse" or both.
        directions: how many random directions.
        seed: of the directions.
        rtol, atol: allow this much more, as a part of the derivative and absolutely.

    Returns:
        A Report; its text says how close the numbers were, and which kinks were met.

    Raises:
        CheckError: an AssertionError that names the op, the point, the two numbers, and shows the smallest failing
            graph (also as ``error.graph`` and ``error.dot``).
        ValueError: for a point where ``f`` is not finite or no differences can be taken, and for a wrong mode or order.

    >>> import autograd_lite as ag
    >>> report = check_grads(lambda x, y: ag.exp(x) / y, (0.5, 2.0), order=3)
    >>> report.worst < 1.0
    True
    >>> check_grads(lambda x: x * x.detach(), (3.0,))
    Traceback (most recent call last):
        ...
    autograd_lite.testing.check.CheckError: derivative of order 1 with respect to x0 ...: the engine says 3.0, ...
    """
    chosen = (modes,) if isinstance(modes, str) else tuple(modes)
    if not chosen or any(mode not in MODES for mode in chosen):
        raise ValueError(f"check_grads: modes are 'forward' and 'reverse', not {modes!r}")
    if order < 1 or directions < 1:
        raise ValueError("check_grads: order and directions are at least 1")
    arguments, _ = positional(f, args)
    point, rebuild = flatten(arguments, "check_grads")
    if not point:
        raise ValueError("check_grads: there is no number in the arguments")
    rng = random.Random(seed)
    weights: list[float] = []

    def flat(xs: Sequence[Any]) -> Any:
        numbers = result_numbers(f(*rebuild(iter(xs))))
        while len(weights) < len(numbers):
            weights.append(rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0))
        total = numbers[0] if len(numbers) == 1 else sum(w * y for w, y in zip(weights, numbers))
        return total if isinstance(total, Node) else Value(total)

    settings = _Settings(order, chosen, directions, rtol, atol)
    report = Report()
    found = _with_steps_aside(flat, point, settings, rng, report)
    if found is not None:
        mismatch, where = found
        raise _explained(flat, where, mismatch, settings)
    return report


def _with_steps_aside(
    flat: Flat, point: list[float], settings: _Settings, rng: random.Random, report: Report
) -> tuple[Mismatch, list[float]] | None:
    """Check at ``point``; where that is on a kink, at points near it. Returns the first mismatch and its point."""
    here = point
    for attempt in range(8):
        try:
            found = _check_point(flat, here, settings, rng, report, attempt > 0)
            if found is None:
                return None
            op = _on_inner_kink(flat, here)
            if not op or found.why:
                return found, here
            raise _Stuck(f"{op} on a kink inside the function")
        except _Stuck as stuck:
            report.kinks.append(f"{stuck} at {_shown(here)}")
            reach = 2.0 ** (-5 - attempt)
            here = [x + rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) * reach * max(abs(x), 1e-3) for x in point]
            if attempt < 2:
                here = [x + rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) * reach * max(abs(x), 1.0) for x in point]
    raise ValueError(f"check_grads: no differences can be taken near {_shown(point)} ({report.kinks[-1]})")


def _on_inner_kink(flat: Flat, point: list[float]) -> str:
    """Name of an op whose operands lie on a kink of its own, "" without one.

    x = relu(x) − relu(−x) has no kink at 0, and still no rule can be right about it there: what a function does at
    a kink of one of its ops is a convention, not a derivative.
    """
    leaves = [Value(x) for x in point]
    for node in topological_order(flat(leaves)):
        if node.op is None or node.op.name in _SMOOTH:
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


def _check_point(
    flat: Flat, point: list[float], settings: _Settings, rng: random.Random, report: Report, aside: bool = False
) -> Mismatch | None:
    """All orders, modes and directions at one point."""
    value = flat([Value(x) for x in point]).data
    if value - value != 0.0:
        if aside:
            raise _Stuck(f"{value!r}")
        raise ValueError(f"check_grads: the function is {value!r} at {_shown(point)}; choose a point inside its domain")
    for v in _directions(len(point), settings, rng):
        for k in range(1, settings.order + 1):
            found = _check_direction(flat, point, v, k, settings, report)
            if found is not None:
                return found
    return None


def _directions(n: int, settings: _Settings, rng: random.Random) -> list[list[float]]:
    """The axes, when asked for and few, and random directions with no component near 0."""
    axes = (
        [[1.0 if i == j else 0.0 for j in range(n)] for i in range(n)] if n == 1 or (settings.axes and n <= 8) else []
    )
    if n == 1:
        return axes
    return axes + [
        [rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) for _ in range(n)] for _ in range(settings.directions)
    ]


def _check_direction(
    flat: Flat, point: list[float], v: list[float], k: int, settings: _Settings, report: Report
) -> Mismatch | None:
    """The k-th derivative along ``v``: modes against differences of the (k−1)-th, and against each other."""
    engines: dict[str, float] = {}
    allowed = 0.0
    for mode in settings.modes:

        def phi(t: float, mode: str = mode) -> float:
            return float(_chain(flat, [x + t * d for x, d in zip(point, v)], v, k - 1, mode)[0].data)

        y, leaves = _chain(flat, point, v, k - 1, mode)
        recorded = Expression.of(y, leaves)
        rounding, moves = recorded.rounding(16 if len(recorded.steps) < 1000 else 4)
        moved = sum(abs(d) * m for d, m in zip(v, moves))
        noise = 4.0 * rounding + EPSILON * abs(y.data) if rounding < math.inf else None
        engine = engines[mode] = _along(y, leaves, v, mode)
        found = slope(phi, min(max(abs(x), 1.0) for x in point), noise, GRAIN * (max(map(abs, point)) or 1e-3))
        rounded = 4.0 * (moved if moved < math.inf else 0.0) + 4.0 * EPSILON * abs(engine)
        if found.kink == 0.0:
            if k == 1 and not _between(engine, found):
                why = f"the point is on a kink, with slopes {found.left!r} and {found.right!r} on its sides"
                return Mismatch(k, mode, engine, 0.5 * (found.left + found.right), 0.0, why, tuple(v))
            raise _Stuck("on a kink" if k == 1 else f"derivative {k - 1} on a kink")
        size = max(abs(x) for x in recorded.numbers(point) if _finite(x))
        if not found.error <= max(1e-3 * abs(found.value), 1e-6 * size):  # they would say nothing
            raise _Stuck("no differences")
        if found.kink is not None:
            report.kinks.append(f"a kink within {found.kink:.2g} of {_shown(point)}")
        tolerance = 4.0 * found.error + rounded + settings.rtol * abs(found.value) + settings.atol
        off = abs(engine - found.value)
        if not off <= tolerance:
            return Mismatch(k, mode, engine, found.value, tolerance, "", tuple(v))
        report.comparisons += 1
        report.worst = max(report.worst, off / tolerance if tolerance else 0.0)
        allowed += rounded
    first, last = engines[settings.modes[0]], engines[settings.modes[-1]]
    if not abs(first - last) <= 2.0 * allowed + settings.rtol * abs(first) + settings.atol:
        why = f"the second number is {settings.modes[-1]} mode's: the modes disagree"
        return Mismatch(k, settings.modes[0], first, last, 2.0 * allowed, why, tuple(v))
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
    for node in _postorder([y], rule_parents):
        if id(node) in tangents:
            continue
        total: Any = 0.0
        if node.op is not None:
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


def _finite(x: float) -> bool:
    return x - x == 0.0


def _shown(point: Sequence[float]) -> str:
    more = f", … {len(point)} numbers" if len(point) > 6 else ""
    return "(" + ", ".join(repr(x) for x in point[:6]) + more + ")"


# --- what is wrong: the smallest failing graph -------------------------------------------------------------------


def _explained(flat: Flat, point: list[float], found: Mismatch, settings: _Settings) -> CheckError:
    """The error, with the smallest part of the computation that fails."""
    leaves = [Value(x) for x in point]
    y = flat(leaves)
    whole = Expression.of(y, leaves)
    head = (
        f"{found.what}: the engine says {found.engine!r}, differences say {found.numerical!r} "
        f"(allowed: {found.tolerance:.2g})\n  at {_shown(point)}"
    )
    if found.why:
        head += f"\n  {found.why}"
    op, part, inner, blame = _culprit(y, whole, found, settings)
    if inner is not None and (inner.engine, inner.numerical) != (found.engine, found.numerical):
        blame += (
            f"\n  {inner.what}: the engine says {inner.engine!r}, differences say {inner.numerical!r} "
            f"(allowed: {inner.tolerance:.2g})"
        )
    text = str(part) if len(part.steps) <= 30 else f"({len(part.steps)} steps: print(error.expression))"
    graph = "smallest failing graph (ag.draw(error.graph) draws it; error.dot is its DOT source):\n    "
    message = f"{head}\n  {blame}\n  {graph}" + text.replace("\n", "\n    ")
    return CheckError(message, inner or found, part, op)


def _culprit(
    y: Any, whole: Expression, found: Mismatch, settings: _Settings
) -> tuple[str, Expression, Mismatch | None, str]:
    """Op, smallest failing computation, its mismatch, and a sentence."""
    for node in topological_order(y):
        if node.op is not None:
            wrong = _misrecorded(node)
            if wrong:
                part = _alone(node.op, [a if isinstance(a, float) else float(a.data) for a in node.args])
                return node.op.name, part, None, wrong
    numbers = whole.numbers(whole.leaves)
    seen = set()
    narrow = settings._replace(order=found.order, directions=2, axes=True)
    for op, operands in whole.steps:
        args = [numbers[o] if isinstance(o, int) else o for o in operands]
        if (op.name, *args) not in seen:
            seen.add((op.name, *args))
            part = _alone(op, args, operands)
            inner = _fails(part, narrow)
            if inner is not None:
                return op.name, part, inner, f"the rule of {op.name} is wrong at {_shown(part.leaves)}"
    for i in range(len(whole.steps)):
        part = whole.upto(len(whole.leaves) + i)
        inner = _fails(part, narrow)
        if inner is not None:
            name = whole.steps[i].op.name
            return (
                name,
                part,
                inner,
                f"every rule alone is right; the sweep goes wrong at the {name} that ends this graph",
            )
    return "", whole, None, (
        "every op of the recorded graph is right: the function computes a part of its result outside the graph "
        "(with .data, detach(), no_grad() or plain numbers)"
    )  # fmt: skip


def _misrecorded(node: Any) -> str:
    """A sentence when a node's number or partials are not what its primitive gives for its operands."""
    args = [a if isinstance(a, float) else a.data for a in node.args]
    data = float(node.op.fn(*args))
    if data != node.data and data == data:
        return (
            f"wrong operands: a {node.op.name} node holds {node.data!r}, and {node.op.name}{_shown(args)} is {data!r}"
        )
    partials = node.op.float_partials(data, *args)
    expected = [float(p) for p, a in zip(partials, node.args) if not isinstance(a, float)]
    got = list(node.local_partials)
    if len(got) != len(expected) or any(abs(p - q) > 64.0 * EPSILON * abs(q) for p, q in zip(got, expected)):
        return f"a node of {node.op.name} at {_shown(args)} holds the partials {got}, and its rule gives {expected}"
    return ""


def _alone(op: Any, args: list[float], operands: Sequence[int | float] | None = None) -> Expression:
    """One op on leaves of its own; constants stay constants."""
    leaves: list[float] = []
    slots: list[int | float] = []
    for arg, operand in zip(args, operands or [0] * len(args)):
        if isinstance(operand, int):
            slots.append(len(leaves))
            leaves.append(arg)
        else:
            slots.append(arg)
    return Expression(leaves, [Step(op, tuple(slots))])


def _fails(part: Expression, settings: _Settings) -> Mismatch | None:
    """The first mismatch of a computation at its own point; None where it is right or can't be judged."""

    def flat(xs: Sequence[Any]) -> Any:
        result = part(*xs)
        return result if isinstance(result, Node) else Value(result)

    try:
        return _check_point(flat, list(part.leaves), settings, random.Random(1), Report())
    except (_Stuck, ValueError):
        return None
