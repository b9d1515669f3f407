"""The graph and the only traversal of it: topological order, the reverse sweep, the forward sweep.

A node keeps what a sweep needs: its number, its operands in order (with repeats) and the partial derivative for each,
computed when it was recorded. So a sweep multiplies and adds, and runs no rule; and the gradients of a graph are
those of the point at which it was recorded, whatever has happened to its leaves since.

Nothing here recurses: a graph of a million nodes in one chain is an ordinary graph.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from mypy_extensions import mypyc_attr

from .errors import GraphChangedError, PartialsError, ReentrantBackwardError
from .primitives.base import Op, Operand

__all__ = ["Info", "Many", "Node", "Sink", "forward_sweep", "order", "reverse_nodes", "reverse_sweep", "topological_order"]


class State:
    """How many scopes are watching recording, over all threads; see ``modes.py``."""

    __slots__ = ("special",)

    def __init__(self) -> None:
        self.special: int = 0


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
class Node(Operand):
    """A number, the primitive that made it, its operands and their partials. ``Value`` adds the number protocol.

    One or two operands live in ``_a`` and ``_b`` with partials ``_pa`` and ``_pb``. A constant operand of a binary op
    needs no partial, so its number takes the partial's place: in ``x*2`` ``_b`` is None and ``_pb`` the 2. ``_info``
    is None, a label, an ``Info``, or the ``Many`` of an n-ary op.
    """

    __slots__ = ("_a", "_adjoint", "_b", "_data", "_grad", "_info", "_mark", "_pa", "_pb", "_prim")

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


# A sweep writes marks and adjoints into the nodes, so one runs at a time; another thread waits for it.
_lock = threading.Lock()
_owner: list[int] = [0]
_epoch: list[int] = [0]


class Sweep:
    """The right to write marks and adjoints: a context manager, one at a time over all threads."""

    def __enter__(self) -> int:
        me = threading.get_ident()
        if _owner[0] == me:
            raise ReentrantBackwardError(
                "a sweep was started from inside another sweep of this thread (a gradient hook or a rule that calls "
                "backward()); compute what it needs before the sweep, or after it"
            )
        _lock.acquire()
        _owner[0] = me
        _epoch[0] += 1
        return _epoch[0]

    def __exit__(self, *exc: object) -> None:
        _owner[0] = 0
        _lock.release()


_sweep = Sweep()


def order(roots: Sequence[Node], epoch: int) -> list[Node]:
    """Nodes reachable from ``roots``, operands before their consumers; marks them and clears their adjoints.

    Call it inside ``with _sweep as epoch``. Iterative depth-first postorder; operands left to right.
    """
    result: list[Node] = []
    stack: list[Node | None] = list(reversed(roots))
    while stack:
        node = stack.pop()
        if node is None:  # the operands of the node below are done
            node = stack.pop()
            assert node is not None
            result.append(node)
            continue
        if node._mark == epoch:
            continue
        node._mark = epoch
        node._adjoint = 0.0
        a = node._a
        b = node._b
        if b is not None:
            stack.append(node)
            stack.append(None)
            if b._mark != epoch:
                stack.append(b)
            if a is not None and a._mark != epoch:
                stack.append(a)
        elif a is not None:
            stack.append(node)
            stack.append(None)
            if a._mark != epoch:
                stack.append(a)
        elif node._prim is not None:
            stack.append(node)
            stack.append(None)
            many: Many = node._info
            for operand in reversed(many.nodes):
                if operand._mark != epoch:
                    stack.append(operand)
        else:
            result.append(node)
    return result


def topological_order(*roots: Node) -> list[Any]:
    """Every node of the graphs of ``roots``, operands before their consumers; parameters of neurons included.

    Args:
        roots: the results; a node that several reach is listed once.

    Returns:
        The nodes in the order of a depth-first postorder, operands from left to right; roots last.

    >>> import autograd_lite as ag
    >>> x = ag.Value(2.0, label="x"); y = (x * x).named("y")
    >>> [v.label for v in ag.topological_order(y)]
    ['x', 'y']
    """
    for root in roots:
        if not isinstance(root, Node):
            raise TypeError(f"topological_order takes Values, not {type(root).__name__}")
    seen: set[int] = set()
    result: list[Node] = []
    stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, done = stack.pop()
        if done:
            result.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            parents: tuple[Node, ...] = node.parents
            for parent in parents[::-1]:
                if id(parent) not in seen:
                    stack.append((parent, False))
    return result


def _propagate(nodes: list[Node]) -> list[list[tuple[Many, float]]]:
    """The reverse sweep proper: each node hands partial × adjoint to its operands. Returns what goes to each sink."""
    sunk: dict[int, list[tuple[Many, float]]] = {}
    group: list[tuple[Many, float]] = []
    last: Sink | None = None
    for node in reversed(nodes):
        a = node._a
        b = node._b
        if a is not None:
            g = node._adjoint
            a._adjoint += g * node._pa
            if b is not None:
                b._adjoint += g * node._pb
        elif b is not None:
            b._adjoint += node._adjoint * node._pb
        elif node._prim is not None:
            many: Many = node._info
            g = node._adjoint
            for operand, partial in zip(many.nodes, many.partials):
                operand._adjoint += g * partial
            sink = many.sink
            if sink is not None:
                if sink is not last:  # neurons of one layer come in a row
                    last = sink
                    group = sunk.setdefault(id(sink), [])
                group.append((many, g))
    return list(sunk.values())


def reverse_sweep(root: Node, seed: float) -> list[Node]:
    """The reverse sweep of ``backward()``: inner gradients fresh, leaf gradients added to, in one commit at the end.

    Args:
        root: the node to differentiate.
        seed: its adjoint.

    Returns:
        The leaves whose gradient is now nan or infinite.
    """
    with _sweep as epoch:
        nodes = order((root,), epoch)
        root._adjoint = seed
        sunk = _propagate(nodes)
        return _commit(nodes, sunk)


def _commit(nodes: list[Node], sunk: list[list[tuple[Many, float]]]) -> list[Node]:
    """Write the gradients, all or none; nothing before this point has touched one."""
    bad: list[Node] = []
    sinks: list[Any] = [group[0][0].sink for group in sunk]
    before = [node._grad if node._info is None and node._prim is not None else node._gradient() for node in nodes]
    snapshots = [sink.snapshot() for sink in sinks]
    try:
        for node in nodes:
            g = node._adjoint
            if node._prim is None:
                node._accumulate(g)
                if g - g != 0.0:
                    bad.append(node)
            elif node._info is None:
                node._grad = g
            else:
                node._set_gradient(g)
        for sink, group in zip(sinks, sunk):
            bad.extend(sink.commit(group))
    except BaseException:  # a KeyboardInterrupt, most likely: leave every gradient as it was
        for node, grad in zip(nodes, before):
            node._set_gradient(grad)
        for sink, snapshot in zip(sinks, snapshots):
            sink.restore(snapshot)
        raise
    return bad


def reverse_nodes(roots: Sequence[tuple[Node, Any]], one: Callable[[float], Any]) -> dict[int, Any]:
    """The reverse sweep with the rules run on nodes: the adjoints are themselves a graph that can be differentiated.

    Args:
        roots: pairs of a node and its adjoint (a float or a node).
        one: makes a constant node of a float.

    Returns:
        The adjoint of every node reached, by ``id`` of the node.
    """
    nodes: list[Node] = topological_order(*[root for root, _ in roots])
    adjoints: dict[int, Any] = {}
    for root, seed in roots:
        adjoints[id(root)] = adjoints[id(root)] + seed if id(root) in adjoints else seed
    for node in reversed(nodes):
        g = adjoints.get(id(node))
        prim: Op | None = node._prim
        if g is None or prim is None:
            continue
        for parent, partial in zip(node.parents, partials_on_nodes(node)):
            term = g if type(partial) is float and partial == 1.0 else g * partial
            old = adjoints.get(id(parent))
            adjoints[id(parent)] = term if old is None else old + term
    return adjoints


def partials_on_nodes(node: Node) -> list[Any]:
    """The rule of ``node`` run on its operands as nodes: one partial (node or float) for each of its parents."""
    prim: Op | None = node._prim
    assert prim is not None
    args = node.args
    numbers = [arg._number() if isinstance(arg, Node) else arg for arg in args]
    recorded = prim.fn(*numbers)
    if recorded != node._data and recorded == recorded:
        raise GraphChangedError(
            f"an operand of {prim.name} was changed after the graph was recorded ({prim.name} gave {node._data!r}, and "
            f"would give {recorded!r} now): record the graph again before asking for its higher derivatives"
        )
    partials = prim.partials(node, *args)
    check_partials(prim, partials, len(args))
    return [p for p, arg in zip(partials, args) if isinstance(arg, Node)]


def check_partials(prim: Op, partials: Any, count: int) -> None:
    """PartialsError unless a rule gave one number per argument."""
    if not isinstance(partials, (tuple, list)):
        raise PartialsError(
            f"the partials rule of {prim.name} returned {type(partials).__name__}, not a tuple: write (…,) with one "
            f"partial for each of its {count} argument(s)"
        )
    if len(partials) != count:
        raise PartialsError(
            f"the partials rule of {prim.name} returned {len(partials)} partial(s) for {count} argument(s)"
        )
    for i in range(count):
        p = partials[i]
        if not isinstance(p, (int, float, Operand)):
            raise PartialsError(
                f"the partials rule of {prim.name} returned {type(p).__name__} as partial {i}, not a number"
            )


def forward_sweep(roots: Sequence[Node], tangents: Iterable[tuple[Node, float]]) -> dict[int, float]:
    """The forward sweep over a recorded graph: the tangent of every node, by ``id``.

    Args:
        roots: the results.
        tangents: pairs of a node and its tangent; other leaves have tangent 0.

    Returns:
        Tangents of all nodes reached from ``roots``.
    """
    seeds = {id(node): tangent for node, tangent in tangents}
    result: dict[int, float] = {}
    for node in topological_order(*roots):
        key = id(node)
        if key in seeds:
            result[key] = seeds[key]
            continue
        t = 0.0
        for parent, partial in zip(node.parents, node.local_partials):
            t += partial * result[id(parent)]
        result[key] = t
    return result
