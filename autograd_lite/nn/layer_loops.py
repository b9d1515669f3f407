"""A layer where there is no NumPy: the sums of ``layer_gradients.py`` as plain loops."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any

from ..engine.nodes import UNREACHED, LayerBatch
from ..engine.sweeps import STATE, GradientSink, LayerInputs, Node, hooked
from .layer_nodes import Samples, gathered, hand_back, neurons, sums
from .layer_rows import Rows
from .parameter import Element, Parameter
from .parameter_buffer import packed

__all__ = ["PlainWeights"]


class _Frozen:
    """The numbers of a layer as they were when neurons were recorded.

    Attributes:
        raw: the numbers as bytes: the weights, then the biases.
        rows, biases: the same, neuron by neuron; ``flat`` all of them for loops.
    """

    __slots__ = ("biases", "flat", "raw", "rows")

    def __init__(self, raw: bytes, units: int, width: int) -> None:
        self.raw = raw
        self.flat = memoryview(raw).cast("d")
        numbers = array("d", raw).tolist()
        self.rows = [numbers[unit * width : (unit + 1) * width] for unit in range(units)]
        self.biases = numbers[units * width :] or [0.0] * units

    def row(self, unit: int) -> list[float]:
        """The weights of a neuron."""
        return self.rows[unit]

    def bias_of(self, unit: int) -> float:
        """The bias of a neuron; 0.0 if the layer has none."""
        return self.biases[unit]


class PlainWeights(Rows, GradientSink):
    """The weights and biases of a layer: what its neurons are recorded with, and where their adjoints go."""

    __slots__ = ("_frozen", "bias", "weight")

    def __init__(self, weight: Parameter, bias: Parameter | None) -> None:
        self.weight = weight
        self.bias = bias
        self._frozen: _Frozen | None = None

    def freeze(self) -> _Frozen:
        """The numbers as they are now; the same ones as long as they are the same."""
        raw = b"".join(parameter.storage.numbers.tobytes() for parameter in self.parameters())
        known = self._frozen  # one assignment: another thread may be recording too
        if known is None or known.raw != raw:
            known = self._frozen = _Frozen(raw, *self.weight.shape)
        return known

    def record(self, inputs: list[Any], unit: int | None = None) -> list[Any]:
        frozen = self.freeze()
        units, width = self.weight.shape
        first, last = (0, units) if unit is None else (unit, unit + 1)
        samples = Samples(inputs)
        if samples.foreign:
            return self.of_scalars(samples.inputs, range(first, last))
        outs = sums(samples.numbers, frozen.rows[first:last], frozen.biases[first:last])
        batch = LayerBatch(self, frozen, samples.numbers, width, first, last - first)
        made: list[Any] = neurons(batch, samples, outs)
        return made

    def hand_back(self, fan: LayerInputs) -> None:
        hand_back(fan)

    def _gradients(self, adjoints: list[tuple[Any, Any]]) -> list[list[float]]:
        """∂ℓ/∂Ω = Σ δ xᵀ and ∂ℓ/∂β = Σ δ, of as many samples as there are."""
        units, width = self.weight.shape
        to_weight, to_bias = [0.0] * (units * width), [0.0] * units
        xs, deltas = gathered([fan for fan, _ in adjoints], units)
        for k, g in enumerate(deltas):
            sample, unit = divmod(k, units)
            if g == UNREACHED and math.copysign(1.0, g) < 0.0:
                continue
            to_bias[unit] += g
            for i in range(width):
                to_weight[unit * width + i] += g * xs[sample * width + i]
        return [to_weight, to_bias]

    def prepare(self, adjoints: list[tuple[Any, Any]]) -> Any:
        """The gradients as they will be, the hooks on single weights asked, and as they are."""
        prepared = []
        for parameter, found in zip(self.parameters(), self._gradients(adjoints)):
            if STATE.hooks:
                for element in parameter.made():
                    found[element.index] = hooked(element, found[element.index])
            before = packed(parameter.storage.gradients)
            after = packed([old + new for old, new in zip(before, found)])
            prepared.append((parameter, after, before))
        return prepared

    def commit(self, prepared: Any) -> list[Node]:
        """Add them to the gradients."""
        bad: list[Node] = []
        for parameter, after, _ in prepared:
            parameter.storage.gradients[:] = after
            wrong = next((i for i, gradient in enumerate(after) if not math.isfinite(gradient)), None)
            if wrong is not None:
                element = parameter.element(wrong)
                element._adjoint = after[wrong]
                bad.append(element)
        return bad

    def restore(self, prepared: Any) -> None:
        """Put back what was there before."""
        for parameter, _, before in prepared:
            parameter.storage.gradients[:] = before

    def spread(self, adjoints: list[tuple[Any, Any]], inputs: Sequence[Node]) -> None:
        """Give those scalars of the layer that are among ``inputs`` their adjoints."""
        found: list[list[float]] = []
        for wanted in inputs:
            for which, parameter in enumerate(self.parameters()):
                if isinstance(wanted, Element) and wanted.storage is parameter.storage:
                    found = found or self._gradients(adjoints)
                    wanted._adjoint += found[which][wanted.index]
