"""micrograd, with the sine, cosine, exponential and hyperbolic tangent that it lacks patched in, in its own style."""

from __future__ import annotations

import importlib.metadata
import math
from types import SimpleNamespace
from typing import Any

from micrograd.engine import Value

from ..scalar import Engine, work


def unary(f: Any, slope: Any) -> Any:
    def apply(x: Any) -> Any:
        out = Value(f(x.data), (x,), f.__name__)

        def _backward() -> None:
            x.grad += slope(x.data, out.data) * out.grad

        out._backward = _backward
        return out

    return apply


class Micrograd(Engine):
    m = SimpleNamespace(
        sin=unary(math.sin, lambda x, y: math.cos(x)),
        cos=unary(math.cos, lambda x, y: -math.sin(x)),
        exp=unary(math.exp, lambda x, y: y),
        tanh=unary(math.tanh, lambda x, y: 1 - y * y),
        relu=lambda x: x.relu(),
    )

    def var(self, x: float) -> Any:
        return Value(x)


WORK = work(Micrograd())


def version() -> str:
    return importlib.metadata.version("micrograd")
