"""Hand-written NumPy: networks as matrix products, the Rosenbrock function as slices, 100,000 toy points at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..problems import FIGURE_7_7, FIGURE_7_8, MOONS, SCALAR, moons, regression, weights
from ..scalar import Step
from .points import toy_points


def layers(sizes: Sequence[int]) -> list[tuple[Any, Any]]:
    return [(np.array(w), np.array(b)) for w, b in weights(sizes)]


def network_gradients(net: Sequence[Any], x: Any, loss: Callable[[Any], Any]) -> list[Any]:
    """Forward and backward of a ReLU network; ``loss`` gives ∂loss/∂output."""
    hs, h = [x], x
    for w, b in net[:-1]:
        h = np.maximum(h @ w.T + b, 0.0)
        hs.append(h)
    w, b = net[-1]
    d = loss(h @ w.T + b)
    grads = []
    for k in range(len(net) - 1, -1, -1):
        grads.append((d.T @ hs[k], d.sum(axis=0)))
        if k:
            d = (d @ net[k][0]) * (hs[k] > 0.0)
    return grads[::-1]


def total(grads: Sequence[Any]) -> float:
    return float(sum(np.abs(gw).sum() + np.abs(gb).sum() for gw, gb in grads))


def moons_step() -> Step:
    rows, labels = moons()
    x, y, net = np.array(rows), np.array(labels)[:, None], layers(MOONS)

    def step() -> float:
        grads = network_gradients(net, x, lambda out: np.where(1.0 - y * out > 0.0, -y / len(x), 0.0))
        return total([(gw + 2e-4 * w, gb + 2e-4 * b) for (gw, gb), (w, b) in zip(grads, net)])

    return step


def mse_step(sizes: Sequence[int], batch: int) -> Callable[[], Step]:
    def make() -> Step:
        rows, targets = regression(batch, sizes[0], sizes[-1])
        x, y, net = np.array(rows), np.array(targets), layers(sizes)
        return lambda: total(network_gradients(net, x, lambda out: (out - y) * (2.0 / y.size)))

    return make


def fig78_program() -> Step:
    """The chapter's program: 100 epochs of 10 batches, momentum, the rate halved every ten epochs."""
    rows, targets = regression(100, 10, 5)
    x, y = np.array(rows), np.array(targets)

    def step() -> float:
        net = layers(FIGURE_7_8)
        (w1, b1), (w2, b2), (w3, b3) = net
        parameters = [w1, b1, w2, b2, w3, b3]
        momenta = [np.zeros_like(p) for p in parameters]
        rate, lines = 0.1, []
        for epoch in range(100):
            epoch_loss = 0.0
            for start in range(0, 100, 10):
                x_batch, y_batch = x[start : start + 10], y[start : start + 10]
                h1 = np.maximum(x_batch @ w1.T + b1, 0.0)
                h2 = np.maximum(h1 @ w2.T + b2, 0.0)
                d = h2 @ w3.T + b3 - y_batch
                epoch_loss += np.mean(d * d)
                d3 = d * (2.0 / d.size)
                d2 = (d3 @ w3) * (h2 > 0.0)
                d1 = (d2 @ w2) * (h1 > 0.0)
                grads = [d1.T @ x_batch, d1.sum(axis=0), d2.T @ h1, d2.sum(axis=0), d3.T @ h2, d3.sum(axis=0)]
                for p, m, g in zip(parameters, momenta, grads):
                    m *= 0.9
                    m += g
                    p -= rate * m
            lines.append(f"Epoch {epoch:5d}, loss {epoch_loss:.3f}")
            if epoch % 10 == 9:
                rate *= 0.5
        return float(epoch_loss)

    return step


def rosenbrock(name: str) -> Callable[[], Step]:
    def make() -> Step:
        x = np.array(SCALAR[name][1])

        def step() -> float:
            u = 200.0 * (x[1:] - x[:-1] ** 2)
            g = np.zeros_like(x)
            g[:-1] = -2.0 * x[:-1] * u - 2.0 * (1.0 - x[:-1])
            g[1:] += u
            return float(g.sum())

        return step

    return make


def hessian_rosenbrock_10() -> Step:
    x = np.array(SCALAR["rosenbrock_10"][1])

    def step() -> float:
        n = len(x)
        h = np.zeros((n, n))
        i = np.arange(n - 1)
        h[i, i] = 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
        h[i + 1, i + 1] += 200.0
        h[i, i + 1] = h[i + 1, i] = -400.0 * x[:-1]
        return float(h.sum())

    return step


def toy_100k() -> Step:
    b, w, x, y = toy_points()

    def step() -> float:
        f0 = b[0] + w[0] * x
        h1 = np.sin(f0)
        f1 = b[1] + w[1] * h1
        h2 = np.exp(f1)
        f2 = b[2] + w[2] * h2
        h3 = np.cos(f2)
        g3 = 2.0 * (b[3] + w[3] * h3 - y)
        g2 = -np.sin(f2) * w[3] * g3
        g1 = h2 * w[2] * g2
        g0 = np.cos(f0) * w[1] * g1
        return float(sum(np.abs(g).sum() for g in (g0, g1, g2, g3, g0 * x, g1 * h1, g2 * h2, g3 * h3)))

    return step


WORK: dict[str, Callable[[], Step]] = {
    **{name: rosenbrock(name) for name in ("rosenbrock_10", "rosenbrock_100", "rosenbrock_1000")},
    "hessian_rosenbrock_10": hessian_rosenbrock_10,
    "moons_step": moons_step,
    "fig78_step": mse_step(FIGURE_7_8, 10),
    "fig77_sample": mse_step(FIGURE_7_7, 1),
    "fig78_program": fig78_program,
    "toy_100k": toy_100k,
}


def version() -> str:
    return str(np.__version__)
