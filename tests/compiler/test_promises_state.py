"""The same of functions with state, and of surroundings that change between calls."""

from __future__ import annotations

import collections
import functools
import itertools
import os
import random
import threading
import types
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import CompileWarning

from .promises import (
    FLOATS,
    SETTING,
    TRANSFORMS,
    Frozen,
    Plain,
    assert_promised,
    closing,
    numbers,
)


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
