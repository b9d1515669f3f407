"""vmap, compiled: every kind of argument and result that the loop takes and gives, without the loop."""

from __future__ import annotations

import collections
import sys
import threading

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value

Pair = collections.namedtuple("Pair", "a b")

rng = np.random.default_rng(0)
X, Y, ROWS = rng.normal(size=5), rng.normal(size=5), rng.normal(size=(5, 3))


def model(p, x, y):
    return (p[0] + p[1] * ag.sin(p[2] * x) - y) ** 2


def line(p, x):
    return p["w"][0] * x + p["b"] * p["w"][1]


def product(v):
    return v[0] * v[1] + v[2]


def branching(x):
    while x > 0.0:  # a decision, where an ``if`` is a choice
        return x * x
    return -x


#: the function, in_axes, the arguments, and whether its lanes are run as arrays
CASES = {
    "a shared array": (model, (None, 0, 0), (np.array([1.0, 2.0, 3.0]), X, Y), True),
    "a shared list": (model, (None, 0, 0), ([1.0, 2.0, 3.0], X, Y), True),
    "a shared dict": (line, (None, 0), ({"w": [1.0, 2.0], "b": 3.0}, X), True),
    "a shared text": (lambda x, mode: x * 2.0 if mode == "double" else x, (0, None), (X, "double"), True),
    "a batch in a dict": (line, 0, ({"w": ROWS, "b": Y}, X), True),
    "batches in a tuple": (lambda p, x: p[0] * x + p[1], 0, ((Y, X), X), True),
    "batches in a named tuple": (lambda p: p.a * p.b, 0, (Pair(X, Y),), True),
    "tuples in a dict": (lambda p: p["t"][0] * p["z"] + p["t"][1], 0, ({"t": (Y, X), "z": X},), True),
    "lists": (lambda x, y: ag.sin(x) * y, 0, (X.tolist(), Y.tolist()), True),
    "a list of rows": (product, 0, (ROWS.tolist(),), True),
    "a list of columns": (product, 1, (ROWS.T.tolist(),), True),
    "a list and an array": (lambda x, y: ag.sin(x) * y, 0, (X.tolist(), Y), True),
    "lists in, lists out": (lambda x: [[x, 1.0], [x * 2.0, x]], 0, (X.tolist(),), True),
    "lists in, a dict out": (lambda x: {"a": x, "b": (x * 2.0, [x])}, 0, (X.tolist(),), True),
    "lists in, arrays out": (lambda x: np.array([x, x * 2.0]), 0, (X.tolist(),), True),
    "branches, in a list": (branching, 0, (X.tolist(),), True),
    "a truth value that all share, out": (lambda x: (x, True), 0, (X,), False),
    "lists in, empty lists out": (lambda x: {"a": x, "b": []}, 0, (X.tolist(),), True),
    "lists in, nothing out": (lambda x: [], 0, (X.tolist(),), True),
    "nothing out": (lambda x: [], 0, (X,), True),
    "lists in, empty arrays out": (lambda x: (x, np.zeros((0, 2))), 0, (X.tolist(),), True),
    "comparisons, out": (lambda x: (x > 0.0, x), 0, (X,), True),
    "the last axis": (product, -1, (ROWS.T,), True),
    "rows of different lengths": (lambda v: ag.sum(v), 0, ([[1.0], [2.0, 3.0]],), False),
    "Values": (lambda x, y: x * y, 0, ([Value(1.0), Value(2.0)], [3.0, 4.0]), False),
    "a shared Value": (lambda w, x: w * x, (None, 0), (Value(2.0), [3.0, 4.0]), False),
}


def form(z):
    if isinstance(z, dict):
        return {key: form(item) for key, item in z.items()}
    if isinstance(z, (list, tuple)):
        return type(z), [form(item) for item in z]
    return (type(z), z.shape) if isinstance(z, np.ndarray) else type(z)


def numbers(z):
    if isinstance(z, dict):
        z = list(z.values())
    if isinstance(z, (list, tuple)) or (isinstance(z, np.ndarray) and z.dtype == object):
        return [number for item in z for number in numbers(item)]
    return [z.data] if isinstance(z, Value) else np.ravel(z).tolist()


@pytest.mark.parametrize("transform", [None, ag.grad, ag.value_and_grad, ag.jacobian])
@pytest.mark.parametrize("name", list(CASES))
def test_as_the_loop(name, transform, monkeypatch):
    f, in_axes, args, fast = CASES[name]
    loop = ag.vmap(f if transform is None else transform(f), in_axes=in_axes)
    compiled = ag.compile(loop)
    if transform not in (None, ag.jacobian) and "out" in name:
        with pytest.raises(TypeError, match="jacobian"):
            compiled(*args)
        return
    expected = loop(*args)
    if fast:
        monkeypatch.setattr(compiled, "looped", lambda *args: pytest.fail("lane by lane"))
    for _ in range(2):
        found = compiled(*args)
        assert form(found) == form(expected)
        np.testing.assert_allclose(numbers(found), numbers(expected), rtol=1e-12, atol=1e-14)


def squares(x, y):
    return ag.sum([a * a * b for a, b in zip(x, y)])


#: the function, in_axes, the arguments: calls of generated code, with nothing around it
GENERATED = {
    "numbers": (lambda x: x * ag.sin(x), 0, (X,)),
    "a derivative": (ag.grad(lambda x: x * ag.sin(x)), 0, (X,)),
    "two derivatives": (ag.grad(lambda x, y: x * ag.sin(x) * y, argnums=(0, 1)), 0, (X, Y)),
    "the value and derivatives": (ag.value_and_grad(lambda x, y: x * x * y, argnums=(1, 0)), 0, (X, Y)),
    "a derivative for an array": (ag.grad(squares), 0, (ROWS, ROWS + 1.0)),
    "derivatives for two arrays": (ag.grad(squares, argnums=(0, 1)), 0, (ROWS, ROWS + 1.0)),
    "arrays of several shapes": (ag.value_and_grad(lambda v, x: product(v) * x, argnums=(0, 1)), 0, (ROWS, X)),
    "a shared array": (ag.grad(squares, argnums=(0, 1)), (None, 0), (ROWS[0], ROWS)),
    "two arrays out": (lambda v: (v * 2.0, v * v), 0, (ROWS,)),
    "a list of arrays out": (lambda v: [v * 2.0, v * v, v], 0, (ROWS,)),
    "numbers in lists out": (lambda v: {"a": [v[0], v[1]], "b": (v[2], v)}, 0, (ROWS,)),
}


@pytest.mark.parametrize("lanes", [5, 3, 2, 1])
@pytest.mark.parametrize("name", list(GENERATED))
def test_generated_calls(name, lanes, monkeypatch):
    f, in_axes, args = GENERATED[name]
    loop = ag.vmap(f, in_axes=in_axes)
    compiled = ag.compile(loop)
    compiled(*args)
    monkeypatch.setattr(compiled, "_together", lambda *args: pytest.fail("the general way"))
    given = [x if axis is None else x[:lanes] for x, axis in zip(args, in_axes if in_axes else (0, 0))]
    found, expected = compiled(*given), loop(*given)
    assert form(found) == form(expected)
    np.testing.assert_allclose(numbers(found), numbers(expected), rtol=1e-12, atol=1e-14)


def test_generated_calls_hand_on_lanes_that_take_another_way(monkeypatch):
    loop = ag.vmap(ag.value_and_grad(branching))
    compiled = ag.compile(loop)
    compiled(np.abs(X))
    general, seen = compiled._together, []
    monkeypatch.setattr(compiled, "_together", lambda *args: seen.append(1) or general(*args))
    for x, handed_on in ((np.abs(X) + 1.0, False), (X, True), (-np.abs(X), True)):
        seen.clear()
        np.testing.assert_array_equal(compiled(x), loop(x))
        assert bool(seen) is handed_on


def test_named_arguments_are_shared():
    f = ag.compile(ag.vmap(lambda x, *, k=2.0: x * k))
    for found, expected in ((f(X), 2.0 * X), (f(X, k=5.0), 5.0 * X), (f(X, k=7.0), 7.0 * X)):
        np.testing.assert_allclose(found, expected)


def test_the_program_is_that_of_one_lane():
    f = ag.compile(ag.vmap(lambda x: x * ag.sin(x)))
    f(X)
    assert "sin(x)" in str(f.program)
    assert f.statements().count() == 2
    assert "sin" in f.source()
    assert "sin" in str(f.equations())


def test_threads_with_lanes_of_their_own_shapes():
    f = ag.compile(ag.vmap(ag.grad(lambda v: ag.sum([ag.sin(x) * x for x in v]))))
    wrong = []

    def work(k):
        own = np.random.default_rng(k)
        for _ in range(20):
            z = own.normal(size=(7, 1 + k))
            if not np.allclose(f(z), np.sin(z) + z * np.cos(z)):
                wrong.append(k)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong


#: results with what is no number, beside numbers and alone
STATIC = {
    "dict": lambda x: {"y": x * 2.0, "kind": "twice"},
    "tuple": lambda x: (x * 2.0, None, True),
    "array of texts": lambda x: np.array(["a", "b"]),
    "in a list": lambda x: [x, np.array(["a"])],
    "text": lambda x: "text",
    "nothing": lambda x: [],
}


@pytest.mark.parametrize("lanes", [[1.0, 2.0], np.arange(3.0), np.ones((2, 2))], ids=["list", "array", "rows"])
@pytest.mark.parametrize("name", STATIC)
def test_what_is_no_number_stands_in_results_as_in_plain_code(name, lanes):
    f, compiled, mapped = STATIC[name], ag.compile(STATIC[name]), ag.compile(ag.vmap(STATIC[name]))
    lane = np.asarray(lanes[0]).tolist() if np.ndim(lanes) == 1 else lanes[0]
    for _ in range(3):
        assert repr(compiled(lane)) == repr(f(lane))
        assert repr(mapped(lanes)) == repr(ag.vmap(f)(lanes))
