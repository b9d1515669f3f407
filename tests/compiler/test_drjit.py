"""The sources for Dr.Jit give NumPy's numbers."""

import subprocess
import sys

import numpy as np
import pytest

import autograd_lite as ag

PROBE = "import drjit; from drjit.llvm import Float64; print(float((Float64([1.0]) + 1.0)[0]))"


@pytest.fixture(scope="module")
def dr():
    """Dr.Jit, if it finds an LLVM; asked in another process, which it ends when something is wrong with it."""
    module = pytest.importorskip("drjit")
    asked = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True)
    if asked.stdout.strip() != "2.0" or not module.has_backend(module.JitBackend.LLVM):
        pytest.skip("no LLVM for Dr.Jit")
    return module


def toy(b0, b1, b2, b3, w0, w1, w2, w3, x, y):
    return (b3 + w3 * ag.cos(b2 + w2 * ag.exp(b1 + w1 * ag.sin(b0 + w0 * x))) - y) ** 2


def function(compiled):
    """The source, executed."""
    scope = {}
    exec(compiled.source("drjit"), scope)
    return list(scope.values())[-1]


def agree(found, expected, atol=1e-15):
    found = np.broadcast_to(np.asarray(found), np.shape(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=atol)


def test_the_toy_gradient(dr):
    from drjit.llvm import Float64

    rng = np.random.default_rng(0)
    x, y = rng.normal(1.0, 0.5, 1000), rng.normal(2.0, 0.5, 1000)
    p = (1.0, 2.0, -3.0, 0.4, 0.1, -0.4, 2.0, 3.0)
    g = ag.compile(ag.vmap(ag.grad(toy, argnums=tuple(range(8))), in_axes=(*[None] * 8, 0, 0)))
    expected = g(*p, x, y)
    run = function(g)
    for given in ((*p, x, y), (*map(np.float64, p), Float64(x), Float64(y))):
        found = run(*given)
        assert len(found) == 8
        assert all(type(d) is Float64 for d in found)
        for d, e in zip(found, expected, strict=True):
            agree(d, e, 1e-12)  # a gradient of 6 at one point is 0.04 at another: cos(f) near its zeros
    moved = tuple(v + 0.25 for v in p)
    for d, e in zip(run(*(dr.opaque(Float64, v) for v in moved), x, y), g(*moved, x, y), strict=True):
        agree(d, e, 1e-12)


SMOOTH = (
    "sin cos tan exp exp2 expm1 sinh cosh tanh asinh atan cbrt abs square neg reciprocal sign floor ceil trunc erf "
    "relu sigmoid silu softplus logsigmoid softsign gaussian norm_pdf degrees radians"
)
POSITIVE = "log log1p log2 log10 sqrt rsqrt"
INSIDE = "asin acos atanh"
PAIRS = "add sub mul div maximum minimum logaddexp hypot atan2 copysign heaviside leaky_relu elu"


def of_table(names, arguments):
    """By name, the functions of a and x that apply a function of the table to ``arguments(a, x)``."""
    return {name: (lambda f: lambda a, x: f(*arguments(a, x)))(getattr(ag, name)) for name in names.split()}


OTHERS = {
    "acosh": lambda a, x: ag.acosh(1.01 + ag.abs(a * x)),
    "whole powers": lambda a, x: x**3 + (a * x) ** -2 + x**2.0,
    "powers": lambda a, x: a ** x + ag.abs(x) ** 2.5 + ag.abs(x) ** x,
    "negative powers": lambda a, x: x ** ag.floor(a * x),
    "a choice of numbers": lambda a, x: ag.where(x > a, 0.1, 0.7) * x,
    "no derivative of the other branch": lambda a, x: ag.where(x > 0.0, ag.sqrt(x), a),
    "a truth value as a number": lambda a, x: 0.1 * ag.where(x > a, 1.0, 0.0) + ag.clip(a * x, -0.5, 0.5),
    "sums": lambda a, x: ag.sum([a, x, a * x]) + ag.mean([a, x, 3.0]) + ag.prod([a, x, a, x]),
    "products": lambda a, x: ag.dot([a, x, 1.0], [x, x, 2.0]),
    "largest": lambda a, x: ag.max([a, x, 0.1]) + ag.min([x, -a, 0.2]) * x + ag.norm([x, a, 1.0]),
    "log-sum-exp": lambda a, x: ag.logsumexp([a, x, a * x, 0.5]),
    "small numbers": lambda a, x: ag.log1p(ag.square(x * 1e-9)) + ag.expm1(x * 1e-9) + ag.softplus(x - 50.0),
}  # fmt: skip
FUNCTIONS = (
    of_table(SMOOTH, lambda a, x: (a * x,))
    | of_table(POSITIVE, lambda a, x: (ag.abs(a * x) + 0.01,))
    | of_table(INSIDE, lambda a, x: (0.9 * ag.sin(a * x),))
    | of_table(PAIRS, lambda a, x: (a * x, 1.5 - x))
    | of_table("clip hardtanh fma", lambda a, x: (a * x, -0.4 - a, 0.5 * a))
    | OTHERS
)
DRAWN = np.random.default_rng(1).normal(0.0, 2.0, 64)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_derivatives(dr, name):
    f = FUNCTIONS[name]
    compiled = ag.compile(ag.vmap(ag.value_and_grad(f, argnums=(0, 1)), in_axes=(None, 0)))
    value, gradients = compiled(0.7, DRAWN)
    found = function(compiled)(0.7, DRAWN)
    agree(found[0], value)
    for d, e in zip(found[1:], gradients, strict=True):
        agree(d, e)


def test_a_branch_is_the_recorded_one_and_not_an_output(dr):
    def f(x):
        return ag.exp(x) if x > 0.0 else x * 2.0

    compiled = ag.compile(ag.vmap(ag.value_and_grad(f)))
    x = np.array([0.5, 1.5])
    expected = compiled(x)
    found = function(compiled)(x)
    assert len(found) == 2
    for d, e in zip(found, expected, strict=True):
        agree(d, e)


def test_labels_of_the_sources_own_names(dr):
    compiled = ag.compile(lambda drjit, Float64, r: drjit * Float64 + r)
    compiled(2.0, 3.0, 4.0)
    agree(function(compiled)(2.0, [3.0, 4.0], 4.0), [10.0, 12.0])


def test_arrays_are_lists_of_lanes(dr):
    def f(w, x):
        return ag.tanh(w[0][0] * x[0] + w[0][1] * x[1]) + ag.exp(w[1][0]) * x[0] + 0.0 * w[1][1]

    compiled = ag.compile(ag.vmap(ag.grad(f), in_axes=(0, 0)))
    w, x = np.random.default_rng(2).normal(size=(7, 2, 2)), np.random.default_rng(3).normal(size=(7, 2))
    expected = compiled(w, x)
    found = function(compiled)(np.moveaxis(w, 0, -1), x.T)
    assert [len(row) for row in found] == [2, 2]
    for i in range(2):
        for k in range(2):
            agree(found[i][k], expected[:, i, k])


def test_matrix_products_are_written_out(dr):
    def f(w, x):
        return ag.sum(ag.tanh(w @ x))

    compiled = ag.compile(ag.vmap(ag.grad(f, argnums=1), in_axes=(0, 0)))
    w, x = np.random.default_rng(2).normal(size=(7, 4, 3)), np.random.default_rng(3).normal(size=(7, 3))
    expected = compiled(w, x)
    for k, d in enumerate(function(compiled)(np.moveaxis(w, 0, -1), x.T)):
        agree(d, expected[:, k])


def test_an_unknown_library():
    compiled = ag.compile(ag.vmap(lambda x: ag.digamma(x)))
    compiled(np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="drjit"):
        compiled.source("drjitt")
