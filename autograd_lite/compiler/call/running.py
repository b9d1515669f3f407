"""Running one recorded path: its numbers, the gradients that a transform asks for, Values with derivatives."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..record.environment import Watch
from ..record.structure import Parts, assemble, is_numeric, rebuild
from .guards import guards_hold
from .loose import Given, Loose
from .plans import Compilation, Path, Plan
from .results import Gradients, Pullback, call_primitive, scalar_result

__all__ = ["Running"]

#: no Values among the arguments
_NONE = Given((), ())


class Running:
    """What a compiled function is to its paths.

    Attributes:
        kind: "call", "grad" or "value_and_grad".
        inner: the function that is recorded; ``argnums`` the arguments that a gradient is asked of.
        last: what the latest call ran.
        general: what generated calls are handed to; ``previous`` the one before the latest, where it is kept.
        numbers_only: whether what it closes over counts as constant.
        primitive: the op of a call where parameters are behind the result.
        backend: "default", "auto" or "c".
    """

    backend = "default"

    def __init__(self, f: Callable[..., Any], kind: str, inner: Callable[..., Any], argnums: Any, name: str) -> None:
        self._f = f
        self.kind = kind
        self.inner = inner
        self.argnums = argnums
        self.name = name
        self.last: Compilation | None = None
        self.numbers_only = False
        self.primitive = call_primitive(name, None)
        self.general: Callable[..., Any] = f
        self.previous: Callable[..., Any] | None = None

    @property
    def surroundings(self) -> Watch:
        """What the latest recording depends on besides its arguments."""
        raise NotImplementedError

    def run(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Parts]:
        """A call's result, and its arguments taken apart: with the program that ran on them, if one did."""
        raise NotImplementedError

    def _recorded(self) -> Compilation:
        """What the latest call ran; CompileError before the first."""
        raise NotImplementedError

    def calls_go_to(self, fast: Callable[..., Any] | None) -> None:
        """From now on, calls go to generated code; None for the general way."""
        raise NotImplementedError

    def path_for(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Path | None, Plan, Any]:
        """The path that a call takes, its plan, and a result like the call's; None if it runs eagerly."""
        raise NotImplementedError

    def __call__(self, /, *args: Any, **named: Any) -> Any:
        raise NotImplementedError

    def differentiated(self, args: tuple[Any, ...]) -> set[int]:
        """The positions of the arguments of a gradient; wrong ones are left out, and found elsewhere."""
        if self.kind == "call":
            return set()
        chosen = (self.argnums,) if isinstance(self.argnums, int) else self.argnums
        return {n % len(args) for n in chosen if isinstance(n, int) and args}

    def run_path(self, path: Path, args: Any, named: Any, blocks: Parts, values: list[int]) -> tuple[bool, Any]:
        """Run one path: whether the call takes it, and the result."""
        if self.kind != "call":
            return self._run_gradient(path, args, named, blocks)
        if values and len(path.program.outputs) != 1:
            return True, self._f(*args, **named)
        wrt: tuple[int, ...] = ()
        many = len(path.program.outputs) != 1
        tainted = any(path.tainted) and (bool(values) or not self.numbers_only)
        if not many and path.recording.plain[0] is None and (values or tainted):
            given = tuple(path.arguments[k] for k in values)
            wrt = given + path.live if tainted else given if self.numbers_only else path.reaching(given)
        elif many and tainted and any(path.leaves[k].kind == "value" for k in path.live):
            return True, self._f(*args, **named)
        compilation = path.compilation(True, wrt)
        outputs, held = compilation.call(blocks)
        count = len(compilation.guards)
        if count and not guards_hold(outputs[len(outputs) - count :], compilation.guards):
            compilation.give_back(held)
            return False, None
        self.last = blocks.last = compilation
        if wrt:
            return True, self.live_result(compilation, outputs, held, (args, named), blocks, values)
        like = path.recording.result
        found: Any = outputs[0]
        if path.shaped is not None and (isinstance(found, np.ndarray) or isinstance(like, np.ndarray)):
            result = path.shaped(np.asarray(found, dtype=float).ravel())
            compilation.give_back(held)
            return True, result
        numbers: list[Any] = [float(found)] if not many else list(map(float, found))
        compilation.give_back(held)
        if tainted:
            numbers = self._live_results(path, blocks, numbers)
        if not path.recording.floats:
            plain = path.recording.plain
            numbers = [
                number if given is None else given(number) if isinstance(given, type) else given
                for number, given in zip(numbers, plain)
            ]
        return True, rebuild(like, iter(numbers), True)

    def live_result(
        self, compilation: Compilation, outputs: Any, held: Any, call: Any, blocks: Any = (), values: Any = ()
    ) -> Any:
        """One number that derivatives flow through.

        Args:
            compilation: what ran, ``outputs`` what it found, and ``held`` what has to be given back.
            call: the arguments by position and by keyword.
            blocks, values: their numbers, and which of those are Values; neither is looked at if there are none.
        """
        nodes: list[Any] = []
        partials: list[float] = []
        if compilation.scalar:
            outputs = [np.array(x).reshape(shape) for x, shape in zip(outputs, compilation.shapes)]
        arrays, rest, share = compilation.sorted(outputs)
        loose = compilation.loose if share is not None else None
        live = loose.nodes if loose else []
        given = Given(blocks, values) if values else _NONE
        places: list[Any] = []
        for leaf, g in rest:
            if leaf.kind == "argument" and given.takes(leaf.key, g):
                continue
            of = blocks[leaf.key] if leaf.kind == "argument" else leaf.key
            found = of.nodes if leaf.shape else [of]
            nodes += found
            places += given.places(leaf.key) if leaf.kind == "argument" else found
            partials += np.ravel(g).tolist()
        if given.packs:
            loose = Loose([*given.packs, *(loose.packs if loose else ())])
            share = np.concatenate([*given.shares, *([] if share is None else [share])])
        release = None if held is None else functools.partial(compilation.pool.append, held)
        number = float(outputs[0])
        if not arrays and release is not None:
            release()
        sink = None
        if arrays:
            sink = Gradients(compilation.runs, arrays, release, loose, share)
        elif loose is not None:
            sink = Gradients((), (), None, loose, share)
        prim = self.primitive
        if not arrays and (nodes or loose):
            prim = call_primitive(self.name, (self._f, *call), lambda: [*places, *given.packed, *live], number)
        made = scalar_result(number, prim, nodes, partials, sink)
        like = compilation.path.recording.result
        return made if type(like) is float else rebuild(like, iter([made]), True)

    def _live_results(self, path: Path, blocks: list[Any], numbers: list[float]) -> list[Any]:
        """Several numbers, of which some depend on parameters."""
        parameters = tuple(k for k in path.live if path.leaves[k].kind == "parameter")
        kept = [np.array(block) if isinstance(block, np.ndarray) else block for block in blocks]
        recorded = {k: np.array(path.leaves[k].key.data) for k in parameters}  # the point of this call

        def pull(seed: Any) -> list[Any]:
            outputs = path.compilation(False, parameters, True).call_on_copies(kept, recorded, seed)
            return [np.array(g).reshape(path.leaves[k].shape) for k, g in zip(parameters, outputs)]

        sink = Pullback(path.apart, len(numbers), pull)
        return [
            scalar_result(number, self.primitive, [], [], sink, index) if tainted else number
            for index, (number, tainted) in enumerate(zip(numbers, path.tainted))
        ]

    def _run_gradient(self, path: Path, args: Any, named: Any, blocks: Parts) -> tuple[bool, Any]:
        """``grad`` and ``value_and_grad``: the derivatives, in the structure of the arguments."""
        single = isinstance(self.argnums, int)
        asked = (self.argnums,) if single else tuple(self.argnums)
        chosen = [n % len(args) for n in asked if type(n) is int and -len(args) <= n < len(args)]
        wrong = len(set(chosen)) != len(asked) or not all(is_numeric(args[n]) for n in chosen)
        if wrong or len(path.program.outputs) != 1 or not isinstance(path.recording.result, float):
            return True, self._f(*args, **named)  # raises, and says what to use instead
        wrt = tuple(path.arguments[k] for n in chosen for k in range(blocks.starts[n], blocks.starts[n + 1]))
        compilation = path.compilation(self.kind == "value_and_grad", wrt)
        outputs, held = compilation.call(blocks)
        count = len(compilation.guards)
        if count and not guards_hold(outputs[len(outputs) - count :], compilation.guards):
            compilation.give_back(held)
            return False, None
        self.last = blocks.last = compilation
        arrays = iter(outputs[1:] if compilation.plan.value else outputs)
        found = [assemble(args[n], arrays) for n in chosen]
        result = found[0] if single else tuple(found)
        if compilation.plan.value:
            result = (float(outputs[0]), result)
        compilation.give_back(held)
        return True, result
