"""Compiled functions over Values, closed over or passed: the eager answer, its type, and the gradients it leaves."""

from __future__ import annotations

import copy
import math
import threading
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn


def number(v):
    return v.data if isinstance(v, ag.Value) else v


def close(a, b):
    return a == b or (a != a and b != b) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def in_a_thread(f):
    found = []
    worker = threading.Thread(target=lambda: found.append(f()))
    worker.start()
    worker.join()
    return found[0]


@ag.no_grad()
def scaled(x, w):
    return w * x


def unrolled(x, w):
    p = [w[0], w[1]]
    for _ in range(3):
        g = ag.grad(lambda p: (p[0] - x) ** 2 + p[0] * p[1] ** 2)(p)
        p = [a - 0.1 * b for a, b in zip(p, g)]
    return p[0] * p[1]


#: functions of a float x and a list of two Values that they close over
CLOSED = {
    "plain": lambda x, w: w[0] * x + w[1] ** 2,
    "grad": lambda x, w: ag.grad(lambda y: w[0] * y * y + w[1] * y)(x),
    "grad times": lambda x, w: w[0] * ag.grad(lambda y: w[0] * y * y * w[1])(x),
    "grad at": lambda x, w: ag.grad(lambda y: y**3 * x)(w[0]),
    "grad of a list": lambda x, w: sum(ag.grad(lambda p: p[0] ** 2 * p[1] * x)(w)),
    "value_and_grad": lambda x, w: sum(ag.value_and_grad(lambda y: w[0] * y * y * w[1])(x)),
    "jvp": lambda x, w: ag.jvp(lambda y: w[0] * y * y, (x,), (1.0,))[1],
    "vjp": lambda x, w: ag.vjp(lambda y: w[0] * y * y, x)[1](2.0)[0],
    "hvp": lambda x, w: ag.hvp(lambda v: w[0] * v[0] ** 2 * v[1], [x, 2.0], [1.0, w[1]])[0],
    "hessian": lambda x, w: ag.hessian(lambda v: w[0] * v[0] ** 2 * v[1] + w[1] * v[0] * v[1])([x, 2.0])[0][1],
    "jacobian": lambda x, w: ag.jacobian(lambda v: [w[0] * v[0] ** 2, w[1] * v[1]])([x, 2.0])[0][0],
    "vmap": lambda x, w: ag.sum(ag.vmap(lambda y: w[0] * y * x)([1.0, 2.0])),
    "penalty": lambda x, w: w[0] * ag.tanh(w[1] * x) + ag.grad(lambda y: w[0] * ag.tanh(w[1] * y))(x) ** 2,
    "third": lambda x, w: ag.grad(ag.grad(ag.grad(lambda y: w[0] * y**4 * w[1])))(x),
    "copy": lambda x, w: copy.copy(w[0]) * x + w[1],
    "deepcopy": lambda x, w: copy.deepcopy(w)[0] * x + w[1],
    "copy of a node": lambda x, w: copy.copy(w[0] * x) * w[1],
    "detach": lambda x, w: w[0].detach() * x + w[1],
    "no_grad": lambda x, w: scaled(x, w[0]) + w[1],
    "max": lambda x, w: max(w[0], w[1]) * x,
    "sorted": lambda x, w: sorted(w)[0] * x,
    "branch": lambda x, w: w[0] * x if w[0] > w[1] else w[1],
    "read": lambda x, w: w[0].data * x + w[1],
    "checkpoint": lambda x, w: ag.checkpoint(lambda y: w[0] * y * y, x) * w[1],
    "unrolled": unrolled,
    "thread": lambda x, w: in_a_thread(lambda: w[0] * x),
}


@pytest.mark.parametrize("name", CLOSED)
def test_closed_over_values_get_their_gradients(name):
    start = (2.0, -0.7)
    w = [ag.Value(v) for v in start]
    plain = lambda x: CLOSED[name](x, w)  # noqa: E731
    compiled = ag.compile(plain)
    for k in range(3):
        for leaf, v in zip(w, start):
            leaf.data = v + 0.3 * k
        found = []
        for f in (plain, compiled):
            ag.zero_grad(w)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                y = f(1.5 + k)
            if isinstance(y, ag.Value):
                y.backward()
            found.append((type(y), [number(y), *[number(leaf.grad) for leaf in w]]))
        assert found[0][0] is found[1][0]
        assert all(map(close, found[0][1], found[1][1])), found


#: functions of two numbers, Values or not
PASSED = {
    "product": lambda a, b: a * b,
    "list": lambda a, b: [a * b, a + b, a],
    "copy": lambda a, b: copy.copy(a) * b,
    "deepcopy": lambda a, b: copy.deepcopy([a])[0] * b,
    "grad": lambda a, b: ag.grad(lambda y: y * y * b)(a),
    "grad over": lambda a, b: ag.grad(lambda y: y * y * b * a)(2.0),
    "grad of a list": lambda a, b: ag.grad(lambda p: p[0] * p[1] ** 2)([a, b]),
    "value_and_grad": lambda a, b: ag.value_and_grad(lambda y: y * y * b)(a),
    "jacobian": lambda a, b: ag.jacobian(lambda v: [v[0] * v[1]])([a, b])[0],
    "max": lambda a, b: max(a, b) * a * b,
    "branch": lambda a, b: a * b if a > b else a + b,
    "constant": lambda a, b: [a, 2.0],
    "type": lambda a, b: a * b if isinstance(a, ag.Value) else 2 * a * b,
    "int type": lambda a, b: a * b if isinstance(a, int) else 2 * a * b,
}


@pytest.mark.parametrize("name", PASSED)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_values_and_numbers_as_arguments_of_one_function(name):
    f = PASSED[name]
    compiled = ag.compile(f)
    for k in range(2):
        for make in ((ag.Value, ag.Value), (float, ag.Value), (ag.Value, float), (float, float), (int, float)):
            found = []
            for g in (f, compiled):
                args = [kind(number) for kind, number in zip(make, (3.0 + k, 2.0))]
                y = g(*args)
                results = list(y) if isinstance(y, (list, tuple)) else [y]
                for v in results:
                    if isinstance(v, ag.Value):
                        v.backward()
                gradients = [number(arg.grad) for arg in args if isinstance(arg, ag.Value)]
                found.append(([isinstance(v, ag.Value) for v in results], [*map(number, results), *gradients]))
            assert found[0][0] == found[1][0], make
            assert all(map(close, found[0][1], found[1][1])), (make, found)


def test_a_gradient_penalty_of_a_network():
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))

    def loss(p):
        slope = ag.grad(lambda v: model([v])[0][0])(p)
        return model([p])[0][0] ** 2 + sum(g * g for g in slope)

    compiled = ag.compile(loss, strict=True)
    for k in range(3):
        found = []
        for f in (loss, compiled):
            model.zero_grad()
            y = f([0.3 + k, -0.2])
            y.backward()
            found.append([y.data, *[g for p in model.parameters() for g in np.ravel(p.grad).tolist()]])
        np.testing.assert_allclose(found[0], found[1], rtol=1e-9)


def test_what_was_read_is_the_very_float():
    """A zero's sign is asked for by little else."""

    def f(x):
        return x * math.copysign(1.0, float(x.data))

    compiled, plain = ag.compile(ag.grad(f)), ag.grad(f)
    for x in (0.0, -0.0, 0.0, -0.0, 1.0, -1.0, -0.0):
        assert compiled(x) == plain(x)


def test_a_result_of_nan_proves_nothing_of_types():
    """A function that asks for types is compared with plain code once; where all is nan, that says nothing."""

    def f(x):
        return math.nan if x != x else x * (2.0 if isinstance(x, float) else 3.0)

    def g(x):
        return ag.log(x) + (1.0 if isinstance(x, float) else 0.0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for plain in (f, g):
            compiled = ag.compile(plain)
            for x in (math.nan, -1.0, 2.0, 3.0):
                assert repr(compiled(x)) == repr(plain(x))
