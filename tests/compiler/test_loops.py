"""Recurrences are loops in the sources: short, for any number of steps, with the numbers of eager code."""

import functools
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.lift.levels import lift
from autograd_lite.compiler.lift.loop_statements import looped
from autograd_lite.compiler.lift.loops import find_loops
from autograd_lite.compiler.record.arguments import Arguments
from autograd_lite.compiler.record.recording import record_call
from autograd_lite.compiler.rewrite import optimized

from .test_drjit import dr  # noqa: F401  (a fixture)

DATA, TARGETS = np.random.default_rng(0).normal(size=(2, 90))


def chain(x, w, n=60):
    for _ in range(n):
        x = ag.tanh(x * w + 0.1) - 0.5 * x
    return x * w


def long_chain(x, w):
    for _ in range(100_000):
        x = ag.sin(x * w) + 0.1
    return x


def two_back(a, b):
    for _ in range(100):
        a, b = b, ag.sin(a) + b * 0.5
    return a * b


def rotation(x, v, k):
    for _ in range(50):
        v = v - 0.1 * k * x
        x = x + 0.1 * v
    return x * x + v


def echo(a, xs):
    y = [0.1] * 5
    for x in xs:
        y.append(ag.sin(a * y[-5] + x) + y[-1] * 0.25)
    return ag.sum(y[-3:])


def recurrent_loss(a, xs, ts):
    h, total = 0.0, 0.0
    for x, t in zip(xs, ts, strict=True):
        h = ag.tanh(a * h + x)
        total = total + (h - t) ** 2
    return total


def every_state(a, xs):
    h, hs = 0.3, []
    for x in xs:
        h = ag.sin(h * a) + x
        hs.append(h)
    return ag.logsumexp(hs) + ag.max(hs) * hs[3] + ag.prod(hs[:3]) + hs[-1]


def constants(x):
    for i in range(50):
        x = ag.sin(x * (0.02 * i) + [0.3, 0.2, 0.2][i % 3])
    return x


def nested(x, w):
    for _ in range(30):
        for _ in range(4):
            x = ag.sin(x * w) + x * 0.1
        x = ag.exp(-x) * w
    return x


def one_after_the_other(x, w):
    hs = []
    for _ in range(40):
        x = ag.cos(x * w)
        hs.append(x)
    y = 1.0
    for h in reversed(hs):
        y = ag.sin(y + h * w)
    return y


def the_end_is_used(x, w):
    for _ in range(40):
        x = ag.cos(x * w)
    return ag.exp(x * w) * w


def labelled(x, rate):
    for _ in range(40):
        slope = (ag.exp(-x) - x).named("slope")
        x = (x + rate * slope).named("state")
    return x


def with_where(x, w):
    for _ in range(40):
        x = ag.where(x > 0.4, x * 0.5, x + w)
    return x


def masked(x, w):
    """The branch that is not taken has no derivative: the square root of a negative number."""
    for _ in range(30):
        x = ag.where(x > 0.0, ag.sqrt(x) - w, x * x + 0.1)
    return x


def two_uses(x):
    """The same step with and without something else that reads it."""
    y = x
    for k in range(40):
        y = ag.sin(y) * 1.5 if k % 2 else ag.cos(y) + x
    return y


def fixed_ends(rate, rod):
    """The heat equation: the ends of the rod are read at every step, from further and further back."""
    rod = [2.0 * x for x in rod]
    for _ in range(12):
        inner = [u + rate * (after - 2.0 * u + before) for before, u, after in zip(rod, rod[1:], rod[2:])]
        rod = [rod[0], *inner, rod[-1]]
    return sum(u * u for u in rod)


SMALL = [0.5, 1.1]
CASES = {
    fixed_ends: (0.3, np.cos(np.arange(14.0))),
    chain: (0.5, 1.1), two_back: (1.0, 2.0), rotation: (1.0, 0.0, 2.0), echo: (0.7, DATA),
    recurrent_loss: (0.7, DATA, TARGETS), every_state: (0.9, DATA), constants: (0.3,), nested: (0.3, 0.2),
    one_after_the_other: (0.4, 0.9), the_end_is_used: (0.4, 0.9),
    labelled: (0.1, 0.2), with_where: (0.3, 0.25), masked: (0.3, 0.8), two_uses: (0.7,),
}  # fmt: skip


@functools.cache
def module(backend):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(backend)


def run(compiled, backend, args):
    """The source and what it returns, flat; under ``jax.jit`` for JAX."""
    library = module(backend)
    scope = {}
    text = compiled.source(backend)
    exec(text, scope)
    f = scope[compiled.name]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if backend == "torch":
            args = [library.tensor(arg, dtype=library.float64) for arg in args]
        elif backend == "numpy":
            args = [np.float64(arg) if np.ndim(arg) == 0 else arg for arg in args]
        return text, flat((library.jit(f) if backend == "jax" else f)(*args))


def flat(x):
    if isinstance(x, (tuple, list)):
        return [number for item in x for number in flat(item)]
    return np.asarray(x, dtype=float).ravel().tolist()


def compiled_with_gradient(f):
    return ag.value_and_grad(f, argnums=tuple(range(len(CASES.get(f, SMALL)))))


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_value_and_gradient(f, backend):
    args = CASES[f]
    eager = compiled_with_gradient(f)
    compiled = ag.compile(eager)
    expected = flat(eager(*args))
    np.testing.assert_allclose(flat(compiled(*args)), expected, rtol=1e-9, atol=1e-12)
    text, found = run(compiled, backend, args)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert ("lax.scan(" if backend == "jax" else "for ") in text
    assert len(text.splitlines()) < 95


@functools.cache
def a_hundred_thousand():
    compiled = ag.compile(compiled_with_gradient(long_chain))
    return compiled, flat(compiled(*SMALL))


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_a_hundred_thousand_steps(backend):
    compiled, expected = a_hundred_thousand()
    text, found = run(compiled, backend, SMALL)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert len(text.splitlines()) < 40
    assert len(text) < 2000


def test_labels_are_the_names():
    compiled = ag.compile(labelled)
    compiled(0.1, 0.2)
    assert compiled.source().split("\n\n\n")[1] == (
        "def labelled(x, rate):\n"
        "    state = x\n"
        "    for _ in range(40):\n"
        "        slope = np.exp(-state) - state\n"
        "        state = state + rate * slope\n"
        "    return state\n"
    )


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_lanes(backend):
    """The source of one point is a source for many: by broadcasting in NumPy, under vmap in JAX and PyTorch."""
    library = module(backend)
    compiled = ag.compile(ag.vmap(compiled_with_gradient(chain), in_axes=(0, None)))
    x = np.linspace(0.1, 0.9, 7)
    value, (dx, dw) = compiled(x, 1.1)
    scope = {}
    exec(compiled.source(backend), scope)
    f = scope["chain"]
    if backend == "jax":
        f = library.jit(library.vmap(f, in_axes=(0, None)))
        found = f(x, 1.1)
    elif backend == "torch":
        numbers = library.tensor(x), library.tensor(1.1, dtype=library.float64)
        found = library.func.vmap(f, in_dims=(0, None))(*numbers)
    else:
        found = f(x, 1.1)
    for a, b in zip(found, (value, dx, dw), strict=True):
        np.testing.assert_allclose(np.asarray(a), b, rtol=1e-9)


def test_vmap_of_long_recurrences():
    compiled = ag.compile(
        ag.vmap(ag.value_and_grad(functools.partial(chain, n=1200), argnums=(0, 1)), in_axes=(0, None))
    )
    x = np.linspace(0.1, 0.9, 40)
    value, (dx, dw) = compiled(x, 1.1)
    assert not compiled.kernels.cache_info().currsize  # few lanes of a long program are run one by one
    for k in (0, 17, 39):
        expected = ag.value_and_grad(functools.partial(chain, n=1200), argnums=(0, 1))(x[k], 1.1)
        np.testing.assert_allclose([value[k], dx[k], dw[k]], flat(expected), rtol=1e-9)


def test_vmap_of_long_recurrences_over_data():
    def f(a, xs, bias):
        h = 0.0
        for x in xs:
            h = ag.tanh(a * h + x) + bias[0]
        return h * bias[1]

    xs = np.random.default_rng(0).normal(size=(5, 1500))
    compiled = ag.compile(ag.vmap(ag.value_and_grad(f), in_axes=(None, 0, None)))
    eager = ag.vmap(ag.value_and_grad(f), in_axes=(None, 0, None))
    for bias in ([0.1, 2.0], [0.2, -1.0]):
        found, expected = compiled(0.7, xs, np.array(bias)), eager(0.7, xs, np.array(bias))
        np.testing.assert_allclose(found, expected, rtol=1e-9)


IN_DRJIT = (
    chain,
    two_back,
    rotation,
    constants,
    nested,
    one_after_the_other,
    the_end_is_used,
    labelled,
    with_where,
    masked,
)


@pytest.mark.parametrize("f", IN_DRJIT, ids=lambda f: f.__name__)
def test_in_drjit(dr, f):  # noqa: F811
    compiled = ag.compile(compiled_with_gradient(f))
    compiled(*CASES[f])
    scope = {}
    text = compiled.source("drjit")
    exec(text, scope)
    assert "for " in text
    assert len(text.splitlines()) < 130
    points = np.array([CASES[f], [x * 1.07 for x in CASES[f]]])
    found = scope[f.__name__](*points.T)
    for k, point in enumerate(points.tolist()):
        expected = flat(compiled_with_gradient(f)(*point))
        got = [np.broadcast_to(x, (2,))[k] for x in found]
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


def test_data_in_drjit(dr):  # noqa: F811
    compiled = ag.compile(ag.value_and_grad(recurrent_loss))
    expected = compiled(0.7, DATA, TARGETS)
    scope = {}
    text = compiled.source("drjit")
    exec(text, scope)
    assert "for " in text
    assert len(text.splitlines()) < 70
    found = scope["recurrent_loss"](0.7, DATA[:, None], TARGETS[:, None])
    np.testing.assert_allclose([float(x[0]) for x in found], expected, rtol=1e-9)


def test_equations():
    compiled = ag.compile(two_back)
    compiled(1.0, 2.0)
    found = compiled.equations()
    assert "for t = 0 … 99" in str(found)
    assert r"\text{for } t &= 0 \dots 99" in found.latex
    compiled = ag.compile(compiled_with_gradient(labelled))
    compiled(0.1, 0.2)
    lines = str(compiled.equations()).splitlines()
    assert lines[:4] == [
        "state[0] = x",
        "for t = 0 … 39",
        "    slope = exp(−state[t]) − state[t]",
        "    state[t+1] = state[t] + rate · slope",
    ]
    assert "for t = 39 … 0" in lines
    assert len(lines) < 20


def program_of(f, args):
    return optimized(record_call(f, Arguments(args)).program)


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_loops_cover_the_program(f):
    program = program_of(f, CASES[f])
    loops = find_loops(program)
    assert loops
    for loop in loops:
        for j, row in enumerate(loop.slots):
            for i, id in enumerate(loop.ids(j).tolist()):
                read = []
                for slot in row:
                    if slot[0] == "same":
                        read.append(slot[1])
                    elif slot[0] == "each":
                        read.append(int(slot[1][i]))
                    else:
                        lag = slot[2] if slot[0] == "carry" else 0
                        early = i < lag
                        at = loop.initial[slot[1], lag - i] if early else loop.ids(slot[1])[i - lag]
                        read.append(int(at))
                assert tuple(read) == program.args[id - program.first]


def random_recurrence(seed):
    """A step of random operations on what was carried, data, parameters and constants; and something made of it all."""
    rng = np.random.default_rng(seed)
    kinds = ("sin", "cos", "tanh", "add", "mul", "sub", "softplus", "maximum", "dot", "atan")
    size = int(rng.integers(2, 8))
    states = int(rng.integers(1, 4))
    picks = [(kinds[rng.integers(len(kinds))], rng.integers(0, 1 << 20, size=4)) for _ in range(size)]
    ends = rng.integers(0, 1 << 20, size=6)

    def apply(kind, xs):
        if kind in ("add", "mul", "sub"):
            return {"add": xs[0] + xs[1], "mul": xs[0] * xs[1], "sub": xs[0] - xs[1]}[kind]
        if kind == "dot":
            return ag.dot(xs[:2], xs[2:])
        return getattr(ag, kind)(*xs[: 2 if kind == "maximum" else 1])

    def f(a, data):
        carried = [0.5, a, data[0]][:states]
        before, kept = list(carried), []
        for i, x in enumerate(data):
            pool = [*carried, before[-1], x, a, 0.75, 0.01 * i]
            for kind, at in picks:
                pool.append(apply(kind, [pool[k % len(pool)] for k in at.tolist()]))
            before = carried
            new = [ag.sin(item) * 0.5 for item in pool[-states:]]
            carried = [*new[1:], new[0]]
            kept.append(pool[-1 - int(ends[0]) % size])
        result = carried[0] + carried[-1] * a
        if ends[1] % 2:
            result = result + ag.sum([k * k for k in kept])
        if ends[2] % 3 == 0:
            result = result * ag.tanh(kept[3]) + kept[-1]
        return result + (ag.logsumexp(kept) if ends[3] % 3 == 0 else 0.0)

    return f, (float(rng.normal()), rng.normal(size=30))


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
@pytest.mark.parametrize("seed", range(24))
def test_random_recurrences(seed, backend):
    if backend != "numpy" and seed % 4:
        return
    f, args = random_recurrence(seed)
    eager = ag.value_and_grad(f, argnums=(0, 1))
    compiled = ag.compile(eager)
    compiled(*args)
    _, found = run(compiled, backend, args)
    np.testing.assert_allclose(found, flat(eager(*args)), rtol=1e-8, atol=1e-10)


def test_a_step_that_begins_and_ends_otherwise_is_one_step():
    """Its parts repeat, too: a step is told from them by what its first and last part read."""
    compiled = ag.compile(fixed_ends)
    compiled(*CASES[fixed_ends])
    (loop,) = find_loops(compiled.program)
    assert loop.count == 12
    assert len(compiled.source().splitlines()) < 25


def many_recurrences(count):
    """So many recurrences one after the other, no two of which have the same step."""

    def f(x):
        for k in range(count):
            ops = [(ag.sin, ag.tanh)[k >> bit & 1] for bit in range(6)]
            for _ in range(8):
                for op in ops:
                    x = op(x) * 0.9
        return x

    return f


def test_what_is_sorted_for_many_loops_grows_with_the_program_alone(monkeypatch):
    """Each loop that is found leaves ranges to look at: where runs come again is known by then."""
    sort, numbers = np.argsort, []
    monkeypatch.setattr(np, "argsort", lambda x, *args, **named: numbers.append(np.size(x)) or sort(x, *args, **named))
    each = []
    for count in (6, 36):
        numbers.clear()
        program = program_of(many_recurrences(count), (0.3,))
        assert len(find_loops(program)) >= count
        each.append(sum(numbers) / len(program))
    assert each[1] < 1.5 * each[0], each


def test_arrays_with_loops_are_not_written_further_than_asked():
    program = program_of(many_recurrences(6), (0.3,))
    cost = looped(program).cost()
    assert looped(program, most=cost).cost() == cost
    assert looped(program, most=cost - 1) is None


def test_arrays_are_written_no_further_than_asked():
    program = program_of(many_recurrences(2), (0.3,))
    whole = lift(program).cost()
    assert lift(program, most=whole).cost() == whole
    assert 10 < lift(program, most=10).cost() < whole


def test_no_loop_where_nothing_repeats():
    assert find_loops(program_of(lambda x: ag.sin(x) * ag.exp(x), (0.3,))) == []
    assert looped(program_of(lambda x: ag.sin(x) * ag.exp(x), (0.3,))) is None


def test_jacobians_and_higher_derivatives_go_through_loops():
    """A loop's adjoint is a loop, of which adjoints are taken again."""
    second = ag.compile(lambda x, v: ag.hvp(lambda x: chain(x[0], x[1], 20), x, v))
    x, v = np.array(SMALL), np.array([1.0, -2.0])
    expected = ag.hvp(lambda x: chain(x[0], x[1], 20), x, v)
    np.testing.assert_allclose(second(x, v), expected, rtol=1e-9)
    text, found = run(second, "numpy", (x, v))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert len(text.splitlines()) < 400
