"""Data sets, loaders and random numbers, in PyTorch's vocabulary."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import arrays as arrays
    from . import random as random
    from .datasets import ConcatDataset, Dataset, Subset, TensorDataset, make_moons, random_split
    from .loaders import DataLoader, default_collate
    from .made_up import made_up_names

#: the public names by the module each lives in, which is loaded when one of them is first used: seeds need no NumPy
_LAZY = {
    "datasets": ["ConcatDataset", "Dataset", "Subset", "TensorDataset", "make_moons", "random_split"],
    "loaders": ["DataLoader", "default_collate"],
    "made_up": ["made_up_names"],
}
_MODULES = {*_LAZY, "arrays", "random"}
_HOME_OF = {name: module for module, names in _LAZY.items() for name in names}

__all__ = [
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "Subset",
    "TensorDataset",
    "default_collate",
    "made_up_names",
    "make_moons",
    "random_split",
]


def _load(name: str) -> Any:
    """Load a module when one of its names is first used."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)


if not TYPE_CHECKING:  # type checkers take the imports above, and refuse what is not there
    __getattr__ = _load
