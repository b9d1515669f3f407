"""The same of results and arguments of every kind, of branches, and of what is asked outside."""

from __future__ import annotations

import collections
import functools
import math
import random
import time
import types
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import CompileError, CompileWarning

from .promises import (
    FLOATS,
    Frozen,
    Named,
    Pair,
    Plain,
    assert_promised,
    close,
    closing,
    halved,
    numbers,
)

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
    with pytest.raises(CompileError, match=r"test_promises_results\.py:"):
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
    "filter": lambda p: sum(a * a for a in p if a > 0),
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
        assert said or name in ("any", "read", "sort", "until")
    with pytest.raises(CompileError, match=r"promises\w*\.py:"):  # noqa: PT012
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

    with pytest.raises(CompileError, match=r"'n'.*test_promises_results.py:\d+"):
        ag.compile(f, strict=True)(2.0)
    assert state == {"n": 0.0, "seen": [1.0]}


def test_a_function_that_ran_eagerly_says_so():
    compiled = ag.compile(lambda x: x * random.random())
    with pytest.warns(CompileWarning, match="random numbers"):
        compiled(1.0)
    assert "random numbers" in compiled.eager
    with pytest.raises(CompileError, match="random numbers"):
        compiled.source()
