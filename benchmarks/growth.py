"""Time against size over four decades: ``python -m benchmarks.growth [--plot growth.svg]``."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import autograd_lite as ag
from autograd_lite import Value

from . import problems


def chain(n: int) -> Any:
    v = Value(0.5)
    for _ in range(n // 2):
        v = v * 1.0001 + 0.0001
    return v


def wide(n: int) -> Any:
    x = Value(0.5)
    return ag.sum([x * 1.5 for _ in range(n - 1)])


def rosenbrock(n: int) -> Any:
    return problems.rosenbrock(ag, [Value(x) for x in problems.points(max(2, n // 7))])


SHAPES: dict[str, Callable[[int], Any]] = {"chain": chain, "fan-out and fan-in": wide, "Rosenbrock": rosenbrock}


def nanoseconds(build: Callable[[int], Any], n: int) -> float:
    """CPU time a node: recording, sweeping and freeing."""
    rounds = []
    for _ in range(5 if n < 1_000_000 else 2):
        repeat = max(1, 20_000 // n)
        start = time.process_time()
        for _ in range(repeat):
            build(n).backward()
        rounds.append((time.process_time() - start) / repeat / n * 1e9)
    return statistics.median(rounds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--plot", type=Path, help="write the plot here (svg, png)")
    parser.add_argument("--largest", type=int, default=1_000_000)
    options = parser.parse_args()
    sizes = [n for n in (100, 1_000, 10_000, 100_000, 1_000_000) if n <= options.largest]
    print(f"ns a node ({ag.build_info()['engine']})")
    print("| shape | " + " | ".join(f"{n:,}" for n in sizes) + " |\n|---|" + "---:|" * len(sizes))
    found = {}
    for name, build in SHAPES.items():
        found[name] = [nanoseconds(build, n) for n in sizes]
        print(f"| {name} | " + " | ".join(f"{t:.0f}" for t in found[name]) + " |", flush=True)
    if options.plot:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(figsize=(6, 4))
        for name, times in found.items():
            axes.loglog(sizes, [t * n * 1e-9 for t, n in zip(times, sizes)], "o-", label=name)
        axes.set_xlabel("nodes")
        axes.set_ylabel("CPU seconds: record, sweep, free")
        axes.legend()
        figure.tight_layout()
        figure.savefig(options.plot)


if __name__ == "__main__":
    main()
