"""Stochastic gradient descent: with momentum, and averaged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .blocks import Array
from .optimizer import AT_LEAST_0, Bounds, Optimizer

__all__ = ["ASGD", "SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum, dampening, Nesterov's look-ahead and weight decay.

    For each parameter θ with gradient g (+ weight_decay·θ)::

        b ← momentum·b + (1 − dampening)·g        (the first step: b = g)
        θ ← θ − lr·b                              (nesterov: θ − lr·(g + momentum·b))

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``.
        lr: learning rate, ≥ 0.
        momentum: ≥ 0.
        dampening: how much of a new gradient momentum leaves out.
        weight_decay: ≥ 0, added to the gradient as weight_decay·θ (L2).
        nesterov: use Nesterov's form; needs momentum and no dampening.
        maximize: climb instead.

    Raises:
        ValueError: for a hyper-parameter out of range.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0)
    >>> optimizer = SGD([x], lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (x * x).backward()
    ...     optimizer.step()
    >>> round(x.data, 12)
    0.46

    Source: Sutskever et al. (2013), in the form of torch.optim.SGD, in its order of floating-point operations.
    """

    _state_names: ClassVar[tuple[str, ...]] = ("momentum_buffer",)
    _bounds: ClassVar[Bounds] = {"momentum": ("momentum value", *AT_LEAST_0)}
    _flags: ClassVar[tuple[str, ...]] = ("nesterov",)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
            },
        )

    def _validate(self, group: Mapping[str, Any]) -> None:
        super()._validate(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        decay = group["weight_decay"]
        if decay != 0:
            grad = grad + decay * data
        momentum = group["momentum"]
        if momentum != 0:
            buffer = state.get("momentum_buffer")
            if buffer is None:
                buffer = state["momentum_buffer"] = grad.copy()
            else:
                dampening = group["dampening"]
                buffer *= momentum
                buffer += grad if dampening == 0 else (1 - dampening) * grad
            grad = grad + momentum * buffer if group["nesterov"] else buffer
        data -= group["lr"] * grad


class ASGD(Optimizer):
    """Stochastic gradient descent with ever smaller steps, and the average of where it has been.

    For each parameter θ with gradient g (+ weight_decay·θ), in step t::

        θ ← (1 − lambd·η)·θ − η·g
        a ← a + μ·(θ − a)                         (a = θ until step t0)
        η ← lr/(1 + lambd·lr·t)^alpha             μ ← 1/max(1, t − t0)

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``.
        lr: learning rate, ≥ 0.
        lambd: decay of the parameters and of the steps.
        alpha: the exponent of the steps' decay.
        t0: from which step on there is an average, which is in ``optimizer.state[parameter]["ax"]``.
        weight_decay: ≥ 0, added to the gradient as weight_decay·θ (L2).
        maximize: climb instead.

    Raises:
        ValueError: for a hyper-parameter out of range.

    >>> import autograd_lite as ag
    >>> x = ag.Value(1.0)
    >>> optimizer = ASGD([x], lr=0.1, lambd=0.0)
    >>> (x * x).backward(); optimizer.step(); x.data
    0.8

    Source: Polyak and Juditsky (1992), in the form of torch.optim.ASGD, in its order of floating-point operations.
    """

    _state_names: ClassVar[tuple[str, ...]] = ("ax", "eta", "mu", "step")
    _state_numbers: ClassVar[tuple[str, ...]] = ("eta", "mu")
    _state_required: ClassVar[tuple[str, ...]] = _state_names

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "lambd": lambd,
                "alpha": alpha,
                "t0": t0,
                "weight_decay": weight_decay,
                "maximize": maximize,
            },
        )

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        lr, lambd = group["lr"], group["lambd"]
        if not state:
            state.update(step=0, eta=float(lr), mu=1.0, ax=np.zeros_like(data))
        if group["weight_decay"] != 0:
            grad = grad + group["weight_decay"] * data
        data *= 1 - lambd * state["eta"]
        data -= state["eta"] * grad
        average = state["ax"]
        if state["mu"] == 1.0:
            average[...] = data
        else:
            average += (data - average) * state["mu"]
        step = state["step"] = state["step"] + 1
        state["eta"] = float(lr / (1 + lambd * lr * step) ** group["alpha"])
        state["mu"] = 1 / max(1.0, step - group["t0"])
