"""Hand-written Python on floats: what the chain rule costs when nothing is recorded."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable

from ..problems import SCALAR, TOY_DATA, TOY_POINT
from ..scalar import Step


def toy() -> Step:
    sin, cos, exp = math.sin, math.cos, math.exp

    def gradient(b0, b1, b2, b3, w0, w1, w2, w3, x, y):  # type: ignore[no-untyped-def]
        f0 = b0 + w0 * x
        h1 = sin(f0)
        f1 = b1 + w1 * h1
        h2 = exp(f1)
        f2 = b2 + w2 * h2
        h3 = cos(f2)
        g3 = 2.0 * (b3 + w3 * h3 - y)
        g2 = -sin(f2) * w3 * g3
        g1 = h2 * w2 * g2
        g0 = cos(f0) * w1 * g1
        return g0, g1, g2, g3, g0 * x, g1 * h1, g2 * h2, g3 * h3

    return lambda: sum(gradient(*TOY_POINT, *TOY_DATA))


def domke() -> Step:
    def gradient(x: float) -> float:
        f1 = math.exp(x)
        f3 = f1 + f1 * f1
        return (math.exp(f3) + math.cos(f3)) * (1.0 + 2.0 * f1) * f1

    return lambda: gradient(0.1)


def rosenbrock(name: str) -> Callable[[], Step]:
    def make() -> Step:
        point = SCALAR[name][1]

        def gradient(x: list[float]) -> list[float]:
            g = [0.0] * len(x)
            for i in range(len(x) - 1):
                a = x[i]
                u = 200.0 * (x[i + 1] - a * a)
                g[i] -= 2.0 * a * u + 2.0 * (1.0 - a)
                g[i + 1] += u
            return g

        return lambda: sum(gradient(point))

    return make


WORK: dict[str, Callable[[], Step]] = {
    "toy": toy,
    "domke": domke,
    **{name: rosenbrock(name) for name in ("rosenbrock_10", "rosenbrock_100", "rosenbrock_1000")},
}


def version() -> str:
    return platform.python_version()
