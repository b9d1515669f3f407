"""An interpreter of flat programs, whose numbers are cells in a list (``cells.py``). Compiled where possible.

Compiled, this is how every scalar program of some size is run (``call/plans.py`` chooses). Interpreted, generated
Python is faster, but for programs too long to be written out; the two run the same code, and are tested on both builds.

Arithmetic has opcodes; ``fused_unary.py`` and ``fused_binary.py`` of the primitives give the commonest functions;
everything else calls the table's own float function and rule, so that any program runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ...primitives.fused_binary import FUSED_PAIRS, Pair, Power, Square
from ...primitives.fused_unary import Fused
from ...primitives.primitive import TABLE
from ..ir.activity import active_numbers
from ..ir.control_ops import COMPARISONS, pick, stop
from . import opcodes as ops
from .cells import Call, Cell, backward, backward_taken, forward, push

__all__ = ["CODES", "Interpreter"]

_OWN = ("add", "sub", "mul", "neg", "where", "sum", "mean", "dot", "affine")
#: opcodes by the identity of the primitive: a primitive of the user's may have any name
CODES: dict[int, int] = {
    **{id(TABLE[n]): getattr(ops, n.upper()) for n in _OWN},
    **{id(prim): getattr(ops, name.upper()) for name, prim in COMPARISONS.items()},
    **dict.fromkeys(map(id, (TABLE["identity"], TABLE["pos"], stop)), ops.COPY),
    id(pick): ops.PICK,
}

#: of calls by how many operands they have; what has any number of them; the partials that are always the same
_CALLS: Final = {1: ops.CALL1, 2: ops.CALL2}
_MANY: Final = frozenset((ops.WHERE, ops.PICK, ops.SUM, ops.MEAN, ops.DOT, ops.AFFINE, ops.CALL))
_PARTIALS: Final = {ops.NEG: (-1.0, 0.0), ops.SUB: (1.0, -1.0), ops.ADD: (1.0, 1.0)}
_PAIRS: Final[dict[int, Pair]] = {id(TABLE[name]): pair for name, pair in FUSED_PAIRS.items()}
_POW: Final = id(TABLE["pow"])


class Machine:
    """The cells of one program: what one call at a time runs on.

    Attributes:
        leaves: the cells of each leaf that is no constant, and whether the leaf is a single number.
        cells: one for every instruction, in order.
        back: those that hand on an adjoint, in the same order.
        guards: those that decide the way; what they have to be is ``wanted``, or whether 0 if not ``exact``.
        branches: whether there are choices among those, of which a sweep passes the branch that is taken.
    """

    __slots__ = ("back", "branches", "cells", "exact", "guards", "leaves", "outputs", "wanted", "wrt")

    def __init__(self, program: Any, wrt: Sequence[int], active: bytearray) -> None:
        numbers: list[Cell] = []
        self.leaves: list[list[Cell]] = []
        for leaf in program.leaves:
            constant: bool = leaf.kind == "constant"
            size: int = leaf.size
            block = [Cell(ops.LEAF, leaf.key if constant else 0.0) for _ in range(size)]
            if not constant:
                self.leaves.append(block)
            numbers.extend(block)
        fixed: list[int] = [leaf.base for leaf in program.leaves if leaf.kind == "constant"]
        constants = set(fixed)
        first = len(numbers)
        self.cells: list[Cell] = []
        drain = Cell(ops.LEAF, 0.0)
        for prim, args in zip(program.prims, program.args):
            here = len(numbers)
            made = _cell(prim, args, numbers, drain, bool(active[here]), constants)
            numbers.append(made)
            self.cells.append(made)
        self.back: list[Cell] = [numbers[here] for here in range(first, len(numbers)) if active[here]]
        self.branches: bool = any(cell.op in (ops.WHERE, ops.PICK) for cell in self.back)
        self.outputs: list[Cell] = [numbers[i] for i in program.outputs]
        self.guards: list[Cell] = [numbers[guard.id] for guard in program.guards]
        self.wanted: list[float] = [guard.expected for guard in program.guards]
        self.exact: list[bool] = [guard.exact for guard in program.guards]
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

    def strays(self) -> bool:
        """Whether another way was taken than the one recorded."""
        for i in range(len(self.guards)):
            cell = self.guards[i]
            x = cell.value
            wanted = self.wanted[i]
            if self.exact[i]:
                if x != wanted and (x == x or wanted == wanted):
                    return True
            elif (x != 0.0) != (wanted != 0.0):
                return True
        return False

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
        elif prim.arity == 2:
            pair = _pair(prim, args, numbers, constants)
        code = ops.FUSED if fused is not None else ops.PAIR if pair is not None else _CALLS.get(prim.arity, ops.CALL)
    made = Cell(code, 0.0)
    if fused is not None:
        made.fused = fused
    if pair is not None:
        made.pair = pair
    if code in _MANY:
        _many(made, Call(prim, active), code, [numbers[a] for a in args], drain)
        return made
    made.a = numbers[args[0]]
    made.b = numbers[args[1]] if count > 1 else drain
    made.pa, made.pb = _PARTIALS.get(code, (1.0, 0.0))
    if code == _CALLS.get(prim.arity):
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
    if code == ops.MEAN:
        made.pa = 1.0 / count
    elif code in (ops.DOT, ops.AFFINE):
        half = count // 2
        call.xs = operands[:half]
        call.ws = operands[half : 2 * half]
        if code == ops.AFFINE:
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
        """The results for one block (a float, or a flat list) per leaf that is no constant, and the seed.

        Where there are guards a number comes last: 0 if they hold. Otherwise it is alone.
        """
        try:
            machine = self.idle.pop()
        except IndexError:  # in use: another thread, or a primitive that calls this very function
            machine = Machine(self.program, self.wrt, self.active)
        machine.load(blocks)
        forward(machine.cells)
        if machine.strays():
            self.idle.append(machine)
            return (1.0,)
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
            if machine.branches:
                backward_taken(machine.back, machine.outputs)
            else:
                backward(machine.back)
            for cells, single in zip(machine.wrt, self.single):
                part: list[Any] = [cell.adjoint for cell in cells]
                results.append(part[0] if single else part)
        if machine.guards:
            results.append(0.0)
        self.idle.append(machine)  # not after an error: its cells are dropped
        return tuple(results)
