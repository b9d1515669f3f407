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

import inspect
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..primitives import TABLE
from . import activations, distribution_losses, losses, margin_losses
from .batches import ShapeError, array_of, as_array, object_array
from .layer_gradients import Weights
from .layers import Dropout
from .module import Module
from .norms import LayerNorm, RMSNorm
from .parameter import Parameter
from .targets import as_indices, picked, recorded

dot = TABLE["dot"]

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu", "cosine_embedding_loss", "cosine_similarity",
    "cross_entropy", "dropout", "elu", "embedding", "gaussian_nll_loss", "gelu", "hardtanh", "hinge_loss",
    "huber_loss", "kl_div", "l1_loss", "layer_norm", "leaky_relu", "linear", "log_softmax", "logsigmoid",
    "margin_ranking_loss", "mish", "mse_loss", "nll_loss", "normalize", "one_hot", "poisson_nll_loss", "relu",
    "relu6", "rms_norm", "selu", "sigmoid", "silu", "smooth_l1_loss", "soft_margin_loss", "softmax", "softplus",
    "softsign", "tanh", "tanhshrink", "triplet_margin_loss",
]  # fmt: skip


#: the function of each module that has one
FUNCTION_OF: dict[type[Module], str] = {}


def _of_module(kind: type[Module], name: str, inputs: tuple[str, ...]) -> Callable[..., Any]:
    """The function of what a module takes when it is called, then of what it takes when it is made."""
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    options = [p for p in inspect.signature(kind).parameters.values() if p.name != "inplace"]
    given = [inspect.Parameter(p, positional, annotation=Any) for p in inputs]

    def function(*args: Any, **named: Any) -> Any:
        bound = signature.bind(*args, **named)
        values = [bound.arguments.pop(p) for p in inputs]
        return kind(**bound.arguments)(*values)

    signature = inspect.Signature([*given, *options], return_annotation=Any)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = _described(kind, inputs)
    function.__dict__["__signature__"] = signature
    FUNCTION_OF[kind] = name
    return function


def _described(kind: type[Module], inputs: tuple[str, ...]) -> str:
    """What a module says of itself, said of its function."""
    own = inspect.cleandoc(kind.__doc__ or "").replace(f"{kind.__name__}(", f"nn.{kind.__name__}(")
    said, _, example = own.partition("\n>>> ")
    before, _, options = said.partition("Args:\n")
    given = "".join(f"    {name}: numbers, Values, or (lists, arrays) of them.\n" for name in inputs)
    options = "" if re.fullmatch(r"\s*inplace:.*\s*", options) else options
    parts = [f"{before.rstrip()}\n\n``nn.{kind.__name__}`` as a function.\n\nArgs:\n{given}{options.rstrip()}"]
    return "\n\n".join(parts) + (f"\n\n>>> from autograd_lite import nn\n>>> {example}" if example else "")


def _activation(kind: type[Module], name: str) -> Callable[..., Any]:
    return _of_module(kind, name, ("input",))


def _loss(kind: type[Module], name: str, *inputs: str) -> Callable[..., Any]:
    return _of_module(kind, name, inputs or ("input", "target"))


relu = _activation(activations.ReLU, "relu")
tanh = _activation(activations.Tanh, "tanh")
sigmoid = _activation(activations.Sigmoid, "sigmoid")
softplus = _activation(activations.Softplus, "softplus")
gelu = _activation(activations.GELU, "gelu")
silu = _activation(activations.SiLU, "silu")
elu = _activation(activations.ELU, "elu")
celu = _activation(activations.CELU, "celu")
selu = _activation(activations.SELU, "selu")
mish = _activation(activations.Mish, "mish")
softsign = _activation(activations.Softsign, "softsign")
logsigmoid = _activation(activations.LogSigmoid, "logsigmoid")
tanhshrink = _activation(activations.Tanhshrink, "tanhshrink")
hardtanh = _activation(activations.Hardtanh, "hardtanh")
relu6 = _activation(activations.ReLU6, "relu6")
leaky_relu = _activation(activations.LeakyReLU, "leaky_relu")
softmax = _activation(activations.Softmax, "softmax")
log_softmax = _activation(activations.LogSoftmax, "log_softmax")

mse_loss = _loss(losses.MSELoss, "mse_loss")
l1_loss = _loss(losses.L1Loss, "l1_loss")
huber_loss = _loss(losses.HuberLoss, "huber_loss")
smooth_l1_loss = _loss(losses.SmoothL1Loss, "smooth_l1_loss")
binary_cross_entropy = _loss(losses.BCELoss, "binary_cross_entropy")
binary_cross_entropy_with_logits = _loss(losses.BCEWithLogitsLoss, "binary_cross_entropy_with_logits")
cross_entropy = _loss(losses.CrossEntropyLoss, "cross_entropy")
nll_loss = _loss(losses.NLLLoss, "nll_loss")
kl_div = _loss(losses.KLDivLoss, "kl_div")
hinge_loss = _loss(margin_losses.HingeLoss, "hinge_loss")
soft_margin_loss = _loss(margin_losses.SoftMarginLoss, "soft_margin_loss")
margin_ranking_loss = _loss(margin_losses.MarginRankingLoss, "margin_ranking_loss", "input1", "input2", "target")
cosine_embedding_loss = _loss(margin_losses.CosineEmbeddingLoss, "cosine_embedding_loss", "input1", "input2", "target")
triplet_margin_loss = _loss(margin_losses.TripletMarginLoss, "triplet_margin_loss", "anchor", "positive", "negative")
gaussian_nll_loss = _loss(distribution_losses.GaussianNLLLoss, "gaussian_nll_loss", "input", "target", "var")
poisson_nll_loss = _loss(distribution_losses.PoissonNLLLoss, "poisson_nll_loss")


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
    """
    return Dropout(p).train(training)(input)


def embedding(input: Any, weight: Any) -> Any:
    """The rows of ``weight`` that the integers ``input`` say, as ``nn.Embedding`` gives them.

    Args:
        input: integers of any shape.
        weight: a Parameter or (an array, a list of lists of) Values and numbers, of shape (rows, numbers).

    Raises:
        TypeError: for what is not an integer; IndexError: for one outside the table.

    >>> embedding([1], [[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[3.0, 4.0]]
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

    >>> one_hot([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
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
    """
    return _with_scale(RMSNorm(normalized_shape, eps, elementwise_affine=False), input, weight, None)


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """x/max(‖x‖ₚ, ε) along an axis.

    Args:
        input: numbers, Values, or (lists, arrays) of them.
        p: the norm's exponent; infinity for the largest size.
        dim: the axis.
        eps: ε, the smallest divisor.

    >>> normalize([3.0, 4.0], dim=0).tolist()
    [0.6, 0.8]
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
