"""``autograd_lite.data`` under PyTorch's address, so that its programs need no other change than the package's name.

>>> from autograd_lite.utils.data import DataLoader, TensorDataset
>>> len(DataLoader(TensorDataset([1.0, 2.0, 3.0]), batch_size=2))
2
"""

from ..data import DataLoader, Dataset, Subset, TensorDataset, default_collate, random_split

__all__ = ["DataLoader", "Dataset", "Subset", "TensorDataset", "default_collate", "random_split"]
