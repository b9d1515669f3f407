"""Readable source: an array program as a function in NumPy's, JAX's or PyTorch's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...primitives import numpy_helpers as numpy_functions
from ...primitives.primitive import TABLE, Primitive
from ..ir.array_program import ArrayProgram, Statement
from ..ir.naming import VIEWS, all_names, leaf_names
from . import composed
from .dialects import DIALECTS, Dialect, expression, number_source, slices
from .functions import called_by
from .loops import Loops
from .positions import positions_source
from .target import SourceTarget
from .texts import filled, wrapped
from .ways import Ways

__all__ = ["ArrayTarget", "inlined", "numpy_helpers", "uses_of", "written"]


class ArrayTarget(SourceTarget):
    """A library of arrays, by its dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.name = dialect.name
        self.dialect = dialect
        self.guarded = dialect.name != "jax"  # which traces a function before its numbers are known

    def how(self, prim: Primitive) -> str:
        return self.dialect.how(prim)

    def source(self, program: ArrayProgram, name: str, called: Sequence[str], ways: Ways) -> str:
        dialect = self.dialect
        names = all_names(program, leaf_names(program.leaves))
        first = program.outputs[0] if program.outputs else -1
        if first >= 0 and "value" not in names and re.fullmatch(r"t\d+", names[first]):
            names[first] = "value"
        results = program.outputs[: len(program.outputs) - len(ways.guards)]
        tests = program.outputs[len(results) :]
        lines, texts = written(program, names, dialect, tests=tests)
        returned = ", ".join(texts[i] for i in results)
        leaves = [n for n, leaf in zip(leaf_names(program.leaves), program.leaves) if leaf.kind != "constant"]
        checks = ways.checks([texts[i] for i in tests], [program.statements[i].boolean for i in tests], dialect.name)
        lines = [*lines, *checks, *_explained(called, [texts[i] for i in results]), f"return {returned}"]
        lines = [*_converted(program, dialect, any(re.search(r" / |\*\*", line) for line in lines)), *lines]
        body = "\n".join("    " + line if line else "" for line in lines)
        helpers = called_by(body, {**dialect.functions, **composed_helpers(composed.ops_of(program), dialect)})
        head = dialect.header + _imports(body + helpers) + helpers
        return f"{head}\n\ndef {name}({', '.join([*leaves, *ways.defaults(leaves)])}):\n{body}\n"


def composed_helpers(prims: Sequence[Primitive], dialect: Dialect) -> dict[str, str]:
    """The functions of the ops that the library has no word for, by the names that the source calls them."""

    def write(prim: Primitive) -> str:
        inner = composed.program_of(prim)
        lines, texts = written(inner, all_names(inner, composed.operand_names(prim)), dialect, True)
        return composed.function(prim, lines, texts[inner.outputs[0]])

    return composed.helpers(prims, dialect.composes, write)


def numpy_helpers(prims: Sequence[Primitive], text: str) -> dict[str, Any]:
    """The functions that NumPy source calls and that are not NumPy's, as it defines them, made to be run."""
    space: dict[str, Any] = {"np": np, **(numpy_functions.HELPERS if "_np_" in text else {})}
    known = {**DIALECTS["numpy"].functions, **composed_helpers(prims, DIALECTS["numpy"])}
    found = called_by(text, known)
    if "_np_" in found:
        space.update(numpy_functions.HELPERS)
    exec(compile(found, "<autograd_lite helpers>", "exec"), space)
    return space


def _explained(called: Sequence[str], texts: Sequence[str]) -> list[str]:
    """A comment that tells the derivatives apart, where one is returned under the name of another number."""
    derivatives = [name[1:] for name in called if name]
    if all(name in ("", text) for name, text in zip(called, texts)):
        return []
    listed = ", ".join(derivatives[:8] + ["…"] * (len(derivatives) > 8))
    return [f"# {'the value, and ' if '' in called else ''}the derivatives with respect to {listed}"]


def _converted(program: ArrayProgram, dialect: Dialect, raises: bool) -> list[str]:
    """A line that makes numbers the library's, where it doesn't do so by itself; Python's division ``raises``."""
    pairs = zip(leaf_names(program.leaves), program.leaves)
    scalars = [n for n, leaf in pairs if leaf.kind != "constant" and not leaf.shape]
    if not scalars or (dialect.name != "torch" and not raises and not (dialect.name == "jax" and program.loops)):
        return []
    function = {"numpy": "np.float64", "torch": "_number"}.get(dialect.name, "")
    made = f"{function}({{}})" if function else "jnp.asarray({}, float)"
    if len(scalars) == 1:
        return [f"{scalars[0]} = {made.format(scalars[0])}"]
    if function:
        return [f"{', '.join(scalars)} = map({function}, ({', '.join(scalars)}))"]
    return [f"{', '.join(scalars)} = [{made.format('number')} for number in ({', '.join(scalars)})]"]


def written(
    program: ArrayProgram, names: Sequence[str], dialect: Dialect, inside: bool = False, tests: Sequence[int] = ()
) -> tuple[list[str], list[str]]:
    """The lines of a program, and the text of each statement: its name, or an expression.

    Args:
        inside: whether it is the step of a loop, whose results are written where they go.
        tests: outputs that are guards, and written where they are tested.
    """

    def step(program: ArrayProgram, names: Sequence[str]) -> tuple[list[str], list[str]]:
        return written(program, names, dialect, True)

    texts: list[str] = []
    lines: list[str] = []
    uses = uses_of(program)
    loops = Loops(program, names, dialect, step)
    for i, statement in enumerate(program.statements):
        args = [texts[a] for a in statement.args]
        if statement.op == "scan":
            lines += loops.write(i, args)
            texts.append("")
            continue
        if statement.op in ("leaf", "result"):
            texts.append(names[i] if statement.op == "leaf" else loops.result(i))
            continue
        text = _product(program, i, texts, dialect) or _text(program, statement, args, dialect)
        if (
            statement.op in VIEWS
            or (statement.op == "constant" and statement.shape == ())
            or statement.name == "stop"
            or inlined(program, i, uses, text, inside or i in tests, dialect.template)
        ):
            texts.append(text)
            continue
        shape = f"  # {statement.shape}" if statement.shape else ""
        if statement.op in ("place", "scatter"):
            lines += _placed(statement, names[i], args[0], dialect, shape)
        else:
            lines.append(f"{names[i]} = {text}{shape}")
        texts.append(names[i])
    return lines, texts


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


def uses_of(program: ArrayProgram) -> list[list[int]]:
    """For each statement, those that read it; -1 for the results."""
    uses: list[list[int]] = [[] for _ in program.statements]
    for i, statement in enumerate(program.statements):
        for a in statement.args:
            uses[a].append(i)
    for i in program.outputs:
        uses[i].append(-1)
    return uses


_REDUCTIONS = ("sum", "amax", "amin", "prod", "logsumexp")
#: characters of an expression that is written into another one
SHORT = 60


def names_once(template: str) -> bool:
    """Whether a word names each of its operands once.

    >>> names_once("np.tanh({0})"), names_once("{0} * torch.sigmoid({0})")
    (True, False)
    """
    slots = re.findall(r"\{(\d+)\}", template)
    return len(slots) == len(set(slots))


def inlined(
    program: ArrayProgram,
    i: int,
    uses: Sequence[Sequence[int]],
    text: str,
    inside: bool,
    word: Callable[[Primitive], str],
) -> bool:
    """Whether a statement is written where it is used: once, in an expression that names its operands once.

    So f1 = x @ W1.T + b1 is one line, and so is t = np.tanh(x * w + 0.1).

    Args:
        word: the target's template for an op.
    """
    statement = program.statements[i]
    if len(uses[i]) != 1 or i in program.names or statement.op not in ("matmul", "elementwise", *_REDUCTIONS):
        return False
    if uses[i][0] < 0:
        return inside
    user = program.statements[uses[i][0]]
    if any(i < k < uses[i][0] for k in program.loops):  # after which names may stand for something else
        return False
    if user.prim is None or user.prim.arity < 0:
        return False
    if statement.op == "matmul" and statement.shape:
        return user.name == "add"
    return len(text) <= SHORT and names_once(word(user.prim))


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


def _text(program: ArrayProgram, statement: Statement, args: Sequence[str], dialect: Dialect) -> str:
    m = dialect.module
    if statement.op == "constant":
        if statement.shape == ():
            return number_source(statement.attrs, m)
        return _array_source(statement.attrs, m)
    if statement.op == "cumprod":
        return f"cumprod({args[0]}, {statement.attrs[0]}, {statement.attrs[1]})"
    if statement.op in ("place", "scatter"):
        return ""

    def shape_of(k: int) -> Any:
        return program.statements[statement.args[k]].shape

    return expression(statement, args, dialect, shape_of)


def _array_source(x: Any, m: str) -> str:
    """A constant array: numbers at equal distances are written as such."""
    n = len(x)
    if x.ndim == 1 and n > 8:
        step = float(x[1] - x[0])
        for made, text in ((np.arange(n) * step, ""), (np.arange(n) * step + float(x[0]), f" + {float(x[0])!r}")):
            if made.tobytes() == x.tobytes():
                dtype = ", dtype=torch.float64" if m == "torch" else ", dtype=float" if m == "jnp" else ""
                return f"{m}.arange({n}{dtype})" + (f" * {step!r}" if step != 1.0 else "") + text
    kind = "torch.tensor" if m == "torch" else f"{m}.array"
    dtype = ", dtype=torch.float64" if m == "torch" else ""
    numbers = re.sub(r"\b(nan|inf)\b", r'float("\1")', str(x.tolist()))
    return f"{kind}({numbers}{dtype})"


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
