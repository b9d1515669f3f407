"""Integers that are arguments: numbers of a program where floats hold them, and else constants, which have any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...engine.sweeps import Node
from ...engine.tape import used_by
from ...engine.value import record
from ...primitives import arithmetic
from ...primitives.primitive import TABLE
from ..ir.control_ops import COMPARISONS
from ..ir.scalar_program import CompileError

__all__ = ["EXACT", "stay_exact"]

#: from here on a float leaves integers out
EXACT = 2.0**53

#: what makes integers of integers; and of those what is wrong altogether if its operands were rounded
_KEEPS = {"add", "sub", "mul", "neg", "abs", "pow", "floordiv", "mod", "sum", "prod"}
_DIVIDES = {TABLE["floordiv"], TABLE["mod"]}


def stay_exact(recorder: Any, leaves: Sequence[Any], where: str) -> None:
    """Guard that what is divided with remainder, made of integers that are arguments (a hash, a seed), is exact.

    Integers that NumPy keeps in few bits, or without a sign, wrap round: a program doesn't calculate with them.

    Args:
        recorder: what wrote the function down.
        leaves: the numbers of the arguments.
        where: the function's file and line.

    Raises:
        CompileError: if it is too large for that, or wraps round.
    """
    narrow = [leaf for leaf in leaves if recorder.blocks[id(leaf)] in recorder.given.narrow - recorder.given.active]
    if narrow and _made(recorder.nodes, narrow):
        raise CompileError("it calculates with integers that NumPy lets wrap round")
    if not {id(node._prim) for node in recorder.nodes} & set(map(id, _DIVIDES)):
        return
    passive = [leaf for leaf in leaves if recorder.given.says("passive", recorder.blocks[id(leaf)])]
    _, asked = _divided(recorder.nodes, passive)
    if not asked:
        return
    integers = [leaf for leaf in passive if id(leaf) not in asked or recorder.integer(leaf)]
    for node in _divided(recorder.nodes, integers)[0]:
        within = record(COMPARISONS["lt"], (arithmetic.abs(node), EXACT))
        if within._data != 1.0:
            raise CompileError("it divides an integer beyond 2**53 with remainder")
        recorder.guards.append((within, 1.0, False, where))


def _made(nodes: Sequence[Any], integers: Sequence[Any]) -> list[tuple[Any, tuple[Any, ...]]]:
    """What is an integer, made of these; and its operands."""
    whole = set(map(id, integers))
    made: list[tuple[Any, tuple[Any, ...]]] = []
    for node in nodes:
        operands = used_by(node) if node._prim is not None and node._prim.name in _KEEPS else ()
        if any(id(x) in whole for x in operands) and all(_is_whole(x, whole) for x in operands):
            whole.add(id(node))
            made.append((node, operands))
    return made


def _divided(nodes: Sequence[Any], integers: Sequence[Any]) -> tuple[list[Any], set[int]]:
    """What is made of integers and then divided with remainder; and the ids of all that it is made of."""
    found, inside, below = [], set[int](), set[int]()
    for node, operands in reversed(_made(nodes, integers)):
        if id(node) in inside and not _is_smaller(node, operands):
            found.append(node)
            below.update(map(id, operands))
        if id(node) in inside or node._prim in _DIVIDES:
            inside.update(map(id, operands))
    return found, below


def _is_smaller(node: Any, operands: tuple[Any, ...]) -> bool:
    """Whether a number is exact since its operands are."""
    return node._prim in _DIVIDES and all(isinstance(x, Node) or abs(x) < EXACT for x in operands)


def _is_whole(x: Any, whole: set[int]) -> bool:
    if isinstance(x, Node):
        return id(x) in whole
    return isinstance(x, (int, float)) and x % 1.0 == 0.0
