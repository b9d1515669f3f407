"""What a loop back takes over from the loop ahead, where programs keep arrays for it anyway.

A step back is linear in the adjoints that it is handed; the numbers that they are multiplied by depend on what the step
ahead read, and on nothing else. They are computed ahead, beside what is needed there anyway, and kept, unless keeping
what they are made of takes less memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..ir.array_program import Builder, Statement, Symbol
from ..ir.scan import Scan

__all__ = ["factors_ahead", "stored_functions"]

#: makes an input of the loop back of what a statement of the loop ahead is in every step
Keep = Callable[[Statement, int], None]


def factors_ahead(ahead: Scan, back: Builder, inputs: Sequence[Symbol], moved: dict[int, Symbol], keep: Keep) -> None:
    """Let the loop ahead compute what the adjoints are multiplied by.

    Args:
        ahead: the loop ahead, whose step gets more statements.
        back: the statements of a step back.
        inputs: the leaves there of what the step ahead read, in order.
        moved: by number of a statement ahead, the same in the step back.
        keep: turns a statement of the step back into an input: what the numbered statement ahead is in every step.
    """
    home = {new.id: i for i, new in moved.items()}
    given = {x.id for x in inputs}
    known = [False] * len(back.statements)  # without what is handed back
    cone: dict[int, set[int]] = {}  # for each of those what it is made of
    factors: list[int] = []
    direct: set[int] = set()
    for i, s in enumerate(back.statements):
        leaf = i in given or s.op == "constant"
        known[i] = leaf or (s.op == "elementwise" and all(known[a] for a in s.args))
        if known[i]:
            cone[i] = {i}.union(*(cone[a] for a in s.args))
            continue
        for a in s.args:
            if known[a] and back.statements[a].op == "elementwise":
                factors.append(a)
            direct.add(a)
    factors = list(dict.fromkeys(factors))
    carried = {inputs[k].id for k in ahead.carried}
    spared = set().union(*(cone[a] for a in factors)) - direct
    before = [i for i in spared if i in carried or (i in home and _function(back.statements[i]))]
    before += [a for a in factors if a in home and _function(back.statements[a])]
    if not factors or _size(back, factors) > _size(back, set(before)):
        return
    for a in factors:
        for i in sorted(cone[a]):
            if i not in home:
                s = back.statements[i]
                args = tuple(home[b] for b in s.args)
                home[i] = ahead.builder.add(s.op, args, s.attrs, s.shape, s.prim).id
    for a in factors:
        keep(back.statements[a], home[a])


def stored_functions(back: Builder, moved: dict[int, Symbol], keep: Keep) -> None:
    """What a step computed by more than an operator is kept from the loop ahead, and not computed again."""
    for i, new in moved.items():
        s = back.statements[new.id]
        if _function(s):
            keep(s, i)


def _function(s: Statement) -> bool:
    """Whether a statement calls a function."""
    return s.op == "elementwise" and s.prim is not None and not s.prim.passive and "(" in s.prim.array


def _size(back: Builder, statements: Sequence[int] | set[int]) -> int:
    """How many numbers a step keeps of these."""
    return sum(math.prod(back.statements[i].shape) for i in statements)
