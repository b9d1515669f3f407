"""Adafactor: steps in proportion to the parameters, by mean squares that a matrix keeps as a row and a column."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .adam import move_average
from .blocks import Array, Block, as_blocks
from .optimizer import AT_LEAST_0, Bounds, Optimizer, check_number

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """The gradient over the root of its mean square, which for a matrix is the product of a row's and a column's.

    For each parameter θ with gradient g, in step t::

        w = t^beta2_decay        ρ = min(lr, 1/√t)        α = ρ·max(eps₂, RMS of θ)
        v ← (1 − w)·v + w·g²                      (two axes or more: r and c, the means of g² along the last two, each
                                                  likewise; v = r·c/(mean of r, at least eps₁))
        u = g/√v, v at least eps₁²
        θ ← (1 − lr·weight_decay)·θ − α·u/max(1, RMS of u/d)

    Args:
        params: Parameters, Values, or groups of them; see ``Optimizer``. Each is stepped by itself.
        lr: the largest relative step, ≥ 0.
        beta2_decay: how fast the mean squares learn to remember, ≤ 0.
        eps: (eps₁, eps₂): what keeps quotients finite, None for 2⁻⁵²; and the smallest scale of a parameter.
        d: the largest root mean square of u, ≥ 1.
        weight_decay: ≥ 0, apart from the gradient.
        maximize: climb instead.

    Raises:
        ValueError: for a hyper-parameter out of range.

    >>> import autograd_lite as ag
    >>> x = ag.Value(2.0)
    >>> optimizer = Adafactor([x], lr=0.1)
    >>> (x * x).backward(); optimizer.step(); round(x.data, 12)
    1.8

    Source: Shazeer and Stern (2018); order of operations: torch.optim.Adafactor.
    """

    _state_names: ClassVar[tuple[str, ...]] = ("col_var", "row_var", "step", "variance")
    _state_required: ClassVar[tuple[str, ...]] = ("step",)
    _bounds: ClassVar[Bounds] = {
        "beta2_decay": ("beta2_decay", -math.inf, math.nextafter(0.0, 1.0)),
        "d": ("clipping threshold d", 1.0, math.inf),
    }

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "beta2_decay": beta2_decay,
                "eps": eps,
                "d": d,
                "weight_decay": weight_decay,
                "maximize": maximize,
            },
        )

    def _validate(self, group: Mapping[str, Any]) -> None:
        super()._validate({name: setting for name, setting in group.items() if name != "eps"})
        if not isinstance(group["eps"], (tuple, list)) or len(group["eps"]) != 2:
            raise ValueError(f"eps is a pair, of a number or None and a number, not {group['eps']!r}")
        for i, eps in enumerate(group["eps"]):
            if eps is not None or i == 1:
                check_number(f"eps[{i}]", f"epsilon value at index {i}", eps, *AT_LEAST_0)

    def _blocks_of(self, parameters: list[Any]) -> list[Block]:
        """Each parameter by itself: its scale is its own."""
        blocks = [block for parameter in parameters for block in as_blocks([parameter])]
        for i, block in enumerate(blocks):
            block.indices = [i]
        return blocks

    def _state_shape(self, key: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        if key == "row_var":
            return (*shape[:-1], 1)
        return (*shape[:-2], 1, *shape[-1:]) if key == "col_var" else shape

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        least, scale = group["eps"]
        least = 2.0**-52 if least is None else least
        step = state["step"] = state.get("step", 0) + 1
        weight = step ** group["beta2_decay"]
        alpha = max(scale, _rms(data)) * min(group["lr"], 1 / step**0.5)
        if group["weight_decay"] != 0:
            data *= 1 - group["lr"] * group["weight_decay"]
        square = grad * grad
        if data.ndim > 1:
            for key, axis in (("row_var", -1), ("col_var", -2)):
                along = square.mean(axis=axis, keepdims=True)
                move_average(state.setdefault(key, np.zeros_like(along)), along, weight)
            rows = state["row_var"]
            variance = rows @ state["col_var"] / np.maximum(rows.mean(axis=-2, keepdims=True), least)
        else:
            variance = state.setdefault("variance", np.zeros_like(data))
            move_average(variance, square, weight)
        update = grad / np.sqrt(np.maximum(variance, least * least))
        data -= alpha / max(1.0, _rms(update) / group["d"]) * update


def _rms(array: Array) -> float:
    return float(np.linalg.norm(array)) / math.sqrt(array.size or 1)
