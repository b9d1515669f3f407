"""One training step of a scalar GPT: lists of lists of Values and plain loops, as readers of micrograd write it.

One layer, 16 wide, 4 heads, 8 tokens, RMSNorm, no biases; the step is recording, ``backward()``, and plain gradient
descent. ``python -m benchmarks.gpt`` prints the CPU time of a step.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

WIDTH, HEADS, TOKENS, VOCABULARY = 16, 4, 8, 27
Rows = list[list[Any]]


def parameters(value: Callable[[float], Any]) -> dict[str, Rows]:
    """The weights, rows of Values."""
    rng = random.Random(42)

    def rows(count: int, width: int) -> Rows:
        return [[value(rng.gauss(0.0, 0.08)) for _ in range(width)] for _ in range(count)]

    shapes = {"wte": (VOCABULARY, WIDTH), "wpe": (TOKENS, WIDTH), "out": (VOCABULARY, WIDTH)}
    shapes |= dict.fromkeys(("query", "key", "value", "project"), (WIDTH, WIDTH))
    shapes |= {"up": (4 * WIDTH, WIDTH), "down": (WIDTH, 4 * WIDTH)}
    return {name: rows(*shape) for name, shape in shapes.items()}


def linear(xs: list[Any], rows: Rows) -> list[Any]:
    return [sum(w * x for w, x in zip(row, xs)) for row in rows]


def normed(xs: list[Any]) -> list[Any]:
    scale = (sum(x * x for x in xs) / len(xs) + 1e-5) ** -0.5
    return [x * scale for x in xs]


def softmax(logits: list[Any]) -> list[Any]:
    top = max(x.data for x in logits)
    powers = [(x - top).exp() for x in logits]
    total = sum(powers)
    return [p / total for p in powers]


def attention(weights: dict[str, Rows], x: list[Any], keys: Rows, values: Rows) -> list[Any]:
    """What the token at hand takes from those before it and itself."""
    query = linear(x, weights["query"])
    keys.append(linear(x, weights["key"]))
    values.append(linear(x, weights["value"]))
    size = WIDTH // HEADS
    mixed: list[Any] = []
    for first in range(0, WIDTH, size):
        part = slice(first, first + size)
        scores = [sum(q * k for q, k in zip(query[part], key[part])) / math.sqrt(size) for key in keys]
        shares = softmax(scores)
        mixed += [sum(s * v[i] for s, v in zip(shares, values)) for i in range(first, first + size)]
    return linear(mixed, weights["project"])


def loss_of(weights: dict[str, Rows], tokens: list[int]) -> Any:
    """The mean cross entropy of each next token."""
    keys: Rows = []
    values: Rows = []
    losses = []
    for place, (token, following) in enumerate(pairwise(tokens)):
        x = normed([t + p for t, p in zip(weights["wte"][token], weights["wpe"][place])])
        x = [a + b for a, b in zip(x, attention(weights, normed(x), keys, values))]
        hidden = [h.relu() for h in linear(normed(x), weights["up"])]
        x = [a + b for a, b in zip(x, linear(hidden, weights["down"]))]
        losses.append(-softmax(linear(x, weights["out"]))[following].log())
    return sum(losses) / len(losses)


def step(weights: dict[str, Rows], tokens: list[int], rate: float = 0.01) -> float:
    """One step of gradient descent; the loss before it."""
    loss = loss_of(weights, tokens)
    loss.backward()
    for rows in weights.values():
        for row in rows:
            for w in row:
                w.data -= rate * w.grad
                w.grad = 0.0
    found: float = loss.data
    return found


def main(steps: int = 15) -> None:
    """Print the median of the CPU times of some steps, in milliseconds, and the last loss."""
    from autograd_lite import Value

    weights = parameters(Value)
    tokens = [random.Random(1).randrange(VOCABULARY) for _ in range(TOKENS + 1)]
    times, loss = [], 0.0
    for _ in range(steps):
        begun = time.process_time()
        loss = step(weights, tokens)
        times.append(time.process_time() - begun)
    print(f"{1e3 * statistics.median(times):.2f} ms a step, loss {loss:.12f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
