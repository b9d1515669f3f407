"""Constant folding: an instruction of constants is a constant."""

from __future__ import annotations

from ..ir.scalar_program import Program
from .rewriting import Rewrite

__all__ = ["fold"]


def fold(program: Program) -> Program:
    """The program with every instruction that has only constant operands replaced by its number."""
    numbers = program.constants()
    foldable = numbers.keys()
    if not any(foldable >= set(args) for args in program.args if args[:1] and args[0] in numbers):
        return program
    result = Rewrite(program)
    here = program.first
    for k, (prim, args) in enumerate(zip(program.prims, program.args)):
        known = [numbers.get(a) for a in args] if args and args[0] in numbers else [None]
        if all(x is not None for x in known):
            numbers[here] = prim.fn(*known)
            result.id_of.append(result.constant(numbers[here]))
        else:
            result.copy(k)
        here += 1
    return result.finish()
