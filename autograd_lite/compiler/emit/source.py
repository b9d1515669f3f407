"""Readable source: an array program as a function in NumPy's, JAX's or PyTorch's words."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...primitives import numpy_helpers as numpy_functions
from ...primitives.primitive import TABLE, Primitive
from ..ir.array_program import ArrayProgram, Statement
from ..ir.naming import VIEWS
from .dialects import Dialect, expression, slices
from .functions import called_by, functions
from .positions import positions_source
from .printer import Printer
from .texts import filled, wrapped

__all__ = ["ARRAYS", "NUMPY_SOURCES", "numpy_helpers"]


class ArrayTarget(Dialect, Printer):
    """A library of arrays, by its dialect."""

    def __init__(self, name: str, module: str, header: str, *words: str) -> None:
        super().__init__(name, module, header, *words)
        self.functions = {**functions(name, header), **functions("shared", header, module)}
        self.truth = f"{module}.all({{}})"
        self.guarded = name != "jax"  # which traces a function before its numbers are known

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


def _product(program: ArrayProgram, i: int, texts: Sequence[str], dialect: Dialect) -> str:
    """The sum of the products of two arrays of one shape, which the program has as a dot of flat ones."""
    statement = program.statements[i]
    below = [program.statements[a] for a in statement.args]
    if statement.op != "matmul" or statement.shape or any(s.op != "reshape" for s in below):
        return ""
    a, b = (s.args[0] for s in below)
    if program.statements[a].shape != program.statements[b].shape:
        return ""
    return f"{dialect.module}.sum({filled('{0} * {1}', [texts[a], texts[b]])})"


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


def _placed(statement: Statement, name: str, x: str, dialect: Dialect, comment: str) -> list[str]:
    """The statements of an assignment into zeros, which JAX writes as a function."""
    m = dialect.module
    shape, where = statement.attrs
    zeros = f"{m}.zeros({shape!r}{dialect.dtype})"
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
