"""Losses: one number that says how far predictions are from targets, PyTorch's names and definitions.

All take ``reduction``: "mean", "sum", or "none" for the losses one by one. The shapes of predictions and targets must
be equal (nothing is broadcast). The reduction is one n-ary node.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.value import Value
from ..primitives.arithmetic import where
from ..primitives.elementary import exp, log, log1p
from ..primitives.logistic import softplus
from ..primitives.reductions import dot, logsumexp, mean
from ..primitives.reductions import sum as total
from .batches import ShapeError, as_array, object_array
from .module import Module
from .targets import as_indices, choices, in_range, is_given, picked, recorded

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "NLLLoss",
    "SmoothL1Loss",
]


class Loss(Module):
    """What the losses share: the reduction, and the comparison of shapes.

    Args:
        reduction: "mean", "sum" or "none".
    """

    reductions: tuple[str, ...] = ("mean", "sum", "none")

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in self.reductions:
            raise ValueError(f"{type(self).__name__}: reduction is one of {self.reductions}, not {reduction!r}")
        self.reduction = reduction

    def pair(self, prediction: Any, target: Any) -> Any:
        """The loss of one prediction and its target."""
        raise NotImplementedError

    if TYPE_CHECKING:  # (with reduction="none" an array of them, which a cast says)

        def __call__(self, *args: Any, **named: Any) -> Value: ...

    def forward(self, prediction: Any, target: Any) -> Any:
        """The loss of predictions and targets of one shape."""
        predictions, targets = as_array(prediction, self), as_array(target, self)
        if predictions.shape != targets.shape:
            raise ShapeError(
                f"{self!r}: the prediction has shape {predictions.shape} and the target {targets.shape}, which must be "
                f"equal"
            )
        return self.reduce(self.losses(predictions, targets), predictions.shape)

    def losses(self, predictions: Any, targets: Any) -> list[Any]:
        """The losses one by one, of two arrays of one shape."""
        return [self.pair(p, t) for p, t in zip(predictions.ravel().tolist(), targets.ravel().tolist())]

    def reduce(self, losses: list[Any], shape: tuple[int, ...]) -> Any:
        """One number of the losses, or with "none" all of them."""
        if self.reduction == "none":
            return object_array(losses, shape)[()]
        if not losses and self.reduction != "sum":
            raise ShapeError(f"{self!r}: the prediction of shape {shape} is empty")
        return mean(losses) if self.reduction == "mean" else total(losses)

    def extra_repr(self) -> str:
        return "" if self.reduction == "mean" else f"reduction={self.reduction!r}"


class MSELoss(Loss):
    """(p − t)², least squares.

    Args:
        reduction: "mean", "sum", or "none" for the losses one by one.

    Raises:
        ShapeError: when called, unless both shapes are equal.

    >>> MSELoss()([1.0, 4.0], [1.0, 2.0])
    2.0
    """

    def pair(self, prediction: Any, target: Any) -> Any:
        return (prediction - target) ** 2


class L1Loss(Loss):
    """|p − t|; derivative 0 where they are equal.

    Args:
        reduction: "mean", "sum", or "none" for the losses one by one.

    Raises:
        ShapeError: when called, unless both shapes are equal.

    >>> L1Loss(reduction="sum")([1.0, 4.0], [1.0, 2.0])
    2.0
    """

    def pair(self, prediction: Any, target: Any) -> Any:
        return abs(prediction - target)


class HuberLoss(Loss):
    """½d² for |d| ≤ δ, δ(|d| − ½δ) beyond (Huber 1964).

    Args:
        reduction: "mean", "sum", or "none" for the losses one by one.
        delta: δ > 0, where the square becomes a straight line.

    Raises:
        ValueError: for a δ that is not positive; ShapeError: when called, unless both shapes are equal.

    >>> HuberLoss()([0.5, 3.0], [0.0, 0.0])
    1.3125
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        if not delta > 0.0:
            raise ValueError(f"HuberLoss: delta is positive, not {delta!r}")
        self.delta = float(delta)

    def pair(self, prediction: Any, target: Any) -> Any:
        d, delta = prediction - target, self.delta
        return where(abs(d) <= delta, lambda: 0.5 * d**2, lambda: delta * (abs(d) - 0.5 * delta))


class SmoothL1Loss(Loss):
    """½d²/β for |d| < β, |d| − ½β beyond: the Huber loss over β.

    Args:
        reduction: "mean", "sum", or "none" for the losses one by one.
        beta: β ≥ 0, where the square becomes a straight line; 0 is ``L1Loss``.

    Raises:
        ValueError: for a negative β; ShapeError: when called, unless both shapes are equal.

    >>> SmoothL1Loss()([0.5, 3.0], [0.0, 0.0])
    1.3125
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        if not beta >= 0.0:
            raise ValueError(f"SmoothL1Loss: beta is not negative, and {beta!r} is")
        self.beta = float(beta)

    def pair(self, prediction: Any, target: Any) -> Any:
        d, beta = prediction - target, self.beta
        if beta == 0.0:
            return abs(d)
        return where(abs(d) < beta, lambda: 0.5 / beta * d**2, lambda: abs(d) - 0.5 * beta)


class BCELoss(Loss):
    """−t·log p − (1 − t)·log(1 − p) of a probability p. Infinite where PyTorch stops at 100 (p = 0, t = 1).

    Args:
        weight: factors of the losses, in the targets' shape or one that is broadcast to it.
        reduction: "mean", "sum" or "none".

    >>> BCELoss()([0.5], [1.0]) == math.log(2.0)
    True
    """

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else as_array(weight, self)

    def losses(self, predictions: Any, targets: Any) -> list[Any]:
        return self._rescaled(super().losses(predictions, targets), predictions.shape)

    def _rescaled(self, losses: list[Any], shape: tuple[int, ...]) -> list[Any]:
        if self.weight is None:
            return losses
        return [w * loss for w, loss in zip(self._spread("weight", self.weight, shape), losses)]

    def _spread(self, name: str, factors: Any, shape: tuple[int, ...]) -> list[Any]:
        """A factor for each loss."""
        try:
            spread: list[Any] = np.broadcast_to(factors, shape).ravel().tolist()
        except ValueError:
            raise ShapeError(
                f"{self!r}: {name} has shape {factors.shape}, which is not broadcast to the prediction's {shape}"
            ) from None
        return spread

    def pair(self, prediction: Any, target: Any) -> Any:
        return _weighted(target, lambda: -log(prediction), lambda: -log1p(-prediction))


class BCEWithLogitsLoss(BCELoss):
    """The same of a logit z, p = σ(z): t·softplus(−z) + (1 − t)·softplus(z), right in both tails.

    Args:
        weight: factors of the losses, in the targets' shape or one that is broadcast to it.
        reduction: "mean", "sum" or "none".
        pos_weight: factors of the first term: how much more a positive example counts; likewise.

    >>> BCEWithLogitsLoss()([1000.0], [1.0])
    0.0
    """

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(weight, reduction)
        self.pos_weight = None if pos_weight is None else as_array(pos_weight, self)

    def losses(self, predictions: Any, targets: Any) -> list[Any]:
        if self.pos_weight is None:
            return super().losses(predictions, targets)
        factors = self._spread("pos_weight", self.pos_weight, predictions.shape)
        triples = zip(predictions.ravel().tolist(), targets.ravel().tolist(), factors)
        return self._rescaled([self.pair(p, t, k) for p, t, k in triples], predictions.shape)

    def pair(self, prediction: Any, target: Any, factor: float = 1.0) -> Any:
        def positive() -> Any:
            loss = softplus(-prediction)
            return loss if factor == 1.0 else factor * loss

        return _weighted(target, positive, lambda: softplus(prediction))


def _weighted(t: Any, yes: Any, no: Any) -> Any:
    """t·yes + (1 − t)·no; a branch with the constant weight 0 isn't evaluated (0·inf would be nan)."""
    if is_given(t):
        return where(t == 0.0, 0.0, lambda: t * yes()) + where(t == 1.0, 0.0, lambda: (1.0 - t) * no())
    if not isinstance(t, Value):
        if t == 1.0:
            return yes()
        if t == 0.0:
            return no()
    return t * yes() + (1.0 - t) * no()


class KLDivLoss(Loss):
    """t·(log t − p) where p is a log-probability: KL(t ‖ eᵖ), summed over the classes.

    Args:
        reduction: "mean" over all numbers, "batchmean" (the divergence: the sum over the rows), "sum", "none".
        log_target: whether targets are log-probabilities too.

    >>> round(KLDivLoss(reduction="sum")([math.log(0.5), math.log(0.5)], [1.0, 0.0]), 6)
    0.693147
    """

    reductions = ("mean", "batchmean", "sum", "none")

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def pair(self, prediction: Any, target: Any) -> Any:
        if self.log_target:
            return exp(target) * (target - prediction)
        if not isinstance(target, Value) and target == 0.0:
            return 0.0
        if is_given(target):
            return where(target == 0.0, 0.0, lambda: target * (log(target) - prediction))
        return target * (log(target) - prediction)

    def reduce(self, losses: list[Any], shape: tuple[int, ...]) -> Any:
        if self.reduction == "batchmean" and losses:
            return total(losses) / (shape[0] if shape else 1)
        return super().reduce(losses, shape)


class _Classes(Loss):
    """What the losses over classes share.

    Args:
        weight: one factor for each class.
        reduction: "mean" divides by the weights of the targets' classes.
        ignore_index: a class whose rows count for nothing.
    """

    def __init__(self, weight: Any = None, reduction: str = "mean", ignore_index: int = -100) -> None:
        super().__init__(reduction)
        self.weight: list[float] | None = None if weight is None else [float(w) for w in weight]
        self.ignore_index = ignore_index

    def _rows(self, scores: Any, target: Any) -> tuple[list[list[Any]], list[Any], tuple[int, ...]]:
        """The rows of scores, their classes, and the shape of the losses."""
        array, classes = as_array(scores, self), as_indices(target)
        if array.ndim == 0 or classes.shape != array.shape[:-1]:
            raise ShapeError(
                f"{self!r}: the prediction has shape {array.shape} and the target {classes.shape}; the target has one "
                f"class for each row"
            )
        count = array.shape[-1]
        self._check_weight(count)
        rows, indices = array.reshape(-1, count).tolist(), classes.ravel().tolist()
        if recorded(classes):
            return rows, indices, classes.shape
        if classes.dtype.kind not in "iu":
            raise TypeError(f"{self!r}: classes are integers, not {classes.dtype}")
        for k in indices:
            if not 0 <= k < count and k != self.ignore_index:
                raise IndexError(f"{self!r}: class {k} is not one of 0 … {count - 1}")
        return rows, indices, classes.shape

    def _check_weight(self, count: int) -> None:
        if self.weight is not None and len(self.weight) != count:
            raise ShapeError(f"{self!r}: {len(self.weight)} weights for {count} classes")

    def row_loss(self, row: list[Any], k: Any) -> Any:
        """The loss of one row and its class."""
        raise NotImplementedError

    def _of_classes(self, rows: list[list[Any]], classes: list[Any], shape: tuple[int, ...]) -> Any:
        """The losses of the rows, reduced."""
        if classes and isinstance(classes[0], Value):
            return self._recorded(rows, classes, shape)
        losses = [0.0 if k == self.ignore_index else self.row_loss(row, k) for row, k in zip(rows, classes)]
        kept = [(loss, k) for loss, k in zip(losses, classes) if k != self.ignore_index]
        if self.reduction == "none":
            return object_array(losses, shape)[()]
        if not kept and self.reduction == "mean":
            raise ShapeError(f"{self!r}: no row is left to take a loss of")
        if not kept:  # a Value where there are Values, so that backward() is there as for any other batch
            return Value(0.0) if any(isinstance(x, Value) for row in rows for x in row) else 0.0
        used = [loss for loss, _ in kept]
        if self.weight is None or self.reduction == "sum":
            return mean(used) if self.reduction == "mean" else total(used)
        return total(used) / math.fsum(self.weight[k] for _, k in kept)

    def _recorded(self, rows: list[list[Any]], classes: list[Any], shape: tuple[int, ...]) -> Any:
        """The same for classes that are inputs of a program: rows that are ignored are chosen in each call."""
        count = len(rows[0])
        kept: list[Any] = [True] * len(rows)
        every = not 0 <= self.ignore_index < count and in_range(classes, count)
        if not every:
            kept, classes = choices(classes, self.ignore_index)
            if not in_range(classes, count):
                raise IndexError(f"{self!r}: a class is not one of 0 … {count - 1}")
        losses = [where(keep, self.row_loss(row, k), 0.0) for keep, row, k in zip(kept, rows, classes)]
        if self.reduction == "none":
            return object_array(losses, shape)[()]
        if self.reduction == "mean" and not every and not total([where(keep, 1.0, 0.0) for keep in kept]) > 0.0:
            raise ShapeError(f"{self!r}: no row is left to take a loss of")
        if self.reduction == "sum":
            return total(losses)
        if every and self.weight is None:
            return mean(losses)
        weights = [1.0 if self.weight is None else picked(self.weight, k) for k in classes]
        return total(losses) / total([where(keep, w, 0.0) for keep, w in zip(kept, weights)])


class NLLLoss(_Classes):
    """−log p of the target's class: predictions are rows of log-probabilities, targets the classes (integers).

    Args:
        weight: a factor for each class, or None.
        reduction: "mean", "sum", or "none" for the losses one by one.
        ignore_index: a class that is left out of the mean.

    Raises:
        TypeError: when called with classes that are no integers; IndexError: with one that there is none of.

    >>> NLLLoss()([[-1.0, -2.0], [-3.0, -4.0]], [0, 1])
    2.5
    """

    def row_loss(self, row: list[Any], k: Any) -> Any:
        return _scaled(self.weight, k, -picked(row, k))

    def forward(self, prediction: Any, target: Any) -> Any:
        return self._of_classes(*self._rows(prediction, target))


def _scaled(weight: Sequence[float] | None, k: Any, loss: Any) -> Any:
    return loss if weight is None else picked(weight, k) * loss


class CrossEntropyLoss(_Classes):
    """logsumexp(z) − z of the target's class: predictions are rows of logits.

    Args:
        weight: one factor for each class.
        reduction: "mean", "sum" or "none".
        ignore_index: a class whose rows count for nothing.
        label_smoothing: this much of the target is spread over all classes.

    Targets are classes (integers, one for each row) or probabilities (an array of the logits' shape).

    >>> CrossEntropyLoss()([[0.0, 0.0]], [1]) == math.log(2.0)
    True
    """

    def __init__(
        self, weight: Any = None, reduction: str = "mean", ignore_index: int = -100, label_smoothing: float = 0.0
    ) -> None:
        super().__init__(weight, reduction, ignore_index)
        if not 0.0 <= label_smoothing <= 1.0:
            raise ValueError(f"CrossEntropyLoss: label_smoothing is in [0, 1], not {label_smoothing!r}")
        self.label_smoothing = label_smoothing

    def forward(self, prediction: Any, target: Any) -> Any:
        array, targets = as_array(prediction, self), as_indices(target)
        if targets.shape == array.shape and targets.dtype.kind not in "iu" and not recorded(targets):
            return self._of_probabilities(array, as_array(target, self))
        return self._of_classes(*self._rows(prediction, target))

    def row_loss(self, row: list[Any], k: Any) -> Any:
        if self.label_smoothing > 0.0 and not isinstance(k, Value):
            return self._expected(row, [float(i == k) for i in range(len(row))])
        loss = _scaled(self.weight, k, logsumexp(row) - picked(row, k))
        if self.label_smoothing == 0.0:
            return loss
        weight = self.weight or [1.0] * len(row)
        spread = logsumexp(row) * total(weight) - dot(weight, row)
        return (1.0 - self.label_smoothing) * loss + self.label_smoothing / len(row) * spread

    def _expected(self, row: list[Any], probabilities: list[Any]) -> Any:
        """Σ qᵢ·(logsumexp(z) − zᵢ) with the smoothed and weighted probabilities q."""
        even = self.label_smoothing / len(row)
        weight = self.weight or [1.0] * len(row)
        q = [w * (p * (1.0 - self.label_smoothing) + even) for w, p in zip(weight, probabilities)]
        return logsumexp(row) * total(q) - dot(q, row)

    def _of_probabilities(self, array: Any, targets: Any) -> Any:
        count = array.shape[-1]
        self._check_weight(count)
        pairs = zip(array.reshape(-1, count).tolist(), targets.reshape(-1, count).tolist())
        return self.reduce([self._expected(row, q) for row, q in pairs], array.shape[:-1])
