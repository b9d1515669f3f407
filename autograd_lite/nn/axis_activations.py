"""Activations that take numbers along an axis together: softmax and its relatives, and the gated linear unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitives.elementary import exp
from ..primitives.logistic import sigmoid
from ..primitives.reductions import logsumexp
from .batches import Array, ShapeError, array_of, as_array
from .module import Module

__all__ = ["GLU", "LogSoftmax", "Softmax", "Softmin"]


class _AlongAxis(Module):
    """What they share: rows along one axis, each turned into another."""

    dim: int | None

    if TYPE_CHECKING:

        def __call__(self, input: Any) -> Array: ...

    def _of_row(self, row: list[Any]) -> list[Any]:
        raise NotImplementedError

    def forward(self, input: Any) -> Any:
        array = as_array(input, self)
        dim = -1 if self.dim is None else self.dim
        if not -array.ndim <= dim < array.ndim:
            raise ShapeError(f"{self!r}: the input of shape {array.shape} has no axis {dim}")
        moved = np.moveaxis(array, dim, -1)
        rows = [self._of_row(row) for row in moved.reshape(-1, moved.shape[-1]).tolist()]
        length = len(rows[0] if rows else self._of_row([0.0] * moved.shape[-1]))
        return np.moveaxis(array_of([v for row in rows for v in row], (*moved.shape[:-1], length)), -1, dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_AlongAxis):
    """eˣⁱ/Σe along one axis, as exp(xᵢ − logsumexp(x)): nothing overflows.

    Args:
        dim: the axis; the last by default.

    Raises:
        ShapeError: for an input without this axis.

    >>> Softmax()([1.0, 2.0, 3.0]).round(3).tolist()
    [0.09, 0.245, 0.665]

    Source: Bridle (1990).
    """

    functional_name = "softmax"

    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim

    def _of_row(self, row: list[Any]) -> list[Any]:
        total = logsumexp(row)
        return [exp(x - total) for x in row]


class LogSoftmax(Softmax):
    """xᵢ − logsumexp(x) along one axis: what ``NLLLoss`` takes.

    Args:
        dim: the axis along which the exponentials add up to 1; the last one by default.

    >>> LogSoftmax()([1.0, 2.0, 3.0]).round(3).tolist()
    [-2.408, -1.408, -0.408]

    Source: Bridle (1990).
    """

    functional_name = "log_softmax"

    def _of_row(self, row: list[Any]) -> list[Any]:
        total = logsumexp(row)
        return [x - total for x in row]


class Softmin(Softmax):
    """e⁻ˣⁱ/Σe⁻ˣ along one axis: the softmax of −x.

    Args:
        dim: the axis; the last by default.

    Raises:
        ShapeError: for an input without this axis.

    >>> Softmin()([1.0, 2.0, 3.0]).round(3).tolist()
    [0.665, 0.245, 0.09]

    Source: Bridle (1990), of −x.
    """

    functional_name = "softmin"

    def _of_row(self, row: list[Any]) -> list[Any]:
        return super()._of_row([-x for x in row])


class GLU(_AlongAxis):
    """a·σ(b), the gated linear unit: a is the first half of the numbers along an axis, b the second.

    Args:
        dim: the axis; the last by default.

    Raises:
        ShapeError: for an input without this axis, or an odd number along it.

    >>> GLU()([1.0, 2.0, 0.0, 1000.0]).tolist()
    [0.5, 2.0]

    Source: Dauphin et al. (2017).
    """

    functional_name = "glu"

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def _of_row(self, row: list[Any]) -> list[Any]:
        half, odd = divmod(len(row), 2)
        if odd:
            raise ShapeError(f"{self!r}: {len(row)} numbers along the axis, which has no halves")
        return [a * sigmoid(b) for a, b in zip(row[:half], row[half:])]
