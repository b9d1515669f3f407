"""Formulas as text, evaluated safely: numbers, the given variables, the functions of the table, and nothing else.

The text is parsed by Python's ``ast`` and walked against a whitelist; nothing is ever compiled or executed. All
numbers are floats, so that ``9**9**9`` is inf at once.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..errors import AutogradError
from ..primitives import TABLE
from ..primitives.primitive import Operand, as_float
from .spelling import WORDS, joined, respelled

__all__ = ["CONSTANTS", "ExpressionError", "evaluate"]

CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf, "nan": math.nan}

MAX_LENGTH = 10_000  # characters
MAX_DEPTH = 150  # levels of nesting
MAX_SIZE = 4_000  # nodes of the syntax tree

_BINARY: dict[type, str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.Mod: "mod",
    ast.FloorDiv: "floordiv",
}  # fmt: skip
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.Mod: operator.mod, ast.FloorDiv: operator.floordiv,
}  # fmt: skip


class ExpressionError(AutogradError, ValueError):
    """A formula that is not one, or that uses what formulas may not use; ``column`` counts from 1, 0 if unknown."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(f"{message} (column {column})" if column else message)
        self.column = column


def evaluate(source: str, variables: Mapping[str, Any] | None = None) -> Any:
    """The number that a formula stands for.

    Args:
        source: the formula, in Python's notation: ``+ - * / **``, parentheses, numbers, the constants ``pi``, ``e``,
            ``tau``, ``inf`` and ``nan``, calls of the table's functions. Functions of many numbers take them one by
            one or as lists, ``dot([x, y], [1, 2])``; a comparison may be the first argument of ``where``.
        variables: numbers or Values by name; they hide constants of the same name. None where there can be none.

    Returns:
        A Value when a Value takes part, else a float.

    Raises:
        ExpressionError: for anything else, with the column where it stands.

    >>> evaluate("9**9**9"), evaluate("hypot(3, x)", {"x": 4.0})
    (inf, 5.0)
    >>> evaluate("__import__('os')")
    Traceback (most recent call last):
        ...
    autograd_lite.cli.formula.ExpressionError: there is no function '__import__' (column 1)
    """
    if not isinstance(source, str):
        raise ExpressionError(f"a formula is a str, not {type(source).__name__}")
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"the formula has {len(source):,} characters; the limit is {MAX_LENGTH:,}")
    text = source.strip()
    if not text:
        raise ExpressionError("the formula is empty")
    tree = _parse(text)
    _measure(tree)
    walker = _Evaluator(text, variables)
    try:
        result = walker.visit(tree.body)
    except RecursionError:  # called from deep inside another program
        raise ExpressionError("the formula is nested too deeply") from None
    if isinstance(result, (bool, list)):
        raise walker.refuse(tree.body, "the result is not a number")
    return result


def _parse(text: str) -> ast.Expression:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 1if x …, "\d": the walk refuses them
            return ast.parse(text, mode="eval")
    except SyntaxError as error:
        column = error.offset or 0
        if "integer string" in str(error.msg):
            raise ExpressionError("a number of the formula has too many digits", max(column, 0)) from None
        raise ExpressionError(f"this is not a formula: {error.msg}{_meant(text)}", max(column, 0)) from None
    except (MemoryError, RecursionError):
        raise ExpressionError("the formula is nested too deeply") from None
    except ValueError as error:  # null bytes, lone surrogates
        raise ExpressionError(f"this is not a formula: {error}") from None


def _measure(tree: ast.AST) -> None:
    """Refuse what is too deep or too large, without recursion."""
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    count = 0
    while stack:
        node, depth = stack.pop()
        count += isinstance(node, ast.expr)
        if count > MAX_SIZE:
            raise ExpressionError(f"the formula has more than {MAX_SIZE:,} parts")
        if depth > MAX_DEPTH:
            raise ExpressionError(f"the formula is nested more than {MAX_DEPTH} levels deep")
        stack.extend((child, depth + (not _continues(child, node))) for child in ast.iter_child_nodes(node))


def _continues(child: ast.AST, node: ast.AST) -> bool:
    """Whether ``child`` is the beginning of a sum or product that ``node`` goes on with: a + b in a + b + c."""
    if not isinstance(child, ast.BinOp) or not isinstance(node, ast.BinOp) or child is not node.left:
        return False
    return any(isinstance(child.op, kind) and isinstance(node.op, kind) for kind in _CHAINS)


#: the operators of sums and of products: one level of nesting, however many there are
_CHAINS = ((ast.Add, ast.Sub), (ast.Mult, ast.Div))


class _Evaluator:
    """The walk over the syntax tree; what has no method here is refused."""

    def __init__(self, text: str, variables: Mapping[str, Any] | None) -> None:
        self.text = text
        self.open = variables is not None  # whether there can be variables
        self.variables = dict(variables or {})

    def column(self, node: ast.AST) -> int:
        """The character at which a node begins, from 1 (``ast`` counts bytes)."""
        lines = re.split(r"\r\n|\r|\n", self.text)
        line = lines[min(getattr(node, "lineno", 1), len(lines)) - 1]
        return len(line.encode()[: getattr(node, "col_offset", 0)].decode("utf-8", "ignore")) + 1

    def refuse(self, node: ast.AST, message: str) -> ExpressionError:
        """The error for a node."""
        return ExpressionError(message, self.column(node))

    def visit(self, node: ast.AST) -> Any:
        """The number of an expression."""
        if isinstance(node, ast.Constant):
            return self.constant(node)
        if isinstance(node, ast.Name):
            return self.name(node)
        if isinstance(node, ast.UnaryOp):
            return self.unary(node)
        if isinstance(node, ast.BinOp):
            return self.binary(node)
        if isinstance(node, ast.Call):
            return self.call(node)
        kind = _KINDS.get(type(node), type(node).__name__)
        if isinstance(node, ast.Tuple) and re.search(r"\d,\d", self.text):
            raise self.refuse(node, f"{kind} can't be part of a formula; decimals have a point, as in 1.5")
        raise self.refuse(node, f"{kind} can't be part of a formula")

    def constant(self, node: ast.Constant) -> float:
        if type(node.value) not in (int, float):
            raise self.refuse(node, f"{type(node.value).__name__} can't be part of a formula")
        try:
            return as_float(node.value, "a formula")
        except OverflowError as error:
            raise self.refuse(node, str(error)) from None

    def name(self, node: ast.Name) -> Any:
        if node.id in self.variables:
            return self.variables[node.id]
        if node.id in CONSTANTS:
            return CONSTANTS[node.id]
        if node.id in TABLE:
            raise self.refuse(node, f"{node.id} is a function: write {node.id}(…)")
        advice = f"; give it a value, as in {node.id[:20]}=1.5" if self.open else "; a number is 1.5 or pi/4, say"
        near = _nearest(node.id, [*self.variables, *CONSTANTS])
        hint = joined(node.id, self.variables) or near or (_meant(self.text) if "·" in node.id else "") or advice
        raise self.refuse(node, f"there is no variable {node.id[:40]!r}{hint}")

    def unary(self, node: ast.UnaryOp) -> Any:
        x = self.visit(node.operand)
        if isinstance(node.op, ast.USub):
            return -x
        if isinstance(node.op, ast.UAdd):
            return x
        raise self.refuse(node, "only + and - may stand before a number")

    def binary(self, node: ast.BinOp) -> Any:
        if type(node.op) not in _BINARY:
            if isinstance(node.op, ast.BitXor):
                raise self.refuse(node, f"^ is no power here: powers are written **{_meant(self.text)}")
            raise self.refuse(node, f"the operator {type(node.op).__name__} can't be part of a formula")
        chain = [node]
        while _continues(chain[-1].left, chain[-1]):
            left: Any = chain[-1].left
            chain.append(left)
        found = self.visit(chain[-1].left)
        for part in reversed(chain):
            found = self.apply(part, found)
        return found

    def apply(self, node: ast.BinOp, a: Any) -> Any:
        """The number of an operator, its left operand evaluated."""
        prim = TABLE[_BINARY[type(node.op)]]
        b = self.visit(node.right)
        try:
            if isinstance(a, Operand) or isinstance(b, Operand):
                return _OPERATORS[type(node.op)](a, b)
            return prim(a, b)  # IEEE: 1/0 is inf
        except (TypeError, ValueError, ArithmeticError) as error:
            raise self.refuse(node, str(error)) from None

    def call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name):
            hint = _meant(self.text)
            raise self.refuse(node, f"only functions of the table can be called, by their names{hint}")
        prim = TABLE.get(node.func.id)
        if prim is None and node.func.id in {**CONSTANTS, **self.variables}:
            raise self.refuse(node, f"{node.func.id[:40]} is no function{_meant(self.text)}")
        if prim is None:
            raise self.refuse(node, f"there is no function {node.func.id[:40]!r}{_nearest(node.func.id, TABLE)}")
        if node.keywords:
            raise self.refuse(node, f"{prim.name}: arguments of a formula have no names")
        if prim.name == "where" and len(node.args) == 3:
            condition, a, b = node.args
            # the branch that is not taken isn't evaluated, and has no influence on the derivative
            args = [self.condition(condition), lambda: self.visit(a), lambda: self.visit(b)]
        else:
            args = [self.argument(arg) for arg in node.args]
        try:
            return prim(*args)
        except ExpressionError:
            raise
        except (TypeError, ValueError, ArithmeticError) as error:
            raise self.refuse(node, str(error)) from None

    def argument(self, node: ast.AST) -> Any:
        """A number, or a list of numbers."""
        if isinstance(node, (ast.List, ast.Tuple)):
            return [self.visit(element) for element in node.elts]
        return self.visit(node)

    def condition(self, node: ast.AST) -> Any:
        """A comparison of two numbers, or a number."""
        if isinstance(node, ast.Compare):
            if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARE:
                raise self.refuse(node, "a condition compares two numbers with <, <=, >, >=, == or !=")
            return bool(_COMPARE[type(node.ops[0])](self.visit(node.left), self.visit(node.comparators[0])))
        return bool(self.visit(node))


_KINDS: dict[type, str] = {
    ast.Compare: "a comparison (outside where)", ast.List: "a list (outside a function of many numbers)",
    ast.Attribute: "an attribute", ast.Subscript: "an index", ast.Lambda: "lambda", ast.Tuple: "a tuple",
    ast.IfExp: "if … else, which is where(x > 0, a, b) here,",
    ast.BoolOp: "and / or", ast.NamedExpr: ":=", ast.Starred: "*", ast.JoinedStr: "a string",
    ast.Dict: "a dict", ast.Set: "a set",
}  # fmt: skip


#: what other programs call it
_ELSEWHERE = {**WORDS, "π": "pi", "PI": "pi", "E": "e"}


def _meant(text: str) -> str:
    """The advice to write a formula as Python does, with the formula."""
    better = respelled(text)
    return f"; did you mean {better} ?" if better else ""


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    usual = _ELSEWHERE.get(name, name.lower())
    found = [usual] if usual in names else difflib.get_close_matches(name[:40], names, 1)
    return f"; did you mean {found[0]}?" if found else ""
