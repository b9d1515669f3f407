"""Large programs that stay scalar: equal steps become a loop, and what has no pattern is interpreted.

All numbers live in one list, by id, and so do the adjoints. A stretch of instructions that repeats with a period,
each reading what is the same way back (a recurrence), is one generated loop forward and one backward, however long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ..emit.python import inline, scalar_lines
from ..ir.activity import active_numbers
from ..ir.array_program import ArrayProgram, Builder
from ..ir.control_ops import COMPARISONS
from ..ir.scalar_program import Leaf, Program

__all__ = ["Rolled", "is_recurrence", "stretches"]

LONGEST = 32
#: a loop pays from so many repetitions
FEWEST = 4

_PASSIVE = {*COMPARISONS, "stop"}

Step = Callable[[list[float]], None]
Back = Callable[[list[float], list[float]], None]


class Stretch:
    """``count`` repetitions of ``period`` instructions from instruction ``start``; strides of operands that move.

    ``moves[j][n]`` is by how much operand n of instruction j grows from one repetition to the next.
    """

    __slots__ = ("count", "moves", "period", "start")

    def __init__(self, start: int, period: int, count: int, moves: list[tuple[int, ...]]) -> None:
        self.start = start
        self.period = period
        self.count = count
        self.moves = moves


def stretches(program: Program) -> list[Stretch]:
    """The program cut into repetitions; a stretch without any has ``count`` 1."""
    result: list[Stretch] = []
    k, size = 0, len(program)
    plain = 0
    while k < size:
        found = _repetition(program, k)
        if found is None:
            k += 1
            continue
        if plain < k:
            result.append(Stretch(plain, k - plain, 1, []))
        result.append(found)
        k = plain = found.start + found.period * found.count
    if plain < size:
        result.append(Stretch(plain, size - plain, 1, []))
    return result


def _repetition(program: Program, k: int) -> Stretch | None:
    """The repetition that begins at instruction k, with the shortest period."""
    for period in range(1, LONGEST + 1):
        if k + FEWEST * period > len(program) or program.prims[k + period] is not program.prims[k]:
            continue
        moves = [_move(program, k + j, period) for j in range(period)]
        if any(move is None for move in moves):
            continue
        steps = [move for move in moves if move is not None]
        count = 1
        while k + (count + 1) * period <= len(program) and all(
            _move(program, k + (count - 1) * period + j, period) == steps[j] for j in range(period)
        ):
            count += 1
        if count >= FEWEST and count * period >= 32:
            return Stretch(k, period, count, steps)
    return None


def _move(program: Program, k: int, period: int) -> tuple[int, ...] | None:
    """How the operands of instruction k + period differ from those of k; None if the two are not alike."""
    if k + period >= len(program) or program.prims[k] is not program.prims[k + period]:
        return None
    first = program.first
    now, then = program.args[k + period], program.args[k]
    if len(now) != len(then):
        return None
    moves = []
    for a, b in zip(then, now):
        if (a < first) != (b < first) or (a >= first and b - a not in (0, period)):
            return None
        moves.append(b - a)
    return tuple(moves)


def is_recurrence(program: Program) -> bool:
    """Whether most of the program is in loops."""
    return 2 * sum(s.period * s.count for s in stretches(program) if s.count > 1) > len(program)


class Rolled:
    """A program over a list of numbers, with its reverse sweep.

    Args:
        program: without masks.
        value: whether the outputs are among the results.
        wrt: numbers of the leaves to differentiate with respect to.
        seeded: whether the last block given is the adjoints of the outputs.
    """

    def __init__(self, program: Program, value: bool, wrt: Sequence[int], seeded: bool) -> None:
        if program.masks:
            raise NotImplementedError("a program with masks")
        self.program = program
        self.value = value
        self.wrt = [program.leaves[k] for k in wrt]
        self.seeded = seeded
        self.active = active_numbers(program, wrt)
        self.steps: list[tuple[Step, Back]] = []
        self.texts: list[str] = []
        for stretch in stretches(program):
            self.steps.append(self._loop(stretch) if stretch.count > 1 else self._plain(stretch))

    def run(self, *blocks: Any) -> tuple[Any, ...]:
        """The results for one block (a float, or a flat list) per leaf that is no constant, and the seed."""
        program = self.program
        given = iter(blocks)
        numbers: list[float] = []
        for leaf in program.leaves:
            _extend(numbers, leaf, given)
        seed = next(given) if self.seeded else None
        numbers += [0.0] * len(program)
        for forward, _ in self.steps:
            forward(numbers)
        found = [numbers[i] for i in program.outputs]
        results: list[Any] = [found[0] if len(found) == 1 else found] if self.value else []
        if self.wrt:
            adjoints = [0.0] * len(numbers)
            for i, g in zip(program.outputs, seed if seed is not None else [1.0]):
                adjoints[i] += g
            for _, backward in reversed(self.steps):
                backward(numbers, adjoints)
            for leaf in self.wrt:
                part = adjoints[leaf.base : leaf.base + leaf.size]
                results.append(part if leaf.shape else part[0])
        return (*results, *[numbers[guard.id] for guard in program.guards])

    # --- without a pattern ----------------------------------------------------------------------------------------

    def _plain(self, stretch: Stretch) -> tuple[Step, Back]:
        """Instruction by instruction."""
        program, active = self.program, self.active
        low, high = stretch.start, stretch.start + stretch.period
        first = program.first
        rows = [(first + k, program.prims[k].fn, program.args[k]) for k in range(low, high)]
        back = [
            (first + k, program.prims[k].float_partials, program.args[k])
            for k in range(high - 1, low - 1, -1)
            if active[first + k]
        ]

        def forward(v: list[float]) -> None:
            for i, fn, args in rows:
                v[i] = fn(*[v[a] for a in args])

        def backward(v: list[float], adjoints: list[float]) -> None:
            for i, rule, args in back:
                g = adjoints[i]
                for a, partial in zip(args, rule(v[i], *[v[a] for a in args])):
                    if active[a]:
                        adjoints[a] += g * partial

        return forward, backward

    # --- a recurrence ---------------------------------------------------------------------------------------------

    def _loop(self, stretch: Stretch) -> tuple[Step, Back]:
        """A generated loop forward, and one backward."""
        program = self.program
        begin = program.first + stretch.start
        end = begin + stretch.period * stretch.count
        scope: dict[str, Any] = {}
        ahead: list[str] = []
        behind: list[str] = []
        for j in range(stretch.period):
            k = stretch.start + j
            refs = [self._reference(a, move, begin, stretch) for a, move in zip(program.args[k], stretch.moves[j])]
            names = [f"x{j}_{n}" for n in range(len(refs))]
            reads = [f"{name} = {ref}" for name, ref in zip(names, refs)]
            scope[f"fn{j}"] = program.prims[k].fn
            called = inline(program.prims[k], names) or f"fn{j}({', '.join(names)})"
            ahead += [*reads, f"v[i + {j}] = {called}"]
            behind[:0] = self._reverse(stretch, j, refs, names, scope)
        lines = [
            "def forward(v):",
            f"    for i in range({begin}, {end}, {stretch.period}):",
            *[f"        {line}" for line in ahead],
            "def backward(v, d):",
            f"    for i in range({end - stretch.period}, {begin - 1}, {-stretch.period}):",
            *[f"        {line}" for line in behind or ["pass"]],
        ]
        text = "\n".join(lines) + "\n"
        self.texts.append(text)
        exec(compile(text, "<autograd_lite loop>", "exec"), scope)
        return scope["forward"], scope["backward"]

    @staticmethod
    def _reference(a: int, move: int, begin: int, stretch: Stretch) -> str:
        """Where an operand is in the list, by the loop's index."""
        if move == 0:
            return f"v[{a}]"
        if move == stretch.period:
            return f"v[i + {a - begin}]"
        return f"v[{a} + (i - {begin}) // {stretch.period} * {move}]"

    def _reverse(self, stretch: Stretch, j: int, refs: list[str], names: list[str], scope: dict[str, Any]) -> list[str]:
        """What instruction j of the body adds to its operands' adjoints: the table's rule, written out."""
        program, active = self.program, self.active
        k = stretch.start + j
        prim, args = program.prims[k], program.args[k]
        last = program.first + k + stretch.period * (stretch.count - 1)
        if not active[last] or prim.name in _PASSIVE:
            return []
        builder = Builder()
        leaves = [Leaf("argument", name, (), n) for n, name in enumerate([*names, f"y{j}"])]
        constants = program.constants()
        symbols = [
            constants[a] if a in constants and move == 0 else builder.leaf(n, ())
            for n, (a, move) in enumerate(zip(args, stretch.moves[j]))
        ]
        partials = prim.partials(builder.leaf(len(args), ()), *symbols)
        chosen = [n for n in range(len(args)) if self._ever_active(args[n], stretch.moves[j][n], stretch)]
        compiled = ArrayProgram(leaves, builder, [partials[n] for n in chosen], {})
        lines = scalar_lines(compiled, [*names, f"y{j}"], safe=True)
        scope.update(lines.scope)
        adds = [
            f"d{refs[n][1:]} += g" + ("" if text == "1.0" else f" * ({text})") for n, text in zip(chosen, lines.results)
        ]
        used = set(re.findall(r"\w+", " ".join([*lines.lines, *adds])))
        reads = [f"{name} = {ref}" for name, ref in zip([*names, f"y{j}"], [*refs, f"v[i + {j}]"]) if name in used]
        return [*reads, f"g = d[i + {j}]", *lines.lines, *adds]

    def _ever_active(self, a: int, move: int, stretch: Stretch) -> bool:
        return bool(self.active[a] or self.active[a + move * (stretch.count - 1)])


def _extend(numbers: list[float], leaf: Leaf, given: Any) -> None:
    if leaf.kind == "constant":
        numbers.append(leaf.key)
    elif leaf.shape == ():
        numbers.append(float(next(given)))
    else:
        numbers.extend(next(given))
