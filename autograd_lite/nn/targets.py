"""Targets, class labels and indices: numbers, or while ``compile`` records, the Values that stand for them in a call.

A recorded program indexes by its inputs, and one recording serves every batch. That the indices are in range is a
question like any other that a function asks of its numbers: a call with another answer is recorded anew, and raises
what it raises in plain code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.observers import current_tracer
from ..engine.value import Value
from ..primitives import TABLE
from ..primitives.arithmetic import where
from .batches import object_array

__all__ = ["as_indices", "choices", "in_range", "is_given", "picked", "recorded"]

#: picks with more numbers than this are not recorded: the labels become constants of a recording
LARGEST = 300_000


def as_indices(x: Any) -> Any:
    """The array that labels stand for: of integers, or of what else they are, for the caller to refuse."""
    return object_array([x], ()) if isinstance(x, Value) else np.asarray(x)


def recorded(indices: Any) -> bool:
    """Whether an array of indices is one of Values that stand for integers."""
    if indices.dtype != object or not indices.size:
        return False
    tracer = current_tracer()
    return tracer is not None and all(isinstance(x, Value) and tracer.integer(x) for x in indices.ravel().tolist())


def is_given(target: Any) -> bool:
    """Whether ``target`` is a Value that stands for a number without derivatives, in a recording."""
    tracer = current_tracer() if isinstance(target, Value) else None
    return tracer is not None and tracer.passive(target)


def in_range(indices: Sequence[Any], count: int) -> bool:
    """Whether all of them, Values in a recording, are from 0 to count − 1."""
    lowest, highest = TABLE["min"](list(indices)), TABLE["max"](list(indices))
    return bool(lowest >= 0.0) and bool(highest < float(count))


def picked(row: Sequence[Any], index: Any) -> Any:
    """``row[index]``; recorded, if the index is one of ``recorded`` indices."""
    tracer = current_tracer() if isinstance(index, Value) else None
    return row[index] if tracer is None else tracer.pick(row, index)


def choices(indices: Sequence[Any], ignored: int) -> tuple[list[Any], list[Any]]:
    """For each index, recorded, whether it is not ``ignored``; and an index that can be looked up in its place."""
    kept = [index != float(ignored) for index in indices]
    return kept, [where(keep, index, 0.0) for keep, index in zip(kept, indices)]
