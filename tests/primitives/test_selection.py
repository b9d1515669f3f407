"""``take``: which entries, whose gradient, what is refused, and one recording for all indices of a compiled call."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import autograd_lite as ag

ROWS = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [0.5, 0.25, 0.125]]


def rows():
    return [[ag.Value(x) for x in row] for row in ROWS]


@pytest.mark.parametrize("i", [0, 3, -1, -4, np.int64(2), np.array(1)])
def test_an_int_gives_the_entry_itself(i):
    table = rows()
    assert ag.take(table, i) is table[int(i)]
    assert ag.take(tuple(table), i) is table[int(i)]
    assert ag.take(ag.values(ROWS), i).shape == (3,)
    assert ag.take(table[0], i % 3) is table[0][int(i) % 3]


def test_lists_and_arrays_of_places():
    table = rows()
    assert ag.take(table, [0, -1]) == [table[0], table[3]]
    assert ag.take(table, ([0], (1, 1))) == ([table[0]], (table[1], table[1]))
    assert ag.take(table, []) == []
    array = ag.take(table, np.array([[0, -1]]))
    assert array.shape == (1, 2, 3)
    assert array[0, 1, 2] is table[3][2]
    assert ag.take(np.array(ROWS), np.array([1, 0])).dtype == float
    assert ag.take(ROWS, np.array([1, 0])).tolist() == [ROWS[1], ROWS[0]]
    jagged = [[1.0], [2.0, 3.0]]
    assert ag.take(jagged, [1, 0, 1]) == [[2.0, 3.0], [1.0], [2.0, 3.0]]
    with pytest.raises(ValueError, match="as a list"):
        ag.take(jagged, np.array([1, 0]))


def test_a_parameter_is_a_table():
    p = ag.nn.Parameter(ROWS)
    assert ag.take(p, 1)[2] is p[1, 2]
    assert ag.take(p, np.array([[0, 1]])).shape == (1, 2, 3)
    (ag.take(p, [1, 1])[0][2] * ag.take(p, -3)[2]).backward()
    assert p.grad[1, 2] == 12.0
    assert p.grad.sum() == 12.0


def test_the_gradient_goes_to_the_entries_taken_as_often_as_they_were():
    table = rows()
    ag.sum([x for row in ag.take(table, [2, 0, 2]) for x in row]).backward()
    assert [[x.grad for x in row] for row in table] == [[1.0] * 3, [0.0] * 3, [2.0] * 3, [0.0] * 3]


@pytest.mark.parametrize("i", [4, -5, [0, 4], [[-5]], np.array([7]), 10**30])
def test_out_of_range(i):
    with pytest.raises(IndexError, match="not in a table of 4"):
        ag.take(ROWS, i)


@pytest.mark.parametrize(
    ("i", "cure"),
    [
        (1.0, r"int\(1.0\)"), (1.5, "integer, not float"), (True, "ag.where"), (np.True_, "ag.where"), ("0", "'0'"),
        (None, "NoneType"), (ag.Value(1.0), r"int\(v.data\)"), ([0, ag.Value(1)], r"int\(v.data\)"),
        (np.array([1.0]), "astype"), (np.array([True]), "astype"), (ag.values([1.0]), r"int\(v.data\)"),
        (float("nan"), "not float nan"), ({0: 1}, "a dict"),
    ],
)  # fmt: skip
def test_what_is_no_integer_is_refused(i, cure):
    with pytest.raises(TypeError, match=cure):
        ag.take(ROWS, i)


@pytest.mark.parametrize("table", [5, "abc", {0: 1.0}, None, ag.Value(1.0), np.array(1.0), b"abc"])
def test_what_is_no_table_is_refused(table):
    with pytest.raises(TypeError, match="a table"):
        ag.take(table, 0)


def loss(table, tokens, label):
    total = 0.0
    for token in tokens:
        total = total + ag.sum([ag.sin(x) * x for x in ag.take(table, token)])
    return total + ag.take(ag.take(table, tokens)[0], label) ** 2


@pytest.mark.parametrize("table", [ROWS, tuple(map(tuple, ROWS)), np.array(ROWS)], ids=["lists", "tuples", "array"])
def test_one_recording_serves_every_index(table):
    eager = ag.value_and_grad(loss)
    compiled = ag.compile(eager)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for k in range(40):  # more than the recordings that are kept
            tokens, label = [k % 4, (k * k) % 4, -1 - k % 3], k % 3
            value, slopes = compiled(table, tokens, label)
            expected, right = eager(table, tokens, label)
            assert value == pytest.approx(expected, rel=1e-14)
            np.testing.assert_allclose(np.array(slopes, float), np.array(right, float), rtol=1e-14)
    with pytest.raises(IndexError):
        compiled(table, [0, 1, 4], 0)


def test_compiled_arrays_of_indices():
    compiled = ag.compile(lambda w, i: ag.take(w, i))
    for i in ([[0, 1], [2, 3]], [[-1, -1], [0, -4]]):
        assert compiled(np.array(ROWS), np.array(i)).tolist() == np.array(ROWS)[np.array(i)].tolist()
