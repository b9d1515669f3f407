"""Neural networks of scalars, in PyTorch's vocabulary: parameters, modules, initialisers, losses; and micrograd's.

>>> from autograd_lite import nn
>>> model = nn.Sequential(nn.Linear(10, 40), nn.ReLU(), nn.Linear(40, 5))
>>> sum(p.numel() for p in model.parameters())
645
"""

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any

from .module import Module as Module
from .parameter import Parameter as Parameter

if TYPE_CHECKING:
    from . import functional as functional
    from . import init as init
    from . import utils as utils
    from .activations import *  # noqa: F403
    from .axis_activations import *  # noqa: F403
    from .class_losses import *  # noqa: F403
    from .containers import *  # noqa: F403
    from .distribution_losses import *  # noqa: F403
    from .hard_activations import *  # noqa: F403
    from .layers import *  # noqa: F403
    from .losses import *  # noqa: F403
    from .margin_losses import *  # noqa: F403
    from .micrograd import *  # noqa: F403
    from .norms import *  # noqa: F403

#: modules whose ``__all__`` is public here, loaded one after the other until a name is found: micrograd needs no NumPy
_PAGES = [
    *("micrograd", "containers", "layers", "activations", "axis_activations", "losses", "class_losses", "norms"),
    *("hard_activations", "margin_losses", "distribution_losses"),
]
_MODULES = ("functional", "init", "utils")


def _page(name: str) -> Any:
    return importlib.import_module(f"{__name__}.{name}")


def _load(name: str) -> Any:
    """Load a module when one of its names is first used."""
    if name in _PAGES or name in _MODULES:
        return _page(name)
    if name == "__all__":
        return _names()
    for page in () if name.startswith("_") else map(_page, _PAGES):
        if name in page.__all__:
            found = globals()[name] = getattr(page, name)
            return found
    from .habits import LAYERS, hint

    known = hint(f"nn.{name}", LAYERS[name]) if name in LAYERS else f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(known)


def _names() -> list[str]:
    """The public names; where there is no NumPy, those that need none."""
    found = {"Module", "Parameter"}
    with contextlib.suppress(ModuleNotFoundError):
        for page in map(_page, _PAGES):
            found.update(page.__all__)
    return [*sorted(found), *_MODULES]


def __dir__() -> list[str]:
    return sorted(_names())


if not TYPE_CHECKING:  # type checkers take the imports above, and refuse what is not there
    __getattr__ = _load
