"""A compiled function as equations, forward and then backward: LaTeX in a notebook, plain text elsewhere.

Letters are the chapter's where there are layers (f₀ = β₀ + Ω₀ x), the function's own variables where it is short, and
the user's labels. Derivatives are as textbooks have them (``textbook.py``): tanh's is 1 − tanh².
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.array_program import ArrayProgram, Statement
from ..ir.naming import VIEWS, Adjoint, leaf_names
from ..ir.scan import Scan
from ..lift.levels import lift
from ..lift.loop_statements import looped
from .math_writer import Phrase, Writer

__all__ = ["Equations", "called", "equations"]


class Equations:
    """Equations, one per statement, forward and then backward.

    Attributes:
        lines: pairs of left and right sides in LaTeX.
        text: the same in plain characters, one line each.
    """

    def __init__(self, lines: list[tuple[str, str]], text: str) -> None:
        self.lines = lines
        self.text = text

    @property
    def latex(self) -> str:
        """One aligned block."""
        rows = " \\\\\n".join(_row(left, right, "&=", r"&\mathrel{+}=") for left, right in self.lines)
        return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"

    def __len__(self) -> int:
        return len(self.lines)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex}\n$$"


def _row(left: str, right: str, equal: str, more: str) -> str:
    """One equation; a left side that ends with + gets the right side added in every step of a loop."""
    return f"{left[:-1].rstrip()} {more} {right}" if left.endswith("+") else f"{left} {equal} {right}"


def equations(compilation: Any) -> Equations:
    """A ``Compilation`` as equations: what is differentiated first, then its derivatives."""
    path, plan = compilation.path, compilation.plan
    if plan.seeded or (len(path.program.outputs) == 1 and not plan.forward):
        plan = type(plan)(True, plan.wrt, plan.seeded)
    shorter = path.shorter(plan) is not None
    lifted = looped(path.program, textbook=True) if shorter else lift(path.program, textbook=True)
    assert lifted is not None
    counts = Counter(lifted.names.values())  # a variable that stood for several numbers is the name of none
    lifted.names = {i: name for i, name in lifted.names.items() if counts[name] == 1}
    program, guards = path.planned(lifted, plan, False)
    program = program.keeping(program.outputs[: len(program.outputs) - len(guards)])
    outputs = [""] * (plan.value - compilation.plan.value) + called(compilation)
    plain = _Text(program, Writer(False), outputs).lines
    text = "\n".join(_row(left, right, "=", "+=") for left, right in plain)
    return Equations(_Text(program, Writer(True), outputs).lines, text)


def called(compilation: Any) -> list[str]:
    """What a program's outputs are: derivatives by their names, and nothing for others."""
    plan = compilation.plan
    if plan.forward:
        return [""] * len(plan.wrt)
    names = leaf_names(compilation.path.leaves)
    return [""] * plan.value + [Adjoint(names[k]) for k in plan.wrt]


#: operations in one expression, at most
LONG = 8
#: what is written out wherever it is used, if it is of named things
_SHORT = {"add", "sub", "neg"}


class _Text:
    """The lines of one program, or of the step of a loop.

    Attributes:
        lines: pairs of left and right sides.
        phrases: what each statement is called, or is.
    """

    def __init__(
        self, program: ArrayProgram, writer: Writer, called: Sequence[str], leaves: Sequence[Phrase] | None = None,
        taken: set[str] | None = None, lefts: dict[int, Phrase] | None = None,
    ) -> None:  # fmt: skip
        """``leaves``, ``taken`` and ``lefts`` are a step's: its inputs, names in use, what its results are called."""
        self.program = program
        self.writer = writer
        self.names = leaf_names(program.leaves) if leaves is None else []
        self.taken = taken if taken is not None else {*self.names, *program.names.values()}
        self.lines: list[tuple[str, str]] = []
        self.phrases: list[Phrase] = []
        self.costs: list[int] = []
        self.inner = lefts is not None
        self.lefts = lefts or {}
        self.results: dict[tuple[int, Any], Phrase] = {}
        self.users = program.users()
        self.called: dict[int, list[str]] = {}
        for i, name in zip(program.outputs, called):
            self.called.setdefault(i, []).append(name)
        self.forward = self._ancestors()
        self.later: list[int] = []
        for i, statement in enumerate(program.statements):
            self._write(i, statement, leaves)
            if self.forward and i == program.outputs[0]:
                for k in self.later:
                    self._outputs(k, program.statements[k])
                self.forward = set()

    def _ancestors(self) -> set[int]:
        """What the value is made of, if it is shown: it comes before all derivatives, also before those it contains."""
        if self.inner or not self.called or "" not in self.called[self.program.outputs[0]]:
            return set()
        found = {self.program.outputs[0]}
        for i in range(self.program.outputs[0], -1, -1):
            if i in found:
                found.update(self.program.statements[i].args)
        return found

    def fresh(self, stem: str) -> str:
        """A name of its own: the stem, or with a number."""
        k, name = 1, stem
        while name in self.taken or (stem == "u" and k == 1 and name == "u"):
            name, k = f"{stem}{k}", k + 1
        self.taken.add(name)
        return name

    def _write(self, i: int, s: Statement, leaves: Sequence[Phrase] | None) -> None:
        """Statement ``i``: a line, or a phrase in those that use it."""
        writer = self.writer
        cost = 0
        if s.op == "leaf":
            name = self.names[s.attrs] if leaves is None else ""
            found = leaves[s.attrs] if leaves is not None else writer.named(name, s.shape)
        elif s.op == "scan":
            self._loop(i, s)
            found = Phrase("")
        elif s.op == "result":
            found = self.results[s.args[0], s.attrs[:2]]
        else:
            light = s.op in (*VIEWS, "constant", "called") or writer.transparent(self.program, i)
            cost = sum(self.costs[a] for a in s.args) + (not light)
            if cost > LONG:
                cost -= self._shortened(s.args)
            found = writer.phrase(self.program, i, self.phrases)
        if s.op not in ("leaf", "scan", "result", "constant") or i in self.lefts:
            left = self._left(i, s, cost)
            if left is not None:
                self._own_line(i, s, left, found)
                found, cost = left, 0
        self.phrases.append(found)
        self.costs.append(cost)
        if i in self.called and i in self.forward and i != self.program.outputs[0]:
            self.later.append(i)
        elif i in self.called:
            self._outputs(i, s)

    def _own_line(self, i: int, s: Statement, left: Phrase, found: Phrase) -> None:
        if s.op == "place" and len(s.shape) > 1 and found is not self.phrases[s.args[0]]:
            words = r",\ \text{0 elsewhere}" if self.writer.latex else ", 0 elsewhere"
            self.line(self.writer.at(left, self.writer.where(s)), self.phrases[s.args[0]].text + words)
            return
        self.line(left, self.writer.oriented(found, s, self.program))

    def line(self, left: Phrase, right: str) -> None:
        """An equation, unless it says that something is itself."""
        if left.text != right:
            self.lines.append((left.text, right))

    def _left(self, i: int, s: Statement, cost: int) -> Phrase | None:
        """What a statement is called if it has a line."""
        writer, name = self.writer, self.program.names.get(i, "")
        if i in self.lefts:
            return self.lefts[i]
        if name:
            return writer.named(name, s.shape)
        own = [n for n in self.called.get(i, ()) if n]
        if own and i not in self.forward:
            return writer.named(own[0], s.shape)
        if not self.inner and i == self.program.outputs[0] and "" in self.called.get(i, ()) and s.op not in VIEWS:
            return writer.loss() if s.shape == () else writer.named(self.fresh("y"), s.shape)
        uses = len([u for u in self.users[i] if u >= 0])
        if s.op in VIEWS or writer.transparent(self.program, i) or uses == 0:
            return None
        if uses == 1 and cost <= LONG:
            return None
        if cost <= 1 and s.name in _SHORT:
            return None
        return writer.named(self.fresh("u"), s.shape)

    def _shortened(self, args: Sequence[int]) -> int:
        """Give the longest operand that has no name yet a line of its own; by how much that is shorter."""
        longest = max(args, key=lambda a: self.costs[a])
        s, cost = self.program.statements[longest], self.costs[longest]
        if cost <= 1 or s.op in VIEWS or self.writer.transparent(self.program, longest):
            return 0
        left = self.writer.named(self.fresh("u"), s.shape)
        self.line(left, self.phrases[longest].text)
        self.phrases[longest], self.costs[longest] = left, 0
        return cost

    def _outputs(self, i: int, s: Statement) -> None:
        """Equations of results that are called otherwise than what they are: ∂ℓ/∂β₀ = ∂ℓ/∂f₀, ℓ = f₁."""
        first = self.program.outputs[0] == i
        for k, name in enumerate(self.called[i]):
            if name and self.writer.named(name, s.shape).text != self.phrases[i].text:
                self.line(self.writer.named(name, s.shape), self.writer.oriented(self.phrases[i], s, self.program))
            elif not name and first and k == 0 and s.shape == () and any(map(any, self.called.values())):
                self.line(self.writer.loss(), self.phrases[i].text)
            elif not name and first and k == 0 and not self.inner and s.op in VIEWS and not self.phrases[i].atom:
                found = self.writer.named(self.fresh("y"), s.shape)
                self.line(found, self.phrases[i].text)
                self.phrases[i] = found
            if not name and first and k == 0 and "seed" in self.names:  # whose gradient the product with the seed is
                self.line(self.writer.loss(), self.writer.dotted(self.writer.named("seed", (1,)), self.phrases[i]).text)

    # --- loops ----------------------------------------------------------------------------------------------------

    def _loop(self, i: int, s: Statement) -> None:
        """A loop: what it begins with, ``for t = 0 … n − 1``, and one step's equations."""
        loop: Scan = s.attrs
        writer = self.writer
        before, after = ("t+1", "t") if loop.backwards else ("t", "t+1")
        begin, end = (loop.count, 0) if loop.backwards else (0, loop.count)
        wanted = [r.attrs for r in self.program.statements if r.op == "result" and r.args == (i,)]
        listed = list(dict.fromkeys(which for what, which, _ in wanted if what == "each"))
        step = loop.step(listed)
        carried = loop.carried
        sums = self._sums(loop, step, [which for what, which, _ in wanted if what == "states"])
        bases = {k: writer.named(self._base(loop.inputs[k].name), ()) for k in carried}
        leaves: list[Phrase] = []
        for k, found in enumerate(loop.inputs):
            item = self._item(s.args[k]) if found.kind == "each" else self.phrases[s.args[k]]
            if found.kind == "carry":
                first = bases[k] if k in sums else writer.at(bases[k], str(begin))
                self.line(first, item.text)
                item = bases[k] if k in sums else writer.at(bases[k], before)
            leaves.append(item)
        lefts: dict[int, Phrase] = {}
        for k, o in zip(carried, step.outputs):
            if k not in sums and o not in lefts and step.statements[o].op not in ("leaf", "constant"):
                lefts[o] = writer.at(bases[k], after)
        tracks: dict[int, Phrase] = {}
        for which, o in zip(listed, step.outputs[len(carried) :]):
            name = step.names.get(o) or (self.fresh("u") if o not in lefts else "")
            if name and o not in lefts and step.statements[o].op not in ("leaf", "constant"):
                base = writer.named(name, ())
                lefts[o] = writer.at(base, "t")
                tracks[which] = base
        inner = _Text(step, writer, [], leaves, self.taken, lefts)
        steps = f"{loop.count - 1} … 0" if loop.backwards else f"0 … {loop.count - 1}"
        self.lines.append((writer.words("for t"), writer.words(steps)))
        rows = list(inner.lines)
        for k, o in zip(carried, step.outputs):
            if k in sums:
                rows.append((bases[k].text + " +", inner.phrases[sums[k]].text))
            elif lefts.get(o) is None or lefts[o].text != writer.at(bases[k], after).text:
                rows.append((writer.at(bases[k], after).text, inner.phrases[o].text))
        self.lines += [(writer.indent + left, right) for left, right in rows]
        for what, which, _ in wanted:
            if what == "each":
                o = step.outputs[len(carried) + listed.index(which)]
                self.results[i, (what, which)] = tracks.get(which, inner.phrases[o])
            elif what == "final":
                base = bases[which]
                self.results[i, (what, which)] = base if which in sums else writer.at(base, str(end))
            else:
                self.results[i, (what, which)] = bases[which]

    def _base(self, name: str) -> str:
        """What a carried number is called: as the input that it begins with, if it begins with one."""
        return name or self.fresh("s")

    def _item(self, i: int) -> Phrase:
        """Item t of an array; of x[1:], item t + 1 of x."""
        s = self.program.statements[i]
        if s.op == "index" and len(s.attrs) == 1 and isinstance(s.attrs[0], tuple) and s.attrs[0][2] == 1:
            start = s.attrs[0][0] or 0
            return self.writer.at(self.phrases[s.args[0]], f"t+{start}" if start else "t")
        return self.writer.at(self.phrases[i], "t")

    def _sums(self, loop: Scan, step: ArrayProgram, states: Sequence[int]) -> dict[int, int]:
        """Carried numbers that something is added to in every step, and nothing else: which statement is added."""
        found: dict[int, int] = {}
        reads = np.zeros(len(step.statements), dtype=int)
        for s in step.statements:
            for a in s.args:
                reads[a] += 1
        for n, k in enumerate(loop.carried):
            s = step.statements[step.outputs[n]]
            if s.name != "add" or k in states or reads[step.outputs[n]] or step.outputs.count(step.outputs[n]) > 1:
                continue
            own = [a for a in s.args if step.statements[a].op == "leaf" and step.statements[a].attrs == k]
            other = [a for a in s.args if a not in own]
            if len(own) == 1 and len(other) == 1 and reads[own[0]] == 1:
                found[k] = other[0]
        return found
