"""Derivatives as textbooks write them, for equations that are read and not run.

The table's rules are exact to the last digits, at infinities and where a number overflows: the derivative of tanh is
1 − tanh² in one range and 4e²ˣ/(1 + e²ˣ)² in another. Programs run those; equations show these.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...primitives.primitive import TABLE
from ..ir.array_program import Builder, Symbol

__all__ = ["RULES", "own_line", "softmax_adjoint"]


def _of(name: str) -> Any:
    return TABLE[name]


def _silu(out: Any, x: Any) -> tuple[Any]:
    s = _of("sigmoid")(x)
    return (s + out * (1.0 - s),)


#: partials by the primitive's name: of the result and the operands, as in the table
RULES: dict[str, Callable[..., tuple[Any, ...]]] = {
    "abs": lambda out, x: (_of("sign")(x),),
    "acos": lambda out, x: (-1.0 / _of("sqrt")(1.0 - x * x),),
    "acosh": lambda out, x: (1.0 / (_of("sqrt")(x - 1.0) * _of("sqrt")(x + 1.0)),),
    "asin": lambda out, x: (1.0 / _of("sqrt")(1.0 - x * x),),
    "atan": lambda out, x: (1.0 / (1.0 + x * x),),
    "atanh": lambda out, x: (1.0 / (1.0 - x * x),),
    "ceil": lambda out, x: (0.0,),
    "cbrt": lambda out, x: (1.0 / (3.0 * (out * out)),),
    "exp2": lambda out, x: (out * math.log(2.0),),
    "floor": lambda out, x: (0.0,),
    "gelu": lambda out, x: (_of("norm_cdf")(x) + x * _of("norm_pdf")(x),),
    "hypot": lambda out, x, y: (x / out, y / out),
    "log": lambda out, x: (1.0 / x,),
    "log10": lambda out, x: (1.0 / (math.log(10.0) * x),),
    "log1p": lambda out, x: (1.0 / (1.0 + x),),
    "log2": lambda out, x: (1.0 / (math.log(2.0) * x),),
    "norm": lambda out, *xs: tuple([x / out for x in xs]),
    "norm_pdf": lambda out, x: (-x * out,),
    "pow": lambda out, x, y: (y * x ** (y - 1.0), out * _of("log")(x)),
    "rsqrt": lambda out, x: (-0.5 * (out / x),),
    "sigmoid": lambda out, x: (out * (1.0 - out),),
    "sign": lambda out, x: (0.0,),
    "silu": _silu,
    "sqrt": lambda out, x: (0.5 / out,),
    "tanh": lambda out, x: (1.0 - out * out,),
    "trunc": lambda out, x: (0.0,),
}


def own_line(builder: Builder, i: int, g: Any, names: dict[int, str], forward: int) -> Any:
    """The adjoint ``g`` of statement ``i`` under a name of its own, if it is a number or has another name already.

    So that the chain rule can be read link by link: ∂ℓ/∂f₄ = 1 and ∂ℓ/∂f₃ = f₄ · ∂ℓ/∂f₄.
    """
    shape = builder.statements[i].shape
    known = builder.broadcast(g, shape)
    passed_on = builder.statements[known.id].op in ("constant", "broadcast")
    if not passed_on and known.id >= forward and known.id not in names:
        return g
    return builder.add("called", (known.id,), names[i], shape)


def softmax_adjoint(builder: Builder, i: int, g: Symbol) -> Any:
    """The adjoint of the operand of a softmax or its logarithm: s ⊙ (g − Σ g ⊙ s), or g − s Σ g."""
    statement = builder.statements[i]
    axes = statement.attrs
    keep = [None if a in axes else (0, None, 1) for a in range(len(statement.shape))]
    if statement.op == "softmax":
        out = builder.symbol(i)
        return out * (g - builder.index(builder.reduce("sum", builder.constant(g * out), axes), keep))
    share = builder.add("softmax", statement.args, axes, statement.shape)
    made = builder.statements[g.id]
    if made.op == "place" and all(isinstance(item, int) for item in made.attrs[1]):
        return g - share * builder.symbol(made.args[0])
    return g - share * builder.index(builder.reduce("sum", g, axes), keep)
