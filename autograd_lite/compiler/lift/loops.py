"""Recurrences in a scalar program: where a run of instructions repeats, and what each repetition reads.

A repetition may read its own numbers, what the repetition before it (or one a few steps back) computed, numbers that
stay the same, and numbers from before the loop that change from step to step: data, constants, another loop's results.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.scalar_program import Program

__all__ = ["Loop", "find_loops"]

#: a loop pays from so many repetitions, and from so many instructions that need not be written out
FEWEST, SMALLEST = 4, 32
#: instructions a step, numbers carried over from how many steps back, and operands of an instruction, at most
LONGEST, FARTHEST, WIDEST = 32, 8, 16
MAX_LOOPS = 50


class Loop:
    """``count`` repetitions of ``period`` instructions, the first of which has the id ``begin``.

    Attributes:
        slots: for each instruction of the body and each operand what it reads: ("local", j) is instruction j of the
            same step, ("carry", j, lag) instruction j of ``lag`` steps ago, ("same", id) a number from outside, and
            ("each", ids) another number from outside in each step.
        initial: by (j, lag), the id of what instruction j is taken to have been ``lag`` steps before the first.
    """

    __slots__ = ("begin", "count", "initial", "period", "slots")

    def __init__(self, begin: int, period: int, count: int) -> None:
        self.begin = begin
        self.period = period
        self.count = count
        self.slots: list[list[tuple[Any, ...]]] = []
        self.initial: dict[tuple[int, int], int] = {}

    @property
    def end(self) -> int:
        return self.begin + self.period * self.count

    @property
    def saving(self) -> int:
        """Instructions that need not be written out."""
        return self.period * (self.count - 1)

    def ids(self, j: int) -> Any:
        """The ids of instruction j in all steps."""
        return np.arange(self.begin + j, self.end, self.period)


class _Tables:
    """A program as arrays: a code for each instruction, and its operands' ids."""

    def __init__(self, program: Program) -> None:
        self.first = program.first
        size = len(program)
        numbers: dict[Any, int] = {}
        codes = [numbers.setdefault((prim.name, len(args)), len(numbers)) for prim, args in
                 zip(program.prims, program.args)]  # fmt: skip
        self.code = np.array(codes, dtype=np.int64)
        counts = np.fromiter(map(len, program.args), dtype=np.int64, count=size)
        wide = counts > WIDEST
        self.code[wide] = -1 - np.flatnonzero(wide)  # unlike any other
        self.counts = counts
        width = int(counts[~wide].max()) if size and not wide.all() else 0
        self.args = np.full((size, width), -1, dtype=np.int64)
        narrow = np.flatnonzero(~wide)
        for n in range(width):
            rows = narrow[counts[narrow] > n]
            self.args[rows, n] = [program.args[k][n] for k in rows.tolist()]


def find_loops(program: Program, stop: int | None = None) -> list[Loop]:
    """The loops of a program in order, those that save most found first; among the first ``stop`` instructions."""
    tables = _Tables(program)
    found: list[Loop] = []
    ranges = [(0, len(program) if stop is None else stop)]
    while ranges and len(found) < MAX_LOOPS:
        low, high = ranges.pop()
        loop = _best(tables, low, high) if high - low >= SMALLEST else None
        if loop is not None:
            found.append(loop)
            ranges += [(low, loop.begin - tables.first), (loop.end - tables.first, high)]
    return sorted(found, key=lambda loop: loop.begin)


def _best(tables: _Tables, low: int, high: int) -> Loop | None:
    """The loop in a range of instructions that saves most."""
    code = tables.code[low:high]
    candidates = []
    for period in _periods(code):
        start, length = _longest_run(code[period:] == code[:-period])
        count = length // period + 1
        if count >= FEWEST and (count - 1) * period >= SMALLEST:
            candidates.append(((count - 1) * period, period, low + start, low + start + length + period))
    best: Loop | None = None
    for saving, period, start, stop in sorted(candidates, key=lambda c: (-c[0], c[1])):
        if best is not None and saving <= best.saving:
            break
        found = _repetitions(tables, period, start, stop, low, high)
        if found is not None and (best is None or found.saving > best.saving):
            best = found
    return best


def _periods(code: Any) -> list[int]:
    """Lengths that a step may have: all short ones, and the usual distances between instructions that are rare."""
    size = len(code)
    result = set(range(1, min(LONGEST, size // FEWEST) + 1))
    _, inverse, counts = np.unique(code, return_inverse=True, return_counts=True)
    for k in np.argsort(counts, kind="stable").tolist():
        if counts[k] >= FEWEST and len(result) < 2 * LONGEST:
            gaps = np.diff(np.flatnonzero(inverse == k))
            result.add(int(np.median(gaps)))
    return sorted(p for p in result if 0 < p <= size // FEWEST)


def _longest_run(same: Any) -> tuple[int, int]:
    """Start and length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    if not len(edges):
        return 0, 0
    lengths = edges[1::2] - edges[::2]
    k = int(np.argmax(lengths))
    return int(edges[2 * k]), int(lengths[k])


def _repetitions(tables: _Tables, period: int, start: int, stop: int, low: int, high: int) -> Loop | None:
    """The longest loop of that period among instructions whose codes repeat with it."""
    best: Loop | None = None
    for phase in range(min(period, LONGEST)):
        begin = start + phase
        found = _grown(tables, period, begin, (stop - begin) // period, low, high)
        if found is not None and (best is None or _rank(found) > _rank(best)):
            best = found
    return best if best is not None and best.count >= FEWEST and best.saving >= SMALLEST else None


def _rank(loop: Loop) -> tuple[int, int, int]:
    """More steps first, then fewer numbers to carry, then the earliest."""
    return loop.count, -len(loop.initial), -loop.begin


def _grown(tables: _Tables, period: int, begin: int, count: int, low: int, high: int) -> Loop | None:
    """From steps in the middle that are alike to as many as are."""
    for _ in range(4):
        if count < FEWEST:
            return None
        alike = _alike(tables, period, begin, count)
        if alike == (0, count):
            break
        begin, count = begin + period * alike[0], alike[1] - alike[0]
    loop = _verified(tables, period, begin, count)
    while loop is not None and begin - period >= low:  # the first steps read what is not there yet from elsewhere
        if (tables.code[begin - period : begin] != tables.code[begin : begin + period]).any():
            break
        longer = _verified(tables, period, begin - period, count + 1)
        if longer is None:
            break
        loop, begin, count = longer, begin - period, count + 1
    return loop


def _steps(tables: _Tables, period: int, begin: int, count: int) -> tuple[Any, Any]:
    """Operands' ids, and how far back they are: arrays of (step, instruction, operand)."""
    ids = tables.args[begin : begin + period * count].reshape(count, period, -1)
    here = tables.first + begin + np.arange(period * count).reshape(count, period, 1)
    return ids, np.where(ids < 0, 0, here - ids)


def _alike(tables: _Tables, period: int, begin: int, count: int) -> tuple[int, int]:
    """The range of steps around the middle one that read what it reads."""
    ids, back = _steps(tables, period, begin, count)
    middle = count // 2
    carried = (back[middle] == back[middle - 1]) & (ids[middle] >= tables.first + begin)
    good = np.where(carried, back == back[middle], ids < tables.first + begin).all(axis=(1, 2))
    if not good[middle]:
        return 0, 0
    bad = np.flatnonzero(~good)
    before, after = bad[bad < middle], bad[bad > middle]
    return (int(before[-1]) + 1 if len(before) else 0), (int(after[0]) if len(after) else count)


def _verified(tables: _Tables, period: int, begin: int, count: int) -> Loop | None:
    """The loop, if its steps are alike in all they read; None else."""
    ids, back = _steps(tables, period, begin, count)
    loop = Loop(tables.first + begin, period, count)
    for j in range(period):
        row: list[tuple[Any, ...]] = []
        for n in range(int(tables.counts[begin + j])):
            slot = _slot(loop, j, ids[:, j, n], back[:, j, n])
            if slot is None:
                return None
            row.append(slot)
        loop.slots.append(row)
    if any((j, lag) not in loop.initial for j, far in loop.initial for lag in range(1, far + 1)):
        return None  # a number so far back that nothing shows what it was to begin with
    return loop


def _slot(loop: Loop, j: int, ids: Any, back: Any) -> tuple[Any, ...] | None:
    """What an operand reads in all the steps; None if that has no pattern."""
    if (ids < loop.begin).all():
        return ("same", int(ids[0])) if (ids == ids[0]).all() else ("each", ids)
    distance = int(back[-1])
    at = (j - distance) % loop.period
    lag = (distance - j + at) // loop.period
    if not 0 <= lag <= min(FARTHEST, loop.count - 1) or not (back[lag:] == distance).all():
        return None
    if lag == 0:
        return ("local", at)
    for i, id in enumerate(ids[:lag].tolist()):
        if id >= loop.begin or loop.initial.setdefault((at, lag - i), id) != id:
            return None
    return ("carry", at, lag)


def segments(loops: Sequence[Loop], first: int, end: int) -> list[Loop | range]:
    """Loops, and ranges of ids between them."""
    result: list[Loop | range] = []
    here = first
    for loop in loops:
        if here < loop.begin:
            result.append(range(here, loop.begin))
        result.append(loop)
        here = loop.end
    if here < end:
        result.append(range(here, end))
    return result
