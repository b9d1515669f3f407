"""Dead code: an instruction that no output and no guard depends on is left out."""

from __future__ import annotations

import numpy as np

from ..ir.scalar_program import Program
from .rewriting import Rewrite

__all__ = ["prune"]


def prune(program: Program) -> Program:
    """The program without instructions that nothing depends on; leaves stay, they are its arguments."""
    first = program.first
    results = [*program.outputs, *[guard.id for guard in program.guards]]
    used = np.zeros(first + len(program), dtype=bool)
    used[program.operands()[0]] = True
    used[results] = True
    if used[first:].all():  # each is used by a later one, and so in the end by a result
        return program
    live = bytearray(first + len(program))
    for id in results:
        live[id] = 1
    for k in range(len(program) - 1, -1, -1):
        if live[first + k]:
            for a in program.args[k]:
                live[a] = 1
    result = Rewrite(program)
    for k in range(len(program)):
        if live[first + k]:
            result.copy(k)
        else:
            result.id_of.append(-1)
    return result.finish()
