"""Modules: what they contain, their state, their text, and what they refuse."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn


@pytest.fixture
def model():
    return nn.Sequential(nn.Linear(10, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 5))


class Branches(nn.Module):
    """Modules and parameters in all places, and no super().__init__()."""

    def __init__(self):
        self.scale = nn.Parameter([1.0, 2.0])
        self.first = nn.Linear(2, 3)
        self.more = [nn.Linear(3, 3), nn.Tanh()]
        self.heads = {"a": nn.Linear(3, 1), "b": nn.Linear(3, 2, bias=False)}
        self._private = nn.Linear(3, 3)
        self._cache = [nn.Linear(9, 9)]

    def forward(self, x):
        h = self._private(self.first(x * self.scale))
        for layer in self.more:
            h = layer(h)
        return self.heads["a"](h), self.heads["b"](h)


def test_parameters_of_figure_7_8(model):
    parameters = model.parameters()
    assert [p.shape for p in parameters] == [(40, 10), (40,), (40, 40), (40,), (5, 40), (5,)]
    assert len(parameters) == 6
    assert sum(p.numel() for p in parameters) == 2285
    assert next(model.parameters()) is model[0].weight
    both = model.parameters()
    assert [next(both), next(both)] == [model[0].weight, model[0].bias]
    assert [name for name, _ in model.named_parameters()] == [
        f"{i}.{name}" for i in (0, 2, 4) for name in ("weight", "bias")
    ]


def test_everything_is_found():
    net = Branches()
    assert [name for name, _ in net.named_parameters()] == [
        "scale", "first.weight", "first.bias", "more.0.weight", "more.0.bias", "heads.a.weight", "heads.a.bias",
        "heads.b.weight", "_private.weight", "_private.bias",
    ]  # fmt: skip
    names = ["", "first", "more.0", "more.1", "heads.a", "heads.b", "_private"]
    assert [name for name, _ in net.named_modules()] == names
    assert [type(m).__name__ for m in net.children()] == ["Linear", "Linear", "Tanh", "Linear", "Linear", "Linear"]
    assert [name for name, _ in net.named_parameters(recurse=False)] == ["scale"]
    assert net.scale[1].label == "scale[1]"
    a, b = net([1.0, 2.0])
    (a[0] + b[0] + b[1]).backward()
    assert all(p.grad.any() for p in net.parameters())


def test_batches(model):
    x = ag.randn(7, 10)
    many = model(x)
    assert many.shape == (7, 5)
    assert many.dtype == object
    for same in (x.tolist(), ag.values(x), list(x), tuple(map(tuple, x)), x.astype(object)):
        assert [v.data for v in model(same).flat] == [v.data for v in many.flat]
    for row in (x[3], list(map(Value, x[3]))):
        one = [v.data for v in model(row)]  # a product of one row may add in another order than one of seven
        np.testing.assert_allclose(one, [v.data for v in many[3]], rtol=1e-13)
    assert model(x.reshape(7, 1, 10)).shape == (7, 1, 5)
    assert model(np.zeros((0, 10))).shape == (0, 5)
    assert model(np.ones((2, 10), dtype=int)).shape == (2, 5)
    assert model(np.ones((2, 10), dtype=np.float32)).shape == (2, 5)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.zeros((3, 7)), r"Linear\(in_features=10.*\(3, 7\).*\(40, 10\)"),
        (np.zeros(9), r"\(9,\).*\(40, 10\)"),
        (1.0, r"\(\).*\(40, 10\)"),
        ([[1.0] * 10, [1.0] * 9], "different lengths"),
    ],
)
def test_wrong_shapes_are_named(model, x, words):
    with pytest.raises(ValueError, match=words):
        model(x)


def test_wrong_types_are_named(model):
    for wrong in ("text", ["a"] * 10, None, [None] * 10, np.zeros(10, dtype=complex)):
        with pytest.raises((TypeError, ValueError)):
            model(wrong)


def test_apply_goes_inside_out(model):
    seen = []
    assert model.apply(lambda m: seen.append(type(m).__name__)) is model
    assert seen == ["Linear", "ReLU", "Linear", "ReLU", "Linear", "Sequential"]
    inner = nn.Sequential(nn.Tanh(), nn.Linear(1, 1))
    nested, seen = nn.Sequential(inner, nn.ReLU(), inner[1]), []
    nested.apply(seen.append)
    assert seen == [inner[0], inner[1], inner, nested[1], nested]


def test_a_sequential_with_attributes_of_its_own():
    class Net(nn.Sequential):
        def __init__(self):
            super().__init__(nn.Linear(2, 3), nn.ReLU())
            self.head = nn.Linear(3, 1)
            self.scale = nn.Parameter(1.0)

        def forward(self, x):
            return self.head(super().forward(x)) * self.scale

    net = Net()
    assert list(net.state_dict()) == ["scale", "0.weight", "0.bias", "head.weight", "head.bias"]
    assert net([1.0, 2.0]).shape == (1,)
    net.eval()
    assert not net.head.training


def test_a_module_used_twice_is_in_the_state_twice():
    """As in PyTorch, whose state dicts then load here."""
    layer = nn.Linear(2, 2)
    net = nn.Sequential(layer, nn.ReLU(), layer)
    assert len(net.parameters()) == 2
    state = net.state_dict()
    assert list(state) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)).load_state_dict(state)
    net.load_state_dict(state)
    layer.parent = net  # a reference back is no endless tree
    assert len(net.state_dict()) == 4
    assert net.apply(lambda m: None) is net


def test_a_state_with_none_or_text_is_refused(model):
    before = model.state_dict()
    for wrong in ([None] * 5, ["1"] * 5, [ag.Value(1.0)] * 5, "11111", [[1.0]] * 5, [1.0, [2.0], 3.0, 4.0, 5.0]):
        with pytest.raises(ag.StateError, match=r"4\.bias"):
            model.load_state_dict({**before, "4.bias": wrong})
        with pytest.raises(RuntimeError):  # what PyTorch's programs catch
            model.load_state_dict({**before, "4.bias": wrong})
    assert all((before[name] == array).all() for name, array in model.state_dict().items())
    assert model.load_state_dict({**before, "4.bias": nn.Parameter(np.arange(5.0))}) == ([], [])
    assert model[4].bias.data.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_train_and_eval(model):
    assert model.training
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    assert model.train() is model
    assert all(m.training for m in model.modules())


def test_zero_grad(model):
    ag.sum(model(np.ones(10))).backward()
    assert model[4].bias.grad.tolist() == [1.0] * 5
    model.zero_grad()
    assert not any(p.grad.any() for p in model.parameters())


def test_a_step_by_hand(model):
    loss = nn.MSELoss()(model(np.ones(10)), np.zeros(5))
    loss.backward()
    for p in model.parameters():
        p.data -= 1e-3 * p.grad
    assert nn.MSELoss()(model(np.ones(10)), np.zeros(5)).data < loss.data
    assert model[0].weight.detach().numpy()[0, 0] == model[0].weight[0, 0].data


def test_state_dict_there_and_back(model):
    state = model.state_dict()
    assert list(state) == [name for name, _ in model.named_parameters()]
    assert all(type(array) is np.ndarray and array.dtype == np.float64 for array in state.values())
    other = nn.Sequential(nn.Linear(10, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 5))
    w = other[0].weight[1, 2]
    assert other.load_state_dict(state) == ([], [])
    assert w.data == state["0.weight"][1, 2]
    x = ag.randn(10)
    assert [v.data for v in other(x)] == [v.data for v in model(x)]
    other[0].weight.data.fill_(0.0)
    assert state["0.weight"].any()
    lists = json.loads(json.dumps({name: array.tolist() for name, array in state.items()}))
    other.load_state_dict(lists)
    assert [v.data for v in other(x)] == [v.data for v in model(x)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.pop("2.bias"), "missing: 2.bias"),
        (lambda s: s.update(extra=np.zeros(3)), "not in the model: extra"),
        (lambda s: s.update({"4.weight": np.zeros((40, 5))}), r"4.weight has shape \(40, 5\).*\(5, 40\)"),
        (lambda s: s.update({"4.weight": "text"}), "4.weight is not an array"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(model, change, words):
    state = {name: array + 1.0 for name, array in model.state_dict().items()}
    before = model.state_dict()
    change(state)
    with pytest.raises(ValueError, match=words):
        model.load_state_dict(state)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_state_that_fits_partly(model):
    found = model.load_state_dict({"0.bias": np.ones(40), "extra": [1.0]}, strict=False)
    assert found.unexpected_keys == ["extra"]
    assert len(found.missing_keys) == 5
    assert model[0].bias.data.tolist() == [1.0] * 40


def test_text(model):
    assert repr(nn.Sequential(nn.Linear(3, 2, bias=False), nn.LeakyReLU(0.1), nn.Sequential(nn.Dropout(0.2)))) == (
        "Sequential(\n  (0): Linear(in_features=3, out_features=2, bias=False)\n  (1): LeakyReLU(negative_slope=0.1)\n"
        "  (2): Sequential(\n    (0): Dropout(p=0.2, inplace=False)\n  )\n)"
    )
    assert repr(nn.Sequential()) == "Sequential()"
    assert repr(nn.LayerNorm(4)) == "LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)"
    assert repr(nn.Embedding(5, 2)) == "Embedding(5, 2)"
    assert "(first): Linear" in repr(Branches())


def test_sequential_is_a_list(model):
    assert len(model) == 5
    assert model[0] is model[-5] is next(iter(model))
    assert len(model[:2]) == 2
    model[1] = nn.Tanh()
    assert isinstance(model[1], nn.Tanh)
    model.append(nn.Softmax())
    assert sum(v.data for v in model(np.ones(10))) == pytest.approx(1.0)
    named = nn.Sequential({"first": nn.Linear(2, 1), "then": nn.ReLU()})
    assert named.first.in_features == 2
    assert list(named.state_dict()) == ["first.weight", "first.bias"]
    with pytest.raises(TypeError, match="argument 1 is a function"):
        nn.Sequential(nn.ReLU(), lambda x: x)
    with pytest.raises(AttributeError, match="nothing"):
        _ = named.nothing


def test_a_list_of_modules():
    layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)]).extend([nn.ReLU()])
    layers.append(nn.ReLU(inplace=True))
    assert len(layers) == 5
    assert len(layers.parameters()) == 6
    assert repr(nn.ModuleList([nn.ReLU()])) == "ModuleList(\n  (0): ReLU()\n)"
    with pytest.raises(NotImplementedError, match="Sequential"):
        layers([1.0, 2.0])


@pytest.mark.parametrize(
    "text",
    [
        "Linear(3, 2)", "Linear(3, 2, bias=False)", "ReLU()", "Tanh()", "Sigmoid()", "GELU()", "SiLU()", "ELU(0.5)",
        "LeakyReLU(0.2)", "Softmax(dim=1)", "Softmax()", "LogSoftmax(dim=0)", "Identity()", "Flatten()", "Dropout(0.1)",
        "Embedding(5, 3)", "MSELoss()", "Sequential(Linear(3, 2), ReLU())", "ModuleList([ReLU()])",
    ],
)  # fmt: skip
def test_text_is_pytorch_s(text):
    torch = pytest.importorskip("torch")
    assert repr(eval(text, {name: getattr(nn, name) for name in nn.__all__})) == repr(eval(text, vars(torch.nn)))


def test_a_parameter_is_not_overwritten_by_accident(model):
    with pytest.raises(TypeError, match=r"weight\.data"):
        model[0].weight = np.zeros((40, 10))
    with pytest.raises(NotImplementedError, match="forward"):
        nn.Module()(1.0)


def test_copies(model):
    x = ag.randn(10)
    wanted = [v.data for v in model(x)]
    for made in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        model[0].weight.data += 0.0
        assert [v.data for v in made(x)] == wanted
        made[0].weight.data.fill_(0.0)
        assert [v.data for v in model(x)] == wanted
        ag.sum(made(x)).backward()
        assert made[4].bias.grad.any()
        assert not model[4].bias.grad.any()


def test_activations_of_anything():
    for kind in (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.GELU, nn.SiLU, nn.ELU, nn.LeakyReLU):
        module, x = kind(), Value(0.7)
        one = module(x)
        assert one.parents == (x,) or one.data == pytest.approx(module(0.7))
        assert module(0.7) == pytest.approx(one.data)
        assert [v.data for v in module([x, Value(0.7)])] == [one.data] * 2
        assert module(np.full((2, 2), 0.7)).tolist() == [[module(0.7)] * 2] * 2
        assert module(nn.Parameter([0.7]))[0].data == one.data
        assert isinstance(module([x, 1.0])[0], Value)


def test_relu_keeps_nan():
    layer = nn.ReLU()
    out = layer(ag.values([-1.0, 0.0, 2.0, float("nan")]))
    assert [v.data for v in out[:3]] == [0.0, 0.0, 2.0]
    assert np.isnan(out[3].data)
    assert [v.local_partials[0] for v in out[:3]] == [0.0, 0.0, 1.0]


def test_dropout():
    ag.manual_seed(1)
    layer = nn.Dropout(0.25)
    x = ag.values(np.ones(4000))
    out = layer(x)
    kept = [v for v in out if isinstance(v, Value)]
    assert abs(len(kept) / 4000 - 0.75) < 0.03
    assert all(v.data == 1 / 0.75 for v in kept)
    ag.manual_seed(1)
    assert [isinstance(v, Value) for v in layer(x)] == [isinstance(v, Value) for v in out]
    assert layer.eval()(x) is x
    assert nn.Dropout(1.0)([1.0, 2.0]).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="probability"):
        nn.Dropout(1.5)


def test_layer_norm_and_its_parameters():
    layer = nn.LayerNorm(3)
    layer.weight.data = [1.0, 2.0, 3.0]
    out = layer(ag.values([[1.0, 2.0, 6.0]]))
    ag.sum(out).backward()
    assert layer.bias.grad.tolist() == [1.0] * 3
    np.testing.assert_allclose(layer.weight.grad * layer.weight.data, [v.data for v in out[0]], rtol=1e-13)
    with pytest.raises(ValueError, match=r"LayerNorm.*\(2,\).*\(3,\)"):
        layer([1.0, 2.0])


def test_flatten_softmax_embedding_refuse():
    assert nn.Flatten()(ag.values(np.zeros((2, 3, 4)))).shape == (2, 12)
    with pytest.raises(ValueError, match="Flatten"):
        nn.Flatten()(np.zeros(3))
    with pytest.raises(ValueError, match=r"Softmax.*axis 2"):
        nn.Softmax(dim=2)(np.zeros((2, 2)))
    table = nn.Embedding(3, 2)
    with pytest.raises(IndexError, match="outside"):
        table([0, 3])
    with pytest.raises(TypeError, match="integer"):
        table([0.5])
    with pytest.raises(ValueError, match="Linear: in_features"):
        nn.Linear(0, 3)


def test_softmax_sums_to_one_far_out():
    out = nn.Softmax()(ag.values([1000.0, 999.0, -1000.0]))
    assert sum(v.data for v in out) == pytest.approx(1.0)
    out[0].backward()


def test_softplus_and_layer_norm_say_what_pytorch_says():
    assert repr(nn.Softplus(2, 20)) == "Softplus(beta=2.0, threshold=20.0)"
    assert list(nn.LayerNorm(4, bias=False).state_dict()) == ["weight"]


def test_weights_of_bce_are_broadcast():
    with pytest.raises(ValueError, match=r"BCELoss.*weight.*\(2,\).*\(2, 3\)"):
        nn.BCELoss(weight=[1.0, 2.0])(np.full((2, 3), 0.5), np.ones((2, 3)))


def test_clipping_under_its_other_name():
    assert nn.utils.clip_grad_norm_ is ag.optim.clip_grad_norm_
    p = nn.Parameter([3.0, 4.0])
    p.grad = [3.0, 4.0]
    assert nn.utils.clip_grad_norm_([p], 1.0) == 5.0


def test_an_empty_batch_keeps_the_last_axis():
    assert nn.MLP(2, [3, 2])(np.zeros((0, 2))).shape == (0, 2)
    assert nn.MLP(2, [3, 1])(np.zeros((0, 2))).shape == (0,)
    assert nn.Neuron(2)(np.zeros((0, 2))).shape == (0,)
    with pytest.raises(ValueError, match="empty"):
        nn.KLDivLoss(reduction="batchmean")(np.zeros((0, 3)), np.zeros((0, 3)))
