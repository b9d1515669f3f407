"""Source for Dr.Jit, which has no arrays of several axes: every scalar of the program is one array, a number a lane."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .choice import COMPARISONS
from .dialects import number_source
from .naming import all_names, leaf_names
from .statements import ArrayProgram, Statement
from .texts import wrapped
from .words import helpers_in
from .words_drjit import HELPERS, TEMPLATES

__all__ = ["lanes_source"]

#: operators that take a Python number on one side, and keep double precision
_ORDINARY = {"add", "sub", "mul", "div", *COMPARISONS}


def lanes_source(program: ArrayProgram, name: str = "program") -> str:
    """A function of the leaves that are not constants, in order; it returns the outputs, an array a number.

    Args:
        program: the statements, each of one number.
        name: what the function is called.

    Raises:
        NotImplementedError: for a primitive that isn't in ``words_drjit.py``.
    """
    names = leaf_names(program.leaves)
    called = all_names(program, names)
    texts: list[str] = []
    lines = _converted(program, names)
    for i, statement in enumerate(program.statements):
        args = [texts[a] for a in statement.args]
        if statement.op == "leaf":
            texts.append(called[i])
        elif statement.op == "constant" and statement.shape == ():
            texts.append(number_source(statement.attrs, "drjit"))
        elif statement.op in ("pack", "broadcast"):
            args = [_output(program, a, texts) for a in statement.args]
            args = args * math.prod(statement.shape) if statement.op == "broadcast" else args
            texts.append(_nested(args, statement.shape))
        elif statement.op == "reshape" and statement.shape == ():
            texts.append(args[0])
        else:
            lines.append(f"{called[i]} = {_text(program, statement, args)}")
            texts.append(called[i])
    returned = ", ".join(_output(program, i, texts) for i in program.outputs)
    body = "\n".join("    " + line for line in [*lines, f"return {returned}"])
    arguments = [n for n, leaf in zip(names, program.leaves) if leaf.kind != "constant"]
    head = "import drjit\nfrom drjit.llvm import Float64\n" + helpers_in(body, HELPERS)
    return f"{head}\n\ndef {name}({', '.join(arguments)}):\n{body}\n"


def _converted(program: ArrayProgram, names: Sequence[str]) -> list[str]:
    """A line that makes the scalar arguments Dr.Jit's, whatever they were."""
    scalars = [n for n, leaf in zip(names, program.leaves) if leaf.kind != "constant" and not leaf.shape]
    if len(scalars) < 2:
        return [f"{n} = Float64({n})" for n in scalars]
    listed = ", ".join(scalars)
    return [f"{listed} = map(Float64, ({listed}))"]


def _text(program: ArrayProgram, statement: Statement, args: list[str]) -> str:
    """One statement."""
    if statement.op == "index":
        return f"Float64({args[0]}{''.join(f'[{int(k)}]' for k in statement.attrs)})"
    if statement.op == "matmul":  # of two numbers
        return f"{wrapped(args[0])} * {wrapped(args[1])}"
    if statement.prim is None:
        raise NotImplementedError(f"{statement.op} in drjit")
    below = [program.statements[a] for a in statement.args]
    choice = statement.name == "where"
    keep = statement.name in _ORDINARY and any(operand.op != "constant" for operand in below)
    for k, operand in enumerate(below):
        if choice and k == 0:
            args[0] = args[0] if operand.boolean else f"{wrapped(args[0])} != 0.0"
        elif operand.boolean or (operand.op == "constant" and not keep):
            args[k] = f"Float64({args[k]})"
    if statement.name in COMPARISONS:
        return statement.prim.array.format(*map(wrapped, args))
    if statement.prim.arity < 0:
        return _folded(statement, args)
    if statement.name == "pow" and below[1].op == "constant":
        return f"{wrapped(args[0])} ** {number_source(below[1].attrs, 'drjit')}"
    if statement.name not in TEMPLATES:
        raise _missing(statement.name)
    if statement.name in ("round", "polygamma"):
        return _whole(statement, below, args)
    template = TEMPLATES[statement.name]
    return template.format(*args) if choice else template.format(*map(wrapped, args))


def _folded(statement: Statement, args: Sequence[str]) -> str:
    """A primitive of any number of operands."""
    name, n = statement.name, len(args)
    if name in ("sum", "fsum", "mean"):
        total = " + ".join(args) or "Float64(0.0)"
        return f"({total}) / {n}" if name == "mean" else total
    if name == "prod":
        return " * ".join(args) or "Float64(1.0)"
    if name in ("dot", "affine"):
        half = n // 2
        products = [f"{x} * {y}" for x, y in zip(args[:half], args[half : 2 * half])]
        return " + ".join([*args[2 * half :], *products]) or "Float64(0.0)"
    if name in ("var", "std"):
        return _spread(name, args)
    if name in ("softmax_of", "log_softmax_of") and args:
        total = _chained("_logaddexp", args)
        return f"drjit.exp({args[0]} - {total})" if name == "softmax_of" else f"{args[0]} - {total}"
    if name == "dist":
        half = n // 2
        name, args = "norm", [f"({a} - {b})" for a, b in zip(args[:half], args[half:])]
    found = {"max": "_maximum", "min": "_minimum", "logsumexp": "_logaddexp", "norm": "_hypot"}
    if name not in found or not args:
        raise _missing(name)
    return _chained(found[name], args) if name != "norm" else _chained("_hypot", [f"drjit.abs({args[0]})", *args[1:]])


def _chained(function: str, args: Sequence[str]) -> str:
    result = args[0]
    for arg in args[1:]:
        result = f"{function}({result}, {arg})"
    return result


def _spread(name: str, args: Sequence[str]) -> str:
    """Variance and standard deviation; the last operand is the correction of the degrees of freedom."""
    *xs, correction = args
    mean = f"({' + '.join(xs)}) / {len(xs)}.0"
    squares = " + ".join(f"drjit.square({x} - {mean})" for x in xs)
    variance = f"({squares}) / ({len(xs)}.0 - {correction})"
    return variance if name == "var" else f"drjit.sqrt({variance})"


def _missing(name: str) -> NotImplementedError:
    return NotImplementedError(
        f"{name} has no notation in drjit: write it with the table's functions, or use source('numpy')"
    )


def _whole(statement: Statement, below: Sequence[Statement], args: Sequence[str]) -> str:
    """Functions of a whole number, which has to be in the source."""
    k = 1 if statement.name == "round" else 0
    number = below[k].attrs if below[k].op == "constant" else 0.5
    if number != int(number):
        raise NotImplementedError(
            f"{statement.name} in drjit takes its whole number as a constant: write it into the function"
        )
    x = args[1 - k]
    if statement.name == "polygamma" and number == 0.0:
        return f"_digamma({x})"
    texts = [x, str(int(number))] if k else [str(int(number)), x]
    return f"drjit.round({x})" if k and number == 0.0 else f"_{statement.name}({', '.join(texts)})"


def _output(program: ArrayProgram, i: int, texts: Sequence[str]) -> str:
    """A result, which is an array even where it doesn't depend on the lane."""
    statement = program.statements[i]
    return f"Float64({texts[i]})" if statement.op == "constant" or statement.boolean else texts[i]


def _nested(items: Sequence[str], shape: Sequence[int]) -> str:
    """The text of lists in lists."""
    for n in reversed(shape):
        items = [f"[{', '.join(items[k : k + n])}]" for k in range(0, len(items), n)]
    return items[0] if items else "[]"
