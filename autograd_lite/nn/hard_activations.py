"""Activation functions of straight pieces as modules: what shrinks, and the hard forms of sigmoid and swish."""

from __future__ import annotations

from typing import Any

from ..primitives.piecewise import hardshrink, hardsigmoid, hardswish, softshrink
from .activations import Activation

__all__ = ["Hardshrink", "Hardsigmoid", "Hardswish", "Softshrink"]


class Hardshrink(Activation):
    """x where |x| is larger than ``lambd``, else 0.

    Args:
        lambd: how far from 0 a number must be to stay.

    Raises:
        ValueError: for a negative lambd.

    >>> Hardshrink()([-1.0, 0.25, 0.5]).tolist()
    [-1.0, 0.0, 0.0]

    Source: Donoho and Johnstone (1994).
    """

    functional_name = "hardshrink"

    def __init__(self, lambd: float = 0.5) -> None:
        if not lambd >= 0.0:
            raise ValueError(f"{type(self).__name__}: lambd is at least 0, not {lambd!r}")
        self.lambd = float(lambd)

    def function(self, x: Any) -> Any:
        return hardshrink(x, self.lambd)

    def extra_repr(self) -> str:
        return f"lambd={self.lambd}"


class Softshrink(Hardshrink):
    """x pulled towards 0 by ``lambd``, and 0 where |x| is no larger.

    Args:
        lambd: how far each number is pulled.

    Raises:
        ValueError: for a negative lambd.

    >>> Softshrink()([-1.0, 0.25, 2.0]).tolist()
    [-0.5, 0.0, 1.5]

    Source: Donoho and Johnstone (1994).
    """

    functional_name = "softshrink"

    def function(self, x: Any) -> Any:
        return softshrink(x, self.lambd)


class Hardsigmoid(Activation):
    """(x + 3)/6, held between 0 and 1; derivative 0 at −3 and 3.

    Args:
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    >>> Hardsigmoid()([-4.0, 0.0, 4.0]).tolist()
    [0.0, 0.5, 1.0]

    Source: Howard et al. (2019).
    """

    functional_name = "hardsigmoid"

    def __init__(self, inplace: bool = False) -> None:
        pass

    def function(self, x: Any) -> Any:
        return hardsigmoid(x)


class Hardswish(Activation):
    """x·hardsigmoid(x); derivative 0 at −3 and 1 at 3.

    Args:
        inplace: accepted for PyTorch's sake, and means nothing: a graph keeps its values.

    >>> Hardswish()([-4.0, 1.5, 4.0]).tolist()
    [0.0, 1.125, 4.0]

    Source: Howard et al. (2019).
    """

    functional_name = "hardswish"

    def __init__(self, inplace: bool = False) -> None:
        pass

    def function(self, x: Any) -> Any:
        return hardswish(x)
