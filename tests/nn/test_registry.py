"""Every module and loss is public and compared with PyTorch's numbers; every one that is a function is one, too."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import random
import warnings

import numpy as np
import pytest

import autograd_lite as ag
import autograd_lite.nn.functional as F
from autograd_lite import nn
from autograd_lite.nn import __main__
from autograd_lite.nn.activations import Activation
from autograd_lite.nn.losses import Loss

from . import reference

#: with parameters that start at random, random themselves, containers, or not PyTorch's: they have tests of their own
ELSEWHERE = {
    "Dropout", "Embedding", "Layer", "Linear", "MLP", "Module", "ModuleDict", "ModuleList", "Neuron",
    "ParameterList", "Sequential",
}  # fmt: skip


def classes(base):
    found = {}
    for module in pkgutil.iter_modules(nn.__path__):
        page = importlib.import_module(f"autograd_lite.nn.{module.name}")
        for name, item in vars(page).items():
            ours = inspect.isclass(item) and issubclass(item, base) and item.__module__ == page.__name__
            if ours and not name.startswith("_") and item not in (base, Activation, Loss):
                found[name] = item
    return found


def function_of(name):
    other = {"LayerNorm": "layer_norm", "RMSNorm": "rms_norm"}.get(name)  # others of weights have tests of their own
    return getattr(getattr(nn, name), "functional_name", other)


def test_every_module_is_public():
    named = {n for n in nn.__all__ if n[0].isupper()} - {"Parameter"}
    assert set(classes(nn.Module)) | {"Module"} == named, "name it in __all__ of its module"


def test_every_module_is_compared():
    tables = (reference.LOSSES, reference.LOSSES_OF_INPUTS, reference.MODULES, reference.FORMULAS, reference.FUNCTIONS)
    compared = {entry[0] for table in tables for entry in table.values()}
    left = set(classes(nn.Module)) - ELSEWHERE - compared
    assert left == set(), (
        "each needs a row in tests/nn/reference.py, then python -m tests.nn.reference (which asks PyTorch); what"
        " PyTorch lacks one in FORMULAS or FUNCTIONS, or a test of its own and its name in ELSEWHERE"
    )


@pytest.mark.parametrize("name", sorted({**classes(Activation), **classes(Loss)}))
def test_activations_and_losses_are_functions(name):
    assert function_of(name) in F.__all__, "say its functional_name, and name it in __all__ of its module"


def test_types_of_the_functions_are_those_of_the_classes():
    assert __main__.STUB.read_text(encoding="utf-8") == __main__.text(), "run: python -m autograd_lite.nn"


@pytest.mark.parametrize("name", [n for n, e in reference.MODULES.items() if function_of(e[0]) in F.__all__])
def test_functions_are_their_modules(name):
    kind, named, inputs = reference.MODULES[name]
    module = getattr(nn, kind)(**named)
    if getattr(module, "weight", None) is not None:
        named = {k: v for k, v in named.items() if k not in ("bias", "elementwise_affine")}
    named = {k: v for k, v in named.items() if k != "elementwise_affine"}
    found, wanted = getattr(F, function_of(kind))(inputs, **named), module(inputs)
    assert np.array_equal(ag_numbers(found), ag_numbers(wanted))


@pytest.mark.parametrize("name", [*reference.LOSSES, *reference.FORMULAS, *reference.LOSSES_OF_INPUTS])
def test_functions_are_their_losses(name):
    if name in reference.LOSSES:
        kind, named, *inputs = reference.LOSSES[name]
    elif name in reference.FORMULAS:
        kind, named, *inputs, _ = reference.FORMULAS[name]
    else:
        kind, named, inputs, _ = reference.LOSSES_OF_INPUTS[name]
    assert getattr(F, function_of(kind))(*inputs, **named) == getattr(nn, kind)(**named)(*inputs)


def ag_numbers(x):
    return np.array([float(v.data) if isinstance(v, ag.Value) else float(v) for v in np.ravel(x)])


def test_a_function_has_its_options_signature():
    assert list(inspect.signature(F.huber_loss).parameters) == ["input", "target", "reduction", "delta"]
    with pytest.raises(TypeError, match="unexpected keyword"):
        F.mse_loss([1.0], [1.0], scale=2.0)
    with pytest.raises(TypeError, match="missing"):
        F.mse_loss([1.0])


def test_linear_is_the_layer():
    ag.manual_seed(3)
    layer, x = nn.Linear(3, 2), reference.numbers((4, 3), 5)
    wanted = ag_numbers(layer(x))
    assert np.array_equal(ag_numbers(F.linear(x, layer.weight, layer.bias)), wanted)
    weights, bias = layer.weight.values().tolist(), layer.bias.values().tolist()
    found = F.linear(x, weights, bias)
    np.testing.assert_allclose(ag_numbers(found), wanted, rtol=1e-14)
    ag.sum(found.ravel().tolist()).backward()
    np.testing.assert_allclose(layer.weight.grad, np.tile(x.sum(axis=0), (2, 1)), rtol=1e-12)
    assert F.linear([1.0, 2.0], [[3.0, 4.0]]).tolist() == [11.0]
    with pytest.raises(nn.layers.ShapeError, match=r"\(4, 3\).*\(2, 2\)"):
        F.linear(x, [[1.0, 2.0], [3.0, 4.0]])


def test_functions_of_rows():
    a, b = reference.numbers((4, 3), 5), reference.numbers((4, 3), 6)
    norms = np.linalg.norm(a, axis=1, keepdims=True)
    np.testing.assert_allclose(F.normalize(a), a / norms, rtol=1e-14)
    np.testing.assert_allclose(F.normalize(a, p=1.0, dim=0), a / np.abs(a).sum(axis=0), rtol=1e-14)
    wanted = (a * b).sum(axis=1) / (norms[:, 0] * np.linalg.norm(b, axis=1))
    np.testing.assert_allclose(F.cosine_similarity(a, b), wanted, rtol=1e-14)
    assert F.one_hot([1, 0], 3).tolist() == [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    assert F.embedding([[1]], [[1.0], [2.0]]).tolist() == [[[2.0]]]
    for wrong, error in (([2], IndexError), ([0.5], TypeError)):
        with pytest.raises(error):
            F.embedding(wrong, [[1.0], [2.0]])
        with pytest.raises(error):
            F.one_hot(wrong, 2)


def test_functions_of_weights_for_each_channel():
    x, weight, bias = (reference.numbers(shape, 5 + k) for k, shape in enumerate([(2, 4, 3), (4,), (4,)]))
    slopes, groups = nn.PReLU(4), nn.GroupNorm(2, 4)
    slopes.weight[...], groups.weight[...], groups.bias[...] = weight, weight, bias
    assert np.array_equal(ag_numbers(F.prelu(x, weight)), ag_numbers(slopes(x)))
    assert np.array_equal(ag_numbers(F.group_norm(x, 2, weight, bias)), ag_numbers(groups(x)))
    assert np.array_equal(F.prelu(x, weight), np.where(x > 0.0, x, weight[:, None] * x))
    rows = x.reshape(2, 2, 6)
    normal = (rows - rows.mean(axis=2, keepdims=True)) / np.sqrt(rows.var(axis=2, keepdims=True) + 1e-5)
    wanted = normal.reshape(x.shape) * weight[:, None] + bias[:, None]
    np.testing.assert_allclose(F.group_norm(x, 2, weight, bias), wanted, rtol=1e-12)
    ag.sum(slopes(x).ravel().tolist()).backward()
    np.testing.assert_allclose(slopes.weight.grad, np.minimum(x, 0.0).sum(axis=(0, 2)), rtol=1e-13)
    ag.sum(groups(x).ravel().tolist()).backward()
    np.testing.assert_allclose(groups.weight.grad, normal.reshape(x.shape).sum(axis=(0, 2)), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(groups.bias.grad, np.full(4, 6.0), rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.PReLU(0), ValueError, "num_parameters is a positive int, not 0"),
        (lambda: nn.PReLU(2)(np.ones((4, 3))), ValueError, r"\(2,\) slopes for an input of shape \(4, 3\)"),
        (lambda: nn.PReLU(2)([1.0, 2.0]), ValueError, "second axis has the channels"),
        (lambda: nn.GroupNorm(3, 4), ValueError, "4 channels make no 3 equal groups"),
        (lambda: nn.GroupNorm(2, 4)(np.ones((2, 3))), ValueError, r"\(2, 3\), not \(batch, 4, …\)"),
        (lambda: F.group_norm([1.0, 2.0], 1), ValueError, r"\(2,\), not \(batch, channels, …\)"),
        (lambda: nn.GLU()([1.0, 2.0, 3.0]), ValueError, "3 numbers along the axis, which has no halves"),
        (lambda: nn.GLU(1)([1.0, 2.0]), ValueError, "no axis 1"),
        (lambda: nn.MultiMarginLoss(p=3), ValueError, "p is 1 or 2, not 3"),
        (lambda: nn.MultiMarginLoss()([[1.0, 2.0]], [-100]), IndexError, "class -100 is not one of 0 … 1"),
    ],
)
def test_wrong_uses_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_classes_of_a_compiled_margin_are_inputs():
    """One recording for all classes, and the numbers of eager code."""
    loss = nn.MultiMarginLoss(p=2, weight=[1.0, 2.0, 0.5])
    step = ag.compile(lambda rows, classes: loss(rows, classes), strict=True)
    for seed in range(4):
        rows, classes = reference.numbers((4, 3), seed), [(seed + k) % 3 for k in range(4)]
        assert step(rows, classes) == pytest.approx(loss(rows, classes), rel=1e-14)


def test_batch_norm_in_evaluation_uses_running_statistics():
    layer, x = nn.BatchNorm1d(3, momentum=None), 3.0 * reference.numbers((4, 3), 7)
    batches = [x, 2.0 * x + 1.0]
    for batch in batches:
        layer(batch)
    means = np.mean([b.mean(axis=0) for b in batches], axis=0)
    variances = np.mean([b.var(axis=0, ddof=1) for b in batches], axis=0)
    np.testing.assert_allclose(layer.running_mean, means, rtol=1e-13)
    np.testing.assert_allclose(layer.running_var, variances, rtol=1e-13)
    layer.eval()
    np.testing.assert_allclose(ag_numbers(layer(x)), ((x - means) / np.sqrt(variances + 1e-5)).ravel(), rtol=1e-12)
    assert float(layer.num_batches_tracked) == 2.0
    one = layer([[1.0, 2.0, 3.0]])
    assert one.shape == (1, 3)
    layer.train()
    with pytest.raises(ValueError, match="more than one"):
        layer([[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match=r"\(4, 2\)"):
        layer(np.zeros((4, 2)))


def test_buffers_are_saved_and_not_trained(tmp_path):
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    model(reference.numbers((5, 2), 8))
    state = model.state_dict()
    assert [n for n in state if "running" in n or "tracked" in n] == [n for n, _ in model.named_buffers()]
    assert len(list(model.parameters())) == 4
    ag.save(state, tmp_path / "state.json")
    other = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    other.load_state_dict(ag.load(tmp_path / "state.json"))
    assert np.array_equal(other[1].running_var, model[1].running_var)
    other(reference.numbers((5, 2), 9))
    assert not np.array_equal(other[1].running_var, state["1.running_var"]), "the state is a copy"
    with pytest.raises(ag.errors.StateError, match="running_mean"):
        other.load_state_dict({**state, "1.running_mean": [1.0]})


def test_a_compiled_step_keeps_running_statistics():
    """Recorded once, later calls would not update them: such a step runs eagerly, or is refused."""
    x = reference.numbers((5, 2), 8)
    plain, other = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    step = ag.compile(lambda x: ag.sum(other(x).ravel().tolist()))
    for k in range(3):
        plain(x + k)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            step(x + k)
        assert all("running statistics of BatchNorm1d (model.eval() leaves them)" in str(w.message) for w in said)
        assert len(said) == (k == 0)
        assert np.array_equal(plain.running_mean, other.running_mean)


def test_module_dict_and_parameter_list():
    heads = nn.ModuleDict({"a": nn.Linear(2, 1)})
    heads["b"] = nn.Tanh()
    assert list(heads) == ["a", "b"]
    assert len(heads) == 2
    assert list(heads.state_dict()) == ["a.weight", "a.bias"]
    del heads["a"]
    assert list(heads.keys()) == ["b"]
    assert [type(m) for m in heads.values()] == [nn.Tanh]
    for name, wrong in (("a", 3), ("a.b", nn.Tanh()), ("", nn.Tanh())):
        with pytest.raises(TypeError):
            heads[name] = wrong
    with pytest.raises(NotImplementedError):
        heads(1.0)

    class Powers(nn.Module):
        def __init__(self):
            self.coefficients = nn.ParameterList([[1.0], [2.0, 3.0]])

        def forward(self, x):
            return self.coefficients[0][0] * x + self.coefficients[1][1]

    model = Powers()
    assert [n for n, _ in model.named_parameters()] == ["coefficients.0", "coefficients.1"]
    model(2.0).backward()
    assert [p.grad.tolist() for p in model.parameters()] == [[2.0], [0.0, 1.0]]
    model.coefficients[0] = [5.0]
    assert len(model.coefficients[1:]) == 1
    with pytest.raises(NotImplementedError):
        model.coefficients(1.0)


def test_parameters_as_a_vector_and_back():
    ag.manual_seed(1)
    model, loose = nn.Linear(2, 3), [ag.Value(7.0)]
    parameters = [*model.parameters(), *loose]
    vector = nn.utils.parameters_to_vector(parameters)
    assert vector.tolist() == [*model.weight.data.ravel().tolist(), *model.bias.data.tolist(), 7.0]
    order = random.Random(0).sample(range(10), 10)
    nn.utils.vector_to_parameters(vector[order], parameters)
    assert nn.utils.parameters_to_vector(parameters).tolist() == vector[order].tolist()
    assert [v.data for v in model.weight.values().ravel()] == vector[order][:6].tolist()
    with pytest.raises(ValueError, match="9 numbers"):
        nn.utils.vector_to_parameters(vector[:9], parameters)
    assert nn.utils.parameters_to_vector(parameters).tolist() == vector[order].tolist()
    norm = nn.utils.get_total_norm([[3.0], [[0.0], [4.0]]])
    assert norm == 5.0
    assert nn.utils.get_total_norm([3.0, -4.0], norm_type=float("inf")) == 4.0
    with pytest.raises(RuntimeError):
        nn.utils.get_total_norm([float("inf")], error_if_nonfinite=True)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.GaussianNLLLoss()([1.0], [1.0], [-1.0]), "negative"),
        (lambda: nn.GaussianNLLLoss()([1.0, 2.0], [1.0, 2.0], [1.0, 1.0, 1.0]), "variance"),
        (lambda: nn.GaussianNLLLoss()([1.0, 2.0], [1.0], 1.0), "equal"),
        (lambda: nn.MarginRankingLoss()([1.0, 2.0], [1.0], 1.0), "shapes"),
        (lambda: nn.CosineEmbeddingLoss()([1.0], [1.0], 0.0), "1 and -1"),
        (lambda: nn.CosineEmbeddingLoss()([[1.0]], [[1.0]], 1.0), "one for each row"),
        (lambda: nn.TripletMarginLoss()([1.0], [1.0], [1.0, 2.0]), "rows of one shape"),
        (lambda: nn.TripletMarginLoss(p=0.0), "positive"),
        (lambda: nn.Hardtanh(1.0, 1.0), "less than"),
        (lambda: nn.CELU(0.0), "alpha"),
        (lambda: nn.Hardshrink(-1.0), "lambd"),
        (lambda: nn.Softshrink(float("nan")), "lambd"),
        (lambda: nn.RMSNorm(0), "positive int"),
        (lambda: nn.RMSNorm(3)([1.0, 2.0]), r"\(2,\)"),
    ],
)
def test_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_tiny_variance_counts_as_eps():
    loss = nn.GaussianNLLLoss(eps=0.5)
    v = ag.Value(0.1)
    found = loss([1.0], [2.0], [v])
    assert found.data == pytest.approx(loss([1.0], [2.0], [0.5]))
    found.backward()
    assert v.grad == 0.0
