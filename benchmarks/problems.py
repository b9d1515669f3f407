"""The workloads as plain scalar code: written once, run on whatever numbers an engine offers.

``m`` is the engine's functions (``m.sin``, ``m.exp``, ``m.relu`` …); everything else is Python's operators.
"""

from __future__ import annotations

import functools
import math
import operator
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from types import SimpleNamespace
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


#: operations of the unstructured graph: an operator of two numbers, or the name of a function of one
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
}
FUNCTIONS = ("sin", "cos", "exp", "tanh", "relu")


def unstructured(n: int, inputs: int = 20, seed: int = 1) -> tuple[Callable[[Any, Sequence[Any]], Any], list[float]]:
    """``n`` operations drawn at random, each on any numbers before it, and a point: nothing to turn into arrays.

    The draw is made on numbers, and leaves out what is larger than 3 or divides by less than 0.3.
    """
    rng = random.Random(seed)
    point = [rng.uniform(-1.0, 1.0) for _ in range(inputs)]
    numbers, steps, used = list(point), [], set(range(inputs))
    while len(steps) < n:
        kind = rng.choice([*OPERATORS, *FUNCTIONS])
        i, j = rng.sample(range(len(numbers)), 2)
        a, b = numbers[i], numbers[j]
        if kind == "div" and abs(b) < 0.3:
            continue
        if kind in OPERATORS:
            number = OPERATORS[kind](a, b)
        else:
            number = max(a, 0.0) if kind == "relu" else getattr(math, kind)(a)
        if abs(number) <= 3.0:
            numbers.append(number)
            steps.append((kind, i, j))
            used.update((i, j) if kind in OPERATORS else (i,))
    loose = [i for i in range(len(numbers)) if i not in used]

    def f(m: Any, p: Sequence[Any]) -> Any:
        functions = {kind: getattr(m, kind) for kind in FUNCTIONS}
        v = [p[i] for i in range(inputs)]
        for kind, i, j in steps:
            v.append(OPERATORS[kind](v[i], v[j]) if kind in OPERATORS else functions[kind](v[i]))
        ends = [v[i] for i in loose]
        while len(ends) > 1:  # pair by pair: not deep, so that engines that recurse can take part
            ends = [*map(operator.add, ends[::2], ends[1::2]), *ends[len(ends) // 2 * 2 :]]
        return ends[0]

    return f, point


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
    "unstructured_1e4": unstructured(10_000),
}

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


# --- sizes --------------------------------------------------------------------------------------------------------


class Counted:
    """A number that only counts how often one like it is the result of an operation."""

    made = 0

    def operation(self, *_: Any) -> Counted:
        Counted.made += 1
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __pow__ = __neg__ = operation


@functools.cache
def nodes(workload: str) -> int:
    """Operations of a workload written in scalars, which are the nodes of its graph; 0 if it is not of that kind."""
    number = Counted()
    m = SimpleNamespace(**dict.fromkeys(("sin", "cos", "exp", "tanh", "relu"), number.operation))

    def layers(sizes: Sequence[int]) -> list[Any]:
        return [([[number] * n] * k, [number] * k) for n, k in pairwise(sizes)]

    before = Counted.made
    if workload in SCALAR:
        f, point = SCALAR[workload]
        f(m, [number] * len(point))
    elif workload == "moons_step":
        moons_loss(m, layers(MOONS), *moons())
    elif workload == "fig78_step":
        mse_loss(m, layers(FIGURE_7_8), *regression(10, 10, 5))
    elif workload == "fig77_sample":
        mse_loss(m, layers(FIGURE_7_7), *regression(1, 100, 1))
    elif workload == "toy_100k":
        return 100_000 * nodes("toy")
    return Counted.made - before
