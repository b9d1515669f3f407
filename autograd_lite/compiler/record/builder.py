"""From what a recording wrote down to its program: what the numbers from elsewhere are, names, and the order of all."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ...engine.sweeps import LayerInputs, Node, operands_of
from ...engine.value import Value
from ...primitives.primitive import Primitive
from ..ir.control_ops import stop
from ..ir.scalar_program import CompileError, Guard, Leaf, Program, built_in
from .containers import arranged
from .numbering import Numbering
from .structure import Parts, number_of
from .trace import NAMED, Recorder

__all__ = ["Builder"]


class Builder:
    """Makes the program of a recording: its leaves in the order in which they are met, the arguments first.

    Args:
        blocks: the numbers of the arguments; ``names``: a name for each block.

    Attributes:
        given: fresh leaves that stand for the numbers of the arguments.
        owner: the block of each, by its ``id()``.
    """

    def __init__(self, blocks: Parts, names: Sequence[str]) -> None:
        self.leaves: list[Leaf] = []
        self.size = 0
        self.given: list[Any] = []
        self.owner: dict[int, int] = {}
        for k, (block, name) in enumerate(zip(map(number_of, blocks), names, strict=True)):
            self.leaf("argument", name, tuple(getattr(block, "shape", ())), k)
            values = [Value(number) for number in (block.ravel().tolist() if hasattr(block, "ravel") else [block])]
            self.owner.update((id(value), k) for value in values)
            self.given += values
        self.buffers: dict[int, int] = {}
        self.inputs: dict[tuple[int, ...], array[int]] = {}  # of the samples of layers, equal ones once
        self.weights: dict[tuple[int, int], array[int]] = {}  # and the bias, of each neuron
        self.names: set[str] = set()
        self.sound: set[int] = set()  # nodes from elsewhere that are made of no number of the recording

    def leaf(self, kind: str, name: str, shape: tuple[int, ...], key: Any) -> int:
        """A new block; the id of its first number. Number i of the block is ``id + i``."""
        made = Leaf(kind, name, shape, key, self.size)
        self.leaves.append(made)
        self.size += made.size
        return made.base

    def program(self, recorder: Recorder, results: list[Any], f: Callable[..., Any], objects: Sequence[Any]) -> Program:
        """The program of what was recorded.

        Args:
            recorder: what wrote it down.
            results: the numbers that the function returned.
            f, objects: the function, and its arguments that are objects: what the containers of Values are named after.
        """
        fresh, count = recorder.fresh, len(self.given)
        self.apart = recorder.apart
        self.numbers = numbers = Numbering([*self.given, *fresh], recorder, recorder.copies)
        asked = [*results, *[value for value, _, _, _ in recorder.guards]]
        live = numbers.need(asked)
        constant = {count + i: leaf._data for i, leaf in enumerate(fresh) if live[count + i]}
        constant = {place: numbers.leaf_of(number, self.note) for place, number in constant.items()}
        numbers.meet(self.note)
        asked = [numbers.leaf_of(x, self.note) for x in asked]
        self.leaves, numbers.moved = arranged(self.leaves, f, objects)
        numbers.ids[:count] = numbers.moved[:count]
        for place, leaf in constant.items():
            numbers.ids[place] = numbers.moved[leaf]
        first = sum(leaf.size for leaf in self.leaves)
        prims, args = numbers.instructions(first, self.neuron, self.distinct, stop)
        outputs, labels = list(map(numbers.id_of, asked)), self.labels(recorder)
        numbers.forget(recorder.mark)
        decided = zip(outputs[len(results) :], recorder.guards)
        guards = [Guard(id, expected, exact, line) for id, (_, expected, exact, line) in decided]
        return Program(self.leaves, prims, args, outputs[: len(results)], guards, labels)

    def note(self, x: Any) -> int:
        """The leaf of a constant, or of what is live from outside; those of a layer's parameters."""
        if not isinstance(x, Node):
            return self.leaf("constant", repr(float(x)), (), float(x))
        if isinstance(x, LayerInputs):
            sink: Any = x.sink
            weights = self.buffer(sink.weight.storage)
            return weights if sink.bias is None else min(weights, self.buffer(sink.bias.storage))
        storage = getattr(x, "storage", None)
        if storage is not None:  # an element of a parameter: the whole buffer is the leaf
            return self.buffer(storage) + x.index  # type: ignore[attr-defined, no-any-return]
        if x._prim is not None or self.apart:
            self.from_outside(x)
        return self.leaf("value", getattr(x, "label", "") or f"v{len(self.leaves)}", (), x)

    def from_outside(self, node: Any) -> None:
        """CompileError if a node that the recording has not seen being made was made of its numbers, all the same."""
        stack = [node]
        while stack:
            node = stack.pop()
            if id(node) in self.sound:
                continue
            if self.numbers.place(node) >= 0 or id(node) in self.apart:
                raise CompileError(
                    "it uses a number that a recording has not seen being made: a copy of a Value that it closes over, "
                    "or one out of a pickle; make the copy outside"
                )
            self.sound.add(id(node))
            stack.extend(operands_of(node))

    def buffer(self, storage: Any) -> int:
        """The id of the first number of a parameter's buffer."""
        at = self.buffers.get(id(storage))
        if at is None:
            at = self.buffers[id(storage)] = self.leaf("parameter", storage.label, tuple(storage.data.shape), storage)
        return at

    def neuron(self, fan: Any, place: float) -> tuple[Any, Any]:
        """What tells a neuron from others, and the ids of its inputs, weights and bias: without making Values of these,
        and in 4 bytes each, since a large layer has many.
        """
        numbers, sink, unit = self.numbers, fan.sink, fan.unit(place)
        inputs = numbers.fans[id(fan)]
        if type(inputs) is list:
            ids = tuple(map(numbers.id_of, inputs))
            inputs = numbers.fans[id(fan)] = self.inputs.setdefault(ids, array("i", ids))
        weights = self.weights.get((id(sink), unit))
        if weights is None:
            start = numbers.moved[self.buffers[id(sink.weight.storage)]] + unit * len(inputs)
            weights = self.weights[id(sink), unit] = array("i", range(start, start + len(inputs)))
            none = sink.bias is None
            weights.append(
                numbers.moved[numbers.constants["0.0"] if none else self.buffers[id(sink.bias.storage)] + unit]
            )
        return (id(inputs), id(sink), unit), inputs + weights

    def distinct(self, prim: Primitive) -> Primitive:
        """The primitive, under a name that no other has: a program tells its primitives apart by their names."""
        made, name, count = prim, prim.name, 1
        if built_in(name) is not prim:
            while name in self.names or built_in(name) is not None:
                count += 1
                name = f"{prim.name}_{count}"
            if count > 1:
                made = _renamed(prim, name)
        self.names.add(name)
        return made

    def labels(self, recorder: Recorder) -> dict[int, str]:
        """The names of numbers: their labels, and those of local variables."""
        called = self.variables(recorder)
        named = [(node, node.label) for node in self.numbers.informed]
        named += [(node, called.get(id(node), "")) for node in recorder.nodes[:NAMED]]
        found: dict[int, str] = {}
        for node, name in named:
            id_ = self.numbers.id_of(node)
            if name and id_ is not None:
                found.setdefault(id_, name)
        return found

    def variables(self, recorder: Recorder) -> dict[int, str]:
        """Names of local variables, by the id of the number; in a short program those that stand for one number."""
        called = recorder.called
        if len(recorder.nodes) > NAMED:
            return called
        taken = {leaf.name for leaf in self.leaves}
        counts = Counter(called.values())
        return {key: name for key, name in called.items() if counts[name] == 1 and name not in taken}


def _renamed(prim: Primitive, name: str) -> Primitive:
    """The same primitive with another name."""
    made = type(prim)(
        name, prim.fn, prim.partials, prim.arity, prim.text, prim.latex, prim.sympy, prim.array, prim.precedence,
        prim.domain, prim.kinks, prim.__doc__ or "",
    )  # fmt: skip
    made.float_partials = prim.float_partials
    made.expression, made.textbook, made.whole = prim.expression, prim.textbook, prim.whole
    made.choice, made.passive = prim.choice, prim.passive
    return made
