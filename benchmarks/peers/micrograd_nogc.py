"""micrograd with the collector switched off: its closures form cycles, and the collector takes most of its time."""

from __future__ import annotations

import gc
from collections.abc import Callable

from ..scalar import Step
from .micrograd import WORK as WITH_COLLECTOR
from .micrograd import version

__all__ = ["WORK", "version"]


def without_collector(make: Callable[[], Step]) -> Callable[[], Step]:
    def made() -> Step:
        step = make()
        gc.disable()
        return step

    return made


WORK = {
    name: without_collector(make) for name, make in WITH_COLLECTOR.items() if name not in ("fig77_sample", "chain_1e6")
}
