"""Source for libraries that have numbers and no arrays of several axes: every number of a program is a variable.

A target is a table of words (``ScalarTarget``): ``targets/drjit.py``, whose numbers are arrays, a number a lane.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from ...primitives.primitive import TABLE, Primitive
from ..ir.array_program import ArrayProgram, Statement
from ..ir.control_ops import COMPARISONS
from . import targets
from .functions import functions
from .printer import Printer
from .target import refusal
from .texts import filled, joined, number_source, slices, wrapped

__all__ = ["ScalarTarget", "listed"]

#: equal numbers that are written one by one, at most
FEW = 8
#: sums and products of lists, written with the target's type of number; or the op that they are made of
_REDUCE = {
    "sum": "sum({0}, {number}(0.0))", "prod": "math.prod({0}, start={number}(1.0))",
    "amax": "maximum", "amin": "minimum", "logsumexp": "logaddexp",
}  # fmt: skip
#: the op of two numbers that sums of exponentials are made of
_CHAINED = "logaddexp"
#: the ops that those of any number of operands, and of lists, are made of
_PARTS = (_CHAINED, "maximum", "minimum", "hypot", "abs", "exp", "sqrt", "mul", "digamma")
#: what takes a Python number on one side, and keeps the target's precision
_ORDINARY = re.compile(r"\{0\} \S+ \{1\}")


def listed(program: ArrayProgram) -> bool:
    """Whether a program with loops can be written: its arrays are lists of numbers."""
    known = {"constant", "elementwise", "index", "reshape", "pack", "broadcast", "scan", "result", "take", "place"}
    known |= {"concat", "matmul", *_REDUCE}
    return all(s.op == "leaf" or (s.op in known and len(s.shape) <= 1) for s in program.statements)


class ScalarTarget(Printer):
    """A library of numbers, by its words; ``_name(…)`` in one is a function of its module, which is printed.

    Attributes:
        number: its type of numbers, as ``Float64``: what makes one of a Python number.
        header: the lines that import it.
        words: templates over ``{0}``, ``{1}`` … by op. Needed are the basic ops; one that is composed of others
            follows from its entry's ``expression``.
        truth: how the library says that a comparison holds, as ``drjit.all({})``; ``{}`` if its comparisons are
            Python's.
        evaluated: a call that ends each step of a loop, as ``drjit.eval({})``; empty for none.
    """

    scalar = True

    def __init__(
        self,
        name: str,
        number: str,
        header: str,
        words: Mapping[str, str],
        truth: str = "{}",
        evaluated: str = "",
    ) -> None:
        self.name = name
        self.number = number
        self.header = header
        self.words = words
        self.truth = truth
        plain = {name: functions("shared")[name] for name in ("_deviations", "_var")}  # arithmetic alone
        self.functions = {**plain, **functions("lists", header), **functions(name, header, package=targets.__name__)}
        self.evaluated = evaluated
        self.parts = [TABLE[part] for part in _PARTS]

    def own(self, prim: Primitive) -> str:
        return prim.array if prim.name in COMPARISONS else super().own(prim)

    def general(self, prim: Primitive) -> bool:
        return bool(self.folded(prim, ["{0}", "{1}", "{2}"]))

    def converted(self, program: ArrayProgram, numbers: Sequence[str], lines: Sequence[str]) -> str:
        return f"{self.number}({{}})"

    def statement(self, program: ArrayProgram, i: int, texts: Sequence[str]) -> tuple[str, bool]:
        statement = program.statements[i]
        found = self.listed(program, statement, texts)
        return found or self.text(program, statement, [texts[a] for a in statement.args]), bool(found)

    def listed(self, program: ArrayProgram, statement: Statement, texts: Sequence[str]) -> str:
        """A statement that only arranges numbers: a constant, a list of some, a part of one; empty for any other."""
        op, shape = statement.op, statement.shape
        args = [texts[a] for a in statement.args]
        if op == "constant":
            return number_source(statement.attrs) if shape == () else str(statement.attrs.tolist())
        if op == "broadcast" and len(shape) == 1 and shape[0] > FEW:
            return f"[{self.output(program, statement.args[0], texts)}] * {shape[0]}"
        if op in ("pack", "broadcast"):
            args = [self.output(program, a, texts) for a in statement.args]
            return _nested(args * math.prod(shape) if op == "broadcast" else args, shape)
        if op == "reshape":
            return args[0]
        if op == "concat":
            return f"[{', '.join('*' + a for a in args)}]"
        if op == "index" and any(isinstance(k, tuple) for k in statement.attrs):
            return f"{args[0]}[{slices(statement.attrs)}]"
        if op == "take":
            return f"[{args[0]}[k] for k in {statement.attrs.tolist()}]"
        return ""

    def text(self, program: ArrayProgram, statement: Statement, args: list[str]) -> str:
        """One statement that computes."""
        op, below = statement.op, [program.statements[a] for a in statement.args]
        if op == "place":
            (n,), (where,) = statement.attrs
            place = f"slice{where}" if isinstance(where, tuple) else where
            return f"_placed({args[0]}, {place}, {n}, {self.number}(0.0))"
        if op in _REDUCE:
            if _REDUCE[op] in TABLE:
                return f"functools.reduce(lambda a, b: {self.call(_REDUCE[op], 'a', 'b')}, {args[0]})"
            return _REDUCE[op].format(*args, number=self.number)
        if op == "matmul" and below[0].shape:
            return f"sum((a * b for a, b in zip({args[0]}, {args[1]})), {self.number}(0.0))"
        if op == "index" and statement.attrs == (None,):
            return f"[{args[0]}]"
        if statement.shape:
            return self.for_each(program, statement, args)
        if op == "index":
            item = f"{args[0]}{''.join(f'[{int(k)}]' for k in statement.attrs)}"
            return item if below[0].op == "result" else f"{self.number}({item})"
        if op == "matmul":  # of two numbers
            return f"{wrapped(args[0])} * {wrapped(args[1])}"
        if statement.prim is None:
            raise NotImplementedError(f"{op} in {self.name}")
        return self.applied(statement.prim, below, args)

    def applied(self, prim: Primitive, below: Sequence[Statement], args: list[str]) -> str:
        """An op of single numbers; ``below`` are the statements that its operands are."""
        ordinary = _ORDINARY.fullmatch(self.words.get(prim.name, prim.array)) is not None
        keep = ordinary and any(operand.op != "constant" for operand in below)
        for k, operand in enumerate(below):
            if prim.name == "where" and k == 0:
                args[0] = args[0] if operand.boolean else f"{wrapped(args[0])} != 0.0"
            elif operand.boolean or (operand.op == "constant" and not keep):
                args[k] = f"{self.number}({args[k]})"
        if prim.arity < 0:
            return self.folded(prim, args)
        if prim.name == "pow" and below[1].op == "constant":
            return f"{wrapped(args[0])} ** {number_source(below[1].attrs)}"
        if prim.whole >= 0:
            return self.of_whole(prim, below, args)
        return filled(self.word(prim), args)

    def for_each(self, program: ArrayProgram, statement: Statement, args: Sequence[str]) -> str:
        """An operation on lists, number by number."""
        if statement.prim is None:
            raise NotImplementedError(f"{statement.op} of arrays in {self.name}")
        shapes = [program.statements[a].shape for a in statement.args]
        lists = [k for k, shape in enumerate(shapes) if shape == statement.shape]
        args = [f"{a}[0]" if shape and k not in lists else a for k, (a, shape) in enumerate(zip(args, shapes))]
        below = [program.statements[a] for a in statement.args]
        inside = self.applied(statement.prim, below, [f"item{k}" if k in lists else a for k, a in enumerate(args)])
        items = ", ".join(f"item{k}" for k in lists)
        source = f"zip({', '.join(args[k] for k in lists)})" if len(lists) > 1 else args[lists[0]]
        return f"[{inside} for {items} in {source}]"

    def call(self, name: str, *args: str) -> str:
        """An op of the table, by name."""
        return filled(self.word(TABLE[name]), args)

    def folded(self, prim: Primitive, args: Sequence[str]) -> str:
        """A primitive of any number of operands."""
        name, half = prim.name, len(args) // 2
        if name in ("sum", "fsum", "mean", "prod", "dot", "affine"):
            return joined(name, args) or f"{self.number}({float(name == 'prod')})"
        if name in ("var", "std"):
            variance = f"_var({', '.join(args)})"
            return variance if name == "var" else self.call("sqrt", variance)
        if name in ("softmax_of", "log_softmax_of") and args:
            share = f"{args[0]} - {self.chained(_CHAINED, args)}"
            return self.call("exp", share) if name == "softmax_of" else share
        if name == "dist":
            name, args = "norm", [f"({a} - {b})" for a, b in zip(args[:half], args[half:])]
        found = {"max": "maximum", "min": "minimum", "logsumexp": _CHAINED, "norm": "hypot"}
        if name not in found or not args:
            raise refusal(prim, self.name)
        return self.chained(found[name], [self.call("abs", args[0]), *args[1:]] if name == "norm" else args)

    def chained(self, name: str, args: Sequence[str]) -> str:
        """An op of two operands, of many one after the other."""
        result = args[0]
        for arg in args[1:]:
            result = self.call(name, result, arg)
        return result

    def of_whole(self, prim: Primitive, below: Sequence[Statement], args: list[str]) -> str:
        """A function of a whole number, which has to be in the source."""
        number = below[prim.whole].attrs if below[prim.whole].op == "constant" else 0.5
        if number != int(number):
            raise NotImplementedError(
                f"{prim.name} in {self.name} takes its whole number as a constant: write it into the function"
            )
        if prim.name == "polygamma" and number == 0.0:
            return self.call("digamma", args[1])
        return filled(self.word(prim), [str(int(number)) if k == prim.whole else a for k, a in enumerate(args)])

    def output(self, program: ArrayProgram, i: int, texts: Sequence[str]) -> str:
        """A result, which is the target's number even where it is a constant."""
        statement = program.statements[i]
        single = statement.op == "constant" and not statement.shape
        return f"{self.number}({texts[i]})" if single or statement.boolean else texts[i]


def _nested(items: Sequence[str], shape: Sequence[int]) -> str:
    """The text of lists in lists."""
    for n in reversed(shape) if items else ():
        items = [f"[{', '.join(items[k : k + n])}]" for k in range(0, len(items), n)]
    return items[0] if items else "[]"
