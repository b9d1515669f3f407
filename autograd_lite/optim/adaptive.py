"""Optimisers with a step size for every number, and no running mean of the gradients: RMSprop and Adagrad."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .adam import move_average
from .blocks import Array
from .optimizer import AT_LEAST_0, Bounds, Optimizer

__all__ = ["Adagrad", "RMSprop"]


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
