"""What is the same as what: primitives by object, Values by place; and pickles that name an impossible operand."""

from __future__ import annotations

import copy
import pickle

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine.pickling import Table
from autograd_lite.errors import FileFormatError


@ag.primitive(partials=lambda out, x: (2.0,), name="exp")
def twice(x):
    return 2.0 * x


@ag.primitive(partials=lambda out, a, b: (1.0, 3.0), name="mul")
def lopsided(a, b):
    return a + 3.0 * b


def test_primitives_are_equal_if_they_are_one():
    assert twice != ag.exp
    assert ag.exp == ag.exp
    assert twice == "exp" == ag.exp
    assert len({twice: 1, ag.exp: 2, lopsided: 3, ag.mul: 4}) == 4
    assert copy.deepcopy([twice, ag.exp]) == [twice, ag.exp]
    assert (twice != None, twice != 3) == (True, True)  # noqa: E711


def test_a_name_of_the_table_doesnt_make_a_primitive_that_of_the_table():
    x = Value(3.0, label="x")
    y = twice(x) * ag.exp(x)
    assert (twice(x).op, twice(x).data) == (twice, 6.0)
    text = str(ag.explain(lopsided(x, x * 1.0)))
    assert "·" not in text.split("Backward")[0].splitlines()[-2]
    assert "mul(" in text
    assert lopsided(x, x)._op == "mul"
    assert (x * x)._op == "*"
    with pytest.raises(TypeError, match="primitive of yours is named 'exp'"):
        ag.to_json(y)
    both = lambda x: twice(x) * ag.exp(x) + lopsided(x, x * x)  # noqa: E731
    assert ag.compile(ag.grad(both))(1.0) == pytest.approx(ag.grad(both)(1.0), rel=1e-14)
    with pytest.raises(ag.AnomalyError) as caught, ag.detect_anomaly():
        twice(Value(1.7e308))
    assert not isinstance(caught.value, ValueError)


def test_values_compare_by_number_and_hash_by_identity():
    x, y = Value(2.0), Value(2.0)
    assert x == y == 2.0
    assert len({x, y}) == 2
    assert {x: "x"}[x] == "x"
    assert "identity" in Value.__doc__


# --- pickles ---------------------------------------------------------------------------------------------------------


def table_of(y):
    return y.__reduce__()[1][0]


@pytest.mark.parametrize(
    ("column", "row", "place"),
    [("a", 1, 1), ("a", 0, 2), ("b", 1, 2), ("a", 2, 9), ("b", 0, -2), ("a", 0, 4), ("a", 1, -5)],
)
def test_an_operand_that_is_not_before_its_node_is_refused(column, row, place):
    x = Value(2.0)
    table = table_of(ag.sin(x * x) * x)
    make, shells, columns = table.__reduce_ex__(4)
    copied = make(*shells)
    copied.__setstate__(columns)
    assert [n.op.name for n in copied.nodes] == ["mul", "sin", "mul"]
    columns[column][row] = place
    with pytest.raises(FileFormatError, match="before"):
        make(*shells).__setstate__(columns)


def test_nary_operands_and_layers_are_looked_at_too():
    for y in (
        ag.sum([Value(1.0), ag.sin(Value(2.0)), Value(3.0)]),
        ag.nn.Linear(2, 1)([Value(1.0), ag.sin(Value(2.0))])[0],
    ):
        make, shells, columns = table_of(y).__reduce_ex__(4)
        make(*shells).__setstate__(columns)
        for i, info in columns["infos"].items():
            if isinstance(info, tuple) and info[3] is not None:
                info[3][1][0] = i
        columns["fans"] = {i: ([(i,)], *rest) for i, (_, *rest) in columns["fans"].items()}
        with pytest.raises(FileFormatError, match="before"):
            make(*shells).__setstate__(columns)


def test_whatever_is_written_has_operands_first():
    x, w = Value(0.3), Value(2.0)
    shared = ag.sin(x * w)
    deep = x
    for _ in range(3000):
        deep = deep * 1.0 + shared
    y = ag.sum([shared * deep, ag.nn.MLP(2, [3, 1])([shared, deep]), ag.dot([x, deep], [shared, w])])
    y.backward(create_graph=True)  # gradients that are nodes, made from the graph itself
    again, leaf = pickle.loads(pickle.dumps([y, x]))
    assert again.data == y.data
    assert leaf.grad.data == x.grad.data
    (leaf.grad * 1.0).backward()
    other = copy.deepcopy(y)
    assert len(ag.topological_order(other)) == len(ag.topological_order(y))
    table = table_of(y)
    assert isinstance(table, Table)
    for i, node in enumerate(table.nodes):
        assert all(table.places.get(id(p), -1) < i for p in node.parents)
