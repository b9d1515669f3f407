"""Primitives that only programs have: comparisons, and stops, which no derivative passes."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from ...primitives.arithmetic import where
from ...primitives.primitive import Primitive, primitive

__all__ = ["COMPARISONS", "pick", "read", "stop"]


def _comparison(name: str, sign: str, latex: str, test: Callable[[Any, Any], Any]) -> Primitive:
    def fn(a: float, b: float) -> float:
        return 1.0 if test(a, b) else 0.0

    fn.__name__ = name
    fn.__doc__ = f"1 where a {sign} b, else 0; a step, so that both partials are 0."
    make = primitive(
        lambda out, a, b: (0.0, 0.0),
        text=f"{{0}} {'=' if sign == '==' else sign} {{1}}",
        latex=f"{{0}} {latex} {{1}}",
        array=f"{{0}} {sign} {{1}}",
        precedence=0,
    )
    made = make(fn)
    made.passive = True
    return made


#: comparisons by the name of their method: 1.0 or 0.0 in a scalar program, booleans in an array program
COMPARISONS: dict[str, Primitive] = {
    "eq": _comparison("eq", "==", "=", operator.eq),
    "ne": _comparison("ne", "!=", r"\neq", operator.ne),
    "lt": _comparison("lt", "<", "<", operator.lt),
    "le": _comparison("le", "<=", r"\leq", operator.le),
    "gt": _comparison("gt", ">", ">", operator.gt),
    "ge": _comparison("ge", ">=", r"\geq", operator.ge),
}


@primitive(lambda out, x: (0.0,), text="stop({0})", latex="{0}", array="{0}")
def stop(x: float) -> float:
    """The number itself, as a constant: what ``detach()`` gives."""
    return x


@primitive(lambda out, x: (0.0,))
def read(x: float) -> float:
    """The number itself, as plain code has it: what ``.data`` gives. A program's is a ``stop``."""
    return x


def _picked(out: Any, index: Any, *row: Any) -> tuple[Any, ...]:
    return (0.0, *[where(index == float(k), 1.0, 0.0) for k in range(len(row))])


@primitive(_picked, text="pick({args})", latex=r"\operatorname{{pick}}\left({args}\right)")
def pick(index: float, *row: float) -> float:
    """``row[index]``: how a program indexes by an integer that is an input, a class label say; nan outside the row.

    Its derivative is 1 for the number picked and 0 for the others. Guards make sure that the index is in the row.
    """
    return row[int(index)] if 0.0 <= index < len(row) else math.nan


stop.passive = read.passive = pick.choice = True
