"""The graph and the only traversal of it: topological order, the reverse sweep, the forward sweep.

A node keeps what a sweep needs: its number, its operands in order (with repeats) and the partial derivative for each,
computed when it was recorded. So a sweep multiplies and adds, and runs no rule; and the gradients of a graph are
those of the point at which it was recorded, whatever has happened to its leaves since.

Nothing here recurses: a graph of a million nodes in one chain is an ordinary graph.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from ..errors import GraphChangedError, PartialsError, ReentrantBackwardError
from ..primitives.base import SHORTCUT, Op, Operand, as_float
from . import nodes as _nodes
from . import turns

from .nodes import (  # isort: skip
    STATE, CheckpointOperands, GradientSink, Info, LayerInputs, NaryOperands, Node, has_float, open_all,
    operands_of, reaches_outside, summed_apart,
)  # fmt: skip

__all__ = [
    "LOCK", "STATE", "SWEEPS", "CheckpointOperands", "GradientSink", "Info", "LayerInputs", "NaryOperands", "Node",
    "Sunk", "check_partials", "forward_sweep", "gradient_nodes", "hooked", "operands_of", "order", "partials_on_nodes",
    "propagate_watched", "reaches_outside", "refuse_reentry", "reverse_adjoints", "reverse_nodes", "reverse_sweep",
    "rule_parents", "summed_apart", "sweeping", "topological_order",
]  # fmt: skip


# Compiled, this module knows the classes by their layout, and has no names for them; others look for them here.
globals().update({name: getattr(_nodes, name) for name in _nodes.__all__})

#: a sink, and what a sweep has for it
Sunk: TypeAlias = "tuple[GradientSink, list[Any]]"

LAST_MARK: Final = 2**31 - 1


class Sweeps:
    """The number of the current sweep: the mark of the nodes that it has met."""

    __slots__ = ("epoch",)

    def __init__(self) -> None:
        self.epoch: int = 0

    def next(self) -> int:
        """A mark that no node has yet; call it with the lock.

        (A mark has 32 bits, so that a node has room for weak references. After 2³¹ sweeps the marks begin again: a node
        could be taken for one already met if no sweep has come by it since precisely so many.)
        """
        self.epoch = 1 if self.epoch == LAST_MARK else self.epoch + 1
        return self.epoch


SWEEPS: Final = Sweeps()
_sweeps, _state, _shortcut = SWEEPS, STATE, SHORTCUT  # with C types where this is compiled

# A sweep writes marks and adjoints into the nodes, so one runs at a time over all threads; others wait. The lock is
# taken by ``with`` alone and knows its owner itself: no interrupt between two statements can leave it half taken.
LOCK: Final[Any] = turns.new_lock()
_lock = LOCK


def sweeping() -> bool:
    """Whether this thread is inside a sweep (in a gradient hook, or recording a checkpoint again)."""
    return bool(turns.is_taken_here(_lock))


def _forked() -> None:
    """In a child process: the sweep that another thread of the parent is in goes on there alone."""
    if not turns.is_taken_here(_lock):
        LOCK._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def refuse_reentry() -> None:
    """ReentrantBackwardError if this thread is inside a sweep."""
    if turns.is_taken_here(_lock):
        raise ReentrantBackwardError(
            "a sweep was started from inside another sweep of this thread (a gradient hook or a rule that calls "
            "backward()); compute what it needs before the sweep, or after it"
        )


def order(root: Node, epoch: int) -> list[Node]:
    """Nodes reachable from ``root``, operands before their consumers; marks them and clears their adjoints.

    Call it with the lock. Iterative depth-first postorder; operands left to right. A node marked ``epoch`` is listed
    (or not to be entered); ``-epoch`` marks an n-ary node whose operands are on the stack above it.
    """
    result: list[Node] = turns.take_list()
    stack: list[Node] = turns.take_list()
    node = root
    while True:
        if node._mark != epoch:  # new, or come back to from one of its operands
            a = node._a
            b = node._b
            if a is not None and a._mark != epoch:
                if a._prim is not None:
                    stack.append(node)
                    node = a
                    continue
                a._mark = epoch  # a leaf needs no way back
                a._adjoint = 0.0
                result.append(a)
            if b is not None:
                if b._mark != epoch:
                    stack.append(node)
                    node = b
                    continue
            elif a is None and node._prim is not None and node._mark != -epoch:
                node._mark = -epoch
                stack.append(node)
                if isinstance(node, LayerInputs):
                    fan = node
                    fan.begin()
                    operands = fan.nodes
                else:
                    many: NaryOperands = node._info
                    operands = many.nodes
                for operand in reversed(operands):
                    if operand._mark != epoch:
                        stack.append(operand)
                node = turns.pop_last(stack)
                continue
            node._mark = epoch
            node._adjoint = 0.0
            result.append(node)
        if not stack:
            turns.give_list(stack)
            return result
        node = turns.pop_last(stack)


def topological_order(*roots: Any) -> list[Any]:  # Values
    """Every node of the graphs of ``roots`` in depth-first postorder, operands from left to right, roots last.

    Args:
        roots: the results; a node that several reach is listed once, and parameters of neurons are nodes too.

    Raises:
        TypeError: for what is no Value.

    >>> import autograd_lite as ag
    >>> x = ag.Value(2.0, label="x"); y = (x * x).named("y")
    >>> [v.label for v in ag.topological_order(y)]
    ['x', 'y']
    """
    for root in roots:
        if not isinstance(root, Node):
            raise TypeError(f"topological_order takes Values, not {type(root).__name__}")
    return _postorder(roots, lambda node: node.parents)


def _postorder(roots: Sequence[Node], parents_of: Callable[[Node], tuple[Any, ...]]) -> list[Node]:
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
            parents = parents_of(node)
            for parent in parents[::-1]:
                if id(parent) not in seen:
                    stack.append((parent, False))
    return result


def _propagate(nodes: list[Node]) -> list[Sunk] | None:
    """The reverse sweep proper: each node hands partial × adjoint to its operands. Returns what goes to sinks."""
    sunk: dict[GradientSink, list[Any]] = {}
    for node in reversed(nodes):
        a = node._a
        b = node._b
        if a is not None:
            g = node._adjoint
            a._adjoint += g * node._pa
            if b is not None:
                b._adjoint += g * node._pb
        elif b is not None:
            if isinstance(b, LayerInputs):
                fan = b
                fan.meet(int(node._pa), node._adjoint)
            else:
                b._adjoint += node._adjoint * node._pb
        elif node._prim is not None:
            if isinstance(node, LayerInputs):
                fan = node
                if fan.nodes:
                    fan.hand_back()
                _sink(sunk, fan.batch.sink, fan)
            else:
                many: NaryOperands = node._info
                g = node._adjoint
                operands = many.nodes
                partials = many.partials
                for i, operand in enumerate(operands):
                    partial = partials[i]
                    operand._adjoint += g * partial
                if many.sink is not None:
                    _sink(sunk, many.sink, (many, g))
    return list(sunk.items()) if sunk else None


def _sink(sunk: dict[GradientSink, list[Any]], sink: GradientSink, what: Any) -> None:
    found = sunk.get(sink)
    if found is None:
        sunk[sink] = [what]
    else:
        found.append(what)


def propagate_watched(nodes: list[Node]) -> list[Sunk]:
    """``_propagate`` with stops, where hooks see a complete adjoint first or a checkpoint is recorded again."""
    stops: list[int] = []
    coming: dict[int, int] = {}  # how many results of each checkpoint are still to come
    for i, node in enumerate(nodes):
        info = node._info
        if isinstance(info, CheckpointOperands):
            coming[id(info.group)] = coming.get(id(info.group), 0) + 1
            stops.append(i)
        elif isinstance(info, Info) and info.hooks:
            stops.append(i)
    sunk: list[Sunk] = []
    waiting: dict[int, list[tuple[int, float]]] = {}
    end = len(nodes)
    for i in reversed(stops):
        sunk.extend(_propagate(nodes[i + 1 : end]) or ())
        end = i + 1
        node = nodes[i]
        node._adjoint = hooked(node, node._adjoint)
        info = node._info
        if isinstance(info, CheckpointOperands):
            end = i
            key = id(info.group)
            waiting.setdefault(key, []).append((info.index, node._adjoint))
            coming[key] -= 1
            if coming[key] == 0:  # its operands come before all of its results: none has been passed on yet
                sunk.extend(info.group.pull(waiting.pop(key)))
    sunk.extend(_propagate(nodes[:end]) or ())
    together: dict[GradientSink, list[Any]] = {}
    for sink, group in sunk:
        together.setdefault(sink, []).extend(group)
    return list(together.items())


def hooked(node: Node, adjoint: Any) -> Any:
    """``adjoint`` (a float or a node), now complete, as the hooks of ``node`` leave it."""
    info = node._info
    if not isinstance(info, Info) or info.hooks is None:
        return adjoint
    for hook in list(info.hooks):
        replaced = hook(adjoint)
        if replaced is not None:
            both = isinstance(replaced, Node) and isinstance(adjoint, Node)
            adjoint = replaced if both else as_float(replaced, "a gradient hook")
    return adjoint


def reverse_sweep(root: Node, seed: float) -> list[Node] | None:
    """The reverse sweep of ``backward()``: inner gradients fresh, leaf gradients added to, in one commit at the end.

    Args:
        root: the node to differentiate, with the adjoint ``seed``.

    Returns:
        The leaves whose gradient is now nan or infinite; None if all are finite.
    """
    refuse_reentry()
    if turns.take(_lock):
        try:
            return _swept(root, seed)
        finally:
            turns.give(_lock)
    with LOCK:
        return _swept(root, seed)


def _swept(root: Node, seed: float) -> list[Node] | None:
    """The same, with the lock."""
    if _state.hooks:
        open_all(order(root, _sweeps.next()))
    nodes = order(root, _sweeps.next())
    root._adjoint = seed
    bad = _commit(nodes, propagate_watched(nodes) if _state.hooks else _propagate(nodes))
    turns.give_list(nodes)
    return bad


def reverse_adjoints(root: Node, inputs: Sequence[Node], seed: float, born: float = 0.0) -> list[float]:
    """The adjoints of ``inputs`` by a reverse sweep that goes no further than them and touches no gradient.

    Args:
        root: the node to differentiate, with the adjoint ``seed``.
        inputs: the nodes asked for, at which the sweep stops.
        born: the number of the recording (``STATE.recordings``) that made the graph, if that matters.

    Returns:
        The adjoints; none at all if ``root`` depends on a Value that was there before the recording ``born``.
    """
    refuse_reentry()
    with LOCK:
        if _state.hooks:
            open_all(order(root, _sweeps.next()))
        epoch = _sweeps.next()
        for node in inputs:
            node._mark = epoch
            node._adjoint = 0.0
        nodes = order(root, epoch)
        if born and reaches_outside(nodes, born):
            return []
        root._adjoint = seed
        sunk = propagate_watched(nodes) if _state.hooks else _propagate(nodes)
        for sink, group in sunk or ():
            sink.spread(group, inputs)
        if _state.hooks:
            for node in inputs:
                node._adjoint = hooked(node, node._adjoint)
        return [node._adjoint for node in inputs]


def _commit(nodes: list[Node], sunk: list[Sunk] | None) -> list[Node] | None:
    """Write the gradients, all or none; nothing before this point has touched one. Returns what is not finite, if any.

    A gradient that is a float changes places with the node's adjoint, which is where the undoing finds it: by index,
    because an error that it undoes may be that there is no memory left.
    """
    bad: list[Node] | None = None
    special: list[tuple[Any, Any]] | None = None  # nodes with a gradient elsewhere than in ``_grad``, and what it was
    sinks: list[tuple[Any, Any]] | None = None
    if sunk is not None:
        sinks = [(sink, sink.prepare(group)) for sink, group in sunk]
    plain: Any = _shortcut.kind
    done = -1
    try:
        for i in range(len(nodes)):
            node = nodes[i]
            g = node._adjoint
            if type(node) is plain and (node._info is None or has_float(node)):
                old = node._grad
                new = g if node._prim is not None else old + g
                node._adjoint = old
                node._grad = new
                done = i
            elif not isinstance(node, LayerInputs):
                special = [] if special is None else special
                special.append((node, node._gradient()))
            if g - g != 0.0 and node._prim is None:
                bad = [] if bad is None else bad
                bad.append(node)
            g = 0.0  # from an ``if`` at a loop's end CPython 3.12 and 3.13 jump back outside of the ``try``
        for what, _ in special or ():
            if what._prim is None:
                what._accumulate(what._adjoint)
            else:
                what._set_gradient(what._adjoint)
            g = 0.0
        for what, prepared in sinks or ():
            bad = [*(bad or ()), *what.commit(prepared)]
        turns.check_signals()  # a Ctrl-C that came meanwhile raises here
    except BaseException:  # a KeyboardInterrupt, a MemoryError: leave every gradient as it was
        for what, prepared in sinks or ():
            what.restore(prepared)
        for what, before in special or ():
            what._set_gradient(before)
        for i in range(done + 1):
            node = nodes[i]
            if type(node) is plain and has_float(node):
                node._grad = node._adjoint
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
    nodes = _postorder([root for root, _ in roots], rule_parents)
    adjoints: dict[int, Any] = {}
    for root, seed in roots:
        adjoints[id(root)] = adjoints[id(root)] + seed if id(root) in adjoints else seed
    for node in reversed(nodes):
        g = adjoints.get(id(node))
        if g is None:
            continue
        if node._info is not None:
            g = hooked(node, g)
            adjoints[id(node)] = g
        if node._prim is None:
            continue
        for parent, partial in zip(rule_parents(node), partials_on_nodes(node)):
            term = g if type(partial) is float and partial == 1.0 else g * partial
            old = adjoints.get(id(parent))
            adjoints[id(parent)] = term if old is None else old + term
    return adjoints


def rule_parents(node: Node) -> tuple[Any, ...]:
    """The operands that ``partials_on_nodes`` has partials for: the parents; for a checkpoint, the recorded result."""
    info = node._info
    if info is not None and isinstance(info, CheckpointOperands):
        return (info.group.replay(info.index),)
    return node.parents


def gradient_nodes(root: Node) -> list[Any]:
    """The nodes that get a gradient from ``root``: those of its graph, and the leaves inside checkpoints."""
    nodes: list[Node] = topological_order(root)
    if not any(isinstance(node._info, CheckpointOperands) for node in nodes):
        return nodes
    known = {id(node) for node in nodes}
    inside = _postorder([root], rule_parents)
    return [*nodes, *[node for node in inside if node._prim is None and id(node) not in known]]


def partials_on_nodes(node: Node) -> list[Any]:
    """The rule of ``node`` run on its operands as nodes: one partial (node or float) for each of its parents."""
    prim: Any = node._prim
    if isinstance(node._info, CheckpointOperands):
        return [1.0]
    args = node.args
    numbers = [arg._number() if isinstance(arg, Node) else arg for arg in args]
    now = node._data if summed_apart(node, numbers) else prim.fn(*numbers)
    if now != node._data and now == now:
        raise GraphChangedError(
            f"an operand of {prim.name} was changed after the graph was recorded ({prim.name} gave {node._data!r}, and "
            f"would give {now!r} now): record the graph again before asking for its higher derivatives"
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
    for i, p in enumerate(partials):
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
