"""Data sets, loaders and random numbers, in PyTorch's vocabulary."""

from .datasets import Dataset, Subset, TensorDataset, make_moons, random_split
from .loaders import DataLoader, default_collate
from .made_up import made_up_names

__all__ = [
    "DataLoader",
    "Dataset",
    "Subset",
    "TensorDataset",
    "default_collate",
    "made_up_names",
    "make_moons",
    "random_split",
]
