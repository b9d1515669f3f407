"""Scalar code recorded once and run as arrays: ``ag.compile``."""

from __future__ import annotations

from .api import Compiled, compile
from .equations import Equations
from .program import CompileError, CompileWarning, Program, ProgramError
from .statements import ArrayProgram

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
