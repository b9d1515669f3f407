"""A recorded program as source, in the words of one of the targets."""

from __future__ import annotations

import importlib
from typing import Any

from ..emit.python import PYTHON
from ..emit.target import SourceTarget
from ..emit.ways import Ways
from ..equations.equations import called
from .plans import Compilation

__all__ = ["source_of"]


def source_of(compilation: Compilation, backend: str, name: str) -> str:
    """The source of a program.

    Args:
        compilation: the program.
        backend: a target's name, as "numpy".
        name: what the function is called.

    Raises:
        ValueError: for an unknown backend, and for "python" if the program is of arrays.
        NotImplementedError: for an op without words there.
    """
    registry: Any = importlib.import_module("autograd_lite.compiler.emit.registry")  # whose tables take a while to load
    found = registry.target(backend)
    assert isinstance(found, SourceTarget)
    if found is not PYTHON:
        program, guards = compilation.readable(scalar=found.scalar)
        if not found.guarded:
            program, guards = compilation.results(found.scalar), []
    elif compilation.scalar:  # the very lines that run
        program, guards = compilation.statements
    else:
        raise ValueError("the program is of arrays: backend='numpy'")
    text: str = found.source(program, name, called(compilation), Ways(guards, compilation.path.fixed))
    return text
