"""Layers with parameters, and the few without that stand between them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..data.random import default_generator
from .batches import Array, ShapeError, as_array, object_array
from .layer_gradients import Weights
from .module import Module, positive
from .parameter import Parameter
from .targets import LARGEST, as_indices, in_range, picked, recorded

__all__ = ["Dropout", "Embedding", "Flatten", "Identity", "Linear"]


class Linear(Module):
    """f = β + Ω x: every output is one neuron, one node of the graph.

    Args:
        in_features: numbers in the input's last axis.
        out_features: neurons.
        bias: whether there is a β.

    Attributes:
        weight: Ω, a Parameter of shape (out_features, in_features).
        bias: β, a Parameter of shape (out_features,), or None.

    Both start uniform in ±1/√in_features, as PyTorch's do. The input is one row, a list of rows, or an array with
    any number of leading axes; the output has the same leading axes, an object array of Values.

    Raises:
        ShapeError: for an input whose last axis is another, naming both shapes.

    >>> layer = Linear(2, 3)
    >>> layer.weight[...] = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]; layer.bias.data.fill_(0.5)
    Buffer([0.5, 0.5, 0.5])
    >>> f = layer([[1.0, 2.0]])
    >>> f.shape, f[0, 2].data, f[0, 2].op
    ((1, 3), 3.5, <primitive affine>)
    >>> f[0, 2].backward(); layer.weight.grad[2].tolist()
    [1.0, 2.0]
    """

    bias: Parameter | None

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        positive("Linear", in_features=in_features, out_features=out_features)
        self.in_features = in_features
        self.out_features = out_features
        bound = 1.0 / math.sqrt(in_features)
        generator = default_generator()
        self.weight = Parameter(generator.uniform(-bound, bound, (out_features, in_features)))
        self.bias = Parameter(generator.uniform(-bound, bound, out_features)) if bias else None
        self._weights = Weights(self.weight, self.bias)

    def _sink(self) -> Weights:
        """The one ``Weights`` of this layer; another only after another Parameter has been assigned."""
        if self._weights.weight is not self.weight or self._weights.bias is not self.bias:
            self._weights = Weights(self.weight, self.bias)
        return self._weights

    if TYPE_CHECKING:

        def __call__(self, input: Any) -> Array: ...

    def forward(self, input: Any) -> Any:
        """The outputs for one row or for each row of a batch."""
        array = as_array(input, self)
        units, inputs = self.weight.shape
        if array.ndim == 0 or array.shape[-1] != inputs:
            raise ShapeError(
                f"{self!r}: the input has shape {array.shape} and the weight {self.weight.shape}; the input's last "
                f"axis must have {inputs} numbers"
            )
        return object_array(self._sink().record(array.ravel().tolist()), (*array.shape[:-1], units))

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Identity(Module):
    """The input itself. Arguments are ignored.

    Args:
        args: anything.

    >>> Identity()(3.0)
    3.0
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        pass

    def forward(self, input: Any) -> Any:
        return input


class Flatten(Module):
    """Axes ``start_dim`` … ``end_dim`` become one; by default all but the batch's.

    Args:
        start_dim: the first axis; negative ones count from the end.
        end_dim: the last one.

    Raises:
        ShapeError: for an input without these axes.

    >>> import numpy as np
    >>> Flatten()(np.zeros((5, 2, 3))).shape
    (5, 6)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim

    if TYPE_CHECKING:

        def __call__(self, input: Any) -> Array: ...

    def forward(self, input: Any) -> Any:
        array = as_array(input, self)
        start = self.start_dim + array.ndim if self.start_dim < 0 else self.start_dim
        end = self.end_dim + array.ndim if self.end_dim < 0 else self.end_dim
        if not 0 <= start <= end < array.ndim:
            raise ShapeError(f"{self!r}: the input of shape {array.shape} has no axes {start} … {end}")
        return array.reshape(*array.shape[:start], -1, *array.shape[end + 1 :])

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Dropout(Module):
    """In training, each number becomes 0 with probability ``p`` and the others are divided by 1 − p; else nothing.

    The input may have any shape.

    Args:
        p: the probability.
        inplace: accepted as PyTorch's, and without a meaning here.

    Random numbers come from ``ag.manual_seed``'s generator (Srivastava et al. 2014).

    Raises:
        ValueError: for a p outside [0, 1].

    >>> Dropout(0.5).eval()([1.0, 2.0])
    [1.0, 2.0]
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"Dropout: p is a probability in [0, 1], not {p!r}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        if not self.training or self.p == 0.0:
            return input
        array = as_array(input, self)
        keep = default_generator().random(array.shape) >= self.p
        scale = 1.0 / (1.0 - self.p) if self.p < 1.0 else 0.0
        if array.dtype != object:
            return array * (keep * scale)
        pairs = zip(array.ravel().tolist(), keep.ravel().tolist())
        return object_array([v * scale if kept else 0.0 for v, kept in pairs], array.shape)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Embedding(Module):
    """A table of rows: an index gives its row of ``weight``, as the scalars that they are.

    Args:
        num_embeddings: rows; ``weight`` starts standard normal.
        embedding_dim: numbers in a row.

    Raises:
        IndexError: for an index outside the table. TypeError: for what is not an integer.

    >>> table = Embedding(10, 3)
    >>> table([1, 4]).shape, table(1)[0] is table.weight[1, 0]
    ((2, 3), True)
    """

    def __init__(self, num_embeddings: int, embedding_dim: int) -> None:
        positive("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.weight = Parameter(default_generator().standard_normal((num_embeddings, embedding_dim)))

    if TYPE_CHECKING:

        def __call__(self, input: Any) -> Array: ...

    def forward(self, input: Any) -> Any:
        array = as_indices(input)
        if array.size * self.num_embeddings * self.embedding_dim <= LARGEST and recorded(array):
            return self._recorded(array)
        if array.dtype.kind not in "iu":
            raise TypeError(f"{self!r} takes integer indices, not an array of {array.dtype}")
        if array.size and (array.min() < 0 or array.max() >= self.num_embeddings):
            raise IndexError(
                f"{self!r}: an index of {array.min()} … {array.max()} is outside 0 … {self.num_embeddings - 1}"
            )
        return self.weight[array]

    def _recorded(self, indices: Any) -> Any:
        """The same for indices that are inputs of a program."""
        flat = indices.ravel().tolist()
        if not in_range(flat, self.num_embeddings):
            raise IndexError(f"{self!r}: an index is outside 0 … {self.num_embeddings - 1}")
        columns = self.weight.values().T.tolist()
        found = [picked(column, index) for index in flat for column in columns]
        return object_array(found, (*indices.shape, self.embedding_dim))

    def extra_repr(self) -> str:
        return f"{self.num_embeddings}, {self.embedding_dim}"
