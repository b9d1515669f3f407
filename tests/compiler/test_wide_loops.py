"""Recurrences whose steps are long: networks over time, filters of matrices, integrators of systems, training."""

import math
import random
import textwrap

import numpy as np
import pytest

import autograd_lite as ag

from .test_loops import flat, run

random_numbers = random.Random(0)


def table(rows, columns, scale=0.5):
    return [[random_numbers.uniform(-scale, scale) for _ in range(columns)] for _ in range(rows)]


def times(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector)) for row in matrix]


def lstm(weights, biases):
    h, c, loss = [0.0] * 4, [0.0] * 4, 0.0
    for t in range(30):
        x = [math.sin(0.3 * t), math.cos(0.2 * t)]
        sums = [[s + b for s, b in zip(times(w, x + h), bias)] for w, bias in zip(weights, biases)]
        forget, take, give = [[1 / (1 + ag.exp(-s)) for s in row] for row in sums[:3]]
        c = [f * old + i * ag.tanh(s) for f, old, i, s in zip(forget, c, take, sums[3])]
        h = [o * ag.tanh(s) for o, s in zip(give, c)]
        loss = loss + (h[0] - x[1]) ** 2
    return loss


def gru(weights):
    h = [0.1] * 3
    for t in range(30):
        x = [math.sin(0.1 * t)]
        z = [ag.sigmoid(s) for s in times(weights[0], x + h)]
        r = [ag.sigmoid(s) for s in times(weights[1], x + h)]
        n = [ag.tanh(s) for s in times(weights[2], x + [a * b for a, b in zip(r, h)])]
        h = [(1 - a) * b + a * old for a, b, old in zip(z, n, h)]
    return sum(h)


def rnn_with_relu(weights, start):
    """A comparison in every number of a step, and of its state only one is read at the end."""
    h = start
    for _ in range(25):
        h = [ag.relu(s) - 0.1 * s + 0.05 for s in times(weights, h)]
    return h[0] * h[0]


def kalman(noise, measured):
    p, x, total = [[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], 0.0
    for t in range(30):
        x = [x[0] + 0.1 * x[1], x[1]]
        p01 = p[0][1] + 0.1 * p[1][1]
        p = [[p[0][0] + 0.1 * (p[1][0] + p01) + noise, p01], [p01, p[1][1] + noise]]
        s, y = p[0][0] + measured, math.sin(0.1 * t) - x[0]
        gain = [p[0][0] / s, p[1][0] / s]
        x = [a + k * y for a, k in zip(x, gain)]
        p = [[p[i][j] - gain[i] * p[0][j] for j in range(2)] for i in range(2)]
        total = total + ag.log(s) + y * y / s
    return total


def bodies(places, speeds):
    places, speeds = [list(p) for p in places], [list(v) for v in speeds]
    for _ in range(20):
        pulls = [[0.0, 0.0] for _ in places]
        for i, p in enumerate(places):
            for j, q in enumerate(places):
                if i != j:
                    apart = [b - a for a, b in zip(p, q)]
                    near = (apart[0] ** 2 + apart[1] ** 2 + 0.1) ** -1.5
                    pulls[i] = [a + d * near for a, d in zip(pulls[i], apart)]
        speeds = [[v + 0.05 * a for v, a in zip(row, pull)] for row, pull in zip(speeds, pulls)]
        places = [[x + 0.05 * v for x, v in zip(row, speed)] for row, speed in zip(places, speeds)]
    return sum(x * x for row in places for x in row)


def hidden(moves, shows):
    seen = [t * t % 3 for t in range(40)]
    likely, total = [shows[s][seen[0]] for s in range(4)], 0.0
    for o in seen[1:]:
        likely = [sum(likely[i] * moves[i][j] for i in range(4)) * shows[j][o] for j in range(4)]
        mass = sum(likely)
        total = total + ag.log(mass)
        likely = [a / mass for a in likely]
    return total


def trained(w, rate):
    points = [[math.sin(i + 2 * k) for k in range(3)] for i in range(8)]
    for _ in range(25):
        errors = [sum(a * b for a, b in zip(w, x)) - 0.1 * i for i, x in enumerate(points)]
        w = [a - rate * sum(e * x[k] for e, x in zip(errors, points)) / 8 for k, a in enumerate(w)]
    return sum((sum(a * b for a, b in zip(w, x)) - 0.1 * i) ** 2 for i, x in enumerate(points))


def heat(u, k):
    for _ in range(40):
        inner = [b + k * (a - 2 * b + c) for a, b, c in zip(u, u[1:], u[2:])]
        u = [u[0], *inner, u[-1]]
    return sum(x * x for x in u)


def two_steps_back(a):
    """Verlet: what is carried of the step before is carried from two steps back, and energies come after the loop."""
    before, here, total = [0.1, 0.2, 0.3, 0.4], [a, 0.2, 0.3, 0.4], 0.0
    for _ in range(30):
        total = total + sum((x - y) ** 2 for x, y in zip(here, before))
        before, here = here, [2 * x - y - 0.01 * ag.sin(x) for x, y in zip(here, before)]
    return total + here[2]


def ring(u):
    for _ in range(30):
        u = [0.5 * x + 0.25 * (u[k - 1] + u[(k + 1) % len(u)]) + 0.01 * x * x for k, x in enumerate(u)]
    return u[0] + u[3] ** 2


#: by function: arguments, and lines that its derivatives take at most
PROGRAMS = {
    lstm: (([table(4, 6) for _ in range(4)], table(4, 4)), 200),
    gru: (([table(3, 4) for _ in range(3)],), 150),
    rnn_with_relu: ((table(4, 4), [0.3, -0.2, 0.1, 0.4]), 120),
    kalman: ((0.1, 0.2), 150),
    bodies: (([[0.1, 0.2], [0.9, 0.3], [0.4, 0.8]], table(3, 2)), 60),
    hidden: (([[0.1 + 0.1 * abs(i - j) for j in range(4)] for i in range(4)], [[0.2, 0.3, 0.5]] * 4), 100),
    trained: (([0.1, 0.2, 0.3], 0.05), 60),
    heat: (([math.sin(k) for k in range(10)], 0.2), 90),
    two_steps_back: ((0.15,), 60),
    ring: (([0.1, 0.4, 0.2, 0.7, 0.3],), 90),
}  # fmt: skip


@pytest.fixture
def arrays(monkeypatch):
    """Loops are run by the array engine, as they are where that is faster than number by number."""
    monkeypatch.setattr("autograd_lite.compiler.call.choice.SCALAR_OPERATION", 1e3)
    monkeypatch.setattr("autograd_lite.compiler.call.choice.DEEP", 20)
    monkeypatch.setattr("autograd_lite.compiler.call.choice.LOOSE", 20)


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_long_steps_are_loops_of_arrays(f, backend):
    args, most = PROGRAMS[f]
    eager = ag.value_and_grad(f, argnums=tuple(range(len(args))))
    compiled = ag.compile(eager)
    expected = flat(eager(*args))
    np.testing.assert_allclose(flat(compiled(*args)), expected, rtol=1e-9, atol=1e-12)
    text, found = run(compiled, backend, [np.array(arg) if isinstance(arg, list) else arg for arg in args])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert len(text.splitlines()) < most


@pytest.mark.usefixtures("arrays")
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_the_array_engine_runs_loops(f):
    args, _ = PROGRAMS[f]
    numbers = tuple(range(len(args)))
    eager = ag.value_and_grad(f, numbers)
    compiled = ag.compile(eager)
    for _ in range(2):
        np.testing.assert_allclose(flat(compiled(*args)), flat(eager(*args)), rtol=1e-9, atol=1e-12)
    assert compiled._recorded().statements[0].loops
    moved = scaled(args, 1.25)  # other numbers in the same buffers
    np.testing.assert_allclose(flat(compiled(*moved)), flat(eager(*moved)), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(flat(compiled(*args)), flat(eager(*args)), rtol=1e-9, atol=1e-12)


def scaled(x, by):
    return type(x)(scaled(item, by) for item in x) if isinstance(x, (list, tuple)) else x * by


@pytest.mark.usefixtures("arrays")
def test_a_state_that_is_infinite_or_zero_is_divided_by_as_ieee_says():
    def f(x):
        state = 0.0 * x
        for _ in range(40):
            state = ag.tanh(x / (x + state)) + 1.0
        return state

    compiled = ag.compile(f)
    assert float(compiled(0.5)) == pytest.approx(float(f(0.5)))
    assert math.isnan(float(compiled(0.0)))


@pytest.mark.usefixtures("arrays")
def test_nothing_of_a_loop_is_overwritten_while_it_is_read_back():
    """The first state is a buffer of the program, which is used again for something else after the loop."""

    def f(u, weights):
        u = [ag.sin(x) * 2.0 for x in u]
        for _ in range(30):
            u = [ag.tanh(s) for s in times(weights, u)]
        v = [ag.cos(x) * 3.0 for x in u]
        w = [ag.exp(x) + x for x in v]
        return sum(a * b for a, b in zip(v, w))

    args = ([0.3, 0.1, -0.4, 0.2], table(4, 4, 1.0))
    eager = ag.value_and_grad(f, (0, 1))
    compiled = ag.compile(eager)
    for by in (1.0, 0.5, 2.0):
        given = scaled(args, by)
        np.testing.assert_allclose(flat(compiled(*given)), flat(eager(*given)), rtol=1e-9, atol=1e-12)


def test_a_recurrence_that_closes_in_parts_is_found_whatever_its_period():
    """A step of like instructions is told from its parts by what they read."""
    from autograd_lite.compiler.lift.loops import find_loops

    from .test_loops import program_of

    for width in (2, 3, 7, 20, 45):
        weights = table(width, width)
        program = program_of(lambda u, w=weights: sum_of_steps(u, w), ([0.1] * width,))
        (found,) = [loop for loop in find_loops(program) if loop.count > 10]
        assert found.period % width == 0
        assert len(found.initial) == width


def sum_of_steps(u, weights):
    for _ in range(20):
        u = [ag.tanh(s) for s in times(weights, u)]
    return sum(u)


def test_sources_say_what_a_step_is():
    compiled = ag.compile(bodies)
    compiled(*PROGRAMS[bodies][0])
    text = compiled.source()
    (loop,) = [line for line in text.splitlines() if line.lstrip().startswith("for ")]
    assert loop.strip() == "for _ in range(20):"
    assert textwrap.dedent(text).count("np.sum") <= 2


@pytest.mark.usefixtures("arrays")
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_second_derivatives_go_through_loops_of_arrays(f):
    *before, x = PROGRAMS[f][0]

    def twice(x):
        return ag.hvp(lambda x: f(*before, x), x, x)

    compiled = ag.compile(twice)
    for by in (1.0, 1.25):
        np.testing.assert_allclose(flat(compiled(scaled(x, by))), flat(twice(scaled(x, by))), rtol=1e-8, atol=1e-10)
    assert compiled._recorded().statements[0].loops
