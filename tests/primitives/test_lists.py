"""Captured lists are told apart by identity, and constants by type and number: on both builds alike."""

import math

import pytest

from autograd_lite import Value
from autograd_lite.primitives.lists import same_items
from autograd_lite.primitives.sums import same_trees

V = [Value(1.0), Value(1.0)]
NAN = math.nan


@pytest.mark.parametrize(
    ("now", "then", "same"),
    [
        ([], [], True),
        ([[]], [[]], True),
        ([[], [1]], [[1], []], False),
        ([1.5, 2.5], [1.5, 2.5], True),
        ([1.5, 2.5], [1.5], False),
        ([[1, 2], [3]], [[1, 2], [3.0]], False),
        ([[1, 2], [True]], [[1, 2], [1]], False),
        ([[1.5] * 3], [[1.5, 1.5, 2.5]], False),
        ([[1.5, "a", None]], [[1.5, "a", None]], True),
        ([[V[0]], [V[1]]], [[V[0]], [V[1]]], True),
        ([[V[0]], [V[0]]], [[V[0]], [V[1]]], False),
        ([[V[0]], [1.0]], [[V[0]], [V[1]]], False),
        ([[NAN]], [[NAN]], True),
        ([[[1, 2], [3]], [[4]]], [[[1, 2], [3]], [[4]]], True),
        ([[[1, 2], [3]], [[4]]], [[[1, 2], [3]], [[5]]], False),
        ([[[1, 2], [3]], [[4]]], [[[1, 2], [3]], [[4], [5]]], False),
        ([(1, 2)], [[1, 2]], False),
        ([[1, 2], 5], [[1, 2], [5]], False),
        ((1, 2), [1, 2], False),
    ],
)
def test_same_trees(now, then, same):
    assert same_trees(now, then) is same


def test_same_items():
    x, y = object(), object()
    assert same_items([], [])
    assert same_items([x, y], [x, y])
    assert not same_items([x, y], [y, x])
    assert not same_items([x], [x, y])
    assert not same_items([1.5], [float("1.5")])
