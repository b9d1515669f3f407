"""What the results of transforms take and give, to a type checker; at run time each is a Transform or a Jacobian.

Of plain numbers a transform gives plain numbers, unless its function closes over a Value that records. What types alone
don't say (dicts, several argnums, the result of a function without types) is Any.
"""

from typing import Any, Generic, TypeAlias, TypeVar, final, overload

import numpy as np

from ..engine.value import Value
from .transform import Jacobian, Transform

Array: TypeAlias = np.ndarray[Any, Any]

Number = TypeVar("Number")
Recorded = TypeVar("Recorded")
Vector = TypeVar("Vector")
Stacked = TypeVar("Stacked")
Rows = TypeVar("Rows")

@final
class Unknown:
    """What nothing but Any can be taken for: the result of a function without types."""

class Derivative(Transform, Generic[Number, Recorded, Vector, Stacked]):
    """What it gives of plain numbers, of Values, of one list, of one array."""

    @overload
    def __call__(self, x: float, /, *others: float) -> Number: ...
    @overload
    def __call__(self, x: Value, /, *others: Value | float) -> Recorded: ...
    @overload
    def __call__(self, x: list[float], /) -> Vector: ...
    @overload
    def __call__(self, x: Array, /) -> Stacked: ...
    @overload
    def __call__(self, /, *args: Any, **named: Any) -> Any: ...

class Jacobians(Derivative[Number, Recorded, Vector, Stacked], Jacobian):
    """The same with a mode."""

class Batched(Transform, Generic[Rows]):
    """A function of many numbers, lists or arrays at once; of a list of lists it gives Rows."""

    @overload
    def __call__(self, x: list[float], /, *others: list[float]) -> list[float]: ...
    @overload
    def __call__(self, x: list[list[float]], /) -> Rows: ...
    @overload
    def __call__(self, x: Array, /, *others: Any, **named: Any) -> Array: ...
    @overload
    def __call__(self, /, *args: Any, **named: Any) -> Any: ...

Gradient: TypeAlias = Derivative[float, Value, list[float], Array]
ValueAndGradient: TypeAlias = Derivative[
    tuple[float, float], tuple[Value, Value], tuple[float, list[float]], tuple[float, Array]
]
Hessian: TypeAlias = Jacobians[float, Value, list[list[float]], Array]
JacobianOfNumber: TypeAlias = Jacobians[float, Value, list[float], Array]
JacobianOfList: TypeAlias = Jacobians[list[float], list[Value], list[list[float]], list[Array]]
JacobianOfArray: TypeAlias = Jacobians[Array, Any, Any, Array]
