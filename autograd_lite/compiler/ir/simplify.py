"""What need not be computed: identities that hold for every float, nan and infinities included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...primitives.primitive import TABLE, Primitive
from .control_ops import COMPARISONS, stop

__all__ = ["simplified"]

Builder = Any  # ``array_program.Builder``, which calls this


def simplified(builder: Builder, prim: Primitive, args: Sequence[Any]) -> Any:
    """What ``prim`` of ``args`` is without applying it, or None.

    Operands are Symbols, or floats for scalar constants. Nothing is folded that a nan or an infinity would change:
    x·0 stays, and so does x == x.
    """
    rule = _RULES.get(prim.name)
    return None if rule is None else rule(builder, *args)


def _is(x: Any, number: float) -> bool:
    return type(x) is float and x == number


def _mul(builder: Builder, a: Any, b: Any) -> Any:
    if _is(a, 1.0):
        return b
    if _is(b, 1.0):
        return a
    if _is(a, -1.0):
        return builder.elementwise(TABLE["neg"], (b,))
    if _is(b, -1.0):
        return builder.elementwise(TABLE["neg"], (a,))
    for number, x in ((a, b), (b, a)):
        if type(number) is float and type(x) is not float:
            return _scaled(builder, number, x)
    return None


def _scaled(builder: Builder, number: float, x: Any) -> Any:
    """number · (y · other) with the two numbers multiplied, when that neither overflows nor underflows.

    Also number · (z · (y · other)) if the number is small, as a count is: z may be what keeps y from overflowing.
    """
    factors = _factors(builder, x)
    inner = [_factors(builder, factor) for factor in factors] if abs(number) <= 4.0 else []
    for k, factor in enumerate(factors):
        other = builder.number(factor)
        if other is not None and 1e-100 < abs(other * number) < 1e100:
            return factors[1 - k] * (other * number)
    for k, pair in enumerate(inner):
        for j, factor in enumerate(pair):
            other = builder.number(factor)
            if other is not None and 1e-100 < abs(other * number) < 1e100:
                return factors[1 - k] * (pair[1 - j] * (other * number))
    return None


def _factors(builder: Builder, x: Any) -> list[Any]:
    """The operands of a product; none of anything else."""
    statement = builder.statements[x.id]
    return [builder.symbol(a) for a in statement.args] if statement.prim is TABLE["mul"] else []


def _add(builder: Builder, a: Any, b: Any) -> Any:
    """x + x is 2·x, exactly."""
    if type(a) is not float and type(b) is not float and a.id == b.id:
        return 2.0 * a
    return None


def _div(builder: Builder, a: Any, b: Any) -> Any:
    return a if _is(b, 1.0) else None  # and not a · (1/b), which rounds twice


def _neg(builder: Builder, x: Any) -> Any:
    """−(−x) is x, and −(c·x) is (−c)·x."""
    statement = builder.statements[x.id]
    if statement.prim is TABLE["neg"]:
        return builder.symbol(statement.args[0])
    if statement.prim is TABLE["mul"]:
        for k in (0, 1):
            number = builder.number(builder.symbol(statement.args[k]))
            if number is not None:
                return builder.symbol(statement.args[1 - k]) * -number
    return None


def _same(builder: Builder, x: Any) -> Any:
    return x


def _pow(builder: Builder, x: Any, y: Any) -> Any:
    """Small whole powers as products (correct to a rounding or two; the same at ±0, ±inf and nan)."""
    if type(y) is not float or y not in (1.0, 2.0, 3.0, 4.0):  # and not x⁰, through which an infinite adjoint is nan
        return None
    square = x * x if y >= 2.0 else x
    return x if y == 1.0 else square if y == 2.0 else square * x if y == 3.0 else square * square


def _square(builder: Builder, x: Any) -> Any:
    return x * x


def _where(builder: Builder, condition: Any, a: Any, b: Any) -> Any:
    if type(condition) is float:
        return a if condition != 0.0 else b
    if (type(a) is float and type(b) is float and a == b) or (
        type(a) is not float and type(b) is not float and a.id == b.id
    ):
        return a
    return _step(builder, condition, a, b)


def _ne(builder: Builder, a: Any, b: Any) -> Any:
    """where(c, 1, 0) != 0 is c."""
    if type(a) is float or not _is(b, 0.0):
        return None
    statement = builder.statements[a.id]
    if statement.prim is not TABLE["where"]:
        return None
    condition, one, nought = (builder.symbol(i) for i in statement.args)
    if builder.number(one) == 1.0 and builder.number(nought) == 0.0 and condition.shape == statement.shape:
        return condition
    return None


def _step(builder: Builder, condition: Any, a: Any, b: Any) -> Any:
    """where(x > 0, 1, where(x <= 0, 0, nan)), relu's partial, is one function of NumPy, JAX and PyTorch: a choice among
    constants, which has no derivative that an infinity could make nan."""
    step = TABLE.get("heaviside")
    if step is None or not _is(a, 1.0) or type(b) is float:
        return None
    outer = builder.statements[condition.id]
    inner = builder.statements[b.id]
    if outer.prim is not COMPARISONS["gt"] or inner.prim is not TABLE["where"]:
        return None
    test, zero, rest = (builder.statements[i] for i in inner.args)
    if test.prim is not COMPARISONS["le"] or test.args != outer.args:
        return None
    nought = builder.number(builder.symbol(outer.args[1]))
    if nought != 0.0 or zero.op != "constant" or zero.attrs != 0.0 or rest.op != "constant" or rest.attrs == rest.attrs:
        return None
    found = builder.elementwise(step, (builder.symbol(outer.args[0]), 0.0)[: step.arity])
    return builder.elementwise(stop, (found,))


def _single(builder: Builder, *args: Any) -> Any:
    """The sum, the product, the largest of one number is that number."""
    return args[0] if len(args) == 1 else None


_RULES: dict[str, Any] = {
    **dict.fromkeys(("sum", "fsum", "mean", "prod", "max", "min"), _single),
    "add": _add,
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "pow": _pow,
    "square": _square,
    "where": _where,
    "ne": _ne,
    "identity": _same,
    "pos": _same,
}
