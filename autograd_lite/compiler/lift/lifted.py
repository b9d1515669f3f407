"""A scalar program as statements: where in them each of its numbers is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.array_program import Builder, Symbol
from ..ir.scalar_program import Program
from .index_patterns import common_shape, find_pattern, view

__all__ = ["CONSTANT", "Lifted", "common_label"]

CONSTANT = -2

#: so many pieces of arrays are put side by side
FEW = 4


class Lifted:
    """A scalar program as statements: the builder, and where each of its numbers is.

    Attributes:
        builder: the statements.
        program: the scalar program.
        leaves: the Symbol of each leaf, None for constants.
        names: what the source calls statements: the user's labels.
        free: the next id that no number has.
    """

    def __init__(self, program: Program, textbook: bool = False, extra: int = 0) -> None:
        self.program = program
        self.builder = Builder(textbook)
        self.names: dict[int, str] = {}
        self.free = program.first + len(program)
        total = self.free + extra
        #: ids of what rows of a table are padded with, by the primitive that reduces them
        self.pads = {"sum": total, "dot": total, "affine": total, "max": total + 1, "min": total + 2}
        self.owner = np.full(total + 3, -1, dtype=np.int64)
        self.position = np.zeros(total + 3, dtype=np.int64)
        self.number = np.zeros(total + 3)
        self.owner[total:], self.number[total:] = CONSTANT, (0.0, -np.inf, np.inf)
        self.leaves: list[Symbol | None] = []
        for k, leaf in enumerate(program.leaves):
            if leaf.kind == "constant":
                self.owner[leaf.base] = CONSTANT
                self.number[leaf.base] = leaf.key
                self.leaves.append(None)
                continue
            symbol = self.builder.leaf(k, leaf.shape)
            self.leaves.append(symbol)
            self.define(symbol, np.arange(leaf.base, leaf.base + leaf.size))

    def define(self, symbol: Any, ids: Any) -> None:
        """The numbers ``ids`` are those of ``symbol``, in row-major order."""
        if not isinstance(symbol, Symbol) or self.builder.number(symbol) is not None:
            self.owner[ids] = CONSTANT
            self.number[ids] = symbol if not isinstance(symbol, Symbol) else self.builder.number(symbol)
            return
        self.owner[ids] = symbol.id
        self.position[ids] = np.arange(len(ids))
        labels = self.program.labels
        if labels and symbol.id not in self.names:
            label = common_label([labels.get(int(i), "") for i in (ids[:1] if len(ids) > 64 else ids)])
            if label:
                self.names[symbol.id] = label

    def fresh(self, count: int) -> Any:
        """Ids of numbers that the scalar program doesn't have, ``extra`` of them at most."""
        self.free += count
        return np.arange(self.free - count, self.free)

    def define_at(self, symbol: Symbol, ids: Any, positions: Any) -> None:
        """The numbers ``ids`` are those of ``symbol`` at these positions; nothing reads the others."""
        self.owner[ids] = symbol.id
        self.position[ids] = positions

    def cost(self) -> int:
        """How many statements are run."""
        statements = [s for s in self.builder.statements if s.op not in ("leaf", "constant")]
        return sum(s.attrs.count * len(s.attrs.builder.statements) if s.op == "scan" else 1 for s in statements)

    # --- numbers as arrays ----------------------------------------------------------------------------------------

    def one(self, id: int) -> Any:
        """A single number: a float if it is constant, else a Symbol of shape ()."""
        owner = int(self.owner[id])
        if owner == CONSTANT:
            return float(self.number[id])
        return self.part(owner, self.position[id : id + 1], ())

    def part(self, owner: int, positions: Any, shape: tuple[int, ...]) -> Symbol:
        """The numbers at flat ``positions`` of a statement, in ``shape`` (or what broadcasts to it)."""
        x = self.builder.symbol(owner)
        pattern = find_pattern(positions)
        if pattern is not None:
            fits = pattern.refined(shape)
            if fits is not None:
                found = view(self.builder, x, fits)
                if found is not None:
                    return found
            finer = common_shape([pattern.dims, shape])
            fits = pattern.refined(finer) if finer is not None else None
            found = view(self.builder, x, fits) if fits is not None else None
            if found is not None and finer is not None:
                return self.builder.reshape(self.builder.broadcast(found, finer), shape)
        return self.builder.take(x, positions.reshape(shape))

    def gather(self, ids: Any, shape: tuple[int, ...]) -> Any:
        """Any numbers as an array of that shape (or what broadcasts to it)."""
        owners = self.owner[ids]
        if (owners == owners[0]).all():
            if owners[0] == CONSTANT:
                numbers = self.number[ids]
                same = (numbers == numbers[0]).all() or (numbers != numbers).all()
                return float(numbers[0]) if same else self.builder.constant(numbers.reshape(shape))
            return self.part(int(owners[0]), self.position[ids], shape)
        changes = (owners[:-1] != owners[1:]).sum()
        if len(np.unique(owners[owners != CONSTANT])) == 1 and changes > FEW:
            return self.with_constants(ids, owners, shape)
        if changes > max(FEW, len(ids) // 4):
            return self.builder.pack([self.one(int(i)) for i in ids], shape)
        cuts = [0, *(np.flatnonzero(owners[:-1] != owners[1:]) + 1).tolist(), len(ids)]
        parts = []
        for low, high in itertools.pairwise(cuts):
            part = self.gather(ids[low:high], (high - low,))
            parts.append(self.builder.broadcast(part, (high - low,)))
        return self.builder.reshape(self.builder.concat(parts, 0), shape)

    def with_constants(self, ids: Any, owners: Any, shape: tuple[int, ...]) -> Any:
        """A table of numbers of one array and of constants (padding, a mask), which a longer array ends with."""
        constant = owners == CONSTANT
        x = self.builder.symbol(int(owners[~constant][0]))
        size = math.prod(x.shape)
        bits, which = np.unique(self.number[ids[constant]].view(np.int64), return_inverse=True)  # -0 is not 0
        longer = self.builder.concat(
            [self.builder.reshape(x, (size,)), self.builder.constant(bits.view(np.float64))], 0
        )
        places = self.position[ids]
        places[constant] = size + which
        return self.builder.take(longer, places.reshape(shape))


def common_label(labels: Sequence[str]) -> str:
    """The label of one number, or what the labels of many begin with: h1[0], h1[1] … are h1."""
    if not labels or not labels[0]:
        return ""
    if len(labels) == 1:
        return labels[0]
    stems = {label.rstrip("0123456789_,[] ") or label for label in labels}
    return stems.pop() if len(stems) == 1 else ""
