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
from ..ir.control_ops import COMPARISONS
from ..ir.naming import Adjoint
from .loop_adjoint import loop_adjoints
from .textbook import RULES, own_line, softmax_adjoint

__all__ = ["adjoints"]

_PASSIVE = {*COMPARISONS, "stop"}


def adjoints(
    builder: Builder,
    seeds: Sequence[tuple[Any, Any]],
    wrt: Sequence[Symbol],
    names: dict[int, str] | None = None,
    masks: dict[int, Symbol] | None = None,
) -> list[Any]:
    """Append the statements of a reverse sweep.

    Args:
        builder: the program so far.
        seeds: pairs of a result (a Symbol) and its adjoint.
        wrt: what to differentiate with respect to.
        names: of statements; the adjoint of one named f1 is named df1.
        masks: of statements: where a number is 0, the statement's adjoint contributes nothing (not even nan).

    Returns:
        The adjoint of each of ``wrt``, of its shape; 0.0 where nothing depends on it.
    """
    roots = [(y, seed) for y, seed in seeds if isinstance(y, Symbol)]
    end = max([y.id for y, _ in roots], default=-1) + 1
    forward = len(builder.statements)  # what is there already keeps its name
    active = _active(builder, {x.id for x in wrt}, end)
    found: dict[int, list[Any]] = {}
    for y, seed in roots:
        if y.id in active:
            found.setdefault(y.id, []).append(builder.broadcast(seed, y.shape) if y.shape else seed)
    totals: dict[int, Any] = {}
    for i in range(end - 1, -1, -1):
        if i not in found:
            continue
        statement = builder.statements[i]
        if statement.op == "scan":  # its adjoints belong to its results
            for operand, part in loop_adjoints(builder, i, found.pop(i), active, adjoints, _active):
                if operand in active:
                    found.setdefault(operand, []).append(part)
            continue
        total = totals[i] = _sum(builder, found.pop(i))
        if names is not None and i in names:
            if builder.textbook and statement.op != "leaf":
                total = totals[i] = own_line(builder, i, total, names, forward)
            if isinstance(total, Symbol) and total.id >= forward:
                names.setdefault(total.id, Adjoint(names[i]))
        if statement.args:
            for operand, part in _contributions(builder, i, statement, total, active, (masks or {}).get(i)):
                found.setdefault(operand, []).append(part)
    return [totals.get(x.id, 0.0) for x in wrt]


def _active(builder: Builder, wrt: set[int], end: int) -> set[int]:
    """Statements before ``end`` that depend on ``wrt`` through something differentiable."""
    active = set(wrt)
    for i in range(end):
        statement = builder.statements[i]
        if i not in active and statement.name not in _PASSIVE and any(a in active for a in statement.args):
            active.add(i)
    return active


def _sum(builder: Builder, parts: list[Any]) -> Any:
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


def _contributions(
    builder: Builder, i: int, statement: Statement, g: Any, active: set[int], mask: Symbol | None
) -> list[tuple[int, Any]]:
    """What statement ``i`` with adjoint ``g`` adds to its operands' adjoints."""
    operands = [builder.symbol(a) for a in statement.args]
    if statement.op == "elementwise":
        return _elementwise(builder, i, statement, operands, g, active, mask)
    if statement.op == "result":
        return [(operands[0].id, (statement.attrs, g))]
    g = builder.constant(g)
    if statement.op == "matmul":
        return _matmul(builder, operands[0], operands[1], g, active)
    if statement.op in ("concat", "pack"):
        return _joined(builder, statement, operands, g, active)
    return [(operands[0].id, _linear(builder, i, statement, operands[0], g))]


def _elementwise(
    builder: Builder,
    i: int,
    statement: Statement,
    operands: list[Symbol],
    g: Any,
    active: set[int],
    mask: Symbol | None,
) -> list[tuple[int, Any]]:
    prim = statement.prim
    assert prim is not None
    plain = [operand if (x := builder.number(operand)) is None else x for operand in operands]
    out = builder.symbol(i)
    if prim.name == "gate":  # not g·1 or g·0: a closed gate lets no nan through
        partials: Any = (1.0, 0.0)
        g = builder.elementwise(TABLE["where"], (plain[1], g, 0.0))
        operands = operands[:1]
    else:
        textbook = RULES.get(prim.name) if builder.textbook else None
        partials = prim.partials(out, *plain) if textbook is None else textbook(out, *plain)
        check_partials(prim, partials, len(operands))
    result = []
    for k, (operand, partial) in enumerate(zip(operands, partials)):
        if operand.id not in active or (k == 0 and prim.name == "where"):
            continue
        if prim.name == "where":  # the adjoint goes one way
            part = builder.elementwise(prim, (operands[0], g, 0.0) if k == 1 else (operands[0], 0.0, g))
        else:
            part = partial * g if isinstance(g, Symbol) or isinstance(partial, Symbol) else float(partial) * g
        if mask is not None:
            part = builder.elementwise(TABLE["where"], (mask, part, 0.0))
        result.append((operand.id, fitted(builder, part, operand.shape, out.shape)))
    return result


def fitted(builder: Builder, g: Any, shape: tuple[int, ...], full: tuple[int, ...]) -> Any:
    """``g``, the adjoint of something broadcast from ``shape`` to ``full``, summed to ``shape``."""
    if shape == full:
        return builder.broadcast(g, full) if full else g
    g = builder.broadcast(g, full)
    lead = len(full) - len(shape)
    axes = [*range(lead), *[lead + a for a, n in enumerate(shape) if n == 1 and full[lead + a] != 1]]
    return builder.reshape(builder.reduce("sum", g, axes), shape)


def _matmul(builder: Builder, a: Symbol, b: Symbol, g: Symbol, active: set[int]) -> list[tuple[int, Any]]:
    result: list[tuple[int, Any]] = []
    full = (0, None, 1)
    if len(b.shape) == 1 and len(a.shape) == 1:
        return [(x.id, fitted(builder, g * y, x.shape, x.shape)) for x, y in ((a, b), (b, a)) if x.id in active]
    if len(b.shape) == 1:  # C = A b
        if a.id in active:
            column = builder.index(g, (full, None))
            row = builder.index(b, (None, full))
            result.append((a.id, _outer(column, row)))
        if b.id in active:
            result.append((b.id, builder.matmul(builder.transpose(a), g)))
        return result
    swap = (*range(len(a.shape) - 2), len(a.shape) - 1, len(a.shape) - 2)
    if a.id in active:
        result.append((a.id, builder.matmul(g, builder.transpose(b, swap))))
    if b.id in active:
        result.append((b.id, builder.matmul(builder.transpose(a, swap), g)))
    return result


def _outer(column: Symbol, row: Symbol) -> Any:
    return column * row


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
