"""Constant folding: an instruction of constants is a constant, and a choice by a constant is one of its branches."""

from __future__ import annotations

from ...primitives.arithmetic import where
from ..ir.scalar_program import Program
from .rewriting import Rewrite

__all__ = ["fold"]


def fold(program: Program) -> Program:
    """The program with every instruction of constants replaced by its number, every settled choice by its branch."""
    numbers = program.constants()
    if not any(
        args and args[0] in numbers and (prim is where or numbers.keys() >= set(args))
        for prim, args in zip(program.prims, program.args)
    ):
        return program
    result = Rewrite(program)
    for here, (prim, args) in enumerate(zip(program.prims, program.args), program.first):
        known = [numbers.get(a) for a in args] if args and args[0] in numbers else [None]
        if prim is where and known[0] is not None:
            taken = args[1] if known[0] != 0.0 else args[2]
            result.id_of.append(result.id_of[taken])
            if taken in numbers:
                numbers[here] = numbers[taken]
        elif all(x is not None for x in known):
            numbers[here] = prim.fn(*known)
            result.id_of.append(result.constant(numbers[here]))
        else:
            result.copy(here - program.first)
    return result.finish()
