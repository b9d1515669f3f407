"""Transforms of random programs: forward equals reverse, gradients are those of backward, copies change nothing."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value

FINITE = st.floats(-3.0, 3.0, allow_nan=False)


# --- properties -----------------------------------------------------------------------------------------------------

UNARY = [
    ag.sin,
    ag.cos,
    ag.tanh,
    ag.sigmoid,
    ag.exp,
    ag.softplus,
    ag.atan,
    lambda x: x * x,
    lambda x: 1.0 / (2.0 + x * x),
]


@st.composite
def programs(draw, inputs=3):
    """A random function of three numbers to two, as a list of steps."""
    steps = []
    for i in range(draw(st.integers(1, 12))):
        pick = st.integers(0, inputs + i - 1)
        steps.append((draw(st.integers(0, 3)), draw(pick), draw(pick), draw(st.integers(0, len(UNARY) - 1))))
    return steps


def run(steps, x):
    values = list(x)
    for kind, a, b, u in steps:
        a, b = values[a], values[b]
        values.append(UNARY[u](a) if kind == 3 else (a + b, a * b, a - 0.5 * b)[kind])
    return [values[-1], values[-2]]


@settings(max_examples=60)
@given(programs(), st.lists(FINITE, min_size=3, max_size=3))
def test_forward_equals_reverse_and_hessians_are_symmetric(steps, x):
    f = lambda v: run(steps, v)  # noqa: E731
    forward = np.array(ag.jacobian(f, mode="forward")(x))
    reverse = np.array(ag.jacobian(f, mode="reverse")(x))
    scale = np.abs(reverse).max(initial=0.0) if np.isfinite(reverse).all() else np.nan
    if not scale < 1e100:
        return
    np.testing.assert_allclose(forward, reverse, rtol=1e-10, atol=1e-12 * (1.0 + scale))
    h = np.array(ag.hessian(lambda v: run(steps, v)[0])(x))
    if not np.abs(h).max() < 1e100:
        return
    np.testing.assert_allclose(h, h.T, rtol=1e-9, atol=1e-10 * (1.0 + np.abs(h).max()))
    both = np.array(ag.jacobian(ag.jacobian(lambda v: run(steps, v)[0], mode="forward"), mode="reverse")(x))
    np.testing.assert_allclose(both, h, rtol=1e-9, atol=1e-10 * (1.0 + np.abs(h).max()))


@settings(max_examples=40)
@given(programs(), st.lists(FINITE, min_size=3, max_size=3))
def test_grad_equals_backward_bit_for_bit(steps, x):
    leaves = [Value(t) for t in x]
    y = run(steps, leaves)[0]
    with np.errstate(all="ignore"):
        g = ag.grad(lambda v: run(steps, v)[0])(x)
    if all(map(math.isfinite, g)):
        y.backward()
        assert g == [v.grad for v in leaves]


@settings(max_examples=40)
@given(programs(), st.lists(FINITE, min_size=3, max_size=3))
def test_checkpoints_and_copies_change_nothing(steps, x):
    f = lambda v: run(steps, v)[0]  # noqa: E731
    g = lambda v: ag.checkpoint(f, v)  # noqa: E731
    first, second = ag.grad(f)(x), ag.hessian(f)(x)
    if not np.isfinite(second).all() or not np.isfinite(first).all():
        return
    scale = 1.0 + np.abs(second).max()
    np.testing.assert_allclose(ag.grad(g)(x), first, rtol=1e-12, atol=1e-13 * scale)
    np.testing.assert_allclose(ag.hessian(g)(x), second, rtol=1e-10, atol=1e-12 * scale)
    leaves = [Value(t, f"x{i}") for i, t in enumerate(x)]
    y = f(leaves)
    for copied in (copy.deepcopy, lambda y: pickle.loads(pickle.dumps(y)), lambda y: ag.from_json(ag.to_json(y))):
        c = copied(y)
        c.backward()
        grads = {v.label: v.grad for v in ag.topological_order(c) if v.op is None}
        assert [grads.get(f"x{i}", 0.0) for i in range(3)] == first
