"""The public testing tools: numerical derivatives, check_grads and its messages, expressions, strategies."""

from __future__ import annotations

import cmath
import math
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.primitives import TABLE
from autograd_lite.testing import (
    CheckError,
    Expression,
    Step,
    check_grads,
    expressions,
    networks,
    numerical_grad,
    slope,
    values,
)
from autograd_lite.testing.numerical import exact_grain

RELAXED = settings(suppress_health_check=list(HealthCheck))
UNSHRUNK = settings(RELAXED, max_examples=5000, database=None, phases=[Phase.generate])


# --- numerical derivatives ------------------------------------------------------------------------------------------


def poly(x):
    return x**3 - 2.0 * x


@pytest.mark.parametrize(("method", "digits"), [("central", 1e-8), ("richardson", 1e-11), ("complex", 1e-15)])
def test_numerical_methods_reach_their_digits(method, digits):
    for x in (0.3, 2.0, -5.0, 1e-4, 1e3):
        exact = 3.0 * x * x - 2.0
        got, error = numerical_grad(poly, x, method=method, return_error=True)
        assert got == pytest.approx(exact, rel=digits)
        assert abs(got - exact) <= 4.0 * error + math.ulp(exact)


@given(st.sampled_from(["exp", "sin", "atan", "sinh", "erf", "softplus", "sigmoid"]), st.floats(-2.0, 2.0))
def test_the_error_bound_holds(name, x):
    op = TABLE[name]
    found = slope(lambda t: op.fn(x + t), max(abs(x), 1.0))
    exact = op.float_partials(op.fn(x), x)[0]
    assert abs(found.value - exact) <= 2.0 * found.error
    assert found.error <= 1e-10
    assert found.kink is None


class Point(NamedTuple):
    x: float
    y: float


def test_gradients_have_the_structure_of_the_arguments():
    assert numerical_grad(lambda x, y: x * y, (2.0, 3.0)) == pytest.approx((3.0, 2.0))
    assert numerical_grad(lambda p: p["a"] * p["b"][1], {"a": 2.0, "b": [1.0, 5]}) == {
        "a": pytest.approx(5.0),
        "b": [0.0, pytest.approx(2.0)],
    }
    gradient = numerical_grad(lambda a: (a * a).sum(), np.arange(4.0).reshape(2, 2))
    assert gradient.shape == (2, 2)
    assert gradient == pytest.approx(2.0 * np.arange(4.0).reshape(2, 2), abs=1e-12)
    found = numerical_grad(lambda p: p.x * p.y, Point(2.0, 3.0))
    assert type(found) is Point
    assert found == pytest.approx((3.0, 2.0))
    assert numerical_grad(lambda xs: xs[0] * xs[1] * xs[2], [1.0, 2.0, 3.0]) == pytest.approx([6.0, 3.0, 2.0])
    assert numerical_grad(lambda x: x.sin(), 0.5) == pytest.approx(math.cos(0.5)), "methods of Values will do"
    assert numerical_grad(lambda x: math.sin(x), Value(0.5)) == pytest.approx(math.cos(0.5))
    assert numerical_grad(lambda z: cmath.exp(z) * z, 0.5, method="complex") == math.exp(0.5) * 1.5
    assert numerical_grad(lambda a: np.sin(a).sum(), np.array([0.5]), "complex")[0] == pytest.approx(
        math.cos(0.5), rel=1e-15
    )


def test_numerical_grad_refuses_by_name():
    with pytest.raises(ValueError, match="'richardson'"):
        numerical_grad(poly, 1.0, method="newton")
    with pytest.raises(TypeError, match="one number, not 2"):
        numerical_grad(lambda x: [x, x], 1.0)
    with pytest.raises(TypeError, match="richardson"):
        numerical_grad(math.sin, 1.0, method="complex")
    with pytest.raises(TypeError, match="str"):
        numerical_grad(poly, "1")


def test_kinks_are_seen():
    assert slope(abs).kink == 0.0
    assert slope(abs)[3:] == (-1.0, 1.0)
    assert slope(lambda t: max(t, 0.0)).kink == 0.0
    assert math.isnan(slope(lambda t: math.floor(t + 1e-300) * 1.0).value)
    near = slope(lambda t: max(t - 0.01, 0.0))
    assert near.value == 0.0
    assert near.kink is not None
    assert near.kink > 0.0
    assert slope(lambda t: max(t + 1e-9, 0.0)).value == 1.0
    assert slope(lambda t: math.copysign(t * t, t)).value == pytest.approx(0.0, abs=1e-9)


# --- check_grads ----------------------------------------------------------------------------------------------------


def test_right_derivatives_pass_to_any_order():
    report = check_grads(lambda x, y: ag.sin(x * y) / ag.exp(y) + x**3, (0.4, 0.9), order=4)
    assert report.comparisons == 2 * 4 * 2
    assert report.worst < 1.0
    assert not report.kinks
    assert check_grads(lambda d: {"out": [d["x"] * d["w"][0], ag.exp(d["x"])]}, {"x": 1, "w": [2.0]})
    assert check_grads(lambda a, b: a @ b, (np.eye(2), np.array([1.0, 2.0])))
    assert check_grads(lambda xs: ag.logsumexp(xs), ([0.1, 0.2, 0.3],))
    assert check_grads(lambda xs: ag.logsumexp(xs), [0.1, 0.2, 0.3])
    assert check_grads(ag.sin, Value(1.0), modes="reverse").comparisons == 2
    assert check_grads(lambda x: 3.0, (1.0,)).worst == 0.0
    assert ag.check_grads is check_grads


def test_it_leaves_no_trace_in_the_users_gradients():
    w = Value(3.0)
    w.grad = 7.0
    check_grads(lambda x: x * w, 2.0)
    assert w.grad == 7.0


def wrong_sine(factor):
    @ag.primitive(partials=lambda out, x: (ag.cos(x) * factor,))
    def sine(x):
        return math.sin(x)

    return sine


@pytest.mark.parametrize("factor", [-1.0, 2.0, 1.0 + 1e-7, 1.0 - 1e-9])
def test_the_message_names_op_point_numbers_and_graph(factor):
    sine = wrong_sine(factor)

    def f(x, y):
        return ag.exp(sine(x * y) + y) * x

    with pytest.raises(CheckError) as caught:
        check_grads(f, (0.3, 1.2))
    error = caught.value
    assert isinstance(error, AssertionError)
    assert error.op == "sine"
    assert error.point == (0.36,)
    assert error.engine == pytest.approx(factor * math.cos(0.36), rel=1e-12)
    assert error.numerical == pytest.approx(math.cos(0.36), rel=1e-11)
    assert error.error < 1e-10
    text = str(error)
    for needed in ("sine", "0.36", "(0.3, 1.2)", repr(error.engine), repr(error.numerical), "v1 = sine(v0)"):
        assert needed in text
    assert error.dot.startswith("digraph {")
    assert "sine" in error.dot
    assert [v.op for v in ag.topological_order(error.graph)] == [None, "sine"]


def test_a_wrong_second_derivative_is_found():
    @ag.primitive(partials=lambda out, x: (ag.cos(x.detach() if isinstance(x, Value) else x),))
    def sine(x):
        return math.sin(x)

    check_grads(sine, 0.3, order=1)
    with pytest.raises(CheckError) as caught:
        check_grads(lambda x: sine(x) * 2.0, 0.3, order=2)
    assert caught.value.op == "sine"
    assert caught.value.order == 2


def test_kinks_are_stepped_aside_from_and_told():
    report = check_grads(ag.relu, 0.0)
    assert "kink" in repr(report)
    assert check_grads(ag.maximum, (1.0, 1.0)).kinks
    assert check_grads(lambda x: ag.relu(x) - ag.relu(-x), 0.0).kinks, "a kink inside a smooth function"
    assert check_grads(ag.relu, 1e-9).worst < 1.0
    assert check_grads(ag.floor, 2.0).kinks
    assert check_grads(ag.hypot, (0.0, 0.0)).kinks


def test_check_grads_refuses_by_name():
    with pytest.raises(ValueError, match="nan"):
        check_grads(ag.log, -1.0)
    with pytest.raises(ValueError, match="sideways"):
        check_grads(ag.sin, 1.0, modes=("sideways",))
    with pytest.raises(ValueError, match="at least 1"):
        check_grads(ag.sin, 1.0, order=0)
    with pytest.raises(ValueError, match="no number"):
        check_grads(lambda xs: 1.0, ([],))


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(expressions(kinks=False, max_steps=8))
def test_no_false_alarm_on_random_expressions(f):
    assert check_grads(f, f.leaves, directions=1).worst < 1.0


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(networks(activations=("tanh", "sigmoid", "softplus", "gelu")))
def test_no_false_alarm_on_networks(net):
    check_grads(net.loss, (net.parameters,), directions=1)


# --- expressions and strategies -------------------------------------------------------------------------------------


def test_an_expression_is_read_off_a_graph_and_cut():
    x, y = Value(2.0), Value(3.0)
    unused = Value(9.0)
    a = x * y
    f = Expression.of((a + a) / 4.0 - x, [x, y, unused])
    assert f(2.0, 3.0, 9.0) == 1.0
    assert f.used == {0, 1}
    assert f.ops == {"mul", "add", "div", "sub"}
    assert [step.op.name for step in f.upto(4).steps] == ["mul", "add"]
    assert f.upto(4)(2.0, 3.0, 0.0) == 12.0
    assert Expression.of(x, [x])(5.0) == 5.0
    with pytest.raises(ValueError, match="not computed before"):
        Expression([1.0], [Step(TABLE["sin"], (1,))])
    with pytest.raises(TypeError, match="3 leaves"):
        f(1.0)


@pytest.mark.parametrize(
    "feature",
    [
        lambda f: len(f.used) < len(f.leaves),
        lambda f: any(isinstance(o, float) for step in f.steps for o in step.operands),
        lambda f: sum(step.operands.count(len(f.leaves)) for step in f.steps) > 2,
        lambda f: any(len(step.operands) > 3 for step in f.steps),
        lambda f: any(len(set(step.operands)) < len(step.operands) for step in f.steps),
        lambda f: len(f.steps) > 20,
        lambda f: "polygamma" in f.ops or "var" in f.ops,
    ],
    ids=["unused leaf", "constant", "shared node", "n-ary", "repeated operand", "long", "rare op"],
)
def test_expressions_cover(feature):
    assert feature(find(expressions(), feature, settings=UNSHRUNK))


@RELAXED
@given(expressions())
def test_expressions_are_finite_and_agree_with_values(f):
    y = f()
    assert math.isfinite(y)
    leaves = [Value(x) for x in f.leaves]
    recorded = f(*leaves)
    assert getattr(recorded, "data", recorded) == y
    assert f.evaluate({name: op.fn for name, op in TABLE.items() if name != "where"} | {"where": _where}) == y


def _where(c, a, b):
    return a if c > 0.0 else b


@given(values(-1.0, 1.0, label="w"))
def test_values_are_labelled_leaves(v):
    assert isinstance(v, Value)
    assert -1.0 <= v.data <= 1.0
    assert (v.label, v.op, v.parents) == ("w", None, ())


def test_nan_and_infinity_on_request():
    assert math.isnan(find(values(allow_nan=True), lambda v: v.data != v.data).data)
    assert find(values(allow_infinity=True), lambda v: math.isinf(v.data)).data


def test_hypothesis_is_needed_only_for_strategies():
    program = (
        "import sys, autograd_lite.testing as t; t.check_grads; t.numerical_grad; t.Expression\n"
        "assert 'hypothesis' not in sys.modules\nt.expressions\nassert 'hypothesis' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def with_no_grad(x):
    with ag.no_grad():
        hidden = ag.sin(x)
    return hidden * x


def test_it_works_through_transforms_checkpoints_and_layers():
    assert check_grads(lambda x: ag.grad(lambda t: ag.sin(t) * t**2)(x), 0.7).worst < 1.0
    assert check_grads(lambda x, y: ag.jvp(lambda t: ag.sin(t) * y, (x,), (1.0,))[1], (0.7, 0.3)).worst < 1.0
    assert check_grads(lambda x: ag.checkpoint(lambda t: ag.exp(ag.sin(t)) * t, x) * x, 0.7, order=3).worst < 1.0
    assert check_grads(ag.vmap(lambda t: ag.sin(t) * t), (np.array([0.1, 0.2]),)).worst < 1.0
    layers = ag.nn.Sequential(ag.nn.Linear(2, 3), ag.nn.Tanh(), ag.nn.Linear(3, 1))
    assert check_grads(layers, (np.array([0.3, 0.4]),)).worst < 1.0
    with pytest.raises(CheckError, match="no_grad"):
        check_grads(with_no_grad, 0.5)


def test_a_wrong_rule_inside_a_checkpoint_is_named():
    sine = wrong_sine(1.5)
    with pytest.raises(CheckError) as caught:
        check_grads(lambda x: ag.checkpoint(lambda t: sine(t) * t, x), 0.7)
    assert caught.value.op == "sine"


@pytest.mark.parametrize("x", [1e200, 1e-8, 1e-300, -1e-5, 12345.678])
def test_large_and_small_arguments(x):
    for f in (lambda t: 3.0 * t, lambda t: ag.asinh(t), lambda t: ag.atan(t), lambda t: ag.log(abs(t))):
        assert check_grads(f, x, order=1).worst < 1.0


@pytest.mark.parametrize("at", [1e9, 1e11, 1e12, -1e12, 1e13, 1e14, -1.23456789e14])
@pytest.mark.parametrize("f", [ag.sin, ag.cos, lambda x: 2.0 * ag.sin(x) + x * 1e-12, lambda x: ag.sin(x) * ag.cos(x)])
def test_a_step_within_the_period(f, at):
    check_grads(f, (at,))
    exact = ag.grad(f)(at)
    found, error = numerical_grad(lambda x: f(x), (at,), return_error=True)
    assert found[0] == pytest.approx(exact, abs=4.0 * error[0] + 1e-9)
    assert error[0] < 0.01
    with pytest.raises(AssertionError):
        check_grads(lambda x: f(x) * 0.5 + f(x.detach()) * 0.5, (at,))  # half of the derivative is missing


@pytest.mark.parametrize("at", [1e15, -3e15, 1e16, 1e300])
@pytest.mark.parametrize("f", [ag.sin, ag.cos, lambda x: 2.0 * ag.sin(x), lambda x: ag.sin(3.0 * x)])
def test_where_the_next_number_is_a_period_away_nothing_is_said(f, at):
    """Neither that the rule is wrong nor that there is a kink: no two numbers are near enough to tell."""
    with pytest.raises(ValueError, match="no differences"):
        check_grads(f, (at,))


@pytest.mark.parametrize("at", [1e14, 1e15, 1e16])
def test_a_kink_far_out_is_one(at):
    found = slope(lambda t: abs(at + t - at), at, None, exact_grain(at))
    assert (found.kink, found.left, found.right) == (0.0, -1.0, 1.0)
    assert check_grads(lambda x: x * x, (at,)).worst < 1.0
