"""Value and backward: the number protocol, accumulation, atomicity, deep graphs."""

from __future__ import annotations

import functools
import gc
import math
import numbers
import operator
import sys
import weakref
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine.methods import HABITS
from autograd_lite.engine.sweeps import LAST_MARK, SWEEPS


def domke(at=0.1):
    x = Value(at, label="x")
    f1 = ag.exp(x).named("f1")
    f2 = (f1**2).named("f2")
    f3 = (f1 + f2).named("f3")
    f4 = ag.exp(f3).named("f4")
    f5 = ag.sin(f3).named("f5")
    return x, (f4 + f5).named("y")


def test_domke_gradient():
    x, y = domke()
    y.backward()
    assert x.grad == 33.90776829990312
    assert [v.label for v in ag.topological_order(y)] == ["x", "f1", "f2", "f3", "f4", "f5", "y"]


def test_backward_twice_is_exactly_double():
    x = Value(3.0)
    y = 2 * x * x
    y.backward()
    y.backward()
    assert x.grad == 24.0


def test_backward_from_an_inner_node_and_several_roots():
    x = Value(2.0)
    a = x * x
    b = a * 3
    c = a * 5
    b.backward()
    c.backward()
    assert x.grad == 12.0 + 20.0
    assert a.grad == 5.0, "inner gradients are those of the last sweep"
    a.backward(seed=2.0)
    assert x.grad == 32.0 + 8.0


def test_gradients_of_the_recorded_point():
    x = Value(3.0)
    y = x * x
    x.data = 100.0
    y.backward()
    assert x.grad == 6.0


def test_constants_stay_constants():
    x = Value(3.0, label="x")
    for y, args in [(2 * x, (2.0, x)), (x * 2, (x, 2.0)), (x**3, (x, 3.0)), (1 / x, (1.0, x)), (5 - x, (5.0, x))]:
        assert y.parents == (x,)
        assert [a if isinstance(a, float) else "x" for a in y.args] == [
            a if isinstance(a, float) else "x" for a in args
        ]


def test_operands_keep_order_and_repeats():
    x = Value(3.0)
    y = x * x
    assert len(y.parents) == 2
    assert y.parents[0] is x
    assert y.parents[1] is x
    a, b = Value(1.0), Value(2.0)
    assert [p is q for p, q in zip((a - b).parents, (a, b))] == [True, True]


NUMBERS = [3, True, 2.5, Fraction(1, 2), Decimal("1.5"), np.float64(1.25), np.float32(0.5), np.int64(2)]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: type(n).__name__)
@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow])
def test_every_number_on_either_side(op, number):
    for left in (False, True):
        x = Value(1.75)
        y = op(number, x) if left else op(x, number)
        assert type(y) is Value
        n = float(number)
        assert y.data == pytest.approx(op(n, 1.75) if left else op(1.75, n), rel=1e-15)
        y.backward()
        h = 1e-6
        f = (lambda t, n=n: op(n, t)) if left else (lambda t, n=n: op(t, n))
        assert x.grad == pytest.approx((f(1.75 + h) - f(1.75 - h)) / (2 * h), rel=1e-8)


@pytest.mark.parametrize("bad", ["1", None, 1j, [1.0], (1.0,), b"1"], ids=lambda b: type(b).__name__)
def test_wrong_types_are_refused_by_name(bad):
    with pytest.raises(TypeError, match=type(bad).__name__):
        Value(bad)
    with pytest.raises(TypeError, match=type(bad).__name__):
        Value(1.0) + bad
    with pytest.raises(TypeError, match=type(bad).__name__):
        bad * Value(1.0)
    with pytest.raises(TypeError, match=type(bad).__name__):
        ag.sin(bad)


def test_int_too_large_says_so():
    with pytest.raises(OverflowError, match=r"1\.8e308"):
        Value(10**400)


@pytest.mark.parametrize("lose", [float, int, complex, math.sin, lambda v: np.array([v], dtype=float), range])
def test_a_gradient_is_never_lost_silently(lose):
    with pytest.raises(TypeError, match=r"v\.data"):
        lose(Value(1.0))
    array = np.zeros(2)
    with pytest.raises(TypeError):
        array[0] = Value(1.0)


def test_python_protocol():
    a, b, c = Value(3.0), Value(1.0), Value(2.0)
    assert sum([a, b, c]).data == 6.0
    assert max(a, b) is a
    assert [v.data for v in sorted([a, b, c])] == [1.0, 2.0, 3.0]
    assert a > b >= 1 and a == 3 and a != 4 and a > 2  # noqa: PT018
    x = a
    x += 1
    assert x.data == 4.0
    assert a.data == 3.0
    assert bool(Value(0.0)) is False
    assert f"{a:.3f}" == "3.000"
    assert repr(a) == "Value(data=3.0, grad=0.0)"
    assert len({a, b, c, a}) == 3
    assert abs(Value(-2.0)).data == 2.0
    assert (+a).data == 3.0


def test_numpy_keeps_the_gradient():
    v = Value(0.5)
    for y, slope in [(np.sin(v), math.cos(0.5)), (np.float64(2) * v, 2.0), (np.exp(v), math.exp(0.5))]:
        assert type(y) is Value
        v.grad = 0
        y.backward()
        assert v.grad == slope
    array = np.array([1.0, 2.0]) * v
    assert array.dtype == object
    v.grad = 0
    array.sum().backward()
    assert v.grad == 3.0
    w = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    h = np.array([Value(5.0), Value(6.0)])
    out = w @ h
    assert [y.data for y in out] == [17.0, 39.0]
    out[1].backward()
    assert [p.grad for p in w[1]] == [5.0, 6.0]
    assert [p.grad for p in h] == [3.0, 4.0]
    assert [y.data for y in ag.exp(np.array([0.0, Value(0.0)], dtype=object))[1:]] == [1.0]
    assert ag.exp(np.array([0.0, 1.0])).dtype == float


def test_ieee_never_raises():
    x = Value(0.0)
    assert (1 / x).data == math.inf
    assert ag.exp(Value(1000.0)).data == math.inf
    assert (Value(10.0) ** 400).data == math.inf
    assert ag.log(x).data == -math.inf
    assert math.isnan((Value(-8.0) ** (1 / 3)).data)


def test_deep_graphs_at_the_default_recursion_limit():
    x = Value(1.0)
    v = x
    for _ in range(100_000):
        v = v * 1.0 + 0.0
    v.backward()
    assert x.grad == 1.0
    assert len(ag.topological_order(v)) == 200_001
    assert sys.getrecursionlimit() <= 3000


def test_diamonds_and_wide_fans():
    x = Value(1.0)
    v = x
    for _ in range(60):
        v = v + v
    v.backward()
    assert x.grad == 2.0**60
    leaf = Value(2.0)
    ag.sum([leaf] * 100_000).backward()
    assert leaf.grad == 100_000.0


def test_dropped_graphs_are_freed_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        x, y = domke()
        y.backward()
        for _ in range(1000):
            y = y * 1.5 + x
        del x, y
        assert len(gc.get_objects()) - before < 50
    finally:
        gc.enable()


def test_a_dropped_graph_is_gone_at_once():
    x = Value(1.0)
    y = x
    for _ in range(1000):
        y = y * 1.5 + x
    y.backward()
    inner, last = weakref.ref(y.parents[0]), weakref.ref(y)
    del y
    assert inner() is last() is None


def test_weak_references():
    class Own(Value):
        pass

    for kind in (Value, Own):
        gone = []
        seen = weakref.WeakKeyDictionary()
        for number in range(5):  # the native build uses the same memory again
            x = kind(number)
            seen[x] = number
            weak = weakref.ref(x, gone.append)
            assert weak() is x
            del x
            assert weak() is None
            assert gone.pop() is weak
            assert len(seen) == 0
    cycle = Own(1.0)
    cycle.itself = cycle
    weak = weakref.ref(cycle)
    del cycle
    gc.collect()
    assert weak() is None


def test_marks_begin_again(monkeypatch):
    monkeypatch.setattr(SWEEPS, "epoch", LAST_MARK - 2)
    x, y = Value(3.0), Value(2.0)
    z = ag.fsum([x * y, x, y])
    for times in range(1, 7):
        z.backward()
        assert (x.grad, y.grad) == (3.0 * times, 4.0 * times)
    assert 0 < SWEEPS.epoch < 10


def test_nonfinite_gradient_warns_and_names_the_leaf():
    x = Value(0.0, label="width")
    for options in ({}, {"create_graph": True}):
        with pytest.warns(ag.NonFiniteGradientWarning, match="width") as caught:
            ag.log(x).backward(**options)
        assert [w.filename for w in caught] == [__file__]


def test_create_graph_gives_exact_higher_derivatives():
    x = Value(0.7)
    y = ag.sin(x) * x**3
    y.backward(create_graph=True)
    first = x.grad
    x.grad = 0
    first.backward(create_graph=True)
    second = x.grad
    s, c, t = math.sin(0.7), math.cos(0.7), 0.7
    assert first.data == pytest.approx(c * t**3 + 3 * s * t**2, rel=1e-15)
    assert second.data == pytest.approx(-s * t**3 + 6 * c * t**2 + 6 * s * t, rel=1e-14)


def test_create_graph_refuses_a_graph_whose_leaf_has_changed():
    x = Value(2.0)
    y = x * x * x
    x.data = 5.0
    with pytest.raises(ag.GraphChangedError, match="record the graph again"):
        y.backward(create_graph=True)


def test_what_primitive_is_given_is_checked():
    sine = ag.primitive(partials=lambda out, x: (ag.cos(x),))(math.sin)
    assert ag.grad(ag.grad(sine))(0.5) == -math.sin(0.5)
    power = ag.primitive(partials=lambda out, x: (math.log(2.0) * out,), name="two_to")(
        functools.partial(math.pow, 2.0)
    )
    assert (str(power(Value(3.0)).op), ag.grad(power)(3.0)) == ("<primitive two_to>", 8.0 * math.log(2.0))
    with pytest.raises(TypeError, match="not int"):
        ag.primitive(3)
    with pytest.raises(TypeError, match="no name"):
        ag.primitive(partials=lambda out, x: (1.0,))(functools.partial(math.pow, 2.0))
    with pytest.raises(TypeError, match="positional"):
        ag.primitive(partials=lambda out, x: (1.0,))(lambda x, *, k: x)

    @ag.primitive
    def bare(x):
        return x

    with pytest.raises(TypeError, match="without its rule"):
        bare(Value(1.0))


@pytest.mark.parametrize("name", HABITS)
def test_habits_of_pytorch_get_a_hint(name):
    x = Value(1.0)
    assert not hasattr(x, name)
    with pytest.raises(AttributeError, match=r"PyTorch's tensors have: .*(x|ag|gradient|Value)"):
        getattr(x, name)
    with pytest.raises(AttributeError, match="PyTorch's"):
        setattr(x, name, True)


def test_arguments_of_pytorch_get_a_hint():
    for needed in (True, False):
        with pytest.raises(TypeError, match=r"leave out requires_grad: every Value records.*x\.detach\(\)"):
            Value(1.0, requires_grad=needed)
        with pytest.raises(TypeError, match="leave out retain_graph: a graph stays"):
            (Value(1.0) * 2).backward(retain_graph=needed)


def test_a_value_is_no_registered_number():
    """``numbers.Real`` promises equal hashes of equal numbers, and invites conversions that lose the gradient."""
    assert not isinstance(Value(1.0), numbers.Real)
    assert len({Value(1.0), Value(1.0), 1.0}) == 3


def outcome(act):
    try:
        found = act()
    except Exception as error:
        return type(error), str(error)
    return type(found), repr(found)


GIVEN = [
    2.5, -1.0, -1, 0, True, 10**400, -(10**400), float("nan"), float("-inf"), np.float64(1.5), np.int64(3), None, "2",
    Fraction(1, 4), [1.0], Value(3.0),
]  # fmt: skip


@pytest.mark.parametrize("name", ["data", "grad"])
@pytest.mark.parametrize("given", GIVEN, ids=lambda given: repr(given)[:20])
def test_the_short_way_to_a_number_is_the_property(name, given):
    """Compiled, ``.data`` and ``.grad`` of a plain Value are found without the property, which is in the class."""
    way = vars(Value)[name]

    def both(make):
        a, b = make(), make()
        assert outcome(lambda: setattr(a, name, given)) == outcome(lambda: way.__set__(b, given))
        assert outcome(lambda: getattr(a, name)) == outcome(lambda: way.__get__(b)) == outcome(lambda: way.__get__(a))

    def differentiated():
        x = Value(2.0)
        (x**3).backward(create_graph=True)
        return x

    def with_own():
        x = Value(2.0)
        x.momentum = 0.5
        return x

    both(lambda: Value(2.0))
    both(lambda: Value(2.0, label="w"))
    both(lambda: Value(2.0) * Value(3.0))
    both(with_own)
    both(differentiated)


def test_the_short_way_is_not_taken_while_something_watches():
    w = Value(2.0)

    @ag.compile
    def f(x):
        return x * (3.0 if w.data > 1.0 else 5.0)

    assert f(1.0) == 3.0
    w.data = 0
    assert f(1.0) == 5.0
    w.data = 2
    assert f(1.0) == 3.0
