"""The memory beneath parameters: numbers and gradients, which need no NumPy until somebody asks for them as arrays."""

from __future__ import annotations

import copy
import math
import threading
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .buffer import Buffer

__all__ = ["Run", "Storage", "fill", "packed"]

#: parameters of at most so many numbers lie side by side, in chunks of so many
SMALL, CHUNK = 8192, 16384
_BLOCK = 4096


def _zeros(size: int) -> memoryview[float]:
    """Memory for so many float64 numbers, all 0."""
    return memoryview(bytearray(8 * size)).cast("d")


def packed(numbers: Sequence[float]) -> array[float]:
    """Numbers as memory of float64."""
    return array("d", numbers)


def fill(memory: Any, number: float) -> None:
    """Set every number of a memoryview, by blocks that stay in the cache."""
    size = len(memory)
    block = packed([number]) * min(size, _BLOCK)
    for start in range(0, size, _BLOCK):
        memory[start : start + _BLOCK] = block if size - start >= _BLOCK else block[: size - start]


class _Chunk:
    """Memory for several parameters: their numbers, and in the same order their gradients.

    Attributes:
        numbers, gradients: flat memoryviews of float64.
        data, grad: the same memory as NumPy arrays, from when they are asked for.
    """

    __slots__ = ("data", "grad", "gradients", "numbers", "used")

    data: Any
    grad: Any

    def __init__(self, numbers: memoryview[float], gradients: memoryview[float]) -> None:
        self.numbers = numbers
        self.gradients = gradients
        self.used = 0

    def __getattr__(self, name: str) -> Any:
        """An attribute that is not there yet: the memory as an array."""
        import numpy as np

        if name not in ("data", "grad"):
            raise AttributeError(name)
        memory: Any = self.numbers if name == "data" else self.gradients
        found = np.frombuffer(memory)
        setattr(self, name, found)
        return found


class _Arena:
    """Where the next small parameter goes: behind the last one, so that a model's are one vector for its optimiser."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.chunk = _Chunk(_zeros(0), _zeros(0))

    def take(self, size: int) -> tuple[_Chunk, int]:
        """A chunk, and where in it ``size`` numbers fit."""
        with self.lock:
            if self.chunk.used + size > len(self.chunk.numbers):
                self.chunk = _Chunk(_zeros(CHUNK), _zeros(CHUNK))
            start = self.chunk.used
            self.chunk.used += size
            return self.chunk, start


_ARENA = _Arena()


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
        place = slice(first.start, last.start + last.size)
        self.data: Any = first.chunk.data[place]
        self.grad: Any = first.chunk.grad[place]
        self.starts = [storage.start - first.start for storage in self.storages]


class Storage:
    """The numbers of a parameter and their gradients; what its scalars refer to (never back to the parameter, so that
    a dropped model is freed at once).

    Args:
        shape: of the parameter.
        numbers: so many, flat: memory of float64; None is zeros.
        gradients: likewise.
        label: the parameter's name.

    Attributes:
        shape, size: as of an array.
        numbers, gradients: flat memoryviews: for one number, several times faster than NumPy.
        data, grad: the same memory as arrays in the parameter's shape, from when they are asked for.
        label: the parameter's name.
        chunk, start: the memory that it shares with its neighbours, and where in it it begins.
    """

    __slots__ = ("_positions", "chunk", "data", "grad", "gradients", "label", "numbers", "shape", "size", "start")

    data: Buffer
    grad: Buffer

    def __init__(self, shape: tuple[int, ...], numbers: Any = None, gradients: Any = None, label: str = "") -> None:
        self.shape = shape
        self.size = size = math.prod(shape)
        if size > SMALL:
            self.chunk, self.start = _Chunk(_zeros(size), _zeros(size)), 0
        else:
            self.chunk, self.start = _ARENA.take(size)
        place = slice(self.start, self.start + size)
        self.numbers: Any = self.chunk.numbers[place]
        self.gradients: Any = self.chunk.gradients[place]
        for memory, given in ((self.numbers, numbers), (self.gradients, gradients)):
            if given is not None:
                memory[:] = given
        self.label = label
        self._positions: Any = None

    def __getattr__(self, name: str) -> Any:
        """An attribute that is not there yet: the memory as an array."""
        from .buffer import Buffer

        if name not in ("data", "grad"):
            raise AttributeError(name)
        flat = getattr(self.chunk, name)[self.start : self.start + self.size]
        found = flat.reshape(self.shape).view(Buffer)
        setattr(self, name, found)
        return found

    def place(self, key: Any) -> int | None:
        """The flat index of the number at an index of Python's ints, one for each axis; None for any other."""
        key = key if type(key) is tuple else (key,)
        if len(key) != len(self.shape):
            return None
        place = 0
        for index, length in zip(key, self.shape):
            if type(index) is not int or not -length <= index < length:
                return None
            place = place * length + index % length
        return place

    @property
    def positions(self) -> Any:
        """The flat index of every number, in the parameter's shape: any way to index an array then finds scalars."""
        if self._positions is None:
            import numpy as np

            self._positions = np.arange(self.size).reshape(self.shape)
        return self._positions

    @staticmethod
    def runs(storages: Sequence[Storage]) -> list[Run]:
        """The storages in as few vectors as they make: each longest sequence of neighbours in memory is one."""
        chunks = {id(storage.chunk): k for k, storage in reversed(list(enumerate(storages)))}  # the first of each
        found: list[list[Storage]] = []
        for storage in sorted(storages, key=lambda s: (chunks[id(s.chunk)], s.start, s.size)):
            last = found[-1][-1] if found else None
            if last is not None and last.chunk is storage.chunk and last.start + last.size == storage.start:
                found[-1].append(storage)
            else:
                found.append([storage])
        return [Run(members) for members in found]

    def element_label(self, index: int) -> str:
        """The name of one number: "weight[3, 1]"; "" if the parameter has none."""
        if not self.label or not self.shape:
            return self.label
        where: list[str] = []
        for length in reversed(self.shape):
            index, place = divmod(index, length)
            where.insert(0, str(place))
        return f"{self.label}[{', '.join(where)}]"

    def copy(self, memo: dict[int, Any]) -> Storage:
        """A copy of its own memory; the same one for everything copied with the same ``memo``."""
        if id(self) not in memo:
            memo[id(self)] = Storage(self.shape, self.numbers, self.gradients, self.label)
        copied: Storage = memo[id(self)]
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Storage:
        return self.copy(memo)

    def __copy__(self) -> Storage:
        return copy.deepcopy(self)

    def __reduce__(self) -> Any:
        return (Storage, (self.shape, packed(self.numbers), packed(self.gradients), self.label))
