"""A program's numbers as cells, and the loops over them: forward, backward, and the tangents'. Compiled where possible.

A cell is one number of a program with what is needed to compute it: an opcode, its operands (cells as well), the
partial for each, its adjoint. Going forward every cell computes its number and its partials; going backward it
multiplies and adds. Compiled, the fields are plain C doubles and a cell costs about as much as the arithmetic in it.
"""

from __future__ import annotations

from typing import Any

from ...engine import memory
from ...engine.sweeps import check_partials
from ...primitives.base import Op, as_float
from ...primitives.fused_binary import Pair
from ...primitives.fused_unary import Fused
from .opcodes import (  # fmt: skip
    ADD,
    AFFINE,
    CALL,
    CALL1,
    CALL2,
    COPY,
    DOT,
    EQ,
    FUSED,
    GT,
    LE,
    LT,
    MEAN,
    MUL,
    NE,
    NEG,
    PICK,
    SUB,
    SUM,
    WHERE,
)

__all__ = ["Call", "Cell", "backward", "backward_taken", "forward", "push"]


class Call:
    """What a cell has that is no plain arithmetic: a primitive, any number of operands, a partial for each.

    Attributes:
        prim: the primitive.
        xs: the operands; of a dot and an affine the first factors, whose second factors are ``ws``.
        partials: found going forward, where ``active``.
    """

    __slots__ = ("active", "partials", "prim", "ws", "xs")

    def __init__(self, prim: Op, active: bool) -> None:
        self.prim: Op = prim
        self.active: bool = active
        self.xs: list[Cell] = []
        self.ws: list[Cell] = []
        self.partials: list[float] = []


class Cell:
    """A number of a program.

    Attributes:
        op: how it is computed.
        value, adjoint: the number and its adjoint.
        a, b: the operands; ``b`` is the program's drain where there is only one, and a leaf has none.
        pa, pb: the partial for each.
        fused, pair, call: what some opcodes need.
        reached: whether a sweep that leaves out branches not taken has come here (``backward_taken``).
    """

    __slots__ = ("a", "adjoint", "b", "call", "fused", "op", "pa", "pair", "pb", "reached", "value")

    a: Cell
    b: Cell
    fused: Fused
    pair: Pair
    call: Call

    def __init__(self, op: int, value: float) -> None:
        self.op: int = op
        self.value: float = value
        self.adjoint: float = 0.0
        self.pa: float = 0.0
        self.pb: float = 0.0
        self.reached: bool = False


memory.free_flatly(Cell)


# --- the two loops ---------------------------------------------------------------------------------------------------


def forward(cells: list[Cell]) -> None:
    """Every cell's number and partials, in order; the adjoints are cleared."""
    for c in cells:
        c.adjoint = 0.0
        op = c.op
        if op < FUSED:
            x = c.a.value
            y = c.b.value
            if op == MUL:
                c.value = x * y
                c.pa = y
                c.pb = x
            elif op == ADD:
                c.value = x + y
            elif op == SUB:
                c.value = x - y
            else:
                c.value, c.pa, c.pb = c.pair.parts(x, y)
        elif op == FUSED:
            c.value, c.pa = c.fused.pair(c.a.value)
        elif op == NEG:
            c.value = -c.a.value
        elif op == COPY:
            c.value = c.a.value
        elif op < SUM:
            _choose(c, op)
        else:
            _gather(c, op)


def backward(cells: list[Cell]) -> None:
    """Every cell hands its adjoint to its operands, from the last to the first."""
    for c in reversed(cells):
        if c.op < SUM:
            g = c.adjoint
            c.a.adjoint += g * c.pa
            c.b.adjoint += g * c.pb
        else:
            _spread(c, c.adjoint)


def backward_taken(cells: list[Cell], outputs: list[Cell]) -> None:
    """``backward`` through the branches that were taken, and no others: the others hand nothing on, nor nan."""
    for c in cells:
        c.reached = False
    for c in outputs:
        c.reached = True
    for c in reversed(cells):
        if c.reached:
            c.a.reached = True
            if c.op < SUM:
                g = c.adjoint
                c.a.adjoint += g * c.pa
                if c.op != WHERE and c.op != PICK:
                    c.b.reached = True
                    c.b.adjoint += g * c.pb
            else:
                for x in c.call.xs:
                    x.reached = True
                for x in c.call.ws:
                    x.reached = True
                _spread(c, c.adjoint)


def _choose(c: Cell, op: int) -> None:
    """Going forward: calls of one and two numbers, choices, comparisons."""
    if op == CALL1:
        _call1(c, c.call)
    elif op == CALL2:
        _call2(c, c.call)
    elif op == WHERE:
        xs = c.call.xs
        taken = xs[0]
        taken = xs[1] if taken.value != 0.0 else xs[2]
        c.a = taken  # the adjoint goes to the branch taken, and to no other
        c.value = taken.value
    elif op == PICK:
        _pick(c, c.call.xs)
    else:
        x = c.a.value
        y = c.b.value
        if op == EQ:
            holds = x == y
        elif op == NE:
            holds = x != y
        elif op == LT:
            holds = x < y
        elif op == LE:
            holds = x <= y
        elif op == GT:
            holds = x > y
        else:
            holds = x >= y
        c.value = 1.0 if holds else 0.0


def _pick(c: Cell, xs: list[Cell]) -> None:
    """``row[index]``; the first of ``xs`` is the index."""
    taken = xs[0]
    index = taken.value
    if 0.0 <= index < len(xs) - 1:
        taken = xs[int(index) + 1]
        c.a = taken
        c.value = taken.value
        c.pa = 1.0
    else:
        c.a = c.b
        c.value = c.call.prim.fn(index)
        c.pa = 0.0


def _call1(c: Cell, call: Call) -> None:
    x = c.a.value
    prim = call.prim
    out = as_float(prim.fn(x), f"the result of {prim.name}")
    c.value = out
    if call.active:
        partials: Any = prim.float_partials(out, x)
        check_partials(prim, partials, 1)
        c.pa = as_float(partials[0])


def _call2(c: Cell, call: Call) -> None:
    x = c.a.value
    y = c.b.value
    prim = call.prim
    out = as_float(prim.fn(x, y), f"the result of {prim.name}")
    c.value = out
    if call.active:
        partials: Any = prim.float_partials(out, x, y)
        check_partials(prim, partials, 2)
        c.pa = as_float(partials[0])
        c.pb = as_float(partials[1])


def _gather(c: Cell, op: int) -> None:
    """Going forward: a number of any number of others."""
    call = c.call
    xs = call.xs
    out = 0.0
    if op in (DOT, AFFINE):
        ws = call.ws
        if op == AFFINE:
            out = c.a.value
        for i in range(len(xs)):
            x = xs[i]  # by names of their own, items are C's structs when compiled
            w = ws[i]
            out += x.value * w.value
    elif op in (SUM, MEAN):
        for x in xs:
            out += x.value
        if op == MEAN:
            out /= float(len(xs))
    else:
        numbers: list[Any] = [x.value for x in xs]
        prim = call.prim
        out = as_float(prim.fn(*numbers), f"the result of {prim.name}")
        if call.active:
            partials: Any = prim.float_partials(out, *numbers)
            check_partials(prim, partials, len(xs))
            call.partials = [as_float(p) for p in partials]
    c.value = out


def _spread(c: Cell, g: float) -> None:
    """Going backward: what is not one product for each of two operands."""
    op = c.op
    call = c.call
    xs = call.xs
    if op in (DOT, AFFINE):
        ws = call.ws
        for i in range(len(xs)):
            x = xs[i]
            w = ws[i]
            x.adjoint += g * w.value
            w.adjoint += g * x.value
        if op == AFFINE:
            c.a.adjoint += g
    elif op == CALL:
        partials = call.partials
        for i in range(len(xs)):
            x = xs[i]
            x.adjoint += g * partials[i]
    else:
        g *= c.pa
        for x in xs:
            x.adjoint += g


def push(cells: list[Cell]) -> None:
    """Every cell's tangent, in the place of its adjoint, from its operands' tangents."""
    for c in cells:
        if c.op < SUM:
            c.adjoint = c.a.adjoint * c.pa + c.b.adjoint * c.pb
        else:
            c.adjoint = _tangent(c)


def _tangent(c: Cell) -> float:
    op = c.op
    call = c.call
    xs = call.xs
    out = 0.0
    if op in (DOT, AFFINE):
        ws = call.ws
        for i in range(len(xs)):
            x = xs[i]
            w = ws[i]
            out += x.adjoint * w.value + w.adjoint * x.value
        return out + c.a.adjoint if op == AFFINE else out
    if op == CALL:
        partials = call.partials
        for i in range(len(xs)):
            x = xs[i]
            out += x.adjoint * partials[i]
        return out
    for x in xs:
        out += x.adjoint
    return out * c.pa
