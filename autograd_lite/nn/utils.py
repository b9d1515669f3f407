"""Gradients as one vector, parameters as one vector; clipping under PyTorch's names."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..engine.value import Value
from ..optim.blocks import as_parameters
from ..optim.clip import clip_grad_norm_, clip_grad_value_
from ..optim.clip import norm_of as _norm_of

__all__ = [
    "clip_grad_norm_", "clip_grad_value_", "get_total_norm", "parameters_to_vector", "vector_to_parameters",
]  # fmt: skip


def get_total_norm(tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False) -> float:
    """The norm of several arrays as one vector; ``[p.grad for p in model.parameters()]`` makes it the gradient's.

    Args:
        tensors: an array or number, or an iterable of them.
        norm_type: p of the p-norm; ``math.inf`` is the largest absolute value.
        error_if_nonfinite: raise if the norm is nan or infinite.

    Raises:
        RuntimeError: for a norm of nan or infinity, if asked for.
        ValueError: for a norm_type that is not positive.

    >>> get_total_norm([[3.0], [0.0, 4.0]])
    5.0
    """
    if not float(norm_type) > 0:
        raise ValueError(f"norm_type is the p of a p-norm, above 0, not {norm_type!r}")
    given = [tensors] if isinstance(tensors, (Value, float, int, np.ndarray)) else list(tensors)
    arrays = [np.asarray(x.data if isinstance(x, Value) else x, dtype=np.float64) for x in given]
    total = _norm_of([_norm_of(np.abs(a).ravel(), norm_type) for a in arrays], norm_type)
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(f"the norm is {total}")
    return total


def parameters_to_vector(parameters: Iterable[Any]) -> Any:
    """The numbers of all parameters in order, as one float64 array (a copy, without derivatives).

    Args:
        parameters: Parameters and Values, as optimisers take them.

    >>> from autograd_lite import Value
    >>> parameters_to_vector([Value(1.0), Value(2.0)]).tolist()
    [1.0, 2.0]
    """
    found = [np.ravel(np.asarray(p.data, dtype=np.float64)) for p in as_parameters(parameters, "parameters_to_vector")]
    return np.concatenate(found) if found else np.zeros(0)


def vector_to_parameters(vec: Any, parameters: Iterable[Any]) -> None:
    """Write the numbers of a vector into the parameters, in order: the inverse of ``parameters_to_vector``.

    Args:
        vec: the numbers, in any shape.
        parameters: Parameters, or Values.

    Raises:
        ValueError: for another count of numbers than the parameters have; nothing has changed then.

    >>> from autograd_lite import Value
    >>> w = [Value(0.0), Value(0.0)]
    >>> vector_to_parameters([1.0, 2.0], w); [v.data for v in w]
    [1.0, 2.0]
    """
    numbers = np.ravel(np.asarray(vec, dtype=np.float64))
    found = as_parameters(parameters, "vector_to_parameters")
    sizes = [np.size(p.data) for p in found]
    if sum(sizes) != numbers.size:
        raise ValueError(f"the vector has {numbers.size} numbers and the parameters {sum(sizes)}")
    ends = np.cumsum(sizes).tolist()
    for parameter, size, end in zip(found, sizes, ends):
        piece = numbers[end - size : end]
        if isinstance(parameter, Value):
            parameter.data = float(piece[0])
        else:
            parameter.data[...] = piece.reshape(np.shape(parameter.data))
