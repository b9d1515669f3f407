"""What compiled functions take and give, to a type checker; at run time each is a Compiled."""

from typing import Any, Generic, ParamSpec, TypeVar, overload

from ...functional.typed import Batched, Derivative, Number, Recorded, Rows, Stacked, Vector
from .compiled import Compiled

P = ParamSpec("P")
Out = TypeVar("Out")

class CompiledFunction(Compiled, Generic[P, Out]):
    """Of what the function is declared for, what it is declared to give; of other numbers Any: where it is written
    for Values, floats give a float, or a Value if it closes over some."""

    @overload
    def __call__(self, /, *args: P.args, **named: P.kwargs) -> Out: ...
    @overload
    def __call__(self, /, *args: Any, **named: Any) -> Any: ...

class CompiledDerivative(Derivative[Number, Recorded, Vector, Stacked], Compiled):
    """A compiled gradient, Jacobian or Hessian."""

class CompiledBatch(Batched[Rows], Compiled):
    """A compiled vmap."""
