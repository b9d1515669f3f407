"""Readable source: an array program as a function in NumPy's, JAX's or PyTorch's words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..primitives.core import TABLE
from .dialects import DIALECTS, TORCH_HELPER, Dialect, expression, number_source, positions_source, slices, wrapped
from .naming import VIEWS, all_names, leaf_names
from .statements import ArrayProgram, Statement

__all__ = ["source"]

_HELPERS = {
    "cumprod": '''
def {name}(x, axis, reverse):
    """The product of the numbers before each (after each, if reverse)."""
    x = {m}.flip(x, {axis}) if reverse else x
    ones = {m}.ones_like(x[tuple(slice(0, 1) if a == axis else slice(None) for a in range(x.ndim))])
    rest = x[tuple(slice(0, -1) if a == axis else slice(None) for a in range(x.ndim))]
    result = {m}.cumprod({m}.concatenate([ones, rest], axis), axis)
    return {m}.flip(result, {axis}) if reverse else result
''',
}


def source(program: ArrayProgram, backend: str = "numpy", name: str = "program") -> str:
    """A function of the leaves that are not constants, in order; it returns the outputs.

    Args:
        program: the statements.
        backend: "numpy", "jax" or "torch".
        name: what the function is called.

    Raises:
        ValueError: for an unknown backend.
        NotImplementedError: for a primitive without a notation in that library.
    """
    if backend not in DIALECTS:
        raise ValueError(f"backend {backend!r}: one of {', '.join(map(repr, [*DIALECTS, 'drjit']))}")
    dialect = DIALECTS[backend]
    names = all_names(program, leaf_names(program.leaves))
    texts: list[str] = []
    lines: list[str] = []
    inline = _inlined(program)
    for i, statement in enumerate(program.statements):
        args = [texts[a] for a in statement.args]
        text = names[i] if statement.op == "leaf" else _text(program, statement, args, dialect)
        if statement.op in ("leaf", *VIEWS) or i in inline or (statement.op == "constant" and statement.shape == ()):
            texts.append(text)
            continue
        shape = f"  # {statement.shape}" if statement.shape else ""
        if statement.op in ("place", "scatter"):
            lines += _placed(statement, names[i], args[0], dialect, shape)
        else:
            lines.append(f"{names[i]} = {text}{shape}")
        texts.append(names[i])
    returned = ", ".join(texts[i] for i in program.outputs)
    leaves = [n for n, leaf in zip(leaf_names(program.leaves), program.leaves) if leaf.kind != "constant"]
    body = "\n".join("    " + line for line in [*lines, f"return {returned}"])
    head = dialect.header
    head += _imports(program, body)
    if "on_tensors(" in body:
        head += TORCH_HELPER
    if any(s.op == "cumprod" for s in program.statements):
        axis = "(axis,)" if backend == "torch" else "axis"
        head += "\n" + _HELPERS["cumprod"].format(name="cumprod", m=dialect.module, axis=axis)
    return f"{head}\n\ndef {name}({', '.join(leaves)}):\n{body}\n"


def _imports(program: ArrayProgram, body: str) -> str:
    """Definitions of what the body calls that NumPy doesn't have."""
    lines = []
    for name in sorted(set(re.findall(r"\b_np_\w+", body))):
        lines.append(f'{name} = HELPERS["{name}"]')
    if lines:
        lines.insert(0, "from autograd_lite.primitives.arrays_support import HELPERS\n")
    for name in sorted(set(re.findall(r"\b_op_(\w+)\(", body))):
        if name in TABLE:
            lines.append(f'_op_{name} = np.vectorize(TABLE["{name}"].fn, otypes=[float])')
        else:
            lines.append(f"# _op_{name} is np.vectorize of the float function of your primitive {name}")
    if any(line.startswith("_op_") for line in lines):
        lines.insert(0, "from autograd_lite.primitives import TABLE")
    return "".join(line + "\n" for line in lines)


def _inlined(program: ArrayProgram) -> set[int]:
    """Matrix products that only have a bias added to them: f1 = x @ W1.T + b1 is one line."""
    uses: dict[int, list[int]] = {}
    for i, statement in enumerate(program.statements):
        for a in statement.args:
            uses.setdefault(a, []).append(i)
    return {
        i
        for i, statement in enumerate(program.statements)
        if statement.op == "matmul"
        and i not in program.outputs
        and len(uses.get(i, ())) == 1
        and program.statements[uses[i][0]].name == "add"
        and i not in program.names
    }


def _text(program: ArrayProgram, statement: Statement, args: Sequence[str], dialect: Dialect) -> str:
    m = dialect.module
    if statement.op == "constant":
        if statement.shape == ():
            return number_source(statement.attrs, m)
        kind = "torch.tensor" if m == "torch" else f"{m}.array"
        dtype = ", dtype=torch.float64" if m == "torch" else ""
        text = np.array2string(statement.attrs, separator=", ", threshold=10**9, floatmode="unique")
        text = text.replace("nan", 'float("nan")').replace("inf", 'float("inf")').replace("\n", "")
        return f"{kind}({text}{dtype})"
    if statement.op == "cumprod":
        return f"cumprod({args[0]}, {statement.attrs[0]}, {statement.attrs[1]})"
    if statement.op in ("place", "scatter"):
        return ""

    def shape_of(k: int) -> Any:
        return program.statements[statement.args[k]].shape

    return expression(statement, args, dialect, shape_of)


def _placed(statement: Statement, name: str, x: str, dialect: Dialect, comment: str) -> list[str]:
    """The statements of an assignment into zeros, which JAX writes as a function."""
    m = dialect.module
    dtype = ", dtype=torch.float64" if m == "torch" else ""
    shape, where = statement.attrs
    zeros = f"{m}.zeros({shape!r}{dtype})"
    if statement.op == "place":
        inside = slices(where) or "..."
        if m == "jnp":
            return [f"{name} = {zeros}.at[{inside}].set({x}){comment}"]
        if m == "torch" and any(isinstance(i, tuple) and i[2] < 0 for i in where):
            grid = positions_source(np.arange(int(np.prod(shape))).reshape(shape)[_numpy_index(where)].ravel(), "torch")
            put = f"index_put(({grid},), {wrapped(x)}.reshape(-1))"
            return [f"{name} = {zeros}.reshape(-1).{put}.reshape({shape!r}){comment}"]
        return [f"{name} = {zeros}{comment}", f"{name}[{inside}] = {x}"]
    flat = positions_source(np.asarray(where).ravel(), m)
    value = f"{wrapped(x)}.reshape(-1)"
    if m == "jnp":
        return [f"{name} = {zeros}.reshape(-1).at[{flat}].add({value}).reshape({shape!r}){comment}"]
    if m == "torch":
        return [f"{name} = {zeros}.reshape(-1).index_add(0, {flat}, {value}).reshape({shape!r}){comment}"]
    size = int(np.prod(shape))
    return [f"{name} = np.bincount({flat}, {value}, {size}).reshape({shape!r}){comment}"]


def _numpy_index(index: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(slice(*i) if isinstance(i, tuple) else i for i in index)
