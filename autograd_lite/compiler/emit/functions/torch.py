"""Functions that PyTorch's sources define where they call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import math

    import torch


def _number(x):
    """A number as a tensor in double precision."""
    return torch.as_tensor(x, dtype=torch.float64)


def _stack(*xs):
    """The operands as one tensor, along a new first axis."""
    return torch.stack(torch.broadcast_tensors(*map(_number, xs)))


def _sign(x):
    """1, 0 or -1, and nan for nan."""
    return torch.where(x != x, x, torch.sign(x))


def _heaviside(x, middle):
    """0 below 0 and 1 above, middle at 0, nan for nan."""
    return torch.where(x != x, x, torch.heaviside(x, _number(middle)))


def _digamma(x):
    """nan at the negative whole numbers."""
    return torch.where((x == torch.floor(x)) & (x < 0.0), torch.nan, torch.digamma(x))


def _gamma(x):
    """By its logarithm, whose sign alternates below 0; nan at the negative whole numbers."""
    sign = torch.where(x < 0.0, 1.0 - 2.0 * torch.remainder(torch.floor(x), 2.0), torch.copysign(_number(1.0), x))
    pole = (x == torch.floor(x)) & (x < 0.0)
    return torch.where(pole, torch.nan, sign * torch.exp(torch.lgamma(x)))


def polygamma(n, x):
    """By the zeta function: PyTorch's own has half the digits for n = 1."""
    sign = 1.0 if n % 2 else -1.0
    return sign * math.gamma(n + 1.0) * torch.special.zeta(_number(n + 1.0), x)
