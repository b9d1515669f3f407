"""Loaders in PyTorch's vocabulary: batches of a data set, shuffled or in order.

>>> import autograd_lite as ag
>>> from autograd_lite.data import TensorDataset, make_moons
>>> _ = ag.manual_seed(0)
>>> x, y = make_moons(100, noise=0.1)
>>> loader = DataLoader(TensorDataset(x, y), batch_size=40, shuffle=True)
>>> [x_batch.shape for x_batch, y_batch in loader]
[(40, 2), (40, 2), (20, 2)]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import StateError
from .datasets import Subset, TensorDataset
from .random import default_generator

__all__ = ["DataLoader", "default_collate", "set_generator_state"]


def default_collate(examples: Sequence[Any]) -> Any:
    """A batch from a list of examples: arrays stacked, tuples and dicts entry by entry, text as it is.

    Args:
        examples: numbers, arrays of one shape, text, or tuples, lists or dicts of such, all alike.

    Raises:
        ValueError: for examples with different numbers of entries.

    >>> default_collate([(1.0, "a"), (2.0, "b")])
    [array([1., 2.]), ['a', 'b']]
    """
    first = examples[0]
    if isinstance(first, Mapping):
        return {key: default_collate([example[key] for example in examples]) for key in first}
    if isinstance(first, (tuple, list)):
        if len({len(example) for example in examples}) > 1:
            raise ValueError("the examples of a batch have different numbers of entries: pass a collate_fn")
        return [default_collate(column) for column in zip(*examples)]
    if isinstance(first, (str, bytes)):
        return list(examples)
    arrays = [np.asarray(example) for example in examples]
    if len({array.shape for array in arrays}) > 1:
        shapes = sorted({array.shape for array in arrays})
        raise ValueError(f"the examples of a batch have different shapes, {shapes}: pass a collate_fn")
    return np.stack(arrays)


class DataLoader:
    """Batches of a data set, afresh each time it is iterated over: one time is one epoch.

    Args:
        dataset: anything with ``len()`` and ``[i]``; a TensorDataset is cut into batches without a loop.
        batch_size: examples in a batch; the last one may be smaller.
        shuffle: a new random order for each epoch.
        drop_last: leave out a last batch that is smaller.
        generator: where random numbers come from: an ``ag.Generator``, a NumPy Generator, or by default the generator
            that ``ag.manual_seed`` seeds.
        collate_fn: makes a batch from a list of examples; by default ``default_collate``.
        num_workers: accepted for PyTorch's sake, like the next two, and means nothing: examples are read here.
        pin_memory: likewise.
        persistent_workers: likewise.

    Yields:
        Batches: for a TensorDataset a list of arrays, one for each of its own.

    Raises:
        TypeError: for a data set without length or indexing.
        ValueError: for a batch_size that is no whole number of at least 1.

    >>> loader = DataLoader(TensorDataset(np.arange(5)), batch_size=2)
    >>> len(loader), [batch.tolist() for (batch,) in loader]
    (3, [[0, 1], [2, 3], [4]])
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        generator: Any = None,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        num_workers: int = 0,
        pin_memory: bool = False,
        persistent_workers: bool = False,
    ) -> None:
        if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
            raise TypeError(f"DataLoader takes a data set with len() and [i], not {type(dataset).__name__}")
        if not isinstance(batch_size, (int, np.integer)) or isinstance(batch_size, bool) or batch_size < 1:
            raise ValueError(f"batch_size is a whole number of at least 1, not {batch_size!r}")
        default_generator(generator)
        self.dataset = dataset
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.generator = generator
        self.collate_fn = collate_fn
        self._left: Any = None  # indices that the running epoch has yet to deliver
        self._resumed: Any = None  # those of an epoch that was loaded in its middle

    def __len__(self) -> int:
        count = len(self.dataset)
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        if self._resumed is not None:
            order, self._resumed = self._resumed, None
        elif self.shuffle:
            order = default_generator(self.generator).permutation(len(self.dataset))
        else:
            order = np.arange(len(self.dataset))
        return self._batches(order)

    def _batches(self, order: Any) -> Iterator[Any]:
        size = self.batch_size
        end = len(order) - len(order) % size if self.drop_last else len(order)
        try:
            for start in range(0, end, size):
                self._left = order[start + size : end]
                yield self._batch(order[start : start + size])
        finally:
            self._left = None

    def _batch(self, indices: Any) -> Any:
        dataset = self.dataset
        if self.collate_fn is None:
            while isinstance(dataset, Subset):
                indices, dataset = dataset.indices[indices], dataset.dataset
            if type(dataset) is TensorDataset:
                return [tensor.take(indices, 0) for tensor in dataset.tensors]  # tensor[indices], several times faster
            return default_collate([dataset[int(i)] for i in indices])
        return self.collate_fn([dataset[int(i)] for i in indices])

    def state_dict(self) -> dict[str, Any]:
        """Where the loader is: the state of its generator, and what is left of the epoch that is running (if one is).

        ``ag.save`` takes it. After loading it, in a loader of the same data, the next epoch is the one that would
        have come next, or the rest of the one that was running.
        """
        left = self._resumed if self._resumed is not None else self._left
        state = default_generator(self.generator).bit_generator.state
        return {"generator": state, "left": None if left is None else np.array(left)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go to where another loader was.

        Raises:
            StateError: if the state is another generator's, or is for other data. Nothing has changed.
        """
        if not isinstance(state_dict, Mapping) or set(state_dict) != {"generator", "left"}:
            raise StateError("DataLoader.load_state_dict takes a dict with 'generator' and 'left'")
        left = state_dict["left"]
        if left is not None:
            left = np.array(left)
            fits = (
                left.ndim == 1 and (left.dtype.kind in "iu" or left.size == 0) and len(set(left.tolist())) == left.size
            )
            if not fits or (left.size and not 0 <= left.min() <= left.max() < len(self.dataset)):
                raise StateError(f"DataLoader: 'left' is not a list of examples of a data set of {len(self.dataset)}")
            left = left.astype(np.int64)
        set_generator_state(default_generator(self.generator), state_dict["generator"], "DataLoader")
        self._resumed = left


def set_generator_state(generator: np.random.Generator, state: Any, who: str) -> None:
    """Set the state of a NumPy generator, or leave it as it is and raise StateError."""
    before = generator.bit_generator.state
    try:
        if not isinstance(state, Mapping) or set(state) != set(before):
            raise ValueError(f"it has not the entries {', '.join(before)}")
        generator.bit_generator.state = dict(state)
    except Exception as error:
        generator.bit_generator.state = before
        raise StateError(f"{who}: this is no state of a {before['bit_generator']} generator ({error})") from error
