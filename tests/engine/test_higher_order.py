"""backward(create_graph=True): derivatives that are Values, to third order and beyond; all or nothing."""

from __future__ import annotations

import copy
import math
import pickle
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.errors import NonFiniteGradientWarning


def derivatives(f, at, order):
    """f, f′, f″ … by differentiating again and again."""
    x = Value(at)
    y = f(x)
    found = [y.data]
    for _ in range(order):
        x.grad = 0
        y.backward(create_graph=True)
        y = ag.identity(x.grad) if type(x.grad) is Value else Value(x.grad)  # a constant doesn't reach x
        found.append(y.data)
    return found


s, c = math.sin(0.6), math.cos(0.6)
e = math.exp(0.36)
CLOSED = [
    (ag.sin, [s, c, -s, -c, s]),
    (lambda x: x**4, [0.6**4, 4 * 0.6**3, 12 * 0.36, 24 * 0.6, 24.0]),
    (lambda x: ag.exp(x * x), [e, 1.2 * e, (2 + 4 * 0.36) * e, (12 * 0.6 + 8 * 0.216) * e]),
    (lambda x: 1.0 / x, [1 / 0.6, -1 / 0.36, 2 / 0.216, -6 / 0.6**4]),
    (ag.log, [math.log(0.6), 1 / 0.6, -1 / 0.36, 2 / 0.216]),
    (lambda x: ag.prod([x, x, x, 2.0]), [2 * 0.216, 6 * 0.36, 12 * 0.6, 12.0]),
    (lambda x: x * x * x, [0.216, 3 * 0.36, 6 * 0.6, 6.0, 0.0, 0.0]),
    (ag.relu, [0.6, 1.0]),
]


@pytest.mark.parametrize(("f", "values"), CLOSED)
def test_closed_forms(f, values):
    found = derivatives(f, 0.6, len(values) - 1)
    assert found == pytest.approx(values, rel=1e-13, abs=1e-13)


@given(st.sampled_from(["sin", "exp", "tanh", "atan", "softplus", "sigmoid", "log1p", "sqrt"]), st.floats(0.2, 2.0))
def test_create_graph_agrees_with_nested_transforms(name, at):
    f = getattr(ag, name)
    found = derivatives(f, at, 3)
    g = f
    for value in found[1:]:
        g = ag.grad(g)
        assert g(at) == pytest.approx(value, rel=1e-13, abs=1e-15)


@given(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_first_order_is_the_plain_gradient(a, b):
    assume(abs(b) > 1e-3)
    for f in (lambda x, y: ag.sin(x * y) / y + x * x, lambda x, y: ag.hypot(x, y) * ag.exp(-x)):
        x, y = Value(a), Value(b)
        f(x, y).backward()
        u, v = Value(a), Value(b)
        f(u, v).backward(create_graph=True)
        assert u.grad.data == pytest.approx(x.grad, rel=1e-14, abs=1e-300)
        assert v.grad.data == pytest.approx(y.grad, rel=1e-14, abs=1e-300)


def test_mixed_partials():
    x, y = Value(0.5), Value(2.0)
    (x**2 * y**3).backward(create_graph=True)
    gx, gy = x.grad, y.grad
    assert (gx.data, gy.data) == (8.0, 3.0)
    x.grad = y.grad = 0
    gx.backward(create_graph=True)
    assert (x.grad.data, y.grad.data) == (16.0, 12.0)
    gxy = y.grad
    x.grad = y.grad = 0
    gxy.backward()
    assert (x.grad, y.grad) == (24.0, 12.0)


def test_leaves_add_up_and_inner_nodes_start_afresh():
    x = Value(3.0)
    h = x * x
    y = h * 2.0
    y.backward(create_graph=True)
    y.backward(create_graph=True)
    assert x.grad.data == 24.0
    assert h.grad.data == 2.0
    y.backward()
    assert x.grad.data == 36.0
    assert type(x.grad) is Value
    x.grad = 0.0
    y.backward()
    y.backward(create_graph=True)
    assert x.grad.data == 24.0
    x.grad = None
    assert x.grad == 0.0


def test_every_gradient_is_a_value():
    x, b = Value(3.0), Value(1.0)
    y = x * 2.0 + b
    y.backward(create_graph=True)
    assert all(type(v.grad) is Value for v in (x, b, y))
    leaf = Value(1.0)
    leaf.backward(create_graph=True)
    assert type(leaf.grad) is Value


def test_seeds_that_are_values():
    x, t = Value(3.0), Value(2.0)
    (x * x).backward(seed=t, create_graph=True)
    assert x.grad.data == 12.0
    (x.grad * 1.0).backward()
    assert t.grad == 6.0
    with pytest.raises(TypeError, match=r"\.data"):
        (x * x).backward(seed=t)


def test_a_gradient_penalty():
    """d/dw of (∂(w·x²)/∂x)² = 8wx²."""
    x, w = Value(1.5), Value(0.7)
    (w * x * x).backward(create_graph=True)
    g = x.grad
    x.grad = w.grad = 0
    (g * g).backward()
    assert w.grad == pytest.approx(8 * 0.7 * 2.25, rel=1e-15)


def test_nonfinite_gradients_warn_here_too():
    x = Value(0.0, label="width")
    with pytest.warns(NonFiniteGradientWarning, match="width"):
        ag.log(x).backward(create_graph=True)
    assert x.grad.data == math.inf
    with pytest.warns(NonFiniteGradientWarning):
        ag.log(ag.exp(Value(1000.0))).backward(create_graph=True)


class Stubborn(Value):
    """A leaf that can't be written to."""

    __slots__ = ("refuse",)

    def __init__(self, number):
        self.refuse = True
        super().__init__(number)

    def _set_gradient(self, gradient):
        if self.refuse and getattr(gradient, "data", gradient) != 0.0:
            self.refuse = False  # once
            raise KeyboardInterrupt
        super()._set_gradient(gradient)


@pytest.mark.parametrize("create", [False, True])
def test_an_interrupt_leaves_every_gradient_as_it_was(create):
    x, z = Value(2.0), Value(5.0)
    (x * z).backward()
    bad = Stubborn(3.0)
    y = ag.sum([x * bad, z * x, bad])
    before = [v.grad for v in ag.topological_order(y)]
    with pytest.raises(KeyboardInterrupt):
        y.backward(create_graph=create)
    assert [v.grad for v in ag.topological_order(y)] == before
    y.backward(create_graph=create)
    assert getattr(x.grad, "data", x.grad) == 5.0 + 8.0


def test_rules_that_fail_leave_every_gradient_as_it_was():
    bad = ag.primitive(partials=lambda out, x: (1.0,) if type(x) is float else 1 / 0)(lambda x: x)
    x, z = Value(2.0), Value(3.0)
    y = bad(x) * z
    y.backward()
    before = [v.grad for v in ag.topological_order(y)]
    with pytest.raises(ZeroDivisionError):
        y.backward(create_graph=True)
    assert [v.grad for v in ag.topological_order(y)] == before


def test_deep_graphs_at_second_order():
    x = Value(1.0)
    v = x
    for _ in range(20_000):
        v = v * 1.0 + 0.0
    (v * v).backward(create_graph=True)
    g, x.grad = x.grad, 0
    g.backward()
    assert x.grad == 2.0


@pytest.mark.parametrize("way", [lambda things: pickle.loads(pickle.dumps(things)), copy.deepcopy])
@pytest.mark.parametrize("first", ["leaves", "energy"])
def test_gradients_that_lead_from_leaf_to_leaf_are_copied_at_any_length(way, first):
    """The gradient of each leaf of a chain of springs is made of its neighbours, which have their own."""
    leaves = [Value(1.0 + 0.001 * k) for k in range(3_000)]
    energy = ag.sum([(a - b) ** 2 for a, b in pairwise(leaves)])
    energy.backward(create_graph=True)
    pair = [leaves, energy] if first == "leaves" else [energy, leaves]
    made = way(pair)
    theirs, total = made if first == "leaves" else reversed(made)
    assert total.data == energy.data
    assert [leaf.grad.data for leaf in theirs] == [leaf.grad.data for leaf in leaves]
    slope = theirs[1].grad
    for leaf in theirs:
        leaf.grad = 0.0
    slope.backward()
    assert [leaf.grad for leaf in theirs[:4]] == [-2.0, 4.0, -2.0, 0.0]
    assert all(isinstance(leaf.grad, Value) for leaf in leaves)
