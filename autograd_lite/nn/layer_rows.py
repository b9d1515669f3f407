"""A layer's parameters, neuron by neuron: what its two ways to record have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..primitives import reductions
from .parameter import Parameter

__all__ = ["Rows"]


class Rows:
    """The weights and biases of a layer.

    Attributes:
        weight: shape (neurons, inputs).
        bias: shape (neurons,), or None.
    """

    __slots__ = ()

    weight: Parameter
    bias: Parameter | None

    def row(self, unit: int) -> list[Any]:
        """The weights of a neuron as Values."""
        n = self.weight.shape[1]
        return [self.weight.element(i) for i in range(unit * n, (unit + 1) * n)]

    def bias_of(self, unit: int) -> Any:
        """The bias of a neuron as a Value; 0.0 if the layer has none."""
        return 0.0 if self.bias is None else self.bias.element(unit)

    def parameters(self) -> list[Parameter]:
        """The weight, and the bias if there is one."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def record(self, inputs: list[Any], unit: int | None = None) -> list[Any]:
        """The neurons of every sample as Values, sample after sample.

        Args:
            inputs: Values and numbers: the samples one after the other.
            unit: the one neuron that is wanted; None for all.
        """
        raise NotImplementedError

    def of_scalars(self, inputs: list[Any], units: Iterable[int]) -> list[Any]:
        """The same for inputs that are neither Values nor numbers: the affine of the scalars."""
        width = self.weight.shape[1]
        rows = [inputs[i : i + width] for i in range(0, len(inputs), width)]
        return [reductions.affine(x, self.row(unit), self.bias_of(unit)) for x in rows for unit in units]

    def __reduce__(self) -> Any:
        return (type(self), (self.weight, self.bias))
