"""The adjoint of a loop is a loop that runs the other way: it computes each step again from what was carried into it.

What a step hands back to the numbers it carries is carried on, to the step before; what it hands back to numbers that
stay the same is added up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ir.array_program import Builder, Statement, Symbol
from ..ir.naming import VIEWS, Adjoint
from ..ir.scan import Scan, replaced, result, scan
from .loop_kept import factors_ahead, stored_functions
from .reaching import ALWAYS, NEVER, Reach, as_number, as_reach, joined

__all__ = ["loop_adjoints"]

#: statements of a builder that depend on some of them: (builder, their numbers, up to which)
Dependent = Callable[[Builder, set[int], int], set[int]]
Wanted = Sequence[tuple[tuple[Any, ...], Any, Reach]]


def loop_adjoints(
    builder: Builder, i: int, wanted: Wanted, active: set[int], sweep: Any, dependent: Dependent
) -> list[tuple[int, Any, Reach]]:
    """Append the loop back through statement ``i``; what it adds to the adjoints of its operands, and when.

    Args:
        wanted: what was taken from the loop (a ``result`` statement's attributes), its adjoint, and when the sweep
            arrives there.
        active: the statements that matter.
        sweep: ``Sweep``, for one step.
        dependent: which statements depend on others.
    """
    plain = _Back(builder, i, wanted, active, dependent, False)
    if plain.write(sweep):
        return plain.given()
    back = _Back(builder, i, wanted, active, dependent, True)
    back.write(sweep)
    return back.given()


class _Back:
    """The loop back.

    Attributes:
        flags: whether it carries, with each adjoint, whether the sweep arrives there in this step.
        operands: what it is given.
        handed, arrived: by number of an input that is carried: its adjoint's leaf, and that of the flag.
    """

    def __init__(
        self, builder: Builder, i: int, wanted: Wanted, active: set[int], dependent: Dependent, flags: bool
    ) -> None:
        self.builder = builder
        self.wanted = wanted
        self.flags = flags
        self.outer = builder.symbol(i)
        self.ahead: Scan = builder.statements[i].attrs
        self.targets = [builder.symbol(a) for a in builder.statements[i].args]
        self.live = _live(self.ahead, {k for k, x in enumerate(self.targets) if x.id in active}, dependent)
        self.loop = Scan(self.ahead.count, not self.ahead.backwards)
        self.loop.builder.textbook, self.loop.builder.linear = builder.textbook, builder.linear
        self.operands: list[Any] = []
        self.handed: dict[int, Symbol] = {}
        self.arrived: dict[int, Symbol] = {}
        self.direct: dict[int, list[tuple[Symbol, Reach]]] = {}
        self.following: dict[int, Any] = {}  # by number of an input
        self.sums: dict[int, tuple[int, int]] = {}
        self.found: Any = None
        self.inputs: list[Symbol] = []

    def leaf(self, kind: str, shape: tuple[int, ...], operand: Any, name: str = "") -> Symbol:
        """An input of the step, and what the loop is given for it."""
        self.operands.append(operand)
        return self.loop.leaf(kind, shape, name)

    def carry(self, shape: tuple[int, ...], begin: Any, name: str = "") -> Symbol:
        return self.leaf("carry", shape, self.builder.broadcast(begin, shape), name)

    def write(self, sweep: Any) -> bool:
        """One step back; False if what it hands on may not be reached, and there are no flags that say when."""
        ahead, loop = self.ahead, self.loop
        for k, found in enumerate(ahead.inputs):
            kept = result(self.builder, self.outer, "states", k) if found.kind == "carry" else self.targets[k]
            kind = "same" if found.kind == "same" else "each"
            self.inputs.append(self.leaf(kind, found.shape, kept, found.name))
        if not self.flags and not self.builder.textbook and any(reach != ALWAYS for _, _, reach in self.wanted):
            return False
        moved = _copied(ahead, loop, self.inputs)
        begin, first, seeds = self._seeds(moved)
        # the statements that a step carries on, by number of the input; what is only passed on needs no flag
        made: dict[int, list[int]] = {}
        for k, new in zip(ahead.carried, ahead.following):
            if k in self.live:
                name = ahead.inputs[k].name
                self.handed[k] = self.carry(ahead.inputs[k].shape, begin[k], name and Adjoint(name))
                there = ALWAYS
                if self.flags:
                    self.arrived[k] = self.carry(ahead.inputs[k].shape, as_number(self.builder, first[k]))
                    there = as_reach(loop.builder, self.arrived[k])
                elif first[k] == NEVER:
                    there = NEVER
                if isinstance(new, Symbol):
                    seeds.append((moved[new.id], self.handed[k], there))
                    made[k] = _computed(loop.builder.statements, moved[new.id].id)
        self.found = sweep(loop.builder, seeds, self.inputs, loop.names)
        reach = self.found.reach
        if not self.flags and not self.builder.textbook:
            needed = [i for found in made.values() for i in found]
            needed += [self.inputs[k].id for k, found in made.items() if found and not self.direct.get(k)]
            needed += [self.inputs[k].id for k in self.live if k not in self.handed and self.inputs[k].id in reach]
            if any(reach.get(i, NEVER) != ALWAYS for i in needed if i in self.found.active):
                return False
        if self.builder.stored:
            self._stored(moved)
        self._close()
        return True

    def _seeds(self, moved: dict[int, Symbol]) -> tuple[dict[int, Any], dict[int, Reach], list[tuple[Any, Any, Reach]]]:
        """The adjoints of what is read of the loop: what the carried ones begin with, and whether they are reached;
        and those of statements in every step.
        """
        ahead = self.ahead
        begin: dict[int, Any] = dict.fromkeys(self.live & set(ahead.carried), 0.0)
        first: dict[int, Reach] = dict.fromkeys(begin, NEVER)
        seeds: list[tuple[Any, Any, Reach]] = []
        for (what, which, _), g, reach in self.wanted:
            if what == "final":
                known = begin.get(which, 0.0)
                begin[which] = g if type(known) is float and known == 0.0 else known + g
                first[which] = joined(self.builder, first.get(which, NEVER), reach)
                continue
            shape = (ahead.inputs[which] if what == "states" else ahead.builder.statements[which]).shape
            part = self.leaf("each", shape, self.builder.broadcast(g, (ahead.count, *shape)))
            there = self._each_flag(reach, shape)
            if what == "states":
                self.direct.setdefault(which, []).append((part, there))
            else:
                seeds.append((moved[which], part, there))
        return begin, first, seeds

    def _stored(self, moved: dict[int, Symbol]) -> None:
        """What the loop ahead computes for this one, and keeps."""

        def keep(s: Statement, i: int) -> None:
            self.leaf("each", s.shape, result(self.builder, self.outer, "each", i))
            replaced(s, len(self.loop.inputs) - 1)

        factors_ahead(self.ahead, self.loop.builder, self.inputs, moved, keep)
        stored_functions(self.loop.builder, moved, keep)

    def _each_flag(self, reach: Reach, shape: tuple[int, ...]) -> Reach:
        """When the sweep arrives at something of every step, within the step."""
        if reach == ALWAYS or self.builder.textbook:
            return ALWAYS
        flags = self.builder.broadcast(as_number(self.builder, reach), (self.ahead.count, *shape))
        return as_reach(self.loop.builder, self.leaf("each", shape, flags))

    def _close(self) -> None:
        """What is carried on, and the sums over all steps."""
        inner = self.loop.builder
        for k in sorted(self.live):
            g, reach = self._of(k)
            kind, shape, name = self.ahead.inputs[k].kind, self.ahead.inputs[k].shape, self.ahead.inputs[k].name
            if kind == "carry":
                self.following[self._number(self.handed[k])] = inner.broadcast(g, shape) if shape else g
                if self.flags:
                    there = as_number(inner, reach)
                    self.following[self._number(self.arrived[k])] = inner.broadcast(there, shape) if shape else there
            elif kind == "same" and not (type(g) is float and g == 0.0):
                total = self.carry(shape, 0.0, name and Adjoint(name))
                ever = -1
                self.following[self._number(total)] = total + g
                if self.flags and reach != ALWAYS:
                    there = self.carry(shape, 0.0)
                    ever = self._number(there)
                    either = as_number(inner, joined(inner, as_reach(inner, there), reach))
                    self.following[ever] = inner.broadcast(either, shape) if shape else either
                self.sums[k] = (self._number(total), ever)
        self.loop.following = [self.following[n] for n in self.loop.carried]

    def _of(self, k: int) -> tuple[Any, Reach]:
        """The adjoint of an input in a step, and when the sweep arrives at it."""
        inner = self.loop.builder
        g = self.found.totals.get(self.inputs[k].id, 0.0)
        reach = self.found.reach.get(self.inputs[k].id, NEVER)
        for part, there in self.direct.get(k, ()):
            g, reach = g + part, joined(inner, reach, there)
        return g, reach

    def _number(self, leaf: Symbol) -> int:
        number: int = self.loop.builder.statements[leaf.id].attrs
        return number

    def given(self) -> list[tuple[int, Any, Reach]]:
        """Append the statement; what it adds to the operands' adjoints."""
        outer, inner = self.builder, self.loop.builder
        each = {k: self._of(k) for k in sorted(self.live) if self.ahead.inputs[k].kind == "each"}
        flags = {k: as_number(inner, reach) for k, (_, reach) in each.items() if reach != ALWAYS and self.flags}
        numbers = {k: self._number(x) for k, x in self.handed.items()}
        arrived = {k: self._number(x) for k, x in self.arrived.items()}
        results = [x.id for x in (*[g for g, _ in each.values()], *flags.values()) if isinstance(x, Symbol)]
        kept = _pruned(self.loop, results)
        statement = scan(outer, self.loop, [self.operands[n] for n in kept])

        def ended(n: int) -> Symbol:
            return result(outer, statement, "final", kept.index(n))

        found: list[tuple[int, Any, Reach]] = []
        for k, n in numbers.items():
            found.append((self.targets[k].id, ended(n), as_reach(outer, ended(arrived[k])) if self.flags else ALWAYS))
        for k, (n, ever) in self.sums.items():
            found.append((self.targets[k].id, ended(n), ALWAYS if ever < 0 else as_reach(outer, ended(ever))))
        for k, (g, _) in each.items():
            reach = ALWAYS
            if k in flags:
                flag = flags[k]
                reach = as_reach(outer, result(outer, statement, "each", flag.id) if isinstance(flag, Symbol) else flag)
            if isinstance(g, Symbol):
                found.append((self.targets[k].id, result(outer, statement, "each", g.id), reach))
            elif g != 0.0:
                found.append((self.targets[k].id, outer.broadcast(g, self.targets[k].shape), reach))
        return found


def _live(ahead: Scan, live: set[int], dependent: Dependent) -> set[int]:
    """Inputs that depend on what is differentiated: carried ones do too when a step makes them."""
    builder = ahead.builder
    leaves = {s.attrs: i for i, s in enumerate(builder.statements) if s.op == "leaf"}
    while True:
        marked = dependent(builder, {leaves[k] for k in live if k in leaves}, len(builder.statements))
        carried = zip(ahead.carried, ahead.following)
        more = live | {k for k, new in carried if isinstance(new, Symbol) and new.id in marked}
        if more == live:
            return live
        live = more


def _computed(statements: Sequence[Statement], i: int) -> list[int]:
    """The statements that one only arranges the numbers of; none for an input, which is passed on."""
    found, left = [], [i]
    while left:
        s = statements[left[-1]]
        if s.op in (*VIEWS, "concat", "pack"):
            left[-1:] = s.args
            continue
        at = left.pop()
        found += [at] if s.op != "leaf" else []
    return found


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
    back.builder.complete = {moved[i].id for i in ahead.builder.complete}
    back.builder.certain = {moved[i].id for i in ahead.builder.certain}
    return moved


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
