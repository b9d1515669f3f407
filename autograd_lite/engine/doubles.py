"""Blocks of float64 numbers for loops: here lists, in compiled code bytes behind a pointer (``doubles.h``)."""

from __future__ import annotations

from typing import Any

__all__ = ["block", "holds", "start"]


def block(count: int) -> Any:
    """A block of so many numbers, whichever they are."""
    return [0.0] * count


def start(block: Any) -> Any:
    """What a loop reads and writes the numbers of a block by; those that are given as bytes it can only read."""
    return memoryview(block).cast("d") if isinstance(block, bytes) else block


def holds(block: bytes | None, memory: memoryview[float]) -> bool:
    """Whether the numbers in some memory, in a row, are those in bytes, to the bit."""
    return memory.tobytes() == block
