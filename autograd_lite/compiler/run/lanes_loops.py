"""``vmap`` of long recurrences: the readable NumPy source, in which every number is an array with one item a lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..call.plans import Path, Plan
from ..emit.source import source
from ..ir.array_program import ArrayProgram
from ..ir.naming import VIEWS

__all__ = ["LoopKernel", "loop_kernel"]

#: instructions of a program from which on loops are looked for
LONG = 4000
#: numbers that the lists of a block of lanes hold together
KEPT = 30_000_000
SMALLEST, LARGEST = 16, 16_384


class LoopKernel:
    """A scalar program with loops over lanes, in blocks of lanes.

    Attributes:
        text: the source; its arrays have the lanes as their last axis.
        width: lanes a block.
    """

    def __init__(self, program: ArrayProgram, path: Path) -> None:
        self.path = path
        flat = [part for i in program.outputs for part in _parts(program, i)]
        self.text = source(program.keeping(flat), "numpy", "lanes")
        steps = sum(program.statements[i].attrs.count for i in program.loops)
        self.width = max(SMALLEST, min(LARGEST, KEPT // max(1, steps)))
        self.count = len(flat)
        self.scope: dict[str, Any] = {}
        exec(compile(self.text, "<autograd_lite lanes>", "exec"), self.scope)
        self.block: Callable[..., Any] = self.scope["lanes"]

    def run(self, blocks: Sequence[Any], mapped: Sequence[bool], lanes: int) -> list[Any]:
        """One array of ``lanes`` numbers for each scalar output; ``blocks`` have lanes first where ``mapped``."""
        results = [np.empty(lanes) for _ in range(self.count)]
        for low in range(0, lanes, self.width):
            part = slice(low, min(low + self.width, lanes))
            given = [np.moveaxis(x[part], 0, -1) if lane else x for x, lane in zip(blocks, mapped)]
            found = self.block(*given)
            for result, numbers in zip(results, found if self.count != 1 else [found]):
                result[part] = numbers
        return results


def loop_kernel(path: Path, plan: Plan) -> LoopKernel | None:
    """The kernel of a long recurrence; None if it is none, or if its loops pass on more than single numbers."""
    if len(path.program) <= LONG or path.program.guards:
        return None
    program = path.looped(plan, True)
    if program is None or not _single(program):
        return None
    return LoopKernel(program, path)


def _parts(program: ArrayProgram, i: int) -> list[int]:
    """The scalar statements that an output consists of."""
    statement = program.statements[i]
    if statement.op == "pack":
        return list(statement.args)
    return [statement.args[0]] * int(np.prod(statement.shape)) if statement.op == "broadcast" else [i]


def _single(program: ArrayProgram) -> bool:
    """Whether what is computed outside of loops is single numbers, and arrays only go into loops as they are."""
    for i, s in enumerate(program.statements):
        users = [u for u in program.statements if i in u.args] if s.shape else []
        if s.shape and s.op in ("pack", "broadcast") and not users:
            continue
        if s.shape and s.op not in ("leaf", "constant", "result", "index"):
            return False
        if any(u.op not in ("scan", *VIEWS) for u in users):
            return False
    return True
