"""What the tests of the interpreter share: programs of its instructions, run and compared bit by bit."""

from __future__ import annotations

import struct

import autograd_lite as ag
from autograd_lite.compiler import Program
from autograd_lite.compiler.ir.scalar_program import Leaf
from autograd_lite.compiler.run.interpreter import Interpreter


def bits(x):
    return b"nan" if x != x else struct.pack("d", x)


def same_bits(found, expected, where):
    assert [bits(x) for x in found] == [bits(x) for x in expected], f"{where}: {found} for {expected}"


def program_of(instructions, count, outputs=None, constants=()):
    """A program of ``count`` numbers in one leaf and some constants; every instruction a primitive and ids."""
    leaves = [Leaf("argument", "x", (count,), 0, 0)]
    leaves += [Leaf("constant", repr(c), (), c, count + i) for i, c in enumerate(constants)]
    first = count + len(constants)
    return Program(
        leaves,
        [prim for prim, _ in instructions],
        [tuple(args) for _, args in instructions],
        [first + len(instructions) - 1] if outputs is None else outputs,
    )


def replay(program, xs):
    """Value and gradient by the interpreter; the second call, on the cells of the first."""
    engine = Interpreter(program, True, (0,), False)
    engine.run([0.25 for _ in xs])
    return engine.run(list(xs))


def scale(a, xs, m):
    return ag.sum([ag.sin(a * x) * x for x in xs]) + m[0][1] * m[1][0] * a
