"""Sparse Jacobians in C: one function with the places of its numbers; loops back that find their factors kept."""

from __future__ import annotations

import ctypes
import random
import re
import subprocess

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.call import c_library

pytestmark = pytest.mark.skipif(c_library.c_compiler() is None, reason="no C compiler on PATH")

STRICT = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O2", "-ffp-contract=off")


def tridiagonal(p):
    n = len(p)
    return [p[i] * p[i] - 2.0 * p[max(i - 1, 0)] * ag.sin(p[min(i + 1, n - 1)]) for i in range(n)]


def rosenbrock(p):
    return ag.sum([100.0 * (p[i + 1] - p[i] * p[i]) ** 2 + (1.0 - p[i]) ** 2 for i in range(len(p) - 1)])


def arrow(p):
    """A dense row and a dense column: neither rows nor columns have few colours."""
    return [ag.sum([v * v for v in p]), *[p[0] * ag.exp(v) for v in p[1:]]]


def tall(p):
    """Ten outputs a number: columns are fewer than rows."""
    return [ag.sin(v * (k + 1.0)) for v in p for k in range(10)]


def two(p, q):
    return [a * b + a for a, b in zip(p, q)]


def guarded(p):
    while p[0] > 0.0:  # a decision, where an ``if`` is a choice
        return [v * v for v in p]
    return [-v for v in p]


def points(n):
    return [0.5 + 0.7 * k / n for k in range(n)]


CASES = {
    "tridiagonal": (ag.jacobian(tridiagonal), (points(60),)),
    "Rosenbrock": (ag.hessian(rosenbrock), (points(50),)),
    "tall": (ag.jacobian(tall), (points(12),)),
    "two arguments": (ag.jacobian(two, argnums=(0, 1)), (points(40), points(40))),
    "arrow": (ag.jacobian(arrow), (points(30),)),
    "guarded": (ag.jacobian(guarded), (points(40),)),
    "large": (ag.jacobian(tridiagonal), (points(2500),)),
}


@pytest.mark.parametrize("form", ["lists", "arrays"])
@pytest.mark.parametrize("name", [name for name in CASES if name != "large"])
def test_sparse_jacobians(name, form):
    f, args = CASES[name]
    args = [np.array(x) for x in args] if form == "arrays" else args
    compiled = ag.compile(f, backend="c", strict=True)
    for scale in (1.0, 1.0, 0.7):
        given = [x * scale if form == "arrays" else [v * scale for v in x] for x in args]
        found, expected = compiled(*given), f(*given)
        assert type(found) is type(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_one_call_makes_all_sweeps(monkeypatch):
    """Guards and numbers that are not finite included: then the plain function says what they are."""
    compiled = ag.compile(ag.jacobian(guarded), backend="c", strict=True)
    calls = []
    x = points(40)
    compiled(x)
    run = compiled.last.run
    monkeypatch.setattr(compiled.last, "run", lambda *args: calls.append(args) or run(*args))
    compiled([v * 2.0 for v in x])
    assert len(calls) == 1
    other = [-1.0, *x[1:]]
    np.testing.assert_array_equal(compiled(other), ag.jacobian(guarded)(other))
    np.testing.assert_array_equal(compiled([1e200, np.inf, *x[2:]]), ag.jacobian(guarded)([1e200, np.inf, *x[2:]]))


@pytest.mark.parametrize("backend", ["c", "default"])
@pytest.mark.parametrize("name", ["tridiagonal", "Rosenbrock", "tall", "two arguments", "guarded", "large"])
def test_the_source_says_where_the_numbers_are(name, backend, tmp_path):
    f, args = CASES[name]
    compiled = ag.compile(f, backend=backend)
    compiled(*args)
    text = compiled.source("c")
    head = re.search(r"matrix of (\d+) rows \(results\) and (\d+) columns", text)
    shape = (int(head[1]), int(head[2]))
    count = int(re.search(r"result: (\d+) numbers", text)[1])
    called = re.findall(r"^void (\w+)\(", text, re.M)
    assert len(called) == 2
    assert called[1] == f"{called[0]}_places"
    work = re.search(r"space for (\d+) numbers", text)
    (tmp_path / "f.c").write_text(re.sub(r"^(void (\w+)\([^{]*\)) \{", r"\1;\n\1 {", text, flags=re.M))
    command = [
        *c_library.c_compiler(),
        *STRICT,
        "-shared",
        "-fPIC",
        str(tmp_path / "f.c"),
        "-o",
        str(tmp_path / "f.so"),
    ]
    subprocess.run([*command, "-lm"], check=True)
    library = ctypes.CDLL(str(tmp_path / "f.so"))
    rows, columns = np.zeros(count, dtype=np.intc), np.zeros(count, dtype=np.intc)
    library[called[1]](ctypes.c_void_p(rows.ctypes.data), ctypes.c_void_p(columns.ctypes.data))
    values = np.zeros(count)
    given = [np.array(x) for x in args]
    guard, space = np.ones(1, dtype=np.intc), np.empty(int(work[1]) if work else 0)
    arrays = [*given, values, *[guard] * ("int *guard" in text), *[space] * bool(work)]
    library[called[0]](*[ctypes.c_void_p(x.ctypes.data) for x in arrays])
    if name == "guarded":
        assert guard[0] == 0
    matrix = np.zeros(shape)
    matrix[rows, columns] = values
    if name == "large":
        expected = np.array(compiled(*args))
    else:
        expected = np.array(f(*args))
    np.testing.assert_allclose(matrix, expected.reshape(shape), rtol=1e-12, atol=1e-14)
    assert count < 0.2 * matrix.size
    assert sorted(zip(rows, columns)) == list(zip(rows, columns))


# --- loops --------------------------------------------------------------------------------------------------------


def chain(n):
    def f(x):
        for _ in range(n):
            x = ag.tanh(x * 1.01 + 0.01)
        return x

    return f


def test_a_loop_back_finds_its_factors_kept():
    """One array, of what the adjoint is multiplied by, and not two of what that is made of."""
    compiled = ag.compile(ag.grad(chain(500)), backend="c", strict=True)
    np.testing.assert_allclose(compiled(0.3), ag.grad(chain(500))(0.3), rtol=1e-12)
    text = compiled.source("c")
    assert re.findall(r"double \w+\[(\d+)\];", text) == ["500"]
    back = text.split("for (int")[2]
    assert not re.search(r"tanh|exp|/", back)


def recurrence(seed):
    """A random recurrence of one to three numbers, with branches, data and parameters."""
    rng = random.Random(seed)
    k = rng.choice([1, 1, 2, 3])
    unary = [
        ag.sin, ag.tanh, ag.exp, ag.sigmoid, ag.relu, ag.softplus, ag.atan,
        lambda x: ag.sqrt(x * x + 1.0), lambda x: ag.log(x * x + 1.0), abs,
    ]  # fmt: skip
    binary = [
        lambda x, y: x * y, lambda x, y: x + 0.3 * y, lambda x, y: ag.where(x > y, x * 0.9, y * y * 0.1),
        lambda x, y: ag.maximum(x, 0.5 * y), lambda x, y: x / (y * y + 1.5),
    ]  # fmt: skip
    plan = [
        (
            rng.choice(unary),
            rng.randrange(k),
            rng.choice(unary),
            rng.randrange(k),
            rng.uniform(-0.9, 0.9),
            rng.choice(binary),
        )
        for _ in range(k)
    ]
    data = [rng.uniform(-1.0, 1.0) for _ in range(rng.choice([70, 130]))]
    with_data, kept, damped = rng.random() < 0.5, rng.random() < 0.4, rng.random() < 0.5

    def f(p):
        state, total = list(p[:k]), 0.0
        for number in data:
            new = []
            for f, i, g, j, c, both in plan:
                x = both(f(state[i] * c + 0.2), g(state[j]))
                x = x + number * p[k] if with_data else x * p[k]
                new.append(ag.tanh(x) if damped else x * 0.5)
            state = new
            if kept:
                total = total + state[0] * state[-1]
        return total + state[0]

    return f, [rng.uniform(-1.0, 1.0) for _ in range(k + 1)]


@pytest.mark.parametrize("seed", range(16))
def test_random_recurrences(seed):
    f, p = recurrence(seed)
    compiled = ag.compile(ag.value_and_grad(f), backend="c", strict=True)
    edges = (0.0, -0.0, np.inf, -np.inf, np.nan, 1e300, -1e300, 1e-300)
    rng = random.Random(seed)
    compiled(p)
    points = [[x * scale for x in p] for scale in (1.0, 0.7, -1.3)]
    points += [[rng.choice(edges) if rng.random() < 0.5 else x for x in p] for _ in range(6)]
    for point in points:
        found, expected = compiled(point), ag.value_and_grad(f)(point)
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-9, atol=1e-12)


def test_sums_of_equal_and_of_known_terms_are_none():
    """The rows of a Hessian are sums of constants, and of one number twice: no loop of C adds those."""
    compiled = ag.compile(ag.hessian(rosenbrock))
    compiled(points(10))
    source = compiled.source("c")
    assert "+=" not in source
    assert "static const double" not in source
