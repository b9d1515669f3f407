"""The functions of the table as methods: ``v.sin()``, ``v.relu()`` … so that ``np.sin(v)`` finds them too.

Only their names stand here, for type checkers and editors; ``value.py`` installs each from its entry in the table,
and a test holds this list against the table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from mypy_extensions import mypyc_attr

from .graph import Node

__all__ = ["Methods"]

Method = Callable[..., Any]


@mypyc_attr(allow_interpreted_subclasses=True)
class Methods(Node):
    """A node with the functions of the table as methods."""

    __slots__ = ()

    abs: ClassVar[Method]
    acos: ClassVar[Method]
    acosh: ClassVar[Method]
    add: ClassVar[Method]
    asin: ClassVar[Method]
    asinh: ClassVar[Method]
    atan: ClassVar[Method]
    atan2: ClassVar[Method]
    atanh: ClassVar[Method]
    cbrt: ClassVar[Method]
    clip: ClassVar[Method]
    cos: ClassVar[Method]
    cosh: ClassVar[Method]
    div: ClassVar[Method]
    exp: ClassVar[Method]
    exp2: ClassVar[Method]
    expm1: ClassVar[Method]
    hypot: ClassVar[Method]
    identity: ClassVar[Method]
    leaky_relu: ClassVar[Method]
    log: ClassVar[Method]
    log10: ClassVar[Method]
    log1p: ClassVar[Method]
    log2: ClassVar[Method]
    maximum: ClassVar[Method]
    minimum: ClassVar[Method]
    mul: ClassVar[Method]
    neg: ClassVar[Method]
    pos: ClassVar[Method]
    pow: ClassVar[Method]
    relu: ClassVar[Method]
    sigmoid: ClassVar[Method]
    sin: ClassVar[Method]
    sinh: ClassVar[Method]
    softplus: ClassVar[Method]
    sqrt: ClassVar[Method]
    sub: ClassVar[Method]
    tan: ClassVar[Method]
    tanh: ClassVar[Method]
