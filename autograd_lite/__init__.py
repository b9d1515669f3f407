"""Scalar reverse-mode automatic differentiation: live graphs, exact gradients, pictures of backpropagation.

>>> import autograd_lite as ag
>>> x = ag.Value(0.1, label="x")
>>> y = ag.sin(ag.exp(x))
>>> y.backward()
>>> round(x.grad, 6)
0.496202
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from .nodes import HOME as _HOME

if _HOME:
    # The package was taken out of sys.modules and is imported again. Compiled rooms are loaded once in a process: they
    # still use the other rooms as they were, so those come back too. (Interpreted, all are new, and this is empty.)
    sys.modules.update(_HOME)

from . import value as _value
from .errors import *  # noqa: F403
from .graph import topological_order as topological_order
from .primitives.activations import *  # noqa: F403
from .primitives.arithmetic import *  # noqa: F403
from .primitives.core import Primitive as Primitive
from .primitives.core import primitive as primitive
from .primitives.elementary import *  # noqa: F403
from .primitives.piecewise import *  # noqa: F403
from .primitives.reductions import *  # noqa: F403
from .primitives.rounding import *  # noqa: F403
from .primitives.special import *  # noqa: F403
from .primitives.statistics import *  # noqa: F403
from .primitives.trigonometric import *  # noqa: F403
from .value import Value as Value

__version__ = "0.1.0"

#: public names that are loaded when first used, and the room each lives in
_LAZY = {
    "compiler": ["compile"],
    "drawing": ["draw"],
    "player": ["explore"],
    "notation": ["explain"],
    "functional": ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp", "vmap"],
    "arrays": [
        "Generator",
        "get_rng_state",
        "manual_seed",
        "ones",
        "rand",
        "randint",
        "randn",
        "randperm",
        "set_rng_state",
        "values",
        "zeros",
    ],
    "scopes": ["checkpoint", "detect_anomaly", "explain_nonfinite", "no_grad", "zero_grad"],
    "inspection": ["build_info", "cost"],
    "serialize": ["from_json", "to_json"],
    "files": ["load", "save"],
    "training": ["fit"],
    "testing": ["check_grads"],
}
_ROOM = {name: room for room, names in _LAZY.items() for name in names}
_MODULES = {"data", "nn", "optim", "testing", "functional", "utils"}

if TYPE_CHECKING:
    from . import data as data
    from . import nn as nn
    from . import optim as optim
    from . import testing as testing
    from . import utils as utils
    from .arrays import (
        Generator as Generator,
    )
    from .arrays import (
        get_rng_state as get_rng_state,
    )
    from .arrays import (
        manual_seed as manual_seed,
    )
    from .arrays import (
        ones as ones,
    )
    from .arrays import (
        rand as rand,
    )
    from .arrays import (
        randint as randint,
    )
    from .arrays import (
        randn as randn,
    )
    from .arrays import (
        randperm as randperm,
    )
    from .arrays import (
        set_rng_state as set_rng_state,
    )
    from .arrays import (
        values as values,
    )
    from .arrays import (
        zeros as zeros,
    )
    from .compiler import compile as compile
    from .drawing import draw as draw
    from .files import load as load
    from .files import save as save
    from .functional import (
        grad as grad,
    )
    from .functional import (
        hessian as hessian,
    )
    from .functional import (
        hvp as hvp,
    )
    from .functional import (
        jacobian as jacobian,
    )
    from .functional import (
        jvp as jvp,
    )
    from .functional import (
        value_and_grad as value_and_grad,
    )
    from .functional import (
        vjp as vjp,
    )
    from .functional import (
        vmap as vmap,
    )
    from .inspection import build_info as build_info
    from .inspection import cost as cost
    from .notation import explain as explain
    from .player import explore as explore
    from .scopes import (
        checkpoint as checkpoint,
    )
    from .scopes import (
        detect_anomaly as detect_anomaly,
    )
    from .scopes import (
        explain_nonfinite as explain_nonfinite,
    )
    from .scopes import (
        no_grad as no_grad,
    )
    from .scopes import (
        zero_grad as zero_grad,
    )
    from .serialize import from_json as from_json
    from .serialize import to_json as to_json
    from .testing import check_grads as check_grads
    from .training import fit as fit


def __getattr__(name: str) -> Any:
    """Load a room when one of its names is first used, so that the import stays light."""
    if name in _MODULES:
        room = importlib.import_module(f"{__name__}.{name}")
        _remember()
        return room
    if name not in _ROOM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_ROOM[name]}"), name)
    globals()[name] = found
    _remember()
    return found


def _show(value: Value) -> dict[str, str]:
    """What a notebook shows for a Value; the drawing room is loaded for the first one."""
    shown: dict[str, str] = importlib.import_module(f"{__name__}.drawing").mimebundle(value)
    return shown


_value.display["mimebundle"] = _show


def _remember() -> None:
    """Note which rooms are loaded, and be their package: what an import does, but not for those that were there."""
    for name, room in list(sys.modules.items()):
        if name.startswith(f"{__name__}."):
            _HOME[name] = room
            if name.count(".") == 1:
                globals().setdefault(name.rpartition(".")[2], room)


_remember()


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOM, *_MODULES})
