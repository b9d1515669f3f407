"""The builtins max and min in compiled functions: no way of their own, no number that goes stale."""

from __future__ import annotations

import builtins
import math
import random
import re
import threading
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.compiler import CompileWarning

RNG = np.random.default_rng(12)


def shifted(row):
    top = max(v.data for v in row)
    raised = [ag.exp(v - top) for v in row]
    return [e / sum(raised) for e in raised]


def shifted_by_detached(row):
    top = max([v.detach() for v in row])
    return [ag.exp(v - top) / sum(ag.exp(u - top) for u in row) for v in row]


def shifted_by_value(row):
    top = max(row)
    return [ag.exp(v - top) / sum(ag.exp(u - top) for u in row) for v in row]


@pytest.mark.parametrize("softmax", [shifted, shifted_by_detached, shifted_by_value])
def test_a_softmax_of_live_values_is_recorded_once(softmax):
    w = [Value(x) for x in RNG.normal(size=12)]

    def loss(x):
        return sum(-ag.log(p) * q for p, q in zip(softmax([a * x for a in w]), range(12)))

    fast = ag.compile(loss)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for k in range(8):
            for v in w:
                v.data = float(RNG.normal())
            eager = loss(0.3 * k + 0.1)
            eager.backward()
            wanted = [v.grad for v in w]
            for v in w:
                v.grad = 0.0
            found = fast(0.3 * k + 0.1)
            found.backward()
            assert found.data == pytest.approx(eager.data, rel=1e-12)
            np.testing.assert_allclose([v.grad for v in w], wanted, rtol=1e-9, atol=1e-12)
            for v in w:
                v.grad = 0.0
    assert len(fast.last.path.compiled) == 1


FUNCTIONS = {
    "two": lambda p: max(p[0], p[1]) * p[2],
    "a constant": lambda p: sum(max(x, 0.0) * 2.0 for x in p),
    "a constant first": lambda p: sum(min(0.5, x) for x in p),
    "three": lambda p: max(p[0], p[1], p[2]) ** 2,
    "many": lambda p: max(p) * min(p),
    "a list of a few": lambda p: max([p[0], p[1], p[2]]) * p[3] + min([p[2], p[1]]) * p[4],
    "a generator": lambda p: max(x * x for x in p),
    "key": lambda p: max(p, key=lambda x: -x),
    "default": lambda p: max([x for x in p if x > 5], default=p[0]),
    "a default that is not needed": lambda p: max(p, default=0.0) * min([*p[:3]], default=1.0),
    "key of many": lambda p: max(p, key=lambda x: x * x) * min(*p, key=abs) + max(range(3), key=lambda k: p[k]),
    "sort": lambda p: np.sum(np.sort(np.array(p, dtype=object))[1:4] * np.arange(1.0, 4.0)),
    "sort of rows": lambda p: np.sum(np.sort(np.array([p, p[::-1]], dtype=object))[:, 1:3] * np.array([1.0, 2.0])),
    "where": lambda p: np.where(p[0] > p[1], p[0] * p[2], p[1]).item() + np.sum(np.where([x > 0 for x in p], p, 0.1)),
    "nested": lambda p: min(max(x, -1.0) for x in p) + max(min(p[0], p[1]), p[2]),
    "plain numbers": lambda p: p[0] * max(3.0, 2.0) * max([1, 2, 7]) + p[1] * len(max("abc", "b")),
    "data": lambda p: p[0] * max(x.data if isinstance(x, Value) else x for x in p),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients_are_the_eager_ones(name):
    f = FUNCTIONS[name]
    plain, fast = ag.value_and_grad(f), ag.compile(ag.value_and_grad(f))
    points = [list(RNG.normal(size=5)) for _ in range(12)]
    points += [[1.0, 1.0, 1.0, 0.5, 1.0], [0.0, -0.0, 0.0, 0.0, 0.0], [math.inf, 1.0, -math.inf, 2.0, 3.0]]
    points += [[math.nan, 1.0, 2.0, 3.0, 4.0], [1.0, math.nan, 2.0, 0.0, 3.0]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ag.compiler.CompileWarning)
        for p in [*points, *points]:
            value, slope = plain(p)
            found, other = fast(p)
            np.testing.assert_allclose(found, value, rtol=1e-12)
            np.testing.assert_allclose(other, slope, rtol=1e-12)


def test_keys_defaults_sorts_and_wheres_have_no_ways():
    def f(p):
        row = np.sort(np.array(p, dtype=object))
        chosen = np.where([x > 0.1 for x in p], p, 0.2 * np.array(p))
        return max(p, key=lambda x: x * x) + min(p, key=abs, default=0.0) + row[1] * row[-1] + np.sum(chosen * chosen)

    fast = ag.compile(ag.value_and_grad(f), strict=True)
    for _ in range(20):
        p = RNG.normal(size=4).tolist()
        for found, wanted in zip(fast(p), ag.value_and_grad(f)(p)):
            np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert len(fast.last.path.program.guards) <= 1  # there is no nan


@pytest.mark.parametrize(
    "use",
    [
        lambda m, w: math.exp(m) * w[0],
        lambda m, w: w[0] * (2.0 if m > 0.5 else 3.0),
        lambda m, w: w[int(m > 0.0)] * float(f"{m:.1f}"),
        lambda m, w: [w[0] * m, m],
        lambda m, w: w[0] * {True: 1.0, False: 2.0}[bool(m < 0.3)],
    ],
)
def test_a_maximum_that_was_read_may_be_used_as_the_float_it_is(use):
    w = [Value(0.1), Value(0.2), Value(0.3)]

    def f(x):
        m = max(v.data for v in w)
        assert isinstance(m, (float, Value))
        return use(m, [v * x for v in w])

    def numbers(y):
        return [numbers(z) for z in y] if isinstance(y, list) else y.data if isinstance(y, Value) else y

    fast = ag.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ag.compiler.CompileWarning)
        for a in (0.1, 0.7, -0.5, 0.26, 0.7):
            w[1].data = a
            found = fast(2.0)
            assert numbers(found) == pytest.approx(numbers(f(2.0)), rel=1e-12)
            if isinstance(found, list):
                assert type(found[1]) is float


def test_filtered_numbers_are_guards():
    w = [Value(0.1), Value(0.2), Value(-0.3)]

    def f(x):
        return x * max(v.data for v in w if v.data < 0.25)

    fast = ag.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ag.compiler.CompileWarning)
        for a in (0.2, 0.7, 0.15, 0.24):
            w[1].data = a
            assert float(ag.Value(fast(2.0)).data if not isinstance(fast(2.0), Value) else fast(2.0).data) == f(2.0)


def test_the_builtins_are_back_and_other_threads_see_no_difference():
    before = builtins.max, builtins.min
    seen = []

    def f(x):
        thread = threading.Thread(target=lambda: seen.append((max([3, 5, 1]), min(2, 1), max("ab", key=ord))))
        thread.start()
        thread.join()
        return max(x, 1.0)

    assert ag.compile(ag.grad(f))(2.0) == 1.0
    with pytest.raises(ZeroDivisionError):
        ag.compile(lambda x: max(x, 1 / 0))(1.0)
    assert (builtins.max, builtins.min) == before
    assert set(seen) == {(5, 1, "b")}


def test_hundreds_of_ways_are_given_up_after_few():
    """A decision for each number of a list: no way comes back, and waiting for more would cost a recording each."""

    def f(p):
        return sum((a * a for a in p if a > 0), 0.0)

    draw = random.Random(3)
    compiled = ag.compile(ag.grad(f))
    points = [[draw.gauss(0.0, 1.0) for _ in range(30)] for _ in range(6)]
    with pytest.warns(CompileWarning, match=r"it took 3 different ways, decided by numbers at .*test_extremes\.py"):
        found = [compiled(x) for x in points]
    assert found == [pytest.approx(ag.grad(f)(x)) for x in points]
    assert compiled.eager is not None


def test_few_ways_are_all_kept():
    """One that is taken again, or decisions that are few, are no reason to give up."""

    def f(p, k):
        return sum((a * a if k > 2 else a for a in p), 0.0) + (p[0] if k > 0 else p[1]) * (2.0 if k > 1 else 3.0)

    compiled = ag.compile(ag.grad(f), strict=True)
    x = [0.1 * k for k in range(30)]
    for _ in range(2):
        for k in (0.0, 1.0, 2.0, 3.0):
            assert compiled(x, k + 0.5) == pytest.approx(ag.grad(f)(x, k + 0.5))
    assert compiled.eager is None


def test_a_nan_among_numbers_that_are_only_read():
    """Python's choice then depends on where it stands, and a reduction's does not."""
    w = [Value(float(k)) for k in (1, 5, 2, 4, 3, 0)]
    f = lambda x: x * max(v.data for v in w) + min(v.data for v in w)  # noqa: E731
    fast = ag.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ag.compiler.CompileWarning)
        assert fast(2.0) == f(2.0) == 10.0
        for k in (2, 0, 1, 5):
            before, w[k].data = w[k].data, math.nan
            assert fast(2.0) == pytest.approx(f(2.0), nan_ok=True)
            w[k].data = before
        assert fast(3.0) == 15.0


WRONG = {
    "a default for several": lambda p: max(p[0], p[1], default=0.0),
    "a default and a key for several": lambda p: min(p[0], p[1], key=abs, default=0.0),
    "none": lambda p: max([x for x in p if False]),
    "none, with a key": lambda p: min([], key=abs) + p[0],
    "another keyword": lambda p: max(p, reverse=True),
    "one number": lambda p: max(p[0]),
    "nothing": lambda p: max() + p[0],
    "a key that is none": lambda p: min(p, key=1),
    "sorted by position": lambda p: sorted(p, True)[0],
}


@pytest.mark.filterwarnings("ignore::autograd_lite.compiler.CompileWarning")
@pytest.mark.parametrize("name", WRONG)
def test_what_python_refuses_is_refused(name):
    f = WRONG[name]
    with pytest.raises((TypeError, ValueError)) as plain:
        f([0.5, -0.25])
    compiled = ag.compile(f)
    for _ in range(2):
        with pytest.raises(plain.type, match=f"^{re.escape(str(plain.value))}$"):
            compiled([0.5, -0.25])


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("size", [2, 8])
def test_the_largest_of_an_array_with_nan_is_numpys(size):
    """Which takes the second of two numbers where the first is not at least as large; ``max`` keeps the first."""
    nan, row = math.nan, [0.5 * k for k in range(size)]
    points = [row, [nan, *row[1:]], [*row[:-1], nan], row[::-1], [1.0] * size, [nan] * size]
    for f in (lambda p: np.max(np.array(p)) * 2.0, lambda p: np.array(p).min() + np.array(p).max()):
        for first in points:
            compiled, plain = ag.compile(ag.value_and_grad(f)), ag.value_and_grad(f)
            for p in (first, *points):
                assert repr(compiled(p)) == repr(plain(p))
