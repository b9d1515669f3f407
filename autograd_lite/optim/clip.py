"""Gradient clipping: by the norm of all gradients together, or number by number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .blocks import gradients

__all__ = ["clip_grad_norm_", "clip_grad_value_", "norm_of"]


def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Scale all gradients by one factor, so that their norm is at most ``max_norm``.

    The factor is min(1, max_norm/(norm + 10⁻⁶)), the norm that of all gradients as one vector.

    Args:
        parameters: a Parameter, a Value, or an iterable of them.
        max_norm: the largest norm, ≥ 0.
        norm_type: p of the p-norm; ``math.inf`` is the largest absolute value.
        error_if_nonfinite: raise if the norm is nan or infinite.

    Returns:
        The norm before clipping.

    Raises:
        RuntimeError: for a norm of nan or infinity, if asked for; the gradients are as they were.
        ValueError: for a negative max_norm, or a norm_type that is not positive.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0); x.grad = 3.0
    >>> y = ag.Value(1.0); y.grad = 4.0
    >>> clip_grad_norm_([x, y], 1.0)
    5.0
    >>> round(x.grad, 4), round(y.grad, 4)
    (0.6, 0.8)
    """
    if not float(max_norm) >= 0:
        raise ValueError(f"max_norm is a number of at least 0, not {max_norm!r}")
    if not float(norm_type) > 0:
        raise ValueError(f"norm_type is the p of a p-norm, above 0, not {norm_type!r}")
    pairs = gradients(parameters, "clip_grad_norm_")
    with np.errstate(all="ignore"):
        total = norm_of([norm_of(np.abs(grad).ravel(), norm_type) for _, grad in pairs], norm_type)
        if error_if_nonfinite and not math.isfinite(total):
            raise RuntimeError(f"the norm of the gradients is {total}: nothing was clipped (error_if_nonfinite=True)")
        factor = min(1.0, max_norm / (total + 1e-6)) if total == total else total
        for block, grad in pairs:
            block.write_grad(grad * factor)
    return total


def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Clip every gradient component to ±``clip_value``.

    Args:
        parameters: a Parameter, a Value, or an iterable of them.
        clip_value: the largest absolute value, ≥ 0.

    Raises:
        ValueError: for a negative clip_value.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0); x.grad = -3.0
    >>> clip_grad_value_([x], 0.5); x.grad
    -0.5
    """
    bound = float(clip_value)
    if not bound >= 0:
        raise ValueError(f"clip_value is a number of at least 0, not {clip_value!r}")
    for block, grad in gradients(parameters, "clip_grad_value_"):
        block.write_grad(np.clip(grad, -bound, bound))


def norm_of(sizes: Any, p: float) -> float:
    """The p-norm of absolute values; scaled by the largest when powers would overflow or vanish."""
    numbers = np.asarray(sizes, dtype=np.float64)
    largest = float(np.max(numbers)) if numbers.size else 0.0
    if p == math.inf or largest == 0.0 or not math.isfinite(largest):
        return largest
    safe = 1e-100 < largest < 1e100 and p <= 2
    scale = 1.0 if safe else largest
    scaled = numbers if safe else numbers / largest
    return scale * (math.sqrt(float(scaled @ scaled)) if p == 2 else float(np.sum(scaled**p)) ** (1 / p))
