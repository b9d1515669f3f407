"""Small pieces of Python in two copies, one of them compiled: results, gradients, errors, and what is left changed.

A piece defines ``f``, and may define ``change(k)``, which runs before the call ``k``, ``ARGUMENTS``, some for each
parameter, and ``STATE``, which has to be the same afterwards. ``p`` is a list, ``d`` a dict, anything else a number.
"""

from __future__ import annotations

import inspect
import random
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value

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
"""

WORLD = """
import contextlib, decimal, fractions, functools, itertools, math, types, warnings
import numpy as np
import autograd_lite as ag
from autograd_lite import Value
class Odd(float):
    def __mul__(self, other): return 42.0
    def __rmul__(self, other): return 43.0
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
