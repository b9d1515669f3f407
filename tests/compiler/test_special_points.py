"""Array functions where they are not libm's: every op at special points, over few and many lanes, against the op."""

from __future__ import annotations

import functools
import importlib.util
import itertools
import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.primitives import TABLE

inf, nan = math.inf, math.nan

POINTS = (
    0.0, -0.0, inf, -inf, nan, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -7.0, 1e308, -1e308, 1e-308, 5e-324, -5e-324, 1e16,
    -1e155, 1024.0, -745.2, 2.5, -1.5, 1 / 3, 1e-155, 1e-17, 40.0, math.pi,
)  # fmt: skip
NAMES = sorted(name for name, op in TABLE.items() if op.arity > 0 and name != "where")
#: division by an α of −0 is the other infinity
LEFT = {("celu", p) for p in itertools.product(POINTS, (0.0,))}


def known(name):
    """Points and what the op gives there; those that it refuses left out."""
    op = TABLE[name]
    points = list(itertools.product(POINTS, repeat=op.arity))
    if op.arity > 2:
        points = points[:: len(points) // 1000]
    found = []
    for point in points:
        try:
            found.append((point, float(op(*point))))
        except (ValueError, OverflowError):
            continue
    return [(point, value) for point, value in found if (name, point) not in LEFT]


def same(a, b):
    return a == b or (a != a and b != b) or (math.isfinite(a) and math.isfinite(b) and abs(a - b) <= 1e-12 * abs(b))


@pytest.mark.parametrize("name", NAMES)
def test_lanes_and_numpy_source_are_the_op(name):
    op = TABLE[name]
    expected = known(name)
    compiled = ag.compile(ag.vmap(lambda *x: op(*x)))
    parameters = ", ".join("abc"[: op.arity])
    written = ag.compile(ag.vmap(eval(f"lambda {parameters}: op({parameters})", {"op": op})))
    columns = np.array([point for point, _ in expected]).T
    written(*columns)
    space = {}
    exec(written.source("numpy"), space)
    for n in (1, 2, 7, 8, 9, 64, len(expected)):
        for start in range(0, len(expected), max(n, len(expected) // 8)):
            some = expected[start : start + n]
            columns = [np.array(column) for column in zip(*[point for point, _ in some])]
            with np.errstate(all="ignore"):
                ways = compiled(*columns), np.broadcast_to(space["program"](*columns), len(some))
            for found in ways:
                wrong = [(*pair, x) for pair, x in zip(some, found.tolist()) if not same(x, pair[1])]
                assert not wrong, wrong[:5]


EXPONENTS = (0.5, -0.5, 1.5, 0.25, 2.0, -1.0, 1.0, 0.0, -0.0, 3.0, inf, -inf, nan)


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("lanes", [1, 2, 7, 8, 9, 64])
def test_a_power_is_one_power_however_it_is_written(exponent, lanes, run_as):
    """A constant, a number for all lanes, or one a lane: C's pow, to the sign of a zero."""
    wanted = [TABLE["pow"](x, exponent) for x in POINTS]
    ways = [
        (lambda x, y: x**exponent, (0, None)),
        (lambda x, y: x**y, (0, None)),
        (lambda x, y: x**y, 0),
    ]  # fmt: skip
    for f, axes in ways:
        compiled = ag.compile(ag.vmap(f, in_axes=axes))
        for start in range(0, len(POINTS), lanes):
            x = np.array(POINTS[start : start + lanes])
            y = exponent if axes else np.full(len(x), exponent)
            compiled(x, y)
            with np.errstate(all="ignore"):
                found = compiled(x, y)
                for one, expected in zip(found.tolist(), wanted[start:]):
                    assert same(one, expected)
                    assert one != 0.0 or math.copysign(1.0, one) == math.copysign(1.0, expected)


@pytest.mark.parametrize("exponent", [0.5, -0.5, 2.0])
def test_a_power_in_an_array_program(exponent, run_as):
    run_as("arrays")
    f = ag.compile(lambda x, y: [[v**exponent for v in x], [v**y for v in x], x[0] ** y])
    for x in ([-inf, -0.0, 4.0], [-0.0, -inf, 0.25]):
        assert flat(f(np.array(x), exponent)) == pytest.approx(
            [TABLE["pow"](v, exponent) for v in (*x, *x, x[0])], rel=1e-15
        )


def flat(x):
    return [number for item in x for number in flat(item)] if isinstance(x, (list, np.ndarray)) else [float(x)]


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="runs PyTorch")
@pytest.mark.parametrize("exponent", [0.5, -0.5])
def test_a_power_in_pytorch(exponent):
    import torch

    f = ag.compile(ag.vmap(lambda x: x**exponent))
    f(np.array(POINTS))
    space = {}
    exec(f.source("torch"), space)
    found = space["program"](torch.tensor(POINTS, dtype=torch.float64)).tolist()
    assert all(map(same, found, (TABLE["pow"](x, exponent) for x in POINTS)))


def test_a_power_in_a_last_block_of_one_lane():
    """Lanes are run in blocks, and the last may be of one: a single exponent again."""
    f = ag.compile(ag.vmap(lambda x, y: x**y))
    for block in (512, 1024, 2048, 4096, 8192, 16384):
        x, y = np.full(block + 1, -inf), np.full(block + 1, 0.5)
        f(x, y)
        assert f(x, y).tolist() == [inf] * (block + 1)


#: exponents that NumPy takes for one, which stands for all: not so a full array
EXPONENT_ARRAYS = {
    "full": lambda n: np.full(n, 0.5),
    "broadcast": lambda n: np.broadcast_to(0.5, (n,)),
    "column": lambda n: np.full((n, 3), 0.5)[:, 1],
}
AT_EDGES = [-inf, -0.0, 4.0]


@pytest.mark.parametrize("kind", EXPONENT_ARRAYS)
@pytest.mark.parametrize("lanes", [1, 2, 9, 600])
@pytest.mark.parametrize(
    "f", [lambda x, y: x**y, lambda x, y: (x * 2.0) ** (y * 1.0) + 0.0 * y, lambda x, y: (2.0 * x) ** y]
)
def test_lanes_with_an_exponent_that_is_everywhere_the_same(f, lanes, kind):
    """Also where the power is written over its exponent, and so NumPy copies it."""
    compiled = ag.compile(ag.vmap(f))
    for edge in AT_EDGES:
        x, y = np.full(lanes, edge), EXPONENT_ARRAYS[kind](lanes)
        for _ in range(2):
            assert list(map(repr, compiled(x, y).tolist())) == [repr(f(ag.Value(edge), 0.5).data)] * lanes


@pytest.mark.parametrize("kind", EXPONENT_ARRAYS)
@pytest.mark.parametrize("way", ["arrays", "lines"])
@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: [a**b for a, b in zip(x, y)],
        lambda x, y: [[a**b for b in y] for a in x],
        lambda x, y: [[a**b for a in x] for b in y],
        lambda x, y: [(a * 2.0) ** (b * 1.0) for a, b in zip(x, y)],
        lambda x, y: [(a * 2.0) ** y[0] for a in x],
    ],
)
def test_arrays_and_sources_with_an_exponent_that_is_everywhere_the_same(f, way, kind, run_as):
    run_as(way)
    compiled = ag.compile(f)
    x, y = np.array(AT_EDGES), EXPONENT_ARRAYS[kind](len(AT_EDGES))
    wanted = list(map(repr, flat(f(x.tolist(), y.tolist()))))
    for _ in range(2):
        assert list(map(repr, flat(compiled(x, y)))) == wanted
    space = {}
    exec(compiled.source(), space)
    with np.errstate(all="ignore"):
        written = space["program"](x, y)
    assert list(map(repr, flat(list(written)))) == wanted


@pytest.mark.parametrize("way", ["arrays", "lines"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(
    ("f", "exponents"),
    [
        (lambda x, y: [[a**b for a, b in zip(row, y)] for row in x], np.full(3, 0.5)),
        (lambda x, y: [[a ** b[0] for a in row] for row, b in zip(x, y)], np.full((4, 1), 0.5)),
        (lambda x, y: [[a**b for a in row] for row, b in zip(x, y)], np.full(4, 0.5)),
    ],
)
def test_an_exponent_for_each_row_or_column(f, exponents, order, way, run_as):
    """Along a row, or a column, it is one for all."""
    run_as(way)
    compiled = ag.compile(f)
    x = np.array([AT_EDGES] * 4, order=order)
    wanted = list(map(repr, flat(f(x.tolist(), exponents.tolist()))))
    for _ in range(2):
        assert list(map(repr, flat(compiled(x, exponents)))) == wanted


CHOICES = {
    "where": lambda v: ag.where(v > 0.0, ag.log(v), 2.0),
    "a list": lambda v: sum(ag.where(t > 0.5, ag.log(t), 1.0) for t in [v, 1.0 + v, 2.0]),
    "a loop": lambda v: functools.reduce(lambda h, _: ag.where(v > 0.0, h * v, h * 0.9), range(40), 3.0),
    "both": lambda v: ag.where(v > 0.0, v, 2.0) * v,
    "max": lambda v: max(v, 1.0) ** 2,
    "sort": lambda v: ag.sort([v + 5.0, 1.0, 2.0])[0],
    "take": lambda v: ag.take([v, 1.0, 2.0], 1),
}


@pytest.mark.filterwarnings("ignore::autograd_lite.errors.NonFiniteGradientWarning")
@pytest.mark.parametrize("name", CHOICES)
def test_what_is_not_chosen_passes_nothing_on_to_what_it_is_made_of(name):
    """The square root's slope at 0 is infinite, and 0 times that nan."""
    f = CHOICES[name]
    compiled = ag.compile(f)
    for x in (0.0, 4.0, 0.0):
        found = []
        for g in (f, compiled):
            made = Value(x)
            y = g(made**0.5)
            if isinstance(y, Value):
                y.backward()
            found += [float(getattr(y, "data", y)), made.grad]
        assert found[:2] == found[2:], (x, found)
        for order in (1, 2):
            plain, fast = [
                functools.reduce(lambda h, _: ag.grad(h), range(order), lambda x, g=g: g(x**0.5)) for g in (f, compiled)
            ]
            assert plain(x) == pytest.approx(fast(x), nan_ok=True), (x, order)
