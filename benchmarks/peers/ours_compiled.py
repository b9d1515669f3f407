"""autograd_lite's compile: the same scalar code, recorded once and run as arrays. Recording is in the first call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite import nn, optim
from autograd_lite.data import DataLoader, TensorDataset

from .. import problems
from ..scalar import Step
from .ours import network, version
from .points import toy_points

__all__ = ["BACKEND", "WORK", "version"]

#: ``ours_c`` asks for C
BACKEND = "default"


def compiled(f: Callable[..., Any]) -> Any:
    return ag.compile(f, backend=BACKEND)


def scalar(name: str) -> Callable[[], Step]:
    """Calls with one number an argument for few variables, with an array for many."""

    def make() -> Step:
        f, point = problems.SCALAR[name]
        if len(point) <= 10:
            g = compiled(ag.grad(lambda *p: f(ag, p), argnums=tuple(range(len(point)))))
            return lambda: float(sum(g(*point)))
        h, x = compiled(ag.grad(lambda p: f(ag, p))), np.array(point)
        return lambda: float(h(x).sum())

    return make


def unstructured_1e4() -> Step:
    """Value and gradient at a new point a call."""
    f, point = problems.SCALAR["unstructured_1e4"]
    g, x = compiled(ag.value_and_grad(lambda p: f(ag, p))), np.array(point)
    return lambda: float(g(x)[1].sum())


def hessian_rosenbrock_10() -> Step:
    f, point = problems.SCALAR["rosenbrock_10"]
    h, x = compiled(ag.hessian(lambda p: f(ag, p))), np.array(point)
    return lambda: float(np.asarray(h(x)).sum())


def training_step(model: Any, step: Callable[..., Any], *data: Any) -> Step:
    parameters = list(model.parameters())
    optimizer = optim.SGD(parameters, lr=0.1)

    def run() -> float:
        optimizer.zero_grad()
        step(*data).backward()
        return sum([float(np.abs(p.grad).sum()) for p in parameters])

    return run


def moons_step() -> Step:
    rows, labels = problems.moons()
    model = network(problems.MOONS)

    def loss(x: Any, y: Any) -> Any:
        margins = [ag.relu(1.0 - label * out[0]) for out, label in zip(model(x), y)]
        flat = [w for p in model.parameters() for w in np.asarray(p.values(), dtype=object).ravel()]
        return ag.mean(margins) + 1e-4 * ag.dot(flat, flat)

    return training_step(model, compiled(loss), np.array(rows), np.array(labels))


def mse_step(sizes: Sequence[int], batch: int) -> Callable[[], Step]:
    def make() -> Step:
        rows, targets = problems.regression(batch, sizes[0], sizes[-1])
        model, criterion = network(sizes), nn.MSELoss()
        step = compiled(lambda x, y: criterion(model(x), y))
        return training_step(model, step, np.array(rows), np.array(targets))

    return make


def fig78_program() -> Step:
    """The chapter's program, recording and compiling included in every call."""
    rows, targets = problems.regression(100, 10, 5)
    x, y = np.array(rows), np.array(targets)

    def run() -> float:
        model, criterion = network(problems.FIGURE_7_8), nn.MSELoss()
        step = compiled(lambda x, y: criterion(model(x), y))
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
        loader = DataLoader(TensorDataset(x, y), batch_size=10, shuffle=False)
        lines = []
        for epoch in range(100):
            epoch_loss = 0.0
            for x_batch, y_batch in loader:
                optimizer.zero_grad()
                loss = step(x_batch, y_batch)
                loss.backward()
                optimizer.step()
                epoch_loss += loss.item()
            lines.append(f"Epoch {epoch:5d}, loss {epoch_loss:.3f}")
            scheduler.step()
        return epoch_loss

    return run


def toy_100k() -> Step:
    b, w, x, y = toy_points()
    p = [float(v) for v in (*b, *w)]
    gradient = ag.grad(lambda *a: problems.toy(ag, a[:8], a[8], a[9]), argnums=tuple(range(8)))
    g = compiled(ag.vmap(gradient, in_axes=(*[None] * 8, 0, 0)))
    return lambda: float(sum(np.abs(d).sum() for d in g(*p, x, y)))


WORK: dict[str, Callable[[], Step]] = {
    **{name: scalar(name) for name in problems.SCALAR},
    "unstructured_1e4": unstructured_1e4,
    "hessian_rosenbrock_10": hessian_rosenbrock_10,
    "moons_step": moons_step,
    "fig78_step": mse_step(problems.FIGURE_7_8, 10),
    "fig77_sample": mse_step(problems.FIGURE_7_7, 1),
    "fig78_program": fig78_program,
    "toy_100k": toy_100k,
}
