"""Written by ``python -m autograd_lite.nn``."""

import inspect
from collections.abc import Sequence
from typing import Any, Literal, overload

from ..engine.value import Value
from .batches import Array
from .module import Module

KINDS: dict[str, type[Any]]

def signature(kind: type[Module]) -> inspect.Signature: ...

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "cosine_embedding_loss",
    "cross_entropy",
    "elu",
    "gaussian_nll_loss",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hinge_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "margin_ranking_loss",
    "mish",
    "mse_loss",
    "multi_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "soft_margin_loss",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "triplet_margin_loss",
]

@overload
def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: Literal["none"],
) -> Array: ...
@overload
def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: Literal["mean", "sum"] = "mean",
) -> Value: ...
@overload
def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: Literal["none"],
    pos_weight: Any = None,
) -> Array: ...
@overload
def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: Literal["mean", "sum"] = "mean",
    pos_weight: Any = None,
) -> Value: ...
@overload
def celu(
    input: Array | Sequence[Any],
    alpha: float = 1.0,
) -> Array: ...
@overload
def celu(
    input: Value,
    alpha: float = 1.0,
) -> Value: ...
@overload
def celu(
    input: float,
    alpha: float = 1.0,
) -> float: ...
@overload
def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    *,
    reduction: Literal["none"],
) -> Array: ...
@overload
def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    reduction: Literal["mean", "sum"] = "mean",
) -> Value: ...
@overload
def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: Literal["none"],
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Array: ...
@overload
def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: Literal["mean", "sum"] = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Value: ...
@overload
def elu(
    input: Array | Sequence[Any],
    alpha: float = 1.0,
) -> Array: ...
@overload
def elu(
    input: Value,
    alpha: float = 1.0,
) -> Value: ...
@overload
def elu(
    input: float,
    alpha: float = 1.0,
) -> float: ...
@overload
def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-06,
    *,
    reduction: Literal["none"],
) -> Array: ...
@overload
def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-06,
    reduction: Literal["mean", "sum"] = "mean",
) -> Value: ...
@overload
def gelu(
    input: Array | Sequence[Any],
    approximate: str = "none",
) -> Array: ...
@overload
def gelu(
    input: Value,
    approximate: str = "none",
) -> Value: ...
@overload
def gelu(
    input: float,
    approximate: str = "none",
) -> float: ...
def glu(
    input: Any,
    dim: int = -1,
) -> Array: ...
@overload
def hardshrink(
    input: Array | Sequence[Any],
    lambd: float = 0.5,
) -> Array: ...
@overload
def hardshrink(
    input: Value,
    lambd: float = 0.5,
) -> Value: ...
@overload
def hardshrink(
    input: float,
    lambd: float = 0.5,
) -> float: ...
@overload
def hardsigmoid(
    input: Array | Sequence[Any],
) -> Array: ...
@overload
def hardsigmoid(
    input: Value,
) -> Value: ...
@overload
def hardsigmoid(
    input: float,
) -> float: ...
@overload
def hardswish(
    input: Array | Sequence[Any],
) -> Array: ...
@overload
def hardswish(
    input: Value,
) -> Value: ...
@overload
def hardswish(
    input: float,
) -> float: ...
@overload
def hardtanh(
    input: Array | Sequence[Any],
    min_val: float = -1.0,
    max_val: float = 1.0,
) -> Array: ...
@overload
def hardtanh(
    input: Value,
    min_val: float = -1.0,
    max_val: float = 1.0,
) -> Value: ...
@overload
def hardtanh(
    input: float,
    min_val: float = -1.0,
    max_val: float = 1.0,
) -> float: ...
@overload
def hinge_loss(
    input: Any,
    target: Any,
    reduction: Literal["none"],
) -> Array: ...
@overload
def hinge_loss(
    input: Any,
    target: Any,
    reduction: Literal["mean", "sum"] = "mean",
) -> Value: ...
@overload
def huber_loss(
    input: Any,
    target: Any,
    reduction: Literal["none"],
    delta: float = 1.0,
) -> Array: ...
@overload
def huber_loss(
    input: Any,
    target: Any,
    reduction: Literal["mean", "sum"] = "mean",
    delta: float = 1.0,
) -> Value: ...
@overload
def kl_div(
    input: Any,
    target: Any,
    reduction: Literal["none"],
    log_target: bool = False,
) -> Array: ...
@overload
def kl_div(
    input: Any,
    target: Any,
    reduction: Literal["mean", "batchmean", "sum"] = "mean",
    log_target: bool = False,
) -> Value: ...
@overload
def l1_loss(
    input: Any,
    target: Any,
    reduction: Literal["none"],
) -> Array: ...
@overload
def l1_loss(
    input: Any,
    target: Any,
    reduction: Literal["mean", "sum"] = "mean",
) -> Value: ...
@overload
def leaky_relu(
    input: Array | Sequence[Any],
    negative_slope: float = 0.01,
) -> Array: ...
@overload
def leaky_relu(
    input: Value,
    negative_slope: float = 0.01,
) -> Value: ...
@overload
def leaky_relu(
    input: float,
    negative_slope: float = 0.01,
) -> float: ...
def log_softmax(
    input: Any,
    dim: int | None = None,
) -> Array: ...
@overload
def logsigmoid(
    input: Array | Sequence[Any],
) -> Array: ...
@overload
def logsigmoid(
    input: Value,
) -> Value: ...
@overload
def logsigmoid(
    input: float,
) -> float: ...
@overload
def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    *,
    reduction: Literal["none"],
) -> Array: ...
@overload
def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    reduction: Literal["mean", "sum"] = "mean",
) -> Value: ...
@overload
def mish(
    input: Array | Sequence[Any],
) -> Array: ...
@overload
def mish(
    input: Value,
) -> Value: ...
@overload
def mish(
    input: float,
) -> float: ...
@overload
def mse_loss(
    input: Any,
    target: Any,
    reduction: Literal["none"],
) -> Array: ...
@overload
def mse_loss(
    input: Any,
    target: Any,
    reduction: Literal["mean", "sum"] = "mean",
) -> Value: ...
@overload
def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    *,
    reduction: Literal["none"],
) -> Array: ...
@overload
def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    reduction: Literal["mean", "sum"] = "mean",
) -> Value: ...
@overload
def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: Literal["none"],
    ignore_index: int = -100,
) -> Array: ...
@overload
def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: Literal["mean", "sum"] = "mean",
    ignore_index: int = -100,
) -> Value: ...
@overload
def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-08,
    *,
    reduction: Literal["none"],
) -> Array: ...
@overload
def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-08,
    reduction: Literal["mean", "sum"] = "mean",
) -> Value: ...
@overload
def relu(
    input: Array | Sequence[Any],
) -> Array: ...
@overload
def relu(
    input: Value,
) -> Value: ...
@overload
def relu(
    input: float,
) -> float: ...
@overload
def relu6(
    input: Array | Sequence[Any],
) -> Array: ...
@overload
def relu6(
    input: Value,
) -> Value: ...
@overload
def relu6(
    input: float,
) -> float: ...
@overload
def selu(
    input: Array | Sequence[Any],
) -> Array: ...
@overload
def selu(
    input: Value,
) -> Value: ...
@overload
def selu(
    input: float,
) -> float: ...
@overload
def sigmoid(
    input: Array | Sequence[Any],
) -> Array: ...
@overload
def sigmoid(
    input: Value,
) -> Value: ...
@overload
def sigmoid(
    input: float,
) -> float: ...
@overload
def silu(
    input: Array | Sequence[Any],
) -> Array: ...
@overload
def silu(
    input: Value,
) -> Value: ...
@overload
def silu(
    input: float,
) -> float: ...
@overload
def smooth_l1_loss(
    input: Any,
    target: Any,
    reduction: Literal["none"],
    beta: float = 1.0,
) -> Array: ...
@overload
def smooth_l1_loss(
    input: Any,
    target: Any,
    reduction: Literal["mean", "sum"] = "mean",
    beta: float = 1.0,
) -> Value: ...
@overload
def soft_margin_loss(
    input: Any,
    target: Any,
    reduction: Literal["none"],
) -> Array: ...
@overload
def soft_margin_loss(
    input: Any,
    target: Any,
    reduction: Literal["mean", "sum"] = "mean",
) -> Value: ...
def softmax(
    input: Any,
    dim: int | None = None,
) -> Array: ...
def softmin(
    input: Any,
    dim: int | None = None,
) -> Array: ...
@overload
def softplus(
    input: Array | Sequence[Any],
    beta: float = 1.0,
    threshold: float = 20.0,
) -> Array: ...
@overload
def softplus(
    input: Value,
    beta: float = 1.0,
    threshold: float = 20.0,
) -> Value: ...
@overload
def softplus(
    input: float,
    beta: float = 1.0,
    threshold: float = 20.0,
) -> float: ...
@overload
def softshrink(
    input: Array | Sequence[Any],
    lambd: float = 0.5,
) -> Array: ...
@overload
def softshrink(
    input: Value,
    lambd: float = 0.5,
) -> Value: ...
@overload
def softshrink(
    input: float,
    lambd: float = 0.5,
) -> float: ...
@overload
def softsign(
    input: Array | Sequence[Any],
) -> Array: ...
@overload
def softsign(
    input: Value,
) -> Value: ...
@overload
def softsign(
    input: float,
) -> float: ...
@overload
def tanh(
    input: Array | Sequence[Any],
) -> Array: ...
@overload
def tanh(
    input: Value,
) -> Value: ...
@overload
def tanh(
    input: float,
) -> float: ...
@overload
def tanhshrink(
    input: Array | Sequence[Any],
) -> Array: ...
@overload
def tanhshrink(
    input: Value,
) -> Value: ...
@overload
def tanhshrink(
    input: float,
) -> float: ...
@overload
def threshold(
    input: Array | Sequence[Any],
    threshold: float,
    value: float,
) -> Array: ...
@overload
def threshold(
    input: Value,
    threshold: float,
    value: float,
) -> Value: ...
@overload
def threshold(
    input: float,
    threshold: float,
    value: float,
) -> float: ...
@overload
def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-06,
    swap: bool = False,
    *,
    reduction: Literal["none"],
) -> Array: ...
@overload
def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-06,
    swap: bool = False,
    reduction: Literal["mean", "sum"] = "mean",
) -> Value: ...
