"""Adafactor: closed forms of its first steps, and PyTorch's numbers where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_lite import Value, nn, optim

OPTIONS: list[dict[str, Any]] = [
    {},
    {"lr": 0.5, "d": 2.0, "weight_decay": 0.1},
    {"lr": 0.1, "beta2_decay": -0.3, "eps": (0.01, 0.2), "maximize": True},
]
SHAPES = [(), (7,), (3, 5), (1, 4), (2, 3, 4)]


def start(shape: tuple[int, ...], steps: int = 5) -> tuple[Any, Any]:
    rng = np.random.default_rng(4)
    return rng.standard_normal(shape), rng.standard_normal((steps, *shape))


def run(shape: tuple[int, ...], options: dict[str, Any], cut: int = -1) -> Any:
    numbers, gradients = start(shape)
    parameter = nn.Parameter(numbers)
    optimizer = optim.Adafactor([parameter], **options)
    for i, gradient in enumerate(gradients):
        if i == cut:
            state = optimizer.state_dict()
            optimizer = optim.Adafactor([parameter])
            optimizer.load_state_dict(state)
        parameter.grad[...] = gradient
        optimizer.step()
    return np.array(parameter.data)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_pytorchs_numbers(shape, options):
    torch = pytest.importorskip("torch")
    numbers, gradients = start(shape)
    parameter = torch.nn.Parameter(torch.tensor(numbers))
    optimizer = torch.optim.Adafactor([parameter], **options)
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
    np.testing.assert_allclose(run(shape, options), parameter.detach().numpy(), rtol=1e-12, atol=1e-14)


def rms(x):
    return np.sqrt(np.mean(np.square(x)))


@pytest.mark.parametrize("shape", SHAPES)
def test_equal_gradients_are_steps_of_their_signs(shape):
    """The mean square is g², also as a product where g is one: each step is lr times the parameter's own size."""
    rng = np.random.default_rng(5)
    numbers = rng.standard_normal(shape)
    gradient = np.ones(shape)
    for axis, n in enumerate(shape):
        gradient = gradient * rng.standard_normal(n).reshape(-1, *[1] * (len(shape) - axis - 1))
    parameter, wanted = nn.Parameter(numbers), numbers.copy()
    optimizer = optim.Adafactor([parameter], lr=0.1)
    for _ in range(3):
        parameter.grad[...] = gradient
        optimizer.step()
        wanted = wanted - 0.1 * rms(wanted) * np.sign(gradient)
    np.testing.assert_allclose(parameter.data, wanted, rtol=1e-12)


def test_a_matrix_by_hand():
    """Two steps with the means of rows and columns, clipped at d."""
    parameter = nn.Parameter([[1.0, 2.0], [3.0, 4.0]])
    optimizer = optim.Adafactor([parameter], lr=0.01, d=1.0)
    wanted, row, column = np.array([[1.0, 2.0], [3.0, 4.0]]), 0.0, 0.0
    for t, gradient in enumerate(np.array([[[1.0, -2.0], [0.5, 3.0]], [[4.0, 1.0], [-1.0, 0.1]]]), 1):
        parameter.grad[...] = gradient
        optimizer.step()
        weight, square = t**-0.8, gradient**2
        row = (1 - weight) * row + weight * square.mean(axis=1)
        column = (1 - weight) * column + weight * square.mean(axis=0)
        update = gradient / np.sqrt(np.outer(row, column) / row.mean())
        wanted = wanted - 0.01 * rms(wanted) * update / max(1.0, rms(update))
    np.testing.assert_allclose(parameter.data, wanted, rtol=1e-13)
    state = optimizer.state[parameter]
    assert (state["row_var"].shape, state["col_var"].shape, state["step"]) == ((2, 1), (1, 2), 2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cut", [1, 3])
def test_its_state_is_taken_up(shape, cut):
    assert np.array_equal(run(shape, OPTIONS[1], cut), run(shape, OPTIONS[1]))


def test_every_value_has_a_scale_of_its_own():
    """As PyTorch's tensors without axes: alone or beside others, and elements of a Parameter likewise."""
    small, large = Value(0.01), Value(100.0)
    matrix = nn.Parameter([[5.0, 7.0]])
    element = matrix.values()[0, 1]
    optimizer = optim.Adafactor([large, small, element], lr=0.1)
    small.grad, large.grad, matrix.grad[0, 1] = 3.0, -2.0, 1.0
    optimizer.step()
    assert [small.data, large.data] == pytest.approx([0.009, 110.0])
    assert matrix.data.tolist() == [[5.0, pytest.approx(6.3)]]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"eps": 1e-3}, ValueError, "eps is a pair"),
        ({"eps": (None, None)}, TypeError, "epsilon value at index 1"),
        ({"eps": (-1.0, 1e-3)}, ValueError, "epsilon value at index 0"),
        ({"d": 0.5}, ValueError, "clipping threshold"),
        ({"beta2_decay": 0.1}, ValueError, "beta2_decay"),
        ({"lr": -1.0}, ValueError, "learning rate"),
    ],
)
def test_errors(options, error, words):
    with pytest.raises(error, match=words):
        optim.Adafactor([Value(1.0)], **options)


def test_a_state_of_another_shape_is_refused():
    matrix, other = (optim.Adafactor([nn.Parameter(np.ones(shape))]) for shape in [(2, 3), (3, 2)])
    matrix.param_groups[0]["params"][0].grad[...] = 1.0
    matrix.step()
    with pytest.raises(ValueError, match="has shape"):
        other.load_state_dict(matrix.state_dict())
