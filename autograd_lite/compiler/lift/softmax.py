"""Softmaxes as statements of whole rows, for equations that are read and not run."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.array_program import Symbol
from .lifted import Lifted

__all__ = ["SOFTMAX", "softmax_rows"]

#: primitives of a whole row, that of the first number, and what they are of all numbers
SOFTMAX = {"softmax_of": "softmax", "log_softmax_of": "log_softmax"}


def softmax_rows(lifted: Lifted, name: str, ids: Any, args: Any) -> bool:
    """Define softmaxes, of which every number has its own row of operands, as statements of whole rows.

    Returns:
        False if the operands are not the numbers of one array.
    """
    ordered = np.sort(args, axis=1)
    rows, which = np.unique(ordered, axis=0, return_inverse=True)
    if (np.diff(rows, axis=1) <= 0).any() or (lifted.owner[rows] != lifted.owner[rows[0, 0]]).any():
        return False
    shape = rows.shape if len(rows) > 1 else rows.shape[1:]
    x = lifted.gather(rows.ravel(), shape)
    if not isinstance(x, Symbol) or x.shape != shape:
        return False
    made = lifted.builder.add(SOFTMAX[name], (x.id,), (len(shape) - 1,), shape)
    lifted.owner[ids] = made.id
    columns = (rows[which.ravel()] == args[:, :1]).argmax(axis=1)
    lifted.position[ids] = which.ravel() * rows.shape[1] + columns
    return True
