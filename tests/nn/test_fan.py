"""A sample's inputs fan out to a layer's neurons through one hidden node: which neither results nor graphs show."""

from __future__ import annotations

import copy
import math
import pickle
import threading
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn, optim
from autograd_lite.engine import nodes
from autograd_lite.engine.sweeps import LayerInputs, forward_sweep, order, reverse_adjoints
from autograd_lite.testing.diagnosis import _misrecorded

INF = math.inf
WIDE = (12, 9)
NARROW = (3, 2)


@pytest.fixture(autouse=True)
def seed():
    ag.manual_seed(7)


@pytest.fixture(params=["array", "loops", "loops of a few"])
def layer(request, monkeypatch):
    """Products that are NumPy's; plain loops."""
    monkeypatch.setattr(nodes, "LOOPS", 0 if request.param == "array" else 10**6)
    return nn.Linear(*(NARROW if request.param == "loops of a few" else WIDE))


def scalars(layer, x):
    """The layer's outputs from its scalars, with no fan."""
    bias = [0.0] * len(layer.weight) if layer.bias is None else layer.bias
    return [ag.affine(list(x), list(w), b) for w, b in zip(layer.weight, bias, strict=True)]


def gradients(layer, x):
    """The gradients that backward left in the layer and in the Values among the inputs; set to 0 again."""
    found = [p.grad.clone().ravel() for p in (layer.weight, layer.bias) if p is not None]
    found.append([v.grad for v in x if isinstance(v, Value)])
    ag.zero_grad([layer, *[v for v in x if isinstance(v, Value)]])
    return np.concatenate(found)


def inputs_of(layer, kind):
    numbers = ag.randn(layer.in_features).tolist()
    if kind == "numbers":
        return numbers
    if kind == "values":
        return [Value(n) for n in numbers]
    return [Value(n) if i % 3 == 1 else (n if i % 3 else i) for i, n in enumerate(numbers)]


@pytest.mark.parametrize("kind", ["numbers", "values", "mixed"])
@pytest.mark.parametrize("bias", [True, False])
def test_every_kind_of_input(layer, kind, bias):
    if not bias:
        layer = nn.Linear(layer.in_features, layer.out_features, bias=False)
    x = inputs_of(layer, kind)
    f, wanted = layer(x), scalars(layer, x)
    np.testing.assert_allclose([v.data for v in f], [v.data for v in wanted], rtol=1e-13, atol=1e-15)
    for out, same in zip(f, wanted, strict=True):
        assert out.args == same.args
        assert out.parents == same.parents
        assert out.local_partials == same.local_partials
    ag.sum([ag.sin(v) for v in f]).backward()
    found = gradients(layer, x)
    ag.sum([ag.sin(v) for v in wanted]).backward()
    np.testing.assert_allclose(found, gradients(layer, x), rtol=1e-12, atol=1e-15)


def test_no_graph_shows_the_fan(layer):
    x = inputs_of(layer, "values")
    y = ag.sum([ag.tanh(v) for v in layer(x)])
    nodes = ag.topological_order(y)
    assert not any(isinstance(v, LayerInputs) for v in nodes)
    assert not any(isinstance(p, LayerInputs) for v in nodes for p in (*v.parents, *v.args))
    units, inputs = layer.weight.shape
    assert len(nodes) == inputs + units * (inputs + 1) + 2 * units + 1
    assert ag.cost(y).edges == units * (2 * inputs + 1) + 2 * units


def test_a_sweep_passes_the_inputs_once_a_sample(layer):
    x = inputs_of(layer, "values")
    units, inputs = layer.weight.shape
    y = ag.sum(list(layer(x)))
    found = order(y, ag.engine.sweeps.SWEEPS.next())
    assert len(found) == inputs + 1 + units + 1
    assert sum(isinstance(v, LayerInputs) for v in found) == 1


@pytest.mark.parametrize("wrong", [INF, -INF, math.nan])
def test_unreached_neurons_add_nothing_whatever_their_weights(layer, wrong):
    """0·inf would be nan."""
    layer.weight.data[1, 0] = wrong
    x = inputs_of(layer, "values")
    f = layer(x)
    f[0].backward()
    assert [v.grad for v in x] == layer.weight.data[0].tolist()
    assert layer.weight.grad[0].tolist() == [v.data for v in x]
    assert not layer.weight.grad[1:].any()
    assert layer.bias.grad.tolist() == [1.0] + [0.0] * (layer.out_features - 1)


def test_a_reached_neuron_of_adjoint_0_multiplies_like_any_other(layer):
    layer.weight.data[1, 0] = INF
    x = inputs_of(layer, "values")
    f = layer(x)
    with pytest.warns(ag.NonFiniteGradientWarning):
        (f[0] + 0.0 * f[1]).backward()
    assert math.isnan(x[0].grad)
    assert x[1].grad == pytest.approx(layer.weight.data[0, 1])


@pytest.mark.parametrize("seed", [0.0, -0.0])
def test_a_seed_of_0_reaches_the_neuron(layer, seed):
    layer.weight.data[0, 0] = INF
    x = inputs_of(layer, "values")
    with pytest.warns(ag.NonFiniteGradientWarning):
        layer(x)[0].backward(seed=seed)
    assert math.isnan(x[0].grad)
    assert x[1].grad == 0.0


@pytest.mark.parametrize("units", [1, 9])
@pytest.mark.parametrize("batch", [1, 3])
def test_an_infinite_input_times_an_adjoint_of_0_is_nan(units, batch):
    layer = nn.Linear(12, units)
    x = np.ones((batch, 12))
    x[0, 0] = INF
    with pytest.warns(ag.NonFiniteGradientWarning):
        (0.0 * layer(x)[0, 0]).backward()
    assert math.isnan(layer.weight.grad[0, 0])
    assert layer.weight.grad[0, 1:].tolist() == [0.0] * 11
    assert not layer.weight.grad[1:].any()


def test_infinite_inputs_of_neurons_that_are_not_reached(layer):
    x = inputs_of(layer, "values")
    x[0].data = INF
    f = layer([x, inputs_of(layer, "numbers")])
    with pytest.warns(ag.NonFiniteGradientWarning):
        (f[0, 0] + f[1, 1]).backward()
    assert math.isinf(layer.weight.grad[0, 0])
    assert np.isfinite(layer.weight.grad[1:]).all()


def test_a_gradient_that_is_not_finite_keeps_no_other_from_being_added(layer):
    f = layer([INF] + [1.0] * (layer.in_features - 1))[0]
    with pytest.warns(ag.NonFiniteGradientWarning, match=r"weight\[0, 0\]"):
        f.backward()
    assert layer.weight.grad[0].tolist() == [INF] + [1.0] * (layer.in_features - 1)
    assert layer.bias.grad[0] == 1.0


def test_backward_from_one_output_then_from_another(layer):
    x = inputs_of(layer, "values")
    f = layer(x)
    total = np.zeros(layer.weight.size + layer.out_features + len(x))
    for v in f:
        v.backward()
        total += gradients(layer, x)
    ag.sum(list(f)).backward()
    np.testing.assert_allclose(gradients(layer, x), total, rtol=1e-13)


def test_one_layer_called_again_and_again_in_batches_and_one_by_one(layer):
    """All calls come together in one gradient, whole batches, parts of them and single neurons."""
    batch = [inputs_of(layer, kind) for kind in ("values", "mixed", "numbers")]
    f, one = layer(batch), layer(batch[0])
    neuron = layer._sink().record(list(batch[1]), 1)[0]
    wanted = [scalars(layer, x) for x in batch]
    for _ in range(2):
        (f[0, 0] * f[2, 1] + one[1] * neuron).backward()
        found = [gradients(layer, x) for x in batch]
        (wanted[0][0] * wanted[2][1] + wanted[0][1] * wanted[1][1]).backward()
        for x, g in zip(batch, found, strict=True):
            np.testing.assert_allclose(g, gradients(layer, x), rtol=1e-12, atol=1e-15)


def test_twice_is_exactly_double(layer):
    x = inputs_of(layer, "values")
    y = ag.sum([v * v for v in layer(x)])
    y.backward()
    y.backward()
    twice = gradients(layer, x)
    y.backward()
    assert (twice == 2.0 * gradients(layer, x)).all()


def test_two_losses_on_one_forward(layer):
    x = inputs_of(layer, "values")
    f = layer(x)
    a, b = ag.sum([v * v for v in f]), ag.sin(f[1])
    a.backward()
    b.backward()
    found = gradients(layer, x)
    (a + b).backward()
    np.testing.assert_allclose(found, gradients(layer, x), rtol=1e-12)


def test_inner_gradients_are_refreshed_where_the_sweep_goes_and_nowhere_else():
    """A sample's sweep touches no other sample of the batch."""
    first, second = nn.Linear(*WIDE), nn.Linear(9, 9)
    h = first(ag.randn(2, 12))
    out = second(h)
    ag.sum(list(out.flat)).backward()
    before = [[v.grad for v in row] for row in h]
    (3.0 * out[1, 4]).backward()
    assert [v.grad for v in h[0]] == before[0]
    assert [v.grad for v in h[1]] == pytest.approx((3.0 * second.weight.data[4]).tolist(), rel=1e-14)


def test_inputs_shared_by_two_layers_and_repeated(layer):
    other = nn.Linear(layer.in_features, layer.out_features)
    x = inputs_of(layer, "values")
    x[2] = x[1]
    y = ag.sum([a * b for a, b in zip(layer(x), other(x), strict=True)]) + x[1] * x[0]
    y.backward()
    found = [gradients(other, []), gradients(layer, x)]
    pairs = zip(scalars(layer, x), scalars(other, x), strict=True)
    (ag.sum([a * b for a, b in pairs]) + x[1] * x[0]).backward()
    np.testing.assert_allclose(found[0], gradients(other, []), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(found[1], gradients(layer, x), rtol=1e-11, atol=1e-14)


def test_hooks_on_inputs_neurons_and_weights(layer):
    x = inputs_of(layer, "values")
    seen = []
    f = layer(x)
    handles = [
        x[0].register_hook(lambda g: seen.append(("input", g))),
        f[0].register_hook(lambda g: (seen.append(("neuron", g)), 2.0 * g)[1]),
        f[1].register_hook(lambda g: INF if g == 5.0 else None),
        layer.weight[0, 1].register_hook(lambda g: -g),
    ]
    (3.0 * f[0] + f[1]).backward()
    w = layer.weight.data
    assert seen[0] == ("neuron", 3.0)
    assert seen[1] == ("input", pytest.approx(6.0 * w[0, 0] + w[1, 0], rel=1e-14))
    assert x[1].grad == pytest.approx(6.0 * w[0, 1] + w[1, 1], rel=1e-14)
    assert layer.weight.grad[0, 0] == pytest.approx(6.0 * x[0].data)
    assert layer.weight.grad[0, 1] == pytest.approx(-6.0 * x[1].data)
    for handle in handles:
        handle.remove()


def test_an_error_in_a_hook_leaves_nothing_behind(layer):
    x = inputs_of(layer, "values")
    y = ag.sum([v * v for v in layer(x)])
    y.backward()
    wanted = gradients(layer, x)
    with x[0].register_hook(lambda g: 1 / 0), pytest.raises(ZeroDivisionError):
        y.backward()
    assert not gradients(layer, x).any()
    y.backward()
    assert (gradients(layer, x) == wanted).all()


@pytest.mark.parametrize("kind", ["values", "mixed"])
def test_gradients_on_nodes_are_those_of_the_sweep(layer, kind):
    x = inputs_of(layer, kind)
    y = ag.sum([ag.tanh(v) ** 2 for v in layer(x)])
    y.backward()
    plain = gradients(layer, x)
    y.backward(create_graph=True)
    leaves = [v.grad.data for v in x if isinstance(v, Value)]
    np.testing.assert_allclose([*layer.weight.grad.flat, *layer.bias.grad, *leaves], plain, rtol=1e-11, atol=1e-15)


def test_a_changed_input_weight_or_bias_is_noticed_by_second_derivatives(layer):
    x = inputs_of(layer, "values")
    for change in (
        lambda: setattr(x[0], "data", 9.0),
        lambda: layer.weight.data.fill_(0.5),
        lambda: layer.bias.data.fill_(9),
    ):
        y = layer(x)[1] ** 2
        y.backward(create_graph=True)
        change()
        with pytest.raises(ag.GraphChangedError, match="affine"):
            y.backward(create_graph=True)
        y.backward()


def test_the_forward_sweep_and_transforms_agree(layer):
    x = inputs_of(layer, "values")
    y = ag.sum([ag.sin(v) for v in layer(x)])
    y.backward()
    tangent = forward_sweep([y], [(x[1], 1.0)])[id(y)]
    assert tangent == pytest.approx(x[1].grad, rel=1e-12)

    def f(x):
        return ag.sum([ag.sin(v) for v in layer(x)])

    point = np.array([v.data for v in x])
    with ag.no_grad():
        np.testing.assert_allclose(ag.grad(f)(point), [v.grad for v in x], rtol=1e-12)
        hessian = ag.hessian(f)(point)
    w, z = layer.weight.data, layer.weight.data @ point + layer.bias.data
    np.testing.assert_allclose(hessian, -(w.T * np.sin(z)) @ w, rtol=1e-11, atol=1e-13)


def test_adjoints_of_hidden_values_stop_the_sweep_there():
    first, second = nn.Linear(*WIDE), nn.Linear(9, 9)
    x = inputs_of(first, "values")
    h = list(first(x))
    y = ag.sum([v * v for v in second(h)])
    x[0].grad = 5.0
    found = reverse_adjoints(y, h, 1.0)
    assert x[0].grad == 5.0
    assert not first.weight.grad.any()
    assert not second.weight.grad.any()
    y.backward()
    assert found == [v.grad for v in h]
    some = reverse_adjoints(y, [h[3], x[0], second.weight[0, 1]], 1.0)
    assert some[0] == h[3].grad
    assert some[1] == pytest.approx(x[0].grad - 5.0 - h[3].grad * first.weight.data[3, 0], rel=1e-9)
    assert some[2] == second.weight.grad[0, 1]


@pytest.mark.parametrize("width", [1, 9])
def test_a_thousand_layers(width):
    """Nothing recurses: not the sweep, a copy, a pickle, nor the freeing."""
    layer = nn.Linear(width, width)
    layer.weight.data = np.eye(width)
    layer.bias.data.fill_(0.0)
    x = [Value(1.0 + i) for i in range(width)]
    h = x
    for _ in range(1000):
        h = layer(h)
    y = ag.sum(list(h))
    y.backward()
    assert [v.grad for v in x] == [1.0] * width
    assert layer.bias.grad.tolist() == [1000.0] * width
    for made in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        made.backward()
        assert made.data == y.data
    assert layer.bias.grad.tolist() == [1000.0] * width, "a copy has parameters of its own"
    del h, y, made


def test_pickles_and_copies_keep_what_is_shared(layer):
    x = inputs_of(layer, "mixed")
    f = layer([x, inputs_of(layer, "numbers")])
    f[0, 1].label = "second"
    for made, m in (pickle.loads(pickle.dumps((f, layer))), copy.deepcopy((f, layer))):
        assert made[0, 1].label == "second"
        assert [v.local_partials for v in made.flat] == [v.local_partials for v in f.flat]
        assert made[0, 0].parents[0] is made[0, 1].parents[0]
        assert made[0, 0]._b is made[0, 1]._b
        assert made[0, 0]._b is not made[1, 0]._b
        ag.sum([v * v for v in made.flat]).backward()
        ag.sum([v * v for v in f.flat]).backward()
        np.testing.assert_array_equal(m.weight.grad, layer.weight.grad)
        ag.zero_grad([layer, *[v for v in x if isinstance(v, Value)]])


def test_a_neuron_and_its_copy_both_hand_back(layer):
    x = inputs_of(layer, "values")
    f = layer(x)[0]
    twin = copy.copy(f)
    (2.0 * f + 3.0 * twin).backward()
    assert [v.grad for v in x] == pytest.approx((5.0 * layer.weight.data[0]).tolist(), rel=1e-14)
    assert layer.bias.grad[0] == 5.0


def test_pickled_outputs_in_one_pickle_share_the_fan(layer):
    f = layer(inputs_of(layer, "values"))
    a, b = pickle.loads(pickle.dumps([f[0], f[1]]))
    assert a._b is b._b
    (a + b).backward()
    assert [v.grad for v in a.parents[: layer.in_features]] == pytest.approx(
        (layer.weight.data[0] + layer.weight.data[1]).tolist(), rel=1e-14
    )


def test_checkpoints_and_no_grad(layer):
    x = inputs_of(layer, "values")

    def f(x):
        return ag.sum([ag.sin(v) for v in layer(x)])

    f(x).backward()
    wanted = gradients(layer, x)
    y = ag.checkpoint(f, x)
    assert y.parents == tuple(x)
    y.backward()
    np.testing.assert_allclose(gradients(layer, x), wanted, rtol=1e-13)
    inner = ag.checkpoint(lambda: layer(x)[0])
    assert set(inner.parents) == set(x), "Values that it was not handed"
    with ag.no_grad():
        assert all(v.parents == () and v.op is None for v in layer(x))


def test_a_recorded_array_is_a_fact(layer):
    """Neither the weights nor the caller's array is read again."""
    x = ag.randn(2, layer.in_features)
    was = x.copy()
    f = layer(x)
    x[...] = 0.0
    layer.weight.data[...] = 0.0
    ag.sum(list(f.flat)).backward()
    np.testing.assert_allclose(layer.weight.grad, np.tile(was.sum(axis=0), (layer.out_features, 1)), rtol=1e-14)


def test_frozen_weights_are_shared_until_the_numbers_change(layer):
    x = inputs_of(layer, "values")
    first, second = layer(x)[0], layer(x)[1]
    assert first._b.batch.weights is second._b.batch.weights
    was = layer.weight.data[0, 0]
    layer.weight.data[0, 0] = 7.0
    assert layer(x)[0]._b.batch.weights is not first._b.batch.weights
    layer.bias.data[1] = 7.0
    assert layer(x)[1].data != second.data
    assert first.local_partials[0] == was


def test_single_neurons_of_a_layer_add_to_its_gradients():
    """micrograd's neurons: each call of one is a fan of one."""
    layer = nn.Layer(9, 10, nonlin=False)
    x = [Value(0.1 * i) for i in range(9)]
    ag.sum([(i + 1.0) * neuron(x) for i, neuron in enumerate(layer.neurons)] + [layer(x)[2]]).backward()
    scale = np.array([1.0, 2.0, 4.0, *range(4, 11)])
    np.testing.assert_allclose(layer.weight.grad, np.outer(scale, [v.data for v in x]), rtol=1e-14)
    np.testing.assert_array_equal(layer.bias.grad, scale)


def test_graphs_of_threads_don_t_meet(layer):
    x = inputs_of(layer, "numbers")
    layers = [copy.deepcopy(layer) for _ in range(4)]

    def train(m):
        for _ in range(30):
            ag.sum([v * v for v in m([x, x])[0]]).backward()

    threads = [threading.Thread(target=train, args=(m,)) for m in layers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    train(layer)
    for m in layers:
        np.testing.assert_array_equal(m.weight.grad, layer.weight.grad)


def test_an_anomaly_is_found_at_the_neuron(layer):
    layer.weight.data[1, 0] = 1e308
    x = [Value(1e10) for _ in range(layer.in_features)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # NumPy reports nothing of its own
        layer(x)
    with ag.detect_anomaly(), pytest.raises(ag.AnomalyError, match="affine"):
        layer(x)


def test_a_sum_in_another_order_is_no_wrong_operand(layer):
    for out in layer([inputs_of(layer, "values") for _ in range(20)]).flat:
        assert _misrecorded(out) == ""
    out._data += 1e-9
    assert "wrong operands" in _misrecorded(out)


def test_training_is_the_same_as_on_scalars():
    model = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 3))
    twin = copy.deepcopy(model)
    x, t = ag.randn(5, 6), ag.randn(5, 3)
    for m, forward in ((model, model), (twin, lambda x: _by_scalars(twin, x))):
        optimizer = optim.SGD(m.parameters(), lr=0.05, momentum=0.9)
        for _ in range(5):
            optimizer.zero_grad()
            nn.MSELoss()(forward(x), t).backward()
            optimizer.step()
    for a, b in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_allclose(a.data, b.data, rtol=1e-11, atol=1e-14)


def _by_scalars(model, x):
    h = x
    for m in model:
        h = [scalars(m, row) for row in h] if isinstance(m, nn.Linear) else m(np.array(h))
    return h
