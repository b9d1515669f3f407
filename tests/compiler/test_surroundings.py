"""No stale results: integers, masks, classes, modules and containers that a recording depends on."""

from __future__ import annotations

import array
import collections
import contextvars
import dataclasses
import functools
import importlib
import sys
import types
import weakref

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler import CompileWarning
from autograd_lite.compiler.call import compiled as api


def repeated(x, n):
    total = 0.0
    for _ in range(n):
        total = total + x * x
    return total


def test_an_int_that_counts_is_a_constant_only_where_it_counts():
    def f(a, b, n):
        return sum(a * b for _ in range(n))

    c = ag.compile(f)
    assert (c(2.0, 3, 4), c(3, 5.0, 4), c(2.0, 3, 5)) == (24.0, 60.0, 30.0)
    g = ag.compile(ag.grad(repeated))
    assert (g(2, 3), g(2.0, 3), g(3, 2), g(2.0, n=4)) == (12.0, 12.0, 12.0, 16.0)


def test_integers_in_structures_and_arrays():
    c = ag.compile(lambda x, options: sum(x for _ in range(options["n"])))
    assert (c(2.0, {"n": 3}), c(2.0, {"n": 4})) == (6.0, 8.0)
    x = np.array([1.0, 2.0, 3.0])
    for index in (1, np.int64(2), [0, 2], np.array([2, 1, 1]), np.array([True, False, True]), [1]):
        c = ag.compile(lambda x, i: ag.sum(np.ravel(x[i])))
        assert c(x, np.array([0])) == 1.0
        assert c(x, index) == np.sum(x[index])
    c = ag.compile(lambda m, x: ag.sum([v for take, v in zip(m, x) if take]))
    assert (c(np.array([True, False, False]), x), c(np.array([False, True, True]), x)) == (1.0, 5.0)
    assert ag.compile(lambda v, y: v[0] * y)([1.0, True], 5.0) == 5.0
    kinds = ag.compile(lambda t: [type(item).__name__ for item in t])
    for pair in ([(1.0, 2.0), [3.0, 4.0]], [(1.0, 2.0), (3.0, 4.0)], [[1.0, 2.0], (3.0, 4.0)]):
        assert kinds(pair) == [type(item).__name__ for item in pair]


def test_integers_under_vmap():
    for f in (repeated, ag.grad(repeated)):
        c = ag.compile(ag.vmap(f))
        np.testing.assert_allclose(c(np.array([1.0, 2.0]), np.array([2, 3])), [f(1.0, 2), f(2.0, 3)])


def test_recordings_for_integers_are_bounded():
    c = ag.compile(repeated)
    for n in range(3 * api.MAX_KEYS):
        assert c(1.0, n // 3) == n // 3
    assert sum(len(state.entries) for state in c._states) <= api.MAX_KEYS

    c = ag.compile(repeated)
    with pytest.warns(CompileWarning, match=r"ag\.take"):  # noqa: PT031
        for n in range(2 * api.MANY):
            assert c(1.0, n) == n


def test_classes_as_integers():
    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 4))
    criterion = nn.CrossEntropyLoss()
    step = ag.compile(lambda x, y: criterion(model(x), y))
    rng = np.random.default_rng(0)
    for _ in range(3):
        x, y = rng.normal(size=(6, 3)), rng.integers(0, 4, size=6)
        found = []
        for f in (step, lambda x, y: criterion(model(x), y)):
            model.zero_grad()
            loss = f(x, y)
            loss.backward()
            found.append([loss.item(), *[np.array(p.grad) for p in model.parameters()]])
        for a, b in zip(*found):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14)


def test_comparisons_are_bools():
    w = ag.Value(2.0)
    assert ag.compile(lambda x: x > 0.0)(1.0) is True
    assert ag.compile(lambda x: w * x > 1.0)(0.0) is False
    assert ag.compile(lambda x: x > 1.0)(ag.Value(3.0)) is True
    assert ag.compile(lambda x: (x > 0.0, 2.0 * x))(-1.0) == (False, -2.0)
    found = ag.compile(lambda x: x > 1.0)(np.array([0.0, 2.0]))
    assert found.dtype == bool
    assert found.tolist() == [False, True]

    def signed(x):
        if x > 0.0:
            return True, x > 5.0
        return False, x > 5.0

    x = np.array([1.0, -1.0, 7.0])
    for f in (signed, lambda x: x > 0.0):
        np.testing.assert_array_equal(ag.compile(ag.vmap(f))(x), ag.vmap(f)(x))


def test_a_wrapper_of_a_transform_is_not_the_transform():
    def doubled(f):
        @functools.wraps(f)
        def inner(*args):
            return 2.0 * f(*args)

        return inner

    assert ag.compile(doubled(ag.grad(lambda x: x**3)))(2.0) == 24.0


@pytest.mark.parametrize("argnums", [2, -3, (0, 0), "a"])
def test_wrong_argnums_are_the_errors_of_grad(argnums):
    with pytest.raises((ValueError, TypeError)) as expected:
        ag.grad(lambda x, y: x * y, argnums=argnums)(1.0, 2.0)
    with pytest.raises(expected.type):
        ag.compile(ag.grad(lambda x, y: x * y, argnums=argnums))(1.0, 2.0)


class Base:
    factor = 2.0

    def apply(self, x):
        return x * self.factor


class Derived(Base):
    def __call__(self, x):
        return self.apply(x)


def test_base_classes_and_methods(monkeypatch):
    thing = Derived()
    c = ag.compile(lambda x: thing(x))
    assert c(3.0) == 6.0
    monkeypatch.setattr(Base, "factor", 5.0)
    assert c(3.0) == 15.0
    monkeypatch.setattr(Derived, "factor", 7.0, raising=False)
    assert c(3.0) == 21.0
    monkeypatch.setattr(Base, "apply", lambda self, x: x * 100.0)
    assert c(3.0) == 300.0
    monkeypatch.setattr(Derived, "__call__", lambda self, x: x)
    assert c(3.0) == 3.0


class Labelled(list):
    factor = 2.0


def test_containers_of_every_kind():
    own = Labelled([1.0])
    places = [collections.deque([1.0]), array.array("d", [1.0]), bytearray([1]), own, np.array([1.0])]
    for place in places:
        c = ag.compile(lambda x, place=place: x * place[0])
        assert c(3.0) == 3.0
        place[0] = 5
        assert c(3.0) == 15.0
    c = ag.compile(lambda x: x * own.factor)
    assert c(1.0) == 2.0
    own.factor = 5.0
    assert c(1.0) == 5.0
    view = ag.values(np.array([[1.0, 2.0], [3.0, 4.0]])).T
    c = ag.compile(lambda x: view[0, 1] * x)
    assert c(2.0).data == 6.0
    view[0, 1] = ag.Value(10.0)
    assert c(2.0).data == 20.0
    zero = np.array([0.0])
    c = ag.compile(lambda x: 1.0 / (x * zero[0]))
    assert c(1.0) == np.inf
    zero[0] = -0.0
    assert c(1.0) == -np.inf


def test_modules_within_modules_and_imports_inside(monkeypatch):
    package, inner = types.ModuleType("surroundings"), types.ModuleType("surroundings.settings")
    package.settings, inner.rate = inner, 2.0
    monkeypatch.setitem(sys.modules, "surroundings", package)
    monkeypatch.setitem(sys.modules, "surroundings.settings", inner)

    def one(x):
        return x * package.settings.rate

    def two(x):
        from surroundings.settings import rate

        return x * rate

    def three(x):
        import surroundings.settings as s

        return x * s.rate

    compiled = [ag.compile(f) for f in (one, two, three)]
    assert [c(3.0) for c in compiled] == [6.0] * 3
    inner.rate = 5.0
    assert [c(3.0) for c in compiled] == [15.0] * 3


def test_labels_that_are_no_python_names():
    labels = ["f₀", "x²", "lambda", "ℓ", "l", "∂ℓ/∂f", "₀", "2nd", "np"]

    def f(x, y):
        for label in labels:
            x = (x * y + ag.sin(x)).named(label)
        return x

    c = ag.compile(ag.value_and_grad(f))
    found = c(2.0, 3.0)
    np.testing.assert_allclose(found, ag.value_and_grad(f)(2.0, 3.0), rtol=1e-12)
    scope: dict = {}
    exec(c.source(), scope)
    np.testing.assert_allclose([float(x) for x in scope[c.name](2.0, 3.0)], found, rtol=1e-12)
    values = [ag.Value(float(k + 1), label=label) for k, label in enumerate(labels)]
    assert ag.compile(lambda x: ag.sum([v * x for v in values]))(2.0).data == 90.0


def test_a_module_that_holds_a_compiled_function_is_copied():
    import copy

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 1)
            self.run = ag.compile(self.plain)

        def plain(self, x):
            return ag.sum(np.ravel(self.layer(x)))

    model = Model()
    x = np.ones((3, 2))
    model.run(x)
    twin = copy.deepcopy(model)
    twin.layer.weight.data += 1.0
    np.testing.assert_allclose(twin.run(x).item(), twin.plain(x).item())
    np.testing.assert_allclose(model.run(x).item(), model.plain(x).item())


SETTING = contextvars.ContextVar("SETTING", default=1.0)
NUMBER = 2.0


def test_a_context_variable_is_read_at_each_call():
    compiled = ag.compile(lambda x: x * SETTING.get())
    with pytest.warns(CompileWarning, match="ContextVar"):
        assert compiled(3.0) == 3.0
    token = SETTING.set(2.0)
    assert compiled(3.0) == 6.0
    SETTING.reset(token)
    assert compiled(3.0) == 3.0


def test_weak_references_and_names_looked_up_as_text(monkeypatch):
    class Held:
        value = 2.0

    held = Held()
    held.value = 2.0
    reference = weakref.ref(held)
    module = types.ModuleType("looked_up")
    module.rate = 2.0
    compiled = [
        ag.compile(f)
        for f in (
            lambda x: x * reference().value,
            lambda x: x * globals()["NUMBER"],
            lambda x: x * eval("NUMBER"),
            lambda x: x * getattr(module, "rate"),  # noqa: B009
        )
    ]
    assert [c(3.0) for c in compiled] == [6.0] * 4
    held.value = module.rate = 5.0
    monkeypatch.setitem(globals(), "NUMBER", 5.0)
    assert [c(3.0) for c in compiled] == [15.0] * 4


def test_defaults_changed_in_place_and_objects_that_invent_attributes():
    def f(x, *, k=2.0):
        return x * k

    compiled = ag.compile(f)
    assert compiled(3.0) == 6.0
    f.__kwdefaults__["k"] = 5.0
    assert compiled(3.0) == 15.0

    class Inventive:
        def __getattr__(self, name):
            return {"k": self.__dict__["store"][0]}[name]

    thing = Inventive()
    thing.store = [2.0]
    compiled = ag.compile(lambda x: x * thing.k)
    assert compiled(3.0) == 6.0
    thing.store[0] = 5.0
    assert compiled(3.0) == 15.0


def test_masked_arrays_are_given_as_they_are():
    compiled = ag.compile(lambda x, w: ag.sum([v * w for v in x.filled(0.0)]))
    for numbers in ([1.0, 2.0, 4.0], [1.0, 5.0, 4.0]):
        x = np.ma.array(numbers, mask=[True, False, False])
        assert compiled(x, 2.0) == 2.0 * (numbers[1] + numbers[2])


class Slotted:
    __slots__ = ("w",)


def named_nowhere_yet(x):
    try:
        return x * NOT_YET
    except NameError:
        return x


def test_what_is_not_there_yet_or_not_any_more(monkeypatch):
    """A global, a module's attribute, a slot, a module by its name: each comes, goes and changes."""
    module = types.ModuleType("looked_up_by_name")
    module.rate = 2.0
    monkeypatch.setitem(sys.modules, "looked_up_by_name", module)
    thing = Slotted()
    functions = [
        named_nowhere_yet,
        lambda x: x * (2.0 if hasattr(module, "fresh") else 1.0),
        lambda x: x * getattr(thing, "w", 1.0),
        lambda x: x * importlib.import_module("looked_up_by_name").rate,
        lambda x: x * sys.modules["looked_up_by_name"].rate,
        lambda x: x * vars(module)["rate"],
        lambda x: x * module.__dict__["rate"],
    ]
    compiled = [ag.compile(f, strict=True) for f in functions]
    gradients = [ag.compile(ag.grad(f), strict=True) for f in functions]

    def agree():
        for x in (2.0, 3.0):
            assert [c(x) for c in compiled] == [f(x) for f in functions]
            assert [g(x) * x for g in gradients] == [f(x) for f in functions]

    agree()
    monkeypatch.setitem(globals(), "NOT_YET", 5.0)
    module.fresh = thing.w = module.rate = 3.0
    agree()
    monkeypatch.delitem(globals(), "NOT_YET")
    del module.fresh, thing.w
    agree()
    thing.w = 4.0
    agree()


def test_numbers_of_numpy_are_no_bytes_of_somebody():
    steps = [(np.int64(k), np.float64(0.5 * k)) for k in range(4)]
    compiled = ag.compile(lambda x: ag.sum([x * scale for k, scale in steps if k != 2]), strict=True)
    assert [compiled(2.0) for _ in range(3)] == [4.0] * 3
    steps[1] = (np.int64(2), np.float64(0.5))
    assert compiled(2.0) == 3.0


def test_an_object_that_becomes_one_of_another_class():
    class Twice:
        def of(self, x):
            return 2.0 * x

    class Thrice:
        def of(self, x):
            return 3.0 * x

    thing = Twice()
    f = ag.compile(lambda x: thing.of(x))
    assert (f(1.0), f(2.0)) == (2.0, 4.0)
    thing.__class__ = Thrice
    assert (f(1.0), f(2.0)) == (3.0, 6.0)


def test_defaults_of_keywords_that_are_replaced():
    def scaled(x, *, k=2.0):
        return k * x

    f = ag.compile(scaled)
    assert (f(1.0), f(2.0)) == (2.0, 4.0)
    scaled.__kwdefaults__ = {"k": 5.0}
    assert (f(1.0), f(2.0)) == (5.0, 10.0)
    inner = ag.compile(lambda x: scaled(x) + 1.0)
    assert inner(1.0) == 6.0
    scaled.__kwdefaults__ = {"k": 7.0}
    assert inner(1.0) == 8.0


def test_the_type_of_a_captured_number_is_seen():
    rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]

    def f(x):
        return x * sum(10.0 * a if isinstance(a, int) else a for row in rows for a in row)

    compiled = ag.compile(f)
    assert compiled(2.0) == compiled(2.0) == f(2.0) == 42.0
    rows[1][0] = 4
    assert compiled(2.0) == f(2.0) == 114.0


def reinterpreted(array, dtype):
    """In place: the same bytes as numbers of another kind."""
    array.__setstate__((1, array.shape, np.dtype(dtype), False, array.tobytes()))


@pytest.mark.parametrize(
    ("numbers", "dtype", "f"),
    [
        (np.zeros(2), np.int64, lambda x, a: x + (10.0 if a.dtype.kind == "f" else 20.0)),
        (np.array([1, 2], np.uint64), np.int64, lambda x, a: x * float((a - 3).max())),
        (np.array([1.0, 2.0]), np.int64, lambda x, a: x * float(a[0])),
        (np.array([True, False]), np.int8, lambda x, a: x * float((~a).sum())),
    ],
)
def test_the_type_of_an_arrays_numbers_is_seen(numbers, dtype, f):
    compiled = ag.compile(lambda x: f(x, numbers))
    before = f(2.0, numbers)
    assert [compiled(2.0) for _ in range(3)] == [before] * 3
    reinterpreted(numbers, dtype)
    assert numbers.dtype == dtype
    assert [compiled(2.0) for _ in range(2)] == [f(2.0, numbers)] * 2
    assert f(2.0, numbers) != before


@dataclasses.dataclass(frozen=True)
class Complex:
    real: object
    imaginary: object

    def __mul__(self, other):
        return Complex(
            self.real * other.real - self.imaginary * other.imaginary,
            self.real * other.imaginary + self.imaginary * other.real,
        )


def test_what_an_import_asks_the_system_is_not_what_the_function_asks(tmp_path, monkeypatch):
    """A dataclass's repr reads thread numbers, as do imports: those of this package are made when first needed, too."""
    (tmp_path / "first_needed.py").write_text("RATE = 2.0\n")
    monkeypatch.syspath_prepend(tmp_path)

    def power(z, n):
        for _ in range(n):
            importlib.import_module("first_needed")
            z = z * z
        return z.real

    compiled = ag.compile(power, strict=True)
    assert compiled(Complex(1.0, 2.0), 2) == power(Complex(1.0, 2.0), 2) == -7.0
    x = ag.Value(1.0)
    compiled(Complex(x, ag.Value(2.0)), 1).backward()
    assert x.grad == 2.0


def test_the_repr_of_an_argument_is_not_asked_for():
    class Point:
        def __init__(self, x):
            self.x = x

        def __repr__(self):
            raise AssertionError

    compiled = ag.compile(lambda p, y: p.x * y, strict=True)
    point = Point(3.0)
    assert [compiled(point, 2.0), compiled(point, 4.0)] == [6.0, 12.0]
    point.x = 5.0
    assert compiled(point, 2.0) == 10.0
