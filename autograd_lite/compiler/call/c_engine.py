"""One path's programs in C: which form is printed, and the ways in which they are called.

A ``path`` and a ``plan`` here are those of ``plans.py``, which chooses among the engines and is not imported by them.
"""

from __future__ import annotations

import ctypes
import functools
import math
import sys
from collections import deque
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ...engine.sweeps import STATE
from ...functional.transform import Jacobian
from ..emit.targets.c import CFunction, c_function, over_points
from ..emit.targets.c_gathered import gathered
from ..emit.targets.c_sparse import over_sweeps
from ..ir.scalar_program import Leaf
from ..lift.levels import level_groups, lift, unlifted
from ..lift.lifted import Lifted
from ..lift.loop_statements import looped
from ..record.arguments import Arguments
from .c_entry import Call, with_trampoline
from .c_forms import converted, list_form, numpy_objects, spoken
from .c_library import CUnavailable, Library, build
from .forms import FLOAT, Form
from .guards import HOLDS

__all__ = ["CEngine", "CKernel", "c_source", "planned_leaves"]

#: a program of fewer instructions is written number by number; one of more that has no arrays or loops is gathered
SMALL, LONG = 64, 250
#: arrays and loops pay if there are so many times fewer statements than instructions
SAVING = 4
#: results of so many numbers keep their memory, for the next call
KEPT = 1 << 20
#: the references to an array that only one variable has
ALONE = 2


def lifted_form(path: Any) -> Lifted | None:
    """The program as loops, or as arrays, whichever has fewer statements; None if neither is much shorter."""
    program = path.program
    size = len(program)
    if size < SMALL:
        return None
    forms = [looped(program, False)]
    if forms[0] is not None:
        forms[0].builder.stored = True
    if len(level_groups(program)) * SAVING < size:
        forms.append(lift(program))
    found = [form for form in forms if form is not None]
    best = min(found, key=_lines, default=None)
    return best if best is not None and _lines(best) * SAVING < size else None


def _lines(lifted: Lifted) -> int:
    statements = lifted.builder.statements
    inside = sum(len(s.attrs.builder.statements) for s in statements if s.op == "scan")
    return len(statements) + inside


def printed(path: Any, plan: Any, name: str, alike: bool = False) -> CFunction:
    """The C function of a plan, in the form that is shortest; or ``alike`` the lines of Python, to the bit.

    Raises:
        NotImplementedError: if something in it has no C.
    """
    results = ["value" if len(path.program.outputs) == 1 else "values"] * plan.value
    results += ["tangent"] if plan.forward else [f"d{path.leaves[k].name or 'x'}" for k in plan.wrt]
    lines = [guard.line for guard in path.program.guards]
    lifted = None if alike else lifted_form(path)
    if lifted is not None:
        program, expected = path.planned(lifted, plan, False)
    elif alike or len(path.program) <= LONG:
        program, expected = path.planned(unlifted(path.program), plan, True)
    else:
        program, expected = gathered(path.program, plan, planned_leaves(path, plan))
    found = c_function(program, expected, name, plan.value, results, lines)
    found.ordinary = alike
    return found


def swept(path: Any, plan: Any, colouring: Any, name: str) -> CFunction:
    """The C function of a sparse Jacobian, whose sweeps are of this plan."""
    leaves = planned_leaves(path, plan)
    seeds = [k for k, leaf in enumerate(leaves) if leaf.kind == "seed"]
    return over_sweeps(printed(path, plan, name), colouring, seeds)


def c_source(compilation: Any, f: Any, name: str, mapped: Sequence[bool] | None) -> str:
    """The source of a program in C, for one point or, with ``mapped``, for many.

    The name says which derivative of the user's function it is: one source may have them all.
    """
    while getattr(f, "__transform__", ("", None, None))[0] == "vmap":
        f = f.__wrapped__
    kind = getattr(f, "__transform__", ("", None, None))[0]
    below = getattr(getattr(f, "__wrapped__", None), "__transform__", ("", None, None))[0]
    if isinstance(f, Jacobian):
        kind = "hessian" if below == "grad" else "jacobian"
    suffix = {"grad": "_gradient", "value_and_grad": "_value_and_gradient"}.get(kind, f"_{kind}" if kind else "")
    path, plan = compilation.path, compilation.plan
    if plan.seeded or plan.forward:
        return swept(path, plan, path.colourings[plan.wrt], f"{name}{suffix}").source()
    one = printed(path, plan, f"{name}{suffix}")
    return (one if mapped is None else over_points(one, mapped)).source()


def planned_leaves(path: Any, plan: Any) -> list[Leaf]:
    """What a plan's program starts from: the path's leaves, and the seeds."""
    leaves = list(path.leaves)
    if plan.seeded:
        leaves.append(Leaf("seed", "seed", (len(path.program.outputs),), None))
    if plan.forward:
        leaves += [Leaf("seed", f"d{path.leaves[k].name}", path.leaves[k].shape, None) for k in plan.wrt]
    return leaves


class Given:
    """The forms of a call's arguments.

    Attributes:
        forms: one for each.
        homes: for each block of ``flatten`` which argument it is in, and from which number on.
    """

    def __init__(self, forms: list[Form], homes: list[tuple[int, int]]) -> None:
        self.forms = forms
        self.homes = homes

    @staticmethod
    def of(call: Arguments) -> Given | None:
        """Those of a call; None if one of its arguments is of another kind."""
        forms = [form for arg in (*call.args, *call.named.values()) if (form := spoken(arg)) is not None]
        if len(forms) < len(call.starts) - 1:
            return None
        homes: list[tuple[int, int]] = []
        for k, (start, end) in enumerate(pairwise(call.starts)):
            *places, size = accumulate(map(np.size, call[start:end]), initial=0)
            homes += [(k, at) for at in places]
            if size != forms[k].size:
                return None
        return Given(forms, homes)


def user_call(path: Any, plan: Any, function: CFunction) -> Call | None:
    """What a call of the user's is made of; None if that is not numbers alone, or they are not only the arguments'."""
    given: Given | None = path.given
    if given is None or plan.seeded or plan.forward or path.live:
        return None
    homes = {a.leaf: given.homes[path.leaves[a.leaf].key] for a in function.arguments if not a.output}
    if not plan.wrt:
        form = spoken(path.recording.result, True)
        if form is None or not path.recording.floats or form.size != len(path.program.outputs) or any(path.tainted):
            return None
        return Call(given.forms, homes, [form], {0: (0, 0)}, False)
    blocks = [given.homes[path.leaves[k].key] for k in plan.wrt]
    chosen = list(dict.fromkeys(arg for arg, _ in blocks))
    if blocks != [home for n in chosen for home in given.homes if home[0] == n]:
        return None
    places = {plan.value + k: (chosen.index(arg), at) for k, (arg, at) in enumerate(blocks)}
    return Call(given.forms, homes, [given.forms[n] for n in chosen], places, plan.value)


class CEngine:
    """The program of a plan, built and loaded.

    Attributes:
        leaves: what it is called with, in order.
        shapes: those of its results, with the guard's number last.
        guards: what the last result has to be.
        call: what the user's call is made of; None if Python has to take it apart.
        run: from the leaves' numbers, as floats and flat lists, to the results, if it is of numbers.
    """

    def __init__(self, path: Any, plan: Any, alike: bool = False) -> None:
        if numpy_objects() is None:
            raise CUnavailable("Python's objects are not laid out in memory as C takes them to be")
        self.leaves = planned_leaves(path, plan)
        count = len(path.program.outputs)
        self.shapes: list[Any] = [(count,) if count != 1 else ()] * plan.value
        if plan.colouring is not None:
            function = swept(path, plan, plan.colouring, "program")
            self.leaves = list(path.leaves)
            self.shapes = [(len(plan.colouring.rows),)]
        else:
            function = printed(path, plan, "program", alike)
            self.shapes += [(count,)] if plan.forward else [path.leaves[k].shape for k in plan.wrt]
        self.function = function
        self.guards = HOLDS if function.guarded else []
        self.shapes += [()] * len(self.guards)
        self.lists = path.scalar
        self.call = user_call(path, plan, function)
        self.library = build(with_trampoline(function))
        if self.lists:
            forms = [list_form(math.prod(shape)) if shape else FLOAT for shape in self.shapes]
            self.run = self._running(forms, {k: (k, 0) for k in range(len(forms))})

    def calling(
        self, tests: Sequence[Any], slow: Callable[..., Any], single: bool, named: tuple[str, ...] = ()
    ) -> Callable[..., Any]:
        """The user's call as one function.

        Args:
            tests: what of the surroundings must not have changed (``c_forms.TESTS``).
            slow: gets every call that the program is not for.
            single: whether the result is one thing, and not a tuple of one.
            named: the names of the last arguments, which are given by keyword.
        """
        assert self.call is not None
        kinds = bytes(kind + 1 for kind in tests[::4])
        about = tuple(x for k, x in enumerate(tests) if k % 4)
        return self._entry(self.call, STATE.observers, kinds, about, slow, single, named)

    def _entry(self, call: Call, *looked_at: Any) -> Callable[..., Any]:
        """A call as a function in C."""
        words, space, objects = call.entry(self.function, self.library.address)
        return self.library.entry(words, space, *(numpy_objects() or ()), *looked_at, *objects)

    def _running(self, results: list[Form], places: dict[int, tuple[int, int]]) -> Callable[..., Any]:
        """The program as a function of its leaves, parameters first in one of arrays.

        Args:
            results: the forms of what it returns; ``places`` says for each result of the program where in them it is.
        """
        given = [a for a in self.function.arguments if not a.output]
        if not self.lists:
            given.sort(key=lambda a: self.leaves[a.leaf].kind != "parameter")
        forms = [
            FLOAT if not a.shape else list_form(a.size) if self.lists else Form("array", shape=a.shape) for a in given
        ]
        homes = {a.leaf: (k, 0) for k, a in enumerate(given)}
        guarded = bool(self.guards)
        call = Call(forms, homes, results, places, guard=guarded)
        nothing: tuple[Any, ...] = (set(), b"", ())

        def strays(*args: Any) -> tuple[float]:
            if not guarded:
                raise TypeError(f"{len(args)} arguments that are not those of the program")
            return (1.0,)

        again = self._entry(call, *nothing, strays, False, ())

        def other(*args: Any) -> Any:
            """What is not of the forms, as it is; or a guard doesn't hold."""
            return again(*[converted(form, x) for form, x in zip(forms, args, strict=True)])

        return self._entry(call, *nothing, other, False, ())

    def maker(self, joined: Sequence[tuple[int, Sequence[tuple[int, int]]]]) -> Callable[..., Any]:
        """``make`` of an array program: from the parameters' arrays to a function of the others.

        Args:
            joined: as for ``run.arrays.buffered``.
        """
        within = {k for _, parts in joined for k, _ in parts}
        forms: list[Form] = []
        places: dict[int, tuple[int, int]] = {}
        for k, shape in enumerate(self.shapes):
            if k == min(within, default=-1):
                for size, parts in joined:
                    places |= {part: (len(forms), at) for part, at in parts}
                    forms.append(Form("array", shape=(size,)))
            if k not in within:
                places[k] = (len(forms), 0)
                forms.append(Form("array", shape=shape) if shape else FLOAT)
        run = self._running(forms, places)
        return lambda parameters: functools.partial(run, *parameters)


class CKernel:
    """A program over many points."""

    def __init__(self, path: Any, plan: Any, mapped: Sequence[bool]) -> None:
        one = printed(path, plan, "program")
        self.function = over_points(one, mapped)
        self.library: Library = build(self.function.source())
        self.kept: dict[str, deque[Any]] = {}
        self.guarded = bool(one.guards)
        self.guards = HOLDS if one.guards else []
        results = [a for a in self.function.arguments if a.output]
        self.results = sorted(results, key=lambda a: a.leaf)
        kinds: list[Any] = [ctypes.c_long]
        kinds += [ctypes.c_double if not (a.shape or a.mapped) else ctypes.c_void_p for a in self.function.arguments]
        kinds += [ctypes.c_void_p] * (self.guarded + bool(one.work))
        # a call of its own, without the interpreter's lock
        prototype = ctypes.CFUNCTYPE(None, *kinds)
        self.call = prototype((self.function.name, self.library.functions))

    def _space(self, name: str, shape: tuple[int, int]) -> Any:
        """A new array; its memory is that of an earlier result which nobody has any more, if there is one.

        Fresh memory costs as much as some arithmetic on it: the system hands it out page by page, filled with zeros.
        """
        size = shape[0] * shape[1]
        kept = self.kept.setdefault(name, deque(maxlen=2))  # one that the user still has, and one to write to
        found = None
        for _ in range(len(kept)):
            try:
                found = kept.pop()  # atomic: two threads never write to the same
            except IndexError:
                break
            if found.size == size and sys.getrefcount(found) == ALONE:
                break
            kept.appendleft(found)
            found = None
        if found is None:
            found = np.empty(size)
        if size <= KEPT:
            kept.append(found)
        return found.reshape(shape)

    def run(self, blocks: Sequence[Any], mapped: Sequence[bool], lanes: int) -> list[Any]:
        """One array of ``lanes`` numbers for each scalar result, and the guard's, as ``lanes.Kernel.run``."""
        found = {a.name: self._space(a.name, (lanes, a.size)) for a in self.results}
        left = iter(blocks)
        given: list[Any] = []
        kept: list[Any] = []  # while C reads them
        for a in self.function.arguments:
            if a.output:
                given.append(found[a.name].ctypes.data)
            else:
                block = next(left)
                if a.shape or a.mapped:
                    kept.append(np.ascontiguousarray(block, dtype=float))
                    block = kept[-1].ctypes.data
                given.append(block)
        guard = np.zeros(lanes if self.guarded else 0, dtype=np.intc)
        work = np.empty(self.function.work)
        given += [guard.ctypes.data] * self.guarded + [work.ctypes.data] * bool(self.function.work)
        self.call(lanes, *given)
        columns = [found[a.name][:, k] for a in self.results for k in range(a.size)]
        return [*columns, guard.astype(float)] if self.guarded else columns
