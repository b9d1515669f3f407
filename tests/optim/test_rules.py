"""Update rules: PyTorch's definitions, bit for bit."""

from __future__ import annotations

import subprocess
import sys
import types
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn, optim

from . import reference
from .exact import same


class Plain:
    """The least that an optimiser needs: two arrays."""

    def __init__(self, data: Any) -> None:
        self.data = np.array(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)


def set_array(parameter: Any, gradient: Any) -> None:
    parameter.grad[...] = gradient.reshape(parameter.grad.shape)


def array_trace(name: str, n: int, steps: int, shape: tuple[int, ...] | None = None) -> Any:
    numbers, gradients = reference.start(n, steps)
    parameter = Plain(numbers.reshape(shape or numbers.shape))
    buffer = parameter.data
    trace = reference.run(optim, name, parameter, set_array, lambda p: p.data.ravel().copy(), gradients)
    assert parameter.data is buffer
    assert (parameter.grad.ravel() == gradients[-1]).all(), "a step may not change the gradients"
    return np.array(trace)


@pytest.mark.parametrize("name", reference.ALL)
def test_arrays_follow_the_literal_sequences(name):
    known = np.array(reference.known(name))
    assert same(array_trace(name, 7, 8), known)


@pytest.mark.parametrize("name", reference.ALL)
def test_values_follow_the_literal_sequences(name):
    """Seven loose Values, gathered, are the array of seven."""
    kind, options = reference.ALL[name]
    numbers, gradients = reference.start(7, 8)
    values = [Value(x) for x in numbers]
    optimizer = getattr(optim, kind)((v for v in values), **options)
    for i, (gradient, known) in enumerate(zip(gradients, reference.known(name))):
        if i == 4:
            optimizer.param_groups[0]["lr"] *= 0.5
        for value, g in zip(values, gradient):
            value.grad = g
        optimizer.step()
        assert same([v.data for v in values], known)
        assert all(type(v.data) is float for v in values)


@pytest.mark.parametrize("name", reference.ALL)
def test_parameters_elements_and_values_mixed(name):
    """A Parameter whole, another by its elements (not all, not in order), Values between them: the same numbers."""
    kind, options = reference.ALL[name]
    numbers, gradients = reference.start(7, 8)
    whole, pieces = ag.nn.Parameter(numbers[:2]), ag.nn.Parameter([[numbers[4], 9.0], [numbers[2], numbers[3]]])
    loose = [Value(numbers[5]), Value(numbers[6])]
    mixed = [loose[1], pieces[1, 1], whole, pieces[0, 0], loose[0], pieces[1, 0]]
    optimizer = getattr(optim, kind)(mixed, **options)
    for i, (gradient, known) in enumerate(zip(gradients, reference.known(name))):
        if i == 4:
            optimizer.param_groups[0]["lr"] *= 0.5
        whole.grad[...] = gradient[:2]
        pieces.grad[...] = [[gradient[4], 5.0], [gradient[2], gradient[3]]]
        loose[0].grad, loose[1].grad = gradient[5], gradient[6]
        optimizer.step()
        found = [*whole.data, pieces[1, 0].data, pieces[1, 1].data, pieces[0, 0].data, *(v.data for v in loose)]
        assert same(found, known)
        assert pieces[0, 1].data == 9.0
    again = getattr(optim, kind)(mixed, **options)
    again.load_state_dict(optimizer.state_dict())
    assert repr(again.state_dict()) == repr(optimizer.state_dict())


@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (2, 1, 3)])
@pytest.mark.parametrize("name", ["sgd-all", "adam-amsgrad", "rmsprop-all", "adagrad-all"])
def test_every_shape(name, shape):
    n = int(np.prod(shape))
    assert (array_trace(name, n, 8, shape) == array_trace(name, n, 8)).all()


def test_the_literal_sequences_are_pytorchs(tmp_path):
    """PyTorch without fused multiply-adds, and with a right square root, gives the same bits (40 steps of 1000)."""
    pytest.importorskip("torch")
    path = tmp_path / "long.npz"
    subprocess.run([sys.executable, reference.__file__, str(path)], check=True)
    with np.load(path) as found:
        for name in reference.OPTIMISERS:
            ours = array_trace(name, 1000, 40)
            assert (found[name] == ours).all(), name


@pytest.mark.parametrize("name", reference.OPTIMISERS)
def test_pytorch_as_it_comes(name):
    """With its fused multiply-adds and its square root the last digit may differ, and the next step carries that on."""
    pytest.importorskip("torch")
    theirs, ours = reference.torch_trace(name, 100, 40), array_trace(name, 100, 40)
    assert np.allclose(theirs, ours, rtol=1e-12, atol=1e-12)


def test_a_gradient_of_none_is_left_alone():
    still, moving = Plain([1.0]), Plain([1.0])
    still.grad = None
    optimizer = optim.SGD([still, moving], lr=0.1, weight_decay=1.0)
    optimizer.step()
    optimizer.zero_grad()
    assert still.data[0] == 1.0
    assert moving.data[0] == 0.9
    assert optimizer.state_dict()["state"] == {}


def test_groups_have_their_own_rates():
    a, b = Value(1.0), Value(1.0)
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    a.grad = b.grad = 1.0
    optimizer.step()
    assert (a.data, b.data) == (0.9, 0.5)
    c = Value(1.0)
    optimizer.add_param_group({"params": [c], "momentum": 0.9})
    c.grad = 1.0
    optimizer.step()
    assert c.data == 0.9
    assert optimizer.param_groups[2]["params"] == [c]


def test_object_arrays_and_named_pairs():
    w, b = ag.values([[1.0, 2.0], [3.0, 4.0]]), Value(5.0)
    optimizer = optim.SGD([w, b], lr=1.0)
    for v in [*w.flat, b]:
        v.grad = 1.0
    optimizer.step()
    assert [v.data for v in w.flat] == [0.0, 1.0, 2.0, 3.0]
    optim.SGD(w, lr=1.0).step()
    assert w[0, 0].data == -1.0
    named = optim.SGD((("w", w[0, 0]), ("b", b)), lr=0.1)
    assert named.param_groups[0]["param_names"] == ["w", "b"]
    with pytest.raises(ValueError, match="names"):
        optim.SGD([("w", w[0, 0]), b])


def test_gradients_that_are_values():
    """After backward(create_graph=True) the gradient is a Value; a step takes its number."""
    x = Value(3.0)
    (x * x).backward(create_graph=True)
    optimizer = optim.SGD([x], lr=0.5)
    optimizer.step()
    assert x.data == 0.0
    optimizer.zero_grad()
    assert type(x.grad) is float
    assert x.grad == 0.0


def test_closure_and_return_value():
    x = Value(1.0)
    optimizer = optim.SGD([x], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = x * x
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 1.0
    assert x.data == 0.5
    assert optimizer.step() is None


def test_no_warning_from_numpy_when_training_diverges():
    p = Plain([1e200, 0.0])
    p.grad[...] = [1e200, np.nan]
    optim.Adam([p], lr=1e300).step()
    assert p.grad[0] == 1e200
    assert not np.isfinite(p.data[1])


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda x: optim.SGD([x], lr=-1), ValueError, "Invalid learning rate: -1"),
        (lambda x: optim.SGD([x], lr=float("nan")), ValueError, "Invalid learning rate"),
        (lambda x: optim.SGD([x], lr="0.1"), TypeError, "Invalid learning rate"),
        (lambda x: optim.SGD([x], lr=None), TypeError, "Invalid learning rate"),
        (lambda x: optim.SGD([x], momentum=-0.5), ValueError, "Invalid momentum value"),
        (lambda x: optim.SGD([x], weight_decay=-0.5), ValueError, "Invalid weight_decay value"),
        (lambda x: optim.SGD([x], nesterov=True), ValueError, "Nesterov momentum requires a momentum"),
        (lambda x: optim.SGD([x], momentum=1, dampening=1, nesterov=True), ValueError, "zero dampening"),
        (lambda x: optim.SGD([x], nesterov=1), TypeError, "nesterov is True or False"),
        (lambda x: optim.Adam([x], betas=(1.0, 0.9)), ValueError, "Invalid beta parameter at index 0"),
        (lambda x: optim.Adam([x], betas=(0.9, -0.1)), ValueError, "Invalid beta parameter at index 1"),
        (lambda x: optim.Adam([x], betas=0.9), ValueError, "Invalid betas"),
        (lambda x: optim.Adam([x], eps=-1), ValueError, "Invalid epsilon value"),
        (lambda x: optim.RMSprop([x], alpha=-1), ValueError, "Invalid alpha value"),
        (lambda x: optim.Adagrad([x], lr_decay=-1), ValueError, "Invalid lr_decay value"),
        (lambda x: optim.Adagrad([x], initial_accumulator_value=-1), ValueError, "Invalid initial_accumulator_value"),
        (lambda x: optim.SGD([{"params": [x], "lr": -1}]), ValueError, "Invalid learning rate"),
        (lambda x: optim.SGD([]), ValueError, "empty parameter list"),
        (lambda x: optim.SGD(iter(())), ValueError, "empty parameter list"),
        (lambda x: optim.SGD(x), TypeError, "iterable of parameters"),
        (lambda x: optim.SGD(3.0), TypeError, "iterable of parameters"),
        (lambda x: optim.SGD([3.0]), TypeError, "can't train a float"),
        (lambda x: optim.SGD([None]), TypeError, "can't train a NoneType"),
        (lambda x: optim.SGD([x, x]), ValueError, "twice"),
        (lambda x: optim.SGD([{"params": [x]}, {"params": [x]}]), ValueError, "more than one parameter group"),
        (lambda x: optim.SGD([{"lr": 1.0}]), TypeError, "'params'"),
        (lambda x: optim.SGD([x * 2]), ValueError, "only leaves"),
        (lambda x: optim.SGD([np.zeros(3)]), TypeError, "can't train a ndarray"),
        (
            lambda x: optim.SGD([types.SimpleNamespace(data=np.zeros(2, "f4"))]),
            TypeError,
            "float64 buffers, not float32",
        ),
        (lambda x: optim.SGD([{"params": [x], "maximize": 1}]), TypeError, "maximize is True or False"),
        (
            lambda x: optim.Optimizer([x], {"lr": 0.1, "maximize": False}).step(),
            NotImplementedError,
            "Optimizer doesn't say",
        ),
    ],
)
def test_errors(make, error, words):
    with pytest.raises(error, match=words):
        make(Value(1.0))


def test_a_parameter_and_its_element_is_one_too_many():
    p = ag.nn.Parameter([1.0, 2.0])
    with pytest.raises(ValueError, match="twice"):
        optim.SGD([p[0], p])


def test_repr_names_the_hyper_parameters():
    text = repr(optim.SGD([Value(1.0)], lr=0.1, momentum=0.9))
    assert text.startswith("SGD (\nParameter Group 0\n    dampening: 0.0\n    lr: 0.1\n")
    assert text.endswith("\n)")


def test_state_is_by_parameter():
    p, v = Plain([1.0, 2.0]), Value(3.0)
    optimizer = optim.Adam([v, p])
    assert optimizer.state == {}
    p.grad[...] = 1.0
    v.grad = 2.0
    optimizer.step()
    assert optimizer.state[p]["step"] == 1
    assert optimizer.state[p]["exp_avg"].shape == (2,)
    assert optimizer.state[v]["exp_avg"] == pytest.approx(0.2)


def test_micrograds_parameters():
    """A list of every neuron's scalars: they are set to 0 and stepped in their layers' buffers."""
    model = nn.MLP(2, [3, 1])
    before = [p.data for p in model.parameters()]
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    for p in model.parameters():
        p.grad = 1.0
    optimizer.step()
    assert [p.data for p in model.parameters()] == [x - 0.5 for x in before]
    optimizer.zero_grad()
    assert all(p.grad == 0.0 for p in model.parameters())
    assert len(optimizer.param_groups[0]["params"]) == len(before) == 13
