"""The parameters of a layer, as what records its neurons, and as the place where their adjoints go.

A layer's neurons are recorded for a whole batch at a time: F = X Ωᵀ + β is one product. In the reverse sweep each
sample's adjoints δ come back to the layer, which hands Ωᵀδ to the inputs; and at the end of the sweep it adds all of
them to its gradient buffers, in the chapter's matrix equations ∂ℓ/∂Ω = Σ δ xᵀ and ∂ℓ/∂β = Σ δ: one product for however
many samples, and whichever calls recorded them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.errstate import runner
from ..engine.nodes import UNREACHED, LayerInputs, LayerNumbers
from ..engine.sweeps import STATE, Node, hooked
from ..primitives.sums import NATIVE
from .layer_nodes import Rows, gathered
from .parameter import Element, Parameter

__all__ = ["Weights"]

_dot, _vdot, _array, _frombuffer, _pack = np.dot, np.vdot, np.ndarray, np.frombuffer, struct.pack
#: calls NumPy without its warnings; used by sweeps, of which one runs at a time
_quietly = runner()


class Weights(Rows):
    """The weights and biases of a layer: what its neurons are recorded with, and where their adjoints go."""

    __slots__ = ()

    def product(self, weights: LayerNumbers, first: int, count: int, numbers: Any) -> Any:
        matrix, bias = _arrays(weights)
        if matrix is None:
            return None
        with np.errstate(all="ignore"):
            product = _dot(_array_of(numbers).reshape(-1, weights.width), matrix[first : first + count].T)
            if bias is not None:
                product += bias[first : first + count]
        return product.tobytes() if NATIVE else product.ravel().tolist()

    def hand_back(self, fan: LayerInputs) -> bool:
        batch = fan.batch
        matrix, _ = _arrays(batch.weights)
        if matrix is None or batch.count != len(matrix):
            return False
        _, delta = gathered([fan], batch.count)
        product = _quietly(_array_of(delta).dot, matrix)
        fan.spread(product.tobytes() if NATIVE else product.tolist())
        return True

    def prepare(self, adjoints: list[Any]) -> Any:
        """Δᵀ X and the column sums of Δ, as the hooks on single weights leave them; copies of the gradients."""
        to_weight, to_bias = _quietly(self._gradients, adjoints)
        if STATE.hooks:  # the user's code, in the user's context
            _ask_hooks(self.weight, to_weight)
            if self.bias is not None:
                _ask_hooks(self.bias, to_bias)
        copies = [(parameter.storage, parameter.storage.grad.copy()) for parameter in self.parameters()]
        return to_weight, to_bias, copies

    def commit(self, prepared: Any) -> list[Node]:
        """Add Δᵀ X to the weights' gradient and the column sums of Δ to the biases'."""
        bad: list[Node] = _quietly(self._add, prepared[0], prepared[1])
        return bad

    def _add(self, to_weight: Any, to_bias: Any) -> list[Node]:
        bad = _add(self.weight, to_weight)
        return bad if self.bias is None else bad + _add(self.bias, to_bias)

    def restore(self, prepared: Any) -> None:
        """Put the copies back."""
        for storage, before in prepared[2]:
            np.copyto(storage.grad, before)

    def _gradients(self, adjoints: list[Any]) -> tuple[Any, Any]:
        """Δᵀ X and the column sums of Δ, of as many samples as there are."""
        units, width = self.weight.shape
        x, delta = map(_array_of, gathered(adjoints, units))
        x, delta = x.reshape(-1, width), delta.reshape(-1, units)
        to_weight = _dot(delta.T, x) if len(x) > 1 else delta.T * x  # a BLAS may take 0·inf for 0 if there is but one
        if not _finite(to_weight):
            to_weight = np.zeros((units, width))
            for sample, row in zip(delta, x):  # a neuron that the sweep has not reached has no 0·inf to add
                reached = (sample != UNREACHED) | ~np.signbit(sample)
                to_weight[reached] += np.outer(sample[reached], row)
        return to_weight, delta.sum(axis=0)

    def spread(self, adjoints: list[Any], inputs: Sequence[Node]) -> None:
        """Give those scalars of the layer that are among ``inputs`` their adjoints."""
        flat: list[Any] = []
        for wanted in inputs:
            for parameter, which in ((self.weight, 0), (self.bias, 1)):
                if isinstance(wanted, Element) and parameter is not None and wanted.storage is parameter.storage:
                    if not flat:
                        with np.errstate(all="ignore"):
                            flat = [g.ravel() for g in self._gradients(adjoints)]
                    wanted._adjoint += float(flat[which][wanted.index])


def _arrays(weights: LayerNumbers) -> tuple[Any, Any]:
    """Ω and β as arrays, read-only; Ω None if a number in it is not finite, as a BLAS may take 0·inf for 0."""
    if weights.arrays is None:
        matrix = _frombuffer(weights.weight).reshape(weights.units, weights.width)
        bias = None if weights.bias is None else _frombuffer(weights.bias)
        weights.arrays = (matrix if np.isfinite(matrix).all() else None, bias)
    found: tuple[Any, Any] = weights.arrays
    return found


def _array_of(numbers: Any) -> Any:
    """A block as an array; of a list several times faster than ``np.array``, which asks each what it is."""
    return _frombuffer(numbers if NATIVE else _pack(f"{len(numbers)}d", *numbers))


def _finite(array: Any) -> bool:
    """Whether all numbers are; the sum of the squares nearly always tells."""
    flat = array.reshape(-1)
    return math.isfinite(_vdot(flat, flat)) or bool(np.isfinite(flat).all())


def _ask_hooks(parameter: Parameter, adjoints: Any) -> None:
    """The adjoints as the hooks on single weights leave them."""
    for element in parameter.made():
        adjoints.flat[element.index] = hooked(element, float(adjoints.flat[element.index]))


def _add(parameter: Parameter, adjoints: Any) -> list[Node]:
    """Add the adjoints; the first scalar whose gradient is not finite."""
    grad = parameter.storage.grad.view(_array)
    np.add(grad, adjoints, grad)
    flat = grad.reshape(-1)
    if _finite(flat):
        return []
    element = parameter.element(int(np.argmin(np.isfinite(flat))))
    element._adjoint = float(flat[element.index])
    return [element]
