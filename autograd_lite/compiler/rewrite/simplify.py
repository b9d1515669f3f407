"""The table of rules (``ir/rules.py``) along a program: of numbers, or of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...primitives.arithmetic import where
from ...primitives.operators import Operators
from ...primitives.primitive import Primitive
from ..ir.array_program import ArrayProgram, Builder, Symbol
from ..ir.rules import ALWAYS, CHOICES, COMPLETE, LITERALS, LONGEST, Rules
from ..ir.scalar_program import Program
from .dead import prune
from .rewriting import Rewrite

__all__ = ["along", "fold", "simplified", "simplify"]


class _Term(Operators):
    """A number of a program that is being written."""

    __slots__ = ("home", "id")

    def __init__(self, home: _Simpler, id: int) -> None:
        self.home = home
        self.id = id

    def _apply(self, primitive: Any, args: tuple[Any, ...]) -> Any:
        return self.home.applied(primitive, [x if type(x) is _Term else float(x) for x in args])


class _Simpler(Rewrite):
    """A program under construction, by rules."""

    def __init__(self, program: Program, rules: Rules) -> None:
        super().__init__(program)
        self.rules = rules
        self.numbers = program.constants()

    def term(self, id: int) -> Any:
        """A number: a float if it is constant."""
        return self.new[-1 - id] if id < 0 else self.numbers[id] if id in self.numbers else _Term(self, id)

    def is_constant(self, id: int) -> bool:
        """Whether a number is constant."""
        return id < 0 or id in self.numbers

    def kind(self, id: int) -> Any:
        """What a pattern may ask of a number: see ``Rules.chosen``."""
        first = self.old.first
        if id >= first:
            return self.prims[id - first].name
        x = self.new[-1 - id] if id < 0 else self.numbers.get(id, "")
        return x if x in LITERALS or x == "" else None

    def op(self, x: _Term) -> str:
        return self.prims[x.id - self.old.first].name if x.id >= self.old.first else ""

    def operands(self, x: _Term) -> Sequence[Any]:
        return list(map(self.term, self.args[x.id - self.old.first]))

    def below(self, x: _Term) -> None:
        return None

    def applied(self, prim: Primitive, args: list[Any], label: str = "") -> Any:
        """An op of numbers, or what is simpler."""
        if args and all(type(x) is float for x in args):
            return prim.fn(*args)
        found = self.rules.simpler(prim, args, self, len(self.prims))
        if found is not None:
            return found
        return _Term(self, self.emit(prim, [self.constant(x) if type(x) is float else x.id for x in args], label))


def along(program: Program, rules: Rules) -> Program:
    """The program by the rules, instructions of constants as their numbers."""
    result = _Simpler(program, rules)
    labels, first = program.labels, program.first
    for k, (prim, args) in enumerate(zip(program.prims, program.args)):
        ids = [result.id_of[a] for a in args]
        label = labels.get(first + k, "")
        known = prim.name in rules.heads and len(ids) <= LONGEST
        if not (ids and all(map(result.is_constant, ids))) and not (
            known and rules.chosen(prim.name, tuple(map(result.kind, ids)))
        ):
            result.id_of.append(result.emit(prim, ids, label))
            continue
        found = result.applied(prim, list(map(result.term, ids)), label)
        result.id_of.append(result.constant(found) if type(found) is float else found.id)
    return result.finish()


def simplify(program: Program, rules: Rules = ALWAYS) -> Program:
    """The program by the rules; itself where none begins with what is in it.

    Before it is lifted to arrays, a program is better left as it is: what is special about one row of data makes the
    row different from others.
    """
    numbers = {id for id, x in program.constants().items() if x in LITERALS}
    found = any(
        prim.name in (rules.alone if len(args) == 1 else rules.with_numbers)
        and (len(args) == 1 or not numbers.isdisjoint(args))
        for prim, args in zip(program.prims, program.args)
    )
    return prune(along(program, rules)) if found else program


def fold(program: Program) -> Program:
    """The program with every instruction of constants replaced by its number, every settled choice by its branch."""
    numbers, (operands, starts) = program.constants(), program.operands()
    constant = np.zeros(program.first + len(program), dtype=bool)
    constant[list(numbers)] = True
    for k in np.unique(np.searchsorted(starts, np.flatnonzero(constant[operands]), "right") - 1).tolist():
        prim, args = program.prims[k], program.args[k]
        if (args[0] in numbers and (prim is where or numbers.keys() >= set(args))) or (
            prim.name == "pow" and numbers.get(args[1]) == 1.0
        ):
            return along(program, CHOICES)
    return program


def simplified(program: ArrayProgram, rules: Rules = COMPLETE) -> ArrayProgram:
    """The program by more rules, and what they make trivial left out."""
    builder = Builder()
    builder.statements = program.statements
    if not any(
        s.prim is not None and rules.simpler(s.prim, [builder.plain(a) for a in s.args], builder)
        for s in program.statements
        if s.name in rules.heads
    ):
        return program
    builder = Builder(rules=Rules([*ALWAYS.rules, *rules.rules]))
    made: list[Symbol] = []
    for s in program.statements:
        args = [made[a] for a in s.args]
        if s.op == "elementwise" and s.prim is not None:
            new = builder.constant(builder.elementwise(s.prim, args))
        else:
            new = builder.add(s.op, tuple(a.id for a in args), s.attrs, s.shape, s.prim)
        made.append(new if new.shape == s.shape else builder.broadcast(new, s.shape))
    names = {made[i].id: name for i, name in program.names.items()}
    return ArrayProgram(program.leaves, builder, [made[i] for i in program.outputs], names)
