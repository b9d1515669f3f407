"""Source for Dr.Jit, which has no arrays of several axes: every scalar of the program is one array, a number a lane."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ...primitives.primitive import TABLE, Primitive
from ..ir.array_program import ArrayProgram, Statement
from ..ir.control_ops import COMPARISONS
from ..ir.naming import all_names, leaf_names
from .composed import function, helpers, operand_names, ops_of, program_of
from .dialects import Dialect, number_source, slices
from .drjit_words import HELPERS, TEMPLATES
from .loops import Loops
from .source import inlined, uses_of
from .texts import filled, wrapped
from .ways import Ways
from .words import helpers_in

__all__ = ["lanes_source", "listed"]

#: equal numbers that are written one by one, at most
FEW = 8
_REDUCE = {
    "sum": "sum({0}, Float64(0.0))", "prod": "_product({0})",
    "amax": "_largest({0})", "amin": "_smallest({0})", "logsumexp": "_total({0})",
}  # fmt: skip
#: the op of two numbers that sums of exponentials are made of
_CHAINED = "logaddexp"
#: what takes a Python number on one side, and keeps double precision
_ORDINARY = re.compile(r"\{0\} \S+ \{1\}")


def lanes_source(program: ArrayProgram, name: str = "program", ways: Ways | None = None) -> str:
    """A function of the leaves that are not constants, in order; it returns the outputs, an array a number.

    Args:
        program: the statements, each of one number.
        name: what the function is called.
        ways: what has to hold of a call; the outputs of the guards are the last ones.

    Raises:
        NotImplementedError: for a primitive without words in ``drjit_words.py`` and without an expression.
    """
    names = leaf_names(program.leaves)
    lines, texts = _written(program, all_names(program, names))
    ways = ways or Ways()
    results = program.outputs[: len(program.outputs) - len(ways.guards)]
    returned = ", ".join(_output(program, i, texts) for i in results)
    tests = program.outputs[len(results) :]
    lines += ways.checks([texts[i] for i in tests], [program.statements[i].boolean for i in tests], "drjit")
    body = "\n".join("    " + line for line in [*_converted(program, names), *lines, f"return {returned}"])
    arguments = [n for n, leaf in zip(names, program.leaves) if leaf.kind != "constant"]
    known = {**HELPERS, **helpers([*ops_of(program), TABLE[_CHAINED]], _composes, _composed)}
    head = "import drjit\nfrom drjit.llvm import Float64\n" + helpers_in(body, known)
    return f"{head}\n\ndef {name}({', '.join([*arguments, *ways.defaults(arguments)])}):\n{body}\n"


def _written(program: ArrayProgram, called: Sequence[str], inside: bool = False) -> tuple[list[str], list[str]]:
    """The lines of a program, and the text of each statement."""

    def step(program: ArrayProgram, called: Sequence[str]) -> tuple[list[str], list[str]]:
        return _written(program, called, True)

    uses = uses_of(program)
    texts: list[str] = []
    lines: list[str] = []
    loops = Loops(program, called, Dialect("drjit", "drjit", ""), step)
    for i, statement in enumerate(program.statements):
        args = [texts[a] for a in statement.args]
        if statement.op == "leaf":
            texts.append(called[i])
        elif statement.op == "scan":
            args = [_output(program, a, texts) for a in statement.args]
            lines += loops.write(i, args)
            texts.append("")
        elif statement.op == "result":
            texts.append(loops.result(i))
        elif statement.op == "constant":
            single = statement.shape == ()
            texts.append(number_source(statement.attrs, "drjit") if single else str(statement.attrs.tolist()))
        elif statement.op == "broadcast" and len(statement.shape) == 1 and statement.shape[0] > FEW:
            texts.append(f"[{_output(program, statement.args[0], texts)}] * {statement.shape[0]}")
        elif statement.op in ("pack", "broadcast"):
            args = [_output(program, a, texts) for a in statement.args]
            args = args * math.prod(statement.shape) if statement.op == "broadcast" else args
            texts.append(_nested(args, statement.shape))
        elif statement.op == "reshape":
            texts.append(args[0])
        elif statement.op == "concat":
            texts.append(f"[{', '.join('*' + a for a in args)}]")
        elif statement.op == "index" and any(isinstance(k, tuple) for k in statement.attrs):
            texts.append(f"{args[0]}[{slices(statement.attrs)}]")
        elif statement.op == "take":
            texts.append(f"[{args[0]}[k] for k in {statement.attrs.tolist()}]")
        else:
            text = _text(program, statement, args)
            if inlined(program, i, uses, text, inside, _word):
                texts.append(text)
                continue
            lines.append(f"{called[i]} = {text}")
            texts.append(called[i])
    return lines, texts


def _for_each(program: ArrayProgram, statement: Statement, args: Sequence[str]) -> str:
    """An operation on lists, number by number."""
    if statement.prim is None:
        raise NotImplementedError(f"{statement.op} of arrays in drjit")
    shapes = [program.statements[a].shape for a in statement.args]
    lists = [k for k, shape in enumerate(shapes) if shape == statement.shape]
    args = [f"{a}[0]" if shape and k not in lists else a for k, (a, shape) in enumerate(zip(args, shapes))]
    single = Statement("elementwise", statement.args, None, (), statement.prim)
    inside = _text(program, single, [f"item{k}" if k in lists else a for k, a in enumerate(args)])
    items = ", ".join(f"item{k}" for k in lists)
    source = f"zip({', '.join(args[k] for k in lists)})" if len(lists) > 1 else args[lists[0]]
    return f"[{inside} for {items} in {source}]"


def listed(program: ArrayProgram) -> bool:
    """Whether a program with loops can be written: its arrays are lists of numbers."""
    known = {"constant", "elementwise", "index", "reshape", "pack", "broadcast", "scan", "result", "take", "place"}
    known |= {"concat", "matmul", *_REDUCE}
    return all(s.op == "leaf" or (s.op in known and len(s.shape) <= 1) for s in program.statements)


def _converted(program: ArrayProgram, names: Sequence[str]) -> list[str]:
    """A line that makes the scalar arguments Dr.Jit's, whatever they were."""
    scalars = [n for n, leaf in zip(names, program.leaves) if leaf.kind != "constant" and not leaf.shape]
    if len(scalars) < 2:
        return [f"{n} = Float64({n})" for n in scalars]
    listed = ", ".join(scalars)
    return [f"{listed} = map(Float64, ({listed}))"]


def _text(program: ArrayProgram, statement: Statement, args: list[str]) -> str:
    """One statement."""
    if statement.op == "place":
        (n,), (where,) = statement.attrs
        return f"_placed({args[0]}, {f'slice{where}' if isinstance(where, tuple) else where}, {n})"
    if statement.op in _REDUCE:
        return _REDUCE[statement.op].format(*args)
    if statement.op == "matmul" and program.statements[statement.args[0]].shape:
        return f"sum((a * b for a, b in zip({args[0]}, {args[1]})), Float64(0.0))"
    if statement.op == "index" and statement.attrs == (None,):
        return f"[{args[0]}]"
    if statement.shape:
        return _for_each(program, statement, args)
    if statement.op == "index" and program.statements[statement.args[0]].op == "result":
        return f"{args[0]}{''.join(f'[{int(k)}]' for k in statement.attrs)}"
    if statement.op == "index":
        return f"Float64({args[0]}{''.join(f'[{int(k)}]' for k in statement.attrs)})"
    if statement.op == "matmul":  # of two numbers
        return f"{wrapped(args[0])} * {wrapped(args[1])}"
    if statement.prim is None:
        raise NotImplementedError(f"{statement.op} in drjit")
    below = [program.statements[a] for a in statement.args]
    choice = statement.name == "where"
    ordinary = _ORDINARY.fullmatch(TEMPLATES.get(statement.name, statement.prim.array)) is not None
    keep = ordinary and any(operand.op != "constant" for operand in below)
    for k, operand in enumerate(below):
        if choice and k == 0:
            args[0] = args[0] if operand.boolean else f"{wrapped(args[0])} != 0.0"
        elif operand.boolean or (operand.op == "constant" and not keep):
            args[k] = f"Float64({args[k]})"
    if statement.name in COMPARISONS:
        return filled(statement.prim.array, args)
    if statement.prim.arity < 0:
        return _folded(statement, args)
    if statement.name == "pow" and below[1].op == "constant":
        return f"{wrapped(args[0])} ** {number_source(below[1].attrs, 'drjit')}"
    if statement.prim.whole >= 0 and statement.name in TEMPLATES:
        return _whole(statement, below, args)
    return filled(_word(statement.prim), args)


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
        total = _chained(f"_{_CHAINED}", args)
        return f"drjit.exp({args[0]} - {total})" if name == "softmax_of" else f"{args[0]} - {total}"
    if name == "dist":
        half = n // 2
        name, args = "norm", [f"({a} - {b})" for a, b in zip(args[:half], args[half:])]
    found = {"max": "_maximum", "min": "_minimum", "logsumexp": f"_{_CHAINED}", "norm": "_hypot"}
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
    ds = [f"({x} - {mean})" for x in xs]
    rest = f"({' + '.join(ds)}) / {len(xs)}.0"  # far from 0 the mean itself is rounded
    squares = " + ".join(f"drjit.square({d} - {rest})" for d in ds)
    variance = f"({squares}) / ({len(xs)}.0 - {correction})"
    return variance if name == "var" else f"drjit.sqrt({variance})"


def _word(prim: Primitive) -> str:
    """Dr.Jit's word for an op, or a call of the source's own function; NotImplementedError without either."""
    if prim.name in COMPARISONS:
        return prim.array
    if prim.name in TEMPLATES:
        return TEMPLATES[prim.name]
    if prim.expression is None:
        raise _missing(prim.name)
    return f"_{prim.name}({', '.join(f'{{{k}}}' for k in range(prim.arity))})"


def _composes(prim: Primitive) -> bool:
    return prim.name not in TEMPLATES and prim.expression is not None


def _composed(prim: Primitive) -> str:
    """The function of an op that is written in simpler ones."""
    inner = program_of(prim)
    lines, texts = _written(inner, all_names(inner, operand_names(prim)), True)
    return function(prim, lines, _output(inner, inner.outputs[0], texts))


def _missing(name: str) -> NotImplementedError:
    return NotImplementedError(
        f"{name} has no notation in drjit: give its primitive expression=… in the table's functions (ag.primitive), or "
        f"use source('numpy')"
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
    single = statement.op == "constant" and not statement.shape
    return f"Float64({texts[i]})" if single or statement.boolean else texts[i]


def _nested(items: Sequence[str], shape: Sequence[int]) -> str:
    """The text of lists in lists."""
    for n in reversed(shape) if items else ():
        items = [f"[{', '.join(items[k : k + n])}]" for k in range(0, len(items), n)]
    return items[0] if items else "[]"
