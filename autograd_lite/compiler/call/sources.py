"""A recorded program as source, in the words of one of the libraries."""

from __future__ import annotations

from ..emit.drjit import lanes_source
from ..emit.python import python_source
from ..emit.source import source
from ..emit.ways import Ways
from ..equations.equations import called
from .plans import Compilation

__all__ = ["source_of"]


def source_of(compilation: Compilation, backend: str, name: str) -> str:
    """The source of a program.

    Args:
        compilation: the program.
        backend: "numpy", "jax", "torch", "drjit" or "python".
        name: what the function is called.

    Raises:
        ValueError: for an unknown backend, and for "python" if the program is of arrays.
    """
    fixed = compilation.path.fixed
    if backend == "python":
        if not compilation.scalar:
            raise ValueError("the program is of arrays: backend='numpy'")
        return python_source(compilation.program, compilation.names, name, Ways(compilation.guards, fixed))
    program, guards = compilation.readable(scalar=backend == "drjit")
    if backend == "drjit":
        return lanes_source(program, name, Ways(guards, fixed))
    if backend == "jax":  # which traces a function before its numbers are known
        program, guards = compilation.results(), []
    return source(program, backend, name, called(compilation), Ways(guards, fixed))
