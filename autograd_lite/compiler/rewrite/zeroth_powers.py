"""x⁰ in a program that is complete: 1, of every float (IEEE's pow), nan included.

While derivatives are still to be taken x⁰ is no constant, since an infinite adjoint that passes it is nan, as in eager
code. Second derivatives of squares are full of them.
"""

from __future__ import annotations

from ...primitives.primitive import TABLE
from ..ir.array_program import ArrayProgram, Builder, Statement, Symbol

__all__ = ["without_zeroth_powers"]


def without_zeroth_powers(program: ArrayProgram) -> ArrayProgram:
    """The program with 1 in the place of every x⁰, and what that makes trivial left out."""
    statements = program.statements
    zeroth = {i for i, s in enumerate(statements) if s.prim is TABLE["pow"] and _zero(statements[s.args[1]])}
    if not zeroth:
        return program
    builder = Builder()
    made: list[Symbol] = []
    for i, s in enumerate(statements):
        args = [made[a] for a in s.args]
        if i in zeroth:
            new = builder.constant(1.0)
        elif s.op == "elementwise" and s.prim is not None:
            new = builder.constant(builder.elementwise(s.prim, args))
        else:
            new = builder.add(s.op, tuple(a.id for a in args), s.attrs, s.shape, s.prim)
        made.append(new if new.shape == s.shape else builder.broadcast(new, s.shape))
    names = {made[i].id: name for i, name in program.names.items()}
    return ArrayProgram(program.leaves, builder, [made[i] for i in program.outputs], names)


def _zero(statement: Statement) -> bool:
    return statement.op == "constant" and statement.shape == () and statement.attrs == 0.0
