"""C by itself: not in the first calls, only when it pays, and without changing a bit."""

from __future__ import annotations

import itertools
import math
import struct
import threading
from types import BuiltinFunctionType

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.call import c_auto, c_engine, c_library, entry

from . import random_programs as matrix

pytestmark = pytest.mark.skipif(c_library.c_compiler() is None, reason="no C compiler on PATH")


@pytest.fixture
def at_once(monkeypatch):
    """A build costs nothing: the first generated call is also the last."""
    monkeypatch.setattr(c_auto, "cost", -1.0)
    monkeypatch.setattr(c_auto, "EVERY", 1)
    built = c_auto._built

    def free(*given):
        found = built(*given)
        c_auto.cost = -1.0
        return found

    monkeypatch.setattr(c_auto, "_built", free)


def turned(compiled):
    """Whether calls are C's."""
    return type(vars(type(compiled)).get("__call__")) is BuiltinFunctionType


def bits(x):
    return [b"nan" if number != number else struct.pack("d", number) for number in matrix.flat(x)]


def pendulum(x):
    angle, speed = x
    for _ in range(6):
        speed = speed - 0.01 * (9.81 * ag.sin(angle) + 0.2 * speed)
        angle = angle + 0.01 * speed
    return angle * angle + speed * speed


@pytest.mark.parametrize("edges", [False, True])
def test_no_bit_changes(edges, at_once):
    count = 0
    with np.errstate(all="ignore"):
        for seed in range(700, 712):
            points = matrix.inputs(seed, edges)
            for name, transform in matrix.transforms(seed, matrix.function_of(seed))[1:4]:
                default, auto = (ag.compile(transform, backend=b) for b in ("default", "auto"))
                for args in points * 3:
                    assert bits(auto(*args)) == bits(default(*args)), (seed, name, args)
                count += turned(auto)
    assert count > 25


def test_it_pays_first(monkeypatch):
    """After as many calls as take as long as a build, and not before."""
    monkeypatch.setattr(c_auto, "cost", 0.005)
    g = ag.compile(ag.value_and_grad(pendulum), backend="auto")
    expected = [g([0.3, -0.2]) for _ in range(20)][-1]
    assert not turned(g)
    calls = 20
    while not turned(g) and calls < 100_000:
        assert g([0.3, -0.2]) == expected
        calls += 1
    assert 100 < calls < 100_000
    assert g([0.3, -0.2]) == expected
    assert c_auto.cost != 0.005  # it is measured


@pytest.mark.parametrize("function", [
    lambda x: sum([a * b for a, b in itertools.pairwise(x)]),  # as arrays
    lambda x: ag.lgamma(x[0] + 2.0) * ag.gamma(x[1] + 2.0),  # Python's own
    lambda x: ag.digamma(ag.abs(x[0]) + 2.0) * scale,  # a Value that it closes over
])  # fmt: skip
def test_what_would_change_stays(function, at_once):
    x = np.linspace(0.1, 0.9, 400)
    default, auto = (ag.compile(ag.grad(function), backend=b) for b in ("default", "auto"))
    with ag.no_grad():
        for _ in range(5):
            assert bits(auto(x)) == bits(default(x))
    assert not turned(auto)


scale = ag.Value(2.0)


def test_where_python_raises_its_own_way_is_taken(at_once):
    """Overflow, poles and what has no result; and back."""

    def f(x, y):
        return ag.log(x) * ag.exp(y) + 1.0 / y + ag.sqrt(x) * ag.where(y > 700.0, 0.0, ag.exp(-y)) + ag.floor(x)

    default, auto = (ag.compile(ag.value_and_grad(f, (0, 1)), backend=b) for b in ("default", "auto"))
    points = [(1.5, 0.5), (0.0, 1.0), (-1.0, 2.0), (1.0, 1000.0), (2.0, -1000.0), (2.0, 0.0), (math.inf, 1.0),
              (math.nan, 1.0), (-0.0, -0.0), (1e308, 1e-308), (2.5, 0.5)]  # fmt: skip
    for point in points * 2:
        assert bits(auto(*point)) == bits(default(*point)), point
    assert turned(auto)


def test_defaults(at_once):
    def f(x, scale=2.0, *, shift=1.0):
        return ag.sin(x) * scale + shift * x

    default, auto = (ag.compile(ag.grad(f), backend=b) for b in ("default", "auto"))
    for _ in range(3):
        for args, named in (((0.5,), {}), ((0.5, 3.0), {}), ((0.5,), {"shift": 4.0}), ((0.5, 1.0), {"shift": -1.0})):
            for _ in range(4):
                assert auto(*args, **named) == default(*args, **named)
            assert turned(auto)


factor = 2.0


def test_other_ways_and_surroundings(at_once, monkeypatch):
    def f(x):
        return x * factor if x > 1.0 else x * x * factor

    g = ag.compile(ag.grad(f), backend="auto")
    assert [g(x) for x in (3.0, 3.0, 3.0, 0.5, 0.5, 3, 3.0, 0.5)] == [2.0] * 8
    assert turned(g)
    monkeypatch.setitem(globals(), "factor", 5.0)
    assert [g(x) for x in (3.0, 0.5, 3.0, 0.5)] == [5.0] * 4


def test_threads_turn_it_once(monkeypatch):
    monkeypatch.setattr(c_auto, "cost", 0.002)
    count = []
    built = c_auto._built
    monkeypatch.setattr(c_auto, "_built", lambda *given: count.append(1) or built(*given))
    g = ag.compile(ag.grad(pendulum), backend="auto")
    expected, wrong = [g([0.3, -0.2]) for _ in range(3)][-1], []

    def work():
        for _ in range(3000):
            if g([0.3, -0.2]) != expected:
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(count) == 1
    assert turned(g)


@pytest.mark.parametrize("how", ["none", "fails"])
def test_without_a_compiler_nothing_is_said(how, at_once, monkeypatch, tmp_path):
    monkeypatch.delenv("AUTOGRAD_LITE_C_CACHE", raising=False)
    monkeypatch.setenv("CC", str(tmp_path / "none") if how == "none" else "false")
    g = ag.compile(ag.grad(pendulum), backend="auto")
    found = [g([0.3, -0.2]) for _ in range(5)]
    assert found == [found[-1]] * 5
    assert not turned(g)


def test_longer_programs_than_lines_stay(at_once):
    f = ag.value_and_grad(lambda x: sum([ag.sin(x[0] * float(k)) * ag.cos(x[1] + float(k)) ** k for k in range(90)]))
    g = ag.compile(f, backend="auto")
    for _ in range(4):
        g([0.2, 0.4])
    assert len(g.program) > min(entry.WRITTEN, c_engine.LONG)
    assert not turned(g)
