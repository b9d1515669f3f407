"""Muon: PyTorch's numbers where its iteration runs in float64, and what the iteration is for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_lite import Value, manual_seed, nn, optim

OPTIONS: list[dict[str, Any]] = [
    {"lr": 0.1},
    {"lr": 0.02, "weight_decay": 0.0, "nesterov": False, "momentum": 0.5},
    {"lr": 0.1, "adjust_lr_fn": "match_rms_adamw", "ns_steps": 3},
]


def gradients(shape: tuple[int, int], steps: int) -> Any:
    return np.random.default_rng(3).standard_normal((steps, *shape))


def run(shape: tuple[int, int], options: dict[str, Any], steps: int = 4) -> Any:
    parameter = nn.Parameter(np.ones(shape))
    optimizer = optim.Muon([parameter], **options)
    for gradient in gradients(shape, steps):
        parameter.grad[...] = gradient
        optimizer.step()
    return np.array(parameter.data)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (1, 6)])
def test_pytorchs_numbers(shape, options, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(
        torch.Tensor, "bfloat16", lambda self: self.clone()
    )  # its iteration, in the parameters' own precision
    parameter = torch.nn.Parameter(torch.ones(shape, dtype=torch.float64))
    optimizer = torch.optim.Muon([parameter], **options)
    for gradient in gradients(shape, 4):
        parameter.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
    assert np.allclose(parameter.detach().numpy(), run(shape, options), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3)])
def test_a_step_is_nearly_orthogonal(shape):
    """All singular values of the step are about as large, whatever those of the gradient were."""
    parameter = nn.Parameter(np.zeros(shape))
    u, _, vt = np.linalg.svd(gradients(shape, 1)[0], full_matrices=False)
    parameter.grad[...] = u @ np.diag([100.0, 10.0, 5.0]) @ vt
    optim.Muon([parameter], lr=1.0, weight_decay=0.0, adjust_lr_fn="original").step()
    step = np.linalg.svd(np.array(parameter.data), compute_uv=False) / np.sqrt(max(1.0, shape[0] / shape[1]))
    assert 0.6 < step.min() <= step.max() < 1.3
    assert np.sum(np.array(parameter.data) * (u @ vt)) < 0.0, "downhill"


def test_it_learns():
    rng = np.random.default_rng(0)
    target, inputs = rng.standard_normal((2, 3)), rng.standard_normal((8, 3)).tolist()
    outputs = [(target @ x).tolist() for x in inputs]
    manual_seed(0)
    layer, criterion = nn.Linear(3, 2, bias=False), nn.MSELoss()
    optimizer = optim.Muon(layer.parameters(), lr=0.1, weight_decay=0.0)
    scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.98)
    for _ in range(300):
        optimizer.zero_grad()
        criterion(layer(inputs), outputs).backward()
        optimizer.step()
        scheduler.step()
    assert np.abs(layer.weight.data - target).max() < 1e-2


def test_its_state_is_taken_up():
    shape, options = (3, 5), OPTIONS[0]
    known = run(shape, options, 4)
    parameter = nn.Parameter(np.ones(shape))
    optimizer = optim.Muon([parameter], **options)
    for i, gradient in enumerate(gradients(shape, 4)):
        if i == 2:
            state = optimizer.state_dict()
            optimizer = optim.Muon([parameter])
            optimizer.load_state_dict(state)
        parameter.grad[...] = gradient
        optimizer.step()
    assert np.array_equal(parameter.data, known)


@pytest.mark.parametrize(
    ("parameters", "options", "words"),
    [
        (lambda: [Value(1.0)], {}, "matrices"),
        (lambda: [nn.Parameter([1.0, 2.0])], {}, r"shape \(2,\)"),
        (lambda: [nn.Parameter([[1.0]])], {"adjust_lr_fn": "x"}, "adjust_lr_fn"),
        (lambda: [nn.Parameter([[1.0]])], {"ns_steps": 100}, "Newton-Schulz"),
        (lambda: [nn.Parameter([[1.0]])], {"ns_coefficients": (1.0,)}, "ns_coefficients"),
    ],
)
def test_errors(parameters, options, words):
    with pytest.raises(ValueError, match=words):
        optim.Muon(parameters(), **options)
