"""Copies, pickles and JSON of live graphs: numbers, sharing, gradients on the copy; hostile JSON."""

from __future__ import annotations

import copy
import json
import math
import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value


@ag.primitive(partials=lambda out, x: (3 * x * x,))
def cube(x):
    return x * x * x


def graph():
    x, w = Value(2.0, label="x"), Value(-3.0)
    h = ag.sin(x * w).named("h")
    y = ag.sum([h, x, 2.0, h * h, ag.clip(w, -5.0, 5.0), 1.0 / x, ag.maximum(x, 0.0)]).named('y "<&\n')
    return x, w, h, y


def by_pickle(x):
    return pickle.loads(pickle.dumps(x))


COPIES = [copy.deepcopy, by_pickle, lambda x: pickle.loads(pickle.dumps(x, protocol=2))]


@pytest.mark.parametrize("copied", COPIES, ids=["deepcopy", "pickle", "pickle2"])
def test_a_copy_is_the_same_graph_and_apart(copied):
    x, w, _h, y = graph()
    y.backward()
    c = copied(y)
    before = ag.topological_order(y)
    after = ag.topological_order(c)
    assert len(before) == len(after)
    for a, b in zip(before, after):
        assert a is not b
        assert (a.data, a.grad, a.label, a.op, a.local_partials) == (b.data, b.grad, b.label, b.op, b.local_partials)
        assert [p if type(p) is float else p.data for p in a.args] == [
            p if type(p) is float else p.data for p in b.args
        ]
    c.backward()
    grads = (x.grad, w.grad)
    cx = next(v for v in after if v.label == "x")
    assert cx.grad == 2 * x.grad
    assert (x.grad, w.grad) == grads
    y.backward(create_graph=True)


@pytest.mark.parametrize("copied", COPIES, ids=["deepcopy", "pickle", "pickle2"])
@pytest.mark.parametrize("pick", ["xhy", "yhx", "hyx", "xxyy"])
def test_roots_copied_together_go_on_sharing(copied, pick):
    x, _w, h, y = graph()
    other = h * x
    named = {"x": x, "h": h, "y": y}
    roots = [named[letter] for letter in pick]
    c = copied({"roots": roots, "other": other, "again": tuple(roots)})
    assert list(c["again"]) == c["roots"]
    found = dict(zip(pick, c["roots"]))
    everything = ag.topological_order(*c["roots"], c["other"])
    assert len(everything) == len(ag.topological_order(*roots, other))
    c["other"].backward()
    other.backward()
    assert found["x"].grad == x.grad


def test_a_shallow_copy_shares_its_operands():
    x, _w, _h, y = graph()
    z = copy.copy(y)
    assert z is not y
    assert z.parents == y.parents
    assert (z.data, z.label, z.op) == (y.data, y.label, y.op)
    z.label = "z"
    assert y.label != "z"
    z.backward()
    one = x.grad
    y.backward()
    assert x.grad == 2 * one
    leaf = copy.copy(x)
    leaf.data = 7.0
    assert (x.data, leaf.grad) == (2.0, x.grad)


def test_large_graphs_without_recursion():
    x = Value(1.0)
    v = x
    for _ in range(50_000):
        v = v * 0.9999 + x
    for copied in (by_pickle, copy.deepcopy):
        c, cx = copied([v, x])
        c.backward()
        v.backward()
        assert cx.grad == x.grad
        x.grad = 0
    assert sys.getrecursionlimit() <= 3000
    leaves = [Value(float(i)) for i in range(20_000)]
    y = ag.sum([ag.sum(leaves[i : i + 4]) for i in range(0, 20_000, 4)])
    c = by_pickle([*leaves, y])
    c[-1].backward()
    assert all(v.grad == 1.0 for v in c[:-1])


def test_gradients_that_are_values_survive():
    x, w, _h, y = graph()
    y.backward(create_graph=True)
    for copied in COPIES:
        cx, cw, _cy = copied([x, w, y])
        assert cx.grad.data == x.grad.data
        cx.grad.backward()
        fresh, other, *_ = graph()
        y2 = ag.grad(lambda a, b: _again(a, b), argnums=0)(fresh, other)
        y2.backward()
        assert (cw.grad - w.grad.data).data == pytest.approx(other.grad, rel=1e-14)


def _again(x, w):
    h = ag.sin(x * w)
    return ag.sum([h, x, 2.0, h * h, ag.clip(w, -5.0, 5.0), 1.0 / x, ag.maximum(x, 0.0)])


def cubed(x):
    return x * x * x


def test_copies_of_custom_primitives_and_hooks():
    x = Value(2.0)
    y = by_pickle(cube(x))
    assert y.op is cube
    y.backward()
    assert y.parents[0].grad == 12.0
    local = ag.primitive(partials=lambda out, x: (1.0,))(lambda x: x)
    z = local(x)
    assert copy.deepcopy(z).op is local
    with pytest.raises(pickle.PicklingError, match="top of an importable module"):
        pickle.dumps(z)
    with pytest.raises(pickle.PicklingError, match=r"compiled call of cubed .*y\.data"):
        pickle.dumps(ag.compile(cubed)(x) + 1.0)
    h = x * 3.0
    h.register_hook(math.sin)
    c = by_pickle(h)
    c.backward()
    assert c.parents[0].grad == 3.0 * math.sin(1.0)


# --- JSON -----------------------------------------------------------------------------------------------------------


def test_json_round_trip():
    x, _w, h, y = graph()
    y.backward()
    text = ag.to_json(y)
    assert json.loads(text)["version"] == 1
    c = ag.from_json(text)
    assert ag.to_json(c) == text
    assert ag.from_json(text.encode()).data == y.data
    c.backward()
    cx = next(v for v in ag.topological_order(c) if v.label == "x")
    assert cx.grad == 2 * x.grad
    c.backward(create_graph=True)
    several = ag.from_json(ag.to_json([h, y, x], indent=2))
    assert [v.data for v in several] == [h.data, y.data, x.data]
    assert several[2] in ag.topological_order(several[0])
    leaf = ag.from_json(ag.to_json(Value(-0.0)))
    assert math.copysign(1.0, leaf.data) == -1.0


def test_json_keeps_the_recorded_point():
    x = Value(3.0)
    y = x * x
    x.data = 100.0
    c = ag.from_json(ag.to_json(y))
    c.backward()
    assert c.parents[0].grad == 6.0


@given(st.floats(), st.floats(), st.text())
def test_json_keeps_every_float_and_label(a, b, label):
    x = Value(a, label=label)
    y = ag.atan2(x, b)
    y.grad = b
    text = ag.to_json(y)
    assert "Infinity" not in text
    assert "NaN" not in text
    c = ag.from_json(text)
    for p, q in [(c.data, y.data), (c.parents[0].data, a), (c.args[1], b), (c.grad, b if b else 0.0)]:
        assert p == q or (math.isnan(p) and math.isnan(q))
    assert c.parents[0].label == label


def test_json_of_custom_primitives_and_what_it_refuses_to_write():
    text = ag.to_json(cube(Value(2.0)))
    with pytest.raises(ag.FileFormatError, match="unknown op 'cube'"):
        ag.from_json(text)
    assert ag.from_json(text, primitives={"cube": cube}).op is cube
    x = Value(2.0)
    with pytest.raises(TypeError, match="checkpoint"):
        ag.to_json(ag.checkpoint(ag.sin, x))
    with pytest.raises(TypeError, match="float"):
        ag.to_json(3.0)
    (x * x).backward(create_graph=True)
    with pytest.raises(TypeError, match="gradient"):
        ag.to_json(x)


def document(**changes):
    nodes = [
        {"data": 2.0, "label": "x"},
        {"op": "sin", "args": [{"node": 0}], "partials": [0.5], "data": 1.0},
        {"op": "mul", "args": [{"node": 1}, 3.0], "partials": [3.0], "data": 3.0},
    ]
    whole = {"format": "autograd_lite graph", "version": 1, "root": 2, "nodes": nodes}
    for path, item in changes.items():
        if path[:2] in ("n0", "n1", "n2"):
            place, _, field = path[1:].partition("_")
            if item is ...:
                del nodes[int(place)][field]
            else:
                nodes[int(place)][field] = item
        elif item is ...:
            del whole[path]
        else:
            whole[path] = item
    return json.dumps(whole)


HOSTILE = {
    "not the format": (document(format="pickle"), "not a graph"),
    "a newer version": (document(version=2), "version 2"),
    "a version that is true": (document(version=True), "version True"),
    "no version": (document(version=...), "version None"),
    "no nodes": (document(nodes=...), "no list of nodes"),
    "nodes of another type": (document(nodes={"0": 1}), "no list of nodes"),
    "a node of another type": (document(nodes=[3]), "node 0 is 3"),
    "no root": (document(root=...), "no root"),
    "a root too far": (document(root=3), "the root is 3"),
    "a negative root": (document(root=-1), "the root is -1"),
    "a root that is a float": (document(root=1.0), r"the root is 1\.0"),
    "a huge root": (document(root=10**400), "the root"),
    "a cycle": (document(n1_args=[{"node": 2}]), "node 1 has node 2 as an operand.*cycles"),
    "a node that is its own operand": (document(n1_args=[{"node": 1}]), "cycles"),
    "a negative operand": (document(n1_args=[{"node": -1}]), "cycles"),
    "an operand that is true": (document(n1_args=[{"node": True}]), "operand"),
    "an unknown op": (document(n1_op="__import__"), "unknown op '__import__'"),
    "an op of another type": (document(n1_op=["sin"]), "unknown op"),
    "an op that is null": (document(n1_op=None), "unknown op None"),
    "no args": (document(n1_args=...), "no list of args"),
    "too many args": (document(n1_args=[{"node": 0}, 1.0]), "2 operand.*sin takes 1"),
    "too few args": (document(n2_args=[{"node": 1}]), "1 operand.*mul takes 2"),
    "an odd number for dot": (document(n2_op="dot", n2_args=[{"node": 1}, 1.0, 2.0]), "3 operand.*dot"),
    "only constants": (document(n1_args=[1.0], n1_partials=[]), "no operand that is a node"),
    "too few partials": (document(n1_partials=[]), r"0 partial\(s\) for 1"),
    "a partial of another type": (document(n1_partials=["1"]), "'1' as a partial"),
    "a partial that is true": (document(n1_partials=[True]), "True as a partial"),
    "a constant of another type": (document(n2_args=[{"node": 1}, None]), "None as an operand"),
    "no data": (document(n0_data=...), "None as data"),
    "data of another type": (document(n0_data=[2.0]), "as data"),
    "data too large": (document(n0_data=10**400), "too large"),
    "a leaf with operands": (document(n0_args=[]), "operands but no op"),
    "a label of another type": (document(n0_label=3), "3 as label"),
    "a gradient of another type": (document(n0_grad={}), "as grad"),
    "an unknown field": (document(n0___reduce__="x"), "unknown fields.*__reduce__"),
    "an operand with more fields": (document(n1_args=[{"node": 0, "x": 1}]), "as an operand"),
    "a list": ("[]", "not a graph"),
    "an empty text": ("", "not JSON"),
    "nan outside the standard": ('{"format": NaN}', "NaN"),
    "nested too deep": ("[" * 100_000, "not JSON"),
    "a number of a million digits": (document(n0_data=0).replace('"data": 0', '"data": ' + "9" * 10**6), "not JSON"),
    "bytes that are no text": (b"\xff\xfe\x00\x01\x02", "not JSON"),
    "an exponent too large": (document(n0_data=0).replace('"data": 0', '"data": 1e999'), "too large"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_gets_a_clear_error(name):
    text, message = HOSTILE[name]
    with pytest.raises(ag.FileFormatError, match=message) as caught:
        ag.from_json(text)
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) < 400


def test_truncated_json_gets_a_clear_error():
    text = document()
    assert ag.from_json(text).data == 3.0
    for end in range(len(text)):
        with pytest.raises(ag.FileFormatError):
            ag.from_json(text[:end])
    with pytest.raises(TypeError, match="text"):
        ag.from_json(3)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 5) | st.floats() | st.sampled_from(["sin", "mul", "nan", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["node", "op", "args", "data"]), inner),
    max_leaves=5,
)


@given(
    st.sampled_from(["n0", "n1", "n2"]),
    st.sampled_from(["op", "args", "partials", "data", "grad", "label"]),
    json_values,
)
def test_any_field_replaced_by_anything_reads_or_is_refused(node, field, value):
    text = document(**{f"{node}_{field}": value}).replace("NaN", "0").replace("-Infinity", "0").replace("Infinity", "0")
    try:
        root = ag.from_json(text)
        assert isinstance(root, Value)
        root.backward()
    except ag.FileFormatError:
        pass
    except ag.NonFiniteGradientWarning:
        pass


def test_a_key_given_twice_is_refused():
    x = Value(2.0, label="x")
    text = ag.to_json(x * 3.0)
    for once in ('"data": 2.0', '"label": "x"', '"version": 1', '"root": 1', '"node": 0', '"op": "mul"'):
        assert once in text
        with pytest.raises(ag.FileFormatError, match="twice"):
            ag.from_json(text.replace(once, f"{once}, {once}", 1))
    assert ag.from_json(text).data == 6.0
