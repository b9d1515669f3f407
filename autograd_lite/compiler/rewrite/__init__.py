"""Programs made simpler without changing what they compute. One pass per file; each is checked against the oracle."""

from __future__ import annotations

from ..ir.scalar_program import Program
from .cse import share
from .dead import prune
from .fold import fold
from .sums import gather_sums

__all__ = ["fold", "gather_sums", "optimized", "prune", "share"]


def optimized(program: Program) -> Program:
    """All passes in their order."""
    program = share(fold(prune(program)))
    summed = gather_sums(program)
    return summed if summed is program else prune(summed)
