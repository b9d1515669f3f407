"""micrograd's networks: ``Neuron``, ``Layer``, ``MLP``, called and listed as its users know them.

Beneath, a layer has one weight and one bias ``Parameter``, a neuron is a row of them, and recording it makes one node
and one for the ReLU. ``parameters()`` is the flat list of scalars that micrograd gives; ``named_parameters`` and
``state_dict`` have the arrays. The weights start uniform in ±1, from Python's ``random`` in micrograd's order, so that
``random.seed(1337)`` gives the numbers it gives there.

Nothing here needs NumPy as long as it is called on lists of scalars. Where there is none (in a browser it is several
megabytes) plain loops do the same sums: the same graph from the same initial weights, and numbers that may differ in
the last bits, because NumPy's matrix products add in another order.
"""

from __future__ import annotations

import random
from itertools import pairwise
from numbers import Integral
from typing import TYPE_CHECKING, Any, overload

from ..primitives.primitive import Operand
from .batches import ShapeError, as_array, object_array
from .layer_nodes import Rows, relus
from .module import Module, Parameters, positive
from .parameter import Parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..engine.value import Value
    from .batches import Array

    class Outputs(Value, list[Value]):  # type: ignore[misc]
        """One Value or a list of them, as the number of neurons says: what a type checker takes for either."""


__all__ = ["MLP", "Layer", "Neuron"]


def _draw(neurons: int, inputs: int) -> tuple[Parameter, Parameter]:
    weight = [[random.uniform(-1, 1) for _ in range(inputs)] for _ in range(neurons)]
    return Parameter(weight, "weight"), Parameter((neurons,), "bias")


def _weights_of(weight: Parameter, bias: Parameter | None) -> Rows:
    """What records a layer of these parameters: by NumPy's products where NumPy can be imported."""
    try:
        from .layer_gradients import Weights
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        from .layer_loops import PlainWeights

        return PlainWeights(weight, bias)
    return Weights(weight, bias)


class _Scalars(Module):
    """What the three share: a flat list of scalars as parameters, and calls on one row or on many."""

    if TYPE_CHECKING:  # (an array may be one row or many)

        @overload
        def __call__(self, x: Sequence[Value | float]) -> Outputs: ...
        @overload
        def __call__(self, x: Sequence[Sequence[Value | float]]) -> Array: ...
        @overload
        def __call__(self, x: Any) -> Any: ...
        def __call__(self, x: Any) -> Any: ...

    def parameters(self, recurse: bool = True) -> Parameters[Value]:  # type: ignore[override]
        """The scalars: neuron by neuron, its weights, then its bias."""
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set all gradients to 0."""
        for _, parameter in self.named_parameters():
            parameter.zero_grad()

    def _record(self, row: list[Any]) -> Any:
        """The result for one row of inputs."""
        raise NotImplementedError

    def _units(self) -> tuple[int, ...]:
        """The shape of the result: () for one number."""
        raise NotImplementedError

    def _sink(self) -> Rows:
        """The ``Weights`` of a neuron or a layer; another only after another Parameter has been assigned."""
        known: Rows = self.__dict__["_weights"]
        weight, bias = self.__dict__.get("weight", known.weight), self.__dict__.get("bias", known.bias)
        if weight is not known.weight or bias is not known.bias:
            known = self._weights = _weights_of(weight, bias)
        return known

    def forward(self, x: Any) -> Any:
        """One row gives what micrograd gives; several rows an array with the same for each."""
        if not isinstance(x, (list, tuple)) or not x or not isinstance(x[0], (float, int, Operand)):
            array = as_array(x, self)
            if array.ndim != 1:
                rows = [self._record(row) for row in array.reshape(-1, array.shape[-1] if array.ndim else 1).tolist()]
                flat = [value for row in rows for value in (row if isinstance(row, list) else [row])]
                return object_array(flat, (*array.shape[:-1], *self._units()))
            x = array.tolist()
        return self._record(list(x))  # a copy: the nodes keep this list, and the caller may change theirs


class _Fixed(list[Any]):
    """A list made on demand, so that an assignment to one of its places would be lost."""

    def __setitem__(self, place: Any, item: Any) -> None:
        raise TypeError("the weights of a neuron live in its layer's buffer: write their numbers, w[0].data = …")


class Neuron(_Scalars):
    """Σ wᵢ·xᵢ + b, and its ReLU unless ``nonlin`` is False.

    Args:
        nin: inputs.
        nonlin: whether there is a ReLU.

    Attributes:
        w: the weights, a list of Values.
        b: the bias, a Value.

    >>> n = Neuron(2)
    >>> n, len(n.parameters()), n([1.0, 2.0]).op
    (ReLUNeuron(2), 3, <primitive relu>)
    """

    if TYPE_CHECKING:

        @overload  # type: ignore[override]
        def __call__(self, x: Sequence[Value | float]) -> Value: ...
        @overload
        def __call__(self, x: Sequence[Sequence[Value | float]]) -> Array: ...
        @overload
        def __call__(self, x: Any) -> Any: ...
        def __call__(self, x: Any) -> Any: ...

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        positive("Neuron", nin=nin)
        self.weight, self.bias = _draw(1, nin)
        self._place(_weights_of(self.weight, self.bias), 0, nonlin)

    def _place(self, weights: Rows, unit: int, nonlin: bool) -> None:
        self._weights = weights
        self._unit = unit
        self.nonlin = nonlin

    @property
    def w(self) -> list[Any]:
        """The weights."""
        return _Fixed(self._sink().row(self._unit))

    @property
    def b(self) -> Any:
        """The bias."""
        return self._sink().bias_of(self._unit)

    def parameters(self, recurse: bool = True) -> Parameters[Value]:  # type: ignore[override]
        return Parameters([*self.w, self.b])

    def _record(self, row: list[Any]) -> Any:
        weights = self._sink()
        _check(self, row, weights)
        made = weights.record(row, self._unit)
        return (relus(made) if self.nonlin else made)[0]

    def _units(self) -> tuple[int, ...]:
        return ()

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({self._sink().weight.shape[1]})"


def _check(module: Module, row: list[Any], weights: Rows) -> None:
    if len(row) != weights.weight.shape[1]:
        name, shape = type(module).__name__, weights.weight.shape
        raise ShapeError(f"{name} of {shape[1]} inputs: the input has shape ({len(row)},), and the weight {shape}")


class Layer(_Scalars):
    """Neurons with the same inputs. One neuron gives a Value, several a list.

    Args:
        nin: inputs.
        nout: neurons.
        nonlin: whether they have a ReLU.

    Attributes:
        neurons: the neurons.
        weight, bias: all their parameters as arrays, of shapes (nout, nin) and (nout,).

    >>> Layer(2, 3, nonlin=False)
    Layer of [LinearNeuron(2), LinearNeuron(2), LinearNeuron(2)]
    """

    def __init__(self, nin: int, nout: int, nonlin: bool = True) -> None:
        positive("Layer", nin=nin, nout=nout)
        self.nonlin = nonlin
        self.weight, self.bias = _draw(nout, nin)
        self._weights = _weights_of(self.weight, self.bias)

    @property
    def neurons(self) -> list[Neuron]:
        """The neurons: each a row of the layer's parameters."""
        result = []
        for unit in range(len(self.weight)):
            neuron = Neuron.__new__(Neuron)
            neuron._place(self._sink(), unit, self.nonlin)
            result.append(neuron)
        return result

    def parameters(self, recurse: bool = True) -> Parameters[Value]:  # type: ignore[override]
        weights = self._sink()
        units = range(len(weights.weight))
        return Parameters([p for unit in units for p in (*weights.row(unit), weights.bias_of(unit))])

    def _record(self, row: list[Any]) -> Any:
        weights = self._sink()
        _check(self, row, weights)
        made = weights.record(row)
        if self.nonlin:
            made = relus(made)
        return made[0] if len(made) == 1 else made

    def _units(self) -> tuple[int, ...]:
        return () if len(self.weight) == 1 else (len(self.weight),)

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(_Scalars):
    """A multi-layer perceptron: ReLU after every layer but the last.

    Args:
        nin: inputs.
        nouts: the number of neurons in each layer: ``MLP(2, [16, 16, 1])`` or ``MLP(2, 16, 16, 1)``.

    Attributes:
        layers: the layers.

    Raises:
        ValueError: without neurons.

    >>> model = MLP(2, 16, 16, 1)
    >>> len(model.parameters()), model([1.0, -2.0]).op.name
    (337, 'affine')
    >>> model([[1.0, -2.0], [0.0, 3.0]]).shape
    (2,)
    """

    def __init__(self, nin: int, *nouts: Any) -> None:
        if len(nouts) == 1 and not isinstance(nouts[0], Integral):
            nouts = tuple(nouts[0])
        if not nouts:
            raise ValueError("MLP: name the neurons of each layer, as in MLP(2, [16, 16, 1])")
        sizes = [nin, *nouts]
        self.layers = [Layer(a, b, nonlin=i != len(nouts) - 1) for i, (a, b) in enumerate(pairwise(sizes))]

    def parameters(self, recurse: bool = True) -> Parameters[Value]:  # type: ignore[override]
        return Parameters([p for layer in self.layers for p in layer.parameters()])

    def _record(self, row: list[Any]) -> Any:
        result: Any = row
        for layer in self.layers:
            result = layer._record(result if isinstance(result, list) else [result])
        return result

    def _units(self) -> tuple[int, ...]:
        return self.layers[-1]._units()

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"
