"""oxigrad: micrograd's engine in Rust."""

from __future__ import annotations

import importlib.metadata
from types import SimpleNamespace
from typing import Any

from oxigrad.engine import Value

from ..scalar import Engine, work


class Oxigrad(Engine):
    m = SimpleNamespace(relu=lambda x: x.relu(), tanh=lambda x: x.tanh(), exp=lambda x: x.exp())

    def var(self, x: float) -> Any:
        return Value(x)


WORK = {name: make for name, make in work(Oxigrad()).items() if name not in ("toy", "domke")}


def version() -> str:
    return importlib.metadata.version("oxigrad")
