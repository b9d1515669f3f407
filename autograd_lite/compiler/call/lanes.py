"""``vmap``, compiled: a call's lanes along the recorded ways, and its results in the structure of one lane's."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...functional import pytree
from ...functional.vmap import vmap
from ..record.structure import has_integers, is_numeric, leaves_of, rebuild
from ..run.lanes import Kernel
from .batches import Batches
from .c_engine import CKernel
from .compiled import Compiled
from .entry import function
from .forms import Unlike, form_of
from .kinds import checks
from .plans import Compilation, Path, Plan
from .signature import Signature

__all__ = ["Mapped"]

MAX_KERNELS = 64
#: fewer lanes of a program of more instructions are run one by one: its ufuncs would take longer, and be long to write
FEW, LONG = 100, 4000


class Mapped(Compiled, transform="vmap"):
    """A compiled ``vmap``: what is recorded is the function of one lane.

    Attributes:
        function: the compiled function of one lane.
        looped: the call lane by lane.
    """

    def __init__(self, f: Callable[..., Any], *options: Any) -> None:
        super().__init__(f, *options)
        _, one, axes = f.__dict__["__transform__"]
        self.in_axes, self.out_axes = axes["in_axes"], axes["out_axes"]
        self.function = self._below(one)
        self.looped = vmap(self._alone, self.in_axes, self.out_axes)
        self.kernels = functools.lru_cache(MAX_KERNELS)(self._kernel)
        self.calls: dict[Any, Callable[..., Any] | None] = {}
        self.lock = threading.RLock()

    def _recorded(self) -> Compilation:
        return self.function._recorded()

    def path_for(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[None, Plan, None]:
        """Lanes of lanes are run one by one."""
        return None, Plan(True), None

    def _found(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        axes = self.in_axes
        axes = [axes] * len(args) if axes is None or isinstance(axes, int) else list(axes)
        if len(axes) != len(args):
            return self._f(*args, **named)  # says what is wrong
        try:
            batches = Batches(args, axes, named)
        except Unlike:
            return self.looped(*args, **named)
        if batches.count < 1:
            return self._f(*args, **named)
        try:
            with np.errstate(all="ignore"):
                return self._together(batches, args, named)
        except (TypeError, IndexError):  # an integer that counts: each lane by itself
            if not any(map(has_integers, args)):
                raise
            return self.looped(*args, **named)

    def _alone(self, /, *args: Any, **named: Any) -> Any:
        """One lane by itself; not while another thread asks for the path of its own."""
        with self.lock:
            return self.function(*args, **named)

    def _together(self, batches: Batches, args: Any, named: Any) -> Any:
        """Lanes along the recorded paths; those that leave one take, or make, another."""
        left: Any = None  # the numbers of the lanes that are not done; None for all
        results: list[Any] | None = None
        tried: set[int] = set()
        while left is None or len(left):
            example = batches.lane(0 if left is None else int(left[0]))
            with self.lock:
                path, plan, like = self.function.path_for(example, named)
            if path is None or id(path) in tried or (batches.count < FEW and len(path.program) > LONG):
                return self.looped(*args, **named)
            tried.add(id(path))
            blocks = batches.blocks(path, left)
            if blocks is None or not is_numeric(like):
                return self.looped(*args, **named)
            lanes = batches.count if left is None else len(left)
            found, held = self._lanes(path, plan, blocks, lanes)
            if left is None and (held is None or held.all()):
                if not named:
                    self._straighten(path, plan, like, batches)
                return self._made(like, iter(found), lanes, batches.lists)
            results = [np.empty(batches.count, part.dtype) for part in found] if results is None else results
            if len(found) != len(results):
                return self.looped(*args, **named)
            held = np.ones(lanes, dtype=bool) if held is None else held
            left = np.arange(lanes) if left is None else left
            for result, part in zip(results, found):
                result[left[held]] = part[held]
            left = left[~held]
        return self._made(like, iter(results or ()), batches.count, batches.lists)

    def _lanes(self, path: Path, plan: Plan, given: Sequence[tuple[Any, bool]], lanes: int) -> tuple[list[Any], Any]:
        """The scalar outputs of one path for some lanes, and which lanes take that path; None if it has no guards."""
        mapped = []
        blocks: list[Any] = []
        for leaf in path.leaves:
            if leaf.kind == "argument":
                block, batched = given[leaf.key]
                mapped.append(batched)
                blocks.append(block)
            elif leaf.kind != "constant":
                mapped.append(False)
                blocks.append(leaf.key.data if leaf.kind == "parameter" else np.asarray(leaf.key._number(), float)[()])
        self.mapped = mapped
        kernel, expected = self.kernels(path, plan, tuple(mapped))
        found = kernel.run(blocks, mapped, lanes)
        held = np.ones(lanes, dtype=bool) if expected else None
        for numbers, (wanted, exact) in zip(found[len(found) - len(expected) :], expected):
            held &= (numbers == wanted) if exact else ((numbers != 0.0) == wanted)
        found = found[: len(found) - len(expected)]
        if plan.value and bool in path.recording.plain:
            kinds = [*path.recording.plain, *[None] * len(found)]
            found = [numbers != 0.0 if kind is bool else numbers for numbers, kind in zip(found, kinds)]
        return found, held

    def _straighten(self, path: Path, plan: Plan, like: Any, batches: Batches) -> None:
        """Let calls with such arguments go to generated code."""
        shapes = [
            (x.shape[axis is not None :] if type(x) is np.ndarray else type(x), axis) for x, axis in batches.given
        ]
        key = (path, plan, *shapes)
        with self.lock:
            if key not in self.calls:
                while len(self.calls) >= MAX_KERNELS:
                    self.calls.pop(next(iter(self.calls)))
                try:
                    self.calls[key] = self._generated(path, plan, like, batches)
                except Unlike:
                    self.calls[key] = None
            self.calls_go_to(self.calls[key])

    def _generated(self, path: Path, plan: Plan, like: Any, batches: Batches) -> Callable[..., Any]:
        """A function for float arrays with lanes first, and for floats and float arrays that all lanes share."""
        shapes, given = path.shapes, batches.given
        plain = all(leaf.kind in ("constant", "argument") for leaf in path.leaves)
        if batches.lists or len(shapes) != len(given) or path.integral or path.level or not plain:
            raise Unlike
        names = [f"x{k}" for k in range(len(given))]
        mapped = [axis is not None for _, axis in given]
        count = f"_len({names[mapped.index(True)]})"
        looks = [f"{count} > 0"]
        for name, (x, axis), lanes, shape in zip(names, given, mapped, shapes):
            form = form_of(x, True)
            if form.flat or form.char != "d" or axis not in (None, 0) or np.shape(x)[lanes:] != shape:
                raise Unlike
            looks[:-1] += checks(form, name, f"({count}, {''.join(f'{n}, ' for n in shape)})" * lanes)

        def run(lanes: int, *given: Any) -> tuple[list[Any], Any]:
            pairs = [(np.float64(x) if type(x) is float else x, lane) for x, lane in zip(given, mapped)]
            with np.errstate(all="ignore"):
                return self._lanes(path, plan, pairs, lanes)

        inner, signature = self.function.inner, Signature(self.function.inner, names, (), True, 0)
        after = [
            f"_found, _held = _run({count}, {', '.join(names)})",
            f"if _held is not None and not _held.all(): {signature.hand}",
            f"return _made(_like, iter(_found), {count})",
        ]
        scope = {"_run": run, "_made": self._made, "_like": like}
        return function(inner, signature, self.general, self.function.surroundings, looks, [], after, scope)

    def _kernel(self, path: Path, plan: Plan, mapped: tuple[bool, ...]) -> tuple[Kernel | CKernel, list[Any]]:
        """What runs a path over lanes, and what the guards, the last ones of its outputs, have to be."""
        kernel = path.in_c(lambda: CKernel(path, plan, mapped))
        if kernel is not None:
            return kernel, kernel.guards
        program, expected = path.statements(plan, scalar=True)
        return Kernel(program, mapped), expected

    def _made(self, like: Any, take: Iterator[Any], count: int, lists: bool = False) -> Any:
        """The lanes' results in the structure of one lane's: arrays, or ``lists`` of what one lane's lists hold."""
        parts = None if lists and isinstance(like, list) else pytree.children(like)
        if parts is not None:
            return pytree.like(like, [self._made(part, take, count, lists) for part in parts])
        if isinstance(like, (float, int)):
            return next(take).tolist() if lists else next(take)
        columns = [next(take) for _ in leaves_of(like)]
        if lists:
            rows: Any = zip(*[column.tolist() for column in columns]) if columns else [()] * count
            return [rebuild(like, iter(row), True) for row in rows]
        stacked = np.stack(columns, axis=-1) if columns else np.empty((count, 0))
        return np.moveaxis(stacked.reshape(count, *like.shape), 0, self.out_axes)
