"""Straight-line Python for one point: the scalar program as a student would write it out.

The fast form calls ``math`` and divides as Python does; where that raises (a pole, an overflow, outside the domain),
the caller runs the safe form, which calls the table's total functions and gives IEEE's results.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
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

    Attributes:
        lines: assignments; ``results`` the expressions of the outputs (a list for a packed array).
        scope: the names they need.
        names: those that they assign.
        elements: for each leaf that is an array, the names of its numbers that are used, by flat position.
    """

    def __init__(self, program: ArrayProgram, names: Sequence[str], safe: bool, elsewhere: Iterable[str] = ()) -> None:
        self.program = program
        self.given = names
        self.safe = safe
        self.lines: list[str] = []
        self.scope: dict[str, Any] = {"_inf": math.inf, "_nan": math.nan}
        self.names: set[str] = set()
        self.elements: dict[int, dict[int, str]] = {}
        sizes = [(name, leaf.size) for name, leaf in zip(names, program.leaves) if leaf.shape]
        called = all_names(program, [*names, *[f"{name}_{i}" for name, size in sizes for i in range(size)], *elsewhere])
        single = _single(program)
        texts: list[Any] = []
        for i, statement in enumerate(program.statements):
            args = [texts[a] for a in statement.args]
            text = called[i] if statement.op == "leaf" else self._arranged(statement, args)
            if text is None:
                text = self._operation(statement, args)
                if self.safe or not single[i]:
                    self.lines.append(f"{called[i]} = {text}")
                    self.names.add(called[i])
                    text = called[i]
                elif not re.fullmatch(r"_\w+\([^()]*\)", text):
                    text = f"({text})"
            texts.append(text)
        self.results = [texts[i] for i in program.outputs]

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


#: primitives whose text names an operand more than once
_REPEATING = {"heaviside", *[name for name, text in _INLINE.items() if any(text.count(f"{{{k}}}") > 1 for k in (0, 1))]}
DEEPEST = 20
#: an expression of more terms is a call: Python's compiler recurses once a term
LONGEST = 100


def _single(program: ArrayProgram) -> list[bool]:
    """Statements that are used once, and can be written where they are used."""
    uses = [0] * len(program.statements)
    depth = [0] * len(program.statements)
    for statement in program.statements:
        for a in statement.args:
            uses[a] += 2 if statement.name in _REPEATING or statement.op in ("pack", "reshape", "broadcast") else 1
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
    lines = Lines(program, names, safe=True)
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
