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

from ..engine.nodes import UNREACHED, LayerBatch, LayerInputs, Node, doubles
from ..engine.value import Value, node
from ..primitives import activations, reductions
from ..primitives import sums as kernels
from ..primitives.base import Op, Operand, as_float

__all__ = ["Samples", "gathered", "hand_back", "neurons", "relus", "spread", "sums"]

_AFFINE: Final[Op] = reductions.affine
_RELU: Final[Op] = activations.relu


class Samples:
    """The inputs of a layer, one sample after the other: what they are, and their numbers.

    Attributes:
        inputs: Values, and floats for what is constant.
        numbers: the number of each: ``doubles``.
        values: how many are Values.
        foreign: whether some are neither: parameters, symbols.
    """

    __slots__ = ("foreign", "inputs", "numbers", "values")

    def __init__(self, inputs: list[Any]) -> None:
        self.inputs: list[Any] = inputs
        self.numbers: Any = doubles(len(inputs))
        self.values: int = 0
        self.foreign: bool = False
        self._sort(self.numbers)

    def _sort(self, numbers: Any) -> None:
        inputs = self.inputs
        values = 0
        for i in range(len(inputs)):
            x = inputs[i]
            if type(x) is Value:
                numbers[i] = x._data
                values += 1
            elif type(x) is float:
                numbers[i] = x
            elif isinstance(x, Value):
                numbers[i] = x._number()
                values += 1
            elif isinstance(x, Operand):
                self.foreign = True
                return
            else:  # an int, a number of NumPy's
                if self.inputs is inputs:
                    inputs = self.inputs = list(inputs)
                inputs[i] = as_float(x, "a layer")
                numbers[i] = inputs[i]
        self.values = values


def sums(numbers: Any, rows: list[list[float]], biases: list[float]) -> Any:
    """Σ xᵢ·wᵢ + b of every sample and neuron, as plain loops: for layers too small for NumPy's overhead."""
    width = len(rows[0])
    outs = doubles(len(numbers) // width * len(rows))
    k = 0
    for start in range(0, len(numbers), width):
        xs = [numbers[i] for i in range(start, start + width)]
        for row, bias in zip(rows, biases):
            outs[k] = kernels.affine(xs, row, bias)
            k += 1
    return outs


def hand_back(fan: LayerInputs) -> None:
    """Add Ωᵀδ to the adjoints of a sample's nodes, as plain loops; unreached neurons have no share."""
    batch = fan.batch
    width = batch.width
    shares, matrix = batch.shares, batch.matrix
    for i in range(width):
        shares[i] = 0.0
    for place in range(batch.count):
        g = batch.adjoints[fan.sample * batch.count + place]
        if g == 0.0 and math.copysign(1.0, g) < 0.0:  # UNREACHED
            continue
        start = (batch.first + place) * width
        for i in range(width):
            shares[i] += g * matrix[start + i]
    spread(fan, shares)


def spread(fan: LayerInputs, shares: Any) -> None:
    """Add what each input of a sample is handed to the adjoints of those that are nodes."""
    columns: Any = fan.columns
    for i, operand in enumerate(fan.nodes):
        at = i if columns is None else columns[i]
        operand._adjoint += shares[at]


def gathered(fans: list[LayerInputs], units: int) -> Any:
    """X and Δ of these samples, row after row; Δ ``UNREACHED`` for neurons of the layer that a batch doesn't have."""
    width = fans[0].batch.width
    xs, deltas = doubles(len(fans) * width), doubles(len(fans) * units)
    _gather(fans, units, xs, deltas)
    return xs, deltas


def _gather(fans: list[LayerInputs], units: int, xs: Any, deltas: Any) -> None:
    for k, fan in enumerate(fans):
        batch = fan.batch
        for i in range(batch.width):
            xs[k * batch.width + i] = batch.numbers[fan.sample * batch.width + i]
        for i in range(units):
            place = i - batch.first
            if 0 <= place < batch.count:
                deltas[k * units + i] = batch.adjoints[fan.sample * batch.count + place]
            else:
                deltas[k * units + i] = UNREACHED


def neurons(batch: LayerBatch, samples: Samples, outs: Any) -> Any:
    """Record the neurons of a layer.

    Args:
        batch: what their samples have in common.
        samples: the inputs.
        outs: the sums, sample after sample.

    Returns:
        A list of Values, sample after sample.
    """
    result: list[Any] = []
    inputs = samples.inputs
    width, count = batch.width, batch.count
    for k in range(len(outs) // count):
        operands = inputs[k * width : (k + 1) * width]
        nodes: list[Node] = operands
        columns: list[int] | None = None
        if samples.values == 0:
            nodes = []
        elif samples.values != len(inputs):
            columns = [i for i, x in enumerate(operands) if isinstance(x, Value)]
            nodes = [operands[i] for i in columns]
        fan = LayerInputs(operands, nodes, columns, batch, k)
        for place in range(count):
            result.append(node(outs[k * count + place], _AFFINE, None, fan, place, 0.0))
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
