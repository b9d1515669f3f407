"""Jacobians by colouring: rows (or columns) that share no column are found by one sweep together.

Which numbers an output depends on is read off the recorded program. Rows of the Jacobian that have no column in
common are summed by one reverse sweep, whose result holds each of them in its own columns; columns without a common
row by one forward sweep. A tridiagonal matrix of any size takes three. (Curtis, Powell and Reid, On the estimation of
sparse Jacobian matrices, 1974; which rows go together is a colouring of a graph, and greedy: Coleman and Moré 1983.)
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...functional.pytree import flatten as structure_of
from ...functional.pytree import group
from ...functional.transform import Jacobian
from ..ir.scalar_program import Program
from ..record.arguments import Arguments
from .compiled import Compiled
from .plans import Compilation, Path, Plan
from .running import positions

__all__ = ["CompiledJacobian", "coloured", "pattern", "recordable"]

#: a smaller Jacobian is one program with an output for each of its numbers; one of so many numbers, or of so many
#: instructions in all sweeps, takes long to record so
SMALL, LARGE, LONG = 256, 10_000, 30_000
#: and between the two, sweeps pay if there are this many times more rows, or columns, than sweeps
SAVING = 8
MAX_SMALL = 256


def recordable(f: Jacobian) -> Callable[..., Any]:
    """The function whose Jacobian it is, as one to be recorded as it is, a gradient too."""
    inner: Callable[..., Any] = f.__dict__["__wrapped__"]

    @functools.wraps(inner, updated=())
    def recorded(*args: Any, **named: Any) -> Any:
        return inner(*args, **named)

    return recorded


def pattern(program: Program, wrt: Sequence[int]) -> Any:
    """A boolean array: whether an output (a row) depends on a number of the leaves ``wrt`` (a column)."""
    depends = [0] * program.first
    count = 0
    for k in wrt:
        leaf = program.leaves[k]
        for i in range(leaf.size):
            depends[leaf.base + i] = 1 << count
            count += 1
    for prim, args in zip(program.prims, program.args):
        found = 0
        if not prim.passive:
            for a in args[1:] if prim.choice else args:
                found |= depends[a]
        depends.append(found)
    size = (count + 7) // 8
    rows = b"".join([depends[i].to_bytes(size, "little") for i in program.outputs])
    bits = np.frombuffer(rows, dtype=np.uint8).reshape(len(program.outputs), size)
    return np.unpackbits(bits, axis=1, count=count, bitorder="little").astype(bool)


def coloured(matrix: Any) -> Any:
    """A colour for each row such that no two rows of one colour have a column in common; greedily, as they come.

    >>> coloured(np.eye(3, dtype=bool) | np.eye(3, k=1, dtype=bool)).tolist()
    [0, 1, 0]
    """
    packed = np.packbits(matrix, axis=1)
    taken: list[int] = []
    colours = np.zeros(len(matrix), dtype=np.intp)
    for r, row in enumerate(packed):
        bits = int.from_bytes(row.tobytes(), "big")
        colour = next((c for c, used in enumerate(taken) if not used & bits), len(taken))
        if colour == len(taken):
            taken.append(0)
        taken[colour] |= bits
        colours[r] = colour
    return colours


class _Colouring:
    """How the Jacobian of one path is swept.

    Attributes:
        forward: whether by columns.
        groups: for each sweep the rows (columns) that are found by it.
        rows, columns: where the nonzeros are; ``sweep`` which sweep finds each.
    """

    def __init__(self, path: Path, wrt: tuple[int, ...]) -> None:
        matrix = pattern(path.program, wrt)
        self.shape = matrix.shape
        colours = coloured(matrix)
        across = coloured(matrix.T)
        self.forward = bool(len(across) and across.max() < colours.max())
        colours = across if self.forward else colours
        self.groups = [np.flatnonzero(colours == c) for c in range(colours.max() + 1)]
        self.rows, self.columns = np.nonzero(matrix)
        self.sweep = colours[self.columns if self.forward else self.rows]

    def dense(self, numbers: Any) -> Any:
        """The whole matrix of its nonzeros."""
        matrix = np.zeros(self.shape)
        matrix[self.rows, self.columns] = numbers
        return matrix


class CompiledJacobian(Compiled, transform="jacobian"):
    """A compiled ``jacobian`` or ``hessian``: as sweeps over the compiled function, or, if small, as one program.

    Attributes:
        function: the compiled function.
    """

    def __init__(self, f: Jacobian, *options: Any) -> None:
        super().__init__(f, *options)
        self.function = self._below(recordable(f))
        self.numbers_only = self.function.numbers_only = True
        self._argnums: Any = f._argnums
        self.small: set[Any] = set()

    def _found(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        found = self._swept(args, named)
        return super()._found(args, named) if found is None else self._passing_on(found, self.last, args, named)

    def _swept(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The Jacobian; None if it is small, or not one of numbers alone, and better found another way."""
        chosen = positions(self._argnums, len(args))
        given = Arguments(args, named)
        key = given.key
        if chosen is None or key in self.small or given.values:
            return None
        result, given = self.function.run(args, named)
        try:
            outer = structure_of(result, [], "the result")
            parts = [structure_of(args[n], [], "an argument") for n in chosen]
        except TypeError:
            return None
        inner = parts[0] if isinstance(self._argnums, int) else group(parts)
        used: Compilation | None = given.last
        wrt = () if used is None else used.path.wrt(chosen, given)
        colouring = None if used is None else self._colouring(used.path, wrt, outer.size, inner.size)
        if used is None or colouring is None:
            if len(self.small) >= MAX_SMALL:
                self.small.clear()
            self.small.add(key)
            return None
        matrix = self._matrix(used.path, wrt, colouring, given)
        return self._f(*args, **named) if matrix is None else outer.blocks(inner, matrix)

    def _colouring(self, path: Path, wrt: tuple[int, ...], rows: int, columns: int) -> _Colouring | None:
        """That of a Jacobian for which sweeps pay; else None."""
        if rows == 1 or rows != len(path.program.outputs):
            return None
        if columns != sum(path.leaves[k].size for k in wrt):
            return None
        found: _Colouring | None = path.colourings.get(wrt)
        if found is None:
            found = path.colourings[wrt] = _Colouring(path, wrt)
        sweeps, size = len(found.groups), rows * columns
        few = size >= SMALL and SAVING * sweeps <= max(rows, columns)
        return found if few or size >= LARGE or sweeps * len(path.program) >= LONG else None

    def _matrix(self, path: Path, wrt: tuple[int, ...], colouring: _Colouring, blocks: Sequence[Any]) -> Any:
        """The dense matrix; None if a number in it is not finite, and may have come from where a seed was 0."""
        m, n = colouring.shape
        forward = colouring.forward
        in_c = colouring if path.target is not None and path.target.active else None
        sweep = self.last = path.compilation(Plan(False, wrt, not forward, forward, in_c))
        if sweep.native is not None:  # all sweeps in one
            outputs, held = sweep.call(blocks)
            numbers = np.array(outputs[0], dtype=float)
            sweep.give_back(held)
            return colouring.dense(numbers) if np.isfinite(numbers).all() else None
        compressed = np.empty((len(colouring.groups), m if forward else n))
        shapes = [path.leaves[k].shape for k in wrt] if forward else [(m,)]
        cuts = np.cumsum([math.prod(shape) for shape in shapes[:-1]], dtype=int)
        for line, members in zip(compressed, colouring.groups):
            seed = np.zeros(n if forward else m)
            seed[members] = 1.0
            parts = zip(np.split(seed, cuts), shapes)
            seeds = [part.reshape(shape) if shape else float(part[0]) for part, shape in parts]
            outputs, held = sweep.call(blocks, seeds)
            np.concatenate([np.ravel(x) for x in outputs[: 1 if forward else len(wrt)]], out=line)
            sweep.give_back(held)
        if not np.isfinite(compressed).all():
            return None
        along = colouring.rows if forward else colouring.columns
        return colouring.dense(compressed[colouring.sweep, along])
