"""Programs in plain scalar code on captured data: the spelling of a sum, and the names of its parts, cost nothing."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.primitives.sums import NATIVE

RNG = np.random.default_rng(3)
ROWS = RNG.normal(size=(40, 6)).tolist()
MARKS = (RNG.random(40) < 0.5).astype(float).tolist()
CLASSES = RNG.integers(0, 4, 40).tolist()


def by_loop(w):
    total = 0.0
    for row, mark in zip(ROWS, MARKS):
        z = w[6]
        for a, b in zip(w, row):
            z = z + a * b
        total = total + ag.log(1.0 + ag.exp(z)) - mark * z
    return total / len(ROWS)


def by_brackets(w):
    total = 0.0
    for row, mark in zip(ROWS, MARKS):
        z = sum(a * b for a, b in zip(w, row)) + w[6]
        total = total + (ag.log(1.0 + ag.exp(z)) - mark * z)
    return total / len(ROWS)


def by_difference(w):
    total = 0.0
    for row, mark in zip(ROWS, MARKS):
        z = sum(a * b for a, b in zip(w, row)) + w[6]
        total -= mark * z - ag.log(1.0 + ag.exp(z))
    return total / len(ROWS)


def by_minus(w):
    total = 0.0
    for row, mark in zip(ROWS, MARKS):
        z = sum(a * b for a, b in zip(w, row)) + w[6]
        total = total - (-ag.log(1.0 + ag.exp(z))) - mark * z
    return total / len(ROWS)


@pytest.mark.parametrize("f", [by_loop, by_brackets, by_difference, by_minus])
def test_a_running_total_of_signed_terms_is_one_reduction(f):
    w = RNG.normal(size=7)
    plain, fast = ag.value_and_grad(f), ag.compile(ag.value_and_grad(f))
    for _ in range(2):
        value, slope = fast(w)
        expected, wanted = plain(w)
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(slope, wanted, rtol=1e-10, atol=1e-13)
    assert len(fast.source().splitlines()) < 30, fast.source()


def test_names_of_variables_do_not_keep_sums_apart():
    def loss(weights, bias):
        total = 0.0
        for row, label in zip(ROWS, CLASSES):
            scores = []
            for k in range(4):
                z = bias[k]
                for a, b in zip(weights[k], row):
                    z = z + a * b
                scores.append(z)
            total = total + ag.log(sum(ag.exp(z) for z in scores)) - scores[label]
        return total

    weights, bias = RNG.normal(size=(4, 6)), RNG.normal(size=4)
    fast = ag.compile(ag.value_and_grad(loss, argnums=(0, 1)))
    value, slopes = fast(weights, bias)
    expected, wanted = ag.value_and_grad(loss, argnums=(0, 1))(weights, bias)
    assert value == pytest.approx(expected, rel=1e-12)
    for slope, right in zip(slopes, wanted):
        np.testing.assert_allclose(slope, right, rtol=1e-9, atol=1e-12)
    assert "@" in fast.source()
    assert len(fast.source().splitlines()) < 30, fast.source()


def test_compensated_sums_stay_as_they_are_written():
    def summed(xs):
        total, lost = 0.0, 0.0
        for x in xs:
            y = x - lost
            t = total + y
            lost = (t - total) - y
            total = t
        return total

    xs = [1.0, *[1e-16] * 200]
    assert ag.compile(summed)(xs) == summed(xs) > 1.0


def neumaier(xs):
    total, lost = 0.0, 0.0
    for x in xs:
        t = total + x
        lost += (total - t) + x if abs(total) >= abs(x) else (x - t) + total
        total = t
    return total + lost


def klein(xs):
    s = cs = ccs = 0.0
    for x in xs:
        t = s + x
        c = (s - t) + x if abs(s) >= abs(x) else (x - t) + s
        s, t = t, cs + c
        ccs += (cs - t) + c if abs(cs) >= abs(c) else (c - t) + cs
        cs = t
    return s + cs + ccs


def two_sums(xs):
    total, lost = xs[0], 0.0
    for x in xs[1:]:
        s = total + x
        b = s - total
        lost = lost + ((total - (s - b)) + (x - b))
        total = s
    return total + lost


@pytest.mark.parametrize("f", [neumaier, klein, two_sums])
@pytest.mark.parametrize("wide", [False, True])
def test_errors_that_are_added_up_stay_errors(f, wide):
    """What s - (s + x) finds is nothing if its terms are brought together with those of a long sum."""
    rng = random.Random(5)
    many = [rng.uniform(-1.0, 1.0) * 10.0 ** rng.randrange(16) for _ in range(40 * wide)]
    xs = [1e16, 1.0, -1e16, *many, 1e16, 0.5, -1e16, *[-x for x in many], 3.0]
    compiled = ag.compile(f)
    for _ in range(3):
        assert compiled(xs) == pytest.approx(f(xs), rel=1e-12)
    assert f(xs) == pytest.approx(4.5, rel=1e-12)


def chain_of(seed):
    """A function that adds, subtracts and negates terms in an order that the seed decides."""
    draw = random.Random(seed)
    plan = [(draw.randrange(5), draw.randrange(5), draw.randrange(7), draw.randrange(3)) for _ in range(40)]

    def chain(xs):
        total = xs[0]
        for i, j, kind, way in plan:
            a, b = xs[i], xs[j]
            term = [a, a * b, -a, a - b, ag.sin(a) - a * b - b, -(a * b), b * 2.0][kind]
            total = total + term if way == 0 else total - term if way == 1 else term - total
        return total

    return chain


@pytest.mark.parametrize("seed", range(20))
def test_chains_of_signed_terms(seed):
    xs = np.random.default_rng(seed).normal(size=5).tolist()
    f = chain_of(seed)
    value, slope = ag.compile(ag.value_and_grad(f))(xs)
    expected, wanted = ag.value_and_grad(f)(xs)
    assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(slope, wanted, rtol=1e-12, atol=1e-12)


# --- captured lists: compared by identity, at the cost of a copy's comparison -----------------------------------------


def captured(data):
    return ag.compile(ag.grad(lambda w: sum(w * a * b for a, b in data)))


@pytest.mark.parametrize("change", ["number", "row", "append", "sign of zero", "to zero"])
def test_changes_of_captured_lists_are_seen(change):
    data = [[float(i), float(i + 1)] for i in range(200)]
    fast = captured(data)
    assert fast(1.0) == fast(1.0) == sum(a * b for a, b in data)
    if change == "number":
        data[77][1] = 1234.5
    elif change == "row":
        data[77] = [3.0, 4.0]
    elif change == "append":
        data.append([2.0, 5.0])
    elif change == "to zero":
        data[77][0] = 0.0
    else:
        data[0][0] = -0.0
    assert fast(1.0) == pytest.approx(sum(a * b for a, b in data), rel=1e-14)


def test_the_sign_of_a_captured_zero_counts():
    data = [1.0, 0.0, 2.0]
    fast = ag.compile(lambda x: ag.atan2(data[1], -x))
    assert fast(1.0) == math.pi
    data[1] = -0.0
    assert fast(1.0) == -math.pi


def test_a_captured_value_is_another_when_it_is_equal_only():
    weights = [[ag.Value(0.0) for _ in range(3)] for _ in range(4)]
    fast = ag.compile(lambda x: sum(w * x for row in weights for w in row))
    for _ in range(2):
        fast(2.0).backward()
    old = weights[2][1]
    assert old.grad == 4.0
    new = weights[2][1] = ag.Value(0.0)
    fast(2.0).backward()
    assert (old.grad, new.grad) == (4.0, 2.0)


def test_captured_arrays_are_compared_by_their_bytes():
    table = np.linspace(0.1, 1.0, 60).reshape(20, 3)[:, ::2]
    fast = ag.compile(ag.grad(lambda w: sum(w * a for a in table.ravel().tolist())))
    assert fast(1.0) == pytest.approx(table.sum())
    table[3, 1] = 9.0
    assert fast(1.0) == pytest.approx(table.sum())


# --- the cost of a call -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [8, 20, 70])
def test_arrays_run_as_arrays_from_few_numbers_on(n):
    fast = ag.compile(ag.grad(lambda v: sum(ag.exp(u) * u for u in v)))
    x = np.linspace(0.1, 1.0, n)
    for _ in range(3):
        np.testing.assert_allclose(fast(x), np.exp(x) * (1 + x), rtol=1e-14)
    assert fast.last.path.way == ("cells" if NATIVE and n == 8 else "arrays")  # eight compiled cells are as fast


@pytest.mark.parametrize(
    "f",
    [
        lambda v: [ag.sin(x) for x in v],
        lambda v: (v[0] * v[1], [v[2], {"a": v * 2.0}]),
        lambda v: np.array([[x * 2.0, x] for x in v]),
        lambda v: [np.array([x, x * x]) for x in v],
        lambda v: {"s": sum(v), 3: (v[0],)},
        lambda v: [],
        lambda v: [[x, 1.0] for x in v],
        lambda v: [x > 0.5 for x in v],
        lambda v: [x * 2.0 for x in v] + [None, "text"],
        lambda v: [sum(v), 7],
    ],
)
def test_results_of_arrays_have_the_structure_and_types_of_eager_ones(f):
    v = np.linspace(0.1, 1.0, 30)
    fast = ag.compile(f)
    expected = plain_numbers(f(v))
    for _ in range(3):
        found = fast(v)
        assert described(found) == described(expected)
    first, second = fast(v), fast(v * 0.5)
    assert described(first) == described(expected), "results must not share memory with later ones"
    assert described(second) == described(plain_numbers(f(v * 0.5)))


def plain_numbers(x):
    if isinstance(x, np.ndarray):
        return x.astype(float)
    if isinstance(x, dict):
        return {key: plain_numbers(item) for key, item in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x)(map(plain_numbers, x))
    return x.data if isinstance(x, ag.Value) else x


def described(x):
    if isinstance(x, np.ndarray):
        return ("array", x.shape, x.dtype.str, np.round(x, 12).tolist())
    if isinstance(x, dict):
        return {key: described(item) for key, item in x.items()}
    if isinstance(x, (list, tuple)):
        return (type(x).__name__, *map(described, x))
    return ("float", round(float(x), 12)) if isinstance(x, float) else (type(x).__name__, x)


def test_small_batches_take_the_short_way_and_other_arguments_the_long_one():
    def f(a, b, x):
        return (ag.sin(a * x) + b) * ag.exp(-x * b)

    slow = ag.vmap(ag.grad(f, argnums=(0, 1, 2)), in_axes=(None, None, 0))
    fast = ag.compile(slow)
    batches = [np.linspace(0, 1, n) for n in (1, 1, 5, 1, 700)]
    for a in (0.3, np.float64(0.4), 2, 0.3):
        for x in [*batches, np.arange(3), [0.1, 0.2], np.linspace(0, 1, 9, dtype=np.float32)]:
            for found, wanted in zip(fast(a, 0.7, x), slow(a, 0.7, x), strict=True):
                assert type(found) is type(wanted)
                np.testing.assert_allclose(found, wanted, rtol=1e-13)
    np.testing.assert_array_equal(fast(0.3, 0.7, np.array([])), slow(0.3, 0.7, np.array([])))


def test_short_way_of_a_batch_sees_branches_and_changes():
    scale = [2.0]
    f = ag.vmap(lambda x: x * scale[0] if x > 0 else -x)
    fast = ag.compile(f)
    for x in ([1.0, 2.0], [1.0, 3.0], [-1.0, 2.0], [-1.0, -2.0]):
        np.testing.assert_array_equal(fast(np.array(x)), f(np.array(x)))
    scale[0] = 5.0
    np.testing.assert_array_equal(fast(np.array([1.0, 2.0])), [5.0, 10.0])


def tree(p):
    """An American put on a lattice: rows that grow shorter, whose ends are simpler than what is between."""
    up, down = ag.exp(0.1 * p[1]), ag.exp(-0.1 * p[1])
    values = [max(p[0] - up**j * down ** (20 - j), 0.0) for j in range(21)]
    for i in range(19, -1, -1):
        values = [max(0.6 * values[j + 1] + 0.39 * values[j], p[0] - up**j * down ** (i - j)) for j in range(i + 1)]
    return values[0]


def rod(p):
    """Three steps of heat in a rod whose ends are held, each another."""
    heights = [ag.sin(p[0] * k) for k in range(15)]
    for rate in (0.1, 0.2, 0.3):
        moved = [ag.tanh(heights[k] + rate * p[1] * (heights[k + 1] - heights[k - 1])) for k in range(1, 14)]
        heights = [heights[0], *moved, heights[-1]]
    return sum(h * h for h in heights)


@pytest.mark.parametrize(("f", "point", "lines"), [(tree, [1.1, 0.3], 160), (rod, [0.4, 0.9], 19)])
def test_the_ends_of_a_row_stay_with_it(f, point, lines):
    plain, fast, value = ag.value_and_grad(f), ag.compile(ag.value_and_grad(f)), ag.compile(f)
    for p in (point, [1.01 * x for x in point]):
        found, expected = fast(p), plain(p)
        assert found[0] == pytest.approx(expected[0], rel=1e-12)
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-9)
        assert value(p) == pytest.approx(expected[0], rel=1e-12)
    source, scope = fast.source(), {}
    exec(source, scope)
    np.testing.assert_allclose(scope[fast.name](np.array(p))[1], expected[1], rtol=1e-9)
    assert len(value.source().splitlines()) < lines
