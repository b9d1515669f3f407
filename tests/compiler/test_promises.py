"""The eager answer, or the plain function with one warning: small programs of every kind, three orders, many calls."""

from __future__ import annotations

import asyncio
import bisect
import copy
import dataclasses
import fractions
import functools
import heapq
import itertools
import math
import pickle
import random
import statistics
import sys
import threading
import warnings

import numpy as np
import pytest

import autograd_lite as ag

from .promises import (
    FLOATS,
    POOL,
    TRANSFORMS,
    Named,
    Pair,
    Plain,
    assert_promised,
    close,
    closing,
    halved,
    numbers,
)


def newton(a):
    w = 1.0
    for _ in range(12):
        value, slope = ag.value_and_grad(lambda w: w * w * w + w - a)(w)
        w = w - value / slope
    return w


def descent(x):
    p = [1.0, -1.0]
    for _ in range(4):
        g = ag.grad(lambda p: (p[0] - x) ** 2 + x * p[1] ** 2)(p)
        p = [a - 0.1 * b for a, b in zip(p, g)]
    return p[0] * p[1]


def implicit(x):
    root = 1.0
    for _ in range(8):
        root = root - (root**3 + root - x) / (3.0 * root**2 + 1.0)
    return ag.sin(root)


def penalty(x):
    def f(w):
        return ag.tanh(w * x) * w

    return f(0.5) + ag.grad(f)(0.5) ** 2


#: functions of one float to a float, all derivatives of which exist
SMOOTH = {
    "plain": lambda x: ag.sin(x) * x * x,
    "copy": lambda x: copy.copy(x) * x,
    "copy of a node": lambda x: copy.copy(x * x) * x,
    "deepcopy": lambda x: copy.deepcopy(x) ** 2,
    "deepcopy of a list": lambda x: copy.deepcopy([x, 2 * x])[1] ** 3,
    "deepcopy of a dict": lambda x: copy.deepcopy({"a": x * x})["a"] * x,
    "deepcopy of an object": lambda x: copy.deepcopy(Plain(x)).x ** 2,
    "array copy": lambda x: np.array([x, x * x], dtype=object).copy()[1] * x,
    "deepcopy of an array": lambda x: copy.deepcopy(np.array([x, x], dtype=object))[0] ** 2,
    "asdict": lambda x: dataclasses.asdict(Pair(x, x * x))["y"] * x,
    "astuple": lambda x: dataclasses.astuple(Pair(x, x))[0] ** 2,
    "replace": lambda x: dataclasses.replace(Pair(x, x), y=2 * x).y ** 2,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)) ** 2,
    "pickle of a node": lambda x: pickle.loads(pickle.dumps([x * x]))[0] * x,
    "generator": lambda x: sum(v * v for v in (x, 2 * x)),
    "generator function": lambda x: sum(iter([x * x, x])),
    "map and zip": lambda x: sum(map(lambda a, b: a * b, [x, 2.0], [x, x])),
    "reduce": lambda x: functools.reduce(lambda a, b: a * b, [x, x, 2.0]),
    "accumulate": lambda x: list(itertools.accumulate([x, x * x, x]))[-1] * x,
    "namedtuple": lambda x: Named(x, x * x).y * x,
    "object": lambda x: Plain(x * x).x * Plain.rate,
    "partial": functools.partial(lambda a, x: a * x * x, 3.0),
    "thread": lambda x: POOL.submit(lambda: x * x).result() * x,
    "number in a thread": lambda x: x * POOL.submit(lambda: float(getattr(x, "data", x))).result(),
    "new thread": lambda x: in_a_thread(lambda: x * x),
    "grad over the variable": lambda x: ag.grad(lambda y: x * x * y * y)(2.0),
    "grad of the variable": lambda x: ag.grad(lambda y: y * y * y)(x),
    "grad of both": lambda x: x * ag.grad(lambda y: x * y * y)(x),
    "value_and_grad": lambda x: sum(ag.value_and_grad(lambda y: x * y * y)(2.0)),
    "detached in a grad": lambda x: ag.grad(lambda y: y * y * x.detach() if hasattr(x, "detach") else y * y * x)(2.0),
    "jvp": lambda x: sum(ag.jvp(lambda y: x * y * y, (2.0,), (x,))),
    "vjp": lambda x: ag.vjp(lambda y: x * y * y, 2.0)[1](x)[0],
    "hvp": lambda x: ag.hvp(lambda v: x * v[0] ** 2 * v[1], [1.0, x], [1.0, 0.5])[1],
    "jacobian": lambda x: ag.jacobian(lambda v: [x * v[0] * v[1], v[0]])([x, 2.0])[0][1],
    "hessian": lambda x: ag.hessian(lambda v: x * v[0] ** 2 * v[1])([1.0, 2.0])[0][0],
    "vmap of grad": lambda x: ag.sum(ag.vmap(ag.grad(lambda y: x * y**3))([1.0, 2.0, x])),
    "checkpoint": lambda x: ag.checkpoint(lambda y: ag.sin(y) * x, x * x),
    "grad over a checkpoint": lambda x: ag.grad(lambda y: ag.checkpoint(lambda z: z * z * x, y))(x),
    "grad of grad of grad": lambda x: ag.grad(ag.grad(ag.grad(lambda y: y**5 * x)))(x),
    "grad with a detached number": lambda x: ag.grad(lambda y: y * y * x)(float(ag.constant(x).data) if 0 else 2.0),
    "newton": newton,
    "descent": descent,
    "implicit": implicit,
    "penalty": penalty,
    "max of a list": lambda x: max([x * x, 0.1 * x - 50.0, -90.0]) * x,
    "min": lambda x: min(x * x, 100.0 + x) * x,
    "abs": lambda x: abs(x) * x * x,
    "clip": lambda x: ag.clip(x * x, -1e3, 1e3) * x,
    "sorted": lambda x: sorted([x, x + 10.0, x - 10.0])[2] ** 2,
    "two ways": lambda x: x * x if x > 1.0 else 3.0 * x * x * x,
    "while": lambda x: halved(x * x),
    "isinstance": lambda x: x * x if isinstance(x, (float, ag.Value)) else x,
    "math on constants": lambda x: x * math.sqrt(2.0) ** 2,
    "text": lambda x: x * x * len("ab"),
    "no_grad": lambda x: x * no_grad_square(x),
    "exec": lambda x: eval("x * x", {"x": x}),
    "try": lambda x: attempted(x),
    "with": lambda x: within(x),
    "star": lambda x: sum_of(*[x, x * x]),
    "nested functions": lambda x: (lambda y: (lambda z: z * y)(y))(x),
    "recursion": lambda x: power(x, 4),
    "dict of functions": lambda x: {"a": lambda v: v * v}["a"](x),
    "array expression": lambda x: (np.array([x, 2 * x]) ** 2).sum(),
    "matrix": lambda x: (np.array([[x, 1.0], [2.0, x]]) @ np.array([x, 1.0]))[0],
}  # fmt: skip


#: what plain floats may meet in Python's and NumPy's own functions
LIBRARY = {
    "asyncio": lambda x: asyncio.run(awaited(x)) * x,
    "to_thread": lambda x: asyncio.run(in_another(x)) * x,
    "compiled inside": lambda x: CUBE(x) * x,
    "np.dot": lambda x: np.dot(np.array([x, x]), np.array([1.0, 2.0])),
    "np.mean": lambda x: np.mean(np.array([x, x * x])),
    "np.linalg.norm": lambda x: np.linalg.norm(np.array([x, 2.0])),
    "np.max": lambda x: np.max(np.array([x * x, 1.0])) + np.array([x, 1.0]).max(),
    "clip method": lambda x: np.array([x * x, 1.0]).clip(0, 2)[0],
    "np.where": lambda x: np.where(np.array([x, 1.0]) > 0, np.array([x, 1.0]) * 2, 0.0)[0] * x,
    "np.isnan": lambda x: x if np.isnan(x) else x * 2,
    "np.argmax": lambda x: np.argmax(np.array([x, 1.0])) * x,
    "np.array2string": lambda x: len(np.array2string(np.array([1.0, 0.5]))) * x,
    "math": lambda x: math.sin(x) * math.floor(x),
    "statistics": lambda x: statistics.mean([x, x * x]),
    "Fraction": lambda x: x * fractions.Fraction(1, 3),
    "heapq": lambda x: heapq.nsmallest(1, [x * x, x + 5.0])[0] * x,
    "bisect": lambda x: bisect.bisect([0.0, 1.0, 2.0], x) * x,
    "float": lambda x: float(x) * 2,
    "int": lambda x: int(x) * x,
    "round": lambda x: round(x, 1) * x,
    "hash": lambda x: hash(x) * 0 + x,
    "set": lambda x: len({x, x * 1.0}) * x,
    "is_integer": lambda x: x * 2 if x.is_integer() else x,
    "complex": lambda x: abs(complex(x, 1.0)),
    "str": lambda x: len(str(x)) * x,
    "isinstance": lambda x: x * x if isinstance(x, (int, float)) else 2 * x,
    "type": lambda x: x * x if type(x).__name__ == "float" else 2 * x,
    "hasattr": lambda x: x * x if hasattr(x, "backward") else 2 * x,
    "match": lambda x: matched(x),
    "truth": lambda x: (x and x * x) * ((x - 2.0) or 5.0),
    "bools": lambda x: sum([x > 1, x > 0]) * x + int(x > 1),
    "max by key": lambda x: max([x, -x], key=lambda v: v * v) * max((x, 1), (2, 3))[0],
    "max default": lambda x: max([], default=x) * max(v for v in (x, 2 * x)),
    "list.sort": lambda x: sorted_in_place([x, 1.0, -x])[2],
    "list.index": lambda x: [x, 1.0].index(1.0) * x,
    "float array": lambda x: np.array([x], dtype=float)[0] * x,
    "assigned": lambda x: filled(x) * x,
}  # fmt: skip

CUBE = ag.compile(ag.grad(lambda y: y**3))


async def awaited(x):
    return x * x


async def in_another(x):
    return await asyncio.to_thread(lambda: x * x)


def matched(x):
    match x:
        case float():
            return x * x
        case _:
            return 2 * x


def sorted_in_place(items):
    items.sort()
    return items


def filled(x):
    a = np.zeros(2)
    a[0] = x
    return a[0]


@pytest.mark.parametrize("name", LIBRARY)
def test_what_is_not_made_for_values(name):
    f = LIBRARY[name]
    for transform in (lambda f: f, ag.grad, lambda f: ag.grad(ag.grad(f))):
        assert_promised(closing(f), FLOATS, transform)
    assert_promised(closing(f), [[2.0, 3.0], [0.5, -1.5]], ag.vmap)


def in_a_thread(f):
    found = []
    worker = threading.Thread(target=lambda: found.append(f()))
    worker.start()
    worker.join()
    return found[0]


@ag.no_grad()
def no_grad_square(x):
    return x * x


def attempted(x):
    try:
        return x * x / (1.0 if x > 0 else 0.0)
    except ZeroDivisionError:
        return x * x


def within(x):
    with np.errstate(all="ignore"):
        return x * x * x


def sum_of(*args):
    return sum(args)


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


@pytest.mark.parametrize("name", SMOOTH)
def test_values_and_derivatives_to_third_order(name):
    for transform in TRANSFORMS.values():
        assert_promised(closing(SMOOTH[name]), FLOATS, transform)


@pytest.mark.parametrize("name", SMOOTH)
def test_batches_jacobians_and_values(name):
    f = SMOOTH[name]
    assert_promised(closing(f), [[2.0, 3.0], [0.5, 1.5]], ag.vmap)
    assert_promised(closing(lambda v: [f(v[0]), v[0] * v[1]]), [([2.0, 3.0],), ([0.5, -1.0],)], ag.jacobian)
    for x in (2.0, 3.0):
        gradients = []
        for g in (f, ag.compile(f)):
            leaf = ag.Value(x)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                y = g(leaf)
            if isinstance(y, ag.Value):
                y.backward()
            gradients.append((numbers(y), leaf.grad))
        assert all(map(close, gradients[0][0], gradients[1][0])), gradients
        assert close(gradients[0][1], gradients[1][1]), gradients


@pytest.fixture
def busy():
    """Threads take turns between any two statements."""
    patience = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(patience)


def in_threads(work, compiled, start):
    workers = [threading.Thread(target=work, args=(compiled, 10 * start + k)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("kind", [list, np.array])
def test_threads_call_with_arguments_of_several_lengths(kind):
    f = ag.value_and_grad(lambda p: ag.sum([ag.tanh(a) * a for a in p]))
    wrong = []

    def work(compiled, seed):
        r = random.Random(seed)
        for _ in range(6):
            p = kind([r.gauss(0, 1) for _ in range(r.choice([3, 4, 9, 30]))])
            if not all(map(close, numbers(f(p)), numbers(compiled(p)))) or len(f(p)[1]) != len(compiled(p)[1]):
                wrong.append(p)

    for start in range(6):
        in_threads(work, ag.compile(f), start)
    assert not wrong


@pytest.mark.usefixtures("busy")
def test_threads_share_a_function_of_many_ways():
    """Each call's program is its own, also when what is generated for the next calls is made of it."""
    f = ag.value_and_grad(lambda p: sum(a * a for a in p if a > 0))
    wrong = []

    def work(compiled, seed):
        r = random.Random(seed)
        for _ in range(30):
            p = [r.gauss(0, 1) for _ in range(r.choice([3, 4, 5]))]
            if f(p) != compiled(p):
                wrong.append(p)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for start in range(12):
            compiled = ag.compile(f)
            in_threads(work, compiled, start)
            assert not wrong
            assert compiled.eager
