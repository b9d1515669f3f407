"""Python's collector, paused while a function is compiled: thousands of tuples are made, and none is garbage yet."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collector_paused"]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Within the block, or what it decorates, the collector doesn't run by itself; it goes on afterwards if it did."""
    runs = gc.isenabled()
    try:
        gc.disable()
        yield
    finally:
        if runs:
            gc.enable()
