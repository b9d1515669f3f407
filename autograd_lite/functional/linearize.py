"""A recorded function as a linear map: its Jacobian at the recorded point, applied from either side.

``Linear`` is a flat copy of the part of a graph that lies between some inputs and some outputs: for each node, the
places of its operands and its partials. The partials are floats (those recorded), or nodes (the rules run on nodes),
and tangents and adjoints are floats or nodes likewise: so ``jvp``, ``vjp``, ``jacobian`` and everything of higher
order are one loop. It reads the graph and writes nothing, so any number of them run at a time, on any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.nodes import opened
from ..engine.observers import current_tracer, without_observers
from ..engine.sweeps import (
    STATE,
    CheckpointOperands,
    Info,
    LayerInputs,
    NaryOperands,
    Node,
    hooked,
    partials_on_nodes,
    rule_parents,
)
from ..primitives.arithmetic import where
from .branches import ALWAYS, NEVER, Reach, either, only_if

__all__ = ["Linear"]

Edges = list[tuple[int, Any]]
Row = dict[int, Any]

#: a condition of more literals becomes a number of the recording
_MANY = 3
#: how many directions one sweep of ``by_columns`` and ``by_rows`` carries: bounds the memory
_TOGETHER = 64


class Linear:
    """The linear map from changes of ``inputs`` to changes of ``outputs``.

    Args:
        inputs: nodes; what they were made from plays no part.
        outputs: nodes, or plain numbers, which don't change.
        rules: whether partials are nodes (so that results can be differentiated) instead of the recorded floats.
        born: the recording (``STATE.recordings``) that made the graph: where an output depends on a Value that was
            there before, partials are nodes too. 0 if that doesn't matter.

    Attributes:
        constant: whether no output depends on any input.
        rules: whether partials are nodes.
    """

    def __init__(self, inputs: Sequence[Node], outputs: Sequence[Any], rules: bool = False, born: float = 0.0) -> None:
        self._inputs = len(inputs)
        self._steps: list[Edges] = []
        self._hooked: dict[int, Node] = {}
        self._branching = rules and current_tracer() is not None
        place = {id(node): i for i, node in enumerate(inputs)}
        count = len(inputs)
        nodes, outside = _between(place, [y for y in outputs if isinstance(y, Node)], born)
        self.rules = rules = rules or outside
        for node in nodes:
            edges = _edges(node, place, rules)
            if edges:
                place[id(node)] = count
                count += 1
                self._steps.append(edges)
        if STATE.hooks:
            for node in [*inputs, *nodes]:
                info = node._info
                if isinstance(info, Info) and info.hooks and id(node) in place:
                    self._hooked[place[id(node)]] = node
        self._branching = self._branching and any(isinstance(p, _Branch) for edges in self._steps for _, p in edges)
        self._outputs = [place.get(id(y)) if isinstance(y, Node) else None for y in outputs]
        self.constant = all(i is None for i in self._outputs)

    def forward(self, tangents: Sequence[Any]) -> list[Any]:
        """The tangents of the outputs for those of the inputs; None stands for "doesn't move", in and out."""
        moving: list[Any] = list(tangents)
        gates = _Gates(self, list(enumerate(tangents)), False) if self._branching else None
        for edges in self._steps:
            total = None
            for i, partial in edges:
                t = moving[i]
                if t is not None:
                    term = t * partial if type(t) is float and type(partial) is float else _times(partial, t)
                    if gates is not None and _may_be_nan(partial):
                        term = gates.kept(i, term)
                    total = term if total is None else total + term
            moving.append(total)
        return [None if i is None else moving[i] for i in self._outputs]

    def reverse(self, seeds: Sequence[Any]) -> list[Any]:
        """The adjoints of the inputs for those of the outputs; None stands for "no influence", in and out."""
        adjoints: list[Any] = [None] * (self._inputs + len(self._steps))
        for i, seed in zip(self._outputs, seeds):
            if i is not None and seed is not None:
                adjoints[i] = seed if adjoints[i] is None else adjoints[i] + seed
        k = len(adjoints)
        gates = _Gates(self, list(zip(self._outputs, seeds)), True) if self._branching else None
        for edges in reversed(self._steps):
            k -= 1
            g = adjoints[k]
            if g is None:
                continue
            if k in self._hooked:
                g = hooked(self._hooked[k], g)
            for i, partial in edges:
                term = g * partial if type(g) is float and type(partial) is float else _times(partial, g)
                if gates is not None and _may_be_nan(partial):
                    term = gates.kept(k, term)
                old = adjoints[i]
                adjoints[i] = term if old is None else old + term
        for i, node in self._hooked.items():
            if i < self._inputs and adjoints[i] is not None:
                adjoints[i] = hooked(node, adjoints[i])
        return adjoints[: self._inputs]

    def by_columns(self) -> list[Row]:
        """The matrix by forward mode: for each output, the derivatives with respect to the inputs that it depends on.

        The unit directions go together, some at a time, and each node keeps only the tangents that it has: what an
        input doesn't reach costs nothing.
        """
        matrix: list[Row] = [{} for _ in self._outputs]
        if self._branching:  # each column reaches other numbers
            for j in range(self._inputs):
                found = self.forward([1.0 if i == j else None for i in range(self._inputs)])
                for line, t in zip(matrix, found):
                    if t is not None:
                        line[j] = t
            return matrix
        for start in range(0, self._inputs, _TOGETHER):
            stop = min(start + _TOGETHER, self._inputs)
            rows: list[Row | None] = [{j: 1.0} if start <= j < stop else None for j in range(self._inputs)]
            for edges in self._steps:
                row: Row | None = None
                for i, partial in edges:
                    moved = rows[i]
                    if moved:
                        row = _plus(row, partial, moved)
                rows.append(row)
            for line, place in zip(matrix, self._outputs):
                if place is not None:
                    line.update(rows[place] or {})
        return matrix

    def by_rows(self) -> list[Row]:
        """The matrix by reverse mode: for each output, the adjoints of the inputs that it depends on."""
        if self._branching:  # each row reaches other numbers
            units: list[list[Any]] = [[None] * len(self._outputs) for _ in self._outputs]
            for k, unit in enumerate(units):
                unit[k] = 1.0
            return [{j: g for j, g in enumerate(self.reverse(unit)) if g is not None} for unit in units]
        matrix: list[Row] = [{} for _ in self._outputs]
        for start in range(0, len(self._outputs), _TOGETHER):
            rows: list[Row | None] = [None] * (self._inputs + len(self._steps))
            for k, place in enumerate(self._outputs[start : start + _TOGETHER], start):
                if place is not None:
                    rows[place] = {**(rows[place] or {}), k: 1.0}
            at = len(rows)
            for edges in reversed(self._steps):
                at -= 1
                adjoints = rows[at]
                if not adjoints:
                    continue
                if at in self._hooked:
                    adjoints = {k: hooked(self._hooked[at], g) for k, g in adjoints.items()}
                for i, partial in edges:
                    rows[i] = _plus(rows[i], partial, adjoints)
            for i in range(self._inputs):
                for k, g in (rows[i] or {}).items():
                    matrix[k][i] = hooked(self._hooked[i], g) if i in self._hooked else g
        return matrix


class _Branch:
    """The partial of a choice in a recording, which holds both branches: 1 where the one of it is taken, else 0.

    What is multiplied with it is left out where it isn't taken, nan too.
    """

    __slots__ = ("condition", "holds")

    def __init__(self, condition: Any, holds: bool) -> None:
        self.condition = condition
        self.holds = holds

    def taken(self, x: Any) -> Any:
        return where(self.condition, x, 0.0) if self.holds else where(self.condition, 0.0, x)


class _Gates:
    """Where a sweep through a recording with choices arrives (``branches.py``)."""

    def __init__(self, linear: Linear, begin: Sequence[tuple[int | None, Any]], back: bool) -> None:
        self.conditions: dict[Any, Any] = {}
        self.numbers: dict[Reach, Any] = {}
        self.reach: list[Reach] = [NEVER] * (linear._inputs + len(linear._steps))
        for i, given in begin:
            if i is not None and given is not None:
                self.reach[i] = ALWAYS
        steps = list(enumerate(linear._steps, linear._inputs))
        for k, edges in reversed(steps) if back else steps:
            for i, partial in edges:
                source, target = (k, i) if back else (i, k)
                there = self.reach[source]
                if isinstance(partial, _Branch):
                    self.conditions[id(partial.condition)] = partial.condition
                    there = only_if(there, id(partial.condition), partial.holds)
                self.reach[target] = self._short(either(self.reach[target], there))

    def _short(self, reach: Reach) -> Reach:
        if sum(map(len, reach)) <= _MANY:
            return reach
        condition = self.number(reach) != 0.0
        self.conditions[id(condition)] = condition
        return only_if(ALWAYS, id(condition), True)

    def number(self, reach: Reach) -> Any:
        """1 where a condition holds, else 0."""
        found = self.numbers.get(reach)
        if found is None:
            found = 0.0
            for term in reach:
                number: Any = 1.0
                for key, holds in term:
                    number = _Branch(self.conditions[key], holds).taken(number)
                found = number if type(found) is float else where(number, 1.0, found)
            self.numbers[reach] = found
        return found

    def kept(self, k: int, x: Any) -> Any:
        """What number ``k`` hands on: ``x`` where the sweep arrives there, else 0."""
        reach = self.reach[k]
        if reach == ALWAYS:
            return x
        if sum(map(len, reach)) == 1:
            [[(key, holds)]] = reach
            return _Branch(self.conditions[key], holds).taken(x)
        return where(self.number(reach), x, 0.0)


def _plus(row: Row | None, partial: Any, other: Row) -> Row:
    """row + partial · other, in the place of ``row``; a new one if there is none."""
    if type(partial) is not float:
        other = {j: _times(partial, t) for j, t in other.items()}
        partial = 1.0
    if row is None:
        return dict(other) if partial == 1.0 else {j: t * partial for j, t in other.items()}
    for j, t in other.items():
        if partial != 1.0:
            t = t * partial
        row[j] = row[j] + t if j in row else t
    return row


def _may_be_nan(partial: Any) -> bool:
    """Whether its product with 0, which is what has not come there, may be: a choice and a finite number give 0."""
    return type(partial) is not _Branch and (type(partial) is not float or partial - partial != 0.0)


def _times(partial: Any, t: Any) -> Any:
    """The product, without a node for a factor of 1."""
    if type(partial) is _Branch:
        return partial.taken(t)
    if type(partial) is float and partial == 1.0:
        return t
    if type(t) is float and t == 1.0:
        return partial
    return t * partial


def _operands(node: Node) -> Sequence[Node]:
    """What a sweep passes through at an n-ary node: the operands that are nodes already (a parameter's row is none)."""
    if isinstance(node._b, LayerInputs):
        return node._b.nodes
    info = node._info
    if not isinstance(info, NaryOperands):
        return ()
    return rule_parents(node) if isinstance(info, CheckpointOperands) else opened(info).nodes


def _between(inputs: dict[int, int], roots: list[Node], born: float) -> tuple[list[Node], bool]:
    """What ``roots`` are made from, operands first, as far as ``inputs`` and without them; and whether one of those
    is older than the recording ``born``: a leaf, or a layer's parameters.
    """
    result: list[Node] = []
    outside = False
    seen: set[int] = set(inputs)
    stack: list[Node | None] = list(reversed(roots))
    while stack:
        node = stack.pop()
        if node is None:
            node = stack.pop()
            assert node is not None
            result.append(node)
            continue
        key = id(node)
        if key in seen:
            continue
        seen.add(key)
        if node._prim is None:
            outside = outside or node._pa < born
            continue
        stack.append(node)
        stack.append(None)
        a, b = node._a, node._b
        if (a is None and b is None) or isinstance(b, LayerInputs):
            operands = _operands(node)
            outside = outside or (born > 0.0 and (b is not None or getattr(node._info, "sink", None) is not None))
            stack.extend([p for p in reversed(operands) if id(p) not in seen])
            continue
        if b is not None and id(b) not in seen:
            stack.append(b)
        if a is not None and id(a) not in seen:
            stack.append(a)
    return result, outside


def _edges(node: Node, place: dict[int, int], rules: bool) -> Edges:
    """Where the operands that depend on an input are, with the partial for each."""
    a, b = node._a, node._b
    if (a is None and b is None) or isinstance(b, LayerInputs):
        return _edges_nary(node, place, rules)
    i = place.get(id(a))
    j = place.get(id(b))
    if i is None and j is None:
        return []
    if getattr(node._prim, "passive", False):
        return []
    pa: Any = node._pa
    pb: Any = node._pb
    if rules:
        partials = _rule(node)
        pa, pb = partials[0], partials[-1]
    if i is None:
        assert j is not None
        return [(j, pb)]
    return [(i, pa)] if j is None else [(i, pa), (j, pb)]


def _edges_nary(node: Node, place: dict[int, int], rules: bool) -> Edges:
    """``_edges`` for any number of operands."""
    operands = _operands(node)
    if all(id(p) not in place for p in operands):
        return []
    partials: Sequence[Any]
    if isinstance(node._info, CheckpointOperands):
        partials = (1.0,)
    elif rules and getattr(node._prim, "choice", False):
        return _edges_of_choice(node, place)
    elif rules:
        operands = rule_parents(node)
        partials = _rule(node)
    else:
        partials = node._b.to_nodes(node._pa) if isinstance(node._b, LayerInputs) else node._info.partials
    return [(place[id(p)], partial) for p, partial in zip(operands, partials) if id(p) in place]


def _edges_of_choice(node: Node, place: dict[int, int]) -> Edges:
    """The branches of a choice in a recording."""
    condition, *branches = node.args
    edges: Edges = []
    for k, branch in enumerate(branches):
        i = place.get(id(branch))
        if i is not None:
            two = node._prim is where
            edges.append((i, _Branch(condition if two else condition == float(k), k == 0 if two else True)))
    return edges


def _rule(node: Node) -> list[Any]:
    if not STATE.observers:
        return partials_on_nodes(node)
    tracer = current_tracer()
    with without_observers("checks"):  # a rule may pass through a pole that the partial doesn't see
        partials = partials_on_nodes(node)
    return partials if tracer is None else [tracer.partial(p) for p in partials]
