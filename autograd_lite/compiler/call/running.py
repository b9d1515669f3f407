"""Running one recorded path: its numbers, the gradients that a transform asks for, Values with derivatives."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.packs import are_leaves
from ...functional.transform import Jacobian
from ..ir.activity import dependent
from ..record.arguments import Arguments
from ..record.pack import Pack
from ..record.structure import Flat, Parts, is_numeric, rebuild
from .guards import guards_hold
from .loose import Loose, places_of
from .plans import Compilation, Path, Plan
from .results import Gradients, Pullback, call_primitive, scalar_result

__all__ = ["Running", "positions", "transform_of"]


def transform_of(f: Callable[..., Any]) -> tuple[str, Any, Any]:
    """Which transform a function is, of which other, and with what options; "call" if it is none."""
    if isinstance(f, Jacobian):
        return "jacobian", f, None
    kind, inner, options = getattr(f, "__transform__", ("call", f, None))
    # functools.wraps copies the note to a wrapper of a transform
    return (kind, inner, options) if getattr(f, "__wrapped__", None) is inner else ("call", f, None)


def positions(argnums: Any, count: int) -> list[int] | None:
    """Which of so many arguments are meant; None if that is an error, which plain code explains."""
    asked = [argnums] if isinstance(argnums, int) else list(argnums)
    if not all(type(n) is int and -count <= n < count for n in asked):
        return None
    found = [n % count for n in asked]
    return found if len(set(found)) == len(found) else None


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

    def differentiated(self, count: int) -> list[int]:
        """The positions of the arguments of a gradient, of so many."""
        return [] if self.kind == "call" else positions(self.argnums, count) or []

    def run_path(self, path: Path, given: Arguments) -> tuple[bool, Any]:
        """Run one path: whether the call takes it, and the result."""
        values = sorted(given.values)
        live = any(path.tainted) and (bool(values) or not self.numbers_only)
        key = (*values, live)
        if key not in path.plans:
            call = self.kind == "call"
            path.plans[key] = self._plan(path, values, live) if call else self._gradient(path, given)
        plan = path.plans[key]
        if plan is None:
            return True, self._f(*given.args, **given.named)
        compilation = path.compilation(plan)
        outputs, held = compilation.call(given)
        count = len(compilation.guards)
        if count and not guards_hold(outputs[len(outputs) - count :], compilation.guards):
            compilation.give_back(held)
            return False, None
        self.last = given.last = compilation
        if self.kind == "call":
            if plan.wrt:
                return True, self.live_result(compilation, outputs, held, (given.args, given.named), given, values)
            result = self._result(path, outputs[0], given if live else None)
        else:
            numbers = Flat(outputs[plan.value : plan.value + len(plan.wrt)])
            found = [rebuild(given.args[n], numbers) for n in self.differentiated(len(given.args))]
            result = found[0] if isinstance(self.argnums, int) else tuple(found)
            result = (float(outputs[0]), result) if plan.value else result
        compilation.give_back(held)
        return True, result

    def _plan(self, path: Path, values: list[int], live: bool) -> Plan | None:
        """What a call asks of a program: its value, and derivatives by what is live; None if it runs eagerly."""
        if len(path.program.outputs) != 1:
            eager = values or (live and any(path.leaves[k].kind == "value" for k in path.live))
            return None if eager else Plan(True)
        if path.recording.plain[0] is not None or not (values or live):
            return Plan(True)
        given = tuple(path.arguments[k] for k in values)
        reaches = live or self.numbers_only or any(dependent(path.program, given))
        # what depends on other arguments only is a plain number
        plain = not reaches and any(dependent(path.program, path.arguments, True))
        return Plan(True, () if plain else path.live + given if live else given)

    def _gradient(self, path: Path, given: Arguments) -> Plan | None:
        """The same for ``grad`` and ``value_and_grad``; None if they raise, and say what to use instead."""
        chosen = positions(self.argnums, len(given.args))
        single = len(path.program.outputs) == 1 and isinstance(path.recording.result, float)
        if chosen is None or not single or not all(is_numeric(given.args[n]) for n in chosen):
            return None
        return Plan(self.kind == "value_and_grad", path.wrt(chosen, given))

    def _result(self, path: Path, found: Any, live: Parts | None) -> Any:
        """The numbers that were found, in the structure of the recorded result; Values, if those of ``live`` arguments
        depend on parameters.
        """
        like = path.recording.result
        if path.recording.floats and live is None and len(path.program.outputs) > 1:
            return rebuild(like, Flat([found]), True)
        numbers: list[Any] = list(map(float, found if len(path.program.outputs) != 1 else [found]))
        if live is not None:
            numbers = self._live_results(path, live, numbers)
        if not path.recording.floats:
            numbers = [
                number if given is None else given(number) if isinstance(given, type) else given
                for number, given in zip(numbers, path.recording.plain)
            ]
        return rebuild(like, iter(numbers), True)

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
        places: list[Any] = []
        arrays, share, rest = compilation.sorted(outputs)
        loose = compilation.loose if share is not None else None
        live = loose.nodes if loose else []
        numbers = places_of(blocks, values) if values else {}
        packs: list[Pack] = []
        packed: list[int] = []
        shares = [] if share is None else [share]
        for leaf, g in rest:
            given = leaf.kind == "argument"
            of = blocks[leaf.key] if given else leaf.key
            if given and isinstance(of, Pack) and are_leaves(of.nodes):  # they pass nothing on
                shares.insert(len(packs), np.ravel(g))
                packs.append(of)
                packed += numbers[leaf.key]
                continue
            found = of.nodes if leaf.shape else [of]
            parts = zip(found, numbers[leaf.key] if given else found, np.ravel(g).tolist())
            for k, part in enumerate(parts, leaf.base):
                if part[2] != 0.0 or k in compilation.path.read:  # no other hands on a 0, to what it is made of
                    nodes.append(part[0])
                    places.append(part[1])
                    partials.append(part[2])
        if packs:
            loose, share = Loose([*packs, *(loose.packs if loose else ())]), np.concatenate(shares)
        release = None if held is None else functools.partial(compilation.pool.append, held)
        number = float(outputs[0])
        if not arrays and release is not None:
            release()
        sink = None
        if arrays or loose is not None:
            sink = Gradients(compilation.runs, arrays, release if arrays else None, loose, share)
        prim = self.primitive
        if not arrays and (nodes or loose):
            prim = call_primitive(self.name, (self._f, *call), lambda: [*places, *packed, *live], number)
        made = scalar_result(number, prim, nodes, partials, sink)
        like = compilation.path.recording.result
        return made if type(like) is float else rebuild(like, iter([made]), True)

    def _live_results(self, path: Path, blocks: list[Any], numbers: list[float]) -> list[Any]:
        """Several numbers, of which some depend on parameters."""
        parameters = tuple(k for k in path.live if path.leaves[k].kind == "parameter")
        kept = [np.array(block) if isinstance(block, np.ndarray) else block for block in blocks]
        past = {id(path.leaves[k].key): np.array(path.leaves[k].key.data) for k in parameters}  # the point of this call

        def pull(seed: Any) -> list[Any]:
            outputs, _ = path.compilation(Plan(False, parameters, True)).call(kept, [seed], past)
            return [np.array(g).reshape(path.leaves[k].shape) for k, g in zip(parameters, outputs)]

        runs = [storage.runs([storage])[0] for storage in (path.leaves[k].key for k in parameters)]
        sink = Pullback(runs, (), None, count=len(numbers), pull=pull)
        return [
            scalar_result(number, self.primitive, [], [], sink, index) if tainted else number
            for index, (number, tainted) in enumerate(zip(numbers, path.tainted))
        ]
