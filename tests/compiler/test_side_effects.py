"""What a recording can't hold is refused, or recorded anew: never done once and then forgotten."""

from __future__ import annotations

import builtins
import collections
import copy
import csv
import ctypes
import functools
import gc
import io
import itertools
import pickle
import sys
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, optim
from autograd_lite.compiler import CompileError, CompileWarning
from autograd_lite.compiler.call.compiled import MANY, MAX_KEYS

W = ag.Value(2.0)
LAYER = nn.Linear(2, 1)


def calls_backward(x):
    x.backward()
    return x


def calls_backward_on_a_node(x):
    (x * x).backward()
    return x


def calls_backward_on_a_parameter(x):
    W.backward()
    return x * W


def reads_a_gradient(x):
    return x * W.grad


def reads_a_parameters_gradient(x):
    return x * float(LAYER.weight.grad[0, 0])


def clears_a_gradient(x):
    W.grad = 0.0
    return x * W


def clears_a_models_gradients(x):
    LAYER.zero_grad()
    return x


def sets_a_number(x):
    x.data = 5.0
    return x


def sets_a_parameter(x):
    LAYER.weight.data = 5.0
    return x


def clears_by_an_optimiser(x):
    optim.SGD([W], lr=0.1).zero_grad()
    return x


def steps_an_optimiser(x):
    optim.SGD([W], lr=0.1).step()
    return x


def hooks(x):
    x.register_hook(lambda g: 2 * g)
    return x * x


REFUSED = [
    calls_backward, calls_backward_on_a_node, calls_backward_on_a_parameter, reads_a_gradient,
    reads_a_parameters_gradient, clears_a_gradient, clears_a_models_gradients, sets_a_number, sets_a_parameter,
    clears_by_an_optimiser, steps_an_optimiser, hooks,
]  # fmt: skip


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
def test_what_a_program_cannot_hold_is_refused(f):
    before = W.data, W.grad, np.array(LAYER.weight.data), np.array(LAYER.weight.grad)
    for g in (ag.compile(f, strict=True), ag.compile(ag.grad(f), strict=True)):
        for _ in range(2):
            with pytest.raises(CompileError, match="can't hold"):
                g(3.0)
    for a, b in zip(before, (W.data, W.grad, LAYER.weight.data, LAYER.weight.grad)):
        np.testing.assert_array_equal(a, b)


def generator():
    yield from (2.0, 3.0, 4.0)


def endless():
    while True:
        yield 1.0


ITERATORS = {
    "a generator": generator,
    "an endless one": endless,
    "an expression": lambda: (v for v in [2.0, 3.0]),
    "a list's": lambda: iter([2.0, 3.0]),
    "a set's": lambda: iter({2.0, 3.0}),
    "a dict's": lambda: iter({2.0: 1, 3.0: 1}),
    "a range's": lambda: iter(range(1, 4)),
    "reversed": lambda: reversed([2.0, 3.0]),
    "count": lambda: itertools.count(1),
    "cycle": lambda: itertools.cycle([1.0, 2.0]),
    "repeat": lambda: itertools.repeat(1.0, 5),
    "chain": lambda: itertools.chain([1.0], [2.0, 3.0]),
    "islice": lambda: itertools.islice([1.0, 2.0, 3.0], 2),
    "map": lambda: map(float, ["1", "2"]),
    "filter": lambda: filter(None, [1.0, 2.0]),
    "lines": lambda: map(float, io.StringIO("1\n2\n3\n")),
    "a table": lambda: (float(row[0]) for row in csv.reader(io.StringIO("1\n2\n"))),
}


@pytest.mark.parametrize("name", ITERATORS)
def test_an_iterator_is_not_read_once_for_all_calls(name):
    """The first call takes an item, which no later call would."""
    holder = {"deep": [ITERATORS[name]()]}
    with pytest.raises(CompileError, match="iterator"):
        ag.compile(lambda x: x * next(holder["deep"][0]), strict=True)(1.0)
    holder = {"deep": [ITERATORS[name]()]}
    expected = list(itertools.islice(ITERATORS[name](), 2))
    with pytest.warns(CompileWarning, match="iterator"):  # noqa: PT031
        compiled = ag.compile(lambda x: x * next(holder["deep"][0]))
        assert [compiled(1.0), compiled(1.0)] == expected
    iterator = ITERATORS[name]()
    with pytest.warns(CompileWarning, match="iterator"):  # noqa: PT031
        compiled = ag.compile(lambda x, items: x * next(items))
        assert [compiled(1.0, iterator), compiled(1.0, iterator)] == expected


@pytest.mark.parametrize("transform", [ag.vmap, ag.jacobian, lambda f: ag.hessian(lambda x: ag.sum(f(x)))])
@pytest.mark.parametrize("count", [1, 3, 30])
def test_lanes_and_sweeps_take_no_item_more_than_plain_code(transform, count):
    def made():
        weights = itertools.count(1.0)
        return transform(lambda x: [v * v * next(weights) for v in np.ravel(x).tolist()])

    plain, compiled = made(), ag.compile(made())
    x = np.arange(float(count))
    with pytest.warns(CompileWarning, match="iterator"):
        found = compiled(x)
    np.testing.assert_allclose(found, plain(x))
    np.testing.assert_allclose(compiled(x), plain(x))


def test_an_iterator_that_nobody_reads():
    iterator = iter([1.0, 2.0])
    compiled = ag.compile(lambda x, unused=iterator: x * x)
    assert [compiled(v) for v in (1.0, 2.0)] == [1.0, 4.0]
    next(iterator)
    assert compiled(3.0) == 9.0
    zipped = ag.compile(lambda x: ag.sum([v * w for v, w in zip(x, [1.0, 2.0])]))
    assert [zipped([1.0, k]) for k in (1.0, 2.0)] == [3.0, 5.0]


class InAnException:
    def __init__(self):
        self.held = ValueError()

    def keep(self, x):
        self.held.args = (x,)

    def kept(self):
        return self.held.args[0]


class InAnAttributeOfABuiltinsModule:
    def keep(self, x):
        builtins.kept_by_a_test = x

    def kept(self):
        return builtins.__dict__.pop("kept_by_a_test")


class InAPartial:
    def __init__(self):
        self.held = functools.partial(max, 0.0)

    def keep(self, x):
        self.held.__setstate__((max, (x,), {}, None))

    def kept(self):
        return self.held.args[0]


@pytest.mark.parametrize("kind", [InAnException, InAnAttributeOfABuiltinsModule, InAPartial])
def test_what_is_kept_out_of_sight_is_each_calls_own_number(kind):
    """Never a number of a recording, which is kept once and stands for all calls."""
    holder = kind()

    def f(x):
        holder.keep(x)
        return x * x

    compiled = ag.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CompileWarning)
        for x in (2.0, 3.0, 4.0, 3.0):
            assert compiled(x) == x * x
            kept = holder.kept()
            assert (type(kept), kept) == (float, x)
    with pytest.raises(CompileError, match=r"(keeps a number|changes 'kept_by_a_test') .*return"):
        ag.compile(f, strict=True)(2.0)


def test_a_file():
    lines = io.StringIO("1\n2\n3\n")
    with pytest.warns(CompileWarning, match="iterator"):  # noqa: PT031
        compiled = ag.compile(lambda x: x * float(lines.readline()))
        assert [compiled(1.0) for _ in range(3)] == [1.0, 2.0, 3.0]


@ag.compile
def decorated(x):
    return x * x


class Holder:
    @ag.compile
    def method(self, x):
        return x * 3.0


def test_decorated_functions_are_pickled_by_name():
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    assert copy.deepcopy(decorated) is decorated
    assert pickle.loads(pickle.dumps(Holder.__dict__["method"])) is Holder.method
    other = pickle.loads(pickle.dumps(ag.compile(generator)))
    assert other is not decorated
    assert pickle.loads(pickle.dumps(functools.partial(decorated, 2.0)))() == 4.0


@pytest.mark.parametrize("name", ["np", "jnp", "torch", "float", "cumprod", "on_tensors", "range", "HELPERS", "TABLE"])
def test_functions_and_arguments_named_like_what_sources_use(name):
    scope: dict = {"ag": ag, "numpy": np}
    exec(
        f"def {name}({name}, b):\n    return ag.sum([ag.prod([v, w, v]) / b for v, w in zip({name}, {name}[1:])])",
        scope,
    )
    f = scope[name]
    x = np.linspace(0.5, 1.5, 40)
    plain = ag.value_and_grad(f)
    compiled = ag.compile(plain)
    expected = plain(x, 2.0)
    for backend in ("numpy", "jax", "torch"):
        np.testing.assert_allclose(compiled(x, 2.0)[1], expected[1])
        library = pytest.importorskip(backend)
        source: dict = {}
        exec(compiled.source(backend), source)
        given = (library.tensor(x), library.tensor(2.0)) if backend == "torch" else (x, 2.0)
        found = source[compiled.name](*given)
        np.testing.assert_allclose(found[1].tolist(), expected[1])


def test_many_shapes_and_integers_stay_bounded_and_say_so():
    compiled = ag.compile(lambda x: ag.sum([v * v for v in x]))
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        for n in range(1, MANY + 2 * MAX_KEYS):
            x = [2.0] * (n % (MANY + 30) + 1)
            assert compiled(x) == 4.0 * len(x)
    assert [(w.category, w.filename) for w in found] == [(CompileWarning, __file__)]
    assert sum(len(state.entries) for state in compiled._states) <= MAX_KEYS
    assert compiled([3.0] * 2) == 18.0


def test_numbers_as_keys():
    """A dict would not find what plain code finds there."""
    table = {1.0: 2.0, 2.0: 5.0}
    for f in (lambda x: x * table.get(x, 0.0), lambda x: len({x, 1.0}) * x, lambda x: table.get(x * 1.0, 0.0)):
        with pytest.raises(CompileError, match="key of a dict"):
            ag.compile(f, strict=True)(1.0)
        with pytest.warns(CompileWarning, match="key of a dict"):  # noqa: PT031
            compiled = ag.compile(f)
            assert [compiled(v) for v in (1.0, 2.0, 3.0)] == [f(v) for v in (1.0, 2.0, 3.0)]
    compiled = ag.compile(lambda x, k: x * {1: 2.0, 2: 5.0}.get(k, 0.0))
    assert [compiled(3.0, k) for k in (1, 2, 3)] == [6.0, 15.0, 0.0]
    weights = {W: 2.0}  # Values from outside are keys as ever
    assert ag.compile(lambda x: weights[W] * x)(3.0) == 6.0


def test_comparisons_combine_like_bools():
    def f(x, y):
        if ((x > 0.0) & (y > 0.0)) | ((x < -1.0) ^ True):
            return x * y, (x > 0.0) & (y > 0.0), (x > 0.0) | (y > 0.0), (x > 0.0) ^ (y > 0.0), (x > 0.0) & True
        return x, False

    compiled = ag.compile(f)
    for x in (-2.0, -0.5, 0.5, 2.0):
        for y in (-2.0, 0.5):
            assert compiled(x, y) == f(x, y)


@pytest.mark.filterwarnings("ignore:Bitwise inversion:DeprecationWarning")
def test_not_by_a_tilde_is_left_to_python():
    """-2 of a bool, a truth of NumPy's."""
    for f, x in ((lambda x: ~(x > 0.0) * x, 1.0), (lambda x: [~(v > 0.0) for v in x], np.array([1.0, -1.0]))):
        with pytest.raises(CompileError, match="write not"):
            ag.compile(f, strict=True)(x)
        compiled = ag.compile(f)
        with pytest.warns(CompileWarning, match="write not"):
            found = compiled(x)
        assert found == compiled(x) == f(x)


def test_comparisons_and_integers_are_bits():
    def f(x, y):
        return ((x > 0.0) & 3) * x + ((y > 0.0) | 4) * y + ((x > y) ^ 5)

    compiled = ag.compile(f, strict=True)  # six ways
    for x in (-2.0, -0.5, 0.5, 2.0):
        for y in (-2.0, 0.5):
            assert compiled(x, y) == f(x, y)


def by_match(x, y):
    match (x > 0.0, y > 0.0):
        case (True, True):
            return x * y
        case (True, False):
            return x - y
        case _:
            return 3.0 * x + y


@pytest.mark.parametrize(
    "f",
    [
        by_match,
        lambda x, y: x * 2 if (x > y) is True else y,
        lambda x, y: x * 2 if (x > y) is not False else y,
        lambda x, y: x * 2 if True is (x > 0.0) else y,
        lambda x, y: (lambda truth: 2.0 if truth is True else 3.0)(x > y) * x,
    ],
)
def test_a_comparison_may_be_the_very_true(f):
    compiled, slope = ag.compile(f, strict=True), ag.compile(ag.grad(f), strict=True)
    for x in (-2.0, 0.5, 2.0):
        for y in (-3.0, 0.25):
            assert compiled(x, y) == f(x, y)
            assert slope(x, y) == ag.grad(f)(x, y)


def test_a_strict_error_is_raised_again():
    """A program that was found wrong is not kept."""
    compiled = ag.compile(lambda x: x * 2 if isinstance(x, float) else x * 3, strict=True)
    for x in (0.5, 0.5, 1.5):
        with pytest.raises(CompileError, match="type of a number"):
            compiled(x)


class Left:
    def f(self, x):
        return x


class Right:
    def f(self, x):
        return 5.0 * x


def test_an_object_may_change_its_class():
    state = Left()
    compiled = [ag.compile(lambda x: state.f(x)), ag.compile(lambda xs: [state.f(x) for x in xs])]
    for kind in (Left, Right, Left):
        state.__class__ = kind
        for _ in range(3):
            assert compiled[0](2.0) == state.f(2.0)
            assert compiled[1]([1.0, 2.0] * 10) == [state.f(x) for x in [1.0, 2.0] * 10]


@pytest.mark.parametrize("make", [lambda: memoryview(bytearray(4)), lambda: (ctypes.c_double * 4)()])
def test_bytes_that_others_may_write_are_not_watched(make):
    held = make()
    compiled = ag.compile(lambda x: x * held[0])
    with pytest.warns(CompileWarning, match="can change unseen"):
        assert compiled(2.0) == 0.0
    held[0] = 3
    assert compiled(2.0) == 6.0


def test_state_of_the_interpreter_is_asked_each_time():
    compiled = ag.compile(lambda x: x * sys.getrecursionlimit())
    before = sys.getrecursionlimit()
    with pytest.warns(CompileWarning):
        assert compiled(1.0) == before
    try:
        sys.setrecursionlimit(before + 1)
        assert compiled(1.0) == before + 1
    finally:
        sys.setrecursionlimit(before)


def test_dicts_keep_their_class():
    for d in (collections.OrderedDict(a=2.0), collections.defaultdict(float, a=2.0), {"a": 2.0}):
        found = ag.compile(lambda d: d)(d)
        assert type(found) is type(d)
        assert found == d
        gradient = ag.compile(ag.grad(lambda d: d["a"] ** 2))(d)
        assert type(gradient) is type(ag.grad(lambda d: d["a"] ** 2)(d))
        assert gradient["a"] == 4.0
    kind = ag.compile(lambda d: d["a"] * (2.0 if isinstance(d, collections.OrderedDict) else 3.0))
    assert (kind({"a": 1.0}), kind(collections.OrderedDict(a=1.0))) == (3.0, 2.0)


def test_arrays_of_numbers_are_float_arrays():
    x = np.array([[0.0, 1.0], [2.0, 3.0]])
    for f in (lambda a: np.pad(a, 1), lambda a: np.clip(a, 0, 1), lambda a: np.array([a[0, 0], 1, 2.0], dtype=object)):
        assert ag.compile(f)(x).dtype == float
        np.testing.assert_array_equal(ag.compile(f)(x), np.array(f(x), dtype=float))
    np.testing.assert_array_equal(ag.compile(lambda a: [a**k for k in range(3)])(x), [x**k for k in range(3)])


def test_a_result_that_depends_on_no_value_is_a_number():
    compiled = ag.compile(lambda x, s: s * s)
    assert type(compiled(W, 3.0)) is float
    assert type(compiled(3.0, W)) is ag.Value
    assert type(ag.compile(lambda x, s: s * W)(ag.Value(1.0), 3.0)) is ag.Value


class Schedule:
    rate = 1.0


def test_a_constant_that_changes_at_every_call_is_named():
    rate = 1.0
    schedule = Schedule()
    functions = [lambda x: x * rate, lambda x: x * schedule.rate]
    for f in functions:
        compiled = ag.compile(f)
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            for k in range(MANY + 20):
                rate = schedule.rate = float(k)
                assert compiled(2.0) == 2.0 * k
        assert [w.category for w in found] == [CompileWarning]
        assert "'rate'" in str(found[0].message)
        assert found[0].filename == __file__
    live = ag.Value(1.0)
    compiled = ag.compile(lambda x: x * live)
    for k in range(MANY + 20):
        live.data = float(k)
        assert compiled(2.0).data == 2.0 * k
    assert len(compiled._states) == 1


def test_derivatives_with_respect_to_values_are_values():
    x = ag.Value(1.5)
    for f in (ag.jacobian(lambda v: [3.0 * v, 4.0]), lambda v: [ag.grad(lambda u: 3.0 * u)(v)]):
        for compiled in (ag.compile(f), ag.compile(f)):
            assert {type(v) for v in compiled(x)} == {type(v) for v in f(x)} == {ag.Value}
    single = ag.compile(lambda v: ag.grad(lambda u: 3.0 * u)(v))
    assert type(single(x)) is ag.Value


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_goes_on_after_a_recording(enabled):
    """It is paused meanwhile; whether it runs afterwards is as before, whatever the function does."""

    def fails(x):
        raise ValueError("no")

    assert gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        assert ag.compile(lambda x: x * x)(3.0) == 9.0
        assert gc.isenabled() is enabled
        with pytest.raises(ValueError, match="no"):
            ag.compile(fails)(1.0)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
