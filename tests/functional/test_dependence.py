"""A transform whose function refers to a live Value passes its derivatives on, wherever it runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.functional.pytree import flatten
from autograd_lite.nn import micrograd


def numbers_of(results):
    out = []
    flatten(results, out, "test")
    return out


TRANSFORMS = {  # of x·w² at x = 2, each with d/dw at w = 3 of all that it returns, added up
    "grad": (lambda f: ag.grad(f)(2.0), 6.0),
    "value_and_grad": (lambda f: ag.value_and_grad(f)(2.0), 12.0 + 6.0),
    "jvp": (lambda f: ag.jvp(f, (2.0,), (5.0,)), 12.0 + 30.0),
    "vjp": (lambda f: ag.vjp(f, 2.0)[1](5.0), 30.0),
    "jacobian forward": (lambda f: ag.jacobian(f, mode="forward")(2.0), 6.0),
    "jacobian reverse": (lambda f: ag.jacobian(lambda x: [f(x)] * 2, mode="reverse")(2.0), 12.0),
    "hessian": (lambda f: ag.hessian(lambda x: f(x * x))(2.0), 12.0),
    "hvp": (lambda f: ag.hvp(lambda x: f(x * x), 2.0, 1.0), 12.0),
    "vmap": (lambda f: ag.vmap(ag.grad(f))([1.0, 2.0]), 12.0),
    "grad of grad": (lambda f: ag.grad(ag.grad(lambda x: f(x * x)))(2.0), 12.0),
    "a function of nothing inside": (lambda f: ag.value_and_grad(lambda x: f(1.0))(2.0), 6.0),
}
WHERE = ["a leaf", "an inner node", "a parameter", "in a transform", "in a thread", "in a hook", "anomalies looked for"]


@pytest.mark.parametrize("how", TRANSFORMS)
@pytest.mark.parametrize("where", WHERE)
def test_no_float_has_lost_a_derivative(how, where):
    transform, wanted = TRANSFORMS[how]

    def total(w):
        return ag.sum(numbers_of(transform(lambda x: x * w * w)))

    if where == "in a transform":
        assert ag.grad(total)(3.0) == wanted
        assert ag.jvp(total, (3.0,), (1.0,))[1] == wanted
        return
    if where == "in a thread":
        with ThreadPoolExecutor(2) as pool:
            assert ag.grad(lambda w: ag.sum(pool.map(total, [w, w])))(3.0) == 2 * wanted
        return
    if where == "a parameter":
        layer = ag.nn.Linear(1, 1, bias=False)
        layer.weight.data[...] = 3.0
        ag.sum(numbers_of(transform(lambda x: layer([layer([x])[0]])[0]))).backward()
        assert layer.weight.grad.item() == pytest.approx(wanted, rel=1e-14)
        return
    w = Value(3.0)
    if where == "in a hook":
        y = w * 1.0
        found = []
        y.register_hook(lambda g: found.append(total(w)))
        y.backward()
        w.grad = 0.0
        found[0].backward()
    elif where == "anomalies looked for":
        with ag.detect_anomaly():
            total(w).backward()
    else:
        total(w if where == "a leaf" else w * 1.0).backward()
    assert w.grad == wanted


@pytest.mark.parametrize("how", TRANSFORMS)
def test_floats_where_nothing_outside_is_alive(how):
    transform, _ = TRANSFORMS[how]
    w = Value(3.0)

    def within(x):
        with ag.no_grad():
            c = w * w
        return x * c

    for f in (
        lambda x: x * Value(9.0),
        lambda x: x * ag.where(x > 0, Value(9.0), 1.0),
        lambda x: x * (w.detach() * w.data),
        lambda x: x * sum(ag.values([4.0, 5.0])),
        lambda x: x * 9.0,
        within,
    ):
        assert {type(y) for y in numbers_of(transform(f))} == {float}
    with ag.no_grad():
        assert {type(y) for y in numbers_of(transform(lambda x: x * w * w))} == {float}


def test_a_transform_of_constants_inside_another_gives_floats():
    inner = []
    assert ag.grad(lambda x: x * (inner.append(ag.grad(lambda y: y * y)(3.0)) or inner[0]))(2.0) == 6.0
    assert type(inner[0]) is float


def test_a_pullback_inside_another_transform():
    _, pullback = ag.vjp(lambda a: a * a * a, 2.0)
    assert type(pullback(1.0)[0]) is float
    assert ag.grad(lambda s: pullback(s * s)[0])(3.0) == 12.0 * 6.0

    def outer(w):
        _, pull = ag.vjp(lambda a: a * w, 2.0)
        return pull(1.0)[0] * 5.0

    assert ag.grad(outer)(3.0) == 5.0
    w = Value(3.0)
    _, pull = ag.vjp(lambda a: a * w * w, 2.0)
    assert ag.grad(lambda s: pull(s)[0])(2.0).data == 9.0
    ag.grad(lambda s: pull(s)[0])(2.0).backward()
    assert w.grad == 6.0


def test_a_value_made_in_another_transform_is_outside():
    kept = []

    def outer(x):
        kept.append(x * 1.0)
        return ag.grad(lambda y: y * kept[-1])(1.0) * x

    assert ag.grad(outer)(3.0) == 6.0
    constants = []

    def with_a_constant(x):
        constants.append(Value(4.0))  # inside for this transform, outside for the next
        return ag.grad(lambda y: y * y * constants[-1] * x)(1.0)

    assert ag.grad(with_a_constant)(3.0) == 8.0
    assert type(ag.grad(with_a_constant)(3.0)) is float
    assert type(ag.grad(lambda x: x * constants[-1])(3.0)) is Value


def test_checkpoints_and_transforms_inside_each_other_reach_what_is_outside():
    w, x = Value(3.0), Value(2.0)
    layer = ag.nn.Linear(1, 1, bias=False)
    layer.weight.data[...] = 3.0
    for scale in (lambda t: t * w, lambda t: layer([t])[0], lambda t: ag.checkpoint(lambda u: layer([u])[0], t)):
        slope = ag.grad(lambda t: ag.checkpoint(lambda u: scale(u) * u, t))(2.0)  # noqa: B023
        slope.backward()
    assert w.grad == 4.0
    assert layer.weight.grad.item() == 8.0
    w.grad = 0
    # within the checkpoint, a transform refers to a Value made there, and to one from outside
    y = ag.checkpoint(lambda t: (lambda u: ag.grad(lambda v: v * v * u * w)(5.0))(t * t), x)
    assert y.data == 120.0
    y.backward()
    assert (x.grad, w.grad) == (120.0, 40.0)


def test_hooks_run_once_where_a_closure_makes_the_sweep_a_recording():
    w, seen = Value(3.0), []

    def f(x):
        y = x * w
        y.register_hook(seen.append)
        return y * 2.0

    assert ag.grad(f)(1.0).data == 6.0
    assert len(seen) == 1


# --- inside and outside ---------------------------------------------------------------------------------------------


def test_what_a_function_makes_itself_is_not_outside():
    """A leaf, a frozen layer's numbers, a detached number: the result stays a float."""
    x = Value(7.0)
    for f in (
        lambda v: v * Value(2.0), lambda v: v * Value(2.0) * Value(3.0), lambda v: ag.sum([v, Value(1.0), v]),
        lambda v: v * x.detach(), lambda v: v * x.data, lambda v: ag.where(v > 0.0, v * Value(1.0), v),
        lambda v: ag.dot([v, Value(2.0)], [Value(1.0), v]),
    ):  # fmt: skip
        for transform in (ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian, lambda f: ag.grad(ag.grad(f))):
            found = transform(f)(3.0)
            assert all(type(number) is float for number in (found if isinstance(found, tuple) else (found,)))
        value, tangent = ag.jvp(f, (3.0,), (1.0,))
        assert (type(value), type(tangent)) == (float, float)


@pytest.mark.parametrize("make", [lambda: ag.nn.Linear(2, 1), lambda: ag.nn.MLP(2, [3, 1])])
def test_a_layer_s_parameters_are_outside(make):
    """They are no nodes of the graph; the derivative wrt the input still depends on them."""
    ag.manual_seed(1)
    layer = make()

    def out(v):
        y = layer([v, v * 2.0])
        return y[0] if isinstance(y, (list, np.ndarray)) else y

    ways = (
        ag.grad,
        lambda f: lambda x: ag.jvp(f, (x,), (1.0,))[1],
        lambda f: lambda x: ag.vjp(f, x)[1](1.0)[0],
        lambda f: lambda x: ag.jacobian(f)(x),
    )
    for transform in ways:
        layer.zero_grad()
        slope = transform(out)(0.3)
        assert isinstance(slope, Value)
        slope.backward()
        assert any(bool(np.any(p.grad)) for p in layer.parameters())


def test_a_neuron_of_n_operands_depends_on_its_layer():
    """micrograd's neurons are one n-ary node each, whose weights wait in a sink."""
    ag.manual_seed(0)
    neuron = micrograd.Neuron(2)
    slope = ag.grad(lambda v: neuron([v, v * v]))(0.4)
    assert isinstance(slope, Value)
    slope.backward()
    assert any(p.grad != 0.0 for p in neuron.parameters())


def test_a_compiled_call_depends_on_its_layer():
    """Its one node keeps the parameters in a sink: a derivative of it is no float that has lost them."""
    ag.manual_seed(0)
    layer = ag.nn.Linear(2, 1)
    called = ag.compile(lambda v: layer([v, v * 2.0])[0])
    with pytest.raises(NotImplementedError, match="closes over parameters"):
        ag.grad(lambda v: called(v) * v)(0.3)
    for f in (called, lambda t: layer([t, t * 2.0])[0]):
        layer.zero_grad()
        slope = ag.grad(lambda v, f=f: ag.checkpoint(lambda t: f(t) * t, v))(0.3)
        assert isinstance(slope, Value)
        slope.backward()
        assert layer.weight.grad.tolist() == [[0.6, 1.2]]
    with ag.no_grad():
        assert type(ag.grad(lambda v: layer([v, v * 2.0])[0] * v)(0.3)) is float


def test_a_transform_inside_a_checkpoint_uses_an_outer_value():
    w, x = Value(1.5, "w"), Value(0.7, "x")

    def f(x):
        inner = ag.grad(lambda t: ag.sin(t * w) * t)(x)
        return inner * x + ag.jvp(lambda t: t * t * w, (x,), (1.0,))[1]

    f(x).backward()
    wanted = (x.grad, w.grad)
    x.grad = w.grad = 0.0
    y = ag.checkpoint(f, x)
    assert set(ag.topological_order(y)) == {x, w, y}
    assert sorted(v.label for v in y.parents) == ["w", "x"]
    y.backward()
    assert (x.grad, w.grad) == pytest.approx(wanted, rel=1e-14)
    assert w.grad != 0.0
    assert ag.grad(lambda x: ag.checkpoint(f, x))(0.7).data == pytest.approx(wanted[0], rel=1e-14)


def test_a_value_that_only_the_inner_transform_of_a_checkpoint_uses():
    w, x = Value(1.5), Value(0.7)
    y = ag.checkpoint(lambda x: ag.grad(lambda t: ag.exp(t * w))(x), x)
    y.backward()
    e = ag.exp(0.7 * 1.5)
    assert (x.grad, w.grad) == pytest.approx((1.5 * 1.5 * e, e * (1.0 + 0.7 * 1.5)), rel=1e-14)
