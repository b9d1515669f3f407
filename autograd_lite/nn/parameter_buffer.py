"""The buffers beneath parameters: an array that speaks PyTorch's in-place vocabulary, and the pair of them."""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..data.random import default_generator

__all__ = ["Buffer", "Run", "Storage"]

#: parameters of at most so many numbers lie side by side, in chunks of so many
SMALL, CHUNK = 8192, 16384


class Buffer(np.ndarray[Any, Any]):
    """A float64 NumPy array with PyTorch's in-place methods; what is computed from it is a plain array.

    >>> b = np.zeros(3).view(Buffer)
    >>> b.fill_(2.0).mul_(3.0)
    Buffer([6., 6., 6.])
    >>> b + 1
    array([7., 7., 7.])
    """

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        if array is self:  # in place
            return self
        return array[()] if return_scalar or array.ndim == 0 else np.asarray(array)

    def fill_(self, value: float) -> Buffer:
        """Every number becomes ``value``."""
        self[...] = value
        return self

    def zero_(self) -> Buffer:
        """Every number becomes 0."""
        return self.fill_(0.0)

    def copy_(self, source: Any) -> Buffer:
        """The numbers of ``source``, broadcast to this shape."""
        self[...] = source
        return self

    def add_(self, other: Any, alpha: float = 1.0) -> Buffer:
        """Add ``alpha * other``."""
        self += other if alpha == 1.0 else alpha * np.asarray(other)
        return self

    def sub_(self, other: Any, alpha: float = 1.0) -> Buffer:
        """Subtract ``alpha * other``."""
        self -= other if alpha == 1.0 else alpha * np.asarray(other)
        return self

    def mul_(self, other: Any) -> Buffer:
        """Multiply by ``other``."""
        self *= other
        return self

    def div_(self, other: Any) -> Buffer:
        """Divide by ``other``."""
        self /= other
        return self

    def clamp_(self, min: float | None = None, max: float | None = None) -> Buffer:
        """Limit every number to [min, max]."""
        np.clip(self, min, max, out=self)
        return self

    def normal_(self, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Buffer:
        """Normal random numbers, from ``ag.manual_seed``'s generator or the one given."""
        self[...] = default_generator(generator).normal(mean, std, self.shape)
        return self

    def uniform_(self, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Buffer:
        """Random numbers uniform in [a, b)."""
        self[...] = default_generator(generator).uniform(a, b, self.shape)
        return self

    @property
    def data(self) -> Any:
        """Itself, as in ``weight.grad.data.zero_()``; NumPy's memoryview is ``memoryview(b)``."""
        return self

    def abs(self) -> Any:
        """The absolute values: a plain array."""
        return np.abs(self.numpy())

    def norm(self, p: float = 2.0) -> float:
        """The p-norm of all numbers; by default their Euclidean length."""
        return float(np.linalg.norm(self.numpy().reshape(-1), p))

    def clone(self) -> Any:
        """A plain array with the same numbers."""
        return np.array(self)

    def numpy(self) -> Any:
        """The same numbers as a plain array over the same memory."""
        return self.view(np.ndarray)

    def detach(self) -> Buffer:
        """Itself: the buffer holds numbers, not Values."""
        return self

    def numel(self) -> int:
        """The number of numbers."""
        return self.size


class _Chunk:
    """Memory for several parameters: their numbers, and in the same order their gradients."""

    __slots__ = ("data", "grad", "used")

    def __init__(self, data: Any, grad: Any) -> None:
        self.data = data
        self.grad = grad
        self.used = 0


class _Room:
    """Where the next small parameter goes: behind the last one, so that a model's are one vector for its optimiser."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.chunk = _Chunk(np.zeros(0), np.zeros(0))

    def take(self, size: int) -> tuple[_Chunk, int]:
        """A chunk, and where in it there is room for ``size`` numbers."""
        with self.lock:
            if self.chunk.used + size > len(self.chunk.data):
                self.chunk = _Chunk(np.zeros(CHUNK), np.zeros(CHUNK))
            start = self.chunk.used
            self.chunk.used += size
            return self.chunk, start


_ROOM = _Room()


class Run:
    """Storages that lie side by side in memory, as one vector.

    Attributes:
        data, grad: the numbers and the gradients of all of them: flat views.
        storages: in the order of the vector; ``starts`` where each begins.
    """

    __slots__ = ("data", "grad", "starts", "storages")

    def __init__(self, storages: Sequence[Storage]) -> None:
        self.storages = list(storages)
        first, last = self.storages[0], self.storages[-1]
        place = slice(first.start, last.start + last.data.size)
        self.data: Any = first.chunk.data[place]
        self.grad: Any = first.chunk.grad[place]
        self.starts = [storage.start - first.start for storage in self.storages]


class Storage:
    """The numbers of a parameter and their gradients; what its scalars refer to (never back to the parameter, so that
    a dropped model is freed at once).

    Attributes:
        data, grad: the buffers, C-contiguous float64.
        numbers, gradients: the same memory as flat memoryviews: for one number, several times faster than NumPy.
        label: the parameter's name.
        chunk, start: the memory that it shares with its neighbours, and where in it it begins.
    """

    __slots__ = ("_positions", "chunk", "data", "grad", "gradients", "label", "numbers", "start")

    def __init__(self, data: Any, grad: Any, label: str = "") -> None:
        shape, size = np.shape(data), np.size(data)
        if size > SMALL:
            flat = [np.ascontiguousarray(x, dtype=np.float64).reshape(-1) for x in (data, grad)]
            self.chunk, self.start = _Chunk(*flat), 0
        else:
            self.chunk, self.start = _ROOM.take(size)
        place = slice(self.start, self.start + size)
        numbers, gradients = self.chunk.data[place], self.chunk.grad[place]
        self.data: Buffer = numbers.reshape(shape).view(Buffer)
        self.grad: Buffer = gradients.reshape(shape).view(Buffer)
        if size <= SMALL:
            self.data[...] = data
            self.grad[...] = grad
        self.numbers: Any = memoryview(numbers)
        self.gradients: Any = memoryview(gradients)
        self.label = label
        self._positions: Any = None

    @property
    def positions(self) -> Any:
        """The flat index of every number, in the parameter's shape: any way to index an array then finds scalars."""
        if self._positions is None:
            self._positions = np.arange(self.data.size).reshape(self.data.shape)
        return self._positions

    @staticmethod
    def runs(storages: Sequence[Storage]) -> list[Run]:
        """The storages in as few vectors as they make: each longest sequence of neighbours in memory is one."""
        chunks = {id(storage.chunk): k for k, storage in reversed(list(enumerate(storages)))}  # the first of each
        found: list[list[Storage]] = []
        for storage in sorted(storages, key=lambda s: (chunks[id(s.chunk)], s.start, s.data.size)):
            last = found[-1][-1] if found else None
            if last is not None and last.chunk is storage.chunk and last.start + last.data.size == storage.start:
                found[-1].append(storage)
            else:
                found.append([storage])
        return [Run(members) for members in found]

    def element_label(self, index: int) -> str:
        """The name of one number: "weight[3, 1]"; "" if the parameter has none."""
        if not self.label or not self.data.ndim:
            return self.label
        where = ", ".join(str(int(i)) for i in np.unravel_index(index, self.data.shape))
        return f"{self.label}[{where}]"

    def copy(self, memo: dict[int, Any]) -> Storage:
        """A copy of its own memory; the same one for everything copied with the same ``memo``."""
        if id(self) not in memo:
            memo[id(self)] = Storage(np.array(self.data), np.array(self.grad), self.label)
        copied: Storage = memo[id(self)]
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Storage:
        return self.copy(memo)

    def __copy__(self) -> Storage:
        return copy.deepcopy(self)

    def __reduce__(self) -> Any:
        return (Storage, (np.array(self.data), np.array(self.grad), self.label))
