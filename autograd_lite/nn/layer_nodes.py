"""A neuron is one node: f = Σ xᵢ·wᵢ + b, its weights a row of the layer's buffer.

The node refers to the row, not to the weights' Values: recording a layer makes one node a neuron and one
``LayerInputs`` a sample, which passes the neurons' adjoints on to the inputs and to the layer's parameters
(``layer_gradients.py``). Whoever asks a node for its operands (a drawing, a trace, a second derivative) gets the
scalars ``weight[3, 1]`` all the same.

This file is hot: it is compiled where that is possible, so it is plain typed Python without NumPy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ..engine import doubles
from ..engine.nodes import UNREACHED, GradientSink, LayerBatch, LayerInputs, LayerNumbers, Node
from ..engine.value import Value, node
from ..primitives import activations, reductions
from ..primitives import sums as kernels
from ..primitives.base import Op, Operand, as_float

__all__ = ["Rows", "gathered", "relus"]

_AFFINE: Final[Op] = reductions.affine
_RELU: Final[Op] = activations.relu


class Rows(GradientSink):
    """The parameters of a layer, neuron by neuron: what records them, and where their adjoints go.

    Attributes:
        weight: shape (neurons, inputs).
        bias: shape (neurons,), or None.
    """

    __slots__ = ("_known", "bias", "weight")

    def __init__(self, weight: Any, bias: Any) -> None:
        self.weight: Any = weight
        self.bias: Any = bias
        self._known: Any = None

    def row(self, unit: int) -> list[Any]:
        """The weights of a neuron as Values."""
        width: int = self.weight.shape[1]
        found: list[Any] = self.weight.elements(unit * width, (unit + 1) * width)
        return found

    def bias_of(self, unit: int) -> Any:
        """The bias of a neuron as a Value; 0.0 if the layer has none."""
        return 0.0 if self.bias is None else self.bias.element(unit)

    def parameters(self) -> list[Any]:
        """The weight, and the bias if there is one."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def numbers(self) -> LayerNumbers:
        """The numbers as they are now; the same object as long as they are the same."""
        weight, bias = self.weight.storage.numbers, None if self.bias is None else self.bias.storage.numbers
        known: LayerNumbers | None = self._known  # one assignment: another thread may be recording too
        same = known is not None and doubles.holds(known.weight, weight)
        if known is None or not same or not (bias is None or doubles.holds(known.bias, bias)):
            units, width = self.weight.shape
            known = LayerNumbers(weight.tobytes(), None if bias is None else bias.tobytes(), units, width)
            self._known = known
        return known

    def record(self, inputs: list[Any], unit: int | None = None) -> list[Any]:
        """The neurons of every sample as Values, sample after sample.

        Args:
            inputs: Values and numbers: the samples one after the other, in a list that becomes the graph's.
            unit: the one neuron that is wanted; None for all.
        """
        weights = self.numbers()
        first, count = (0, weights.units) if unit is None else (unit, 1)
        numbers = doubles.block(len(inputs))
        values = _read(inputs, doubles.start(numbers))
        if values < 0:
            return self.of_scalars(inputs, range(first, first + count))
        outs: Any = None
        if len(inputs) * count > weights.loops:
            outs = self.product(weights, first, count, numbers)
        if outs is None:
            outs = _sums(weights, first, count, numbers, len(inputs) // weights.width)
        return _neurons(LayerBatch(self, weights, first, count, numbers, outs), inputs, values)

    def product(self, weights: LayerNumbers, first: int, count: int, numbers: Any) -> Any:
        """X Ωᵀ + β, a block; or None: then it is left to plain loops."""
        return None

    def of_scalars(self, inputs: list[Any], units: Iterable[int]) -> list[Any]:
        """The same for inputs that are neither Values nor numbers: the affine of the scalars."""
        width = self.weight.shape[1]
        rows = [inputs[i : i + width] for i in range(0, len(inputs), width)]
        return [reductions.affine(x, self.row(unit), self.bias_of(unit)) for x in rows for unit in units]

    def __reduce__(self) -> Any:
        return (type(self), (self.weight, self.bias))


def _read(inputs: list[Any], numbers: Any) -> int:
    """Write the numbers of the inputs; constants become floats. How many are Values; -1 if some are neither:
    parameters, symbols."""
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
            return -1
        else:  # an int, a number of NumPy's
            x = as_float(x, "a layer")
            inputs[i] = x
            numbers[i] = x
    return values


def _sums(weights: LayerNumbers, first: int, count: int, numbers: Any, samples: int) -> Any:
    """Σ xᵢ·wᵢ + b of every sample and neuron, as plain loops."""
    outs = doubles.block(samples * count)
    width = weights.width
    if kernels.NATIVE:
        xs, matrix, results = doubles.start(numbers), doubles.start(weights.weight), doubles.start(outs)
        at = 0
        for k in range(samples):
            for unit in range(first, first + count):
                out = weights.bias_of(unit)
                for i in range(width):
                    out += xs[k * width + i] * matrix[unit * width + i]
                results[at] = out
                at += 1
        return outs
    rows = [(weights.row(unit), weights.bias_of(unit)) for unit in range(first, first + count)]
    for k in range(samples):
        row = numbers[k * width : (k + 1) * width]
        outs[k * count : (k + 1) * count] = [kernels.affine(row, ws, bias) for ws, bias in rows]
    return outs


def _neurons(batch: LayerBatch, inputs: list[Any], values: int) -> list[Any]:
    """Record the neurons of a layer.

    Args:
        batch: what their samples have in common; its ``adjoints`` are the sums.
        inputs: the inputs, of which so many are Values.
    """
    result: list[Any] = []
    outs = doubles.start(batch.adjoints)
    width, count = batch.weights.width, batch.count
    samples = len(inputs) // width
    for k in range(samples):
        operands = inputs if samples == 1 else inputs[k * width : (k + 1) * width]
        nodes: list[Node] = operands
        columns: list[int] | None = None
        if values == 0:
            nodes = []
        elif values != len(inputs):
            columns = [i for i, x in enumerate(operands) if isinstance(x, Value)]
            nodes = [operands[i] for i in columns]
        fan = LayerInputs(operands, nodes, columns, batch, k)
        for place in range(count):
            result.append(node(outs[k * count + place], _AFFINE, None, fan, place, 0.0))
    return result


def gathered(fans: list[LayerInputs], units: int) -> Any:
    """X and Δ of these samples, row after row: two blocks.

    Δ is ``UNREACHED`` for neurons of the layer that a batch doesn't have.
    """
    width = fans[0].batch.weights.width
    numbers, adjoints = doubles.block(len(fans) * width), doubles.block(len(fans) * units)
    xs, deltas = doubles.start(numbers), doubles.start(adjoints)
    for k, fan in enumerate(fans):
        batch = fan.batch
        inputs, reached = doubles.start(batch.numbers), doubles.start(batch.adjoints)
        for i in range(width):
            xs[k * width + i] = inputs[fan.sample * width + i]
        for i in range(units):
            place = i - batch.first
            known = 0 <= place < batch.count
            deltas[k * units + i] = reached[fan.sample * batch.count + place] if known else UNREACHED
    return numbers, adjoints


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
