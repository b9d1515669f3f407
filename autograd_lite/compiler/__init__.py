"""Scalar code recorded once and run as arrays: ``ag.compile``.

The stages, each a package, in the order in which a function goes through them; an import only points to an earlier one:

1. ``ir``: what programs are written in: scalars, arrays, loops;
2. ``record``: what the function did, and what it looked at besides its arguments;
3. ``rewrite``: the same with less;
4. ``lift``: scalars as arrays, and recurrences as loops;
5. ``derive``: the reverse sweep, which goes through the branches that are taken and no others;
6. ``emit``: the program to be read, in a library's words;
7. ``run``: the program run: arrays, cells, lanes;
8. ``call``: the object that the user has, and what runs when it is called.

``equations`` are another way to read one.
"""

from __future__ import annotations

from .call.compiled import Compiled
from .call.compiling import compile
from .equations.equations import Equations
from .ir.array_program import ArrayProgram
from .ir.scalar_program import CompileError, CompileWarning, Program, ProgramError

__all__ = [
    "ArrayProgram",
    "CompileError",
    "CompileWarning",
    "Compiled",
    "Equations",
    "Program",
    "ProgramError",
    "compile",
]
