"""Sums of products: a chain of additions is one sum, and the products in it are one dot."""

from __future__ import annotations

from typing import Any

import numpy as np

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

_ADD, _SUB, _NEG, _SUM = 1, 2, 4, 8
_KINDS = {"add": _ADD, "sub": _SUB, "neg": _NEG, "sum": _SUM}

#: products that become one dot, and other terms
Sum = tuple[list[int], list[int]]


def gather_sums(program: Program) -> Program:
    """The program with chains of additions, as ``sum(w * x for …)`` records them, as n-ary sums and dots.

    Only additions and products that nothing else uses are taken in, and in a long chain also what is subtracted. The
    terms keep their order, but for products, which come first, and subtracted ones, which are a sum of their own: the
    result differs from the chain's by rounding only.
    """
    names = [prim.name for prim in program.prims]
    if "add" not in names and "sub" not in names:
        return program
    chains = _Chains(program, names)
    if not chains.sums:
        return program
    result, rank = Rewrite(program), _ranks(program)
    for k, gone in enumerate(chains.gone):
        if gone:
            result.id_of.append(0)  # nobody asks
        elif k in chains.sums:
            result.id_of.append(_written(result, rank, program.labels.get(program.first + k, ""), *chains.sums[k]))
        else:
            result.copy(k)
    return result.finish()


class _Chains:
    """The chains of additions in a program.

    Attributes:
        gone: for each instruction, whether it becomes part of a sum: an addition in a chain, a product in a dot.
        apart: instructions that no chain takes in.
        sums: by the instruction that a chain ends in: what is added, what is subtracted, and whether it is a row.
    """

    def __init__(self, program: Program, names: list[str]) -> None:
        self.program = program
        self.names = names
        self.zero = {id for id, number in program.constants().items() if number == 0.0}
        self.gone = bytearray(len(names))
        operands, starts = program.operands()
        uses = np.bincount(operands, minlength=program.first + len(names))
        np.add.at(uses, [*program.outputs, *[guard.id for guard in program.guards]], 2)
        self.single = (uses == 1).tolist()
        kinds = np.array([_KINDS.get(name, 0) for name in names], dtype=np.uint8)
        edges = operands, np.repeat(kinds, np.diff(starts))
        self.apart = self._compensating(kinds, operands, starts)
        plain, signed = (self._absorbed(uses, kinds, edges, taken) for taken in (_ADD, _ADD | _SUB | _NEG))
        chains: dict[int, tuple[list[int], list[int]]] = {}
        alone: dict[int, tuple[list[int], list[int]]] = {}
        from_zero: dict[int, list[int]] = {}  # by the number of terms
        for k in np.flatnonzero(kinds & (_ADD | _SUM | _SUB))[::-1].tolist():
            if self.gone[k]:
                continue
            added, less, taken, started = self._terms(k, signed)
            if less and len(added) + len(less) < SIGNED:
                if names[k] == "sub":
                    continue
                added, less, taken, started = self._terms(k, plain)
            if started:
                from_zero.setdefault(len(added) + len(less), []).append(k)
            if taken:
                chains[k] = added, less
                for j in taken:
                    self.gone[j] = 1
            elif started and added:
                alone[k] = added, less
        ragged: set[int] = set()
        if len(program) > NAMED and len(from_zero) >= RAGGED:
            chains |= alone
            ragged = {k for found in from_zero.values() for k in found if any(chains.get(k, ()))}
        self.sums = {k: self._split(added, less, k in ragged) for k, (added, less) in chains.items()}

    def _compensating(self, kinds: Any, operands: Any, starts: Any) -> list[int]:
        """The ids of what finds the rounding error of a sum, s - (s + x), and of what that is added to, as compensated
        summation does: in another order nothing would be left of it.
        """
        first, args = self.program.first, self.program.args
        found: list[int] = []
        for k in np.flatnonzero(kinds & _SUB).tolist():
            a, b = args[k]
            if self._has_term(a, b) or self._has_term(b, a):
                found.append(first + k)
        users = np.searchsorted(starts, np.flatnonzero(np.isin(operands, found)), "right") - 1
        return found + (first + users[kinds[users] & (_ADD | _SUB) != 0]).tolist() if found else found

    def _has_term(self, id: int, term: int) -> bool:
        k = id - self.program.first
        return k >= 0 and self.names[k] in ("add", "sub") and term in self.program.args[k]

    def _absorbed(self, uses: Any, kinds: Any, edges: tuple[Any, Any], taken: int) -> bytearray:
        """Which numbers, of instructions of the kinds that are ``taken``, are only a term of another addition."""
        first, (operands, users) = self.program.first, edges
        inner = np.zeros(len(uses), dtype=bool)
        inner[first:] = kinds & taken
        if len(kinds) <= NAMED:
            inner[list(self.program.labels)] = False
        inner[self.apart] = False
        terms = operands[(users & (taken | _SUM)) != 0]
        found = np.zeros(len(uses), dtype=np.uint8)
        found[terms[inner[terms] & (uses[terms] == 1)]] = 1
        return bytearray(found)

    def _terms(self, k: int, absorbed: bytearray) -> tuple[list[int], list[int], list[int], bool]:
        """The chain that ends in instruction k: what it adds and subtracts, from left to right, the instructions taken
        into it, and whether a term was 0.
        """
        first, names, args, zero = self.program.first, self.names, self.program.args, self.zero
        added: list[int] = []
        less: list[int] = []
        taken: list[int] = []
        started = False
        root = first + k
        stack = [root]
        while stack:
            term = stack.pop()  # ~id of one that is subtracted
            id = term if term >= 0 else ~term
            if id != root and not absorbed[id]:
                if id in zero:
                    started = True
                else:
                    (added if term >= 0 else less).append(id)
                continue
            if id != root:
                taken.append(id - first)
            operands, name = args[id - first], names[id - first]
            signed = operands if term >= 0 else [~a for a in operands]
            if name == "sub":
                stack += (~signed[1], signed[0])
            elif name == "neg":
                stack.append(~signed[0])
            else:
                stack += signed[::-1]
        return added, less, taken, started

    def _split(self, added: list[int], less: list[int], row: bool) -> tuple[Sum, Sum, bool]:
        """What is added and what is subtracted, each as the products that are one dot and the other terms."""
        if len(added) + len(less) < FEWEST and not row:
            return ([], added), ([], less), False
        row = row and not less
        return self._sum(added, row), self._sum(less, False), row

    def _sum(self, terms: list[int], row: bool) -> Sum:
        first, names, single = self.program.first, self.names, self.single
        products = [t for t in terms if t >= first and single[t] and names[t - first] == "mul"]
        if len(products) < (2 if not row or len(products) < len(terms) else 1):
            return [], terms
        for t in products:
            self.gone[t - first] = 1
        chosen = set(products)
        return products, [t for t in terms if t not in chosen]


def _ranks(program: Program) -> list[int]:
    """Which factor of a product comes first: what was computed, then arguments, then parameters, then constants."""
    order = {"argument": 1, "value": 2, "parameter": 2, "constant": 3}
    ranks: list[int] = []
    for leaf in program.leaves:
        ranks += [order.get(leaf.kind, 1)] * leaf.size
    return ranks + [0] * len(program)


def _written(result: Rewrite, rank: list[int], label: str, added: Sum, less: Sum, row: bool) -> int:
    """The sum of what is added minus that of what is subtracted; one of a few terms is n-ary too if it is a ``row``."""
    if not any(less):
        return _summed(result, rank, label, added, row)
    subtracted = _summed(result, rank, "", less)
    if not any(added):
        return result.emit(TABLE["neg"], [subtracted], label)
    return result.emit(TABLE["sub"], [_summed(result, rank, "", added), subtracted], label)


def _summed(result: Rewrite, rank: list[int], label: str, terms: Sum, row: bool = False) -> int:
    """The sum of products, as one dot, and of other terms."""
    products, rest = terms
    id_of, args, first = result.id_of, result.old.args, result.old.first
    others = [id_of[t] for t in rest]
    if not products and (row or len(others) > 1):
        return result.emit(TABLE["sum" if row or len(others) >= FEWEST else "add"], others, label)
    if not products:
        return others[0] if others else result.constant(0.0)
    left, right = [], []
    for t in products:
        a, b = args[t - first]
        if rank[a] > rank[b]:
            a, b = b, a
        left.append(id_of[a])
        right.append(id_of[b])
    if len(others) == 1:
        return result.emit(TABLE["affine"], [*left, *right, others[0]], label)
    dot = result.emit(TABLE["dot"], [*left, *right], label if not others else "")
    return dot if not others else result.emit(TABLE["sum"], [dot, *others], label)
