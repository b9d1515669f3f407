"""micrograd with the collector switched off: its closures form cycles, and the collector takes most of its time.

They are collected between the blocks that are timed, so that a block doesn't run in the memory of those before it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

from ..scalar import Step
from .micrograd import WORK as WITH_COLLECTOR
from .micrograd import version

__all__ = ["WORK", "between", "version"]


def without_collector(make: Callable[[], Step]) -> Callable[[], Step]:
    def made() -> Step:
        step = make()
        gc.disable()
        return step

    return made


WORK = {
    name: without_collector(make) for name, make in WITH_COLLECTOR.items() if name not in ("fig77_sample", "chain_1e6")
}


def between() -> None:
    """Before each block."""
    gc.collect()
