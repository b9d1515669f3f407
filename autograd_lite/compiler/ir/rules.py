"""What need not be computed: one table of rules, for programs of numbers and for programs of arrays.

A rule holds for every float, nan and infinities included, and so do its derivatives, up to rounding: x·0 stays, and so
does x == x.
"""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ...primitives.primitive import TABLE, Primitive
from .control_ops import COMPARISONS, stop

__all__ = ["ALWAYS", "CHOICES", "COMPLETE", "LITERALS", "NUMPY", "Rule", "Rules"]

#: pattern -> replacement, and when; x, y, z are any operands, c and d numbers, t is a comparison
ALWAYS_TEXT = """
    1 * x                  -> x
    -1 * x                 -> -x
    c * (d * x)            -> x * (d * c)           if moderate(d * c)
    c * (y * (d * x))      -> y * (x * (d * c))     if abs(c) <= 4 and moderate(d * c)
    x + x                  -> 2 * x
    x / 1                  -> x
    -(-x)                  -> x
    -(c * x)               -> x * -c
    x ** 2                 -> x * x
    x ** 3                 -> x * x * x
    x ** 4                 -> (x * x) * (x * x)
    square(x)              -> x * x
    identity(x)            -> x
    pos(x)                 -> x
    sum(x)                 -> x
    fsum(x)                -> x
    mean(x)                -> x
    prod(x)                -> x
    max(x)                 -> x
    min(x)                 -> x
    where(z, x, x)         -> x
    where(t, 1, 0) != 0    -> t
    where(x > 0, 1, where(x <= 0, 0, nan)) -> stop(heaviside(x, 0))
    where(x >= 0, y, nan) / (x + 0) -> div(y, x)    if unsigned(x)
"""

#: what is done before a program is lifted, too: the derivatives of squares are full of first powers
CHOICES_TEXT = "where(c, x, y) -> x if c != 0 else y\nx ** 1 -> x"

#: x⁰ is 1 of every float, but no constant while derivatives are still to be taken: an infinite adjoint that passes it
#: is nan, as in eager code. Second derivatives of squares are full of them.
COMPLETE_TEXT = "x ** 0 -> 1.0"

#: NumPy has a vector loop for sign, and x is not needed any more when its relu is known, which then is written over it
NUMPY_TEXT = "heaviside(x, 0) -> sign(relu(x)) if known(relu(x))"

_OPERATORS = {
    ast.Mult: "mul", ast.Add: "add", ast.Div: "div", ast.Pow: "pow", ast.USub: "neg", ast.Gt: "gt", ast.LtE: "le",
    ast.GtE: "ge", ast.NotEq: "ne",
}  # fmt: skip
_NUMBERS = ("c", "d")
#: the numbers that patterns have
LITERALS = {-1.0, 0.0, 1.0, 2.0, 3.0, 4.0}
#: the operands of a pattern, at most
LONGEST = 3

#: the pattern of a statement: its op, and the patterns of its operands; a name, or a number
Pattern = tuple[str, tuple[Any, ...]]


def same(a: Any, b: Any) -> bool:
    """Whether two operands are one: the very statement, or the same number."""
    if type(a) is float or type(b) is float:
        return type(a) is type(b) and repr(a) == repr(b)
    return bool(a.id == b.id)


def moderate(x: float) -> bool:
    """Whether a product of two numbers neither overflows nor underflows."""
    return 1e-100 < abs(x) < 1e100


#: what is never negative nor -0, whatever the operands are; and what isn't, if none of them is
_UNSIGNED = {"exp", "abs", "sigmoid", "softplus", "square", "cosh", "norm_pdf", "norm_cdf", "logistic_pdf"}
_KEEPS = {"add", "sum", "mul", "div", "mean", "max", "sqrt"}
#: operands in operands that are looked at
_DEPTH = 6


def unsigned(x: Any, view: View, depth: int = _DEPTH) -> bool:
    """Whether a number is surely neither negative nor -0; nan it may be."""
    if type(x) is float:
        return math.copysign(1.0, x) > 0.0
    below = view.below(x)
    if below is not None:
        return depth > 0 and unsigned(below, view, depth - 1)
    name, operands = view.op(x), view.operands(x) if view.op(x) else ()
    if name in _UNSIGNED or (name == "mul" and same(*operands)):
        return True
    return name in _KEEPS and depth > 0 and all(unsigned(a, view, depth - 1) for a in operands)


class Rule:
    """One line of the table.

    Attributes:
        text: the line.
        name: the op of the pattern; ``operands`` those of it.
        replacement, condition: functions of the names in the pattern.
    """

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        pattern, rest = self.text.split(" -> ")
        replacement, _, condition = rest.partition(" if ") if " else " not in rest else (rest, "", "")
        self.patterns = _patterns(ast.parse(pattern, mode="eval").body)
        names = sorted({n.id for n in ast.walk(ast.parse(pattern)) if isinstance(n, ast.Name) and len(n.id) == 1})
        scope = {**TABLE, "stop": stop, "moderate": moderate}
        self.replacement: Callable[..., Any] = eval(f"lambda {', '.join(names)}: {replacement}", scope)
        self.condition: Callable[..., Any] | None = None
        if condition:
            self.condition = eval(f"lambda known, unsigned, {', '.join(names)}: {condition}", scope)


def _patterns(node: ast.expr) -> list[Any]:
    """The patterns of an expression: of a product, with its factors in either order."""
    if isinstance(node, ast.Name):
        return [math.nan if node.id == "nan" else node.id]
    if isinstance(node, ast.Constant):
        return [float(node.value)]  # type: ignore[arg-type]
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return [-float(node.operand.value)]  # type: ignore[arg-type]
    if isinstance(node, ast.BinOp):
        name, operands = _OPERATORS[type(node.op)], [node.left, node.right]
    elif isinstance(node, ast.UnaryOp):
        name, operands = _OPERATORS[type(node.op)], [node.operand]
    elif isinstance(node, ast.Compare):
        name, operands = _OPERATORS[type(node.ops[0])], [node.left, node.comparators[0]]
    else:
        assert isinstance(node, ast.Call)
        name, operands = node.func.id, node.args  # type: ignore[attr-defined]
    found = [(name, given) for given in itertools.product(*map(_patterns, operands))]
    return found + [(name, given[::-1]) for _, given in found] if name == "mul" else found


class View(Protocol):
    """A program that patterns are looked for in."""

    def op(self, x: Any) -> str:
        """The primitive that gives a number, by name; empty for what is none."""

    def operands(self, x: Any) -> Sequence[Any]:
        """The operands of that primitive."""

    def below(self, x: Any) -> Any:
        """The array whose numbers an array has, or adds up; None for what is none."""


class Rules:
    """A part of the table.

    Attributes:
        rules: its lines.
        heads: the ops that patterns begin with; those ``alone`` do with any operand, those ``with_numbers`` beside a
            number of the pattern.

    >>> [rule.text for rule in Rules.read("x + x -> 2 * x").rules]
    ['x + x -> 2 * x']
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = list(rules)
        patterns = [pattern for rule in rules for pattern in rule.patterns]
        self.heads = {head for head, _ in patterns}
        self.alone = {head for head, operands in patterns if len(operands) == 1 and type(operands[0]) is str}
        self.with_numbers = {head for head, operands in patterns if float in map(type, operands)}
        self._chosen: dict[tuple[str, tuple[bool, ...]], list[tuple[tuple[Any, ...], Rule]]] = {}

    @staticmethod
    def read(text: str) -> Rules:
        """The rules of a text, one a line."""
        return Rules([Rule(line) for line in text.strip().splitlines()])

    def chosen(self, name: str, kinds: tuple[Any, ...]) -> list[tuple[tuple[Any, ...], Rule]]:
        """The patterns for an op whose operands are of these kinds: the op that gives one; for a number None, or the
        number itself if a pattern may have it.
        """

        def fits(pattern: Any, kind: Any) -> bool:
            if type(pattern) is tuple:
                return bool(pattern[0] == kind)
            if type(pattern) is float:
                return bool(pattern == kind)
            number = type(kind) is not str
            return not number and kind in COMPARISONS if pattern == "t" else number or pattern not in _NUMBERS

        found = self._chosen.get((name, kinds))
        if found is None:
            found = self._chosen[name, kinds] = [
                (operands, rule)
                for rule in self.rules
                for head, operands in rule.patterns
                if head == name and len(operands) == len(kinds) and all(map(fits, operands, kinds))
                if len(set(zip(operands, kinds))) == len(set(operands))  # x and x are of one kind
            ]
        return found

    def simpler(self, prim: Primitive, args: Sequence[Any], view: View, count: int | None = None) -> Any:
        """What ``prim`` of ``args`` is without applying it, or None.

        Args:
            args: floats, and whatever stands for other numbers.
            view: the program that these are of.
            count: how many statements there are, which are known; without it, conditions are taken to hold, and what
                is returned is the rule.
        """
        if prim.name not in self.heads or len(args) > LONGEST:
            return None
        kinds = tuple([(x if x in LITERALS else None) if type(x) is float else view.op(x) for x in args])
        for operands, rule in self.chosen(prim.name, kinds):
            found = _matched(operands, args, view)
            if found is None:
                continue
            if count is None:
                return rule
            if rule.condition is None or rule.condition(lambda x: x.id < count, lambda x: unsigned(x, view), **found):
                return rule.replacement(**found)
        return None


def _matched(operands: tuple[Any, ...], args: Sequence[Any], view: View) -> dict[str, Any] | None:
    """What the names of a pattern stand for; None if the operands are not of that pattern."""
    bound: dict[str, Any] = {}
    pending = list(zip(operands, args))
    while pending:
        pattern, x = pending.pop()
        kind, number = type(pattern), type(x) is float
        if kind is str:
            if pattern in _NUMBERS and not number:
                return None
            if pattern == "t" and (number or view.op(x) not in COMPARISONS):
                return None
            if not same(bound.setdefault(pattern, x), x):
                return None
        elif kind is float:
            if not number or not (x == pattern or (x != x and pattern != pattern)):
                return None
        elif number or view.op(x) != pattern[0]:
            return None
        else:
            inner = view.operands(x)
            if len(inner) != len(pattern[1]):
                return None
            pending += zip(pattern[1], inner)
    return bound


ALWAYS, CHOICES, COMPLETE, NUMPY = map(
    Rules.read, (ALWAYS_TEXT + CHOICES_TEXT, CHOICES_TEXT, COMPLETE_TEXT, NUMPY_TEXT)
)
