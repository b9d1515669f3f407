"""What a graph is made of: a node, what few nodes have besides, and where adjoints that belong to no node go.

A node keeps what a sweep needs: its number, its operands in order (with repeats) and the partial derivative for each,
computed when it was recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from ..primitives.base import Op, Operand
from ..primitives.sums import NATIVE
from . import doubles

__all__ = [
    "STATE", "CheckpointOperands", "GradientSink", "Info", "LayerBatch", "LayerInputs", "LayerNumbers", "NaryOperands",
    "Node", "State", "has_float", "open_all", "opened", "operands_of", "reaches_outside", "summed_apart", "written",
]  # fmt: skip


class State:
    """What the hot paths ask before the short way. Nothing here is counted, so nothing can be miscounted.

    Attributes:
        observers: weak references to the scopes that live, over all threads: see observers.py.
        hooks: weak references to the hooks and checkpoints that live: see hooks.py.
        recordings: how many recordings of transforms have begun. A leaf keeps in ``_pa``, which it has no partial for,
            how many that were when it was made: so a recording knows the leaves that were there before it.
    """

    __slots__ = ("hooks", "observers", "recordings")

    def __init__(self) -> None:
        self.observers: set[Any] = set()
        self.hooks: set[Any] = set()
        self.recordings: float = 0.0


STATE: Final = State()


class Info:
    """What few nodes have: a label with more beside it (hooks, the module that made the node, the user's line)."""

    __slots__ = ("grad", "hooks", "label", "scope", "source")

    def __init__(self, label: str = "") -> None:
        self.label: str = label
        self.scope: str = ""
        self.source: str = ""
        self.hooks: list[Callable[[Any], Any]] | None = None
        self.grad: Any = None  # a gradient that is itself a node, from backward(create_graph=True)


class GradientSink:
    """Where the adjoints of operands that are not nodes go: the rows of a parameter buffer.

    A sweep hands over what it has for a sink in one call at its end: pairs of an n-ary node's operands and its adjoint,
    or each ``LayerInputs``, whose batch has the adjoints of its neurons; so a layer can add them to its gradient buffer
    as one matrix product.
    """

    __slots__ = ()

    def hand_back(self, fan: LayerInputs) -> bool:
        """Add Ωᵀδ to the adjoints of a fan's nodes; or leave it to plain loops: False."""
        return False

    def prepare(self, adjoints: list[Any]) -> Any:
        """What ``commit`` is to add, and what ``restore`` needs to take it back: all that takes memory, or a user's
        code, is done here, before any gradient is touched."""
        raise NotImplementedError

    def commit(self, prepared: Any) -> list[Node]:
        """Add to the gradient buffer; return a parameter whose gradient is now nan or infinite, if any."""
        raise NotImplementedError

    def restore(self, prepared: Any) -> None:
        """Make the gradient buffer what it was when this was prepared, whether it has been added or not."""
        raise NotImplementedError

    def spread(self, adjoints: list[Any], inputs: Sequence[Node]) -> None:
        """Add the adjoints to ``_adjoint`` of those parameters that are among ``inputs``."""
        raise NotImplementedError

    def open(self, many: NaryOperands) -> None:
        """Put leaves that only the sink knows among the operands that it is the sink of."""

    def older(self, born: float) -> bool:
        """Whether one of those operands was there before the recording ``born``, as a parameter is."""
        return True


class NaryOperands(Info):
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
        sink: GradientSink | None = None,
        index: int = 0,
    ) -> None:
        super().__init__()
        self.operands: Sequence[Any] = operands
        self.nodes: list[Node] = nodes
        self.partials: list[float] = partials
        self.sink: GradientSink | None = sink
        self.index: int = index

    def args(self) -> tuple[Any, ...]:
        """All operands in order, the constants as floats."""
        return tuple(opened(self).operands)

    def parents(self) -> tuple[Any, ...]:
        """The differentiable operands in order."""
        return tuple(opened(self).nodes)

    def all_partials(self) -> tuple[float, ...]:
        """The partials, one for each of ``parents()``."""
        return tuple(opened(self).partials)


def opened(many: NaryOperands) -> NaryOperands:
    """The same, with the leaves behind a sink among the operands: what all but sweeps look at."""
    if many.sink is not None:
        many.sink.open(many)
    return many


def open_all(nodes: Sequence[Node]) -> None:
    """Leaves behind sinks take part as nodes: a hook on one of them sees its whole adjoint, and once."""
    for node in nodes:
        if isinstance(node._info, NaryOperands):
            opened(node._info)


class CheckpointOperands(NaryOperands):
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


class Node(Operand):
    """A number, the primitive that made it, its operands and their partials. ``Value`` adds the number protocol.

    One or two operands live in ``_a`` and ``_b`` with partials ``_pa`` and ``_pb``. A constant operand of a binary op
    needs no partial, so its number takes the partial's place: in ``x*2`` ``_b`` is None and ``_pb`` the 2. ``_info``
    is None, a label, an ``Info``, or the ``NaryOperands`` of an n-ary op. A neuron of a layer has its ``LayerInputs``
    in ``_b`` and its place there in ``_pa``. A leaf has in ``_pa`` the ``STATE.recordings`` that it was made in.
    """

    __slots__ = ("__weakref__", "_a", "_adjoint", "_b", "_data", "_grad", "_info", "_mark", "_pa", "_pb", "_prim")

    _mark: int
    _data: float
    _grad: float
    _prim: Op | None
    _a: Node | None
    _b: Node | None
    _pa: float
    _pb: float
    _info: Any
    _adjoint: float

    @property
    def parents(self) -> tuple[Any, ...]:
        """The differentiable operands, in order, with repeats (``x*x`` has two)."""
        a, b = self._a, self._b
        if a is not None:
            return (a,) if b is None else (a, b)
        if b is not None:
            return b.parents_of(self._pa) if isinstance(b, LayerInputs) else (b,)
        many = self._info
        return many.parents() if isinstance(many, NaryOperands) else ()

    @property
    def args(self) -> tuple[Any, ...]:
        """All operands in order, the constants as floats."""
        a, b, prim, many = self._a, self._b, self._prim, self._info
        if a is not None:
            return (a, b) if b is not None else (a,) if prim is None or prim.arity == 1 else (a, self._pb)
        if b is not None:
            return b.args_of(self._pa) if isinstance(b, LayerInputs) else (self._pa, b)
        return many.args() if isinstance(many, NaryOperands) else ()

    @property
    def local_partials(self) -> tuple[float, ...]:
        """∂self/∂parent for each of ``parents``, at the recorded point."""
        a, b = self._a, self._b
        if a is not None:
            if b is None:
                return (self._pa,)
            return (self._pa, self._pb)
        if b is not None:
            return b.partials_of(self._pa) if isinstance(b, LayerInputs) else (self._pb,)
        many = self._info
        return many.all_partials() if isinstance(many, NaryOperands) else ()

    def _number(self) -> float:
        """The current number; a parameter's element reads it from its buffer here."""
        return self._data

    def _keep_number(self) -> None:
        """A number was assigned; a parameter's element writes it to its buffer here."""

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


def has_float(node: Any) -> bool:
    """Whether the gradient of a Value that keeps it itself is the float in ``_grad``, and not a node."""
    info = node._info
    return info is None or not isinstance(info, Info) or info.grad is None


def _no_number(*numbers: float) -> float:
    raise TypeError("a fan is no number")


_FAN: Final = Op("fan", -1, _no_number, _no_number)

#: the adjoint of a neuron that a sweep has not met: it changes no sum, and a sum that began at 0.0 is never −0.0
UNREACHED: Final = -0.0


#: up to so many multiplications, plain loops are faster than NumPy
LOOPS = 4096 if NATIVE else 64


def written(numbers: list[float]) -> Any:
    """A block with these numbers in it."""
    block = doubles.block(len(numbers))
    xs = doubles.start(block)
    for i, x in enumerate(numbers):
        xs[i] = x
    return block


class LayerNumbers:
    """The numbers of a layer as they were when neurons were recorded; one for all neurons while they stay the same.

    Attributes:
        weight, bias: those of Ω, row by row, and of β; None if the layer has none.
        units, width: how many neurons there are, and how many inputs each has.
        loops: up to so many multiplications are done in plain loops, more by the layer's sink.
        arrays: the same as its sink wants them, if it has asked for them.
        shares: in a sweep, where Ωᵀδ of a sample is added up.
    """

    __slots__ = ("arrays", "bias", "loops", "shares", "units", "weight", "width")

    def __init__(self, weight: bytes, bias: bytes | None, units: int, width: int) -> None:
        self.weight: bytes = weight
        self.bias: bytes | None = bias
        self.units: int = units
        self.width: int = width
        self.loops: int = LOOPS
        self.arrays: Any = None
        self.shares: Any = doubles.block(width)

    def row(self, unit: int) -> list[float]:
        """The weights of a neuron."""
        numbers = doubles.start(self.weight)
        return [numbers[i] for i in range(unit * self.width, (unit + 1) * self.width)]

    def bias_of(self, unit: int) -> float:
        """The bias of a neuron; 0.0 if the layer has none."""
        return 0.0 if self.bias is None else float(doubles.start(self.bias)[unit])

    def __reduce__(self) -> Any:
        return (LayerNumbers, (self.weight, self.bias, self.units, self.width))


class LayerBatch:
    """What the samples of one call of a layer have in common.

    Attributes:
        sink: the layer's parameters.
        weights: the layer's numbers as they were.
        first, count: which neurons of the layer there are: ``first``, ``first + 1`` …
        numbers: the inputs' numbers as they were, sample after sample: a block.
        adjoints: in a sweep, δ of each neuron, sample after sample, ``UNREACHED`` until the sweep meets it.
    """

    __slots__ = ("adjoints", "count", "first", "numbers", "sink", "weights")

    def __init__(
        self, sink: GradientSink, weights: LayerNumbers, first: int, count: int, numbers: Any, adjoints: Any
    ) -> None:
        self.sink: GradientSink = sink
        self.weights: LayerNumbers = weights
        self.first: int = first
        self.count: int = count
        self.numbers: Any = numbers
        self.adjoints: Any = adjoints


class LayerInputs(Node):
    """The inputs x₁ … xₙ of one sample, where they fan out into the neurons of a layer: a node of the sweeps alone.

    Each neuron is a function of all of them. With the fan between, a sweep passes the inputs once a sample and not once
    a neuron: the neurons leave their adjoints δ with the fan, whose turn comes when all of them are done, and it hands
    Ωᵀδ to the inputs in one product. To everyone else a neuron is the ``affine`` of its inputs, weights and bias, and
    no list, picture or trace of a graph has the fan in it.

    Attributes:
        inputs: Values, and floats for what is constant.
        nodes: those of them that are Values.
        columns: their places among the inputs; None if all are Values.
        batch: what it shares with the other samples, of which it is number ``sample``.
    """

    __slots__ = ("batch", "columns", "inputs", "nodes", "sample")

    def __init__(
        self, inputs: list[Any], nodes: list[Node], columns: list[int] | None, batch: LayerBatch | None, sample: int
    ) -> None:
        self._data = self._grad = self._pa = self._pb = self._adjoint = 0.0
        self._a = self._b = self._info = None
        self._prim = _FAN
        self._mark = 0
        self.inputs: list[Any] = inputs
        self.nodes: list[Node] = nodes
        self.columns: list[int] | None = columns
        self.batch: Any = batch
        self.sample: int = sample

    @property
    def sink(self) -> Any:
        """The layer's parameters."""
        return self.batch.sink

    def begin(self) -> None:
        """A sweep begins: it has met none of the neurons."""
        batch = self.batch
        adjoints = doubles.start(batch.adjoints)
        for i in range(self.sample * batch.count, (self.sample + 1) * batch.count):
            adjoints[i] = UNREACHED

    def meet(self, place: int, adjoint: float) -> None:
        """The sweep has met a neuron."""
        batch = self.batch
        adjoints = doubles.start(batch.adjoints)
        adjoints[self.sample * batch.count + place] += adjoint + 0.0  # −0.0 becomes 0.0: it has been reached

    def hand_back(self) -> None:
        """Add Ωᵀδ to the adjoints of the nodes; unreached neurons have no share."""
        batch = self.batch
        weights: LayerNumbers = batch.weights
        width = weights.width
        if width * batch.count > weights.loops and batch.sink.hand_back(self):
            return
        shares, matrix = doubles.start(weights.shares), doubles.start(weights.weight)
        adjoints = doubles.start(batch.adjoints)
        for i in range(width):
            shares[i] = 0.0
        for place in range(batch.count):
            g = adjoints[self.sample * batch.count + place]
            if g == 0.0 and math.copysign(1.0, g) < 0.0:  # UNREACHED
                continue
            at = (batch.first + place) * width
            for i in range(width):
                shares[i] += g * matrix[at + i]
        self.spread(weights.shares)

    def spread(self, handed: Any) -> None:
        """Add what each input is handed, a block, to the adjoints of those that are nodes."""
        shares = doubles.start(handed)
        columns: Any = self.columns
        for i, operand in enumerate(self.nodes):
            at = i if columns is None else columns[i]
            operand._adjoint += shares[at]

    def unit(self, place: float) -> int:
        """Which neuron of the layer the one with this ``_pa`` is."""
        first: int = self.batch.first
        return first + int(place)

    def row(self, place: float) -> list[float]:
        """Its weights as they were."""
        found: list[float] = self.batch.weights.row(self.unit(place))
        return found

    def numbers(self) -> list[float]:
        """The numbers of the inputs as they were."""
        batch = self.batch
        weights: LayerNumbers = batch.weights
        numbers = doubles.start(batch.numbers)
        return [numbers[i] for i in range(self.sample * weights.width, (self.sample + 1) * weights.width)]

    def recorded(self, place: float) -> list[float]:
        """The numbers of its inputs, weights and bias as they were."""
        return [*self.numbers(), *self.row(place), self.batch.weights.bias_of(self.unit(place))]

    def args_of(self, place: float) -> tuple[Any, ...]:
        """The operands of its affine: inputs, weights, bias (0.0 if there is none); the latter two made on demand."""
        sink = self.sink
        unit = self.unit(place)
        operands: list[Any] = self.inputs + sink.row(unit)
        operands.append(sink.bias_of(unit))
        return tuple(operands)

    def parents_of(self, place: float) -> tuple[Any, ...]:
        """The inputs that are Values, the weights, the bias."""
        return tuple([arg for arg in self.args_of(place) if isinstance(arg, Node)])

    def partials_of(self, place: float) -> tuple[float, ...]:
        """The recorded weights, the recorded inputs, and 1 for the bias."""
        to_bias = () if self.sink.bias is None else (1.0,)
        return (*self.to_nodes(place), *self.numbers(), *to_bias)

    def to_nodes(self, place: float) -> list[float]:
        """The partials of ``nodes``."""
        if not self.nodes:
            return []
        row = self.row(place)
        return row if self.columns is None else [row[column] for column in self.columns]


def operands_of(node: Node) -> Sequence[Node]:
    """The operands to which a sweep passes adjoints: the parents, without a layer's parameters."""
    a, b = node._a, node._b
    if b is not None:
        if isinstance(b, LayerInputs):
            return b.nodes
        return (b,) if a is None else (a, b)
    if a is not None:
        return (a,)
    many = node._info
    return opened(many).nodes if isinstance(many, NaryOperands) else ()


def summed_apart(node: Node, numbers: list[float]) -> bool:
    """Whether ``node`` is a layer's neuron recorded with these operands: its sum may have been made in another order
    than its op's, so that it differs in the last bits."""
    fan = node._b
    return isinstance(fan, LayerInputs) and fan.recorded(node._pa) == numbers


def reaches_outside(nodes: Sequence[Node], born: float) -> bool:
    """Whether one of these nodes was there before the recording ``born``: a leaf, or a layer's parameters."""
    for node in nodes:
        if node._prim is None:
            if node._pa < born:
                return True
        elif node._a is None:
            info = node._info
            if isinstance(node, LayerInputs) or isinstance(node._b, LayerInputs):
                return True
            if isinstance(info, NaryOperands) and info.sink is not None and info.sink.older(born):
                return True
            if isinstance(info, CheckpointOperands) and info.group.layers:
                return True
    return False
