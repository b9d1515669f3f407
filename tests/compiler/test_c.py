"""Programs in C: the table's words bit for bit, engines against eager."""

from __future__ import annotations

import ctypes
import math
import struct
import subprocess
from itertools import pairwise

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler.call import c_engine, c_library
from autograd_lite.compiler.emit.targets import c, c_words
from autograd_lite.compiler.ir.control_ops import COMPARISONS
from autograd_lite.primitives import TABLE

from . import random_programs as matrix
from .functions import product, recurrence, spring
from .standalone import STRICT
from .test_random import agree, random_function

pytestmark = pytest.mark.skipif(c_library.c_compiler() is None, reason="no C compiler on PATH")

EDGES = (
    0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1000.0, -1000.0, 0.5, -0.5, 2.0, 3.0, -2.5, 1e300, -1e300,
    5e-324, 1e-300, 1e-8, 0.3, 3.5, 10.0, -3.7, 40.0, 123456.789, 2.675, 1.4616321449683622,
)  # fmt: skip
#: Python's own functions and the C library's, which differ in the last digits
APART = {"gamma": 1e-14, "lgamma": 1e-12, "polygamma": 1e-14}
COUNTS = {"std": (2, 3, 7), "var": (2, 3, 7), "dot": (2, 6), "dist": (2, 6), "affine": (1, 5, 141)}


def bits(x: float) -> bytes:
    return b"nan" if x != x else struct.pack("d", x)


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A library with a function for every primitive of the table and count of operands."""
    lines, names = [], []
    for name, prim in sorted(TABLE.items()):
        for n in (prim.arity,) if prim.arity > 0 else COUNTS.get(name, (1, 2, 5, 70)):
            text = c_words.call(prim, [(f"x[{i}]", c_words.ATOM) for i in range(n)])[0]
            head = f"double op_{name}_{n}(const double *x)"
            lines.append(f"{head};\n{head} {{ return {text}; }}")
            names.append((name, n))
    folder = tmp_path_factory.mktemp("words")
    headers = [f"#include <{name}.h>" for name in ("math", "stdio", "stdlib", "string")]
    (folder / "words.c").write_text("\n".join([*headers, *c.helpers_of(lines), *lines, ""]))
    command = [
        *c_library.c_compiler(),
        *STRICT,
        "-shared",
        "-fPIC",
        str(folder / "words.c"),
        "-o",
        str(folder / "w.so"),
    ]
    subprocess.run([*command, "-lm"], check=True)
    return ctypes.CDLL(str(folder / "w.so")), names


def test_every_op_has_c_and_the_tables_bits(words):
    library, names = words
    assert all(c_words.call(prim, [("x", c_words.ATOM)] * 2) for prim in COMPARISONS.values())
    rng = np.random.default_rng(0)
    for name, n in names:
        f = getattr(library, f"op_{name}_{n}")
        f.restype = ctypes.c_double
        points = [(a,) for a in EDGES] if n == 1 else [(a, b) for a in EDGES for b in EDGES] if n == 2 else []
        points += [tuple(rng.choice(EDGES, size=n).tolist()) for _ in range(200 if n > 2 else 0)]
        points += [tuple((rng.normal(size=n) * 10.0 ** rng.integers(-3, 3)).tolist()) for _ in range(100)]
        checked = 0
        for point in points:
            try:
                expected = float(TABLE[name].fn(*point))
            except (ValueError, OverflowError, ZeroDivisionError):
                continue
            found = f((ctypes.c_double * n)(*point))
            if name in APART and math.isfinite(expected):
                assert found == pytest.approx(expected, rel=APART[name], abs=1e-300), (name, point)
            else:
                assert bits(found) == bits(expected), (name, point, found, expected)
            checked += 1
        assert checked > 50, name


FORMS = {"plain": (10**9, 10**9), "gathered": (10**9, 0), "lifted": (4, 10**9)}


@pytest.fixture(params=list(FORMS))
def form(request, monkeypatch):
    """Each way in which a program is printed, whatever its size."""
    small, long = FORMS[request.param]
    monkeypatch.setattr(c_engine, "SMALL", small)
    monkeypatch.setattr(c_engine, "LONG", long)
    monkeypatch.setattr(c_engine, "SAVING", 1)
    return request.param


def in_c(f):
    """The compiled function; a warning, that something else ran, would be an error."""
    return ag.compile(f, backend="c")


def close(found, expected):
    np.testing.assert_allclose(np.asarray(found, dtype=float), np.asarray(expected, dtype=float), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("arity", [1, 2, 3])
def test_derivatives_of_every_op(arity, form):
    """All ops of an arity as one function: its Jacobian at ordinary points and at the edges."""
    ops = [op for name, op in sorted(TABLE.items()) if op.arity == arity and name != "where"]
    ops = [op for op in ops if op.name != "polygamma"]
    f = ag.jacobian(lambda xs: [op(*xs) * 1.25 for op in ops])
    compiled = in_c(f)
    points = [[0.3, 0.7, 0.45][:arity], [-0.4, 0.2, 1.5][:arity], *[[x] * arity for x in EDGES[:10]]]
    with np.errstate(all="ignore"):
        for point in points:
            close(compiled(point), f(point))


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(seed, form):
    f, x = random_function(seed)
    g = ag.value_and_grad(f)
    compiled = in_c(g)
    for point in (x, x * 0.5):
        value, slope = compiled(point)
        expected, expected_slope = g(point)
        agree(value, expected)
        agree(slope, expected_slope)
    assert compiled(x.tolist())[1] == pytest.approx(g(x.tolist())[1], rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("seed", range(4000, 4004))
def test_the_engine_matrix_at_edges(seed, form):
    """The matrix's programs, as one more engine: derivatives to the third order, nan and infinities as inputs."""
    checked = 0
    for kind, f in matrix.transforms(seed, matrix.function_of(seed)):
        compiled = in_c(f)
        for args in matrix.inputs(seed, edges=True):
            found, expected = matrix.flat(compiled(*args)), matrix.flat(f(*args))
            assert matrix.agree(found, expected), (kind, args, found, expected)
            checked += 1
    assert checked == 12


def test_branches_not_taken_give_nothing(form):
    def f(x):
        y = ag.exp(x)
        return y * y + ag.where(x > 0.0, 0.0, y**2) + ag.where(x < 1.0, x**3, x) + ag.where(x > 0.0, ag.sqrt(x), 0.0)

    compiled = in_c(ag.grad(f))
    for x in (0.5, -0.5, 2.0, -2.0, 1e200):
        assert compiled(x) == pytest.approx(ag.grad(f)(x), rel=1e-12)


def test_integers_that_index(form):
    table = [ag.Value(0.5), ag.Value(-1.5), ag.Value(2.5)]

    def f(x, labels):
        return ag.sum([ag.sin(x * t) * 2.0 for t in ag.take([x, x * x, x * x * x], labels)])

    compiled = in_c(ag.grad(f))
    for labels in (np.array([0, 2, 1]), np.array([1, 1, 0])):
        assert compiled(0.7, labels) == pytest.approx(ag.grad(f)(0.7, labels), rel=1e-12)
    assert table[0].grad == 0.0


def test_guards_and_recording_again():
    def f(x, n):
        for _ in range(n):
            x = [x * x, ag.sin(x)][0 if x > 0.5 else 1]
        return x

    compiled = in_c(ag.value_and_grad(f))
    for x, n in ((0.9, 3), (0.2, 3), (0.9, 2), (0.55, 3), (0.2, 3)):
        assert compiled(x, n) == pytest.approx(ag.value_and_grad(f)(x, n), rel=1e-14)
    source = compiled.source("c")
    assert "int *guard" in source
    assert "test_c.py" in source


def test_a_recurrence_is_a_loop():
    compiled = in_c(ag.value_and_grad(recurrence, argnums=(0, 1)))
    for x, w in ((0.5, 1.1), (0.3, 0.7)):
        found, expected = compiled(x, w), ag.value_and_grad(recurrence, argnums=(0, 1))(x, w)
        agree(found[0], expected[0])
        agree(found[1], expected[1])
    source = compiled.source("c")
    assert "for (int step = 0; step < 3000; step++)" in source
    assert len(source.splitlines()) < 80


def two_back(x, y):
    for _ in range(300):
        x, y = ag.sin(x) + 0.5 * y, x
    return x + 0.1 * y


def turned(x, y, z):
    for _ in range(300):
        x, y, z = y, z, ag.sin(x) * 0.9 + 0.3
    return x + 2.0 * y - z


def delayed(x):
    v = [x * k for k in range(1, 6)]
    for _ in range(400):
        v.append(ag.sin(v[-5]) + 0.1 * v[-1])
    return v[-1] + v[-3]


def delayed_more(x, y):
    v = [x, y, x * y, x + y, x - y, y - 2.0 * x]
    for _ in range(300):
        v.append(ag.where(v[-6] > 0.3, ag.log(v[-6] - 0.29), ag.sin(v[-6])) * 0.5 + v[-1] * 0.1 - v[-2] * 0.2)
    return ag.sum(v[-4:]) + v[-5] * v[-6]


@pytest.mark.parametrize("f", [two_back, turned, delayed, delayed_more])
def test_what_a_loop_carries_is_set_at_once(f):
    """A step's new numbers are all made of the old ones: a number that only moves on is read before it is set."""
    args = (0.3, 0.7, 0.9)[: f.__code__.co_argcount]
    every = tuple(range(len(args)))
    for transform in (f, ag.grad(f, argnums=every), ag.grad(ag.grad(f))):
        compiled = in_c(transform)
        close(matrix.flat(compiled(*args)), matrix.flat(transform(*args)))
    compiled = in_c(f)
    compiled(*args)
    assert "for (int step" in compiled.source("c")


def hidden_state(h, weights):
    for _ in range(60):
        h = [ag.tanh(ag.dot(row, h) + 0.1) for row in weights]
    return ag.sum(h)


def branches_of_many(xs):
    return sum((x * x for x in xs if x > 0.5), start=0.0 * xs[0])


ARRAYS = {
    "a vector is carried": (hidden_state, ((6,), (6, 6))),
    "products": (lambda x: ag.prod([ag.sin(v) for v in x]) + ag.prod(list(x)), ((100,),)),
    "products before each": (lambda x: ag.sum(ag.cumprod(list(x))), ((90,),)),
    "many guards": (branches_of_many, ((150,),)),
    "matrices": (lambda a, b: ag.sum([ag.tanh(v) for v in (a @ b @ a.T).ravel()]), ((9, 7), (7, 7))),
    "batches of matrices": (lambda a, b: ag.sum([ag.sin(v) for v in (a @ b).ravel()]), ((3, 5, 4), (3, 4, 6))),
    "rows": (lambda x: ag.sum([ag.logsumexp(list(row)) * ag.prod(list(row)) for row in x]), ((20, 9),)),
    "a filter": (lambda x, w: ag.sum([ag.dot(list(x[k : k + 5]), list(w)) ** 2 for k in range(70)]), ((74,), (5,))),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_programs_of_arrays(name, form):
    f, shapes = ARRAYS[name]
    rng = np.random.default_rng(0)
    args = [rng.uniform(0.3, 1.0, size=shape) for shape in shapes]
    every = tuple(range(len(args)))
    for transform in (f, ag.value_and_grad(f, argnums=every)):
        compiled = in_c(transform)
        for scale in (1.0, 1.0, 0.99):
            given = [np.where(x > 0.5, x, scale * x) for x in args]
            close(matrix.flat(compiled(*given)), matrix.flat(transform(*given)))


@pytest.mark.parametrize("kind", [list, np.array])
def test_a_product_of_many(kind):
    x = kind(np.linspace(0.9, 1.1, 500).tolist())
    found, expected = in_c(ag.grad(product))(x), ag.grad(product)(x)
    assert type(found) is type(expected)
    agree(found, expected, 1e-12)


@pytest.mark.parametrize("n", [3, 10, 60])
def test_hessians_and_jacobians(n):
    x = np.linspace(0.1, 0.9, n)
    close(in_c(ag.hessian(spring))(x), ag.hessian(spring)(x))
    f = ag.jacobian(lambda xs: [ag.sin(a) * b for a, b in pairwise(xs)])
    close(in_c(f)(x), f(x))


@pytest.mark.parametrize("axes", [(0, None), (0, 0), (None, 0)])
def test_vmap(axes, form):
    def f(x, p):
        return ag.sin(x * p[0]) * p[1] if x > 0.4 else ag.exp(x) * p[0] * p[1]

    rng = np.random.default_rng(0)
    x = rng.uniform(size=50) if axes[0] == 0 else 0.7
    p = rng.normal(size=(50, 2)) if axes[1] == 0 else np.array([0.3, 1.7])
    g = ag.vmap(ag.grad(f, argnums=(0, 1)), in_axes=axes)
    compiled = in_c(g)
    for found, expected in zip(compiled(x, p), g(x, p)):
        close(found, expected)
    assert "long points" in compiled.source("c")


def test_vmap_of_a_recurrence():
    g = ag.vmap(ag.grad(recurrence, argnums=(0, 1)), in_axes=(0, None))
    x = np.linspace(0.1, 0.5, 5)
    for found, expected in zip(in_c(g)(x, 0.7), g(x, 0.7)):
        agree(found, expected)


@pytest.mark.parametrize("batch", [1, 7])
def test_a_loss_with_parameters(batch):
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(batch, 3)), rng.normal(size=(batch, 1))

    def loss(x, y):
        return nn.MSELoss()(model(x), y)

    compiled = in_c(loss)
    for _ in range(3):
        for step in (compiled, loss):
            model.zero_grad()
            result = step(x, y)
            result.backward()
            gradients = [np.array(p.grad) for p in model.parameters()]
            if step is compiled:
                found = result.data, gradients
        assert found[0] == pytest.approx(result.data, rel=1e-12)
        for a, b in zip(found[1], gradients):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14)
        for p in model.parameters():
            p.data[...] -= 0.1 * np.asarray(p.grad)


def test_values_that_it_closes_over():
    w = ag.Value(3.0)
    compiled = in_c(lambda x: ag.sin(w * x) + w)
    compiled(0.5)
    y = compiled(0.5)
    y.backward()
    assert y.data == math.sin(1.5) + 3.0
    assert w.grad == pytest.approx(0.5 * math.cos(1.5) + 1.0, rel=1e-14)
    w.data = 2.0
    assert compiled(0.5).data == math.sin(1.0) + 2.0


def test_large_and_without_structure():
    rng = np.random.default_rng(3)
    steps = [(int(k), *map(int, rng.integers(0, 10 + i, size=2))) for i, k in enumerate(rng.integers(0, 5, size=600))]

    def f(xs):
        v = list(xs)
        for kind, i, j in steps:
            a, b = v[i], v[j]
            v.append((a + b, a * b, ag.sin(a), ag.tanh(b), ag.where(a > b, a, 0.5 * b))[kind])
        return ag.tanh(ag.mean(v))

    x = rng.normal(size=10)
    compiled = in_c(ag.value_and_grad(f))
    value, slope = compiled(x)
    expected = ag.value_and_grad(f)(x)
    assert value == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(slope, expected[1], rtol=1e-9, atol=1e-12)
    assert "_forward1(numbers)" in compiled.source("c")
    close(in_c(ag.vmap(f))(x[None]), [f(x)])


def test_views_of_views():
    def f(x):
        y = x
        for k in range(60):
            y = y[1:].reshape(-1)[::-1] if k % 2 else np.concatenate([y[1:], y[:1] * 2.0, y[:1]])
        return ag.sum([a * b for a, b in pairwise(y.tolist())])

    x = np.linspace(0.5, 1.0, 100)
    close(in_c(ag.grad(f))(x), ag.grad(f)(x))


def test_a_loop_back_keeps_what_the_loop_computed():
    """As hand-written C: one tanh a step, and none in the loop back."""

    def f(x, w):
        for _ in range(200):
            x = ag.tanh(x * w + 0.1) * ag.sin(x)
        return x

    compiled = in_c(ag.value_and_grad(f, argnums=(0, 1)))
    found, expected = compiled(0.5, 1.3), ag.value_and_grad(f, argnums=(0, 1))(0.5, 1.3)
    close([found[0], *found[1]], [expected[0], *expected[1]])
    source = compiled.source("c")
    assert source.count(" tanh(") == 1
    second = ag.grad(ag.grad(f))
    assert in_c(second)(0.5, 1.3) == pytest.approx(second(0.5, 1.3), rel=1e-9)
