"""Generated calls: every way to give arguments, what is left to defaults, and what they must not take for their own."""

from __future__ import annotations

import array
import functools
import itertools
import math
import random
from collections import deque

import numpy as np
import pytest

import autograd_lite as ag

_v0 = 3.0  # named like what generated code names
_now0 = 2.0


def is_generated(compiled):
    return "__call__" in vars(type(compiled))


def outcome(f, args, named):
    """The shape and the numbers of a result, or the type of an error."""
    try:
        found = f(*args, **named)
    except Exception as error:
        return type(error)
    return shape(found), numbers(found)


def shape(x):
    if isinstance(x, (list, tuple)):
        return type(x), [shape(item) for item in x]
    if isinstance(x, dict):
        return {key: shape(item) for key, item in x.items()}
    return np.shape(x)


def numbers(x):
    if isinstance(x, (list, tuple)):
        return [number for item in x for number in numbers(item)]
    if isinstance(x, dict):
        return [number for item in x.values() for number in numbers(item)]
    return [y.data if isinstance(y, ag.Value) else y for y in np.ravel(x).tolist()]


def same(found, expected):
    if isinstance(found, type) or isinstance(expected, type):
        return found is expected
    return found[0] == expected[0] and found[1] == pytest.approx(expected[1], rel=1e-12, abs=1e-300, nan_ok=True)


def default(x, y=2.0):
    return x * x * y


def keyword(x, *, y=2.0):
    return x * x * y + ag.sin(y)


def mixed(x, /, y, *, z=1.5, w=None):
    return x * y * z + (0.0 if w is None else w)


def options(x, mode="square", flag=True):
    return (x * x if mode == "square" else x * 3.0) + (1.0 if flag else ag.cos(x))


def rows(p, q=(1.0, 2.0)):
    return p[0] * q[1] + p[-1] * q[0] * p[0]


def variadic(*p):
    return p[0] * p[-1]


def open_ended(x, *p, k=2.0, **more):
    return x * k + sum(p) + sum(more.values())


def named_like_an_element(x, x_0=3.0):
    return x[0] * x_0 + x[1]


def named_like_a_variable(x, h1="a"):
    h1 = ag.sin(x) if h1 == "a" else ag.cos(x)
    return h1 * h1 / x


def doubling(f):
    @functools.wraps(f)
    def wrapped(*args, **named):
        return f(*args, **{name: 2.0 * x for name, x in named.items()})

    return wrapped


class Scale:
    def __init__(self):
        self.w = 3.0

    def __call__(self, x, y=1.0):
        return x * self.w * y

    def method(self, x, *, y=1.0):
        return x * self.w * y * x


FUNCTIONS = [
    default, keyword, mixed, options, rows, variadic, open_ended, named_like_an_element, named_like_a_variable,
    doubling(default), Scale(), Scale().method, functools.partial(default, y=5.0),
]  # fmt: skip
MAKERS = {
    "call": lambda f: f,
    "grad": ag.grad,
    "value_and_grad": ag.value_and_grad,
    "last": lambda f: ag.grad(f, argnums=-1),
    "two": lambda f: ag.grad(f, argnums=(1, 0)),
    "vmap": ag.vmap,
}
KEYWORDS = [(), (), (), ("y",), ("x",), ("z",), ("y", "x"), ("mode",), ("k",), ("w", "z"), ("q",), ("x_0",), ("flag",)]


class Row(list):
    pass


def arguments(rnd):
    """Something that an argument may be."""
    number = rnd.gauss(0.0, 1.0)
    return rnd.choice(
        [
            number,
            number,
            number,
            2,
            True,
            None,
            "square",
            "other",
            np.float64(number),
            [number, 2.0],
            (number, 3.0),
            np.array([number, 1.5]),
            [1, 2],
            [1.0, 2, 3.0],
            np.array([1, 2]),
            np.array(number),
            math.nan,
            math.inf,
            Row([number, 2.0]),
            [True, number],
            np.array([number, 1.0], dtype=">f8"),
            [[number, 1.0], [2.0, 3.0]],
        ]
    )


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: getattr(f, "__name__", type(f).__name__))
def test_every_way_to_give_arguments(f, maker):
    plain = MAKERS[maker](f)
    rnd = random.Random(f"{maker}")
    compiled = ag.compile(plain)
    for _ in range(25):
        count, names = rnd.randrange(4), rnd.choice(KEYWORDS)
        given = [arguments(rnd) for _ in range(count + len(names))]
        for _ in range(3):
            args, named = given[:count], dict(zip(names, given[count:]))
            assert same(outcome(compiled, args, named), outcome(plain, args, named)), (args, named)
            given = [x if rnd.random() < 0.9 else arguments(rnd) for x in given]


@pytest.mark.parametrize("f", [default, keyword, options])
@pytest.mark.parametrize("maker", ["call", "grad", "value_and_grad"])
def test_what_is_left_to_defaults_is_generated_too(f, maker):
    compiled = ag.compile(MAKERS[maker](f))
    compiled(1.0)
    assert is_generated(compiled)
    assert same(outcome(compiled, (2.0,), {}), outcome(MAKERS[maker](f), (2.0,), {}))


@pytest.mark.parametrize(
    ("f", "named"), [(default, {"y": 3.0}), (keyword, {"y": 3.0}), (options, {"mode": "cube"}), (mixed, {"y": 2.0})]
)
@pytest.mark.parametrize("maker", ["call", "grad"])
def test_calls_by_keyword_are_generated_too(f, named, maker):
    plain = MAKERS[maker](f)
    compiled = ag.compile(plain)
    compiled(1.0, **named)
    assert is_generated(compiled)
    calls = [((2.0,), named), ((2.0,), {}), ((2.0, 3.0), {}), ((2.0, *named.values()), {}), ((), {"x": 2.0, **named})]
    for args, given in itertools.chain(calls, calls):
        assert same(outcome(compiled, args, given), outcome(plain, args, given)), (args, given)


@pytest.mark.parametrize("backend", ["default", "c"])
def test_defaults_that_change(backend):
    def f(x, y=2.0, *, z=3.0):
        return x * y * z

    def rows(x, y=[1.0, 2.0]):  # noqa: B006
        return x * y[0] * y[1]

    compiled = ag.compile(f, backend=backend)
    assert [compiled(1.0), compiled(1.0)] == [6.0, 6.0]
    f.__defaults__ = (5.0,)
    assert [compiled(1.0), compiled(1.0)] == [15.0, 15.0]
    f.__kwdefaults__["z"] = 1.0
    assert [compiled(1.0), compiled(1.0), compiled(1.0, 2.0), compiled(1.0, z=4.0)] == [5.0, 5.0, 2.0, 20.0]
    f.__kwdefaults__ = {"z": 7.0}
    assert [compiled(1.0), compiled(1.0)] == [35.0, 35.0]
    f.__defaults__ = None
    for _ in range(2):
        with pytest.raises(TypeError):
            compiled(1.0)
    assert compiled(1.0, 1.0) == 7.0
    compiled = ag.compile(rows, backend=backend)
    assert [compiled(1.0), compiled(1.0)] == [2.0, 2.0]
    rows.__defaults__[0][1] = 4.0
    assert [compiled(1.0), compiled(1.0)] == [4.0, 4.0]


def test_defaults_that_come_after_the_first_call():
    def f(x, y):
        return x * y

    compiled = ag.compile(f)
    assert [compiled(2.0, 3.0), compiled(2.0, 4.0)] == [6.0, 8.0]
    with pytest.raises(TypeError, match="y"):
        compiled(2.0)
    f.__defaults__ = (5.0,)
    assert [compiled(2.0), compiled(2.0), compiled(2.0, 1.0)] == [10.0, 10.0, 2.0]


def test_globals_named_like_those_of_generated_code(monkeypatch):
    compiled = ag.compile(lambda x: x * _v0 + _now0)
    assert [compiled(1.0), compiled(1.0)] == [5.0, 5.0]
    monkeypatch.setitem(globals(), "_v0", 4.0)
    assert [compiled(1.0), compiled(1.0)] == [6.0, 6.0]
    monkeypatch.setitem(globals(), "_now0", 0.5)
    assert [compiled(1.0), compiled(1.0)] == [4.5, 4.5]


def test_errors_name_the_function():
    compiled = ag.compile(default)
    compiled(1.0)
    assert is_generated(compiled)
    with pytest.raises(TypeError, match=r"default\(\) got an unexpected keyword argument 'q'"):
        compiled(1.0, q=2.0)
    with pytest.raises(TypeError, match=r"default\(\) .*positional argument"):
        compiled(1.0, 2.0, 3.0)
    with pytest.raises(TypeError, match=r"default\(\) missing 1 required positional argument: 'x'"):
        compiled()


@pytest.mark.parametrize("backend", ["default", "c"])
def test_comparisons_count_as_floats(backend):
    """What is a bool or an integer of Python's is a float where eager code gives one."""
    for f in (
        lambda x: x > 1.0,
        lambda x: (x > 1.0) * (x < 5.0),
        lambda x: -(x > 1.0) + (x > 0.0),
        lambda x: ag.where(x > 1.0, x > 0.0, x > 2.0) + x * 0.0,
    ):
        for maker in (ag.value_and_grad, ag.grad, lambda f: ag.grad(ag.grad(f))):
            plain, compiled = maker(f), ag.compile(maker(f), backend=backend)
            for x in (2.0, 2.0, 0.5, 3.0):
                found = compiled(x)
                assert same(outcome(compiled, (x,), {}), outcome(plain, (x,), {}))
                assert all(type(number) is float for number in (found if isinstance(found, tuple) else (found,)))


@pytest.mark.parametrize("count", [1, 3])
def test_vmap_takes_what_it_was_made_for(count):
    def f(a, x, p):
        return {"sum": a * x + p[0], "rows": [p[0] * x, x], "pair": (a, p)}

    plain = ag.vmap(f, in_axes=(None, 0, 0))
    compiled = ag.compile(plain)
    x, p = np.linspace(0.0, 1.0, count), np.arange(2.0 * count).reshape(count, 2)
    compiled(2.0, x, p)
    assert is_generated(compiled)
    for args in (
        (3.0, x, p), (3, x, p), (3.0, x.tolist(), p), (3.0, x[:-1], p), (3.0, x, p[:, :1]), (3.0, x, p.astype(int)),
        (3.0, x), (np.float64(3.0), x, p), (3.0, np.repeat(x, 2), np.repeat(p, 2, axis=0)), (3.0, x[:0], p[:0]),
        (3.0, x.reshape(-1, 1), p), (3.0, 1.0, p), (None, x, p), (3.0, x, np.asfortranarray(p)),
    ):  # fmt: skip
        assert same(outcome(compiled, args, {}), outcome(plain, args, {})), args
    assert same(outcome(compiled, (3.0, x), {"p": p}), outcome(plain, (3.0, x), {"p": p}))


@pytest.mark.parametrize("backend", ["default", "c"])
def test_calls_over_live_values_are_generated_too(backend):
    """Single numbers and packed ones; their numbers, and which they are, may change."""
    w, rows = ag.Value(3.0), [ag.Value(float(k)) for k in range(4)]

    def f(x, scale=2.0):
        total = sum(row * row * x for row in rows) + w * ag.sin(w * x) * scale
        return total if total > -50.0 else -total

    compiled = ag.compile(f, backend=backend)
    for k in range(4):
        for x in (0.5, -0.25, 1.5, -40.0):
            gradients = []
            for g in (compiled, f):
                for leaf in (w, *rows):
                    leaf.grad = 0.0
                loss = g(x) if k % 2 else g(x, scale=1.5)
                loss.backward()
                gradients.append([loss.data, w.grad, *(row.grad for row in rows)])
            assert gradients[0] == pytest.approx(gradients[1], rel=1e-12)
        w.data += 0.5
        rows[k].data -= 1.0
    assert is_generated(compiled)
    with ag.no_grad():
        assert compiled(0.5).data == pytest.approx(f(0.5).data)
    rows[1] = ag.Value(7.0)
    assert compiled(0.5).data == pytest.approx(f(0.5).data)


ODD = {
    "generator": lambda: (t for t in (0.3, 1.2)),
    "map": lambda: map(float, (0.3, 1.2)),
    "range": lambda: range(1, 3),
    "deque": lambda: deque([0.3, 1.2]),
    "array": lambda: array.array("d", [0.3, 1.2]),
    "dict's values": lambda: {"a": 0.3, "b": 1.2}.values(),
    "masked": lambda: np.ma.array([0.3, 1.2]),
    "complex": lambda: np.array([0.3, 1.2 + 0j]),
    "empty": lambda: np.zeros(0),
    "empty list": list,
    "subclass": lambda: Row([0.3, 1.2]),
    "rows": lambda: np.array([[0.3], [1.2]]),
}


@pytest.mark.filterwarnings("ignore::autograd_lite.compiler.CompileWarning")
@pytest.mark.parametrize("maker", [lambda f: f, ag.grad, ag.value_and_grad, ag.jacobian, ag.vmap])
@pytest.mark.parametrize("odd", ODD.values(), ids=list(ODD))
def test_arguments_that_are_no_usual_numbers(odd, maker):
    """They give what they give eagerly, or raise it: a gradient by what has none is not the argument itself."""
    for f in (lambda p: sum(t * t for t in p), lambda p: np.sum(np.array(p) ** 2)):
        plain, compiled = maker(f), ag.compile(maker(f))
        for _ in range(3):
            assert same(outcome(compiled, (odd(),), {}), outcome(plain, (odd(),), {}))


class Setting:
    def __init__(self, scale):
        self.scale = scale


@pytest.mark.filterwarnings("ignore::autograd_lite.compiler.CompileWarning")
def test_objects_that_are_new_at_every_call():
    """More of them than are remembered, and several in one call."""

    def f(x, a, b, c):
        return a.scale * x + b.scale * x * x + c.scale

    plain, compiled = ag.grad(f), ag.compile(ag.grad(f))
    kept = []
    for k in range(200):
        settings = Setting(k % 7.0), Setting(1.0 + k % 3), Setting(2.0)
        kept.append(settings[: k % 4])  # some places are used again, some are not
        assert compiled(0.5, *settings) == plain(0.5, *settings)
