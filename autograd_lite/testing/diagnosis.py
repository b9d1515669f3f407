"""What is wrong when a check fails: the op to blame, the smallest failing computation, and the message."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from ..engine.sweeps import CheckpointOperands, Node, summed_apart
from ..engine.value import Value
from .compare import Flat, Mismatch, Report, Settings, Stuck, check_point, shown
from .expression import Expression, Step, nodes_of
from .numerical import EPSILON

__all__ = ["CheckError", "explained"]


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


def explained(flat: Flat, point: list[float], found: Mismatch, settings: Settings) -> CheckError:
    """The error, with the smallest part of the computation that fails."""
    leaves = [Value(x) for x in point]
    y = flat(leaves)
    whole = Expression.of(y, leaves)
    head = (
        f"{found.what}: the engine says {found.engine!r}, differences say {found.numerical!r} "
        f"(allowed: {found.tolerance:.2g})\n  at {shown(point)}"
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
    y: Any, whole: Expression, found: Mismatch, settings: Settings
) -> tuple[str, Expression, Mismatch | None, str]:
    """Op, smallest failing computation, its mismatch, and a sentence."""
    for node in nodes_of(y):
        if node.op is not None and not isinstance(node._info, CheckpointOperands):
            wrong = _misrecorded(node)
            if wrong:
                part = _alone(node.op, [a if isinstance(a, float) else float(a.data) for a in node.args])
                return node.op.name, part, None, wrong
    numbers = whole.numbers(whole.leaves)
    seen = set()
    # all orders: a rule that is wrong on Values only shows as a difference between two orders
    narrow = settings._replace(directions=2, axes="kink" not in found.why)
    for op, operands in whole.steps:
        args = [numbers[o] if isinstance(o, int) else o for o in operands]
        if (op.name, *args) not in seen:
            seen.add((op.name, *args))
            part = _alone(op, args, operands)
            inner = _fails(part, narrow)
            if inner is not None:
                return op.name, part, inner, f"the rule of {op.name} is wrong at {shown(part.leaves)}"
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
    if found.why:
        return "", whole, None, "no single op is to blame"
    return "", whole, None, (
        "every op of the recorded graph is right: the function computes a part of its result outside the graph "
        "(with .data, detach(), no_grad() or plain numbers)"
    )  # fmt: skip


def _misrecorded(node: Any) -> str:
    """A sentence when a node's number or partials are not what its primitive gives for its operands."""
    args = [a if isinstance(a, float) else a.data for a in node.args]
    data = float(node.op.fn(*args))
    wrong = data != node.data and data == data
    if wrong and summed_apart(node, args):
        wrong = not abs(data - node.data) <= 64.0 * EPSILON * node.op.fn(*map(abs, args))
    if wrong:
        return f"wrong operands: a {node.op.name} node holds {node.data!r}, and {node.op.name}{shown(args)} is {data!r}"
    partials = node.op.float_partials(data, *args)
    expected = [float(p) for p, a in zip(partials, node.args) if not isinstance(a, float)]
    got = list(node.local_partials)
    if len(got) != len(expected) or any(abs(p - q) > 64.0 * EPSILON * abs(q) for p, q in zip(got, expected)):
        return f"a node of {node.op.name} at {shown(args)} holds the partials {got}, and its rule gives {expected}"
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


def _fails(part: Expression, settings: Settings) -> Mismatch | None:
    """The first mismatch of a computation at its own point; None where it is right or can't be judged."""

    def flat(xs: Sequence[Any]) -> Any:
        result = part(*xs)
        return result if isinstance(result, Node) else Value(result)

    try:
        return check_point(flat, list(part.leaves), settings, random.Random(1), Report())
    except (Stuck, ValueError):
        return None
