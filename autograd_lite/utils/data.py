"""``autograd_lite.data`` under PyTorch's address, so that its programs need no other change than the package's name.

>>> from autograd_lite.utils.data import DataLoader, TensorDataset
>>> len(DataLoader(TensorDataset([1.0, 2.0, 3.0]), batch_size=2))
2
"""

from ..data.datasets import ConcatDataset, Dataset, Subset, TensorDataset, random_split
from ..data.loaders import DataLoader, default_collate

__all__ = ["ConcatDataset", "DataLoader", "Dataset", "Subset", "TensorDataset", "default_collate", "random_split"]
