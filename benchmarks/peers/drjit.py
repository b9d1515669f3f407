"""Dr.Jit with its LLVM backend: arrays traced and compiled, fused kernels."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import drjit as dr
from drjit.llvm.ad import Float64

from ..problems import toy
from ..scalar import Engine, Step, work
from .points import toy_points

m = SimpleNamespace(sin=dr.sin, cos=dr.cos, exp=dr.exp, tanh=dr.tanh, relu=lambda x: dr.maximum(x, 0.0))


class DrJit(Engine):
    m = m

    def var(self, x: float) -> Any:
        v = Float64(x)
        dr.enable_grad(v)
        return v

    def backward(self, y: Any) -> None:
        dr.backward(y)

    def grad(self, v: Any) -> float:
        return float(dr.grad(v)[0])


def toy_100k() -> Step:
    b, w, x, y = toy_points()
    xs, ys = Float64(x), Float64(y)
    start = [float(v) for v in (*b, *w)]

    def step() -> float:
        p = [dr.full(Float64, v, len(x)) for v in start]
        for v in p:
            dr.enable_grad(v)
        dr.backward(toy(m, p, xs, ys))
        total = dr.sum(sum(dr.abs(dr.grad(v)) for v in p))
        return float(total[0])

    return step


WORK: dict[str, Callable[[], Step]] = {
    **{name: make for name, make in work(DrJit()).items() if name in ("toy", "domke")},
    "toy_100k": toy_100k,
}


def version() -> str:
    return importlib.metadata.version("drjit")
