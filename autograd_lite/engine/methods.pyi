"""The functions of the table as methods, for type checkers and editors; a test holds this list against the table."""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from .nodes import Node

__all__ = ["ALIASES", "HABITS", "MICROGRAD", "Methods", "compare", "display", "unneeded"]

Method = Callable[..., Any]

class Methods(Node):
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
    ceil: ClassVar[Method]
    celu: ClassVar[Method]
    clip: ClassVar[Method]
    copysign: ClassVar[Method]
    cos: ClassVar[Method]
    cosh: ClassVar[Method]
    cospi: ClassVar[Method]
    degrees: ClassVar[Method]
    digamma: ClassVar[Method]
    div: ClassVar[Method]
    elu: ClassVar[Method]
    erf: ClassVar[Method]
    erfc: ClassVar[Method]
    erfinv: ClassVar[Method]
    exp: ClassVar[Method]
    exp2: ClassVar[Method]
    expm1: ClassVar[Method]
    floor: ClassVar[Method]
    floordiv: ClassVar[Method]
    fma: ClassVar[Method]
    fmax: ClassVar[Method]
    fmin: ClassVar[Method]
    fmod: ClassVar[Method]
    gamma: ClassVar[Method]
    gaussian: ClassVar[Method]
    gelu: ClassVar[Method]
    gelu_tanh: ClassVar[Method]
    hardshrink: ClassVar[Method]
    hardsigmoid: ClassVar[Method]
    hardswish: ClassVar[Method]
    hardtanh: ClassVar[Method]
    heaviside: ClassVar[Method]
    hypot: ClassVar[Method]
    identity: ClassVar[Method]
    ldexp: ClassVar[Method]
    leaky_relu: ClassVar[Method]
    lgamma: ClassVar[Method]
    log: ClassVar[Method]
    log10: ClassVar[Method]
    log1p: ClassVar[Method]
    log2: ClassVar[Method]
    logaddexp: ClassVar[Method]
    logaddexp2: ClassVar[Method]
    logistic_pdf: ClassVar[Method]
    logsigmoid: ClassVar[Method]
    maximum: ClassVar[Method]
    minimum: ClassVar[Method]
    mish: ClassVar[Method]
    mod: ClassVar[Method]
    mul: ClassVar[Method]
    neg: ClassVar[Method]
    norm_cdf: ClassVar[Method]
    norm_pdf: ClassVar[Method]
    polygamma: ClassVar[Method]
    pos: ClassVar[Method]
    pow: ClassVar[Method]
    radians: ClassVar[Method]
    reciprocal: ClassVar[Method]
    relu: ClassVar[Method]
    relu6: ClassVar[Method]
    remainder: ClassVar[Method]
    round: ClassVar[Method]
    rsqrt: ClassVar[Method]
    selu: ClassVar[Method]
    sigmoid: ClassVar[Method]
    sign: ClassVar[Method]
    silu: ClassVar[Method]
    sin: ClassVar[Method]
    sinc: ClassVar[Method]
    sinh: ClassVar[Method]
    sinpi: ClassVar[Method]
    smooth_abs: ClassVar[Method]
    smooth_maximum: ClassVar[Method]
    softplus: ClassVar[Method]
    softshrink: ClassVar[Method]
    softsign: ClassVar[Method]
    sqrt: ClassVar[Method]
    square: ClassVar[Method]
    sub: ClassVar[Method]
    tan: ClassVar[Method]
    tanh: ClassVar[Method]
    trigamma: ClassVar[Method]
    trunc: ClassVar[Method]
    xlog1py: ClassVar[Method]
    xlogy: ClassVar[Method]
    def _take(self, table: Any, i: Any) -> Any: ...
    def item(self) -> float: ...
    def _mime_(self) -> tuple[str, str]: ...
    def _sympy_(self) -> Any: ...
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any: ...
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any: ...
    def as_integer_ratio(self) -> Any: ...
    def __complex__(self) -> complex: ...
    def _traced(self) -> bool: ...
    def _backward(self) -> None: ...
    @property
    def _prev(self) -> set[Any]: ...
    @property
    def _op(self) -> str: ...

def compare(a: Any, other: Any, how: str) -> Any: ...
def unneeded(what: str) -> TypeError: ...

display: dict[str, Callable[[Any], Any]]
MICROGRAD: Final[dict[str, str]]
ALIASES: Final[dict[str, str]]
HABITS: Final[dict[str, str]]
