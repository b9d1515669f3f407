"""The NumPy program that runs: the same statements with every buffer allocated once, and views made once.

Arrays die after their last use, and their buffers are used again; an elementwise statement writes over an operand that
dies with it.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...engine.errstate import quiet
from ...primitives.primitive import Primitive
from ..emit.composed import ops_of
from ..emit.loops import Loops
from ..emit.source import NUMPY_SOURCES, expression, numpy_helpers
from ..emit.texts import slices
from ..ir.array_program import ArrayProgram, Statement
from ..ir.control_ops import COMPARISONS
from ..ir.naming import VIEWS, through
from ..ir.rules import NUMPY
from ..ir.scalar_program import Leaf
from ..ir.scan import Scan
from ..rewrite.simplify import simplified
from .picks import added, looked_up, picks_of

__all__ = ["Read", "Runner", "buffered", "powers", "ufunc_of"]

#: outputs put together: the size of a vector, and for each output in it its number and where it begins
Joined = Sequence[tuple[int, Sequence[tuple[int, int]]]]


class Read(NamedTuple):
    """How the numbers of some leaves are read at each call.

    Attributes:
        into: writes all of them into a vector.
        size: how many there are.
        places: where each leaf begins in the vector, by its number.
    """

    into: Callable[[Any], None]
    size: int
    places: dict[int, int]


#: makes the function that runs a program, with buffers of its own, from the parameters' arrays
Runner = Callable[[Sequence[Any]], Callable[..., Any]]

_OPERATORS = {
    "{0} + {1}": "add", "{0} - {1}": "subtract", "{0} * {1}": "multiply", "{0} / {1}": "divide", "-{0}": "negative",
    "{0} == {1}": "equal", "{0} != {1}": "not_equal", "{0} < {1}": "less", "{0} <= {1}": "less_equal",
    "{0} > {1}": "greater", "{0} >= {1}": "greater_equal",
}  # fmt: skip
_REDUCE = {"sum": "add", "amax": "maximum", "amin": "minimum", "prod": "multiply"}


def logsumexp(x: Any, axis: int) -> Any:
    """log Σ exp along an axis, shifted by the maximum where that is finite."""
    top = np.max(x, axis, keepdims=True)
    shift = np.where(np.isinf(top), 0.0, top)
    return np.log(np.exp(x - shift).sum(axis)) + shift.squeeze(axis)


def powers(x: Any, y: Any, out: Any) -> None:
    """x ** y into ``out``; of one exponent for many, if it is 0.5, ``np.power`` is ``np.sqrt``."""
    one = np.size(y) == 1 or 0 in y.strides
    (np.float_power if one else np.power)(x, y, out)


def ufunc_of(prim: Primitive) -> tuple[str, str] | None:
    """The ufunc that a primitive's notation is, and its arguments as a template; None if it is something else."""
    if prim.name in ("where", "stop"):
        return None
    text = prim.array
    if text in _OPERATORS:
        return _OPERATORS[text], ", ".join(f"{{{i}}}" for i in range(prim.arity))
    found = re.fullmatch(r"np\.(\w+)\(([^()]*)\)", text)
    if found is not None and isinstance(getattr(np, found[1], None), np.ufunc):
        return found[1], found[2]
    return None


class _Emitter:
    """Lines for making buffers and views once, and lines for each call."""

    def __init__(self, program: ArrayProgram, per_call: set[int]) -> None:
        self.program = program
        self.per_call = per_call  # leaves that come with each call
        self.once: list[str] = []
        self.lines: list[str] = []
        self.texts: list[str] = []
        self.sample: dict[int, Any] = {}  # arrays whose memory stays where it is, as they will be
        self.constants: list[Any] = []
        self.scope: dict[str, Any] = {"np": np, "logsumexp": logsumexp}
        self.root: list[int] = []  # the statement whose buffer a statement is a view of
        self.free: dict[tuple[int, bool], list[tuple[str, Any]]] = {}
        self.buffer: dict[int, tuple[str, Any]] = {}
        self.deferred: dict[int, tuple[Any, int]] = {}  # places that an addition will write into its sum
        self.prepared: set[str] = set()  # constant arrays made so far
        self.homes: dict[int, tuple[str, int]] = {}  # statements to be written into a piece of an array
        self.settled: set[int] = set()  # those of them that were
        self.users = program.users()
        self.picks, self.skipped = picks_of(program, self.users)
        passed = [s.op in (*VIEWS, "scan", "result") or self._aliases(s) for s in program.statements]
        self.last = program.last_uses([done or i in self.skipped for i, done in enumerate(passed)])
        names = [f"x{i}" for i in range(len(program.statements))]
        step = functools.partial(NUMPY_SOURCES.written, inside=True)
        self.loops = Loops(program, names, NUMPY_SOURCES, step)
        self.loops.taken.update(f"s{i}" for i in range(len(names)))

    @staticmethod
    def _aliases(statement: Statement) -> bool:
        """Whether it is its operand itself: a sum of one is written without a function around it."""
        single = statement.op == "elementwise" and len(statement.args) == 1
        return statement.name == "stop" or (single and statement.name in ("sum", "fsum", "prod", "affine"))

    def bind(self, name: str) -> str:
        """A NumPy function, or ``powers``, under a local name."""
        self.scope.setdefault(f"_{name}", powers if name == "powers" else getattr(np, name))
        return f"_{name}"

    # --- buffers --------------------------------------------------------------------------------------------------

    def allocate(self, i: int, reuse: Sequence[int] = ()) -> str:
        """A buffer for statement ``i``: that of an operand that dies here, a free one, or a new one."""
        statement = self.program.statements[i]
        if i in self.homes:
            self.settled.add(i)
            self.sample[i] = np.empty(statement.shape)
            self.once.append(f"b{i} = {self.piece(*self.homes[i], statement.shape)}")
            return f"b{i}"
        for a in reuse:
            root = self.root[a]
            if root in self.buffer and root == a and self.last[root] == i:
                name, array = self.buffer[root]
                if array.shape == statement.shape and (array.dtype == bool) == statement.boolean:
                    del self.buffer[root]
                    self.buffer[i] = (name, array)
                    self.sample[i] = array
                    return name
        size = math.prod(statement.shape)
        pool = self.free.setdefault((size, statement.boolean), [])
        dtype = ", dtype=bool" if statement.boolean else ""
        name = f"b{i}"
        if pool:
            old, array = pool.pop()
            if array.shape == statement.shape:
                name = old
            else:
                array = array.reshape(statement.shape)
                self.once.append(f"{name} = {old}.reshape({statement.shape!r})")
        else:
            array = np.empty(statement.shape, dtype=bool if statement.boolean else float)
            self.once.append(f"{name} = np.empty({statement.shape!r}{dtype})")
        self.buffer[i] = (name, array)
        self.sample[i] = array
        return name

    # --- results that are pieces of one array -----------------------------------------------------------------------

    @staticmethod
    def piece(array: str, start: int, shape: Sequence[int]) -> str:
        """The source of an array of that shape, of the numbers of a flat one from ``start`` on."""
        size = math.prod(shape)
        return f"{array}[{start}:{start + size}]" + (f".reshape({tuple(shape)!r})" if len(shape) != 1 else "")

    def origin(self, i: int) -> int:
        """The statement that has the numbers of statement ``i`` in its order."""
        return through(self.program.statements, i, ("reshape",))

    def gather(self, pieces: Sequence[tuple[int, str, int]]) -> None:
        """Copy those results to their pieces that could not be written there."""
        for i, array, start in pieces:
            below = self.origin(i)
            if below in self.settled and self.homes[below] == (array, start):
                continue
            name = f"r{start}_{array}"
            self.once.append(f"{name} = {self.piece(array, start, self.program.statements[i].shape)}")
            self.lines.append(f"{name}[...] = {self.texts[i]}")

    def release(self, i: int) -> None:
        """Free the buffers whose last use was statement ``i``."""
        for a in {self.root[a] for a in self.program.statements[i].args}:
            if a in self.buffer and self.last[a] <= i:
                name, array = self.buffer.pop(a)
                self.free.setdefault((array.size, array.dtype == bool), []).append((name, array))

    # --- statements -----------------------------------------------------------------------------------------------

    def emit(self, i: int, leaf: str) -> None:
        """One statement."""
        statement = self.program.statements[i]
        args = [self.texts[a] for a in statement.args]
        self.root.append(i)
        if i in self.skipped:
            self.texts.append("")
        elif statement.op == "leaf":
            if statement.attrs not in self.per_call:
                self.sample[i] = np.empty(statement.shape)
            elif statement.shape == ():
                self.lines.append(f"{leaf} = {self.bind('float64')}({leaf})")
            self.texts.append(leaf)
        elif statement.op == "constant":
            self.texts.append(self.constant(statement))
            if statement.shape:
                self.sample[i] = statement.attrs
        elif statement.op in VIEWS:
            self.texts.append(self.view(i, statement, args))
        elif statement.op == "scan":
            self.loop(i, statement, args)
            self.texts.append("")
        elif statement.op == "result":
            self.texts.append(self.loops.result(i))
        elif self._aliases(statement):
            self.root[i] = self.root[statement.args[0]]
            if statement.args[0] in self.sample:
                self.sample[i] = self.sample[statement.args[0]]
            self.texts.append(args[0])
        else:
            self.texts.append(self.compute(i, statement, args))
            self.release(i)

    def constant(self, statement: Statement) -> str:
        if statement.shape == ():
            number: float = statement.attrs
            if number - number == 0.0:
                return repr(number)
            name = f"k_{'nan' if number != number else 'inf' if number > 0 else 'ninf'}"
            self.scope[name] = number
            return name
        self.constants.append(statement.attrs)
        name = f"k{len(self.constants)}"
        self.scope[name] = statement.attrs
        return name

    def view(self, i: int, statement: Statement, args: list[str]) -> str:
        """A view: made once when what it looks at stays in place."""
        below = statement.args[0]
        text = expression(statement, args, NUMPY_SOURCES, self.below(statement))
        if below not in self.sample:
            self.root[i] = self.root[below]
            name = f"v{i}"
            self.lines.append(f"{name} = {text}")
            return name
        array = eval(text, {"np": np, args[0]: self.sample[below]})
        if statement.shape != () and np.may_share_memory(array, self.sample[below]):
            self.root[i] = self.root[below]
            self.sample[i] = array
            name = f"v{i}"
            self.once.append(f"{name} = {text}")
            return name
        name = f"v{i}"
        self.lines.append(f"{name} = {text}")
        return name

    def below(self, statement: Statement) -> Any:
        """The shape of the first operand."""
        return self.program.statements[statement.args[0]].shape if statement.args else ()

    def compute(self, i: int, statement: Statement, args: list[str]) -> str:
        """A statement that computes: into a buffer if it is an array."""
        op = statement.op
        if op == "place":
            return self.place(i, statement, args[0])
        if op == "elementwise":
            return self.elementwise(i, statement, args)
        if i in self.picks:
            return self.pick(i, statement)
        if statement.shape == () or op in ("scatter", "cumprod", "logsumexp", "pack"):
            name = f"s{i}"
            self.lines.append(f"{name} = {self.plain(statement, args)}")
            return name
        out = self.allocate(i)
        if op == "matmul":
            self.lines.append(self.product(statement, args, out))
        elif op == "sum" and statement.attrs == (0,) and len(below := self.below(statement)) == 2:
            self.lines.append(f"{self.ones(below[0])}.dot({args[0]}, {out})")
        elif op == "take":
            self.scope[f"i{i}"] = statement.attrs
            self.lines.append(f'{self.bind("take")}({args[0]}, i{i}, None, {out}, "clip")')
        elif op == "concat":
            self.lines.append(f"{self.bind('concatenate')}(({', '.join(args)},), {statement.attrs}, {out})")
        else:
            self.scope[f"_{op}"] = getattr(np, _REDUCE[op]).reduce
            axes = statement.attrs if len(statement.attrs) > 1 else statement.attrs[0]
            self.lines.append(f"_{op}({args[0]}, {axes}, None, {out})")
        return out

    def pick(self, i: int, statement: Statement) -> str:
        """A sum that need not be one."""
        pick = self.picks[i]
        self.scope.update({f"p{i}": pick, "looked_up": looked_up, "added": added})
        index, x = self.texts[pick.at], self.texts[pick.x]
        forward = statement.attrs == (len(pick.shape) - 1,)
        text = f"looked_up(p{i}, {index}, {x})" if forward else f"added(p{i}, {statement.attrs!r}, {index}, {x})"
        self.lines.append(f"s{i} = {text}")
        return f"s{i}"

    def product(self, statement: Statement, args: list[str], out: str) -> str:
        """A matrix product: the method ``dot`` has less to look at than ``np.matmul``, which stacks need."""
        if len(statement.shape) > 2:
            return f"{self.bind('matmul')}({args[0]}, {args[1]}, {out})"
        return f"{args[0]}.dot({args[1]}, {out})"

    def ones(self, count: int) -> str:
        """A vector of ones: its product with a matrix is the sum of the rows, in half the time of ``np.sum``."""
        name = f"ones{count}"
        if name not in self.prepared:
            self.prepared.add(name)
            self.once.append(f"{name} = np.ones({count})")
        return name

    def loop(self, i: int, statement: Statement, args: list[str]) -> None:
        """A recurrence, in plain NumPy; numbers that it begins with are NumPy's, which divide by zero."""
        unnamed = Scan(statement.attrs.count, statement.attrs.backwards)
        unnamed.inputs = [Leaf(x.kind, "", x.shape, None) for x in statement.attrs.inputs]
        unnamed.builder, unnamed.following = statement.attrs.builder, statement.attrs.following
        texts = [f"np.float64({text})" if re.match(r"-?[\d.]", text) else text for text in args]
        self.lines += self.loops.write(i, texts, unnamed)

    def array(self, text: str) -> str:
        """A literal as an array of no axes, which a ufunc need not convert at each call; any other text as it is."""
        if not re.match(r"-?[\d.]", text):
            return text
        name = "c" + text.replace("-", "m").replace(".", "_").replace("+", "")
        if name not in self.prepared:
            self.prepared.add(name)
            self.once.append(f"{name} = np.array({text})")
        return name

    def plain(self, statement: Statement, args: list[str]) -> str:
        """A statement whose result NumPy allocates."""
        op, attrs = statement.op, statement.attrs
        if op == "scatter":
            name = f"j{len(self.scope)}"
            self.scope[name] = np.asarray(attrs[1]).ravel()
            total = math.prod(attrs[0])
            return f"{self.bind('bincount')}({name}, {args[0]}.ravel(), {total}).reshape({attrs[0]!r})"
        if op == "logsumexp":
            return f"logsumexp({args[0]}, {attrs[0]})"
        if op == "pack":
            return f"np.array([{', '.join(args)}]).reshape({attrs!r})"
        if op in _REDUCE and statement.shape == ():
            self.scope[f"_{op}"] = getattr(np, _REDUCE[op]).reduce
            return f"_{op}({args[0]}, None)"
        if op == "matmul":
            return f"{args[0]}.dot({args[1]})"
        return expression(statement, args, NUMPY_SOURCES, self.below(statement))

    def elementwise(self, i: int, statement: Statement, args: list[str]) -> str:
        prim = statement.prim
        assert prim is not None
        if prim.name == "add" and statement.shape:
            placed = self.added_places(i, statement, args)
            if placed is not None:
                return placed
        found = ufunc_of(prim)
        if prim.name == "pow":  # as in ``power_source``
            number = re.match(r"\(?-?[\d.]", args[1]) is not None
            found = None if args[1] == "0.5" else ("power" if number else "powers", "{0}, {1}")
        if found is None or statement.shape == ():
            name = f"s{i}"
            if prim.name not in COMPARISONS and NUMPY_SOURCES.word(prim).startswith("_op_"):
                self.scope[f"_op_{prim.name}"] = np.vectorize(prim.fn, otypes=[float])
            text = expression(statement, args, NUMPY_SOURCES, self.below(statement))
            text = f"np.array({text})" if text in args else text  # not the operand's buffer, which is used again
            self.lines.append(f"{name} = {text}")
            return name
        out = self.allocate(i, statement.args)
        keyword = "out=" if found[0] in ("maximum", "minimum") else ""  # a third operand to come, NumPy says
        given = ", ".join(map(self.array, found[1].format(*args).split(", ")))
        self.lines.append(f"{self.bind(found[0])}({given}, {keyword}{out})")
        return out

    # --- adjoints of slices: added in place -----------------------------------------------------------------------

    def place(self, i: int, statement: Statement, x: str) -> str:
        """Zeros with ``x`` somewhere in them, unless all that happens to them is an addition."""
        users = self.users[i]
        if (
            len(users) == 1
            and users[0] >= 0
            and self.program.statements[users[0]].name == "add"
            and self.program.statements[users[0]].shape == statement.shape
            and self.program.statements[users[0]].args[1] == i
        ):
            below = self.root[statement.args[0]]
            self.last[below] = max(self.last[below], users[0])
            self.deferred[i] = (statement.attrs[1], statement.args[0])
            return x
        out = self.allocate(i)
        self.lines.append(f"{out}.fill(0.0)")
        self.lines.append(f"{out}[{slices(statement.attrs[1]) or '...'}] = {x}")
        return out

    def added_places(self, i: int, statement: Statement, args: list[str]) -> str | None:
        """``a + place(x)`` as ``a[index] += x``."""
        first, second = statement.args
        if second not in self.deferred or first in self.deferred:
            return None
        index, below = self.deferred[second]
        out = self.allocate(i, [first])
        if out != args[0]:
            self.lines.append(f"{self.bind('copyto')}({out}, {args[0]})")
        inside = slices(index) or "..."
        self.lines.append(f"{out}[{inside}] += {self.texts[below]}")
        root = self.root[below]
        if root in self.buffer and self.last[root] <= i:
            name, array = self.buffer.pop(root)
            self.free.setdefault((array.size, False), []).append((name, array))
        return out


def buffered(
    program: ArrayProgram, names: Sequence[str], joined: Joined = (), read: Read | None = None
) -> tuple[Runner, str]:
    """The function that makes runners, and its source.

    Args:
        program: the statements.
        names: one for each leaf.
        joined: vectors that replace outputs, in the place of the first of them: for each its size, and pairs of the
            number of an output and where in the vector it begins.
        read: how the numbers of some leaves are read at each call, into a vector of the runner's own.

    Returns:
        ``make(arrays)`` for the parameters' arrays, in order, and the text. ``make`` gives ``run(*blocks)`` for the
        blocks of the arguments and live Values, in order; its results are views of buffers that the next call
        overwrites.
    """
    held = read.places if read else {}
    per_call = {k for k, leaf in enumerate(program.leaves) if leaf.kind in ("argument", "value", "seed")} - held.keys()
    names = [f"a_{name}" for name in names]
    program = simplified(program, NUMPY)
    emitter = _Emitter(program, per_call)
    if read:
        emitter.once.append(f"flat = np.empty({read.size})")
        emitter.lines.append("_read(flat)")
        emitter.scope["_read"] = read.into
    for k, start in held.items():
        leaf = program.leaves[k]
        emitter.once.append(f"{names[k]} = flat[{start}:{start + leaf.size}].reshape({leaf.shape})")
    pieces: list[tuple[int, str, int]] = []
    for k, (size, members) in enumerate(joined):
        emitter.once.append(f"g{k} = np.empty({size})")
        pieces += [(output, f"g{k}", start) for output, start in members]
    for output, array, start in pieces:
        emitter.homes.setdefault(emitter.origin(program.outputs[output]), (array, start))
    for i, statement in enumerate(program.statements):
        emitter.emit(i, names[statement.attrs] if statement.op == "leaf" else "")
    given = [names[k] for k in sorted(per_call)]
    fixed = [names[k] for k, leaf in enumerate(program.leaves) if leaf.kind == "parameter"]
    emitter.gather([(program.outputs[output], array, start) for output, array, start in pieces])
    results = [emitter.texts[i] for i in program.outputs]
    if joined:
        moved = {output for output, _, _ in pieces}
        results[min(moved)] = ", ".join(f"g{k}" for k in range(len(joined)))
        results = [text for k, text in enumerate(results) if k == min(moved) or k not in moved]
    result = ", ".join(results)
    once = [f"{', '.join(fixed)}, = arrays"] if fixed else []
    lines = [
        "def make(arrays):",
        *[f"    {line}" for line in [*once, *emitter.once]],
        f"    def run({', '.join(given)}):",
        *[f"        {line}" for line in emitter.lines],
        f"        return ({result}{',' * bool(result)})",
        "    return run",
    ]
    text = "\n".join(lines) + "\n"
    scope = emitter.scope
    scope.update(numpy_helpers(ops_of(program), text))
    exec(compile(text, "<autograd_lite program>", "exec"), scope)
    make: Runner = scope["make"]
    foreign = "_op_" in text
    return (lambda arrays: quiet(make(arrays), foreign)), text
