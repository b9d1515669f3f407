"""Programs made simpler without changing what they compute. One pass per file; each is checked against the oracle."""

from __future__ import annotations

from ..ir.scalar_program import Program
from .cse import share
from .dead import prune
from .simplify import fold
from .sums import gather_sums

__all__ = ["fold", "gather_sums", "optimized", "prune", "share"]


def optimized(program: Program) -> Program:
    """All passes in their order, on a program that computes nothing twice, as recordings don't."""
    folded = fold(program)
    return gather_sums(program if folded is program else share(prune(folded)))
