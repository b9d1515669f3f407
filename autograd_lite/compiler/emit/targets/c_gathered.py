"""Programs of many numbers and no structure, in C: numbers of one level that are computed alike are one loop.

All numbers are in one array, adjoints in another; a loop finds its operands by tables of places. The source is
as long as there are kinds of operations on the levels, and so is the time that it takes to compile. Where a level has
only one number of a kind, it is a line.

What an operation adds to its operands' adjoints comes out of ``derive.adjoint`` once for each kind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ....primitives.primitive import Primitive
from ...derive.adjoint import adjoints
from ...ir.activity import active_numbers
from ...ir.array_program import ArrayProgram, Builder, Symbol
from ...ir.scalar_program import Leaf, Program, built_in
from .c_arrays import ArrayPrinter, filled
from .c_index import Index, Reference, Variable
from .c_names import mentions, statement_names
from .c_printer import Layout, Printer
from .c_words import ATOM, call, number

__all__ = ["gathered"]

#: an operation, and for each operand its number if it is a constant, else whether it has an adjoint
Kind = tuple[Any, ...]
#: sums of more terms are loops by themselves
WIDE = 8
#: what is in the spaces w, d and r
_SPACES = {"w": "numbers", "d": "derivatives", "r": "reached"}
#: lines in one function: a compiler's time grows faster than its length
LONGEST = 150


def gathered(program: Program, plan: Any, leaves: Sequence[Leaf]) -> tuple[ArrayProgram, list[tuple[float, bool]]]:
    """A plan's program with all its numbers in one statement, and what the guards, its last outputs, have to be.

    Args:
        program: the instructions.
        plan: what is asked for besides the value.
        leaves: what it starts from: the program's, and the seeds.
    """
    builder, count = Builder(), len(program.outputs)
    given = [builder.leaf(k, tuple(leaf.shape)).id for k, leaf in enumerate(leaves) if leaf.kind != "constant"]
    made = builder.add("gathered", tuple(given), _Gathered(program, plan), ())

    def found(what: str, which: int, shape: tuple[int, ...] = ()) -> Symbol:
        return builder.add("result", (made.id,), (what, which, shape), shape)

    def row(what: str, shape: tuple[int, ...]) -> Symbol:
        return builder.pack([found(what, o) for o in program.outputs], shape)

    results = [row("w", (count,) if count != 1 else ())] if plan.value else []
    if plan.forward:
        results.append(row("d", (count,)))
    else:
        results += [found("d", program.leaves[k].base, tuple(program.leaves[k].shape)) for k in plan.wrt]
    guards = [found("w", guard.id) for guard in program.guards]
    expected = [(guard.expected, guard.exact) for guard in program.guards]
    return ArrayProgram(leaves, builder, [*results, *guards], {}), expected


class _Gathered:
    """The numbers of a program, forward and backward; a result of it is by space ("w" or "d") and number.

    Attributes:
        size: how many numbers there are.
        place: where each number is in the array of all.
        forward, backward: lines.
    """

    def __init__(self, program: Program, plan: Any) -> None:
        self.program = program
        self.plan = plan
        self.tangents: bool = plan.forward
        self.size = program.first + len(program)
        self.active = active_numbers(program, plan.wrt)
        self.constants = program.constants()
        #: whether there are branches: then ``r`` says what the sweep arrives at
        self.choices = any(prim.choice for prim in program.prims)
        self.groups = self._groups()
        ordered = [k for _, members in self.groups for k in members]
        self.place = list(range(self.size))
        for at, k in enumerate(ordered, program.first):
            self.place[k] = at

    def write(self, printer: Printer, i: int) -> None:
        """The lines of statement ``i``, which this is; and where its results are.

        The numbers are computed by functions of so many lines as a compiler is quick with, which get their spaces.
        """
        self.layout = printer.layout
        self.forward: list[list[str]] = []
        self.backward: list[list[str]] = []
        self._kinds: dict[Any, tuple[str, list[str], list[str]]] = {}
        for kind, members in self.groups:
            self._write(kind, members)
        if not self.tangents:
            self.backward.reverse()
        names = "w" if not self.plan.wrt else "wdr" if self.choices else "wd"
        spaces = {name: self.layout.array(_SPACES[name], self.size) for name in names}

        def put(space: str, leaf: Leaf, number: int) -> None:
            home = spaces[space]
            target = Reference(home.base, home.offset + Index(leaf.base))
            printer.lines += printer.copied(target, printer.leaves[number], leaf.shape)

        for k, leaf in enumerate(self.program.leaves):
            if leaf.kind != "constant":
                put("w", leaf, k)
        printer.lines += self._parts("forward", self.forward, spaces)
        for space in names[1:]:
            filled(printer, spaces[space], self.size)
        outputs = [Index(self.place[o]) for o in self.program.outputs]
        seeds = len(self.program.leaves)
        if self.tangents:
            for k, at in enumerate(self.plan.wrt, seeds):
                put("d", self.program.leaves[at], k)
        elif self.plan.seeded:
            given = printer.leaves[seeds]
            printer.lines += [f"{spaces['d'].at(o)} += {given.at(Index(k))};" for k, o in enumerate(outputs)]
        elif self.plan.wrt:
            printer.lines.append(f"{spaces['d'].at(outputs[0])} = 1.0;")
        if "r" in spaces:
            printer.lines += [f"{spaces['r'].at(o)} = 1.0;" for o in outputs]
        printer.lines += self._parts("backward", self.backward, spaces)
        for r in printer.users[i]:
            space, which, shape = printer.program.statements[r].attrs
            home, at = spaces[space], Index(self.place[which])
            fixed = space == "w" and which in self.constants
            printer.texts[r] = number(self.constants[which]) if fixed else (home.at(at), ATOM)
            if shape:
                printer.places[r] = Reference(home.base, home.offset + at)

    def _parts(self, what: str, groups: Sequence[list[str]], spaces: dict[str, Reference]) -> list[str]:
        """The lines that call the functions of these lines; the functions are the layout's."""
        calls: list[str] = []
        for lines in _chunks(groups):
            part = f"{self.layout.prefix}_{what}{len(calls) + 1}"
            names = "w" if what == "forward" else spaces
            joined = "\n".join(lines)
            unread = [f"(void){name};" for name in names if f"{name}[" not in joined]
            inner = "\n".join(f"  {line}" for line in [*unread, *lines])
            kinds = ["const " * (name == "w" and what != "forward") + f"double *{name}" for name in names]
            self.layout.functions.append(f"static void {part}({', '.join(kinds)}) {{\n{inner}\n}}")
            calls.append(f"{part}({', '.join(spaces[name].pointer for name in names)});")
        return calls

    def _groups(self) -> list[tuple[Kind, list[int]]]:
        """Numbers of one level and kind, lower levels first."""
        program, first = self.program, self.program.first
        level = [0] * self.size
        found: dict[Kind, list[int]] = {}
        for k, (prim, args) in enumerate(zip(program.prims, program.args)):
            here = first + k
            level[here] = 1 + max((level[a] for a in args), default=0)
            if len(args) > WIDE and prim.name in ("sum", "dot", "affine") and built_in(prim.name) is prim:
                found[level[here], "wide", here] = [here]
                continue
            pattern = tuple(repr(self.constants[a]) if a in self.constants else bool(self.active[a]) for a in args)
            found.setdefault((level[here], id(prim), bool(self.active[here]), pattern), []).append(here)
        return sorted(found.items(), key=lambda item: int(item[0][0]))

    def _write(self, kind: Kind, members: list[int]) -> None:
        """The lines of one group."""
        first = self.program.first
        if kind[1] == "wide":
            self._wide(members[0])
            return
        active, pattern = kind[2:]
        prim = self.program.prims[members[0] - first]
        variables = [n for n, known in enumerate(pattern) if isinstance(known, bool)]
        value, back, moved = self._of(prim, pattern)
        at = self.place[members[0]]
        if len(members) == 1:
            places = {n: f"[{self.place[self.program.args[members[0] - first][n]]}]" for n in variables}
            out = f"[{at}]"
        else:
            columns = {n: [self.place[self.program.args[k - first][n]] for k in members] for n in variables}
            places = {n: f"[{self._index(column)}]" for n, column in columns.items()}
            out = f"[{at} + i]"
        head = [f"const double x{n} = w{places[n]};" for n in variables if mentions([value], f"x{n}")]
        self.forward.append(self._looped([*head, f"w{out} = {value};"], len(members)))
        if not active:
            return
        lines = moved if self.tangents else back
        body = [f"const double x{n} = w{places[n]};" for n in variables if mentions(lines, f"x{n}")]
        body += [f"const double out = w{out};"] * mentions(lines, "out")
        if self.tangents:
            body += [f"const double g{n} = d{places[n]};" for n in variables if mentions(lines, f"g{n}")]
        else:
            body.append(f"const double g = d{out};")
        lines = [_filled(line, places, out) for line in lines]
        if self.choices and not self.tangents:  # what the sweep does not arrive at hands on nothing, not even nan
            lines = [f"if (r{out} != 0.0) {{", *(f"  {line}" for line in [*body, *lines]), "}"]
            body = []
        self.backward.append(self._looped([*body, *lines], len(members)))

    def _wide(self, here: int) -> None:
        """A sum, or a sum of products, of many terms."""
        prim, args = self.program.prims[here - self.program.first], self.program.args[here - self.program.first]
        out, half = self.place[here], len(args) if prim.name == "sum" else len(args) // 2
        set_first = [f"w[{self.place[a]}] = {number(self.constants[a])[0]};" for a in dict.fromkeys(args)
                     if a in self.constants]  # fmt: skip
        x = self._index([self.place[a] for a in args[:half]])
        start, begins = "0.0", []
        if prim.name == "sum":
            value, back, moved = f"w[{x}]", [f"d[{x}] += g;"], f"d[{x}]"
        else:
            y = self._index([self.place[a] for a in args[half : 2 * half]])
            value, moved = f"w[{x}] * w[{y}]", f"w[{x}] * d[{y}] + w[{y}] * d[{x}]"
            back = [f"d[{x}] += w[{y}] * g;", f"d[{y}] += w[{x}] * g;"]
            if prim.name == "affine":
                start = f"w[{self.place[args[-1]]}]"
                begins = [f"d[{self.place[args[-1]]}] += g;"]
        total = [f"double total = {start};", *self._looped([f"total += {value};"], half), f"w[{out}] = total;"]
        self.forward.append(self._looped([*set_first, *total], 1))
        if self.tangents:
            start = "0.0" if start == "0.0" else f"d{start[1:]}"
            lines = [f"double total = {start};", *self._looped([f"total += {moved};"], half), f"d[{out}] = total;"]
            self.backward.append(self._looped(lines, 1))
        elif self.active[here]:
            if self.choices:
                back += [line.replace("d[", "r[", 1).partition(" +=")[0] + " = 1.0;" for line in back]
                begins += [line.replace("d[", "r[", 1).partition(" +=")[0] + " = 1.0;" for line in begins]
            lines = [f"const double g = d[{out}];", *begins, *self._looped(back, half)]
            if self.choices:
                lines = [f"if (r[{out}] != 0.0) {{", *(f"  {line}" for line in lines), "}"]
            self.backward.append(self._looped(lines, 1))

    @staticmethod
    def _looped(lines: list[str], count: int) -> list[str]:
        head = f"for (int i = 0; i < {count}; i++) {{" if count > 1 else "{"
        return [head, *(f"  {line}" for line in lines), "}"]

    def _index(self, column: list[int]) -> str:
        step = column[1] - column[0]
        if all(b - a == step for a, b in pairwise(column)):
            return str(column[0]) if step == 0 else f"{column[0]} + i" if step == 1 else f"{column[0]} + {step} * i"
        table = self.layout.table(column, "int")
        return f"{table.base}[i]"

    def _of(self, prim: Primitive, pattern: tuple[Any, ...]) -> tuple[str, list[str], list[str]]:
        """The value as an expression; lines that add to adjoints; lines that make a tangent. Each once a kind."""
        key = (id(prim), pattern)
        if key not in self._kinds:
            texts = [(f"x{n}", ATOM) if isinstance(p, bool) else number(float(p)) for n, p in enumerate(pattern)]
            back = moved = []
            if any(p is True for p in pattern):
                back, moved = self._back(prim, pattern), self._moved(prim, pattern) if self.tangents else []
            self._kinds[key] = (call(prim, texts)[0], back, moved)
        return self._kinds[key]

    def _back(self, prim: Primitive, pattern: tuple[Any, ...]) -> list[str]:
        builder, operands, out, active = _operation(prim, pattern)
        if not active:
            return []
        if prim.choice:
            return self._chosen(prim, pattern, active)
        seed = builder.leaf(len(pattern), ())
        parts = adjoints(builder, [(out, seed)], [operands[n] for n in active])
        lines, texts = _printed(builder, parts, out, [*(f"x{n}" for n in range(len(pattern))), "g"], self.layout)
        for n, text in zip(active, texts):
            lines.append(f"d@{n} += {text};")
            if self.choices:
                lines.append(f"r@{n} = 1.0;")
        return lines

    def _chosen(self, prim: Primitive, pattern: tuple[Any, ...], active: Sequence[int]) -> list[str]:
        """The adjoint goes to the operand that was taken, and to no other."""
        lines = []
        for n in active:
            if built_in("where") is prim:
                test = ("{} != 0.0" if n == 1 else "{} == 0.0").format(_operand(0, pattern))
            elif built_in("pick") is prim:
                index = _operand(0, pattern)
                test = f"0.0 <= {index} && {index} < {len(pattern) - 1}.0 && (int){index} == {n - 1}"
            else:
                raise NotImplementedError(f"{prim.name} has no C: use another backend")
            if n:
                lines.append(f"if ({test}) {{ d@{n} += g; r@{n} = 1.0; }}")
        return lines

    def _moved(self, prim: Primitive, pattern: tuple[Any, ...]) -> list[str]:
        builder, operands, out, active = _operation(prim, pattern)
        if not active:
            return ["d@out = 0.0;"]
        total: Any = 0.0
        for n in active:
            seed = builder.leaf(len(pattern) + n, ())
            total = total + adjoints(builder, [(out, seed)], [operands[n]])[0]
        names = [*(f"x{n}" for n in range(len(pattern))), *(f"g{n}" for n in range(len(pattern)))]
        lines, texts = _printed(builder, [total], out, names, self.layout)
        return [*lines, f"d@out = {texts[0]};"]


def _operand(n: int, pattern: tuple[Any, ...]) -> str:
    return f"x{n}" if isinstance(pattern[n], bool) else number(float(pattern[n]))[0]


def _filled(line: str, places: dict[int, str], out: str) -> str:
    """A line with the places of the operands @0, @1 …, and of the result, @out."""
    return re.sub(r"@(\d+)", lambda m: places[int(m[1])], line.replace("@out", out))


def _operation(prim: Primitive, pattern: tuple[Any, ...]) -> tuple[Builder, list[Any], Any, list[int]]:
    """A program of one operation: the operands, the result, and which operands have an adjoint."""
    builder = Builder()
    operands = [
        builder.leaf(n, ()) if p is True or p is False else builder.constant(float(p)) for n, p in enumerate(pattern)
    ]
    out = builder.add("elementwise", tuple(x.id for x in operands), None, (), prim)
    return builder, operands, out, [n for n, p in enumerate(pattern) if p is True]


def _printed(
    builder: Builder, parts: Sequence[Any], out: Symbol, names: Sequence[str], layout: Layout
) -> tuple[list[str], list[str]]:
    """Lines, and the texts of the parts, with ``out`` the name of the result."""
    leaves = [Leaf("argument", name, (), k) for k, name in enumerate(names)]
    program = ArrayProgram(leaves, builder, [*parts, out], {})
    printer = ArrayPrinter(
        program, layout, statement_names(program, {*names, "out", "i", "w", "d", "r"}), list(map(Variable, names))
    )
    printer.texts[program.outputs[-1]] = ("out", ATOM)
    printer.write([i for i in range(len(program.statements)) if i != program.outputs[-1]])
    return printer.lines, [printer.number(i)[0] for i in program.outputs[:-1]]


def _chunks(groups: Sequence[list[str]]) -> list[list[str]]:
    """Groups of lines, some together: as many as are good for one function."""
    result: list[list[str]] = []
    for lines in groups:
        if not result or len(result[-1]) + len(lines) > LONGEST:
            result.append([])
        result[-1] += lines
    return result
