"""Layers that rescale their input by its own statistics: over a row, a group of channels, or a batch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.observers import notify_tracer
from ..engine.value import Value
from ..primitives.elementary import sqrt
from ..primitives.reductions import mean
from .batches import Array, ShapeError, array_of, as_array
from .module import Module
from .parameter import Parameter

__all__ = ["BatchNorm1d", "GroupNorm", "LayerNorm", "RMSNorm"]


def _shape(where: str, given: Any) -> tuple[int, ...]:
    """The last axes, as a tuple of positive ints."""
    shape = (given,) if isinstance(given, (int, np.integer)) else tuple(given)
    for i, n in enumerate(shape):
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
            raise ValueError(f"{where}: axis {i} is a positive int, not {n!r}")
    return shape


def _standardized(numbers: list[Any], eps: float) -> tuple[list[Any], Any, Any]:
    """(x − mean)/√(variance + eps) of each number, the mean and the variance."""
    centre = mean(numbers)
    differences = [x - centre for x in numbers]
    variance = mean([d * d for d in differences])
    scale = sqrt(variance + eps)
    return [d / scale for d in differences], centre, variance


class _OfLastAxes(Module):
    """What the layers share that work on each row by itself."""

    weight: Parameter | None
    bias: Parameter | None = None
    normalized_shape: tuple[int, ...]

    if TYPE_CHECKING:

        def __call__(self, input: Any) -> Array: ...

    def forward(self, input: Any) -> Any:
        array = as_array(input, self)
        last = len(self.normalized_shape)
        if array.shape[array.ndim - last :] != self.normalized_shape or array.ndim < last:
            raise ShapeError(
                f"{self!r}: the input has shape {array.shape}, whose last axes must be {self.normalized_shape}"
            )
        result: list[Any] = []
        for row in array.reshape(-1, math.prod(self.normalized_shape)).tolist():
            normal = self._of_row(row)
            if self.weight is not None:
                normal = [n * gamma for n, gamma in zip(normal, self.weight.values().ravel())]
            if self.bias is not None:
                normal = [n + beta for n, beta in zip(normal, self.bias.values().ravel())]
            result += normal
        return array_of(result, array.shape)

    def _of_row(self, row: list[Any]) -> list[Any]:
        raise NotImplementedError


class LayerNorm(_OfLastAxes):
    """(x − mean)/√(variance + ε) over the last axes, then γ·x + β (Ba, Kiros and Hinton 2016).

    Args:
        normalized_shape: the last axes: an int, or a tuple of them.
        eps: ε.
        elementwise_affine: whether there are γ (``weight``, starts at 1) and β (``bias``, starts at 0).
        bias: whether there is a β if there is a γ.

    >>> y = LayerNorm(2)([1.0, 3.0])
    >>> [round(v.data, 4) for v in y]
    [-1.0, 1.0]
    """

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True
    ) -> None:
        self.normalized_shape = shape = _shape("LayerNorm", normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(np.ones(shape)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(shape)) if elementwise_affine and bias else None

    def _of_row(self, row: list[Any]) -> list[Any]:
        return _standardized(row, self.eps)[0]

    def extra_repr(self) -> str:
        settings = f"eps={self.eps}, elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, {settings}"


class RMSNorm(_OfLastAxes):
    """x/√(mean of x² + ε) over the last axes, then γ·x (Zhang and Sennrich 2019).

    Args:
        normalized_shape: the last axes: an int, or a tuple of them.
        eps: ε; None for the distance from 1 to the next float, 2⁻⁵².
        elementwise_affine: whether there is a γ (``weight``, starts at 1).

    >>> y = RMSNorm(2)([3.0, 3.0])
    >>> [round(v.data, 4) for v in y]
    [1.0, 1.0]
    """

    def __init__(self, normalized_shape: Any, eps: float | None = None, elementwise_affine: bool = True) -> None:
        self.normalized_shape = shape = _shape("RMSNorm", normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(np.ones(shape)) if elementwise_affine else None

    def _of_row(self, row: list[Any]) -> list[Any]:
        scale = sqrt(mean([x * x for x in row]) + (2.0**-52 if self.eps is None else self.eps))
        return [x / scale for x in row]

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """(x − mean)/√(variance + ε) over each group of channels of an example, then γ·x + β for each channel.

    Args:
        num_groups: how many groups there are, a divisor of the number of channels.
        num_channels: the length of the input's second axis.
        eps: ε.
        affine: whether there are γ (``weight``, starts at 1) and β (``bias``, starts at 0).
        bias: whether there is a β if there is a γ.

    The input has shape (batch, channels, …).

    Raises:
        ValueError: for channels that make no equal groups. ShapeError: when called with an input of another shape.

    >>> y = GroupNorm(2, 4)([[1.0, 3.0, 10.0, 30.0]])
    >>> [round(v.data, 4) for v in y.ravel()]
    [-1.0, 1.0, -1.0, 1.0]

    Source: Wu and He (2018).
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, *, bias: bool = True
    ) -> None:
        self.num_groups, self.num_channels = _shape("GroupNorm", (num_groups, num_channels))
        if num_channels % num_groups:
            raise ValueError(f"GroupNorm: {num_channels} channels make no {num_groups} equal groups")
        self.eps, self.affine = eps, affine
        self.weight = Parameter(np.ones(num_channels)) if affine else None
        self.bias = Parameter(np.zeros(num_channels)) if affine and bias else None

    if TYPE_CHECKING:

        def __call__(self, input: Any) -> Array: ...

    def forward(self, input: Any) -> Any:
        array = as_array(input, self)
        if array.ndim < 2 or array.shape[1] != self.num_channels:
            raise ShapeError(f"{self!r}: the input has shape {array.shape}, not (batch, {self.num_channels}, …)")
        count = math.prod(array.shape[1:]) // self.num_groups
        rows = [_standardized(row, self.eps)[0] for row in array.reshape(-1, count).tolist()] if array.size else []
        found = array_of([v for row in rows for v in row], array.shape)
        return scaled(found, self.weight, self.bias, self)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


def scaled(array: Any, weight: Any, bias: Any, where: Any) -> Any:
    """γ·x + β for each channel, the second axis."""
    aside = (-1, *[1] * (array.ndim - 2))
    if weight is not None:
        array = array * as_array(weight, where).reshape(aside)
    return array if bias is None else array + as_array(bias, where).reshape(aside)


class BatchNorm1d(Module):
    """(x − mean)/√(variance + ε) of each feature over the batch, then γ·x + β.

    Args:
        num_features: numbers in a row (or channels).
        eps: ε.
        momentum: how much of a batch's statistics goes into the running ones; None: their plain average.
        affine: whether there are γ (``weight``, starts at 1) and β (``bias``, starts at 0).
        track_running_stats: keep running statistics for evaluation; else the batch's are used there too.

    Attributes:
        running_mean, running_var, num_batches_tracked: buffers; ``state_dict`` has them.

    The input has shape (batch, features) or (batch, features, length). In training it needs more than one number for
    each feature, and running statistics are updated, so a compiled function runs such a step eagerly.

    Raises:
        ShapeError: for an input of another shape, or in training for one number a feature.

    >>> layer = BatchNorm1d(1)
    >>> [round(v.data, 4) for v in layer([[1.0], [3.0]]).ravel()]
    [-1.0, 1.0]
    >>> layer.running_mean.tolist(), layer.running_var.tolist()
    ([0.2], [1.1])

    Source: Ioffe and Szegedy (2015), algorithms 1 and 2.
    """

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        (self.num_features,) = _shape("BatchNorm1d", num_features)
        self.eps, self.momentum = eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter(np.ones(num_features)) if affine else None
        self.bias = Parameter(np.zeros(num_features)) if affine else None
        if track_running_stats:
            self.register_buffer("running_mean", np.zeros(num_features))
            self.register_buffer("running_var", np.ones(num_features))
            self.register_buffer("num_batches_tracked", np.zeros(()))

    if TYPE_CHECKING:

        def __call__(self, input: Any) -> Array: ...

    def forward(self, input: Any) -> Any:
        array = as_array(input, self)
        if array.ndim not in (2, 3) or array.shape[1] != self.num_features:
            raise ShapeError(
                f"{self!r}: the input has shape {array.shape}, not (batch, {self.num_features}) or "
                f"(batch, {self.num_features}, length)"
            )
        features = np.moveaxis(array, 1, 0)
        rows = features.reshape(self.num_features, -1).tolist()
        if self.training or not self.track_running_stats:
            if len(rows[0]) < 2:
                raise ShapeError(f"{self!r}: in training there must be more than one number for each feature")
            rows = self._by_batch(rows)
        else:
            scales = np.sqrt(self.running_var + self.eps).tolist()
            centres = self.running_mean.tolist()
            rows = [[(v - centre) / scale for v in row] for row, centre, scale in zip(rows, centres, scales)]
        if self.weight is not None and self.bias is not None:
            pairs = zip(rows, self.weight.values(), self.bias.values())
            rows = [[v * gamma + beta for v in row] for row, gamma, beta in pairs]
        values = [v for row in rows for v in row]
        return np.moveaxis(array_of(values, features.shape), 0, 1)

    def _by_batch(self, rows: list[list[Any]]) -> list[list[Any]]:
        """Each feature by its own statistics, which the running ones follow in training."""
        found = [_standardized(row, self.eps) for row in rows]
        if self.training and self.track_running_stats:
            notify_tracer("updates the running statistics of BatchNorm1d (model.eval() leaves them)")
            count = len(rows[0])
            means, variances = (np.array([_plain(f[k]) for f in found]) for k in (1, 2))
            self.num_batches_tracked += 1
            share = 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
            self.running_mean += share * (means - self.running_mean)
            self.running_var += share * (variances * (count / (count - 1)) - self.running_var)
        return [normal for normal, _, _ in found]

    def extra_repr(self) -> str:
        settings = f"affine={self.affine}, track_running_stats={self.track_running_stats}"
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, {settings}"


def _plain(x: Any) -> float:
    return float(x.data) if isinstance(x, Value) else float(x)
