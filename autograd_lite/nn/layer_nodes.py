"""A neuron is one node: f = Σ xᵢ·wᵢ + b, its weights a row of the layer's buffer.

The node refers to the row, not to the weights' Values: recording a layer makes one node a neuron and one
``LayerInputs`` a sample, which passes the neurons' adjoints on to the inputs and to the layer's parameters
(``layer_gradients.py``). Whoever asks a node for its operands (a drawing, a trace, a second derivative) gets the
scalars ``weight[3, 1]`` all the same.

This file is hot: it is compiled where that is possible, so it is plain typed Python without NumPy.
"""

from __future__ import annotations

import math
from typing import Any, Final

from ..engine.nodes import GradientSink, LayerInputs, Node
from ..engine.value import Value, node
from ..primitives import activations, reductions
from ..primitives import sums as kernels
from ..primitives.base import Op, Operand, as_float

__all__ = ["Samples", "neurons", "relus", "shares", "sums"]

_AFFINE: Final[Op] = reductions.affine
_RELU: Final[Op] = activations.relu


class Samples:
    """The inputs of a layer, one sample after the other: what they are, and their numbers.

    Attributes:
        inputs: Values, and floats for what is constant.
        numbers: the number of each.
        values: how many are Values.
        foreign: whether some are neither: parameters, symbols.
    """

    __slots__ = ("foreign", "inputs", "numbers", "values")

    def __init__(self, inputs: list[Any]) -> None:
        self.inputs: list[Any] = inputs
        self.numbers: list[float] = []
        self.values: int = 0
        self.foreign: bool = False
        numbers = self.numbers
        plain = 0
        for x in inputs:
            if type(x) is Value:
                numbers.append(x._data)
                plain += 1
            elif type(x) is float:
                numbers.append(x)
            else:
                self._sort(inputs)
                return
        self.values = plain

    def _sort(self, inputs: list[Any]) -> None:
        """The same for inputs of which some are ints, NumPy's numbers, parameters' elements, symbols."""
        self.inputs = [x if isinstance(x, Operand) else as_float(x, "a layer") for x in inputs]
        self.values = sum([isinstance(x, Value) for x in self.inputs])
        self.foreign = any(isinstance(x, Operand) and not isinstance(x, Value) for x in self.inputs)
        if not self.foreign:
            self.numbers = [x._number() if isinstance(x, Value) else x for x in self.inputs]


def sums(numbers: list[list[float]], rows: list[list[float]], biases: list[float]) -> list[list[float]]:
    """Σ xᵢ·wᵢ + b of every sample and neuron, as plain loops: for layers too small for NumPy's overhead."""
    return [[kernels.affine(xs, row, bias) for row, bias in zip(rows, biases)] for xs in numbers]


def shares(adjoints: list[float], rows: list[list[float]], width: int) -> list[float]:
    """Ωᵀδ as plain loops: for small layers, and for weights that are not finite; unreached neurons have no share."""
    result = [0.0] * width
    for g, row in zip(adjoints, rows):
        if g == 0.0 and math.copysign(1.0, g) < 0.0:  # UNREACHED
            continue
        for i in range(width):
            result[i] += g * row[i]
    return result


def neurons(
    sink: GradientSink, weights: Any, samples: Samples, numbers: list[Any], outs: list[list[float]], first: int
) -> Any:
    """Record the neurons of a layer.

    Args:
        sink: the layer's ``Weights``.
        weights: their numbers, frozen.
        samples: the inputs.
        numbers: the numbers of each sample.
        outs: the sums of each sample's neurons.
        first: which neuron of the layer the first one is.

    Returns:
        A list of Values, sample after sample.
    """
    result: list[Any] = []
    inputs = samples.inputs
    count = len(outs)
    width = len(inputs) // count if count else 0
    for k in range(count):
        operands = inputs[k * width : (k + 1) * width]
        nodes: list[Node] = operands
        columns: list[int] | None = None
        if samples.values == 0:
            nodes = []
        elif samples.values != len(inputs):
            columns = [i for i, x in enumerate(operands) if isinstance(x, Value)]
            nodes = [operands[i] for i in columns]
        row = outs[k]
        fan = LayerInputs(operands, nodes, columns, numbers[k], sink, weights, first, len(row))
        place = 0.0
        for out in row:
            result.append(node(out, _AFFINE, None, fan, place, 0.0))
            place += 1.0
    return result


def relus(values: list[Any]) -> list[Any]:
    """The ReLU of every Value or number: the same nodes as ``relu``'s, without a dispatch for each of them."""
    relu: Any = _RELU
    result: list[Any] = []
    for value in values:
        if type(value) is Value:
            x: float = value._data
            if x > 0.0:
                result.append(node(x, _RELU, value, None, 1.0, 0.0))
                continue
            if x <= 0.0:
                result.append(node(0.0, _RELU, value, None, 0.0, 0.0))
                continue
        result.append(relu(value))
    return result
