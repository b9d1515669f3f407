"""C's words for the table: an expression, or a small function of the source's own, for every primitive.

Both keep the table's conventions at the edges (nan, infinities, signed zeros, ties), and the order of its operations:
where the C library computes what Python's ``math`` does, results are the same to the bit. ``gamma`` and ``lgamma`` are
the library's, which differ from Python's own in the last digits.
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Sequence

from ....primitives.primitive import Primitive
from ...ir.scalar_program import built_in

__all__ = [
    "ADD", "ATOM", "CHOICE", "COMPARE", "HELPERS", "MULTIPLY", "UNARY", "Text", "call", "grouped", "number",
]  # fmt: skip

#: an expression, and how strongly its outermost operator binds
Text = tuple[str, int]
CHOICE, EQUALITY, COMPARE, ADD, MULTIPLY, UNARY, ATOM = range(1, 8)

#: functions of math.h that are the table's at the edges too
_LIBRARY = {
    **{name: name for name in (
        "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "sin", "cos", "tan", "asin", "acos",
        "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "atan2", "copysign", "floor", "ceil",
        "trunc", "fmod", "remainder", "pow", "lgamma",
    )},
    "abs": "fabs",
    "gamma": "tgamma",
}  # fmt: skip

#: operators: how strongly they bind, and how strongly their operands have to
_OPERATORS: dict[str, tuple[str, int, tuple[int, ...]]] = {
    "add": ("{0} + {1}", ADD, (ADD, MULTIPLY)),
    "sub": ("{0} - {1}", ADD, (ADD, MULTIPLY)),
    "mul": ("{0} * {1}", MULTIPLY, (MULTIPLY, UNARY)),
    "div": ("{0} / {1}", MULTIPLY, (MULTIPLY, UNARY)),
    "neg": ("-{0}", UNARY, (ATOM,)),
    "reciprocal": ("1.0 / {0}", MULTIPLY, (UNARY,)),
    "degrees": ("{0} * 57.29577951308232", MULTIPLY, (MULTIPLY,)),
    "radians": ("{0} * 0.017453292519943295", MULTIPLY, (MULTIPLY,)),
    "eq": ("{0} == {1}", EQUALITY, (ADD, ADD)),
    "ne": ("{0} != {1}", EQUALITY, (ADD, ADD)),
    "lt": ("{0} < {1}", COMPARE, (ADD, ADD)),
    "le": ("{0} <= {1}", COMPARE, (ADD, ADD)),
    "gt": ("{0} > {1}", COMPARE, (ADD, ADD)),
    "ge": ("{0} >= {1}", COMPARE, (ADD, ADD)),
}

_SAME = {"identity", "pos", "stop"}
#: functions of any number of operands, which come in an array
_MANY = {"mean", "fsum", "prod", "max", "min", "norm", "std", "var", "logsumexp", "softmax_of", "log_softmax_of"}
_PAIRS = {"dist"}

#: sums of more terms are written as a loop over an array
LONGEST = 64

#: the functions of ``c_helpers.c`` by name, each after those that it calls
HELPERS: dict[str, str] = {
    text.partition("(")[0].rpartition(" ")[2]: text.strip()
    for text in re.split(
        r"\n(?=static )",
        importlib.resources.files(__package__).joinpath("c_helpers.c").read_text(encoding="ascii"),
    )[1:]
}


def number(x: float) -> Text:
    """A literal: shortest digits, a sign of its own in front of a negative zero too.

    >>> number(-0.0), number(float("inf"))[0], number(0.1)[0]
    (('-0.0', 6), 'INFINITY', '0.1')
    """
    if x != x:
        return "NAN", ATOM
    if x - x != 0.0:
        return ("INFINITY", ATOM) if x > 0.0 else ("-INFINITY", UNARY)
    text = repr(x)
    return text, UNARY if text.startswith("-") else ATOM


def grouped(text: Text, need: int) -> str:
    """The expression, in parentheses if it binds less than ``need``."""
    return text[0] if text[1] >= need else f"({text[0]})"


def call(prim: Primitive, args: Sequence[Text]) -> Text:
    """A primitive applied to expressions; comparisons are C's, whose numbers are ints.

    Raises:
        NotImplementedError: for a primitive that has no C, which is one of the user's own.
    """
    name = prim.name
    if built_in(name) is not prim and not name.startswith("heaviside"):
        raise NotImplementedError(_unknown(name))
    if name in _SAME:
        return args[0]
    if name in ("add", "sub") and ("0.0", ATOM) in args[: 2 if name == "add" else 1]:
        other = args[1] if args[0] == ("0.0", ATOM) else args[0]
        return f"ag_{'to' if name == 'add' else 'from'}_zero({other[0]})", ATOM
    if name in _OPERATORS:
        template, binding, needs = _OPERATORS[name]
        return template.format(*map(grouped, args, needs)), binding
    if name == "where":
        condition = args[0] if args[0][1] in (EQUALITY, COMPARE) else (f"{grouped(args[0], ADD)} != 0.0", EQUALITY)
        return f"{grouped(condition, EQUALITY)} ? {args[1][0]} : {grouped(args[2], CHOICE)}", CHOICE
    plain = [text for text, _ in args]
    if name in _LIBRARY:
        return f"{_LIBRARY[name]}({', '.join(plain)})", ATOM
    if name in ("sum", "dot", "affine"):
        return _sums(name, args)
    if name == "pick":
        return f"ag_pick({plain[0]}, {_array(plain[1:])}, {len(plain) - 1})", ATOM
    if name in _PAIRS:
        half = len(plain) // 2
        return f"ag_{name}({_array(plain[:half])}, {_array(plain[half:])}, {half})", ATOM
    if name in _MANY:
        return f"ag_{name}({_array(plain)}, {len(plain)})", ATOM
    if f"ag_{name}" in HELPERS or prim.expression is not None:
        return f"ag_{name}({', '.join(plain)})", ATOM
    raise NotImplementedError(_unknown(name))


def _unknown(name: str) -> str:
    return f"{name} has no C: give its entry expression=…, write it with the table's functions, or use another backend"


def _array(items: Sequence[str]) -> str:
    return f"(const double[]){{{', '.join(items) or '0.0'}}}"


def _sums(name: str, args: Sequence[Text]) -> Text:
    """Sums from left to right, as the table's; 0 + … because −0 + −0 is not what a sum of two negative zeros is."""
    if len(args) > LONGEST:
        plain = [text for text, _ in args]
        half = len(plain) // 2
        if name == "sum":
            return f"ag_sum({_array(plain)}, {len(plain)})", ATOM
        start = plain[-1] if name == "affine" else "0.0"
        return f"ag_affine({_array(plain[:half])}, {_array(plain[half : 2 * half])}, {half}, {start})", ATOM
    if name == "sum":
        terms = [grouped(arg, MULTIPLY) for arg in args]
        first = "0.0"
    else:
        half = len(args) // 2
        pairs = zip(args[:half], args[half : 2 * half])
        terms = [f"{grouped(x, MULTIPLY)} * {grouped(w, UNARY)}" for x, w in pairs]
        first = grouped(args[-1], ADD) if name == "affine" else "0.0"
    return " + ".join([first, *terms]), ADD if terms else ATOM
