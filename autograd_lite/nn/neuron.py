"""A neuron is one node: f = Σ xᵢ·wᵢ + b, its weights a row of the layer's buffer.

The node refers to the row, not to the weights' Values: recording a layer makes one node a neuron, the sweep
multiplies the row's floats, and the layer's parameters get their share from its ``sink`` (``weights.py``). Whoever asks
a node for its operands (a drawing, a trace, a second derivative) gets the scalars ``weight[3, 1]`` all the same.

This file is hot: it is compiled where that is possible, so it is plain typed Python without NumPy.
"""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import mypyc_attr

from ..graph import Many, Node, Sink
from ..primitives import activations, kernels, reductions
from ..primitives.base import Op, Operand, as_float
from ..value import Value, node

__all__ = ["Row", "neurons", "relus"]

_AFFINE: Final[Op] = reductions.affine
_RELU: Final[Op] = activations.relu


@mypyc_attr(allow_interpreted_subclasses=True)
class Row(Many):
    """The operands of a neuron: x₁ … xₙ, then its row of the weights, then its bias; the latter two made on demand.

    Attributes:
        operands: the inputs: Values, and floats for what is constant; shared by the neurons of the layer.
        numbers: the inputs' numbers as they were; one list for a sample, by which the sink knows it.
        row: the weights as they were.
        sink: the layer's ``Weights``.
        index: which of its neurons this is.
    """

    __slots__ = ("numbers", "row")

    def __init__(
        self,
        operands: list[Any],
        nodes: list[Node],
        partials: list[float],
        sink: Sink,
        index: int,
        numbers: list[float],
        row: list[float],
    ) -> None:
        super().__init__(operands, nodes, partials, sink, index)
        self.numbers: list[float] = numbers
        self.row: list[float] = row

    def args(self) -> tuple[Any, ...]:
        """All operands of the affine: inputs, weights, bias (0.0 if there is none)."""
        weights: Any = self.sink
        return (*self.operands, *weights.row(self.index), weights.bias_of(self.index))

    def parents(self) -> tuple[Any, ...]:
        """The inputs that are Values, the weights, the bias."""
        return tuple([arg for arg in self.args() if isinstance(arg, Node)])

    def all_partials(self) -> tuple[float, ...]:
        """The recorded weights, the recorded inputs, and 1 for the bias."""
        weights: Any = self.sink
        to_bias = () if weights.bias is None else (1.0,)
        return (*self.partials[: len(self.nodes)], *self.numbers, *to_bias)


def neurons(
    weights: Sink, inputs: list[Any], rows: list[list[float]], biases: list[float], first: int = 0
) -> list[Any]:
    """Record the neurons of a layer for one sample.

    Args:
        weights: the layer's ``Weights``.
        inputs: the sample: Values and numbers, as many as a row has weights.
        rows: the numbers of the weights of those neurons.
        biases: the numbers of their biases.
        first: which neuron of the layer the first row is.

    Returns:
        One Value for each neuron.
    """
    kinds = set(map(type, inputs))
    if len(kinds) != 1 or (Value not in kinds and float not in kinds):
        return _mixed(weights, inputs, rows, biases, first)
    nodes: list[Any] = inputs if Value in kinds else []
    numbers: list[float] = [x._data for x in nodes] if Value in kinds else inputs
    result: list[Any] = []
    for row, bias in zip(rows, biases):
        out = kernels.affine(numbers, row, bias)
        many = Row(inputs, nodes, row, weights, first, numbers, row)
        result.append(node(out, _AFFINE, None, None, 0.0, 0.0, many))
        first += 1
    return result


def _mixed(weights: Any, inputs: list[Any], rows: list[list[float]], biases: list[float], first: int) -> list[Any]:
    """The same for inputs of which some are Values, some numbers, some parameters' elements or symbols."""
    if any(isinstance(x, Operand) and not isinstance(x, Value) for x in inputs):
        affine: Any = _AFFINE
        units = range(first, first + len(biases))
        return [affine(inputs, weights.row(unit), weights.bias_of(unit)) for unit in units]
    inputs = [x if isinstance(x, Value) else as_float(x, "a layer") for x in inputs]
    numbers = [x._number() if isinstance(x, Value) else x for x in inputs]
    nodes: list[Any] = [x for x in inputs if isinstance(x, Value)]
    result: list[Any] = []
    for row, bias in zip(rows, biases):
        partials = [w for w, x in zip(row, inputs) if isinstance(x, Value)]
        out = kernels.affine(numbers, row, bias)
        many = Row(inputs, nodes, partials, weights, first, numbers, row)
        result.append(node(out, _AFFINE, None, None, 0.0, 0.0, many))
        first += 1
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
