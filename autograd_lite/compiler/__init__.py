"""Scalar code recorded once and run as arrays: ``ag.compile``.

The way of a function through the room, and where each part of it is:

1. recorded: ``trace`` writes down what it does, ``watch`` what it depends on besides its arguments, ``arguments`` and
   ``structure`` take those apart; ``choice`` has the ops that only recordings have;
2. a flat scalar ``program``, made simpler by the ``passes``;
3. lifted to arrays: ``lift`` finds statements (``patterns``, ``reductions``, ``shapes``, ``simplify``), ``loops`` and
   ``lift_loops`` the recurrences, ``reverse`` and ``reverse_loops`` their derivatives, ``sparse`` the sweeps that a
   sparse Jacobian needs; ``statements`` and ``scan`` are what all of these are written in;
4. written out, as something that runs (``emit_numpy``, ``emit_python``, ``rolled``, ``lanes`` for ``vmap``; ``cells``
   and ``interpreter`` for what stays scalar) and as something to read (``emit_source``, ``emit_loops``,
   ``emit_drjit`` in the words of ``dialects`` and ``words``; ``equations`` in those of ``phrases`` and ``textbook``);
5. called: ``paths`` chooses which of these one recorded way through the function runs as, ``api`` is the object that
   the user has, ``fast``, ``direct`` and ``replay`` generate its call, ``results`` what a call returns.

A new op needs nothing here, or its name in a library's words in ``words``; a new source is a dialect; a new
simplification of scalars a pass, of arrays an entry in ``simplify``.
"""

from __future__ import annotations

from .call.compiled import Compiled, compile
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
