"""The memory beneath parameters: numbers and gradients, which need no NumPy until somebody asks for them as arrays."""

from __future__ import annotations

import copy
import math
import threading
from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .buffer_leaf import Buffers

if TYPE_CHECKING:
    from .buffer import Buffer

__all__ = ["Run", "Storage", "packed"]

#: parameters of at most so many numbers lie side by side, in chunks of so many
SMALL, CHUNK = 8192, 16384
#: so many numbers stay in the processor's cache
_BLOCK = 4096


def _zeros(size: int) -> memoryview[float]:
    """Memory for so many float64 numbers, all 0."""
    return memoryview(bytearray(8 * size)).cast("d")


def packed(numbers: Sequence[float]) -> array[float]:
    """Numbers as memory of float64."""
    return array("d", numbers)


class _Chunk:
    """Memory for several parameters: their numbers, and in the same order their gradients.

    Attributes:
        numbers, gradients: flat memoryviews of float64.
        used: how many are somebody's.
    """

    __slots__ = ("_arrays", "gradients", "numbers", "used")

    def __init__(self, numbers: memoryview[float], gradients: memoryview[float]) -> None:
        self.numbers = numbers
        self.gradients = gradients
        self.used = 0
        self._arrays: tuple[Any, Any] | None = None

    def arrays(self) -> tuple[Any, Any]:
        """The numbers and the gradients as NumPy arrays over the same memory."""
        if self._arrays is None:
            import numpy as np

            memory: Any = (self.numbers, self.gradients)
            self._arrays = (np.frombuffer(memory[0]), np.frombuffer(memory[1]))
        return self._arrays


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
        data, grad = first.chunk.arrays()
        self.data: Any = data[place]
        self.grad: Any = grad[place]
        self.starts = [storage.start - first.start for storage in self.storages]


def _nobody() -> None:
    return None


class Storage(Buffers):
    """The numbers of a parameter and their gradients; what its scalars refer to (never back to the parameter, so that
    a dropped model is freed at once).

    Args:
        shape: of the parameter.
        numbers: so many, flat: memory of float64; None is zeros.
        gradients: likewise.
        label: the parameter's name.

    Attributes:
        shape, size: as of an array.
        label: the parameter's name.
        chunk, start: the memory that it shares with its neighbours, and where in it it begins.
        owner: a weak reference to the parameter.
    """

    __slots__ = ("_positions", "_views", "chunk", "label", "owner", "shape", "size", "start")

    def __init__(self, shape: tuple[int, ...], numbers: Any = None, gradients: Any = None, label: str = "") -> None:
        self.shape = shape
        self.size = size = math.prod(shape)
        if size > SMALL:
            self.chunk, self.start = _Chunk(_zeros(size), _zeros(size)), 0
        else:
            self.chunk, self.start = _ARENA.take(size)
        place = slice(self.start, self.start + size)
        super().__init__(self.chunk.numbers[place], self.chunk.gradients[place])
        for memory, given in ((self.numbers, numbers), (self.gradients, gradients)):
            if given is not None:
                memory[:] = given
        self.label = label
        self._positions: Any = None
        self._views: tuple[Buffer, Buffer] | None = None
        self.owner: Callable[[], Any] = _nobody

    def made(self) -> list[Any]:
        """The scalars that somebody has looked at."""
        parameter = self.owner()
        return [] if parameter is None else parameter.made()

    @property
    def data(self) -> Buffer:
        """The numbers as an array in the parameter's shape: a view, which is made when first asked for."""
        return (self._views or self._viewed())[0]

    @property
    def grad(self) -> Buffer:
        """The gradients, likewise."""
        return (self._views or self._viewed())[1]

    def _viewed(self) -> tuple[Buffer, Buffer]:
        from .buffer import Buffer

        numbers, gradients = (x[self.start : self.start + self.size].reshape(self.shape) for x in self.chunk.arrays())
        self._views = (numbers.view(Buffer), gradients.view(Buffer))
        return self._views

    def fill(self, what: str, number: float) -> None:
        """Set all numbers ("data") or all gradients ("grad")."""
        if self._views is not None:
            self._views[what == "grad"].fill(number)
            return
        memory = self.gradients if what == "grad" else self.numbers
        block = packed([number]) * min(self.size, _BLOCK)
        for start in range(0, self.size, _BLOCK):
            memory[start : start + _BLOCK] = block if self.size - start >= _BLOCK else block[: self.size - start]

    def place(self, key: Any) -> int | None:
        """The flat index of the number at an index of Python's ints, one for each axis; None for any other."""
        lengths = self.shape
        if type(key) is not tuple:
            key = (key,)
        elif len(key) == 2 == len(lengths):  # weight[3, 1], which is in the innermost loops
            i, j = key
            if type(i) is int and type(j) is int and 0 <= i < lengths[0] and 0 <= j < lengths[1]:
                return i * lengths[1] + j
        if len(key) != len(lengths):
            return None
        place = 0
        for index, length in zip(key, lengths):
            if type(index) is not int or not -length <= index < length:
                return None
            place = place * length + (index if index >= 0 else index + length)
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
