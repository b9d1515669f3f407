"""Negative logarithms of densities: what a model pays that predicts a distribution's parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.value import Value
from ..primitives.arithmetic import maximum
from ..primitives.elementary import exp, log
from .batches import ShapeError, as_array
from .losses import Loss, Reduction

__all__ = ["GaussianNLLLoss", "PoissonNLLLoss"]


def _number(x: Any) -> float:
    return float(x.data) if isinstance(x, Value) else float(x)


class GaussianNLLLoss(Loss[Reduction]):
    """½·(log σ² + (t − p)²/σ²): the normal density with predicted mean p and predicted variance σ².

    Args:
        full: add the constant ½·log 2π.
        eps: a variance below it counts as eps (derivative 0 there).
        reduction: "mean", "sum" or "none".

    ``loss(p, t, variance)``: the variance has the predictions' shape, or one number for each row, or one for all.

    Raises:
        ValueError: for a negative variance; ShapeError for other shapes.

    >>> round(GaussianNLLLoss()([1.0], [3.0], [2.0]), 6)
    1.346574

    Source: Nix and Weigend (1994).
    """

    functional_name = "gaussian_nll_loss"

    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: Reduction = "mean") -> None:  # type: ignore[assignment]
        super().__init__(reduction)
        if not eps > 0.0:
            raise ValueError(f"GaussianNLLLoss: eps is positive, not {eps!r}")
        self.full = full
        self.eps = float(eps)

    def forward(self, input: Any, target: Any, var: Any) -> Any:  # type: ignore[override]
        predictions, targets, variances = (as_array(x, self) for x in (input, target, var))
        shape = predictions.shape
        if targets.shape != shape:
            raise ShapeError(f"{self!r}: the prediction has shape {shape} and the target {targets.shape}: not equal")
        if variances.shape == shape[:-1] and variances.ndim:
            variances = variances[..., None]
        if variances.shape not in (shape, (*shape[:-1], 1), ()):
            raise ShapeError(f"{self!r}: the prediction has shape {shape} and the variance {variances.shape}")
        spread = np.broadcast_to(variances, shape)
        if any(_number(v) < 0.0 for v in variances.ravel()):
            raise ValueError(f"{self!r}: a variance is negative")
        triples = zip(predictions.ravel().tolist(), targets.ravel().tolist(), spread.ravel().tolist())
        return self.reduce([self._of_one(p, t, v) for p, t, v in triples], shape)

    def _of_one(self, prediction: Any, target: Any, variance: Any) -> Any:
        v = maximum(variance, self.eps)
        loss = 0.5 * (log(v) + (prediction - target) ** 2 / v)
        return loss + 0.5 * math.log(2.0 * math.pi) if self.full else loss


class PoissonNLLLoss(Loss[Reduction]):
    """λ − t·log λ: counts t, predicted rate λ (or, with ``log_input``, its logarithm).

    Args:
        log_input: predictions are log λ.
        full: add Stirling's approximation of log t! for t > 1.
        eps: added to λ in its logarithm, without ``log_input``.
        reduction: "mean", "sum" or "none".

    >>> PoissonNLLLoss()([0.0], [3.0])
    1.0

    Source: Nelder and Wedderburn (1972).
    """

    functional_name = "poisson_nll_loss"

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        eps: float = 1e-8,
        reduction: Reduction = "mean",  # type: ignore[assignment]
    ) -> None:
        super().__init__(reduction)
        self.log_input = log_input
        self.full = full
        self.eps = float(eps)

    def pair(self, prediction: Any, target: Any) -> Any:
        if self.log_input:
            loss = exp(prediction) - target * prediction
        else:
            loss = prediction - target * log(prediction + self.eps)
        if self.full and _number(target) > 1.0:
            loss = loss + (target * log(target) - target + 0.5 * log(2.0 * math.pi * target))
        return loss
