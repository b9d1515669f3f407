"""One recorded way through a function, and the programs made from it: for one point, for arrays, with derivatives."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...primitives.sums import NATIVE
from ..derive.adjoint import adjoints
from ..emit.python import written
from ..emit.scalars import listed
from ..ir.activity import dependent
from ..ir.array_program import ArrayProgram, Symbol
from ..ir.naming import leaf_names, name_forward
from ..ir.scalar_program import Leaf, Program
from ..lift.levels import level_groups, lift, unlifted
from ..lift.lifted import Lifted
from ..lift.loop_statements import looped
from ..record.recording import Recording
from ..record.structure import Parts, number_of
from ..rewrite import optimized
from ..rewrite.simplify import simplified, simplify
from ..run.arrays import Read, buffered
from ..run.interpreter import Interpreter
from .c_engine import CEngine, Given, planned_leaves
from .c_library import CTarget, CUnavailable
from .choice import choose
from .guards import HOLDS
from .kinds import flat, shaper
from .loose import is_plain, together
from .pausing import collector_paused

__all__ = ["Compilation", "Path", "Plan"]

#: levels of a program that is short without loops, and of one that is not written without them if it has any
COMPACT, LONG = 40, 2000

#: a program of fewer instructions is straight-line Python in its call (``entry.py``)
WRITTEN = 300 if NATIVE else 2000

#: no program of more instructions is written out: a Python function of so many lines takes seconds to compile
LONGEST = 20_000


class Plan:
    """What a program computes besides the outputs.

    Attributes:
        value: whether the outputs are among the results.
        wrt: the numbers of the leaves to differentiate the output (or the seeded outputs) with respect to.
        seeded: whether the adjoints of the outputs are an input, for several outputs.
        forward: whether the tangents of the leaves are inputs, and the derivatives are those of the outputs.
        colouring: that of a sparse Jacobian, all of whose sweeps a program in C makes in one call; else None.
    """

    __slots__ = ("colouring", "forward", "seeded", "value", "wrt")

    def __init__(
        self, value: bool, wrt: tuple[int, ...] = (), seeded: bool = False, forward: bool = False, colouring: Any = None
    ) -> None:
        self.colouring = colouring
        self.forward = forward
        self.value = value
        self.wrt = wrt
        self.seeded = seeded

    def key(self) -> tuple[Any, ...]:
        return (self.value, self.wrt, self.seeded, self.forward, self.colouring is not None)


class Compilation:
    """An array program ready to run.

    Attributes:
        run: from the leaves' blocks to the outputs. Buffers are its own until ``give_back``.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path = path
        self.plan = plan
        self.native: CEngine | None = path.in_c(plan)
        self.scalar = path.scalar
        self.leaves = list(path.leaves)
        engine: Interpreter | CEngine | None = None
        if self.native is not None:
            engine = self.native
            self.leaves, self.shapes, self.guards = engine.leaves, engine.shapes, engine.guards
        elif path.way == "cells":
            engine = self._cells(path, plan)
        else:
            program, self.guards = self.statements
            self.leaves = program.leaves
            self.shapes = [program.statements[i].shape for i in program.outputs]
        self.names = leaf_names(self.leaves)
        self.sources = [(leaf.kind, leaf.key) for leaf in self.leaves if leaf.kind not in ("constant", "seed")]
        if not self.scalar:
            self.sources = [(kind, key) for kind, key in self.sources if kind != "parameter"]
        first = 1 if plan.value else 0
        wanted = [(first + i, path.leaves[k]) for i, k in enumerate(plan.wrt)]
        self.storages = [leaf.key for _, leaf in wanted if leaf.kind == "parameter"]
        self.places = [i for i, leaf in wanted if leaf.kind == "parameter"]
        self.shared = [i for i, leaf in wanted if is_plain(leaf.key)]  # the derivatives for loose Values
        self.others = [(i, leaf) for i, leaf in wanted if leaf.kind != "parameter" and not is_plain(leaf.key)]
        self.runs = [storage.runs([storage])[0] for storage in self.storages]
        self.sources, self.loose = together(self.sources)
        self.pool: list[Any] = []
        if self.native is not None and not self.scalar:
            self.make = self.native.maker(() if plan.seeded else self._joined())
        elif engine is not None:
            self.run = engine.run
        elif self.scalar:
            text, scope = written(self.statements[0], self.names, "run")
            exec(compile(text, "<autograd_lite program>", "exec"), scope)
            self.run = scope["run"]
        else:
            joined = () if plan.seeded else self._joined()
            self.make, _ = buffered(self.statements[0], self.names, joined, self._read())

    def _cells(self, path: Path, plan: Plan) -> Interpreter:
        """The interpreter; and the leaves, shapes and guards of what it runs."""
        program, size = simplify(path.program), len(path.program.outputs)
        self.leaves = planned_leaves(path, plan)
        derivatives = [(size,)] if plan.forward else [path.leaves[k].shape for k in plan.wrt]
        self.guards = HOLDS if program.guards else []
        self.shapes = [(size,) if size != 1 else ()] * plan.value + derivatives + [()] * len(self.guards)
        return Interpreter(program, plan.value, plan.wrt, plan.seeded, plan.forward)

    def _read(self) -> Read | None:
        """The loose Values, if there are any: an array program has arrays of its own for them."""
        if self.loose is None:
            return None
        self.sources = [(kind, key) for kind, key in self.sources if kind != "loose"]
        places = [k for k, leaf in enumerate(self.leaves) if is_plain(leaf.key)]
        return Read(self.loose.read, len(self.loose.nodes), dict(zip(places, self.loose.starts)))

    def _joined(self) -> list[tuple[int, list[tuple[int, int]]]]:
        """The gradients of parameters that lie side by side as one output, and those of loose Values as another: which
        outputs, and where in it they are.
        """
        numbers = {id(storage): i for storage, i in zip(self.storages, self.places)}
        self.runs = self.storages[0].runs(self.storages) if self.storages else []
        groups = [
            (run.grad.size, [(numbers[id(s)], at) for s, at in zip(run.storages, run.starts)]) for run in self.runs
        ]
        if self.shared and self.loose is not None:
            groups.append((len(self.loose.nodes), list(zip(self.shared, self.loose.starts))))
        moved = {i for _, members in groups for i, _ in members}
        if not moved:
            return []
        first = min(moved)
        self.others = [
            (i if i < first else i - sum(m < i for m in moved) + len(groups), leaf) for i, leaf in self.others
        ]
        self.places = list(range(first, first + len(self.runs)))
        self.shared = list(range(first + len(self.runs), first + len(groups)))
        return groups

    @functools.cached_property
    def statements(self) -> tuple[ArrayProgram, list[Any]]:
        """The array program, and what its guards have to be; made only when asked for if it runs without."""
        return self.path.statements(self.plan)

    def call(self, blocks: Sequence[Any], seeds: Sequence[Any] = ()) -> tuple[Any, Any]:
        """Run on the arguments' blocks; live numbers are read now.

        Args:
            blocks: the numbers of the arguments.
            seeds: the adjoints of the outputs if they are an input, or the tangents.

        Returns:
            The outputs, and what has to be given back when they have been used (their buffers).
        """
        if self.scalar:
            return self.run(*[flat(x) for x in [*self._given(blocks), *seeds]]), None
        try:
            runner = self.pool.pop()  # atomic: two threads never share buffers
        except IndexError:
            runner = self.fresh()
        return runner(*self._given(blocks), *seeds), runner

    def fresh(self) -> Any:
        """A runner of its own buffers."""
        return self.make([np.asarray(leaf.key.data) for leaf in self.leaves if leaf.kind == "parameter"])

    def _given(self, blocks: Sequence[Any]) -> list[Any]:
        """What the program is called with: blocks of arguments, live numbers."""
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
            elif self.scalar:
                given.append(key.data)
        return given

    def call_on_copies(self, blocks: Sequence[Any], parameters: dict[int, Any], seed: Any) -> tuple[Any, ...]:
        """Run a seeded program at a point of the past: with copies of the parameters, by number of the leaf."""
        given = []
        for k, leaf in enumerate(self.leaves):
            if leaf.kind == "seed":
                given.append(seed)
            elif leaf.kind == "argument":
                given.append(blocks[leaf.key])
            elif leaf.kind == "parameter" and self.scalar:
                given.append(parameters[k])
        if self.scalar:
            return tuple(self.run(*map(flat, given)))
        runner = self.make([parameters[k] for k, leaf in enumerate(self.leaves) if leaf.kind == "parameter"])
        return tuple(runner(*given))

    def sorted(self, outputs: Sequence[Any]) -> tuple[list[Any], list[tuple[Leaf, Any]], Any]:
        """The derivatives: flat gradients of the runs of parameters, pairs of another leaf and its derivative, and a
        copy of those of the loose Values.
        """
        arrays = [outputs[i] for i in self.places]
        if self.scalar:
            arrays = [np.ravel(array) for array in arrays]
        return arrays, [(leaf, outputs[i]) for i, leaf in self.others], self.share(outputs)

    def share(self, outputs: Sequence[Any]) -> Any:
        """A copy of the derivatives for the loose Values, as one vector; None if there are none."""
        if len(self.shared) == 1 and not self.scalar:
            return outputs[self.shared[0]].copy()
        return np.concatenate([np.ravel(outputs[i]) for i in self.shared]) if self.shared else None

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
        self.target: CTarget | None = None
        self.given: Given | None = None  # the forms of the arguments, for C
        #: how many numbers are in flat lists among the arguments
        self.listed = sum(len(x) for x in args if type(x) in (list, tuple) and x and type(x[0]) is float)
        self.level = level  # which integers are constants in it, as ``arguments.integers_fixed`` numbers them
        self.fixed: dict[str, int] = fixed or {}  # those that stand alone, by name
        self.kinds = tuple(recording.kinds.items())
        self.program: Program = optimized(recording.take())
        self.leaves = self.program.leaves
        self.live = tuple(k for k, leaf in enumerate(self.leaves) if leaf.kind in ("parameter", "value"))
        self.arguments = tuple(k for k, leaf in enumerate(self.leaves) if leaf.kind == "argument")
        self.compiled: dict[Any, Compilation] = {}
        self.lock = threading.Lock()
        self.expected: list[Any] = []
        self.colourings: dict[Any, Any] = {}
        self.reached: dict[Any, tuple[int, ...]] = {}
        self.scalar = self._choose()
        self.way = self._way()
        reached = dependent(self.program, self.live)
        self.tainted = [found and not isinstance(given, type) for found, given in zip(reached, recording.plain)]

    @functools.cached_property
    def shaped(self) -> Callable[[Any], Any] | None:
        """What makes a call's result of a flat array of its numbers; None if it is not of floats alone."""
        return shaper(self.recording.result) if self.recording.floats and not any(self.tainted) else None

    @functools.cached_property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shape of every block of the arguments."""
        return [leaf.shape for leaf in sorted((self.leaves[k] for k in self.arguments), key=lambda leaf: leaf.key)]

    @functools.cached_property
    def apart(self) -> list[Any]:
        """The parameters that it reads, each a run by itself."""
        storages = [self.leaves[k].key for k in self.live if self.leaves[k].kind == "parameter"]
        return [storage.runs([storage])[0] for storage in storages]

    def _way(self) -> str:
        """How the program is run: as "arrays"; or, number by number, as "lines" of Python or as "cells".

        Compiled, the interpreter's cells (``interpreter.py``) are faster, whatever the program; for the smallest,
        called with plain floats, ``entry.py`` writes a function beside it. Interpreted, they are slower, and are for
        what is too long to be written out.
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
        scalar, self._lifted = choose(self.program, self.listed, WRITTEN)
        return scalar

    def aim(self, target: CTarget | None, args: Sequence[Any] | None = None) -> None:
        """Run in C, if that is asked for: arrays are read where they are, and lists taken apart.

        ``args`` are all those of a call, those by keyword last.
        """
        self.target = target
        if target is not None and target.active:
            self.scalar, self.way = not any(leaf.shape for leaf in self.leaves) or self.listed > 0, "c"
            self.given = None if args is None else Given.of(args)

    def in_c(self, plan: Plan) -> CEngine | None:
        """The program of a plan in C; None, with a warning, if it can't be built: then the default engine runs."""
        if self.target is None:
            return None
        if self.target.active:
            try:
                return CEngine(self, plan)
            except (CUnavailable, NotImplementedError) as error:
                self.target.refuse(error)
        if self.way == "c":
            self.scalar = self._choose()
            self.way = self._way()
        return None

    def wrt(self, chosen: Sequence[int], blocks: Parts) -> tuple[int, ...]:
        """The leaves that are those arguments by position."""
        return tuple(self.arguments[k] for n in chosen for k in range(blocks.starts[n], blocks.starts[n + 1]))

    def reaching(self, leaves: tuple[int, ...]) -> tuple[int, ...]:
        """These leaves; none if the outputs depend on other arguments only: then the result is a plain number."""
        found = self.reached.get(leaves)
        if found is None:
            apart = any(dependent(self.program, self.arguments)) and not any(dependent(self.program, leaves))
            found = self.reached[leaves] = () if apart else leaves
        return found

    def compilation(
        self, value: bool, wrt: tuple[int, ...] = (), seeded: bool = False, forward: bool = False, colouring: Any = None
    ) -> Compilation:
        """The program for a plan, made once."""
        plan = Plan(value, wrt, seeded, forward, colouring)
        key = plan.key()
        found = self.compiled.get(key)
        if found is None:
            with self.lock, collector_paused():
                found = self.compiled.get(key)
                if found is None:
                    found = self.compiled[key] = Compilation(self, plan)
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
        leaves = list(self.leaves)
        value = [self._output(lifted, ids, scalar)] if plan.value else []
        derivatives: list[Any] = []
        if plan.forward:
            derivatives = [self._tangent(lifted, plan.wrt, leaves, names, scalar)]
        elif plan.wrt:
            seeds: list[tuple[Any, Any]]
            if plan.seeded:
                leaves.append(Leaf("seed", "seed", (len(ids),), None, 0))
                seed = builder.leaf(len(leaves) - 1, (len(ids),))
                seeds = [(self._output(lifted, ids, scalar), seed)]
            else:
                seeds = [(lifted.one(int(ids[0])), 1.0)]
            derivatives = self._derivatives(lifted, seeds, plan.wrt, names, scalar)
        guards, expected = self._guards(lifted, scalar)
        return simplified(ArrayProgram(leaves, builder, [*value, *derivatives, *guards], names)), expected

    def _tangent(
        self, lifted: Lifted, wrt: Sequence[int], leaves: list[Leaf], names: dict[int, str], scalar: bool
    ) -> Any:
        """The tangents of the outputs for those of the leaves ``wrt``, which become leaves too.

        Adjoints Jᵀw are linear in the seed w, and J is the derivative of vᵀ(Jᵀw): a second reverse sweep, in which
        no w is left.
        """
        builder, ids = lifted.builder, np.array(self.program.outputs, dtype=np.int64)
        w = builder.leaf(-1, (len(ids),))
        found = self._derivatives(lifted, [(self._output(lifted, ids, scalar), w)], wrt, names, scalar)
        seeds = []
        for k, g in zip(wrt, found):
            shape = self.leaves[k].shape
            leaves.append(Leaf("seed", f"d{self.leaves[k].name}", shape, None, 0))
            seeds.append((g, builder.leaf(len(leaves) - 1, shape)))
        if not scalar:
            return builder.broadcast(adjoints(builder, seeds, [w], names)[0], (len(ids),))
        elements = [builder.index(w, (i,)) for i in range(len(ids))]
        return builder.pack(adjoints(builder, seeds, elements, names), (len(ids),))

    def _output(self, lifted: Lifted, ids: Any, scalar: bool) -> Any:
        if len(ids) == 1:
            return lifted.builder.numeric(lifted.builder.constant(lifted.one(int(ids[0]))))
        if scalar or len(ids) == 0:
            return lifted.builder.pack([lifted.one(int(i)) for i in ids], (len(ids),))
        found = lifted.gather(ids, (len(ids),))
        return lifted.builder.broadcast(found, (len(ids),))

    def _derivatives(
        self, lifted: Lifted, seeds: Any, wrt: Sequence[int], names: dict[int, str], scalar: bool
    ) -> list[Any]:
        builder = lifted.builder
        leaves = [lifted.leaves[k] for k in wrt]
        if not scalar:
            found = adjoints(builder, seeds, [x for x in leaves if x is not None], names)
            return [builder.broadcast(g, leaf.shape) for g, leaf in zip(found, [self.leaves[k] for k in wrt])]
        wanted: list[list[Symbol]] = []
        whole: list[bool] = []  # what is read otherwise than number by number, as loops do
        for k, x in zip(wrt, leaves):
            leaf = self.leaves[k]
            read = [s for s in builder.statements if x is not None and x.id in s.args]
            whole.append(bool(leaf.shape) and not all(s.op == "index" and not s.shape for s in read))
            wanted.append([x] if whole[-1] and x is not None else [lifted.one(leaf.base + i) for i in range(leaf.size)])
        parts = iter(adjoints(builder, seeds, [x for symbols in wanted for x in symbols], names))
        found = [[next(parts) for _ in symbols] for symbols in wanted]
        return [
            builder.broadcast(g[0], self.leaves[k].shape) if all_of else builder.pack(g, self.leaves[k].shape)
            for k, g, all_of in zip(wrt, found, whole)
        ]

    def _guards(self, lifted: Lifted, scalar: bool) -> tuple[list[Any], list[Any]]:
        """The guards' numbers, those of one array together, and what they have to be."""
        guards = self.program.guards
        if not guards:
            return [], []
        ids = np.array([guard.id for guard in guards])
        owners = lifted.owner[ids]
        outputs: list[Any] = []
        expected: list[Any] = []
        groups: dict[tuple[int, bool], list[int]] = {}
        for k, owner in enumerate(owners.tolist()):
            groups.setdefault((owner if not scalar else k, guards[k].exact), []).append(k)
        for (_, exact), members in groups.items():
            which = ids[members]
            outputs.append(lifted.one(int(which[0])) if len(members) == 1 else lifted.gather(which, (len(members),)))
            found = [guards[k].expected for k in members]
            numbers: Any = np.array(found) if len(found) > 1 else found[0]
            expected.append((numbers if exact else numbers != 0.0, exact))
        return outputs, expected


def _lines(program: ArrayProgram) -> int:
    """How long a program is: its statements and those of its loops."""
    inside = sum(len(s.attrs.step([]).statements) for s in program.statements if s.op == "scan")
    return len(program.statements) + inside
