"""``checkpoint``: memory for time. A part of the graph keeps only what goes into it, and is recorded again when a
sweep needs it (problem 7.11 of the chapter: store one layer in ten, and run each stretch of ten again).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..engine.grad_mode import cut
from ..engine.hooks import watch
from ..engine.nodes import reaches_outside
from ..engine.observers import current_tracer, observe, observers, without_observers
from ..engine.recordings import Running, is_running, owner_of
from ..engine.sweeps import (
    SWEEPS,
    CheckpointOperands,
    Node,
    Sunk,
    operands_of,
    order,
    propagate_watched,
)
from ..engine.value import Value, node
from ..errors import GraphChangedError
from ..primitives import arithmetic
from ..primitives.primitive import primitive
from .linearize import Linear
from .pytree import substitute

__all__ = ["CHECKPOINT", "Group", "checkpoint"]


R = TypeVar("R")


def _no_rule(out: Any, *args: Any) -> Any:
    raise TypeError("a checkpoint is recorded again by the function it was made of; it has no rule of its own")


@primitive(_no_rule, name="checkpoint", arity=-1)
def CHECKPOINT(*args: float) -> float:
    """A stretch of the graph that is recorded again in the sweep."""
    raise TypeError("a checkpoint can't be computed from numbers: call ag.checkpoint(f, …)")


_serial = itertools.count(1)


class _Collector:
    """Sees a function run: collects the Values it uses from outside, and cuts its own nodes."""

    cuts = True

    def __init__(self, inputs: Sequence[Node]) -> None:
        self.mark = -1.0 - next(_serial)  # in ``_pa`` of the function's own nodes, which are leaves; stamps are not < 0
        self.outside: dict[int, Node] = {id(x): x for x in inputs}
        self.layers = False
        self._whole: dict[int, Node] = {}

    def __call__(self, made: Node) -> None:
        self._collect(made)
        cut(made)
        made._pa = self.mark

    def uncut(self, made: Node) -> None:
        """What sees a node in the place of the collector itself where a transform inside the function records."""
        self._collect(made)
        self._whole[id(made)] = made

    def _collect(self, made: Node) -> None:
        for operand in operands_of(made):
            if not self.made(operand):
                self.outside.setdefault(id(operand), operand)
        self.layers = self.layers or reaches_outside([made], 0.0)

    def made(self, x: Node) -> bool:
        """Whether the function made this node."""
        return (x._prim is None and x._pa == self.mark) or id(x) in self._whole


class _First(Running):
    """The first run of a checkpoint inside a transform: what it makes is cut, and still belongs to the transform."""

    __slots__ = ("_collector",)

    def __init__(self, inputs: Sequence[Node], collector: _Collector) -> None:
        super().__init__(inputs)
        self._collector = collector

    def has(self, node: Node) -> bool:
        return self._collector.made(node)


class Group:
    """One call of ``checkpoint``: the function, what goes into it, and the numbers that come out.

    Attributes:
        nodes: the Values in the arguments, then those that the function found elsewhere.
        layers: whether parameters of layers are among what goes in; they are no nodes.
        in_transform: whether what goes in belongs to a running transform, in which copies are no copies.
    """

    layers = False
    in_transform = False

    def __init__(self, f: Callable[..., Any], args: Any, kwargs: Any) -> None:
        watch(self)
        self.f = f
        self.args = args
        self.kwargs = kwargs
        self.inputs: list[Any] = []
        substitute((args, kwargs), self.inputs.append)
        self.inputs = list({id(x): x for x in self.inputs}.values())
        self.nodes: list[Any] = []
        self.numbers: list[float] = []
        self.results: list[float] = []
        self._replayed: tuple[list[Any], list[Any]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_replayed": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        watch(self)

    def record(self) -> Any:
        """Run the function; its results as nodes that stand for the whole."""
        collector = _Collector(self.inputs)
        running = _First(self.inputs, collector) if is_running() else None
        try:
            with observe(collector):
                result = self.f(*self.args, **self.kwargs)
        finally:
            if running is not None:
                running.end()
        self.reads(list(collector.outside.values()), collector.layers)
        made: dict[int, Any] = {}

        def stand_in(y: Any) -> Any:
            if not collector.made(y):  # an argument handed through, or a constant
                return y
            if id(y) not in made:
                number = y._number()
                info = CheckpointOperands(self, self.nodes, len(made))
                info.label = y.label
                made[id(y)] = node(number, CHECKPOINT, None, None, 0.0, 0.0, info)
                self.results.append(number)
            return made[id(y)]

        return substitute(result, stand_in)

    def reads(self, nodes: list[Any], layers: bool) -> None:
        """Note what goes in: the Values, and whether parameters do."""
        self.nodes = nodes
        self.layers = layers
        self.in_transform = any(owner_of(x) is not None for x in nodes)
        self.numbers = [x._number() for x in nodes]

    def results_of(self, result: Any, made: dict[int, Node]) -> list[Any]:
        """The nodes of a second run that stand for the results: those that it made."""
        found: dict[int, Any] = {}
        substitute(result, lambda y: found.setdefault(id(y), y) if id(y) in made else None)
        return list(found.values())

    def repeats(self, numbers: list[float]) -> bool:
        """Whether a second run gave what the first did."""
        return len(numbers) == len(self.results) and all(map(_same, numbers, self.results))

    def _run(self, inputs: list[Any]) -> list[Any]:
        """Run the function with other nodes in the place of its inputs; the results that were not handed through."""
        for x, number in zip(self.nodes[len(self.inputs) :], self.numbers[len(self.inputs) :]):
            if not _same(x._number(), number):
                raise _changed(
                    f"a Value that it uses ({x.label or 'without a label'}) was {number!r}, and is {x.data!r}"
                )
        place = {id(x): fresh for x, fresh in zip(self.inputs, inputs)}
        args, kwargs = substitute((self.args, self.kwargs), lambda x: place[id(x)])
        before = _Watcher()
        with without_observers("cuts"), observe(before):
            running = Running([*inputs, *self.nodes[len(self.inputs) :]]) if self.in_transform else None
            try:
                result = self.f(*args, **kwargs)
            finally:
                if running is not None:
                    running.end()
        results = self.results_of(result, before.made)
        numbers = [y._number() for y in results]
        if not self.repeats(numbers):
            raise _changed(f"it gave {self.results!r}, and now gives {numbers!r}; does it draw random numbers?")
        return results

    def pull(self, adjoints: list[tuple[int, float]]) -> list[Sunk]:
        """In a reverse sweep: record again, hand the adjoints of the results to the operands, and forget."""
        fresh = [Value(number) for number in self.numbers[: len(self.inputs)]]
        results = self._run(fresh)
        epoch = SWEEPS.epoch  # stops at what the outer sweep has marked
        inner = [node for result in results for node in order(result, epoch)]
        for index, g in adjoints:
            results[index]._adjoint += g
        sunk = propagate_watched(inner)
        for x, leaf in zip(self.inputs, fresh):
            x._adjoint += leaf._adjoint
        return sunk + self.unseen(inner)

    def unseen(self, inner: list[Node]) -> list[Sunk]:
        """What else to hand to the outer sweep: adjoints at leaves of a second run that the first did not note."""
        return []

    def _replay(self) -> tuple[list[Any], list[Any]]:
        """Recorded again on the arguments themselves, and kept: for sweeps that need nodes."""
        if self._replayed is None:
            for x, number in zip(self.inputs, self.numbers):
                if not _same(x._number(), number):
                    raise _changed(f"an argument ({x.label or 'without a label'}) was {number!r}, and is {x.data!r}")
            with without_observers("cuts"):
                inputs = [x._apply_unary(arithmetic.identity) for x in self.inputs]
            self._replayed = (inputs, self._run(inputs))
        return self._replayed

    def replay(self, index: int) -> Any:
        """Result ``index`` as the node at the end of what is hidden."""
        return self._replay()[1][index]

    def partials(self, index: int) -> list[float]:
        """The partials of result ``index`` with respect to ``nodes``."""
        inputs, results = self._replay()
        linear = Linear([*inputs, *self.nodes[len(inputs) :]], [results[index]])
        return [0.0 if p is None else p for p in linear.reverse([1.0])]


class _Watcher:
    """Notes which nodes a function makes."""

    def __init__(self) -> None:
        self.made: dict[int, Node] = {}

    def __call__(self, made: Node) -> None:
        self.made[id(made)] = made


def _same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


def _changed(what: str) -> GraphChangedError:
    return GraphChangedError(
        f"a checkpointed function doesn't repeat what was recorded: {what}. Record the graph again"
    )


def checkpoint(f: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
    """``f(*args, **kwargs)``, of whose graph only what goes in is stored; a sweep that needs it records ``f`` again.

    Values that ``f`` uses without being handed them (the weights of a layer) get their gradients too. With
    ``create_graph=True`` and in nested transforms the second recording is kept, and no memory is saved.

    Args:
        f: the function; it must give the same results when it is called again.
        args: numbers, Values, structures of them, or anything else that ``f`` takes.

    Returns:
        What ``f`` returns; the Values in it are single nodes that stand for the whole function.

    Raises:
        GraphChangedError: from the sweep, when ``f`` doesn't repeat its results, or a Value that it uses was changed.

    >>> import autograd_lite as ag
    >>> x = ag.Value(2.0)
    >>> y = ag.checkpoint(lambda x: ag.sin(x * x) * x, x)
    >>> len(ag.topological_order(y))
    2
    >>> y.backward(); round(x.grad, 9)
    -5.985951462
    """
    if current_tracer() is not None or any(getattr(observer, "cuts", False) for observer in observers()):
        return f(*args, **kwargs)  # nothing is stored anyway, or a program is made, which has to see every node
    made: R = Group(f, args, kwargs).record()
    return made
