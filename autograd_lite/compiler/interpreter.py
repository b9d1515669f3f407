"""An interpreter of flat programs: one loop forward, one loop backward, over cells in a list. Compiled where possible.

A cell is one number of the program with what is needed to compute it: an opcode, its operands (cells as well), the
partial for each, its adjoint. Going forward every cell computes its number and its partials; going backward it
multiplies and adds. Compiled, the fields are plain C doubles and a cell costs about as much as the arithmetic in it;
so this is how the native build runs every scalar program of some size (``paths.py`` chooses). Interpreted, generated
Python is faster, but this runs all the same, and is tested on both builds.

Arithmetic has opcodes; ``primitives/fused.py`` and ``fused_pairs.py`` give the commonest functions; everything else
calls the table's own float function and rule, so that any program runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, final

from mypy_extensions import i64

from ..graph import check_partials
from ..primitives.base import Op, as_float
from ..primitives.core import TABLE
from ..primitives.fused import Fused
from ..primitives.fused_pairs import FUSED_PAIRS, Pair, Power, Square
from .activity import active_numbers
from .choice import COMPARISONS, gate, pick, stop

__all__ = ["CODES", "Interpreter"]

# Opcodes. Below CALL1, the number and the partials of two operands, or of one and the drain, come out of one step;
# below SUM, going backward is uniform: the adjoint times a partial for each of two operands.
LEAF: Final = 0
ADD: Final = 1
SUB: Final = 2
MUL: Final = 3
PAIR: Final = 4
FUSED: Final = 5
COPY: Final = 6
NEG: Final = 7
CALL1: Final = 8
CALL2: Final = 9
WHERE: Final = 10
PICK: Final = 11
EQ: Final = 12
NE: Final = 13
LT: Final = 14
LE: Final = 15
GT: Final = 16
GE: Final = 17
SUM: Final = 18
MEAN: Final = 19
DOT: Final = 20
AFFINE: Final = 21
GATE: Final = 22
CALL: Final = 23
MASKED: Final = 24

_BY_NAME: Final = {
    "add": ADD, "sub": SUB, "mul": MUL, "identity": COPY, "pos": COPY, "neg": NEG, "where": WHERE, "sum": SUM,
    "mean": MEAN, "dot": DOT, "affine": AFFINE,
}  # fmt: skip

#: opcodes by the identity of the primitive: a primitive of the user's may have any name
CODES: dict[int, int] = {
    **{id(TABLE[name]): code for name, code in _BY_NAME.items()},
    **{id(COMPARISONS[name]): code for name, code in zip(("eq", "ne", "lt", "le", "gt", "ge"), range(EQ, GE + 1))},
    id(stop): COPY,
    id(gate): GATE,
    id(pick): PICK,
}

_PAIRS: Final[dict[int, Pair]] = {id(TABLE[name]): pair for name, pair in FUSED_PAIRS.items()}
_POW: Final = id(TABLE["pow"])


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


@final
class Cell:
    """A number of a program.

    Attributes:
        op: how it is computed.
        value, adjoint: the number and its adjoint.
        a, b: the operands; ``b`` is the program's drain where there is only one, and a leaf has none.
        pa, pb: the partial for each.
        fused, pair, call: what some opcodes need.
    """

    __slots__ = ("a", "adjoint", "b", "call", "fused", "op", "pa", "pair", "pb", "value")

    a: Cell
    b: Cell
    fused: Fused
    pair: Pair
    call: Call

    def __init__(self, op: i64, value: float) -> None:
        self.op: i64 = op
        self.value: float = value
        self.adjoint: float = 0.0
        self.pa: float = 0.0
        self.pb: float = 0.0


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


def _choose(c: Cell, op: i64) -> None:
    """Going forward: calls of one and two numbers, choices, comparisons."""
    if op == CALL1:
        _call1(c, c.call)
    elif op == CALL2:
        _call2(c, c.call)
    elif op == WHERE:
        xs = c.call.xs
        taken = xs[1] if xs[0].value != 0.0 else xs[2]
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
    index = xs[0].value
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


def _gather(c: Cell, op: i64) -> None:
    """Going forward: a number of any number of others."""
    if op == GATE:
        c.value = c.a.value
        return
    call = c.call
    xs = call.xs
    out = 0.0
    if op in (DOT, AFFINE):
        ws = call.ws
        if op == AFFINE:
            out = c.a.value
        for i in range(len(xs)):
            out += xs[i].value * ws[i].value
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
    if op == MASKED:  # stands before the cell that contributes only where the mask is not 0
        if c.b.value != 0.0:
            cell = c.a
            if cell.op < SUM:
                cell.a.adjoint += cell.adjoint * cell.pa
                cell.b.adjoint += cell.adjoint * cell.pb
            else:
                _spread_many(cell, cell.adjoint)
        return
    _spread_many(c, g)


def _spread_many(c: Cell, g: float) -> None:
    op = c.op
    if op == GATE:
        if c.b.value != 0.0:
            c.a.adjoint += g
        return
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
            xs[i].adjoint += g * partials[i]
    else:
        g *= c.pa
        for x in xs:
            x.adjoint += g


def push(cells: list[Cell]) -> None:
    """Every cell's tangent, in the place of its adjoint, from its operands' tangents."""
    for c in cells:
        if c.op < SUM:
            c.adjoint = c.a.adjoint * c.pa + c.b.adjoint * c.pb
        elif c.op == MASKED:
            cell = c.a
            cell.adjoint = _tangent(cell) if c.b.value != 0.0 else 0.0
        else:
            c.adjoint = _tangent(c)


def _tangent(c: Cell) -> float:
    op = c.op
    if op < SUM:
        return c.a.adjoint * c.pa + c.b.adjoint * c.pb
    if op == GATE:
        return c.a.adjoint if c.b.value != 0.0 else 0.0
    call = c.call
    xs = call.xs
    out = 0.0
    if op in (DOT, AFFINE):
        ws = call.ws
        for i in range(len(xs)):
            out += xs[i].adjoint * ws[i].value + ws[i].adjoint * xs[i].value
        return out + c.a.adjoint if op == AFFINE else out
    if op == CALL:
        partials = call.partials
        for i in range(len(xs)):
            out += xs[i].adjoint * partials[i]
        return out
    for x in xs:
        out += x.adjoint
    return out * c.pa


# --- a program as cells ---------------------------------------------------------------------------------------------


class Machine:
    """The cells of one program: what one call at a time runs on.

    Attributes:
        leaves: the cells of each leaf that is no constant, and whether the leaf is a single number.
        cells: one for every instruction, in order.
        back: those that hand on an adjoint, in the same order, with the masks' in front of what they stand for.
    """

    __slots__ = ("back", "cells", "guards", "leaves", "outputs", "wrt")

    def __init__(self, program: Any, wrt: Sequence[int], active: bytearray) -> None:
        numbers: list[Cell] = []
        self.leaves: list[list[Cell]] = []
        for leaf in program.leaves:
            constant: bool = leaf.kind == "constant"
            size: int = leaf.size
            block = [Cell(LEAF, leaf.key if constant else 0.0) for _ in range(size)]
            if not constant:
                self.leaves.append(block)
            numbers.extend(block)
        fixed: list[int] = [leaf.base for leaf in program.leaves if leaf.kind == "constant"]
        constants = set(fixed)
        first = len(numbers)
        self.cells: list[Cell] = []
        drain = Cell(LEAF, 0.0)
        for prim, args in zip(program.prims, program.args):
            here = len(numbers)
            made = _cell(prim, args, numbers, drain, bool(active[here]), constants)
            numbers.append(made)
            self.cells.append(made)
        masks: dict[int, int] = program.masks
        self.back: list[Cell] = []
        for here in range(first, len(numbers)):
            if active[here]:
                made = numbers[here]
                if here in masks:
                    masked = Cell(MASKED, 0.0)
                    masked.a = made
                    masked.b = numbers[masks[here]]
                    made = masked
                self.back.append(made)
        self.outputs: list[Cell] = [numbers[i] for i in program.outputs]
        self.guards: list[Cell] = [numbers[guard.id] for guard in program.guards]
        self.wrt: list[list[Cell]] = []
        for k in wrt:
            leaf = program.leaves[k]
            self.wrt.append(numbers[leaf.base : leaf.base + leaf.size])

    def load(self, blocks: tuple[Any, ...]) -> None:
        """The numbers of the leaves: one float, or a flat list, for each."""
        for cells, block in zip(self.leaves, blocks):
            given: list[Any] = block if isinstance(block, list) else [block]
            for cell, x in zip(cells, given):
                cell.value = x if type(x) is float else float(x)
                cell.adjoint = 0.0

    def seed(self, blocks: tuple[Any, ...]) -> None:
        """The tangents of the leaves to differentiate with respect to."""
        for cells, block in zip(self.wrt, blocks):
            given: list[Any] = block if isinstance(block, list) else [block]
            for cell, x in zip(cells, given):
                cell.adjoint = float(x)


def _cell(prim: Any, args: Any, numbers: list[Cell], drain: Cell, active: bool, constants: set[int]) -> Cell:
    """The cell of an instruction."""
    code: int | None = CODES.get(id(prim))
    fused: Fused | None = None
    pair: Pair | None = None
    count: int = len(args)
    if code is None or count == 0:
        if prim.arity == 1:
            fused = prim.fused
            code = CALL1 if fused is None else FUSED
        elif prim.arity == 2:
            pair = _pair(prim, args, numbers, constants)
            code = CALL2 if pair is None else PAIR
        else:
            code = CALL
    made = Cell(code, 0.0)
    if fused is not None:
        made.fused = fused
    if pair is not None:
        made.pair = pair
    if (code >= SUM and code != GATE) or code in (WHERE, PICK):
        _many(made, Call(prim, active), code, [numbers[a] for a in args], drain)
        return made
    made.a = numbers[args[0]]
    made.b = numbers[args[1]] if count > 1 else drain
    made.pa = -1.0 if code == NEG else 1.0
    made.pb = -1.0 if code == SUB else 1.0 if code == ADD else 0.0
    if code in (CALL1, CALL2):
        made.call = Call(prim, active)
    return made


def _pair(prim: Any, args: Any, numbers: list[Cell], constants: set[int]) -> Pair | None:
    """The short way of a primitive of two arguments, if there is one."""
    if id(prim) == _POW and args[1] in constants:
        return Square() if numbers[args[1]].value == 2.0 else Power()
    return _PAIRS.get(id(prim))


def _many(made: Cell, call: Call, code: int, operands: list[Cell], drain: Cell) -> None:
    """Give a cell its operands, however many."""
    made.call = call
    made.a = drain
    made.b = drain
    made.pa = 1.0
    count = len(operands)
    call.xs = operands
    if code == MEAN:
        made.pa = 1.0 / count
    elif code in (DOT, AFFINE):
        half = count // 2
        call.xs = operands[:half]
        call.ws = operands[half : 2 * half]
        if code == AFFINE:
            made.a = operands[count - 1]


class Interpreter:
    """A program ready to be replayed, with its reverse sweep. Calls from several threads have cells of their own.

    Args:
        program: the flat program.
        value: whether the outputs are among the results.
        wrt: numbers of the leaves to differentiate with respect to.
        seeded: whether the last block given is the adjoints of the outputs.
        tangents: whether the last blocks given are the tangents of the leaves ``wrt``, and the derivatives those of
            the outputs.
    """

    __slots__ = ("active", "idle", "program", "seeded", "single", "tangents", "value", "wrt")

    def __init__(
        self, program: Any, value: bool, wrt: Sequence[int], seeded: bool = False, tangents: bool = False
    ) -> None:
        self.program: Any = program
        self.value: bool = value
        self.wrt: Sequence[int] = wrt
        self.single: list[bool] = [program.leaves[k].shape == () for k in wrt]
        self.seeded: bool = seeded
        self.tangents: bool = tangents
        self.active: bytearray = active_numbers(program, wrt)
        self.idle: list[Machine] = [Machine(program, wrt, self.active)]

    def run(self, *blocks: Any) -> tuple[Any, ...]:
        """The results for one block (a float, or a flat list) per leaf that is no constant, and the seed."""
        try:
            machine = self.idle.pop()
        except IndexError:  # in use: another thread, or a primitive that calls this very function
            machine = Machine(self.program, self.wrt, self.active)
        machine.load(blocks)
        forward(machine.cells)
        found: list[Any] = [cell.value for cell in machine.outputs]
        results: list[Any] = []
        if self.value:
            results.append(found[0] if len(found) == 1 else found)
        if self.tangents:
            machine.seed(blocks[len(machine.leaves) :])
            push(machine.back)
            moved: list[Any] = [cell.adjoint for cell in machine.outputs]
            results.append(moved)
        elif len(self.wrt) > 0:
            seed: Any = blocks[len(blocks) - 1] if self.seeded else [1.0]
            for cell, g in zip(machine.outputs, seed):
                cell.adjoint += g
            backward(machine.back)
            for cells, single in zip(machine.wrt, self.single):
                part: list[Any] = [cell.adjoint for cell in cells]
                results.append(part[0] if single else part)
        for cell in machine.guards:
            results.append(cell.value)
        self.idle.append(machine)  # not after an error: its cells are dropped
        return tuple(results)
