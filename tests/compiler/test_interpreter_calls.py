"""Compiled functions on the interpreter of cells: threads, primitives of one's own, branches, direct calls."""

from __future__ import annotations

import math
import random
import threading

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler.call import plans as paths
from autograd_lite.compiler.call.plans import OFTEN, Path
from autograd_lite.compiler.record.arguments import Arguments
from autograd_lite.compiler.record.recording import record_call
from autograd_lite.compiler.rewrite import optimized
from autograd_lite.compiler.run.interpreter import Interpreter
from autograd_lite.engine.value import Value
from autograd_lite.errors import PartialsError
from autograd_lite.primitives import TABLE
from autograd_lite.primitives.sums import NATIVE

from .cells import bits, program_of, replay, same_bits, scale

# --- compiled functions on it -----------------------------------------------------------------------------------------


def test_threads_and_calls_within_calls(run_as):
    run_as("cells")

    def f(xs):
        total = 0.0
        for x in xs:
            total = ag.sin(total + x * x) + total
        return total

    g = ag.compile(ag.value_and_grad(f))
    points = np.random.default_rng(0).normal(size=(40, 50))
    expected = [ag.value_and_grad(f)(x) for x in points]
    g(points[0])
    failures = []

    def work(start):
        for k in range(120):
            i = (start + k) % 40
            value, slope = g(points[i])
            if not math.isclose(value, expected[i][0]) or not np.allclose(slope, expected[i][1], rtol=1e-12):
                failures.append(i)

    threads = [threading.Thread(target=work, args=(7 * n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_primitive_that_calls_the_compiled_function(run_as):
    run_as("cells")
    depth = []

    @ag.primitive(partials=lambda out, x: (1.0,))
    def outer(x):
        if len(depth) < 3:
            depth.append(x)
            return g([x, 2.0])[0] * 0.0 + x
        return x

    g = ag.compile(ag.grad(lambda xs: outer(xs[0]) * xs[1] * xs[1]))
    assert g([5.0, 3.0]) == [9.0, 30.0]
    depth.clear()
    assert g([5.0, 3.0]) == [9.0, 30.0]


@pytest.mark.parametrize("arity", [1, 2, 3])
def test_faulty_rules_say_what_eager_code_says(arity, run_as):
    run_as("cells")
    faults = {1.0: None, 2.0: (), 3.0: ("a",) * arity, 4.0: 7, 5.0: ZeroDivisionError("in the rule"), 6.0: None}

    def rule(out, *xs):
        fault = faults.get(xs[0], (1.0,) * arity)
        if isinstance(fault, Exception):
            raise fault
        return fault

    def fn(*xs):
        return "text" if xs[0] == 6.0 else sum(xs)

    odd = ag.primitive(partials=rule, arity=arity, name="odd")(fn)
    eager = ag.value_and_grad(lambda xs: odd(*xs))
    compiled = ag.compile(eager)
    assert compiled([0.5] * arity) == (0.5 * arity, [1.0] * arity)
    for x in faults:
        with pytest.raises((PartialsError, TypeError, ZeroDivisionError)) as expected:
            eager([x] * arity)
        with pytest.raises(expected.type) as found:
            compiled([x] * arity)
        assert str(found.value) == str(expected.value)
        assert compiled([0.5] * arity) == (0.5 * arity, [1.0] * arity)


def test_a_primitive_with_the_name_of_another(run_as):
    run_as("cells")

    @ag.primitive(partials=lambda out, x: (7.0,), name="exp")
    def mine(x):
        return 7.0 * x

    g = ag.compile(ag.value_and_grad(lambda xs: mine(xs[0]) * xs[1]))
    for x in (2.0, 3.0):
        assert g([x, 1.5]) == (10.5 * x, [10.5, 7.0 * x])


def test_branches_and_guards(run_as):
    run_as("cells")

    def f(xs):
        a, b = xs
        total = ag.where(a > 0.0, ag.sqrt(a), ag.log(-a) * b) + ag.where(b > a, lambda: ag.sqrt(b - a), 0.0)
        return total * 2.0 if b > 0.0 else total

    g = ag.compile(ag.value_and_grad(f))
    for point in ([4.0, 1.0], [-1.0, 2.0], [-1.0, -2.0], [4.0, 9.0], [1.0, 1.0], [-3.0, 0.0]):
        value, slope = g(point)
        expected, slopes = ag.value_and_grad(f)(point)
        assert math.isclose(value, expected)
        np.testing.assert_allclose(slope, slopes, rtol=1e-12)


@pytest.mark.parametrize("way", ["cells", "lines", "arrays"])
def test_a_hundred_decisions(run_as, way):
    run_as(way)

    def f(xs):
        total = 0.0
        for k in range(100):
            total = total + xs[0] if total < 5.0 * xs[1] else total - xs[1] / (k + 1.0)
        return total if xs[2] else total * xs[0]

    g = ag.compile(ag.value_and_grad(f))
    for last in (1.0, -2.0, 0.0, math.nan, 0.0, 7.0):  # any but 0 is true
        point = [0.3 + 1e-9 * abs(last) if last == last else 0.3, 1.0, last]
        value, slope = g(point)
        expected, slopes = ag.value_and_grad(f)(point)
        assert math.isclose(value, expected)
        np.testing.assert_allclose(slope, slopes, rtol=1e-12)


@pytest.mark.parametrize("way", ["cells", "lines"])
def test_a_number_that_is_read_has_to_be_that_very_one(run_as, way):
    run_as(way)
    slope = ag.grad(lambda xs: xs[0] ** 2 * float(xs[1].data))
    g = ag.compile(slope)
    for x in (0.5, 0.5, math.nan, math.nan, 0.5, 0.0, 0.5):
        found = g([3.0, x])
        assert bits(found[0]) == bits(slope([3.0, x])[0])


def test_parameters_and_live_values(run_as):
    run_as("cells")
    ag.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    scale = Value(1.5)
    x = [0.3, -0.2, 0.9]

    def loss(x):
        out = model(x)
        return (out[0] - out[1]) * scale

    def gradients(y):
        model.zero_grad()
        scale.grad = 0.0
        y.backward()
        return [y.data, scale.grad, *[np.array(p.grad) for p in model.parameters()]]

    compiled = ag.compile(loss)
    for number in (1.5, -2.0):
        scale.data = number
        for found, expected in zip(gradients(compiled(x)), gradients(loss(x))):
            np.testing.assert_allclose(found, expected, rtol=1e-12)
        model[0].weight.data[...] *= 0.5


def unstructured(n, seed):
    rng = random.Random(seed)
    steps = [(rng.choice("+-*sct"), rng.random(), rng.random()) for _ in range(n)]

    def f(xs):
        v = list(xs)
        for kind, i, j in steps:
            recent = v[-60:]
            a, b = recent[int(i * len(recent))], recent[int(j * len(recent))]
            if kind in "+-*":
                v.append((a + b) * 0.5 if kind == "+" else a - b if kind == "-" else a * b)
            else:
                v.append({"s": ag.sin, "c": ag.cos, "t": ag.tanh}[kind](a))
        return ag.sum(v[-20:])

    return f


def test_an_unstructured_graph_and_its_source():
    f, x = unstructured(6000, 1), np.linspace(-1.0, 1.0, 12)
    g = ag.compile(ag.value_and_grad(f))
    for point in (x, x[::-1].copy()):
        value, slope = g(point)
        expected, slopes = ag.value_and_grad(f)(point)
        assert math.isclose(value, expected, rel_tol=1e-9)
        np.testing.assert_allclose(slope, slopes, rtol=1e-6, atol=1e-9)
    path = g._recorded().path
    assert path.way == ("cells" if NATIVE else "lines")
    compile(g.source("python"), "source", "exec")


def test_what_is_called_once_is_not_written_out():
    """The first calls of a long scalar program run cells: lines of Python take as long to make as hundreds of calls."""
    f, x = unstructured(1500, 2), np.linspace(-1.0, 1.0, 12).tolist()
    g = ag.compile(ag.value_and_grad(f))
    expected, slopes = ag.value_and_grad(f)(x)
    for call in range(1, OFTEN + 3):
        value, slope = g(x)
        assert math.isclose(value, expected, rel_tol=1e-9)
        np.testing.assert_allclose(slope, slopes, rtol=1e-6, atol=1e-9)
        assert call > OFTEN // 2 or "statements" not in vars(g.last)
    assert ("statements" in vars(g.last)) == (not NATIVE)


def test_another_way_is_noticed_by_lines_too():
    def f(x):
        for _ in range(400):
            x = ag.sin(x) * 1.01 if x > 0.5 else ag.cos(x) + 0.1
        return x

    g, plain = ag.compile(ag.value_and_grad(f)), ag.value_and_grad(f)
    for call in range(3 * OFTEN):
        x = (0.3, 0.9, 1.4)[call % 3]
        assert np.allclose(g(x), plain(x), rtol=1e-9)


@pytest.mark.parametrize(("count", "written"), [(20, True), (60, False)])
def test_only_short_gradients_are_straight_lines_at_once(count, written):
    """A gradient's statements take ten times as long to write as its cells, which are as fast from about 100 on."""
    g = ag.compile(ag.grad(lambda x: sum(ag.sin(v) * v for v in x)))
    g([0.1 * k for k in range(count)])
    assert ("statements" in vars(g.last)) == written


def test_which_way(monkeypatch):
    def path_of(f, *args):
        return Path(record_call(f, Arguments(args)))

    def recurrence(x):
        for _ in range(1500):
            x = ag.tanh(x * 1.1 + 0.1)
        return x

    x = [0.1, 0.2, 0.3]
    for native in (True, False):
        monkeypatch.setattr(paths, "NATIVE", native)
        ways = [path_of(f, x).way for f in (lambda v: v[0] * v[1], unstructured(4500, 2), lambda v: recurrence(v[0]))]
        assert ways == ["cells" if native else "lines"] * 3
        assert path_of(lambda m: ag.sum(ag.sin(v * 2.0) for v in m), np.ones(2000)).way == "arrays"
    monkeypatch.setattr(paths, "LONGEST", 600)
    assert path_of(unstructured(4500, 2), x).way == "cells"
    assert path_of(lambda v: ag.where(v[1] > 0.0, ag.sqrt(v[1]), recurrence(v[0])), x).way == "cells"


def test_optimized_programs_keep_their_numbers():
    f, x = unstructured(400, 3), [0.3, -0.8, 0.5]
    program = record_call(f, Arguments((x,))).program
    expected, slopes = ag.value_and_grad(f)(x)
    for made in (program, optimized(program)):
        value, found = replay(made, x)
        np.testing.assert_allclose([value, *found], [expected, *slopes], rtol=1e-9)


@example(0.0)
@given(st.floats(allow_nan=True))
@settings(max_examples=50)
def test_nan_and_infinite_seeds_go_through(seed):
    program = program_of([(TABLE["mul"], (0, 1))], 2)
    slopes = Interpreter(program, False, (0,), True).run([3.0, 0.0], [seed])[0]
    same_bits(slopes, [0.0 + seed * 0.0, 0.0 + seed * 3.0], seed)


# --- the call with nothing around it ----------------------------------------------------------------------------------


def is_direct(compiled):
    return "__call__" in vars(type(compiled))


def test_direct_calls_of_every_kind_of_argument(run_as):
    run_as("cells")
    m = np.array([[1.0, 2.0], [3.0, 4.0]])
    for kind in (list, tuple, np.array):
        for transform in (lambda f: ag.grad(f, argnums=(2, 0, 1)), lambda f: ag.value_and_grad(f, argnums=1)):
            eager = transform(scale)
            g = ag.compile(eager)
            g(0.5, kind([1.0, 2.0, 3.0]), m)
            assert is_direct(g)
            for args in (
                (0.25, kind([0.5, -2.0, 7.0]), 2.0 * m),
                (0.25, kind([0.5, -2.0, 7.0]), m.T),
                (1, kind([0.5, -2.0, 7.0]), m),
                (0.25, kind([0.5, -2.0, 7.0, 9.0]), m),
                (0.25, [1, 2.0, 3.0], m),
                (np.float64(0.5), kind([0.5, -2.0, 7.0]), m.tolist()),
                (0.25, kind([0.5, -2.0, 7.0]), m.astype(np.float32)),
                (0.25, kind([math.nan, -2.0, 7.0]), m),
            ):
                assert same_shape_and_numbers(g(*args), eager(*args)), args
            for args in ((0.25, kind([1.0, 2.0, 3.0])), ("text", kind([1.0, 2.0, 3.0]), m)):
                with pytest.raises((TypeError, ValueError)) as expected:
                    eager(*args)
                with pytest.raises(expected.type):
                    g(*args)


def same_shape_and_numbers(a, b):
    if isinstance(b, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same_shape_and_numbers, a, b))
    if isinstance(b, np.ndarray):
        return type(a) is np.ndarray and a.shape == b.shape and np.allclose(a, b, rtol=1e-12, equal_nan=True)
    return type(a) is float and (math.isclose(a, b, rel_tol=1e-12) or (a != a and b != b))


def test_direct_results_are_the_callers_own(run_as):
    run_as("cells")
    f = ag.compile(lambda xs: [x * 2.0 for x in xs])
    first = f([1.0, 2.0])
    assert is_direct(f)
    second = f([3.0, 4.0])
    second[0] = 99.0
    assert (first, f([3.0, 4.0])) == ([2.0, 4.0], [6.0, 8.0])
    array = ag.compile(lambda xs: np.array([[x * x for x in xs]]))
    array(np.array([1.0, 2.0]))
    assert array(np.array([3.0, 4.0])).tolist() == [[9.0, 16.0]]


def test_direct_calls_notice_what_changes(run_as):
    run_as("cells")
    rates = [0.5, 2.0]

    def f(x, y):
        return x * rates[0] + y * rates[1] if x < y else x * y

    g = ag.compile(ag.grad(f, argnums=(0, 1)))
    assert g(1.0, 2.0) == (0.5, 2.0)
    assert is_direct(g)
    assert g(3.0, 2.0) == (2.0, 3.0)  # the other branch
    assert g(1.0, 2.0) == (0.5, 2.0)
    rates[1] = 7.0
    assert g(1.0, 2.0) == (0.5, 7.0)
    x = Value(1.0)
    h = ag.compile(lambda x, y: x * y + 1.0)
    assert h(2.0, 3.0) == 7.0
    y = h(x, 3.0)
    y.backward()
    assert (y.data, x.grad) == (4.0, 3.0)
    assert ag.grad(lambda x: h(x, 5.0))(2.0) == 5.0


def test_direct_calls_are_watched(run_as):
    run_as("cells")
    g = ag.compile(ag.grad(lambda x, y: ag.log(x) * y))
    assert g(2.0, 3.0) == 1.5
    assert is_direct(g)
    assert g(0.0, 3.0) == math.inf
    with ag.detect_anomaly(), pytest.raises((ArithmeticError, ValueError)):
        g(0.0, 3.0)
