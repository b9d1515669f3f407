"""What compile promises: the same numbers as the eager function, and no stale ones."""

from __future__ import annotations

import math
import random
import threading

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import CompileError, CompileWarning

from .functions import TOY, branchy, close, rosenbrock, toy


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


def test_options_come_first_where_it_decorates():
    @ag.compile(strict=True, backend="default")
    def f(x):
        return x * random.random()

    assert f.strict
    with pytest.raises(CompileError, match="random"):
        f(2.0)
