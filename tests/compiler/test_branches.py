"""Branches on numbers: where both sides only calculate they are choices, in one program; else guards, as ever."""

from __future__ import annotations

import linecache
import math
import random
import threading
import warnings

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.compiler.record import lowering
from autograd_lite.compiler.record.lowering import code_of

from .random_branches import BRANCHES
from .random_sources import differences

nan, inf = math.nan, math.inf


def relu(x):
    return x if x > 0 else 0.0


def leaky(x, slope=0.1):
    if x > 0:
        return x
    return slope * x


def clamp(x, low=-1.0, high=1.0):
    if x < low:
        return low
    if x > high:
        return high
    return x


def huber(r, d=0.7):
    if abs(r) <= d:
        return 0.5 * r * r
    else:
        return d * (abs(r) - 0.5 * d)


def sign(x):
    return 1 if x > 0 else -1 if x < 0 else 0


def step(x):
    y = 0.0
    if x >= 0:
        y = 1.0
    return y * x


def root(x):
    if x <= 0:
        return 0.0
    y = ag.sqrt(x)
    return y


def tent(x):
    if 0 < x < 1:
        if x < 0.5:
            y = 2 * x
        else:
            half = x - 0.5
            y = 1 - 2 * half
    elif x == 1 or not x:
        y = 0 * x
    else:
        y = x - 1
    return y


def positives(p):
    total = 0.0
    for x in p:
        if not x > 0:
            continue
        total += x * x
    return total


def ordered(p):
    a, b, c = p
    a, b = (b, a) if b < a else (a, b)
    b, c = (c, b) if c < b else (b, c)
    return a + 2 * b + 3 * c


class Controller:
    """PID with saturation and a limit on the integral."""

    limit = 0.8

    def __init__(self):
        self.gains = {"p": 1.2, "i": 0.4}

    def steps(self, p):
        y, integral = 0.0, 0.0
        for target in p:
            error = target - y
            u = self.gains["p"] * error + self.gains["i"] * integral
            if u > self.limit:
                u = self.limit
            elif u < -self.limit:
                u = -self.limit
            else:
                integral += error
            y = y + 0.3 * u
        return y


def quiet(p):
    with ag.no_grad():
        scale = p[0] if p[0] > p[1] else 2.0 * p[1]
    return scale * p[2]


#: one program each
CHOICES = {
    "expression": lambda p: sum(x * x if x > 0 else -0.1 * x for x in p),
    "constant side": lambda p: sum(relu(x) * x for x in p),
    "early return": lambda p: sum([leaky(x) for x in p]),
    "map": lambda p: sum(map(leaky, p)),
    "clamp": lambda p: sum(clamp(x) * x for x in p),
    "huber": lambda p: sum(huber(x) for x in p),
    "integers": lambda p: sum(sign(x) * x * x for x in p),
    "one side": lambda p: sum(step(x) for x in p),
    "side that is nan": lambda p: sum(root(x) for x in p),
    "division by zero": lambda p: sum(1 / x if x != 0 else x for x in p),
    "nested": lambda p: sum(tent(x) for x in p),
    "continue": positives,
    "pairs": ordered,
    "and": lambda p: p[0] if (p[0] > 0 and p[1] > 0) or not p[2] > 0 else p[1] * p[2],
    "read": lambda p: sum(x * x if x.data > 0 else -x for x in p),
    "method": Controller().steps,
    "no_grad": quiet,
    "the number itself": lambda p: sum(x * 2 if x else x for x in p),
    "inner function": lambda p: (lambda y: y if y > 1 else y * y)(p[0] * p[1]),
}


def appending(p):
    found = []
    for x in p:
        if x > 0:
            found.append(x)
        else:
            found.append(-x)
    return sum(found)


def counted(x):
    COUNTS.append(1)
    del COUNTS[:]
    return x * x


COUNTS = []


def storing(p):
    p = list(p)
    if p[0] > 0:
        p[1] = p[0]
    return p[1] * p[2]


def walrus(p):
    return d * p[2] if (d := p[0] - p[1]) > 0 else p[1]


def unbound(p):
    if p[0] > 0:
        y = p[1]
    return y if p[0] > 0 else p[2]


def until(p):
    x = p[0] * p[0]
    while x < 1:
        x = x + 0.4
    return x * p[1]


class Own(float):
    """A number of one's own."""


#: a way per outcome
GUARDS = {
    "append": appending,
    "store": storing,
    "unknown function": lambda p: counted(p[0]) if p[0] > 0 else p[1],
    "walrus": walrus,
    "unbound": unbound,
    "while": until,
    "filter": lambda p: sum([x for x in p if x > 0], 0.0 * p[0]),
    "list or number": lambda p: sum([p[0], p[1]] if p[0] > 0 else [p[1]]),
    "own numbers": lambda p: p[0] * (Own(2.0) if p[1] > 0 else 3.0),
    "index": lambda p: p[1 if p[0] > 0 else 2] * p[0],
    "identity": lambda p: p[0] * 2 if (p[0] if p[0] > p[1] else p[1]) is p[0] else p[1],
    "type": lambda p: p[2] * (2 if isinstance(p[0] if p[0] > 0 else 0.0, Value) else 3),
}


def points():
    draw = random.Random(1)
    numbers = [0.0, -0.0, 1.0, -1.0, 0.5, 0.7, nan, inf]
    return [[draw.choice([*numbers, draw.gauss(0, 1), draw.gauss(0, 2)]) for _ in range(3)] for _ in range(30)]


def same(a, b):
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == pytest.approx(b, rel=1e-12, abs=1e-14, nan_ok=True)


def compared(f, transform):
    """The compiled function, which gave what the plain one gives at all points."""
    plain, compiled = transform(f), ag.compile(transform(f), strict=True)
    for p in points():
        assert same(compiled(p), plain(p)), p
    return compiled


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CHOICES)
def test_two_sides_are_one_program(name):
    for transform in (ag.value_and_grad, ag.hessian):
        compiled = compared(CHOICES[name], transform)
        assert compiled.program.guards == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", GUARDS)
def test_what_may_have_effects_is_a_guard(name):
    compiled = ag.compile(ag.value_and_grad(GUARDS[name]))
    plain = ag.value_and_grad(GUARDS[name])
    for p in points():
        assert same(compiled(p), plain(p)), p
    assert compiled.eager or compiled.program.guards


def test_a_hundred_branches_are_a_few_arrays():
    def f(p):
        return sum(huber(x) + relu(x) for x in p)

    draw = random.Random(2)
    compiled, plain = ag.compile(ag.value_and_grad(f), strict=True), ag.value_and_grad(f)
    for _ in range(5):
        p = [draw.gauss(0.0, 1.0) for _ in range(100)]
        assert same(compiled(p), plain(p))
    assert len(compiled.source().splitlines()) < 25
    assert len(compiled.surroundings.seen) < 30


def test_lanes_take_their_own_sides():
    f = ag.vmap(lambda x: clamp(x) + tent(x))
    points = [-2.0, -0.5, 0.0, 0.25, 0.5, 1.0, 3.0, nan]
    found = ag.compile(f, strict=True)(points)
    assert same(list(found), [clamp(x) + tent(x) for x in points])


def test_only_the_side_that_is_taken_passes_derivatives():
    """Also to what live arguments are made of: 0 times nan is nan."""
    f = ag.compile(lambda a, b: a * 2 if a > 0 else b)
    for x, y in ((1.0, nan), (2.0, nan), (-1.0, 0.5), (1.0, nan)):
        a, b = Value(x), Value(y)
        f(a * 1.0, ag.tanh(b)).backward()
        assert (a.grad, b.grad) == ((2.0, 0.0) if x > 0 else (0.0, pytest.approx(1 - math.tanh(y) ** 2)))


def test_plain_results_stay_plain():
    """Where one side gives a number of its own and the other a Value, the result is what plain code gives."""
    for f in (relu, lambda v: 7.0 if v > 1 else v, lambda v: 1.0 if v > 0 else -1.0):
        compiled = ag.compile(f)
        for x in (2.0, -1.0, 0.5):
            assert type(compiled(Value(x))) is type(f(Value(x)))


def test_what_fails_fails_as_in_plain_code():
    def f(x):
        y = 0.0 if x > 0 else x
        return y.data * x

    compiled = ag.compile(f)
    assert compiled(Value(-2.0)).data == 4.0
    for _ in range(2):
        with pytest.raises(AttributeError, match="'float' object has no attribute 'data'"):
            compiled(Value(1.0))


def test_stale_variables_of_one_side_are_not_read():
    """``t`` of the first step is there in the third."""

    def f(p):
        y = 0.0
        for k, x in enumerate(p):
            if x > 0:
                t = math.floor(k) * 1.0 if k == 0 else x * 2.0
                y = y + t
            else:
                y = y + t * x
        return y

    compiled, plain = ag.compile(ag.value_and_grad(f)), ag.value_and_grad(f)
    for p in ([1.0, 2.0, -3.0], [1.0, -2.0, 3.0], [2.0, -1.0, -1.0]):
        assert same(compiled(p), plain(p))


def test_a_source_that_is_not_the_codes_is_not_believed():
    text = "def f(x):\n    return x if x > 0 else 2 * x\n"
    space = {}
    exec(compile(text, "<changed>", "exec"), space)
    linecache.cache["<changed>"] = (0, None, text.replace("2", "3").splitlines(True), "<changed>")
    compiled = ag.compile(ag.grad(space["f"]))
    assert [compiled(x) for x in (1.0, -1.0)] == [1.0, 2.0]
    assert compiled.program.guards


def test_functions_keep_their_code():
    """After a recording, within one on another thread, and after one that failed."""
    code, inside, seen = leaky.__code__, threading.Event(), []

    def f(x):
        if threading.current_thread() is recording:
            seen.append(leaky.__code__ is code)
            inside.set()
            done.wait(10)
        return leaky(x)

    done = threading.Event()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = ag.compile(ag.grad(f))
        recording = threading.Thread(target=lambda: [compiled(1.0), compiled(-1.0)])
        recording.start()
        assert inside.wait(10)
        assert code_of(leaky) is code
        assert (leaky(2.0), leaky(-2.0)) == (2.0, -0.2)
        other = ag.compile(ag.grad(lambda x: leaky(x) * x))
        assert [other(x) for x in (1.0, -1.0)] == [2.0, pytest.approx(-0.2)]
        done.set()
        recording.join(20)
        with pytest.raises(KeyError):
            ag.compile(lambda x: leaky(x) * {}["k"])(1.0)
    assert leaky.__code__ is code


def test_a_file_is_parsed_once_for_all_its_functions():
    lowering._source.cache_clear()
    lowering._statements.cache_clear()
    for f in (relu, leaky, clamp):
        compiled = ag.compile(lambda x, f=f: f(x) * x)
        assert [compiled(x) for x in (0.5, -0.5)] == [f(x) * x for x in (0.5, -0.5)]
    assert lowering._source.cache_info().misses > 2
    assert lowering._statements.cache_info().misses == 1


@pytest.mark.parametrize("first", range(0, 120, 10))
def test_random_branches(first):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert [text for seed in range(first, first + 10) for text in differences(seed, grammar=BRANCHES)] == []
