"""Lanes: every number of a program is an array with one number a lane, run in blocks that fit into the cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...primitives.primitive import TABLE
from ..ir.array_program import ArrayProgram, Builder, Statement
from ..ir.naming import leaf_names
from ..ir.scalar_program import Leaf
from .arrays import buffered

__all__ = ["Kernel"]

#: numbers of lanes that a block's buffers may hold together: they stay in the second-level cache
CACHE = 60_000
SMALLEST, LARGEST = 512, 16_384


class _Width(int):
    """The lanes of a block, however many: in sources the parameter of that name."""

    def __repr__(self) -> str:
        return "a_width"


_WIDTH = _Width(SMALLEST)


class Kernel:
    """A scalar program over lanes.

    Attributes:
        text: the source of one block.
        width: lanes a block.
    """

    def __init__(self, program: ArrayProgram, mapped: Sequence[bool]) -> None:
        wide, self.booleans = _over_lanes(program, mapped)
        self.make, self.text = buffered(wide, leaf_names(wide.leaves))
        self.width = max(SMALLEST, min(LARGEST, CACHE // max(1, self.text.count("np.empty("))))
        self.pool: dict[int, list[Callable[..., Any]]] = {}

    def run(self, blocks: Sequence[Any], mapped: Sequence[bool], lanes: int) -> list[Any]:
        """One array of ``lanes`` numbers for each scalar output.

        Args:
            blocks: for each leaf that is no constant an array: lanes first where ``mapped``.
        """
        results = [np.empty(lanes, dtype=bool if boolean else float) for boolean in self.booleans]
        for low in range(0, lanes, self.width):
            high = min(low + self.width, lanes)
            pool = self.pool.setdefault(high - low, [])
            try:
                block = pool.pop()
            except IndexError:
                block = self.make([high - low])
            found = block(*[x[low:high] if lane else x for x, lane in zip(blocks, mapped)])
            for result, numbers in zip(results, found):
                result[low:high] = numbers
            if high - low == self.width or not pool:
                pool.append(block)
        return results


def _over_lanes(program: ArrayProgram, mapped: Sequence[bool]) -> tuple[ArrayProgram, list[bool]]:
    """The program with an axis of lanes, of its outputs' single numbers; and which of them are truth values."""
    given = (k for k, leaf in enumerate(program.leaves) if leaf.kind != "constant")
    lanes = {k for k, lane in zip(given, mapped) if lane}
    leaves = [
        Leaf("argument" if leaf.kind == "parameter" else leaf.kind, leaf.name, (_WIDTH,) * (k in lanes) + leaf.shape, k)
        for k, leaf in enumerate(program.leaves)
    ]
    builder = Builder()
    wide: list[bool] = []
    for s in program.statements:
        lane = s.attrs in lanes if s.op == "leaf" else any(wide[a] for a in s.args)
        wide.append(lane)
        op, args, attrs, shape, prim = s.op, s.args, s.attrs, s.shape, s.prim
        if op == "index" and lane:
            attrs = ((0, None, 1), *attrs)
        elif op == "matmul":  # the inner product of two numbers
            op, prim = "elementwise", TABLE["mul"]
        elif op in ("pack", "broadcast", "reshape"):  # only outputs are: of them, the numbers inside
            op, args, attrs, shape = "constant", (), 0.0, ()
        builder.statements.append(Statement(op, args, attrs, (_WIDTH,) * lane + shape, prim))
    flat = [part for i in program.outputs for part in _parts(program, i)]
    made = ArrayProgram([*leaves, Leaf("parameter", "width", (), None)], builder, list(map(builder.symbol, flat)), {})
    return made, [program.statements[i].boolean for i in flat]


def _parts(program: ArrayProgram, i: int) -> list[int]:
    """The single numbers that an output consists of."""
    statement = program.statements[i]
    count = math.prod(statement.shape) if statement.op == "broadcast" else 1
    return list(statement.args) * count if statement.op in ("pack", "broadcast", "reshape") else [i]
