"""Local derivatives as formulas: a primitive's own rule, run on symbols instead of numbers.

∂f₂/∂f₁ of f₂ = f₁² comes out as 2 · f₁, because the rule of ``pow`` says so. Where a rule decides between cases, the
case is that of the recorded point.
"""

from __future__ import annotations

from typing import Any

from ..engine.sweeps import Node
from ..primitives.operators import Operators
from ..primitives.primitive import TABLE, Primitive
from .expressions import Phrase, phrase_of_call, phrase_of_number
from .outline import Line, Outline
from .symbols import Symbol

__all__ = ["Formula", "local_formulas", "phrase_of_formula"]

_LARGEST = 40  # symbols and operations; a longer formula explains nothing
_WIDEST = 12  # operands of an op whose rule is run


class _TooLong(Exception):
    """A formula got longer than anyone would read."""


class Formula(Operators):
    """A symbol, or a primitive applied to formulas and numbers; it carries its number, so that rules can compare.

    Attributes:
        number: its value at the recorded point.
        symbol: the name of a symbol, None for an application.
        primitive, args: what is applied, and to what.
        size: symbols and operations in it.
    """

    __slots__ = ("args", "number", "primitive", "size", "symbol")

    size: int

    def __init__(
        self,
        number: float,
        symbol: Symbol | None = None,
        primitive: Primitive | None = None,
        args: tuple[Any, ...] = (),
    ) -> None:
        self.number = number
        self.symbol = symbol
        self.primitive = primitive
        self.args = args
        self.size = 1 + sum(arg.size for arg in args if isinstance(arg, Formula))
        if self.size > _LARGEST:
            raise _TooLong

    def _apply(self, primitive: Any, args: tuple[Any, ...]) -> Any:
        return _made(primitive, args)

    def __eq__(self, other: object) -> bool:
        return bool(self.number == _number(other))

    def __ne__(self, other: object) -> bool:
        return bool(self.number != _number(other))

    def __lt__(self, other: Any) -> bool:
        return bool(self.number < _number(other))

    def __le__(self, other: Any) -> bool:
        return bool(self.number <= _number(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.number > _number(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.number >= _number(other))

    __hash__ = None  # type: ignore[assignment]


def _number(x: Any) -> Any:
    return x.number if isinstance(x, Formula) else x


def _made(primitive: Primitive, args: tuple[Any, ...]) -> Any:
    """The application, without what changes nothing: times 1, plus 0, to the power of 1."""
    name = primitive.name if primitive.is_ours else ""
    a, b = args[0], args[-1]
    if name in ("identity", "pos") or (name in ("mul", "div", "pow") and _is(b, 1.0)):
        return a
    if name == "mul" and _is(a, 1.0):
        return b
    if name == "mul" and (_is(a, 0.0) or _is(b, 0.0)):
        return 0.0
    if name == "mul" and (_is(a, -1.0) or _is(b, -1.0)):
        return _made(TABLE["neg"], (b if _is(a, -1.0) else a,))
    if name in ("add", "sub") and _is(b, 0.0):
        return a
    if name == "add" and _is(a, 0.0):
        return b
    if name == "neg" and isinstance(a, Formula) and a.primitive is TABLE["neg"]:
        return a.args[0]
    if name == "mul" and not isinstance(b, Formula):
        return _made(primitive, (b, a))  # 2 · x rather than x · 2
    return Formula(primitive.fn(*[float(_number(arg)) for arg in args]), None, primitive, args)


def _is(x: Any, number: float) -> bool:
    return not isinstance(x, Formula) and x == number


def local_formulas(seen: Outline, line: Line) -> list[Any]:
    """∂node/∂operand as a formula, for each of ``line.operands``.

    Returns:
        For each operand a Formula, or a float where the derivative is constant, or None where there is none to show
        (the rule can't be run on symbols, or the formula is too long).
    """
    try:
        return _formulas(seen, line)
    except Exception:  # a user's rule may do anything with its arguments; the number is shown in any case
        return [None] * len(line.operands)


def _formulas(seen: Outline, line: Line) -> list[Any]:
    known: dict[int, Any] = {}
    for node in _folded_below(seen, line):
        args = [_argument(seen, known, arg) for arg in node.args]
        known[id(node)] = Formula(seen.number(node), None, node.op, tuple(args))
    known[id(line.node)] = Formula(seen.number(line.node), seen.symbol(line.node))
    totals: dict[int, Any] = {}
    stack: list[tuple[Any, Any]] = [(line.node, 1.0)]
    while stack:
        node, factor = stack.pop()
        args = [_argument(seen, known, arg) for arg in node.args]
        if len(args) > _WIDEST:
            raise _TooLong
        for arg, partial in zip(node.args, node.op.partials(known[id(node)], *args)):
            if not isinstance(arg, Node):
                continue
            way = factor * partial
            if id(arg) in seen.folded:
                stack.append((arg, way))
            else:
                totals[id(arg)] = totals[id(arg)] + way if id(arg) in totals else way
    return [totals.get(id(operand)) for operand in line.operands]


def _folded_below(seen: Outline, line: Line) -> list[Any]:
    """The folded nodes of a line, operands before their consumers."""
    found: list[Any] = []
    stack = [line.node]
    while stack:
        inner = [arg for arg in stack.pop().args if isinstance(arg, Node) and id(arg) in seen.folded]
        found += inner
        stack += inner
    return found[::-1]


def _argument(seen: Outline, known: dict[int, Any], arg: Any) -> Any:
    if not isinstance(arg, Node):
        return arg
    if id(arg) not in known:
        node: Any = arg
        known[id(arg)] = Formula(seen.number(node), seen.symbol(arg))
    return known[id(arg)]


def phrase_of_formula(formula: Any, style: str = "text") -> Phrase:
    """A formula in words; at most ``_LARGEST`` deep, so it may recurse."""
    if not isinstance(formula, Formula):
        return phrase_of_number(float(formula), style)
    if formula.symbol is not None:
        return Phrase(formula.symbol.runs() if style == "text" else [("var", formula.symbol.latex)])
    assert formula.primitive is not None
    return phrase_of_call(formula.primitive, [phrase_of_formula(arg, style) for arg in formula.args], style)
