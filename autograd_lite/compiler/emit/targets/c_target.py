"""C among the targets: which ops it has. ``call/c_engine.py`` prints its sources, since they depend on the arguments."""

from __future__ import annotations

from ....primitives.primitive import Primitive
from ..target import Target
from .c_words import ATOM, call

__all__ = ["C"]


class CTarget(Target):
    """C99."""

    name = "c"

    def how(self, prim: Primitive) -> str:
        call(prim, [("x", ATOM)] * (prim.arity if prim.arity > 0 else 3))
        return "its own word"


C = CTarget()
