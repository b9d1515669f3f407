"""Copies: inside a running transform a copy of what is differentiated is that itself; outside, an independent graph."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value


@dataclasses.dataclass
class Pair:
    a: object
    b: object


def as_dict(x):
    return dataclasses.asdict(Pair(x, [x, 1.0]))["b"][0]


def as_tuple(x):
    return dataclasses.astuple(Pair(x, {"k": x}))[1]["k"]


def in_a_thread(x):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(copy.deepcopy, [x]).result()[0]


def through_networkx(x):
    nx = pytest.importorskip("networkx")
    graph = nx.Graph()
    graph.add_edge(0, 1, weight=x)
    graph.add_edge(1, 2, weight=x * x)
    there = copy.deepcopy(graph.to_directed().reverse())
    return there[1][0]["weight"]


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "of a list": lambda x: copy.deepcopy([x, {"k": (x, 1)}])[1]["k"][0],
    "of an object array": lambda x: copy.deepcopy(np.array([x], dtype=object))[0],
    "asdict": as_dict,
    "astuple": as_tuple,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "pickle of many": lambda x: pickle.loads(pickle.dumps([x, x * 2.0, (x,)]))[2][0],
    "twice": lambda x: copy.copy(pickle.loads(pickle.dumps(copy.deepcopy(x)))),
    "in a thread": in_a_thread,
    "networkx": through_networkx,
}
DERIVATIVES = {
    "grad": lambda f: ag.grad(f)(3.0),
    "jvp": lambda f: ag.jvp(f, (3.0,), (1.0,))[1],
    "vjp": lambda f: ag.vjp(f, 3.0)[1](1.0)[0],
    "jacobian": lambda f: ag.jacobian(lambda v: [f(v[0])], mode="reverse")([3.0])[0][0],
    "an outer one": lambda f: ag.grad(lambda x: ag.grad(lambda y: y * f(x))(1.0))(3.0),
    "a checkpoint": lambda f: ag.grad(lambda x: ag.checkpoint(f, x))(3.0),
    "a checkpoint's closure": lambda f: ag.grad(lambda x: ag.checkpoint(lambda t: t * f(x * 1.0), 1.0))(3.0),
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_a_copy_in_a_transform_keeps_the_derivative(how, derivative):
    copied = COPIES[how]
    assert DERIVATIVES[derivative](lambda x: copied(x) ** 2) == 6.0
    assert DERIVATIVES[derivative](lambda x: copied(x * x)) == 6.0


@pytest.mark.parametrize("how", COPIES)
def test_it_is_the_node_itself_and_second_derivatives_pass(how):
    copied, seen = COPIES[how], []

    def f(x):
        seen.append(copied(x) is x)
        return copied(x) ** 3

    assert ag.grad(ag.grad(f))(2.0) == 12.0
    assert seen == [True]


@pytest.mark.parametrize("how", COPIES)
def test_outside_a_copy_is_independent(how):
    x = Value(3.0, label="x")
    y = COPIES[how](x)
    assert y is not x
    assert (y.data, y.label) == (3.0, "x")
    (y * y).backward()
    assert (y.grad, x.grad) == (6.0, 0.0)


def test_what_is_not_differentiated_is_copied_as_ever():
    w = Value(3.0)

    def f(x):
        fast = copy.deepcopy([w, w * 2.0])
        assert fast[0] is not w
        fast[0].data = 50.0  # a copy to be changed, as in an inner loop of training
        constant = Value(1.0)
        assert copy.copy(constant) is not constant
        return x * w.data

    assert ag.grad(f)(2.0) == 3.0
    assert w.data == 3.0


def test_when_the_recording_is_over_copies_are_copies():
    kept = []

    def f(x):
        kept.extend([x, x * x, pickle.dumps([x, x * x])])
        return x * x

    assert ag.grad(f)(3.0) == 6.0
    x, y, data = kept
    assert copy.copy(y) is not y
    again = copy.deepcopy([x, y])
    assert again[1].parents == (again[0], again[0])
    assert again[0] is not x
    read = pickle.loads(data)
    assert read[1].parents == (read[0], read[0])
    assert [v.data for v in read] == [3.0, 9.0]


def test_an_exception_ends_the_recording():
    kept = []

    def f(x):
        kept.append(x)
        raise KeyError

    with pytest.raises(KeyError) as caught:
        ag.grad(f)(3.0)
    assert copy.copy(kept[0]) is not kept[0]
    assert caught.traceback


def test_many_copies_of_a_long_chain_take_linear_time():
    def f(x):
        for _ in range(20_000):
            x = copy.copy(x) * 1.0
        return sum(copy.deepcopy([x] * 20_000)[:2])

    assert ag.grad(f)(1.0) == 2.0


def test_a_gradient_that_is_a_node_of_the_recording():
    w = Value(2.0)

    def f(x):
        (w * x * x).backward(create_graph=True)
        there = copy.deepcopy([w, w * 1.0])
        return there[0].grad * 1.0

    assert ag.grad(f)(3.0) == 6.0


# --- which node is which --------------------------------------------------------------------------------------------


def again(x):
    return pickle.loads(pickle.dumps(x))


@pytest.mark.parametrize("way", [again, copy.deepcopy])
def test_several_nodes_in_one_copy_stay_apart(way):
    def f(x):
        a, b, c = way([x * 2.0, x * x, x])
        d = way(b * 3.0)
        return a + 10.0 * b + 100.0 * c + 1000.0 * d

    assert ag.grad(f)(3.0) == 2.0 + 60.0 + 100.0 + 18000.0
    assert ag.grad(ag.grad(f))(3.0) == 20.0 + 6000.0


def test_pickles_of_one_recording_are_read_in_any_order():
    def f(x):
        written = [pickle.dumps(x * k) for k in (1.0, 2.0, 3.0)]
        c, b, a = (pickle.loads(text) for text in reversed(written))
        return a + 10.0 * b + 100.0 * c

    assert ag.grad(f)(1.0) == 321.0


@pytest.mark.parametrize("way", [again, copy.deepcopy, copy.copy])
def test_what_does_not_depend_on_an_input_is_copied(way):
    """Within a transform too: an outer graph's copy is independent, and its own leaves get the gradient."""
    w = Value(5.0)
    seen = []

    def f(x):
        other = w * 2.0
        made = way(other)
        seen.append((made is other, made.parents[0] is w))
        return x * made.detach() + x * x

    assert ag.grad(f)(3.0) == 16.0
    assert seen == [(False, way is copy.copy)]
    assert w.grad == 0.0


@pytest.mark.parametrize("way", [again, copy.deepcopy])
def test_a_gradient_that_belongs_to_the_recording_is_that_node(way):
    """An outer node whose gradient was made from an input: the node is copied, its gradient is no copy."""
    w = Value(5.0)
    for outer in (w, w * 2.0):

        def f(x, outer=outer):
            outer.grad = x * x
            made = way(outer)
            assert made is not outer
            assert made.grad is outer.grad
            return made.grad * 3.0

        assert ag.grad(f)(2.0) == 12.0
        outer.grad = 0.0
