"""``import autograd_lite as math``: every name of ``math`` is there and agrees with it, on floats and on Values."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

import autograd_lite as ag

EDGES = [0.0, -0.0, 1.0, -2.5, 12.0, 1e300, 5e-324, math.inf, -math.inf, math.nan]


def test_every_name_is_there():
    assert [name for name in dir(math) if not name.startswith("_") and not hasattr(ag, name)] == []
    assert (ag.pi, ag.e, ag.tau, ag.inf) == (math.pi, math.e, math.tau, math.inf)
    assert ag.nan != ag.nan
    assert (ag.factorial(5), ag.gcd(12, 18), ag.comb(5, 2)) == (120, 6, 10)


@pytest.mark.parametrize("name", ["isnan", "isinf", "isfinite"])
def test_questions(name):
    ours, right = getattr(ag, name), getattr(math, name)
    for x in EDGES:
        assert ours(x) is right(x)
        assert ours(ag.Value(x)) is right(x)
    assert ours(np.array(EDGES)).tolist() == [right(x) for x in EDGES]
    assert ours(ag.values(EDGES)).dtype == bool
    compiled = ag.compile(lambda x: ag.where(ours(x), 1.0, 2.0 * x))
    for x in EDGES:
        found, expected = compiled(x), 1.0 if right(x) else 2.0 * x
        assert found == expected or found != found
    with pytest.raises(TypeError):
        ours("1")


def test_isclose():
    for a in EDGES:
        for b in [*EDGES, 1.0 + 1e-10, 1e-12]:
            for tolerances in ({}, {"abs_tol": 1e-9}, {"rel_tol": 0.5}):
                assert bool(ag.isclose(a, b, **tolerances)) is math.isclose(a, b, **tolerances)
                assert bool(ag.isclose(ag.Value(a), b, **tolerances)) is math.isclose(a, b, **tolerances)
    with pytest.raises(ValueError, match="not negative"):
        ag.isclose(1.0, 1.0, rel_tol=-1.0)


def test_frexp():
    for x in EDGES:
        mantissa, exponent = ag.frexp(x)
        right = math.frexp(x)
        assert (repr(mantissa), exponent) == (repr(right[0]), right[1])
    x = ag.Value(12.0)
    mantissa, exponent = ag.frexp(x)
    mantissa.backward()
    assert (mantissa.data, exponent, x.grad) == (0.75, 4, 1 / 16)


def test_prod_takes_a_start():
    x, y = ag.Value(2.0), ag.Value(3.0)
    p = ag.prod([x, y], start=5)
    p.backward()
    assert (p.data, x.grad, y.grad) == (30.0, 15.0, 10.0)
    assert (ag.prod([], start=4.0), ag.prod([2.0, 3.0]), ag.prod(iter([2.0, 3.0]), start=1)) == (4.0, 6.0, 6.0)
    assert ag.prod([2.0], start=x).data == 4.0
    with pytest.raises(TypeError):
        ag.prod([1.0], begin=2.0)


@pytest.mark.parametrize(("name", "cure"), [("mean", "ag.mean"), ("stdev", "ddof=1"), ("pvariance", "ag.var")])
def test_statistics_name_the_cure(name, cure):
    with pytest.raises(ag.errors.LostGradientError, match=cure):
        {
            "mean": lambda xs: statistics.mean(xs),
            "stdev": lambda xs: statistics.stdev(xs),
            "pvariance": lambda xs: statistics.pvariance(xs),
        }[name]([ag.Value(1.0), ag.Value(2.0)])


#: NumPy's function on one Value and on an array, and ours
UFUNCS = {
    "arctan2": (lambda v: np.arctan2(2.0, v), lambda x: ag.atan2(2.0, x)),
    "hypot": (lambda v: np.hypot(2.0, v), lambda x: ag.hypot(2.0, x)),
    "logaddexp": (lambda v: np.logaddexp(v, 1.0), lambda x: ag.logaddexp(x, 1.0)),
    "copysign": (lambda v: np.copysign(v, -1.0), lambda x: ag.copysign(x, -1.0)),
    "heaviside": (lambda v: np.heaviside(v, 0.5), lambda x: ag.heaviside(x, 0.5)),
    "power": (lambda v: np.power(2.0, v), lambda x: 2.0**x),
    "remainder": (lambda v: np.remainder(v, 0.4), lambda x: x % 0.4),
    "exp": (np.exp, ag.exp),
    "fabs": (np.fabs, ag.abs),
    "rint": (np.rint, ag.round),
    "arccosh": (lambda v: np.arccosh(v + 2.0), lambda x: ag.acosh(x + 2.0)),
    "ldexp": (lambda v: np.ldexp(v, 3), lambda x: ag.ldexp(x, 3.0)),
}


@pytest.mark.parametrize("name", UFUNCS)
def test_numpys_functions(name):
    numpys, ours = UFUNCS[name]
    x, y = ag.Value(0.7), ag.Value(0.7)
    a, b = numpys(x), ours(y)
    assert isinstance(a, ag.Value)
    a.backward()
    b.backward()
    assert (a.data, x.grad) == (b.data, y.grad)
    array = ag.values([0.7, 1.3])
    found = numpys(array)
    assert [v.data for v in found] == [ours(0.7), ours(1.3)]
    mixed = ag.values([0.7, 1.3])
    mixed[1] = 1.3
    assert [float(getattr(v, "data", v)) for v in numpys(mixed)] == [ours(0.7), ours(1.3)]


def test_what_numpy_moves_stays_an_array_that_it_asks_about():
    x = ag.values([[1.0, 2.0], [3.0, 5.0]])
    for made in (x.T, x[0], x.reshape(4), np.concatenate([x, x]), x * 2.0, 1.0 - x, np.stack([x[0], x[1]]), x @ x):
        assert np.isnan(made).shape == made.shape
        assert isinstance(made, np.ndarray)
    assert "ValueArray" not in repr(x)
    assert np.linalg.solve(x, [1.0, 2.0]).shape == (2,)
    assert isinstance(x.sum(), ag.Value)
    assert isinstance(np.float64(2.0) * x[0, 0], ag.Value)
    assert (np.arange(2.0) * x[0, 0]).shape == (2,)


def test_functions_of_numpy_take_a_value_as_an_array_of_one_number():
    v = ag.Value(0.5)
    assert ag.exp(np.where(v > 0, v, 0.0)).data == math.exp(0.5)
    for found, wanted in (
        (np.sinc(v), ag.sinc(v)), (np.interp(v, [0.0, 1.0], [2.0, 4.0]), 3.0), (np.round(v, 1), 0.5), (np.copy(v), v),
        (np.piecewise(v, [v > 0], [lambda t: t * t]), 0.25), (np.mean(v), 0.5), (np.linalg.norm(v), 0.5),
    ):  # fmt: skip
        assert np.shape(found) == ()
        assert found == wanted
        assert isinstance(ag.exp(found), ag.Value)
    assert np.isclose(v, 0.5)
    assert np.allclose(v, 0.5)
    assert not np.isclose(v, 0.6)
    assert (np.shape(v), np.ndim(v), np.size(v)) == ((), 0, 1)


@pytest.mark.parametrize(
    "made",
    [
        lambda v: np.stack([v, 0.5]), lambda v: np.hstack([v, 0.5]), lambda v: np.append(v, 0.5),
        lambda v: np.concatenate([np.ravel(v), [0.5]]), lambda v: np.column_stack([v, 0.5])[0],
    ],
)  # fmt: skip
def test_what_numpy_makes_of_a_value_and_a_number_is_an_array_that_it_asks_about(made):
    v = ag.Value(2.0)
    array = made(v)
    total = np.exp(array).sum() + np.arctan2(1.0, array)[0]
    assert total.data == math.exp(2.0) + math.exp(0.5) + math.atan2(1.0, 2.0)
    total.backward()
    assert v.grad == pytest.approx(math.exp(2.0) - 1.0 / 5.0, rel=1e-15)
    assert np.isfinite(array).tolist() == [True, True]
    f = ag.compile(lambda x: np.exp(made(x)).sum())
    assert f(2.0) == math.exp(2.0) + math.exp(0.5)


def test_a_function_that_finds_a_value_in_a_list_names_the_cure():
    v = ag.Value(0.5)
    for call in (np.percentile, np.quantile):
        with pytest.raises(AttributeError, match=r"ag\.quantile"):
            call([v, v], 0.5)
    with pytest.raises(AttributeError, match=r"ag\.numbers"):
        np.logical_xor([v], [v])
    with pytest.raises(ag.errors.LostGradientError, match=r"write ag\.std"):
        np.std(v)
    assert not hasattr(v, "dtype")
    assert "dtype" not in dir(v)


@pytest.mark.parametrize(
    "call",
    [
        lambda a: np.linalg.eigvalsh(a), lambda a: np.linalg.svd(a), lambda a: np.fft.fft(a), lambda a: np.spacing(a),
        lambda a: np.histogram(a), lambda a: np.logaddexp.reduce(a.ravel()), lambda a: np.signbit(a),
        lambda a: np.modf(a),
        lambda a: np.bincount([0, 1], weights=a[0]), lambda a: np.cov(a), lambda a: np.linalg.pinv(a),
    ],
)  # fmt: skip
def test_what_has_no_derivative_names_the_cure(call):
    with pytest.raises(ag.errors.LostGradientError, match=r"ag\.numbers|v\.data"):
        call(ag.values([[1.0, 2.0], [2.0, 5.0]]))
