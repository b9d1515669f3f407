"""MyGrad on 0-dimensional tensors."""

from __future__ import annotations

import importlib.metadata
from types import SimpleNamespace
from typing import Any

import mygrad as mg

from ..scalar import Engine, work


class MyGrad(Engine):
    m = SimpleNamespace(sin=mg.sin, cos=mg.cos, exp=mg.exp, tanh=mg.tanh, relu=lambda x: mg.maximum(x, 0.0))

    def var(self, x: float) -> Any:
        return mg.tensor(x)


WORK = {name: make for name, make in work(MyGrad()).items() if name not in ("fig77_sample", "chain_1e6")}


def version() -> str:
    return importlib.metadata.version("mygrad")
