"""A recorded function as a flat program in static single assignment form.

Numbers have ids. First come the leaves: each ``Leaf`` is a block of numbers (an argument, a parameter buffer, a
constant) with one id per number, in row-major order. Then every instruction defines the next id.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import AutogradError
from ...primitives.primitive import TABLE, Primitive
from .control_ops import COMPARISONS, pick, read, stop

__all__ = ["CompileError", "CompileWarning", "Guard", "Leaf", "Program", "ProgramError"]

_EXTRA: dict[str, Primitive] = {**COMPARISONS, "pick": pick, "read": read, "stop": stop}


class CompileError(AutogradError, RuntimeError):
    """A function that can't be recorded: the message shows the line and names the cure."""


class CompileWarning(RuntimeWarning):
    """A compiled function is slower than the plain one, and why."""


class ProgramError(AutogradError, ValueError):
    """A program that is not well formed: the message names the instruction."""


class Leaf:
    """A block of numbers that a program starts from.

    Attributes:
        kind: "argument", "parameter" (a buffer that stays live), "value" (a live Value) or "constant".
        name: what the source calls it.
        shape: its shape; () for one number.
        key: where to find it: the position among the arguments' blocks, the parameter, the Value, the number itself.
        base: the id of its first number; ``size`` how many there are.
    """

    __slots__ = ("base", "key", "kind", "name", "shape", "size")

    def __init__(self, kind: str, name: str, shape: tuple[int, ...], key: Any, base: int = 0) -> None:
        self.kind = kind
        self.name = name
        self.shape = shape
        self.key = key
        self.base = base
        self.size: int = math.prod(shape)


_ARITY = operator.attrgetter("arity")

#: operands of a lifted program are packed if there are so many
PACKED = 10_000
#: rows of so many operands are copied one by one
LONG = 50


@dataclasses.dataclass(slots=True)
class Guard:
    """What has to be the same in a call as it was in the recording: a comparison and its outcome.

    Attributes:
        id: the number compared; ``expected`` what it was (1.0 or 0.0 for a comparison).
        exact: whether the very number must be the same (``.data`` was read), not only its truth.
        line: the user's source line.
    """

    id: int
    expected: float
    exact: bool
    line: str


class Program:
    """Leaves, instructions, outputs and guards; checked when built.

    Attributes:
        leaves: the blocks of numbers that it starts from.
        prims, args: one primitive and one tuple of ids per instruction; instruction k defines id ``first + k``.
        outputs: the ids of the results.
        guards: conditions under which the recording stands for the function.
        labels: the user's names, by id.
    """

    def __init__(
        self,
        leaves: Sequence[Leaf],
        prims: Sequence[Primitive],
        args: Sequence[Sequence[int]],
        outputs: Sequence[int],
        guards: Sequence[Guard] = (),
        labels: dict[int, str] | None = None,
    ) -> None:
        self.leaves = list(leaves)
        self.prims = list(prims)
        self._args: list[Sequence[int]] | None = list(args)
        self.outputs = list(outputs)
        asked: dict[Any, Guard] = {}  # a number that is read twice is asked once
        for guard in guards:
            asked.setdefault((guard.id, guard.exact, repr(guard.expected)), guard)
        self.guards = list(asked.values())
        self.labels = labels or {}
        self._operands: tuple[Any, Any] | None = None
        self._packed: tuple[Any, Any] | None = None
        self.first = sum(leaf.size for leaf in self.leaves)
        self.validate()

    def __len__(self) -> int:
        return len(self.prims)

    def validate(self) -> None:
        """ProgramError unless operands are defined before they are used, as many as the primitive takes."""
        base = 0
        for leaf in self.leaves:
            if leaf.base != base:
                raise ProgramError(f"leaf {leaf.name!r} begins at {leaf.base}, expected {base}")
            base += leaf.size
        if len(self.prims) != len(self.args):
            raise ProgramError(f"{len(self.prims)} primitives and {len(self.args)} tuples of operands")
        operands, starts = self.operands()
        counts, here = np.diff(starts), self.first + len(self.prims)
        arities = np.fromiter(map(_ARITY, self.prims), np.int64, len(self.prims))
        wrong = np.flatnonzero((arities >= 0) & (arities != counts))
        if len(wrong):
            k = int(wrong[0])
            prim, count = self.prims[k], len(self.args[k])
            raise ProgramError(f"%{self.first + k} {prim.name} has {count} operand(s), expected {prim.arity}")
        some = np.flatnonzero(counts)
        if len(some):
            ahead = np.maximum.reduceat(operands, starts[some]) >= some + self.first
            wrong = some[ahead | (np.minimum.reduceat(operands, starts[some]) < 0)]
            if len(wrong):
                k = int(wrong[0])
                raise ProgramError(
                    f"%{self.first + k} {self.prims[k].name} uses a number that is not defined before it"
                )
        for id in [*self.outputs, *[guard.id for guard in self.guards]]:
            if not 0 <= id < here:
                raise ProgramError(f"the output %{id} is not defined")

    @property
    def args(self) -> list[Sequence[int]]:
        """The ids of the operands of each instruction."""
        found = self._args
        if found is None:
            ids, starts = (part.tolist() for part in self._packed or ())
            found = self._args = [tuple(ids[start:end]) for start, end in itertools.pairwise(starts)]
        return found

    def operands(self) -> tuple[Any, Any]:
        """All operands in one int array; instruction k's are those from ``starts[k]`` up to ``starts[k + 1]``."""
        found = self._operands
        if found is not None:
            return found
        if self._packed is not None:
            ids, starts = (part.astype(np.int64) for part in self._packed)
        else:
            args = self.args
            starts = np.zeros(len(args) + 1, dtype=np.int64)
            np.cumsum(np.fromiter(map(len, args), np.int64, len(args)), out=starts[1:])
            try:
                if starts[-1] > LONG * len(args):
                    ids = np.empty(int(starts[-1]), np.int64)
                    for row, start, end in zip(args, *(part.tolist() for part in (starts[:-1], starts[1:]))):
                        ids[start:end] = row
                else:
                    ids = np.fromiter(itertools.chain.from_iterable(args), np.int64, int(starts[-1]))
            except OverflowError:
                raise ProgramError("an instruction uses a number that is not defined before it") from None
        self._operands = ids, starts
        return ids, starts

    def pack(self) -> None:
        """Keep the operands as two small arrays until they are asked for again: the program has been lifted."""
        ids, starts = self.operands()
        if len(ids) >= PACKED and self.first + len(self) < 2**31:
            self._packed = self._packed or (ids.astype(np.int32), starts.astype(np.int32))
            self._args = self._operands = None

    def constants(self) -> dict[int, float]:
        """The constant leaves' numbers by id."""
        return {leaf.base: leaf.key for leaf in self.leaves if leaf.kind == "constant"}

    def name_of(self, id: int) -> str:
        """How listings call a number: ``w[3]`` for an element of a leaf, the number of a constant, ``%7`` else."""
        if id < self.first:
            for leaf in self.leaves:
                if id < leaf.base + leaf.size:
                    if leaf.kind == "constant":
                        return repr(leaf.key)
                    return leaf.name if leaf.shape == () else f"{leaf.name}[{id - leaf.base}]"
        return f"%{id}"

    def __str__(self) -> str:
        """The listing: one line per leaf, instruction, guard and output."""
        lines = [f"{leaf.name}: {leaf.kind} {leaf.shape}" for leaf in self.leaves if leaf.kind != "constant"]
        for k, (prim, args) in enumerate(zip(self.prims, self.args)):
            label = self.labels.get(self.first + k, "")
            shown = ", ".join(map(self.name_of, args))
            lines.append(f"%{self.first + k} = {prim.name}({shown})" + (f"  # {label}" if label else ""))
        lines += [f"guard {self.name_of(g.id)} == {g.expected}  # {g.line}" for g in self.guards]
        lines.append("return " + ", ".join(map(self.name_of, self.outputs)))
        return "\n".join(lines)


def built_in(name: str) -> Primitive | None:
    """The primitive of that name in the table, or among those that only programs have."""
    return TABLE.get(name) or _EXTRA.get(name)
