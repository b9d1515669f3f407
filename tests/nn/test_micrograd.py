"""micrograd's users change one import line: its networks, its demo, and programs run with both engines."""

from __future__ import annotations

import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn

POINTS = np.array([[(7 * i % 11) / 5 - 1.0, (5 * i % 13) / 6 - 1.0] for i in range(20)])
LABELS = np.array([1 if x * x + y > 0.2 else -1 for x, y in POINTS])


def test_what_is_printed():
    model = nn.MLP(2, [2, 1])
    assert str(model) == "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]"
    assert len(nn.MLP(3, [4, 4, 1]).parameters()) == 41
    assert len(nn.MLP(2, [16, 16, 1]).parameters()) == len(nn.MLP(2, 16, 16, 1).parameters()) == 337
    assert repr(nn.Neuron(3, nonlin=False)) == "LinearNeuron(3)"


def test_parameters_are_scalars_neuron_by_neuron():
    model = nn.MLP(2, [3, 1])
    parameters = model.parameters()
    assert all(isinstance(p, Value) for p in parameters)
    first = model.layers[0].neurons[0]
    assert parameters[:3] == [*first.w, first.b]
    assert all(a is b for a, b in zip(parameters, model.parameters(), strict=True))
    assert first.w[1] is model.layers[0].weight[0, 1]
    assert first.b.data == 0.0
    assert all(-1.0 <= w.data <= 1.0 for w in first.w)
    first.w[0].data = 5.0
    assert model.layers[0].weight.data[0, 0] == 5.0
    assert list(model.state_dict()) == ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]


def test_one_neuron_is_one_node_and_its_relu():
    n = nn.Neuron(3)
    x = ag.values([1.0, -2.0, 3.0])
    out = n(list(x))
    assert out.op == "relu"
    assert out.parents[0].op == "affine"
    assert out._op == "ReLU"
    assert set(out.parents[0].parents) == {*x, *n.w, n.b}
    assert n([1.0, -2.0, 3.0]).data == out.data == max(0.0, sum(w.data * v.data for w, v in zip(n.w, x)) + n.b.data)
    out.backward()
    on = float(out.data > 0.0)
    assert [w.grad for w in n.w] == [on * v.data for v in x]
    assert n.b.grad == on


def test_calls():
    model = nn.MLP(2, [3, 2])
    assert [type(v) for v in model([1.0, 2.0])] == [Value, Value]
    single = nn.MLP(2, [3, 1])
    assert type(single([1.0, Value(2.0)])) is Value
    batch = single(POINTS)
    assert batch.shape == (20,)
    assert [v.data for v in batch] == [single(list(row)).data for row in POINTS]
    assert model(POINTS.tolist()).shape == (20, 2)
    assert single((1, 2)).data == single(np.array([1, 2])).data == single([1, 2]).data
    with pytest.raises(ValueError, match=r"Layer of 2 inputs.*\(3,\).*\(3, 2\)"):
        model([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="name the neurons"):
        nn.MLP(2)


def training(engine, module, sizes, steps):
    """The demo's loop: maximum margin, L2, a falling rate, scalars updated one by one. Returns what it would print."""
    random.seed(1337)
    model = module.MLP(2, sizes)
    printed = []
    for k in range(steps):
        scores = [model(list(map(engine, row))) for row in POINTS.tolist()]
        margins = [(1 + -label * score).relu() for label, score in zip(LABELS.tolist(), scores, strict=True)]
        total = sum(margins) * (1.0 / len(margins)) + 1e-4 * sum(p * p for p in model.parameters())
        right = sum((label > 0) == (score.data > 0) for label, score in zip(LABELS, scores, strict=True))
        model.zero_grad()
        total.backward()
        rate = 1.0 - 0.9 * k / steps
        for p in model.parameters():
            p.data -= rate * p.grad
        printed.append((total.data, right))
    return printed


def test_the_demo_learns():
    printed = training(Value, nn, [8, 8, 1], 40)
    assert printed[-1][1] == 20
    assert printed[-1][0] < 0.2 * printed[0][0]


def test_the_demo_prints_what_it_prints_there():
    """The same start from random.seed, and the same losses, with micrograd itself."""
    engine = pytest.importorskip("micrograd.engine")
    module = pytest.importorskip("micrograd.nn")
    ours, theirs = training(Value, nn, [4, 4, 1], 10), training(engine.Value, module, [4, 4, 1], 10)
    np.testing.assert_allclose([a for a, _ in ours], [a for a, _ in theirs], rtol=1e-9)
    assert [b for _, b in ours] == [b for _, b in theirs]


def expression(engine, x, y):
    """Its operators and methods, with numbers on both sides, augmented assignment, and nodes used more than once."""
    u, v = engine(x), engine(y)
    p = 3 * u - v / 4.0 + 2
    q = (p * u).relu() + (1 - p) ** 2
    q += v * v - 5.0 * u
    r = -q + p**3
    r -= 7 / (q * q + 1)
    r *= r.relu() + 0.5
    out = r / 100.0 + (u - r).relu()
    out.backward()
    return out.data, u.grad, v.grad


@pytest.mark.parametrize(("x", "y"), [(-4.0, 2.0), (1.5, 0.25), (-0.5, -3.0)])
def test_programs_give_the_same_numbers(x, y):
    engine = pytest.importorskip("micrograd.engine")
    np.testing.assert_allclose(expression(Value, x, y), expression(engine.Value, x, y), rtol=1e-12)


def test_seeds():
    for seed in (random.seed, ag.manual_seed):
        seed(5)
        first = [p.data for p in nn.MLP(2, 4, 1).parameters()]
        seed(5)
        assert [p.data for p in nn.MLP(2, 4, 1).parameters()] == first


def test_modules_of_one_s_own():
    """A subclass in micrograd's way: parameters() is written by hand, zero_grad comes with Module."""

    class Line(nn.Module):
        def __init__(self):
            self.a, self.b = Value(2.0), Value(1.0)

        def __call__(self, x):
            return self.a * x + self.b

        def parameters(self):
            return [self.a, self.b]

    line = Line()
    line(3.0).backward()
    assert [p.grad for p in line.parameters()] == [3.0, 1.0]
    line.zero_grad()
    assert [p.grad for p in line.parameters()] == [0.0, 0.0]


def test_an_mlp_inside_another_module():
    class Pair(nn.Module):
        def __init__(self):
            self.left, self.right = nn.MLP(2, 3, 1), nn.Linear(2, 1)

        def forward(self, x):
            return self.left(x) + self.right(x)[0]

    pair = Pair()
    assert [name for name, _ in pair.named_parameters()] == [
        "left.layers.0.weight", "left.layers.0.bias", "left.layers.1.weight", "left.layers.1.bias", "right.weight",
        "right.bias",
    ]  # fmt: skip
    pair([1.0, 2.0]).backward()
    assert pair.right.weight.grad.tolist() == [[1.0, 2.0]]
    pair.zero_grad()
    assert not any(p.grad.any() for p in pair.parameters())


def test_a_weight_is_not_replaced_in_silence():
    neuron = nn.Neuron(2)
    with pytest.raises(TypeError, match="data"):
        neuron.w[0] = Value(1.0)
    with pytest.raises(AttributeError):
        neuron.w = [Value(1.0), Value(2.0)]
    neuron.w[0].data, neuron.w[1].data, neuron.b.data = 1.0, 2.0, 0.5
    assert neuron([1.0, 1.0]).data == 3.5
    assert len(neuron.w + neuron.parameters()) == 5


@pytest.mark.parametrize("make", [lambda: nn.Neuron(2, nonlin=False), lambda: nn.Layer(2, 1, nonlin=False)])
def test_a_list_that_is_changed_after_the_call_changes_nothing(make):
    model = make()
    row = [1.0, 2.0]
    out = model(row)
    row[0] = 100.0
    out.backward()
    assert model.weight.grad.tolist() == [[1.0, 2.0]]
    first, other = Value(1.0), Value(50.0)
    row = [first, 2.0]
    out = model(row)
    row[0] = other
    out.backward()
    assert (first.grad, other.grad) == (model.weight.data[0, 0], 0.0)
    assert model.weight.grad.tolist() == [[2.0, 4.0]]


@pytest.mark.parametrize("make", [lambda: nn.Neuron(2, nonlin=False), lambda: nn.Layer(2, 1, nonlin=False)])
def test_an_assigned_parameter_is_the_one_that_is_trained(make):
    model = make()
    old = model.weight
    model.weight = nn.Parameter([[3.0, 4.0]])
    out = model([1.0, 2.0])
    assert out.data == 11.0
    out.backward()
    assert model.weight.grad.tolist() == [[1.0, 2.0]]
    assert not old.grad.any()
    assert [p.data for p in model.parameters()] == [3.0, 4.0, 0.0]


def test_stepping_by_hand_is_backward():
    """The lecture's way through a graph, node by node in reverse order; a node that is used twice counts twice."""

    def graph():
        x, w = Value(0.7), Value(-1.3)
        y = x * w
        z = y * y + x
        return (x, w), (y, z.parents[0], z, z.tanh())

    (x, w), inner = graph()
    inner[-1].grad = 1.0
    for node in reversed(inner):
        node._backward()
    (a, b), other = graph()
    other[-1].backward()
    assert (x.grad, w.grad) == (a.grad, b.grad)
    assert [n.grad for n in inner] == [n.grad for n in other]
    neuron = nn.Neuron(2)
    out = neuron([1.0, 2.0])
    out.grad = 1.0
    out._backward()
    out.parents[0]._backward()
    on = float(out.data > 0.0)
    assert [w.grad for w in neuron.w] == [on, 2.0 * on]


def test_an_op_made_micrograds_way_names_the_cure():
    for children in ((Value(1.0),), {Value(1.0)}):
        with pytest.raises(TypeError, match=r"@ag\.primitive"):
            Value(0.5, children)
        with pytest.raises(TypeError, match=r"@ag\.primitive"):
            Value(0.5, children, "sin")
