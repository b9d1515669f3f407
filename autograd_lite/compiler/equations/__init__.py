"""A compiled function as equations, forward and then backward."""

from .equations import Equations, called, equations

__all__ = ["Equations", "called", "equations"]
