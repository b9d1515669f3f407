"""Losses: one number that says how far predictions are from targets, PyTorch's names and definitions.

All take ``reduction``: "mean", "sum", or "none" for the losses one by one. The shapes of predictions and targets must
be equal (nothing is broadcast). The reduction is one n-ary node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, overload

import numpy as np

from ..engine.value import Value
from ..primitives.arithmetic import where
from ..primitives.elementary import exp, log, log1p
from ..primitives.logistic import softplus
from ..primitives.reductions import mean
from ..primitives.reductions import sum as total
from .batches import Array, ShapeError, as_array, object_array
from .module import Module
from .targets import is_given

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # with a default, so that ``nn.MSELoss`` alone is a type: of one number

    Reduction = TypeVar(
        "Reduction",
        bound=Literal["mean", "sum", "batchmean", "none"],
        default=Literal["mean", "sum", "batchmean"],
        covariant=True,
    )
else:
    from typing import TypeVar

    Reduction = TypeVar("Reduction")

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "SmoothL1Loss",
]


class Loss(Module, Generic[Reduction]):
    """What the losses share: the reduction, and the comparison of shapes.

    A subclass says ``pair``, and in ``functional_name`` the name of its function in ``nn.functional``.

    Args:
        reduction: "mean", "sum" or "none".
    """

    functional_name: ClassVar[str]
    reductions: ClassVar[tuple[str, ...]] = ("mean", "sum", "none")
    reduction: str

    def __init__(self, reduction: Reduction = "mean") -> None:  # type: ignore[assignment]
        given: Any = reduction
        if not isinstance(given, str):
            name = type(self).__name__
            raise TypeError(
                f"{name}: reduction is a text, not {type(given).__name__}: a loss is made and then called, "
                f"nn.{name}()(prediction, target)"
            )
        if reduction not in self.reductions:
            raise ValueError(f"{type(self).__name__}: reduction is one of {self.reductions}, not {reduction!r}")
        self.reduction = reduction

    def pair(self, prediction: Any, target: Any) -> Any:
        """The loss of one prediction and its target."""
        raise NotImplementedError

    if TYPE_CHECKING:

        @overload
        def __call__(self: Loss[Literal["none"]], *args: Any, **named: Any) -> Array: ...
        @overload
        def __call__(self, *args: Any, **named: Any) -> Value: ...
        def __call__(self, *args: Any, **named: Any) -> Any: ...

    def forward(self, input: Any, target: Any) -> Any:
        """The loss of predictions and targets of one shape."""
        predictions, targets = as_array(input, self), as_array(target, self)
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


class MSELoss(Loss[Reduction]):
    """(p − t)², least squares.

    Args:
        reduction: "mean", "sum", or "none" for the losses one by one.

    Raises:
        ShapeError: when called, unless both shapes are equal.

    >>> MSELoss()([1.0, 4.0], [1.0, 2.0])
    2.0

    Source: Legendre (1805).
    """

    functional_name = "mse_loss"

    def pair(self, prediction: Any, target: Any) -> Any:
        return (prediction - target) ** 2


class L1Loss(Loss[Reduction]):
    """|p − t|; derivative 0 where they are equal.

    Args:
        reduction: "mean", "sum", or "none" for the losses one by one.

    Raises:
        ShapeError: when called, unless both shapes are equal.

    >>> L1Loss(reduction="sum")([1.0, 4.0], [1.0, 2.0])
    2.0

    Source: Boscovich (1757).
    """

    functional_name = "l1_loss"

    def pair(self, prediction: Any, target: Any) -> Any:
        return abs(prediction - target)


class HuberLoss(Loss[Reduction]):
    """½d² for |d| ≤ δ, δ(|d| − ½δ) beyond (Huber 1964).

    Args:
        reduction: "mean", "sum", or "none" for the losses one by one.
        delta: δ > 0, where the square becomes a straight line.

    Raises:
        ValueError: for a δ that is not positive; ShapeError: when called, unless both shapes are equal.

    >>> HuberLoss()([0.5, 3.0], [0.0, 0.0])
    1.3125
    """

    functional_name = "huber_loss"

    def __init__(self, reduction: Reduction = "mean", delta: float = 1.0) -> None:  # type: ignore[assignment]
        super().__init__(reduction)
        if not delta > 0.0:
            raise ValueError(f"HuberLoss: delta is positive, not {delta!r}")
        self.delta = float(delta)

    def pair(self, prediction: Any, target: Any) -> Any:
        d, delta = prediction - target, self.delta
        return where(abs(d) <= delta, lambda: 0.5 * d**2, lambda: delta * (abs(d) - 0.5 * delta))


class SmoothL1Loss(Loss[Reduction]):
    """½d²/β for |d| < β, |d| − ½β beyond: the Huber loss over β.

    Args:
        reduction: "mean", "sum", or "none" for the losses one by one.
        beta: β ≥ 0, where the square becomes a straight line; 0 is ``L1Loss``.

    Raises:
        ValueError: for a negative β; ShapeError: when called, unless both shapes are equal.

    >>> SmoothL1Loss()([0.5, 3.0], [0.0, 0.0])
    1.3125

    Source: Girshick (2015).
    """

    functional_name = "smooth_l1_loss"

    def __init__(self, reduction: Reduction = "mean", beta: float = 1.0) -> None:  # type: ignore[assignment]
        super().__init__(reduction)
        if not beta >= 0.0:
            raise ValueError(f"SmoothL1Loss: beta is not negative, and {beta!r} is")
        self.beta = float(beta)

    def pair(self, prediction: Any, target: Any) -> Any:
        d, beta = prediction - target, self.beta
        if beta == 0.0:
            return abs(d)
        return where(abs(d) < beta, lambda: 0.5 / beta * d**2, lambda: abs(d) - 0.5 * beta)


class BCELoss(Loss[Reduction]):
    """−t·log p − (1 − t)·log(1 − p) of a probability p. Infinite where PyTorch stops at 100 (p = 0, t = 1).

    Args:
        weight: factors of the losses, in the targets' shape or one that is broadcast to it.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: when called, unless both shapes are equal and the weight is broadcast to them.
        ValueError: when called with a prediction or a target outside [0, 1], or nan.

    >>> round(BCELoss()([0.5], [1.0]), 6)
    0.693147

    Source: Cox (1958): minus the log-likelihood of a yes or no.
    """

    functional_name = "binary_cross_entropy"

    def __init__(self, weight: Any = None, reduction: Reduction = "mean") -> None:  # type: ignore[assignment]
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
        if not 0.0 <= prediction <= 1.0:
            raise ValueError(
                f"{self!r}: a prediction is {_number(prediction)}, not a probability from 0 to 1: of scores take "
                f"BCEWithLogitsLoss, or a Sigmoid first"
            )
        if not 0.0 <= target <= 1.0:
            raise ValueError(f"{self!r}: a target is {_number(target)}, not 0, 1 or a probability between")
        return _weighted(target, lambda: -log(prediction), lambda: -log1p(-prediction))


class BCEWithLogitsLoss(BCELoss[Reduction]):
    """The same of a logit z, p = σ(z): t·softplus(−z) + (1 − t)·softplus(z), right in both tails.

    Args:
        weight: factors of the losses, in the targets' shape or one that is broadcast to it.
        reduction: "mean", "sum" or "none".
        pos_weight: factors of the first term: how much more a positive example counts; likewise.

    Raises:
        ShapeError: when called, unless both shapes are equal and the weights are broadcast to them.

    >>> BCEWithLogitsLoss()([1000.0], [1.0])
    0.0

    Source: Cox (1958), logistic regression.
    """

    functional_name = "binary_cross_entropy_with_logits"

    def __init__(self, weight: Any = None, reduction: Reduction = "mean", pos_weight: Any = None) -> None:  # type: ignore[assignment]
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


def _number(x: Any) -> Any:
    return x.data if isinstance(x, Value) else x


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


class KLDivLoss(Loss[Reduction]):
    """t·(log t − p) where p is a log-probability: KL(t ‖ eᵖ), summed over the classes.

    Args:
        reduction: "mean" over all numbers, "batchmean" (the divergence: the sum over the rows), "sum", "none".
        log_target: whether targets are log-probabilities too.

    >>> KLDivLoss(reduction="sum")([-0.7, -1.1], [1.0, 0.0])
    0.7

    Source: Kullback and Leibler (1951).
    """

    functional_name = "kl_div"

    reductions = ("mean", "batchmean", "sum", "none")

    def __init__(self, reduction: Reduction = "mean", log_target: bool = False) -> None:  # type: ignore[assignment]
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
