"""Data sets in PyTorch's vocabulary, over NumPy arrays; and the two moons.

>>> x, y = make_moons(100, noise=0.1)
>>> examples = TensorDataset(x, y)
>>> len(examples), [len(part) for part in random_split(examples, [0.8, 0.2])]
(100, [80, 20])
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .random import default_generator

__all__ = ["ConcatDataset", "Dataset", "Subset", "TensorDataset", "make_moons", "random_split"]


class Dataset:
    """What a loader needs: ``len(dataset)`` and ``dataset[i]``. Any sequence will do; this class is for naming it.

    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, i):
    ...         return float(i), float(i * i)
    >>> Squares()[3]
    (3.0, 9.0)
    """

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} doesn't say how many examples it has: define __len__")

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} doesn't give its examples: define __getitem__")


class TensorDataset(Dataset):
    """Arrays side by side: example i is the tuple of their i-th rows.

    Args:
        *tensors: arrays (or nested lists) of the same length; arrays of Values too.

    Raises:
        ValueError: for none, for a single number, or for different lengths.

    >>> dataset = TensorDataset([[1.0, 2.0], [3.0, 4.0]], [0, 1])
    >>> row, label = dataset[1]
    >>> len(dataset), row.tolist(), int(label)
    (2, [3.0, 4.0], 1)
    """

    def __init__(self, *tensors: Any) -> None:
        self.tensors = tuple(np.asarray(tensor) for tensor in tensors)
        if not self.tensors or any(tensor.ndim == 0 for tensor in self.tensors):
            raise ValueError("TensorDataset takes at least one array, each with a row for every example")
        lengths = [len(tensor) for tensor in self.tensors]
        if len(set(lengths)) > 1:
            raise ValueError(f"Size mismatch between tensors: TensorDataset got {lengths} examples")

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(tensor[index] for tensor in self.tensors)


class Subset(Dataset):
    """Some of the examples of another data set.

    Args:
        dataset: where they are.
        indices: which ones, in order.

    >>> Subset("abcd", [3, 1])[0]
    'd'
    """

    def __init__(self, dataset: Any, indices: Any) -> None:
        self.dataset = dataset
        self.indices = np.asarray(indices, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[self.indices[index]]


class ConcatDataset(Dataset):
    """Data sets one after the other.

    Args:
        datasets: anything with ``len()`` and ``[i]``, at least one.

    Raises:
        ValueError: for none at all. IndexError: for an example beyond the last.

    >>> both = ConcatDataset(["abc", "de"])
    >>> len(both), both[0], both[3], both[-1]
    (5, 'a', 'd', 'e')
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset takes at least one data set")

    def __len__(self) -> int:
        return sum(map(len, self.datasets))

    def __getitem__(self, index: Any) -> Any:
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"there is no example {index} in a ConcatDataset of {count}")
        left = index % count
        for dataset in self.datasets:
            if left < len(dataset):
                break
            left -= len(dataset)
        return dataset[left]


def random_split(dataset: Any, lengths: Sequence[float], generator: Any = None) -> list[Subset]:
    """Split a data set at random, without overlap.

    Args:
        dataset: anything with ``len()`` and ``[i]``.
        lengths: how many examples each part gets; or fractions that add up to 1 (what rounding leaves over goes to
            the first parts, one each).
        generator: as for ``DataLoader``.

    Returns:
        A Subset for each length.

    Raises:
        ValueError: if the lengths don't add up to the data set's.

    >>> [len(part) for part in random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    count = len(dataset)
    if any(not length >= 0 for length in lengths):
        raise ValueError(f"lengths are numbers of examples, or fractions, of at least 0: {list(lengths)}")
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        sizes = [math.floor(count * fraction) for fraction in lengths]
        for i in range(count - sum(sizes)):
            sizes[i % len(sizes)] += 1
    else:
        sizes = [int(length) for length in lengths]
    if sum(sizes) != count or not all(size == length or sum(lengths) <= 1 for size, length in zip(sizes, lengths)):
        raise ValueError(f"the lengths {list(lengths)} don't add up to the {count} examples of the data set")
    order = default_generator(generator).permutation(count)
    ends = np.cumsum(sizes).tolist()
    return [Subset(dataset, order[end - size : end]) for size, end in zip(sizes, ends)]


def make_moons(
    n_samples: int | tuple[int, int] = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: Any = None,
) -> tuple[Any, Any]:
    """Two interleaving half circles: the data of micrograd's demo, as scikit-learn defines them.

    The outer moon is (cos t, sin t), the inner one (1 − cos t, ½ − sin t), t from 0 to π.

    Args:
        n_samples: points in all (the inner moon gets the odd one), or a pair: outer, inner.
        shuffle: in random order; otherwise the outer moon comes first.
        noise: standard deviation of normal noise added to the points.
        random_state: an int gives scikit-learn's very numbers for it; otherwise a generator as for ``DataLoader``.

    Returns:
        The points, of shape (n, 2), and the classes, (n,): 0 outer, 1 inner.

    Raises:
        ValueError: for a negative number of points, or what is neither a number nor a pair.

    >>> x, y = make_moons(4, shuffle=False)
    >>> x.round(3).tolist(), y.tolist()
    ([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [2.0, 0.5]], [0, 0, 1, 1])
    """
    if isinstance(n_samples, (int, np.integer)):
        outer, inner = int(n_samples) // 2, int(n_samples) - int(n_samples) // 2
    else:
        if len(n_samples) != 2:
            raise ValueError(f"n_samples is a number, or a pair of numbers, not {n_samples!r}")
        outer, inner = n_samples
    if outer < 0 or inner < 0:
        raise ValueError(f"n_samples can't be negative: {n_samples!r}")
    t, u = np.linspace(0, np.pi, outer), np.linspace(0, np.pi, inner)
    x = np.vstack([np.append(np.cos(t), 1 - np.cos(u)), np.append(np.sin(t), 1 - np.sin(u) - 0.5)]).T
    y = np.append(np.zeros(outer, dtype=np.int64), np.ones(inner, dtype=np.int64))
    random: Any
    if isinstance(random_state, (int, np.integer)):
        random = np.random.RandomState(int(random_state))
    elif isinstance(random_state, np.random.RandomState):
        random = random_state
    else:
        random = default_generator(random_state)
    if shuffle:
        order = np.arange(len(x))
        random.shuffle(order)
        x, y = x[order], y[order]
    if noise is not None:
        x = x + random.normal(scale=noise, size=x.shape)
    return x, y
