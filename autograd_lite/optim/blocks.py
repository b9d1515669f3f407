"""What an optimiser steps: parameters as arrays, whatever they were given as.

A ``Parameter`` is an array already and is updated in place; so are elements of one (``weight[3, 1]``, and micrograd's
``MLP.parameters()``). Loose Values (a list of scalars, or an object array of them) are gathered into one array per
step, and the result is handed back to them one by one. Small Parameters are gathered too: ten calls of NumPy for a
network cost less than ten for each of its layers, and element by element the arithmetic is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..engine.packs import read_gradients, read_numbers, write_gradients, write_numbers
from ..engine.value import Value

__all__ = ["Block", "as_blocks", "as_parameters", "gradients", "is_array_parameter"]

Array = np.ndarray[Any, np.dtype[np.float64]]


#: Parameters of at most so many numbers are stepped together: NumPy's calls would cost more than copying them
_SMALL = 8192


class Block:
    """Parameters that are stepped together as one array, and the optimiser's state for them.

    Attributes:
        indices: where its parameters stand in their group.
        state: arrays of the shape of what ``read`` returns and plain numbers, by name; empty before the first step.
    """

    __slots__ = ("indices", "state")

    def __init__(self, indices: list[int]) -> None:
        self.indices = indices
        self.state: dict[str, Any] = {}

    def read(self) -> tuple[Array, Array | None]:
        """The numbers and their gradients (None: no gradient, leave the block alone)."""
        raise NotImplementedError

    def write(self, data: Array) -> None:
        """Hand the new numbers back; ``data`` is what ``read`` returned, updated in place."""

    def write_grad(self, grad: Array) -> None:
        """Hand changed gradients back (clipping)."""

    def zero_grad(self) -> None:
        """Set the gradients to 0."""
        raise NotImplementedError

    def shapes(self) -> list[tuple[int, ...]]:
        """The shape of each of its parameters."""
        raise NotImplementedError

    def split(self) -> list[dict[str, Any]]:
        """The state of each parameter by itself; arrays are views where that is possible."""
        raise NotImplementedError

    def join(self, arrays: list[Array]) -> Array:
        """The state of all parameters as one array: the inverse of ``split`` for one entry. A copy."""
        return np.concatenate([array.reshape(-1) for array in arrays])


class ArrayBlock(Block):
    """One parameter with ``.data`` and ``.grad`` arrays."""

    __slots__ = ("parameter",)

    def __init__(self, parameter: Any, index: int) -> None:
        super().__init__([index])
        self.parameter = parameter

    def read(self) -> tuple[Array, Array | None]:
        grad = self.parameter.grad
        return np.asarray(self.parameter.data), None if grad is None else np.asarray(grad)  # without their subclass

    def write_grad(self, grad: Array) -> None:
        self.parameter.grad[...] = grad

    def zero_grad(self) -> None:
        grad = self.parameter.grad
        if grad is not None:
            grad.fill(0.0)

    def shapes(self) -> list[tuple[int, ...]]:
        return [self.parameter.data.shape]

    def split(self) -> list[dict[str, Any]]:
        return [self.state]

    def join(self, arrays: list[Array]) -> Array:
        return arrays[0].copy()


class FusedBlock(Block):
    """Several small Parameters, stepped as one vector: their own memory where they lie side by side in it, as those of
    a model do; else copied for the step and back.

    It keeps views of their buffers, which a Parameter has for life; copies and pickles make their own.
    """

    __slots__ = ("_data", "_grad", "_grads", "_numbers", "_pieces", "parameters")

    def __init__(self, parameters: list[Any], indices: list[int]) -> None:
        super().__init__(indices)
        self.parameters = parameters
        self._link()

    def _link(self) -> None:
        self._numbers = [np.asarray(p.data).reshape(-1) for p in self.parameters]
        self._grads = [np.asarray(p.grad).reshape(-1) for p in self.parameters]
        storages = [parameter.storage for parameter in self.parameters]
        runs = storages[0].runs(storages)
        self._pieces: list[Array] = []  # none: nothing to copy
        if len(runs) == 1 and runs[0].storages == storages:
            self._data, self._grad = runs[0].data, runs[0].grad
            self._grads = [self._grad]
            return
        self._data = np.concatenate(self._numbers)
        self._grad = np.concatenate(self._grads)
        self._pieces = self._cut(self._data)

    def __getstate__(self) -> Any:
        return self.indices, self.state, self.parameters

    def __setstate__(self, state: Any) -> None:
        self.indices, self.state, self.parameters = state
        self._link()

    def _cut(self, vector: Array) -> list[Array]:
        """The pieces of a vector that belong to each parameter, as views."""
        ends = np.cumsum([numbers.size for numbers in self._numbers]).tolist()
        return [vector[end - numbers.size : end] for end, numbers in zip(ends, self._numbers)]

    def read(self) -> tuple[Array, Array | None]:
        if self._pieces:
            np.concatenate(self._numbers, out=self._data)
            np.concatenate(self._grads, out=self._grad)
        return self._data, self._grad

    def write(self, data: Array) -> None:
        for numbers, piece in zip(self._numbers, self._pieces):
            numbers[:] = piece

    def write_grad(self, grad: Array) -> None:
        for numbers, piece in zip(self._grads, self._cut(grad) if self._pieces else [grad]):
            numbers[:] = piece

    def zero_grad(self) -> None:
        for numbers in self._grads:
            numbers.fill(0.0)

    def shapes(self) -> list[tuple[int, ...]]:
        return [parameter.data.shape for parameter in self.parameters]

    def split(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{} for _ in self.parameters]
        for key, entry in self.state.items():
            whole = self._cut(entry) if isinstance(entry, np.ndarray) else [entry] * len(found)
            for state, piece, shape in zip(found, whole, self.shapes()):
                state[key] = piece.reshape(shape) if isinstance(piece, np.ndarray) else piece
        return found


class VectorBlock(Block):
    """Scalars that are stepped together as a vector."""

    __slots__ = ()

    def shapes(self) -> list[tuple[int, ...]]:
        return [()] * len(self.indices)

    def split(self) -> list[dict[str, Any]]:
        count = len(self.indices)
        columns = {key: e.tolist() if isinstance(e, np.ndarray) else [e] * count for key, e in self.state.items()}
        return [{key: column[i] for key, column in columns.items()} for i in range(count)]


class ElementBlock(VectorBlock):
    """Elements of one Parameter: a piece of its buffers, a view where the piece is a run.

    Args:
        elements: pairs of an element's place in the buffer and in its group.
        storage: the Parameter's ``.data`` and ``.grad``.
    """

    __slots__ = ("places", "storage")

    def __init__(self, elements: list[tuple[int, int]], storage: Any) -> None:
        elements = sorted(elements)
        super().__init__([index for _, index in elements])
        first, last = elements[0][0], elements[-1][0]
        self.storage = storage
        self.places: Any = slice(first, last + 1)
        if last - first + 1 != len(elements):
            self.places = np.array([place for place, _ in elements])

    def read(self) -> tuple[Array, Array | None]:
        flat, grad = np.asarray(self.storage.data).reshape(-1), np.asarray(self.storage.grad).reshape(-1)
        return flat[self.places], grad[self.places]

    def write(self, data: Array) -> None:
        if not isinstance(self.places, slice):
            np.asarray(self.storage.data).reshape(-1)[self.places] = data

    def write_grad(self, grad: Array) -> None:
        np.asarray(self.storage.grad).reshape(-1)[self.places] = grad

    def zero_grad(self) -> None:
        np.asarray(self.storage.grad).reshape(-1)[self.places] = 0.0


class ScalarBlock(VectorBlock):
    """Loose Values, gathered into a vector."""

    __slots__ = ("plain", "values")

    def __init__(self, values: list[Value], indices: list[int]) -> None:
        super().__init__(indices)
        self.values = values
        self.plain = all(type(value) is Value for value in values)  # a subclass may have a ``data`` of its own

    def read(self) -> tuple[Array, Array | None]:
        if self.plain:
            data, grad = np.empty(len(self.values)), np.empty(len(self.values))
            read_numbers(self.values, data)
            if read_gradients(self.values, grad):
                return data, grad
        grads: list[Any] = [value.grad for value in self.values]
        data = np.array([value.data for value in self.values], dtype=np.float64)
        return data, np.array([g.data if isinstance(g, Value) else g for g in grads], dtype=np.float64)

    def write(self, data: Array) -> None:
        if self.plain:
            write_numbers(self.values, data)
            return
        for value, number in zip(self.values, data.tolist()):
            value.data = number

    def write_grad(self, grad: Array) -> None:
        if self.plain:
            write_gradients(self.values, grad)
            return
        for value, number in zip(self.values, grad.tolist()):
            value.grad = number

    def zero_grad(self) -> None:
        self.write_grad(np.zeros(len(self.values)))


def is_array_parameter(thing: Any) -> bool:
    """Whether ``thing`` has float64 ``.data`` in an array, as ``nn.Parameter`` has."""
    data = getattr(thing, "data", None)
    return isinstance(data, np.ndarray) and not isinstance(thing, np.ndarray)


def check_iterable(params: Any, who: str) -> None:
    """TypeError for one parameter, a whole model, or what is nothing of the kind."""
    model = hasattr(params, "parameters")
    if model or isinstance(params, Value) or is_array_parameter(params) or not isinstance(params, Iterable):
        cure = "its .parameters()" if model else "write [parameter]"
        raise TypeError(f"{who} takes an iterable of parameters, not one {type(params).__name__}: {cure}")


def as_parameters(params: Any, who: str) -> list[Any]:
    """A flat list of parameters: object arrays of Values are opened up, everything else must be one already.

    Args:
        params: an iterable of Parameters, leaf Values and object arrays of leaf Values, in any mixture.
        who: who asks, for the error text.

    Raises:
        TypeError: for a single parameter, or something that can't be trained.
        ValueError: for a Value that was computed (only leaves can be set), or a parameter that is listed twice.
    """
    check_iterable(params, who)
    found: list[Any] = []
    for param in params:
        found.extend(param.flat if isinstance(param, np.ndarray) and param.dtype == object else [param])
    for param in found:
        _check(param, who)
    whole = {id(getattr(param, "storage", None)) for param in found if is_array_parameter(param)}
    twice = any(id(getattr(param, "storage", whole)) in whole for param in found if not is_array_parameter(param))
    if twice or len({id(param) for param in found}) != len(found):
        raise ValueError(f"{who} was given the same parameter twice: it would be stepped twice")
    return found


def _check(param: Any, who: str) -> None:
    if is_array_parameter(param):
        if param.data.dtype != np.float64:
            raise TypeError(f"{who} steps float64 buffers, not {param.data.dtype}")
        return
    if not isinstance(param, Value):
        raise TypeError(f"{who} can't train a {type(param).__name__}: give it Parameters or Values")
    if param.op is not None:
        raise ValueError(
            f"{who} can't train {param!r}, which was computed by {param.op}: only leaves can be set; "
            f"v.detach() makes a leaf of it"
        )


def as_blocks(parameters: list[Any]) -> list[Block]:
    """Big Parameters by themselves; small ones, elements of one Parameter, and loose Values together."""
    blocks: list[Block] = []
    elements: dict[int, tuple[Any, list[tuple[int, int]]]] = {}
    loose: list[int] = []
    small: list[int] = []
    for i, parameter in enumerate(parameters):
        if is_array_parameter(parameter):
            if hasattr(parameter, "storage") and parameter.data.size <= _SMALL:
                small.append(i)
            else:
                blocks.append(ArrayBlock(parameter, i))
        elif hasattr(parameter, "storage"):
            storage = parameter.storage
            elements.setdefault(id(storage), (storage, []))[1].append((parameter.index, i))
        else:
            loose.append(i)
    blocks += [
        ArrayBlock(parameters[group[0]], group[0])
        if len(group) == 1
        else FusedBlock([parameters[i] for i in group], group)
        for group in _together(parameters, small)
    ]
    blocks += [ElementBlock(found, storage) for storage, found in elements.values()]
    if loose:
        blocks.append(ScalarBlock([parameters[i] for i in loose], loose))
    return blocks


def _together(parameters: list[Any], small: list[int]) -> list[list[int]]:
    """Which of the ``small`` Parameters make a block: neighbours in memory if they are few groups, else all of them."""
    if not small:
        return []
    indices = {id(parameters[i].storage): i for i in small}
    runs = parameters[small[0]].storage.runs([parameters[i].storage for i in small])
    if len(runs) > 1 + len(small) // 8:
        return [small]
    return [[indices[id(storage)] for storage in run.storages] for run in runs]


def gradients(parameters: Any, who: str) -> list[tuple[Block, Array]]:
    """The gradients of a parameter or of an iterable of them, with the block each belongs to."""
    if isinstance(parameters, Value) or is_array_parameter(parameters):
        parameters = [parameters]
    pairs = [(block, block.read()[1]) for block in as_blocks(as_parameters(parameters, who))]
    return [(block, grad) for block, grad in pairs if grad is not None]
