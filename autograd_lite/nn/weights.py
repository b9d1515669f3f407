"""The parameters of a layer, as the place where the adjoints of its neurons go.

The reverse sweep hands each neuron's adjoint δ to its layer. The layer adds all of them to its gradient buffers at the
end of the sweep, in the chapter's matrix equations ∂ℓ/∂Ω = Σ δ xᵀ and ∂ℓ/∂β = Σ δ: one product for however many
samples, and whichever calls recorded them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph import STATE, Many, Node, Sink, hooked
from .parameter import Element, Parameter

__all__ = ["Weights"]


class Weights(Sink):
    """The weights and biases of a layer: where the adjoints of its neurons go, whichever samples they come from.

    Attributes:
        weight: shape (neurons, inputs).
        bias: shape (neurons,), or None.
    """

    __slots__ = ("bias", "weight")

    def __init__(self, weight: Parameter, bias: Parameter | None) -> None:
        self.weight = weight
        self.bias = bias

    def row(self, unit: int) -> list[Any]:
        """The weights of a neuron as Values."""
        n = self.weight.shape[1]
        return [self.weight.element(i) for i in range(unit * n, (unit + 1) * n)]

    def bias_of(self, unit: int) -> Any:
        """The bias of a neuron as a Value; 0.0 if the layer has none."""
        return 0.0 if self.bias is None else self.bias.element(unit)

    def commit(self, adjoints: list[tuple[Many, float]]) -> list[Node]:
        """Add Δᵀ X to the weights' gradient and the column sums of Δ to the biases'."""
        with np.errstate(all="ignore"):
            to_weight, to_bias = self._gradients(adjoints)
            self.weight.grad += _watched(self.weight, to_weight)
            if self.bias is not None:
                self.bias.grad += _watched(self.bias, to_bias)
        return _nonfinite(self.weight) or (_nonfinite(self.bias) if self.bias is not None else [])

    def _gradients(self, adjoints: list[tuple[Many, float]]) -> tuple[Any, Any]:
        """Δᵀ X and the column sums of Δ, of as many samples as there are."""
        samples: dict[int, int] = {}
        numbers: list[list[float]] = []
        places: list[int] = []
        units = len(self.weight)
        for many, _ in adjoints:
            row: Any = many
            place = samples.get(id(row.numbers))
            if place is None:
                place = samples[id(row.numbers)] = len(numbers)
                numbers.append(row.numbers)
            places.append(place * units + row.index)
        delta = np.bincount(places, [g for _, g in adjoints], len(numbers) * units).reshape(len(numbers), units)
        x = np.array(numbers)
        if np.isfinite(x).all():
            return delta.T @ x, delta.sum(axis=0)
        to_weight = np.zeros(self.weight.shape)
        for many, g in adjoints:  # a neuron that the sweep has not reached has no 0·inf to add
            row = many
            to_weight[row.index] += g * np.array(row.numbers)
        return to_weight, delta.sum(axis=0)

    def spread(self, adjoints: list[tuple[Many, float]], inputs: Sequence[Node]) -> None:
        """Give those scalars of the layer that are among ``inputs`` their adjoints."""
        flat: list[Any] = []
        for wanted in inputs:
            for parameter, which in ((self.weight, 0), (self.bias, 1)):
                if isinstance(wanted, Element) and parameter is not None and wanted.storage is parameter.storage:
                    if not flat:
                        with np.errstate(all="ignore"):
                            flat = [g.ravel() for g in self._gradients(adjoints)]
                    wanted._adjoint += float(flat[which][wanted.index])

    def snapshot(self) -> Any:
        """Copies of the gradients."""
        return self.weight.grad.clone(), None if self.bias is None else self.bias.grad.clone()

    def restore(self, before: Any) -> None:
        """Put the copies back."""
        self.weight.grad[...] = before[0]
        if self.bias is not None:
            self.bias.grad[...] = before[1]

    def __reduce__(self) -> Any:
        return (Weights, (self.weight, self.bias))


def _watched(parameter: Parameter, adjoints: Any) -> Any:
    """The adjoints as the hooks on single weights leave them."""
    if STATE.watched:
        for element in parameter.made():
            adjoints.flat[element.index] = hooked(element, float(adjoints.flat[element.index]))
    return adjoints


def _nonfinite(parameter: Parameter) -> list[Node]:
    """The first scalar of ``parameter`` whose gradient is nan or infinite."""
    flat = parameter.grad.numpy().reshape(-1)
    if np.isfinite(flat).all():
        return []
    element = parameter.element(int(np.argmin(np.isfinite(flat))))
    element._adjoint = float(flat[element.index])
    return [element]
