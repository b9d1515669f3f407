"""Branches that were not taken: their derivatives are 0, and not 0 · nan.

Eager code records only the branch that ``where`` takes. A program computes both, so the reverse sweep has to leave out
what only the other branch contributes: at -1, ``where(x > 0, sqrt(x), 0)`` has derivative 0, though sqrt has none.
"""

from __future__ import annotations

from ...primitives.primitive import TABLE
from ..ir.control_ops import COMPARISONS
from ..ir.scalar_program import Program
from .rewriting import Rewrite

__all__ = ["mask"]

#: ops of which one operand of several counts, decided by the first
_CHOICES = ("where", "pick")

#: ops whose partials are finite where their operands are
_SAFE = {
    "add", "sub", "neg", "mul", "dot", "affine", "sum", "mean", "identity", "pos", "relu", "abs", "maximum", "minimum",
    "where", "pick", "sin", "cos", "tanh", "sigmoid", "softplus", "atan", "stop", "gate", "clip", "heaviside", "sign",
    *COMPARISONS,
}  # fmt: skip


def mask(program: Program) -> Program:
    """The program with a mask (an instruction, 1 or 0) for each that a branch alone uses and whose partials may be nan.

    ``program.masks`` maps the one to the other; the masks come after all other instructions.
    """
    if not any(prim.name in _CHOICES for prim in program.prims):
        return program
    first = program.first
    unsafe = [False] * (first + len(program))
    for k, args in enumerate(program.args):
        unsafe[first + k] = _is_unsafe(program, k) or any(unsafe[a] for a in args)
    if not any(unsafe):
        return program
    result = Rewrite(program)
    for k in range(len(program)):
        result.copy(k)
    # None: used unconditionally; absent: not used by anything differentiable
    found: dict[int, int | None] = dict.fromkeys(_unconditional(program))
    masks: dict[int, int] = {}
    use: int | None
    for k in range(len(program) - 1, -1, -1):
        id = first + k
        if id not in found or program.prims[k].name in COMPARISONS or program.prims[k].name == "stop":
            continue
        here = found[id]
        if here is not None and unsafe[id] and program.prims[k].arity >= 0:
            masks[id] = here
        name, args = program.prims[k].name, program.args[k]
        for position, a in enumerate(args):
            if a in found and found[a] is None:
                continue
            use = here
            if name in _CHOICES:
                if position == 0 or not unsafe[a]:
                    continue
                condition = result.id_of[args[0]]
                if name == "pick":
                    taken = result.emit(COMPARISONS["eq"], (condition, result.constant(position - 1.0)))
                else:
                    taken = _when(result, condition, position == 1)
                use = _both(result, here, taken)
            found[a] = use if a not in found else _either(result, found[a], use)
    made = result.finish()
    shift = made.first - first
    made.masks = {id + shift: m + shift for id, m in masks.items()}
    return made


def _unconditional(program: Program) -> set[int]:
    """The numbers that an output depends on whatever is chosen."""
    first = program.first
    found = set(program.outputs)
    for k in range(len(program) - 1, -1, -1):
        prim = program.prims[k]
        if first + k in found and prim.name not in _CHOICES and prim.name not in COMPARISONS and prim.name != "stop":
            found.update(program.args[k])
    return found


def _is_unsafe(program: Program, k: int) -> bool:
    prim, args = program.prims[k], program.args[k]
    if prim.name == "pow" and (program.constant(args[1]) or 0.0) >= 1.0:
        return False
    if prim.name == "div" and program.constant(args[1]):
        return False
    return prim.name not in _SAFE


def _when(result: Rewrite, condition: int, holds: bool) -> int:
    return condition if holds else result.emit(COMPARISONS["eq"], (condition, result.constant(0.0)))


def _both(result: Rewrite, a: int | None, b: int) -> int:
    return b if a is None else result.emit(TABLE["where"], (a, b, result.constant(0.0)))


def _either(result: Rewrite, a: int | None, b: int | None) -> int | None:
    if a is None or b is None:
        return None
    return a if a == b else result.emit(TABLE["where"], (a, result.constant(1.0), b))
