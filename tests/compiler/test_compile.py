"""What compile promises: the same numbers as the eager function, and no stale ones."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import CompileError, CompileWarning


def close(a, b, tolerance=1e-12):
    np.testing.assert_allclose(np.array(a, dtype=float), np.array(b, dtype=float), rtol=tolerance, atol=1e-300)


def toy(b0, b1, b2, b3, w0, w1, w2, w3, x, y):
    f0 = b0 + w0 * x
    h1 = ag.sin(f0)
    f1 = b1 + w1 * h1
    h2 = ag.exp(f1)
    f2 = b2 + w2 * h2
    h3 = ag.cos(f2)
    f3 = b3 + w3 * h3
    return (f3 - y) ** 2


TOY = (1.0, 2.0, -3.0, 0.4, 0.1, -0.4, 2.0, 3.0, 2.3, 2.0)


def rosenbrock(x):
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def test_toy_gradient_at_one_point():
    g = ag.compile(ag.grad(toy, argnums=tuple(range(8))))
    for _ in range(3):
        close(g(*TOY), ag.grad(toy, argnums=tuple(range(8)))(*TOY))
    assert round(g(*TOY)[3], 3) == 0.745
    assert "_sin" in g.source("python")


def test_value_is_a_float_where_f_gives_one():
    f = ag.compile(lambda x: x * x + 1)
    assert f(3.0) == 10.0
    assert type(f(3.0)) is float
    assert f(3) == 10.0
    assert f(np.float64(3.0)) == 10.0


def test_ieee_results_where_math_raises():
    f = ag.compile(lambda x: ag.log(x) + 1 / x)
    assert f(1.0) == 1.0
    assert math.isnan(f(0.0))
    assert ag.compile(lambda x: 1 / x)(0.0) == math.inf
    e = ag.compile(lambda x: ag.exp(x))
    assert e(0.0) == 1.0
    assert e(1000.0) == math.inf
    assert e(math.nan) != e(math.nan)


@pytest.mark.parametrize("n", [2, 3, 10, 200])
def test_rosenbrock_as_a_scalar_loop(n):
    rng = np.random.default_rng(n)
    g = ag.compile(ag.grad(rosenbrock))
    for _ in range(2):
        x = rng.normal(size=n)
        close(g(x), ag.grad(rosenbrock)(x), 1e-10)
        assert isinstance(g(x), np.ndarray)
        found = g(x.tolist())
        assert isinstance(found, list)
        close(found, g(x))


def test_rosenbrock_becomes_array_statements():
    f = ag.compile(rosenbrock)
    x = np.random.default_rng(0).normal(size=1000)
    close(f(x), rosenbrock(x), 1e-10)
    assert f.statements().count() <= 12


def test_structures_in_and_out():
    def f(p, scale):
        return {"a": [p["w"][0] * scale, p["w"][1]], "b": (p["b"] + 1.0, 2.0)}

    c = ag.compile(f)
    assert c({"w": [2.0, 3.0], "b": 1.0}, 10.0) == {"a": [20.0, 3.0], "b": (2.0, 2.0)}
    g = ag.compile(ag.grad(lambda p: p["w"][0] * p["w"][1] + p["b"]))
    assert g({"w": [2.0, 3.0], "b": 1}) == {"w": [3.0, 2.0], "b": 1.0}


def test_value_and_grad():
    f = ag.compile(ag.value_and_grad(lambda x, y: x * y**2, argnums=(0, 1)))
    assert f(2.0, 3.0) == (18.0, (9.0, 12.0))


def test_a_vector_result_has_no_gradient():
    with pytest.raises(TypeError, match="jacobian"):
        ag.compile(ag.grad(lambda x: [x, x]))(2.0)


# --- Values and parameters closed over --------------------------------------------------------------------------------


def test_live_values():
    w, b = ag.Value(2.0, label="w"), ag.Value(0.5)
    f = ag.compile(lambda x: ag.tanh(w * x + b))
    y = f(0.3)
    assert isinstance(y, ag.Value)
    y.backward()
    got = (w.grad, b.grad)
    w.grad = b.grad = 0.0
    ag.tanh(w * 0.3 + b).backward()
    close(got, (w.grad, b.grad))
    w.data = -1.0
    close(f(0.3).data, math.tanh(-0.3 + 0.5))


def test_the_gradient_is_that_of_the_recorded_point():
    w = ag.Value(3.0)
    f = ag.compile(lambda x: w * w * x)
    y = f(2.0)
    w.data = 100.0
    y.backward()
    assert w.grad == 12.0


def test_arguments_that_are_values():
    f = ag.compile(lambda x, y: ag.exp(x) * y)
    x, y = ag.Value(0.5), ag.Value(3.0)
    (f(x * x, y) + x).backward()
    close((x.grad, y.grad), (2 * 0.5 * math.exp(0.25) * 3 + 1, math.exp(0.25)))
    close(ag.grad(f)(0.5, 3.0), 3 * math.exp(0.5))
    close(ag.grad(ag.grad(f))(0.5, 3.0), 3 * math.exp(0.5))
    ag.check_grads(f, (0.5, 3.0), order=2)


# --- guards -----------------------------------------------------------------------------------------------------------


def branchy(x, y):
    if x > y:
        return x * x
    return -y


def test_control_flow_records_another_path():
    f, g = ag.compile(branchy), ag.compile(ag.grad(branchy, argnums=(0, 1)))
    for point in [(2.0, 1.0), (1.0, 2.0), (3.0, 0.0), (0.0, 3.0), (1.0, 1.0)]:
        assert f(*point) == branchy(*point)
        assert g(*point) == ag.grad(branchy, argnums=(0, 1))(*point)


@pytest.mark.parametrize("transform", [lambda f: f, ag.grad, ag.value_and_grad])
@pytest.mark.parametrize("given", [list, np.array])
def test_one_of_many_decisions_takes_another_path(transform, given):
    """Those of all numbers of an array are one comparison."""

    def bent(xs):
        total = 0.0
        for x in xs:
            total = total + (x * x if x > 0.0 else -3.0 * x)
        return total

    plain, compiled = transform(bent), ag.compile(transform(bent))
    ups = [1.0 + 0.1 * k for k in range(40)]
    for k in (None, 0, 20, 39, None):
        for _ in range(2):
            xs = [-x if k == i else x for i, x in enumerate(ups)]
            for found, wanted in zip(flat(compiled(given(xs))), flat(plain(given(xs))), strict=True):
                assert found == pytest.approx(wanted, rel=1e-14)


def flat(found):
    return [float(x) for part in (found if isinstance(found, tuple) else (found,)) for x in np.ravel(part)]


def test_builtin_max_and_while():
    def f(x):
        n = 0
        while x < 100.0:
            x = x * 2.0
            n += 1
        return max(x, 150.0) + n

    c = ag.compile(f)
    for x in (3.0, 60.0, 99.0, 3.5, 101.0, 160.0):
        assert c(x) == f(x)


def test_too_many_paths_name_the_line_and_the_cure():
    def f(x):
        n = 0
        while n < x:
            n += 1
        return n * x

    c = ag.compile(f)
    with pytest.warns(CompileWarning, match=r"test_compile.py:\d+.*ag.where") as found:  # noqa: PT031
        for i in range(32):
            assert c(float(i)) == f(float(i))
    assert len(found) == 1
    assert found[0].filename == __file__
    strict = ag.compile(f, strict=True)
    with pytest.raises(CompileError, match=r"test_compile.py:\d+.*ag.where"):
        [strict(float(i)) for i in range(32)]


def test_where_keeps_both_branches():
    def f(x):
        return ag.where(x > 0.0, ag.sqrt(x), 0.0) + ag.where(x > 1.0, lambda: ag.log(x), lambda: x * x)

    c, g = ag.compile(f), ag.compile(ag.grad(f))
    for x in (4.0, -1.0, 0.5, 2.0, -3.0):
        close(c(x), f(x))
        close(g(x), ag.grad(f)(x))
    assert not c.program.guards


def test_reading_data_is_noticed():
    f = ag.compile(lambda x: x * x.data if isinstance(x, ag.Value) else x * x)
    assert [f(3.0), f(4.0), f(3.0)] == [9.0, 16.0, 9.0]


def test_detach_stops_the_gradient():
    g = ag.compile(ag.grad(lambda x: x * (x * 2.0).detach()))
    assert (g(3.0), g(4.0)) == (6.0, 8.0)


def test_no_grad_inside():
    def f(x):
        with ag.no_grad():
            c = x * 3.0
        return c * x

    g = ag.compile(ag.grad(f))
    assert (g(2.0), g(5.0)) == (ag.grad(f)(2.0), ag.grad(f)(5.0)) == (6.0, 15.0)


# --- no stale results -------------------------------------------------------------------------------------------------

FACTOR = 2.0
TABLE = [1.0, 2.0]


def test_a_changed_global(monkeypatch):
    f = ag.compile(lambda x: x * FACTOR + TABLE[0])
    assert f(3.0) == 7.0
    monkeypatch.setitem(globals(), "FACTOR", 5.0)
    assert f(3.0) == 16.0
    TABLE[0] = 0.0
    try:
        assert f(3.0) == 15.0
    finally:
        TABLE[0] = 1.0


def test_a_changed_closure_cell_default_and_attribute():
    rate = 2.0

    class Scale:
        def __init__(self):
            self.factor = 3.0

        def __call__(self, x):
            return x * self.factor

    scale = Scale()
    data = np.array([1.0, 2.0])

    def f(x, shift=1.0):
        return scale(x) * rate + data[0] + shift

    c = ag.compile(f)
    assert c(1.0) == 8.0
    rate = 10.0
    assert c(1.0) == 32.0
    scale.factor = 1.0
    assert c(1.0) == 12.0
    data[0] = 5.0
    assert c(1.0) == 16.0
    assert c(1.0, 0.0) == 15.0
    f.__defaults__ = (100.0,)
    assert c(1.0) == 115.0


def test_a_method_and_its_object():
    class Scale:
        def __init__(self):
            self.factor = 3.0

        @ag.compile
        def times(self, x):
            return x * self.factor

    a, b = Scale(), Scale()
    assert a.times(2.0) == 6.0
    a.factor = 5.0
    assert (a.times(2.0), b.times(2.0)) == (10.0, 6.0)
    f = ag.compile(lambda g, x: g(x) + 1.0)
    rate = 2.0
    assert f(lambda x: x * rate, 3.0) == 7.0

    def g(x):
        return x * rate

    assert f(g, 3.0) == 7.0
    rate = 4.0
    assert f(g, 3.0) == 13.0


def test_detect_anomaly_sees_every_node():
    w = ag.Value(-1.0)
    f = ag.compile(lambda x: ag.log(w * x))
    f(1.0)
    with ag.detect_anomaly(), pytest.raises(ag.AnomalyError):
        f(1.0)


def test_under_no_grad():
    w = ag.Value(2.0)
    f = ag.compile(lambda x: w * x)
    with ag.no_grad():
        y = f(3.0)
    assert y.data == 6.0
    assert y.parents == ()


def test_new_shapes_and_structures():
    f = ag.compile(lambda xs: ag.sum([x * x for x in xs]))
    assert f([1.0, 2.0]) == 5.0
    assert f([1.0, 2.0, 3.0]) == 14.0
    assert f(np.array([2.0])) == 4.0
    assert f((1.0, 2.0)) == 5.0


def test_an_int_that_counts():
    f = ag.compile(lambda x, n: sum([x] * n))
    assert f(2.0, 3) == 6.0
    assert f(2.0, 5) == 10.0


def test_random_numbers_are_refused():
    import random

    rng, own = np.random.default_rng(0), random.Random(0)
    for draw in (random.random, np.random.random, rng.normal, own.random, lambda: float(ag.randn(1)[0])):
        with pytest.raises(CompileError, match="random"):
            ag.compile(lambda x, draw=draw: x * draw(), strict=True)(1.0)
        f = ag.compile(lambda x, draw=draw: x * draw())
        with pytest.warns(CompileWarning, match="random"):
            f(1.0)
        assert len({f(1.0) for _ in range(5)}) == 5


def test_threads():
    g = ag.compile(ag.grad(rosenbrock))
    xs = [np.random.default_rng(k).normal(size=100) for k in range(8)]
    expected = [ag.grad(rosenbrock)(x) for x in xs]
    wrong = []

    def work(k):
        for _ in range(50):
            if not np.allclose(g(xs[k]), expected[k], rtol=1e-9):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# --- vmap -------------------------------------------------------------------------------------------------------------


def test_vmap_equals_the_loop():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=1000), rng.normal(size=1000)
    f = ag.vmap(ag.grad(toy, argnums=(0, 1, 2)), in_axes=(None,) * 8 + (0, 0))
    found = ag.compile(f)(*TOY[:8], x, y)
    expected = f(*TOY[:8], x[:50], y[:50])
    for a, b in zip(found, expected):
        close(a[:50], b)
        assert a.shape == (1000,)


def test_vmap_splits_lanes_by_path():
    x = np.linspace(-2.0, 2.0, 101)
    y = np.zeros(101)
    f = ag.vmap(branchy)
    close(ag.compile(f)(x, y), f(x, y))
    g = ag.vmap(ag.grad(branchy, argnums=(0, 1)))
    for a, b in zip(ag.compile(g)(x, y), g(x, y), strict=True):
        close(a, b)


def test_vmap_over_rows_and_in_lists():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 3))
    g = ag.vmap(ag.grad(lambda v: v[0] ** 2 * v[1] + ag.sin(v[2])))
    close(ag.compile(g)(X), g(X))
    assert ag.compile(ag.vmap(ag.grad(lambda v: v[0] ** 2 * v[1])))([[1.0, 2.0], [3.0, 4.0]]) == [
        [4.0, 1.0],
        [24.0, 9.0],
    ]
    h = ag.vmap(lambda v, w: {"a": v * w, "b": [v, w]}, in_axes=(1, None))
    h2 = ag.compile(h)
    a, b = h2(X, 2.0), h(X, 2.0)
    close(a["a"], b["a"])


def test_names_that_could_be_confused():
    def f(x, x_0, t1, np, _slow, type):
        t2 = (x[0] * x_0 + t1 * np).named("x_1")
        return (t2 * _slow - type * x[1]).named("t1")

    def eager(x, x_0, t1, np, _slow, type):
        return (x[0] * x_0 + t1 * np) * _slow - type * x[1]

    c = ag.compile(lambda x, x_0, t1, np, _slow, type: f(x, x_0, t1, np, _slow, type))
    args = ([2.0, 3.0], 5.0, 7.0, 11.0, 13.0, 17.0)
    for _ in range(2):
        assert c(*args) == eager(*args)
    scope: dict = {}
    exec(c.source(), scope)
    assert scope["program"](np.array(args[0]), *args[1:]) == eager(*args)


def test_backward_inside_is_refused():
    def f(x):
        y = x * x
        y.backward()
        return y * x.grad

    with pytest.raises(CompileError, match=r"ag\.grad"):
        ag.compile(f, strict=True)(2.0)

    def hooked(x):
        y = x * x
        y.register_hook(lambda g: 10.0 * g)
        return y

    with pytest.raises(CompileError, match="hook"):
        ag.compile(hooked, strict=True)(2.0)
    inner = ag.compile(lambda x: x * ag.grad(lambda z: z**3)(x))
    assert inner(2.0) == 24.0
    assert ag.compile(ag.grad(lambda x: x * ag.grad(lambda z: z**3)(x)))(2.0) == 36.0


def test_checkpoints_are_seen_through():
    def f(x, y):
        h = ag.checkpoint(lambda a, b: ag.sin(a * b) * a, x, y)
        return h * h

    close(ag.compile(ag.grad(f, argnums=(0, 1)))(0.5, 2.0), ag.grad(f, argnums=(0, 1))(0.5, 2.0))


# --- the other transforms ---------------------------------------------------------------------------------------------


def test_jacobian_hessian_and_hvp():
    rng = np.random.default_rng(0)
    x, v = rng.normal(size=4), rng.normal(size=4)

    def f(x):
        return np.array([x[0] * x[1], ag.sin(x[2]) + x[3] ** 3, ag.exp(x[0])])

    close(ag.compile(ag.jacobian(f))(x), ag.jacobian(f)(x))
    for _ in range(2):
        x = rng.normal(size=10)
        v = rng.normal(size=10)
        h, product = ag.compile(ag.hessian(rosenbrock)), ag.compile(lambda x, v: ag.hvp(rosenbrock, x, v))
        np.testing.assert_allclose(h(x), ag.hessian(rosenbrock)(x), rtol=1e-10, atol=1e-9)
        np.testing.assert_allclose(product(x, v), h(x) @ v, rtol=1e-9, atol=1e-9)
    assert h(x).shape == (10, 10)


def test_the_hessian_of_a_chain_is_sparse():
    h = ag.compile(ag.hessian(rosenbrock))
    x = np.random.default_rng(0).normal(size=10)
    h(x)
    assert h.last.program.count() < 120  # nothing is computed for the 72 zeros


def test_gradient_of_a_network_with_respect_to_its_input():
    from autograd_lite import nn

    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))

    def f(x):
        return ag.sum(np.ravel(model(x)))

    g = ag.compile(ag.grad(f))
    x = np.random.default_rng(0).normal(size=(5, 3))
    with ag.no_grad():
        close(g(x), ag.grad(f)(x))
        model[0].weight.data *= 2.0
        close(g(x), ag.grad(f)(x))
    assert not np.any(model[0].weight.grad)


def test_compiled_functions_inside_others():
    inner = ag.compile(lambda x: ag.sin(x) * x)
    outer = ag.compile(ag.grad(lambda x: inner(x) * inner(2.0 * x)))

    def eager(x):
        return ag.sin(x) * x * (ag.sin(2.0 * x) * 2.0 * x)

    inner(1.0)
    close(outer(0.7), ag.grad(eager)(0.7))
    close(ag.grad(inner)(0.7), ag.grad(lambda x: ag.sin(x) * x)(0.7))


def test_errors_are_those_of_the_function():
    def f(x):
        if x < 0.0:
            raise ValueError("negative")
        return x * 2.0

    c = ag.compile(f)
    assert c(1.0) == 2.0
    with pytest.raises(ValueError, match="negative"):
        c(-1.0)
    assert c(1.0) == 2.0
    with pytest.raises(TypeError):
        ag.compile(lambda x: x * 2.0)()
    with pytest.raises(TypeError):
        ag.compile(3)
    with pytest.raises(CompileError, match="call the function once"):
        ag.compile(f).source()
    with pytest.raises(ValueError, match="backend"):
        c.source("fortran")


def test_any_number_of_arguments():
    """``f(*p)`` has the straight line of its usual count, and every other count its own program."""
    squares = ag.compile(ag.grad(lambda *_args: ag.sum([p * p for p in _args]) + len(_args), argnums=(0, 1)))
    for _ in range(3):
        assert squares(1.0, 2.0) == (2.0, 4.0)
        assert squares(1.0, 2.0, 3.0) == (2.0, 4.0)
    total = ag.compile(lambda *p: p[0] * 2 + len(p))
    for _ in range(3):
        assert (float(total(1.0)), float(total(2.0, 3.0))) == (3.0, 6.0)
