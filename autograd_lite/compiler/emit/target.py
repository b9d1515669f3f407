"""What a target is: a library or language that programs are printed for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ...primitives.primitive import Primitive
from ..ir.array_program import ArrayProgram
from .ways import Ways

__all__ = ["SourceTarget", "Target", "refusal"]


class Target(ABC):
    """A library or language that ``source`` knows by name.

    Attributes:
        name: what ``source(name)`` calls it.
    """

    name: str

    @abstractmethod
    def how(self, prim: Primitive) -> str:
        """How an op is written: "its own word", "the entry's expression" …

        Raises:
            NotImplementedError: if it can't be; the message names the op.
        """


class SourceTarget(Target):
    """A target whose sources are printed from the program alone.

    Attributes:
        scalar: whether every number of a program is a variable of its own.
        guarded: whether what decided the way through the function is asserted.
        number: what makes one of its numbers of a Python number, if it has no arrays but only numbers; else empty.
        evaluated: a call that ends each step of a loop, as ``drjit.eval({})``; empty for none.
    """

    scalar = False
    guarded = True
    number = ""
    evaluated = ""

    @abstractmethod
    def source(self, program: ArrayProgram, name: str, called: Sequence[str], ways: Ways) -> str:
        """A function of the leaves that are not constants, in order; it returns the outputs.

        Args:
            program: the statements.
            name: what the function is called.
            called: what its outputs are, as ``dx`` for a derivative; empty for those that need no word.
            ways: what has to hold of a call; the outputs of the guards are the last ones.

        Raises:
            NotImplementedError: for a primitive without words there.
        """


def refusal(prim: Primitive, target: str) -> NotImplementedError:
    """The error for an op without words in a target: it names the op, the target and the cure."""
    return NotImplementedError(
        f"{prim.name} has no notation in {target}: give its primitive (ag.primitive) expression=… in the table's "
        f"functions, or array=… in NumPy's, or use source('numpy')"
    )
