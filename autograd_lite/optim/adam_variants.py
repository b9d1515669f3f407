"""Adam's relatives: NAdam looks ahead, RAdam starts carefully, Adamax divides by the largest gradient so far."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .adam import Moments
from .blocks import Array
from .optimizer import AT_LEAST_0, Bounds

__all__ = ["Adamax", "NAdam", "RAdam"]


class Adamax(Moments):
    """Adam with the largest gradient in the place of the root of the mean square.

    For each parameter θ with gradient g (+ weight_decay·θ), in step t::

        m ← β₁·m + (1 − β₁)·g                     u ← max(β₂·u, |g| + eps)
        θ ← θ − lr/(1 − β₁ᵗ) · m/u

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``.
        lr: learning rate, ≥ 0.
        betas: (β₁, β₂), each in [0, 1).
        eps: keeps the quotient finite, ≥ 0.
        weight_decay: ≥ 0, added to the gradient as weight_decay·θ (L2).
        maximize: climb instead.

    Raises:
        ValueError: for a hyper-parameter out of range.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0)
    >>> optimizer = Adamax([x], lr=0.1)
    >>> (x * x).backward(); optimizer.step()
    >>> round(x.data, 6)
    0.9

    Source: Kingma and Ba (2015), algorithm 2; order of operations: torch.optim.Adamax.
    """

    _state_names: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_inf", "step")
    _state_required: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_inf", "step")
    _second: ClassVar[str] = "exp_inf"

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, {"maximize": maximize})

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        grad, mean, largest = self._moments(group, state, data, grad)
        beta1, beta2 = group["betas"]
        largest *= beta2
        np.maximum(largest, np.abs(grad) + group["eps"], out=largest)
        data -= group["lr"] / (1 - beta1 ** state["step"]) * mean / largest


class NAdam(Moments):
    """Adam with Nesterov's look-ahead.

    For each parameter θ with gradient g (+ weight_decay·θ), in step t, μₜ = β₁·(1 − ½·0.96^(t·momentum_decay))::

        m ← β₁·m + (1 − β₁)·g                     v ← β₂·v + (1 − β₂)·g²
        θ ← θ − lr·[(1 − μₜ)·g/(1 − Π μ) + μₜ₊₁·m/(1 − μₜ₊₁·Π μ)] / (√(v/(1 − β₂ᵗ)) + eps)

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``.
        lr: learning rate, ≥ 0.
        betas: (β₁, β₂), each in [0, 1).
        eps: keeps the quotient finite, ≥ 0.
        weight_decay: ≥ 0, added to the gradient as weight_decay·θ (L2).
        momentum_decay: how fast μ grows to β₁, ≥ 0.
        decoupled_weight_decay: shrink θ by lr·weight_decay instead, as AdamW does.
        maximize: climb instead.

    Raises:
        ValueError: for a hyper-parameter out of range.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0)
    >>> optimizer = NAdam([x], lr=0.1)
    >>> (x * x).backward(); optimizer.step()
    >>> round(x.data, 6)
    0.894355

    Source: Dozat (2016); order of operations: torch.optim.NAdam.
    """

    _state_names: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_avg_sq", "mu_product", "step")
    _state_required: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_avg_sq", "mu_product", "step")
    _state_numbers: ClassVar[tuple[str, ...]] = ("mu_product",)
    _bounds: ClassVar[Bounds] = {**Moments._bounds, "momentum_decay": ("momentum_decay value", *AT_LEAST_0)}

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        own = {"momentum_decay": momentum_decay, "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, lr, betas, eps, weight_decay, own)

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        grad, mean, square = self._moments(group, state, data, grad)
        (beta1, beta2), lr = group["betas"], group["lr"]
        step, decay = state["step"], group["momentum_decay"]
        now = beta1 * (1.0 - 0.5 * 0.96 ** (step * decay))
        ahead = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1) * decay))
        product = state["mu_product"] = state.get("mu_product", 1.0) * now
        root = np.sqrt(square / (1 - beta2**step)) + group["eps"]
        data += -lr * (1.0 - now) / (1.0 - product) * grad / root
        data += -lr * ahead / (1.0 - product * ahead) * mean / root


class RAdam(Moments):
    """Adam that divides by the root of the mean square only when enough steps have been seen to know it.

    With ρ∞ = 2/(1 − β₂) − 1 and ρₜ = ρ∞ − 2t·β₂ᵗ/(1 − β₂ᵗ), for each parameter θ with gradient g
    (+ weight_decay·θ), in step t::

        m ← β₁·m + (1 − β₁)·g                     v ← β₂·v + (1 − β₂)·g²
        θ ← θ − lr·m/(1 − β₁ᵗ)                                                              (ρₜ ≤ 5)
        θ ← θ − lr·m/(1 − β₁ᵗ) · √(1 − β₂ᵗ)/(√v + eps) · √[(ρₜ − 4)(ρₜ − 2)ρ∞/((ρ∞ − 4)(ρ∞ − 2)ρₜ)]

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``.
        lr: learning rate, ≥ 0.
        betas: (β₁, β₂), each in [0, 1).
        eps: keeps the quotient finite, ≥ 0.
        weight_decay: ≥ 0, added to the gradient as weight_decay·θ (L2).
        decoupled_weight_decay: shrink θ by lr·weight_decay instead, as AdamW does.
        maximize: climb instead.

    Raises:
        ValueError: for a hyper-parameter out of range.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0)
    >>> optimizer = RAdam([x], lr=0.1)
    >>> (x * x).backward(); optimizer.step()
    >>> round(x.data, 6)
    0.8

    Source: Liu et al. (2020), algorithm 2; order of operations: torch.optim.RAdam.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        own = {"maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, lr, betas, eps, weight_decay, own)

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        _, mean, square = self._moments(group, state, data, grad)
        (beta1, beta2), step = group["betas"], state["step"]
        share = 1 - beta2**step
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * (beta2**step) / share
        update = mean / (1 - beta1**step) * group["lr"]
        if length > 5.0:
            update = update * (1.0 / (np.sqrt(square) + group["eps"]) * share**0.5)  # as PyTorch divides a number
            update = update * ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5
        data -= update
