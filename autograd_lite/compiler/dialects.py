"""Expressions of statements in the array libraries' own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..primitives.core import Primitive
from .choice import COMPARISONS
from .statements import Statement

__all__ = ["DIALECTS", "Dialect", "expression"]


class Dialect:
    """How a library writes what is not the same everywhere.

    Attributes:
        name: "numpy", "jax" or "torch".
        module: the name the library is imported under.
        replace: templates for primitives whose NumPy notation the library doesn't share.
    """

    def __init__(self, name: str, module: str, header: str, replace: dict[str, str]) -> None:
        self.name = name
        self.module = module
        self.header = header
        self.replace = replace

    def template(self, prim: Primitive) -> str:
        """The source template of a primitive; NotImplementedError if there is none."""
        found = self.replace.get(prim.name) or prim.array
        if self.name == "numpy" and prim.name in _INEXACT:
            found = _INEXACT[prim.name] and _INEXACT[prim.name].replace("…", found)
        if not found:
            if self.name == "numpy":
                slots = ", ".join(f"{{{i}}}" for i in range(max(prim.arity, 0)))
                return f"_op_{prim.name}({slots or '*{args}'})"
            raise NotImplementedError(
                f"{prim.name} has no array notation: give its primitive array=… to emit {self.name}"
            )
        if self.name != "numpy":
            if "_np_" in found:
                raise NotImplementedError(f"{prim.name} has no notation in {self.name}")
            found = re.sub(r"\bnp\.", f"{self.module}.", found)
        if self.name == "torch":
            found = _STRICT.sub(r"on_tensors(torch.\1, ", found)
        return found


_TORCH = {
    "relu": "torch.relu({0})",
    "pow": "{0} ** {1}",
    "sigmoid": "torch.sigmoid({0})",
    "softplus": "torch.logaddexp({0}, 0.0)",
    "cbrt": "torch.sign({0}) * torch.abs({0}) ** (1 / 3)",
}
#: functions of PyTorch that take tensors only, no numbers
_STRICT = re.compile(
    r"\btorch\.(maximum|minimum|heaviside|hypot|logaddexp|logaddexp2|arctan2|atan2|copysign|fmod|where|fmax|fmin|remainder"
    r"|exp|log|sqrt|sin|cos|tanh|abs|sign|floor|ceil|trunc|isnan|isinf|isfinite)\("
)
TORCH_HELPER = """

def on_tensors(function, *operands):
    return function(*[x if torch.is_tensor(x) else torch.as_tensor(x, dtype=torch.float64) for x in operands])
"""
#: primitives whose array notation (…) is not the float function at infinities, nan or odd parameters; without a remedy
#: they are called number by number
_INEXACT = {
    "rsqrt": "np.abs(…)",
    "silu": "np.where({0} == -np.inf, -0.0, …)", "mish": "np.where({0} == -np.inf, -0.0, …)",
    "softsign": "np.where(np.isinf({0}), np.sign({0}), …)", "sinc": "np.where(np.isinf({0}), 0.0, …)",
    "gelu": "", "gelu_tanh": "np.where({0} == -np.inf, -0.0, …)", "celu": "", "hardshrink": "", "ldexp": "",
    "log_softmax_of": "", "smooth_maximum": "", "softmax_of": "", "softshrink": "",
}  # fmt: skip
_JAX = {"pow": "{0} ** {1}"}

DIALECTS = {
    "numpy": Dialect("numpy", "np", "import numpy as np\n", {}),
    "jax": Dialect(
        "jax", "jnp", 'import jax\nimport jax.numpy as jnp\n\njax.config.update("jax_enable_x64", True)\n', _JAX
    ),
    "torch": Dialect("torch", "torch", "import torch\n", _TORCH),
}


def number_source(x: float, module: str) -> str:
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


def positions_source(positions: Any, module: str) -> str:
    """An index array as a literal."""
    return f"{module}.{'tensor' if module == 'torch' else 'array'}({np.asarray(positions).tolist()})"


_BINDING = {"add": 1, "sub": 1, "mul": 2, "div": 2, "neg": 3, "pow": 4}


def wrapped(text: str) -> str:
    """``text`` in parentheses unless it is a name, a call or an index already."""
    return text if re.fullmatch(r"[\w.]+(\[[^\[\]]*\])?(\.T)?|[\w.]+\([^()]*\)", text) else f"({text})"


def expression(statement: Statement, args: Sequence[str], dialect: Dialect, shape_of: Callable[[int], Any]) -> str:
    """The source of a statement given that of its operands."""
    op, attrs, m = statement.op, statement.attrs, dialect.module
    if op == "elementwise":
        return elementwise_source(statement, args, dialect)
    x = args[0] if args else ""
    if op == "reshape":
        if shape_of(0) == ():
            return f"{m}.reshape({_tensor(x, m)}, {attrs!r})"
        return f"{wrapped(x)}.reshape({attrs!r})"
    if op == "transpose":
        if len(attrs) == 2:
            return f"{wrapped(x)}.T"
        return f"{wrapped(x)}.{'permute' if m == 'torch' else 'transpose'}({attrs!r})"
    if op == "index":
        if m == "torch" and any(isinstance(i, tuple) and i[2] < 0 for i in attrs):
            return _flipped(x, attrs, shape_of(0))
        return f"{wrapped(x)}[{slices(attrs)}]"
    if op == "broadcast":
        return f"{m}.broadcast_to({_tensor(x, m)}, {attrs!r})"
    if op == "take":
        return f"{wrapped(x)}.reshape(-1)[{positions_source(attrs, m)}]"
    if op == "concat":
        return f"{m}.concatenate([{', '.join(args)}], {attrs})"
    if op == "pack":
        items = ", ".join(_tensor(a, m) for a in args)
        stacked = f"{m}.stack([{items}])"
        return stacked if len(attrs) == 1 else f"{stacked}.reshape({attrs!r})"
    if op == "matmul":
        return f"{wrapped(x)} @ {wrapped(args[1])}"
    return _reduction(statement, x, dialect, shape_of)


def _tensor(x: str, module: str) -> str:
    return f"torch.as_tensor({x}, dtype=torch.float64)" if module == "torch" else x


def _flipped(x: str, index: Sequence[Any], shape: Any) -> str:
    """torch has no negative steps: the positions one by one."""
    for axis, item in enumerate(index):
        if isinstance(item, tuple) and item[2] < 0:
            count = range(*slice(*item).indices(shape[axis]))
            index = [*index[:axis], (None, None, 1), *index[axis + 1 :]]
            x = f"{x}.index_select({axis}, torch.tensor({list(count)}))"
    return f"{x}[{slices(index)}]"


def _reduction(statement: Statement, x: str, dialect: Dialect, shape_of: Callable[[int], Any]) -> str:
    op, attrs, m = statement.op, statement.attrs, dialect.module
    if op in ("sum", "amax", "amin", "prod"):
        every = len(attrs) == len(shape_of(0))
        if op == "prod" and m == "torch" and not every:
            return f"{m}.prod({x}, {attrs[0]})"
        return f"{m}.{op}({x})" if every else f"{m}.{op}({x}, {attrs if len(attrs) > 1 else attrs[0]})"
    if op == "logsumexp":
        if m == "np":
            return f"np.logaddexp.reduce({x}, {attrs[0]})"
        return f"{'torch' if m == 'torch' else 'jax.nn'}.logsumexp({x}, {attrs[0]})"
    raise NotImplementedError(f"{op} in {dialect.name}")


def elementwise_source(statement: Statement, args: Sequence[str], dialect: Dialect) -> str:
    """A primitive's template filled in; parentheses where its operators bind tighter than the operands'."""
    prim = statement.prim
    assert prim is not None
    if prim.name in ("gate", "stop"):
        return args[0]
    if prim.name in COMPARISONS:
        return prim.array.format(*map(wrapped, args))
    template = dialect.template(prim)
    if prim.arity < 0:
        joined = ", ".join(args)
        groups = [", ".join(args[: len(args) // 2]), ", ".join(args[len(args) // 2 : 2 * (len(args) // 2)])]
        listed = f"{dialect.module}.stack({dialect.module}.broadcast_arrays({joined}))"
        last = args[-1] if args else ""
        return template.format(*[f"[{g}]" for g in groups], last, args=listed, n=len(args), last=last)
    if prim.name == "add":
        args = [a if re.fullmatch(r"[\w.]+ @ [\w.]+", a) else wrapped(a) for a in args]
        return f"{args[0]} + {args[1]}"
    inside_call = re.fullmatch(r"[\w.]+\([^()]*\)", template) is not None
    return template.format(*(args if inside_call else map(wrapped, args)))
