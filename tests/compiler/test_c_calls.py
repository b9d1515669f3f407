"""Calls of programs in C: what they take and what they hand on, what they return, and the memory of both."""

from __future__ import annotations

import functools
import gc
import sys
import threading

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler import CompileWarning
from autograd_lite.compiler.call import c_forms, c_library

pytestmark = pytest.mark.skipif(c_library.c_compiler() is None, reason="no C compiler on PATH")


def in_c(f):
    """``f`` in C; a warning, as where it is not, is an error."""
    return ag.compile(f, backend="c", strict=True)


def same(found, expected):
    """Equal types all the way down, and numbers equal up to roundings."""
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        found, expected = list(found.values()), list(expected.values())
    if isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for a, b in zip(found, expected):
            same(a, b)
    else:
        assert np.shape(found) == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def direct(compiled):
    """Whether calls go straight to the program."""
    return compiled.__class__.__call__.__name__ == "ag_call"


def total(x):
    return ag.sum([ag.sin(v) * v for v in np.ravel(np.array(x, dtype=object))])


CASES = {
    "a number": (lambda x: ag.sin(x) * x, [(0.5,), (1.5,)]),
    "lists, tuples and dicts": (lambda x: {"a": 2.0 * x, "b": [x, (ag.sin(x),)], "c": ()}, [(1.0,), (2.0,)]),
    "arrays in a list": (lambda x: [np.array([x, x * x]), np.array([[x]])], [(1.0,), (2.0,)]),
    "nothing": (lambda x: [], [(1.0,)]),
    "a gradient of nested lists": (ag.grad(lambda p: p[0][0] * p[1][1]), [([[1.0, 2.0], [3.0, 4.0]],)]),
    "ragged": (ag.grad(lambda p: p[0] * p[1][2] + p[2][0][0]), [([1.0, [2.0, 3.0, 4.0], [(5.0,)]],)]),
    "an array in a tuple": (ag.grad(lambda p: p[0] * ag.sum(p[1])), [((2.0, np.arange(6.0).reshape(2, 3)),)]),
    "two of three arguments": (
        ag.value_and_grad(lambda p, q, r: total(p) * q[0] * q[1][2] + r, argnums=(1, 0)),
        [(np.arange(6.0).reshape(2, 3), [2.0, [1.0, 2.0, 3.0]], 0.5)],
    ),
    "one of a tuple": (ag.value_and_grad(lambda p: total(p), argnums=(0,)), [((1.0, 2.0),)]),
    "one of a tuple, no value": (ag.grad(lambda p: total(p), argnums=(0,)), [([1.0, 2.0],)]),
    "any number of arguments": (ag.grad(lambda *p: p[0] * p[1] * p[2], argnums=(2, 0)), [(2.0, 3.0, 4.0)]),
    "a Hessian": (ag.hessian(lambda p: p[0] ** 2 * p[1]), [(np.array([1.0, 2.0]),), (np.array([3.0, 4.0]),)]),
    "more than the stack": (ag.grad(lambda p: total(p)), [([0.001 * k for k in range(2000)],)]),
    "a large array": (ag.value_and_grad(lambda p: total(p)), [(np.linspace(0.0, 1.0, 3000),)]),
}


@pytest.mark.parametrize("name", CASES)
def test_results_have_the_structure_of_the_arguments(name):
    f, calls = CASES[name]
    compiled = in_c(f)
    for _ in range(3):
        for args in calls:
            same(compiled(*args), f(*args))
    assert direct(compiled)


OTHERS = [
    [1.0, 2], (1.0, 2.0), [1.0], [1.0, 2.0, 3.0], np.array([1.0, 2.0]), np.array([1, 2]), np.array([1.0, 2.0], ">f8"),
    np.array([1.0, 2.0], np.float32), np.arange(4.0)[::2], np.array([True, False]), [np.float64(1.0), 2.0], [True, 2.0],
    [[1.0, 2.0]], "ab", None, {"a": 1.0}, [1.0, ag.Value(2.0)],
]  # fmt: skip


@pytest.mark.parametrize("first", [[3.0, 4.0], np.array([3.0, 4.0])], ids=["a list", "an array"])
@pytest.mark.parametrize("other", OTHERS, ids=map(repr, OTHERS))
def test_arguments_that_are_not_like_the_recorded_ones(first, other):
    """They take the general way: the result, or the error, of the function compiled without C."""

    def f(p):
        return ag.sin(p[0]) * p[1]

    def outcome(g):
        try:
            return g(other)
        except Exception as error:
            return type(error), str(error)

    compiled, plain = ag.compile(f, backend="c"), ag.compile(f)
    for _ in range(3):
        compiled(first), plain(first)
    assert direct(compiled)
    found, expected = outcome(compiled), outcome(plain)
    if isinstance(found, tuple):
        assert found == expected
        return
    if isinstance(expected, ag.Value):
        found, expected = found.data, expected.data
    same(found, expected)
    same(compiled(first), plain(first))


@pytest.mark.parametrize(
    "x", [np.arange(6.0).reshape(3, 2).T, np.arange(12.0).reshape(2, 6)[:, ::2], np.empty((2, 3))[:, :]]
)
def test_arrays_are_read_as_they_are_laid_out(x):
    x = np.where(np.isfinite(x), x, 0.0) if x.flags.c_contiguous else x
    f = ag.grad(lambda p: p[0, 1] * p[1, 2] + p[1, 0] ** 2)
    compiled = in_c(f)
    for _ in range(3):
        compiled(np.ones((2, 3)))
    same(compiled(x), f(x))


def test_arrays_that_may_not_be_written_and_results_that_may():
    compiled = in_c(ag.grad(lambda p: p[0] * p[1]))
    x = np.array([2.0, 3.0])
    x.flags.writeable = False
    for _ in range(3):
        found = compiled(x)
    assert direct(compiled)
    assert found.flags.writeable
    assert found.flags.owndata
    again = compiled(x)
    again[0] = 0.0
    assert found.tolist() == [3.0, 2.0]


def test_another_way_and_surroundings_that_change():
    scale = 2.0

    def f(x):
        return x * x * scale if x > 0.0 else -x

    compiled = in_c(f)
    for _ in range(3):
        assert compiled(3.0) == 18.0
        assert compiled(-3.0) == 3.0
    scale = 5.0
    assert compiled(3.0) == 45.0
    assert compiled(-3.0) == 3.0
    assert compiled(float("nan")) != compiled(float("nan"))


def test_what_watches_sees_every_node():
    compiled = in_c(lambda x: ag.log(x) * 0.0)
    for _ in range(3):
        compiled(1.0)
    with pytest.raises(Exception, match="log"), ag.detect_anomaly():
        compiled(ag.Value(-1.0)).backward()
    with ag.no_grad():
        assert compiled(1.0) == 0.0


def test_integers_first():
    compiled = in_c(ag.grad(lambda p: p[0] * p[1] * p[1]))
    assert compiled([2, 3]) == [9.0, 12.0]
    for _ in range(3):
        assert compiled([2.0, 3.0]) == [9.0, 12.0]
    assert direct(compiled)
    assert compiled([2, 3.0]) == [9.0, 12.0]


@pytest.mark.parametrize("name", CASES)
def test_no_memory_is_kept_or_lost(name):
    f, calls = CASES[name]
    compiled = in_c(f)
    for _ in range(3):
        compiled(*calls[0])
    assert direct(compiled)
    held = [item for arg in calls[0] for item in (arg if isinstance(arg, (list, tuple)) else [arg])]
    before = [sys.getrefcount(x) for x in held]
    gc.collect()
    none = sys.getrefcount(None)
    blocks = sys.getallocatedblocks()
    for _ in range(1000):
        compiled(*calls[0])
    assert sys.getallocatedblocks() - blocks < 500
    assert [sys.getrefcount(x) for x in held] == before
    assert abs(sys.getrefcount(None) - none) < 100


def test_none_is_not_lost_where_calls_are_handed_on():
    compiled = in_c(lambda x: x * x if x > 0.0 else -x)
    for _ in range(3):
        compiled(2.0)
    compiled(-2.0)
    before = sys.getrefcount(None)
    for _ in range(1000):
        compiled(-2.0)
        compiled(2.0)
    assert abs(sys.getrefcount(None) - before) < 100


def test_objects_laid_out_otherwise(monkeypatch):
    """Where the memory of objects is not as known, the default engine runs, and a warning says so."""
    monkeypatch.setattr("autograd_lite.compiler.call.c_engine.numpy_objects", lambda: None)
    compiled = in_c(ag.grad(lambda p: p[0] * p[1]))
    with pytest.warns(CompileWarning, match="laid out"):
        assert compiled(np.array([2.0, 3.0])).tolist() == [3.0, 2.0]
    for _ in range(3):
        assert compiled(np.array([2.0, 3.0])).tolist() == [3.0, 2.0]
    assert not direct(compiled)


def test_the_plans_own_call_takes_numbers_of_other_kinds_and_memory():
    """Parameters make it the general way: arrays of other layouts, byte orders and types, and lists of integers."""
    w = nn.Linear(3, 2)
    compiled = in_c(lambda x: w(x)[0] * w(x)[1])
    x = np.arange(3.0)
    kinds = (x, np.arange(6.0)[::2] / 2.0, x.astype(">f8"), x.astype(int), [0, 1, 2], [0.0, 1, 2.0], list(x))
    for given in (*kinds, *kinds):
        value = compiled(given)
        value.backward()
        found = np.concatenate([np.ravel(p.grad) for p in w.parameters()])
        w.zero_grad()
        expected = w(given)[0] * w(given)[1]
        expected.backward()
        wanted = np.concatenate([np.ravel(p.grad) for p in w.parameters()])
        np.testing.assert_allclose([value.data, *found], [expected.data, *wanted], rtol=1e-13)
        w.zero_grad()


def test_arrays_are_made_by_numpys_function_where_its_table_is_not_known(monkeypatch):
    monkeypatch.setattr(c_library, "array_maker", lambda: None)
    monkeypatch.setattr(c_library, "_entries", functools.cache(c_library._entries.__wrapped__))
    compiled = in_c(ag.value_and_grad(lambda p: p[0, 0] * p[1, 2]))
    x = np.arange(6.0).reshape(2, 3)
    for _ in range(3):
        found = compiled(x)
    assert direct(compiled)
    assert found[0] == 0.0
    assert found[1].tolist() == [[5.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    assert found[1].flags.owndata


def test_numpys_objects_are_laid_out_as_known():
    assert c_forms.array_maker() is not None
    assert c_forms.numpy_objects() == (np.ndarray, np.dtype(np.float64), np.empty)


def test_memory_of_results_over_points():
    """It is used again when nobody has the results any more, and not before."""
    compiled = in_c(ag.vmap(ag.grad(lambda a, x: ag.sin(a * x), argnums=(0, 1)), in_axes=(None, 0)))
    x = np.linspace(0.0, 1.0, 1000)
    expected = [np.cos(2.0 * x) * x, np.cos(2.0 * x) * 2.0]
    first = compiled(2.0, x)
    kept = [*first]
    for _ in range(3):
        again = compiled(2.0, x + 1.0)
    for a, b, c in zip(kept, expected, again):
        np.testing.assert_allclose(a, b, rtol=1e-13)
        assert not np.shares_memory(a, c)
    places = set()
    for _ in range(6):
        again = compiled(2.0, x)  # the last result is there until this one is
        places.add(again[0].ctypes.data)
    assert len(places) == 2
    part = again[0][10:20].reshape(2, 5)
    numbers = part.copy()
    del again
    compiled(2.0, x)
    np.testing.assert_array_equal(part, numbers)
    wrong = []

    def work(scale):
        for _ in range(200):
            found = compiled(scale, x)
            if not np.allclose(found[1], np.cos(scale * x) * scale, rtol=1e-13):
                wrong.append(scale)

    threads = [threading.Thread(target=work, args=(float(k),)) for k in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_keywords_and_defaults():
    def f(x, y=2.0):
        return x * y

    compiled = in_c(f)
    for _ in range(3):
        assert compiled(3.0) == 6.0
        assert compiled(3.0, 4.0) == 12.0
        assert compiled(x=3.0) == 6.0
        assert compiled(3.0, y=5.0) == 15.0
    assert direct(compiled)
    f.__defaults__ = (10.0,)
    assert compiled(3.0) == 30.0
    with pytest.raises(TypeError):
        compiled(3.0, 4.0, 5.0)
    with pytest.raises(TypeError):
        compiled(3.0, z=4.0)


class Settings:
    def __init__(self):
        self.scale = 2.0
        self.more = [1.0, 2.0]
        self.table = {"a": 1.0}


def surroundings():
    """Pairs of a function, and what changes the surroundings that it is recorded with."""
    settings, cell, values = Settings(), 1.0, np.array([1.0, 2.0])

    def helper(x, offset=1.0, *, by=3.0):
        return x * by + offset

    def with_cell(x):
        return x * cell

    def change_cell():
        nonlocal cell
        cell = 4.0

    def other(x, offset=1.0, *, by=3.0):
        return x * by * 10.0 + offset

    yield "a cell", with_cell, change_cell
    yield "an attribute", lambda x: x * settings.scale, lambda: setattr(settings, "scale", 7.0)
    yield "a list", lambda x: x * settings.more[0], lambda: settings.more.__setitem__(0, 9.0)
    yield "a longer list", lambda x: x * len(settings.more), lambda: settings.more.append(9.0)
    yield "a dict", lambda x: x * settings.table["a"], lambda: settings.table.update(a=5.0)
    yield "a new key", lambda x: x * settings.table.get("b", 1.0), lambda: settings.table.update(b=5.0)
    yield "an array", lambda x: x * values[0], lambda: values.__setitem__(0, 6.0)
    yield "code", lambda x: helper(x), lambda: setattr(helper, "__code__", other.__code__)
    yield "a default", lambda x: helper(x) + 1.0, lambda: setattr(helper, "__defaults__", (8.0,))
    yield "a keyword's", lambda x: helper(x) + 2.0, lambda: helper.__kwdefaults__.update(by=8.0)


@pytest.mark.parametrize("n", range(10))
def test_surroundings_are_looked_at(n):
    _, f, change = list(surroundings())[n]
    compiled = in_c(ag.value_and_grad(f))
    for _ in range(3):
        assert compiled(3.0) == ag.value_and_grad(f)(3.0)
    assert direct(compiled)
    before = compiled(3.0)
    change()
    assert compiled(3.0) == ag.value_and_grad(f)(3.0) != before


@pytest.mark.parametrize("answer", [True, False, ValueError, KeyError, KeyboardInterrupt, SystemExit])
def test_what_the_watch_answers(answer):
    """An error means that something may have changed; an interrupt is one."""
    compiled = in_c(lambda x: x * x)
    compiled(2.0)

    def holds():
        if isinstance(answer, bool):
            return answer
        raise answer

    call = compiled.last.native.calling([len(c_forms.TESTS) - 1, holds, None, None], lambda x: ("slow", x), True)
    if answer in (KeyboardInterrupt, SystemExit):
        with pytest.raises(answer):
            call(3.0)
    else:
        assert call(3.0) == (9.0 if answer is True else ("slow", 3.0))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_library_stays_as_long_as_its_call():
    """The call is the program: whoever has it, has the library, also after the function that it was compiled for."""

    def loaded():
        with open("/proc/self/maps") as maps:
            return {line.split()[-2] for line in maps if "/program.so" in line}

    gc.collect()
    c_library._entries()
    before = loaded()
    for _ in range(3):
        compiled = in_c(ag.grad(lambda x: ag.sin(x) * x))
        for _ in range(3):
            expected = compiled(0.5)
        call = compiled.__class__.__call__
        compiled.itself = compiled
        del compiled
        gc.collect()
        assert len(loaded() - before) == 1
        assert call(0.5) == expected
        assert call(1) == ag.grad(lambda x: ag.sin(x) * x)(1.0)  # the general way
        del call
        gc.collect()
    assert loaded() == before


def test_what_decided_is_in_the_python_source_of_a_program_in_c():
    def f(x, y):
        return [x, y, x * y][2 if x > y else 1 if y > 0.0 else 0]

    g = in_c(f)
    assert g(2.0, 3.0) == 3.0
    scope = {}
    exec(g.source("python"), scope)
    assert scope["f"](1.0, 3.0) == 3.0
    for elsewhere in ((4.0, 3.0), (-4.0, -3.0)):
        with pytest.raises(AssertionError):
            scope["f"](*elsewhere)
