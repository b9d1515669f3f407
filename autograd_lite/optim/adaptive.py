"""Optimisers with a step size for every number: Adam, AdamW, RMSprop, Adagrad."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .blocks import Array
from .optimizer import AT_LEAST_0, Bounds, Optimizer

__all__ = ["Adagrad", "Adam", "AdamW", "RMSprop", "move_average"]


def move_average(average: Array, target: Array, weight: float) -> None:
    """average ← average + weight·(target − average), in the form that is exact at its nearer end (as lerp is)."""
    if weight < 0.5:
        average += weight * (target - average)
    else:
        average[...] = target - (target - average) * (1 - weight)


class Adam(Optimizer):
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
    _state_required: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_avg_sq", "step")
    _bounds: ClassVar[Bounds] = {"eps": ("epsilon value", *AT_LEAST_0)}
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
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def _required(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return (*self._state_required, "max_exp_avg_sq") if group["amsgrad"] else self._state_required

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        beta1, beta2 = group["betas"]
        lr, decay = group["lr"], group["weight_decay"]
        if not state:
            state["step"] = 0
            state["exp_avg"] = np.zeros_like(data)
            state["exp_avg_sq"] = np.zeros_like(data)
        state["step"] += 1
        if decay != 0 and group["decoupled_weight_decay"]:
            data *= 1 - lr * decay
        elif decay != 0:
            grad = grad + decay * data
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        move_average(mean, grad, 1 - beta1)
        square *= beta2
        square += ((1 - beta2) * grad) * grad
        if group["amsgrad"]:
            largest = state.setdefault("max_exp_avg_sq", np.zeros_like(data))
            np.maximum(largest, square, out=largest)
            square = largest
        step = state["step"]
        root = np.sqrt(square) / (1 - beta2**step) ** 0.5 + group["eps"]
        data -= lr / (1 - beta1**step) * mean / root


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


class RMSprop(Optimizer):
    """RMSprop: the gradient over the root of its running mean square.

    For each parameter θ with gradient g (+ weight_decay·θ)::

        v ← alpha·v + (1 − alpha)·g²              (centered: v less the square of the running mean of g)
        b ← momentum·b + g/(√v + eps)
        θ ← θ − lr·b

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``.
        lr: learning rate, ≥ 0.
        alpha: how slowly the mean square forgets, ≥ 0.
        eps: keeps the quotient finite, ≥ 0.
        weight_decay: ≥ 0, added to the gradient as weight_decay·θ (L2).
        momentum: ≥ 0.
        centered: divide by the standard deviation instead.
        maximize: climb instead.

    Raises:
        ValueError: for a hyper-parameter out of range.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0)
    >>> optimizer = RMSprop([x], lr=0.01)
    >>> (x * x).backward(); optimizer.step()
    >>> round(x.data, 6)
    0.9

    Source: Tieleman and Hinton (2012), lecture 6.5; centered: Graves (2013); order of operations: torch.optim.RMSprop.
    """

    _state_names: ClassVar[tuple[str, ...]] = ("grad_avg", "momentum_buffer", "square_avg", "step")
    _state_required: ClassVar[tuple[str, ...]] = ("square_avg", "step")
    _bounds: ClassVar[Bounds] = {
        "alpha": ("alpha value", *AT_LEAST_0),
        "eps": ("epsilon value", *AT_LEAST_0),
        "momentum": ("momentum value", *AT_LEAST_0),
    }
    _flags: ClassVar[tuple[str, ...]] = ("centered",)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "alpha": alpha,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "centered": centered,
                "maximize": maximize,
            },
        )

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        alpha, lr, momentum = group["alpha"], group["lr"], group["momentum"]
        if not state:
            state["step"] = 0
            state["square_avg"] = np.zeros_like(data)
        state["step"] += 1
        if group["weight_decay"] != 0:
            grad = grad + group["weight_decay"] * data
        square = state["square_avg"]
        square *= alpha
        square += ((1 - alpha) * grad) * grad
        if group["centered"]:
            mean = state.setdefault("grad_avg", np.zeros_like(data))
            move_average(mean, grad, 1 - alpha)
            square = square - mean * mean
        root = np.sqrt(square) + group["eps"]
        if momentum > 0:
            buffer = state.setdefault("momentum_buffer", np.zeros_like(data))
            buffer *= momentum
            buffer += grad / root
            data -= lr * buffer
        else:
            data -= lr * grad / root


class Adagrad(Optimizer):
    """Adagrad: the gradient over the root of the sum of all its squares.

    For each parameter θ with gradient g (+ weight_decay·θ), in step t::

        s ← s + g²
        θ ← θ − lr/(1 + (t − 1)·lr_decay) · g/(√s + eps)

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``.
        lr: learning rate, ≥ 0.
        lr_decay: ≥ 0.
        weight_decay: ≥ 0, added to the gradient as weight_decay·θ (L2).
        initial_accumulator_value: what the sum starts from, ≥ 0.
        eps: keeps the quotient finite, ≥ 0.
        maximize: climb instead.

    Raises:
        ValueError: for a hyper-parameter out of range.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0)
    >>> optimizer = Adagrad([x], lr=0.1)
    >>> (x * x).backward(); optimizer.step()
    >>> round(x.data, 6)
    0.9

    Source: Duchi, Hazan and Singer (2011); order of operations: torch.optim.Adagrad.
    """

    _state_names: ClassVar[tuple[str, ...]] = ("step", "sum")
    _state_required: ClassVar[tuple[str, ...]] = ("step", "sum")
    _bounds: ClassVar[Bounds] = {
        "eps": ("epsilon value", *AT_LEAST_0),
        "lr_decay": ("lr_decay value", *AT_LEAST_0),
        "initial_accumulator_value": ("initial_accumulator_value value", *AT_LEAST_0),
    }

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "maximize": maximize,
            },
        )

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        if not state:
            state["step"] = 0
            state["sum"] = np.full_like(data, group["initial_accumulator_value"])
        state["step"] += 1
        if group["weight_decay"] != 0:
            grad = grad + group["weight_decay"] * data
        total = state["sum"]
        total += grad * grad
        lr = group["lr"] / (1 + (state["step"] - 1) * group["lr_decay"])
        data -= lr * grad / (np.sqrt(total) + group["eps"])
