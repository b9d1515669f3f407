"""A layer where there is no NumPy: the sums of ``layer_gradients.py`` as plain loops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..engine.doubles import start
from ..engine.nodes import UNREACHED
from ..engine.sweeps import STATE, Node, hooked
from .layer_nodes import Rows, gathered
from .parameter import Element
from .parameter_buffer import packed

__all__ = ["PlainWeights"]


class PlainWeights(Rows):
    """The weights and biases of a layer: what its neurons are recorded with, and where their adjoints go."""

    __slots__ = ()

    def _gradients(self, adjoints: list[Any]) -> list[list[float]]:
        """∂ℓ/∂Ω = Σ δ xᵀ and ∂ℓ/∂β = Σ δ, of as many samples as there are."""
        units, width = self.weight.shape
        to_weight, to_bias = [0.0] * (units * width), [0.0] * units
        xs, deltas = map(start, gathered(adjoints, units))
        for k, g in enumerate(deltas):
            sample, unit = divmod(k, units)
            if g == UNREACHED and math.copysign(1.0, g) < 0.0:
                continue
            to_bias[unit] += g
            for i in range(width):
                to_weight[unit * width + i] += g * xs[sample * width + i]
        return [to_weight, to_bias]

    def prepare(self, adjoints: list[Any]) -> Any:
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

    def spread(self, adjoints: list[Any], inputs: Sequence[Node]) -> None:
        """Give those scalars of the layer that are among ``inputs`` their adjoints."""
        found: list[list[float]] = []
        for wanted in inputs:
            for which, parameter in enumerate(self.parameters()):
                if isinstance(wanted, Element) and wanted.storage is parameter.storage:
                    found = found or self._gradients(adjoints)
                    wanted._adjoint += found[which][wanted.index]
