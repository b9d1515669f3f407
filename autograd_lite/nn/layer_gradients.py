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
from itertools import chain
from typing import Any

import numpy as np

from ..engine.errstate import runner
from ..engine.nodes import UNREACHED
from ..engine.sweeps import STATE, GradientSink, LayerInputs, Node, hooked
from .layer_nodes import Samples, neurons, shares, sums
from .layer_rows import Rows
from .parameter import Element, Parameter

__all__ = ["Frozen", "Weights"]

_dot, _vdot, _array, _frombuffer, _pack = np.dot, np.vdot, np.ndarray, np.frombuffer, struct.pack
#: calls NumPy without its warnings; used by sweeps, of which one runs at a time
_quietly = runner()

#: multiplications up to which plain loops are faster than NumPy
SMALL = 64


class Frozen:
    """The numbers of a layer as they were when neurons were recorded; one for all neurons while they stay the same.

    Attributes:
        raw: the numbers as bytes: the weights, then the biases.
        matrix: Ω, read-only.
        bias: β, read-only; None if the layer has none.
        finite: whether every weight is; otherwise plain loops are used, as a BLAS may take 0·inf for 0.
        plain: whether Ωᵀδ is a plain loop.
        units: the number of neurons.
        pack: makes bytes of so many floats.
    """

    __slots__ = ("_rows", "bias", "finite", "matrix", "pack", "plain", "raw", "units")

    def __init__(self, raw: tuple[bytes, bytes | None], shape: tuple[int, ...]) -> None:
        self.raw = raw
        self.matrix = np.frombuffer(raw[0]).reshape(shape)
        self.bias = None if raw[1] is None else np.frombuffer(raw[1])
        self.finite = bool(np.isfinite(self.matrix).all())
        self.plain = self.matrix.size <= SMALL or not self.finite
        self.units = len(self.matrix)
        self.pack = struct.Struct(f"{self.units}d").pack
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
        numbers: list[Any]
        if len(inputs) * (last - first) <= SMALL or not frozen.finite:
            rows, bias = frozen.lists()
            numbers = [samples.numbers[i : i + width] for i in range(0, len(inputs), width)]
            outs = sums(numbers, rows[first:last], bias[first:last])
        else:
            batch = _packed(samples.numbers).reshape(-1, width)
            with np.errstate(all="ignore"):
                product = _dot(batch, frozen.matrix[first:last].T)
                if frozen.bias is not None:
                    product += frozen.bias[first:last]
            numbers, outs = list(batch), product.tolist()
        made: list[Any] = neurons(self, frozen, samples, numbers, outs, first)
        return made

    # --- reverse --------------------------------------------------------------------------------------------------

    def to_inputs(self, fan: LayerInputs) -> tuple[Any, list[float]]:
        """δ of a sample, and Ωᵀδ: what each of its inputs is handed."""
        if not fan.nodes:
            return fan.adjoints, []
        frozen = fan.weights
        if frozen.plain or fan.count != frozen.units:
            rows = frozen.lists()[0][fan.first : fan.first + fan.count]
            handed = shares(fan.adjoints, rows, len(fan.inputs))
            return fan.adjoints, handed if fan.columns is None else [handed[i] for i in fan.columns]
        delta = _frombuffer(frozen.pack(*fan.adjoints))
        product = _quietly(delta.dot, frozen.matrix)
        return delta, (product if fan.columns is None else product[fan.columns]).tolist()

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
        units, width = adjoints[0][0].weights.matrix.shape
        x = _joined([fan.numbers for fan, _ in adjoints]).reshape(-1, width)
        delta = _joined([delta for _, delta in adjoints])
        if len(delta) != len(x) * units:
            delta = _joined([_padded(fan, delta, units) for fan, delta in adjoints])
        delta = delta.reshape(-1, units)
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


def _packed(numbers: list[float]) -> Any:
    """A list of floats as an array, read-only; several times faster than ``np.array``, which asks each what it is."""
    return _frombuffer(_pack(f"{len(numbers)}d", *numbers))


def _joined(vectors: list[Any]) -> Any:
    """Lists of floats, or arrays, one after the other in one array."""
    if type(vectors[0]) is list:
        return _packed(list(chain.from_iterable(vectors)))
    return np.concatenate(vectors)


def _finite(array: Any) -> bool:
    """Whether all numbers are; the sum of the squares nearly always tells."""
    flat = array.reshape(-1)
    return math.isfinite(_vdot(flat, flat)) or bool(np.isfinite(flat).all())


def _padded(fan: LayerInputs, delta: Any, units: int) -> Any:
    """δ of a fan of some neurons as one of the whole layer."""
    whole = np.full(units, UNREACHED)
    whole[fan.first : fan.first + fan.count] = delta
    return whole


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
