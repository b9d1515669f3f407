"""Numbers and gradients of whole arrays."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn


def test_numbers_and_gradients_have_the_array_s_shape():
    w = ag.values(np.arange(6.0).reshape(2, 3))
    y = w @ np.array([1.0, 10.0, 100.0])
    ag.sum((y * [1.0, 2.0]).tolist()).backward()
    assert np.array_equal(ag.numbers(w), np.arange(6.0).reshape(2, 3))
    assert np.array_equal(ag.grads(w), [[1.0, 10.0, 100.0], [2.0, 20.0, 200.0]])
    assert ag.grads(w).dtype == ag.numbers(w).dtype == np.float64
    assert np.array_equal(ag.numbers(y), [210.0, 543.0])


def test_lists_numbers_one_value_and_parameters():
    x = ag.Value(3.0)
    (x * x).backward()
    assert ag.numbers([x, 2, [1.0, x][0]]).tolist() == [3.0, 2.0, 1.0]
    assert ag.grads([x, 2.0]).tolist() == [6.0, 0.0]
    assert (ag.numbers(x).shape, float(ag.grads(x))) == ((), 6.0)
    assert ag.numbers([]).shape == (0,)
    p = nn.Parameter([[1.0, 2.0]])
    ag.sum((p.values() ** 2).ravel().tolist()).backward()
    assert ag.grads(p).tolist() == [[2.0, 4.0]]
    assert ag.numbers(p).tolist() == [[1.0, 2.0]]


def test_gradients_that_are_values_give_their_numbers():
    x = ag.values([2.0, 3.0])
    ag.sum((x**3).tolist()).backward(create_graph=True)
    assert ag.grads(x).tolist() == [12.0, 27.0]


@pytest.mark.parametrize("wrong", ["text", [None], [[1.0], "a"]])
def test_what_is_no_number(wrong):
    for function in (ag.numbers, ag.grads):
        with pytest.raises((TypeError, ValueError)):
            function(wrong)


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("grad", r"ag\.grads\(array\)"),
        ("backward", r"array\[0\]\.backward\(\)"),
        ("detach", r"ag\.numbers\(array\)"),
        ("zero_grad", r"ag\.zero_grad\(array\)"),
        ("exp", r"ag\.exp\(array\)"),
        ("relu", r"ag\.relu\(array\)"),
        ("foo", "no attribute 'foo'$"),
    ],
)
def test_what_an_array_has_not_is_named(name, cure):
    array = ag.values([[1.0, -2.0]])
    assert not hasattr(array, name)
    with pytest.raises(AttributeError, match=cure):
        getattr(array @ [1.0, 1.0], name)
    assert [v.data for v in pickle.loads(pickle.dumps(array)).flat] == [1.0, -2.0]
