"""Which numbers of a program hand on an adjoint, and which outputs depend on some of its leaves."""

from __future__ import annotations

from collections.abc import Sequence

from .control_ops import COMPARISONS, read
from .scalar_program import Program

__all__ = ["active_numbers", "dependent"]


def active_numbers(program: Program, wrt: Sequence[int]) -> bytearray:
    """For each number 1 if it depends on a leaf in ``wrt`` and an output on it, through something differentiable.

    What only a guard looks at is left out: its adjoint would be 0, and 0 · inf is nan.
    """
    active = bytearray(program.first + len(program))
    if not len(wrt):
        return active
    for k in wrt:
        leaf = program.leaves[k]
        active[leaf.base : leaf.base + leaf.size] = b"\1" * leaf.size
    here = program.first
    for prim, args in zip(program.prims, program.args):
        if not prim.passive:
            for a in args[1:] if prim.choice else args:
                if active[a]:
                    active[here] = 1
                    break
        here += 1
    reached = bytearray(len(active))
    for i in program.outputs:
        reached[i] = 1
    for k in range(len(program) - 1, -1, -1):
        here = program.first + k
        if reached[here] and active[here]:
            for a in program.args[k]:
                reached[a] = 1
        else:
            active[here] = 0
    return active


def dependent(program: Program, leaves: Sequence[int], decided: bool = False) -> list[bool]:
    """For each output, whether it depends on one of ``leaves``, but for their numbers that are read, or compared, which
    gives a bool in plain code; those, too, if that is ``decided``.
    """
    marked = bytearray(program.first + len(program))
    for k in leaves:
        leaf = program.leaves[k]
        marked[leaf.base : leaf.base + leaf.size] = b"\1" * leaf.size
    if leaves:
        found = marked.__getitem__
        for here, (prim, args) in enumerate(zip(program.prims, program.args), program.first):
            plain = prim is read or (not decided and COMPARISONS.get(prim.name) is prim)
            marked[here] = not plain and any(map(found, args))
    return [bool(marked[id]) for id in program.outputs]
