"""Sums of products: a chain of additions is one sum, and the products in it are one dot."""

from __future__ import annotations

from ...primitives.primitive import TABLE
from ..ir.scalar_program import Program
from .rewriting import Rewrite

__all__ = ["gather_sums"]

#: a sum of fewer terms stays as it is written
FEWEST = 3
#: and one with differences in it if it has fewer: ``(t - s) - y`` compensates rounding errors as it stands
SIGNED = 8
#: sums that begin with 0 and have so many different numbers of terms are rows of a table, those of one term too
RAGGED = 3
#: in a program of no more instructions, what has a name stays a statement of its own
NAMED = 64

#: terms, and whether each is subtracted
Terms = list[tuple[int, bool]]


def gather_sums(program: Program) -> Program:
    """The program with chains of additions, as ``sum(w * x for …)`` records them, as n-ary sums and dots.

    Only additions and products that nothing else uses are taken in, and in a long chain also what is subtracted. The
    terms keep their order, but for products, which come first, and subtracted ones, which are a sum of their own: the
    result differs from the chain's by rounding only.
    """
    names = [prim.name for prim in program.prims]
    if "add" not in names and "sub" not in names:
        return program
    first = program.first
    uses = [0] * (first + len(program))
    for args in program.args:
        for a in args:
            uses[a] += 1
    for id in [*program.outputs, *[guard.id for guard in program.guards]]:
        uses[id] += 2
    chains = _Chains(program, names, uses)
    if not chains.terms:
        return program
    rank = _ranks(program)
    result = Rewrite(program)
    for k in range(len(names)):
        if first + k in chains.inside:
            result.id_of.append(0)  # nobody asks
            continue
        terms = chains.terms.get(k)
        if terms is None:
            result.copy(k)
        elif len(terms) < FEWEST and k not in chains.ragged:
            result.id_of.append(_spelled(result, terms))
        else:
            label = program.labels.get(first + k, "")
            result.id_of.append(_written(program, names, terms, uses, rank, result, label, k in chains.ragged))
    return result.finish()


class _Chains:
    """The chains of additions in a program.

    Attributes:
        inside: numbers that are only a term of another addition.
        terms: the terms of each chain, from left to right, by the instruction that it ends in.
        ragged: chains that begin with 0, as ``sum`` does, in a program where these have many lengths.
    """

    def __init__(self, program: Program, names: list[str], uses: list[int]) -> None:
        self.program = program
        self.names = names
        self.zero = {id for id, number in program.constants().items() if number == 0.0}
        self.inside: set[int] = set()
        self.terms: dict[int, Terms] = {}
        self.ragged: set[int] = set()
        from_zero: dict[int, list[int]] = {}  # by the number of terms
        alone: dict[int, Terms] = {}
        plain, signed = self._absorbed(uses, ("add",)), self._absorbed(uses, ("add", "sub", "neg"))
        for k in range(len(names) - 1, -1, -1):
            if program.first + k in self.inside or names[k] not in ("add", "sum", "sub"):
                continue
            terms, taken = self._terms(k, signed)
            if len(terms) < SIGNED and any(minus for _, minus in terms):
                terms, taken = self._terms(k, plain) if names[k] != "sub" else ([], set())
            started = not self.zero.isdisjoint(program.args[k]) or any(
                not self.zero.isdisjoint(program.args[id - program.first]) for id in taken
            )
            if started:
                from_zero.setdefault(len(terms), []).append(k)
            if taken:
                self.terms[k] = terms
                self.inside |= taken
            elif started and terms:
                alone[k] = terms
        if len(program) > NAMED and len(from_zero) >= RAGGED:
            self.terms |= alone
            self.ragged = {k for found in from_zero.values() for k in found if self.terms.get(k)}

    def _absorbed(self, uses: list[int], kinds: tuple[str, ...]) -> set[int]:
        """Instructions of these kinds that are only a term of another addition."""
        program, names, first = self.program, self.names, self.program.first
        labels = program.labels if len(program) <= NAMED else {}
        outer = (*kinds, "sum")
        found = set()
        for name, args in zip(names, program.args):
            if name in outer:
                for a in args:
                    if a >= first and uses[a] == 1 and names[a - first] in kinds and a not in labels:
                        found.add(a)
        return found

    def _terms(self, k: int, absorbed: set[int]) -> tuple[Terms, set[int]]:
        """The terms of the chain that ends in instruction k, and the numbers taken into it."""
        first = self.program.first
        terms: Terms = []
        taken: set[int] = set()
        stack = self._signed(k, False)
        while stack:
            id, minus = stack.pop()
            if id in absorbed:
                taken.add(id)
                stack += self._signed(id - first, minus)
            elif id not in self.zero:
                terms.append((id, minus))
        return terms, taken

    def _signed(self, k: int, minus: bool) -> Terms:
        """The operands of an addition, the last one first."""
        args, name = self.program.args[k], self.names[k]
        if name == "neg":
            return [(args[0], not minus)]
        if name == "sub":
            return [(args[1], not minus), (args[0], minus)]
        return [(a, minus) for a in reversed(args)]


def _spelled(result: Rewrite, terms: Terms) -> int:
    """One or two terms that are left of a chain."""
    if not terms:
        return result.constant(0.0)
    total = result.id_of[terms[0][0]]
    for term, _ in terms[1:]:
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
    program: Program, names: list[str], terms: Terms, uses: list[int], rank: list[int], result: Rewrite, label: str,
    row: bool,
) -> int:  # fmt: skip
    """The sum of ``terms``, minus that of those that are subtracted; one of a few is n-ary too if it is a ``row``."""
    parts = [[id for id, minus in terms if minus is subtracted] for subtracted in (False, True)]
    if not parts[1]:
        return _summed(program, names, parts[0], uses, rank, result, label, row)
    less = _summed(program, names, parts[1], uses, rank, result, "")
    if not parts[0]:
        return result.emit(TABLE["neg"], [less], label)
    return result.emit(TABLE["sub"], [_summed(program, names, parts[0], uses, rank, result, ""), less], label)


def _summed(
    program: Program, names: list[str], terms: list[int], uses: list[int], rank: list[int], result: Rewrite, label: str,
    row: bool = False,
) -> int:  # fmt: skip
    """The sum of ``terms``, its products as one dot."""
    first = program.first
    products = [t for t in terms if t >= first and names[t - first] == "mul" and uses[t] == 1]
    if len(terms) == 1 and not row:
        return result.id_of[terms[0]]
    if len(products) < (2 if not row or len(products) < len(terms) else 1):
        prim = TABLE["sum" if row or len(terms) >= FEWEST else "add"]
        return result.emit(prim, [result.id_of[t] for t in terms], label)
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
