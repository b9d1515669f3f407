"""The table: every primitive once. A new op is one entry in one of these pages."""

from __future__ import annotations

from . import (
    activations,
    arithmetic,
    elementary,
    hyperbolic,
    logistic,
    piecewise,
    reductions,
    rounding,
    special,
    statistics,
    trigonometric,
)
from .base import Operand, as_float
from .primitive import TABLE, Primitive, bind_table, primitive

__all__ = [
    "TABLE",
    "Operand",
    "Primitive",
    "activations",
    "arithmetic",
    "as_float",
    "elementary",
    "hyperbolic",
    "logistic",
    "piecewise",
    "primitive",
    "reductions",
    "rounding",
    "special",
    "statistics",
    "trigonometric",
]

bind_table()
