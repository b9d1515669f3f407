"""Scope tools: no_grad, hooks, checkpoint, anomalies, zero_grad."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import re
import threading

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine.sweeps import STATE

# --- no_grad --------------------------------------------------------------------------------------------------------


def test_no_grad_records_nothing():
    x = Value(3.0)
    with ag.no_grad():
        y = x * x + ag.sin(x) + ag.sum([x, x, x])
    assert y.data == 9.0 + math.sin(3.0) + 9.0
    assert y.op is None
    assert y.parents == ()
    y.backward()
    assert x.grad == 0.0
    assert (x * 2).parents == (x,)


def test_no_grad_as_a_decorator_and_entered_twice():
    scope = ag.no_grad()

    @scope
    def f(x):
        """The docstring."""
        with scope:
            x * x
        return x * x

    @ag.no_grad
    def g(x):
        return x * x

    x = Value(2.0)
    with scope, scope:
        assert (x * x).parents == ()
    assert f(x).parents == ()
    assert g(x).parents == ()
    assert f.__doc__ == "The docstring."
    assert (x * x).parents == (x, x)
    with pytest.raises(TypeError, match="generator"):

        @ag.no_grad()
        def h(x):
            yield x


def test_no_grad_ends_with_an_exception_and_is_this_threads_own():
    x = Value(2.0)
    seen = []

    def fail():
        with ag.no_grad():
            worker = threading.Thread(target=lambda: seen.append((x * x).parents))
            worker.start()
            worker.join()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen == [(x, x)]
    assert (x * x).parents == (x, x)


def test_no_grad_and_transforms():
    x = Value(2.0)
    with ag.no_grad():
        assert ag.grad(lambda a: a**3)(2.0) == 12.0, "a transform records for itself"
        g = ag.grad(lambda a: a**3)(x)
        assert (g.data, g.parents) == (12.0, ())

    def f(a):
        with ag.no_grad():
            b = a * a
        return a * b

    assert ag.grad(f)(3.0) == 9.0


# --- hooks ----------------------------------------------------------------------------------------------------------


def test_a_hook_sees_the_complete_adjoint_before_it_is_passed_on():
    x = Value(2.0)
    h = x * 3.0
    y = h * h + h * 5.0
    seen = []
    h.register_hook(lambda g: seen.append((g, x.grad)))
    y.backward()
    assert seen == [(17.0, 0.0)]
    assert x.grad == 51.0


def test_hooks_replace_in_order_and_can_be_removed():
    x = Value(2.0)
    h = x * 3.0
    first = h.register_hook(lambda g: g + 1.0)
    second = h.register_hook(lambda g: 10.0 * g)
    (h * 5.0).backward()
    assert x.grad == 60.0 * 3.0
    assert h.grad == 60.0
    first.remove()
    first.remove()
    x.grad = 0
    h.backward()
    assert x.grad == 30.0
    second.remove()
    x.grad = 0
    h.backward()
    assert x.grad == 3.0


def test_a_hook_on_a_leaf_sees_this_sweeps_part():
    x = Value(2.0)
    seen = []
    with x.register_hook(lambda g: seen.append(g)):
        (x * 3.0).backward()
        (x * 5.0).backward()
    (x * 7.0).backward()
    assert seen == [3.0, 5.0]
    assert x.grad == 15.0


def test_hooks_in_every_kind_of_sweep():
    def f(x):
        h = x * x
        h.register_hook(lambda g: 2.0 * g)
        return h * 3.0

    assert ag.grad(f)(5.0) == 60.0
    assert ag.vjp(f, 5.0)[1](1.0) == (60.0,)
    assert ag.grad(ag.grad(f))(5.0) == 12.0
    x = Value(5.0)
    f(x).backward(create_graph=True)
    assert type(x.grad) is Value
    assert x.grad.data == 60.0
    x = Value(5.0)
    x.register_hook(lambda g: -g)
    assert ag.grad(lambda a: a.register_hook(lambda g: 7.0 * g) and a * 1.0)(1.0) == 7.0
    f(x).backward()
    assert x.grad == -60.0


def test_hooks_are_counted_as_long_as_they_live():
    gc.collect()
    before = len(STATE.hooks)
    x = Value(1.0)
    x.register_hook(lambda g: None)
    assert len(STATE.hooks) == before + 1
    del x
    assert len(STATE.hooks) == before


def test_what_goes_wrong_in_a_hook_leaves_every_gradient_alone():
    x, z = Value(2.0), Value(3.0)
    h = x * z
    y = h * h
    y.backward()
    before = (x.grad, z.grad, h.grad, y.grad)

    def reenter(g):
        y.backward()

    def fail(g):
        raise KeyError("hook")

    for hook, error in [(reenter, ag.ReentrantBackwardError), (fail, KeyError), (lambda g: "g", TypeError)]:
        handle = h.register_hook(hook)
        for create in (False, True):
            with pytest.raises(error):
                y.backward(create_graph=create)
            assert (x.grad, z.grad, h.grad, y.grad) == before
        handle.remove()
    y.backward()
    assert x.grad == 2 * before[0]
    with pytest.raises(TypeError, match="function"):
        x.register_hook(3)


def test_a_transform_inside_a_hook_works():
    x = Value(2.0)
    h = x * 3.0
    h.register_hook(lambda g: g * ag.grad(lambda t: t * t)(5.0))
    h.backward()
    assert x.grad == 30.0


# --- checkpoint -----------------------------------------------------------------------------------------------------


def layers(h, weights):
    for w, b in weights:
        h = [ag.tanh(w * v + b * h[0]) for v in h]
    return h


def make(n=12):
    inputs = [Value(0.1 * i - 0.2, label=f"x{i}") for i in range(4)]
    weights = [(Value(0.9 + 0.01 * i), Value(0.1 - 0.02 * i)) for i in range(n)]
    return inputs, weights


def test_checkpointed_gradients_are_those_of_the_whole_graph():
    inputs, weights = make()
    ag.sum(layers(inputs, weights)).backward()
    leaves = [*inputs, *(v for pair in weights for v in pair)]
    expected = [v.grad for v in leaves]
    for create in (False, True):
        ag.zero_grad(leaves)
        h = inputs
        for i in range(0, 12, 4):
            h = ag.checkpoint(layers, h, weights[i : i + 4])
        y = ag.sum(h)
        assert len(ag.topological_order(y)) == len(leaves) + 3 * 4 + 1
        y.backward(create_graph=create)
        np.testing.assert_allclose([float(getattr(v.grad, "data", v.grad)) for v in leaves], expected, rtol=1e-14)
        if not create:
            y.backward()
            np.testing.assert_allclose([v.grad for v in leaves], 2 * np.array(expected), rtol=1e-14)


def test_closed_over_values_get_their_gradients():
    x, w = Value(2.0), Value(3.0)
    inner = w * 5.0
    y = ag.checkpoint(lambda a: ag.sin(a * inner) + w, x) * 2.0
    assert set(ag.topological_order(y)) >= {x, w, inner}
    y.backward()
    assert x.grad == pytest.approx(2 * 15 * math.cos(30.0), rel=1e-14)
    assert w.grad == pytest.approx(2 * (10 * math.cos(30.0) + 1), rel=1e-14)


def test_one_stored_layer_in_ten():
    """Problem 7.11: of a hundred layers, ten are stored."""
    inputs, weights = make(100)
    whole = ag.cost(layers(inputs, weights))
    h = inputs
    most = []

    def stretch(h, weights):
        h = layers(h, weights)
        most.append(len([o for o in gc.get_objects() if type(o) is Value and o.op is not None]))
        return h

    for i in range(0, 100, 10):
        h = ag.checkpoint(stretch, h, weights[i : i + 10])
    stored = ag.cost(h)
    assert stored.nodes - stored.leaves == 10 * 4
    assert whole.nodes - whole.leaves == 100 * 4 * 4
    del most[:]
    gc.collect()
    ag.sum(h).backward()
    assert len(most) == 10
    assert max(most) - min(most) <= 45, "one stretch at a time is alive in the sweep"


def test_structures_other_arguments_and_results_handed_through():
    x = Value(2.0)
    k = ag.checkpoint(lambda a, scale, how: {"y": (a * scale, 3.0), "a": a, "how": how}, x, 5.0, how="z")
    assert k["a"] is x
    assert k["how"] == "z"
    assert k["y"][1] == 3.0
    k["y"][0].backward()
    assert x.grad == 5.0
    assert ag.checkpoint(lambda: 3.0) == 3.0
    y = ag.checkpoint(lambda v: v * v, ag.values([1.0, 2.0]))
    assert y.dtype == object
    same = ag.checkpoint(lambda a: [a * a] * 2, x)
    assert same[0] is same[1]


def test_checkpoint_in_transforms_and_at_higher_order():
    f = lambda x: ag.checkpoint(lambda t: ag.sin(t) * t, x)  # noqa: E731
    s, c = math.sin(0.7), math.cos(0.7)
    values = [c * 0.7 + s, 2 * c - s * 0.7, -3 * s - c * 0.7]
    for value in values:
        f = ag.grad(f)
        assert f(0.7) == pytest.approx(value, rel=1e-14)
    g = lambda v: ag.checkpoint(lambda v: ag.prod(v) * v[0], v)  # noqa: E731
    assert ag.hessian(g)([2.0, 3.0]) == [[6.0, 4.0], [4.0, 0.0]]
    assert ag.jvp(g, ([2.0, 3.0],), ([1.0, 0.0],))[1] == 12.0
    nested = lambda x: ag.checkpoint(lambda t: ag.checkpoint(ag.exp, t * t) * t, x)  # noqa: E731
    e = math.exp(0.25)
    assert ag.grad(nested)(0.5) == pytest.approx(e + 0.5 * e, rel=1e-14)
    assert ag.grad(ag.grad(nested))(0.5) == pytest.approx(6 * 0.5 * e + 4 * 0.125 * e, rel=1e-14)
    x = Value(0.5)
    nested(x).backward()
    assert x.grad == pytest.approx(e + 0.5 * e, rel=1e-14)
    inside = lambda x: ag.checkpoint(lambda t: ag.grad(lambda u: u**3 * t)(2.0) * t, x)  # noqa: E731
    assert ag.grad(inside)(5.0) == 120.0
    assert ag.checkpoint(lambda t: ag.grad(lambda u: u**3 * t)(t), Value(2.0)).data == 24.0


def test_checkpoint_shows_its_partials():
    x, w = Value(2.0), Value(3.0)
    y = ag.checkpoint(lambda a: a * a * w, x)
    assert y.op == "checkpoint"
    assert y.parents == (x, w)
    assert y.local_partials == (12.0, 4.0)


def test_a_checkpoint_that_does_not_repeat_itself_is_refused():
    x, w = Value(2.0), Value(3.0)
    draws = iter(range(100))
    y = ag.checkpoint(lambda a: a * w + next(draws), x)
    with pytest.raises(ag.GraphChangedError, match="random"):
        y.backward()
    assert (x.grad, w.grad) == (0.0, 0.0)
    y = ag.checkpoint(lambda a: a * w, x)
    x.data = 50.0
    y.backward()
    assert w.grad == 2.0, "an argument is remembered as it was"
    w.data = 4.0
    with pytest.raises(ag.GraphChangedError, match=r"3\.0, and is 4\.0"):
        y.backward()


def test_checkpoint_under_no_grad_and_in_copies():
    x = Value(2.0)
    with ag.no_grad():
        assert ag.checkpoint(ag.sin, x).parents == ()
    y = ag.checkpoint(ag.sin, x)
    with ag.no_grad():
        y.backward()
    assert x.grad == math.cos(2.0)
    z = copy.deepcopy([x, y * 2.0])
    z[0].grad = 0
    z[1].backward()
    assert z[0].grad == 2 * math.cos(2.0)
    z = pickle.loads(pickle.dumps([y * 2.0, x]))
    z[1].grad = 0
    z[0].backward()
    assert z[1].grad == 2 * math.cos(2.0)


# --- anomalies ------------------------------------------------------------------------------------------------------

ANOMALIES = [
    (lambda x: ag.log(x), 0.0, ValueError, "log"),
    (lambda x: ag.log(x), -1.0, ValueError, "log"),
    (lambda x: 1.0 / x, 0.0, ZeroDivisionError, "div"),
    (lambda x: x / x, 0.0, ZeroDivisionError, "div"),
    (lambda x: x**-1, 0.0, ZeroDivisionError, "pow"),
    (lambda x: x ** (1 / 3), -8.0, ValueError, "pow"),
    (lambda x: ag.exp(x), 1000.0, OverflowError, "exp"),
    (lambda x: x * x, 1e200, OverflowError, "mul"),
    (lambda x: x + x, 1e308, OverflowError, "add"),
    (lambda x: ag.sqrt(x), 0.0, ZeroDivisionError, "sqrt"),
    (lambda x: ag.asin(x), 1.0, ZeroDivisionError, "asin"),
    (lambda x: ag.sum([x, x, x]), 1e308, OverflowError, "sum"),
]


@pytest.mark.parametrize(("f", "at", "error", "name"), ANOMALIES)
def test_detect_anomaly_raises_what_python_raises(f, at, error, name):
    x = Value(at, label="width")
    with pytest.raises(error, match=rf"{name}.*'width' = {re.escape(repr(at))}") as caught, ag.detect_anomaly():
        f(x)
    assert isinstance(caught.value, ag.AnomalyError)
    assert "test_grad_mode.py" in str(caught.value)
    report = ag.explain_nonfinite(f(x) * 1.0)
    assert report
    assert report.node.op == name
    assert report.path[-1].op == "mul"


def test_the_users_line_is_in_the_message():
    with pytest.raises(ag.AnomalyError) as caught, ag.detect_anomaly():
        ag.log(Value(0.0))  # this very line
    assert "ag.log(Value(0.0))  # this very line" in str(caught.value)


def test_only_the_op_where_it_is_born_raises():
    x = Value(math.inf)
    with ag.detect_anomaly():
        y = x * 2.0 + 1.0
        z = ag.log(Value(1.0)) + Value(0.5) ** 2 + Value(-2.0) ** 2
    assert y.data == math.inf
    assert z.data == 4.25
    with ag.detect_anomaly():
        assert ag.grad(lambda x: x**2)(-2.0) == -4.0
        assert ag.grad(ag.grad(lambda x: x**2))(-2.0) == 2.0
        assert ag.grad(ag.grad(lambda x: x**2))(0.0) == 2.0
        v = Value(-2.0)
        (v**2).backward(create_graph=True)
    assert v.grad.data == -4.0
    f = ag.detect_anomaly(ag.log.__call__)
    with pytest.raises(ValueError, match="log"):
        f(Value(-1.0))
    assert (Value(0.0) * 1.0).data == 0.0


def test_backward_under_detect_anomaly_looks_at_graphs_recorded_outside_it():
    x = Value(0.0, label="width")
    y = ag.sqrt(x) * 2.0
    small = Value(1e-300, label="small")
    steep = small * 1e200 * 1e200
    for create_graph in (False, True):
        with pytest.raises(ZeroDivisionError, match="'width' is inf"), ag.detect_anomaly():
            y.backward(create_graph=create_graph)
        with pytest.raises(OverflowError, match="'small': every value is finite, but its adjoint is inf"):
            ag.detect_anomaly(steep.backward)(create_graph=create_graph)
    assert (x.grad, small.grad, y.grad) == (0.0, 0.0, 0.0)
    z = x + 1.0
    with ag.detect_anomaly():
        z.backward()
        (Value(math.inf, label="given") + x).backward()
    assert x.grad == 2.0


def test_explain_nonfinite_names_the_way_to_the_output():
    x = Value(1000.0, label="x")
    e = ag.exp(x).named("e")
    y = (ag.log(e) + 1.0).named("y")
    report = ag.explain_nonfinite(y)
    assert report.node is e
    assert report.kind == "value"
    assert report.path[0] is e
    assert report.path[-1] is y
    assert "exp('x' = 1000.0) is inf" in str(report)
    with ag.detect_anomaly():
        z = Value(math.nan, label="bad") * 2.0
    report = ag.explain_nonfinite(z)
    assert (report.kind, report.node.label) == ("leaf", "bad")
    small = Value(1e-300)
    huge = small * 1e200
    report = ag.explain_nonfinite(ag.div(huge, 1e-200) * 1e-200 * 1e200 * 1e200)
    assert (report.kind, report.node) in (("adjoint", small), ("adjoint", huge))
    assert not ag.explain_nonfinite(Value(1.0) * 2.0)
    assert "finite" in str(ag.explain_nonfinite(Value(1.0)))
    with pytest.raises(TypeError, match="float"):
        ag.explain_nonfinite(1.0)


def test_sources_are_remembered_under_the_mode():
    with ag.detect_anomaly():
        y = Value(math.inf) - 1.0
        z = (y - y).named("z")
    report = ag.explain_nonfinite(z)
    assert report.kind == "leaf"
    assert "z = (y - y)" in z._info.source


# --- zero_grad ------------------------------------------------------------------------------------------------------


def test_zero_grad_of_any_collection():
    leaves = [Value(float(i + 1)) for i in range(6)]
    ag.prod(leaves).backward()
    a = np.array(leaves[:2], dtype=object)
    ag.zero_grad([a, {"k": leaves[2]}, (leaves[3],), {leaves[4]}, (v for v in leaves[5:])])
    assert [v.grad for v in leaves] == [0.0] * 6

    class Model:
        def zero_grad(self):
            leaves[0].grad = 7.0

    ag.zero_grad(Model())
    assert leaves[0].grad == 7.0
    ag.zero_grad(leaves[0])
    assert leaves[0].grad == 0.0
    with pytest.raises(TypeError, match="str"):
        ag.zero_grad(["x"])
    x = Value(2.0)
    (x * x).backward(create_graph=True)
    ag.zero_grad(x)
    assert x.grad == 0.0
