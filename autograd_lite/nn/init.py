"""Initialisers: they overwrite a weight's numbers in place and return it. Each has PyTorch's name with its underscore,
and the older name without.

With D_h inputs and D_h' outputs a layer's activations keep their variance for weights of variance 2/D_h (``mode``
"fan_in"), the gradients for 2/D_h' ("fan_out"), and 4/(D_h + D_h') is the compromise ("fan_avg"): He initialisation,
``kaiming_normal_`` and ``kaiming_uniform_`` (He et al. 2015; *Understanding Deep Learning*, section 7.5).

>>> import autograd_lite as ag
>>> from autograd_lite import nn
>>> generator = ag.manual_seed(0)
>>> w = nn.Parameter((100, 100))
>>> round(float(nn.init.kaiming_normal_(w).data.var()), 3)
0.02
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np

from ..data.random import default_generator
from ..engine.value import Value
from .parameter import Parameter

__all__ = [
    "calculate_gain",
    "constant",
    "constant_",
    "eye",
    "eye_",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "lecun_normal",
    "lecun_normal_",
    "lecun_uniform",
    "lecun_uniform_",
    "normal",
    "normal_",
    "ones",
    "ones_",
    "orthogonal",
    "orthogonal_",
    "trunc_normal",
    "trunc_normal_",
    "uniform",
    "uniform_",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros",
    "zeros_",
]

W = TypeVar("W", bound="Parameter | np.ndarray[Any, Any] | None")


def _shape(weight: Any) -> tuple[int, ...]:
    if not isinstance(weight, (Parameter, np.ndarray)):
        raise TypeError(f"an initialiser takes a Parameter or an array, not {type(weight).__name__}")
    return tuple(weight.shape)


def _fill(weight: W, numbers: Any) -> W:
    """Write ``numbers`` into a Parameter, a float array or an object array of Values."""
    place: Any = weight
    if isinstance(weight, Parameter):
        weight.data[...] = numbers
    elif place.dtype == object:
        for value, number in zip(place.flat, np.broadcast_to(numbers, place.shape).flat):
            if not isinstance(value, Value):
                raise TypeError(f"an initialiser takes arrays of Values or floats, not of {type(value).__name__}")
            value.data = number
    else:
        place[...] = numbers
    return weight


def _fan(weight: Any, mode: str) -> float:
    """D_h, D_h' or their mean."""
    shape = _shape(weight)
    if len(shape) < 2:
        raise ValueError(
            f"the fan of a weight needs two axes (outputs, inputs), and this one has shape {shape}: "
            f"use uniform_, normal_ or zeros_ for biases"
        )
    beyond = math.prod(shape[2:])
    average = (shape[0] + shape[1]) * beyond / 2
    fans = {"fan_in": shape[1] * beyond, "fan_out": shape[0] * beyond, "fan_avg": average, "compromise": average}
    if mode not in fans:
        raise ValueError(f"mode is 'fan_in', 'fan_out' or 'fan_avg', not {mode!r}")
    return fans[mode]


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights are larger, in standard deviations, before an activation function.

    Args:
        nonlinearity: "linear", "sigmoid", "tanh", "relu", "leaky_relu" or "selu".
        param: the slope of the leaky ReLU; 0.01 by default.

    Raises:
        ValueError: for a name that is none of these.

    >>> calculate_gain("relu") == 2**0.5
    True

    Source: torch.nn.init.calculate_gain.
    """
    slope = 0.01 if param is None else param
    gains = {
        "linear": 1.0,
        "identity": 1.0,
        "sigmoid": 1.0,
        "tanh": 5.0 / 3.0,
        "relu": math.sqrt(2.0),
        "leaky_relu": math.sqrt(2.0 / (1.0 + slope**2)),
        "selu": 0.75,
    }
    if nonlinearity not in gains:
        raise ValueError(f"no gain is known for {nonlinearity!r}: one of {', '.join(gains)}")
    return gains[nonlinearity]


def uniform_(weight: W, a: float = 0.0, b: float = 1.0, generator: Any = None) -> W:
    """Uniform in [a, b).

    Args:
        weight: a Parameter, a float array, or an array of Values, of any shape; it is overwritten.
        a: the lower bound.
        b: the upper one.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        The weight.

    Raises:
        TypeError: for what is neither a Parameter nor an array.

    >>> w = Parameter((200, 100))
    >>> bool((uniform_(w, 2.0, 3.0).data >= 2.0).all())
    True

    Source: torch.nn.init.uniform_.
    """
    return _fill(weight, default_generator(generator).uniform(a, b, _shape(weight)))


def normal_(weight: W, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> W:
    """Normal with the given mean and standard deviation.

    Args:
        weight: a Parameter, a float array, or an array of Values, of any shape; it is overwritten.
        mean: of the distribution.
        std: its standard deviation.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        The weight.

    Raises:
        TypeError: for what is neither a Parameter nor an array.

    >>> w = Parameter((200, 100))
    >>> round(float(normal_(w, std=3.0).data.std()), 0)
    3.0

    Source: torch.nn.init.normal_.
    """
    return _fill(weight, default_generator(generator).normal(mean, std, _shape(weight)))


def trunc_normal_(
    weight: W, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> W:
    """Normal, numbers outside [a, b] drawn again.

    Args:
        weight: a Parameter, a float array, or an array of Values, of any shape; it is overwritten.
        mean: of the distribution before that.
        std: its standard deviation.
        a: the lower bound.
        b: the upper one.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        The weight.

    Raises:
        ValueError: for bounds so far from the mean that a thousand draws find nothing between them.

    >>> w = Parameter((200, 100))
    >>> bool((abs(trunc_normal_(w).data) <= 2.0).all())
    True

    Source: torch.nn.init.trunc_normal_.
    """
    source = default_generator(generator)
    numbers = source.normal(mean, std, _shape(weight))
    for _ in range(1000):
        outside = (numbers < a) | (numbers > b)
        if not outside.any():
            return _fill(weight, numbers)
        numbers[outside] = source.normal(mean, std, int(outside.sum()))
    raise ValueError(f"trunc_normal_: [{a}, {b}] is too far from the mean {mean} for a standard deviation of {std}")


def constant_(weight: W, val: float) -> W:
    """Every number is ``val``.

    Args:
        weight: a Parameter, a float array, or an array of Values, of any shape; it is overwritten.
        val: the number.

    Returns:
        The weight.

    Raises:
        TypeError: for what is neither a Parameter nor an array.

    >>> constant_(Parameter((2,)), 0.5).data.tolist()
    [0.5, 0.5]

    Source: torch.nn.init.constant_.
    """
    _shape(weight)
    return _fill(weight, float(val))


def zeros_(weight: W) -> W:
    """Every number is 0.

    Args:
        weight: a Parameter, a float array, or an array of Values, of any shape; it is overwritten.

    Returns:
        The weight.

    Raises:
        TypeError: for what is neither a Parameter nor an array.

    >>> zeros_(Parameter((2,))).data.tolist()
    [0.0, 0.0]

    Source: torch.nn.init.zeros_.
    """
    return constant_(weight, 0.0)


def ones_(weight: W) -> W:
    """Every number is 1.

    Args:
        weight: a Parameter, a float array, or an array of Values, of any shape; it is overwritten.

    Returns:
        The weight.

    Raises:
        TypeError: for what is neither a Parameter nor an array.

    >>> ones_(Parameter((2,))).data.tolist()
    [1.0, 1.0]

    Source: torch.nn.init.ones_.
    """
    return constant_(weight, 1.0)


def eye_(weight: W) -> W:
    """The identity matrix.

    Args:
        weight: a Parameter or array of shape (outputs, inputs); it is overwritten.

    Returns:
        The weight.

    Raises:
        ValueError: for what is no matrix.

    >>> eye_(Parameter((2, 2))).data.tolist()
    [[1.0, 0.0], [0.0, 1.0]]

    Source: torch.nn.init.eye_.
    """
    shape = _shape(weight)
    if len(shape) != 2:
        raise ValueError(f"eye_ takes a matrix, not shape {shape}")
    return _fill(weight, np.eye(*shape))


def _scaled(weight: W, std: float, kind: str, generator: Any) -> W:
    """Mean 0 and the given standard deviation, uniform or normal."""
    if kind == "uniform":
        bound = math.sqrt(3.0) * std
        return uniform_(weight, -bound, bound, generator)
    return normal_(weight, 0.0, std, generator)


def _kaiming(weight: W, kind: str, a: float, mode: str, nonlinearity: str, generator: Any) -> W:
    gain = calculate_gain(nonlinearity, a)
    return _scaled(weight, gain / math.sqrt(_fan(weight, mode)), kind, generator)


def kaiming_uniform_(
    weight: W, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> W:
    """He initialisation, uniform in ±√3·gain/√fan: variance 2/D_h for the ReLU.

    Args:
        weight: a Parameter (or array) of shape (outputs, inputs).
        a: the negative slope, if ``nonlinearity`` is "leaky_relu"; 0 is the ReLU.
        mode: "fan_in" keeps the activations' variance, "fan_out" the gradients', "fan_avg" is the compromise
            4/(D_h + D_h') (also called "compromise").
        nonlinearity: see ``calculate_gain``.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        The weight.

    Raises:
        ValueError: for a weight of fewer than two axes, which has no fan; for an unknown mode or nonlinearity.

    >>> w = Parameter((200, 100))
    >>> round(float(kaiming_uniform_(w).data.var()), 2)
    0.02

    Source: He et al. (2015), section 2.2; *Understanding Deep Learning*, section 7.5.
    """
    return _kaiming(weight, "uniform", a, mode, nonlinearity, generator)


def kaiming_normal_(
    weight: W, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> W:
    """He initialisation, normal with standard deviation gain/√fan.

    Args:
        weight: a Parameter (or array) of shape (outputs, inputs).
        a: the negative slope, if ``nonlinearity`` is "leaky_relu"; 0 is the ReLU.
        mode: "fan_in" keeps the activations' variance, "fan_out" the gradients', "fan_avg" is the compromise
            4/(D_h + D_h') (also called "compromise").
        nonlinearity: see ``calculate_gain``.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        The weight.

    Raises:
        ValueError: for a weight of fewer than two axes, which has no fan; for an unknown mode or nonlinearity.

    >>> w = Parameter((200, 100))
    >>> round(float(kaiming_normal_(w).data.var()), 2)
    0.02

    Source: He et al. (2015), section 2.2; *Understanding Deep Learning*, section 7.5.
    """
    return _kaiming(weight, "normal", a, mode, nonlinearity, generator)


def xavier_uniform_(weight: W, gain: float = 1.0, generator: Any = None) -> W:
    """Glorot initialisation, uniform: variance gain²·2/(D_h + D_h').

    Args:
        weight: a Parameter or array of shape (outputs, inputs); it is overwritten.
        gain: see ``calculate_gain``.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        The weight.

    Raises:
        ValueError: for a weight of fewer than two axes, which has no fan.

    >>> w = Parameter((200, 100))
    >>> round(float(xavier_uniform_(w).data.var()), 3)
    0.007

    Source: Glorot and Bengio (2010), section 4.2.1.
    """
    return _scaled(weight, gain / math.sqrt(_fan(weight, "fan_avg")), "uniform", generator)


def xavier_normal_(weight: W, gain: float = 1.0, generator: Any = None) -> W:
    """Glorot initialisation, normal: variance gain²·2/(D_h + D_h').

    Args:
        weight: a Parameter or array of shape (outputs, inputs); it is overwritten.
        gain: see ``calculate_gain``.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        The weight.

    Raises:
        ValueError: for a weight of fewer than two axes, which has no fan.

    >>> w = Parameter((200, 100))
    >>> round(float(xavier_normal_(w).data.var()), 3)
    0.007

    Source: Glorot and Bengio (2010), section 4.2.1.
    """
    return _scaled(weight, gain / math.sqrt(_fan(weight, "fan_avg")), "normal", generator)


def lecun_uniform_(weight: W, generator: Any = None) -> W:
    """LeCun initialisation, uniform: variance 1/D_h.

    Args:
        weight: a Parameter or array of shape (outputs, inputs); it is overwritten.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        The weight.

    Raises:
        ValueError: for a weight of fewer than two axes, which has no fan.

    >>> w = Parameter((200, 100))
    >>> round(float(lecun_uniform_(w).data.var()), 2)
    0.01

    Source: LeCun et al. (1998), section 4.6.
    """
    return _scaled(weight, 1.0 / math.sqrt(_fan(weight, "fan_in")), "uniform", generator)


def lecun_normal_(weight: W, generator: Any = None) -> W:
    """LeCun initialisation, normal: variance 1/D_h.

    Args:
        weight: a Parameter or array of shape (outputs, inputs); it is overwritten.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        The weight.

    Raises:
        ValueError: for a weight of fewer than two axes, which has no fan.

    >>> w = Parameter((200, 100))
    >>> round(float(lecun_normal_(w).data.var()), 2)
    0.01

    Source: LeCun et al. (1998), section 4.6.
    """
    return _scaled(weight, 1.0 / math.sqrt(_fan(weight, "fan_in")), "normal", generator)


def orthogonal_(weight: W, gain: float = 1.0, generator: Any = None) -> W:
    """Orthonormal rows or columns (whichever are fewer), uniformly distributed, times ``gain``.

    Args:
        weight: a Parameter or array of shape (outputs, inputs); it is overwritten.
        gain: a factor.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        The weight.

    Raises:
        ValueError: for what has fewer than two axes.

    >>> w = orthogonal_(Parameter((3, 5))).data
    >>> (w @ w.T).round(9).tolist() == np.eye(3).tolist()
    True

    Source: Saxe et al. (2013).
    """
    shape = _shape(weight)
    if len(shape) < 2:
        raise ValueError(f"orthogonal_ takes a matrix, not shape {shape}")
    rows, columns = shape[0], math.prod(shape[1:])
    numbers = default_generator(generator).standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(numbers)
    q = q * np.where(np.diag(r) < 0.0, -1.0, 1.0)  # without the sign the distribution would not be uniform
    return _fill(weight, gain * (q.T if rows < columns else q).reshape(shape))


uniform, normal, trunc_normal, constant, zeros, ones, eye = (
    uniform_,
    normal_,
    trunc_normal_,
    constant_,
    zeros_,
    ones_,
    eye_,
)
kaiming_uniform, kaiming_normal = kaiming_uniform_, kaiming_normal_
xavier_uniform, xavier_normal = xavier_uniform_, xavier_normal_
lecun_uniform, lecun_normal = lecun_uniform_, lecun_normal_
orthogonal = orthogonal_
