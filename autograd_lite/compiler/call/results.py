"""What a compiled call returns when derivatives can flow through it: Values whose operands are the live ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.sweeps import LOCK, STATE, GradientSink, NaryOperands, Node, hooked
from ...engine.value import Value, node
from ...functional.linearize import Linear
from ...primitives.base import Op
from ...primitives.primitive import TABLE, Primitive
from ..record.structure import leaves_of, rebuild
from .loose import Loose

__all__ = ["Gradients", "Pullback", "call_primitive", "scalar_result"]


_add = np.add

#: numbers in the parameters above which a backward pass keeps no copy of their gradients
LARGE = 100_000

#: by how much a program's number may differ from the eager one, relatively
ROUNDING = 1e-11


@dataclass(eq=False, slots=True)
class Gradients(GradientSink):
    """The gradients of a compiled loss with respect to parameters: added to their buffers by ``backward()``.

    Attributes:
        runs: the parameters' storages, those that lie side by side together (``nn.buffer.Run``).
        arrays: what to add to the gradients of each run: flat arrays.
        release: gives the arrays back to the program that wrote them.
        loose: the loose Values, and ``share``, a flat array, what to add to theirs; None if there are none.
        added: to how many runs the latest sweep has added.
    """

    runs: Sequence[Any]
    arrays: Sequence[Any]
    release: Callable[[], None] | None
    loose: Loose | None = None
    share: Any = None
    added: int = 0

    def __del__(self) -> None:
        if self.release is not None:
            self.release()

    def prepare(self, adjoints: list[tuple[Any, Any]]) -> Any:
        """The gradients, times the adjoint of the loss; copies of what they are added to."""
        self.added = 0
        large = sum([run.grad.size for run in self.runs]) > LARGE
        # a copy would cost as much as the sweep then; taken back by subtraction, right to a rounding
        copies = None if large else [run.grad.copy() for run in self.runs]
        loose = None if self.loose is None else (self.loose.gradients(), _times(_adjoint(adjoints), self.share))
        latest = self.scaled(adjoints)
        return self._asked(latest) if STATE.hooks else latest, copies, loose

    def _asked(self, latest: Sequence[Any]) -> list[Any]:
        """The gradients as the hooks on single weights leave them."""
        found = []
        for run, g in zip(self.runs, latest):
            asked = g.copy()
            for storage, start in zip(run.storages, run.starts):
                for element in storage.made():
                    at = start + element.index
                    asked[at] = hooked(element, float(asked[at]))
            found.append(asked)
        return found

    def commit(self, prepared: Any) -> list[Node]:
        """Add the gradients."""
        size = 0.0
        for run, g in zip(self.runs, prepared[0]):
            total = run.grad
            _add(total, g, total)
            self.added += 1
            size += total.dot(total)
        bad = [] if size < math.inf else _nonfinite([storage for run in self.runs for storage in run.storages])
        return bad if self.loose is None else bad + self.loose.add(prepared[2][1])

    def restore(self, prepared: Any) -> None:
        """Put the copies back, or subtract what was added."""
        latest, copies, loose = prepared
        for k, run in enumerate(self.runs):
            if copies is not None:
                np.copyto(run.grad, copies[k])
            elif k < self.added:
                run.grad -= latest[k]
        if self.loose is not None:
            self.loose.set_gradients(loose[0])

    def scaled(self, adjoints: list[tuple[Any, Any]]) -> Sequence[Any]:
        """The gradients times the adjoint."""
        adjoint = _adjoint(adjoints)
        return [_times(adjoint, g) for g in self.arrays]

    def spread(self, adjoints: list[tuple[Any, Any]], inputs: Sequence[Node]) -> None:
        """Add the adjoints of those parameters' elements that are among ``inputs``."""
        found = {
            id(storage): (g, start)
            for run, g in zip(self.runs, self.scaled(adjoints))
            for storage, start in zip(run.storages, run.starts)
        }
        for element in inputs:
            storage = getattr(element, "storage", None)
            if storage is not None and id(storage) in found:
                g, start = found[id(storage)]
                element._adjoint += float(g[start + element.index])  # type: ignore[attr-defined]
            elif self.loose is not None and id(element) in self.loose.places:
                element._adjoint += _adjoint(adjoints) * float(self.share[self.loose.places[id(element)]].sum())

    def open(self, many: NaryOperands) -> None:
        """The loose Values become operands like any other."""
        with LOCK:  # not while a sweep of another thread is between two looks at the operands
            loose = self.loose
            if loose is None:
                return
            self.loose = None
            many.nodes = many.operands = [*many.nodes, *loose.nodes]
            many.partials = [*many.partials, *self.share.tolist()]
            if not self.runs:
                many.sink = None

    def older(self, born: float) -> bool:
        """Whether there are parameters, or a loose Value is as old."""
        loose = self.loose
        return bool(self.runs) or (loose is not None and any(node._pa < born for node in loose.nodes))


def _times(adjoint: float, gradients: Any) -> Any:
    return gradients if adjoint == 1.0 else adjoint * gradients


def _adjoint(adjoints: list[tuple[Any, Any]]) -> Any:
    """The adjoint of the one result that a sink has, if several sweeps' parts came together their sum."""
    return adjoints[0][1] if len(adjoints) == 1 else math.fsum([g for _, g in adjoints])


@dataclass(eq=False, slots=True)
class Pullback(Gradients):
    """The same for several results: their adjoints go through the reverse program together, once."""

    count: int = 0
    pull: Callable[[Any], Sequence[Any]] = list

    def scaled(self, adjoints: list[tuple[Any, Any]]) -> Sequence[Any]:
        seed = np.zeros(self.count)
        for many, g in adjoints:
            seed[many.index] += g
        return [np.ravel(g) for g in self.pull(seed)]


def _nonfinite(storages: Sequence[Any]) -> list[Node]:
    """The first scalar of a parameter whose gradient is nan or infinite, for the warning that names it."""
    for storage in storages:
        finite = np.isfinite(storage.grad.view(np.ndarray)).reshape(-1)
        if not finite.all():
            at = int(np.argmin(finite))
            leaf = Value(storage.numbers[at], storage.element_label(at))
            leaf._adjoint = float(storage.gradients[at])
            return [leaf]
    return []


class CallPrimitive(Primitive):
    """A compiled call. One is made at each call that may be differentiated: what they have in common stands here."""

    sympy = array = ""
    precedence = 5
    domain = ((-2.0, 2.0),)
    kinks = ()
    expression = textbook = None
    whole = -1
    choice = passive = False

    def __init__(self, name: str, fn: Callable[..., float], partials: Callable[..., Any]) -> None:
        Op.__init__(self, name, -1, fn, partials)

    @property
    def text(self) -> str:  # type: ignore[override]
        return f"{self.name}({{args}})"

    @property
    def latex(self) -> str:  # type: ignore[override]
        return rf"\operatorname{{{{{self.name}}}}}({{args}})"


def call_primitive(
    name: str,
    call: tuple[Callable[..., Any], Any, Any] | None,
    places: Callable[[], Sequence[Any]] = tuple,
    number: float = math.nan,
) -> Primitive:
    """The op of a compiled call. Elsewhere than at its point, and in derivatives of it, it is the eager call.

    Args:
        name: the function's name.
        call: the function, its positional and its named arguments; None where parameters are behind the result.
        places: gives for each operand of the op its number among the Values in the arguments, or the live Value itself
            that the function closes over.
        number: what the call gave. The eager one may differ from it by rounding, which is no sign of a change.
    """

    def at(xs: Sequence[Any]) -> Any:
        if call is None:
            raise NotImplementedError(
                f"{name} is compiled and closes over parameters: for its higher derivatives call the function itself, "
                f"or compile ag.grad of it"
            )
        f, args, named = call
        found = leaves_of((args, named))
        given = {place: x for place, x in zip(places(), xs) if type(place) is int}
        new = iter([given[k] for k in range(len(given))])
        numbers = iter([next(new) if isinstance(x, Node) else x for x in found])
        return f(*rebuild(args, numbers), **rebuild(named, numbers))

    def value(*xs: float) -> float:
        y = at(xs)
        found = float(y._number() if isinstance(y, Node) else y)
        return number if abs(found - number) <= ROUNDING * abs(number) else found

    def partials(out: Any, *xs: Any) -> tuple[Any, ...]:
        fresh = [x._apply_unary(TABLE["identity"]) if isinstance(x, Node) else Value(x) for x in xs]
        y = at(fresh)
        # a live one may be made from others: each is an operand, and stands for itself
        inputs = [x if type(place) is int else place for place, x in zip(places(), fresh)]
        linear = Linear(inputs, [y], rules=any(isinstance(x, Node) for x in xs))
        return tuple(0.0 if g is None else g for g in linear.reverse([1.0]))

    return CallPrimitive(name, value, partials)


def scalar_result(
    number: float, prim: Primitive, nodes: list[Any], partials: list[float], sink: GradientSink | None, index: int = 0
) -> Value:
    """A Value with live operands ``nodes``; parameters, and packs of Values, are behind ``sink``."""
    return node(number, prim, None, None, 0.0, 0.0, NaryOperands(nodes, nodes, partials, sink, index))
