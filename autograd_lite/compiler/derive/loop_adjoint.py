"""The adjoint of a loop is a loop that runs the other way: it computes each step again from what was carried into it.

What a step hands back to the numbers it carries is carried on, to the step before; what it hands back to numbers that
stay the same is added up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ir.array_program import Builder, Symbol
from ..ir.naming import Adjoint
from ..ir.scan import Scan, final, scan, states, trajectory

__all__ = ["loop_adjoints"]

#: statements of a builder that depend on some of them: (builder, their numbers, up to which)
Reach = Callable[[Builder, set[int], int], set[int]]


def loop_adjoints(
    builder: Builder, i: int, wanted: Sequence[tuple[tuple[Any, ...], Any]], active: set[int], sweep: Any, reach: Reach
) -> list[tuple[int, Any]]:
    """Append the loop back through statement ``i``; what it adds to the adjoints of the statement's operands.

    Args:
        wanted: pairs of what was taken from the loop (a ``result`` statement's attributes) and its adjoint.
        active: the statements that matter.
        sweep: ``adjoints``, for one step.
        reach: which statements depend on others.
    """
    ahead: Scan = builder.statements[i].attrs
    operands = [builder.symbol(a) for a in builder.statements[i].args]
    live = _live(ahead, {k for k, x in enumerate(operands) if x.id in active}, reach)
    back = Scan(ahead.count, not ahead.backwards)
    back.builder.textbook = builder.textbook
    given: list[Any] = []  # the operands of the loop back

    def leaf(kind: str, shape: tuple[int, ...], operand: Any, name: str = "") -> Symbol:
        given.append(operand)
        return back.leaf(kind, shape, name)

    inputs = []
    for k, found in enumerate(ahead.inputs):
        kept = states(builder, builder.symbol(i), k) if found.kind == "carry" else operands[k]
        inputs.append(leaf("same" if found.kind == "same" else "each", found.shape, kept, found.name))
    moved = _copied(ahead, back, inputs)
    seeds: list[tuple[Any, Any]] = []
    direct: dict[int, list[Symbol]] = {}
    begin: dict[int, Any] = dict.fromkeys(live & set(ahead.carried), 0.0)
    for (what, which, _), g in wanted:
        if what == "final":
            known = begin.get(which, 0.0)
            begin[which] = g if type(known) is float and known == 0.0 else known + g
            continue
        shape = (ahead.inputs[which] if what == "states" else ahead.builder.statements[which]).shape
        part = leaf("each", shape, builder.broadcast(g, (ahead.count, *shape)))
        if what == "states":
            direct.setdefault(which, []).append(part)
        else:
            seeds.append((moved[which], part))
    handed = {}
    for k, new in zip(ahead.carried, ahead.following):
        if k in live:
            shape, name = ahead.inputs[k].shape, ahead.inputs[k].name
            handed[k] = leaf("carry", shape, builder.broadcast(begin[k], shape), name and Adjoint(name))
            if isinstance(new, Symbol):
                seeds.append((moved[new.id], handed[k]))
    masks = {moved[k].id: moved[mask.id] for k, mask in ahead.masks.items()}
    found = sweep(back.builder, seeds, inputs, back.names, masks)
    return _ended(builder, ahead, back, operands, given, live, direct, handed, found, leaf)


def _live(ahead: Scan, live: set[int], reach: Reach) -> set[int]:
    """Inputs that depend on what is differentiated: carried ones do too when a step makes them."""
    builder = ahead.builder
    leaves = {s.attrs: i for i, s in enumerate(builder.statements) if s.op == "leaf"}
    while True:
        marked = reach(builder, {leaves[k] for k in live if k in leaves}, len(builder.statements))
        carried = zip(ahead.carried, ahead.following)
        more = live | {k for k, new in carried if isinstance(new, Symbol) and new.id in marked}
        if more == live:
            return live
        live = more


def _copied(ahead: Scan, back: Scan, inputs: Sequence[Symbol]) -> dict[int, Symbol]:
    """The statements of a step, once more; by their old numbers."""
    moved: dict[int, Symbol] = {}
    for i, s in enumerate(ahead.builder.statements):
        if s.op == "leaf":
            moved[i] = inputs[s.attrs]
        else:
            moved[i] = back.builder.add(s.op, tuple(moved[a].id for a in s.args), s.attrs, s.shape, s.prim)
        if i in ahead.names:
            back.names[moved[i].id] = ahead.names[i]
    return moved


def _ended(
    builder: Builder, ahead: Scan, back: Scan, operands: Sequence[Symbol], given: list[Any], live: set[int],
    direct: dict[int, list[Symbol]], handed: dict[int, Symbol], found: Sequence[Any], leaf: Callable[..., Symbol],
) -> list[tuple[int, Any]]:  # fmt: skip
    """What is carried on, the sums over all steps, the statement, and what it gives."""
    following: dict[int, Any] = {}
    sums: dict[int, int] = {}
    numbers = {symbol.id: n for n, symbol in enumerate(map(_leaf_of(back), range(len(back.inputs))))}
    for k, g in enumerate(found):
        if k in handed:
            for part in direct.get(k, ()):
                g = g + part
            following[numbers[handed[k].id]] = g
        elif k in live and ahead.inputs[k].kind == "same" and not (type(g) is float and g == 0.0):
            shape = ahead.inputs[k].shape
            name = ahead.inputs[k].name
            total = leaf("carry", shape, builder.broadcast(0.0, shape), name and Adjoint(name))
            sums[k] = len(back.inputs) - 1
            following[sums[k]] = total + g
    back.following = [following[n] for n in back.carried]
    each = {k: g for k, g in enumerate(found) if k in live and ahead.inputs[k].kind == "each"}
    kept = _pruned(back, [g.id for g in each.values() if isinstance(g, Symbol)])
    statement = scan(builder, back, [given[n] for n in kept])
    result: list[tuple[int, Any]] = []
    for k in handed:
        result.append((operands[k].id, final(builder, statement, kept.index(numbers[handed[k].id]))))
    for k, n in sums.items():
        result.append((operands[k].id, final(builder, statement, kept.index(n))))
    for k, g in each.items():
        if isinstance(g, Symbol):
            result.append((operands[k].id, trajectory(builder, statement, g.id)))
        elif g != 0.0:
            result.append((operands[k].id, builder.broadcast(g, operands[k].shape)))
    return result


def _leaf_of(loop: Scan) -> Callable[[int], Symbol]:
    return lambda n: loop.builder.leaf(n, loop.inputs[n].shape)


def _pruned(back: Scan, outputs: Sequence[int]) -> list[int]:
    """Take out the inputs that nothing reads; the numbers of those that stay."""
    read = {s.attrs for s in back.step(outputs).statements if s.op == "leaf"}
    kept = [n for n, found in enumerate(back.inputs) if n in read or found.kind == "carry"]
    renumber = {old: new for new, old in enumerate(kept)}
    back.inputs = [back.inputs[n] for n in kept]
    for statement in back.builder.statements:
        if statement.op == "leaf":
            statement.attrs = renumber.get(statement.attrs, -1)
    return kept
