"""Loops as statements: one step's statements, what is carried from step to step, and the reverse sweep of a loop.

A loop reads numbers that it carries (``carry``: their values before the first step), arrays with one item a step
(``each``), and numbers that stay the same (``same``). It gives the carried numbers after the last step, those before
every step, and any number of the step for every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .array_program import ArrayProgram, Builder, Statement, Symbol
from .scalar_program import Leaf

__all__ = ["Scan", "replaced", "result", "scan"]


class Scan:
    """A loop; the statement's operands belong to ``inputs``, in order.

    Attributes:
        count: how many steps.
        backwards: whether the steps run from the last item to the first.
        inputs: the leaves of ``builder``; their kinds are carry, each and same.
        builder: the statements of one step.
        following: for each carried number, what it is after the step; in the order of the inputs that are carried.
        names: what the source calls the step's statements.
    """

    __slots__ = ("backwards", "builder", "count", "following", "inputs", "names")

    def __init__(self, count: int, backwards: bool) -> None:
        self.count = count
        self.backwards = backwards
        self.inputs: list[Leaf] = []
        self.builder = Builder()
        self.following: list[Any] = []
        self.names: dict[int, str] = {}

    def leaf(self, kind: str, shape: tuple[int, ...], name: str = "") -> Symbol:
        """A new input, within the step."""
        self.inputs.append(Leaf(kind, name, shape, None))
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


def result(builder: Builder, statement: Symbol, what: str, which: int) -> Symbol:
    """What a loop gives: of input ``which``, which is carried, the "final" number after the last step, or its "states"
    before every step; of statement ``which``, what it is in "each" step. Those have the steps as their first axis.
    """
    loop: Scan = builder.statements[statement.id].attrs
    shape = loop.builder.statements[which].shape if what == "each" else loop.inputs[which].shape
    shape = shape if what == "final" else (loop.count, *shape)
    return builder.add("result", (statement.id,), (what, which, shape), shape)


def replaced(s: Statement, leaf: int) -> None:
    """Make a statement an input."""
    s.op, s.prim, s.args, s.attrs = "leaf", None, (), leaf
