"""Activation functions of straight pieces as modules: what shrinks, thresholds, hard forms of sigmoid and swish, and
the ReLU whose slope is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitives.activations import leaky_relu
from ..primitives.arithmetic import where
from ..primitives.piecewise import hardshrink, hardsigmoid, hardswish, softshrink
from .activations import Activation
from .batches import Array, ShapeError, array_of, as_array
from .module import Module
from .parameter import Parameter

__all__ = ["Hardshrink", "Hardsigmoid", "Hardswish", "PReLU", "Softshrink", "Threshold"]


class Hardshrink(Activation):
    """x where |x| is larger than ``lambd``, else 0.

    Args:
        lambd: how far from 0 a number must be to stay.

    Raises:
        ValueError: for a negative lambd.

    >>> Hardshrink()([-1.0, 0.25, 0.5]).tolist()
    [-1.0, 0.0, 0.0]

    Source: Donoho and Johnstone (1994).
    """

    functional_name = "hardshrink"

    def __init__(self, lambd: float = 0.5) -> None:
        if not lambd >= 0.0:
            raise ValueError(f"{type(self).__name__}: lambd is at least 0, not {lambd!r}")
        self.lambd = float(lambd)

    def function(self, x: Any) -> Any:
        return hardshrink(x, self.lambd)

    def extra_repr(self) -> str:
        return f"lambd={self.lambd}"


class Softshrink(Hardshrink):
    """x pulled towards 0 by ``lambd``, and 0 where |x| is no larger.

    Args:
        lambd: how far each number is pulled.

    Raises:
        ValueError: for a negative lambd.

    >>> Softshrink()([-1.0, 0.25, 2.0]).tolist()
    [-0.5, 0.0, 1.5]

    Source: Donoho and Johnstone (1994).
    """

    functional_name = "softshrink"

    def function(self, x: Any) -> Any:
        return softshrink(x, self.lambd)


class Hardsigmoid(Activation):
    """(x + 3)/6, held between 0 and 1; derivative 0 at −3 and 3.

    Args:
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    >>> Hardsigmoid()([-4.0, 0.0, 4.0]).tolist()
    [0.0, 0.5, 1.0]

    Source: Howard et al. (2019).
    """

    functional_name = "hardsigmoid"

    def __init__(self, inplace: bool = False) -> None:
        pass

    def function(self, x: Any) -> Any:
        return hardsigmoid(x)


class Hardswish(Activation):
    """x·hardsigmoid(x); derivative 0 at −3 and 1 at 3.

    Args:
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    >>> Hardswish()([-4.0, 1.5, 4.0]).tolist()
    [0.0, 1.125, 4.0]

    Source: Howard et al. (2019).
    """

    functional_name = "hardswish"

    def __init__(self, inplace: bool = False) -> None:
        pass

    def function(self, x: Any) -> Any:
        return hardswish(x)


class Threshold(Activation):
    """x where it is larger than ``threshold``, else ``value``; derivative 0 at the threshold.

    Args:
        threshold: where x begins.
        value: what stands below.
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    >>> Threshold(1.0, 20.0)([0.0, 1.0, 2.0]).tolist()
    [20.0, 20.0, 2.0]

    Source: PyTorch's Threshold.
    """

    functional_name = "threshold"

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        self.threshold, self.value = float(threshold), float(value)

    def function(self, x: Any) -> Any:
        return where(x <= self.threshold, self.value, x)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}"


class PReLU(Module):
    """x above 0, a·x below, with a learned slope a: one for all, or one for each channel.

    Args:
        num_parameters: 1, or the number of channels, which are the input's second axis.
        init: what the slopes are at first.

    Raises:
        ShapeError: when called with an input that has another number of channels.

    >>> layer = PReLU()
    >>> [v.data for v in layer([-2.0, 3.0])], layer.weight.shape
    ([-0.5, 3.0], (1,))

    Source: He et al. (2015).
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        if isinstance(num_parameters, bool) or not isinstance(num_parameters, int) or num_parameters < 1:
            raise ValueError(f"PReLU: num_parameters is a positive int, not {num_parameters!r}")
        self.num_parameters, self.init = num_parameters, float(init)
        self.weight = Parameter(np.full(num_parameters, self.init))

    if TYPE_CHECKING:

        def __call__(self, input: Any) -> Array: ...

    def forward(self, input: Any) -> Any:
        return sloped(input, self.weight, self)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


def sloped(input: Any, weight: Any, where: Any) -> Any:
    """leaky_relu with the slopes of ``weight``: one, or one for each channel."""
    array, slopes = as_array(input, where), as_array(weight, where)
    channels = array.shape[1] if array.ndim > 1 else 1
    if slopes.ndim > 1 or slopes.size not in (1, channels):
        raise ShapeError(
            f"{where}: {slopes.shape} slopes for an input of shape {array.shape}, whose second axis has the channels"
        )
    spread = slopes.reshape(-1, *[1] * (array.ndim - 2)) if slopes.size > 1 else slopes.ravel()
    pairs = zip(array.ravel().tolist(), np.broadcast_to(spread, array.shape).ravel().tolist())
    return array_of([leaky_relu(x, slope) for x, slope in pairs], array.shape)
