"""Expressions of statements in the array libraries' own words."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...primitives.primitive import TABLE, Primitive
from ..ir.array_program import Statement
from ..ir.control_ops import COMPARISONS
from .positions import positions_source
from .target import refusal
from .texts import LITERAL, filled, wrapped
from .words import INEXACT, NARY, WORDS

__all__ = ["Dialect", "expression"]


class Dialect:
    """How a library writes what is not the same everywhere.

    Attributes:
        name: "numpy", "jax" or "torch".
        module: the name the library is imported under.
        header: the lines that import it.
        array: what makes an array of lists; ``dtype`` the argument that makes it one of doubles.
        tensor: what makes an operand of a number, as a template.
    """

    def __init__(
        self, name: str, module: str, header: str, array: str = "array", dtype: str = "", tensor: str = "{}"
    ) -> None:
        self.name = name
        self.module = module
        self.header = header
        self.words = WORDS.get(name, {})
        self.array = f"{module}.{array}"
        self.dtype = dtype
        self.tensor = tensor

    def word(self, prim: Primitive) -> str:
        """The source template of a primitive; NotImplementedError if there is none."""
        found = self.own(prim)
        slots = ", ".join(f"{{{i}}}" for i in range(max(prim.arity, 0)))
        if found:
            return found if self.name == "numpy" else re.sub(r"\bnp\.", f"{self.module}.", found)
        if prim.expression is not None:
            return f"_{prim.name}({slots})"
        if self.name == "numpy":
            return f"_op_{prim.name}({slots or '*{args}'})"
        raise refusal(prim, self.name)

    def own(self, prim: Primitive) -> str:
        """The library's own word, or the entry's notation in NumPy; empty where it has neither."""
        found = self.words.get(prim.name, prim.array)
        return found if self.name == "numpy" or "_np_" not in found else ""

    def how(self, prim: Primitive) -> str:
        """Where its words for an op come from; NotImplementedError if there are none."""
        if prim.arity < 0 and prim.name in NARY:
            return "the general form of any number of operands"
        if prim.name in self.words:
            return "its own word"
        if self.own(prim):
            return "the entry's notation in NumPy"
        self.word(prim)
        return "the entry's expression" if prim.expression is not None else "the float function, number by number"

    def composes(self, prim: Primitive) -> bool:
        """Whether an op is written as a function of simpler ones."""
        return prim.expression is not None and not self.own(prim) and prim.name not in NARY


#: x ** 0.5 by NumPy's square root, several times faster than its power
HALF_POWER = "np.sqrt(np.where({0} == -np.inf, np.inf, {0} + 0.0))"


def on_tensors(text: str) -> str:
    """PyTorch's functions of several tensors with their plain numbers as tensors: most take no others."""
    found: list[ast.expr] = []
    for call in ast.walk(ast.parse(text, mode="eval")):
        if isinstance(call, ast.Call) and len(call.args) > 1 and ast.unparse(call.func).startswith("torch."):
            plain = [x for x in call.args if re.fullmatch(r"-?[\d.e+-]*[.e][\d.e+-]*|float\(.*\)", ast.unparse(x))]
            if ast.unparse(call.func) == "torch.where":  # one of two is enough
                plain = plain[:1] if plain == call.args[1:] else []
            found += plain
    line = text.encode()
    for x in sorted(found, key=lambda x: -x.col_offset):
        start, end = x.col_offset, x.end_col_offset
        line = b"%b_number(%b)%b" % (line[:start], line[start:end], line[end:])
    return line.decode()


def number_source(x: float) -> str:
    """A float literal."""
    return repr(x) if x - x == 0.0 else f'float("{x!r}")'


def slices(index: Sequence[Any]) -> str:
    """The text between the brackets of an index."""
    parts = []
    for item in index:
        if item is None:
            parts.append("None")
        elif isinstance(item, tuple):
            start, stop, step = item
            first = "" if start in (0, None) and step == 1 else str(start)
            parts.append(f"{first}:{'' if stop is None else stop}" + (f":{step}" if step != 1 else ""))
        else:
            parts.append(str(item))
    while len(parts) > 1 and parts[-1] == ":":
        parts.pop()
    return ", ".join(parts)


def expression(statement: Statement, args: Sequence[str], dialect: Dialect, below: Any) -> str:
    """The source of a statement given that of its operands; ``below`` is the shape of the first of them."""
    op, attrs, m = statement.op, statement.attrs, dialect.module
    x = args[0] if args else ""
    if op == "elementwise":
        return elementwise_source(statement, args, dialect)
    if op == "constant":
        return number_source(attrs) if statement.shape == () else _array_source(attrs, dialect)
    if op == "reshape" and below == ():
        return f"{m}.reshape({dialect.tensor.format(x)}, {attrs!r})"
    if op == "reshape":
        return f"{wrapped(x)}.reshape({attrs!r})"
    if op == "transpose" and len(attrs) == 2:
        return f"{wrapped(x)}.T"
    if op == "transpose":
        return f"{wrapped(x)}.{'permute' if m == 'torch' else 'transpose'}({attrs!r})"
    if op == "index":
        if m == "torch" and any(isinstance(i, tuple) and i[2] < 0 for i in attrs):
            return _flipped(x, attrs, below)
        return f"{wrapped(x)}[{slices(attrs)}]"
    if op == "broadcast":
        return f"{m}.broadcast_to({dialect.tensor.format(x)}, {attrs!r})"
    if op == "take":
        return f"{wrapped(x)}.reshape(-1)[{positions_source(attrs, m)}]"
    if op == "concat":
        return f"{m}.concatenate([{', '.join(args)}], {attrs})"
    if op == "pack" and not args:
        return f"{m}.zeros({attrs!r}{dialect.dtype})"
    if op == "pack":
        stacked = f"{m}.stack([{', '.join(map(dialect.tensor.format, args))}])"
        return stacked if len(attrs) == 1 else f"{stacked}.reshape({attrs!r})"
    if op == "matmul":
        return filled("{0} @ {1}", args)
    if op == "cumprod":
        return f"cumprod({x}, {attrs[0]}, {attrs[1]})"
    if op == "logsumexp":
        function = {"np": "np.logaddexp.reduce", "jnp": "jax.nn.logsumexp"}.get(m, "torch.logsumexp")
        return f"{function}({x}, {attrs[0]})"
    if op not in ("sum", "amax", "amin", "prod"):
        raise NotImplementedError(f"{op} in {dialect.name}")
    if len(attrs) == len(below):
        return f"{m}.{op}({x})"
    return f"{m}.{op}({x}, {attrs if len(attrs) > 1 else attrs[0]})"


def _array_source(x: Any, dialect: Dialect) -> str:
    """A constant array: numbers at equal distances are written as such."""
    n = len(x)
    if x.ndim == 1 and n > 8:
        step = float(x[1] - x[0])
        for made, text in ((np.arange(n) * step, ""), (np.arange(n) * step + float(x[0]), f" + {float(x[0])!r}")):
            if made.tobytes() == x.tobytes():
                dtype = ", dtype=float" if dialect.name == "jax" else dialect.dtype
                return f"{dialect.module}.arange({n}{dtype})" + (f" * {step!r}" if step != 1.0 else "") + text
    numbers = re.sub(r"\b(nan|inf)\b", r'float("\1")', str(x.tolist()))
    return f"{dialect.array}({numbers}{dialect.dtype})"


def _flipped(x: str, index: Sequence[Any], shape: Any) -> str:
    """torch has no negative steps: the positions one by one."""
    for axis, item in enumerate(index):
        if isinstance(item, tuple) and item[2] < 0:
            count = range(*slice(*item).indices(shape[axis]))
            index = [*index[:axis], (None, None, 1), *index[axis + 1 :]]
            x = f"{x}.index_select({axis}, torch.tensor({list(count)}))"
    return f"{x}[{slices(index)}]"


def elementwise_source(statement: Statement, args: Sequence[str], dialect: Dialect) -> str:
    """A primitive's template filled in; parentheses where its operators bind tighter than the operands'."""
    prim = statement.prim
    assert prim is not None
    if prim.name == "stop":
        return args[0]
    if prim.name in COMPARISONS:
        return filled(prim.array, args)
    if prim.arity < 0:
        text = nary_source(prim, args, dialect)
    elif prim.name == "pow":
        text = power_source(args, dialect)
    elif prim.whole >= 0 and dialect.name != "numpy":
        text = _whole(prim, args, dialect)
    else:
        own = dialect.composes(prim)  # a function of the source's own, which takes tensors only
        plain = [LITERAL.fullmatch(arg) is not None for arg in args]
        if dialect.name == "torch" and prim.name != "where" and "(" in dialect.word(prim):
            makes = [p and (own or k == 0 or not all(plain[1:])) for k, p in enumerate(plain)]
            args = [f"_number({arg})" if make else arg for arg, make in zip(args, makes)]
        text = filled(dialect.word(prim), args)
    return on_tensors(text) if dialect.name == "torch" and "torch." in text else text


def power_source(args: Sequence[str], dialect: Dialect) -> str:
    """A power, at -inf and -0.0 too, where a square root has other edges: NumPy and PyTorch take it for an exponent of
    0.5, and PyTorch its reciprocal for -0.5."""
    x, y = args
    number = y.strip("()")
    if dialect.name == "torch" and number in ("0.5", "-0.5"):
        args = [x, f"_number({y})"]
    elif dialect.name == "numpy" and (number == "0.5" or not LITERAL.fullmatch(y)):
        return filled(HALF_POWER if number == "0.5" else "_raised({0}, {1})", args)
    return filled(dialect.word(TABLE["pow"]), args)


#: operands that are written with operators between them, at most
FEW = 16


def nary_source(prim: Primitive, args: Sequence[str], dialect: Dialect) -> str:
    """A primitive of any number of operands: with operators for a few, by a function for many."""
    name, n = prim.name, len(args)
    if name in ("sum", "fsum", "mean", "prod", "dot", "affine") and 0 < n <= FEW:
        half = n // 2 if name in ("dot", "affine") else 0
        terms = [filled("{0} * {1}", pair) for pair in zip(args[:half], args[half : 2 * half])] + list(args[2 * half :])
        template = "{0} * {1}" if name == "prod" else "{0} + {1}"
        total = terms[0]
        for term in terms[1:]:
            total = filled(template, [total, term])
        return filled("{0} / {1}", [total, f"{n}.0"]) if name == "mean" else total
    if name in NARY and (dialect.name != "numpy" or name in INEXACT):
        return NARY[name].replace("np.", f"{dialect.module}.").format(args=", ".join(args))
    groups = [", ".join(args[: n // 2]), ", ".join(args[n // 2 : 2 * (n // 2)])]
    listed = f"{dialect.module}.stack({dialect.module}.broadcast_arrays({', '.join(args)}))"
    last = args[-1] if args else ""
    template = dialect.word(prim)
    return template.format(*[f"[{g}]" for g in groups], last, args=listed, n=n, last=last)


def _whole(prim: Primitive, args: Sequence[str], dialect: Dialect) -> str:
    """Functions of a whole number, which has to be in the source."""
    which, x = args[prim.whole], args[1 - prim.whole]
    number = float(which.strip("()")) if re.fullmatch(r"\(?-?\d[\d.e+-]*\)?", which) else 0.5  # 0.5: not known
    if prim.name == "round":
        whole = str(int(number)) if number == int(number) else which
        return f"{dialect.module}.round({x})" if number == 0.0 else f"_round({x}, {whole})"
    if number != int(number):
        raise NotImplementedError(
            f"{prim.name} in {dialect.name} takes its whole number as a constant: write it into the function"
        )
    return f"_digamma({x})" if number == 0.0 else f"_polygamma({int(number)}, {x})"
