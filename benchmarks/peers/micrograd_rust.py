"""micrograd-rust: micrograd's engine in Rust, with hyperbolic tangent and exponential."""

from __future__ import annotations

import importlib.metadata
from types import SimpleNamespace
from typing import Any

from micrograd_rust import Value

from ..scalar import Engine, work


class MicrogradRust(Engine):
    m = SimpleNamespace(relu=lambda x: x.relu(), tanh=lambda x: x.tanh(), exp=lambda x: x.exp())

    def var(self, x: float) -> Any:
        return Value(x)


WORK = {name: make for name, make in work(MicrogradRust()).items() if name not in ("toy", "domke")}


def version() -> str:
    return importlib.metadata.version("micrograd-rust")
