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
from ..engine.nodes import UNREACHED, LayerBatch
from ..engine.sweeps import STATE, GradientSink, LayerInputs, Node, hooked
from ..primitives.sums import NATIVE
from .layer_nodes import Samples, gathered, hand_back, neurons, spread, sums
from .layer_rows import Rows
from .parameter import Element, Parameter

__all__ = ["Frozen", "Weights"]

_dot, _vdot, _array, _frombuffer, _pack = np.dot, np.vdot, np.ndarray, np.frombuffer, struct.pack
#: calls NumPy without its warnings; used by sweeps, of which one runs at a time
_quietly = runner()

#: multiplications up to which plain loops are faster than NumPy; of Ωᵀδ, where they are compiled
SMALL = 64
LOOPS = 8192


class Frozen:
    """The numbers of a layer as they were when neurons were recorded; one for all neurons while they stay the same.

    Attributes:
        raw: the numbers as bytes: the weights, then the biases.
        matrix, flat: Ω, read-only: an array, and for loops row after row.
        bias: β, read-only; None if the layer has none.
        finite: whether every weight is; otherwise plain loops are used, as a BLAS may take 0·inf for 0.
        plain: whether Ωᵀδ is a plain loop.
    """

    __slots__ = ("_rows", "bias", "finite", "flat", "matrix", "plain", "raw")

    def __init__(self, raw: tuple[bytes, bytes | None], shape: tuple[int, ...]) -> None:
        self.raw = raw
        self.matrix = np.frombuffer(raw[0]).reshape(shape)
        self.flat = memoryview(raw[0]).cast("d")
        self.bias = None if raw[1] is None else np.frombuffer(raw[1])
        self.finite = bool(np.isfinite(self.matrix).all())
        self.plain = self.matrix.size <= (LOOPS if NATIVE else SMALL) or not self.finite
        self._rows: tuple[list[list[float]], list[float]] | None = None

    def lists(self) -> tuple[list[list[float]], list[float]]:
        """The rows of Ω, and β, as lists of floats."""
        if self._rows is None:
            bias = [0.0] * len(self.matrix) if self.bias is None else self.bias.tolist()
            self._rows = (self.matrix.tolist(), bias)
        return self._rows

    def row(self, unit: int) -> list[float]:
        """The weights of a neuron."""
        if self._rows is not None:
            return self._rows[0][unit]
        found: list[float] = self.matrix[unit].tolist()
        return found

    def bias_of(self, unit: int) -> float:
        """The bias of a neuron; 0.0 if the layer has none."""
        return 0.0 if self.bias is None else float(self.bias[unit])

    def __reduce__(self) -> Any:
        return (Frozen, (self.raw, self.matrix.shape))


class Weights(Rows, GradientSink):
    """The weights and biases of a layer: what its neurons are recorded with, and where their adjoints go."""

    __slots__ = ("_frozen", "bias", "weight")

    def __init__(self, weight: Parameter, bias: Parameter | None) -> None:
        self.weight = weight
        self.bias = bias
        self._frozen: Frozen | None = None

    # --- forward --------------------------------------------------------------------------------------------------

    def freeze(self) -> Frozen:
        """The numbers as they are now; the same ones as long as they are the same."""
        bias = self.bias
        raw = (self.weight.storage.numbers.tobytes(), None if bias is None else bias.storage.numbers.tobytes())
        known = self._frozen  # one assignment: another thread may be recording too
        if known is None or known.raw != raw:
            known = self._frozen = Frozen(raw, self.weight.shape)
        return known

    def record(self, inputs: list[Any], unit: int | None = None) -> list[Any]:
        frozen = self.freeze()
        units, width = frozen.matrix.shape
        first, last = (0, units) if unit is None else (unit, unit + 1)
        samples = Samples(inputs)
        if samples.foreign:
            return self.of_scalars(samples.inputs, range(first, last))
        numbers = samples.numbers
        outs: Any
        if len(inputs) * (last - first) <= SMALL or not frozen.finite:
            rows, bias = frozen.lists()
            outs = sums(numbers, rows[first:last], bias[first:last])
        else:
            with np.errstate(all="ignore"):
                product = _dot(_array_of(numbers).reshape(-1, width), frozen.matrix[first:last].T)
                if frozen.bias is not None:
                    product += frozen.bias[first:last]
            outs = product.reshape(-1) if NATIVE else product.ravel().tolist()
        made: list[Any] = neurons(LayerBatch(self, frozen, numbers, width, first, last - first), samples, outs)
        return made

    # --- reverse --------------------------------------------------------------------------------------------------

    def hand_back(self, fan: LayerInputs) -> None:
        """Add Ωᵀδ to the adjoints of a sample's nodes."""
        frozen, batch = fan.batch.weights, fan.batch
        if frozen.plain or batch.count != len(frozen.matrix):
            hand_back(fan)
            return
        _, deltas = gathered([fan], batch.count)
        product = _quietly(_array_of(deltas).dot, frozen.matrix)
        spread(fan, product if NATIVE else product.tolist())

    def prepare(self, adjoints: list[tuple[Any, Any]]) -> Any:
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

    def _gradients(self, adjoints: list[tuple[Any, Any]]) -> tuple[Any, Any]:
        """Δᵀ X and the column sums of Δ, of as many samples as there are."""
        units, width = adjoints[0][0].batch.weights.matrix.shape
        x, delta = map(_array_of, gathered([fan for fan, _ in adjoints], units))
        x, delta = x.reshape(-1, width), delta.reshape(-1, units)
        to_weight = _dot(delta.T, x) if len(x) > 1 else delta.T * x  # a BLAS may take 0·inf for 0 if there is but one
        if not _finite(to_weight):
            to_weight = np.zeros((units, width))
            for sample, row in zip(delta, x):  # a neuron that the sweep has not reached has no 0·inf to add
                reached = (sample != UNREACHED) | ~np.signbit(sample)
                to_weight[reached] += np.outer(sample[reached], row)
        return to_weight, delta.sum(axis=0)

    def spread(self, adjoints: list[tuple[Any, Any]], inputs: Sequence[Node]) -> None:
        """Give those scalars of the layer that are among ``inputs`` their adjoints."""
        flat: list[Any] = []
        for wanted in inputs:
            for parameter, which in ((self.weight, 0), (self.bias, 1)):
                if isinstance(wanted, Element) and parameter is not None and wanted.storage is parameter.storage:
                    if not flat:
                        with np.errstate(all="ignore"):
                            flat = [g.ravel() for g in self._gradients(adjoints)]
                    wanted._adjoint += float(flat[which][wanted.index])


def _array_of(numbers: Any) -> Any:
    """``doubles`` as an array; of a list several times faster than ``np.array``, which asks each what it is."""
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
