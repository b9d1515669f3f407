"""The function of a program without structure: its numbers in the workspace, and small functions that compute them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from ...ir.scalar_program import Leaf, Program
from .c import Argument, CFunction, departs
from .c_gathered import Gathered, chunks
from .c_names import RESERVED, argument_names, c_identifier, unique
from .c_printer import Layout
from .c_words import number

__all__ = ["gathered_function"]


def gathered_function(
    program: Program, plan: Any, name: str, results: Sequence[str], lines: Sequence[str] = ()
) -> CFunction:
    """Print a scalar program without structure (``c_gathered.py``).

    Args:
        program: the instructions.
        plan: what is asked for besides the value.
        name, results, lines: as for ``c_function``.
    """
    return _Unstructured(program, plan, name, results).function(lines)


class _Unstructured:
    """The function being printed: numbers at the workspace's start, adjoints behind them, then what is reached."""

    def __init__(self, program: Program, plan: Any, name: str, results: Sequence[str]) -> None:
        self.program = program
        self.plan = plan
        taken = {*RESERVED, "d", "r", "out", "i", "g", "total"}
        self.name = unique([c_identifier(name)], taken)[0]
        self.leaves = list(program.leaves)
        count = len(program.outputs)
        if plan.seeded:
            self.leaves.append(Leaf("seed", "seed", (count,), None))
        if plan.forward:
            self.leaves += [Leaf("seed", f"d{program.leaves[k].name}", program.leaves[k].shape, None) for k in plan.wrt]
        names = argument_names(self.leaves, taken)
        self.given = [
            Argument(names[k], tuple(leaf.shape), leaf=k)
            for k, leaf in enumerate(self.leaves)
            if leaf.kind != "constant"
        ]
        self.seeds = [a for a in self.given if self.leaves[a.leaf].kind == "seed"]
        self.returns = plan.value and count == 1
        self.wanted = [
            Argument(unique([c_identifier(results[k])], taken)[0], shape, True, k)
            for k, shape in enumerate(self._shapes())
            if k or not self.returns
        ]
        self.layout = Layout(taken, self.name, True)
        self.made = Gathered(program, self.layout, plan.wrt, plan.forward)

    def _shapes(self) -> list[tuple[int, ...]]:
        """Those of the results."""
        count, plan = len(self.program.outputs), self.plan
        shapes: list[tuple[int, ...]] = [(count,) if count != 1 else ()] * plan.value
        return shapes + ([(count,)] if plan.forward else [tuple(self.leaves[k].shape) for k in plan.wrt])

    def function(self, lines: Sequence[str]) -> CFunction:
        """The function, whose guards are these lines of the user's."""
        made, wrt = self.made, self.plan.wrt
        texts, forward = self._parts("forward", made.forward)
        body = [line for a in self.given if a not in self.seeds for line in self._taken("w", a, a.leaf)] + forward
        if wrt:
            more, backward = self._parts("backward", made.backward)
            texts += more
            body += [*self._seeded(), *backward]
        body += [line for a in self.wanted for line in self._result(a)] + self._guards()
        if self.returns:
            body.append(f"return {self._number(self.program.outputs[0])};")
        guards = list(lines) if self.program.guards else []
        found = CFunction(self.name, [*self.given, *self.wanted], self.returns, guards)
        found.work = made.size * (1 if not wrt else 3 if made.choices else 2)
        tables = [text for _, text in self.layout.tables.values()]
        inner = "\n".join(f"  {line}" for line in body)
        found.texts = [*tables, *texts, f"{found.signature()} {{\n{inner}\n}}"]
        return found

    def _number(self, k: int) -> str:
        """A number of the program, once it is computed."""
        constants = self.made.constants
        return number(constants[k])[0] if k in constants else f"w[{self.made.place[k]}]"

    def _taken(self, space: str, a: Argument, leaf: int) -> list[str]:
        """Lines that put an argument's numbers where those of a leaf are."""
        base = self.leaves[leaf].base
        return _copy(f"{space}[{base} + i]", f"{a.name}[i]", a.size) if a.shape else [f"{space}[{base}] = {a.name};"]

    def _parts(self, what: str, groups: Sequence[list[str]]) -> tuple[list[str], list[str]]:
        """Functions of so many lines as a compiler is quick with; and the lines that call them."""
        texts: list[str] = []
        calls: list[str] = []
        for lines in chunks(groups):
            if not lines:
                continue
            part = f"{self.name}_{what}{len(calls) + 1}"
            spaces = "double *w"
            if what == "backward":
                spaces = "const double *w, double *d" + ", double *r" * self.made.choices
            joined = "\n".join(lines)
            unread = [f"(void){space};" for space in "wdr" if f"*{space}" in spaces and f"{space}[" not in joined]
            inner = "\n".join(f"  {line}" for line in [*unread, *lines])
            texts.append(f"static void {part}({spaces}) {{\n{inner}\n}}")
            calls.append(f"{part}({', '.join(re.findall('[*]([wdr])', spaces))});")
        return texts, calls

    def _seeded(self) -> list[str]:
        """What the sweep begins with."""
        made, plan, outputs = self.made, self.plan, self.program.outputs
        lines = [f"double *d = w + {made.size};", *_copy("d[i]", "0.0", made.size)]
        if plan.forward:
            lines += [line for k, a in zip(plan.wrt, self.seeds) for line in self._taken("d", a, k)]
        elif plan.seeded:
            lines += [f"d[{made.place[o]}] += {self.seeds[0].name}[{k}];" for k, o in enumerate(outputs)]
        else:
            lines.append(f"d[{made.place[outputs[0]]}] = 1.0;")
        if made.choices:
            lines += [f"double *r = w + {2 * made.size};", *_copy("r[i]", "0.0", made.size)]
            lines += [f"r[{made.place[o]}] = 1.0;" for o in outputs]
        return lines

    def _result(self, a: Argument) -> list[str]:
        """Lines that write one result."""
        if self.plan.value and a.leaf == 0:
            return [f"{a.name}[{k}] = {self._number(o)};" for k, o in enumerate(self.program.outputs)]
        if self.plan.forward:
            return [f"{a.name}[{k}] = d[{self.made.place[o]}];" for k, o in enumerate(self.program.outputs)]
        base = self.leaves[self.plan.wrt[a.leaf - self.plan.value]].base
        size = math.prod(a.shape)
        return _copy(f"{a.name}[i]", f"d[{base} + i]", size) if a.shape else [f"*{a.name} = d[{base}];"]

    def _guards(self) -> list[str]:
        lines = ["*guard = 0;"] if self.program.guards else []
        for k, guard in enumerate(self.program.guards, 1):
            test = departs(self._number(guard.id), 7, guard.expected, guard.exact)
            lines.append(f"if (!*guard && {test}) *guard = {k};")
        return lines


def _copy(target: str, source: str, n: int) -> list[str]:
    return [f"for (int i = 0; i < {n}; i++) {target} = {source};"]
