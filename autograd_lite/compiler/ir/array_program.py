"""Array programs: statements over whole arrays, built with the common ones shared and the trivial ones folded.

A statement is a primitive of the table applied element by element, or one of a few array operations. They are closed
under differentiation, so that a gradient is again such statements.

=========== ======================================= =======================================================
op          attributes                              meaning
=========== ======================================= =======================================================
leaf        number of the leaf                      a block of numbers that the program starts from
constant    the number, or array                    itself
elementwise (``prim`` is the primitive)             with NumPy's broadcasting
reshape     shape                                   the same numbers in row-major order
transpose   axes                                    axes permuted
index       per axis: int, (start, stop, step), None  basic indexing; None is a new axis
broadcast   shape                                   ``np.broadcast_to``
take        flat positions (an int array)           ``x.ravel()[positions]``
concat      axis                                    arrays joined
pack        shape                                   scalars put into an array
matmul                                              ``a @ b``: matrices, matrix and vector, stacks of matrices
sum, prod,  axes                                    reductions
amax, amin,
logsumexp
cumprod     axis, reverse                           running product, not including the number itself
place       shape, index                            zeros with the operand at ``index``; the adjoint of index
scatter     shape, flat positions                   zeros to which the operand is added; the adjoint of take
scan        the loop (``scan.py``)                  a recurrence
gathered    the numbers (``c_gathered.py``)         a program without structure, in C
result      what, which, shape                      something that these two give
=========== ======================================= =======================================================
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...primitives.operators import Operators
from ...primitives.primitive import TABLE, Primitive
from .control_ops import COMPARISONS, stop
from .rules import ALWAYS, Rules
from .shapes import Shape, broadcast_shape, indexed_shape, infer_shape, matmul_shape

__all__ = ["ArrayProgram", "Builder", "Statement", "Symbol"]


@dataclasses.dataclass(slots=True, eq=False)
class Statement:
    """One statement; ``args`` are the numbers of earlier ones."""

    op: str
    args: tuple[int, ...]
    attrs: Any
    shape: Shape
    prim: Primitive | None = None

    @property
    def boolean(self) -> bool:
        """Whether it is a comparison, whose numbers are truth values."""
        return self.prim is not None and self.prim.name in COMPARISONS

    @property
    def name(self) -> str:
        """The primitive's name, or the op's."""
        return self.prim.name if self.prim is not None else self.op


#: ops whose numbers are those of their operand, or sums of them
_BELOW = {"reshape", "transpose", "index", "broadcast", "take", "sum", "amax"}


def _comparing(name: str) -> Any:
    """The method of a comparison."""
    return lambda self, other: self._apply(COMPARISONS[name], (self, other))


class Symbol(Operators):
    """A statement's result as an operand: the table's rules run on Symbols write statements."""

    __slots__ = ("builder", "id")

    def __init__(self, builder: Builder, id: int) -> None:
        self.builder = builder
        self.id = id

    @property
    def shape(self) -> Shape:
        return self.builder.statements[self.id].shape

    def _apply(self, primitive: Any, args: tuple[Any, ...]) -> Any:
        return self.builder.elementwise(primitive, args)

    def _choose(self, a: Any, b: Any) -> Any:
        return self.builder.elementwise(TABLE["where"], (self, a, b))

    def _constant(self, number: Any) -> Any:
        return number

    def detach(self) -> Any:
        return self._apply(stop, (self,))

    __eq__, __ne__, __lt__, __le__, __gt__, __ge__ = map(_comparing, ("eq", "ne", "lt", "le", "gt", "ge"))

    def __hash__(self) -> int:
        return hash(self.id)

    def __bool__(self) -> bool:
        raise TypeError("a rule branches on a number: write ag.where(condition, a, b), which a program can hold")


class Builder:
    """Statements under construction: equal ones are made once, trivial ones not at all."""

    def __init__(self, textbook: bool = False, rules: Rules = ALWAYS) -> None:
        self.rules = rules
        self.statements: list[Statement] = []
        self.known: dict[Any, int] = {}
        self.complete: set[int] = set()  # products made whole, of which not every number is read
        self.certain: set[int] = set()  # comparisons that hold for one number of each row: which one is picked
        self.textbook = textbook  # whether it is to be read, and not run: derivatives are as ``textbook.py`` has them
        self.linear = False  # whether adjoints are to be differentiated for what they are linear in: their seed
        self.stored = False  # whether a loop keeps functions of its steps for the loop back

    def symbol(self, id: int) -> Symbol:
        return Symbol(self, id)

    def add(self, op: str, args: tuple[int, ...], attrs: Any, shape: Shape, prim: Primitive | None = None) -> Symbol:
        """Append a statement, or find the equal one."""
        shown = attrs
        if isinstance(attrs, np.ndarray):
            shown = (attrs.shape, attrs.tobytes())
        elif op in ("scatter",):
            shown = (attrs[0], attrs[1].tobytes())
        elif isinstance(attrs, float):
            shown = repr(attrs)
        key = (op, prim.name if prim is not None else "", args, shown)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = len(self.statements)
            self.statements.append(Statement(op, args, attrs, shape, prim))
        return Symbol(self, found)

    # --- numbers --------------------------------------------------------------------------------------------------

    def leaf(self, number: int, shape: Shape) -> Symbol:
        return self.add("leaf", (), number, shape)

    def constant(self, x: Any) -> Symbol:
        """A number or a float array as a statement."""
        if isinstance(x, Symbol):
            return x
        if isinstance(x, np.ndarray) and x.shape != ():
            return self.add("constant", (), np.ascontiguousarray(x, dtype=float), x.shape)
        return self.add("constant", (), float(x), ())

    def number(self, x: Any) -> float | None:
        """The number of a scalar constant; None for anything else."""
        if isinstance(x, (int, float)):
            return float(x)
        statement = self.statements[x.id]
        return statement.attrs if statement.op == "constant" and statement.shape == () else None

    def plain(self, id: int) -> Any:
        """A statement as an operand: the number of a scalar constant, else a Symbol."""
        x = Symbol(self, id)
        number = self.number(x)
        return x if number is None else number

    def op(self, x: Symbol) -> str:
        prim = self.statements[x.id].prim
        return "" if prim is None else prim.name

    def operands(self, x: Symbol) -> Sequence[Any]:
        return list(map(self.plain, self.statements[x.id].args))

    def below(self, x: Symbol) -> Any:
        statement = self.statements[x.id]
        return self.plain(statement.args[0]) if statement.op in _BELOW else None

    # --- elementwise ----------------------------------------------------------------------------------------------

    def elementwise(self, prim: Primitive, args: Sequence[Any]) -> Any:
        """``prim`` applied element by element; a plain float when every operand is one."""
        numbers = [self.number(arg) for arg in args]
        if args and all(x is not None for x in numbers):
            return float(prim.fn(*numbers))
        plain = [arg if x is None else x for arg, x in zip(args, numbers)]
        if prim.name not in COMPARISONS:
            first = 1 if prim.name == "where" else 0
            for k in range(first, len(plain)):
                if self.is_boolean(plain[k]):
                    plain[k] = self.elementwise(TABLE["where"], (plain[k], 1.0, 0.0))
        if prim.name == "where" and isinstance(plain[0], Symbol) and not self.is_boolean(plain[0]):
            plain[0] = plain[0] != 0.0
        easier = self.rules.simpler(prim, plain, self, len(self.statements))
        if easier is not None:
            return easier
        operands = [self.constant(x) for x in plain]
        full = broadcast_shape([x.shape for x in operands])
        inner = [self.peeled(x) for x in operands]
        if prim.name in COMPARISONS and not self.textbook:  # whose truth values a view would make numbers of
            whole = broadcast_shape([x.shape for x in inner]) == full
            return self.add("elementwise", tuple(x.id for x in (inner if whole else operands)), None, full, prim)
        if any(a.id != b.id for a, b in zip(operands, inner)):
            # what an operand was broadcast from, if together they still have the shape; else broadcast the result
            result = self.elementwise(prim, [x if (c := self.number(x)) is None else c for x in inner])
            if full and not (isinstance(result, Symbol) and result.shape == full):
                return self.broadcast(result, full)
            return result
        below = self.unshaped(operands)
        if below is not None:  # the numbers of arrays reshaped alike: reshape the result
            return self.reshape(self.constant(self.elementwise(prim, below)), full)
        return self.add("elementwise", tuple(x.id for x in operands), None, full, prim)

    def unshaped(self, operands: Sequence[Symbol]) -> list[Symbol] | None:
        """What is below operands that all are reshapes from one shape to another, or single numbers; else None."""
        arrays = [self.statements[x.id] for x in operands if x.shape]
        if not arrays or arrays[0].op != "reshape":
            return None
        shape = self.statements[arrays[0].args[0]].shape
        for s in arrays:
            if s.op != "reshape" or s.shape != arrays[0].shape or self.statements[s.args[0]].shape != shape:
                return None
        if not shape:
            return None
        return [self.symbol(self.statements[x.id].args[0]) if x.shape else x for x in operands]

    def peeled(self, x: Symbol) -> Symbol:
        """What is below a broadcast, or below a reshape that only puts axes of length 1 in front."""
        statement = self.statements[x.id]
        if statement.op == "broadcast":
            return self.symbol(statement.args[0])
        if statement.op == "reshape":
            inner = self.symbol(statement.args[0])
            lead = len(statement.shape) - len(inner.shape)
            if lead > 0 and statement.shape == (1,) * lead + inner.shape:
                return inner
        return x

    def is_boolean(self, x: Any) -> bool:
        return isinstance(x, Symbol) and self.statements[x.id].boolean

    def numeric(self, x: Symbol) -> Symbol:
        """A comparison as 1.0 and 0.0: only whole comparisons stay truth values."""
        return self.constant(self.elementwise(TABLE["where"], (x, 1.0, 0.0))) if self.is_boolean(x) else x

    # --- views ----------------------------------------------------------------------------------------------------

    def reshape(self, x: Symbol, shape: Shape) -> Symbol:
        statement = self.statements[x.id]
        if statement.shape == shape:
            return x
        x = self.numeric(x)
        # an index may only add axes of length 1
        added = statement.op == "index" and all(i in (None, (0, None, 1)) for i in statement.attrs)
        if (added and not self.textbook) or statement.op == "reshape":
            return self.reshape(self.symbol(statement.args[0]), shape)
        if (number := self.spread(x)) is not None:
            return self.broadcast(number, shape)
        return self.add("reshape", (x.id,), shape, shape)

    def transpose(self, x: Symbol, axes: Sequence[int] = ()) -> Symbol:
        axes = tuple(axes) or tuple(reversed(range(len(x.shape))))
        if (number := self.spread(x)) is not None:
            return self.broadcast(number, tuple(x.shape[a] for a in axes))
        if axes == tuple(range(len(axes))):
            return x
        x = self.numeric(x)
        statement = self.statements[x.id]
        if statement.op == "matmul" and axes == (1, 0):  # (A B)ᵀ is Bᵀ Aᵀ, and comes out in the order of its rows
            a, b = (self.symbol(i) for i in statement.args)
            if len(a.shape) == len(b.shape) == 2:
                return self.matmul(self.transpose(b), self.transpose(a))
        if statement.op == "transpose":
            return self.transpose(self.symbol(statement.args[0]), [statement.attrs[a] for a in axes])
        return self.add("transpose", (x.id,), axes, tuple(x.shape[a] for a in axes))

    def index(self, x: Symbol, index: Sequence[Any]) -> Symbol:
        shape = indexed_shape(x.shape, index)
        if (number := self.spread(x)) is not None:
            return self.broadcast(number, shape)
        if shape == x.shape and all(isinstance(i, tuple) and i[0] == 0 and i[2] == 1 for i in index):
            return x
        x = self.numeric(x)
        return self.add("index", (x.id,), tuple(index), shape)

    def spread(self, x: Symbol) -> Symbol | None:
        """The single number that all of ``x`` is: of a scalar constant, or of one that was broadcast."""
        statement = self.statements[x.id]
        if statement.op == "broadcast":
            return self.spread(self.symbol(statement.args[0]))
        return x if statement.shape == () else None

    def broadcast(self, x: Any, shape: Shape) -> Symbol:
        inner = self.constant(x)
        if self.statements[inner.id].op == "broadcast":
            inner = self.symbol(self.statements[inner.id].args[0])
        if inner.shape == shape:
            return inner
        inner = self.numeric(inner)
        return self.add("broadcast", (inner.id,), shape, shape)

    def take(self, x: Symbol, positions: Any) -> Symbol:
        x = self.numeric(x)
        return self.add("take", (x.id,), np.ascontiguousarray(positions, dtype=np.intp), positions.shape)

    def concat(self, parts: Sequence[Symbol], axis: int) -> Symbol:
        if len(parts) == 1:
            return parts[0]
        parts = [self.numeric(part) for part in parts]
        shape = list(parts[0].shape)
        shape[axis] = sum(part.shape[axis] for part in parts)
        return self.add("concat", tuple(p.id for p in parts), axis % len(shape), tuple(shape))

    def pack(self, parts: Sequence[Any], shape: Shape) -> Symbol:
        if shape == ():
            return self.constant(parts[0])
        return self.add("pack", tuple(self.numeric(self.constant(p)).id for p in parts), shape, shape)

    def whole(self, x: Symbol) -> Symbol | None:
        """The array whose numbers, all of them, ``x`` is a reshaping of; None if it is not."""
        statement = self.statements[x.id]
        if statement.op == "reshape":
            return self.symbol(statement.args[0])
        return None

    # --- arithmetic of arrays -------------------------------------------------------------------------------------

    def matmul(self, a: Symbol, b: Symbol) -> Symbol:
        a, b = self.numeric(a), self.numeric(b)
        return self.add("matmul", (a.id, b.id), None, matmul_shape(a.shape, b.shape))

    def reduce(self, op: str, x: Symbol, axes: Sequence[int]) -> Symbol:
        if not axes:
            return x
        x = self.numeric(x)
        axes = tuple(sorted(a % len(x.shape) for a in axes))
        statement = self.statements[x.id]
        kept = tuple(n for a, n in enumerate(x.shape) if a not in axes)
        if op == "sum" and statement.op == "constant":
            total = np.ravel(statement.attrs.sum(axis=axes))
            alike = total.size and (total == total[0]).all()
            return self.broadcast(total[0], kept) if alike else self.constant(total.reshape(kept))
        if op == "sum" and statement.op == "broadcast":  # of equal terms
            inner = self.symbol(statement.args[0])
            first = len(x.shape) - len(inner.shape)
            if all(a < first or inner.shape[a - first] == 1 for a in axes):
                own = tuple(n for a, n in enumerate(inner.shape, first) if a not in axes)
                count = float(math.prod(x.shape[a] for a in axes))
                return self.broadcast(self.elementwise(TABLE["mul"], (self.reshape(inner, own), count)), kept)
        if op == "sum" and len(axes) == len(x.shape) and statement.name == "mul":  # an inner product
            a, b = (self.symbol(i) for i in statement.args)
            if a.shape == b.shape:
                size = math.prod(a.shape)
                return self.matmul(self.reshape(a, (size,)), self.reshape(b, (size,)))
        return self.add(op, (x.id,), axes, kept)

    def cumprod(self, x: Symbol, axis: int, reverse: bool) -> Symbol:
        return self.add("cumprod", (x.id,), (axis, reverse), x.shape)

    def place(self, x: Symbol, shape: Shape, index: Sequence[Any]) -> Symbol:
        return self.add("place", (x.id,), (shape, tuple(index)), shape)

    def scatter(self, x: Symbol, shape: Shape, positions: Any) -> Symbol:
        return self.add("scatter", (x.id,), (shape, positions), shape)


class ArrayProgram:
    """A validated array program without dead statements.

    Attributes:
        leaves: the scalar program's leaves that it reads, by number.
        statements: in order; ``args`` index into this list.
        outputs: the numbers of the statements that are its results.
        names: what the source calls the statements.
    """

    def __init__(self, leaves: Sequence[Any], builder: Builder, outputs: Sequence[Any], names: dict[int, str]) -> None:
        ids = [builder.constant(x).id for x in outputs]
        live = set(ids)
        for i in range(len(builder.statements) - 1, -1, -1):
            if i in live:
                live.update(builder.statements[i].args)
        renumber = {old: new for new, old in enumerate(sorted(live))}
        self.leaves = list(leaves)
        self.statements = [
            Statement(s.op, tuple(renumber[a] for a in s.args), s.attrs, s.shape, s.prim)
            for i, s in enumerate(builder.statements)
            if i in live
        ]
        self.outputs = [renumber[i] for i in ids]
        self.names = {renumber[i]: name for i, name in names.items() if i in live}
        self.validate()

    def keeping(self, outputs: Sequence[int]) -> ArrayProgram:
        """The program of some of the outputs (numbers of statements) only."""
        builder = Builder()
        builder.statements = self.statements
        return ArrayProgram(self.leaves, builder, [Symbol(builder, i) for i in outputs], self.names)

    def validate(self) -> None:
        """ValueError unless operands come first and every shape is what its operands make it."""
        for i, s in enumerate(self.statements):
            if any(a >= i for a in s.args):
                raise ValueError(f"statement {i} ({s.name}) uses one that comes later")
            if s.op == "leaf":
                expected = tuple(self.leaves[s.attrs].shape)
            elif s.op == "constant":
                expected = np.shape(s.attrs)
            else:
                expected = infer_shape(s.op, s.attrs, [self.statements[a].shape for a in s.args])
            if expected != tuple(s.shape):
                raise ValueError(f"statement {i} ({s.name}) has shape {s.shape}, expected {expected}")
            if s.op == "reshape" and math.prod(s.shape) != math.prod(self.statements[s.args[0]].shape):
                raise ValueError(f"statement {i}: reshape of {self.statements[s.args[0]].shape} to {s.shape}")

    def users(self) -> list[list[int]]:
        """For each statement, those that read it; -1 for the results."""
        found: list[list[int]] = [[] for _ in self.statements]
        for i, s in enumerate(self.statements):
            for a in s.args:
                found[a].append(i)
        for i in self.outputs:
            found[i].append(-1)
        return found

    def last_uses(self, passed: Sequence[bool]) -> list[int]:
        """The last statement that reads each one, itself or through those that only pass it on."""
        last = list(range(len(self.statements)))
        for i in self.outputs:
            last[i] = len(last)
        for i in range(len(last) - 1, -1, -1):
            until = last[i] if passed[i] else i
            for a in self.statements[i].args:
                last[a] = max(last[a], until)
        return last

    @functools.cached_property
    def loops(self) -> list[int]:
        """The numbers of the statements that are loops."""
        return [i for i, s in enumerate(self.statements) if s.op == "scan"]

    @property
    def scalar(self) -> bool:
        """Whether every statement that computes has one number."""
        return all(s.shape == () for s in self.statements if s.op not in ("leaf", "pack", "constant"))

    def count(self) -> int:
        """How many statements compute something (views, leaves and constants don't)."""
        free = ("leaf", "constant", "reshape", "transpose", "index", "broadcast")
        return sum(1 for s in self.statements if s.op not in free)
