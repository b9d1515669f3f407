"""Straight-line Python for one point: the scalar program as a student would write it out.

The fast form calls ``math`` and divides as Python does; where that raises (a pole, an overflow, outside the domain),
the caller runs the safe form, which calls the table's total functions and gives IEEE's results.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from ...primitives.primitive import TABLE, Primitive
from ..ir.array_program import ArrayProgram, Statement
from ..ir.control_ops import COMPARISONS
from ..ir.naming import all_names, leaf_names
from .target import SourceTarget
from .texts import joined
from .ways import Ways

__all__ = ["PYTHON", "Lines", "written"]

#: functions of ``math`` that agree with the table wherever they return
_MATH = {
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "exp", "expm1",
    "log", "log1p", "log2", "log10", "sqrt", "exp2", "cbrt", "erf", "erfc", "hypot", "atan2", "pow", "fmod", "copysign",
}  # fmt: skip

_INLINE = {
    "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "neg": "-{0}", "relu": "0.0 if {0} <= 0.0 else {0}",
    "maximum": "{0} if {0} >= {1} or {0} != {0} else {1}", "minimum": "{0} if {0} <= {1} or {0} != {0} else {1}",
    "where": "{1} if {0} else {2}", "stop": "{0}", "identity": "{0}", "pos": "{0}",
}  # fmt: skip


class Lines:
    """A scalar program as lines of Python.

    Args:
        program: the statements; ``program.scalar`` holds.
        names: one for each leaf.
        safe: whether to call the table's functions, which never raise, in place of ``math``'s.
        elsewhere: names that are not to be used.
        again: whether a name is used again once its number has been read for the last time. Thousands of numbers that
            live until the function returns cost more than what is computed with them.
        tests: for each of the last outputs, which are no results, lines that follow as soon as its number is there.

    Attributes:
        lines: assignments; ``results`` the expressions of the outputs (a list for a packed array).
        scope: the names they need.
        names: those that they assign.
        elements: for each leaf that is an array, the names of its numbers that are used, by flat position.
    """

    def __init__(
        self, program: ArrayProgram, names: Sequence[str], safe: bool, elsewhere: Iterable[str] = (),
        again: bool = True, tests: Mapping[int, Sequence[Callable[[str], str]]] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self.program = program
        self.given = names
        self.safe = safe
        self.lines: list[str] = []
        self.scope: dict[str, Any] = {"_inf": math.inf, "_nan": math.nan}
        self.elements: dict[int, dict[int, str]] = {}
        self._choices: list[tuple[str, str, str]] = []
        self._condition: tuple[int, str] = (-1, "")
        sizes = [(name, leaf.size) for name, leaf in zip(names, program.leaves) if leaf.shape]
        called = all_names(program, [*names, *[f"{name}_{i}" for name, size in sizes for i in range(size)], *elsewhere])
        results = program.outputs[: len(program.outputs) - sum(map(len, tests.values()))]
        self._kept = _Names(program, called, safe, again, {*tests}.difference(results))
        self.names = self._kept.used
        texts: list[Any] = []
        for i, statement in enumerate(program.statements):
            args = [texts[a] for a in statement.args]
            text = called[i] if statement.op == "leaf" else self._arranged(statement, args)
            texts.append(self._computed(i, statement, args) if text is None else text)
            for test in tests.get(i, ()):
                self._add(test(texts[i]))
        self._settle()
        self.results = [texts[i] for i in results]

    def _computed(self, i: int, statement: Statement, args: Sequence[str]) -> str:
        """A statement that computes, or the name that a line gives to what it does."""
        kept = self._kept
        if i in kept.swaps or i - 1 in kept.swaps:  # both keep their names where there is nothing to be done
            condition, a, b = args
            if i - 1 in kept.swaps:
                kept.swap(i, a, b)
                self._add(f"if {condition}: {a}, {b} = {b}, {a}")
            return b
        text = self._operation(statement, args)
        if not kept.assigned[i]:
            return text if re.fullmatch(r"_\w+\([^()]*\)", text) else f"({text})"
        name = kept.new(i)
        if statement.name == "where":
            self._choose(name, (statement.args[0], args[0]), *args[1:])
        else:
            self._add(f"{name} = {text}")
        return name

    def _add(self, line: str) -> None:
        self._settle()
        self.lines.append(line)

    def _choose(self, name: str, condition: tuple[int, str], yes: str, no: str) -> None:
        """An assignment of one of two things; those that one condition decides, one after the other, are one branch."""
        if condition != self._condition:
            self._settle()
        self._condition = condition
        self._choices.append((name, yes, no))

    def _settle(self) -> None:
        """Write the choices down."""
        condition = self._condition[1]
        if len(self._choices) == 1:
            ((name, yes, no),) = self._choices
            self.lines.append(f"{name} = {yes} if {condition} else {no}")
        elif self._choices:
            self.lines += [f"if {condition}:", *(f"    {name} = {yes}" for name, yes, _ in self._choices)]
            self.lines += ["else:", *(f"    {name} = {no}" for name, _, no in self._choices)]
        self._choices = []

    def _arranged(self, statement: Statement, args: Sequence[str]) -> Any:
        """A constant, or what only arranges numbers; None for what computes."""
        if statement.op == "constant":
            return _number(statement.attrs) if statement.shape == () else statement.attrs.ravel().tolist()
        if statement.op == "index":
            return self._element(statement)
        if statement.op == "reshape":
            return args[0]
        if statement.op == "pack":
            return list(args)
        return [args[0]] * math.prod(statement.shape) if statement.op == "broadcast" else None

    def _element(self, statement: Statement) -> str:
        """The name of one number of an array leaf."""
        below = self.program.statements[statement.args[0]]
        at = 0
        for i, n in zip(statement.attrs, below.shape):
            at = at * n + int(i)
        return self.elements.setdefault(below.attrs, {}).setdefault(at, f"{self.given[below.attrs]}_{at}")

    def _operation(self, statement: Statement, args: Sequence[str]) -> str:
        prim = TABLE["mul"] if statement.op == "matmul" else statement.prim
        if prim is None:
            raise NotImplementedError(f"{statement.op} in a scalar program")
        name = prim.name
        fast = name in COMPARISONS or (name == "div" and not self.safe)
        template = prim.array if fast else _INLINE.get(name)
        if template:
            return template.format(*args)
        if name == "heaviside" and args[1] == "0.0":
            return f"1.0 if {args[0]} > 0.0 else 0.0 if {args[0]} <= 0.0 else {args[0]}"
        if name in ("sum", "dot", "affine") and len(args) <= LONGEST:
            return joined(name, args) or "0.0"
        plain = math.fabs if name == "abs" else prim.fn
        self.scope[f"_{name}"] = getattr(math, name) if name in _MATH and not self.safe else plain
        return f"_{name}({', '.join(args)})"


class _Names:
    """Under which names the numbers of a program are kept; one that is not read any more leaves its to the next.

    Attributes:
        assigned: for each statement whether it is: others are written where they are used.
        swaps: the first of two choices that exchange two numbers, or leave them, and no one reads those afterwards.
        used: the names.
    """

    def __init__(
        self, program: ArrayProgram, called: Sequence[str], safe: bool, again: bool, asked: Collection[int]
    ) -> None:
        statements = program.statements
        exchanges = _exchanges(program)
        read = {a for s in statements for a in s.args}
        single = _single(program, exchanges)
        passed = [(once and not safe) or s.op in _PASSING for once, s in zip(single, statements)]
        self.assigned = [not (passed[i] or (i in asked and i not in read)) for i in range(len(statements))]
        self.last = last = program.last_uses(passed)
        self.swaps = {
            i for i in exchanges if again and self.assigned[i] and self.assigned[i + 1]
            and all(self.assigned[a] and last[a] == i + 1 for a in statements[i].args[1:])
        }  # fmt: skip
        self.called, self.again = called, again
        self.used: set[str] = set()
        self._ending: dict[int, list[str]] = {}
        self._free: list[str] = []

    def _keep(self, i: int, name: str) -> str:
        self._ending.setdefault(self.last[i], []).append(name)
        return name

    def new(self, i: int) -> str:
        """The name of statement ``i``."""
        self._free += self._ending.pop(i, ())
        name = self._free.pop() if self._free and self.again else self.called[i]
        self.used.add(name)
        return self._keep(i, name)

    def swap(self, i: int, first: str, second: str) -> None:
        """Statements ``i - 1`` and ``i`` keep the names of their operands."""
        self._free += [name for name in self._ending.pop(i) if name not in (first, second)]
        self._keep(i - 1, first)
        self._keep(i, second)


#: what only passes numbers on
_PASSING = ("leaf", "constant", "index", "reshape", "pack", "broadcast")


def _exchanges(program: ArrayProgram) -> set[int]:
    """Choices of one of two numbers that the next choice is the other of, as sorting makes them."""
    pairs = pairwise(program.statements)
    return {
        i for i, (s, t) in enumerate(pairs)
        if s.name == t.name == "where" and [*t.args] == [s.args[0], s.args[2], s.args[1]] and s.args[1] != s.args[2]
    }  # fmt: skip


#: primitives whose text names an operand more than once
_REPEATING = {"heaviside", *[name for name, text in _INLINE.items() if any(text.count(f"{{{k}}}") > 1 for k in (0, 1))]}
DEEPEST = 20
#: an expression of more terms is a call: Python's compiler recurses once a term
LONGEST = 200


def _single(program: ArrayProgram, exchanges: Collection[int]) -> list[bool]:
    """Statements that are used once, and can be written where they are used."""
    uses = [0] * len(program.statements)
    depth = [0] * len(program.statements)
    for statement in program.statements:
        for a in statement.args:
            uses[a] += 2 if statement.name in _REPEATING or statement.op in ("pack", "reshape", "broadcast") else 1
    for i in exchanges:  # the condition is written once
        uses[program.statements[i].args[0]] -= 1
    for i in program.outputs:
        uses[i] += 2
    for i, statement in enumerate(program.statements):
        depth[i] = 1 + max([depth[a] for a in statement.args if uses[a] == 1], default=0)
        if depth[i] > DEEPEST:
            uses[i], depth[i] = 2, 0
    return [n == 1 for n in uses]


def _number(x: float) -> str:
    if x - x == 0.0:
        return repr(x) if math.copysign(1.0, x) > 0.0 else f"({x!r})"
    return "_nan" if x != x else "_inf" if x > 0 else "(-_inf)"


def written(
    program: ArrayProgram, names: Sequence[str], name: str, ways: Ways | None = None
) -> tuple[str, dict[str, Any]]:
    """The program as a function, line by line, and what its text needs besides.

    Args:
        program: the statements; ``program.scalar`` holds.
        names: one for each leaf.
        name: what the function is called.
        ways: what has to hold of a call; the outputs of the guards are the last ones, and are asserted. Without it the
            function returns a tuple of all outputs.
    """
    lines = Lines(program, names, safe=True, again=ways is None)
    given = [leaf_name for leaf_name, leaf in zip(names, program.leaves) if leaf.kind != "constant"]
    body = [f"{one} = {names[k]}[{at}]" for k, found in sorted(lines.elements.items()) for at, one in found.items()]
    texts = [f"[{', '.join(found)}]" if isinstance(found, list) else found for found in lines.results]
    returned = f"({', '.join(texts)}{',' * bool(texts)})"
    body += lines.lines
    if ways is not None:
        count = len(texts) - len(ways.guards)
        tests = program.outputs[count:]
        body += ways.checks(texts[count:], [program.statements[i].boolean for i in tests])
        returned = ", ".join(texts[:count])
        given += ways.defaults(given)
    body.append(f"return {returned}")
    return f"def {name}({', '.join(given)}):\n" + "".join(f"    {line}\n" for line in body), lines.scope


class PythonTarget(SourceTarget):
    """Python itself, line by line; of programs whose numbers stay single ones."""

    name = "python"
    scalar = True

    def how(self, prim: Primitive) -> str:
        return "its own word" if prim.name in _INLINE else "the float function is called"

    def source(self, program: ArrayProgram, name: str, called: Sequence[str], ways: Ways) -> str:
        """The lines that run, behind those that they need to run by themselves: their functions are the table's."""
        text, _ = written(program, leaf_names(program.leaves), name, ways)
        lines = ["from math import inf as _inf, nan as _nan"] if re.search(r"\b_(inf|nan)\b", text) else []
        functions = sorted({found for found in re.findall(r"\b_(\w+)\(", text) if found in TABLE})
        if functions:
            lines += ["from autograd_lite.primitives import TABLE", ""]
            lines += [f'_{found} = TABLE["{found}"].fn' for found in functions]
        return "".join(f"{line}\n" for line in [*lines, "", ""]) + text if lines else text


PYTHON = PythonTarget()
