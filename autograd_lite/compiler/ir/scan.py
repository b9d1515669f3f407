"""Loops as statements: one step's statements, what is carried from step to step, and the reverse sweep of a loop.

A loop reads numbers that it carries (``carry``: their values before the first step), arrays with one item a step
(``each``), and numbers that stay the same (``same``). It gives the carried numbers after the last step, those before
every step, and any number of the step for every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .array_program import ArrayProgram, Builder, Statement, Symbol

__all__ = ["Input", "Scan", "final", "replaced", "scan", "states", "trajectory"]


class Input:
    """What a step's leaf is: its kind (carry, each, same), the shape it has within the step, and a name."""

    __slots__ = ("kind", "name", "shape", "size")

    def __init__(self, kind: str, shape: tuple[int, ...], name: str) -> None:
        self.kind = kind
        self.shape = shape
        self.name = name
        self.size = 1


class Scan:
    """A loop; the statement's operands belong to ``inputs``, in order.

    Attributes:
        count: how many steps.
        backwards: whether the steps run from the last item to the first.
        inputs: the leaves of ``builder``.
        builder: the statements of one step.
        following: for each carried number, what it is after the step; in the order of the inputs that are carried.
        names: what the source calls the step's statements.
    """

    __slots__ = ("backwards", "builder", "count", "following", "inputs", "names")

    def __init__(self, count: int, backwards: bool) -> None:
        self.count = count
        self.backwards = backwards
        self.inputs: list[Input] = []
        self.builder = Builder()
        self.following: list[Any] = []
        self.names: dict[int, str] = {}

    def leaf(self, kind: str, shape: tuple[int, ...], name: str = "") -> Symbol:
        """A new input, within the step."""
        self.inputs.append(Input(kind, shape, name))
        return self.builder.leaf(len(self.inputs) - 1, shape)

    @property
    def carried(self) -> list[int]:
        """The numbers of the inputs that are carried."""
        return [k for k, found in enumerate(self.inputs) if found.kind == "carry"]

    def step(self, outputs: Sequence[int]) -> ArrayProgram:
        """One step as a program: it gives what is carried on, then the statements ``outputs``."""
        kept = [Symbol(self.builder, i) for i in outputs]
        return ArrayProgram(self.inputs, self.builder, [*self.following, *kept], self.names)


def scan(builder: Builder, loop: Scan, operands: Sequence[Any]) -> Symbol:
    """The statement of a loop; ``operands`` are those of its inputs."""
    args = tuple(builder.numeric(builder.constant(x)).id for x in operands)
    return builder.add("scan", args, loop, ())


def _result(builder: Builder, statement: Symbol, what: str, which: int, shape: tuple[int, ...]) -> Symbol:
    return builder.add("result", (statement.id,), (what, which, shape), shape)


def final(builder: Builder, statement: Symbol, k: int) -> Symbol:
    """What input ``k``, which is carried, is after the last step."""
    return _result(builder, statement, "final", k, _loop(builder, statement).inputs[k].shape)


def states(builder: Builder, statement: Symbol, k: int) -> Symbol:
    """What input ``k``, which is carried, is before every step: an array with the steps as its first axis."""
    loop = _loop(builder, statement)
    return _result(builder, statement, "states", k, (loop.count, *loop.inputs[k].shape))


def trajectory(builder: Builder, statement: Symbol, i: int) -> Symbol:
    """What statement ``i`` of the step is in every step."""
    loop = _loop(builder, statement)
    return _result(builder, statement, "each", i, (loop.count, *loop.builder.statements[i].shape))


def _loop(builder: Builder, statement: Symbol) -> Scan:
    found: Scan = builder.statements[statement.id].attrs
    return found


def replaced(s: Statement, leaf: int) -> None:
    """Make a statement an input."""
    s.op, s.prim, s.args, s.attrs = "leaf", None, (), leaf
