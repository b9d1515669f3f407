"""Step sizes that the gradients' history makes: Adadelta from their sizes, Rprop from their signs alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .blocks import Array
from .optimizer import AT_LEAST_0, Bounds, Optimizer, check_number

__all__ = ["Adadelta", "Rprop"]


class Adadelta(Optimizer):
    """Steps of the size of the last steps: no learning rate need be chosen.

    For each parameter θ with gradient g (+ weight_decay·θ)::

        v ← ρ·v + (1 − ρ)·g²                      d = g·√(u + eps)/√(v + eps)
        u ← ρ·u + (1 − ρ)·d²                      θ ← θ − lr·d

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``.
        lr: a factor of the steps, ≥ 0.
        rho: ρ, how slowly the mean squares forget, in [0, 1].
        eps: makes the first step, ≥ 0.
        weight_decay: ≥ 0, added to the gradient as weight_decay·θ (L2).
        maximize: climb instead.

    Raises:
        ValueError: for a hyper-parameter out of range.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0)
    >>> optimizer = Adadelta([x])
    >>> (x * x).backward(); optimizer.step()
    >>> round(x.data, 6)
    0.996838

    Source: Zeiler (2012), algorithm 1; order of operations: torch.optim.Adadelta.
    """

    _state_names: ClassVar[tuple[str, ...]] = ("acc_delta", "square_avg", "step")
    _state_required: ClassVar[tuple[str, ...]] = ("acc_delta", "square_avg", "step")
    _bounds: ClassVar[Bounds] = {
        "eps": ("epsilon value", *AT_LEAST_0),
        "rho": ("rho value", 0.0, math.nextafter(1.0, 2.0)),
    }

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize})

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        rho, eps = group["rho"], group["eps"]
        if not state:
            state["step"] = 0
            state["square_avg"] = np.zeros_like(data)
            state["acc_delta"] = np.zeros_like(data)
        state["step"] += 1
        if group["weight_decay"] != 0:
            grad = grad + group["weight_decay"] * data
        square, steps = state["square_avg"], state["acc_delta"]
        square *= rho
        square += ((1 - rho) * grad) * grad
        delta = np.sqrt(steps + eps) / np.sqrt(square + eps) * grad
        steps *= rho
        steps += ((1 - rho) * delta) * delta
        data -= group["lr"] * delta


class Rprop(Optimizer):
    """Resilient propagation: only the gradients' signs count. For whole batches: noise turns signs.

    Each number has a step size of its own, which grows by η₊ while its gradient keeps its sign and shrinks by η₋ when
    it turns (that step is then left out).

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``.
        lr: the first step size, ≥ 0.
        etas: (η₋, η₊), 0 < η₋ < 1 < η₊.
        step_sizes: the smallest and the largest step.
        maximize: climb instead.

    Raises:
        ValueError: for a hyper-parameter out of range.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0)
    >>> optimizer = Rprop([x], lr=0.1)
    >>> for _ in range(2):
    ...     optimizer.zero_grad(); (x * x).backward(); optimizer.step()
    >>> round(x.data, 6)
    0.78

    Source: Riedmiller and Braun (1993), the variant that forgets a turned gradient; order of operations:
    torch.optim.Rprop.
    """

    _state_names: ClassVar[tuple[str, ...]] = ("prev", "step", "step_size")
    _state_required: ClassVar[tuple[str, ...]] = ("prev", "step", "step_size")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize})

    def _validate(self, group: Mapping[str, Any]) -> None:
        super()._validate(group)
        for name in ("etas", "step_sizes"):
            pair = group[name]
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise ValueError(f"Invalid {name}: {pair!r} (a pair of numbers)")
            for i, number in enumerate(pair):
                check_number(f"{name}[{i}]", f"{name} value at index {i}", number, *AT_LEAST_0)
        low, high = group["etas"]
        if not 0.0 < low < 1.0 < high:
            raise ValueError(f"Invalid eta values: {low}, {high} (the first in (0, 1), the second above 1)")

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        shrink, grow = group["etas"]
        if not state:
            state["step"] = 0
            state["prev"] = np.zeros_like(data)
            state["step_size"] = np.full_like(data, group["lr"])
        state["step"] += 1
        size = state["step_size"]
        turn = grad * state["prev"]
        size *= np.where(turn > 0, grow, np.where(turn < 0, shrink, 1.0))
        np.clip(size, *group["step_sizes"], out=size)
        grad = np.where(turn < 0, 0.0, grad)
        data -= np.sign(grad) * size
        state["prev"] = grad
