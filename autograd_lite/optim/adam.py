"""Adam and AdamW, and what they share with their relatives: the moments of the gradients.

A relative says which hyper-parameters it has besides, and what it does with the moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .blocks import Array
from .optimizer import AT_LEAST_0, Bounds, Optimizer

__all__ = ["Adam", "AdamW"]


def move_average(average: Array, target: Array, weight: float) -> None:
    """average ← average + weight·(target − average), in the form that is exact at its nearer end (as lerp is)."""
    if weight < 0.5:
        average += weight * (target - average)
    else:
        average[...] = target - (target - average) * (1 - weight)


class Moments(Optimizer):
    """Base of the optimisers that keep a running mean of the gradients, and one of their squares.

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``.
        lr: learning rate, ≥ 0.
        betas: how slowly both means forget, each in [0, 1).
        eps: keeps a quotient finite, ≥ 0.
        weight_decay: ≥ 0.
        own: the hyper-parameters of the class's own.
    """

    _state_names: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_avg_sq", "step")
    _state_required: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_avg_sq", "step")
    _bounds: ClassVar[Bounds] = {"eps": ("epsilon value", *AT_LEAST_0)}
    _flags: ClassVar[tuple[str, ...]] = ("decoupled_weight_decay",)
    #: what the running mean of the squares is called, or what is in its place
    _second: ClassVar[str] = "exp_avg_sq"

    def __init__(
        self,
        params: Any,
        lr: float,
        betas: tuple[float, float],
        eps: float,
        weight_decay: float,
        own: dict[str, Any],
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, **own})

    def _moments(
        self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array
    ) -> tuple[Array, Array, Array]:
        """One step of the moments: the gradient with weight decay, its running mean, and that of its squares (or what
        the class has in its place, which it steps itself).
        """
        if not state:
            state["step"] = 0
            state["exp_avg"], state[self._second] = np.zeros_like(data), np.zeros_like(data)
        state["step"] += 1
        decay, (beta1, beta2) = group["weight_decay"], group["betas"]
        if decay != 0 and group.get("decoupled_weight_decay"):
            data *= 1 - group["lr"] * decay
        elif decay != 0:
            grad = grad + decay * data
        move_average(state["exp_avg"], grad, 1 - beta1)
        second: Array = state[self._second]
        if self._second == "exp_avg_sq":
            second *= beta2
            second += ((1 - beta2) * grad) * grad
        return grad, state["exp_avg"], second


class Adam(Moments):
    """Adam: the mean of the gradients over the root of their mean square.

    For each parameter θ with gradient g (+ weight_decay·θ), in step t::

        m ← β₁·m + (1 − β₁)·g                     v ← β₂·v + (1 − β₂)·g²
        θ ← θ − lr/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + eps)

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``.
        lr: learning rate, ≥ 0.
        betas: (β₁, β₂), each in [0, 1).
        eps: keeps the quotient finite, ≥ 0.
        weight_decay: ≥ 0, added to the gradient as weight_decay·θ (L2); AdamW's is apart from it.
        amsgrad: divide by the largest v so far.
        maximize: climb instead.
        decoupled_weight_decay: shrink θ by lr·weight_decay instead, which makes it AdamW.

    Raises:
        ValueError: for a hyper-parameter out of range.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0)
    >>> optimizer = Adam([x], lr=0.1)
    >>> (x * x).backward(); optimizer.step()
    >>> round(x.data, 6)
    0.9

    Source: Kingma and Ba (2015), algorithm 1; amsgrad: Reddi et al. (2018); order of operations: torch.optim.Adam.
    """

    _state_names: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "step")
    _flags: ClassVar[tuple[str, ...]] = ("amsgrad", "decoupled_weight_decay")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        own = {"amsgrad": amsgrad, "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, lr, betas, eps, weight_decay, own)

    def _required(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return (*self._state_required, "max_exp_avg_sq") if group["amsgrad"] else self._state_required

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        _, mean, square = self._moments(group, state, data, grad)
        if group["amsgrad"]:
            largest = state.setdefault("max_exp_avg_sq", np.zeros_like(data))
            np.maximum(largest, square, out=largest)
            square = largest
        (beta1, beta2), step = group["betas"], state["step"]
        root = np.sqrt(square) / (1 - beta2**step) ** 0.5 + group["eps"]
        data -= group["lr"] / (1 - beta1**step) * mean / root


class AdamW(Adam):
    """Adam with weight decay apart from the gradient: θ ← θ − lr·weight_decay·θ, then Adam's step.

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``.
        lr: learning rate, ≥ 0.
        betas: (β₁, β₂), each in [0, 1).
        eps: keeps the quotient finite, ≥ 0.
        weight_decay: ≥ 0.
        amsgrad: divide by the largest v so far.
        maximize: climb instead.

    Raises:
        ValueError: for a hyper-parameter out of range.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0)
    >>> optimizer = AdamW([x], lr=0.1, weight_decay=0.5)
    >>> (x * x).backward(); optimizer.step()
    >>> round(x.data, 6)
    0.85

    Source: Loshchilov and Hutter (2019), algorithm 2; order of operations: torch.optim.AdamW.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)

    def _validate(self, group: Mapping[str, Any]) -> None:
        super()._validate(group)
        if not group["decoupled_weight_decay"]:
            raise ValueError("AdamW's weight decay is apart from the gradient: decoupled_weight_decay=False is Adam")
