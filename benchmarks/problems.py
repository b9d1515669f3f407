"""The workloads as plain scalar code: written once, run on whatever numbers an engine offers.

``m`` is the engine's functions (``m.sin``, ``m.exp``, ``m.relu`` …); everything else is Python's operators.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

TOY_POINT = (1.0, 2.0, -3.0, 0.4, 0.1, -0.4, 2.0, 3.0)  # β0…β3, ω0…ω3 of chapter 7
TOY_DATA = (2.3, 2.0)


def toy(m: Any, p: Sequence[Any], x: Any = TOY_DATA[0], y: Any = TOY_DATA[1]) -> Any:
    """The toy chain of figures 7.3 to 7.5."""
    b0, b1, b2, b3, w0, w1, w2, w3 = p
    f3 = b3 + w3 * m.cos(b2 + w2 * m.exp(b1 + w1 * m.sin(b0 + w0 * x)))
    d = f3 - y
    return d * d


def domke(m: Any, p: Sequence[Any]) -> Any:
    """Figure 7.9's graph."""
    f1 = m.exp(p[0])
    f2 = f1 * f1
    f3 = f1 + f2
    return m.exp(f3) + m.sin(f3)


def chain(n: int) -> Callable[[Any, Sequence[Any]], Any]:
    """``n`` operations in one line: multiply, add, tanh."""

    def f(m: Any, p: Sequence[Any]) -> Any:
        x, tanh = p[0], m.tanh
        v = x
        for _ in range(n // 3):
            v = tanh(v * 1.01 + 0.01)
        return v

    return f


def rosenbrock(m: Any, p: Sequence[Any]) -> Any:
    """Σ 100 (x₍ᵢ₊₁₎ − xᵢ²)² + (1 − xᵢ)², as a loop over scalars."""
    total = 0.0
    for a, b in pairwise(p):
        u = b - a * a
        v = 1.0 - a
        total = total + 100.0 * (u * u) + v * v
    return total


def speelpenning(m: Any, p: Sequence[Any]) -> Any:
    """x₁ · x₂ · … · xₙ, one multiplication after the other."""
    product = p[0]
    for x in p[1:]:
        product = product * x
    return product


def points(n: int) -> list[float]:
    """A fixed point away from the minimum."""
    return [0.9 + 0.2 * math.sin(i + 1.0) for i in range(n)]


#: workloads of the form "gradient of f at a point", by name: the function and the point
SCALAR: dict[str, tuple[Callable[[Any, Sequence[Any]], Any], list[float]]] = {
    "toy": (toy, list(TOY_POINT)),
    "domke": (domke, [0.1]),
    "chain_1e3": (chain(1_000), [0.5]),
    "chain_1e4": (chain(10_000), [0.5]),
    "chain_1e5": (chain(100_000), [0.5]),
    "chain_1e6": (chain(1_000_000), [0.5]),
    "rosenbrock_10": (rosenbrock, points(10)),
    "rosenbrock_100": (rosenbrock, points(100)),
    "rosenbrock_1000": (rosenbrock, points(1000)),
    "speelpenning_1000": (speelpenning, points(1000)),
}

#: operations a workload counts as, for the column "ns an operation"
OPERATIONS = {"chain_1e3": 1e3, "chain_1e4": 1e4, "chain_1e5": 1e5, "chain_1e6": 1e6}


# --- networks -----------------------------------------------------------------------------------------------------


def weights(sizes: Sequence[int], seed: int = 1) -> list[tuple[list[list[float]], list[float]]]:
    """Kaiming-normal weights and zero biases of a network, the same for every engine."""
    rng = random.Random(seed)
    return [
        ([[rng.gauss(0.0, math.sqrt(2.0 / n)) for _ in range(n)] for _ in range(k)], [0.0] * k)
        for n, k in pairwise(sizes)
    ]


def moons(n: int = 100, seed: int = 1) -> tuple[list[list[float]], list[float]]:
    """Two interleaved half circles with noise 0.1, labels ±1."""
    rng = random.Random(seed)
    rows, labels = [], []
    for i in range(n):
        t = math.pi * (i // 2) / (n // 2 - 1)
        x, y = (math.cos(t), math.sin(t)) if i % 2 else (1.0 - math.cos(t), 0.5 - math.sin(t))
        rows.append([x + rng.gauss(0.0, 0.1), y + rng.gauss(0.0, 0.1)])
        labels.append(1.0 if i % 2 else -1.0)
    return rows, labels


def regression(n: int, inputs: int, outputs: int, seed: int = 2) -> tuple[list[list[float]], list[list[float]]]:
    """Standard normal points, as in figure 7.8."""
    rng = random.Random(seed)
    return (
        [[rng.gauss(0.0, 1.0) for _ in range(inputs)] for _ in range(n)],
        [[rng.gauss(0.0, 1.0) for _ in range(outputs)] for _ in range(n)],
    )


MOONS = (2, 16, 16, 1)
FIGURE_7_8 = (10, 40, 40, 5)
FIGURE_7_7 = (100, *([100] * 50), 1)


def forward(m: Any, layers: Sequence[Any], row: Sequence[Any]) -> list[Any]:
    """A network of ReLU layers with a linear last one, neuron by neuron, as micrograd writes it."""
    h = list(row)
    for k, (w, b) in enumerate(layers):
        h = [sum((wi * xi for wi, xi in zip(ws, h)), bias) for ws, bias in zip(w, b)]
        if k < len(layers) - 1:
            h = [m.relu(v) for v in h]
    return h


def moons_loss(m: Any, layers: Sequence[Any], rows: Sequence[Any], labels: Sequence[float]) -> Any:
    """micrograd's demo: mean max-margin loss plus 1e-4 Σ p²."""
    losses = [m.relu(1.0 + -y * forward(m, layers, row)[0]) for row, y in zip(rows, labels)]
    data = sum(losses[1:], losses[0]) * (1.0 / len(losses))
    flat = [p for w, b in layers for p in [*(x for ws in w for x in ws), *b]]
    return data + 1e-4 * sum((p * p for p in flat[1:]), flat[0] * flat[0])


def mse_loss(m: Any, layers: Sequence[Any], rows: Sequence[Any], targets: Sequence[Any]) -> Any:
    """Mean squared error over all outputs of the batch."""
    total: Any = 0.0
    count = 0
    for row, target in zip(rows, targets):
        for out, y in zip(forward(m, layers, row), target):
            d = out - y
            total = total + d * d
            count += 1
    return total * (1.0 / count)
