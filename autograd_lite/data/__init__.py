"""Data sets, loaders and random numbers, in PyTorch's vocabulary."""

from .datasets import Dataset, Subset, TensorDataset, make_moons, random_split
from .loaders import DataLoader, default_collate

__all__ = ["DataLoader", "Dataset", "Subset", "TensorDataset", "default_collate", "make_moons", "random_split"]
