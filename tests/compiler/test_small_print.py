"""Small promises of programs and pictures that a slip would break without anyone noticing."""

from __future__ import annotations

import math
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from types import ModuleType

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.cli.formula import evaluate
from autograd_lite.compiler import CompileWarning
from autograd_lite.drawing.graph_view import number
from autograd_lite.drawing.text import clean

BIDI = ["\u061c", "\u200b", "\u200e", "\u200f", "\u202a", "\u202e", "\u2060", "\u2066", "\u2069", "\ufeff"]


@pytest.mark.parametrize("mark", BIDI)
def test_no_picture_turns_text_around(mark):
    assert clean(f"a{mark}b") == "ab"
    y = (Value(2.0, label=f"pay{mark}load") * 3.0).named(f"to{mark}tal")
    drawing = ag.draw(y)
    for text in (drawing.source, drawing.pipe(format="svg", encoding="utf-8"), str(ag.explore(y))):
        shown = text.split("<body", 1)[-1] if "<html" in text else text
        assert mark not in shown.replace(f"\\u{ord(mark):04x}", "")


def test_drawn_numbers_have_no_minus_0():
    assert [number(x) for x in (-0.0, 0.0, Value(-0.0), -1e-9)] == ["0", "0", "0", "-1e-09"]
    x = Value(-0.0, label="x")
    y = (x * 1.0).named("y")
    y.backward()
    x.grad = -0.0
    assert "-0" not in ag.draw(y, partials=False).source.replace("-0.0", "-0").split("x")[-1].replace("-0.5", "")


def test_the_branch_that_is_not_taken_is_not_evaluated():
    x = Value(-1.0)
    y = evaluate("where(x > 0, sqrt(x) + missing_when_taken(x), x*x)".replace(" + missing_when_taken(x)", ""), {"x": x})
    y.backward()
    assert (y.data, x.grad) == (1.0, -2.0)
    assert {v.op for v in ag.topological_order(y)} <= {None, "mul", "identity"}
    assert evaluate("where(1 > 0, 2, nothing)", {}) == 2.0
    assert evaluate("where(1 < 0, nothing, 3)", {}) == 3.0


@pytest.mark.parametrize("condition", [2.0, -1.0, 0.5, 1e-300, math.inf, math.nan])
def test_a_condition_is_true_unless_it_is_0(condition):
    assert ag.where(condition, 3.0, 4.0) == 3.0
    choose = ag.compile(lambda c, x: ag.where(c, 3.0 * x, 4.0 * x))
    lanes = ag.compile(ag.vmap(lambda c, x: ag.where(c, 3.0 * x, 4.0 * x)))
    for c, wanted in ((condition, 3.0), (0.0, 4.0), (-0.0, 4.0), (condition, 3.0)):
        assert choose(c, 1.0) == wanted
        assert lanes(np.array([c, 0.0]), np.array([1.0, 1.0])).tolist() == [wanted, 4.0]
    assert ag.compile(lambda x: ag.where(condition, 3.0 * x, 4.0 * x))(1.0) == 3.0
    assert ag.compile(lambda x: ag.where(Value(condition), 3.0 * x, 4.0 * x))(1.0) == 3.0


@pytest.mark.parametrize("inner", [1e-200, 1e200, 1e-90, 1e90, 3.0])
@pytest.mark.parametrize("outer", [1e-200, 1e200, 1e-60, 2.0])
@pytest.mark.parametrize("x", [1e-150, 1e150, 1.7])
def test_factors_are_joined_where_nothing_is_lost(inner, outer, x):
    for f in (lambda v: outer * (inner * v), lambda v: (v * inner) * outer, lambda v: outer * (v * (inner * v))):
        wanted = f(x)
        exact = ag.grad(f)(x)
        if not 1e-300 < min(wanted, exact) <= max(wanted, exact) < 1e300 or not 1e-300 < x * inner < 1e300:
            continue  # there the joined factor may be nearer to the truth
        assert ag.compile(f)(x) == pytest.approx(wanted, rel=1e-14, abs=0.0)
        assert ag.compile(ag.grad(f))(x) == pytest.approx(ag.grad(f)(x), rel=1e-14, abs=0.0)
        assert ag.compile(ag.vmap(f))(np.array([x]))[0] == pytest.approx(wanted, rel=1e-14, abs=0.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ag.where(x > 0.0, 1.0, ag.where(x <= 0.0, 0.0, math.nan)),
        lambda x: ag.where(x > 0.0, 1.0, ag.where(x <= 0.0, 0.0, 5.0)),
        lambda x: ag.where(x > 0.0, 1.0, ag.where(x <= 0.0, -1.0, math.nan)),
        lambda x: ag.where(x > 0.0, 1.0, ag.where(x <= -1.0, 0.0, math.nan)),
        lambda x: ag.where(x > 0.0, 1.0, ag.where(x < 0.0, 0.0, math.nan)),
        lambda x: ag.where(x > 1.0, 1.0, ag.where(x <= 1.0, 0.0, math.nan)),
        lambda x: ag.where(x >= 0.0, 1.0, ag.where(x <= 0.0, 0.0, math.nan)),
        lambda x: ag.where(x > 0.0, 2.0, ag.where(x <= 0.0, 0.0, math.nan)),
        lambda x: ag.where(x > 0.0, 1.0, ag.where(x * 1.5 <= 0.0, 0.0, math.nan)),
        lambda x: ag.where(x > 0.0, 1.0, ag.where(x - 3.0 <= 0.0, 0.0, math.nan)),
    ],
)
def test_a_choice_of_three_is_a_step_only_where_it_is_one(f):
    points = np.array([-2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, math.nan, math.inf, -math.inf])
    wanted = [float(getattr(y, "data", y)) for y in (f(Value(p)) for p in points)]
    np.testing.assert_array_equal(ag.compile(ag.vmap(lambda x: f(x) * 1.0))(points), wanted)
    one = ag.compile(lambda x: f(x) * 1.0)
    np.testing.assert_array_equal([one(p) for p in points.tolist()], wanted)


@pytest.mark.parametrize("way", ["lines", "arrays", "cells"])
def test_an_op_of_the_users_own_runs_in_the_context_of_the_call(way, run_as):
    """A context variable that it sets stays set, one that the caller sets is seen; over lanes too."""
    run_as(way)
    counted = ContextVar("counted", default=0)
    seen = []

    @ag.primitive(partials=lambda out, x: (2.0 * x,))
    def own(x):
        seen.append(counted.get())
        counted.set(counted.get() + 1)
        return x * x

    for f in (ag.compile(lambda xs: ag.sum([own(x) for x in xs])), ag.compile(ag.vmap(own))):
        xs = np.arange(1.0, 9.0)
        f(xs)
        for start in (10, 500):
            counted.set(start)
            seen.clear()
            assert np.sum(f(xs)) == 204.0
            assert counted.get() == start + len(seen)
            assert seen == list(range(start, start + len(seen)))
            assert len(seen) >= 8


@pytest.mark.parametrize("c", [2.0, -1.0, 0.5, math.nan, math.inf, 5e-324, 0.0, -0.0, 1.0])
def test_a_constant_condition_holds_unless_it_is_0(c):
    for f in (lambda x: ag.where(Value(c), x * 3.0, x * 5.0), lambda x: ag.where(x * 0.0 + c, x * 3.0, x * 5.0)):
        wanted = 3.0 if c else 5.0
        assert ag.grad(f)(2.0) == ag.compile(ag.grad(f))(2.0) == wanted
        assert ag.compile(ag.vmap(ag.grad(f)))(np.array([2.0, 4.0])).tolist() == [wanted, wanted]


@pytest.mark.parametrize("way", ["lines", "arrays", "cells"])
def test_the_slope_of_a_relu_has_no_derivative_that_an_infinity_makes_nan(way, run_as):
    """It is chosen among constants: nothing of the second derivative comes by it, from 0 · inf neither."""
    run_as(way)

    def f(x):
        return ag.grad(lambda t: ag.relu(t * t) * 2.0 + t)(x) + ag.grad(ag.relu)(x * x)

    for x in (1e200, -math.inf, math.nan, 2.0, 0.0):
        assert ag.compile(ag.grad(f))(x) == pytest.approx(ag.grad(f)(x), nan_ok=True)
    assert ag.compile(ag.grad(ag.grad(ag.relu)))(math.nan) == ag.grad(ag.grad(ag.relu))(math.nan) == 0.0


def test_a_decision_on_another_thread_is_not_recorded():
    """Nor a number that is read there: the function runs eagerly, and says so once."""
    with ThreadPoolExecutor(1) as pool:

        def slope(x):
            return pool.submit(lambda: 2.0 if x > 1.5 else 3.0).result() * x

        def scaled(x):
            return pool.submit(lambda: ag.sin(x) * float(f"{ag.Value(1.0).data:.1f}")).result() * x

        for f in (slope, scaled):
            compiled = ag.compile(ag.value_and_grad(f))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ag.compiler.CompileWarning)
                for x in (1.0, 2.0, 1.25, 3.0):
                    assert compiled(x) == pytest.approx(ag.value_and_grad(f)(x), rel=1e-14)


# --- what a compiled function holds ---------------------------------------------------------------------------------


def test_a_zero_that_becomes_minus_zero():
    held = {"sign": 0.0}
    f = ag.compile(lambda x: ag.copysign(x, held["sign"]))
    assert (f(1.0), f(2.0)) == (1.0, 2.0)
    held["sign"] = -0.0
    assert (f(1.0), f(2.0)) == (-1.0, -2.0)


def test_a_dict_in_another_order():
    held = {"a": 2.0, "b": 3.0}
    f = ag.compile(lambda x: sum(v * x**k for k, v in enumerate(held.values())))
    assert (f(10.0), f(100.0)) == (32.0, 302.0)
    held["a"] = held.pop("a")
    assert (f(10.0), f(100.0)) == (23.0, 203.0)


def test_a_module_that_is_replaced(monkeypatch):
    first, second = ModuleType("some_settings"), ModuleType("some_settings")
    first.rate, second.rate = 2.0, 5.0
    monkeypatch.setitem(sys.modules, "some_settings", first)

    def scaled(x):
        import some_settings

        return x * some_settings.rate

    f = ag.compile(scaled)
    assert (f(1.0), f(2.0)) == (2.0, 4.0)
    monkeypatch.setitem(sys.modules, "some_settings", second)
    assert (f(1.0), f(2.0)) == (5.0, 10.0)


def test_a_dict_whose_order_the_function_changes():
    """What a recording did is undone, order included: the eager call after it is the first."""
    held = {"a": 1.0, "b": 2.0, "c": 3.0}

    def rotate(x):
        key = next(iter(held))
        held[key] = held.pop(key)
        return x * held[key]

    f = ag.compile(rotate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ag.compiler.CompileWarning)
        assert (f(10.0), list(held)) == (10.0, ["b", "c", "a"])
        assert (f(10.0), list(held)) == (20.0, ["c", "a", "b"])


def test_lanes_that_take_different_ways():
    f = ag.compile(ag.vmap(lambda x: x * 2.0 if x > 0.0 else -x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ag.compiler.CompileWarning)
        for xs in ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, -1.0, 2.0], [-1.0, -2.0, -3.0], [-5.0, 2.0, 3.0]):
            assert f(np.array(xs)).tolist() == [x * 2.0 if x > 0.0 else -x for x in xs]


def test_a_detached_infinity_has_no_edge():
    f = lambda x: ag.grad(lambda t: t * t.detach())(x)  # noqa: E731
    assert ag.compile(f)(math.inf) == f(math.inf) == math.inf
    g = lambda x: ag.jvp(lambda t: t * t.detach() + t, (x,), (1.0,))[1]  # noqa: E731
    assert ag.compile(g)(math.inf) == g(math.inf) == math.inf


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ag.exp((x > 0.5) * 1.0) * x,
        lambda x: (x > 0.5) * x * x + (x < 3.0) * ag.sqrt(x),
        lambda x: x + (x >= 2.0) * 3.0 - (x != 1.0) * 2.0,
        lambda x: ag.where(x > 1.0, x, 0.0) + (x <= 5.0) * x,
    ],
)
def test_no_infinity_passes_a_comparison(f):
    """Its derivative is no 0 that is multiplied, which with an infinite tangent or adjoint would be nan."""

    def along(x):
        return ag.jvp(f, (x,), (math.inf,))

    def back(x):
        return ag.vjp(f, x)[1](math.inf)[0]

    def second(x):
        return ag.jvp(ag.grad(f), (x,), (1.0,))[1]

    for g in (along, back, second):
        compiled = ag.compile(g)
        for x in (2.0, 2.0, 0.0, 0.0, 7.0):
            np.testing.assert_equal(compiled(x), g(x))


def test_why_a_function_is_not_recorded_names_its_line():
    def picky(x):
        if type(x).__name__ != "float":
            raise TypeError("floats only")
        return x * 2.0

    f = ag.compile(picky)
    with pytest.warns(ag.compiler.CompileWarning) as told:
        assert f(2.0) == 4.0
    assert any("test_small_print.py:" in str(warning.message) for warning in told)


def test_type_checks_where_plain_numbers_raise():
    """A program is compared with plain code, which raises where a program's numbers are infinite or nan."""

    def f(x):
        factor = 2.0 if isinstance(x, (float, ag.Value)) else 3.0
        return [factor / (x - 1.0), x * x]

    compiled = ag.compile(ag.jacobian(f))
    assert compiled(1.0) == ag.jacobian(f)(1.0) == [-math.inf, 2.0]
    assert compiled(2.0) == ag.jacobian(f)(2.0)

    def everywhere(x):
        factor = 2.0 if isinstance(x, (float, ag.Value)) else 3.0
        return [x * x, factor / (x - x)]

    with pytest.warns(CompileWarning, match="type of a number"):
        found = ag.compile(ag.jacobian(everywhere))(3.0)
    assert found[0] == 6.0
    assert math.isnan(found[1])
