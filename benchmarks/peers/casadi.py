"""CasADi: scalar expressions (SX) recorded once, a Function replayed. Building is the first call, reported apart."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import casadi as ca
import numpy as np

from ..problems import FIGURE_7_8, MOONS, SCALAR, moons, moons_loss, mse_loss, regression, weights
from ..scalar import Step

m = SimpleNamespace(sin=ca.sin, cos=ca.cos, exp=ca.exp, tanh=ca.tanh, relu=lambda x: ca.fmax(x, 0.0))


def buffered(f: Any, x: Any, n: int, *more: Any) -> Step:
    """Calls with preallocated buffers, for the gradient and ``more`` results: CasADi's cheapest way in."""
    point, out = np.array(x, dtype=float), np.zeros(n)
    buffer, trigger = f.buffer()
    buffer.set_arg(0, memoryview(point))
    buffer.set_res(0, memoryview(out))
    for k, result in enumerate(more):
        buffer.set_res(1 + k, memoryview(result))

    def step(_alive: Any = (f, buffer, point, more)) -> float:  # the buffer points into these
        trigger()
        return float(out.sum())

    return step


def scalar(name: str) -> Callable[[], Step]:
    def make() -> Step:
        f, point = SCALAR[name]
        p = ca.SX.sym("p", len(point))
        y = f(m, [p[i] for i in range(len(point))])
        g = ca.Function("g", [p], [ca.densify(ca.gradient(y, p))])
        return buffered(g, point, len(point))

    return make


def unstructured_1e4() -> Step:
    """Value and gradient at a new point a call."""
    f, point = SCALAR["unstructured_1e4"]
    p = ca.SX.sym("p", len(point))
    y = f(m, [p[i] for i in range(len(point))])
    g = ca.Function("g", [p], [ca.densify(ca.gradient(y, p)), y])
    return buffered(g, point, len(point), np.zeros(1))


def hessian_rosenbrock_10() -> Step:
    f, point = SCALAR["rosenbrock_10"]
    p = ca.SX.sym("p", len(point))
    h, _ = ca.hessian(f(m, [p[i] for i in range(len(point))]), p)
    return buffered(ca.Function("h", [p], [ca.densify(h)]), point, len(point) ** 2)


def network(sizes: Any, loss: Callable[[Any], Any]) -> Step:
    flat = [x for w, b in weights(sizes) for x in [*(x for ws in w for x in ws), *b]]
    p = ca.SX.sym("p", len(flat))
    layers, at = [], 0
    for n, k in pairwise(sizes):
        w = [[p[at + i * n + j] for j in range(n)] for i in range(k)]
        layers.append((w, [p[at + n * k + i] for i in range(k)]))
        at += n * k + k
    g = ca.Function("g", [p], [ca.densify(ca.fabs(ca.gradient(loss(layers), p)))])
    return buffered(g, flat, len(flat))


def moons_step() -> Step:
    rows, labels = moons()
    return network(MOONS, lambda layers: moons_loss(m, layers, rows, labels))


def fig78_step() -> Step:
    rows, targets = regression(10, 10, 5)
    return network(FIGURE_7_8, lambda layers: mse_loss(m, layers, rows, targets))


WORK: dict[str, Callable[[], Step]] = {
    **{name: scalar(name) for name in SCALAR if name != "chain_1e6"},
    "unstructured_1e4": unstructured_1e4,
    "hessian_rosenbrock_10": hessian_rosenbrock_10,
    "moons_step": moons_step,
    "fig78_step": fig78_step,
}


def version() -> str:
    return str(ca.__version__)
