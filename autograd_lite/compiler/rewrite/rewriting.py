"""What the passes have in common: a new program written along the old one."""

from __future__ import annotations

from collections.abc import Sequence

from ...primitives.primitive import Primitive
from ..ir.scalar_program import Guard, Leaf, Program

__all__ = ["Rewrite"]


class Rewrite:
    """A program under construction. New constants have negative ids until ``finish``.

    Attributes:
        id_of: for each id of the old program, the id in the new one.
    """

    def __init__(self, program: Program) -> None:
        self.old = program
        self.id_of: list[int] = list(range(program.first))
        self.prims: list[Primitive] = []
        self.args: list[tuple[int, ...]] = []
        self.labels: dict[int, str] = {}
        self.new: list[float] = []
        self.constants: dict[str, int] = {repr(x): id for id, x in program.constants().items()}

    def constant(self, number: float) -> int:
        """The id of a constant."""
        key = repr(number)
        found = self.constants.get(key)
        if found is None:
            self.new.append(number)
            found = self.constants[key] = -len(self.new)
        return found

    def emit(self, prim: Primitive, args: Sequence[int], label: str = "") -> int:
        """A new instruction on new ids; its id."""
        self.prims.append(prim)
        self.args.append(tuple(args))
        made = self.old.first + len(self.prims) - 1
        if label:
            self.labels[made] = label
        return made

    def copy(self, k: int) -> None:
        """Instruction k of the old program as it is."""
        old, id_of = self.old, self.id_of
        self.prims.append(old.prims[k])
        self.args.append(tuple([id_of[a] for a in old.args[k]]))
        made = old.first + len(self.prims) - 1
        if old.labels and old.first + k in old.labels:
            self.labels[made] = old.labels[old.first + k]
        id_of.append(made)

    def finish(self) -> Program:
        """The new program."""
        first, count = self.old.first, len(self.new)
        leaves = list(self.old.leaves)
        leaves += [Leaf("constant", repr(x), (), x, first + j) for j, x in enumerate(self.new)]

        def final(id: int) -> int:
            return first - 1 - id if id < 0 else id if id < first else id + count

        return Program(
            leaves,
            self.prims,
            [tuple(map(final, args)) for args in self.args] if count else self.args,
            [final(self.id_of[i]) for i in self.old.outputs],
            [Guard(final(self.id_of[g.id]), g.expected, g.exact, g.line) for g in self.old.guards],
            {final(i): label for i, label in self.labels.items()},
        )
