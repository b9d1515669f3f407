"""NumPy's functions on Values and on object arrays keep the gradient or refuse; lists and arrays go through softmax."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value

UNARY = """arcsin arccos arctan arcsinh arctanh sin cos tan sinh cosh tanh exp exp2 expm1 log log2 log10 log1p sqrt cbrt
    square reciprocal floor ceil trunc rint absolute fabs negative positive deg2rad rad2deg degrees radians
    conjugate""".split()  # noqa: SIM905
BINARY = """add subtract multiply divide power hypot arctan2 maximum minimum fmax fmin remainder mod fmod
    floor_divide""".split()  # noqa: SIM905


def slope(f, x: float) -> float:
    """Central difference, exact to about ten digits."""
    h = 1e-6
    return float(f(x + h) - f(x - h)) / (2 * h)


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    f = getattr(np, name)
    v, w = Value(0.3), Value(0.7)
    alone = f(v)
    array = f(np.array([v, w]))
    assert type(alone) is Value
    assert [type(y) for y in array] == [Value, Value]
    for y in (alone, array[0]):
        v.grad = 0
        y.backward()
        assert y.data == pytest.approx(float(f(0.3)), rel=1e-15)
        assert v.grad == pytest.approx(slope(f, 0.3), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    f = getattr(np, name)
    v, w = Value(0.8), Value(0.3)
    for y in (f(v, w), f(np.array([v, w]), np.array([w, v]))[0], f(np.array([v]), w)[0]):
        v.grad = w.grad = 0
        y.backward()
        assert y.data == pytest.approx(float(f(0.8, 0.3)), rel=1e-15)
        assert v.grad == pytest.approx(slope(lambda x: f(x, 0.3), 0.8), rel=1e-8, abs=1e-9)
        assert w.grad == pytest.approx(slope(lambda x: f(0.8, x), 0.3), rel=1e-8, abs=1e-9)


def test_sign_is_ours():
    assert (type(np.sign(Value(-0.3))), np.sign(Value(-0.3)).data) == (Value, -1.0)


@pytest.mark.parametrize("name", ["signbit", "modf", "frexp", "spacing", "i0"])
def test_what_numpy_has_no_way_to_do_is_refused(name):
    with pytest.raises(TypeError):
        getattr(np, name)(Value(0.3))


@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2", "copysign", "heaviside", "float_power"])
def test_binary_functions_without_an_object_loop_are_refused_in_arrays_of_numpys_own(name):
    assert type(getattr(np, name)(Value(0.3), 2.0)) is Value
    with pytest.raises(TypeError):
        getattr(np, name)(np.array([Value(0.3), 1.0]), 2.0)


def test_reductions_keep_the_gradient():
    xs = ag.values([0.3, 0.7, 0.5])
    for f in (np.sum, np.prod, np.mean, np.var, np.std, np.max, np.min, np.linalg.norm, np.cumsum):
        y = np.ravel(f(xs))[-1]
        assert type(y) is Value
        y.backward()
    assert all(x.grad != 0.0 for x in xs)
    assert [type(y) for y in np.clip(xs, 0.0, 0.6)[:1]] == [Value]


# --- functions of whole lists ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [ag.softmax, ag.log_softmax])
def test_softmax_comes_back_like_its_argument(f):
    numbers = [0.5, -1.0, 2.0]
    shares = [math.exp(x) / sum(map(math.exp, numbers)) for x in numbers]
    expected = shares if f is ag.softmax else [math.log(s) for s in shares]
    assert f(numbers) == pytest.approx(expected, rel=1e-14)
    assert isinstance(f(tuple(numbers)), tuple)
    array = f(np.array([numbers, numbers[::-1]]))
    assert array.dtype == float
    assert array[1].tolist() == pytest.approx(expected[::-1], rel=1e-14)
    down = f(np.array([numbers]).T, axis=0)
    assert down.shape == (3, 1)
    assert down.ravel().tolist() == pytest.approx(expected, rel=1e-14)
    values = [Value(x) for x in numbers]
    out = f(values)
    assert [v.data for v in out] == pytest.approx(expected, rel=1e-14)
    objects = f(np.array([values]))
    assert objects.shape == (1, 3)
    assert type(objects[0, 0]) is Value
    assert f([values, numbers])[1] == f(numbers)
    assert f([Value(1.0)])[0].data == (1.0 if f is ag.softmax else 0.0)
    for wrong in (1.0, Value(1.0), "abc", None):
        with pytest.raises(TypeError, match="softmax"):
            f(wrong)


def test_softmax_has_its_jacobian_and_hessian():
    numbers = [0.5, -1.0, 2.0]
    s = ag.softmax(numbers)
    for i in range(3):
        xs = [Value(x) for x in numbers]
        ag.softmax(xs)[i].backward(create_graph=True)
        firsts = [x.grad for x in xs]
        assert [g.data for g in firsts] == pytest.approx([s[i] * ((i == j) - s[j]) for j in range(3)], rel=1e-14)
        for x in xs:
            x.grad = 0
        firsts[i].backward()
        expected = [s[i] * ((i == j) - s[j]) * (1 - 2 * s[i]) for j in range(3)]
        assert [x.grad for x in xs] == pytest.approx(expected, rel=1e-13)


def test_spread_takes_ddof_and_refuses_nothing():
    xs = [Value(x) for x in (1.0, 2.0, 6.0)]
    assert ag.var(xs).data == pytest.approx(np.var([1, 2, 6]), rel=1e-15)
    assert ag.var(xs, ddof=1).data == 7.0
    assert ag.std(np.array([[1.0, 2.0], [6.0, 3.0]])) == pytest.approx(np.std([1, 2, 6, 3]), rel=1e-15)
    assert math.isnan(ag.var([1.0], ddof=1))
    for f in (ag.var, ag.std, ag.mean, ag.max, ag.min):
        with pytest.raises(ValueError, match=f"{f.name} of no numbers"):
            f([])
    with pytest.raises(TypeError, match="var takes one iterable"):
        ag.var(Value(1.0))
    with pytest.raises(ValueError, match="as long"):
        ag.dist([1.0], [1.0, 2.0])


def test_keywords_and_defaults():
    x = Value(-1.0)
    assert ag.leaky_relu(x, slope=0.5).data == -0.5
    assert ag.elu(x, alpha=2.0).data == 2.0 * math.expm1(-1.0)
    assert ag.clip(x, low=0.0, high=1.0).data == 0.0
    assert ag.round(Value(1.26), ndigits=1).data == 1.3
    assert ag.gelu(x).data != ag.gelu(x, approximate="tanh").data
    with pytest.raises(ValueError, match="approximate"):
        ag.gelu(x, approximate="sigmoid")
    with pytest.raises(TypeError, match="sin takes 1 argument"):
        ag.sin(x, x)
    assert ag.fabs is ag.abs
    assert ag.swish is ag.silu
    assert ag.sumprod is ag.dot
