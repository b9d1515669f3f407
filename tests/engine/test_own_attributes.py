"""Attributes of a user's own on a Value, as micrograd's readers write: Adam's moments, a colour for a picture."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import weakref

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.compiler import CompileWarning
from autograd_lite.engine.methods import ELSEWHERE
from autograd_lite.primitives.sums import NATIVE


class Slotted(Value):
    """A class without a dict of its own."""

    __slots__ = ()


def leaf():
    return Value(2.0)


def labelled():
    return Value(2.0, label="x")


def inner():
    return Value(1.0) + 1.0


def nary():
    return ag.sum([Value(1.0), 0.5, Value(0.5)])


def unchanged(g):
    return g


def hooked():
    x = Value(2.0)
    x.register_hook(unchanged)
    return x


def weight():
    layer = nn.Linear(1, 1)
    layer.weight.data[0, 0] = 2.0
    return layer.weight[0, 0]


def neuron():
    layer = nn.Linear(1, 1)
    layer.weight.data[0, 0], layer.bias.data[0] = 1.0, 1.0
    return layer([Value(1.0)])[0]


def slotted():
    return Slotted(2.0)


KINDS = [leaf, labelled, inner, nary, hooked, weight, neuron, slotted]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def x(request):
    return request.param()


def test_they_are_attributes_as_of_any_object(x):
    label = x.label
    with pytest.raises(AttributeError, match="m"):
        x.m  # noqa: B018
    assert not hasattr(x, "m")
    with pytest.raises(AttributeError, match="m"):
        del x.m
    x.m = x.v = 0.0
    x._color = "lightgreen"
    x.m = 0.9 * x.m + 0.1
    assert (x.m, x.v, x._color) == (0.1, 0.0, "lightgreen")
    assert vars(x) == {"m": 0.1, "v": 0.0, "_color": "lightgreen"}
    assert {"m", "v", "_color", "data", "backward"} <= set(dir(x))
    del x.v
    with pytest.raises(AttributeError, match="v"):
        x.v  # noqa: B018
    vars(x)["w"] = 1
    assert x.w == 1
    setattr(x, "ÿ", None)  # noqa: B010
    assert getattr(x, "ÿ", 0) is None
    assert (x.label, x.data) == (label, 2.0)


def test_they_stay_out_of_the_engine(x):
    x.m = 1.0
    (x * x).backward()
    assert x.grad == 4.0
    x.named("y")
    assert (x.label, x.m) == ("y", 1.0)
    handle = x.register_hook(lambda g: 10.0 * g)
    x.grad = 0.0
    (x * 3.0).backward()
    assert (x.grad, x.m) == (30.0, 1.0)
    handle.remove()
    x.grad = 0.0
    (x * x).backward(create_graph=True)
    assert (x.grad.data, x.m) == (4.0, 1.0)
    assert not hasattr(x * 2.0, "m")
    assert not hasattr(x.detach(), "m")


@pytest.mark.parametrize(
    "slip", ["gard", "grda", "gradd", "grd", "Grad", "daat", "dta", "dataa", "DATA", "lable", "labl"]
)
def test_a_slip_of_a_name_is_an_error(x, slip):
    meant = {"g": "grad", "d": "data", "l": "label"}[slip[0].lower()]
    for misuse in (lambda: setattr(x, slip, 0.0), lambda: getattr(x, slip), lambda: delattr(x, slip)):
        with pytest.raises(AttributeError, match=f"'{meant}' is meant"):
            misuse()
    assert slip not in dir(x)
    assert not hasattr(x, slip)


def test_words_that_are_no_slip():
    x = Value(1.0)
    for name in ("date", "grade", "grads", "grad2", "labels", "dat_", "rad", "m", "prev", "ata"):
        setattr(x, name, 1.0)
        assert getattr(x, name) == 1.0


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_what_is_called_so_elsewhere_is_explained_until_a_user_sets_it(name):
    x = Value(1.0)
    with pytest.raises(AttributeError, match=name):
        getattr(x, name)
    assert not hasattr(x, name)
    assert name not in dir(x)
    setattr(x, name, 3.0)
    assert getattr(x, name) == 3.0
    assert not hasattr(Value(1.0), name)


def test_a_hat_is_no_power():
    for f in (lambda x: x ^ 2, lambda x: 2 ^ x, lambda x: x ^ x):
        with pytest.raises(TypeError, match=r"x \*\* 2"):
            f(Value(3.0))


def test_what_a_value_has_is_not_replaced():
    x = Value(1.0)
    for name in ("op", "parents", "_backward", "_prev", "_op", "requires_grad"):
        with pytest.raises(AttributeError):
            setattr(x, name, lambda: None)
    with pytest.raises(AttributeError, match=r"@ag\.primitive"):
        x._backward = lambda: None


def test_copies_take_them_along(x):
    if type(x).__name__ == "Element":
        pytest.skip("a weight's copy is the layer's")
    x.m, x.seen = 0.5, [1.0]
    shallow, deep, pickled = copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))
    for made in (shallow, deep, pickled):
        assert (made.m, made.seen, made.data, made.label) == (0.5, [1.0], 2.0, x.label)
        made.m = 1.0
    assert shallow.seen is x.seen
    assert deep.seen is not x.seen
    assert x.m == 0.5


def test_copies_of_a_graph_take_them_along():
    x = Value(2.0)
    y = x * 3.0
    z = ag.sum([y, x, 1.0]) * y
    x.m, y.of, z.last = 1.0, "y", None
    for made in (copy.deepcopy(z), pickle.loads(pickle.dumps(z))):
        inner = made.parents[1]
        assert (vars(made), vars(inner), vars(inner.parents[0])) == ({"last": None}, {"of": "y"}, {"m": 1.0})
        made.backward()
        assert inner.parents[0].grad == 51.0  # of 12x² + 3x


def test_one_may_be_a_value_of_the_same_graph():
    x = Value(2.0)
    y = x * x
    x.of = y
    made = copy.deepcopy(y)
    assert made.parents[0].of is made
    made = pickle.loads(pickle.dumps(y))
    assert made.parents[0].of is made


def test_a_node_is_small():
    if NATIVE:
        header = 16  # the collector's
        assert Value.__basicsize__ + header <= 120
    plain, own = Value(2.0), Value(2.0)
    own.m = 0.0
    assert sys.getsizeof(plain) == sys.getsizeof(own)


def closing(x):
    x.graph = x * x + 1.0


def closing_through_a_list(x):
    x.graphs = []
    x.graphs.append(x * x + 1.0)


def closing_through_the_dict(x):
    vars(x)["graph"] = x * x + 1.0


def closing_through_a_dict_that_was_taken(x):
    x.m = 0.0
    own = vars(x)
    own["graph"] = ag.sum([x * x, x, 1.0])


def closing_with_a_function(x):
    y = ag.exp(x) * 2.0
    x.again = lambda: y


def closing_on_an_inner_node(x):
    y = x * 3.0
    z = y * x
    y.m = 1.0
    y.later = z
    x.y = y


def closing_after_a_number(x):
    x.m = 0.0
    y = x * 2.0
    z = ag.tanh(y)
    x.m = z


def closing_with_itself(x):
    x.me = x


WAYS = [
    closing, closing_through_a_list, closing_through_the_dict, closing_through_a_dict_that_was_taken,
    closing_with_a_function, closing_on_an_inner_node, closing_after_a_number, closing_with_itself,
]  # fmt: skip


def cycles(way):
    """A cycle that is closed in this way on a node of every kind, after other nodes were made."""
    made = [kind() for kind in KINDS]
    older = [Value(1.0) * 2.0 for _ in range(1000)]
    for x in made:
        way(x)
    return made, older


def test_a_cycle_in_use_stays():
    made = [cycles(way) for way in WAYS]
    gc.collect()
    for xs, older in made:
        assert [(x.data, (x * x).data) for x in xs] == [(2.0, 4.0)] * len(KINDS)
        assert sum(v.data for v in older) == 2000.0


def test_nothing_of_a_cycle_stays():
    gone = {way.__name__: [weakref.ref(x) for x in cycles(way)[0]] for way in WAYS}
    gc.collect()
    assert {name: [ref() for ref in refs] for name, refs in gone.items()} == dict.fromkeys(gone, [None] * len(KINDS))


def test_a_long_chain_of_them_is_freed_without_recursion():
    first = x = Value(0.0)
    for _ in range(100_000):
        x.after = Value(1.0)
        x = x.after
    gone = weakref.ref(x)
    del first, x
    gc.collect()
    assert gone() is None


def test_adam_by_hand():
    w = [Value(0.5), Value(-1.0)]
    for p in w:
        p.m = p.v = 0.0
    for t in range(1, 200):
        loss = (w[0] - 3.0) ** 2 + (w[1] + w[0]) ** 2
        for p in w:
            p.grad = 0.0
        loss.backward()
        for p in w:
            p.m = 0.9 * p.m + 0.1 * p.grad
            p.v = 0.99 * p.v + 0.01 * p.grad**2
            p.data -= 0.1 * (p.m / (1 - 0.9**t)) / ((p.v / (1 - 0.99**t)) ** 0.5 + 1e-8)
    np.testing.assert_allclose([p.data for p in w], [3.0, -3.0], atol=0.05)


def test_compiled_code_sees_them_change():
    w = Value(2.0)
    w.scale = 3.0
    f = ag.compile(lambda x: x * w.scale * w)
    assert [f(1.0).data, f(1.0).data] == [6.0, 6.0]
    w.scale = 5.0
    assert f(1.0).data == 10.0
    w.calls = 0

    def counting(x):
        w.calls += 1
        return x * x

    counted = ag.compile(counting)
    with pytest.warns(CompileWarning, match="changes 'calls' outside"):
        found = [counted(2.0) for _ in range(5)]
    assert found == [4.0] * 5
    assert w.calls == 5
