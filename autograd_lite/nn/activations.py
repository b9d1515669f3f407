"""Activation functions as modules: each applies one function of the table to every number it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, overload

import numpy as np

from ..engine.value import Value
from ..primitives import activations as ops
from ..primitives.activations import leaky_relu, relu
from ..primitives.arithmetic import clip
from ..primitives.hyperbolic import tanh
from ..primitives.logistic import logsigmoid, sigmoid, softplus
from .batches import Array, each, object_array
from .layer_nodes import relus
from .module import Module

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "SELU",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "Mish",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Tanh",
    "Tanhshrink",
]


class Activation(Module):
    """An elementwise function as a module: of one Value, a list of them, or an array of any shape.

    A subclass's ``functional_name`` is that of its function in ``nn.functional``.

    ``inplace``, which PyTorch's take to save memory, is accepted and means nothing: a graph keeps its values.
    """

    functional_name: ClassVar[str]

    if TYPE_CHECKING:

        @overload
        def __call__(self, input: Array | Sequence[Any]) -> Array: ...
        @overload
        def __call__(self, input: Value) -> Value: ...
        @overload
        def __call__(self, input: float) -> float: ...
        def __call__(self, input: Any) -> Any: ...

    def function(self, x: Any) -> Any:
        """The function of one number."""
        raise NotImplementedError

    def forward(self, input: Any) -> Any:
        """The function of every number of ``input``, in the same shape."""
        return each(self.function, input, self)


class ReLU(Activation):
    """max(0, x), the rectified linear unit; derivative 0 at 0. Of a number, or an array of any shape.

    Args:
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    >>> ReLU()([-1.0, 2.0]).tolist()
    [0.0, 2.0]

    Source: Nair and Hinton (2010).
    """

    functional_name = "relu"

    def __init__(self, inplace: bool = False) -> None:
        pass

    def function(self, x: Any) -> Any:
        return relu(x)

    def forward(self, input: Any) -> Any:
        if isinstance(input, np.ndarray) and input.dtype == object:
            return object_array(relus(input.ravel().tolist()), input.shape)
        return super().forward(input)


class Tanh(Activation):
    """tanh x.

    >>> Tanh()(0.0)
    0.0

    Source: LeCun et al. (1998), who prefer it to the sigmoid.
    """

    functional_name = "tanh"

    def function(self, x: Any) -> Any:
        return tanh(x)


class Sigmoid(Activation):
    """1/(1 + e⁻ˣ).

    >>> Sigmoid()(0.0)
    0.5

    Source: Verhulst (1838).
    """

    functional_name = "sigmoid"

    def function(self, x: Any) -> Any:
        return sigmoid(x)


class Softplus(Activation):
    """log(1 + e^(βx))/β, with no cut-off.

    Args:
        beta: β.
        threshold: accepted as PyTorch's (which returns x itself where βx is larger), and without a meaning here.

    >>> round(Softplus()(0.0), 6)
    0.693147

    Source: Dugas et al. (2000).
    """

    functional_name = "softplus"

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = float(beta)
        self.threshold = float(threshold)

    def function(self, x: Any) -> Any:
        return softplus(x) if self.beta == 1.0 else softplus(x * self.beta) / self.beta

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class GELU(Activation):
    """x·Φ(x), Φ the normal distribution function (Hendrycks and Gimpel 2016).

    Args:
        approximate: "none", or "tanh" for the formula with tanh.

    Raises:
        ValueError: for another approximate.

    >>> round(GELU()(1.0), 6), round(GELU(approximate="tanh")(1.0), 6)
    (0.841345, 0.841192)
    """

    functional_name = "gelu"

    def __init__(self, approximate: str = "none") -> None:
        if approximate not in ("none", "tanh"):
            raise ValueError(f"GELU: approximate is 'none' or 'tanh', not {approximate!r}")
        self.approximate = approximate

    def function(self, x: Any) -> Any:
        return (ops.gelu if self.approximate == "none" else ops.gelu_tanh)(x)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Activation):
    """x·σ(x), also called swish.

    Args:
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    >>> SiLU()(0.0)
    0.0

    Source: Elfwing et al. (2017).
    """

    functional_name = "silu"

    def __init__(self, inplace: bool = False) -> None:
        pass

    def function(self, x: Any) -> Any:
        return ops.silu(x)


class ELU(Activation):
    """x for x > 0, α(eˣ − 1) below.

    Args:
        alpha: minus what it tends to far below 0.
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    >>> round(ELU()(-1.0), 6)
    -0.632121

    Source: Clevert et al. (2015).
    """

    functional_name = "elu"

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha = float(alpha)

    def function(self, x: Any) -> Any:
        return ops.elu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class LeakyReLU(Activation):
    """x for x > 0, slope·x below; derivative = slope at 0.

    Args:
        negative_slope: the slope below 0.
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    >>> LeakyReLU(0.1)(-2.0)
    -0.2

    Source: Maas et al. (2013).
    """

    functional_name = "leaky_relu"

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self.negative_slope = float(negative_slope)

    def function(self, x: Any) -> Any:
        return leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class CELU(Activation):
    """x for x > 0, α(e^(x/α) − 1) below: ELU with a continuous derivative (Barron 2017).

    Args:
        alpha: minus what it tends to far below 0.
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    Raises:
        ValueError: for an alpha of 0.

    >>> round(CELU(2.0)(-1.0), 6)
    -0.786939
    """

    functional_name = "celu"

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        if alpha == 0.0:
            raise ValueError("CELU: alpha is not 0")
        self.alpha = float(alpha)

    def function(self, x: Any) -> Any:
        return ops.celu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class SELU(Activation):
    """λx for x > 0, λα(eˣ − 1) below, with the constants that keep mean 0 and variance 1 (Klambauer et al. 2017).

    Args:
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    >>> round(SELU()(1.0), 6)
    1.050701
    """

    functional_name = "selu"

    def __init__(self, inplace: bool = False) -> None:
        pass

    def function(self, x: Any) -> Any:
        return ops.selu(x)


class Mish(Activation):
    """x·tanh(softplus x) (Misra 2019).

    Args:
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    >>> round(Mish()(1.0), 6)
    0.865098
    """

    functional_name = "mish"

    def __init__(self, inplace: bool = False) -> None:
        pass

    def function(self, x: Any) -> Any:
        return ops.mish(x)


class Softsign(Activation):
    """x/(1 + |x|).

    >>> Softsign()(1.0)
    0.5

    Source: Bergstra et al. (2009).
    """

    functional_name = "softsign"

    def function(self, x: Any) -> Any:
        return ops.softsign(x)


class LogSigmoid(Activation):
    """log σ(x), right in both tails.

    >>> LogSigmoid()(-1000.0)
    -1000.0

    Source: Verhulst (1838), of whose logistic function it is the logarithm.
    """

    functional_name = "logsigmoid"

    def function(self, x: Any) -> Any:
        return logsigmoid(x)


class Tanhshrink(Activation):
    """x − tanh x.

    >>> Tanhshrink()(0.0)
    0.0

    Source: PyTorch's Tanhshrink.
    """

    functional_name = "tanhshrink"

    def function(self, x: Any) -> Any:
        return x - tanh(x)


class Hardtanh(Activation):
    """x between ``min_val`` and ``max_val``, the nearer bound outside; derivative 0 at the bounds.

    Args:
        min_val: the lower bound.
        max_val: the upper one.
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    Raises:
        ValueError: unless min_val is less than max_val.

    >>> Hardtanh()([-2.0, 0.5]).tolist()
    [-1.0, 0.5]

    Source: Collobert (2004).
    """

    functional_name = "hardtanh"

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        if not min_val < max_val:
            raise ValueError(f"{type(self).__name__}: min_val is less than max_val, not {min_val!r}, {max_val!r}")
        self.min_val, self.max_val = float(min_val), float(max_val)

    def function(self, x: Any) -> Any:
        return clip(x, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}"


class ReLU6(Hardtanh):
    """min(max(0, x), 6).

    Args:
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    >>> ReLU6()([-1.0, 3.0, 9.0]).tolist()
    [0.0, 3.0, 6.0]

    Source: Krizhevsky (2010).
    """

    functional_name = "relu6"

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0)

    def extra_repr(self) -> str:
        return ""
