"""The statements of a program as lines of C: numbers as variables, arrays as loops, recurrences as loops over steps.

An array that is only read once, element by element, is no array in C: its expression is written where it is read, so
that a chain of elementwise statements is one loop. Everything else has a place of its own (``Layout``): a local array,
or, in a large program, a piece of the memory that the caller gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...ir.array_program import ArrayProgram, Statement
from ...ir.scalar_program import Leaf
from ...ir.scan import Scan
from .c_index import Index, Reference, Variable, flattened, unflattened
from .c_names import statement_names, table
from .c_words import ATOM, Text, call, number

__all__ = ["Layout", "Printer"]

#: statements that are another one's numbers at other places
VIEWS = ("reshape", "transpose", "index", "broadcast", "take")
#: what reads every element of an operand once, in a loop
READERS = ("sum", "prod", "amax", "amin", "place", "scatter")
#: operations written into one expression, at most
DEEPEST = 8
#: views of views, at most
NESTED = 40


class Layout:
    """Where numbers live, and names that are taken; shared by all the lines of one function.

    Attributes:
        arrays: local arrays, with their sizes; or, in a large program, pieces of the argument ``w``.
        tables: constant arrays: a declaration each.
        functions: those that the lines call, as text.
        size: how many numbers the arrays need together.
    """

    def __init__(self, taken: set[str], prefix: str = "") -> None:
        self.taken = taken
        self.prefix = prefix
        self.arrays: list[tuple[str, int]] = []
        self.tables: dict[Any, tuple[str, str]] = {}
        self.functions: list[str] = []
        self.size = 0
        self.free: dict[int, list[Reference]] = {}

    def fresh(self, wanted: str) -> str:
        """A name of its own."""
        name, k = wanted, 1
        while name in self.taken:
            k += 1
            name = f"{wanted}{'_' if wanted[-1:].isdigit() else ''}{k}"
        self.taken.add(name)
        return name

    def array(self, wanted: str, size: int, named: bool = False) -> Reference:
        """A place for ``size`` numbers: one that is free, or a new one, whose name is its own if it is ``named``."""
        pool = self.free.get(size)
        if pool and not named:
            return pool.pop()
        self.size += size
        name = wanted if named else self.fresh(wanted)
        self.arrays.append((name, size))
        return Reference(name)

    def release(self, place: Reference, size: int) -> None:
        """The numbers there are not read any more."""
        self.free.setdefault(size, []).append(place)

    def table(self, numbers: Any, kind: str) -> Reference:
        """A constant array."""
        flat = np.ravel(numbers)
        key = (kind, flat.tobytes())
        if key not in self.tables:
            name = self.fresh(f"{self.prefix}_{'at' if kind == 'int' else 'k'}{len(self.tables) + 1}")
            items = [str(int(x)) if kind == "int" else number(float(x))[0] for x in flat]
            self.tables[key] = (name, table(kind, name, items))
        return Reference(self.tables[key][0])


class Printer:
    """The lines of one program, from top to bottom.

    Attributes:
        lines: what is written so far.
        places: for each statement that is an array with a place, that place.
    """

    def __init__(
        self, program: ArrayProgram, layout: Layout, names: Sequence[str], leaves: Sequence[Reference],
        homes: dict[int, Reference] | None = None, slots: dict[int, str] | None = None,
    ) -> None:  # fmt: skip
        """``leaves``: where each is.

        ``homes``: where statements have to be written. ``slots``: what statements are called that other functions read.
        """
        self.program = program
        self.layout = layout
        self.names = names
        self.leaves = leaves
        self.slots = slots or {}
        self.lines: list[str] = []
        self.places: dict[int, Reference] = dict(homes or {})
        self.deep: set[int] = set()  # views that have a place of their own all the same
        self.own: set[int] = set()  # arrays whose places are free after their last use
        self.texts: dict[int, Text] = {}
        self.users = [[user for user in found if user >= 0] for found in program.users()]
        self.outputs = set(program.outputs)
        self.inlined, self.deferred = self._inlined()
        self._homes()
        self.last = program.last_uses([inlined or i in self.deferred for i, inlined in enumerate(self.inlined)])

    # --- what is written where it is read -------------------------------------------------------------------------

    def _inlined(self) -> tuple[list[bool], set[int]]:
        """For each statement whether it has no line of its own; and places that an addition adds into its sum."""
        found: list[bool] = []
        deferred: set[int] = set()
        depth: list[int] = []
        nested: list[int] = []  # views included
        for i, s in enumerate(self.program.statements):
            depth.append(1 + max([depth[a] for a in s.args if found[a] and not self._free(a)], default=0))
            nested.append(1 + max([nested[a] for a in s.args if found[a]], default=0))
            if nested[i] > NESTED and s.op != "result":
                self.deep.add(i)
            inlined = self._free(i)
            if s.op == "elementwise" and not inlined and i not in self.places and i not in self.slots:
                inlined = depth[i] <= DEEPEST and not deferred & set(s.args) and self._read_once(i, s)
            if s.op in ("place", "scatter") and len(self.users[i]) == 1 and i not in self.outputs:
                user = self.program.statements[self.users[i][0]]
                if user.name == "add" and user.shape == s.shape and not deferred & set(user.args):
                    deferred.add(i)
            found.append(inlined)
        return found, deferred

    def _homes(self) -> None:
        """What a place, or several, is added to is written where the sum belongs."""
        for i in range(len(self.program.statements) - 1, -1, -1):
            s = self.program.statements[i]
            if i in self.places and self.deferred & set(s.args) and s.name == "add":
                other = s.args[0] if s.args[1] in self.deferred else s.args[1]
                below = self.program.statements[other]
                alone = self.users[other] == [i] and other not in self.outputs and below.shape == s.shape
                if alone and not self.inlined[other] and below.op not in ("scan", "result"):
                    self.places[other] = self.places[i]

    def _read_once(self, i: int, s: Statement) -> bool:
        """Whether one other statement alone reads every number of an elementwise statement, and each once."""
        if len(self.users[i]) != 1 or i in self.outputs or (i in self.program.names and not s.shape):
            return False
        j = self.users[i][0]
        user = self.program.statements[j]
        if self._free(j):
            return False
        return (user.op == "elementwise" and user.shape == s.shape) or (bool(s.shape) and user.op in READERS)

    def _free(self, i: int) -> bool:
        """Whether reading a statement costs nothing: it is given, a constant, or a view."""
        s = self.program.statements[i]
        if i in self.places or i in self.deep:
            return False
        return s.op in ("leaf", "constant", "result", *VIEWS) or s.name in ("stop", "identity", "pos")

    # --- reading --------------------------------------------------------------------------------------------------

    def number(self, i: int) -> Text:
        """A single number."""
        return self.element(i, [])

    def element(self, i: int, place: Sequence[Index]) -> Text:
        """One number of a statement, at an index for each axis."""
        s = self.program.statements[i]
        if i in self.places:
            return self.places[i].at(flattened(place, s.shape)), ATOM
        if i in self.texts:
            return self.texts[i]
        if s.op == "leaf":
            return self.leaves[s.attrs].at(flattened(place, s.shape)), ATOM
        if s.op == "constant":
            if math.prod(s.shape) == 1:
                return number(float(np.ravel(s.attrs)[0]))
            return self.layout.table(s.attrs, "double").at(flattened(place, s.shape)), ATOM
        if s.op in VIEWS:
            return self._viewed(s, place)
        if s.op == "elementwise":
            args = [self.element(a, self._broadcast(place, a)) for a in s.args]
            assert s.prim is not None
            return call(s.prim, args)
        raise NotImplementedError(f"{s.op} in a program in C")

    def _broadcast(self, place: Sequence[Index], a: int) -> list[Index]:
        """The index of an operand that is broadcast to the statement that ``place`` is in."""
        shape = self.program.statements[a].shape
        own = list(place)[len(place) - len(shape) :]
        return [Index() if n == 1 else index for index, n in zip(own, shape)]

    def _viewed(self, s: Statement, place: Sequence[Index]) -> Text:
        a = s.args[0]
        shape = self.program.statements[a].shape
        if s.op == "broadcast":
            return self.element(a, self._broadcast(place, a))
        if s.op == "transpose":
            inner = [Index()] * len(place)
            for axis, index in zip(s.attrs, place):
                inner[axis] = index
            return self.element(a, inner)
        if s.op == "index":
            return self.element(a, indexed(s.attrs, shape, place))
        if s.op == "take":
            return self._at_flat(a, self.taken(s.attrs, flattened(place, s.shape)))
        kept = [index for index, n in zip(place, s.shape) if n != 1]
        if [n for n in s.shape if n != 1] == [n for n in shape if n != 1]:
            left = iter(kept)
            return self.element(a, [Index() if n == 1 else next(left) for n in shape])
        return self._at_flat(a, flattened(place, s.shape))

    def _at_flat(self, i: int, place: Index) -> Text:
        """One number of a statement, at a place in row-major order."""
        s = self.program.statements[i]
        if i in self.places:
            return self.places[i].at(place), ATOM
        if s.op == "leaf":
            return self.leaves[s.attrs].at(place), ATOM
        if s.op == "reshape":
            return self._at_flat(s.args[0], place)
        return self.element(i, unflattened(place, s.shape))

    def taken(self, positions: Any, place: Index) -> Index:
        """The entry of an array of places: a formula if they go in steps, else a table."""
        flat = np.ravel(positions)
        steps = np.diff(flat)
        if len(flat) and (steps == steps[:1]).all():
            return place * int(steps[0] if len(steps) else 0) + Index(int(flat[0]))
        return Index.of(self.layout.table(flat, "int").at(place))

    # --- writing --------------------------------------------------------------------------------------------------

    def write(self, statements: Sequence[int] | None = None) -> None:
        """The lines of all statements, or of some, in order."""
        for i in range(len(self.program.statements)) if statements is None else statements:
            s = self.program.statements[i]
            if self.inlined[i] or i in self.deferred or s.op == "result":
                continue
            if s.op == "scan":
                self._loop(i, s.attrs)
            elif s.shape == () and s.op == "elementwise":
                self.define(i, self.element_of(i))
            elif s.op == "matmul" and all(self.program.statements[a].shape == () for a in s.args):
                self.define(i, f"{self.number(s.args[0])[0]} * {self.number(s.args[1])[0]}")
            else:
                self.array(i, s)
            self._release(i)

    def array(self, i: int, s: Statement) -> None:
        """The lines of a statement that is neither a single operation nor a loop over steps (``c_arrays.py``)."""
        raise NotImplementedError(f"{s.op} in a program in C")

    def element_of(self, i: int, place: Sequence[Index] = ()) -> str:
        """The expression of an elementwise statement, which is about to be given its place."""
        s = self.program.statements[i]
        assert s.prim is not None
        return call(s.prim, [self.element(a, self._broadcast(place, a)) for a in s.args])[0]

    def define(self, i: int, text: str) -> None:
        """A number gets its name."""
        slot = self.slots.get(i)
        name = slot or self.names[i]
        self.lines.append(f"{name} = {text};" if slot else f"const double {name} = {text};")
        self.texts[i] = (name, ATOM)

    def accumulator(self, i: int, start: str) -> str:
        """A number that a loop adds up; its name."""
        slot = self.slots.get(i)
        name = slot or self.names[i]
        self.lines.append(f"{name} = {start};" if slot else f"double {name} = {start};")
        self.texts[i] = (name, ATOM)
        return name

    def place(self, i: int) -> Reference:
        """Where statement ``i``'s numbers go."""
        if i not in self.places:
            size = max(1, math.prod(self.program.statements[i].shape))
            named = i in self.program.names
            self.places[i] = self.layout.array(self.names[i] if named else "t", size, named)
            if not named:
                self.own.add(i)
        return self.places[i]

    def follow(self, i: int, other: int) -> bool:
        """Let a sum have the place of one of its terms, if nothing else reads that; whether the numbers are there."""
        if i not in self.places and other in self.own and self.users[other] == [i]:
            self.places[i] = self.places[other]
            self.own.discard(other)
            self.own.add(i)
        return i in self.places and self.places.get(other) is self.places[i]

    def scratch(self, size: int) -> Reference:
        """A place that is free again after the statement."""
        return self.layout.array("rows", size)

    def _release(self, i: int) -> None:
        for a in list(self.own):
            if self.last[a] <= i:
                self.own.discard(a)
                self.layout.release(self.places[a], max(1, math.prod(self.program.statements[a].shape)))

    def loops(self, shape: Sequence[int], body: Callable[[list[Index]], list[str]]) -> None:
        """Nested loops around lines that get an index for each axis; axes of one have none."""
        depth = 0
        place: list[Index] = []
        for n in shape:
            if n == 1:
                place.append(Index())
                continue
            name = self.layout.fresh("ijklmn"[depth] if depth < 6 else "i")
            place.append(Index.of(name))
            self.lines.append("  " * depth + f"for (int {name} = 0; {name} < {n}; {name}++) {{")
            depth += 1
        self.lines += ["  " * depth + line for line in body(place)]
        self.lines += ["  " * k + "}" for k in range(depth - 1, -1, -1)]
        self.layout.taken -= {str(index) for index in place if index.terms}

    # --- recurrences ----------------------------------------------------------------------------------------------

    def _loop(self, i: int, loop: Scan) -> None:
        """A loop over steps: carried numbers are variables, and what is needed of every step goes into arrays."""
        program, layout = self.program, self.layout
        wanted = [(r, *program.statements[r].attrs) for r in self.users[i] if program.statements[r].op == "result"]
        listing = [which for _, what, which, _ in wanted if what == "each"]
        step = loop.step(listing)
        at = layout.fresh("step")
        reach = Index.of(at) if not loop.backwards else Index(loop.count - 1) + Index.of(at) * -1
        shapes = [found.shape for found in loop.inputs]
        leaves = [self._entered(found, a, reach) for found, a in zip(loop.inputs, program.statements[i].args)]
        kept = []
        for r, what, which, shape in wanted:
            if what == "final":
                continue
            place = self.place(r)
            kept.append((what, which, Reference(place.base, place.offset + reach * math.prod(shape[1:]))))
        inner = type(self)(step, layout, _step_names(step, layout), leaves)
        inner.write()
        body = []
        for what, which, place in kept:
            if what == "states":
                body += inner.copied(place, leaves[which], shapes[which])
        body += inner.lines
        carried = len(loop.following)
        for what, which, place in kept:
            if what == "each":
                inner.lines = []
                output = step.outputs[carried + listing.index(which)]
                inner.copy(place, output, step.statements[output].shape)
                body += inner.lines
        body += self._carried_on(loop, step, inner, leaves, shapes)
        self.lines.append(f"for (int {at} = 0; {at} < {loop.count}; {at}++) {{")
        self.lines += ["  " + line for line in body]
        self.lines.append("}")
        for r, what, which, _ in wanted:
            if what == "final":
                self.places[r] = leaves[which]

    def _entered(self, found: Leaf, operand: int, reach: Index) -> Reference:
        """An input of a loop's step: a copy if it is carried."""
        if found.kind == "same":
            return self._given(operand, found.shape)
        if found.kind == "each":
            return self._item(operand, found.shape, reach)
        if found.shape == ():
            name = self.layout.fresh(found.name or "s")
            self.lines.append(f"double {name} = {self.number(operand)[0]};")
            return Variable(name)
        made = self.layout.array(found.name or "s", math.prod(found.shape))
        self.copy(made, operand, found.shape)
        return made

    def _carried_on(self, loop: Scan, step: ArrayProgram, inner: Printer, leaves: Any, shapes: Any) -> list[str]:
        """The lines at a step's end: every carried number gets its new value, which the old ones are needed for."""
        inner.lines = []
        new = list(zip(loop.carried, step.outputs))
        moved = [(k, o) for k, o in new if not (step.statements[o].op == "leaf" and step.statements[o].attrs == k)]
        late: list[str] = []
        names = {leaf.base for leaf in leaves}
        for n, (k, o) in enumerate(moved):
            if shapes[k] == ():
                text = inner.number(o)[0]
                if n and (not text.isidentifier() or text in names):  # the first is set before any other is
                    name = self.layout.fresh("next")
                    inner.lines.append(f"const double {name} = {text};")
                    text = name
                late.append(f"{leaves[k].base} = {text};")
            else:
                first = self.layout.array("next", math.prod(shapes[k]))
                inner.copy(first, o, shapes[k])
                late += inner.copied(leaves[k], first, shapes[k])
        return [*inner.lines, *late]

    def _given(self, operand: int, shape: Sequence[int]) -> Reference:
        """What every step reads of an operand."""
        if shape != ():
            return self._array_of(operand, self.program.statements[operand])
        text = self.number(operand)[0]
        if text.isidentifier():
            return Variable(text)
        name = self.layout.fresh("same")
        self.lines.append(f"const double {name} = {text};")
        return Variable(name)

    def _item(self, operand: int, shape: Sequence[int], step: Index) -> Reference:
        """What one step reads of an operand that has an item for each."""
        if shape == ():
            return Variable(self.element(operand, [step])[0])
        whole = self._array_of(operand, self.program.statements[operand])
        return Reference(whole.base, whole.offset + step * math.prod(shape))

    def _array_of(self, operand: int, s: Statement) -> Reference:
        """An operand's numbers one after the other."""
        if operand in self.places:
            return self.places[operand]
        if s.op == "leaf":
            leaf: Reference = self.leaves[s.attrs]
            return leaf
        if s.op == "constant" and s.shape:
            return self.layout.table(s.attrs, "double")
        made = self.layout.array("items", math.prod(s.shape))
        self.copy(made, operand, s.shape)
        return made

    def copy(self, target: Reference, operand: int, shape: Sequence[int]) -> None:
        """A statement's numbers, broadcast to a shape, to another place."""
        self.loops(
            shape,
            lambda p: [f"{target.at(flattened(p, shape))} = {self.element(operand, self._broadcast(p, operand))[0]};"],
        )

    def copied(self, target: Reference, source: Reference, shape: Sequence[int]) -> list[str]:
        """Lines that copy numbers to another place."""
        before, self.lines = self.lines, []
        self.loops((math.prod(shape),), lambda p: [f"{target.at(p[0])} = {source.at(p[0])};"])
        found, self.lines = self.lines, before
        return found


def indexed(attrs: Sequence[Any], shape: Sequence[int], place: Sequence[Index]) -> list[Index]:
    """The index in an array of what is at ``place`` in ``array[attrs]``."""
    result: list[Index] = []
    left = iter(place)
    axis = 0
    for item in attrs:
        if item is None:
            next(left)
            continue
        if isinstance(item, tuple):
            chosen = range(*slice(*item).indices(shape[axis]))
            result.append(next(left) * chosen.step + Index(chosen.start))
        else:
            result.append(Index(int(item) % shape[axis]))
        axis += 1
    return [*result, *left]


def _step_names(step: ArrayProgram, layout: Layout) -> list[str]:
    names = statement_names(step, layout.taken)
    layout.taken.update(names)
    return names
