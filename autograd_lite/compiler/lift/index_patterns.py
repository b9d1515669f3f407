"""Index patterns: which part of an array a sequence of flat positions is (a slice, a stride, a broadcast, a gather)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..ir.array_program import Builder, Symbol

__all__ = ["Pattern", "common_shape", "find_pattern", "strides_of", "view"]

MAX_DEPTH = 5


class Pattern(NamedTuple):
    """Positions ``offset + Σ iₐ·strideₐ`` for i running over an array of shape ``dims``, last index fastest."""

    offset: int
    dims: tuple[int, ...]
    strides: tuple[int, ...]

    def refined(self, shape: Sequence[int]) -> Pattern | None:
        """The same positions over ``shape``, each axis of which has to lie within one axis of the pattern."""
        strides: list[int] = []
        axis, left = len(self.dims) - 1, 0
        stride = 0
        for n in reversed(shape):
            if n == 1:
                strides.append(0)
                continue
            if left <= 1:
                if axis < 0:
                    return None
                left, stride = self.dims[axis], self.strides[axis]
                axis -= 1
            if left % n:
                return None
            strides.append(stride)
            stride *= n
            left //= n
        return Pattern(self.offset, tuple(shape), tuple(reversed(strides)))


def find_pattern(positions: Any) -> Pattern | None:
    """The pattern of a flat int array of positions; None if it has none of few axes."""
    dims: list[int] = []
    strides: list[int] = []
    rest = positions
    while len(rest) > 1:
        if len(dims) == MAX_DEPTH:
            return None
        step = int(rest[1]) - int(rest[0])
        breaks = np.flatnonzero(rest[1:] - rest[:-1] != step)
        run = int(breaks[0]) + 1 if len(breaks) else len(rest)
        if len(rest) % run:
            return None
        table = rest.reshape(-1, run)
        if run < len(rest):
            expected = table[:, :1] + step * np.arange(run)
            if not np.array_equal(table, expected):
                return None
        dims.append(run)
        strides.append(step)
        rest = table[:, 0]
    return Pattern(int(positions[0]), tuple(reversed(dims)), tuple(reversed(strides)))


def common_shape(shapes: Sequence[Sequence[int]]) -> tuple[int, ...] | None:
    """The coarsest shape that refines all of ``shapes`` (of one size); None if their axes cross."""
    cuts = {1}
    for shape in shapes:
        size = 1
        for n in reversed(shape):
            size *= n
            cuts.add(size)
    ordered = sorted(cuts)
    result = []
    for inner, outer in itertools.pairwise(ordered):
        if outer % inner:
            return None
        result.append(outer // inner)
    return tuple(reversed(result))


def strides_of(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides, in numbers, of an array of that shape in row-major order."""
    strides = []
    step = 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))


def view(builder: Builder, x: Symbol, pattern: Pattern) -> Symbol | None:
    """The part of ``x`` that a pattern describes, without copying; axes of stride 0 come out with length 1.

    None if basic indexing of ``x`` can't do it.
    """
    shape = x.shape
    size = math.prod(shape)
    wanted = [(d, s) for d, s in zip(pattern.dims, pattern.strides) if s != 0 and d > 1]
    out_shape = tuple(d if s != 0 else 1 for d, s in zip(pattern.dims, pattern.strides))
    if size == 1 and out_shape:
        return builder.reshape(x, out_shape)
    if not wanted:
        start = np.unravel_index(pattern.offset, shape) if shape else ()
        one = builder.index(x, [int(i) for i in start]) if shape else x
        return builder.reshape(one, out_shape)
    if _contiguous(wanted):
        count = math.prod(d for d, _ in wanted)
        if pattern.offset == 0 and count == size:
            return builder.reshape(x, out_shape)
    found = _sliced(builder, x, pattern, wanted)
    if found is None and len(shape) > 1:  # a run that crosses rows: a slice of the flat array
        found = _sliced(builder, builder.reshape(x, (size,)), pattern, wanted)
    order = sorted(range(len(wanted)), key=lambda axis: -wanted[axis][1])
    if found is None and _contiguous([wanted[axis] for axis in order]):  # a run of numbers, its axes in another order
        dims = tuple(wanted[axis][0] for axis in order)
        count = math.prod(dims)
        flat = x
        if count < size:
            flat = builder.index(builder.reshape(x, (size,)), [(pattern.offset, pattern.offset + count, 1)])
        found = builder.transpose(builder.reshape(flat, dims), [order.index(axis) for axis in range(len(order))])
    return None if found is None else builder.reshape(found, out_shape)


def _contiguous(wanted: Sequence[tuple[int, int]]) -> bool:
    step = 1
    for d, s in reversed(wanted):
        if s != step:
            return False
        step *= d
    return True


def _sliced(builder: Builder, x: Symbol, pattern: Pattern, wanted: Sequence[tuple[int, int]]) -> Symbol | None:
    """One axis of ``x`` for each axis wanted: a slice each, then a transposition; None if there is no such choice."""
    shape = x.shape
    strides = strides_of(shape)
    start = [int(i) for i in np.unravel_index(pattern.offset, shape)]
    axis_of: list[int] = []
    slices: dict[int, tuple[int, int | None, int]] = {}
    for d, s in wanted:
        for axis, step in enumerate(strides):
            if axis in slices or s % step or shape[axis] == 1:
                continue
            by = s // step
            last = start[axis] + (d - 1) * by
            if 0 <= last < shape[axis]:
                stop: int | None = last + (1 if by > 0 else -1)
                slices[axis] = (start[axis], None if stop is not None and stop < 0 else stop, by)
                if slices[axis] == (0, shape[axis], 1):
                    slices[axis] = (0, None, 1)
                axis_of.append(axis)
                break
        else:
            return None
    part = builder.index(x, [slices.get(axis, start[axis]) for axis in range(len(shape))])
    kept = sorted(slices)
    return builder.transpose(part, [kept.index(axis) for axis in axis_of])
