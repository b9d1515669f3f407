"""HIPS autograd on arrays."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

from ..problems import FIGURE_7_7, FIGURE_7_8, MOONS, SCALAR, moons, regression, weights
from ..scalar import Step


def apply(net: Sequence[Any], x: Any) -> Any:
    for w, b in net[:-1]:
        x = anp.maximum(anp.dot(x, w.T) + b, 0.0)
    w, b = net[-1]
    return anp.dot(x, w.T) + b


def network_step(sizes: Sequence[int], loss: Callable[[Any], Any]) -> Step:
    net = [(np.array(w), np.array(b)) for w, b in weights(sizes)]
    g = autograd.grad(loss)
    return lambda: float(sum(np.abs(gw).sum() + np.abs(gb).sum() for gw, gb in g(net)))


def moons_step() -> Step:
    rows, labels = moons()
    x, y = np.array(rows), np.array(labels)[:, None]

    def loss(net: Any) -> Any:
        penalty = sum(anp.sum(w * w) + anp.sum(b * b) for w, b in net)
        return anp.mean(anp.maximum(1.0 - y * apply(net, x), 0.0)) + 1e-4 * penalty

    return network_step(MOONS, loss)


def mse_step(sizes: Sequence[int], batch: int) -> Callable[[], Step]:
    def make() -> Step:
        rows, targets = regression(batch, sizes[0], sizes[-1])
        x, y = np.array(rows), np.array(targets)
        return network_step(sizes, lambda net: anp.mean((apply(net, x) - y) ** 2))

    return make


def _rosenbrock(x: Any) -> Any:
    u = x[1:] - x[:-1] ** 2
    return anp.sum(100.0 * u * u + (1.0 - x[:-1]) ** 2)


def rosenbrock(name: str, transform: Any = autograd.grad) -> Callable[[], Step]:
    def make() -> Step:
        x, g = np.array(SCALAR[name][1]), transform(_rosenbrock)
        return lambda: float(g(x).sum())

    return make


WORK: dict[str, Callable[[], Step]] = {
    **{name: rosenbrock(name) for name in ("rosenbrock_10", "rosenbrock_100", "rosenbrock_1000")},
    "hessian_rosenbrock_10": rosenbrock("rosenbrock_10", autograd.hessian),
    "moons_step": moons_step,
    "fig78_step": mse_step(FIGURE_7_8, 10),
    "fig77_sample": mse_step(FIGURE_7_7, 1),
}


def version() -> str:
    return importlib.metadata.version("autograd")
