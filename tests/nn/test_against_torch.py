"""Losses, modules and figure 7.8's training against PyTorch: its recorded numbers, and itself where it is installed."""

from __future__ import annotations

import json
import math

import mpmath as mp
import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, optim

from . import reference

KNOWN = json.loads(reference.FILE.read_text())


def figure78():
    layers = []
    for inputs, outputs in reference.SIZES:
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    for parameter, start in zip(model.parameters(), reference.weights(), strict=True):
        parameter.data = start
    return model


def first_gradients():
    model = figure78()
    x, y = reference.points()
    nn.MSELoss()(model(x[:10]), y[:10]).backward()
    return [p.grad for p in model.parameters()]


def close(found, wanted, rtol=1e-12):
    """Relative, element by element, with sums of cancelling terms held to the size of the largest."""
    wanted = np.asarray(wanted)
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=1e-3 * rtol * float(np.abs(wanted).max(initial=0.0)))


def test_gradients_of_figure_78():
    for found, wanted in zip(reference.excerpt(first_gradients()), KNOWN["figure78"]["gradients"], strict=True):
        close(found, wanted)


def test_gradients_of_figure_78_one_by_one():
    """Every one of the 2,285 gradients, through PyTorch and through the scalar elements."""
    torch = pytest.importorskip("torch")
    for found, wanted in zip(first_gradients(), reference.torch_figure78(torch, steps=1)[1], strict=True):
        close(found, wanted)


def test_loss_curve_of_figure_78():
    model = figure78()
    x, y = reference.points()
    criterion = nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    losses = []
    for step in range(200):
        batch = slice(10 * (step % 10), 10 * (step % 10) + 10)
        optimizer.zero_grad()
        loss = criterion(model(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 10 == 9:
            scheduler.step()
    np.testing.assert_allclose(losses, KNOWN["figure78"]["losses"], rtol=1e-9)
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("name", reference.LOSSES)
def test_losses(name):
    kind, named, prediction, target = reference.LOSSES[name]
    p = ag.values(prediction)
    loss = getattr(nn, kind)(**named)(p, target)
    loss.backward()
    value, gradient = KNOWN["losses"][name]
    assert loss.data == pytest.approx(value, rel=1e-12)
    close([v.grad for v in p.flat], gradient)


@pytest.mark.parametrize("name", reference.LOSSES_OF_INPUTS)
def test_losses_of_several_inputs(name):
    kind, named, inputs, count = reference.LOSSES_OF_INPUTS[name]
    given = [ag.values(x) if k < count else x for k, x in enumerate(inputs)]
    loss = getattr(nn, kind)(**named)(*given)
    loss.backward()
    value, gradient = KNOWN["losses_of_inputs"][name]
    assert loss.data == pytest.approx(value, rel=1e-12)
    close([v.grad for x in given[:count] for v in x.flat], gradient)


@pytest.mark.parametrize("name", reference.FORMULAS)
def test_losses_by_their_formulas(name):
    """What PyTorch lacks: value and slope of 50-digit numbers."""
    kind, named, prediction, target, formula = reference.FORMULAS[name]
    p = ag.values(prediction)
    loss = getattr(nn, kind)(**named)(p, target)
    loss.backward()
    count = 1 if named.get("reduction") == "sum" else p.size
    pairs = list(zip(np.ravel(prediction).tolist(), np.ravel(target).tolist(), strict=True))
    with mp.workdps(50):
        assert loss.data == pytest.approx(float(mp.fsum(formula(mp.mpf(x), t) for x, t in pairs) / count), rel=1e-12)
        close([v.grad for v in p.flat], [float(mp.diff(lambda v, t=t: formula(v, t), x) / count) for x, t in pairs])


@pytest.mark.parametrize("name", reference.FUNCTIONS)
def test_functions_by_their_formulas(name):
    """The same for functions of one number."""
    kind, named, inputs, formula = reference.FUNCTIONS[name]
    x = ag.values(inputs)
    out = getattr(nn, kind)(**named)(x)
    ag.sum(out.ravel().tolist()).backward()
    with mp.workdps(50):
        numbers = np.ravel(inputs).tolist()
        close([v.data for v in out.flat], [float(formula(mp.mpf(v))) for v in numbers])
        close([v.grad for v in x.flat], [float(mp.diff(formula, v)) for v in numbers])


@pytest.mark.parametrize("name", reference.MODULES)
def test_modules(name):
    kind, named, inputs = reference.MODULES[name]
    x = ag.values(inputs)
    out = getattr(nn, kind)(**named)(x)
    values, gradient = KNOWN["modules"][name]
    close([v.data for v in out.flat], values)
    ag.dot(reference.SEEDS[: out.size].tolist(), out.ravel().tolist()).backward()
    close([v.grad for v in x.flat], gradient)


@pytest.mark.filterwarnings("ignore:reduction:UserWarning")  # PyTorch on its own KLDivLoss
def test_recorded_numbers_are_pytorch_s():
    torch = pytest.importorskip("torch")
    for part in ("losses", "losses_of_inputs", "modules"):
        for name, (value, gradient) in getattr(reference, f"torch_{part}")(torch).items():
            np.testing.assert_allclose(value, KNOWN[part][name][0], rtol=1e-13)
            np.testing.assert_allclose(gradient, KNOWN[part][name][1], rtol=1e-12, atol=1e-17)


def test_losses_one_by_one_and_their_sum():
    p, t = ag.values([[1.0, 2.0], [3.0, 5.0]]), np.array([[0.0, 2.0], [1.0, 1.0]])
    each = nn.MSELoss(reduction="none")(p, t)
    assert each.shape == (2, 2)
    assert [v.data for v in each.flat] == [1.0, 0.0, 4.0, 16.0]
    assert nn.MSELoss(reduction="sum")(p, t).data == 21.0
    assert nn.MSELoss()(p, t).data == 5.25
    assert nn.CrossEntropyLoss(reduction="none")(p, [0, 1]).shape == (2,)


def test_a_loss_is_few_nodes():
    """One for the reduction, and two for each pair: a difference and its square."""
    p = ag.values(np.ones((10, 5)))
    assert len(ag.topological_order(nn.MSELoss()(p, np.zeros((10, 5))))) == 50 + 2 * 50 + 1
    assert len(ag.topological_order(nn.CrossEntropyLoss()(p, [0] * 10))) == 50 + 2 * 10 + 1


def test_targets_may_be_values():
    p, t = ag.Value(3.0), ag.Value(1.0)
    nn.MSELoss()([p], [t]).backward()
    assert (p.grad, t.grad) == (4.0, -4.0)


@pytest.mark.parametrize(
    ("loss", "prediction", "target", "error", "words"),
    [
        (nn.MSELoss(), np.zeros((10, 1)), np.zeros(10), ValueError, r"MSELoss.*\(10, 1\).*\(10,\)"),
        (nn.MSELoss(), np.zeros((0, 1)), np.zeros((0, 1)), ValueError, "empty"),
        (nn.HingeLoss(), [0.5], [0.0], ValueError, "1 and -1"),
        (nn.BCELoss(), [0.5, 1.5], [0.0, 1.0], ValueError, "prediction is 1.5.*BCEWithLogitsLoss"),
        (nn.BCELoss(), [-1e-9], [0.0], ValueError, "prediction is -1e-09"),
        (nn.BCELoss(), [np.nan], [0.0], ValueError, "prediction is nan"),
        (nn.BCELoss(), [0.5], [2.0], ValueError, "target is 2.0"),
        (nn.BCELoss(), [0.5], [-1], ValueError, "target is -1"),
        (nn.BCELoss(), [0.5], [np.nan], ValueError, "target is nan"),
        (nn.CrossEntropyLoss(), np.zeros((2, 3)), [0, 3], IndexError, "class 3"),
        (nn.CrossEntropyLoss(), np.zeros((2, 3)), [0.0, 1.0], TypeError, "integers"),
        (nn.CrossEntropyLoss(), np.zeros((2, 3)), [0], ValueError, r"\(2, 3\).*\(1,\)"),
        (nn.CrossEntropyLoss(weight=[1.0]), np.zeros((2, 3)), [0, 1], ValueError, "1 weights for 3 classes"),
    ],
)
def test_what_losses_refuse(loss, prediction, target, error, words):
    with pytest.raises(error, match=words):
        loss(ag.values(prediction), target)


def test_compiled_probabilities_are_checked_at_each_call():
    step = ag.compile(lambda p, t: nn.BCELoss()(p, t), strict=True)
    assert step([0.25, 1.0], [0.0, 1.0]) == pytest.approx(-0.5 * math.log(0.75), rel=1e-15)
    for p, t in (([0.25, 1.1], [0.0, 1.0]), ([math.nan, 1.0], [0.0, 1.0]), ([0.25, 1.0], [0.0, -1.0])):
        with pytest.raises(ValueError, match=r"BCELoss.*(prediction|target) is"):
            step(p, t)
    assert step([0.5, 0.5], [0.0, 1.0]) == pytest.approx(math.log(2.0), rel=1e-15)


@pytest.mark.parametrize("kind", ["MSELoss", "CrossEntropyLoss", "KLDivLoss"])
def test_unknown_reductions(kind):
    with pytest.raises(ValueError, match=f"{kind}: reduction"):
        getattr(nn, kind)(reduction="average")
