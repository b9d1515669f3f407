"""Leaves whose numbers and gradients lie in buffers, where others write them too. Compiled where that is possible."""

from __future__ import annotations

from typing import Any

from ..engine.value import Value

__all__ = ["BufferLeaf", "Buffers"]


class Buffers:
    """Numbers, and in the same order their gradients.

    Attributes:
        numbers, gradients: flat memoryviews of float64: for one number, several times faster than NumPy.
    """

    __slots__ = ("_gradients", "_numbers", "gradients", "numbers")

    def __init__(self, numbers: Any, gradients: Any) -> None:
        self.numbers: Any = numbers
        self.gradients: Any = gradients
        self._numbers: Any = numbers  # with a C type where this is compiled
        self._gradients: Any = gradients


class BufferLeaf(Value):
    """One of the numbers, as a Value: it keeps none of its own, and is what the buffers say when it is asked."""

    __slots__ = ("index", "storage")

    def __init__(self, storage: Any, index: int) -> None:
        self.storage: Any = storage
        self.index: int = index
        super().__init__(storage.numbers[index])
        self._pa = 0.0  # it was there before any recording, whenever it is asked for

    def _number(self) -> float:
        number: float = self.storage._numbers[self.index]
        self._data = number
        return number

    def _keep_number(self) -> None:
        self.storage._numbers[self.index] = self._data

    def _gradient(self) -> Any:
        number = self.storage._gradients[self.index]
        if self._info is not None:
            kept = super()._gradient()  # a Value after backward(create_graph=True), until the buffer is changed
            if isinstance(kept, Value) and kept._number() == number:
                return kept
        return number

    def _accumulate(self, adjoint: Any) -> None:
        if self._info is not None or isinstance(adjoint, Value):
            super()._accumulate(adjoint)
        else:
            self.storage._gradients[self.index] += adjoint

    def _set_gradient(self, gradient: Any) -> None:
        if self._info is not None or isinstance(gradient, Value):
            super()._set_gradient(gradient)
        self.storage._gradients[self.index] = gradient._number() if isinstance(gradient, Value) else gradient
