"""Muon: momentum whose matrix is made orthogonal before it is a step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .adam import move_average
from .blocks import Array, ArrayBlock, Block
from .optimizer import AT_LEAST_0, Bounds, Optimizer

__all__ = ["Muon"]


class Muon(Optimizer):
    """Momentum orthogonalised by Newton and Schulz's iteration, for the matrices of hidden layers.

    For each matrix θ of shape (m, n) with gradient g::

        b ← momentum·b + (1 − momentum)·g         u = (1 − momentum)·g + momentum·b   (nesterov; else u = b)
        X = u/‖u‖, then ns_steps times:           X ← a·X + (b·XXᵀ + c·(XXᵀ)²)·X
        θ ← θ − lr·weight_decay·θ − lr·scale·X    scale = √max(1, m/n), or 0.2·√max(m, n)

    Args:
        params: Parameters of two axes, or groups of them; see ``Optimizer``. Give biases, embeddings and the last
            layer to AdamW.
        lr: learning rate, ≥ 0.
        weight_decay: ≥ 0, apart from the gradient.
        momentum: ≥ 0.
        nesterov: look ahead.
        ns_coefficients: (a, b, c) of the iteration.
        eps: the smallest norm that is divided by.
        ns_steps: iterations, below 100.
        adjust_lr_fn: "original" or None for the first scale, "match_rms_adamw" for the second.

    Raises:
        ValueError: for a parameter that is no matrix, or a hyper-parameter out of range.

    The iteration runs in float64 (PyTorch's in bfloat16, whatever the parameters are).

    >>> from autograd_lite import nn
    >>> layer = nn.Linear(2, 2, bias=False)
    >>> layer.weight[...] = [[0.0, 0.0], [0.0, 0.0]]; layer.weight.grad[...] = [[3.0, 0.0], [0.0, 1.0]]
    >>> Muon(layer.parameters(), lr=1.0).step()
    >>> [[round(x, 1) for x in row] for row in layer.weight.data.tolist()]
    [[-0.8, 0.0], [0.0, -1.1]]

    Source: Jordan et al. (2024); the second scale: Liu et al. (2025); order of operations: torch.optim.Muon.
    """

    _state_names: ClassVar[tuple[str, ...]] = ("momentum_buffer",)
    _state_required: ClassVar[tuple[str, ...]] = ("momentum_buffer",)
    _bounds: ClassVar[Bounds] = {
        "momentum": ("momentum value", *AT_LEAST_0),
        "eps": ("epsilon value", *AT_LEAST_0),
        "ns_steps": ("number of Newton-Schulz steps", 0.0, 100.0),
    }
    _flags: ClassVar[tuple[str, ...]] = ("nesterov",)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "nesterov": nesterov,
                "ns_coefficients": ns_coefficients,
                "eps": eps,
                "ns_steps": ns_steps,
                "adjust_lr_fn": adjust_lr_fn,
                "maximize": False,
            },
        )

    def _validate(self, group: Mapping[str, Any]) -> None:
        super()._validate(group)
        if group["adjust_lr_fn"] not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"adjust_lr_fn is 'original' or 'match_rms_adamw', not {group['adjust_lr_fn']!r}")
        if len(group["ns_coefficients"]) != 3:
            raise ValueError(f"ns_coefficients are three numbers, not {group['ns_coefficients']!r}")

    def _blocks_of(self, parameters: list[Any]) -> list[Block]:
        """Each matrix by itself: what is orthogonal is a whole matrix."""
        for parameter in parameters:
            shape = getattr(parameter.data, "shape", ())
            if len(shape) != 2:
                raise ValueError(
                    f"Muon steps matrices, and a parameter has shape {shape}: give it to another optimiser (AdamW)"
                )
        return [ArrayBlock(parameter, i) for i, parameter in enumerate(parameters)]

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        momentum = group["momentum"]
        if not state:
            state["momentum_buffer"] = np.zeros_like(data)
        buffer = state["momentum_buffer"]
        move_average(buffer, grad, 1 - momentum)
        update = grad.copy() if group["nesterov"] else buffer
        if group["nesterov"]:
            move_average(update, buffer, momentum)
        update = _orthogonal(update, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = data.shape
        scale = math.sqrt(max(1, rows / columns))
        if group["adjust_lr_fn"] == "match_rms_adamw":
            scale = 0.2 * math.sqrt(max(rows, columns))
        data *= 1 - group["lr"] * group["weight_decay"]
        data -= group["lr"] * scale * update


def _orthogonal(matrix: Array, coefficients: Any, steps: int, eps: float) -> Array:
    """About U·Vᵀ of the matrix's singular value decomposition, by matrix products alone."""
    a, b, c = coefficients
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = wide / max(float(np.linalg.norm(wide)), eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x
