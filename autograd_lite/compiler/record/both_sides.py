"""Both sides of a branch, evaluated from the source: what is known to have no effects, and gives numbers either way.

An ``if`` on a number of a recording goes one way. Where both of its sides do nothing but calculate, they are evaluated
here, each from the variables as they are, and what differs afterwards is chosen by ``where``. What isn't known to be
free of effects is never called: the branch is Python's, then, and a guard.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import operator
from collections.abc import Callable, Sequence
from types import FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

import numpy as np

from ...engine.methods import method_names
from ...engine.observers import without_observers
from ...engine.tape import used_by
from ...engine.value import Value, record
from ...primitives.primitive import TABLE, Primitive
from ..ir.control_ops import COMPARISONS
from .choosing import Elementwise
from .code import is_library
from .truth import Truth, kind_of

__all__ = ["Branch", "Names", "Unclear"]

#: functions that call each other are followed so far
DEEPEST = 4
#: and so many statements
LONGEST = 500

_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.Mod: operator.mod, ast.FloorDiv: operator.floordiv, ast.USub: operator.neg,
    ast.UAdd: operator.pos, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Is: operator.is_, ast.IsNot: operator.is_not,
}  # fmt: skip

#: what may be calculated with; their classes are Python's and NumPy's, and have no effects
_NUMBERS = (int, float, bool, np.float64, np.int64)
_CONTAINERS = (list, tuple, dict, np.ndarray)
_STORED = (*_NUMBERS, *_CONTAINERS, str, type(None), FunctionType, MemberDescriptorType, Value)
_METHODS = {*method_names(), "detach"}
#: looked up when asked: ``max`` chooses while a function is recorded
_BUILTINS = ("abs", "min", "max", "pow", "len", "float")

_SUMS = (TABLE["add"], TABLE["sub"])

#: a block that comes to its end, or to ``continue``
NEXT: Any = object()
#: a variable that differs and is no number
_UNKNOWN: Any = object()


class Unclear(Exception):  # never seen by users
    """What isn't known to be free of effects, or is of another kind on the other side."""


class Names(dict[str, Any]):
    """The variables of a function, and where else its names are looked up.

    Attributes:
        own: the names that are local variables, bound or not.
    """

    def __init__(self, found: dict[str, Any], code: Any, namespace: dict[str, Any]) -> None:
        super().__init__(found)
        self.own = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
        self.globals = namespace

    def copy(self) -> Names:
        made = Names.__new__(Names)
        made.update(self)
        made.own, made.globals = self.own, self.globals
        return made

    def __missing__(self, name: str) -> Any:
        if name in self.own:
            raise Unclear
        return self.globals[name] if name in self.globals else vars(builtins)[name]


def _same(x: Any, y: Any) -> bool:
    return x is y or (type(x) is float is type(y) and repr(x) == repr(y))


def _is_ours(x: Any) -> bool:
    return isinstance(x, Value) and type(x).__module__.startswith("autograd_lite.")


def _number(x: Any) -> Any:
    if type(x) not in _NUMBERS and not _is_ours(x):
        raise Unclear
    return x


def _plain(x: Any) -> Any:
    """A number, or a list or tuple of such."""
    return type(x)(map(_number, x)) if type(x) in (list, tuple) else _number(x)


class Branch:
    """One evaluation.

    Args:
        tracer: of the recording.
        strict: whether both sides have to be of one kind, Values say.
        written: the body of a function; None if it isn't known.
    """

    def __init__(self, tracer: Any, strict: bool, written: Callable[[Any], Sequence[ast.stmt] | None]) -> None:
        self.tracer = tracer
        self.strict = strict
        self.written = written
        self.depth, self.left = 0, LONGEST

    # --- statements -----------------------------------------------------------------------------------------------

    def run(self, body: Sequence[ast.stmt], names: Names) -> Any:
        """What a block returns; ``NEXT`` if it returns nothing. ``names`` are its variables, before and after."""
        for k, statement in enumerate(body):
            self.left -= 1
            if self.left < 0:
                raise Unclear
            match statement:
                case ast.Assign(targets=targets, value=value):
                    found = self.value(value, names)
                    for target in targets:
                        self._bind(target, found, names)
                case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                    names[name] = self._applied(op, self.read(name, names), self.value(value, names))
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    self._bind(target, self.value(value, names), names)
                case ast.Return(value=value):
                    return None if value is None else self.value(value, names)
                case ast.Continue():
                    return NEXT
                case ast.If(test=test):
                    return self.forked(self.truth(test, names), statement, body[k + 1 :], names)
                case ast.Pass() | ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    raise Unclear
        return NEXT

    def forked(self, test: Any, fork: ast.If, rest: Sequence[ast.stmt], names: Names) -> Any:
        """An ``if`` and what comes after it, which both sides go on to unless one of them leaves."""
        if not isinstance(test, Value):
            return self.run([*(fork.body if test else fork.orelse), *rest], names)
        leaves = any(isinstance(node, (ast.Return, ast.Continue)) for node in ast.walk(fork))
        after = rest if leaves else ()
        sides = names.copy(), names.copy()
        found = [self.run([*part, *after], side) for part, side in zip((fork.body, fork.orelse), sides)]
        if NEXT is not found[0] and NEXT is not found[1]:
            return self.either(test, *found)
        if found[0] is not found[1]:
            raise Unclear
        for name in dict.fromkeys([*sides[0], *sides[1]]):
            a, b = (side.get(name, _UNKNOWN) for side in sides)
            try:
                names[name] = a if a is b else self.either(test, a, b)
            except Unclear:
                names[name] = _UNKNOWN
        return NEXT if leaves else self.run(rest, names)

    def _bind(self, target: ast.expr, found: Any, names: Names) -> None:
        if isinstance(target, ast.Name):
            names[target.id] = found
        elif isinstance(target, ast.Tuple) and type(found) in (list, tuple) and len(found) == len(target.elts):
            for part, item in zip(target.elts, found):
                self._bind(part, item, names)
        else:
            raise Unclear

    # --- choices --------------------------------------------------------------------------------------------------

    def either(self, test: Any, a: Any, b: Any) -> Any:
        """``a`` where the test holds, else ``b``."""
        if a is b or (type(a) is type(b) and isinstance(a, (*_NUMBERS, str)) and repr(a) == repr(b)):
            return a
        if type(a) is type(b) is tuple and len(a) == len(b):
            return tuple([self.either(test, *pair) for pair in zip(a, b)])
        kinds = [self.tracer.kind(x) if isinstance(x, Value) else type(x) for x in map(_number, (a, b))]
        if self.strict and (kinds[0] is not kinds[1] or not (isinstance(a, Value) and isinstance(b, Value))):
            raise Unclear
        with without_observers("cuts"):  # as in Python, the number that is chosen keeps its derivative
            made = self._added(test, a, b)
            made = self.tracer.choose(test, a, b) if made is None else made
        if kinds.count(None) == 1:  # of a Value and a plain number
            self.tracer.mixed[id(made)] = made
        return made

    def _added(self, test: Any, a: Any, b: Any) -> Any:
        """``if test: total += x`` as ``total + where(test, x, -0.0)``, which is a sum as without the test, bit by bit;
        None if neither side is the other one and a number more.
        """
        for k, (more, total) in enumerate(((a, b), (b, a))):
            if not isinstance(more, Value) or kind_of(more) is not None or more._prim not in _SUMS:
                continue
            x, y = used_by(more)
            prim: Any = more._prim
            if _same(x, total) or (prim is TABLE["add"] and _same(y, total)):
                term, none = y if _same(x, total) else x, -0.0 if prim is TABLE["add"] else 0.0
                return prim(total, self.tracer.choose(test, *((none, term) if k else (term, none))))
        return None

    def truth(self, node: ast.expr, names: Names) -> Any:
        """Whether a condition holds: a bool, or a comparison of the recording."""
        match node:
            case ast.BoolOp(op=op, values=values):
                found: Any = isinstance(op, ast.And)
                for value in values:
                    if not isinstance(found, Value) and bool(found) is not isinstance(op, ast.And):
                        break
                    part = self.truth(value, names)
                    found = part if not isinstance(found, Value) else self._joined(op, found, part)
                return found
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                found = self.truth(operand, names)
                return self._compared("eq", found, 0.0) if isinstance(found, Value) else not found
        found = self.value(node, names)
        if isinstance(found, Value):
            return found if isinstance(found, Truth) else self._compared("ne", _number(found), 0.0)
        if type(found) not in (*_NUMBERS, str, type(None), *_CONTAINERS[:3]):
            raise Unclear
        return bool(found)

    def _joined(self, op: ast.boolop, a: Any, b: Any) -> Any:
        b = b if isinstance(b, Value) else bool(b)
        return a & b if isinstance(op, ast.And) else a | b

    def _compared(self, how: str, a: Any, b: Any) -> Any:
        return self.tracer.twin(record(COMPARISONS[how], (a, b)), Truth)

    # --- expressions ----------------------------------------------------------------------------------------------

    def value(self, node: ast.expr, names: Names) -> Any:
        """What an expression gives."""
        match node:
            case ast.Name(id=name):
                return self.read(name, names)
            case ast.Constant(value=value):
                return value
            case ast.BinOp(left=left, op=op, right=right):
                return self._applied(op, self.value(left, names), self.value(right, names))
            case ast.UnaryOp(op=ast.Not()):
                return self.truth(node, names)
            case ast.UnaryOp(op=op, operand=operand):
                return self._applied(op, self.value(operand, names))
            case ast.Compare():
                return self._comparison(node, names)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                asked = self.truth(test, names)
                if not isinstance(asked, Value):
                    return self.value(body if asked else orelse, names)
                return self.either(asked, self.value(body, names), self.value(orelse, names))
            case ast.Tuple(elts=items) | ast.List(elts=items):
                made = [self.value(item, names) for item in items]
                return tuple(made) if isinstance(node, ast.Tuple) else made
            case ast.Attribute(value=base, attr=name):
                return self._attribute(self.value(base, names), name)
            case ast.Subscript(value=base, slice=index):
                return self._item(self.value(base, names), self.value(index, names))
            case ast.Call(func=func, args=args, keywords=keywords):
                named = {word.arg or "": self.value(word.value, names) for word in keywords}
                return self._called(self.value(func, names), [self.value(arg, names) for arg in args], named)
        raise Unclear

    def read(self, name: str, names: Names) -> Any:
        found = names[name]
        if found is _UNKNOWN:
            raise Unclear
        return found

    def _applied(self, op: ast.operator | ast.unaryop, *operands: Any) -> Any:
        function = _OPERATORS.get(type(op))
        if function is None:
            raise Unclear
        return function(*map(_number, operands))

    def _comparison(self, node: ast.Compare, names: Names) -> Any:
        left, found = self.value(node.left, names), None
        for op, operand in zip(node.ops, node.comparators):
            right = self.value(operand, names)
            if isinstance(op, (ast.Is, ast.IsNot)):
                if left is not None and right is not None:
                    raise Unclear
            elif not all(type(x) in (str, type(None)) for x in (left, right)):
                _number(left), _number(right)
            if type(op) not in _OPERATORS:
                raise Unclear
            part = _OPERATORS[type(op)](left, right)
            found = self._joined(ast.And(), found, part) if isinstance(found, Value) else part
            if not isinstance(found, Value) and not found:
                break
            left = right
        return found

    def _attribute(self, base: Any, name: str) -> Any:
        if isinstance(base, ModuleType):
            return getattr(base, name) if is_library(base.__name__) else vars(base)[name]
        if _is_ours(base):
            if name == "data" and id(base) not in self.tracer.mixed:
                return self.tracer.softly(base)
            if name in _METHODS or name == "item":
                return getattr(base, name)
            raise Unclear
        kind: Any = type(base)
        if kind.__getattribute__ is not object.__getattribute__ or hasattr(kind, "__getattr__"):
            raise Unclear
        found = inspect.getattr_static(base, name)  # a property is not called
        if isinstance(found, _STORED) or vars(base).get(name) is found:
            return getattr(base, name)
        raise Unclear

    def _item(self, base: Any, index: Any) -> Any:
        ours = type(base) in _CONTAINERS or type(base).__module__.startswith("autograd_lite.")
        if not ours or type(index) not in (int, str):
            raise Unclear
        return base[index]

    def _called(self, function: Any, args: list[Any], named: dict[str, Any]) -> Any:
        if isinstance(function, (FunctionType, MethodType)) and not _is_ours(getattr(function, "__self__", None)):
            return self._function(function, args, named)
        args = [*map(_plain, args)]
        if named:
            raise Unclear
        owner = getattr(function, "__self__", None)
        read = [owner] if _is_ours(owner) and function.__name__ == "item" else args if function is float else []
        if len(read) == 1 and isinstance(read[0], Value) and id(read[0]) not in self.tracer.mixed:
            return self.tracer.softly(read[0])
        known = (
            isinstance(function, (np.ufunc, Elementwise))
            or (_is_ours(owner) and function.__name__ in _METHODS)
            or (isinstance(function, Primitive) and TABLE.get(function.name) is function)
            or any(function is vars(builtins)[name] for name in _BUILTINS)
            or getattr(function, "__module__", "") == "math"
        )
        if not known:
            raise Unclear
        return function(*args)

    def _function(self, function: Any, args: list[Any], named: dict[str, Any]) -> Any:
        """What a user's function gives, which is evaluated likewise."""
        plain = getattr(function, "__func__", function)
        known = type(plain) is FunctionType and not is_library(plain.__module__)
        body = self.written(plain) if known else None
        if body is None or self.depth == DEEPEST:
            raise Unclear
        found = inspect.getcallargs(function, *args, **named)
        for name, cell in zip(plain.__code__.co_freevars, plain.__closure__ or ()):
            found[name] = cell.cell_contents
        self.depth += 1
        result = self.run(body, Names(found, plain.__code__, plain.__globals__))
        self.depth -= 1
        return None if result is NEXT else result
