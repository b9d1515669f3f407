"""sort, median, quantile, cumsum, cumprod, interp: values as NumPy's, derivatives to order two, compiled the same."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import autograd_lite as ag

NAN = math.nan
WEIGHTS = [0.3, -1.2, 0.7, 2.0, -0.4, 1.1, 0.9, -2.2]


def weighed(xs):
    return ag.sum([w * x * x for w, x in zip(WEIGHTS, xs)])


FUNCTIONS = {
    "sort": lambda v: weighed(ag.sort(v)),
    "median": lambda v: ag.median(v) ** 2,
    "quantile": lambda v: ag.quantile(v, 0.3) ** 2 + weighed(ag.quantile(v, [0.0, 0.5, 0.9, 1.0])),
    "cumsum": lambda v: weighed(ag.cumsum(v)),
    "cumprod": lambda v: weighed(ag.cumprod(v)),
    "interp x": lambda v: weighed(ag.interp(v, [-1.0, 0.25, 0.8], [0.0, 2.0, -1.0])),
    "interp fp": lambda v: ag.interp(0.3, list(range(len(v))), v) ** 2,
    "interp xp": lambda v: ag.interp(0.3, [v[0] - 3.0, 0.25, 3.0 + v[-1]], [1.0, 2.0, -1.0]) ** 2,
}


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_and_compiled_code(name, n):
    f, rng = FUNCTIONS[name], np.random.default_rng(n)
    compiled, second = ag.compile(ag.value_and_grad(f)), ag.compile(ag.hessian(f))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # one recording serves every order of the numbers
        for _ in range(6):
            xs = rng.uniform(-2.0, 2.0, n).tolist()
            ag.check_grads(f, (xs,))
            value, slopes = ag.value_and_grad(f)(xs)
            found, compiled_slopes = compiled(xs)
            assert found == pytest.approx(value, rel=1e-12)
            np.testing.assert_allclose(
                np.array(compiled_slopes, float), np.array(slopes, float), rtol=1e-11, atol=1e-13
            )
            np.testing.assert_allclose(
                np.array(second(xs), float), np.array(ag.hessian(f)(xs), float), rtol=1e-10, atol=1e-12
            )


@pytest.mark.parametrize("n", [1, 2, 3, 6, 7])
def test_values_are_numpys(n):
    xs = np.random.default_rng(n).uniform(-2.0, 2.0, n)
    assert ag.sort(xs).tolist() == np.sort(xs).tolist()
    assert ag.argsort(xs).tolist() == np.argsort(xs).tolist()
    assert ag.median(xs) == pytest.approx(np.median(xs), rel=1e-15)
    for q in (0.0, 0.1, 0.25, 0.5, 0.77, 1.0):
        assert ag.quantile(xs, q) == pytest.approx(np.quantile(xs, q), rel=1e-14)
    assert ag.cumsum(xs).tolist() == np.cumsum(xs).tolist()
    assert ag.cumprod(xs).tolist() == np.cumprod(xs).tolist()
    for sides in ({}, {"left": -9.0}, {"right": 7.0}):
        expected = np.interp(xs, [-1.0, 0.0, 1.0], [3.0, 1.0, 2.0], **sides)
        np.testing.assert_allclose(ag.interp(xs, [-1.0, 0.0, 1.0], [3.0, 1.0, 2.0], **sides), expected, rtol=1e-14)


def test_the_result_is_like_the_argument():
    xs = [ag.Value(2.0), ag.Value(1.0)]
    assert isinstance(ag.sort(tuple(xs)), tuple)
    assert ag.sort(xs)[0] is xs[1]
    assert ag.sort(ag.values([2.0, 1.0])).shape == (2,)
    assert ag.cumsum([1, 2]) == [1.0, 3.0]
    assert ag.median(iter_of := [3, 1, 2]) == 2.0
    assert iter_of == [3, 1, 2]
    assert (ag.sort([]), ag.cumsum([]), ag.argsort([])) == ([], [], [])


def test_ties_share():
    third = ag.grad(lambda v: ag.sort(v)[1])
    assert third([1.0, 1.0, 1.0]) == [1 / 3] * 3
    assert third([1.0, 0.0, 1.0]) == [0.5, 0.0, 0.5] == ag.compile(third)([1.0, 0.0, 1.0])
    assert sum(ag.compile(third)([1.0, 1.0, 1.0])) == 1.0
    assert ag.grad(ag.median)([1.0, 1.0, 5.0]) == [0.5, 0.5, 0.0] == ag.compile(ag.grad(ag.median))([1.0, 1.0, 5.0])
    assert ag.argsort([1.0, 0.0, 1.0, 0.0]) == [1, 3, 0, 2]


def test_a_nan_is_seen():
    xs = [2.0, NAN, 1.0]
    for f in (ag.sort, ag.compile(lambda v: ag.sort(v))):
        assert all(math.isnan(x) for x in f(xs))
    for f in (ag.median, lambda v: ag.quantile(v, 0.0)):
        assert math.isnan(f(xs))
        assert math.isnan(ag.compile(lambda v, f=f: f(v))(xs))
        assert all(math.isnan(x) for x in ag.grad(f)(xs))
    assert ag.argsort(xs) == [2, 0, 1]
    assert math.isnan(ag.interp(NAN, [0.0, 1.0], [2.0, 3.0]))


@pytest.mark.parametrize(
    ("heights", "x", "value", "slope"),
    [
        ([3.0, 1.0, 0.0], 0.0, 1.0, -1.0), ([0.0, 1.0, 3.0], 0.0, 1.0, 1.0), ([0.0, 1.0, 0.5], 0.0, 1.0, 0.0),
        ([3.0, 1.0, 1.0], 0.0, 1.0, 0.0), ([3.0, 1.0, 0.0], -1.0, 3.0, 0.0), ([3.0, 1.0, 0.0], 1.0, 0.0, 0.0),
        ([3.0, 1.0, 0.0], -2.0, 3.0, 0.0), ([3.0, 1.0, 0.0], 5.0, 0.0, 0.0),
    ],
)  # fmt: skip
def test_interp_at_a_knot_takes_the_slope_of_smallest_norm(heights, x, value, slope):
    def f(x):
        return ag.interp(x, [-1.0, 0.0, 1.0], heights)

    assert ag.value_and_grad(f)(x) == (value, slope) == ag.compile(ag.value_and_grad(f))(x)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: ag.sort(1.0), TypeError, "one axis"), (lambda: ag.sort([[1.0]]), TypeError, "nested"),
        (lambda: ag.sort(np.ones((2, 2))), TypeError, "2 axes"), (lambda: ag.median([]), ValueError, "at least one"),
        (lambda: ag.quantile([1.0], 1.5), ValueError, "0 to 1"), (lambda: ag.quantile([], 0.5), ValueError, "at least"),
        (lambda: ag.quantile([1.0], ag.Value(0.5)), TypeError, "q.data"), (lambda: ag.cumsum("ab"), TypeError, "str"),
        (lambda: ag.interp(0.0, [1.0, 0.0], [1.0, 2.0]), ValueError, "increase"),
        (lambda: ag.interp(0.0, [0.0, 0.0], [1.0, 2.0]), ValueError, "increase"),
        (lambda: ag.interp(0.0, [0.0, 1.0], [1.0]), ValueError, "each knot"),
        (lambda: ag.interp(0.0, [], []), ValueError, "at least one"), (lambda: ag.sort({1.0: 2}), TypeError, "dict"),
    ],
)  # fmt: skip
def test_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


@pytest.mark.parametrize(
    "xs", [[5.0] * 3, [5.0] * 4, [1.0, 5.0, 5.0, 5.0], [2.0, 7.0, 2.0, 7.0, 7.0, 2.0, 2.0], [-0.0, 0.0, 0.0]]
)
def test_ties_share_alike_compiled_too(xs):
    """1/k each of k, however a network of pairs comes by it; the numbers stay what they are."""
    weights = [1.0, 2.0, 4.0, 8.0, -3.0, 0.5, 0.25]
    first = [1.0] + [0.0] * 6
    for weigh in (weights, first):
        f = lambda v, weigh=weigh: ag.sum([a * w for a, w in zip(ag.sort(v), weigh)])  # noqa: E731
        expected = ag.value_and_grad(f)(xs)
        for found in (ag.compile(ag.value_and_grad(f))(xs), ag.compile(ag.value_and_grad(f))(np.array(xs))):
            assert found[0] == expected[0]
            np.testing.assert_allclose(np.array(found[1]), expected[1], rtol=1e-14)
    for f in (ag.median, lambda v: ag.quantile(v, 0.3)):
        np.testing.assert_allclose(ag.compile(ag.grad(f))(xs), ag.grad(f)(xs), rtol=1e-14)


def test_equal_infinities_stay():
    inf = math.inf
    assert ag.compile(lambda v: ag.sort(v))([inf, -inf, 1.0, inf]) == [-inf, 1.0, inf, inf]
