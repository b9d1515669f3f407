"""Copies and pickles of live graphs: flat tables, so that no depth is too deep and everything shared stays shared.

A leaf is pickled as itself. Inner nodes go together: the first one that is met takes with it all the inner nodes that
it was made from, as one ``Table`` that the pickle (or the deep copy) remembers, and each of them is then "entry i of
that table". Another root met later in the same pickle finds the entries of the earlier table, as long as that table is
alive, which is as long as the pickle is being made. So several roots pickled together go on sharing their graph.
"""

from __future__ import annotations

import copy
import copyreg
import functools
import threading
import weakref
from array import array
from collections.abc import Callable
from typing import Any

from ..errors import FileFormatError
from .nodes import LayerBatch, opened, written
from .observers import current_tracer
from .recordings import Same, owner_of, same
from .sweeps import STATE, Info, LayerInputs, NaryOperands, Node

__all__ = ["reduce_node", "set_state", "shallow_copy", "slot_names"]

#: the tables that are alive: (thread, id of a node) → table
_live: weakref.WeakValueDictionary[tuple[int, int], Table] = weakref.WeakValueDictionary()

# by name, because compiled classes don't tell
_NODE = frozenset(("_a", "_adjoint", "_b", "_data", "_grad", "_info", "_mark", "_pa", "_pb", "_prim"))
_INFO = frozenset(("grad", "hooks", "label", "scope", "source"))
_MANY = _INFO | {"index", "nodes", "operands", "partials", "sink"}
_BATCH = ("sink", "weights", "first", "count")


def reduce_node(node: Node) -> tuple[Any, ...]:
    """What pickle and copy.deepcopy are told to do with ``node`` (its ``__reduce__``)."""
    owner = owner_of(node)
    return _reduce_apart(node) if owner is None else (same, (Same(node, owner, _reduce_apart(node)),))


def _reduce_apart(node: Node) -> tuple[Any, ...]:
    """The same, as a graph of its own."""
    if node._prim is None:
        info = node._info
        taken = _take_info(info, _itself) if isinstance(info, Info) else None
        extra = _extra(node, _NODE)
        state = (taken, extra) if taken or extra else None
        return (_leaf, (type(node), node._data, node._grad, None if taken else info), state)
    table = _live.get((threading.get_ident(), id(node)))
    if table is None:
        table = Table(_collect(node))
    return (_entry, (table, table.places[id(node)]))


copyreg.pickle(LayerInputs, reduce_node)


def _leaf(kind: type[Node], data: float, grad: float, label: str | None) -> Node:
    made = _shell(kind)
    made._data, made._grad, made._info = data, grad, label
    made._pa = STATE.recordings
    return made


def set_state(node: Node, state: tuple[Any, dict[str, Any]]) -> None:
    """The rest of a leaf that is being read (its ``__setstate__``)."""
    taken, extra = state
    if taken is not None:
        node._info = _give_info(taken, _itself)
    for name, item in extra.items():
        setattr(node, name, item)


def _itself(x: Any) -> Any:
    """The identity, where a table has places; -1 is no node."""
    return x if isinstance(x, Node) else None


def _shell(kind: type[Node]) -> Node:
    """A node with every slot set to nothing."""
    if kind is LayerInputs:
        return LayerInputs([], [], None, None, 0)
    made = kind.__new__(kind)
    made._data = made._grad = made._pa = made._pb = made._adjoint = 0.0
    made._prim = made._a = made._b = made._info = None
    made._mark = 0
    if STATE.observers and (tracer := current_tracer()) is not None:
        tracer.copied(made)
    return made


def _entry(table: Table, place: int) -> Node:
    return table.nodes[place]


def _slot_names(kind: Any) -> list[str]:
    slots = [vars(base).get("__slots__", ()) for base in kind.__mro__]
    return [name for names in slots for name in ((names,) if isinstance(names, str) else names)]


#: the names of all slots of a class
slot_names: Callable[[Any], list[str]] = functools.cache(_slot_names)


def _extra(x: Any, known: frozenset[str]) -> dict[str, Any]:
    """What a user, or a subclass, keeps beside the known slots."""
    found = dict(x._own() if hasattr(x, "_own") else getattr(x, "__dict__", {}))
    for name in slot_names(type(x)):
        if name not in known and name not in ("__weakref__", "__dict__") and hasattr(x, name):
            found[name] = getattr(x, name)
    return found


def _operands(node: Node) -> list[Any]:
    """The nodes that a node is made from."""
    found: list[Any] = [p for p in (node._a, node._b) if p is not None]
    info = node._info
    if isinstance(node, LayerInputs):
        found.extend(node.nodes)
    elif isinstance(info, NaryOperands):
        found.extend(opened(info).nodes)
    return found


def _collect(root: Node) -> list[Node]:
    """The inner nodes reached from ``root`` that are in no live table yet, operands before their consumers.

    They are reached by way of operands, and of gradients that are nodes, which may be made from their own node.
    """
    me = threading.get_ident()
    apart = owner_of(root) is None  # then gradients that are nodes of a running recording stay outside
    seen: set[int] = set()
    found: list[Node] = []
    starts: list[Node] = [root]
    while starts:
        stack = [(starts.pop(), False)]
        while stack:
            node, done = stack.pop()
            if done:
                found.append(node)
                continue
            inner = node._prim is not None
            if id(node) in seen or (inner and ((me, id(node)) in _live or (apart and owner_of(node) is not None))):
                continue
            seen.add(id(node))
            if inner:
                stack.append((node, True))
            info = node._info
            if isinstance(info, Info) and isinstance(info.grad, Node):
                starts.append(info.grad)
            stack.extend((operand, False) for operand in reversed(_operands(node)))
    return found


class Table:
    """Inner nodes of a graph, as a pickle sees them: columns of numbers, and places instead of references.

    Attributes:
        nodes: the nodes.
        places: where each one is, by id; empty in a table that is being read.
    """

    __slots__ = ("__weakref__", "nodes", "places")

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.places = {id(node): i for i, node in enumerate(nodes)}
        me = threading.get_ident()
        for node in nodes:
            _live[me, id(node)] = self

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        kinds = list(dict.fromkeys(type(node) for node in self.nodes))
        order = {kind: i for i, kind in enumerate(kinds)}
        which = array("l", [order[type(node)] for node in self.nodes])
        return (_shells, (kinds, which), self._columns())

    def __deepcopy__(self, memo: dict[int, Any]) -> Table:
        _, shells, columns = self.__reduce_ex__(4)
        made = memo[id(self)] = _shells(*shells)
        made.__setstate__(copy.deepcopy(columns, memo))
        return made

    def _columns(self) -> dict[str, Any]:
        """All that the nodes hold."""
        outside: dict[int, int] = {}
        others: list[Node] = []

        def place(node: Node | None) -> int:
            if node is None:
                return -1
            key = id(node)
            if key in self.places:
                return self.places[key]
            if key not in outside:
                outside[key] = len(self.nodes) + len(others)
                others.append(node)
            return outside[key]

        nodes = self.nodes
        prims = list(dict.fromkeys(id(node._prim) for node in nodes if not isinstance(node, LayerInputs)))
        by_id = {id(node._prim): node._prim for node in nodes}
        rank = {key: i for i, key in enumerate(prims)}
        infos: dict[int, Any] = {}
        extras: dict[int, Any] = {}
        fans: dict[int, Any] = {}
        for i, node in enumerate(nodes):
            info = node._info
            if isinstance(node, LayerInputs):
                batch: Any = node.batch
                fans[i] = (_placed(node.inputs, place), node.numbers(), *[getattr(batch, name) for name in _BATCH])
                continue
            if info is not None:
                infos[i] = _take_info(info, place) if isinstance(info, Info) else info
            extra = _extra(node, _NODE)
            if extra:
                extras[i] = extra
        return {
            "prims": [by_id[key] for key in prims],
            "prim": array("l", [rank.get(id(node._prim), -1) for node in nodes]),
            "a": array("l", [place(node._a) for node in nodes]),
            "b": array("l", [place(node._b) for node in nodes]),
            "data": array("d", [node._data for node in nodes]),
            "grad": array("d", [node._grad for node in nodes]),
            "pa": array("d", [node._pa for node in nodes]),
            "pb": array("d", [node._pb for node in nodes]),
            "infos": infos,
            "extras": extras,
            "fans": fans,
            "others": others,
        }

    def __setstate__(self, columns: dict[str, Any]) -> None:
        nodes = self.nodes
        others = columns["others"]
        everything = [*nodes, *others, None]  # place -1 is None
        operands = _Operands(len(nodes), everything)
        prims = columns["prims"]
        rows = zip(nodes, *[columns[name] for name in ("prim", "a", "b", "data", "grad", "pa", "pb")], strict=True)
        for i, (node, prim, a, b, data, grad, pa, pb) in enumerate(rows):
            node._a, node._b = operands.of(i, a), operands.of(i, b)
            node._data, node._grad, node._pa, node._pb = data, grad, pa, pb
            if prim >= 0:
                node._prim = prims[prim]
        for i, (inputs, numbers, sink, weights, first, count) in columns["fans"].items():
            fan: Any = nodes[i]
            fan.inputs = _back(inputs, operands.before(i))
            fan.nodes = [x for x in fan.inputs if isinstance(x, Node)]
            if len(fan.nodes) not in (0, len(fan.inputs)):
                fan.columns = [k for k, x in enumerate(fan.inputs) if isinstance(x, Node)]
            fan.batch = LayerBatch(sink, weights, first, count, written(numbers), written([0.0] * count))
        for i, info in columns["infos"].items():
            nodes[i]._info = info if isinstance(info, str) else _give_info(info, operands.before(i), everything)
        for i, extra in columns["extras"].items():
            for name, item in extra.items():
                setattr(nodes[i], name, item)


class _Operands:
    """The nodes at the places in a table; FileFormatError for a place that no writer of tables gives an operand."""

    def __init__(self, count: int, everything: list[Any]) -> None:
        self.count = count
        self.everything = everything

    def of(self, i: int, place: Any) -> Any:
        """The operand at ``place`` of node ``i``: one before it, or one outside; None at −1."""
        if not (-1 <= place < i or self.count <= place < len(self.everything) - 1):
            raise FileFormatError(
                f"the pickle is damaged or hostile: node {i} has an operand at place {place!r}, which isn't before it"
            )
        return self.everything[place]

    def before(self, i: int) -> Callable[[Any], Any]:
        """``of(i, …)``."""
        return functools.partial(self.of, i)


def _shells(kinds: list[type[Node]], which: Any) -> Table:
    """A table of empty nodes, which others can refer to before it is filled."""
    table = Table.__new__(Table)
    table.nodes = [_shell(kinds[i]) for i in which]
    table.places = {}
    return table


def _take_info(info: Info, place: Callable[[Any], Any]) -> tuple[Any, ...]:
    """An ``Info`` with places instead of nodes."""
    plain = (info.label, info.scope, info.source, info.hooks)
    grad = place(info.grad) if isinstance(info.grad, Node) else -1
    if not isinstance(info, NaryOperands):
        return (type(info), plain, grad, None, _extra(info, _INFO))
    operands: Any = opened(info).operands
    if operands is info.nodes:
        operands = None
    elif type(operands) in (list, tuple):
        operands = _placed(operands, place)
    many = (operands, [place(x) for x in info.nodes], list(info.partials), info.sink, info.index)
    return (type(info), plain, grad, many, _extra(info, _MANY))


def _placed(operands: Any, place: Callable[[Any], Any]) -> list[Any]:
    """Operands with places instead of nodes."""
    return [(place(x),) if isinstance(x, Node) else x for x in operands]


def _back(operands: list[Any], at: Callable[[Any], Any]) -> list[Any]:
    """The operands again."""
    return [at(x[0]) if type(x) is tuple else x for x in operands]


def _give_info(taken: tuple[Any, ...], at: Callable[[Any], Any], everything: list[Any] | None = None) -> Info:
    """The ``Info`` again; ``at`` says which operand is at a place, ``everything`` which node a gradient is."""
    kind, (label, scope, source, hooks), grad, many, extra = taken
    info: Any = kind.__new__(kind)
    info.label, info.scope, info.source, info.hooks = label, scope, source, hooks
    info.grad = at(grad) if everything is None else everything[grad]
    if many is not None:
        operands, nodes, info.partials, info.sink, info.index = many
        info.nodes = [at(place) for place in nodes]
        if operands is None:
            operands = info.nodes
        elif type(operands) is list:
            operands = _back(operands, at)
        info.operands = operands
    for name, item in extra.items():
        setattr(info, name, item)
    found: Info = info
    return found


def shallow_copy(node: Any) -> Any:
    """``copy.copy``: another node with the same number, operands, gradient, label and hooks."""
    tracer = current_tracer() if STATE.observers and node._prim is not None else None
    if owner_of(node) is not None or (tracer is not None and tracer.mark == node._mark != 0):
        return node  # made of the same operands as the copy would be
    made = _shell(type(node))
    for name in ("_data", "_grad", "_prim", "_a", "_b", "_pa", "_pb"):
        setattr(made, name, getattr(node, name))
    info = node._info
    if isinstance(info, Info):
        info = _give_info(_take_info(info, _itself), _itself)
        info.hooks = copy.copy(info.hooks)
    made._info = info
    for name, item in _extra(node, _NODE).items():
        setattr(made, name, item)
    return made
