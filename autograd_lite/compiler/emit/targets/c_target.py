"""C among the targets: which ops it has; ``call/c_engine.py`` prints its sources, which depend on the arguments."""

from __future__ import annotations

from ....primitives.primitive import Primitive
from ..target import Target
from .c_words import ATOM, HELPERS, call

__all__ = ["C"]


class CTarget(Target):
    """C99."""

    name = "c"

    def how(self, prim: Primitive) -> str:
        text, _ = call(prim, [("x", ATOM)] * (prim.arity if prim.arity > 0 else 3))
        own_function = text.startswith(f"ag_{prim.name}(") and f"ag_{prim.name}" not in HELPERS
        return "the entry's expression" if own_function else "its own word"


C = CTarget()
