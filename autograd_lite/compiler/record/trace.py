"""What watches a function that is recorded: every node that it makes, and each use of a number as a plain one."""

from __future__ import annotations

import inspect
import itertools
from typing import Any, NoReturn

from ...engine.observers import without_observers
from ...engine.sweeps import Node, operands_of
from ...engine.user_frame import locals_of, user_frame, user_line
from ...engine.value import Value, record
from ...primitives.arithmetic import div, where
from ..ir.control_ops import COMPARISONS, pick, read, stop
from ..ir.scalar_program import CompileError
from .lowering import Begun, Lowering
from .structure import Parts
from .taking import recorded_take
from .truth import Read, Truth, Typed, Whole, kind_of

__all__ = ["NAMED", "Kinds", "Recorder"]

#: so many numbers get the names of the variables that they are in: all of a short program, of a loop a few steps
NAMED = 64

Kinds = dict[tuple[str, int], bool]

#: tells recordings apart; beyond the marks of checkpoints
_serial = itertools.count(1)


class Recorder(Typed):
    """The tape of one call, and what Python decided on the way.

    Attributes:
        guards: numbers that decided something, what they were, whether the very number counts, and the line.
        blocks: the block of each leaf that stands for an argument, by its ``id()``.
        kinds: what was asked of these blocks, and the answers.
        lowering: what makes choices of branches; None if they stay guards.
        mixed: choices between Values and plain numbers, by their ``id()``.
        called: the names of local variables, by the ``id()`` of the number.
        apart: copies of what is no number of the recording, by their ``id()``.
        soft: whether numbers that are read are numbers of the program, ``reads`` by the Value's ``id()``; or guards.
    """

    def __init__(
        self,
        given: Parts,
        blocks: dict[int, int],
        decides: bool = False,
        soft: bool = False,
        lowering: Lowering | None = None,
    ) -> None:
        super().__init__(-(2**30) - 1 - next(_serial) % 2**29, NAMED)
        self.decides = decides
        self.soft = soft
        self.lowering = lowering
        self.mixed: dict[int, Any] = {}
        self.reads: dict[int, Any] = {}
        self.plains: set[int] = set()
        self.astray: CompileError | None = None
        self.apart: dict[int, Any] = {}
        self.given = given
        self.guards: list[tuple[Any, float, bool, str]] = []
        self.blocks = blocks
        self.kinds: Kinds = {}
        self.called: dict[int, str] = {}
        self.seen: Any = None  # where ``look`` looked last

    def saw(self, node: Any) -> None:
        self.add_early(node)

    def look(self) -> None:
        """What the user's function calls its numbers by now: the first of them are labelled so."""
        frame = user_frame()
        if (id(frame), frame.f_lasti) != self.seen and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            self.seen = (id(frame), frame.f_lasti)
            for name, found in locals_of(frame).items():
                if isinstance(found, Value) and found._prim is not None and name.isidentifier() and name[0] != "_":
                    self.called.setdefault(id(found), name)

    def made(self, leaf: Any, data: Any = None) -> None:
        if getattr(leaf, "storage", None) is None:  # an element of a parameter is live, whenever it was first looked at
            leaf._mark = self.mark
            self.fresh.append(leaf)
            if isinstance(data, Value):
                self.detach(data, leaf)

    def copied(self, made: Any) -> None:
        self.apart[id(made)] = made

    def elsewhere(self) -> None:
        self.astray = self.astray or CompileError(
            f"a compiled function uses its numbers on another thread, at {user_line()}, where a recording doesn't "
            f"follow them: start the thread outside, and compile what runs on it"
        )

    def refuse(self, why: str) -> NoReturn:
        """A CompileError, raised again at the end: the function may catch what it takes for an error of its own."""
        self.astray = self.astray or CompileError(why)
        raise self.astray

    def compare(self, a: Any, other: Any, how: str) -> Any:
        if not isinstance(other, (Value, int, float)) and (
            not hasattr(other, "__float__") or getattr(other, "ndim", False)
        ):
            return NotImplemented
        return self.truth(record(COMPARISONS[how], (a, other)))

    def truth(self, made: Any) -> Any:
        """The comparison that was just recorded, as one that & and | combine like bools.

        Where the function may ask whether it is the very ``True``, that is decided on the spot.
        """
        if self.decides:
            self.decide(made)
            return made._data != 0.0
        return self.twin(made, Truth)

    def hashes(self, value: Any) -> None:
        if value._prim is not None or id(value) in self.blocks:
            self.refuse(
                f"a compiled function uses a number as a key of a dict, or puts it into a set, at {user_line()}: in a "
                f"program it is not known yet; compare it, or pass an int or a text"
            )

    def decide(self, value: Any) -> None:
        self._guard(value, value._data if value._prim is not None else value._number(), False)

    def read(self, value: Any) -> Any:
        if id(value) in self.mixed:
            self.refuse("a compiled function reads .data of a Value or a plain number, by a choice")
        return self.softly(value) if self.soft else self.exactly(value)

    def softly(self, value: Any) -> Any:
        """The number of a Value, which no derivative passes."""
        found = self.reads.get(id(value))
        if found is None or found[0] is not value:
            with without_observers("cuts"):
                found = self.reads[id(value)] = value, self.twin(record(read, (value,)), Read)
        return found[1]

    def exactly(self, value: Any) -> Any:
        """The number of a Value, which is a guard: the very float, and so the sign of a zero too."""
        number = value._number()
        self._guard(value, number, True)
        if number == 0.0 and not isinstance(value, Whole) and not self.integer(value):
            positive = record(COMPARISONS["gt"], (record(div, (1.0, value)), 0.0))
            self._guard(positive, positive._data, False)
        return number

    def kind(self, value: Any) -> type | None:
        """What a number is in plain code: bool, int, float if ``.data`` was read; None for a Value or a float."""
        return kind_of(value) or (float if self.reads and self.is_plain(value) else None)

    def plain(self, data: Any) -> Any:
        return data._number() if isinstance(data, Value) and self.is_plain(data) else data

    def is_plain(self, value: Any) -> bool:
        """Whether a number is a plain one where nothing records: made of arguments without derivatives, and reads."""
        waiting, met = [value], set[int]()
        while waiting:
            x = waiting.pop()
            if id(x) in met or id(x) in self.plains or isinstance(x, (Read, Whole)):
                continue
            if x._prim is None and not self.passive(x):
                return False
            met.add(id(x))
            waiting.extend(operands_of(x))
        self.plains |= met
        return True

    def _guard(self, value: Any, number: float, exact: bool) -> None:
        frame = user_frame()
        if self.lowering is not None and self.lowering.begins(frame.f_code):
            self.astray = self.astray or Begun("its branches may be choices")
            raise self.astray
        self.guards.append((value, number, exact, f"{frame.f_code.co_filename}:{frame.f_lineno}"))

    def check(self, leaves: list[Any]) -> None:
        """CompileError for what was refused; if a sweep ran over the tape's nodes, or is meant to be watched."""
        if self.astray is not None:
            raise self.astray
        if self.is_touched(leaves):
            raise CompileError(
                "a compiled function calls backward() or registers a hook, which a program can't hold: take "
                "ag.grad of the inner function instead, or call backward() on the result"
            )

    def detach(self, value: Any, copy: Any) -> None:
        self.copies.append((copy, record(stop, (value,))))

    def choose(self, condition: Any, a: Any, b: Any) -> Any:
        if condition._prim is None or condition._prim.name not in COMPARISONS:
            condition = record(COMPARISONS["ne"], (condition, 0.0))
        taken = condition._data != 0.0
        branches = [a, b]
        for k in (0, 1) if taken else (1, 0):
            if callable(branches[k]) and not isinstance(branches[k], Node):
                astray = self.astray
                try:
                    branches[k] = branches[k]()
                except Exception:
                    if (k == 0) == taken:
                        raise
                    self.astray = astray
                    return None  # the other branch can't be evaluated here: the choice becomes a guard
        if not all(isinstance(x, (Value, int, float)) for x in branches):
            return None
        made = record(where, (condition, *branches))
        if all(isinstance(x, (Whole, int)) for x in branches):
            return self.twin(made, Truth if all(isinstance(x, (Truth, bool)) for x in branches) else Whole)
        block = self.blocks.get(id(branches[0]))
        if block is not None and type(branches[1]) in (int, float) and branches[1] % 1.0 == 0.0:
            self.blocks[id(made)] = block  # an integer if the argument is one; the tape keeps it alive
        return made

    def changes(self, what: str) -> None:
        self.refuse(
            f"a compiled function {what}, at {user_line()}, which a program can't hold: take ag.grad of the inner "
            f"function instead, or do it outside, with the result"
        )

    def integer(self, value: Any, what: str = "integer") -> bool:
        block = self.blocks.get(id(value))
        if block is None:
            return False
        found = self.kinds[what, block] = self.given.says(what, block)
        return found

    def passive(self, value: Any) -> bool:
        return isinstance(value, Read) or self.integer(value, "passive")

    def all_passive(self) -> bool:
        """Whether no argument has a derivative."""
        for block in {*self.blocks.values()}:
            self.kinds["passive", block] = self.given.says("passive", block)
        return not self.given.active

    def pick(self, row: Any, index: Any) -> Any:
        return record(pick, (index, *row))

    def take(self, table: Any, indices: Any) -> Any:
        return recorded_take(table, indices, self.integer, self.pick)
