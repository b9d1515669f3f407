"""Straight-line Python: names of numbers that are read no more, choices by one condition, guards, ways of floats."""

from __future__ import annotations

import math
import random
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import CompileWarning
from autograd_lite.compiler.call.compiled import FEW_PATHS, MAX_PATHS
from autograd_lite.compiler.call.plans import OFTEN
from autograd_lite.compiler.emit.python import Lines
from autograd_lite.primitives.sums import NATIVE


def lines_of(f, point, again=True):
    """The statements of a compiled function, line by line."""
    compiled = ag.compile(f)
    compiled(point)
    compilation = compiled.last
    program, _ = compilation.path.statements(compilation.plan, scalar=True)
    return Lines(program, compilation.names, False, again=again)


def recurrence(p):
    x, v = p
    for _ in range(50):
        x, v = x + 0.1 * v, v - 0.1 * ag.sin(x)
    return x


@pytest.mark.parametrize("f", [recurrence, ag.value_and_grad(recurrence)])
def test_a_name_is_free_once_its_number_has_been_read_for_the_last_time(f):
    kept, again = (len(lines_of(f, [0.3, 0.2], again).names) for again in (False, True))
    assert kept > 90
    assert again < (6 if f is recurrence else 0.7 * kept)


@pytest.mark.parametrize(("f", "cells"), [(recurrence, False), (lambda p: recurrence(p) + recurrence(p[::-1]), NATIVE)])
def test_a_call_made_often_is_lines_where_nothing_is_faster(f, cells):
    """What is too long to be written out at once runs as cells first; compiled, those of the longest are as fast."""
    compiled = ag.compile(f)
    found = [compiled([0.3, 0.01 * k]) for k in range(OFTEN)]
    assert ("_run" in type(compiled).__call__.__code__.co_freevars) == cells
    assert found == pytest.approx([f([0.3, 0.01 * k]) for k in range(OFTEN)], rel=1e-13)


def exchanged(p):
    """A sort by hand, each number of which is left in its place or changes it."""
    v = list(p)
    for _ in v:
        for i in range(len(v) - 1):
            wrong = v[i + 1] < v[i]
            v[i], v[i + 1] = ag.where(wrong, v[i + 1], v[i]), ag.where(wrong, v[i], v[i + 1])
    return sum(k * x for k, x in enumerate(v))


def test_exchanges_are_written_as_such():
    lines = lines_of(exchanged, [0.3, 0.2, 0.5, 0.1]).lines
    assert sum("if " in line and ", " in line for line in lines) >= 5
    assert ag.compile(exchanged)([0.3, 0.2, 0.5, 0.1]) == exchanged([0.3, 0.2, 0.5, 0.1])


STEPS = ["exchange", "exchange", "exchange and keep", "add", "where", "two by one", "sorted", "max", "keep", "branch"]


def program(seed):
    """Exchanges of numbers that are read afterwards, or not, among choices, sums and a decision now and then."""
    draw = random.Random(seed)
    plan = [
        (draw.choice(STEPS), [draw.randrange(60) for _ in range(4)], draw.uniform(-1.0, 1.0))
        for _ in range(draw.randrange(3, 50))
    ]

    def f(p):
        v, kept, total = list(p), [], 0.0
        for kind, places, c in plan:
            i, j, k, m = [place % len(v) for place in places]
            if kind.startswith("exchange"):
                kept += [v[i]] * kind.endswith("keep")
                q = v[j] < v[i]
                v[i], v[j] = ag.where(q, v[j], v[i]), ag.where(q, v[i], v[j])
            elif kind == "add":
                v[i] = v[j] + v[k] * c
            elif kind == "where":
                v[i] = ag.where(v[j] > c, v[k], v[m] * c)
            elif kind == "two by one":
                q = v[j] > c
                v[i], v[k] = ag.where(q, v[k], c), ag.where(q, v[m], v[i])
            elif kind == "sorted":
                at = sorted({i, j, k, m})
                for place, x in zip(at, sorted(v[place] for place in at)):
                    v[place] = x
            elif kind == "max":
                v[i] = max(v[j], v[k], c)
            elif kind == "keep":
                kept.append(v[i])
            elif v[i] > c + 2.0:
                v[j], total = v[j] * 0.5, total + v[k]
        return total + sum((k + 1.5) * x for k, x in enumerate(v)) + 0.1 * sum(kept)

    size = draw.randrange(2, 7)
    return f, [[draw.choice([draw.uniform(-2.0, 2.0), 1.0, 0.5]) for _ in range(size)] for _ in range(6)]


@pytest.mark.parametrize("seed", range(60))
def test_programs_of_choices(seed):
    f, points = program(seed)
    plain, value, fast = ag.value_and_grad(f), ag.compile(f), ag.compile(ag.value_and_grad(f))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CompileWarning)
        for p in points * 2:
            expected, slope = plain(p)
            assert value(p) == pytest.approx(expected, rel=1e-10, abs=1e-12)
            found = fast(p)
            assert found[0] == pytest.approx(expected, rel=1e-10, abs=1e-12)
            np.testing.assert_allclose(found[1], slope, rtol=1e-9, atol=1e-11)


def test_a_call_on_another_way_goes_no_further_than_where_it_parts():
    calls = []

    @ag.primitive(partials=lambda out, x: (1.0,))
    def counted(x):
        calls.append(x)
        return x

    @ag.compile
    def f(x):
        return counted(x) * 2.0 if x > 0.0 else -x

    f(1.0), f(-1.0), f(1.0), f(-1.0)
    assert f.eager is None
    calls.clear()
    assert [f(-2.0), f(-3.0), f(-4.0)] == [2.0, 3.0, 4.0]
    assert not calls


def stepwise(x):
    for k in range(12):
        if x < k:
            return x * (k + 1.0)
    return x


def test_a_value_of_floats_is_worth_few_ways_and_a_gradient_more():
    value, gradient = ag.compile(stepwise), ag.compile(ag.grad(stepwise))
    for k in range(FEW_PATHS):
        assert value(k - 0.5) == stepwise(k - 0.5)
    assert value.eager is None
    with pytest.warns(CompileWarning, match=rf"it took {FEW_PATHS} different ways"):
        assert value(FEW_PATHS + 0.5) == stepwise(FEW_PATHS + 0.5)
    for k in range(MAX_PATHS):
        assert gradient(k - 0.5) == k + 1.0
    assert gradient.eager is None
    assert math.isclose(gradient(0.5), 2.0)


def test_a_running_total_of_a_hundred_products_is_a_line_and_no_call():
    lines = lines_of(lambda p: sum(x * (x + k) for k, x in enumerate(p)), [0.01 * k for k in range(90)])
    assert not any("_dot(" in line or "_affine(" in line for line in [*lines.lines, *map(str, lines.results)])
