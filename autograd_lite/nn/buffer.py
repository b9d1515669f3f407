"""The array through which a parameter's numbers are seen: NumPy's, with PyTorch's in-place vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.random import default_generator

__all__ = ["Buffer"]


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
