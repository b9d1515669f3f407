"""Recording: a function is called once on fresh Values, and what it does with them becomes a program."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from ...engine.observers import tracing
from ...engine.recordings import Running
from ...engine.sweeps import STATE, Node, operands_of, reaches_outside
from ..ir.scalar_program import CompileError, Program
from .arguments import Arguments, block_names, check_unchanged, held
from .builder import Builder
from .choosing import Choosing
from .code import defined
from .integers import stay_exact
from .lowering import Begun, Lowering
from .structure import is_deep, leaves_of, opaque, rebuild
from .taking import indexable
from .trace import Kinds, Recorder

__all__ = ["Recording", "record_call"]


class Recording:
    """A recorded call.

    Attributes:
        program: the scalar program, until it is taken.
        result: what the function returned, with plain numbers in the place of Values.
        plain: for each output the number, if the function returned a plain one; None for a Value; ``bool`` for a
            comparison, ``int`` for what integers and comparisons make, ``float`` for what ``.data`` makes.
        kinds: what the function asked of blocks of arguments, "integer" or "passive", and the answers.
        floats: whether every output is a Value or a float (and no int, say).
        deep: whether the result holds anything but numbers, bools, texts, None, lists, tuples, dicts and arrays.
        where: the function's file and line.
        alive: references to the leaves that stood for the arguments, dead unless something of the user's holds them.
    """

    __slots__ = ("alive", "deep", "floats", "kinds", "plain", "program", "result", "where")

    def __init__(
        self, program: Program, result: Any, plain: list[Any], kinds: Kinds, given: list[Any], where: str
    ) -> None:
        self.alive = [weakref.ref(leaf) for leaf in given]
        self.where = where
        self.deep = is_deep(result)
        self.program: Program | None = program
        self.result = rebuild(result, iter([0.0] * len(plain)), True)
        self.plain = plain
        self.kinds = kinds
        self.floats = all(item is None or item is float or type(item) is float for item in self.plain)

    def take(self) -> Program:
        """The program; from now on nothing that was recorded is kept here."""
        program, self.program = self.program, None
        self.alive.clear()
        assert program is not None
        return program


class _Alone(Running):
    """A plain call, in which a copy of a number has no derivative with respect to what the function closes over: the
    number itself, in its place, is right only where it is made of nothing from outside.
    """

    __slots__ = ("alone", "born")
    plain = True

    def __init__(self, inputs: Sequence[Node], born: float) -> None:
        super().__init__(inputs)
        self.born = born
        self.alone: dict[int, Node] = {id(x): x for x in inputs}

    def has(self, node: Node) -> bool:
        waiting, met = [node], dict[int, Node]()
        while waiting:
            x = waiting.pop()
            if id(x) not in self.alone and id(x) not in met:
                if reaches_outside([x], self.born):
                    return False
                met[id(x)] = x
                waiting.extend(operands_of(x))
        self.alone |= met
        return super().has(node)


def record_call(
    f: Callable[..., Any],
    call: Arguments,
    known: Collection[int] = (),
    decides: bool = False,
    lowering: Lowering | None = None,
) -> Recording:
    """Call ``f`` on fresh leaves made from the numbers in its arguments, and write the program that it ran.

    Args:
        f: the function.
        call: its arguments; they give structure and shapes.
        known: the ids of objects that were there before, which a result may hold as they are.
        decides: whether a comparison is True or False, and a guard, as soon as it is made.
        lowering: what makes choices of branches.

    Raises:
        CompileError: where a program would not do what the function does; and whatever the function raises.
    """
    names = block_names(f, *call.given)
    for soft in (True, False):
        STATE.recordings += 1  # leaves know what was there before
        builder = Builder(call, names)
        recorder = Recorder(call, builder.owner, decides, soft, lowering)
        try:
            return _recorded(f, *call.given, builder, recorder, known)
        except Exception as error:
            if not soft or not recorder.reads or isinstance(error, Begun):
                raise
    raise AssertionError  # what is not soft has not used it


def _recorded(
    f: Callable[..., Any], args: Any, named: Any, builder: Builder, recorder: Recorder, known: Collection[int]
) -> Recording:
    take = iter(builder.given)
    arguments = indexable(([rebuild(arg, take) for arg in args], {k: rebuild(arg, take) for k, arg in named.items()}))
    before = held(arguments)
    result = _run(f, arguments, recorder, builder.given)
    recorder.check(builder.given)
    check_unchanged(f, before, arguments)
    strange = opaque(result, known)
    if strange is not None:
        raise CompileError(
            f"it returns {strange} (in {defined(f)}), and a program can't look into it: return numbers, lists, "
            f"tuples, dicts, arrays or dataclasses"
        )
    outputs = leaves_of(result, True)
    program = builder.program(recorder, outputs, f, recorder.given.objects)
    live = recorder.given.values or any(leaf.kind in ("value", "parameter") for leaf in program.leaves)
    if live and not recorder.mixed.keys().isdisjoint(map(id, outputs)):
        raise CompileError("it returns a Value or a plain number, by a choice")
    plain = [recorder.kind(x) if isinstance(x, Node) else x for x in outputs]
    return Recording(program, result, plain, recorder.kinds, builder.given, defined(f))


def _run(f: Callable[..., Any], arguments: Any, recorder: Recorder, given: list[Any]) -> Any:
    """The result of ``f``, watched."""
    for leaf in given:
        leaf._mark = recorder.mark
    plain = [leaf for leaf in given if recorder.blocks[id(leaf)] not in recorder.given.values]
    is_call = recorder.given.active == recorder.given.values
    running = _Alone(plain, STATE.recordings) if is_call else Running(plain)
    try:
        with tracing(recorder), np.errstate(all="ignore"), Choosing(), recorder.lowering or nullcontext():
            result = f(*arguments[0], **arguments[1])
            stay_exact(recorder, given, defined(f))
            return result
    finally:
        running.end()
