"""Gradient clipping against PyTorch's definition."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autograd_lite import Value, nn, optim

from .test_rules import Plain


def gradients() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [rng.standard_normal((3, 4)), rng.standard_normal(5), rng.standard_normal(())]


def plain() -> list[Plain]:
    made = [Plain(np.zeros(g.shape)) for g in gradients()]
    for p, g in zip(made, gradients()):
        p.grad[...] = g
    return made


@pytest.mark.parametrize("norm_type", [1, 2.0, 3.5, math.inf, 0.5])
@pytest.mark.parametrize("max_norm", [0, 0.5, 2, 1e3])
def test_against_pytorch(norm_type, max_norm):
    torch = pytest.importorskip("torch")
    theirs = [torch.zeros(g.shape, dtype=torch.float64) for g in gradients()]
    for p, g in zip(theirs, gradients()):
        p.grad = torch.from_numpy(np.array(g))
    ours = plain()
    known = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    assert optim.clip_grad_norm_((p for p in ours), max_norm, norm_type) == pytest.approx(known.item(), rel=1e-14)
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-14)
    torch.nn.utils.clip_grad_value_(theirs, 0.1)
    optim.clip_grad_value_(ours, 0.1)
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-14)


def test_small_gradients_are_left_as_they_are():
    ours = plain()
    optim.clip_grad_norm_(ours, 1e3)
    for p, g in zip(ours, gradients()):
        assert (p.grad == g).all()


def test_huge_and_tiny_gradients():
    """The squares overflow, the norm doesn't."""
    p = Plain([0.0, 0.0])
    p.grad[...] = [3e200, 4e200]
    assert optim.clip_grad_norm_(p, 5.0) == pytest.approx(5e200)
    np.testing.assert_allclose(p.grad, [3.0, 4.0])
    p.grad[...] = [3e-200, 4e-200]
    assert optim.clip_grad_norm_(p, 5.0) == pytest.approx(5e-200, abs=0)


def test_nonfinite():
    p = Plain([0.0, 0.0])
    p.grad[...] = [math.nan, 1.0]
    with pytest.raises(RuntimeError, match="nothing was clipped"):
        optim.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    assert p.grad[1] == 1.0
    assert math.isnan(optim.clip_grad_norm_([p], 1.0))
    assert np.isnan(p.grad).all()
    p.grad[...] = [math.inf, 1.0]
    assert optim.clip_grad_norm_([p], 1.0) == math.inf
    assert math.isnan(p.grad[0])
    assert p.grad[1] == 0.0


def test_values_elements_and_parameters_together():
    a, w, p = Value(0.0), nn.Parameter([[1.0, 2.0]]), nn.Parameter([1.0])
    a.grad, w.grad[...], p.grad[...] = 2.0, [[7.0, 4.0]], 4.0
    assert optim.clip_grad_norm_([w[0, 1], a, p], 3.0) == 6.0
    assert (a.grad, w[0, 1].grad, p.grad[0]) == pytest.approx((1.0, 2.0, 2.0), rel=1e-6)
    assert w.grad[0, 0] == 7.0
    optim.clip_grad_value_(a, 0.25)
    assert a.grad == 0.25
    assert optim.clip_grad_norm_([], 1.0) == 0.0


@pytest.mark.parametrize("bad", [-1, math.nan])
def test_errors(bad):
    with pytest.raises(ValueError, match="at least 0"):
        optim.clip_grad_norm_(plain(), bad)
    with pytest.raises(ValueError, match="at least 0"):
        optim.clip_grad_value_(plain(), bad)
    with pytest.raises(ValueError, match="norm_type"):
        optim.clip_grad_norm_(plain(), 1.0, norm_type=bad)
    with pytest.raises(ValueError, match="only leaves"):
        optim.clip_grad_norm_([Value(1.0) * 2], 1.0)
