"""JAX: arrays, jit-compiled value and gradient, float64 on the CPU. The first call (compiling) is reported apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..problems import FIGURE_7_7, FIGURE_7_8, MOONS, SCALAR, domke, moons, regression, toy, weights
from ..scalar import Step
from .points import toy_points

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


class m:
    sin, cos, exp, tanh = jnp.sin, jnp.cos, jnp.exp, jnp.tanh
    relu = staticmethod(jax.nn.relu)


def scalar(f: Any, point: Sequence[float]) -> Callable[[], Step]:
    def make() -> Step:
        g = jax.jit(jax.grad(lambda p: f(m, [p[i] for i in range(len(point))])))
        x = np.array(point)
        return lambda: float(np.asarray(g(x)).sum())

    return make


def chain(name: str) -> Callable[[], Step]:
    def make() -> Step:
        n = int(float(name.split("_")[1])) // 3

        def f(x: Any) -> Any:
            return jax.lax.scan(lambda v, _: (jnp.tanh(v * 1.01 + 0.01), None), x, None, length=n)[0]

        g = jax.jit(jax.grad(f))
        return lambda: float(g(0.5))

    return make


def apply(net: Sequence[Any], x: Any) -> Any:
    for w, b in net[:-1]:
        x = jax.nn.relu(x @ w.T + b)
    w, b = net[-1]
    return x @ w.T + b


def network_step(sizes: Sequence[int], loss: Callable[[Any], Any]) -> Step:
    net = [(jnp.array(w), jnp.array(b)) for w, b in weights(sizes)]
    g = jax.jit(jax.grad(loss))
    return lambda: float(sum(np.abs(np.asarray(a)).sum() for a in jax.tree.leaves(g(net))))


def moons_step() -> Step:
    rows, labels = moons()
    x, y = jnp.array(rows), jnp.array(labels)[:, None]

    def loss(net: Any) -> Any:
        return jax.nn.relu(1.0 - y * apply(net, x)).mean() + 1e-4 * sum((p * p).sum() for p in jax.tree.leaves(net))

    return network_step(MOONS, loss)


def mse_step(sizes: Sequence[int], batch: int) -> Callable[[], Step]:
    def make() -> Step:
        rows, targets = regression(batch, sizes[0], sizes[-1])
        x, y = jnp.array(rows), jnp.array(targets)
        return network_step(sizes, lambda net: ((apply(net, x) - y) ** 2).mean())

    return make


def _rosenbrock(x: Any) -> Any:
    u = x[1:] - x[:-1] ** 2
    return (100.0 * u * u + (1.0 - x[:-1]) ** 2).sum()


def rosenbrock(name: str) -> Callable[[], Step]:
    def make() -> Step:
        x, g = np.array(SCALAR[name][1]), jax.jit(jax.grad(_rosenbrock))
        return lambda: float(np.asarray(g(x)).sum())

    return make


def hessian_rosenbrock_10() -> Step:
    x, h = np.array(SCALAR["rosenbrock_10"][1]), jax.jit(jax.hessian(_rosenbrock))
    return lambda: float(np.asarray(h(x)).sum())


def toy_100k() -> Step:
    b, w, x, y = toy_points()
    p = np.concatenate([b, w])
    g = jax.jit(jax.vmap(jax.grad(lambda p, x, y: toy(m, [p[i] for i in range(8)], x, y)), in_axes=(None, 0, 0)))
    return lambda: float(np.abs(np.asarray(g(p, x, y))).sum())


WORK: dict[str, Callable[[], Step]] = {
    "toy": scalar(toy, SCALAR["toy"][1]),
    "domke": scalar(domke, SCALAR["domke"][1]),
    **{name: chain(name) for name in ("chain_1e3", "chain_1e4", "chain_1e5", "chain_1e6")},
    **{name: rosenbrock(name) for name in ("rosenbrock_10", "rosenbrock_100", "rosenbrock_1000")},
    "hessian_rosenbrock_10": hessian_rosenbrock_10,
    "moons_step": moons_step,
    "fig78_step": mse_step(FIGURE_7_8, 10),
    "fig77_sample": mse_step(FIGURE_7_7, 1),
    "toy_100k": toy_100k,
}


def version() -> str:
    return str(jax.__version__)
