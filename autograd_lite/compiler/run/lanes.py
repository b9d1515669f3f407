"""Lanes: every scalar of a program is an array with one number a lane, in blocks that fit into the cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..emit.composed import ops_of
from ..emit.dialects import DIALECTS, elementwise_source, number_source
from ..emit.source import numpy_helpers
from ..ir.array_program import ArrayProgram, Statement
from ..ir.control_ops import COMPARISONS
from ..ir.naming import all_names, leaf_names
from .arrays import powers, ufunc_of

__all__ = ["Kernel"]

#: numbers of lanes that a block's buffers may hold together: they stay in the second-level cache
CACHE = 60_000
SMALLEST, LARGEST = 512, 16_384


class Kernel:
    """A scalar program over lanes.

    Attributes:
        text: the source of one block.
        width: lanes a block.
    """

    def __init__(self, program: ArrayProgram, mapped: Sequence[bool]) -> None:
        emitter = _Emitter(program, mapped)
        self.text, self.scope, self.outputs = emitter.text()
        self.width = max(SMALLEST, min(LARGEST, CACHE // max(1, emitter.count)))
        exec(compile(self.text, "<autograd_lite lanes>", "exec"), self.scope)
        self.make: Callable[[int], Callable[..., None]] = self.scope["make"]
        self.pool: dict[int, list[Any]] = {}

    def run(self, blocks: Sequence[Any], mapped: Sequence[bool], lanes: int) -> list[Any]:
        """One array of ``lanes`` numbers for each scalar output.

        Args:
            blocks: for each leaf that is no constant an array: lanes first where ``mapped``.
        """
        results = [np.empty(lanes, dtype=bool if boolean else float) for boolean in self.outputs]
        for low in range(0, lanes, self.width):
            high = min(low + self.width, lanes)
            pool = self.pool.setdefault(high - low, [])
            try:
                block = pool.pop()
            except IndexError:
                block = self.make(high - low)
            given = [x[low:high] if lane else x for x, lane in zip(blocks, mapped)]
            block(*given, *[result[low:high] for result in results])
            if high - low == self.width or not pool:
                pool.append(block)
        return results


class _Emitter:
    """Lines of one block: ufuncs into buffers of the block's width."""

    def __init__(self, program: ArrayProgram, mapped: Sequence[bool]) -> None:
        self.program = program
        self.names = leaf_names(program.leaves)
        self.called = [f"n_{name}" for name in all_names(program, self.names)]
        given = [k for k, leaf in enumerate(program.leaves) if leaf.kind != "constant"]
        self.mapped = dict(zip(given, mapped))
        self.vector = [False] * len(program.statements)
        self.lines: list[str] = []
        self.once: list[str] = []
        self.scope: dict[str, Any] = {"np": np}
        self.texts: list[str] = []
        self.free: dict[bool, list[str]] = {False: [], True: []}
        self.buffers: dict[int, str] = {}
        self.count = 0
        self.flat = [part for i in program.outputs for part in self._parts(i)]
        self.last = self._last_uses()

    def _parts(self, i: int) -> list[int]:
        """The scalar statements that an output consists of."""
        statement = self.program.statements[i]
        if statement.op == "pack":
            return list(statement.args)
        if statement.op == "broadcast":
            return [statement.args[0]] * math.prod(statement.shape)
        return [i]

    def _last_uses(self) -> list[int]:
        last = list(range(len(self.program.statements)))
        for i, statement in enumerate(self.program.statements):
            for a in statement.args:
                last[a] = i
        return last

    def text(self) -> tuple[str, dict[str, Any], list[bool]]:
        """The source of ``make(width)``, its scope, and for each output whether it is boolean."""
        home: dict[int, int] = {}
        for k, i in enumerate(self.flat):
            home.setdefault(i, k)
        for i, statement in enumerate(self.program.statements):
            self.emit(i, statement, home.get(i))
        for k, i in enumerate(self.flat):
            if home[i] != k or not self.vector[i] or self.texts[i] != f"o{k}":
                self.lines.append(f"o{k}[...] = {self.texts[i]}")
        given = [f"n_{name}" for name, leaf in zip(self.names, self.program.leaves) if leaf.kind != "constant"]
        given += [f"o{k}" for k in range(len(self.flat))]
        lines = [
            "def make(width):",
            *[f"    {line}" for line in self.once],
            f"    def run({', '.join(given)}):",
            *[f"        {line}" for line in self.lines or ["pass"]],
            "    return run",
        ]
        text = "\n".join(lines) + "\n"
        self.scope.update(numpy_helpers(ops_of(self.program), text))
        return text, self.scope, [self.program.statements[i].boolean for i in self.flat]

    def emit(self, i: int, statement: Statement, output: int | None) -> None:
        args = [self.texts[a] for a in statement.args]
        op = statement.op
        self.vector[i] = any(self.vector[a] for a in statement.args)
        if op == "leaf":
            self.vector[i] = self.mapped[statement.attrs]
            self.texts.append(f"n_{self.names[statement.attrs]}")
        elif op == "constant":
            self.texts.append(number_source(statement.attrs) if statement.shape == () else "0.0")
        elif op == "index":
            leaf = self.program.statements[statement.args[0]]
            where = ", ".join(str(int(k)) for k in statement.attrs)
            assert leaf.op == "leaf"
            self.texts.append(f"{args[0]}[:, {where}]" if self.vector[i] else f"{args[0]}[{where}]")
        elif op in ("pack", "broadcast", "reshape"):
            self.texts.append(args[0] if args else "0.0")
        elif statement.name == "stop":
            self.texts.append(args[0])
            self.last[statement.args[0]] = max(self.last[statement.args[0]], self.last[i])
        else:
            self.texts.append(self.compute(i, statement, args, output))
            self.release(i, statement)

    def compute(self, i: int, statement: Statement, args: list[str], output: int | None) -> str:
        prim = statement.prim
        if prim is None:  # the inner product of two numbers
            text = f"{args[0]} * {args[1]}"
            self.lines.append(f"{self.called[i]} = {text}")
            return self.called[i]
        if prim.name not in COMPARISONS and DIALECTS["numpy"].template(prim).startswith("_op_"):
            self.scope[f"_op_{prim.name}"] = np.vectorize(prim.fn, otypes=[float])
        found = ufunc_of(prim)
        if prim.name == "pow":
            found = self.power(statement, args)
        if not self.vector[i] or (found is None and prim.name != "where"):
            text = elementwise_source(statement, args, DIALECTS["numpy"])
            if not self.vector[i] and prim.name == "div":
                text = f"np.divide({args[0]}, {args[1]})"
            self.lines.append(f"{self.called[i]} = {text}")
            return self.called[i]
        target = f"o{output}" if output is not None else self.allocate(i, statement)
        if found is None:
            # np.where has no out=
            self.lines.append(f"{target}[...] = np.where({', '.join(args)})")
        else:
            if hasattr(np, found[0]):
                self.scope[f"_{found[0]}"] = getattr(np, found[0])
            keyword = "out=" if found[0] in ("maximum", "minimum") else ""
            self.lines.append(f"_{found[0]}({found[1].format(*args)}, {keyword}{target})")
        return target

    def power(self, statement: Statement, args: list[str]) -> tuple[str, str] | None:
        """The ufunc for a power, as in ``power_source``; None for a constant 0.5."""
        exponent = statement.args[1]
        if self.vector[exponent]:
            self.scope["_powers"] = powers
            return "powers", "{0}, {1}"
        if self.program.statements[exponent].op != "constant":
            return "float_power", "{0}, {1}"
        return None if args[1] == "0.5" else ("power", "{0}, {1}")

    def allocate(self, i: int, statement: Statement) -> str:
        """A buffer: that of an operand that dies here, a free one, or a new one."""
        for a in statement.args:
            name = self.buffers.get(a)
            if name is not None and self.last[a] == i and self.program.statements[a].boolean == statement.boolean:
                del self.buffers[a]
                self.buffers[i] = name
                return name
        pool = self.free[statement.boolean]
        if pool:
            name = pool.pop()
        else:
            self.count += 1
            name = f"b{self.count}"
            self.once.append(f"{name} = np.empty(width{', dtype=bool' if statement.boolean else ''})")
        self.buffers[i] = name
        return name

    def release(self, i: int, statement: Statement) -> None:
        for a in set(statement.args):
            if a in self.buffers and self.last[a] <= i:
                self.free[self.program.statements[a].boolean].append(self.buffers.pop(a))
