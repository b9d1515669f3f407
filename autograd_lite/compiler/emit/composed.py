"""Ops that a target has no word for, written in simpler ones: small programs of what their entries say they are.

An entry's ``expression`` is run on symbols; the program is printed as any other, as a function of the source's own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence

from ...primitives.primitive import Primitive
from ..ir.array_program import ArrayProgram, Builder
from ..ir.scalar_program import Leaf

__all__ = ["function", "helpers", "operand_names", "ops_of", "program_of"]


def operand_names(prim: Primitive) -> list[str]:
    """What the operands are called in its function.

    >>> from autograd_lite.primitives import TABLE
    >>> operand_names(TABLE["logaddexp"])
    ['a', 'b']
    """
    return list("abcdefgh"[: prim.arity])


@functools.cache
def program_of(prim: Primitive) -> ArrayProgram:
    """The op as a program of simpler ones, of single numbers.

    >>> from autograd_lite.primitives import TABLE
    >>> [s.name for s in program_of(TABLE["smooth_abs"]).statements]
    ['leaf', 'leaf', 'hypot']
    """
    assert prim.expression is not None
    builder = Builder()
    operands = [builder.leaf(k, ()) for k in range(prim.arity)]
    result = builder.numeric(builder.constant(prim.expression(*operands)))
    leaves = [Leaf("argument", name, (), k) for k, name in enumerate(operand_names(prim))]
    return ArrayProgram(leaves, builder, [result], {})


def function(prim: Primitive, lines: Sequence[str], result: str) -> str:
    """The function ``_name`` of a source in Python: its lines, and what it returns."""
    said = (prim.__doc__ or "").strip().split("\n")[0].split(";")[0].rstrip(".")
    body = "".join(f"    {line}\n" for line in [f'"""{said}."""', *lines, f"return {result}"])
    return f"\ndef _{prim.name}({', '.join(operand_names(prim))}):\n{body}"


def ops_of(program: ArrayProgram) -> list[Primitive]:
    """The primitives of a program, those in its loops included."""
    found: list[Primitive] = []
    pending = list(program.statements)
    while pending:
        statement = pending.pop()
        if statement.prim is not None:
            found.append(statement.prim)
        if statement.op == "scan":
            pending += statement.attrs.builder.statements
    return found


def helpers(
    prims: Iterable[Primitive], composes: Callable[[Primitive], bool], write: Callable[[Primitive], str]
) -> dict[str, str]:
    """The functions ``_name`` of all ops that a source calls by one, and of those that these call.

    Args:
        prims: the ops of the source.
        composes: whether the target writes an op so.
        write: the text of its function.
    """
    found: dict[str, str] = {}
    pending = list(prims)
    while pending:
        prim = pending.pop()
        if f"_{prim.name}" not in found and composes(prim):
            found[f"_{prim.name}"] = write(prim)
            pending += ops_of(program_of(prim))
    return found
