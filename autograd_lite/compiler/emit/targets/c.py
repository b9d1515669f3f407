"""A program as standalone C99: one function, no globals, no allocation, re-entrant; ``cc f.c -lm`` and nothing else."""

from __future__ import annotations

import functools
import importlib
import itertools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ....primitives.primitive import TABLE, Primitive
from ...ir.array_program import ArrayProgram
from ..composed import operand_names, program_of
from .c_arrays import ArrayPrinter
from .c_index import Index, Reference, Variable, flattened
from .c_names import RESERVED, argument_names, c_identifier, mentions, statement_names, unique
from .c_printer import Layout, Printer
from .c_words import HELPERS, number

__all__ = ["Argument", "CFunction", "c_function", "helpers_of"]

#: numbers in arrays that are local; with more of them, the caller gives the space
LOCAL = 4096


@dataclass
class Argument:
    """One argument of a C function: a number, an array that it reads, or one that it writes."""

    name: str
    shape: tuple[int, ...]
    output: bool = False
    leaf: int = -1  # the leaf, or for an output the number of the result
    mapped: bool = False  # whether there is one for each point

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def declaration(self) -> str:
        if self.output:
            return f"double *{self.name}"
        return f"const double *{self.name}" if self.shape or self.mapped else f"double {self.name}"


@dataclass
class CFunction:
    """A printed function.

    Attributes:
        name: what it is called.
        arguments: those it has besides ``guard`` and ``w``, in order.
        returns: whether it returns the value.
        guards: the conditions under which it stands for the Python function: the user's lines.
        work: how many numbers ``w`` points at; 0 if it has no such argument.
        texts: the sources of its parts: constant arrays and functions, itself last.
        ordinary: whether it is called only where nothing overflows, has a pole or no result.
    """

    name: str
    arguments: list[Argument]
    returns: bool
    guards: list[str] = field(default_factory=list)
    work: int = 0
    texts: list[str] = field(default_factory=list)
    note: list[str] = field(default_factory=list)  # what its last result is, in words
    lanes: CFunction | None = None  # the function of one point, which this calls for many
    ordinary: bool = False

    @property
    def guarded(self) -> bool:
        """Whether a call may find that it is not the Python function's."""
        return bool(self.guards) or self.ordinary

    def signature(self) -> str:
        parts = ["long points"] if self.lanes is not None else []
        parts += [a.declaration for a in self.arguments]
        parts += ["int *guard"] if self.guards else []
        parts += ["double *w"] if self.work else []
        kind = "double" if self.returns else "void"
        return f"{kind} {self.name}({', '.join(parts) or 'void'})"

    def source(self) -> str:
        """The whole file."""
        helpers = map(_once, helpers_of(self.texts))
        text = "\n\n".join([*helpers, *self.texts])
        headers = ["#include <math.h>"]
        headers += ["#include <stdio.h>", "#include <stdlib.h>", "#include <string.h>"] if "snprintf(" in text else []
        headers += ["#include <stddef.h>"] if "NULL" in text and len(headers) == 1 else []
        pragma = "#ifdef __clang__\n#pragma STDC FP_CONTRACT OFF\n#endif"
        return "\n".join([self.comment(), "", *headers, "", pragma, "", text, ""])

    def comment(self) -> str:
        """What the file is, and what the function's arguments are."""
        version = importlib.import_module(__name__.partition(".")[0]).__version__
        lines = [f"{self.name}: written by autograd_lite {version}.", ""]
        if self.lanes is not None:
            lines.append(f"  {'points':<12} how many; what is marked with * has a part for each, one after the other")
        for a in self.arguments:
            shape = " x ".join(map(str, a.shape)) or ("one number" if a.shape == () else "")
            shape += " numbers, row by row" if len(a.shape) > 1 else " numbers" if a.shape else ""
            kind = "result" if a.output else "given"
            lines.append(
                f"  {a.name:<12} {kind}: {shape}{' *' if a.mapped else ''}{':' if a.output and self.note else ''}"
            )
        lines += [f"  {'':<12} {text}" for text in self.note]
        if self.guards:
            each = " for every point *" if self.lanes is not None else ""
            lines.append(f"  {'guard':<12} result: 0, or which condition does not hold; then the results are not those")
            lines.append(f"  {'':<12} of the Python function, which goes another way{each}. Conditions:")
            lines += [f"  {'':<12} {k}. {_safe(text)}" for k, text in enumerate(self.guards, 1)]
        if self.work:
            lines.append(f"  {'w':<12} space for {self.work} numbers, whose contents don't matter")
        if self.returns:
            lines.append(f"  {'returns':<12} the value")
        lines += [
            "",
            "An array that it writes overlaps no other. It keeps nothing between calls, and may be called from several",
            "threads. Compile without -ffast-math, and with -ffp-contract=off.",
        ]
        return "/* " + "\n".join(f" * {line}".rstrip() if k else line for k, line in enumerate(lines)) + "\n */"


def helpers_of(texts: Iterable[str]) -> list[str]:
    """The sources of the functions that these lines call, and of those that they call, each after those."""
    found: dict[str, str] = {}

    def add(text: str) -> None:
        for name in re.findall(r"\bag_\w+(?=\()", text):
            if name not in found:
                source = found[name] = HELPERS.get(name) or _composed(TABLE[name.removeprefix("ag_")])
                add(source)
                found[name] = found.pop(name)  # the last so far

    for text in texts:
        add(text)
    return [
        *(s for name, s in HELPERS.items() if name in found),
        *(s for name, s in found.items() if name not in HELPERS),
    ]


@functools.cache
def _composed(prim: Primitive) -> str:
    """The function of an op that is written in simpler ones, by its entry's expression."""
    program, names = program_of(prim), operand_names(prim)
    printer = Printer(program, Layout(set(names)), statement_names(program, set(names)), list(map(Variable, names)))
    printer.write()
    lines = [*printer.lines, f"return {printer.number(program.outputs[0])[0]};"]
    body = "".join(f"  {line}\n" for line in lines)
    return f"static double ag_{prim.name}({', '.join(f'double {name}' for name in names)}) {{\n{body}}}"


def _once(text: str) -> str:
    """A function that other sources in the same file may have too."""
    name = text.partition("(")[0].rpartition(" ")[2].upper()
    return f"#ifndef {name}\n#define {name}\n{text}\n#endif"


def _safe(text: str) -> str:
    """A line of the user's inside a comment."""
    return text.replace("*/", "* /").replace("/*", "/ *").replace("\\", "/").encode("ascii", "replace").decode()


def c_function(
    program: ArrayProgram, expected: Sequence[tuple[Any, bool]], name: str, value: bool,
    results: Sequence[str], lines: Sequence[str] = (),
) -> CFunction:  # fmt: skip
    """Print a program whose last outputs are guards.

    Args:
        program: the statements.
        expected: what the guards have to be: pairs of numbers and whether those very ones.
        name: the function's name.
        value: whether the first output, if it is a single number, is what the function returns.
        results: what the outputs are called.
        lines: the conditions, for the comment.

    Raises:
        NotImplementedError: for a primitive of the user's own, or an operation that has no C.
    """
    return _Function(program, expected, name, value, results, lines).function()


class _Function:
    """One function being printed."""

    def __init__(
        self, program: ArrayProgram, expected: Sequence[tuple[Any, bool]], name: str, value: bool,
        results: Sequence[str], lines: Sequence[str],
    ) -> None:  # fmt: skip
        self.program = program
        self.expected = expected
        count = len(program.outputs) - len(expected)
        self.outputs, self.guards = program.outputs[:count], program.outputs[count:]
        taken = set(RESERVED)
        self.name = unique([c_identifier(name)], taken)[0]
        leaves_read = {s.attrs for s in program.statements if s.op == "leaf"}
        names = argument_names(program.leaves, taken)
        self.given = [
            Argument(names[k], tuple(leaf.shape), leaf=k)
            for k, leaf in enumerate(program.leaves)
            if leaf.kind != "constant"
        ]
        self.unread = [a.name for a in self.given if a.leaf not in leaves_read]
        self.returns = value and program.statements[self.outputs[0]].shape == () if self.outputs else False
        self.results = []
        for k, i in enumerate(self.outputs):
            if k or not self.returns:
                called = unique([c_identifier(results[k])], taken)[0]
                self.results.append(Argument(called, tuple(program.statements[i].shape), True, k))
        self.layout = Layout(taken, self.name)
        self.lines = lines
        places = {a.leaf: (Reference if a.shape else Variable)(a.name) for a in self.given}
        self.leaves = [places.get(k, Variable("")) for k in range(len(program.leaves))]  # constants are no leaves here
        self.names = statement_names(program, taken - {a.name for a in self.results})
        taken.update(self.names)
        self.homes = self._homes()
        self.direct = self._direct()
        wanted = {a.name for a in self.results}
        self.names = [
            name if name not in wanted or i in self.homes or i in self.direct else self.layout.fresh(name)
            for i, name in enumerate(self.names)
        ]
        self.printer = ArrayPrinter(program, self.layout, self.names, self.leaves, self.homes, self.direct)

    def _homes(self) -> dict[int, Reference]:
        """Statements that are written where their results belong."""
        homes: dict[int, Reference] = {}
        for a in self.results:
            i = self.outputs[a.leaf]
            given = self.program.statements[i].op in ("leaf", "constant", "result", "scan")
            if a.shape and a.size and i not in homes and not given:
                homes[i] = Reference(a.name)
        return homes

    def _direct(self) -> dict[int, str]:
        """Single numbers that are written where their results belong: nothing else reads them."""
        used = {a for s in self.program.statements for a in s.args}
        found = {}
        for a in self.results:
            i = self.outputs[a.leaf]
            alone = i not in used and self.outputs.count(i) == 1
            if a.shape == () and alone and self.program.statements[i].op == "elementwise":
                found[i] = f"*{a.name}"
        return found

    def function(self) -> CFunction:
        printer = self.printer
        printer.write()
        self._finish()
        found = CFunction(
            self.name, [*self.given, *self.results], self.returns, list(self.lines) if self.guards else []
        )
        if self.guards and not found.guards:
            found.guards = ["a branch of the Python function"] * len(self.guards)
        found.work = self.layout.size if self.layout.size > LOCAL else 0
        sizes = [size for _, size in self.layout.arrays]
        starts = itertools.accumulate(sizes, initial=0)
        local = [
            f"double *{name} = w + {start};" if found.work else f"double {name}[{size}];"
            for (name, size), start in zip(self.layout.arrays, starts)
        ]
        unread = [f"(void){name};" for name in self.unread if not mentions(printer.lines, name)]
        body = "\n".join(f"  {line}" for line in [*local, *unread, *printer.lines])
        tables = [text for _, text in self.layout.tables.values()]
        found.texts = [*tables, *self.layout.functions, f"{found.signature()} {{\n{body}\n}}"]
        return found

    def _finish(self) -> None:
        """Results that are not where they belong, the guards, and the value."""
        printer = self.printer
        for a in self.results:
            i = self.outputs[a.leaf]
            if i in self.direct:
                continue
            if not a.shape:
                printer.lines.append(f"*{a.name} = {printer.number(i)[0]};")
            elif a.size and not (i in self.homes and self.homes[i].base == a.name):
                printer.copy(Reference(a.name), i, a.shape)
        if self.guards:
            printer.lines.append("*guard = 0;")
        first = 1
        for i, (wanted, exact) in zip(self.guards, self.expected):
            first = self._guard(i, np.ravel(wanted), exact, first)
        if self.returns:
            printer.lines.append(f"return {printer.number(self.outputs[0])[0]};")

    def _guard(self, i: int, wanted: Any, exact: bool, first: int) -> int:
        """A guard, or an array of them: ``guard`` gets the number of the first that does not hold."""
        printer, shape = self.printer, self.program.statements[i].shape
        size = math.prod(shape)
        if shape == ():
            found = printer.number(i)
            printer.lines.append(f"if (!*guard && {departs(found[0], found[1], wanted[0], exact)}) *guard = {first};")
            return first + 1
        whole = np.broadcast_to(np.asarray(wanted, dtype=float), (size,))
        table = self.layout.table(whole, "double")

        def line(p: list[Index]) -> list[str]:
            at = flattened(p, shape)
            text, binding = printer.element(i, p)
            text = text if binding == 7 else f"({text})"
            test = f"{text} != {table.at(at)}" if exact else f"({text} != 0.0) != ({table.at(at)} != 0.0)"
            if exact and (whole != whole).any():
                test = f"{test} && ({text} == {text} || {table.at(at)} == {table.at(at)})"
            return [f"if (!*guard && {f'({test})' if '&&' in test else test}) *guard = {at + Index(first)};"]

        printer.loops(shape, line)
        return first + size


def departs(text: str, binding: int, wanted: Any, exact: bool) -> str:
    """A test that holds where a number is not what the recording found."""
    text = text if binding == 7 else f"({text})"
    if not exact:
        return f"{text} == 0.0" if wanted else f"{text} != 0.0"
    if wanted != wanted:
        return f"{text} == {text}"
    return f"!({text} == {number(float(wanted))[0]})"


def over_points(one: CFunction, mapped: Sequence[bool]) -> CFunction:
    """The function that calls ``one`` for many points, one after the other.

    Args:
        mapped: for each argument that is given whether there is one for each point; results are.
    """
    marks = iter(mapped)
    arguments = [Argument(a.name, a.shape, a.output, a.leaf, True if a.output else next(marks)) for a in one.arguments]
    if one.returns:
        taken = {a.name for a in arguments} | set(RESERVED) - {"value"}
        arguments.append(Argument(unique(["value"], taken)[0], (), True, 0, True))
    found = CFunction(f"{one.name}_points", arguments, False, list(one.guards), one.work, lanes=one)
    point = "point"
    while any(a.name == point for a in arguments):
        point += "_"
    passed = []
    for a in arguments[: len(one.arguments)]:
        at = point if a.size == 1 else f"{a.size} * {point}"
        if not a.mapped:
            passed.append(a.name)
        elif a.output or a.shape:
            passed.append(f"{a.name} + {at}")
        else:
            passed.append(f"{a.name}[{point}]")
    passed += [f"guard + {point}"] * bool(one.guards) + ["w"] * bool(one.work)
    inside = f"{one.name}_point"  # a file may have the function of one point too
    call = f"{inside}({', '.join(passed)});"
    if one.returns:
        call = f"{arguments[-1].name}[{point}] = {call}"
    inner = [*one.texts[:-1], f"static {one.texts[-1].replace(f' {one.name}(', f' {inside}(', 1)}"]
    body = f"  for (long {point} = 0; {point} < points; {point}++) {{\n    {call}\n  }}"
    found.texts = [*inner, f"{found.signature()} {{\n{body}\n}}"]
    return found
