"""What comparisons and integers make is an int, as in plain code; their derivatives are floats."""

from __future__ import annotations

import math
import operator
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import CompileWarning

from .random_programs import WAYS, run_as


def counted(x):
    n = 0
    for k in range(5):
        n += x > k
    return n


def accuracy(xs):
    hits = sum(x > 0 for x in xs)
    return hits / len(xs), hits


INTEGERS = {
    "sum": lambda x: (x > 0) + 1,
    "of two": lambda x: (x > 0) + (x > 1),
    "builtin sum": lambda x: sum([x > 0, x > 1, x > 3]),
    "counter": counted,
    "product": lambda x: ((x > 0) * 3, 2 * (x > 0), (x > 0) * -3, (x > 0) * (x > 1)),
    "difference": lambda x: (2 - (x > 0), (x > 0) - (x < 0), -(x > 0), 3 * (x > 0) - 2 * (x < 0) + (x == 0)),
    "sign": lambda x: (+(x > 0), abs((x > 0) - 2), -((x > 0) * 2)),
    "no negative zero": lambda x: ag.copysign(1.0, -(x > 0)),
    "quotient": lambda x: ((x > 0) // 2, ((x > 0) - 3) // -2, ((x > 0) - 3) % -2, divmod((x > 0) + 3, 2)),
    "division": lambda x: ((x > 0) / 2, 1 / ((x > 0) + 1)),
    "power": lambda x: ((x > 0) ** 2, 2 ** (x > 0), (-1) ** (x > 0), ((x > 0) - 2) ** 3, (x > 0) ** 0, 2.0 ** (x > 0)),
    "rounding": lambda x: (math.floor(x > 0), math.ceil((x > 0) * 2), round((x > 0) * 3, 1), round((x > 0) + 2)),
    "choice": lambda x: (ag.where(x > 0, 1, 0) * 2 - 1, ag.where(x > 0, x > 1, False)),
    "extremes": lambda x: (max((x > 0) + 1, (x > 1) * 3), min(x > 0, x > 1), sorted([x > 1, x > 0, x > 3])),
    "bits": lambda x: sum(2**k * (x > k) for k in range(4)),
    "compared": lambda x: ((x > 0) + (x > 1) == 2, 3.0 * x if (x > 0) + (x > 1) == 2 else x),
    "with floats": lambda x: ((x > 0) + x, x + (x > 0) * 2, (x > 0) * 0.5),
    "beside floats": lambda x: {"n": (x > 0) + 0, "y": x * 2, "t": x > 0},
}
DERIVATIVES = {
    "grad": lambda x: ag.grad(lambda t: t * (t > 0))(x),
    "of a count": lambda x: ag.grad(lambda t: t * ((t > 0) + (t > 1)))(x),
    "vjp": lambda x: ag.vjp(lambda t: ag.mul(t, t > 0), x)[1](1.0)[0],
    "jvp": lambda x: ag.jvp(lambda t: t * (t > 0), (x,), (1.0,))[1],
    "jacobian": lambda x: ag.jacobian(lambda v: [v[0] * (v[1] > 0), v[1] * 2])([x, x]),
    "second": lambda x: ag.grad(ag.grad(lambda t: 0.5 * t * t * ((t > 0) + 1)))(x),
}


@pytest.mark.parametrize(("way", "backend"), [*[(way, "default") for way in WAYS], (None, "c")])
@pytest.mark.parametrize("name", [*INTEGERS, *DERIVATIVES])
def test_a_result_has_the_type_that_plain_code_gives(name, way, backend):
    f = {**INTEGERS, **DERIVATIVES}[name]
    with run_as(way):
        compiled = ag.compile(f, backend=backend, strict=True)
        for x in (2.0, 0.5, -2.0, 2.0, -2.0):
            assert repr(compiled(x)) == repr(f(x)), x


def test_a_share_of_counted_comparisons():
    compiled = ag.compile(accuracy)
    for xs in ([1.0, -2.0, 3.0], [-1.0, -1.0, -1.0]):
        assert repr(compiled(xs)) == repr(accuracy(xs))


@pytest.mark.parametrize("backend", ["default", "c"])
def test_lanes_of_comparisons_are_truths(backend):
    over = ag.vmap(lambda x: {"t": x > 0, "n": (x > 0) + 1, "y": x * 2})
    points = np.array([1.0, -1.0])
    compiled = ag.compile(over, backend=backend)
    for _ in range(3):
        assert repr(compiled(points)) == repr(over(points))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: isinstance(x, float), lambda x: [x * 2.0, type(x) is float], lambda x: {"kind": type(x).__name__},
        lambda x: isinstance((x > 0) + 1, int),
    ],
)  # fmt: skip
def test_answers_about_types_are_those_of_plain_code(f):
    compiled = ag.compile(f)
    with pytest.warns(CompileWarning):
        first = compiled(2.0)
    assert repr([first, compiled(-2.0)]) == repr([f(2.0), f(-2.0)])


@pytest.mark.parametrize("backend", ["default", "c"])
@pytest.mark.parametrize(
    "way", [lambda x: 0.0 - abs(x), lambda x: -abs(x) + 0.0, lambda x: 0.0 + -(x * x), lambda x: 0.0 - x]
)
def test_zero_from_zero_is_no_negative_zero(way, backend):
    """gcc 12 takes -fabs(x) + 0.0 for -fabs(x)."""
    f = ag.value_and_grad(lambda x: ag.copysign(2.0, way(x)) * x)
    compiled = ag.compile(f, backend=backend)
    for x in (0.0, -0.0, 1.5, -1.5, 0.0):
        assert repr(compiled(x)) == repr(f(x)), x


ONE = 2.5


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: x * 2 if x is y else x * y, lambda x, y: [x is not y, x + y], lambda x, y: x * (id(x) == id(y)),
        lambda x, y: sum(a for a in [x, 1.0] if a is not y), lambda x, y: operator.is_(x, y) * x,
    ],
)  # fmt: skip
def test_the_same_number_twice_is_one(f):
    """Whichever comes first: two numbers, or one twice."""
    two, one = (2.5, 1.5), (ONE, ONE)
    for calls in ([two, one, two], [one, two, one], [one, one, one]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CompileWarning)
            compiled = ag.compile(f)
            assert [repr(compiled(*args)) for args in calls] == [repr(f(*args)) for args in calls]


def test_asking_for_none_or_a_mark_costs_nothing():
    def f(x, y=None, z=MARK):
        return (x if y is None else x * y) * (1.0 if z is MARK else 2.0)

    compiled = ag.compile(f, strict=True)
    assert [compiled(2.0), compiled(2.0, 3.0), compiled(3.0, 3.0)] == [2.0, 6.0, 9.0]
    assert not compiled.surroundings.aliases


MARK = object()


def generator(x, seed):
    for _ in range(5):
        seed = (1103515245 * seed + 12345) % 2**31
    return x * seed


LARGE = {
    "generator": (generator, [(1,), (2,), (12345678,)]),
    "hash": (lambda x, n: x * ((n * 2654435761) % 2**32), [(1,), (3,), (10**9,), (7,)]),
    "square": (lambda x, n: x * (n * n // 10 % 10), [(3,), (10**9 + 7,), (3**30,), (4,)]),
    "large divisor": (lambda x, n: x * ((n - 50) % (2**61 - 1) % 1000), [(60,), (3,), (2,)]),
    "halves": (lambda x, n: x * (n // 2 // 2 % 5), [(60,), (31,), (2**55 + 12,)]),
    "power": (lambda x, n: x * (n**3 % 10), [(3,), (10**7 + 1,)]),
    "divmod": (lambda x, n: [x * q for q in divmod(n * n, 1000)], [(3,), (10**9 + 7,)]),
    "of three": (lambda x, a, b, m: x * (a * b % m), [(3, 4, 7), (10**9 + 7, 10**9 + 9, 998244353)]),
    "the argument": (lambda x, n: x * (n % 7), [(5,), (2**60 + 1,), (2**60 + 2,), (10**400,)]),
    "compared": (lambda x, n: x if n == 2**60 + 1 else -x, [(2**60 + 1,), (2**60,)]),
    "difference": (lambda x, n, m: x * (n - m), [(3, 1), (2**60 + 1, 2**60)]),
    "list": (lambda x, ns: x * sum(n % 7 for n in ns), [([1, 2],), ([2**60 + 1, 3],), ([10**400, 1],)]),
    "array": (lambda x, ns: x * (ns % 7)[0], [(np.array([3, 1]),), (np.array([2**60 + 1, 1]),)]),
    "floats first": (lambda x, n: x * (n * n % 10), [(3.0,), (1e9,), (10**9 + 7,), (2.5,), (4,)]),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("transform", [lambda f: f, ag.grad], ids=["call", "grad"])
def test_integers_that_floats_would_round_are_exact(name, transform):
    """A number of a program is a float: what is too large for one is a constant, whichever call comes first."""
    f, arguments = LARGE[name]
    if transform is ag.grad and name == "divmod":
        f = lambda x, n: x * divmod(n * n, 1000)[1]  # noqa: E731
    for order in (arguments, arguments[::-1]):
        compiled = ag.compile(transform(f), strict=True)
        for given in (*order, *order):
            assert compiled(2.0, *given) == transform(f)(2.0, *given)


def test_small_integers_that_are_divided_share_a_recording():
    def f(x, t):
        return x * (t % 10) + (t * t + 1) // 3

    compiled = ag.compile(f, strict=True)
    assert compiled(2.0, 0) == f(2.0, 0)
    program = compiled.program
    assert [compiled(2.0, t) for t in range(40)] == [f(2.0, t) for t in range(40)]
    assert compiled.program is program
    line = f"{__file__}:{f.__code__.co_firstlineno}"
    assert [guard.line for guard in program.guards] == [line] * 2  # t * t, and 1 more
    halves = ag.compile(lambda x, n: x * (n // 2 // 2 % 5), strict=True)
    assert halves(2.0, 60) == 0.0
    assert not halves.program.guards  # they are as exact as n is
