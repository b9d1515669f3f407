"""The numbers with which a graph was recorded, after its leaves have changed."""

from __future__ import annotations

import math
import re

import pytest

import autograd_lite as ag
from autograd_lite import Value, nn, optim
from autograd_lite.notation import explain, recorded

ONE = {
    "square": lambda v: v * v, "power": lambda v: v**3, "root": lambda v: v**0.5, "exp": ag.exp, "log": ag.log,
    "sin": ag.sin, "cos": ag.cos, "tanh": ag.tanh, "sigmoid": ag.sigmoid, "scaled": lambda v: 3.0 * v,
    "shifted": lambda v: v + 1.25, "turned": lambda v: 2.0 - v, "over": lambda v: 1.0 / v, "relu": ag.relu,
    "twice": lambda v: ag.exp(v) * v + ag.sin(v), "neg": lambda v: -v, "abs": abs, "softplus": ag.softplus,
}  # fmt: skip


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("then", [0.7, 2.0, 1 / 3])
def test_one_leaf_is_found_again(name, then):
    w = Value(then, label="w")
    y = ONE[name](w).named("y")
    y.backward()
    before = [str(explain(y)), ag.draw(y).source]
    optim.SGD([w], lr=0.05).step()
    assert w.data != then
    found = recorded(ag.topological_order(y))
    assert found.number(w) == pytest.approx(then, rel=1e-12)
    assert found.wrong is None
    assert [leaf is w for leaf in found.changed] == [True]
    text = str(explain(y))
    assert "since then leaves have changed: now w = " in text
    drawn = ag.draw(y)
    assert re.sub(r'tooltip="[^"]*"', "", drawn.source) == re.sub(r'tooltip="[^"]*"', "", before[1])
    assert " now" in drawn.source
    if found.number(w) == then:
        assert text.startswith(before[0])
    ag.explore(y)


def test_a_network_after_a_step_is_explained_as_it_was():
    ag.manual_seed(0)
    model = nn.MLP(2, [3, 1])
    loss = ((model([Value(0.5, label="x1"), -1.0]) - 1.0) ** 2).named("loss")
    loss.backward()
    before = str(explain(loss, max_rows=None))
    optim.Adam(model.parameters(), lr=0.1).step()
    after = str(explain(loss, max_rows=None))
    assert after.startswith(before)
    assert "leaves have changed: now" in after


def test_what_cannot_be_found_is_said():
    a, b, c = (Value(x, label=name) for x, name in ((2.0, "a"), (3.0, "b"), (4.0, "c")))
    y = ((a + b) * c).named("y")
    y.backward()
    optim.SGD([a, b, c], lr=0.5).step()
    found = recorded(ag.topological_order(y))
    assert found.number(c) == 4.0
    assert {leaf.label for leaf in found.changed} == {"a", "b", "c"}
    assert found.lost == {id(a), id(b)}
    for text in (explain(y).text(), explain(y).markdown(), explain(y).html(), explain(y).latex()):
        assert "shown as now" in text
    assert "now; the recorded one can" in ag.draw(y).source
    with pytest.raises(ag.GraphChangedError):
        ag.explore(y)


def test_what_was_not_changed_is_not_called_so():
    x, w = Value(1.5, label="x"), Value(2.0, label="w")
    y = (ag.sin(x) * 2 + (x + w)).named("y")
    w.data = 5.0  # x is known by its sine
    found = recorded(ag.topological_order(y))
    assert found.number(w) == 2.0
    assert [leaf.label for leaf in found.changed] == ["w"]


TWICE = {
    "add": lambda v: v + v, "pow": lambda v: v**v, "hypot": lambda v: ag.hypot(v, v), "dot": lambda v: ag.dot([v], [v]),
    "maximum": lambda v: ag.maximum(v, v), "sum": lambda v: ag.sum([v, 1.0, v]), "atan2": lambda v: ag.atan2(v, v * v),
}  # fmt: skip


@pytest.mark.parametrize("name", TWICE)
def test_an_operand_that_is_there_twice_is_one_unknown(name):
    v = Value(3.0, label="v")
    y = TWICE[name](v).named("y")
    v.data = 2.0
    found = recorded(ag.topological_order(y))
    assert found.number(v) == 3.0
    assert found.wrong is None
    assert [leaf.label for leaf in found.changed] == ["v"]


def test_of_two_unknowns_none_is_guessed():
    """Also if one of them is there twice: any b would do."""
    v, b = Value(3.0, label="v"), Value(1.0, label="b")
    y = ag.sum([v, b, v]).named("y")
    v.data = 2.0
    found = recorded(ag.topological_order(y))
    assert found.lost == {id(v), id(b)}
    assert (found.number(v), found.number(b)) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("op", "then", "now"),
    [
        (lambda v: v**2, -3.0, 2.0),
        (abs, -3.0, 2.0),
        (ag.sin, 3.0, 0.2),
        (ag.cosh, -2.0, 1.0),
        (lambda v: 1.0 / v**2, -2.0, 3.0),
    ],
)
def test_another_number_with_the_same_result_is_not_taken(op, then, now):
    """The local derivative that was recorded tells them apart."""
    v = Value(then, label="v")
    y = op(v).named("y")
    v.data = now
    found = recorded(ag.topological_order(y))
    assert found.number(v) in (then, now)
    if found.number(v) == now:
        assert found.lost == {id(v)}
        assert "shown as now" in str(explain(y))


@pytest.mark.parametrize("second", [ag.exp, lambda w: w * Value(2.5, label="z"), lambda w: w**3 + 1.0])
@pytest.mark.parametrize("last", [3.0, 4.0])
def test_a_leaf_that_changed_while_it_was_recorded(second, last):
    """There is no number with which all lines hold, and it is said which leaf had several."""
    x, w = Value(1.5, label="x"), Value(2.0, label="w")
    first = x * w
    w.data = 3.0
    y = (first + second(w)).named("y")
    w.data = last
    found = recorded(ag.topological_order(y))
    assert found.wrong is not None
    assert found.lost >= {id(w)}
    assert id(x) not in found.lost
    assert found.number(w) == last
    text = explain(y).text()
    assert re.search(r"shown as now[^.]*: w\.", text)
    assert " now" in ag.draw(y).source
    with pytest.raises(ag.GraphChangedError):
        ag.explore(y)


@pytest.mark.parametrize("flat", [ag.relu, lambda w: w * 0.0, ag.floor, lambda w: ag.where(w < 0.0, 1.0, w)])
def test_what_holds_for_any_number_does_not_speak_for_the_present_one(flat):
    x, w = Value(1.5, label="x"), Value(-1.5, label="w")
    y = (x * w + flat(w)).named("y")
    w.data = -1.25
    found = recorded(ag.topological_order(y))
    assert found.number(w) == -1.5
    assert found.wrong is None
    assert "now w = -1.25" in explain(y).text().replace("−", "-")


def test_a_primitive_that_fails_elsewhere_breaks_no_trace():
    @ag.primitive(partials=lambda out, v: (0.5 / out,))
    def root(v: float) -> float:
        return math.sqrt(v)

    w = Value(4.0, label="w")
    y = root(w).named("y")
    y.backward()
    w.data = -1.0
    assert "w" in str(explain(y))


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(1, [2, 1]), (2, [2, 2]), (3, [4, 4, 1]), (1, [1, 1, 1, 1])])
def test_primes_mark_the_layer(sizes):
    ag.manual_seed(0)
    model = nn.MLP(*sizes)
    out = model([1.0] * sizes[0])
    found = ag.notation.outline(*(out if isinstance(out, list) else [out]))
    marks = []
    for layer in model.layers:
        marks.append({found.names[node].mark for node in found.nodes if node in _elements(layer)})
    assert marks == [{k} for k in range(len(marks))]


def _elements(layer):
    return {element for neuron in layer.neurons for element in neuron.parameters()}


def test_labels_given_twice_are_told_apart():
    vs = [Value(float(i), label="x") for i in range(4)]
    found = ag.notation.outline(ag.sum(vs))
    assert [found.names[v].text for v in vs] == ["x", "x′", "x′′", "x⁽³⁾"]
