"""What a compiled call returns when derivatives can flow through it: Values whose operands are the live ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..graph import Many, Node, Sink, reverse_nodes
from ..primitives.core import Primitive
from ..value import Value, node

__all__ = ["Gradients", "Pullback", "call_primitive", "scalar_result"]


_add, _vdot = np.add, np.vdot

#: numbers in the parameters above which a backward pass keeps no copy of their gradients
LARGE = 100_000


class Gradients(Sink):
    """The gradients of a compiled loss with respect to parameters: added to their buffers by ``backward()``.

    Attributes:
        storages: the parameters' storages.
        buffers: their gradient buffers as plain arrays.
        arrays: what to add to each.
        release: gives the arrays back to the program that wrote them.
    """

    __slots__ = ("added", "arrays", "buffers", "latest", "release", "storages")

    def __init__(
        self, storages: Sequence[Any], buffers: Sequence[Any], arrays: Sequence[Any], release: Callable[[], None] | None
    ) -> None:
        self.storages = storages
        self.buffers = buffers
        self.arrays = arrays
        self.release = release
        self.added = 0
        self.latest: Sequence[Any] = ()

    def __del__(self) -> None:
        if self.release is not None:
            self.release()

    def commit(self, adjoints: list[tuple[Many, float]]) -> list[Node]:
        """Add the gradients, times the adjoint of the loss."""
        size = 0.0
        self.added = 0
        self.latest = self.scaled(adjoints)
        for buffer, g in zip(self.buffers, self.latest):
            _add(buffer, g, buffer)
            self.added += 1
            size += _vdot(buffer, buffer)
        return [] if size < math.inf else _nonfinite(self.storages)

    def scaled(self, adjoints: list[tuple[Many, float]]) -> Sequence[Any]:
        """The gradients times the adjoint."""
        adjoint = math.fsum([g for _, g in adjoints])
        return self.arrays if adjoint == 1.0 else [adjoint * g for g in self.arrays]

    def spread(self, adjoints: list[tuple[Many, float]], inputs: Sequence[Node]) -> None:
        """Add the adjoints of those parameters' elements that are among ``inputs``."""
        found = {id(storage): g for storage, g in zip(self.storages, self.scaled(adjoints))}
        for element in inputs:
            storage = getattr(element, "storage", None)
            if storage is not None and id(storage) in found:
                element._adjoint += float(found[id(storage)].reshape(-1)[element.index])  # type: ignore[attr-defined]

    def snapshot(self) -> Any:
        if sum(buffer.size for buffer in self.buffers) > LARGE:
            return None  # a copy would cost as much as the sweep; taken back by subtraction, right to a rounding
        return [buffer.copy() for buffer in self.buffers]

    def restore(self, before: Any) -> None:
        for k, buffer in enumerate(self.buffers):
            if before is not None:
                buffer[...] = before[k]
            elif k < self.added:
                buffer -= self.latest[k]


class Pullback(Gradients):
    """The same for several results: their adjoints go through the reverse program together, once."""

    __slots__ = ("count", "pull")

    def __init__(self, storages: Sequence[Any], count: int, pull: Callable[[Any], Sequence[Any]]) -> None:
        super().__init__(storages, [storage.grad.view(np.ndarray) for storage in storages], (), None)
        self.count = count
        self.pull = pull

    def scaled(self, adjoints: list[tuple[Many, float]]) -> Sequence[Any]:
        seed = np.zeros(self.count)
        for many, g in adjoints:
            seed[many.index] += g
        return self.pull(seed)


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


def call_primitive(name: str, call: tuple[Callable[..., Any], Any, Any] | None) -> Primitive:
    """The op of a compiled call. Its derivatives of higher order are those of the eager call.

    Args:
        name: the function's name.
        call: the function, its positional and its named arguments; None where parameters are behind the result.
    """

    def again() -> Any:
        if call is None:
            raise NotImplementedError(
                f"{name} is compiled and closes over parameters: for its higher derivatives call the function itself, "
                f"or compile ag.grad of it"
            )
        f, args, named = call
        return f(*args, **named)

    def value(*numbers: float) -> float:
        return float(again()._number())

    def partials(out: Any, *args: Any) -> tuple[Any, ...]:
        found = reverse_nodes([(again(), Value(1.0))], Value)
        return tuple(found.get(id(arg), 0.0) for arg in args)

    return Primitive(
        name, value, partials, -1, f"{name}({{args}})", rf"\operatorname{{{{{name}}}}}({{args}})", "", "", 5,
        ((-2.0, 2.0),), (), f"A compiled call of {name}.",
    )  # fmt: skip


def scalar_result(
    number: float, prim: Primitive, nodes: list[Any], partials: list[float], sink: Sink | None, index: int = 0
) -> Value:
    """A Value with live operands ``nodes``, and parameters behind ``sink``."""
    return node(number, prim, None, None, 0.0, 0.0, Many(nodes, nodes, partials, sink, index))
