"""PyTorch as it is meant to be used: tensors and modules, float64, one thread unless --threads."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

from ..problems import FIGURE_7_7, FIGURE_7_8, MOONS, SCALAR, moons, regression, weights
from ..scalar import Step
from .points import toy_points

torch.set_default_dtype(torch.float64)
if os.environ.get("OMP_NUM_THREADS") == "1":
    torch.set_num_threads(1)


def network(sizes: Sequence[int]) -> nn.Sequential:
    modules: list[nn.Module] = []
    for k, (w, b) in enumerate(weights(sizes)):
        layer = nn.Linear(len(w[0]), len(w))
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(w))
            layer.bias.copy_(torch.tensor(b))
        modules += [layer] if k == len(sizes) - 2 else [layer, nn.ReLU()]
    return nn.Sequential(*modules)


def training_step(model: nn.Sequential, loss: Callable[[], Any]) -> Step:
    def step() -> float:
        model.zero_grad()
        loss().backward()
        return float(sum(p.grad.abs().sum() for p in model.parameters()))

    return step


def moons_step() -> Step:
    rows, labels = moons()
    x, y, model = torch.tensor(rows), torch.tensor(labels)[:, None], network(MOONS)

    def loss() -> Any:
        return torch.relu(1.0 - y * model(x)).mean() + 1e-4 * sum((p * p).sum() for p in model.parameters())

    return training_step(model, loss)


def mse_step(sizes: Sequence[int], batch: int) -> Callable[[], Step]:
    def make() -> Step:
        rows, targets = regression(batch, sizes[0], sizes[-1])
        x, y, model, criterion = torch.tensor(rows), torch.tensor(targets), network(sizes), nn.MSELoss()
        return training_step(model, lambda: criterion(model(x), y))

    return make


def rosenbrock_1000() -> Step:
    point = np.array(SCALAR["rosenbrock_1000"][1])

    def step() -> float:
        x = torch.tensor(point, requires_grad=True)
        u = x[1:] - x[:-1] ** 2
        (100.0 * u * u + (1.0 - x[:-1]) ** 2).sum().backward()
        return float(x.grad.sum())

    return step


def hessian_rosenbrock_10() -> Step:
    point = torch.tensor(SCALAR["rosenbrock_10"][1])

    def f(x: Any) -> Any:
        u = x[1:] - x[:-1] ** 2
        return (100.0 * u * u + (1.0 - x[:-1]) ** 2).sum()

    return lambda: float(torch.autograd.functional.hessian(f, point).sum())


def toy_100k() -> Step:
    b, w, x, y = toy_points()
    xt, yt = torch.tensor(x), torch.tensor(y)

    def step() -> float:
        p = [torch.full((len(x),), float(v), requires_grad=True) for v in (*b, *w)]
        f3 = p[3] + p[7] * torch.cos(p[2] + p[6] * torch.exp(p[1] + p[5] * torch.sin(p[0] + p[4] * xt)))
        ((f3 - yt) ** 2).sum().backward()
        return float(sum(v.grad.abs().sum() for v in p))

    return step


def fig78_program() -> Step:
    """The chapter's program: 100 epochs of 10 batches, momentum, a step schedule."""
    rows, targets = regression(100, 10, 5)
    x, y = torch.tensor(rows), torch.tensor(targets)

    def step() -> float:
        model = network(FIGURE_7_8)
        criterion = nn.MSELoss()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        scheduler = StepLR(optimizer, step_size=10, gamma=0.5)
        loader = DataLoader(TensorDataset(x, y), batch_size=10, shuffle=False)
        with contextlib.redirect_stdout(io.StringIO()):
            for epoch in range(100):
                epoch_loss = 0.0
                for x_batch, y_batch in loader:
                    optimizer.zero_grad()
                    loss = criterion(model(x_batch), y_batch)
                    loss.backward()
                    optimizer.step()
                    epoch_loss += loss.item()
                print(f"Epoch {epoch:5d}, loss {epoch_loss:.3f}")
                scheduler.step()
        return epoch_loss

    return step


WORK: dict[str, Callable[[], Step]] = {
    "moons_step": moons_step,
    "fig78_step": mse_step(FIGURE_7_8, 10),
    "fig77_sample": mse_step(FIGURE_7_7, 1),
    "rosenbrock_1000": rosenbrock_1000,
    "hessian_rosenbrock_10": hessian_rosenbrock_10,
    "toy_100k": toy_100k,
    "fig78_program": fig78_program,
}


def version() -> str:
    return str(torch.__version__)
