"""``vmap``, compiled: a call's lanes along the recorded ways, and its results in the structure of one lane's."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...functional import pytree
from ...functional.vmap import vmap
from ..record.structure import has_integers, leaves_of, rebuild
from ..run.lanes import Kernel
from .batches import Batches
from .c_engine import CKernel
from .c_library import CUnavailable
from .entry import function
from .kinds import Unlike, Written, display, kind_of
from .plans import Path, Plan
from .running import Running
from .signature import Signature

__all__ = ["Lanes"]

MAX_KERNELS = 64
#: fewer lanes of a program of more instructions are run one by one: its ufuncs would take longer, and be long to write
FEW, LONG = 100, 4000


class Lanes:
    """A compiled ``vmap``."""

    def __init__(self, owner: Running, function: Running, options: dict[str, Any]) -> None:
        self.owner = owner
        self.function = function
        self.in_axes = options["in_axes"]
        self.out_axes = options["out_axes"]
        self.eager = owner._f
        self.looped = vmap(self._alone, self.in_axes, self.out_axes)
        self.kernels: dict[Any, Kernel | CKernel] = {}
        self.mapped: list[bool] = []  # of the latest kernel: the blocks that have lanes
        self.calls: dict[Any, Callable[..., Any] | None] = {}
        self.lock = threading.RLock()

    def __call__(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        axes = self.in_axes
        axes = [axes] * len(args) if axes is None or isinstance(axes, int) else list(axes)
        if len(axes) != len(args):
            return self.eager(*args, **named)  # says what is wrong
        batches = Batches(args, axes, named)
        if batches.arrays is None:
            return self.looped(*args, **named)
        if batches.count < 1:
            return self.eager(*args, **named)
        try:
            with np.errstate(all="ignore"):
                return self._run(batches, args, named)
        except (TypeError, IndexError):  # an integer that counts: each lane by itself
            if not any(map(has_integers, args)):
                raise
            return self.looped(*args, **named)

    def _alone(self, /, *args: Any, **named: Any) -> Any:
        """One lane by itself; not while another thread asks for the path of its own."""
        with self.lock:
            return self.function(*args, **named)

    def _run(self, batches: Batches, args: Any, named: Any) -> Any:
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
            if blocks is None:
                return self.looped(*args, **named)
            lanes = batches.count if left is None else len(left)
            found, held = self._lanes(path, plan, blocks, lanes)
            if results is None:
                if held is None or held.all():
                    if not named:
                        self._straight(path, plan, like, batches, len(found))
                    return self._shaped(like, found, batches)
                if _has_statics(like):
                    return self.looped(*args, **named)
                results = [np.empty(batches.count) for _ in found]
            if len(found) != len(results) or _has_statics(like):
                return self.looped(*args, **named)
            held = np.ones(lanes, dtype=bool) if held is None else held
            where = np.flatnonzero(held) if left is None else left[held]
            for result, part in zip(results, found):
                result[where] = part[held]
            left = np.flatnonzero(~held) if left is None else left[~held]
        assert results is not None
        return self._shaped(like, results, batches)

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
        key = (path, plan.key(), tuple(mapped))
        self.mapped = mapped
        kernel = self.kernels.get(key)
        expected = path.expected
        if kernel is None:
            while len(self.kernels) >= MAX_KERNELS:
                self.kernels.pop(next(iter(self.kernels), None), None)
            kernel = self._in_c(path, plan, mapped)
            if kernel is not None:
                path.expected = expected = kernel.guards
            else:
                program, expected = path.statements(plan, scalar=True)
                path.expected = expected
                kernel = Kernel(program, mapped)
            self.kernels[key] = kernel
        found = kernel.run(blocks, mapped, lanes)
        held = None
        if expected:
            held = np.ones(lanes, dtype=bool)
            for numbers, (wanted, exact) in zip(found[len(found) - len(expected) :], expected):
                held &= (numbers == wanted) if exact else ((numbers != 0.0) == bool(np.ravel(wanted)[0]))
            found = found[: len(found) - len(expected)]
        if plan.value and bool in path.recording.plain:
            kinds = [*path.recording.plain, *[None] * len(found)]
            found = [numbers != 0.0 if kind is bool else numbers for numbers, kind in zip(found, kinds)]
        return found, held

    def _straight(self, path: Path, plan: Plan, like: Any, batches: Batches, size: int) -> None:
        """Let calls with such arguments, which find ``size`` numbers a lane, go to generated code."""
        shapes = [x.shape[axis is not None :] if type(x) is np.ndarray else type(x) for x, axis in batches.given]
        key = (id(path), plan.key(), *zip(shapes, batches.axes))
        with self.lock:
            if key not in self.calls:
                while len(self.calls) >= MAX_KERNELS:
                    self.calls.pop(next(iter(self.calls)))
                try:
                    self.calls[key] = self._call(path, plan, like, batches, size)
                except Unlike:
                    self.calls[key] = None
            self.owner.calls_go_to(self.calls[key])

    def _call(self, path: Path, plan: Plan, like: Any, batches: Batches, size: int) -> Callable[..., Any]:
        """A function for float arrays with lanes first, and for floats and float arrays that all lanes share."""
        leaves = {leaf.key: leaf.shape for leaf in path.leaves if leaf.kind == "argument"}
        plain = all(leaf.kind in ("constant", "argument") for leaf in path.leaves)
        if batches.lists or len(leaves) != len(batches.args) or path.kinds or path.level or self.out_axes or not plain:
            raise Unlike
        names = [f"x{k}" for k in range(len(leaves))]
        mapped = [axis is not None for axis in batches.axes]
        count = f"_len({names[mapped.index(True)]})"
        checks = []
        for k, (name, (x, axis)) in enumerate(zip(names, batches.given)):
            shape = f"({count}, {''.join(f'{n}, ' for n in leaves[k])})" if mapped[k] else ""
            kind = kind_of(x, shape=shape)
            if kind is None or kind.items or axis not in (None, 0) or np.shape(x)[mapped[k] :] != leaves[k]:
                raise Unlike
            checks.append(kind.check.format(name))
        if _has_statics(like):
            raise Unlike

        def run(lanes: int, *given: Any) -> tuple[list[Any], Any]:
            pairs = [(np.float64(x) if type(x) is float else x, lane) for x, lane in zip(given, mapped)]
            with np.errstate(all="ignore"):
                return self._lanes(path, plan, pairs, lanes)

        signature = Signature(self.function.inner, names, (), True, 0)
        result = display(like, _Stacked(size, count))
        after = [
            f"_found, _held = _run({count}, {', '.join(names)})",
            f"if _held is not None and not _held.all(): {signature.hand}",
        ]
        scope = {"_run": run, "_stack": np.stack}
        return function(
            self.function.inner, signature, self.owner.general, self.function.surroundings,
            [*checks, f"{count} > 0"], [], [*after, f"return {result}"], scope,
        )  # fmt: skip

    def _in_c(self, path: Path, plan: Plan, mapped: Sequence[bool]) -> CKernel | None:
        target = path.target
        if target is None or not target.active:
            return None
        try:
            return CKernel(path, plan, mapped)
        except (CUnavailable, NotImplementedError) as error:
            target.refuse(error)
        return None

    def _shaped(self, like: Any, found: list[Any], batches: Batches) -> Any:
        take = iter(found)
        return _listed(like, take) if batches.lists else self._stacked(like, take, batches.count)

    def _stacked(self, like: Any, take: Iterator[Any], count: int) -> Any:
        """The lanes' results in the structure of one lane's."""
        if isinstance(like, np.ndarray) and like.dtype == bool:
            return np.moveaxis(np.stack([like] * count), 0, self.out_axes)
        if isinstance(like, np.ndarray):
            stacked = np.stack([next(take) for _ in range(like.size)], axis=-1) if like.size else np.empty((count, 0))
            return np.moveaxis(stacked.reshape(count, *like.shape), 0, self.out_axes)
        if isinstance(like, (list, tuple, dict)):
            return pytree.like(like, [self._stacked(item, take, count) for item in pytree.children(like)])
        if isinstance(like, (float, int)) and not isinstance(like, bool):
            return next(take)
        return np.full(count, float(like)) if isinstance(like, bool) else like


class _Stacked(Written):
    """Outputs are arrays with a number for each lane."""

    def __init__(self, size: int, count: str) -> None:
        super().__init__([([f"_found[{k}]" for k in range(size)], (size,))])
        self.count = count

    def array(self, wanted: tuple[int, ...]) -> str:
        if 0 in wanted:
            raise Unlike
        return f"_stack({self.row(math.prod(wanted))}, -1).reshape(({self.count}, {str(wanted)[1:-1]}))"

    def arrays(self, n: int, wanted: tuple[int, ...]) -> str:
        return ", ".join([self.array(wanted) for _ in range(n)])


def _listed(like: Any, take: Iterator[Any]) -> Any:
    """The lanes' results as a list; a tuple or dict of lists if one lane's are a tuple or dict."""
    if isinstance(like, (dict, tuple)):
        return pytree.like(like, [_listed(item, take) for item in pytree.children(like)])
    if isinstance(like, (float, int)):
        return next(take).tolist()
    columns = [next(take).tolist() for _ in range(_size(like))]
    return [rebuild(like, iter(numbers)) for numbers in zip(*columns)]


def _size(like: Any) -> int:
    found: list[Any] = []
    leaves_of(like, found)
    return len(found)


def _has_statics(like: Any) -> bool:
    """Whether a result holds things that are not numbers, which another path may hold otherwise."""
    if isinstance(like, (list, tuple, dict)):
        return any(map(_has_statics, pytree.children(like)))
    if isinstance(like, np.ndarray):
        return bool(like.dtype == bool)
    return isinstance(like, bool) or not isinstance(like, (float, int))
