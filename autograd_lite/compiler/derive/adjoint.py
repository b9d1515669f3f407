"""The reverse sweep on an array program: the table's own rules, run on Symbols, write the adjoint statements.

An elementwise statement hands g · ∂out/∂operand to each operand, summed over the axes along which the operand was
broadcast. The array operations are linear but for three, and their adjoints are array operations again:
C = A B gives Ā = C̄ Bᵀ, B̄ = Aᵀ C̄ (Giles, Collected matrix derivative results for AD, 2008).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engine.sweeps import check_partials
from ...primitives.primitive import TABLE
from ..ir.array_program import Builder, Statement, Symbol
from ..ir.naming import Adjoint
from .loop_adjoint import loop_adjoints
from .matmul_adjoint import fitted, matmul_adjoints
from .reaching import ALWAYS, NEVER, Reach, as_number, as_reach, gated, joined, only_if
from .textbook import own_line, softmax_adjoint

__all__ = ["Sweep", "adjoints"]


def adjoints(
    builder: Builder, seeds: Sequence[tuple[Any, Any]], wrt: Sequence[Symbol], names: dict[int, str] | None = None
) -> list[Any]:
    """Append the statements of a reverse sweep.

    Args:
        builder: the program so far.
        seeds: pairs of a result (a Symbol) and its adjoint.
        wrt: what to differentiate with respect to.
        names: of statements; the adjoint of one named f1 is named df1.

    Returns:
        The adjoint of each of ``wrt``, of its shape; 0.0 where nothing depends on it. A branch that is not taken
        contributes nothing, whatever its numbers are.
    """
    found = Sweep(builder, [(y, seed, ALWAYS) for y, seed in seeds], wrt, names)
    return [found.totals.get(x.id, 0.0) for x in wrt]


class Sweep:
    """A reverse sweep.

    Attributes:
        totals: the adjoint of each statement that has one.
        reach: when the sweep arrives there (``reaching.py``).
    """

    def __init__(
        self, builder: Builder, seeds: Sequence[tuple[Any, Any, Reach]], wrt: Sequence[Symbol], names: Any = None
    ) -> None:
        self.builder = builder
        self.totals: dict[int, Any] = {}
        self.reach: dict[int, Reach] = {}
        self.parts: dict[int, list[Any]] = {}
        self.arriving: dict[int, list[Any]] = {}
        roots = [(y, seed, reach) for y, seed, reach in seeds if isinstance(y, Symbol)]
        end = max([y.id for y, _, _ in roots], default=-1) + 1
        forward = len(builder.statements)  # what is there already keeps its name
        self.active = _active(builder, {x.id for x in wrt}, end)
        #: where nothing is chosen or compared, every number is reached
        self.careful = not builder.textbook and (
            any(reach != ALWAYS for _, _, reach in roots) or _selects(builder.statements[:end])
        )
        for y, seed, reach in roots:
            self.add(y.id, builder.broadcast(seed, y.shape) if y.shape else seed, reach)
        for i in range(end - 1, -1, -1):
            if i in self.parts:
                self.statement(i, names, forward)

    def add(self, i: int, part: Any, reach: Any) -> None:
        """One more part of the adjoint of statement ``i``."""
        if i in self.active:
            self.parts.setdefault(i, []).append(part)
            self.arriving.setdefault(i, []).append(reach)

    def arrives(self, i: int) -> Reach:
        """When the sweep arrives at statement ``i``, all parts of whose adjoint are there."""
        parts = self.arriving.pop(i)
        if not self.careful or ALWAYS in [part for part in parts if isinstance(part, frozenset)]:
            return ALWAYS
        known = np.zeros(self.builder.statements[i].shape, dtype=bool)
        found = NEVER
        for part in parts:
            if isinstance(part, np.ndarray):
                known |= part
            else:
                found = joined(self.builder, found, part)
        if known.all():
            return ALWAYS
        return joined(self.builder, found, as_reach(self.builder, known * 1.0)) if known.any() else found

    def statement(self, i: int, names: Any, forward: int) -> None:
        """Hand the adjoint of statement ``i`` to its operands."""
        builder = self.builder
        statement = builder.statements[i]
        if statement.op == "scan":  # its adjoints belong to its results
            for found in loop_adjoints(builder, i, self.parts.pop(i), self.active, Sweep, _active):
                self.add(*found)
            return
        reach = self.reach[i] = self.arrives(i)
        total = self.totals[i] = _sum(self.parts.pop(i))
        if names is not None and i in names:
            if builder.textbook and statement.op != "leaf":
                total = self.totals[i] = own_line(builder, i, total, names, forward)
            if isinstance(total, Symbol) and total.id >= forward:
                names.setdefault(total.id, Adjoint(names[i]))
        if statement.args:
            for operand, part, arrives in _contributions(builder, i, statement, total, self.active, reach):
                self.add(operand, part, arrives)


def _selects(statements: Sequence[Statement]) -> bool:
    """Whether there are statements of which not every operand matters to the derivative."""
    steps = [inner for s in statements if s.op == "scan" for inner in s.attrs.builder.statements]
    return any(s.prim is not None and (s.prim.choice or s.prim.passive) for s in [*statements, *steps])


def _active(builder: Builder, wrt: set[int], end: int) -> set[int]:
    """Statements before ``end`` that depend on ``wrt`` through something differentiable."""
    active = set(wrt)
    for i in range(end):
        statement = builder.statements[i]
        prim = statement.prim
        if i in active or (prim is not None and prim.passive):
            continue
        if any(a in active for a in (statement.args[1:] if prim is not None and prim.choice else statement.args)):
            active.add(i)
    return active


def _sum(parts: list[Any]) -> Any:
    """The sum of adjoints; one that comes several times, as x·x gives, is taken so many times."""
    counts: dict[tuple[str, Any], tuple[Any, int]] = {}
    for part in parts:
        key = ("symbol", part.id) if isinstance(part, Symbol) else ("number", part)
        counts[key] = (part, counts.get(key, (part, 0))[1] + 1)
    total: Any = None
    for part, count in counts.values():
        term = part if count == 1 else part * float(count)
        total = term if total is None else total + term
    return total


def _partly(statement: Statement, shape: tuple[int, ...]) -> Any:
    """Which numbers of an operand of that shape an index or a take reads: a boolean array."""
    read = np.zeros(shape, dtype=bool)
    if statement.op == "take":
        read.ravel()[statement.attrs.ravel()] = True
    else:
        read[tuple(slice(*item) if isinstance(item, tuple) else item for item in statement.attrs)] = True
    return read


#: the operand, what it is given, and when; or which of its numbers are, in any case
Contribution = tuple[int, Any, Any]


def _contributions(
    builder: Builder, i: int, statement: Statement, g: Any, active: set[int], reach: Reach
) -> list[Contribution]:
    """What statement ``i`` with adjoint ``g`` adds to its operands' adjoints, and when it does."""
    operands = [builder.symbol(a) for a in statement.args]
    if statement.op == "elementwise":
        return _elementwise(builder, i, statement, operands, g, active, reach)
    if statement.op == "result":
        return [(operands[0].id, (statement.attrs, g, reach), ALWAYS)]
    g = builder.constant(g)
    if statement.op == "matmul":
        return [*matmul_adjoints(builder, operands[0], operands[1], g, active, reach)]
    if statement.op in ("concat", "pack"):
        found = _joined(builder, statement, operands, g, active)
        if reach == ALWAYS:
            return [(id, part, ALWAYS) for id, part in found]
        moved = _joined(builder, statement, operands, _whole(builder, reach, statement.shape), active)
        return [(id, part, as_reach(builder, there)) for (id, part), (_, there) in zip(found, moved)]
    x = operands[0]
    part = _linear(builder, i, statement, x, g)
    if reach == ALWAYS:
        some = statement.op in ("index", "take") and x.id not in builder.complete
        return [(x.id, part, _partly(statement, x.shape) if some else ALWAYS)]
    if statement.op in _LINEAR:
        # what of the operand is reached: the same sums of 0 and 1
        there = _linear(builder, i, statement, x, _whole(builder, reach, statement.shape))
        return [(x.id, part, as_reach(builder, there))]
    kept = _kept(builder, _whole(builder, reach, statement.shape), statement.attrs, len(x.shape))
    reach = as_reach(builder, kept)
    return [(x.id, gated(builder, reach, part), reach)]


def _certain(builder: Builder, reach: Reach, shape: tuple[int, ...], full: tuple[int, ...]) -> bool:
    """Whether a condition holds for one of the numbers of each row, and ``shape`` has one number for a row."""
    if len(reach) != 1 or not full or full[-1] == 1 or (shape and shape[-1] != 1):
        return False
    (term,) = reach
    return len(term) == 1 and all(holds and id in builder.certain for id, holds in term)


#: operations whose result is a sum of operands, each taken once
_LINEAR = ("reshape", "transpose", "index", "broadcast", "take", "place", "scatter", "sum", "called")


def _whole(builder: Builder, reach: Reach, shape: tuple[int, ...]) -> Symbol:
    """A condition as an array of that shape."""
    return builder.broadcast(as_number(builder, reach), shape)


def _elementwise(
    builder: Builder, i: int, statement: Statement, operands: list[Symbol], g: Any, active: set[int], reach: Reach
) -> list[Contribution]:
    prim = statement.prim
    assert prim is not None
    plain = [operand if (x := builder.number(operand)) is None else x for operand in operands]
    out = builder.symbol(i)
    textbook = prim.textbook if builder.textbook else None
    partials = prim.partials(out, *plain) if textbook is None else textbook(out, *plain)
    check_partials(prim, partials, len(operands))
    result: list[Contribution] = []
    for k, (operand, partial) in enumerate(zip(operands, partials)):
        if operand.id not in active or (k == 0 and prim.name == "where"):
            continue
        arrives = reach
        if prim.name == "where":  # the adjoint goes one way
            part = builder.elementwise(prim, (operands[0], g, 0.0) if k == 1 else (operands[0], 0.0, g))
            arrives = ALWAYS if builder.textbook else only_if(reach, operands[0].id, k == 1)
        else:
            part = partial * g if isinstance(g, Symbol) or isinstance(partial, Symbol) else float(partial) * g
            if isinstance(partial, Symbol) or partial - partial != 0.0:  # 0 times a finite number is 0 by itself
                part = gated(builder, reach, part)
        if arrives != ALWAYS and _certain(builder, arrives, operand.shape, out.shape):
            arrives = ALWAYS
        if arrives != ALWAYS and operand.shape != out.shape:
            arrives = as_reach(builder, fitted(builder, as_number(builder, arrives), operand.shape, out.shape))
        result.append((operand.id, fitted(builder, part, operand.shape, out.shape), arrives))
    return result


def _joined(
    builder: Builder, statement: Statement, operands: list[Symbol], g: Symbol, active: set[int]
) -> list[tuple[int, Any]]:
    """Adjoints of concat and pack: each operand gets its part."""
    result = []
    at = 0
    for k, operand in enumerate(operands):
        if statement.op == "pack":
            if operand.id in active:
                result.append((operand.id, builder.index(g, [int(j) for j in np.unravel_index(k, statement.shape)])))
            continue
        n = operand.shape[statement.attrs]
        if operand.id in active:
            index: list[Any] = [(0, None, 1)] * len(statement.shape)
            index[statement.attrs] = (at, at + n, 1)
            result.append((operand.id, builder.index(g, index)))
        at += n
    return result


def _linear(builder: Builder, i: int, statement: Statement, x: Symbol, g: Symbol) -> Any:
    """The adjoint of a statement of one operand."""
    op, attrs = statement.op, statement.attrs
    if op == "called":
        return g
    if op == "reshape":
        return builder.reshape(g, x.shape)
    if op == "transpose":
        return builder.transpose(g, tuple(int(a) for a in np.argsort(attrs)))
    if op == "index":
        return builder.place(g, x.shape, attrs)
    if op == "broadcast":
        return fitted(builder, g, x.shape, statement.shape)
    if op == "take":
        return builder.scatter(g, x.shape, attrs)
    if op == "place":
        return builder.index(g, attrs[1])
    if op == "scatter":
        return builder.take(g, attrs[1])
    if op == "sum":
        return builder.broadcast(_kept(builder, g, attrs, len(x.shape)), x.shape)
    if op in ("amax", "amin"):
        return _extreme(builder, i, x, g, attrs)
    if op in ("softmax", "log_softmax"):
        return softmax_adjoint(builder, i, g)
    if op == "logsumexp":
        return _softmax(builder, x, attrs) * _kept(builder, g, attrs, len(x.shape))
    if op == "prod" and len(attrs) == 1:  # prefix × suffix: dividing by a zero factor would give nan
        before, after = builder.cumprod(x, attrs[0], False), builder.cumprod(x, attrs[0], True)
        return (before * after) * _kept(builder, g, attrs, len(x.shape))
    raise NotImplementedError(f"the adjoint of {op}")


def _kept(builder: Builder, g: Symbol, axes: Sequence[int], ndim: int) -> Symbol:
    """``g`` with the reduced axes back, of length 1."""
    return builder.index(g, [None if a in axes else (0, None, 1) for a in range(ndim)])


def _extreme(builder: Builder, i: int, x: Symbol, g: Symbol, axes: Sequence[int]) -> Any:
    """Maximum and minimum: 1/k each at a k-way tie, nan where a nan is in it (as the table's rule)."""
    where = TABLE["where"]
    nan = float("nan")
    out = _kept(builder, builder.symbol(i), axes, len(x.shape))
    rest = builder.elementwise(where, (out == out, 0.0, nan))
    rest = builder.elementwise(where, (x != x, nan, rest))
    tie = builder.elementwise(where, (x == out, 1.0, rest))
    count = _kept(builder, builder.reduce("sum", tie, axes), axes, len(x.shape))
    return (tie / count) * _kept(builder, g, axes, len(x.shape))


def _softmax(builder: Builder, x: Symbol, axes: Sequence[int]) -> Any:
    """eˣ/Σeˣ, shifted by the maximum, as the table's rule for logsumexp."""
    if builder.textbook:
        return builder.add("softmax", (x.id,), tuple(axes), x.shape)
    top = _kept(builder, builder.reduce("amax", x, axes), axes, len(x.shape))
    terms = builder.elementwise(TABLE["where"], (x == top, 1.0, builder.elementwise(TABLE["exp"], (x - top,))))
    return terms / _kept(builder, builder.reduce("sum", terms, axes), axes, len(x.shape))
