"""The testing tools on compiled functions: ``check_grads``, ``expressions()``, and expressions that are compiled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

import autograd_lite as ag
from autograd_lite.testing import CheckError, Expression, check_grads, expressions

W = ag.Value(3.0)


@ag.compile
def product(a, b):
    return a * b * b + ag.sin(a)


@ag.compile
def closing(a):
    return ag.tanh(a * W)


@ag.compile
def several(*xs):
    return ag.logsumexp(xs)


@ag.compile
@ag.grad
def slope(x):
    return ag.exp(ag.sin(x))


@ag.compile
def branching(x):
    return x * x if x > 0.5 else 0.25 * x + 0.125


POINT = np.array([0.5, 1.25])


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (product, (0.3, 2.0)), (closing, (0.3,)), (several, (0.3, 0.1, -1.0)), (slope, (0.7,)), (branching, (0.75,)),
        (ag.compile(lambda v: ag.sum([x * x * x for x in v])), (POINT,)),
        (ag.compile(lambda d: d["a"] * ag.exp(d["b"][0])), ({"a": 0.5, "b": [1.5]},)),
        (ag.compile(ag.grad(lambda v: ag.prod([x * x * x for x in v]))), (POINT,)),
        (ag.compile(ag.vmap(lambda x: x * x * x)), (POINT,)),
        (ag.compile(ag.hessian(lambda v: ag.prod([x * x * x for x in v]))), (POINT,)),
        (ag.compile(ag.jacobian(lambda v: [x * v[0] for x in v])), (np.linspace(0.5, 1.0, 20),)),
    ],
)  # fmt: skip
def test_check_grads_of_compiled_functions(f, args):
    for order, modes in ((1, "reverse"), (2, ("forward", "reverse"))):
        check_grads(f, args, order=order, modes=modes)


def test_check_grads_still_finds_what_is_wrong():
    wrong = ag.primitive(partials=lambda out, x: (out,), name="wrong")(lambda x: x * x)
    with pytest.raises(CheckError):
        check_grads(ag.compile(lambda x: wrong(x) * 2.0), (0.75,))


@settings(max_examples=40, deadline=None)
@given(expressions([product, closing, several, slope, branching, "mul", "add", "sin", "div"], max_steps=6))
def test_compiled_functions_are_ops_of_expressions(f):
    check_grads(f, f.leaves, order=2)
    leaves = [ag.Value(x) for x in f.leaves]
    y = f(*leaves)
    assert f() == pytest.approx(y.data if isinstance(y, ag.Value) else y, rel=1e-9, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(expressions(product, max_steps=4))
def test_a_single_function(f):
    assert "product" in f.ops
    compiled = ag.compile(f)  # and one of them inside another
    np.testing.assert_allclose(compiled(*f.leaves), f(), rtol=1e-9)
    gradient = ag.grad(f, argnums=tuple(range(len(f.leaves))))
    np.testing.assert_allclose(ag.compile(gradient)(*f.leaves), gradient(*f.leaves), rtol=1e-8, atol=1e-10)


def test_a_function_elsewhere_than_where_it_was_called():
    x, y = ag.Value(0.3), ag.Value(2.0)
    f = Expression.of(2.0 * product(x, y), [x, y])
    assert f(1.0, 3.0) == pytest.approx(2.0 * product(1.0, 3.0))
    assert f.rounding()[1][0] > 0.0


def test_one_value_in_two_places():
    """Each operand of the call has its own partial, though both are one Value."""
    assert ag.grad(ag.grad(lambda x: product(x, x)))(2.0) == pytest.approx(12.0 - np.sin(2.0))
    w = ag.Value(1.5)
    both = ag.compile(lambda a: a * w * w)
    assert ag.hessian(lambda v: both(v[0]) * both(v[0]))([1.0])[0][0] == pytest.approx(2 * 1.5**4)
    y = both(w)
    y.backward()
    assert w.grad == pytest.approx(3 * 1.5**2)


@pytest.mark.parametrize("point", [True, [True, 2.0], {"a": False}, None, "s", [1.0, None]], ids=repr)
@pytest.mark.parametrize("transform", [ag.grad, ag.value_and_grad])
def test_a_gradient_at_what_is_not_a_float(transform, point):
    """A bool is a number, None and a text are errors: as without compile."""
    plain = transform(lambda x: 1.0 * ag.Value(2.0))
    compiled = ag.compile(plain)
    if point in (True, [True, 2.0], {"a": False}):
        assert repr(compiled(point)) == repr(plain(point))
        return
    with pytest.raises(TypeError) as expected:
        plain(point)
    with pytest.raises(TypeError) as raised:
        compiled(point)
    assert str(raised.value) == str(expected.value)


def test_a_gradient_at_a_bool():
    assert ag.compile(ag.grad(lambda x: 3.0 * x * x))(True) == 6.0
