"""Programs with recurrences as statements: each loop is one, and what a step doesn't need of the last is arrays.

Of the instructions of a step, those that read nothing carried are computed for all steps at once before the loop, and
those that nothing carried depends on for all steps at once after it. What is left in between is the recurrence itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.array_program import Symbol
from ..ir.scalar_program import Program
from ..ir.scan import Scan, final, scan, states, trajectory
from .levels import same_rows, statement, tables
from .lifted import Lifted
from .loops import Loop, find_loops, segments

__all__ = ["looped"]

#: so many instructions between loops, and operands of one, are put into arrays
MANY, WIDE = 24, 8


def looped(program: Program, apart: bool = True, textbook: bool = False) -> Lifted | None:
    """The program as statements with its recurrences as loops; None if it has none.

    Args:
        apart: whether to take out of the loops what can be computed for all steps at once.
        textbook: whether it is to be read, and not run (``textbook.py``).
    """
    loops = find_loops(program)
    if not loops:
        return None
    lifted = Lifted(program, textbook)
    needed = _needed(program, loops)
    for part in segments(loops, program.first, program.first + len(program)):
        if isinstance(part, Loop):
            _Body(lifted, part, needed, apart).write()
        else:
            _straight(lifted, part, apart)
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
    many = arrays and len(ids) >= MANY
    levels: dict[int, int] = {}
    buckets: dict[tuple[int, str, int], list[int]] = {}
    for id in ids:
        k = id - program.first
        args = program.args[k]
        level = levels[id] = 1 + max((levels.get(a, 0) for a in args), default=0) if many else id
        buckets.setdefault((level, program.prims[k].name, len(args)), []).append(k)
    for prim, numbers, args in tables(program, buckets):
        if len(numbers) == 1 and args.shape[1] < WIDE:
            operands = [lifted.one(int(i)) for i in args[0]]
            lifted.define(lifted.builder.elementwise(prim, operands), numbers)
            continue
        for rows in same_rows(lifted.owner[args]):
            statement(lifted, prim, numbers[rows], args[rows])


class _Body:
    """One loop as statements.

    Attributes:
        before: by instruction, what it is in all steps, for those that need no loop: an array, or one number.
        inside: by instruction, its Symbol (or number) within the step.
    """

    def __init__(self, lifted: Lifted, loop: Loop, needed: Any, apart: bool) -> None:
        self.lifted = lifted
        self.builder = lifted.builder
        self.loop = loop
        self.prims = lifted.program.prims[loop.begin - lifted.program.first :][: loop.period]
        self.more = [bool(needed[loop.ids(j)[:-1]].any()) for j in range(loop.period)]
        self.last = [bool(needed[loop.end - loop.period + j]) for j in range(loop.period)]
        self.step = Scan(loop.count, False)
        self.operands: list[Any] = []
        self.inputs: dict[Any, Symbol] = {}
        self.carried: dict[tuple[int, int], int] = {}
        self.before: dict[int, Any] = {}
        self.inside: dict[int, Any] = {}
        self.early, self.late = self._apart() if apart else (set[int](), set[int]())

    def _apart(self) -> tuple[set[int], set[int]]:
        """The instructions that come before the loop, and those that come after it."""
        carried = {j for j, _ in self.loop.initial}
        fixed = [j in carried or prim.arity < 0 for j, prim in enumerate(self.prims)]
        depends = list(fixed)
        for j, row in enumerate(self.loop.slots):
            if any(slot[0] == "carry" or (slot[0] == "local" and depends[slot[1]]) for slot in row):
                depends[j] = True
        feeds = list(fixed)
        for j in range(self.loop.period - 1, -1, -1):
            if feeds[j]:
                for slot in self.loop.slots[j]:
                    if slot[0] == "local":
                        feeds[slot[1]] = True
        every = range(self.loop.period)
        return {j for j in every if not depends[j]}, {j for j in every if depends[j] and not feeds[j]}

    def write(self) -> None:
        """The statements, and where the loop's numbers are in them."""
        for j in sorted(self.early):
            self._everywhere(j, None)
        core = [j for j in range(self.loop.period) if j not in self.early and j not in self.late]
        if core:
            self._carry()
            for j in core:
                operands = [self._within(slot) for slot in self.loop.slots[j]]
                self.inside[j] = self.step.builder.elementwise(self.prims[j], operands)
                self._name(j)
            self.step.following = [
                self.inside[j] if lag == 1 else self._input(self.carried[j, lag - 1]) for j, lag in self.carried
            ]
            made = scan(self.builder, self.step, self.operands)
            for j in sorted(self.late):
                self._everywhere(j, made)
            for j in core:
                self._give(j, made)

    # --- for all steps at once ------------------------------------------------------------------------------------

    def _everywhere(self, j: int, made: Symbol | None) -> None:
        """Instruction j in all steps: an array with one number a step, or one number if all are the same."""
        operands = [self._outside(slot, made) for slot in self.loop.slots[j]]
        found = self.before[j] = self.builder.elementwise(self.prims[j], operands)
        if isinstance(found, Symbol):
            label = self._label(j)
            if label:
                self.lifted.names.setdefault(found.id, label)
        if self.more[j] or self.last[j]:
            whole = self.builder.broadcast(found, (self.loop.count,))
            self.lifted.define(whole, self.loop.ids(j))

    def _outside(self, slot: tuple[Any, ...], made: Symbol | None) -> Any:
        """An operand in all steps."""
        if slot[0] == "same":
            return self.lifted.one(slot[1])
        if slot[0] == "each":
            return self.lifted.gather(slot[1], (self.loop.count,))
        if slot[0] == "local" and slot[1] in self.before:
            return self.before[slot[1]]
        assert made is not None
        if slot[0] == "carry":
            return states(self.builder, made, self.carried[slot[1], slot[2]])
        return self._trajectory(slot[1], made)

    def _trajectory(self, j: int, made: Symbol) -> Any:
        found = self.inside[j]
        return trajectory(self.builder, made, found.id) if isinstance(found, Symbol) else found

    # --- within the step ------------------------------------------------------------------------------------------

    def _carry(self) -> None:
        """The inputs that are carried, those of one instruction together, the nearest first."""
        for j, lag in sorted(self.loop.initial):
            id = self.loop.initial[j, lag]
            self.carried[j, lag] = len(self.operands)
            name = self._label(j) or self._leaf_name(id)
            self.step.leaf("carry", (), f"{name}_{lag}" if lag > 1 and name else name)
            self.operands.append(self.lifted.one(id))

    def _input(self, k: int) -> Symbol:
        return self.step.builder.leaf(k, self.step.inputs[k].shape)

    def _within(self, slot: tuple[Any, ...]) -> Any:
        """An operand within a step."""
        if slot[0] == "carry":
            return self._input(self.carried[slot[1], slot[2]])
        if slot[0] == "local" and slot[1] in self.inside:
            return self.inside[slot[1]]
        found = self._outside(slot, None)
        number = self.builder.number(found)
        if number is not None:
            return number
        kind = "each" if found.shape else "same"
        known = self.inputs.get(found.id)
        if known is None:
            known = self.inputs[found.id] = self.step.leaf(kind, (), self._outer_name(found))
            self.operands.append(found)
        return known

    def _outer_name(self, x: Symbol) -> str:
        """What something outside the loop is called: by its label, or it is a leaf."""
        made = self.builder.statements[x.id]
        own = self.lifted.program.leaves[made.attrs].name if made.op == "leaf" else ""
        return own or self.lifted.names.get(x.id, "")

    def _label(self, j: int) -> str:
        """The user's label of instruction j: what its labels in the first two steps have in common."""
        labels = self.lifted.program.labels
        ids = self.loop.ids(j)[:2].tolist()
        stems = {labels.get(id, "").rstrip("0123456789_,[] ") or labels.get(id, "") for id in ids}
        return stems.pop() if len(stems) == 1 else ""

    def _leaf_name(self, id: int) -> str:
        """The name of the argument, live Value or parameter that a number belongs to."""
        for leaf in self.lifted.program.leaves:
            if leaf.base <= id < leaf.base + leaf.size:
                return leaf.name if leaf.kind != "constant" and not leaf.shape else ""
        return ""

    def _name(self, j: int) -> None:
        found = self.inside[j]
        label = self._label(j)
        if (j, 1) in self.carried:  # which has the name itself
            return
        if label and isinstance(found, Symbol) and self.step.builder.statements[found.id].op != "leaf":
            self.step.names.setdefault(found.id, label)

    def _give(self, j: int, made: Symbol) -> None:
        """What others read of instruction j."""
        ids = self.loop.ids(j)
        if self.more[j]:
            found = self._trajectory(j, made)
            self.lifted.define(self.builder.broadcast(found, (self.loop.count,)), ids)
        elif self.last[j]:
            if (j, 1) in self.carried:
                self.lifted.define(final(self.builder, made, self.carried[j, 1]), ids[-1:])
            else:
                whole = self.builder.broadcast(self._trajectory(j, made), (self.loop.count,))
                self.lifted.define(self.builder.index(whole, [self.loop.count - 1]), ids[-1:])
