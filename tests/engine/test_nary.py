"""Sums, dot products and softmaxes in one pass are the nodes that the general way records, bit for bit."""

from __future__ import annotations

import math
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.engine.nary import dot_node, sum_node
from autograd_lite.engine.value import record
from autograd_lite.primitives.primitive import TABLE

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
OPERANDS = st.lists(st.tuples(NUMBERS, st.booleans()), max_size=6)


def operands(drawn):
    return [Value(x) if node else x for x, node in drawn]


def same(a, b):
    return (a == b and math.copysign(1.0, a) == math.copysign(1.0, b)) or (a != a and b != b)


def check(found, wanted):
    assert same(found.data, wanted.data)
    assert found.op is wanted.op
    assert [x if isinstance(x, Value) else repr(x) for x in found.args] == [
        x if isinstance(x, Value) else repr(x) for x in wanted.args
    ]
    assert all(a is b for a, b in zip(found.parents, wanted.parents, strict=True))
    assert all(same(a, b) for a, b in zip(found.local_partials, wanted.local_partials, strict=True))
    assert (found.label, found._mark) == (wanted.label, wanted._mark)


@given(OPERANDS, st.sampled_from([list, tuple]))
def test_sums(drawn, kind):
    xs = kind(operands(drawn))
    short = sum_node(xs)
    if short is not None:
        check(short, record(ag.sum, tuple(xs)))
        check(sum_node(tuple(xs)), short)
    else:
        assert len(xs) < 3 or not any(isinstance(x, Value) for x in xs)


@given(st.lists(st.tuples(NUMBERS, st.booleans(), NUMBERS, st.booleans()), max_size=5))
def test_dots(drawn):
    xs, ys = operands([d[:2] for d in drawn]), operands([d[2:] for d in drawn])
    short = dot_node(xs, ys)
    if short is not None:
        check(short, record(ag.dot, (*xs, *ys)))
    else:
        assert len(xs) < 2 or not any(isinstance(x, Value) for x in xs + ys)


@given(st.lists(st.tuples(NUMBERS | st.sampled_from([0.0, 1.0, 700.0, 1e-12]), st.booleans()), max_size=6))
@pytest.mark.parametrize("op", [TABLE["softmax_of"], TABLE["log_softmax_of"]], ids=str)
def test_softmaxes(op, drawn):
    """Partials differ from the component's by rounding: a row's terms are added up once, and not in n orders."""
    xs = operands(drawn)
    for i, short in enumerate(op.of_row(xs)):
        long = op(xs[i], *xs[:i], *xs[i + 1 :])
        if not isinstance(long, Value):
            assert same(short, long)
            continue
        assert same(short.data, long.data)
        assert short.op is op
        assert all(a is b or same(a, b) for a, b in zip(short.args, long.args, strict=True))
        for a, b in zip(short.local_partials, long.local_partials, strict=True):
            assert same(a, b) or math.isclose(a, b, rel_tol=2e-15, abs_tol=1e-320)


@pytest.mark.parametrize("softmax", [ag.softmax, ag.log_softmax])
def test_a_softmax_is_one_for_every_caller(softmax):
    """Parameters, own classes, constants among them, compiled and within no_grad; to the second order."""
    p = nn.Parameter([0.3, -1.0, 2.0])
    items = [p[0], Value(0.5), 1.0, p[2]]
    p.data[0] = 40.0
    assert [y.data for y in softmax(items)] == softmax([40.0, 0.5, 1.0, 2.0])
    with ag.no_grad():
        assert all(y.parents == () for y in softmax(items))

    def f(a, b, c):
        return sum(k * y**2 for k, y in enumerate(softmax([a, b, c]), 1))

    def naive(a, b, c):
        total = ag.exp(a) + ag.exp(b) + ag.exp(c)
        found = [ag.exp(x) / total for x in (a, b, c)]
        return sum(k * (y if softmax is ag.softmax else ag.log(y)) ** 2 for k, y in enumerate(found, 1))

    at = (0.3, -0.5, 1.25)
    for order in (ag.grad, ag.hessian):
        every = order(f, argnums=(0, 1, 2)) if order is ag.grad else order(lambda xs: f(*xs))
        other = order(naive, argnums=(0, 1, 2)) if order is ag.grad else order(lambda xs: naive(*xs))
        point = at if order is ag.grad else (list(at),)
        for found in (every(*point), ag.compile(every)(*point)):
            for a, b in zip(flat(found), flat(other(*point)), strict=True):
                assert a == pytest.approx(b, rel=1e-12, abs=1e-14)


def flat(found):
    return [x for item in found for x in (flat(item) if hasattr(item, "__iter__") else [item])]


def test_what_is_left_to_the_general_way():
    class Mine(Value):
        pass

    x = Value(2.0)
    for xs in ([x, 1, 2.0], [x, True, x], iter([x, x, x])):
        assert sum_node(xs) is None
        assert dot_node(xs, [x, x, x]) is None
    assert ag.sum([x, 1, Mine(3.0)]).data == 6.0
    assert ag.dot([x, 1], [Mine(3.0), 4]).data == 10.0
    assert ag.sum(iter([x, x, x])).data == 6.0
    for wrong in ([x, "1", x], [x, None, x]):
        with pytest.raises(TypeError):
            ag.sum(wrong)
    with pytest.raises(ValueError, match="as long"):
        ag.dot([x, x], [x])


def test_other_kinds_of_values_are_asked_for_their_numbers():
    """Of one's own class, or a parameter's scalar, whose number is in a buffer that was written since."""

    class Mine(Value):
        pass

    p = nn.Parameter([1.0, 2.0])
    w, x, mine = p[1], Value(0.5), Mine(3.0)
    p.data[1] = 4.0
    for xs in ([x, mine, x], [w, x, w], [mine, w, 2.0]):
        check(sum_node(xs), record(ag.sum, tuple(xs)))
        check(dot_node(xs, xs), record(ag.dot, (*xs, *xs)))
    for other in (x, mine, w, 2.0):
        for op in (operator.add, operator.sub, operator.mul, operator.truediv):
            name = op.__name__.removeprefix("true")
            for a, b in ((w, other), (other, w), (mine, other), (other, mine)):
                p.data[1] += 1.0
                check(op(a, b), record(TABLE[name], (a, b)))
    p.data[1] = 7.0
    assert ((-w).data, (w**2).data, (w % 4).data, abs(w).data) == (-7.0, 49.0, 3.0, 7.0)


def test_a_list_that_changes_afterwards_changes_nothing():
    xs = [Value(1.0), Value(2.0), Value(3.0)]
    total, product = ag.sum(xs), ag.dot(xs, xs)
    kept = list(xs)
    xs.clear()
    assert list(total.parents) == kept
    assert list(product.parents) == kept * 2
    (total + product).backward()
    assert [v.grad for v in kept] == [3.0, 5.0, 7.0]


def test_observers_see_them():
    x = Value(2.0)
    with ag.no_grad():
        assert ag.sum([x, x, x]).parents == ag.dot([x, x], [x, x]).parents == ()
    assert ag.grad(lambda x: ag.dot([x, x], [x, 3.0]) + ag.sum([x, x, 1.0]))(2.0) == 9.0
    step = ag.compile(lambda x: ag.dot([x, x], [x, 3.0]) + ag.sum([x, x, 1.0]))
    assert [step(v) for v in (2.0, 5.0)] == [15.0, 51.0]


def test_short_calls_give_what_the_long_ones_do():
    x = Value(0.5)
    for name, op in TABLE.items():
        if op.arity == 1:
            short, long = op(x), op.__call__(x)
            assert (short.op, short.parents) == (long.op, long.parents), name
            assert repr(short.local_partials) == repr(long.local_partials), name
            assert short.data == long.data or short.data != short.data, name
            assert op(0.5) == short.data or short.data != short.data, name
    for op, args in ((ag.sum, ([x, 2.0, x],)), (ag.dot, ([x, 2.0], (3.0, x))), (ag.sum, (x, 2.0, x))):
        short, long = op(*args), op.__call__(*args)
        assert (short.op, short.parents, short.data) == (long.op, long.parents, long.data)
        assert short.local_partials == long.local_partials
    with pytest.raises(TypeError, match="sin takes 1 argument"):
        ag.sin(x, x)
    with pytest.raises(TypeError, match="sin takes 1 argument"):
        ag.sin()
    with pytest.raises(TypeError, match="'y'"):
        ag.sin(x, y=x)
    assert ag.sin(x=x).data == ag.sin(x).data
    assert (Value(0.5).data, Value(data=0.5).data, Value(0.5, "x").label) == (0.5, 0.5, "x")
    assert type(Value(1)._data) is float
