"""A neuron is one node, and all that can be asked of a node can be asked of it."""

from __future__ import annotations

import copy
import gc
import pickle
import tracemalloc
import warnings
import weakref

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn

X = [0.5, -1.0, 2.0]


@pytest.fixture
def layer():
    made = nn.Linear(3, 2)
    made.weight.data = [[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]]
    made.bias.data = [0.25, -0.5]
    return made


def test_it_is_the_affine_of_its_scalars(layer):
    x = ag.values(X)
    f = layer(x)[1]
    wanted = ag.affine(list(x), list(layer.weight[1]), layer.bias[1])
    assert f.op == "affine"
    assert f.data == wanted.data
    assert f.args == wanted.args
    assert f.parents == wanted.parents == (*x, *layer.weight[1], layer.bias[1])
    assert f.local_partials == wanted.local_partials == (-1.0, 0.5, 4.0, *X, 1.0)


def test_constants_among_the_inputs(layer):
    x = Value(2.0)
    f = layer([0.5, x, 3])[0]
    assert f.args[:3] == (0.5, x, 3.0)
    assert f.parents == (x, *layer.weight[0], layer.bias[0])
    assert f.local_partials == (2.0, 0.5, 2.0, 3.0, 1.0)
    f.backward()
    assert x.grad == 2.0
    assert layer.weight.grad.tolist() == [[0.5, 2.0, 3.0], [0.0, 0.0, 0.0]]
    assert layer.bias.grad.tolist() == [1.0, 0.0]


def test_without_a_bias():
    layer = nn.Linear(2, 1, bias=False)
    f = layer([1.0, 2.0])[0]
    assert f.args[-1] == 0.0
    assert len(f.parents) == len(f.local_partials) == 2
    f.backward()
    assert layer.weight.grad.tolist() == [[1.0, 2.0]]


def test_the_gradients_are_those_of_the_scalars(layer):
    """Through the layer's matrix product, and as one leaf after the other."""
    x = ag.values([X, [1.0, 1.0, 0.0]])
    loss = ag.sum([ag.sin(f) for f in layer(x).flat])
    loss.backward()
    through_layer = [layer.weight.grad.clone(), layer.bias.grad.clone(), np.array([v.grad for v in x.flat])]
    weights, biases = ag.values(layer.weight.data), ag.values(layer.bias.data)
    y = ag.values([X, [1.0, 1.0, 0.0]])
    ag.sum(
        [ag.sin(ag.affine(list(row), list(w), b)) for row in y for w, b in zip(weights, biases, strict=True)]
    ).backward()
    for found, leaves in zip(through_layer, (weights, biases, y), strict=True):
        np.testing.assert_allclose(found.ravel(), [v.grad for v in leaves.flat], rtol=1e-14)


def test_elements_and_the_layer_add_to_one_gradient(layer):
    w = layer.weight[0, 1]
    (layer(X)[0] + w * w).backward()
    assert w.grad == layer.weight.grad[0, 1] == -1.0 + 2 * 2.0


def test_twice_is_double_and_several_roots_add_up(layer):
    f = layer(X)
    f[0].backward()
    f[0].backward()
    assert layer.weight.grad[0].tolist() == [1.0, -2.0, 4.0]
    f[1].backward(seed=-1.0)
    assert layer.weight.grad[1].tolist() == [-0.5, 1.0, -2.0]


def test_a_recorded_graph_is_a_fact(layer):
    x = ag.values(X)
    f = layer(x)[0]
    layer.weight.data[...] = 100.0
    f.backward()
    assert [v.grad for v in x] == [1.0, 2.0, 3.0]
    assert layer.weight.grad[0].tolist() == X
    assert f.local_partials[:3] == (1.0, 2.0, 3.0)


def test_second_derivatives_through_layers(layer):
    """∂²/∂w² of (w·x + b)³ at one weight, by backward on nodes."""
    w = layer.weight[0, 2]
    f = layer(X)[0]
    (f**3).backward(create_graph=True)
    slope = w.grad
    assert slope.data == pytest.approx(3 * f.data**2 * 2.0)
    layer.zero_grad()
    slope.backward()
    assert w.grad == pytest.approx(6 * f.data * 2.0 * 2.0)
    assert layer.weight.grad[0, 0] == pytest.approx(6 * f.data * 2.0 * 0.5)


def test_changed_weights_are_noticed_by_second_derivatives(layer):
    f = layer(X)[0] ** 2
    layer.weight.data[0, 0] = 7.0
    with pytest.raises(ag.GraphChangedError):
        f.backward(create_graph=True)


def test_derivatives_with_respect_to_inputs(layer):
    model = nn.Sequential(layer, nn.Tanh(), nn.Linear(2, 1))
    x = ag.values(X)
    model(x)[0].backward()
    with ag.no_grad():
        gradient = ag.grad(lambda x: model(x)[0])(np.array(X))
        hessian = ag.hessian(lambda x: model(x)[0])(np.array(X))
    assert gradient.dtype == hessian.dtype == float
    np.testing.assert_allclose(gradient, [v.grad for v in x], rtol=1e-14)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-15)
    assert np.linalg.matrix_rank(hessian) == 2


def test_adjoints_of_single_weights_without_backward(layer):
    from autograd_lite.engine.sweeps import reverse_adjoints

    f = layer(X)[1] ** 2
    wanted = [layer.weight[1, 0], layer.bias[1], layer.weight[0, 0]]
    assert reverse_adjoints(f, wanted, 1.0) == [2 * f.parents[0].data * 0.5, 2 * f.parents[0].data, 0.0]
    assert not layer.weight.grad.any()


def test_hooks_on_single_weights(layer):
    handle = layer.weight[0, 0].register_hook(lambda g: 10.0 * g)
    layer(X)[0].backward()
    assert layer.weight.grad[0].tolist() == [5.0, -1.0, 2.0]
    handle.remove()
    layer.zero_grad()
    layer(X)[0].backward()
    assert layer.weight.grad[0].tolist() == X


def test_topological_order_has_the_scalars(layer):
    f = layer(ag.values(X))[0]
    found = ag.topological_order(f)
    assert len(found) == 3 + 3 + 1 + 1
    assert found[-1] is f
    assert layer.weight[0, 2] in found


def test_unreached_neurons_have_no_share_in_infinities(layer):
    """0·inf would be nan in the weights of a neuron that the loss doesn't depend on."""
    x = [float("inf"), 1.0, 1.0]
    with pytest.warns(ag.NonFiniteGradientWarning, match="weight"):
        layer(x)[0].backward()
    assert np.isinf(layer.weight.grad[0, 0])
    assert layer.weight.grad[1].tolist() == [0.0, 0.0, 0.0]


def test_the_warning_names_the_weight(layer):
    f = layer(X)[1] * Value(float("inf")) * 0.5
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        f.backward()
    assert len(caught) == 1


def test_tied_weights(layer):
    """One Parameter in two layers gets the sum."""
    other = nn.Linear(3, 2)
    other.weight, other.bias = layer.weight, layer.bias
    (layer(X)[0] + 2.0 * other(X)[0]).backward()
    assert layer.weight.grad[0].tolist() == [1.5, -3.0, 6.0]
    assert len(list(nn.Sequential(layer, other).parameters())) == 2


def test_a_replaced_parameter_is_the_one_that_is_used(layer):
    new = nn.Parameter(np.ones((2, 3)))
    layer.weight = new
    layer(X)[0].backward()
    assert new.grad[0].tolist() == X


def test_elements_of_embeddings_are_leaves():
    table = nn.Embedding(5, 3)
    layer = nn.Linear(3, 1)
    out = layer(table([1, 1, 4]))
    assert out.shape == (3, 1)
    ag.sum(out).backward()
    np.testing.assert_allclose(table.weight.grad[1], 2.0 * layer.weight.data[0])
    np.testing.assert_allclose(table.weight.grad[4], layer.weight.data[0])
    assert not table.weight.grad[0].any()


def test_pickled_graphs(layer):
    f = layer([Value(1.0), 2.0, 3.0])[0]
    model, g = pickle.loads(pickle.dumps((layer, f)))
    assert [a.data if isinstance(a, Value) else a for a in g.args] == [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 0.25]
    assert g.local_partials == f.local_partials
    g.backward()
    assert model.weight.grad.tolist() == [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]
    assert not layer.weight.grad.any()


def test_pickled_and_copied_deep_networks():
    """Nothing recurses on the depth of a network."""
    narrow = nn.Linear(1, 1)
    h = [Value(0.5)]
    for _ in range(3000):
        h = narrow(h)
    for made in (pickle.loads(pickle.dumps(h[0])), copy.deepcopy(h[0])):
        assert made.data == h[0].data
        assert len(ag.topological_order(made)) == 3000 + 3


def test_a_dropped_model_and_graph_are_freed_at_once():
    gc.collect()
    gc.disable()
    try:
        model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
        loss = nn.MSELoss()(model(ag.values([X])), [[1.0]])
        loss.backward()
        ag.topological_order(loss)
        gone = [weakref.ref(p) for p in model.parameters()]
        del model, loss
        assert [r() for r in gone] == [None] * 4
    finally:
        gc.enable()


def test_memory_of_a_figure_7_7_sample():
    """500,000 weights, forward and backward: far under 400 MB, because nobody asked for their Values."""
    layers = []
    for _ in range(50):
        layers += [nn.Linear(100, 100), nn.ReLU()]
    model = nn.Sequential(*layers)
    tracemalloc.start()
    loss = ag.sum([f * f for f in model(ag.randn(100))])
    loss.backward()
    used = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    assert used < 100.0
    assert model[0].weight.made() == []
    assert model[0].weight.grad.any()
