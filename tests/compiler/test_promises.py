"""The eager answer, or the plain function with one warning: small programs of every kind, three orders, many calls."""

from __future__ import annotations

import asyncio
import bisect
import collections
import contextvars
import copy
import dataclasses
import fractions
import functools
import heapq
import itertools
import math
import os
import pickle
import random
import statistics
import sys
import threading
import time
import types
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import CompileError, CompileWarning


@dataclasses.dataclass
class Pair:
    x: object
    y: object = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    x: object
    name: str = "frozen"


class Named(NamedTuple):
    x: object
    y: object


class Plain:
    rate = 2.0

    def __init__(self, x):
        self.x = x


POOL = ThreadPoolExecutor(1)
SETTING = contextvars.ContextVar("setting", default=2.0)


def numbers(y):
    """The numbers in anything a function returns."""
    if isinstance(y, ag.Value):
        return [y.data]
    if isinstance(y, (bool, np.bool_, str)) or y is None:
        return [y if isinstance(y, str) or y is None else bool(y)]
    if isinstance(y, (int, float, np.number)):
        return [float(y)]
    if isinstance(y, dict):
        return [n for item in y.values() for n in numbers(item)]
    if isinstance(y, np.ndarray):
        return [n for item in y.ravel().tolist() for n in numbers(item)]
    if isinstance(y, (list, tuple, collections.deque, collections.abc.Iterator)):
        return [n for item in y for n in numbers(item)]
    if callable(y):
        return numbers(y())
    if dataclasses.is_dataclass(y):
        return [n for field in dataclasses.fields(y) for n in numbers(getattr(y, field.name))]
    return numbers(vars(y))


def close(a, b):
    return (
        a == b
        or (a != a and b != b)
        or (not isinstance(a, (str, type(None))) and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-11))
    )


def outcome(f, *args):
    """What a call gives: its numbers, or its error."""
    try:
        return numbers(f(*args))
    except Exception as error:
        return type(error).__name__


def assert_promised(make, calls, transform=lambda f: f):
    """The compiled function, call by call, against the plain one: two copies that share no state."""
    plain, compiled = transform(make()), ag.compile(transform(make()))
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        for args in calls:
            args = args if isinstance(args, tuple) else (args,)
            expected, got = outcome(plain, *copy.deepcopy(args)), outcome(compiled, *copy.deepcopy(args))
            same = isinstance(expected, str) == isinstance(got, str) and len(expected) == len(got)
            assert same, (args, expected, got)
            assert expected == got or all(map(close, expected, got)), (args, expected, got)
    said = [w for w in found if issubclass(w.category, CompileWarning)]
    assert len(said) <= 1, [str(w.message) for w in said]
    assert all(w.filename == __file__ for w in said)
    return bool(said)


FLOATS = [2.0, 3.0, 0.5, 2.0, -1.5]


def closing(f):
    """A maker of a function without state."""
    return lambda: f


def newton(a):
    w = 1.0
    for _ in range(12):
        value, slope = ag.value_and_grad(lambda w: w * w * w + w - a)(w)
        w = w - value / slope
    return w


def descent(x):
    p = [1.0, -1.0]
    for _ in range(4):
        g = ag.grad(lambda p: (p[0] - x) ** 2 + x * p[1] ** 2)(p)
        p = [a - 0.1 * b for a, b in zip(p, g)]
    return p[0] * p[1]


def implicit(x):
    root = 1.0
    for _ in range(8):
        root = root - (root**3 + root - x) / (3.0 * root**2 + 1.0)
    return ag.sin(root)


def penalty(x):
    def f(w):
        return ag.tanh(w * x) * w

    return f(0.5) + ag.grad(f)(0.5) ** 2


#: functions of one float to a float, all derivatives of which exist
SMOOTH = {
    "plain": lambda x: ag.sin(x) * x * x,
    "copy": lambda x: copy.copy(x) * x,
    "copy of a node": lambda x: copy.copy(x * x) * x,
    "deepcopy": lambda x: copy.deepcopy(x) ** 2,
    "deepcopy of a list": lambda x: copy.deepcopy([x, 2 * x])[1] ** 3,
    "deepcopy of a dict": lambda x: copy.deepcopy({"a": x * x})["a"] * x,
    "deepcopy of an object": lambda x: copy.deepcopy(Plain(x)).x ** 2,
    "array copy": lambda x: np.array([x, x * x], dtype=object).copy()[1] * x,
    "deepcopy of an array": lambda x: copy.deepcopy(np.array([x, x], dtype=object))[0] ** 2,
    "asdict": lambda x: dataclasses.asdict(Pair(x, x * x))["y"] * x,
    "astuple": lambda x: dataclasses.astuple(Pair(x, x))[0] ** 2,
    "replace": lambda x: dataclasses.replace(Pair(x, x), y=2 * x).y ** 2,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)) ** 2,
    "pickle of a node": lambda x: pickle.loads(pickle.dumps([x * x]))[0] * x,
    "generator": lambda x: sum(v * v for v in (x, 2 * x)),
    "generator function": lambda x: sum(iter([x * x, x])),
    "map and zip": lambda x: sum(map(lambda a, b: a * b, [x, 2.0], [x, x])),
    "reduce": lambda x: functools.reduce(lambda a, b: a * b, [x, x, 2.0]),
    "accumulate": lambda x: list(itertools.accumulate([x, x * x, x]))[-1] * x,
    "namedtuple": lambda x: Named(x, x * x).y * x,
    "object": lambda x: Plain(x * x).x * Plain.rate,
    "partial": functools.partial(lambda a, x: a * x * x, 3.0),
    "thread": lambda x: POOL.submit(lambda: x * x).result() * x,
    "number in a thread": lambda x: x * POOL.submit(lambda: float(getattr(x, "data", x))).result(),
    "new thread": lambda x: in_a_thread(lambda: x * x),
    "grad over the variable": lambda x: ag.grad(lambda y: x * x * y * y)(2.0),
    "grad of the variable": lambda x: ag.grad(lambda y: y * y * y)(x),
    "grad of both": lambda x: x * ag.grad(lambda y: x * y * y)(x),
    "value_and_grad": lambda x: sum(ag.value_and_grad(lambda y: x * y * y)(2.0)),
    "detached in a grad": lambda x: ag.grad(lambda y: y * y * x.detach() if hasattr(x, "detach") else y * y * x)(2.0),
    "jvp": lambda x: sum(ag.jvp(lambda y: x * y * y, (2.0,), (x,))),
    "vjp": lambda x: ag.vjp(lambda y: x * y * y, 2.0)[1](x)[0],
    "hvp": lambda x: ag.hvp(lambda v: x * v[0] ** 2 * v[1], [1.0, x], [1.0, 0.5])[1],
    "jacobian": lambda x: ag.jacobian(lambda v: [x * v[0] * v[1], v[0]])([x, 2.0])[0][1],
    "hessian": lambda x: ag.hessian(lambda v: x * v[0] ** 2 * v[1])([1.0, 2.0])[0][0],
    "vmap of grad": lambda x: ag.sum(ag.vmap(ag.grad(lambda y: x * y**3))([1.0, 2.0, x])),
    "checkpoint": lambda x: ag.checkpoint(lambda y: ag.sin(y) * x, x * x),
    "grad over a checkpoint": lambda x: ag.grad(lambda y: ag.checkpoint(lambda z: z * z * x, y))(x),
    "grad of grad of grad": lambda x: ag.grad(ag.grad(ag.grad(lambda y: y**5 * x)))(x),
    "grad with a detached number": lambda x: ag.grad(lambda y: y * y * x)(float(ag.constant(x).data) if 0 else 2.0),
    "newton": newton,
    "descent": descent,
    "implicit": implicit,
    "penalty": penalty,
    "max of a list": lambda x: max([x * x, 0.1 * x - 50.0, -90.0]) * x,
    "min": lambda x: min(x * x, 100.0 + x) * x,
    "abs": lambda x: abs(x) * x * x,
    "clip": lambda x: ag.clip(x * x, -1e3, 1e3) * x,
    "sorted": lambda x: sorted([x, x + 10.0, x - 10.0])[2] ** 2,
    "two ways": lambda x: x * x if x > 1.0 else 3.0 * x * x * x,
    "while": lambda x: halved(x * x),
    "isinstance": lambda x: x * x if isinstance(x, (float, ag.Value)) else x,
    "math on constants": lambda x: x * math.sqrt(2.0) ** 2,
    "text": lambda x: x * x * len("ab"),
    "no_grad": lambda x: x * no_grad_square(x),
    "exec": lambda x: eval("x * x", {"x": x}),
    "try": lambda x: attempted(x),
    "with": lambda x: within(x),
    "star": lambda x: sum_of(*[x, x * x]),
    "nested functions": lambda x: (lambda y: (lambda z: z * y)(y))(x),
    "recursion": lambda x: power(x, 4),
    "dict of functions": lambda x: {"a": lambda v: v * v}["a"](x),
    "array expression": lambda x: (np.array([x, 2 * x]) ** 2).sum(),
    "matrix": lambda x: (np.array([[x, 1.0], [2.0, x]]) @ np.array([x, 1.0]))[0],
}  # fmt: skip


#: what plain floats may meet in Python's and NumPy's own functions
LIBRARY = {
    "asyncio": lambda x: asyncio.run(awaited(x)) * x,
    "to_thread": lambda x: asyncio.run(in_another(x)) * x,
    "compiled inside": lambda x: CUBE(x) * x,
    "np.dot": lambda x: np.dot(np.array([x, x]), np.array([1.0, 2.0])),
    "np.mean": lambda x: np.mean(np.array([x, x * x])),
    "np.linalg.norm": lambda x: np.linalg.norm(np.array([x, 2.0])),
    "np.max": lambda x: np.max(np.array([x * x, 1.0])) + np.array([x, 1.0]).max(),
    "clip method": lambda x: np.array([x * x, 1.0]).clip(0, 2)[0],
    "np.where": lambda x: np.where(np.array([x, 1.0]) > 0, np.array([x, 1.0]) * 2, 0.0)[0] * x,
    "np.isnan": lambda x: x if np.isnan(x) else x * 2,
    "np.argmax": lambda x: np.argmax(np.array([x, 1.0])) * x,
    "np.array2string": lambda x: len(np.array2string(np.array([1.0, 0.5]))) * x,
    "math": lambda x: math.sin(x) * math.floor(x),
    "statistics": lambda x: statistics.mean([x, x * x]),
    "Fraction": lambda x: x * fractions.Fraction(1, 3),
    "heapq": lambda x: heapq.nsmallest(1, [x * x, x + 5.0])[0] * x,
    "bisect": lambda x: bisect.bisect([0.0, 1.0, 2.0], x) * x,
    "float": lambda x: float(x) * 2,
    "int": lambda x: int(x) * x,
    "round": lambda x: round(x, 1) * x,
    "hash": lambda x: hash(x) * 0 + x,
    "set": lambda x: len({x, x * 1.0}) * x,
    "is_integer": lambda x: x * 2 if x.is_integer() else x,
    "complex": lambda x: abs(complex(x, 1.0)),
    "str": lambda x: len(str(x)) * x,
    "isinstance": lambda x: x * x if isinstance(x, (int, float)) else 2 * x,
    "type": lambda x: x * x if type(x).__name__ == "float" else 2 * x,
    "hasattr": lambda x: x * x if hasattr(x, "backward") else 2 * x,
    "match": lambda x: matched(x),
    "truth": lambda x: (x and x * x) * ((x - 2.0) or 5.0),
    "bools": lambda x: sum([x > 1, x > 0]) * x + int(x > 1),
    "max by key": lambda x: max([x, -x], key=lambda v: v * v) * max((x, 1), (2, 3))[0],
    "max default": lambda x: max([], default=x) * max(v for v in (x, 2 * x)),
    "list.sort": lambda x: sorted_in_place([x, 1.0, -x])[2],
    "list.index": lambda x: [x, 1.0].index(1.0) * x,
    "float array": lambda x: np.array([x], dtype=float)[0] * x,
    "assigned": lambda x: filled(x) * x,
}  # fmt: skip

CUBE = ag.compile(ag.grad(lambda y: y**3))


async def awaited(x):
    return x * x


async def in_another(x):
    return await asyncio.to_thread(lambda: x * x)


def matched(x):
    match x:
        case float():
            return x * x
        case _:
            return 2 * x


def sorted_in_place(items):
    items.sort()
    return items


def filled(x):
    a = np.zeros(2)
    a[0] = x
    return a[0]


@pytest.mark.parametrize("name", LIBRARY)
def test_what_is_not_made_for_values(name):
    f = LIBRARY[name]
    for transform in (lambda f: f, ag.grad, lambda f: ag.grad(ag.grad(f))):
        assert_promised(closing(f), FLOATS, transform)
    assert_promised(closing(f), [[2.0, 3.0], [0.5, -1.5]], ag.vmap)


def in_a_thread(f):
    found = []
    worker = threading.Thread(target=lambda: found.append(f()))
    worker.start()
    worker.join()
    return found[0]


def halved(x):
    while x > 1.0:
        x = x * 0.5
    return x


@ag.no_grad()
def no_grad_square(x):
    return x * x


def attempted(x):
    try:
        return x * x / (1.0 if x > 0 else 0.0)
    except ZeroDivisionError:
        return x * x


def within(x):
    with np.errstate(all="ignore"):
        return x * x * x


def sum_of(*args):
    return sum(args)


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


TRANSFORMS = {
    "value": lambda f: f,
    "grad": ag.grad,
    "value_and_grad": ag.value_and_grad,
    "second": lambda f: ag.grad(ag.grad(f)),
    "third": lambda f: ag.grad(ag.grad(ag.grad(f))),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_values_and_derivatives_to_third_order(name):
    for transform in TRANSFORMS.values():
        assert_promised(closing(SMOOTH[name]), FLOATS, transform)


@pytest.mark.parametrize("name", SMOOTH)
def test_batches_jacobians_and_values(name):
    f = SMOOTH[name]
    assert_promised(closing(f), [[2.0, 3.0], [0.5, 1.5]], ag.vmap)
    assert_promised(closing(lambda v: [f(v[0]), v[0] * v[1]]), [([2.0, 3.0],), ([0.5, -1.0],)], ag.jacobian)
    for x in (2.0, 3.0):
        gradients = []
        for g in (f, ag.compile(f)):
            leaf = ag.Value(x)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                y = g(leaf)
            if isinstance(y, ag.Value):
                y.backward()
            gradients.append((numbers(y), leaf.grad))
        assert all(map(close, gradients[0][0], gradients[1][0])), gradients
        assert close(gradients[0][1], gradients[1][1]), gradients


def stateful(name):
    """Makers of functions that keep, draw or ask for something."""

    def running_mean():
        state = {"mean": 0.0}

        def f(x):
            state["mean"] = 0.9 * state["mean"] + 0.1 * x
            return x - state["mean"]

        return f

    def nonlocal_count():
        count = 0

        def f(x):
            nonlocal count
            count += 1
            return x * count

        return f

    def history():
        seen = []

        def f(x):
            seen.append(x)
            return sum(seen)

        return f

    def attribute():
        holder = Plain(0.0)

        def f(x):
            holder.x = holder.x + x
            return holder.x * x

        return f

    def lazy():
        cache = {}

        def f(x):
            if "w" not in cache:
                cache["w"] = 3.0
            return cache["w"] * x

        return f

    def memo():
        cache = {}

        def f(x):
            if "x" not in cache:
                cache["x"] = x
            return cache["x"] * x

        return f

    def default(x, kept=None):
        kept.append(x)
        return sum(kept)

    def array_state():
        total = np.zeros(2)

        def f(x):
            total[0] += 1.0
            return x * total[0]

        return f

    def object_array():
        held = np.array([0.0, 0.0], dtype=object)

        def f(x):
            held[0] = held[0] + x
            return held[0] * x

        return f

    def a_set():
        seen = set()

        def f(x):
            seen.add(len(seen))
            return x * len(seen)

        return f

    def a_deque():
        last = collections.deque([0.0], maxlen=2)

        def f(x):
            last.append(x)
            return sum(last)

        return f

    def nested():
        state = {"a": {"b": [0.0]}}

        def f(x):
            state["a"]["b"][0] = state["a"]["b"][0] + x
            return state["a"]["b"][0]

        return f

    def class_attribute():
        kind = type("Kind", (), {"total": 0.0})

        def f(x):
            kind.total = kind.total + x
            return kind.total

        return f

    def cached():
        @functools.lru_cache
        def squared(x):
            return x * x

        return lambda x: squared(x) * x

    def iterator():
        items = iter([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
        return lambda x: x * next(items)

    def counter():
        numbers = itertools.count(1)
        return lambda x: x * next(numbers)

    def generator():
        items = (float(k) for k in range(1, 9))
        return lambda x: x * next(items)

    def thread_local():
        local = threading.local()
        local.rate = 1.0

        def f(x):
            local.rate += 1.0
            return x * local.rate

        return f

    def draws(make):
        def made():
            rng = make()
            return lambda x: x * rng.normal()

        return made

    def standard():
        rng = random.Random(0)
        return lambda x: x * rng.random() + rng.gauss(0.0, 1.0)

    def global_numpy():
        np.random.seed(0)
        draws = [np.random.normal() for _ in range(9)]
        np.random.seed(0)
        return lambda x: x * draws.pop(0)

    def seeded_inside():
        return lambda x: x * np.random.default_rng(0).normal() + random.Random(1).random()

    made = {
        "running mean": running_mean,
        "nonlocal": nonlocal_count,
        "history": history,
        "attribute": attribute,
        "lazy": lazy,
        "memo": memo,
        "default": lambda: functools.partial(default, kept=[]),
        "array state": array_state,
        "object array": object_array,
        "set": a_set,
        "deque": a_deque,
        "nested": nested,
        "class attribute": class_attribute,
        "lru_cache": cached,
        "iterator": iterator,
        "count": counter,
        "generator": generator,
        "thread local": thread_local,
        "Generator": draws(lambda: np.random.default_rng(0)),
        "RandomState": draws(lambda: np.random.RandomState(0)),
        "Random": standard,
        "popped": global_numpy,
        "seeded inside": seeded_inside,
    }
    return made if name is None else made[name]


@pytest.mark.parametrize("name", stateful(None))
def test_state_is_kept_as_in_plain_code(name):
    assert_promised(stateful(name), FLOATS)
    assert_promised(stateful(name), FLOATS, ag.grad)
    made = stateful(name)()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = ag.compile(made)
        for x in FLOATS:
            assert not isinstance(compiled(x), ag.Value)
    for cell in getattr(made, "__closure__", None) or ():
        assert "Value(" not in repr(cell.cell_contents)


@pytest.mark.parametrize("name", ["Generator", "count", "running mean", "lazy"])
def test_state_in_batches_and_jacobians(name):
    """A lane or the function of a Jacobian that can't be recorded is not called twice."""
    batches = [[1.0, 2.0, 3.0], [2.0, 0.5], [1.0, 2.0, 3.0]]
    assert_promised(stateful(name), batches, ag.vmap)
    assert_promised(stateful(name), batches, lambda f: ag.vmap(ag.grad(f)))
    points = [([1.0, 2.0],), ([2.0, 0.5],), ([1.0, 2.0],)]
    assert_promised(stateful(name), points, lambda f: ag.jacobian(lambda v: [f(v[0]), f(v[1]) * v[0]]))
    assert_promised(stateful(name), points, lambda f: ag.hessian(lambda v: f(v[0]) * v[1]))
    many = [([1.0 + k for k in range(30)],)] * 3
    assert_promised(stateful(name), many, lambda f: ag.jacobian(lambda v: [f(x) for x in v[:5]] * 8))


def test_errors_of_the_function_are_its_own():
    def make():
        seen = []

        def f(x):
            seen.append(1.0)
            if x < 0:
                raise ValueError("negative")
            return x * len(seen)

        return f

    assert_promised(make, [1.0, -1.0, 2.0, -1.0, 3.0])

    def g(x):
        if x < 0:
            raise ValueError("negative")
        return x * x

    for first in (1.0, -1.0):
        assert not assert_promised(closing(g), [first, -1.0, 2.0, -1.0, 3.0])


@pytest.fixture
def busy():
    """Threads take turns between any two statements."""
    patience = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(patience)


def in_threads(work, compiled, start):
    workers = [threading.Thread(target=work, args=(compiled, 10 * start + k)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("kind", [list, np.array])
def test_threads_call_with_arguments_of_several_lengths(kind):
    f = ag.value_and_grad(lambda p: ag.sum([ag.tanh(a) * a for a in p]))
    wrong = []

    def work(compiled, seed):
        r = random.Random(seed)
        for _ in range(6):
            p = kind([r.gauss(0, 1) for _ in range(r.choice([3, 4, 9, 30]))])
            if not all(map(close, numbers(f(p)), numbers(compiled(p)))) or len(f(p)[1]) != len(compiled(p)[1]):
                wrong.append(p)

    for start in range(6):
        in_threads(work, ag.compile(f), start)
    assert not wrong


@pytest.mark.usefixtures("busy")
def test_threads_share_a_function_of_many_ways():
    """Each call's program is its own, also when what is generated for the next calls is made of it."""
    f = ag.value_and_grad(lambda p: sum(a * a if a > 0 else -3.0 * a for a in p))
    wrong = []

    def work(compiled, seed):
        r = random.Random(seed)
        for _ in range(30):
            p = [r.gauss(0, 1) for _ in range(r.choice([3, 4, 5]))]
            if f(p) != compiled(p):
                wrong.append(p)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for start in range(12):
            compiled = ag.compile(f)
            in_threads(work, compiled, start)
            assert not wrong
            assert compiled.eager


def test_more_objects_than_are_watched():
    held = {"rate": 2.0, "many": [object() for _ in range(120_000)]}
    compiled = ag.compile(lambda x: x * held["rate"])
    with pytest.warns(CompileWarning, match="100000 objects"):
        assert compiled(2.0) == 4.0
    held["rate"] = 3.0
    assert compiled(2.0) == 6.0


def surroundings(name):
    """Makers of a function and of what changes its surroundings between two calls."""

    def text_key():
        settings = {"rate": 2.0}
        return (lambda x: x * settings["rate"]), lambda k: settings.update(rate=float(k))

    def order():
        settings = {"a": 2.0, "b": 3.0}

        def change(k):
            settings["a"] = settings.pop("a") if k % 2 else settings["a"]

        return (lambda x: x * next(iter(settings.values()))), change

    def ordered():
        settings = collections.OrderedDict(a=2.0, b=3.0)
        return (lambda x: x * next(iter([*settings.values()]))), lambda k: settings.move_to_end(next(iter(settings)))

    def computed():
        module = types.ModuleType("settings")
        module.rate_1 = 2.0

        def f(x):
            return x * getattr(module, "_".join(["rate", "1"]))

        return f, lambda k: setattr(module, "rate_1", float(k))

    def computed_of_an_object():
        holder = Plain(2.0)
        name = "".join(["x"])
        return (lambda x: x * getattr(holder, name)), lambda k: setattr(holder, "x", float(k))

    def environment():
        def change(k):
            os.environ["AUTOGRAD_LITE_TEST"] = str(k)

        change(2)
        return (lambda x: x * float(os.environ["AUTOGRAD_LITE_TEST"])), change

    def getenv():
        def change(k):
            os.environ["AUTOGRAD_LITE_TEST"] = str(k)

        change(2)
        return (lambda x: x * float(os.getenv("AUTOGRAD_LITE_TEST"))), change

    def toggle():
        state = Plain(True)
        return (lambda x: x * 2.0 if state.x else x * 3.0), lambda k: setattr(state, "x", bool(k % 2))

    def object_key():
        layer = Plain(1.0)
        rates = {layer: 2.0, (1, "a"): 3.0, None: 4.0, 1.5: 5.0}
        return (lambda x: x * rates[layer] + rates[1, "a"] * rates[None]), lambda k: rates.update({layer: float(k)})

    def many():
        items = [[float(k)] for k in range(30_000)]
        items[0].append(types.SimpleNamespace())
        return (lambda x: x * items[-1][0]), lambda k: items[-1].__setitem__(0, float(k))

    def function():
        def inner(x):
            return x

        holder = {"f": inner}
        return (lambda x: holder["f"](x) * x), lambda k: holder.update(f=lambda x: x * k)

    def context():
        return (lambda x: x * SETTING.get()), lambda k: SETTING.set(float(k))

    def ints_and_bools():
        settings = {"n": 2}
        return (lambda x: x * settings["n"]), lambda k: settings.update(n=[1, True, 1.0][k % 3])

    def slots():
        holder = Frozen(2.0)
        return (lambda x: x * holder.x), lambda k: object.__setattr__(holder, "x", float(k))

    def array():
        a = np.array([1.0, 2.0])
        return (lambda x: x * a[1]), lambda k: a.__setitem__(1, float(k))

    def live():
        w = ag.Value(2.0)
        return (lambda x: x * w), lambda k: setattr(w, "data", float(k))

    def clock():
        now = [0.0]
        moment = types.SimpleNamespace(time=lambda: now[0])
        return (lambda x: x * moment.time()), lambda k: now.__setitem__(0, float(k))

    made = {k: v for k, v in locals().items() if isinstance(v, types.FunctionType)}
    return made if name is None else made[name]()


@pytest.mark.parametrize("name", surroundings(None))
@pytest.mark.parametrize("transform", ["value", "grad", "second"])
def test_changed_surroundings_are_noticed(name, transform):
    f, change = surroundings(name)
    plain, compiled = TRANSFORMS[transform](f), ag.compile(TRANSFORMS[transform](f))
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        for k in range(6):
            assert numbers(compiled(2.0 + k)) == pytest.approx(numbers(plain(2.0 + k)))
            assert numbers(compiled(3.0)) == pytest.approx(numbers(plain(3.0)))
            change(k + 3)
    assert len(found) <= 1


def test_text_constants_are_no_globals():
    """A loop variable of the name of a key: no recording is made again."""
    scope = {"ag": ag}
    exec("def f(p):\n    return ag.sum([a * x for a, x in zip(p['w'], p['k'])]) + p['b']", scope)
    compiled = ag.compile(ag.grad(scope["f"]))
    p = {"w": [1.0, 2.0], "k": [3.0, 4.0], "b": 1.0}
    for k in range(40):
        scope.update(k=k, w=k, b=k, a=k, x=k)
        assert compiled(p)["w"] == [3.0, 4.0]
    assert len(compiled._states) == 1


RESULTS = {
    "dataclass": lambda x: Pair(x * x, 2.0),
    "frozen with slots": lambda x: Frozen(x * x),
    "nested dataclass": lambda x: [Pair(Pair(x, x * x), {"a": x})],
    "namedtuple": lambda x: Named(x, x * x),
    "namespace": lambda x: types.SimpleNamespace(v=x * x, w=[x]),
    "deque": lambda x: collections.deque([x * x, 1.0]),
    "closure": lambda x: lambda: x * x,
    "partial": lambda x: functools.partial(lambda v: v, x * x),
    "generator": lambda x: (v for v in (x, x * x)),
    "map": lambda x: map(abs, [x]),
    "custom object": lambda x: Plain(x * x),
    "object in a list": lambda x: [Plain(x * x), x],
    "array of objects": lambda x: np.array([Plain(x)], dtype=object)[0],
    "set of texts": lambda x: [x, sorted({"a"})],
    "none": lambda x: None,
    "text": lambda x: f"{x}",
    "formatted": lambda x: f"{x:.3f}",
    "bool": lambda x: x > 2.0,
    "int": lambda x: 3,
    "the argument": lambda x: x,
    "a type": lambda x: (int, x)[1],
    "ordered": lambda x: collections.OrderedDict(b=x, a=x * x),
    "defaultdict": lambda x: collections.defaultdict(float, a=x),
    "array": lambda x: np.array([x, x * x]),
    "tuple": lambda x: (x, [x, (x * x,)]),
    "exception": lambda x: ValueError(x * x).args[0],
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_belong_to_their_call(name):
    assert_promised(closing(RESULTS[name]), FLOATS)
    compiled = ag.compile(RESULTS[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kinds = {type(compiled(x)) for x in FLOATS}
    assert kinds == {type(RESULTS[name](2.0))}


def in_place_list(p):
    p[0] = p[0] * 2.0
    return p[0]


def in_place_append(p):
    p.append(p[0] * p[1])
    return sum(p)


def in_place_sort(p):
    p.sort()
    return p[0]


def in_place_array(p):
    p *= 2.0
    return p[0] * p[1]


def in_place_item(p):
    p[0] += 1.0
    return p[0]


def in_place_dict(p):
    p["a"] = p["a"] * 2.0
    return p["a"]


def in_place_object(p):
    p.x = p.x * 2.0
    return p.x


@pytest.mark.parametrize(
    ("f", "make"),
    [
        (in_place_list, lambda k: [1.0 + k, 2.0]),
        (in_place_append, lambda k: [1.0 + k, 2.0]),
        (in_place_sort, lambda k: [3.0 - k, 2.0]),
        (in_place_array, lambda k: np.array([1.0 + k, 2.0])),
        (in_place_item, lambda k: np.array([1.0 + k, 2.0])),
        (in_place_item, lambda k: [1 + k, 2.0]),
        (in_place_dict, lambda k: {"a": 1.0 + k}),
        (in_place_object, lambda k: Plain(1.0 + k)),
        (in_place_object, lambda k: Pair(1.0 + k)),
    ],
)
def test_arguments_are_changed_as_in_plain_code(f, make):
    compiled = ag.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in range(3):
            a, b = make(k), make(k)
            assert numbers(f(a)) == numbers(compiled(b))
            assert numbers(a) == numbers(b)
    with pytest.raises(CompileError, match=r"test_promises\.py:"):
        ag.compile(f, strict=True)(make(0))


ARGUMENTS = {
    "bool after float": (lambda b, x: 2 * x if isinstance(b, bool) else x, [(1.0, 2.0), (1.0, 2.0), (True, 2.0)]),
    "bool counts": (lambda b, x: x * b, [(1.0, 2.0), (True, 2.0), (False, 3.0), (1, 2.0)]),
    "int after float": (lambda x: x * 2, [2.0, 3, 2.0, 4]),
    "int that counts": (lambda x, n: sum([x] * n), [(2.0, 3), (2.0, 4), (3.0, 3)]),
    "float type": (lambda x: x * 2.0 if isinstance(x, float) else x, [2.0, 3.0, 2]),
    "type of": (lambda x: x if type(x) is float else 2.0 * x, [2.0, 3.0]),
    "none": (lambda x, y=None: x if y is None else x * y, [(2.0,), (2.0, None), (2.0, 3.0), (2.0,)]),
    "text": (lambda x, mode: x * x if mode == "square" else x, [(2.0, "square"), (2.0, "id"), (3.0, "square")]),
    "numpy scalars": (lambda x: x * x, [np.float64(2.0), 3.0, np.float32(2.0), np.int64(3), 2.0]),
    "zero-dimensional": (lambda x: x * x, [np.array(2.0), 3.0, np.array(4.0)]),
    "list or tuple": (lambda p: p[0] * p[-1], [([1.0, 2.0],), ((1.0, 3.0),), ([2.0, 2.0],), (np.array([2.0, 5.0]),)]),
    "lengths": (lambda p: sum(p) * len(p), [([1.0],), ([1.0, 2.0],), ([3.0],), ([],)]),
    "bools in lists": (lambda p: sum(x for x, take in p if take), [([(1.0, True), (2.0, False)],), ([(1.0, False)],)]),
    "ints in lists": (lambda p: sum(p), [([1, 2],), ([1.0, 2.0],), ([1, 2.5],)]),
    "dicts": (lambda p: p["a"] * p.get("b", 2.0), [({"a": 1.0},), ({"a": 1.0, "b": 3.0},), ({"b": 1.0, "a": 2.0},)]),
    "dict order": (lambda p: next(iter(p.values())), [({"a": 1.0, "b": 2.0},), ({"b": 2.0, "a": 1.0},)]),
    "object": (lambda p: p.x * 2.0, [(Plain(1.0),), (Plain(2.0),), (Plain(3.0),)]),
    "dataclass": (lambda p: p.x * p.y, [(Pair(1.0, 2.0),), (Pair(2.0, 2.0),)]),
    "namedtuple": (lambda p: p.x * p.y, [(Named(1.0, 2.0),), (Named(2.0, 3.0),)]),
    "defaults": (lambda x, k=3.0: x * k, [(2.0,), (2.0, 4.0), (3.0,)]),
    "star": (lambda *p: sum(p), [(1.0,), (1.0, 2.0), (2.0,), (1.0, 2.0, True)]),
    "ints as floats": (lambda x: x / 2, [3, 3.0, 4]),
    "power of an int": (lambda x, n: x**n, [(2.0, 3), (2.0, 2), (2.0, 3.0), (2.0, -1)]),
    "index": (lambda p, i: p[i], [([1.0, 2.0, 3.0], 0), ([1.0, 2.0, 3.0], -1), ([4.0, 5.0, 6.0], 0)]),
    "key": (lambda x, k: x * {1: 2.0, 2: 3.0}[k], [(2.0, 1), (2.0, 2), (3.0, 1), (3.0, 5)]),
    "nan": (lambda x: x * x if x == x else 0.0, [2.0, math.nan, 3.0]),
    "infinite": (lambda x: 1.0 / x, [2.0, math.inf, -math.inf, 3.0]),
    "negative zero": (lambda x: math.copysign(1.0, getattr(x, "data", x)) * x, [0.0, -0.0, 1.0]),
    "wrong number of arguments": (lambda x: x, [(1.0, 2.0), (1.0,)]),
    "text for a number": (lambda x: x * 2.0, [1.0, "a", 2.0]),
    "function": (lambda g, x: g(x) * x, [(math.sqrt, 4.0), (abs, -2.0), (abs, 3.0)]),
    "set": (lambda s, x: x * len(s), [({1, 2}, 2.0), ({1}, 2.0)]),
    "rounding": (lambda x: round(x) * x, [2.4, 2.6, 3.5]),
    "floor division": (lambda x: x // 2 + x % 2, [2.4, 5.0, -3.5]),
    "comparison chain": (lambda x: 1.0 if 0 < x < 2 else x, [1.0, 3.0, -1.0]),
    "membership": (lambda x: x * 2 if x in (1.0, 2.0) else x, [1.0, 3.0, 2.0]),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_of_every_kind(name):
    f, calls = ARGUMENTS[name]
    assert_promised(closing(f), [*calls, *calls])


def test_methods_keywords_and_lambdas_in_loops():
    class Layer:
        def __init__(self, w):
            self.w = w

        def __call__(self, x):
            return self.w * x

        def squared(self, x, *, k=1.0):
            return (self.w * x) ** 2 * k

        @staticmethod
        def static(x):
            return x * x

        @classmethod
        def of_class(cls, x):
            return x * len(cls.__name__)

    layer = Layer(2.0)
    for f in (layer, layer.squared, Layer.static, Layer.of_class, functools.partial(layer.squared, k=3.0)):
        assert_promised(closing(f), FLOATS)
        assert_promised(closing(f), FLOATS, ag.grad)
    compiled = ag.compile(layer.squared)
    assert [compiled(2.0, k=k) for k in (1.0, 2.0, 1)] == [16.0, 32.0, 16.0]
    functions = [ag.compile(lambda x, k=k: x * k) for k in range(4)]
    assert [f(3.0) for f in functions] == [0.0, 3.0, 6.0, 9.0]
    late = [ag.compile(lambda x: x * k) for k in range(4)]  # noqa: B023
    assert [f(3.0) for f in late] == [9.0] * 4


BRANCHES = {
    "two-sided": lambda p: sum(a * a if a > 0 else -0.1 * a for a in p),
    "read": lambda p: sum(a - max(getattr(v, "data", v) for v in p) for a in p),
    "sorted by key": lambda p: sorted(p, key=lambda a: -a)[0] * p[0],
    "argmax": lambda p: p[max(range(len(p)), key=lambda i: p[i])] * p[0],
    "until": lambda p: halved(1000.0 * sum(a * a for a in p) ** 2),
    "sort": lambda p: np.sort(np.array(p))[0] * p[1],
    "any": lambda p: p[0] * p[0] if any(a > 1.0 for a in p[1:]) else p[0],
}


@pytest.mark.parametrize("name", BRANCHES)
def test_control_flow_degrades_softly(name):
    f = BRANCHES[name]
    r = random.Random(0)
    calls = [([r.gauss(0.0, 2.0) for _ in range(8)],) for _ in range(40)]
    for transform in (lambda f: f, ag.value_and_grad):
        said = assert_promised(closing(f), calls, transform)
        assert said or name in ("any", "sort", "until")
    with pytest.raises(CompileError, match=r"test_promises\.py:"):  # noqa: PT012
        strict = ag.compile(f, strict=True)
        for args in calls:
            strict(*args)
        pytest.skip("few ways")


def rectified(p):
    return np.sum(np.maximum(p, 0.0) * np.minimum(np.array(p), 1.0) + np.clip(p, -0.5, 0.5))


def test_sorting_needs_one_guard():
    def f(p):
        return sorted(p)[0] * sorted(p, reverse=True)[1] + sum(k * x for k, x in enumerate(sorted(p, reverse=True)))

    r = random.Random(0)
    calls = [([r.gauss(0.0, 2.0) for _ in range(5)],) for _ in range(20)] + [([1.0, 0.0, 1.0, 0.0, 1.0],)]
    for transform in (lambda f: f, ag.grad):
        assert not assert_promised(closing(f), [*calls, ([math.nan, 1.0, 0.0, 2.0, -1.0],)], transform)
    compiled = ag.compile(f)
    compiled(calls[0][0])
    assert len(compiled.program.guards) <= 3


def test_max_min_abs_and_clip_need_no_guards():
    def f(p):
        top = max(p)
        best = max(0.0, p[0], -1.0)
        least = min(p[1], p[2]) + min(p) + max([p[0] * 2.0, 1.0])
        return top + best + least + abs(p[0]) + ag.clip(p[1], -1.0, 1.0) + rectified(p)

    r = random.Random(0)
    calls = [([r.gauss(0.0, 2.0) for _ in range(4)],) for _ in range(40)]
    compiled = ag.compile(f, strict=True)
    for (p,) in calls:
        assert close(compiled(p), f(p))
    assert compiled.program.guards == []
    for transform in (lambda f: f, ag.grad, lambda f: ag.jacobian(ag.grad(f))):
        assert not assert_promised(closing(f), calls, transform)
    ties = [([1.0, 1.0, 1.0, 0.0],), ([0.0, 0.0, -1.0, 0.0],), ([-1.0, 2.0, 2.0, 2.0],)]
    assert not assert_promised(closing(f), ties, ag.grad)
    edges = [([math.nan, 1.0, 2.0, 0.0],), ([1.0, math.nan, -math.inf, 0.0],), ([-0.0, 0.0, math.inf, 1.0],)]
    assert not assert_promised(closing(lambda p: [max(p), min(p), max(p[0], 0.0), min(0.0, p[0])]), edges)


def test_a_clock_a_file_and_the_systems_entropy_are_asked_each_time(tmp_path):
    path = tmp_path / "rate.txt"
    entropy = random.SystemRandom()

    def from_a_file(x):
        with open(path) as file:
            return x * float(file.read())

    path.write_text("2.0")
    with pytest.warns(CompileWarning, match="open"):  # noqa: PT031
        compiled = ag.compile(from_a_file)
        assert compiled(3.0) == 6.0
    path.write_text("5.0")
    assert compiled(3.0) == 15.0
    for f in (lambda x: x * time.perf_counter_ns(), lambda x: x * entropy.random()):
        with pytest.warns(CompileWarning, match="each call"):  # noqa: PT031
            compiled = ag.compile(f)
            first = compiled(1.0)
        assert compiled(1.0) != first
    quiet = ag.compile(lambda x, log=False: x * time.time() if log else x * x)
    assert [quiet(2.0), quiet(3.0)] == [4.0, 9.0]


def test_strict_raises_and_leaves_no_trace():
    state = {"n": 0.0, "seen": [1.0]}

    def f(x):
        state["n"] = state["n"] + x
        state["seen"].append(x)
        state["new"] = x
        return x * state["n"]

    with pytest.raises(CompileError, match=r"'n'.*test_promises.py:\d+"):
        ag.compile(f, strict=True)(2.0)
    assert state == {"n": 0.0, "seen": [1.0]}


def test_a_function_that_ran_eagerly_says_so():
    compiled = ag.compile(lambda x: x * random.random())
    with pytest.warns(CompileWarning, match="random numbers"):
        compiled(1.0)
    assert "random numbers" in compiled.eager
    with pytest.raises(CompileError, match="random numbers"):
        compiled.source()
