"""One recorded way through a function, and the programs made from it: for one point, for arrays, with derivatives."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ...primitives.sums import NATIVE
from ..derive.adjoint import adjoints
from ..emit.python import written
from ..emit.scalars import listed
from ..ir.activity import dependent
from ..ir.array_program import ArrayProgram
from ..ir.control_ops import read, stop
from ..ir.naming import leaf_names, name_forward
from ..ir.scalar_program import Guard, Leaf, Program
from ..lift.levels import level_groups, lift, unlifted
from ..lift.lifted import Lifted
from ..lift.loop_statements import looped
from ..record.arguments import Arguments
from ..record.pack import Pack
from ..record.recording import Recording
from ..record.structure import number_of
from ..rewrite import optimized
from ..rewrite.simplify import simplified, simplify
from ..run.arrays import Read, buffered
from ..run.interpreter import Interpreter
from .c_engine import CEngine, Given, planned_leaves
from .c_library import CTarget, CUnavailable
from .choice import choose
from .guards import HOLDS, guards_hold
from .kinds import flat
from .loose import together
from .pausing import collector_paused

__all__ = ["Compilation", "Path", "Plan"]

#: levels of a program that is short without loops, and of one that is not written without them if it has any
COMPACT, LONG = 40, 2000

#: from so many calls on, what is run as "lines" is: they take as long to make as hundreds of calls of cells
OFTEN = 32

#: no program of more instructions is written out: a Python function of so many lines takes seconds to compile
LONGEST = 20_000


#: the kinds of leaves that are read at each call
_LIVE = ("parameter", "value")


Built = TypeVar("Built")


class Plan(NamedTuple):
    """What a program computes besides the outputs.

    Attributes:
        value: whether the outputs are among the results.
        wrt: the numbers of the leaves to differentiate the output (or the seeded outputs) with respect to.
        seeded: whether the adjoints of the outputs are an input, for several outputs.
        forward: whether the tangents of the leaves are inputs, and the derivatives are those of the outputs.
        colouring: that of a sparse Jacobian, all of whose sweeps a program in C makes in one call; else None.
    """

    value: bool
    wrt: tuple[int, ...] = ()
    seeded: bool = False
    forward: bool = False
    colouring: Any = None


class Compilation:
    """An array program ready to run.

    Attributes:
        run: from the leaves' blocks to the outputs. Buffers are its own until ``give_back``.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path = path
        self.plan = plan
        self.native = path.in_c(lambda: CEngine(path, plan))
        self.scalar = path.scalar
        self.leaves = planned_leaves(path, plan)
        size = len(path.program.outputs)
        self.shapes: list[tuple[int, ...]] = [(size,) if size != 1 else ()] * plan.value
        self.shapes += [(size,)] if plan.forward else [path.leaves[k].shape for k in plan.wrt]
        engine: Interpreter | CEngine | None = self.native
        if self.native is not None:
            self.leaves, self.shapes, self.guards = self.native.leaves, self.native.shapes, self.native.guards
        elif path.scalar:
            program = simplify(path.program)
            self.guards = HOLDS if program.guards else []
            engine = Interpreter(program, plan.value, plan.wrt, plan.seeded, plan.forward)
        else:
            self.guards = self.statements[1]
        self.names = leaf_names(self.leaves)
        sources = [(leaf.kind, leaf.key) for leaf in self.leaves if leaf.kind not in ("constant", "seed")]
        self.sources, self.loose = together([x for x in sources if self.scalar or x[0] != "parameter"])
        # what is live is differentiated with respect to first: parameters, loose Values, others
        wanted = [path.leaves[k] for k in plan.wrt]
        self.storages = [leaf.key for leaf in wanted if leaf.kind == "parameter"]
        self.runs = [storage.runs([storage])[0] for storage in self.storages]
        self.shared = sum(isinstance(leaf.key, Pack) for leaf in wanted)
        self.others = wanted[len(self.storages) + self.shared :]
        self.pool: list[Any] = []
        if engine is not None and self.scalar:
            self.run = self._turning(engine.run) if path.way == "lines" else engine.run
        else:
            joined = () if plan.seeded else self._joined()
            if self.native is not None:
                self.make = self.native.maker(joined)
            else:
                self.make, _ = buffered(self.statements[0], self.names, joined, self._read())

    def _turning(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """What runs cells until it is called often, and then lines."""
        calls = itertools.count(1)

        def call(*given: Any) -> Any:
            nonlocal run
            if next(calls) == OFTEN:
                run = self._lines()
            return run(*given)

        return call

    def _lines(self) -> Callable[..., Any]:
        """The program as lines of Python; what they give is what the interpreter's cells do."""
        program, guards = self.statements
        text, scope = written(program, self.names, "run")
        exec(compile(text, "<autograd_lite program>", "exec"), scope)
        run: Callable[..., Any] = scope["run"]
        count = len(guards)

        def guarded(*given: Any) -> Any:
            found = run(*given)
            return (*found[:-count], 0.0 if guards_hold(found[-count:], guards) else 1.0)

        return guarded if guards else run

    def _read(self) -> Read | None:
        """The loose Values, if there are any: an array program has arrays of its own for them."""
        if self.loose is None:
            return None
        self.sources = [(kind, key) for kind, key in self.sources if kind != "loose"]
        places = [k for k, leaf in enumerate(self.leaves) if isinstance(leaf.key, Pack)]
        return Read(self.loose.read, len(self.loose.nodes), dict(zip(places, self.loose.starts)))

    def _joined(self) -> list[tuple[int, list[tuple[int, int]]]]:
        """The gradients of parameters that lie side by side as one output, and those of loose Values as another: which
        outputs, and where in it they are.
        """
        numbers = {id(storage): i for i, storage in enumerate(self.storages, self.plan.value)}
        self.runs = self.storages[0].runs(self.storages) if self.storages else []
        groups = [
            (run.grad.size, [(numbers[id(s)], at) for s, at in zip(run.storages, run.starts)]) for run in self.runs
        ]
        if self.shared and self.loose is not None:
            first = self.plan.value + len(self.storages)
            places = list(zip(range(first, first + self.shared), self.loose.starts))
            groups.append((len(self.loose.nodes), places))
            self.shared = 1
        return groups

    @functools.cached_property
    def statements(self) -> tuple[ArrayProgram, list[Any]]:
        """The array program, and what its guards have to be; made only when asked for if it runs without."""
        return self.path.statements(self.plan)

    def call(self, blocks: Sequence[Any], seeds: Sequence[Any] = (), past: dict[int, Any] | None = None) -> Any:
        """Run on the arguments' blocks; live numbers are read now.

        Args:
            blocks: the numbers of the arguments.
            seeds: the adjoints of the outputs if they are an input, or the tangents.
            past: the parameters' arrays at a point of the past, by the ``id`` of their storage.

        Returns:
            The outputs, and what has to be given back when they have been used (their buffers).
        """
        given: list[Any] = []
        loose: list[Any] = []
        for kind, key in self.sources:
            if kind == "loose":
                loose = loose or self.loose.numbers()  # type: ignore[union-attr]
                given.append(loose[key])
            elif kind == "argument":
                given.append(number_of(blocks[key]))
            elif kind == "value":
                given.append(key._number())
            else:
                given.append(key.data if past is None else past[id(key)])
        if self.scalar:
            return self.run(*[flat(x) for x in [*given, *seeds]]), None
        try:
            runner = self.pool.pop() if past is None else self.fresh(past)  # atomic: no two threads share buffers
        except IndexError:
            runner = self.fresh()
        return runner(*given, *seeds), runner if past is None else None

    def fresh(self, past: dict[int, Any] | None = None) -> Any:
        """A runner of its own buffers."""
        storages = [leaf.key for leaf in self.leaves if leaf.kind == "parameter"]
        return self.make([np.asarray(s.data) if past is None else past[id(s)] for s in storages])

    def sorted(self, outputs: Sequence[Any]) -> tuple[Sequence[Any], Any, list[tuple[Leaf, Any]]]:
        """The derivatives: flat gradients of the runs of parameters; a copy of those of the loose Values as one vector,
        None if there are none; pairs of another leaf and its derivative.
        """
        first = self.plan.value + len(self.runs)
        rest = first + self.shared
        share = None
        if self.shared == 1 and not self.scalar:
            share = outputs[first].flatten()
        elif self.shared:
            share = np.concatenate([np.ravel(x) for x in outputs[first:rest]])
        arrays = outputs[self.plan.value : first]
        others = list(zip(self.others, outputs[rest:])) if self.others else []
        return [np.ravel(x) for x in arrays] if self.scalar else arrays, share, others

    def results(self, scalar: bool = False) -> ArrayProgram:
        """The program of the results, without the guards."""
        program, guards = self.readable(scalar)
        return program.keeping(program.outputs[: len(program.outputs) - len(guards)])

    def readable(self, scalar: bool = False) -> tuple[ArrayProgram, list[Any]]:
        """The program lifted to arrays, or ``scalar``; and for each guard output, the last ones, what it has to be.

        Recurrences are loops in it where that makes it shorter.
        """
        found = self.path.looped(self.plan, True) if scalar else self.path.shorter(self.plan)
        if found is not None and (not scalar or listed(found[0])):
            return found
        return self.path.statements(self.plan, scalar)

    def give_back(self, runner: Any) -> None:
        """The outputs are not needed any more: the next call may write over them."""
        if runner is not None:
            self.pool.append(runner)


class Path:
    """A recording and everything derived from it."""

    def __init__(self, recording: Recording, level: int = 0, args: Sequence[Any] = (), fixed: Any = None) -> None:
        self.recording = recording
        self.used = False  # again, after the call that recorded it
        self.once = False  # it took items from an iterator, which can't be put back: they are this call's
        self.target: CTarget | None = None
        self.given: Given | None = None  # the forms of the arguments, for C
        #: how many numbers are in flat lists among the arguments
        self.listed = sum(len(x) for x in args if type(x) in (list, tuple) and x and type(x[0]) is float)
        self.level = level  # which integers are constants in it, as ``arguments.integers_fixed`` numbers them
        self.fixed: dict[str, int] = fixed or {}  # those that stand alone, by name
        self.kinds = tuple(recording.kinds.items())
        self.integral = any(what == "integer" for (what, _), _ in self.kinds)  # it asked whether some are integers
        program = recording.take()
        reached = dependent(program, [k for k, leaf in enumerate(program.leaves) if leaf.kind in _LIVE])
        self.tainted = [found and not isinstance(given, type) for found, given in zip(reached, recording.plain)]
        program.prims = [stop if prim is read else prim for prim in program.prims]
        self.program: Program = optimized(program)
        self.leaves = self.program.leaves
        live = [
            (leaf.kind == "value", not isinstance(leaf.key, Pack), k)
            for k, leaf in enumerate(self.leaves)
            if leaf.kind in _LIVE
        ]
        self.live = tuple(k for *_, k in sorted(live))  # as ``Compilation`` wants it
        self.arguments = tuple(k for k, leaf in enumerate(self.leaves) if leaf.kind == "argument")
        self.compiled: dict[Plan, Compilation] = {}
        self.lock = threading.Lock()
        self.colourings: dict[Any, Any] = {}
        self.plans: dict[tuple[int, ...], Plan | None] = {}  # by which arguments are Values; None runs eagerly
        self.scalar = self._choose()
        self.way = self._way()

    @functools.cached_property
    def read(self) -> set[int]:
        """The numbers that the results are made of, whatever is chosen."""
        program = self.program
        found = set(program.outputs)
        for k in range(len(program) - 1, -1, -1):
            prim = program.prims[k]
            if program.first + k in found and not (prim.passive or prim.choice):
                found.update(program.args[k])
        return found

    @functools.cached_property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shape of every block of the arguments."""
        return [leaf.shape for leaf in sorted((self.leaves[k] for k in self.arguments), key=lambda leaf: leaf.key)]

    def _way(self) -> str:
        """How the program is run: as "arrays"; or, number by number, as "lines" of Python or as "cells".

        Compiled, the interpreter's cells (``interpreter.py``) are faster, whatever the program; for the smallest,
        called with plain floats, ``entry.py`` writes a function beside it. Interpreted, they are slower, and are for
        what is too long to be written out, and for what is not called often.
        """
        if not self.scalar:
            return "arrays"
        return "cells" if NATIVE or len(self.program) > LONGEST else "lines"

    def shorter(self, plan: Plan) -> tuple[ArrayProgram, list[Any]] | None:
        """The program with loops, if it is shorter than the one without."""
        levels = len(level_groups(self.program))
        if levels <= COMPACT:
            return None
        found = self.looped(plan)
        if found is None:
            return None
        without = levels if levels > LONG else len(self.statements(plan, scalar=False)[0].statements)
        return found if _lines(found[0]) < without else None

    def _choose(self) -> bool:
        """Whether single numbers are faster than arrays; where both were tried the arrays are kept."""
        scalar, self._lifted = choose(self.program, self.listed, LONGEST)
        return scalar

    def aim(self, target: CTarget | None, call: Arguments | None = None) -> None:
        """Run in C, if that is asked for: arrays are read where they are, and lists taken apart."""
        self.target = target
        if target is not None and target.active:
            self.scalar, self.way = not any(leaf.shape for leaf in self.leaves) or self.listed > 0, "c"
            self.given = None if call is None else Given.of(call)

    def in_c(self, make: Callable[[], Built]) -> Built | None:
        """What ``make`` builds in C; None, with a warning, if it can't be built: then the default engine runs."""
        if self.target is None:
            return None
        if self.target.active:
            try:
                return make()
            except (CUnavailable, NotImplementedError) as error:
                self.target.refuse(error)
        if self.way == "c":
            self.scalar = self._choose()
            self.way = self._way()
        return None

    def wrt(self, chosen: Sequence[int], given: Arguments) -> tuple[int, ...]:
        """The leaves that are those arguments by position."""
        return tuple(self.arguments[k] for n in chosen for k in range(given.starts[n], given.starts[n + 1]))

    def compilation(self, plan: Plan) -> Compilation:
        """The program for a plan, made once."""
        found = self.compiled.get(plan)
        if found is None:
            with self.lock, collector_paused():
                found = self.compiled.get(plan)
                if found is None:
                    found = self.compiled[plan] = Compilation(self, plan)
                    self._lifted = None
                    self.program.pack()
        return found

    def statements(self, plan: Plan, scalar: bool | None = None) -> tuple[ArrayProgram, list[Any]]:
        """The array program of a plan, and for each guard output what it has to be."""
        scalar = self.scalar if scalar is None else scalar
        lifted = unlifted(self.program) if scalar else self._lifted or lift(self.program)
        self._lifted = None  # the builder is used up
        return self.planned(lifted, plan, scalar)

    def looped(self, plan: Plan, scalar: bool = False) -> tuple[ArrayProgram, list[Any]] | None:
        """``statements`` with the recurrences as loops; None if there are none."""
        lifted = looped(self.program, not scalar)
        return None if lifted is None else self.planned(lifted, plan, scalar)

    def planned(self, lifted: Lifted, plan: Plan, scalar: bool) -> tuple[ArrayProgram, list[Any]]:
        """What a plan computes, after the statements of the function; for each guard output what it has to be."""
        builder = lifted.builder
        names = dict(lifted.names)
        wanted = leaf_names(self.leaves)
        for leaf, name in zip(lifted.leaves, wanted):
            if leaf is not None:
                names[leaf.id] = name
        if not scalar:
            name_forward(builder, names, set(wanted))
        ids = np.array(self.program.outputs, dtype=np.int64)
        outputs = self._output(lifted, ids, scalar)
        derivatives: list[Any] = []
        if plan.forward:
            derivatives = [self._tangent(lifted, outputs, plan.wrt, names, scalar)]
        elif plan.wrt:
            seeds: list[tuple[Any, Any]] = [(lifted.one(int(ids[0])), 1.0)]
            if plan.seeded:
                seeds = [(outputs, builder.leaf(len(self.leaves), (len(ids),)))]
            derivatives = self._derivatives(lifted, seeds, plan.wrt, names, scalar)
        guards, expected = self._guards(lifted, scalar)
        wanted = [*[outputs] * plan.value, *derivatives, *guards]
        return simplified(ArrayProgram(planned_leaves(self, plan), builder, wanted, names)), expected

    def _tangent(self, lifted: Lifted, outputs: Any, wrt: Sequence[int], names: dict[int, str], scalar: bool) -> Any:
        """The tangents of the outputs for those of the leaves ``wrt``, which become leaves too.

        Adjoints Jᵀw are linear in the seed w, and J is the derivative of vᵀ(Jᵀw): a second reverse sweep, in which
        no w is left.
        """
        builder, count = lifted.builder, len(self.program.outputs)
        w = builder.leaf(-1, (count,))
        builder.linear = True
        found = self._derivatives(lifted, [(outputs, w)], wrt, names, scalar)
        builder.linear = False
        tangents = [builder.leaf(k, self.leaves[at].shape) for k, at in enumerate(wrt, len(self.leaves))]
        elements = [builder.index(w, (i,)) for i in range(count)] if scalar else [w]
        moved = adjoints(builder, list(zip(found, tangents)), elements, names)
        return builder.pack(moved, (count,)) if scalar else builder.broadcast(moved[0], (count,))

    def _output(self, lifted: Lifted, ids: Any, scalar: bool) -> Any:
        builder = lifted.builder
        if len(ids) == 1:
            return builder.numeric(builder.constant(lifted.one(int(ids[0]))))
        if scalar or len(ids) == 0:
            return builder.pack([lifted.one(int(i)) for i in ids], (len(ids),))
        return builder.broadcast(lifted.gather(ids, (len(ids),)), (len(ids),))

    def _derivatives(
        self, lifted: Lifted, seeds: Any, wrt: Sequence[int], names: dict[int, str], scalar: bool
    ) -> list[Any]:
        """By leaves as they are; in a program of scalars by their numbers, if they are read number by number."""
        builder = lifted.builder
        whole: list[bool] = []
        wanted: list[list[Any]] = []
        for leaf, x in [(self.leaves[k], lifted.leaves[k]) for k in wrt]:
            read = [s for s in builder.statements if x is not None and x.id in s.args] if scalar else []
            whole.append(not scalar or any(s.op != "index" or s.shape for s in read if leaf.shape))
            wanted.append([x] if whole[-1] else [lifted.one(leaf.base + i) for i in range(leaf.size)])
        found = iter(adjoints(builder, seeds, [x for symbols in wanted for x in symbols], names))
        parts = [[next(found) for _ in symbols] for symbols in wanted]
        return [
            builder.broadcast(g[0], self.leaves[k].shape) if all_of else builder.pack(g, self.leaves[k].shape)
            for k, g, all_of in zip(wrt, parts, whole)
        ]

    def _guards(self, lifted: Lifted, scalar: bool) -> tuple[list[Any], list[Any]]:
        """The guards' numbers, those of one array together, and what they have to be."""
        groups: dict[Any, list[Guard]] = {}
        for k, guard in enumerate(self.program.guards):
            groups.setdefault((k if scalar else int(lifted.owner[guard.id]), guard.exact), []).append(guard)
        outputs, expected = [], []
        for (_, exact), members in groups.items():
            ids = np.array([guard.id for guard in members])
            outputs.append(lifted.one(int(ids[0])) if len(ids) == 1 else lifted.gather(ids, (len(ids),)))
            found = [guard.expected for guard in members]
            numbers: Any = np.array(found) if len(found) > 1 else found[0]
            expected.append((numbers if exact else numbers != 0.0, exact))
        return outputs, expected


def _lines(program: ArrayProgram) -> int:
    """How long a program is: its statements and those of its loops."""
    inside = sum(len(s.attrs.step([]).statements) for s in program.statements if s.op == "scan")
    return len(program.statements) + inside
