"""Common subexpressions: the same primitive of the same operands is computed once."""

from __future__ import annotations

from ..ir.scalar_program import Program
from .rewriting import Rewrite

__all__ = ["share"]


def share(program: Program) -> Program:
    """The program with equal instructions merged into the first of them."""
    seen = {(prim.name, args) for prim, args in zip(program.prims, program.args)}
    if len(seen) == len(program):  # no two are equal, and so none become equal
        return program
    result = Rewrite(program)
    known: dict[tuple[str, tuple[int, ...]], int] = {}
    id_of = result.id_of
    here = program.first
    for prim, args in zip(program.prims, program.args):
        new = tuple([id_of[a] for a in args])
        key = (prim.name, new)
        found = known.get(key)
        if found is None:
            found = known[key] = result.emit(prim, new, program.labels.get(here, ""))
        id_of.append(found)
        here += 1
    return result.finish() if len(result.prims) < len(program) else program
