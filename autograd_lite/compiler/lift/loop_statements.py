"""Programs with recurrences as statements: each loop is one, and what a step doesn't need of the last is arrays.

Of the instructions of a step, those that read nothing carried are computed for all steps at once before the loop, and
those that nothing carried depends on for all steps at once after it. What is left in between is the recurrence itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.array_program import Symbol
from ..ir.scalar_program import Leaf, Program
from ..ir.scan import Scan, replaced, result, scan
from .levels import level_groups, lift, same_rows, statement, tables, unlifted
from .lifted import CONSTANT, Lifted, common_label
from .loops import Loop, find_loops, segments

__all__ = ["looped"]

#: so many instructions between loops, and operands of one, are put into arrays
MANY, WIDE = 12, 8


def looped(program: Program, apart: bool = True, textbook: bool = False, most: int | None = None) -> Lifted | None:
    """The program as statements with its recurrences as loops; None if it has none.

    Args:
        apart: whether a step has arrays, and what can be computed for all steps at once is taken out of the loops.
        textbook: whether it is to be read, and not run (``textbook.py``).
        most: None, too, if it would run more statements: no more are written then.
    """
    loops = find_loops(program)
    if not loops:
        return None
    lifted = Lifted(program, textbook, sum(loop.count * len(loop.initial) for loop in loops) if apart else 0)
    needed = _needed(program, loops)
    for part in segments(loops, program.first, program.first + len(program)):
        if isinstance(part, Loop):
            _Body(lifted, part, needed, apart).write(apart)
        else:
            _straight(lifted, part, apart)
        if most is not None and lifted.cost() > most:
            return None
    return lifted


def _needed(program: Program, loops: Sequence[Loop]) -> Any:
    """For each id whether anything outside its own loop reads it."""
    needed = np.zeros(program.first + len(program), dtype=bool)
    needed[[*program.outputs, *[guard.id for guard in program.guards]]] = True
    for part in segments(loops, program.first, program.first + len(program)):
        if isinstance(part, Loop):
            needed[list(part.initial.values())] = True
            for slot in (slot for row in part.slots for slot in row if slot[0] in ("same", "each")):
                needed[slot[1]] = True
        else:
            for id in part:
                needed[list(program.args[id - program.first])] = True
    return needed


def _straight(lifted: Lifted, ids: range, arrays: bool) -> None:
    """Instructions between loops: arrays if there are many."""
    program = lifted.program
    part = slice(ids.start - program.first, ids.stop - program.first)
    if arrays and len(ids) >= MANY:
        buckets = level_groups(program, part)
    else:
        calls = zip(program.prims[part], program.args[part])
        buckets = {(k, prim.name, len(args)): [k] for k, (prim, args) in enumerate(calls, part.start)}
    for prim, numbers, args in tables(program, buckets):
        if len(numbers) == 1 and args.shape[1] < WIDE:
            operands = [lifted.one(int(i)) for i in args[0]]
            lifted.define(lifted.builder.elementwise(prim, operands), numbers)
            continue
        for rows in same_rows(lifted.owner[args]):
            statement(lifted, prim, numbers[rows], args[rows])


class _Body:
    """One loop as statements.

    The numbers that a step reads are grouped: what it carries by the level and primitive that make it, numbers from
    outside by the array they are in. Each group is an input, and the step itself is lifted as any program is.

    Attributes:
        read: what every operand of every step is, (step, operand), and for each operand the instruction it is of.
        leaves: the step's inputs as leaves of a program; ``operands`` what the loop is given for them.
        at: ids within the step of what its operands read.
        carried: by (j, lag), the input that is what instruction j was, and the place in it.
    """

    def __init__(self, lifted: Lifted, loop: Loop, needed: Any, apart: bool) -> None:
        self.lifted = lifted
        self.builder = lifted.builder
        self.loop = loop
        start = loop.begin - lifted.program.first
        self.prims = lifted.program.prims[start : start + loop.period]
        operands, starts = lifted.program.operands()
        self.starts = starts[start : start + loop.period + 1] - starts[start]
        self.read = operands[starts[start] : starts[start + loop.period * loop.count]].reshape(loop.count, -1).copy()
        self.more = [bool(needed[loop.ids(j)[:-1]].any()) for j in range(loop.period)]
        self.last = [bool(needed[loop.end - loop.period + j]) for j in range(loop.period)]
        self.early, self.late = self._apart() if apart else (set[int](), set[int]())
        self.core = [j for j in range(loop.period) if j not in self.early and j not in self.late]

    def _apart(self) -> tuple[set[int], set[int]]:
        """The instructions that come before the loop, and those that come after it."""
        depends = [j in {j for j, _ in self.loop.initial} for j in range(self.loop.period)]
        feeds = list(depends)
        for j, row in enumerate(self.loop.slots):
            if any(slot[0] == "carry" or (slot[0] == "local" and depends[slot[1]]) for slot in row):
                depends[j] = True
        for j in range(self.loop.period - 1, -1, -1):
            if feeds[j]:
                for slot in self.loop.slots[j]:
                    if slot[0] == "local":
                        feeds[slot[1]] = True
        every = range(self.loop.period)
        return {j for j in every if not depends[j]}, {j for j in every if depends[j] and not feeds[j]}

    def write(self, apart: bool) -> None:
        """The statements, and where the loop's numbers are in them."""
        self._everywhere(sorted(self.early))
        if self.core:
            inner, own = self._step(apart)
            if apart and sum(x.op not in ("leaf", "constant") for x in inner.builder.statements) > len(self.core):
                inner, own = self._step(False)
            self._give(inner, own, self._scan(inner, own))
        self._everywhere(sorted(self.late))

    def _levels(self, members: Sequence[int]) -> dict[tuple[int, str, int], list[int]]:
        """Those instructions by level among themselves, primitive and number of operands."""
        level: dict[int, int] = {}
        groups: dict[tuple[int, str, int], list[int]] = {}
        for j in members:
            row = self.loop.slots[j]
            level[j] = 1 + max((level.get(slot[1], 0) for slot in row if slot[0] == "local"), default=0)
            groups.setdefault((level[j], self.prims[j].name, len(row)), []).append(j)
        return dict(sorted(groups.items(), key=lambda group: group[0][0]))

    def _everywhere(self, members: Sequence[int]) -> None:
        """Those instructions in all steps, as any others."""
        for (_, _, width), js in self._levels(members).items():
            ids = np.stack([self.loop.ids(j) for j in js], axis=1).ravel()
            columns = np.add.outer(self.starts[js], np.arange(width))
            args = self.read[:, columns].reshape(len(ids), width)
            for rows in same_rows(self.lifted.owner[args]):
                statement(self.lifted, self.prims[js[0]], ids[rows], args[rows])

    # --- what a step reads ----------------------------------------------------------------------------------------

    def _alike(self) -> list[list[int]]:
        """Instructions of the step that may be carried as one array: those of a level, if most read the same kinds."""
        result: list[list[int]] = []
        for group in self._levels(self.core).values():
            kinds: dict[Any, list[int]] = {}
            for j in group:
                row = self.loop.slots[j]
                kind = tuple((slot[0], self.prims[slot[1]].name if slot[0] == "local" else "") for slot in row)
                kinds.setdefault(kind, []).append(j)
            result += [group] if max(map(len, kinds.values())) > 2 else list(kinds.values())
        return result

    def _inputs(self, groups: Sequence[Sequence[int]], arrays: bool) -> None:
        """The inputs: what is carried, the nearest first; what differs from step to step; what is the same.

        Args:
            groups: the instructions that are carried together.
            arrays: whether numbers from outside that are in one array are read together.
        """
        self.leaves: list[Leaf] = []
        self.operands: list[Any] = []
        self.at: dict[Any, int] = {}
        self.carried: dict[tuple[int, int], tuple[int, int]] = {}
        for lag in sorted({lag for _, lag in self.loop.initial}):
            for group in groups:
                self._carry([j for j in group if (j, lag) in self.loop.initial], lag)
        slots = [slot for j in self.core for slot in self.loop.slots[j]]
        each = {self._key(slot): self._ids(slot) for slot in slots if self._key(slot)[0] == "each"}
        blocks: dict[Any, list[Any]] = {}
        for key, ids in each.items():
            owners = self.lifted.owner[ids]
            blocks.setdefault(owners.tobytes() if arrays else key, []).append(key)
        for keys in blocks.values():
            self._each(sorted(keys, key=lambda key: int(each[key][0])), each)
        fixed: dict[Any, list[int]] = {}
        for id in dict.fromkeys(slot[1] for slot in slots if slot[0] == "same"):
            owner = int(self.lifted.owner[id])
            fixed.setdefault(owner if arrays or owner == CONSTANT else (owner, id), []).append(id)
        numbers = fixed.pop(CONSTANT, [])
        for ids in fixed.values():
            self._same(ids, arrays)
        for id in numbers:  # last: they are no inputs
            self.at["same", id] = self._leaf("constant", (), "", float(self.lifted.number[id]))

    def _key(self, slot: tuple[Any, ...]) -> tuple[Any, ...]:
        """What an operand reads, to be looked up."""
        if slot[0] == "each":
            return ("each", slot[1].tobytes())
        return ("each", slot[1]) if slot[0] == "local" and slot[1] in self.early else slot

    def _ids(self, slot: tuple[Any, ...]) -> Any:
        return slot[1] if slot[0] == "each" else self.loop.ids(slot[1])

    def _leaf(self, kind: str, shape: tuple[int, ...], name: str, key: Any = None) -> int:
        """A new input; the id of its first number."""
        base = self.leaves[-1].base + self.leaves[-1].size if self.leaves else 0
        self.leaves.append(Leaf(kind, name, shape, key, base))
        return base

    def _carry(self, group: Sequence[int], lag: int) -> None:
        if not group:
            return
        ids = np.array([self.loop.initial[j, lag] for j in group])
        shape = (len(group),) if len(group) > 1 else ()
        name = self._label(group)
        base = self._leaf("carry", shape, f"{name}_{lag}" if lag > 1 and name else name)
        for place, j in enumerate(group):
            self.at["carry", j, lag] = base + place
            self.carried[j, lag] = (len(self.operands), place)
        begin = self.lifted.gather(ids, shape) if shape else self.lifted.one(int(ids[0]))
        self.operands.append(self.builder.broadcast(begin, shape))

    def _each(self, keys: Sequence[Any], ids: dict[Any, Any]) -> None:
        """Numbers from one array, of which each step reads its own."""
        count = self.loop.count
        table = np.stack([ids[key] for key in keys], axis=1)
        shape: tuple[int, ...] = (len(keys),) if len(keys) > 1 else ()
        found = self.lifted.gather(table.ravel(), (count, *shape))
        found = self.builder.broadcast(found, (count, *shape))
        base = self._leaf("each", shape, self._outer_name(found))
        self.operands.append(found)
        self.at.update((key, base + place) for place, key in enumerate(keys))

    def _same(self, ids: Sequence[int], whole: bool) -> None:
        """Numbers that are the same in every step: of the ``whole`` array that they are from, or one by itself."""
        found = self.builder.symbol(int(self.lifted.owner[ids[0]])) if whole else self.lifted.one(ids[0])
        base = self._leaf("same", found.shape, self._outer_name(found))
        self.at.update((("same", i), base + whole * int(self.lifted.position[i])) for i in ids)
        self.operands.append(found)

    # --- the step -------------------------------------------------------------------------------------------------

    def _step(self, arrays: bool) -> tuple[Lifted, dict[int, int]]:
        """The step lifted, or number by number, and the ids of its instructions in it."""
        self._inputs(self._alike() if arrays else [[j] for j in self.core], arrays)
        first = self.leaves[-1].base + self.leaves[-1].size if self.leaves else 0
        own = {j: first + k for k, j in enumerate(self.core)}
        keys = [[self._key(slot) for slot in self.loop.slots[j]] for j in self.core]
        args = [tuple(own[key[1]] if key[0] == "local" else self.at[key] for key in row) for row in keys]
        outputs = [own[j] for j, _ in self.carried]
        labels = {own[j]: label for j in self.core if (j, 1) not in self.carried and (label := self._label([j]))}
        program = Program(self.leaves, [self.prims[j] for j in self.core], args, outputs, (), labels)
        return lift(program) if arrays else unlifted(program), own

    def _scan(self, inner: Lifted, own: dict[int, int]) -> Symbol:
        """The loop as a statement."""
        step = Scan(self.loop.count, False)
        step.builder, step.names = inner.builder, inner.names
        step.inputs = [leaf for leaf in self.leaves if leaf.kind != "constant"]
        after: dict[int, list[int]] = {k: [] for k in step.carried}
        for (j, lag), (k, _) in self.carried.items():
            after[k].append(own[j] if lag == 1 else self.at["carry", j, lag - 1])
        for k, ids in after.items():
            shape = step.inputs[k].shape
            new = inner.gather(np.array(ids), shape) if shape else inner.one(ids[0])
            step.following.append(step.builder.broadcast(new, shape) if shape else new)
        for found in [x for x in step.builder.statements if x.op == "constant" and x.shape]:  # made once
            self.operands.append(self.builder.constant(found.attrs))
            replaced(found, len(step.inputs))
            step.inputs.append(Leaf("same", "", found.shape, None))
        return scan(self.builder, step, self.operands)

    def _give(self, inner: Lifted, own: dict[int, int], made: Symbol) -> None:
        """What others read of the loop: those after it, and instructions that come later in all steps."""
        count = self.loop.count
        later = [slot for j in self.late for slot in self.loop.slots[j]]
        for j in {slot[1] for slot in later if slot[0] == "local"} - self.late:
            self.more[j] = True
        for j in self.core:
            ids, owner, place = self.loop.ids(j), int(inner.owner[own[j]]), int(inner.position[own[j]])
            if not (self.more[j] or self.last[j]):
                continue
            if owner == CONSTANT:
                self.lifted.define(float(inner.number[own[j]]), ids)
            elif self.more[j] or (j, 1) not in self.carried:
                found = result(self.builder, made, "each", owner)
                size = max(1, math.prod(found.shape[1:]))
                self.lifted.define_at(found, ids, np.arange(count) * size + place)
            else:
                k, place = self.carried[j, 1]
                self.lifted.define_at(result(self.builder, made, "final", k), ids[-1:], place)
        self._before(made)

    def _before(self, made: Symbol) -> None:
        """What was carried into every step, where later instructions read it, gets ids of its own."""
        known: dict[Any, Any] = {}
        for j in self.late:
            for n, slot in enumerate(self.loop.slots[j]):
                if slot[0] != "carry":
                    continue
                if slot not in known:
                    k, place = self.carried[slot[1], slot[2]]
                    found = result(self.builder, made, "states", k)
                    size = max(1, math.prod(found.shape[1:]))
                    known[slot] = self.lifted.fresh(self.loop.count)
                    self.lifted.define_at(found, known[slot], np.arange(self.loop.count) * size + place)
                self.read[:, self.starts[j] + n] = known[slot]

    # --- names ----------------------------------------------------------------------------------------------------

    def _outer_name(self, x: Symbol) -> str:
        """What something outside the loop is called: by its label, or it is a leaf."""
        made = self.builder.statements[x.id]
        own = self.lifted.program.leaves[made.attrs].name if made.op == "leaf" else ""
        return own or self.lifted.names.get(x.id, "")

    def _label(self, group: Sequence[int]) -> str:
        """The user's label of instructions: what their labels in the first two steps have in common."""
        labels = self.lifted.program.labels
        ids = [id for j in group for id in self.loop.ids(j)[:2].tolist()]
        return common_label([labels.get(id, "") for id in ids])
