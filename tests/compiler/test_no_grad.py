"""``no_grad`` within a recorded function: a choice gives one of its operands, derivative and all; operations cut."""

from __future__ import annotations

import functools
import heapq

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine import tape

CHOICES = {
    "min": lambda x, y: min(0.0, x),
    "max": lambda x, y: max(x, y),
    "max of few": lambda x, y: max([x, y, 0.1]),
    "max of many": lambda x, y: max([x, y, 0.5 * x, 0.2 * y, 0.1 * x, 0.3 * y, x + 0.1]),
    "max by key": lambda x, y: max([x, y], key=lambda t: -t),
    "max of made": lambda x, y: max(t * 2.0 for t in [x, y]),
    "sorted": lambda x, y: sorted([x, y])[0],
    "reduce": lambda x, y: functools.reduce(max, [x, y, x * y]),
    "heapq": lambda x, y: heapq.nlargest(1, [x, y])[0],
    "if": lambda x, y: x if x > y else y,
    "np.maximum": np.maximum,
    "np.max": lambda x, y: np.max(np.array([x, y])),
    "np.sort": lambda x, y: np.sort(np.array([x, y]))[0],
    "np.clip": lambda x, y: np.clip(x, -1.0, 1.0),
    "np.where": lambda x, y: np.where(np.array([x, y]) > 0, np.array([x, y]), 0.5)[0],
    "index": lambda x, y: [x, y][int(np.argmax(np.array([x, y])))],
    "ag.take": lambda x, y: ag.take([x, y], [1, 0])[0],
    "ag.sort": lambda x, y: ag.sort([x, y])[0],
    "ag.median": lambda x, y: ag.median([x, y, 2.0 * x]),
    "ag.quantile": lambda x, y: ag.quantile([x, y], 0.0),
    "ag.max": lambda x, y: ag.max([x, y]),
    "ag.maximum": ag.maximum,
    "ag.where": lambda x, y: ag.where(x > y, x, y),
    "product": lambda x, y: x * 1.0,
}


@pytest.mark.parametrize("choice", CHOICES.values(), ids=list(CHOICES))
def test_choices_and_operations(choice):
    def f(x, y):
        a, b = x * y, x - y
        with ag.no_grad():
            chosen = choice(a, b)
        return 3.0 * chosen + 0.1 * a

    compiled, gradient = ag.compile(f), ag.compile(ag.value_and_grad(f, argnums=(0, 1)))
    for point in [(0.3, -0.4), (0.5, 0.7), (-0.6, 2.0)]:
        x, y = map(Value, point)
        result = f(x, y)
        result.backward()
        wanted = result.data, (x.grad, y.grad)
        value, slopes = gradient(*point)
        assert (value, *slopes) == pytest.approx((wanted[0], *wanted[1]), rel=1e-12)
        x, y = map(Value, point)
        result = compiled(x, y)
        result.backward()
        assert (result.data, x.grad, y.grad) == pytest.approx((wanted[0], *wanted[1]), rel=1e-12)


def test_a_sort_keeps_its_operands_only_where_operations_do():
    x, y = Value(2.0), Value(1.0)
    assert ag.sort([x, y])[0] is y
    with ag.no_grad():
        least = ag.sort([x, y])[0]
    assert least is not y
    (3.0 * least).backward()
    assert y.grad == 0.0


@pytest.mark.parametrize(
    "scope",
    [
        lambda x: max(x, 0.1 * x),
        lambda x: ag.where(x > 0.0, x, 0.1),
        lambda x: ag.grad(ag.sin)(x),
        lambda x: unrecorded(x),
    ],
    ids=["max", "where", "grad", "no_grad"],
)
def test_what_comes_after_a_scope_is_recorded_as_quickly(scope, monkeypatch):
    """A recording whose scopes have all ended is the innermost again: nobody else is asked about its nodes."""
    asked, ask = [], tape.notify_all
    monkeypatch.setattr(tape, "notify_all", lambda node: asked.append(1) or ask(node))

    def f(x):
        y = scope(x)
        for _ in range(100):
            y = ag.sin(x + y)
        return y

    compiled = ag.compile(f)
    assert compiled(0.3) == f(0.3)
    assert len(compiled.program) > 100
    assert len(asked) < 20


def unrecorded(x):
    with ag.no_grad():
        return x * 2.0
