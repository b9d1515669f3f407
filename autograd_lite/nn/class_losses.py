"""Losses over classes: rows of logits or log-probabilities, and for each row the class that it should say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..engine.value import Value
from ..primitives.activations import relu
from ..primitives.arithmetic import where
from ..primitives.reductions import dot, logsumexp, mean
from ..primitives.reductions import sum as total
from .batches import ShapeError, as_array, object_array
from .losses import Loss, Reduction
from .targets import as_indices, choices, in_range, picked, recorded

__all__ = ["CrossEntropyLoss", "MultiMarginLoss", "NLLLoss"]


class _Rows(Loss[Reduction]):
    """What the losses over classes share.

    Args:
        weight: one factor for each class.
        reduction: "mean", "sum" or "none".
    """

    def __init__(self, weight: Any = None, reduction: Reduction = "mean") -> None:  # type: ignore[assignment]
        super().__init__(reduction)
        self.weight: list[float] | None = None if weight is None else [float(w) for w in weight]

    def _rows(
        self, scores: Any, target: Any, ignored: int | None = None
    ) -> tuple[list[list[Any]], list[Any], tuple[int, ...]]:
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
            if not 0 <= k < count and k != ignored:
                raise IndexError(f"{self!r}: class {k} is not one of 0 … {count - 1}")
        return rows, indices, classes.shape

    def _check_weight(self, count: int) -> None:
        if self.weight is not None and len(self.weight) != count:
            raise ShapeError(f"{self!r}: {len(self.weight)} weights for {count} classes")

    def row_loss(self, row: list[Any], k: Any) -> Any:
        """The loss of one row and its class."""
        raise NotImplementedError


class _Classes(_Rows[Reduction]):
    """Those that leave a class out.

    Args:
        weight: one factor for each class.
        reduction: "mean" divides by the weights of the targets' classes.
        ignore_index: a class whose rows count for nothing.
    """

    def __init__(self, weight: Any = None, reduction: Reduction = "mean", ignore_index: int = -100) -> None:  # type: ignore[assignment]
        super().__init__(weight, reduction)
        self.ignore_index = ignore_index

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


class NLLLoss(_Classes[Reduction]):
    """−log p of the target's class: predictions are rows of log-probabilities, targets the classes (integers).

    Args:
        weight: a factor for each class, or None.
        reduction: "mean", "sum", or "none" for the losses one by one.
        ignore_index: a class that is left out of the mean.

    Raises:
        TypeError: when called with classes that are no integers; IndexError: with one that there is none of.

    >>> NLLLoss()([[-1.0, -2.0], [-3.0, -4.0]], [0, 1])
    2.5

    Source: Fisher (1922), maximum likelihood.
    """

    functional_name = "nll_loss"

    def row_loss(self, row: list[Any], k: Any) -> Any:
        return _scaled(self.weight, k, -picked(row, k))

    def forward(self, input: Any, target: Any) -> Any:
        return self._of_classes(*self._rows(input, target, self.ignore_index))


def _scaled(weight: Sequence[float] | None, k: Any, loss: Any) -> Any:
    return loss if weight is None else picked(weight, k) * loss


class CrossEntropyLoss(_Classes[Reduction]):
    """logsumexp(z) − z of the target's class: predictions are rows of logits.

    Args:
        weight: one factor for each class.
        reduction: "mean", "sum" or "none".
        ignore_index: a class whose rows count for nothing.
        label_smoothing: this much of the target is spread over all classes.

    Targets are classes (integers, one for each row) or probabilities (an array of the logits' shape).

    Raises:
        ValueError: for a label_smoothing outside [0, 1]; ShapeError: when called, unless there is a target for each
            row; IndexError: for a class that there is none of.

    >>> round(CrossEntropyLoss()([[0.0, 0.0]], [1]), 6)
    0.693147

    Source: Bridle (1990); label smoothing: Szegedy et al. (2016).
    """

    functional_name = "cross_entropy"

    def __init__(
        self,
        weight: Any = None,
        reduction: Reduction = "mean",  # type: ignore[assignment]
        ignore_index: int = -100,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, reduction, ignore_index)
        if not 0.0 <= label_smoothing <= 1.0:
            raise ValueError(f"CrossEntropyLoss: label_smoothing is in [0, 1], not {label_smoothing!r}")
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        array, targets = as_array(input, self), as_indices(target)
        if targets.shape == array.shape and targets.dtype.kind not in "iu" and not recorded(targets):
            return self._of_probabilities(array, as_array(target, self))
        return self._of_classes(*self._rows(input, target, self.ignore_index))

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


class MultiMarginLoss(_Rows[Reduction]):
    """Σ max(0, margin − z of the target's class + z)ᵖ over the other classes, divided by their number and one.

    Args:
        p: 1 or 2.
        margin: by how much the target's class should be ahead.
        weight: a factor for each target's class; "mean" divides by the number of rows.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: for another p. TypeError: when called with classes that are no integers; IndexError: with one that
            there is none of.

    >>> MultiMarginLoss()([[1.0, 3.0, 0.5]], [1])
    0.0
    >>> MultiMarginLoss()([[1.0, 3.0, 0.5]], [0])
    1.1666666666666667

    Source: Crammer and Singer (2001); Weston and Watkins (1999) for the sum.
    """

    functional_name = "multi_margin_loss"

    def __init__(self, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: Reduction = "mean") -> None:  # type: ignore[assignment]
        super().__init__(weight, reduction)
        if p not in (1, 2):
            raise ValueError(f"MultiMarginLoss: p is 1 or 2, not {p!r}")
        self.p, self.margin = p, float(margin)

    def row_loss(self, row: list[Any], k: Any) -> Any:
        ahead = self.margin - picked(row, k)
        if isinstance(k, Value):  # an input of a program: where each call chooses
            short = [where(k == j, 0.0, relu(ahead + x)) for j, x in enumerate(row)]
        else:
            short = [relu(ahead + x) for j, x in enumerate(row) if j != k]
        return _scaled(self.weight, k, total([m * m for m in short] if self.p == 2 else short) / len(row))

    def forward(self, input: Any, target: Any) -> Any:
        rows, classes, shape = self._rows(input, target)
        return self.reduce([self.row_loss(row, k) for row, k in zip(rows, classes)], shape)
