"""The engine matrix: one recording, run by every engine and every source, has to give what eager code gives.

``python -m tests.compiler.random_programs 20000`` runs so many programs and says which differ; ``test_matrix.py`` runs
a few hundred. A program is made from a seed alone: of steps that reuse outer numbers in branches, reductions,
one-element arrays, long loops beside wide sums, and transforms inside.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import math
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite.compiler.call import entry, plans
from autograd_lite.compiler.call.plans import Path

inf, nan = math.inf, math.nan

#: ways to run a program number by number, or as arrays; None is what the compiler chooses
WAYS = (None, "lines", "cells", "arrays")
#: libraries whose sources can run here
LIBRARIES = ("numpy", *[name for name in ("jax", "torch", "drjit") if importlib.util.find_spec(name) is not None])

EDGES = (nan, inf, -inf, 0.0, -0.0, 1e300, -1e300, 1e-300, 1.0, 2.0)

UNARY = ("exp", "tanh", "sin", "relu", "abs", "sigmoid", "square", "neg", "softplus")
#: functions with a pole or an end of their domain among usual numbers
POLES = ("log", "sqrt", "reciprocal", "asin", "log1p", "cbrt")
BINARY = ("mul", "add", "sub", "maximum", "minimum", "hypot")
REDUCTIONS = ("sum", "mean", "max", "min", "logsumexp", "norm", "prod")


class Writer:
    """Random steps; every choice comes from one generator, so that a seed is a program."""

    def __init__(self, seed: int) -> None:
        self.choices = random.Random(seed)

    def one(self, items: Any) -> Any:
        return self.choices.choice(items)

    def number(self) -> float:
        return round(self.choices.uniform(-2.0, 2.0), 2)

    def term(self, v: list[Any], wild: bool = False) -> Any:
        """A function of the numbers so far; with poles only where they can't be reached, or ``wild``ly."""
        kind = self.choices.randrange(7 if wild else 6)
        a, b = self.one(v), self.one(v)
        if kind == 0:
            return getattr(ag, self.one(UNARY))(a)
        if kind == 1:
            return getattr(ag, self.one(BINARY))(a, b)
        if kind == 2:
            return a * self.number() + self.number()
        if kind == 3:
            return self.one((lambda: a * a, lambda: ag.pow(a, 2.0), lambda: -a, lambda: a * 1.0, lambda: a + a,
                             lambda: ag.pow(a, 3.0)))()  # fmt: skip
        if kind == 4:
            return ag.div(a, b * b + 0.5)
        if kind == 5:
            return getattr(ag, self.one(REDUCTIONS[:-2]))([a, b, *v[:3]])
        return self.one((
            lambda: getattr(ag, self.one(POLES))(a), lambda: ag.div(a, b), lambda: ag.pow(ag.abs(a), 1.5),
            lambda: ag.pow(a, 0.5),
            lambda: ag.dot([a, ag.log(a)], [b, a]), lambda: ag.prod([a, b, a]), lambda: ag.norm([a, b]),
            lambda: getattr(ag, self.one(REDUCTIONS))(v),
        ))()  # fmt: skip

    def test(self, v: list[Any]) -> Any:
        a, b = self.one(v), self.one([*v, 0.0, 0.5])
        return self.one((lambda: a > b, lambda: a <= b, lambda: a == a, lambda: a != b, lambda: (a > b) & (a < 3.0)))()

    def branch(self, v: list[Any]) -> Any:
        """A choice whose branches may be anything, of outer numbers; nested now and then."""
        inner = [*v, self.term(v, True)]
        a = self.term(inner, True)
        b = self.one((lambda: self.term(inner, True), lambda: 0.0, lambda: self.one(v)))()
        if self.choices.random() < 0.3:
            a = ag.where(self.test(inner), a, self.term(inner, True))
        test = self.test(inner)
        return ag.where(test, a, b) if self.choices.random() < 0.5 else ag.where(test, b, a)

    def loop(self, v: list[Any]) -> Any:
        """A recurrence, often long, with a branch or without, beside a sum of all the numbers."""
        s, steps = self.one(v), self.one((5, 12, 60))
        c, kind = self.number() / 4.0, self.choices.randrange(5)
        data = [round(self.choices.uniform(-1.0, 1.0), 2) for _ in range(steps)]
        for k in range(steps):
            if kind == 0:
                s = ag.tanh(s + c)
            elif kind == 1:
                s = ag.where(s > c, ag.sqrt(s - c), s * 0.9 + data[k])
            elif kind == 2:
                s = s * 0.9 + v[k % len(v)] * data[k]
            elif kind == 3:
                s = ag.where(data[k] > s, ag.log(s * s), ag.sin(s) + 0.3)
            else:
                s = ag.tanh(s * data[k] + v[k % len(v)])
        return s + ag.sum([v[k % len(v)] * v[(k + 1) % len(v)] for k in range(len(v) + 2)]) * 0.5

    def derivative(self, v: list[Any]) -> Any:
        """A transform inside, of a function that closes over outer numbers."""
        a, key = self.one(v), self.choices.randrange(1 << 30)

        def inner(t: Any) -> Any:
            w = Writer(key)
            return w.one((w.branch, w.term, w.branch))([*v, t, t * a])

        kind = self.choices.randrange(4)
        if kind == 0:
            return ag.grad(inner)(a)
        if kind == 1:
            return ag.jvp(inner, (a,), (1.5,))[1]
        if kind == 2:
            return ag.vjp(inner, a)[1](0.5)[0]
        return ag.grad(ag.grad(inner))(a)

    def repeated(self, v: list[Any]) -> Any:
        """Sums in which one number comes many times."""
        a, n = self.one(v), self.one((2, 3, 30, 200))
        return self.one((
            lambda: sum([a for _ in range(n)]), lambda: ag.sum([ag.tanh(a) for _ in range(n)]),
            lambda: sum([ag.tanh(a * (k / 10.0)) for k in range(n)]) + a + a, lambda: ag.mean([a] * n) + a * 2,
            lambda: sum([a * (k / n) for k in range(n)]),
        ))()  # fmt: skip


def function_of(seed: int, wide: bool = False) -> Callable[..., Any]:
    """A function of a list (or an array) and a number that gives one number."""

    def f(x: Any, y: Any) -> Any:
        w = Writer(seed)
        v = [*x, y]
        if wide:
            v = [ag.tanh(a * b + y) for a in x for b in x]
            v = v * max(1, 160 // len(v))
        for _ in range(w.choices.randrange(1, 4)):
            step = w.one((w.term, w.branch, w.branch, w.branch, w.loop, w.derivative, w.repeated))
            v = [*v, step(v)]
            if w.choices.random() < 0.3:
                v = [ag.where(a > 0.3, ag.log(a - 0.3), a * a) for a in v] if w.choices.random() < 0.5 else v[::-1]
        total = v[-1] + w.number() * v[0]
        return total if w.choices.random() < 0.7 else total + ag.sum(v)

    return f


def transforms(seed: int, f: Callable[..., Any]) -> list[tuple[str, Callable[..., Any]]]:
    """What is compiled of a function: itself, its derivatives up to the third order, over lanes."""
    along = {"argnums": (seed % 2)}
    result = [
        ("value", f),
        ("grad", ag.grad(f, argnums=(0, 1))),
        ("value_and_grad", ag.value_and_grad(f)),
        ("second", ag.grad(lambda x, y: ag.grad(f, 1)(x, y) * 1.0, **along)),
        ("hessian", ag.hessian(f, **along)),
        ("jacobian", ag.jacobian(lambda x, y: [f(x, y), ag.where(y > 0.2, ag.sqrt(y - 0.2), x[0])], **along)),
        ("third", ag.grad(ag.grad(ag.grad(f, 1), 1), 1)),
    ]
    return [result[k] for k in (0, 1, 2)] + [result[3 + seed % 4]]


def inputs(seed: int, edges: bool) -> list[tuple[Any, float]]:
    """Arguments of three calls of one shape; every other program takes an array."""
    rng = random.Random(seed)
    n = rng.choice((1, 1, 2, 3))
    found = []
    for call in range(3):
        numbers = [round(rng.uniform(-1.5, 1.5), 3) for _ in range(n + 1)]
        if edges and call:
            numbers[rng.randrange(n + 1)] = rng.choice(EDGES)
            if rng.random() < 0.3:
                numbers = [rng.choice(numbers)] * (n + 1)  # ties
        x = np.array(numbers[:n]) if seed % 2 else numbers[:n]
        found.append((x, numbers[n]))
    return found


def flat(x: Any) -> list[float]:
    """All numbers of a result, in order."""
    if isinstance(x, dict):
        x = list(x.values())
    if hasattr(x, "detach") and not isinstance(x, ag.Value):
        x = x.detach()
    if isinstance(x, (list, tuple)):
        return [number for item in x for number in flat(item)]
    if isinstance(x, ag.Value):
        return [float(x.data)]
    return [float(number) for number in np.asarray(x, dtype=float).ravel()]


def agree(found: list[float], expected: list[float]) -> bool:
    """Equal up to rounding, which a program's own size magnifies; nan is equal to nan."""
    if len(found) != len(expected):
        return False
    finite = [abs(b) for b in expected if math.isfinite(b)]
    scale = max([1.0, *finite])
    for a, b in zip(found, expected):
        if a == b or (a != a and b != b):
            continue
        if not (math.isfinite(a) and math.isfinite(b)) or abs(a - b) > 1e-7 * scale:
            return False
    return True


def continues(transform: Callable[..., Any], args: Any, found: list[float], expected: list[float]) -> bool:
    """Whether a program has the limit where eager code has nan: at an infinity, of an expression that is written twice.

    A program computes it once and adds its adjoints before they go on: x·(1 + 0) at an infinite x, where eager code
    adds x·1 and x·0. What is right is the limit, which eager code has from large numbers.
    """
    x, y = args
    numbers = [*x, y]
    if len(found) != len(expected) or not any(map(math.isinf, numbers)):
        return False
    large = [math.copysign(1e100, number) if math.isinf(number) else number for number in numbers]
    near = flat(transform(np.array(large[:-1]) if isinstance(x, np.ndarray) else large[:-1], large[-1]))
    for a, b, c in zip(found, expected, near):
        if b == b and not agree([a], [b]):
            return False
        if b != b and a == a and not (abs(c) > 1e50 and (c > 0) == (a > 0) if math.isinf(a) else agree([a], [c])):
            return False
    return True


@contextlib.contextmanager
def run_as(way: str | None) -> Iterator[None]:
    """Programs recorded inside are run in that way, whatever their size and the build."""
    if way is None:
        yield
        return
    kept = (Path._choose, Path._way, plans.OFTEN, entry.straight)
    Path._choose = lambda self: setattr(self, "_lifted", None) or way != "arrays"  # type: ignore[func-returns-value]
    Path._way = lambda self: way  # type: ignore[method-assign]
    plans.OFTEN = 1
    entry.straight = lambda program, derivatives: way == "lines"
    try:
        yield
    finally:
        Path._choose, Path._way, plans.OFTEN, entry.straight = kept  # type: ignore[method-assign]


def run_source(text: str, library: str, name: str, args: Any) -> list[float]:
    """What a source gives for arguments."""
    space: dict[str, Any] = {}
    exec(compile(text, f"<{library}>", "exec"), space)
    x, y = args
    if library == "torch":
        import torch

        x, y = torch.tensor(np.asarray(x), dtype=torch.float64), torch.tensor(y, dtype=torch.float64)
    elif library == "drjit":
        from drjit.llvm import Float64

        x, y = [Float64(float(number)) for number in x], Float64(y)
    elif library in ("numpy", "jax"):
        x = np.asarray(x, dtype=float)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return flat(space[name](x, y))


def differences(
    seed: int, edges: bool = False, libraries: tuple[str, ...] = ("numpy",), one: bool = False
) -> list[str]:
    """What differs from eager code in one program, as lines of text; none if nothing does.

    Args:
        seed: which program.
        edges: whether later calls are at nan, infinities, zeros, ties and very large numbers.
        libraries: whose sources are run.
        one: whether only one transform of it is compiled, which depends on the seed.
    """
    with np.errstate(all="ignore"):  # an element of an array is NumPy's number, whose arithmetic warns
        return _compared(seed, edges, libraries, one)


def _compared(seed: int, edges: bool, libraries: tuple[str, ...], one: bool) -> list[str]:
    f = function_of(seed, wide=seed % 11 == 5)
    points = inputs(seed, edges)
    wrong: list[str] = []
    chosen = transforms(seed, f)
    for name, transform in [chosen[seed // 7 % len(chosen)]] if one else chosen:
        expected = [flat(transform(*args)) for args in points]
        for way in WAYS:
            with run_as(way):
                compiled = ag.compile(transform)
                for k, args in enumerate(points):
                    found = flat(compiled(*args))
                    if not (agree(found, expected[k]) or continues(transform, args, found, expected[k])):
                        wrong.append(f"{seed} {name} {way} call {k} at {args}: {found} expected {expected[k]}")
                if name in ("value", "grad", "value_and_grad"):
                    wrong += _sources(compiled, way, points, expected, libraries, f"{seed} {name}", transform)
        if name in ("value", "grad"):
            xs, ys = np.array([x for x, _ in points]), np.array([y for _, y in points])
            lanes = ag.compile(ag.vmap(transform))(xs, ys)
            columns = [lanes] if name == "value" else list(lanes)
            for k in range(len(points)):
                found = flat([column[k] for column in columns])
                if not (agree(found, expected[k]) or continues(transform, points[k], found, expected[k])):
                    wrong.append(f"{seed} vmap {name} lane {k} at {points[k]}: {found} expected {expected[k]}")
    return wrong


def _sources(
    compiled: Any, way: str | None, points: Any, expected: Any, libraries: Any, what: str, transform: Any
) -> list[str]:
    """Differences of the sources of a compiled function at all points that take its path."""
    if compiled.last is None or compiled.program.guards or way not in ("arrays", "lines"):
        return []
    wrong = []
    for library in libraries if way == "arrays" else ("python",):
        try:
            text = compiled.source(library)
        except NotImplementedError:
            continue
        for k, args in enumerate(points):
            if library == "drjit" and not all(map(math.isfinite, flat(list(args)) + expected[k])):
                continue  # what its functions promise is finite numbers
            try:
                given = args if library != "python" else (np.asarray(args[0]).tolist(), args[1])
                found = run_source(text, library, compiled.name, given)
            except Exception as error:
                wrong.append(f"{what} source {library} call {k}: {type(error).__name__} {error}")
                break
            if not (agree(found, expected[k]) or continues(transform, args, found, expected[k])):
                wrong.append(f"{what} source {library} call {k} at {args}: {found} expected {expected[k]}")
                break
    return wrong


def main() -> int:
    """Run programs and count those that differ."""
    parser = argparse.ArgumentParser(description="random programs, compiled by every engine, against eager code")
    parser.add_argument("count", type=int, nargs="?", default=300)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--edges", action="store_true", help="at nan, infinities, zeros, ties and very large numbers")
    parser.add_argument("--libraries", default="numpy", help="sources to run, comma separated, or all")
    parser.add_argument("--one", action="store_true", help="one transform of each program, not four")
    parser.add_argument("--show", type=int, default=20)
    given = parser.parse_args()
    libraries = LIBRARIES if given.libraries == "all" else tuple(given.libraries.split(","))
    warnings.simplefilter("ignore")
    bad = 0
    for seed in range(given.start, given.start + given.count):
        try:
            found = differences(seed, given.edges, libraries, given.one)
        except Exception as error:
            found = [f"{seed}: {type(error).__name__} {error}"]
        bad += bool(found)
        if found and bad <= given.show:
            print(found[0], f"({len(found)} in this program)", flush=True)
    print(f"{given.count} programs, {bad} with a difference")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
