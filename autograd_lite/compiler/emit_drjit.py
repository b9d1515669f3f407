"""Source for Dr.Jit, which has no arrays of several axes: every scalar of the program is one array, a number a lane.

Only what is listed here is emitted, since Dr.Jit's functions of doubles are not all what their names say. In its
version 1.5 with LLVM 15, ``maximum``, ``minimum``, ``hypot``, ``atan`` and ``atan2`` end the process (LLVM has no
instruction for maxima that pass nan on), ``erfinv`` has single precision and ``tan`` loses half its digits near 0,
``power`` of negative numbers is nan, and ``select`` of two Python numbers is an array of single precision. What is
emitted agrees with the table to 1e-12 at finite numbers, up to how the program magnifies roundings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from .choice import COMPARISONS
from .dialects import number_source
from .naming import all_names, leaf_names
from .statements import ArrayProgram, Statement
from .texts import wrapped

__all__ = ["lanes_source"]

_SIGMOID = "drjit.select({0} >= 0.0, 1.0, drjit.exp({0})) / (1.0 + drjit.exp(-drjit.abs({0})))"

_SAME = "sin cos exp exp2 log log2 sqrt cbrt asin acos sinh cosh tanh asinh acosh atanh abs floor ceil trunc"
_TEMPLATES = {
    **{name: f"drjit.{name}({{0}})" for name in _SAME.split()},
    "copysign": "drjit.copysign({0}, {1})",
    "identity": "{0}", "pos": "{0}", "gate": "{0}", "stop": "{0}",
    "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}", "neg": "-{0}",
    "fma": "{0} * {1} + {2}", "square": "{0} * {0}", "reciprocal": "1.0 / {0}",
    "where": "drjit.select({0}, {1}, {2})",
    "maximum": "_maximum({0}, {1})", "minimum": "_minimum({0}, {1})",
    "clip": "_minimum(_maximum({0}, {1}), {2})", "hardtanh": "_minimum(_maximum({0}, {1}), {2})",
    "pow": "_power({0}, {1})", "expm1": "_expm1({0})", "log1p": "_log1p({0})",
    "log10": "drjit.log({0}) / drjit.log(10.0)",
    "logaddexp": "_logaddexp({0}, {1})", "rsqrt": "1.0 / drjit.sqrt({0})", "hypot": "_hypot({0}, {1})",
    "tan": "drjit.sin({0}) / drjit.cos({0})", "atan": "_atan({0})", "atan2": "_atan2({0}, {1})",
    "degrees": "{0} * (180.0 / drjit.pi)", "radians": "{0} * (drjit.pi / 180.0)",
    "sign": "drjit.select({0} > 0.0, 1.0, drjit.select({0} < 0.0, -1.0, {0}))",
    "heaviside": "drjit.select({0} > 0.0, 1.0, drjit.select({0} < 0.0, 0.0, drjit.select({0} == 0.0, {1}, {0})))",
    "erf": "drjit.select({0} != {0}, {0}, drjit.erf({0}))",
    "gaussian": "drjit.exp(-({0} * {0}))", "norm_pdf": "drjit.exp(-0.5 * ({0} * {0})) / drjit.sqrt(2.0 * drjit.pi)",
    "relu": "drjit.select({0} <= 0.0, 0.0, {0})",
    "leaky_relu": "drjit.select({0} > 0.0, {0}, {1} * {0})", "elu": "drjit.select({0} > 0.0, {0}, {1} * _expm1({0}))",
    "sigmoid": _SIGMOID, "silu": f"{{0}} * ({_SIGMOID})",
    "softplus": "_logaddexp({0}, 0.0)", "logsigmoid": "-_logaddexp(-{0}, 0.0)",
    "softsign": "{0} / (1.0 + drjit.abs({0}))",
}  # fmt: skip

#: operators that take a Python number on one side, and keep double precision
_ORDINARY = {"add", "sub", "mul", "div", *COMPARISONS}

#: functions that Dr.Jit lacks or that are not exact there, in the order in which they call each other
_HELPERS = {
    "_maximum": """
def _maximum(x, y):
    return drjit.select((x >= y) | (x != x), x, y)
""",
    "_minimum": """
def _minimum(x, y):
    return drjit.select((x <= y) | (x != x), x, y)
""",
    "_log1p": '''
def _log1p(x):
    """log(1 + x): what 1 + x lost by rounding is made up for."""
    u = 1.0 + x
    return drjit.select((u == 1.0) | (x == drjit.inf), x, drjit.log(u) * (x / (u - 1.0)))
''',
    "_expm1": '''
def _expm1(x):
    """exp(x) - 1, without its cancellation near 0."""
    u = drjit.exp(x)
    near = drjit.select(u == 1.0, x, (u - 1.0) * (x / drjit.log(u)))
    return drjit.select(drjit.abs(x) < 1.0, near, u - 1.0)
''',
    "_logaddexp": '''
def _logaddexp(x, y):
    """log(exp(x) + exp(y)), without overflow."""
    return drjit.select(x == y, x + drjit.log(2.0), _maximum(x, y) + _log1p(drjit.exp(-drjit.abs(x - y))))
''',
    "_hypot": '''
def _hypot(x, y):
    """sqrt(x*x + y*y), scaled so that the squares stay in range."""
    size = _maximum(drjit.abs(x), drjit.abs(y))
    a, b = x / size, y / size
    return drjit.select(size == 0.0, 0.0, size * drjit.sqrt(a * a + b * b))
''',
    "_atan": '''
def _atan(x):
    """arctan(x), as the arc sine of an angle of at most 45 degrees."""
    size = drjit.abs(x)
    t = drjit.select(size > 1.0, 1.0 / size, size)
    angle = drjit.asin(t / drjit.sqrt(1.0 + t * t))
    return drjit.copysign(drjit.select(size > 1.0, 0.5 * drjit.pi - angle, angle), x)
''',
    "_atan2": '''
def _atan2(y, x):
    """The angle of the point (x, y)."""
    angle = drjit.select(y == 0.0, y, _atan(y / x))
    return angle + drjit.select(x < 0.0, drjit.copysign(Float64(drjit.pi), y), 0.0 * y)
''',
    "_power": '''
def _power(x, y):
    """x ** y, negative x with whole y included."""
    size = drjit.power(drjit.abs(x), y)
    odd = drjit.select(2.0 * drjit.floor(0.5 * y) == y, size, -size)
    negative = drjit.select(drjit.floor(y) == y, odd, Float64(drjit.nan))
    return drjit.select((y == 0.0) | (x == 1.0), 1.0, drjit.select(x < 0.0, negative, size))
''',
}
_NEEDS = {"_logaddexp": ("_maximum", "_log1p"), "_hypot": ("_maximum",), "_atan2": ("_atan",)}


def lanes_source(program: ArrayProgram, name: str = "program") -> str:
    """A function of the leaves that are not constants, in order; it returns the outputs, an array a number.

    Args:
        program: the statements, each of one number.
        name: what the function is called.

    Raises:
        NotImplementedError: for a primitive that isn't listed here.
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
    found = set(re.findall(r"\b_[a-z]\w+(?=\()", body))
    found.update(*(_NEEDS.get(helper, ()) for helper in found))
    head = ["import drjit\nfrom drjit.llvm import Float64\n", *[text for h, text in _HELPERS.items() if h in found]]
    return "\n".join(head) + f"\n\ndef {name}({', '.join(arguments)}):\n{body}\n"


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
    if statement.name not in _TEMPLATES:
        raise NotImplementedError(f"{statement.name} has no notation in drjit")
    template = _TEMPLATES[statement.name]
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
    found = {"max": "_maximum", "min": "_minimum", "logsumexp": "_logaddexp", "norm": "_hypot"}
    if name not in found or not args:
        raise NotImplementedError(f"{name} has no notation in drjit")
    result = args[0] if name != "norm" else f"drjit.abs({args[0]})"
    for arg in args[1:]:
        result = f"{found[name]}({result}, {arg})"
    return result


def _output(program: ArrayProgram, i: int, texts: Sequence[str]) -> str:
    """A result, which is an array even where it doesn't depend on the lane."""
    statement = program.statements[i]
    return f"Float64({texts[i]})" if statement.op == "constant" or statement.boolean else texts[i]


def _nested(items: Sequence[str], shape: Sequence[int]) -> str:
    """The text of lists in lists."""
    for n in reversed(shape):
        items = [f"[{', '.join(items[k : k + n])}]" for k in range(0, len(items), n)]
    return items[0] if items else "[]"
