"""autograd_lite's eager engine: scalar code for the graphs, its own modules for the networks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite import Value, nn, optim

from .. import problems
from ..scalar import Engine, Step, work


class Ours(Engine):
    m = ag

    def var(self, x: float) -> Any:
        return Value(x)

    def grad(self, v: Any) -> float:
        return v.grad  # type: ignore[no-any-return]


def network(sizes: Sequence[int]) -> nn.Sequential:
    """The network of the workloads with the common weights."""
    modules: list[nn.Module] = []
    for k, (w, b) in enumerate(problems.weights(sizes)):
        layer = nn.Linear(len(w[0]), len(w))
        layer.weight.data[...] = w
        layer.bias.data[...] = b
        modules += [layer] if k == len(sizes) - 2 else [layer, nn.ReLU()]
    return nn.Sequential(*modules)


def training_step(model: Any, loss: Callable[[], Any]) -> Step:
    parameters = list(model.parameters())
    optimizer = optim.SGD(parameters, lr=0.1)

    def step() -> float:
        optimizer.zero_grad()
        loss().backward()
        return sum([float(abs(p.grad).sum()) for p in parameters])

    return step


def moons_step() -> Step:
    rows, labels = problems.moons()
    model = network(problems.MOONS)

    def loss() -> Any:
        margins = [ag.relu(1.0 - y * out[0]) for out, y in zip(model(rows), labels)]
        return ag.mean(margins) + 1e-4 * l2(model)

    return training_step(model, loss)


def l2(model: Any) -> Any:
    """Σ p² over all parameters, one node per parameter array."""
    total: Any = 0.0
    for p in model.parameters():
        flat = [p[index] for index in itertools.product(*map(range, p.shape))]
        total = ag.dot(flat, flat) + total
    return total


def mse_step(sizes: Sequence[int], batch: int) -> Callable[[], Step]:
    def make() -> Step:
        rows, targets = map(np.array, problems.regression(batch, sizes[0], sizes[-1]))  # as the peers have tensors
        model, criterion = network(sizes), nn.MSELoss()
        return training_step(model, lambda: criterion(model(rows), targets))

    return make


def hessian_rosenbrock_10() -> Step:
    f, point = problems.SCALAR["rosenbrock_10"]
    h = ag.hessian(lambda p: f(ag, p))
    return lambda: float(sum(map(sum, h(point))))


WORK = work(Ours()) | {
    "hessian_rosenbrock_10": hessian_rosenbrock_10,
    "moons_step": moons_step,
    "fig78_step": mse_step(problems.FIGURE_7_8, 10),
    "fig77_sample": mse_step(problems.FIGURE_7_7, 1),
}


def version() -> str:
    return f"{ag.__version__} ({ag.build_info()['engine']})"
