"""Readable source: an array program as a function in NumPy's, JAX's or PyTorch's words."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...primitives import numpy_helpers as numpy_functions
from ...primitives.primitive import TABLE, Primitive
from ..ir.array_program import ArrayProgram, Statement
from ..ir.control_ops import COMPARISONS
from ..ir.naming import VIEWS
from .functions import called_by, functions
from .positions import positions_source
from .printer import Printer
from .texts import LITERAL, filled, number_source, slices, wrapped
from .words import INEXACT, NARY, WORDS

__all__ = ["ARRAYS", "NUMPY_SOURCES", "expression", "numpy_helpers"]


class ArrayTarget(Printer):
    """A library of arrays with NumPy's names, and its exceptions.

    Attributes:
        module: the name the library is imported under.
        array: what makes an array of lists; ``dtype`` the argument that makes it one of doubles.
        tensor: what makes an operand of a number, as a template.
    """

    def __init__(
        self, name: str, module: str, header: str, array: str = "array", dtype: str = "", tensor: str = "{}"
    ) -> None:
        self.name = name
        self.module = module
        self.header = header
        self.words = WORDS[name]
        self.array = f"{module}.{array}"
        self.dtype = dtype
        self.tensor = tensor
        self.functions = {**functions(name, header), **functions("shared", header, module)}
        self.truth = f"{module}.all({{}})"
        self.guarded = name != "jax"  # which traces a function before its numbers are known

    def own(self, prim: Primitive) -> str:
        """The library's own word, or the entry's notation in NumPy; empty where it has neither."""
        found = self.words.get(prim.name, prim.array)
        if self.name == "numpy":
            return found if found or prim.expression is not None else f"_op_{prim.name}({_slots(prim)})"
        return "" if "_np_" in found else re.sub(r"\bnp\.", f"{self.module}.", found)

    def composes(self, prim: Primitive) -> bool:
        return super().composes(prim) and not self.general(prim)

    def general(self, prim: Primitive) -> bool:
        return prim.name in NARY

    def how(self, prim: Primitive) -> str:
        unknown = self.name == "numpy" and self.own(prim).startswith("_op_")
        return "the float function, number by number" if unknown else super().how(prim)

    def imports(self, text: str) -> str:
        return _imports(text)

    def converted(self, program: ArrayProgram, numbers: Sequence[str], lines: Sequence[str]) -> str:
        raises = any(re.search(r" / |\*\*", line) for line in lines)  # as Python's division does
        if self.name == "torch":
            return "_number({})"
        if self.name == "jax":
            return "jnp.asarray({}, float)" if raises or program.loops else ""
        return "np.float64({})" if raises else ""

    def statement(self, program: ArrayProgram, i: int, texts: Sequence[str]) -> tuple[str, bool]:
        statement = program.statements[i]
        if statement.op in ("place", "scatter"):
            return "", False
        below = program.statements[statement.args[0]].shape if statement.args else ()
        text = _product(program, i, texts, self)
        text = text or expression(statement, [texts[a] for a in statement.args], self, below)
        single = statement.op == "constant" and statement.shape == ()
        return text, statement.op in VIEWS or single or statement.name == "stop"

    def assigned(self, program: ArrayProgram, i: int, name: str, text: str, texts: Sequence[str]) -> list[str]:
        statement = program.statements[i]
        shape = f"  # {statement.shape}" if statement.shape else ""
        if statement.op in ("place", "scatter"):
            return _placed(statement, name, texts[statement.args[0]], self, shape)
        return [f"{name} = {text}{shape}"]


NUMPY_SOURCES = ArrayTarget("numpy", "np", "import numpy as np\n")
_JAX = 'import jax\nimport jax.numpy as jnp\n\njax.config.update("jax_enable_x64", True)\n'
_TORCH = "import torch  # takes and returns tensors of torch.float64\n"
#: the libraries of arrays
ARRAYS = (
    NUMPY_SOURCES,
    ArrayTarget("jax", "jnp", _JAX),
    ArrayTarget(
        "torch", "torch", _TORCH, "tensor", ", dtype=torch.float64", "torch.as_tensor({}, dtype=torch.float64)"
    ),
)


def numpy_helpers(prims: Sequence[Primitive], text: str) -> dict[str, Any]:
    """The functions that NumPy source calls and that are not NumPy's, as it defines them, made to be run."""
    space: dict[str, Any] = {"np": np, **numpy_functions.HELPERS}
    found = called_by(text, {**NUMPY_SOURCES.functions, **NUMPY_SOURCES.helpers(prims)})
    exec(compile(found, "<autograd_lite helpers>", "exec"), space)
    return space


def _product(program: ArrayProgram, i: int, texts: Sequence[str], target: ArrayTarget) -> str:
    """The sum of the products of two arrays of one shape, which the program has as a dot of flat ones."""
    statement = program.statements[i]
    below = [program.statements[a] for a in statement.args]
    if statement.op != "matmul" or statement.shape or any(s.op != "reshape" for s in below):
        return ""
    a, b = (s.args[0] for s in below)
    if program.statements[a].shape != program.statements[b].shape:
        return ""
    return f"{target.module}.sum({filled('{0} * {1}', [texts[a], texts[b]])})"


def _slots(prim: Primitive) -> str:
    """The operands of a call, as a template."""
    return ", ".join(f"{{{i}}}" for i in range(prim.arity)) if prim.arity > 0 else "*{args}"


def _imports(body: str) -> str:
    """Definitions of what the body calls that NumPy doesn't have."""
    lines = []
    for name in sorted(set(re.findall(r"\b_np_\w+", body))):
        lines.append(f'{name} = HELPERS["{name}"]')
    if lines:
        lines.insert(0, "from autograd_lite.primitives.numpy_helpers import HELPERS\n")
    for name in sorted(set(re.findall(r"\b_op_(\w+)\(", body))):
        if name in TABLE:
            lines.append(f'_op_{name} = np.vectorize(TABLE["{name}"].fn, otypes=[float])')
        else:
            lines.append(f"# _op_{name} is np.vectorize of the float function of your primitive {name}")
    if any(line.startswith("_op_") for line in lines):
        lines.insert(0, "from autograd_lite.primitives import TABLE")
    return "".join(line + "\n" for line in lines)


def _placed(statement: Statement, name: str, x: str, target: ArrayTarget, comment: str) -> list[str]:
    """The statements of an assignment into zeros, which JAX writes as a function."""
    m = target.module
    shape, where = statement.attrs
    zeros = f"{m}.zeros({shape!r}{target.dtype})"
    if statement.op == "place":
        inside = slices(where) or "..."
        if m == "jnp":
            return [f"{name} = {zeros}.at[{inside}].set({x}){comment}"]
        if m == "torch" and any(isinstance(i, tuple) and i[2] < 0 for i in where):
            grid = positions_source(np.arange(math.prod(shape)).reshape(shape)[_numpy_index(where)].ravel(), "torch")
            put = f"index_put(({grid},), {wrapped(x)}.reshape(-1))"
            return [f"{name} = {zeros}.reshape(-1).{put}.reshape({shape!r}){comment}"]
        return [f"{name} = {zeros}{comment}", f"{name}[{inside}] = {x}"]
    flat = positions_source(np.asarray(where).ravel(), m)
    value = f"{wrapped(x)}.reshape(-1)"
    if m == "jnp":
        return [f"{name} = {zeros}.reshape(-1).at[{flat}].add({value}).reshape({shape!r}){comment}"]
    if m == "torch":
        return [f"{name} = {zeros}.reshape(-1).index_add(0, {flat}, {value}).reshape({shape!r}){comment}"]
    size = math.prod(shape)
    return [f"{name} = np.bincount({flat}, {value}, {size}).reshape({shape!r}){comment}"]


def _numpy_index(index: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(slice(*i) if isinstance(i, tuple) else i for i in index)


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


def expression(statement: Statement, args: Sequence[str], target: ArrayTarget, below: Any) -> str:
    """The source of a statement given that of its operands; ``below`` is the shape of the first of them."""
    op, attrs, m = statement.op, statement.attrs, target.module
    x = args[0] if args else ""
    if op == "elementwise":
        return elementwise_source(statement, args, target)
    if op == "constant":
        return number_source(attrs) if statement.shape == () else _array_source(attrs, target)
    if op == "reshape" and below == ():
        return f"{m}.reshape({target.tensor.format(x)}, {attrs!r})"
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
        return f"{m}.broadcast_to({target.tensor.format(x)}, {attrs!r})"
    if op == "take":
        return f"{wrapped(x)}.reshape(-1)[{positions_source(attrs, m)}]"
    if op == "concat":
        return f"{m}.concatenate([{', '.join(args)}], {attrs})"
    if op == "pack" and not args:
        return f"{m}.zeros({attrs!r}{target.dtype})"
    if op == "pack":
        stacked = f"{m}.stack([{', '.join(map(target.tensor.format, args))}])"
        return stacked if len(attrs) == 1 else f"{stacked}.reshape({attrs!r})"
    if op == "matmul":
        return filled("{0} @ {1}", args)
    if op == "cumprod":
        return f"cumprod({x}, {attrs[0]}, {attrs[1]})"
    if op == "logsumexp":
        function = {"np": "np.logaddexp.reduce", "jnp": "jax.nn.logsumexp"}.get(m, "torch.logsumexp")
        return f"{function}({x}, {attrs[0]})"
    if op not in ("sum", "amax", "amin", "prod"):
        raise NotImplementedError(f"{op} in {target.name}")
    if len(attrs) == len(below):
        return f"{m}.{op}({x})"
    return f"{m}.{op}({x}, {attrs if len(attrs) > 1 else attrs[0]})"


def _array_source(x: Any, target: ArrayTarget) -> str:
    """A constant array: numbers at equal distances are written as such."""
    n = len(x)
    if x.ndim == 1 and n > 8:
        step = float(x[1] - x[0])
        for made, text in ((np.arange(n) * step, ""), (np.arange(n) * step + float(x[0]), f" + {float(x[0])!r}")):
            if made.tobytes() == x.tobytes():
                dtype = ", dtype=float" if target.name == "jax" else target.dtype
                return f"{target.module}.arange({n}{dtype})" + (f" * {step!r}" if step != 1.0 else "") + text
    numbers = re.sub(r"\b(nan|inf)\b", r'float("\1")', str(x.tolist()))
    return f"{target.array}({numbers}{target.dtype})"


def _flipped(x: str, index: Sequence[Any], shape: Any) -> str:
    """torch has no negative steps: the positions one by one."""
    for axis, item in enumerate(index):
        if isinstance(item, tuple) and item[2] < 0:
            count = range(*slice(*item).indices(shape[axis]))
            index = [*index[:axis], (None, None, 1), *index[axis + 1 :]]
            x = f"{x}.index_select({axis}, torch.tensor({list(count)}))"
    return f"{x}[{slices(index)}]"


def elementwise_source(statement: Statement, args: Sequence[str], target: ArrayTarget) -> str:
    """A primitive's template filled in; parentheses where its operators bind tighter than the operands'."""
    prim = statement.prim
    assert prim is not None
    if prim.name == "stop":
        return args[0]
    if prim.name in COMPARISONS:
        return filled(prim.array, args)
    if prim.arity < 0:
        text = nary_source(prim, args, target)
    elif prim.name == "pow":
        text = power_source(args, target)
    elif prim.whole >= 0 and target.name != "numpy":
        text = _whole(prim, args, target)
    else:
        own = target.composes(prim)  # a function of the source's own, which takes tensors only
        plain = [LITERAL.fullmatch(arg) is not None for arg in args]
        if target.name == "torch" and prim.name != "where" and "(" in target.word(prim):
            makes = [p and (own or k == 0 or not all(plain[1:])) for k, p in enumerate(plain)]
            args = [f"_number({arg})" if make else arg for arg, make in zip(args, makes)]
        text = filled(target.word(prim), args)
    return on_tensors(text) if target.name == "torch" and "torch." in text else text


def power_source(args: Sequence[str], target: ArrayTarget) -> str:
    """A power, at -inf and -0.0 too, where a square root has other edges: NumPy and PyTorch take it for an exponent of
    0.5, and PyTorch its reciprocal for -0.5."""
    x, y = args
    number = y.strip("()")
    if target.name == "torch" and number in ("0.5", "-0.5"):
        args = [x, f"_number({y})"]
    elif target.name == "numpy" and (number == "0.5" or not LITERAL.fullmatch(y)):
        return filled(HALF_POWER if number == "0.5" else "_raised({0}, {1})", args)
    return filled(target.word(TABLE["pow"]), args)


#: operands that are written with operators between them, at most
FEW = 16


def nary_source(prim: Primitive, args: Sequence[str], target: ArrayTarget) -> str:
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
    if name in NARY and (target.name != "numpy" or name in INEXACT):
        return NARY[name].replace("np.", f"{target.module}.").format(args=", ".join(args))
    groups = [", ".join(args[: n // 2]), ", ".join(args[n // 2 : 2 * (n // 2)])]
    listed = f"{target.module}.stack({target.module}.broadcast_arrays({', '.join(args)}))"
    last = args[-1] if args else ""
    template = target.word(prim)
    return template.format(*[f"[{g}]" for g in groups], last, args=listed, n=n, last=last)


def _whole(prim: Primitive, args: Sequence[str], target: ArrayTarget) -> str:
    """Functions of a whole number, which has to be in the source."""
    which, x = args[prim.whole], args[1 - prim.whole]
    number = float(which.strip("()")) if re.fullmatch(r"\(?-?\d[\d.e+-]*\)?", which) else 0.5  # 0.5: not known
    if prim.name == "round":
        whole = str(int(number)) if number == int(number) else which
        return f"{target.module}.round({x})" if number == 0.0 else f"_round({x}, {whole})"
    if number != int(number):
        raise NotImplementedError(
            f"{prim.name} in {target.name} takes its whole number as a constant: write it into the function"
        )
    return f"_digamma({x})" if number == 0.0 else f"_polygamma({int(number)}, {x})"
