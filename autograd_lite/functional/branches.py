"""When a sweep arrives at a number: in a program both branches of a choice are there, and only one has been taken.

An eager graph has the branch that was taken and no other, and a sweep reaches precisely what it has. In a program, or a
recording of one, whether a number is reached is a condition: it is reached by any of the numbers that use it, and from
``where(c, a, b)`` a is reached where c holds and b where it doesn't. What is not reached contributes nothing, where
0 · nan would be nan.

A condition is a disjunction of conjunctions: a set of sets of literals, which are pairs of a key and whether it holds.
"""

from __future__ import annotations

from typing import Any

__all__ = ["ALWAYS", "NEVER", "Reach", "either", "only_if"]

Reach = frozenset[frozenset[tuple[Any, bool]]]

NEVER: Reach = frozenset()
ALWAYS: Reach = frozenset({frozenset()})


def only_if(reach: Reach, key: Any, holds: bool) -> Reach:
    """``reach``, and a literal besides.

    >>> only_if(only_if(ALWAYS, "c", True), "c", False) == NEVER
    True
    """
    return frozenset(term | {(key, holds)} for term in reach if (key, not holds) not in term)


def either(a: Reach, b: Reach) -> Reach:
    """Whichever of two: terms that others contain are left out, and so is what holds either way.

    >>> either(only_if(ALWAYS, "c", True), only_if(ALWAYS, "c", False)) == ALWAYS
    True
    """
    if a == b or not b:
        return a
    if not a:
        return b
    terms = {*a, *b}
    while True:
        merged = next(
            (
                (term, term ^ {(key, holds), (key, not holds)}, term - {(key, holds)})
                for term in terms
                for key, holds in term
                if term ^ {(key, holds), (key, not holds)} in terms
            ),
            None,
        )
        if merged is None:
            break
        terms -= {merged[0], merged[1]}
        terms.add(merged[2])
    return frozenset(term for term in terms if not any(other < term for other in terms))
