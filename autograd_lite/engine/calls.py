"""Which calls are short in compiled code: see ``calls.h``. The plain source has Python's own."""

from __future__ import annotations

from typing import Any

__all__ = ["call_lists_at_once", "call_unary_at_once", "call_values_at_once"]


def call_values_at_once(kind: type) -> None:
    """``Value(0.5)``."""


def call_unary_at_once(op: Any) -> None:
    """A primitive of one argument on a Value or a float."""


def call_lists_at_once(sum: Any, dot: Any) -> None:
    """``sum`` and ``dot`` of lists and tuples."""
