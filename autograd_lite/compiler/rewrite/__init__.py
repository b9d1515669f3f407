"""Programs made simpler without changing what they compute. One pass per file; each is checked against the oracle."""

from __future__ import annotations

from ..ir.scalar_program import Program
from .dead import prune
from .simplify import fold
from .sums import gather_sums

__all__ = ["fold", "gather_sums", "optimized", "prune"]


def optimized(program: Program) -> Program:
    """All passes in their order; recordings compute nothing twice as it is."""
    folded = fold(program)
    return gather_sums(program if folded is program else prune(folded))
