"""Losses that ask for a margin: between two scores, two distances, a score and 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.value import Value
from ..primitives.activations import relu
from ..primitives.arithmetic import minimum
from ..primitives.elementary import sqrt
from ..primitives.logistic import softplus
from ..primitives.reductions import dot
from ..primitives.reductions import sum as total
from ..primitives.trigonometric import norm
from .batches import ShapeError, as_array
from .losses import Loss, Reduction
from .targets import is_given

__all__ = ["CosineEmbeddingLoss", "HingeLoss", "MarginRankingLoss", "SoftMarginLoss", "TripletMarginLoss"]


def _is_sign(target: Any) -> bool:
    """Whether a target is 1 or −1; a Value is taken at its word."""
    if is_given(target):
        return not bool(target * target != 1.0)
    return isinstance(target, Value) or target in (1, -1)


class HingeLoss(Loss[Reduction]):
    """max(0, 1 − t·score) for targets ±1: the maximum-margin loss of micrograd's demo.

    Args:
        reduction: "mean", "sum", or "none" for the losses one by one.

    Raises:
        ValueError: when called with a target that is neither 1 nor −1.

    >>> HingeLoss()([0.5, -3.0], [1, -1])
    0.25

    Source: Cortes and Vapnik (1995).
    """

    functional_name = "hinge_loss"

    def pair(self, prediction: Any, target: Any) -> Any:
        if not _is_sign(target):
            raise ValueError(f"HingeLoss takes targets of 1 and -1, not {target!r}: write 2*y - 1 for y of 0 and 1")
        return relu(1.0 - target * prediction)


class SoftMarginLoss(Loss[Reduction]):
    """log(1 + e^(−t·score)) for targets ±1: the logistic loss.

    Args:
        reduction: "mean", "sum", or "none" for the losses one by one.

    Raises:
        ShapeError: when called, unless both shapes are equal.

    >>> round(SoftMarginLoss()([0.0], [1.0]), 6)
    0.693147

    Source: Cox (1958), for targets of 1 and −1.
    """

    functional_name = "soft_margin_loss"

    def pair(self, prediction: Any, target: Any) -> Any:
        return softplus(-(target * prediction))


class MarginRankingLoss(Loss[Reduction]):
    """max(0, margin − t·(a − b)): t = 1 says that a shall be the larger score, t = −1 that b shall.

    Args:
        margin: by how much.
        reduction: "mean", "sum" or "none".

    ``loss(a, b, t)``, all of one shape (a single t will do for all).

    Raises:
        ShapeError: when called, unless the shapes are equal.

    >>> MarginRankingLoss(margin=1.0)([3.0], [2.5], [1.0])
    0.5

    Source: Joachims (2002).
    """

    functional_name = "margin_ranking_loss"

    def __init__(self, margin: float = 0.0, reduction: Reduction = "mean") -> None:  # type: ignore[assignment]
        super().__init__(reduction)
        self.margin = float(margin)

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:  # type: ignore[override]
        a, b, t = (as_array(x, self) for x in (input1, input2, target))
        if a.shape != b.shape or (t.shape != a.shape and t.size != 1):
            raise ShapeError(f"{self!r}: the scores have shapes {a.shape} and {b.shape}, the target {t.shape}")
        t = np.broadcast_to(t.reshape(()) if t.size == 1 else t, a.shape)
        triples = zip(*(x.ravel().tolist() for x in (a, b, t)))
        return self.reduce([relu(self.margin - s * (x - y)) for x, y, s in triples], a.shape)


class _OfRows(Loss[Reduction]):
    """What the losses of rows of numbers share."""

    def _rows(self, *inputs: Any) -> tuple[list[list[list[Any]]], tuple[int, ...]]:
        """The rows of each input, and the shape of the losses; one row alone is a batch of none."""
        arrays = [as_array(x, self) for x in inputs]
        shapes = [array.shape for array in arrays]
        if len(set(shapes)) != 1 or not 1 <= arrays[0].ndim <= 2:
            raise ShapeError(f"{self!r} takes rows of one shape, (numbers) or (batch, numbers), not {shapes}")
        return [array.reshape(-1, array.shape[-1]).tolist() for array in arrays], shapes[0][:-1]


class CosineEmbeddingLoss(_OfRows[Reduction]):
    """1 − cos(a, b) for t = 1, max(0, cos(a, b) − margin) for t = −1: rows that shall point one way, or not.

    Args:
        margin: in [−1, 1].
        reduction: "mean", "sum" or "none".

    ``loss(a, b, t)``: rows a and b of shape (batch, numbers) or (numbers,), t one target for each row.

    Raises:
        ValueError: for another target than 1 or −1; ShapeError for other shapes.

    >>> round(CosineEmbeddingLoss()([1.0, 0.0], [1.0, 1.0], 1.0), 6)
    0.292893

    Source: PyTorch's CosineEmbeddingLoss.
    """

    functional_name = "cosine_embedding_loss"

    def __init__(self, margin: float = 0.0, reduction: Reduction = "mean") -> None:  # type: ignore[assignment]
        super().__init__(reduction)
        self.margin = float(margin)

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:  # type: ignore[override]
        (a, b), shape = self._rows(input1, input2)
        targets = as_array(target, self)
        if targets.shape != shape:
            raise ShapeError(f"{self!r}: {len(a)} rows and targets of shape {targets.shape}: one for each row")
        return self.reduce([self._of_row(x, y, t) for x, y, t in zip(a, b, targets.ravel().tolist())], shape)

    def _of_row(self, a: list[Any], b: list[Any], target: Any) -> Any:
        if target not in (1.0, -1.0):
            raise ValueError(f"{self!r} takes targets of 1 and -1, not {target!r}")
        cosine = dot(a, b) / sqrt((dot(a, a) + 1e-12) * (dot(b, b) + 1e-12))
        return 1.0 - cosine if target == 1.0 else relu(cosine - self.margin)


class TripletMarginLoss(_OfRows[Reduction]):
    """max(0, d(a, p) − d(a, n) + margin): an anchor shall be nearer to the positive row than to the negative one.

    Args:
        margin: by how much.
        p: of the p-norm that is the distance.
        eps: added to the differences, as PyTorch does.
        swap: take d(p, n) where it is smaller than d(a, n).
        reduction: "mean", "sum" or "none".

    ``loss(anchor, positive, negative)``, each of shape (batch, numbers) or (numbers,).

    Raises:
        ValueError: for a p that is not positive; ShapeError: when called, unless all shapes are equal.

    >>> round(TripletMarginLoss()([0.0, 0.0], [3.0, 4.0], [0.0, 5.5]), 4)
    0.5

    Source: Schroff, Kalenichenko and Philbin (2015); swap: Balntas et al. (2016).
    """

    functional_name = "triplet_margin_loss"

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        reduction: Reduction = "mean",  # type: ignore[assignment]
    ) -> None:
        super().__init__(reduction)
        if not p > 0.0:
            raise ValueError(f"TripletMarginLoss: p is positive, not {p!r}")
        self.margin, self.p, self.eps, self.swap = float(margin), float(p), float(eps), swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:  # type: ignore[override]
        rows, shape = self._rows(anchor, positive, negative)
        return self.reduce([self._of_row(*triple) for triple in zip(*rows)], shape)

    def _of_row(self, anchor: list[Any], positive: list[Any], negative: list[Any]) -> Any:
        far = self._distance(anchor, negative)
        if self.swap:
            far = minimum(far, self._distance(positive, negative))
        return relu(self._distance(anchor, positive) - far + self.margin)

    def _distance(self, a: list[Any], b: list[Any]) -> Any:
        differences = [x - y + self.eps for x, y in zip(a, b)]
        if self.p == 2.0:
            return norm(differences)
        return total([abs(d) ** self.p for d in differences]) ** (1.0 / self.p)
