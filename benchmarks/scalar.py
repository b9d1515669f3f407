"""What an engine of scalar numbers has to say about itself; the workloads follow from that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import problems

Step = Callable[[], float]


class Engine:
    """A scalar engine: how to make a variable, run backward and read a gradient. Subclasses fill these in."""

    #: the functions: sin, cos, exp, tanh, relu
    m: Any = None

    def var(self, x: float) -> Any:
        raise NotImplementedError

    def backward(self, y: Any) -> None:
        y.backward()

    def grad(self, v: Any) -> float:
        return float(v.grad)

    def number(self, v: Any) -> float:
        return float(v.data)

    def begin(self) -> None:
        """Before a recording (engines with a tape)."""

    def ready(self) -> None:
        """After the variables were made, before the first operation."""

    def end(self) -> None:
        """After the gradients were read."""


def gradient_step(engine: Engine, f: Callable[[Any, Sequence[Any]], Any], point: Sequence[float]) -> Step:
    """One unit of work: record, sweep, read every derivative. Returns their sum, for the check."""

    def step() -> float:
        engine.begin()
        xs = [engine.var(x) for x in point]
        engine.ready()
        engine.backward(f(engine.m, xs))
        total = sum([engine.grad(x) for x in xs])
        engine.end()
        return total

    return step


def training_step(engine: Engine, sizes: Sequence[int], loss: Callable[[Any], Any], rate: float = 0.0) -> Step:
    """One training step with the same weights every time: parameters, loss, backward, update."""
    start = problems.weights(sizes)

    def step() -> float:
        engine.begin()
        layers = [([[engine.var(x) for x in ws] for ws in w], [engine.var(x) for x in b]) for w, b in start]
        engine.ready()
        engine.backward(loss(layers))
        total = 0.0
        for w, b in layers:
            for row in [*w, b]:
                for p in row:
                    total += abs(engine.grad(p))
        engine.end()
        return total

    return step


def work(engine: Engine) -> dict[str, Callable[[], Step]]:
    """Every workload of scalar code for this engine, by name: a maker of the step."""
    makers: dict[str, Callable[[], Step]] = {
        name: (lambda f=f, point=point: gradient_step(engine, f, point)) for name, (f, point) in problems.SCALAR.items()
    }

    def moons_step() -> Step:
        rows, labels = problems.moons()
        return training_step(engine, problems.MOONS, lambda layers: problems.moons_loss(engine.m, layers, rows, labels))

    def figure_7_8_step() -> Step:
        rows, targets = problems.regression(10, 10, 5)
        return training_step(
            engine, problems.FIGURE_7_8, lambda layers: problems.mse_loss(engine.m, layers, rows, targets)
        )

    def figure_7_7_sample() -> Step:
        rows, targets = problems.regression(1, 100, 1)
        return training_step(
            engine, problems.FIGURE_7_7, lambda layers: problems.mse_loss(engine.m, layers, rows, targets)
        )

    makers |= {"moons_step": moons_step, "fig78_step": figure_7_8_step, "fig77_sample": figure_7_7_sample}
    return makers
