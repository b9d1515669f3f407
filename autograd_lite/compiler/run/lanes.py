"""``vmap``, compiled: every scalar of the program becomes an array with one number per lane, in blocks of lanes."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.sweeps import STATE
from ...functional.pytree import contains_node, tuple_maker
from ...functional.vmap import lane_of, vmap
from ..call.plans import Path, Plan
from ..emit.dialects import DIALECTS, elementwise_source, number_source
from ..emit.words import numpy_helpers
from ..ir.array_program import ArrayProgram, Statement
from ..ir.control_ops import COMPARISONS
from ..ir.naming import all_names, leaf_names
from ..record.structure import flatten, has_integers, leaves_of, rebuild
from .arrays import ufunc_of
from .quick_lanes import quick_call

if TYPE_CHECKING:
    from ..call.compiled import Compiled

__all__ = ["Kernel", "Lanes"]

#: numbers of lanes that a block's buffers may hold together: they stay in the second-level cache
CACHE = 60_000
SMALLEST, LARGEST = 512, 16_384
MAX_KERNELS = 64
#: fewer lanes of a program of more instructions are run one by one: its ufuncs would take longer, and be long to write
FEW, LONG = 100, 4000


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
            return [statement.args[0]] * int(np.prod(statement.shape))
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
        self.scope.update(numpy_helpers(text))
        return text, self.scope, [self.program.statements[i].boolean for i in self.flat]

    def emit(self, i: int, statement: Statement, output: int | None) -> None:
        args = [self.texts[a] for a in statement.args]
        op = statement.op
        self.vector[i] = any(self.vector[a] for a in statement.args)
        if op == "leaf":
            self.vector[i] = self.mapped[statement.attrs]
            self.texts.append(f"n_{self.names[statement.attrs]}")
        elif op == "constant":
            self.texts.append(number_source(statement.attrs, "np") if statement.shape == () else "0.0")
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
            self.scope[f"_{found[0]}"] = getattr(np, found[0])
            keyword = "out=" if found[0] in ("maximum", "minimum") else ""
            self.lines.append(f"_{found[0]}({found[1].format(*args)}, {keyword}{target})")
        return target

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


class Lanes:
    """A compiled ``vmap``."""

    def __init__(self, function: Compiled, eager: Callable[..., Any], options: dict[str, Any]) -> None:
        self.function = function
        self.in_axes = options["in_axes"]
        self.out_axes = options["out_axes"]
        self.eager = eager
        self.looped = vmap(self._alone, self.in_axes, self.out_axes)
        self.kernels: dict[Any, Kernel] = {}
        self.quick: Callable[..., Any] | None = None
        self.lock = threading.RLock()

    def __call__(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if self.quick is not None and not named and not STATE.observers:
            found = self.quick(*args)
            if found is not None:
                return found
        axes = self.in_axes
        axes = [axes] * len(args) if axes is None or isinstance(axes, int) else list(axes)
        if len(axes) != len(args):
            return self.eager(*args, **named)  # says what is wrong
        batches = _Batches(args, axes, named)
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

    def _alone(self, *args: Any, **named: Any) -> Any:
        """One lane by itself; not while another thread asks for the path of its own."""
        with self.lock:
            return self.function(*args, **named)

    def _run(self, batches: _Batches, args: Any, named: Any) -> Any:
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
                if held.all():
                    if not named:
                        self.quick = quick_call(self, path, plan, like, batches)
                    return self._shaped(like, found, batches)
                if _has_statics(like):
                    return self.looped(*args, **named)
                results = [np.empty(batches.count) for _ in found]
            if len(found) != len(results) or _has_statics(like):
                return self.looped(*args, **named)
            where = np.flatnonzero(held) if left is None else left[held]
            for result, part in zip(results, found):
                result[where] = part[held]
            left = np.flatnonzero(~held) if left is None else left[~held]
        assert results is not None
        return self._shaped(like, results, batches)

    def _lanes(self, path: Path, plan: Plan, given: Sequence[tuple[Any, bool]], lanes: int) -> tuple[list[Any], Any]:
        """The scalar outputs of one path for some lanes, and which lanes take that path."""
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
        key = (id(path), plan.key(), tuple(mapped))
        kernel = self.kernels.get(key)
        expected = path.expected
        if kernel is None:
            while len(self.kernels) >= MAX_KERNELS:
                self.kernels.pop(next(iter(self.kernels), None), None)
            program, expected = path.statements(plan, scalar=True)
            path.expected = expected
            kernel = self.kernels[key] = Kernel(program, mapped)
            kernel.scope["_path"] = path  # kept, so that its id stays its own
        found = kernel.run(blocks, mapped, lanes)
        held = np.ones(lanes, dtype=bool)
        if expected:
            for numbers, (wanted, exact) in zip(found[len(found) - len(expected) :], expected):
                held &= (numbers == wanted) if exact else ((numbers != 0.0) == bool(np.ravel(wanted)[0]))
            found = found[: len(found) - len(expected)]
        return found, held

    def _shaped(self, like: Any, found: list[Any], batches: _Batches) -> Any:
        take = iter(found)
        return _listed(like, take) if batches.lists else self._stacked(like, take, batches.count)

    def _stacked(self, like: Any, take: Iterator[Any], count: int) -> Any:
        """The lanes' results in the structure of one lane's."""
        if isinstance(like, np.ndarray) and like.dtype == bool:
            return np.moveaxis(np.stack([like] * count), 0, self.out_axes)
        if isinstance(like, np.ndarray):
            stacked = np.stack([next(take) for _ in range(like.size)], axis=-1) if like.size else np.empty((count, 0))
            return np.moveaxis(stacked.reshape(count, *like.shape), 0, self.out_axes)
        if isinstance(like, (list, tuple)):
            items = [self._stacked(item, take, count) for item in like]
            return type(like)(*items) if hasattr(like, "_fields") else type(like)(items)
        if isinstance(like, dict):
            return {key: self._stacked(item, take, count) for key, item in like.items()}
        if isinstance(like, (float, int)) and not isinstance(like, bool):
            return next(take)
        return np.full(count, float(like)) if isinstance(like, bool) else like


def _listed(like: Any, take: Iterator[Any]) -> Any:
    """The lanes' results as a list; a tuple or dict of lists if one lane's are a tuple or dict."""
    if isinstance(like, dict):
        return {key: _listed(item, take) for key, item in like.items()}
    if isinstance(like, tuple):
        return tuple_maker(like)([_listed(item, take) for item in like])
    if isinstance(like, (float, int)):
        return next(take).tolist()
    columns = [next(take).tolist() for _ in range(_size(like))]
    return [rebuild(like, iter(numbers)) for numbers in zip(*columns)]


def _size(like: Any) -> int:
    found: list[Any] = []
    leaves_of(like, found)
    return len(found)


class _Batches:
    """The arguments of a call, taken apart into arrays of lanes and into what all lanes share.

    Attributes:
        arrays: for each argument the arrays of its lanes, lanes first, or None for one that is shared; None in the
            place of them all if an argument is not of plain numbers.
        count: the number of lanes; 0 if there are none, or batches of different sizes.
        lists: whether all batches are lists, and results are.
    """

    def __init__(self, args: Sequence[Any], axes: Sequence[Any], named: dict[str, Any]) -> None:
        self.args, self.axes, self.named = args, axes, named
        self.arrays: list[list[Any] | None] | None = []
        self.kinds: set[type] = set()
        for arg, axis in zip(args, axes):
            part: list[Any] | None = [] if axis is not None else None
            if (part is not None and not self._split(arg, axis, part)) or (part is None and contains_node(arg)):
                self.arrays = None
                return
            self.arrays.append(part)
        if contains_node(named) or not self.kinds:
            self.arrays = None
            return
        sizes = {len(array) for part in self.arrays if part is not None for array in part}
        self.count = sizes.pop() if len(sizes) == 1 else 0
        self.lists = self.kinds == {list}

    def _split(self, x: Any, axis: Any, found: list[Any]) -> bool:
        """Append the arrays of a mapped argument; False if it is not made of any."""
        if isinstance(x, dict):
            return all(self._split(item, axis, found) for item in x.values())
        if isinstance(x, tuple):
            return all(self._split(item, axis, found) for item in x)
        if not isinstance(x, (list, np.ndarray)) or not isinstance(axis, int) or isinstance(axis, bool):
            return False
        if isinstance(x, list) and (axis < 0 or has_integers(x)):
            return False
        try:
            array = np.asarray(x)
        except ValueError:  # rows of different lengths
            return False
        if array.dtype.kind not in "fiu" or not -array.ndim <= axis < array.ndim:
            return False
        self.kinds.add(type(x))
        found.append(np.moveaxis(np.asarray(array, dtype=float), axis, 0))
        return True

    def lane(self, k: int) -> tuple[Any, ...]:
        """The arguments of one lane."""
        return tuple(arg if axis is None else lane_of(arg, axis, k) for arg, axis in zip(self.args, self.axes))

    def blocks(self, path: Path, left: Any) -> list[tuple[Any, bool]] | None:
        """The array of every block of the recording's arguments, and whether it has lanes; None if they don't fit."""
        shapes = {leaf.key: leaf.shape for leaf in path.leaves if leaf.kind == "argument"}
        found: list[tuple[Any, bool]] = []
        assert self.arrays is not None
        for arg, part in zip([*self.args, *self.named.values()], [*self.arrays, *[None] * len(self.named)]):
            if part is None:
                shared: list[Any] = []
                flatten(arg, shared)
                found += [(np.asarray(block, dtype=float), False) for block in shared]
                continue
            chosen = part if left is None else [array[left] for array in part]
            if [array.shape[1:] for array in chosen] != [shapes.get(len(found) + i) for i in range(len(chosen))]:
                flat = np.concatenate([array.reshape(len(array), -1) for array in chosen], axis=1)
                chosen = []  # a tuple of numbers is one block, which here comes in several batches
                while flat.shape[1]:
                    shape = shapes.get(len(found) + len(chosen), ())
                    size = math.prod(shape)
                    if not 0 < size <= flat.shape[1]:
                        return None
                    chosen.append(flat[:, :size].reshape(len(flat), *shape))
                    flat = flat[:, size:]
            found += [(array, True) for array in chosen]
        fits = {k: block.shape[batched:] for k, (block, batched) in enumerate(found)}
        return found if fits == shapes else None


def _has_statics(like: Any) -> bool:
    """Whether a result holds things that are not numbers, which another path may hold otherwise."""
    if isinstance(like, dict):
        return any(map(_has_statics, like.values()))
    if isinstance(like, (list, tuple)):
        return any(map(_has_statics, like))
    if isinstance(like, np.ndarray):
        return bool(like.dtype == bool)
    return isinstance(like, bool) or not isinstance(like, (float, int))
