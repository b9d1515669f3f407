"""Which numbers of an array program the reverse sweep reaches, as statements (``functional/branches.py``)."""

from __future__ import annotations

from typing import Any

from ...functional.branches import ALWAYS, NEVER, Reach, either, only_if
from ...primitives.primitive import TABLE
from ..ir.array_program import Builder, Symbol
from ..ir.control_ops import COMPARISONS

__all__ = ["ALWAYS", "NEVER", "Reach", "as_number", "as_reach", "either", "gated", "joined", "only_if"]

#: a condition of more terms becomes a statement
MANY = 6


def as_number(builder: Builder, reach: Reach) -> Any:
    """1 where the condition holds and 0 elsewhere: a Symbol of some shape that broadcasts, or a float."""
    total: Any = 0.0
    for term in sorted(reach, key=sorted):
        found: Any = 1.0
        for id, holds in sorted(term):
            found = builder.elementwise(
                TABLE["where"], (builder.symbol(id), found, 0.0) if holds else (builder.symbol(id), 0.0, found)
            )
        total = found if type(total) is float and total == 0.0 else builder.elementwise(
            TABLE["where"], (found, 1.0, total)
        )  # fmt: skip
    return total


def as_reach(builder: Builder, number: Any) -> Reach:
    """The condition that a number is not 0."""
    holds = builder.elementwise(COMPARISONS["ne"], (builder.constant(number), 0.0))
    if isinstance(holds, Symbol):
        return only_if(ALWAYS, holds.id, True)
    return ALWAYS if holds else NEVER


def joined(builder: Builder, a: Reach, b: Reach) -> Reach:
    """``either``, as a statement if it has become long."""
    found = either(a, b)
    return found if len(found) <= MANY else as_reach(builder, as_number(builder, found))


def gated(builder: Builder, reach: Reach, x: Any) -> Any:
    """``x`` where the sweep arrives, and 0 elsewhere, whatever x is there."""
    return x if reach == ALWAYS else builder.elementwise(TABLE["where"], (as_number(builder, reach), x, 0.0))
