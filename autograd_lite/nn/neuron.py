"""A neuron is one node: f = Σ xᵢ·wᵢ + b, its weights a row of the layer's buffer.

The node refers to the row, not to the weights' Values: recording a layer makes one node a neuron, and the reverse
sweep multiplies the row's floats and hands the neuron's adjoint δ to the layer's ``Weights``. Those add all of them to
the gradient buffers at the end, in the chapter's matrix equations ∂ℓ/∂Ω = Σ δ xᵀ and ∂ℓ/∂β = Σ δ, one product a
layer for however many samples. Whoever asks a node for its operands (a drawing, a trace, a second derivative) gets
the scalars ``weight[3, 1]`` all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul
from typing import Any

import numpy as np

from ..graph import STATE, Many, Node, Sink, hooked
from ..primitives.core import Operand, as_float
from ..primitives.reductions import affine
from ..value import Value, node
from .parameter import Element, Parameter

__all__ = ["Row", "Sample", "Weights", "neurons"]


class Sample(Sequence[Any]):
    """What the neurons of one layer were given for one sample, as it was then; shared by them.

    Attributes:
        inputs: the inputs: Values, and floats for what is constant.
        numbers: their numbers.
        rows: the layer's weights, a list of floats for each neuron.
    """

    __slots__ = ("inputs", "numbers", "rows")

    def __init__(self, inputs: list[Any], numbers: list[float], rows: list[list[float]]) -> None:
        self.inputs = inputs
        self.numbers = numbers
        self.rows = rows

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: Any) -> Any:
        return self.inputs[index]


class Row(Many):
    """The operands of a neuron: x₁ … xₙ, then its row of the weights, then its bias; the latter two made on demand."""

    __slots__ = ()

    operands: Sample
    sink: Weights

    def args(self) -> tuple[Any, ...]:
        """All operands of the affine: inputs, weights, bias (0.0 if there is none)."""
        weights = self.sink
        return (*self.operands.inputs, *weights.row(self.index), weights.bias_of(self.index))

    def parents(self) -> tuple[Any, ...]:
        """The inputs that are Values, the weights, the bias."""
        return tuple(arg for arg in self.args() if isinstance(arg, Node))

    def all_partials(self) -> tuple[float, ...]:
        """The recorded weights, the recorded inputs, and 1 for the bias."""
        sample = self.operands
        to_inputs = [w for w, x in zip(sample.rows[self.index], sample.inputs) if isinstance(x, Node)]
        return (*to_inputs, *sample.numbers, *((1.0,) if self.sink.bias is not None else ()))

    def __reduce__(self) -> Any:
        return (Row, (self.operands, self.nodes, self.partials, self.sink, self.index))


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
        for row, _ in adjoints:
            sample: Any = row.operands
            place = samples.get(id(sample))
            if place is None:
                place = samples[id(sample)] = len(numbers)
                numbers.append(sample.numbers)
            places.append(place * units + row.index)
        delta = np.bincount(places, [g for _, g in adjoints], len(numbers) * units).reshape(len(numbers), units)
        x = np.array(numbers)
        if np.isfinite(x).all():
            return delta.T @ x, delta.sum(axis=0)
        to_weight = np.zeros(self.weight.shape)
        for row, g in adjoints:  # a neuron that the sweep has not reached has no 0·inf to add
            of_row: Any = row.operands
            to_weight[row.index] += g * np.array(of_row.numbers)
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


def neurons(
    weights: Weights, inputs: list[Any], rows: list[list[float]], biases: list[float], first: int = 0
) -> list[Any]:
    """Record the neurons of a layer for one sample.

    Args:
        weights: the layer's parameters.
        inputs: the sample: Values and numbers, as many as a row has weights.
        rows: the layer's weights now (``weights.weight.rows()``).
        biases: one number for each neuron that is recorded.
        first: the first neuron; as many as there are biases are recorded.

    Returns:
        One Value for each neuron.
    """
    kinds = set(map(type, inputs))
    nodes: list[Any]
    if kinds == _ALL_VALUES:
        nodes = inputs
        numbers = [x._data for x in inputs]
    elif kinds == _ALL_FLOATS:
        nodes = []
        numbers = inputs
    else:
        return _mixed(weights, inputs, rows, biases, first)
    sample = Sample(inputs, numbers, rows)
    return [
        # the order of the float function of affine: the bias, then the products from left to right
        node(sum(map(mul, row, numbers), bias), affine, None, None, 0.0, 0.0, Row(sample, nodes, row, weights, unit))
        for unit, (row, bias) in enumerate(zip(rows[first : first + len(biases)], biases), first)
    ]


_ALL_VALUES = {Value}
_ALL_FLOATS = {float}


def _mixed(weights: Weights, inputs: list[Any], rows: list[list[float]], biases: list[float], first: int) -> list[Any]:
    """The same for inputs of which some are Values, some numbers, some parameters' elements or symbols."""
    if any(isinstance(x, Operand) and not isinstance(x, Value) for x in inputs):
        return [affine(inputs, weights.row(unit), weights.bias_of(unit)) for unit in range(first, first + len(biases))]
    inputs = [x if isinstance(x, Value) else as_float(x, "a layer") for x in inputs]
    numbers = [x._number() if isinstance(x, Value) else x for x in inputs]
    nodes: list[Node] = [x for x in inputs if isinstance(x, Value)]
    sample = Sample(inputs, numbers, rows)
    result = []
    for unit, (row, bias) in enumerate(zip(rows[first : first + len(biases)], biases), first):
        partials = [w for w, x in zip(row, inputs) if isinstance(x, Value)]
        operands = Row(sample, nodes, partials, weights, unit)
        result.append(node(sum(map(mul, row, numbers), bias), affine, None, None, 0.0, 0.0, operands))
    return result
