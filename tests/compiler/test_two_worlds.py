"""Small pieces of Python in two copies, one of them compiled: results, gradients, errors, and what is left changed.

A piece defines ``f``, and may define ``change(k)``, which runs before the call ``k``, ``ARGUMENTS``, some for each
parameter, and ``STATE``, which has to be the same afterwards. ``p`` is a list, ``d`` a dict, anything else a number.
"""

from __future__ import annotations

import inspect
import random
import types
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.compiler import CompileWarning

from .random_sources import close, parts

PIECES = """
def f(x):  # errors that are caught: of numbers that plain code has and a program hasn't
    try: return 1.0 / x
    except Exception: return 9.0
---
def f(x):
    try: return 1.0 / x
    except: return 9.0
---
ERRORS = (KeyError, ArithmeticError)
def f(x):
    try: return 1.0 / x
    except ERRORS: return 9.0
---
def f(x):
    for _ in range(2):
        try: return 1.0 / x
        finally: break
    return 9.0
---
def f(x):
    with contextlib.suppress(Exception): return 1.0 / x
    return 9.0
---
class Careless:
    def __enter__(self): return 2.0
    def __exit__(self, *error): return True
def f(x):
    with Careless() as k: return k / x
    return 9.0
---
def guarded(g):
    def h(x):
        try: return g(x)
        except Exception: return 9.0
    return h
f = guarded(lambda x: math.exp(x * 1000.0))
---
def f(x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try: return x * (np.float64(1.0) / np.float64(0.0))
        except RuntimeWarning: return x * 2
---
def f(x):  # errors that only a recording raises
    try: return x.hex()
    except AttributeError: return "no"
---
def f(x):
    try: return {x: 1.0}[x]
    except RuntimeError: return 9.0
---
def f(x):
    try: return float(str(x))
    except Exception: return 9.0
---
def f(x):
    try: return math.gamma(x)
    except TypeError: return 9.0
---
def f(x):  # errors that don't come of numbers
    try:
        if x > 0: raise KeyError("positive")
        return x
    except LookupError: return -x
---
RATE = 2.0  # what a cache holds
@functools.cache
def g(k): return RATE * k
def f(x): return g(3) * x
def change(k):
    global RATE
    RATE += 1.0
    if k % 3 == 0: g.cache_clear()
---
STATE = []
@functools.lru_cache(maxsize=2)
def g(k): STATE.append(k); return k * 2.0
def f(x): return (g(1) + g(2) + g(1)) * x
---
W = Value(2.0)
@functools.cache
def g(k): return W * k
def f(x): return g(3) * x
def change(k):
    W.data = 1.0 + k
    if k == 3: g.cache_clear()
---
def f(p, q):  # arguments that are changed in place
    q.append(p.pop())
    return p[0] * 2
ARGUMENTS = [[[1.0, 2.0]], [[]]]
---
def f(d): d["z"] = d.pop("v"); return d["z"] * d["u"]
---
def f(d): d["seen"] = True; return d["u"]
---
def f(d): d["name"] = "x"; d["none"] = None; return d["u"]
---
def f(p): p.append(None); return p[0]
---
def f(x, names): names.sort(); return x * 2
ARGUMENTS = [[1.5], [["b", "a"]]]
---
def f(x, mask): mask[0] = True; return x * mask.sum()
ARGUMENTS = [[1.5], [np.array([False, True])]]
---
def f(x, row): row.shape = (2, 1); return x * row.sum()
ARGUMENTS = [[1.5], [np.array([1.0, 2.0])]]
---
def f(x, row): row[0] = 9.0; return x * row.sum()
ARGUMENTS = [[1.5], [np.ma.masked_array([1.0, 2.0], mask=[False, True])]]
---
ROW = np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False])  # masks that change
def f(x): return ROW.sum() * x
def change(k): ROW.mask = [k % 2, 0, 0]
---
ROW = np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False])
def f(x): return (ROW * x).sum()
---
def f(x): return "positive" if x > 0 else None  # lanes of a result that is no number
---
def f(x): return {"a": None, "b": [True, x], "c": ("text", x)}
---
def f(x): return np.array([x, "text"], dtype=object)
---
def f(x): return [x in (1.0, 0.5), bool(x), (x > 0) is True]
---
def f(x): return x.detach() * x if hasattr(x, "detach") else x.item()  # what is no method of both
---
def f(x): return np.float16(0.1) + x  # numbers that are rounded otherwise
---
ROW = np.array([0.1, 0.2], np.float16)
def f(x): return x * ROW
---
def f(x): return x * decimal.Decimal("0.5")
---
def f(x, y): return x * y
ARGUMENTS = [[1.5, 2.5], [np.float16(0.1), np.array([0.1, 0.2], np.float16), fractions.Fraction(1, 3), 2.0, Odd(2.0)]]
---
def f(x): return x[0] - x[1], x * 2, x[0] / x[1]  # integers that wrap round
ARGUMENTS = [[np.array([3, 100], kind) for kind in ("i8", "u1", "i1", "u8", "i2", "f8")]]
---
def f(x, y): return sum(a * y for a in x) + x[0] // 2
ARGUMENTS = [[np.array([3, 100], kind) for kind in ("f8", "u1", "i1", "i8")], [0.5, Value(0.5)]]
---
def f(x): return x + x
ARGUMENTS = [[np.uint8(200), 200, np.int8(100), np.int64(100), [np.uint8(3), np.uint8(200)], np.array(7)]]
---
def f(x): return np.nan_to_num(x).sum()  # what NumPy does to floats and not to objects
ARGUMENTS = [[np.array([1.0, 2.0]), np.array([np.nan, 2.0]), np.array([-np.inf, 2.0])]]
---
STATE = [0]
def f(x):  # attributes that are not there yet
    f.calls = getattr(f, "calls", 0) + 1
    STATE[0] = f.calls
    return x * f.calls
---
def g(): pass
def f(x):
    setattr(g, "calls", getattr(g, "calls", 0) + 1)
    return x * g.calls
---
module = types.ModuleType("module")
def f(x):
    module.calls = getattr(module, "calls", 0) + 1
    return x * module.calls
---
class Counted: pass
def f(x):
    Counted.calls = getattr(Counted, "calls", 0) + 1
    return x * Counted.calls
---
W = Value(0.5)
def f(x):
    W.calls = getattr(W, "calls", 0) + 1
    return W * x * W.calls
---
W = Value(0.5)
def f(x): return W * x * getattr(W, "scale", 2.0)
def change(k): W.scale = 1.0 + k
---
W = Value(0.5)
def f(x):
    W.label = W.label + "w"
    return W * x * len(W.label)
---
W = Value(0.5, label="w")
def f(x): return W * x * len(W.label)
def change(k): W.label += "w"
---
ITEMS = itertools.count(1.0)  # iterators that only some calls read: what was taken can't be put back
def f(x): return x * next(ITEMS) if x > 0.3 else x
---
def counting():
    n = 0.0
    while True:
        n += 1.0
        yield n
ITEMS = counting()
def f(x): return x * next(ITEMS) if x > 0.3 else x
---
ITEMS = iter([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
def f(x): return x * (lambda y: y * next(ITEMS))(x) if x < 0.3 else x
---
ITEMS = itertools.count(1.0)
STATE = []
def f(x):
    STATE[:] = [next(ITEMS)]
    if STATE[0] % 2: raise KeyError("an odd one")
    return x * STATE[0]
---
ITEMS = itertools.count(1.0)
STATE = []
def f(x):
    STATE.append(next(ITEMS))
    return [x, x * STATE[-1]]
---
RATE = pathlib.Path(tempfile.mkdtemp()) / "rate.txt"  # files, whoever reads them
RATE.write_text("1.0")
def f(x): return x * np.loadtxt(RATE)
def change(k): RATE.write_text(str(1.0 + k))
---
RATE = pathlib.Path(tempfile.mkdtemp()) / "rate.npy"
np.save(RATE, np.array([1.0, 2.0]))
def f(x): return x * np.load(RATE).sum() * np.fromfile(RATE, np.uint8).size
def change(k): np.save(RATE, np.arange(1.0 + k))
---
RATE = pathlib.Path(tempfile.mkdtemp()) / "rate.txt"
def f(x): return x * (float(RATE.read_text()) if RATE.is_file() else 3.0)
def change(k): RATE.unlink() if k % 3 == 0 else RATE.write_text(str(1.0 + k))
---
RATE = tempfile.mkdtemp()
def f(x): return x * len(os.listdir(RATE)) * (os.path.exists(os.path.join(RATE, "2")) + 1.0)
def change(k): pathlib.Path(RATE, str(k)).touch()
---
RATE = pathlib.Path(tempfile.mkdtemp())
def f(x): return x * sum(os.path.getsize(p) for p in RATE.iterdir())
def change(k): (RATE / str(k)).write_text("text" * k)
---
module = types.ModuleType("module")  # places of which a program knew nothing
module.rates = {"rate": 2.0}
module.__getattr__ = eval("lambda name: rates[name]", vars(module))
def f(x): return x * module.rate
def change(k): module.rates["rate"] = 1.0 + k
---
class Rate: rate = 2.0
RATE = Rate()
RATES = frozenset([RATE])
def f(x): return x * sum(found.rate for found in RATES)
def change(k): RATE.rate = 1.0 + k
---
class Rate: rate = 2.0
RATE = Rate()
RATES = {RATE: 2.0}
def f(x): return x * sum(found.rate * scale for found, scale in RATES.items())
def change(k): RATE.rate = 1.0 + k
---
class Rates(np.ndarray): rate = 2.0
RATE = np.ones(3).view(Rates)
def f(x): return x * RATE.rate
def change(k): RATE.rate = 1.0 + k
---
SCALE = 1.0
class Rate: rate = property(lambda self: self.kept, lambda self, rate: setattr(self, "kept", rate * SCALE))
RATE = Rate()
RATE.rate = 1.0
def f(x):
    RATE.rate = 2.0
    return x * RATE.rate
def change(k):
    global SCALE
    SCALE = 1.0 + k
---
def f(x): return x * abs(-2.0)
def change(k): globals()["abs"] = lambda x: x * k
---
def f(x): return x * (abs(-2.0) + sum([1.0, 2.0]))
def change(k): globals().pop("sum", None) if k % 2 else globals().update(sum=len)
---
class Rate: rate = 2.0
RATE = Rate()
FOUND = weakref.ref(RATE)
def f(x): return x * FOUND().rate if FOUND() else x
def change(k):
    global RATE
    RATE.rate = 1.0 + k
    if k == 3: RATE = Rate()
---
RATE = threading.local()
def f(x):
    RATE.calls = getattr(RATE, "calls", 0) + 1
    return x * RATE.calls
---
RATE = ElementTree.fromstring("<rate now='1.0'/>")  # objects written in C
def f(x): return x * float(RATE.get("now"))
def change(k): RATE.set("now", str(1.0 + k))
---
RATE = np.random.SeedSequence(3)
def f(x): return x * np.random.default_rng(RATE.spawn(1)[0]).random()
---
class Rate:
    __slots__ = ("rate",)
class Sure(Rate): rate = property(lambda self: float(SCALE))
SCALE = "2.0"
RATE = Sure()
def f(x): return x * RATE.rate
def change(k):
    global SCALE
    SCALE = str(1.0 + k)
---
def f(x, y): return np.maximum(x, y), np.minimum(y, x), np.clip(x, 0, 1), max(x, y), min(y, x)  # NumPy's nan of floats
ARGUMENTS = [[1.5, NAN, Value(1.5), Value(NAN)], [0.5, NAN, Value(NAN)]]
---
def f(x): return np.sort(x), np.max(x), np.min(x), np.maximum(x, 0.3).sum(), np.clip(x, 0.1, 0.9)
ARGUMENTS = [[[0.5, 1.5, 1.0], [NAN, 1.5, 1.0], np.array([1.5, NAN, 1.0]), np.array([0.0, 2.0, NAN]), np.ones(3)]]
---
def f(x): return np.max(x) + np.min(x) + np.max([*x, *x]) * np.maximum(x[0], x[1])
ARGUMENTS = [[[Value(a), Value(b), Value(1.0)] for a in (0.5, NAN) for b in (1.5, NAN)]]
---
def f(x): return np.maximum(x[0], 0.0) * grad_of_max(x[1]) + grad_of_max(x[0])
def grad_of_max(x): return ag.grad(lambda t: np.maximum(t, x) + np.clip(t, 0.0, x))(1.0)
ARGUMENTS = [[[0.5, 1.0], [1.0, 2.0], [NAN, 1.0], [1.0, NAN]]]
---
def f(x, w): return w * x * len(w.label)  # what a stand-in hasn't got
ARGUMENTS = [[1.5], [Value(2.0, label="a"), Value(2.0), Value(2.0, label="abc")]]
---
def f(x, w): return w * x * getattr(w, "rate", 3.0)
ARGUMENTS = [[1.5], [Value(2.0), with_rate(2.0), with_rate(4.0)]]
---
def f(x, w): return w * x
ARGUMENTS = [[1.5], [Value(2.0), OddValue(2.0)]]
---
def f(x, w): return sum(w) * w[0].rate if hasattr(w[0], "rate") else x
ARGUMENTS = [[1.5], [[Value(2.0)], [OddValue(2.0)], [OddValue(3.0), Value(2.0)]]]
---
def f(x): return x[0] * (2.0 if x[0] is x[1] else 3.0)
ARGUMENTS = [[[W, W], [W, Value(0.5)], [Value(0.5), Value(0.5)]]]
---
def f(d): return [type(key).__name__ for key in d], sum(d.values())
ARGUMENTS = [[{1: 2.0}, {1.0: 2.0}, {True: 2.0}]]
---
def f(x): return x.ravel("K")[1] * 2, x.strides, x.flags.c_contiguous, x.itemsize
ROWS = np.arange(6.0).reshape(2, 3)
ARGUMENTS = [[ROWS, np.asfortranarray(ROWS), ROWS[:, ::2], ROWS.astype("f4")]]
---
def f(x): return x.ravel("K")[1] * 2
ROWS = np.arange(6.0).reshape(2, 3)
ARGUMENTS = [[ROWS, np.asfortranarray(ROWS), ROWS * 2.0]]
---
def f(x): return x[0] * x.rate
ARGUMENTS = [[with_rates(1.0), with_rates(2.0)]]
"""

WORLD = """
import contextlib, decimal, fractions, functools, itertools, math, os, pathlib, tempfile, threading, types
import warnings, weakref
from xml.etree import ElementTree
import numpy as np
import autograd_lite as ag
from autograd_lite import Value
class Odd(float):
    def __mul__(self, other): return 42.0
    def __rmul__(self, other): return 43.0
class OddValue(Value):
    rate = 2.0
    def __mul__(self, other): return super().__mul__(other) + self.rate
def with_rate(rate):
    made = Value(2.0)
    made.rate = rate
    return made
class Rated(list): pass
def with_rates(rate):
    made = Rated([2.0, 3.0])
    made.rate = rate
    return made
W = Value(0.5)
NAN = math.nan
"""

#: what is compiled
FORMS = {"numbers": lambda f: f, "leaves": lambda f: f, "grad": ag.grad, "vmap": ag.vmap}


def given(space, f, form, choices):
    """Arguments: zeros often, since that is where numbers raise."""

    def number():
        x = choices.choice([0.0, 1.0, -1.0, choices.uniform(-2.0, 2.0)])
        return Value(x) if form == "leaves" else np.array([x, 0.5]) if form == "vmap" else x

    if "ARGUMENTS" in space:
        return [choices.choice(some) for some in space["ARGUMENTS"]]
    kinds = {"p": lambda: [number(), number()], "d": lambda: {"u": number(), "v": number()}}
    return [kinds.get(name, number)() for name in inspect.signature(f).parameters]


def outcome(f, args, space):
    """The numbers of a call, the gradients that it leaves, and what it changed."""
    values = [x for x in [*parts(args), space.get("W")] if isinstance(x, Value)]
    for x in values:
        x.grad = 0.0
    try:
        result = parts(f(*args))
        if any(isinstance(x, Value) for x in result):
            sum(result).backward()
    except Exception as error:
        result = [type(error).__name__, str(error)]
    left = [str(x) for x in parts([args, space.get("STATE")]) if not isinstance(x, (Value, float))]
    return [*result, *(x.grad for x in values), *(x for x in parts(args) if isinstance(x, float)), *left]


def assert_same(piece, form, calls=8):
    worlds = []
    for _ in range(2):
        space = {"__name__": "pieces"}
        exec(WORLD + piece, space)
        worlds.append((space, FORMS[form](space["f"]), random.Random(0)))
    worlds[1] = (worlds[1][0], ag.compile(worlds[1][1]), worlds[1][2])
    for k in range(calls):
        found = []
        for space, f, choices in worlds:
            if k and "change" in space:
                space["change"](k)
            found.append(outcome(f, given(space, space["f"], form, choices), space))
        same = len(found[0]) == len(found[1]) and all(
            a == b or (not isinstance(a, (str, type(None))) and not isinstance(b, (str, type(None))) and close(a, b))
            for a, b in zip(*found)
        )
        refused = found[0][0] == "TypeError" and found[1][0] == "CompileError"  # an error with another cure
        assert same or refused, (k, *found)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("piece", PIECES.strip().split("\n---\n"))
def test_a_piece(piece, form):
    if form == "vmap" and (not piece.partition("f(x):")[1] or "ITEMS" in piece):
        pytest.skip("its arguments are no rows, or its lanes are no calls")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it runs eagerly
        assert_same(piece, form)


class Row(list):
    def __init__(self, *numbers):
        super().__init__(numbers)


class Point(tuple):
    def __new__(cls, *numbers):
        return super().__new__(cls, numbers)


@pytest.mark.parametrize("kind", [Row, Point])
def test_a_container_with_a_constructor_of_its_own_keeps_its_class(kind):
    compiled = ag.compile(lambda x: kind(x[0], x[1] * 2.0))
    for x in (kind(1.0, 2.0), kind(Value(1.0), Value(2.0))):
        for _ in range(2):
            found = compiled(x)
            assert type(found) is kind
            assert list(map(close, found, [1.0, 4.0])) == [True, True]


def test_a_mapping_that_can_not_be_changed_stays_one():
    compiled = ag.compile(lambda x: types.MappingProxyType({"a": x * 2.0}))
    assert [compiled(x) for x in (1.0, 2.0)] == [types.MappingProxyType({"a": 2.0 * x}) for x in (1.0, 2.0)]
    assert type(compiled(1.0)) is types.MappingProxyType


def test_caches_that_fill_at_each_call_beside_an_iterator_end_in_eager_calls():
    items, cache = iter([1.0]), []

    def f(x):
        cache.append(1.0)
        return x * 2.0 if x < 100.0 else next(items)

    compiled = ag.compile(f)
    with pytest.warns(CompileWarning, match="changes"):
        assert [compiled(1.0) for _ in range(4)] == [2.0] * 4
    assert compiled.eager
    assert len(cache) == 4


def test_a_list_that_contains_itself_runs_eagerly():
    row = [2.0]
    row.append(row)
    with pytest.warns(CompileWarning, match="contains itself"):
        assert ag.compile(lambda x: x[0] * x[1][0])(row) == 4.0
