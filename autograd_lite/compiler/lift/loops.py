"""Recurrences in a scalar program: where a run of instructions repeats, and what each repetition reads.

A repetition may read its own numbers, what the repetition before it (or one a few steps back) computed, numbers that
stay the same, and numbers from before the loop that change from step to step: data, constants, another loop's results.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..ir.scalar_program import Program

__all__ = ["Loop", "find_loops"]

#: a loop pays from so many repetitions, and from so many instructions that need not be written out
FEWEST, SMALLEST = 4, 32
#: lengths of a step that are tried in any case, numbers carried over from how many steps back, at most
SHORT, FARTHEST = 32, 8
#: places of a step where it may begin, and other lengths, that are tried
PHASES, PERIODS = 32, 64
MAX_LOOPS = 50
#: what a number that is carried costs, in instructions outside the loop
CARRIED = 8


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
    """A program as arrays: a code for each instruction, and its operands' ids, ``starts`` of them before it.

    Attributes:
        gaps: by what makes instructions alike, for runs of 1, 2, 4 … of them: how many, and from each place how far
            back such a run was last (0 if not within a step). Found once, for all ranges that loops leave.
        until: the last instruction that reads each one.
    """

    def __init__(self, program: Program) -> None:
        self.first = first = program.first
        size = len(program)
        self.operands, self.starts = program.operands()
        numbers: dict[Any, int] = {}
        kinds = zip(program.prims, np.diff(self.starts).tolist())
        codes = [numbers.setdefault((prim.name, count), len(numbers)) for prim, count in kinds]
        self.code = np.array(codes, dtype=np.int64)
        self.user = np.repeat(np.arange(first, first + size), np.diff(self.starts))
        inner = self.operands >= first
        nearest = np.zeros(size, dtype=np.int64)
        np.maximum.at(nearest, self.user[inner] - first, self.operands[inner])
        place = np.arange(len(self.operands)) - self.starts[self.user - first]
        leaves = np.bincount(self.user - first, np.where(inner, 0, (place + 1) ** 2), size)
        back = np.where(nearest > 0, np.arange(first, first + size) - nearest, 0)
        far = np.minimum(self.user - self.operands, size // FEWEST) * inner
        every = np.bincount(self.user - first, far * (2 * place + 1.0), size)
        # one differs where the nearest of the operands that are instructions are not as far back, or other operands
        # are leaves; one where any operand is not as far back, but far
        reads = leaves.astype(np.int64) * (first + size) + back, every.astype(np.int64)
        pairs = (np.unique(np.stack([self.code, x]), axis=1, return_inverse=True)[1].ravel() for x in reads)
        self.gaps = [gap for number in (self.code, *pairs) for gap in _gaps(number, size // FEWEST)]
        self.until = np.arange(size)
        np.maximum.at(self.until, self.operands[inner] - first, self.user[inner] - first)

    def steps(self, period: int, begin: int, count: int) -> tuple[Any, Any]:
        """Operands' ids, and how far back they are: arrays of (step, operand)."""
        low, high = self.starts[begin], self.starts[begin + period * count]
        ids = self.operands[low:high].reshape(count, -1)
        return ids, self.user[low:high].reshape(count, -1) - ids


def _gaps(number: Any, most: int) -> Iterator[tuple[int, Any]]:
    """For runs of 1, 2, 4 … instructions, how many, and how far back each was last; until none comes again.

    Runs that are alike have the same number, which is made of the numbers of their halves.
    """
    length = 1
    while length <= most:
        order = np.argsort(number, kind="stable")
        again = np.diff(number[order]) == 0
        gap = np.zeros(len(number), dtype=np.int32)
        gap[order[1:][again]] = np.diff(order)[again]
        gap[gap > most] = 0
        if not gap.any():
            break
        yield length, gap.astype(np.min_scalar_type(gap.max()))  # all are kept
        number = number.copy()
        number[order] = np.cumsum(np.concatenate([[0], ~again]))
        number = number[:-length] * len(number) + number[length:]
        length *= 2


def find_loops(program: Program) -> list[Loop]:
    """The loops of a program in order, those that save most found first."""
    tables = _Tables(program)
    found: list[Loop] = []
    ranges = [(0, len(program))]
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
    for period in _periods(tables.gaps, low, high):
        start, length = _longest_run(code[period:] == code[:-period])
        count = length // period + 1
        if count >= FEWEST and (count - 1) * period >= SMALLEST:
            candidates.append(((count - 1) * period, period, low + start, low + start + length + period))
    best: Loop | None = None
    for saving, period, start, stop in sorted(candidates, key=lambda c: (-c[0], c[1])):
        if best is not None and saving <= best.saving:
            break
        found = _repetitions(tables, period, start, stop, low)
        if found is not None and (best is None or found.saving > best.saving):
            best = found
    return best


def _periods(gaps: Sequence[tuple[int, Any]], low: int, high: int) -> list[int]:
    """Lengths that a step may have: all short ones, and distances at which runs of instructions come again.

    So do runs that also read what is as near, or as far: a step of many like instructions is told from its parts by
    what they read.
    """
    most = (high - low) // FEWEST
    usual: dict[int, int] = {}
    for length, back in gaps:
        here = back[low : max(high - length + 1, low)]
        near = here[(here <= most) & (here <= np.arange(len(here)))]
        counts = np.bincount(near, minlength=1)
        often = np.flatnonzero(counts >= FEWEST - 1)
        often = often[often > 0]
        for gap in often[np.argsort(-counts[often], kind="stable")[:4]].tolist():
            usual[gap] = max(usual.get(gap, 0), int(counts[gap]) * length)
    best = sorted(usual, key=lambda gap: -usual[gap])[:PERIODS]
    return sorted({*range(1, min(SHORT, most) + 1), *best})


def _longest_run(same: Any) -> tuple[int, int]:
    """Start and length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    if not len(edges):
        return 0, 0
    lengths = edges[1::2] - edges[::2]
    k = int(np.argmax(lengths))
    return int(edges[2 * k]), int(lengths[k])


def _repetitions(tables: _Tables, period: int, start: int, stop: int, low: int) -> Loop | None:
    """The longest loop of that period among instructions whose codes repeat with it."""
    best: Loop | None = None
    for phase in _phases(tables, period, start, stop):
        begin = start + phase
        found = _grown(tables, period, begin, (stop - begin) // period, low)
        if found is not None and (best is None or _rank(found) > _rank(best)):
            best = found
    return best if best is not None and best.count >= FEWEST and best.saving >= SMALLEST else None


def _phases(tables: _Tables, period: int, start: int, stop: int) -> list[int]:
    """Where in a run a step may begin: where the fewest numbers are read later, of a step in the middle."""
    middle = start + (stop - start) // (2 * period) * period
    here = np.arange(middle - period, middle)
    until = np.clip(tables.until[here], 0, middle + period - 1)
    alive = np.zeros(2 * period, dtype=np.int64)  # at the end of each instruction of two steps
    np.add.at(alive, here - here[0], 1)
    np.add.at(alive, until - here[0], -1)
    alive = np.cumsum(alive)
    ends = alive[:period] + alive[period:]
    return sorted(range(period), key=lambda phase: (int(ends[phase - 1]), phase))[:PHASES]


def _rank(loop: Loop) -> tuple[int, int]:
    """More steps, fewer numbers to carry; then the earliest."""
    return loop.saving - CARRIED * len(loop.initial), -loop.begin


def _grown(tables: _Tables, period: int, begin: int, count: int, low: int) -> Loop | None:
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


def _alike(tables: _Tables, period: int, begin: int, count: int) -> tuple[int, int]:
    """The range of steps around the middle one that read what it reads."""
    ids, back = tables.steps(period, begin, count)
    middle = count // 2
    carried = (back[middle] == back[middle - 1]) & (ids[middle] >= tables.first + begin)
    good = np.where(carried, back == back[middle], ids < tables.first + begin).all(axis=1)
    if not good[middle]:
        return 0, 0
    bad = np.flatnonzero(~good)
    before, after = bad[bad < middle], bad[bad > middle]
    return (int(before[-1]) + 1 if len(before) else 0), (int(after[0]) if len(after) else count)


def _verified(tables: _Tables, period: int, begin: int, count: int) -> Loop | None:
    """The loop, if its steps are alike in all they read; None else."""
    ids, back = tables.steps(period, begin, count)
    loop = Loop(tables.first + begin, period, count)
    which = np.repeat(np.arange(period), np.diff(tables.starts[begin : begin + period + 1]))
    outside = (ids < loop.begin).all(axis=0)
    fixed = (ids == ids[0]).all(axis=0)
    at = (which - back[-1]) % period
    lag = (back[-1] - which + at) // period
    fits = (lag >= 0) & (lag <= min(FARTHEST, count - 1))
    early = np.arange(count)[:, None] < lag  # what these steps read is from before the loop
    if not (outside | (fits & np.where(early, ids < loop.begin, back == back[-1]).all(axis=0))).all():
        return None
    loop.slots = [[] for _ in range(period)]
    for n, (j, out, same, a, far) in enumerate(zip(*(x.tolist() for x in (which, outside, fixed, at, lag)))):
        if out:
            loop.slots[j].append(("same", int(ids[0, n])) if same else ("each", ids[:, n]))
            continue
        loop.slots[j].append(("carry", a, far) if far else ("local", a))
        for i, id in enumerate(ids[:far, n].tolist()):
            if loop.initial.setdefault((a, far - i), id) != id:
                return None
    if any((j, nearer) not in loop.initial for j, far in loop.initial for nearer in range(1, far + 1)):
        return None  # a number so far back that nothing shows what it was to begin with
    return loop


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
