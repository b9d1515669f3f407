"""The targets, by the names that ``source`` takes."""

from __future__ import annotations

import importlib
import pkgutil

from . import targets
from .python import PYTHON
from .source import ARRAYS
from .target import Target

__all__ = ["TARGETS", "target"]


def _found() -> list[Target]:
    """Those that have a module in ``targets/``."""
    pages = [
        importlib.import_module(f"{targets.__name__}.{page.name}") for page in pkgutil.iter_modules(targets.__path__)
    ]
    found = [item for page in pages for item in vars(page).values() if isinstance(item, Target)]
    return list(dict.fromkeys(found))


#: the libraries of arrays, Python, and whatever is in ``targets/``
TARGETS: dict[str, Target] = {found.name: found for found in (*ARRAYS, PYTHON, *_found())}


def target(name: str) -> Target:
    """The target of that name; ValueError for an unknown one, with those that there are."""
    if name not in TARGETS:
        raise ValueError(f"backend {name!r}: one of {', '.join(map(repr, TARGETS))}")
    return TARGETS[name]
