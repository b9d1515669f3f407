"""What a graph is made of: a node, what few nodes have besides, and where adjoints that belong to no node go.

A node keeps what a sweep needs: its number, its operands in order (with repeats) and the partial derivative for each,
computed when it was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from mypy_extensions import mypyc_attr

from .primitives.base import Op, Operand

__all__ = ["STATE", "Deferred", "Info", "Many", "Node", "Sink", "State"]


class State:
    """How many scopes are watching recording, and how many hooks and checkpoints watch sweeps, over all threads."""

    __slots__ = ("special", "watched")

    def __init__(self) -> None:
        self.special: int = 0  # see modes.py
        self.watched: int = 0  # see hooks.py


STATE: Final = State()


@mypyc_attr(allow_interpreted_subclasses=True)
class Info:
    """What few nodes have: a label with more beside it (hooks, the module that made the node, the user's line)."""

    __slots__ = ("grad", "hooks", "label", "scope", "source")

    def __init__(self, label: str = "") -> None:
        self.label: str = label
        self.scope: str = ""
        self.source: str = ""
        self.hooks: list[Callable[[Any], Any]] | None = None
        self.grad: Any = None  # a gradient that is itself a node, from backward(create_graph=True)


@mypyc_attr(allow_interpreted_subclasses=True)
class Sink:
    """Where the adjoints of operands that are not nodes go: the rows of a parameter buffer.

    A sweep hands over the n-ary nodes' operands with the node's adjoint, in one call per sink at its end, so that a
    layer can add them to its gradient buffer as one matrix product.
    """

    __slots__ = ()

    def commit(self, adjoints: list[tuple[Many, float]]) -> list[Node]:
        """Add the adjoints to the gradient buffer; return a parameter whose gradient is now nan or infinite, if any."""
        raise NotImplementedError

    def spread(self, adjoints: list[tuple[Many, float]], inputs: Sequence[Node]) -> None:
        """Add the adjoints to ``_adjoint`` of those parameters that are among ``inputs``."""
        raise NotImplementedError

    def snapshot(self) -> Any:
        """What ``restore`` needs to take a ``commit`` back."""
        raise NotImplementedError

    def restore(self, before: Any) -> None:
        """Make the gradient buffer what it was at the ``snapshot``."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Many(Info):
    """The operands of an n-ary node: which are nodes, and the partial for each.

    ``operands`` has every operand in order, constants as floats. A subclass may have operands that are no nodes yet
    (a row of a parameter buffer): it names a ``sink`` for their adjoints, keeps in ``operands`` and ``index`` what it
    needs to find them, and overrides the three methods.
    """

    __slots__ = ("index", "nodes", "operands", "partials", "sink")

    def __init__(
        self,
        operands: Sequence[Any],
        nodes: list[Node],
        partials: list[float],
        sink: Sink | None = None,
        index: int = 0,
    ) -> None:
        super().__init__()
        self.operands: Sequence[Any] = operands
        self.nodes: list[Node] = nodes
        self.partials: list[float] = partials
        self.sink: Sink | None = sink
        self.index: int = index

    def args(self) -> tuple[Any, ...]:
        """All operands in order, the constants as floats."""
        return tuple(self.operands)

    def parents(self) -> tuple[Any, ...]:
        """The differentiable operands in order."""
        return tuple(self.nodes)

    def all_partials(self) -> tuple[float, ...]:
        """The partials, one for each of ``parents()``."""
        return tuple(self.partials)


@mypyc_attr(allow_interpreted_subclasses=True)
class Deferred(Many):
    """The operands of one result of ``checkpoint``, whose partials are found when a sweep asks for them.

    All results of one checkpoint share ``group`` and its ``nodes``; ``index`` says which result this is. The group has
    ``pull(adjoints)`` (record again, hand the adjoints of all results to the operands), ``partials(index)`` and
    ``replay(index)`` (the recorded result as a node).
    """

    __slots__ = ("group",)

    def __init__(self, group: Any, nodes: list[Node], index: int) -> None:
        super().__init__(nodes, nodes, [], None, index)
        self.group: Any = group

    def all_partials(self) -> tuple[float, ...]:
        return tuple(self.group.partials(self.index))


@mypyc_attr(allow_interpreted_subclasses=True)
class Node(Operand):
    """A number, the primitive that made it, its operands and their partials. ``Value`` adds the number protocol.

    One or two operands live in ``_a`` and ``_b`` with partials ``_pa`` and ``_pb``. A constant operand of a binary op
    needs no partial, so its number takes the partial's place: in ``x*2`` ``_b`` is None and ``_pb`` the 2. ``_info``
    is None, a label, an ``Info``, or the ``Many`` of an n-ary op. (Weak references: mypyc's classes have none.)
    """

    __slots__ = ("__weakref__", "_a", "_adjoint", "_b", "_data", "_grad", "_info", "_mark", "_pa", "_pb", "_prim")

    _data: float
    _grad: float
    _prim: Op | None
    _a: Node | None
    _b: Node | None
    _pa: float
    _pb: float
    _info: Any
    _mark: int
    _adjoint: float

    @property
    def parents(self) -> tuple[Any, ...]:
        """The differentiable operands, in order, with repeats (``x*x`` has two)."""
        a, b = self._a, self._b
        if a is not None:
            return (a,) if b is None else (a, b)
        if b is not None:
            return (b,)
        many = self._info
        return many.parents() if isinstance(many, Many) else ()

    @property
    def args(self) -> tuple[Any, ...]:
        """All operands in order, the constants as floats."""
        a, b, prim, many = self._a, self._b, self._prim, self._info
        if a is not None:
            return (a, b) if b is not None else (a,) if prim is None or prim.arity == 1 else (a, self._pb)
        if b is not None:
            return (self._pa, b)
        return many.args() if isinstance(many, Many) else ()

    @property
    def local_partials(self) -> tuple[float, ...]:
        """∂self/∂parent for each of ``parents``, at the recorded point."""
        a, b = self._a, self._b
        if a is not None:
            return (self._pa,) if b is None else (self._pa, self._pb)
        if b is not None:
            return (self._pb,)
        many = self._info
        return many.all_partials() if isinstance(many, Many) else ()

    def _number(self) -> float:
        """The current number; a parameter's element reads it from its buffer here."""
        return self._data

    def _gradient(self) -> Any:
        """The gradient: a float, or a node after ``backward(create_graph=True)``."""
        info = self._info
        if info is not None and isinstance(info, Info) and info.grad is not None:
            return info.grad
        return self._grad

    def _set_gradient(self, gradient: Any) -> None:
        """Replace the gradient by a float or a node."""
        info = self._info
        if isinstance(gradient, Operand):
            if not isinstance(info, Info):
                info = Info(info or "")
                self._info = info
            info.grad = gradient
            return
        if isinstance(info, Info):
            info.grad = None
        self._grad = gradient

    def _accumulate(self, adjoint: Any) -> None:
        """Add to the gradient of a leaf."""
        self._set_gradient(self._gradient() + adjoint)
