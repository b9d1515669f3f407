"""Random numbers for examples, initialisers and loaders: one seeded generator, in PyTorch's names and NumPy's arrays.

>>> import autograd_lite as ag
>>> generator = ag.manual_seed(0)
>>> x = ag.randn(3, 2)
>>> x.shape
(3, 2)
"""

from __future__ import annotations

import operator
import random
import sys
from numbers import Integral
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "Generator",
    "default_generator",
    "get_rng_state",
    "manual_seed",
    "ones",
    "rand",
    "randint",
    "randn",
    "randperm",
    "set_rng_state",
    "zeros",
]


class Generator:
    """A source of random numbers: a seedable NumPy generator behind PyTorch's ``manual_seed``.

    Args:
        seed: an int, or None for numbers that differ from run to run.

    >>> a, b = Generator().manual_seed(1), Generator(1)
    >>> bool(a.numpy.normal() == b.numpy.normal())
    True
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._made: dict[str, np.random.Generator] = {}

    @property
    def numpy(self) -> np.random.Generator:
        """The NumPy generator, made when the first number is drawn."""
        found = self._made.get("numpy")
        if found is None:
            import numpy as np

            found = self._made.setdefault("numpy", np.random.default_rng(self._seed))  # the first of two threads'
        return found

    def manual_seed(self, seed: int) -> Generator:
        """Start again from ``seed``; returns the generator."""
        self._seed, self._made = seed, {}
        return self

    def get_state(self) -> dict[str, Any]:
        """The state, as plain numbers, for a checkpoint."""
        return dict(self.numpy.bit_generator.state)

    def set_state(self, state: dict[str, Any]) -> None:
        """Go back to a state from ``get_state``."""
        self.numpy.bit_generator.state = state


_default = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed everything random here: ``ag.randn`` and friends, initialisers, dropout, shuffling.

    Python's own ``random`` is seeded too, because micrograd's ``Neuron``, ``Layer`` and ``MLP`` draw from it.

    Args:
        seed: an int.

    Returns:
        The generator that is seeded.

    Raises:
        TypeError: for what is no int.

    >>> a = manual_seed(3); x = rand(2); b = manual_seed(3); bool((rand(2) == x).all())
    True
    """
    seed = operator.index(seed)  # Python's random takes no NumPy ints
    random.seed(seed)
    return _default.manual_seed(seed)


def get_rng_state() -> dict[str, Any]:
    """The state of the generator that ``manual_seed`` seeds, as plain numbers: for a checkpoint, with ``ag.save``.

    >>> state = get_rng_state(); x = rand(2); set_rng_state(state); bool((rand(2) == x).all())
    True
    """
    return _default.get_state()


def set_rng_state(state: dict[str, Any]) -> None:
    """Go back to a state from ``get_rng_state``: the same random numbers come again.

    Args:
        state: what it gave.

    >>> state = get_rng_state()
    >>> x = rand(3)
    >>> set_rng_state(state); bool((rand(3) == x).all())
    True
    """
    _default.set_state(state)


def default_generator(generator: Any = None) -> np.random.Generator:
    """The NumPy generator to draw from: of the ``Generator`` given, the NumPy one given, or the seeded default."""
    if generator is None:
        return _default.numpy
    if isinstance(generator, Generator):
        return generator.numpy
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(generator, numpy.random.Generator):
        found: np.random.Generator = generator
        return found
    raise TypeError(
        f"generator is an ag.Generator or a numpy.random.Generator, not {type(generator).__name__}: "
        f"write ag.Generator().manual_seed(0) or numpy.random.default_rng(0)"
    )


def _shape(size: tuple[Any, ...]) -> tuple[int, ...]:
    """``(2, 3)`` of ``f(2, 3)`` and of ``f((2, 3))``."""
    if len(size) == 1 and not isinstance(size[0], Integral):
        size = tuple(size[0])
    return tuple(int(n) for n in size)


def randn(*size: Any, generator: Any = None) -> Any:
    """Standard normal random numbers: a float64 array. ``randn(3, 2)`` and ``randn((3, 2))`` are the same.

    Args:
        size: the lengths of the axes, one by one or as one tuple; none for a single number.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        A float64 array of that shape.

    >>> randn(2, 3).shape, randn((4,)).dtype.name
    ((2, 3), 'float64')
    """
    import numpy as np

    return np.asarray(default_generator(generator).standard_normal(_shape(size)))


def rand(*size: Any, generator: Any = None) -> Any:
    """Random numbers uniform in [0, 1): a float64 array.

    Args:
        size: the lengths of the axes, one by one or as one tuple; none for a single number.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        A float64 array of that shape.

    >>> bool((rand(100) < 1.0).all())
    True
    """
    import numpy as np

    return np.asarray(default_generator(generator).random(_shape(size)))


def randint(low: int, high: Any, size: Any = None, generator: Any = None) -> Any:
    """Random integers in [low, high); ``randint(high, size)`` begins at 0.

    Args:
        low: the smallest; ``high``, given two arguments.
        high: the first number that is too large; the shape, given two arguments.
        size: the shape, an int or a tuple of ints.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        An array of ints of that shape.

    >>> sorted(set(randint(0, 2, (100,)).tolist()))
    [0, 1]
    """
    if size is None:
        low, high, size = 0, low, high
    return default_generator(generator).integers(low, high, _shape((size,)))


def randperm(n: int, generator: Any = None) -> Any:
    """The numbers 0 … n−1 in random order.

    Args:
        n: how many.
        generator: an ``ag.Generator`` or NumPy generator instead of ``ag.manual_seed``'s.

    Returns:
        An array of n ints.

    >>> sorted(randperm(4).tolist())
    [0, 1, 2, 3]
    """
    return default_generator(generator).permutation(n)


def zeros(*size: Any) -> Any:
    """An array of zeros.

    Args:
        size: the lengths of the axes, one by one or as one tuple; none for a single number.

    Returns:
        A float64 array of that shape.

    >>> zeros(2, 2).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    import numpy as np

    return np.zeros(_shape(size))


def ones(*size: Any) -> Any:
    """An array of ones.

    Args:
        size: the lengths of the axes, one by one or as one tuple; none for a single number.

    Returns:
        A float64 array of that shape.

    >>> ones(3).tolist()
    [1.0, 1.0, 1.0]
    """
    import numpy as np

    return np.ones(_shape(size))
