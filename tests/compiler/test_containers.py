"""Values in the user's own containers are arrays of a program: weights in lists of lists, dicts, attributes."""

from __future__ import annotations

import functools
import itertools
import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.compiler.record.pack import Pack

RNG = random.Random(4)
POINTS = [[RNG.gauss(0, 1), RNG.gauss(0, 1)] for _ in range(12)]
TARGETS = [RNG.gauss(0, 1) for _ in range(12)]


def matrix(rows, columns):
    return [[Value(RNG.gauss(0, 0.5)) for _ in range(columns)] for _ in range(rows)]


def vector(n):
    return [Value(RNG.gauss(0, 0.5)) for _ in range(n)]


def flat(rows):
    return [p for row in rows for p in row]


def dense(x, weights, bias):
    return [sum(w * v for w, v in zip(row, x)) + b for row, b in zip(weights, bias)]


def lists():
    w1, b1, w2, b2 = matrix(6, 2), vector(6), matrix(1, 6), vector(1)

    def loss():
        hidden = [[ag.tanh(z) for z in dense(x, w1, b1)] for x in POINTS]
        return sum((dense(h, w2, b2)[0] - y) ** 2 for h, y in zip(hidden, TARGETS)) / len(POINTS)

    return loss, [*flat(w1), *b1, *flat(w2), *b2], {"w1", "b1", "w2", "b2"}


def one_list_of_layers():
    layers = [(matrix(6, 2), vector(6)), (matrix(4, 6), vector(4)), (matrix(1, 4), vector(1))]

    def loss():
        total = 0.0
        for x, y in zip(POINTS, TARGETS):
            for weights, bias in layers[:-1]:
                x = [z.relu() for z in dense(x, weights, bias)]
            total = total + (dense(x, *layers[-1])[0] - y) ** 2
        return total

    parameters = [p for weights, bias in layers for p in [*flat(weights), *bias]]
    return loss, parameters, {"layers0_0", "layers0_1", "layers1_0", "layers1_1", "layers2_0", "layers2_1"}


def dicts():
    state = {"first.weight": matrix(5, 2), "first.bias": vector(5), "out": matrix(1, 5)}
    parameters = [p for block in state.values() for row in block for p in (row if isinstance(row, list) else [row])]

    def loss(scale):
        hidden = [[ag.sigmoid(z) for z in dense(x, state["first.weight"], state["first.bias"])] for x in POINTS]
        return sum((sum(w * v for w, v in zip(state["out"][0], h)) * scale - y) ** 2 for h, y in zip(hidden, TARGETS))

    return functools.partial(loss, 2.0), parameters, {"first_weight", "first_bias", "out"}


class Neuron:
    def __init__(self, n):
        self.w = vector(n)
        self.b = Value(0.1)

    def __call__(self, x):
        return sum((w * v for w, v in zip(self.w, x)), self.b)


class Network:
    __slots__ = ("gain", "layers")

    def __init__(self, *sizes):
        self.layers = [[Neuron(n) for _ in range(m)] for n, m in itertools.pairwise(sizes)]
        self.gain = Value(0.7)

    def __call__(self, x):
        for layer in self.layers:
            x = [neuron(x).tanh() for neuron in layer]
        return x[0] * self.gain

    def parameters(self):
        return [p for layer in self.layers for neuron in layer for p in [*neuron.w, neuron.b]] + [self.gain]

    def loss(self):
        return sum((self(x) - y) ** 2 for x, y in zip(POINTS, TARGETS)) / 12


def objects():
    network = Network(2, 5, 3, 1)
    return network.loss, network.parameters(), {"w0", "b0", "w1", "b1", "w2", "b2", "gain"}


def object_arrays():
    table = np.array(matrix(4, 2), dtype=object)
    shift = np.array(vector(4), dtype=object)

    def loss():
        return sum(((table @ np.array(x) + shift) ** 2).sum() for x in POINTS)

    return loss, [*table.ravel(), *shift], {"table", "shift"}


def a_flat_list():
    parameters = vector(12)

    def loss():
        rows = [parameters[k : k + 3] for k in range(0, 12, 3)]
        return sum(ag.exp(sum(w * v for w, v in zip(row, [*x, 1.0]))) for row in rows for x in POINTS)

    return loss, parameters, {"parameters"}


KINDS = [lists, one_list_of_layers, dicts, objects, object_arrays, a_flat_list]


def gradients(parameters):
    found = [p.grad for p in parameters]
    for p in parameters:
        p.grad = 0.0
    return found


@pytest.mark.parametrize("make", KINDS)
def test_training_is_the_eager_one(make):
    loss, parameters, _ = make()
    fast = ag.compile(loss)
    for _ in range(4):
        eager = loss()
        eager.backward()
        wanted = gradients(parameters)
        found = fast()
        found.backward()
        assert found.data == pytest.approx(eager.data, rel=1e-12)
        np.testing.assert_allclose(gradients(parameters), wanted, rtol=1e-9, atol=1e-12)
        for p, g in zip(parameters, wanted):
            p.data -= 0.01 * g


@pytest.mark.parametrize("make", KINDS)
def test_containers_are_arrays_named_after_them(make):
    loss, _, names = make()
    fast = ag.compile(loss)
    fast()
    source = fast.source()
    head = next(line for line in source.splitlines() if line.startswith("def "))
    assert set(head[head.index("(") + 1 : head.index(")")].split(", ")) == names
    assert len(source.splitlines()) < 60, source


@pytest.mark.parametrize("make", KINDS)
def test_second_derivatives_and_sources_hold(make):
    loss, parameters, _ = make()
    fast = ag.compile(loss)
    fast()
    leaves = [leaf for leaf in fast.last.path.leaves if leaf.kind != "constant"]
    scope = {}
    exec(fast.source(), scope)
    name = next(line for line in fast.source().splitlines() if line.startswith("def "))[4:].split("(")[0]
    value, *_ = scope[name](*[leaf.key._number() for leaf in leaves])
    assert float(value) == pytest.approx(loss().data)
    fast().backward(create_graph=True)
    first = parameters[0].grad
    loss().backward(create_graph=True)
    assert parameters[0].grad.data == pytest.approx(2 * first.data)


def test_a_value_put_in_the_place_of_another_is_recorded_anew():
    loss, parameters, _ = lists()
    held = [cell.cell_contents for cell in loss.__closure__]
    w1 = next(x for x in held if len(x) == 6 and type(x[0]) is list)
    fast = ag.compile(loss)
    fast().backward()
    gradients(parameters)
    old, w1[2][1] = w1[2][1], Value(0.3)
    fast().backward()
    found = w1[2][1].grad
    assert old.grad == 0.0
    w1[2][1].grad = 0.0
    loss().backward()
    assert found == pytest.approx(w1[2][1].grad)


def test_shared_and_computed_values_stay_by_themselves():
    tied = Value(0.5)
    row = [tied, tied, Value(0.2)]
    computed = [Value(2.0) * 3.0, Value(1.0) * 2.0]

    def f(x):
        return sum(w * x for w in row) + computed[0] * computed[1]

    fast = ag.compile(f)
    assert fast(2.0).data == f(2.0).data
    fast(2.0).backward()
    assert (tied.grad, row[2].grad) == (4.0, 2.0)


def test_a_table_of_which_little_is_used_is_read_in_part():
    table = matrix(400, 3)
    fast = ag.compile(lambda: sum(table[7]) * table[9][0])
    found = fast()
    found.backward()
    assert [p.grad for p in table[7]] == [pytest.approx(table[9][0].data)] * 3
    assert not any(isinstance(leaf.key, Pack) and leaf.size > 100 for leaf in fast.last.path.leaves)


def test_models_as_arguments_and_batches_over_captured_values():
    network = Network(2, 4, 1)
    fast = ag.compile(lambda model, x: model(x))
    for x in POINTS[:3]:
        assert fast(network, x).data == pytest.approx(network(x).data)
    w = matrix(3, 2)
    f = ag.vmap(lambda x: sum(sum(a * b for a, b in zip(row, x)) ** 2 for row in w))
    xs = np.array(POINTS)
    numbers = np.array([[p.data for p in row] for row in w])
    found = [y.data for y in ag.compile(f)(xs)]
    np.testing.assert_allclose(found, ((xs @ numbers.T) ** 2).sum(1), rtol=1e-12)


def test_a_function_without_arguments_is_called_directly():
    loss, _, _ = lists()
    fast = ag.compile(loss)
    fast()
    assert fast._fast is not None
    weights = ag.nn.Linear(40, 8)
    fast = ag.compile(lambda: sum(v * v for v in weights([1.0] * 40)))
    assert fast().data == fast().data
    assert fast._fast is not None


@pytest.mark.parametrize("dtype", [float, int, bool, object])
def test_empty_arrays_in_a_result_keep_their_type(dtype):
    compiled = ag.compile(lambda x: (x * 2.0, {"none": np.zeros((0, 2), dtype)}))
    for x in (1.0, 2.0):
        number, rest = compiled(x)
        assert number == 2.0 * x
        assert (rest["none"].dtype, rest["none"].shape) == (np.dtype(dtype), (0, 2))


def test_gradients_beside_empty_parts():
    def loss(p):
        return ag.sum([x * x for x in p["a"]]) + ag.sum(p["b"] * p["c"]) + ag.sum(p["empty"])

    point = {
        "empty": np.zeros((0, 2)),
        "none": [],
        "a": [1.0, 2.0],
        "c": 3.0,
        "ints": np.zeros(0, int),
        "b": np.ones(3),
    }
    plain, compiled = ag.grad(loss), ag.compile(ag.grad(loss))
    for _ in range(2):
        found, expected = compiled(point), plain(point)
        assert found.keys() == expected.keys()
        for key, g in expected.items():
            assert type(found[key]) is type(g)
            np.testing.assert_array_equal(found[key], g)
            assert np.asarray(found[key]).dtype == np.asarray(g).dtype
