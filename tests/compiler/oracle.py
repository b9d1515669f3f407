"""The oracle: one float operation after the other, no cleverness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.ir.scalar_program import Guard, Program


def evaluate(program: Program, blocks: Sequence[Any]) -> tuple[list[float], list[bool]]:
    """What a program gives.

    Args:
        program: the instructions.
        blocks: the numbers of each leaf that is not a constant, in order; nested or flat.

    Returns:
        The outputs, and for each guard whether it holds.
    """
    numbers: list[float] = []
    given = iter(blocks)
    for leaf in program.leaves:
        block = [leaf.key] if leaf.kind == "constant" else np.asarray(next(given), dtype=float).ravel().tolist()
        if len(block) != leaf.size:
            raise ValueError(f"{leaf.name} has {leaf.size} numbers, not {len(block)}")
        numbers.extend(block)
    for prim, args in zip(program.prims, program.args):
        numbers.append(prim.fn(*[numbers[i] for i in args]))
    return [numbers[i] for i in program.outputs], [_holds(guard, numbers[guard.id]) for guard in program.guards]


def _holds(guard: Guard, number: float) -> bool:
    """Whether a number takes the recorded way."""
    if guard.exact:
        return number == guard.expected or (number != number and guard.expected != guard.expected)
    return (number != 0.0) == (guard.expected != 0.0)
