"""The engine matrix on a few hundred random programs, and the kinds of wrong number that it once found."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_lite as ag

from .random_programs import LIBRARIES, WAYS, agree, differences, flat, run_as

inf, nan = math.inf, math.nan


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_random_programs(start):
    assert [line for seed in range(start, start + 20) for line in differences(seed)] == []


@pytest.mark.parametrize("start", range(1000, 1040, 20))
def test_random_programs_at_edges(start):
    assert [line for seed in range(start, start + 20) for line in differences(seed, edges=True)] == []


@pytest.mark.parametrize("library", LIBRARIES[1:])
def test_random_programs_as_sources(library):
    assert [line for seed in range(2000, 2004) for line in differences(seed, libraries=(library,))] == []


def same(f, *points):
    """Every engine gives what eager code gives, at the first call and at later ones, and over lanes."""
    expected = [flat(f(*args)) for args in points]
    for way in WAYS:
        with run_as(way):
            compiled = ag.compile(f)
            for args, numbers in zip(points, expected):
                found = flat(compiled(*args))
                assert agree(found, numbers), (way, args, found, numbers)


def shared(outer, inner):
    def f(x):
        y = outer(x)
        return inner(x, y)

    return f


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(
    "f",
    [
        shared(ag.exp, lambda x, y: y * y + ag.where(x > 0, 0.0, y**2)),
        shared(lambda x: -ag.exp(x), lambda x, y: 3 * y + ag.where(x > 0, y, -y)),
        shared(ag.exp, lambda x, y: 3 * y + ag.where(x > 0, y, y * 1.0)),
        shared(ag.sin, lambda x, y: y + y + ag.where(x > 0, 2.0 * y, y)),
        shared(ag.tanh, lambda x, y: -y + ag.where(x > 0, ag.where(y > 0.2, -y, y * -1.0), y)),
    ],
)
def test_a_number_outside_and_inside_a_branch_counts_for_both(f, order):
    for _ in range(order):
        f = ag.grad(f)
    same(f, (0.7,), (-0.7,), (0.1,))
    lanes = ag.compile(ag.vmap(f))(np.array([0.7, -0.7]))
    np.testing.assert_allclose(lanes, [f(0.7), f(-0.7)], rtol=1e-9)


GUARDED = {
    "sqrt": (lambda x: ag.where(x > 0, ag.sqrt(x), 0.0), (-3.0, 0.0, 4.0)),
    "power": (lambda x: ag.where(x > 0, x**1.5, 2.0 * x), (-1.0, 0.0, 2.0)),
    "log": (lambda x: ag.where(x > 0, ag.log(x) * x, x), (-1.0, 0.0, 2.0)),
    "quotient": (lambda x: ag.where(x != 0, ag.sin(x) / x, 1.0), (0.0, 0.3, nan)),
    "overflow": (lambda x: ag.where(x < 100, ag.log(1 + ag.exp(x)), x), (1000.0, 3.0, -1000.0)),
    "overflow of a product": (lambda x: ag.where(x < 1, x**3, x), (1e200, 0.5, 1e308)),
    "norm": (lambda x: ag.where(x > 0, ag.norm([x, x * x, 0.0]), x), (0.0, 1.0, -inf)),
    "dot": (lambda x: ag.where(x > 0, ag.dot([x, ag.log(x)], [x, x]), 0.0), (-1.0, 0.5, nan)),
    "distance": (lambda x: shared(lambda x: ag.sqrt(x * x), lambda x, d: ag.where(d > 1e-9, d, 0.0))(x), (0.0, 2.0)),
    "nested": (lambda x: ag.where(x > 0, ag.where(x > 1, ag.log(x - 1), ag.sqrt(1 - x)), 1 / x), (2.0, 1.0, 0.5, -1.0)),
    "lazy": (lambda x: ag.where(x > 0, lambda: ag.sqrt(x), lambda: -x), (0.0, 4.0, -1.0)),
    "max": (lambda x: ag.where(x > 0, ag.max([x, 1 / x, ag.log(x)]), -x), (0.0, 2.0, -1.0)),
    "nan as a factor": (lambda x: ag.where(x > 0, x * nan, ag.sin(x)) + 2.0 * x, (-1.0, 0.0, -0.5)),
    "infinity as a factor": (lambda x: ag.where(x > 0, ag.sin(x), x * inf) ** 2, (1.0, 0.5, 2.0)),
    "nan in an inner branch": (lambda x: ag.where(x >= 3.0, x * nan, ag.where(x > 2, inf * x, x)) ** 2.5, (2.0, 0.5)),
    "loop": (lambda x: looping(x, 50), (0.3, 0.9, -0.2, 0.0)),
    "long loop": (lambda x: ag.where(x > 0, looping(ag.log(x), 30), x), (0.3, 0.0, -2.0)),
}


def looping(s, steps):
    for _ in range(steps):
        s = ag.where(s > 0.5, ag.sqrt(s - 0.5), s * 0.9 + 0.4)
    return s


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("name", GUARDED)
def test_a_branch_not_taken_never_enters(name, order):
    f, points = GUARDED[name]
    for _ in range(order):
        f = ag.grad(f)
    same(f, *[(x,) for x in points])
    lanes = ag.compile(ag.vmap(f))(np.array(points))
    expected = [f(x) for x in points]
    assert agree(flat(lanes), flat(expected)), (flat(lanes), expected)


@pytest.mark.parametrize("name", GUARDED)
def test_nor_in_jacobians_and_transforms_inside(name):
    f, points = GUARDED[name]
    v = list(points)
    same(ag.jacobian(lambda v: [f(x) for x in v]), (v,), (v[::-1],))
    same(ag.hessian(lambda v: ag.sum([f(x) for x in v])), (v,), (v[::-1],))
    for inner in (
        lambda x: ag.grad(f)(x), lambda x: ag.jvp(f, (x,), (1.0,))[1], lambda x: ag.vjp(f, x)[1](2.0)[0],
        lambda x: ag.hvp(f, x, 1.0), lambda x: ag.value_and_grad(f)(x)[1] * x,
    ):  # fmt: skip
        same(inner, *[(x,) for x in points])


@pytest.mark.parametrize("size", [3, 60])
@pytest.mark.parametrize("bad", [nan, inf, -inf, 1e300])
def test_missing_labels_reach_no_gradient(size, bad):
    xs, ys = np.arange(1.0, size + 1) / size, np.sin(np.arange(float(size)))
    ys[1] = bad

    def loss(w, b, xs, ys):
        hidden = [[ag.tanh(w[j] * x + b) for j in range(3)] for x in xs]
        found = [ag.dot(row, w) for row in hidden]
        return ag.sum([ag.where(abs(y) < 1e3, (p - y) ** 2, 0.0) for p, y in zip(found, ys)])

    given = [0.3, -0.2, 0.9], 0.1, xs, ys
    same(ag.value_and_grad(loss, argnums=(0, 1)), given)
    same(ag.hessian(loss), given)


@pytest.mark.parametrize("rows", ["label", "input", "weight"])
def test_rows_that_are_left_out_of_a_matrix_product(rows):
    """What is not finite meets only what is left out: a row of samples, or a column of weights."""
    rng = np.random.default_rng(0)
    x, w, keep = rng.normal(size=(20, 4)), rng.normal(size=(5, 4)), np.ones((20, 5))
    if rows == "input":
        x[3, 1], keep[3] = nan, 0.0
    elif rows == "weight":
        w[2, 0], keep[:, 2] = inf, 0.0
    else:
        keep = (rng.normal(size=(20, 5)) > 0) * 1.0
        x[4, 2], keep[4, 1:] = nan, 0.0
        keep[4, 0] = 0.0

    def loss(w, x, keep):
        found = [[ag.dot(row, sample) for row in w] for sample in x]
        terms = [ag.where(k > 0.5, ag.square(f), 0.0) for fs, ks in zip(found, keep) for f, k in zip(fs, ks)]
        return ag.sum(terms)

    same(ag.grad(loss, argnums=(0, 1)), (w, x, keep))


@pytest.mark.parametrize("seed", range(4))
def test_infinities_in_a_row_some_of_which_is_left_out(seed):
    """Those that are reached count as in eager code, 0 · inf and inf - inf included, beside others that are not."""
    rng = np.random.default_rng(seed)
    w, x = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    for table in (w, x):
        chosen = rng.random(table.shape) < 0.3
        table[chosen] = rng.choice([inf, -inf, inf, -inf, nan, 0.0], chosen.sum())
    keep = rng.integers(2, size=(5, 4)) * 1.0

    def loss(w, x, keep):
        found = [[ag.dot(row, sample) for row in w] for sample in x]
        pairs = [pair for fs, ks in zip(found, keep) for pair in zip(fs, ks)]
        return ag.sum([ag.where(k > 0.5, f if i % 3 else f * f, 0.5 * k) for i, (f, k) in enumerate(pairs)])

    def slopes(w, x, keep):
        return ag.sum([(i + 1.0) * g for row in ag.grad(loss)(w, x, keep) for i, g in enumerate(row)])

    same(ag.grad(loss, argnums=(0, 1)), (w, x, keep))
    same(ag.grad(slopes, argnums=1), (w, x, keep))
    same(lambda w, x, keep: ag.jvp(lambda w: loss(w, x, keep), (w,), (np.ones((4, 3)),)), (w, x, keep))


def test_columns_of_a_jacobian_with_infinities_in_rows_some_of_which_are_left_out():
    """Swept forward: by derivatives of adjoints for their seed, which is no number of the program then."""
    rng = np.random.default_rng(0)
    w, p, keep = rng.normal(size=(10, 2)), rng.normal(size=60), rng.integers(2, size=(30, 10)) * 1.0
    w[3], w[5, 1] = inf, -inf

    def tall(p):
        found = [[ag.dot(row, p[at : at + 2]) for row in w] for at in range(0, len(p), 2)]
        return [ag.where(p[2 * j] * k > 0.1, f, k) for j, fs in enumerate(found) for f, k in zip(fs, keep[j])]

    same(ag.jacobian(tall), (p.tolist(),), ((-p).tolist(),))


@pytest.mark.parametrize("count", [2, 3, 60, 200])
def test_a_number_that_comes_many_times_counts_as_often(count):
    one, many = np.array([1.7]), np.arange(200.0) / 100
    for f in (
        lambda p, q: sum([p[0] for _ in range(count)]), lambda p, q: ag.mean([p[0]] * count) * q[1],
        lambda p, q: sum([ag.tanh(a * p[0]) for a in q]) + p[0] + p[0] + p[0] * 2,
        lambda p, q: ag.sum([p[0]] * count) * ag.dot([p[0]] * count, list(q[:count])),
        lambda p, q: ag.logsumexp([p[0]] * count) + ag.max([p[0]] * count) + ag.sum([p[0]] * count) + 1.5,
        lambda p, q: ag.prod([p[0]] * min(count, 9)),
    ):  # fmt: skip
        same(ag.value_and_grad(f, argnums=(0, 1)), (one, many), (one * 0.5, many))


@pytest.mark.parametrize("steps", [60, 2200])
def test_lanes_of_a_recurrence_beside_a_wide_sum(steps):
    def f(p):
        s = p[-1]
        for _ in range(steps):
            s = ag.tanh(s + 0.1)
        return s + sum([p[i] * p[2] + p[i + 1] * p[1] for i in range(2)]) * 0.5

    x = np.array([[0.1, 0.2, 0.3], [0.5, -0.2, 0.1]])
    over = ag.vmap(ag.grad(f))
    np.testing.assert_allclose(ag.compile(over)(x), over(x), rtol=1e-9)
    same(ag.value_and_grad(f), (list(x[0]),))


@pytest.mark.parametrize("rows", [1, 20])
def test_a_product_keeps_the_order_of_its_factors(rows):
    """In another order it would overflow on the way, and infinity times a zero factor is nan."""

    def f(x, y):
        top = ag.max([0.0, *x])
        return ag.sum([ag.prod([x[0], 0.0 * k, y, *x[1:], -0.05, top, x[k % 3]]) for k in range(rows)]) + y

    for order in (0, 1, 2):
        points = [
            (np.array(x), y) for x in ([1.0, 2.0, 3.0], [1e300, -0.6, 1e300], [1e-300, 1e300, 0.0]) for y in (0.7, 1e9)
        ]
        same(f if order == 0 else ag.grad(f, argnums=(0, 1)) if order == 1 else ag.hessian(f), *points)
