"""Sums of products: a chain of additions is one sum, and the products in it are one dot."""

from __future__ import annotations

from ...primitives.primitive import TABLE
from ..ir.scalar_program import Program
from .rewriting import Rewrite

__all__ = ["gather_sums"]

#: a sum of fewer terms stays as it is written
FEWEST = 3


def gather_sums(program: Program) -> Program:
    """The program with chains of additions, as ``sum(w * x for …)`` records them, as n-ary sums and dots.

    Only additions and products that nothing else uses are taken in. The terms keep their order, but for products,
    which come first: the result differs from the chain's by rounding only.
    """
    names = [prim.name for prim in program.prims]
    if "add" not in names:
        return program
    first = program.first
    uses = [0] * (first + len(program))
    for args in program.args:
        for a in args:
            uses[a] += 1
    for id in [*program.outputs, *[guard.id for guard in program.guards]]:
        uses[id] += 2
    inside = _absorbed(program, names, uses)
    if not inside:
        return program
    zero = {id for id, number in program.constants().items() if number == 0.0}
    rank = _ranks(program)
    result = Rewrite(program)
    for k, name in enumerate(names):
        if first + k in inside:
            result.id_of.append(0)  # nobody asks
            continue
        terms = _terms(program, names, k, inside, zero) if name in ("add", "sum") else []
        if len(terms) < FEWEST:
            if any(a in inside for a in program.args[k]):
                result.id_of.append(_spelled(result, terms))
            else:
                result.copy(k)
            continue
        result.id_of.append(_written(program, names, terms, uses, rank, result, program.labels.get(first + k, "")))
    return result.finish()


def _absorbed(program: Program, names: list[str], uses: list[int]) -> set[int]:
    """Additions that are only a term of another addition."""
    first = program.first
    found = set()
    for name, args in zip(names, program.args):
        if name in ("add", "sum"):
            for a in args:
                if a >= first and uses[a] == 1 and names[a - first] == "add" and a not in program.labels:
                    found.add(a)
    return found


def _terms(program: Program, names: list[str], k: int, inside: set[int], zero: set[int]) -> list[int]:
    """The terms of a chain of additions, from left to right."""
    terms: list[int] = []
    stack = list(reversed(program.args[k]))
    while stack:
        id = stack.pop()
        if id in inside:
            stack.extend(reversed(program.args[id - program.first]))
        elif id not in zero:
            terms.append(id)
    return terms


def _spelled(result: Rewrite, terms: list[int]) -> int:
    """One or two terms that are left of a chain."""
    if not terms:
        return result.constant(0.0)
    total = result.id_of[terms[0]]
    for term in terms[1:]:
        total = result.emit(TABLE["add"], (total, result.id_of[term]))
    return total


def _ranks(program: Program) -> list[int]:
    """Which factor of a product comes first: what was computed, then arguments, then parameters, then constants."""
    order = {"argument": 1, "value": 2, "parameter": 2, "constant": 3}
    ranks: list[int] = []
    for leaf in program.leaves:
        ranks += [order.get(leaf.kind, 1)] * leaf.size
    return ranks + [0] * len(program)


def _written(
    program: Program, names: list[str], terms: list[int], uses: list[int], rank: list[int], result: Rewrite, label: str
) -> int:
    """The sum of ``terms``, its products as one dot."""
    first = program.first
    products = [t for t in terms if t >= first and names[t - first] == "mul" and uses[t] == 1]
    if len(products) < 2:
        return result.emit(TABLE["sum"], [result.id_of[t] for t in terms], label)
    chosen = set(products)
    rest = [result.id_of[t] for t in terms if t not in chosen]
    left, right = [], []
    for t in products:
        a, b = program.args[t - first]
        if rank[a] > rank[b]:
            a, b = b, a
        left.append(result.id_of[a])
        right.append(result.id_of[b])
    if len(rest) == 1:
        return result.emit(TABLE["affine"], [*left, *right, rest[0]], label)
    dot = result.emit(TABLE["dot"], [*left, *right], label if not rest else "")
    return dot if not rest else result.emit(TABLE["sum"], [dot, *rest], label)
