"""Arrays or single numbers: what a program costs run either way."""

from __future__ import annotations

import numpy as np

from ...primitives.sums import NATIVE
from ..ir.control_ops import pick
from ..ir.scalar_program import Program
from ..lift.levels import level_groups, lift
from ..lift.lifted import Lifted
from ..lift.loop_statements import looped

__all__ = ["choose", "straight"]

#: what one statement of NumPy and one scalar operation cost, derivatives included, in microseconds; values alone cost
#: less than half of either, so that it makes no difference what is asked for
ARRAY_STATEMENT, SCALAR_OPERATION = (0.25, 0.012) if NATIVE else (0.75, 0.03)

#: beyond so many statements each costs so much: they read parts of one another, whose adjoints are added up in places
WHOLE, PART = 10, 0.75

#: in a program that is too long to be written out it costs so many times as much
INTERPRETED = 1 if NATIVE else 7

#: these are calls of a Python function: an operand costs as much as so many operations
CALLED, CALL = ("logsumexp", "softmax_of"), 15

#: what a call costs more: of scalars, with arrays as arguments and each number in them, or with parameters; of arrays,
#: with a list of numbers, and each number in it
WITH_ARRAYS, WITH_ITEM, WITH_PARAMETERS = 0.5 if NATIVE else 6.0, 0.02, 10.0
WITH_LIST, WITH_NUMBER = (12.0, 0.35) if NATIVE else (3.0, 0.1)

#: a call of so many operations is straight-line Python, which compiled cells are not slower than beyond, and which
#: takes many times as long to make; one of a gradient counts as so many
STRAIGHT, GRADIENT = 200, 2

#: a program of more levels is run with loops, unless they have so many times as many statements to run
DEEP, LOOSE = 200, 2

#: a program of fewer operations is scalar; of arrays of at least so many numbers, one of fewer
SMALL, FEW, SMALLEST = 150, 8, 12


def choose(program: Program, listed: int, longest: int) -> tuple[bool, Lifted | None]:
    """Whether single numbers are faster than arrays: few operations, or few of them alike.

    Args:
        program: the scalar program.
        listed: how many numbers are in flat lists among the arguments.
        longest: a program of at most so many instructions is written out, where that is faster.

    Returns:
        The answer, and the program as arrays if it is run so.
    """
    work, calls = _work(program)
    kinds = {leaf.kind for leaf in program.leaves if leaf.shape}
    inputs = sum(leaf.size for leaf in program.leaves if leaf.kind == "argument" and leaf.shape) - listed
    if work < (SMALL if inputs < FEW or listed or "parameter" in kinds else SMALLEST):
        return True, None
    each = SCALAR_OPERATION * (INTERPRETED if len(program) > longest else 1)
    scalar = (work + CALL * calls) * each + WITH_PARAMETERS * ("parameter" in kinds)
    array = 0.0
    if listed:
        array = WITH_LIST + WITH_NUMBER * listed
    elif "argument" in kinds:
        scalar += WITH_ARRAYS + WITH_ITEM * inputs
    buckets = level_groups(program)
    most = _statements(scalar - array)
    if len(buckets) > most:
        return True, None
    loops = looped(program, most=len(buckets) * LOOSE) if len(buckets) > DEEP else None
    lifted = lift(program, buckets, most=most) if loops is None else loops
    return (True, None) if lifted.cost() > most else (False, lifted)


def _statements(price: float) -> float:
    """How many statements of NumPy cost so much."""
    return (
        price / ARRAY_STATEMENT
        if price <= ARRAY_STATEMENT * WHOLE
        else WHOLE + (price - ARRAY_STATEMENT * WHOLE) / PART
    )


def straight(program: Program, derivatives: bool) -> bool:
    """Whether a call of a scalar program is straight-line Python, and that is made at once."""
    work, calls = _work(program)
    return calls > 0 or work * (GRADIENT if derivatives else 1) <= STRAIGHT


def _work(program: Program) -> tuple[int, int]:
    """How many operations a program has, and how many operands of Python functions."""
    counts = list(zip(program.prims, np.diff(program.operands()[1]).tolist()))
    work = sum(max(1, count if prim.arity < 0 and prim is not pick else 1) for prim, count in counts)
    return work, sum(count for prim, count in counts if prim.name in CALLED)
