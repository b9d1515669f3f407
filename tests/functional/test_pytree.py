"""One contract for containers: what comes back has the class, the keys and the names of what went in, in every way."""

from __future__ import annotations

from collections import OrderedDict, UserDict, defaultdict, namedtuple
from types import MappingProxyType

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.functional.pytree import children, like

Pair = namedtuple("Pair", "first second")


class Row(list):
    """A list of a class of its own."""


class Point(tuple):
    """A tuple of a class of its own."""


class Sized(list):
    """A list whose constructor takes something else."""

    def __init__(self, size, fill):
        super().__init__([fill] * size)


def numbers_of(x):
    parts = children(x)
    return [x] if parts is None else [y for part in parts for y in numbers_of(part)]


CONTAINERS = {
    "list": [1.0, 2.0],
    "tuple": (1.0, 2.0),
    "named tuple": Pair(1.0, 2.0),
    "dict": {"a": 1.0, "b": 2.0},
    "ordered dict": OrderedDict(a=1.0, b=2.0),
    "dict with a default": defaultdict(float, a=1.0, b=2.0),
    "mapping of a class": UserDict(a=1.0, b=2.0),
    "list of a class": Row([1.0, 2.0]),
    "tuple of a class": Point([1.0, 2.0]),
    "nested": Pair({"a": [1.0, 3.0]}, (2.0,)),
}


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("made", ["eager", "compiled"])
def test_a_gradient_is_like_its_argument(name, made):
    x = CONTAINERS[name]

    def f(x):
        return ag.sum([(k + 1.0) * v * v for k, v in enumerate(numbers_of(x))])

    g = ag.grad(f) if made == "eager" else ag.compile(ag.grad(f))
    for _ in range(2):
        found = g(x)
        assert type(found) is type(x)
        assert numbers_of(found) == [2.0 * (k + 1.0) * v for k, v in enumerate(numbers_of(x))]
        if isinstance(x, dict):
            assert list(found) == list(x)


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("made", ["eager", "compiled"])
def test_a_result_is_like_what_the_function_returned(name, made):
    x = CONTAINERS[name]

    def f(scale):
        return like(x, [scale * v if isinstance(v, float) else v for v in children(x)])

    g = ag.vmap(f)
    found = (g if made == "eager" else ag.compile(g))(np.array([1.0, 2.0, 3.0]))
    assert type(found) is type(x)


@pytest.mark.parametrize("made", ["eager", "compiled"])
def test_what_nobody_may_write_to_comes_back_as_a_dict(made):
    g = ag.grad(lambda p: p["a"] * p["b"][0])
    g = g if made == "eager" else ag.compile(g)
    for _ in range(2):
        assert g(MappingProxyType({"a": 2.0, "b": [3.0]})) == {"a": 3.0, "b": [2.0]}


@pytest.mark.parametrize("number", [np.float64, np.float32, np.int64])
def test_numbers_of_numpys_are_stacked_as_such(number):
    found = ag.vmap(lambda x: number(3))(np.array([1.0, 2.0]))
    assert found.dtype.kind == np.dtype(number).kind
    assert found.tolist() == [3, 3]


def test_a_class_with_a_constructor_of_its_own_is_made_without_it():
    sized = Sized(2, 1.0)
    sized.name = "sized"
    found = like(sized, [3.0, 4.0])
    assert (found, type(found), found.name) == ([3.0, 4.0], Sized, "sized")
    for g in (ag.grad(lambda x: x[0] * x[1]), ag.compile(ag.grad(lambda x: x[0] * x[1]))):
        assert g(Sized(2, 3.0)) == [3.0, 3.0]
