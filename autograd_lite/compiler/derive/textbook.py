"""Derivatives as textbooks write them, for equations that are read and not run.

The table's rules are exact to the last digits, at infinities and where a number overflows: the derivative of tanh is
1 − tanh² in one range and 4e²ˣ/(1 + e²ˣ)² in another. Programs run those; equations show an entry's ``textbook`` rule,
where it has one, and the adjoints of this module.
"""

from __future__ import annotations

from typing import Any

from ..ir.array_program import Builder, Symbol

__all__ = ["own_line", "softmax_adjoint"]


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
