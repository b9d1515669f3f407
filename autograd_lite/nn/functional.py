"""Layers and losses as functions, under PyTorch's names: ``import autograd_lite.nn.functional as F``.

Each does what the module of the same name does, on Values, numbers, lists and arrays of them; losses take the options
of their modules by name.

>>> import autograd_lite as ag
>>> import autograd_lite.nn.functional as F
>>> F.relu([-1.0, 2.0]).tolist()
[0.0, 2.0]
>>> F.mse_loss([1.0, 4.0], [1.0, 2.0], reduction="sum")
4.0
>>> F.cross_entropy([[0.0, 0.0]], [1]) == ag.log(2.0)
True
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..primitives import TABLE
from . import module_functions
from .batches import ShapeError, array_of, as_array, object_array
from .hard_activations import sloped
from .layer_gradients import Weights
from .layers import Dropout
from .module_functions import *  # noqa: F403
from .norms import GroupNorm, LayerNorm, RMSNorm, scaled
from .parameter import Parameter
from .targets import as_indices, picked, recorded

dot = TABLE["dot"]

__all__ = ["cosine_similarity", "dropout", "embedding", "group_norm", "layer_norm", "linear", "normalize", "one_hot"]
__all__ += ["prelu", "rms_norm"]
__all__ += module_functions.__all__


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """x·Ωᵀ + β, as ``nn.Linear`` computes it.

    Args:
        input: numbers or Values of shape (…, in_features).
        weight: Ω, a Parameter or (nested lists, an array of) Values and numbers, of shape (out_features, in_features).
        bias: β of shape (out_features,), or None.

    Returns:
        An array of shape (…, out_features).

    Raises:
        ShapeError: for shapes that don't fit, naming them.

    >>> from autograd_lite import Value
    >>> w = [[Value(1.0), Value(2.0)]]
    >>> linear([3.0, 4.0], w)[0].data
    11.0

    Source: torch.nn.functional.linear.
    """
    x = as_array(input, "linear")
    shape = weight.shape if isinstance(weight, Parameter) else as_array(weight, "linear").shape
    bias_shape = None if bias is None else bias.shape if isinstance(bias, Parameter) else as_array(bias, "linear").shape
    if len(shape) != 2 or x.ndim == 0 or x.shape[-1] != shape[1] or bias_shape not in (None, shape[:1]):
        raise ShapeError(f"linear: input {x.shape}, weight {shape} and bias {bias_shape} don't fit")
    outer = (*x.shape[:-1], shape[0])
    if isinstance(weight, Parameter) and (bias is None or isinstance(bias, Parameter)):
        return object_array(Weights(weight, bias).record(x.ravel().tolist()), outer)
    rows = as_array(weight, "linear").tolist()
    shifts = [0.0] * shape[0] if bias is None else as_array(bias, "linear").tolist()
    samples = x.reshape(-1, shape[1]).tolist()
    return array_of([dot(row, sample) + b for sample in samples for row, b in zip(rows, shifts)], outer)


def dropout(input: Any, p: float = 0.5, training: bool = True) -> Any:
    """In training, each number becomes 0 with probability ``p`` and the others are divided by 1 − p; else nothing.

    Args:
        input: numbers, Values, or (lists, arrays) of them.
        p: the probability, in [0, 1].
        training: whether it does anything.

    Raises:
        ValueError: for a probability outside [0, 1].

    >>> dropout([1.0, 2.0], training=False)
    [1.0, 2.0]

    Source: Srivastava et al. (2014).
    """
    return Dropout(p).train(training)(input)


def embedding(input: Any, weight: Any) -> Any:
    """The rows of ``weight`` that the integers ``input`` say, as ``nn.Embedding`` gives them.

    Args:
        input: integers of any shape.
        weight: a Parameter or (an array, a list of lists of) Values and numbers, of shape (rows, numbers).

    Raises:
        TypeError: for what is not an integer; IndexError: for one outside the table.
        ShapeError: for a weight that is no table.

    >>> embedding([1], [[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[3.0, 4.0]]

    Source: Bengio et al. (2003).
    """
    table, indices = as_array(weight, "embedding"), as_indices(input)
    if table.ndim != 2:
        raise ShapeError(f"embedding: the weight has shape {table.shape}, not (rows, numbers)")
    if recorded(indices):
        columns = table.T.tolist()
        found = [picked(column, index) for index in indices.ravel().tolist() for column in columns]
        return object_array(found, (*indices.shape, table.shape[1]))
    if indices.dtype.kind not in "iu":
        raise TypeError(f"embedding takes integer indices, not an array of {indices.dtype}")
    if indices.size and (indices.min() < 0 or indices.max() >= len(table)):
        raise IndexError(f"embedding: an index of {indices.min()} … {indices.max()} is outside 0 … {len(table) - 1}")
    return table[indices]


def one_hot(input: Any, num_classes: int = -1) -> Any:
    """Rows of 0 with a 1 where the class is.

    Args:
        input: classes, integers of any shape.
        num_classes: −1 for the largest class and one.

    Returns:
        A float64 array of shape (…, num_classes).

    Raises:
        TypeError: for what is not an integer; IndexError: for a class outside 0 … num_classes − 1.

    >>> one_hot([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]

    Source: torch.nn.functional.one_hot.
    """
    classes = np.asarray(input)
    if classes.dtype.kind not in "iu":
        raise TypeError(f"one_hot takes integers, not an array of {classes.dtype}")
    count = int(classes.max(initial=-1)) + 1 if num_classes == -1 else num_classes
    if classes.size and not 0 <= classes.min() <= classes.max() < count:
        raise IndexError(f"one_hot: a class of {classes.min()} … {classes.max()} is outside 0 … {count - 1}")
    return np.eye(count)[classes]


def _with_scale(layer: Any, input: Any, weight: Any, bias: Any) -> Any:
    found = layer(input)
    if weight is not None:
        found = found * as_array(weight, layer)
    return found if bias is None else found + as_array(bias, layer)


def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """(x − mean)/√(variance + ε) over the last axes, times ``weight``, plus ``bias``: see ``nn.LayerNorm``.

    Args:
        input: numbers, Values, or (lists, arrays) of them.
        normalized_shape: the lengths of those axes, an int or a tuple.
        weight: a factor for each number of them, or None.
        bias: a summand for each, or None.
        eps: ε, which keeps the quotient finite.

    Raises:
        ShapeError: for an input whose last axes are others.

    >>> layer_norm([1.0, 3.0], 2).round(4).tolist()
    [-1.0, 1.0]

    Source: Ba, Kiros and Hinton (2016).
    """
    return _with_scale(LayerNorm(normalized_shape, eps, elementwise_affine=False), input, weight, bias)


def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """x/√(mean of x² + ε) over the last axes, times ``weight``: see ``nn.RMSNorm``.

    Args:
        input: numbers, Values, or (lists, arrays) of them.
        normalized_shape: the lengths of those axes, an int or a tuple.
        weight: a factor for each number of them, or None.
        eps: ε, which keeps the quotient finite; 2⁻⁵² by default.

    Raises:
        ShapeError: for an input whose last axes are others.

    >>> rms_norm([3.0, 3.0], 2).round(4).tolist()
    [1.0, 1.0]

    Source: Zhang and Sennrich (2019).
    """
    return _with_scale(RMSNorm(normalized_shape, eps, elementwise_affine=False), input, weight, None)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """(x − mean)/√(variance + ε) over each group of channels, times ``weight``, plus ``bias``: see ``nn.GroupNorm``.

    Args:
        input: numbers, Values, or (lists, arrays) of them, of shape (batch, channels, …).
        num_groups: how many groups of channels there are.
        weight: a factor for each channel, or None.
        bias: a summand for each, or None.
        eps: ε, which keeps the quotient finite.

    Raises:
        ShapeError: for an input without channels; ValueError: for channels that make no equal groups.

    >>> group_norm([[1.0, 3.0, 10.0, 30.0]], 2).round(4).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]

    Source: Wu and He (2018).
    """
    array = as_array(input, "group_norm")
    if array.ndim < 2:
        raise ShapeError(f"group_norm: the input has shape {array.shape}, not (batch, channels, …)")
    return scaled(GroupNorm(num_groups, array.shape[1], eps, affine=False)(array), weight, bias, "group_norm")


def prelu(input: Any, weight: Any) -> Any:
    """x above 0, a·x below, with a slope a for all or for each channel: see ``nn.PReLU``.

    Args:
        input: numbers, Values, or (lists, arrays) of them.
        weight: one slope, or one for each channel, which are the input's second axis.

    Raises:
        ShapeError: for another number of slopes.

    >>> prelu([[-2.0, -2.0]], [0.5, 0.25]).tolist()
    [[-1.0, -0.5]]

    Source: He et al. (2015).
    """
    return sloped(input, weight, "prelu")


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """x/max(‖x‖ₚ, ε) along an axis.

    Args:
        input: numbers, Values, or (lists, arrays) of them.
        p: the norm's exponent; infinity for the largest size.
        dim: the axis.
        eps: ε, the smallest divisor.

    >>> normalize([3.0, 4.0], dim=0).tolist()
    [0.6, 0.8]

    Source: torch.nn.functional.normalize.
    """
    x = as_array(input, "normalize")
    rows = np.moveaxis(x, dim, -1)
    flat = rows.reshape(-1, rows.shape[-1]).tolist()
    found = [[v / TABLE["maximum"](_norm(row, p), eps) for v in row] for row in flat]
    return np.moveaxis(array_of([v for row in found for v in row], rows.shape), -1, dim)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """x·y/(max(‖x‖, ε)·max(‖y‖, ε)) along an axis.

    Args:
        x1: numbers, Values, or (lists, arrays) of them.
        x2: likewise, of the same shape.
        dim: the axis along which vectors lie.
        eps: ε, the smallest divisor.

    Raises:
        ShapeError: if the shapes differ.

    >>> round(float(cosine_similarity([1.0, 0.0], [1.0, 1.0], dim=0)), 6)
    0.707107

    Source: torch.nn.functional.cosine_similarity.
    """
    a, b = (np.moveaxis(as_array(x, "cosine_similarity"), dim, -1) for x in (x1, x2))
    if a.shape != b.shape:
        raise ShapeError(f"cosine_similarity: the shapes {a.shape} and {b.shape} differ")
    larger = TABLE["maximum"]
    pairs = zip(a.reshape(-1, a.shape[-1]).tolist(), b.reshape(-1, b.shape[-1]).tolist())
    found = [dot(x, y) / (larger(_norm(x, 2.0), eps) * larger(_norm(y, 2.0), eps)) for x, y in pairs]
    return array_of(found, a.shape[:-1])[()]


def _norm(row: list[Any], p: float) -> Any:
    if p == 2.0:
        return TABLE["norm"](row)
    if p == math.inf:
        return TABLE["max"]([abs(x) for x in row])
    return TABLE["sum"]([abs(x) ** p for x in row]) ** (1.0 / p)
