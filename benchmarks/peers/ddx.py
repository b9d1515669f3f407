"""ddx-ad: scalar graphs compiled through LLVM, or interpreted. Building is the first call."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from types import SimpleNamespace

import ddx
import numpy as np

from ..problems import SCALAR
from ..scalar import Step

m = SimpleNamespace(sin=ddx.sin, cos=ddx.cos, exp=ddx.exp, tanh=ddx.tanh, relu=lambda x: ddx.max(x, 0.0))


def scalar(name: str) -> Callable[[], Step]:
    def make() -> Step:
        f, point = SCALAR[name]
        equation = ddx.equation(lambda: f(m, [ddx.var(f"x{i:04d}") for i in range(len(point))]))
        x = np.array(point)
        return lambda: float(np.sum(equation.jacobian(x)[1]))

    return make


WORK: dict[str, Callable[[], Step]] = {name: scalar(name) for name in SCALAR if name not in ("chain_1e5", "chain_1e6")}


def version() -> str:
    return importlib.metadata.version("ddx-ad")
