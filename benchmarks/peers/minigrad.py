"""minigrad: a scalar engine in C. It has no sine or exponential: networks only, and its sums must hold Values."""

from __future__ import annotations

import importlib.metadata
from types import SimpleNamespace
from typing import Any

from minigrad import Value

from ..scalar import Engine, work


class Minigrad(Engine):
    m = SimpleNamespace(relu=lambda x: x.relu())

    def var(self, x: float) -> Any:
        return Value(x)


WORK = {
    name: make
    for name, make in work(Minigrad()).items()
    if name.split("_")[0] in ("rosenbrock", "speelpenning", "moons", "fig78", "fig77")
}


def version() -> str:
    return importlib.metadata.version("minigrad")
