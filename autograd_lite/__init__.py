"""Scalar reverse-mode automatic differentiation: live graphs, exact gradients, pictures of backpropagation.

>>> import autograd_lite as ag
>>> x = ag.Value(0.1, label="x")
>>> y = ag.sin(ag.exp(x))
>>> y.backward()
>>> round(x.grad, 6)
0.496202
"""

from __future__ import annotations

import builtins
import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .engine import methods as _methods
from .engine import nary as _nary  # noqa: F401  (sums and dot products find their short way)
from .engine.methods import display as _display
from .engine.sweeps import topological_order as topological_order
from .engine.value import Value as Value
from .errors import *  # noqa: F403
from .errors import lost as _lost
from .primitives.activations import *  # noqa: F403
from .primitives.arithmetic import *  # noqa: F403
from .primitives.elementary import *  # noqa: F403
from .primitives.hyperbolic import *  # noqa: F403
from .primitives.logistic import *  # noqa: F403
from .primitives.piecewise import *  # noqa: F403
from .primitives.primitive import Primitive as Primitive
from .primitives.primitive import primitive as primitive
from .primitives.reductions import *  # noqa: F403
from .primitives.rounding import *  # noqa: F403
from .primitives.special import *  # noqa: F403
from .primitives.statistics import *  # noqa: F403
from .primitives.trigonometric import *  # noqa: F403

__version__ = "0.1.0"

#: public names that are loaded when first used, and the module each lives in
_LAZY = {
    "compiler": ["compile"],
    "drawing": ["draw"],
    "explorer": ["explore"],
    "notation": ["explain"],
    "functional": ["checkpoint", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp", "vmap"],
    "data.arrays": ["grads", "numbers", "values"],
    "data.random": [
        "Generator",
        "get_rng_state",
        "manual_seed",
        "ones",
        "rand",
        "randint",
        "randn",
        "randperm",
        "set_rng_state",
        "zeros",
    ],
    "engine.grad_mode": ["no_grad", "zero_grad"],
    "diagnostics": ["build_info", "cost", "detect_anomaly", "explain_nonfinite"],
    "io": ["from_json", "load", "save", "to_json"],
    "primitives.linear_algebra": ["cholesky", "det", "inv", "solve"],
    "primitives.math_names": ["e", "frexp", "inf", "isclose", "isfinite", "isinf", "isnan", "nan", "pi", "tau"],
    "primitives.selection": ["take"],
    "primitives.sequences": ["argsort", "cumprod", "cumsum", "interp", "median", "quantile", "sort"],
    "training": ["fit"],
    "testing": ["check_grads"],
}
_HOME_OF = {name: module for module, names in _LAZY.items() for name in names}
#: math's functions of whole numbers and single bits, which have no derivative: math's own (``import … as math``)
_OF_WHOLE_NUMBERS = {"comb", "factorial", "gcd", "isqrt", "lcm", "nextafter", "perm", "ulp"}
_ARRAYS = "arrays of Values are NumPy's, made by ag.values([…]): np.stack, np.concatenate, a @ b"
#: names that users of other packages look for
_ELSEWHERE = {
    **dict.fromkeys(
        ["tensor", "Tensor", "from_numpy", "as_tensor", "array", "Variable"], "ag.Value(1.0) is one number; " + _ARRAYS
    ),
    **dict.fromkeys(["stack", "cat", "matmul", "mm", "einsum"], _ARRAYS),
    **dict.fromkeys(["arange", "linspace", "eye", "full"], "a NumPy function of that name serves"),
    **dict.fromkeys(["autograd", "backward"], "ag.grad(f)(x) is the gradient of a function, y.backward() of a graph"),
    "func": "ag.grad, ag.vmap, ag.jacobian, ag.hessian, ag.vjp, ag.jvp",
    **dict.fromkeys(["device", "cuda"], "numbers are Python's, on one processor"),
    **dict.fromkeys(["float32", "float64", "get_default_dtype", "set_default_dtype"], "numbers are Python's float64"),
    **dict.fromkeys(
        ["inference_mode", "enable_grad", "set_grad_enabled", "is_grad_enabled"],
        "with ag.no_grad(): records nothing, everything else records",
    ),
    "clamp": "ag.clip(x, low, high)",
    "jit": "ag.compile(f)",
    **dict.fromkeys(["jacfwd", "jacrev"], "ag.jacobian(f)"),
    "elementwise_grad": "ag.vmap(ag.grad(f))",
    **dict.fromkeys(["draw_dot", "trace"], "ag.draw(y) is the picture, ag.explain(y) the trace"),
    **dict.fromkeys(["Linear", "ReLU", "Tanh", "Sigmoid", "MLP", "Module", "Parameter"], "it is in nn"),
    **dict.fromkeys(["SGD", "Adam"], "it is in optim"),
}
_MODULES = {"data", "nn", "optim", "testing", "functional", "utils"}

if TYPE_CHECKING:
    from math import comb as comb
    from math import factorial as factorial
    from math import gcd as gcd
    from math import isqrt as isqrt
    from math import lcm as lcm
    from math import nextafter as nextafter
    from math import perm as perm
    from math import ulp as ulp

    from . import data as data
    from . import functional as functional
    from . import nn as nn
    from . import optim as optim
    from . import testing as testing
    from . import utils as utils
    from .compiler import compile as compile
    from .data.arrays import grads as grads
    from .data.arrays import numbers as numbers
    from .data.arrays import values as values
    from .data.random import Generator as Generator
    from .data.random import get_rng_state as get_rng_state
    from .data.random import manual_seed as manual_seed
    from .data.random import ones as ones
    from .data.random import rand as rand
    from .data.random import randint as randint
    from .data.random import randn as randn
    from .data.random import randperm as randperm
    from .data.random import set_rng_state as set_rng_state
    from .data.random import zeros as zeros
    from .diagnostics import *  # noqa: F403
    from .drawing import draw as draw
    from .engine.grad_mode import no_grad as no_grad
    from .engine.grad_mode import zero_grad as zero_grad
    from .explorer import explore as explore
    from .functional import *  # noqa: F403
    from .io import *  # noqa: F403
    from .notation import explain as explain
    from .primitives.linear_algebra import *  # noqa: F403
    from .primitives.math_names import *  # noqa: F403
    from .primitives.selection import take as take
    from .primitives.sequences import *  # noqa: F403
    from .testing import check_grads as check_grads
    from .training import fit as fit


def _load(name: str) -> Any:
    """Load a module when one of its names is first used, so that the import stays light."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _OF_WHOLE_NUMBERS:
        return getattr(importlib.import_module("math"), name)
    if name not in _HOME_OF:
        instead = f": {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""
        module = sys.modules[__name__]  # from which a traceback finds the name that may be meant
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{instead}", name=name, obj=module)
    found = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found


def _show(value: Value) -> dict[str, str]:
    """What a notebook shows for a Value; ``drawing`` is loaded for the first one."""
    shown: dict[str, str] = importlib.import_module(f"{__name__}.drawing").mimebundle(value)
    return shown


if vars(_methods)["lost"] is not _lost:  # an import for the second time: compiled modules keep to what they first met
    raise ImportError(
        f"{__name__} was imported before in this process, and its compiled modules are loaded only once: start Python "
        f"again, or install it with AUTOGRAD_LITE_PURE=1"
    )
_display["mimebundle"] = _show


_PRIVATE = {"annotations", "importlib", "builtins", "sys", "Any", "ModuleType", "TYPE_CHECKING"}


def __dir__() -> list[str]:
    """The public names: what the package defines or loads when asked, and no module that it is made of."""
    ours = {name for name, found in globals().items() if not name.startswith("_") and not isinstance(found, ModuleType)}
    return sorted({*ours - _PRIVATE, *_HOME_OF, *_MODULES, "errors", "__version__"})


if not TYPE_CHECKING:  # type checkers take the imports above, and refuse what is not there
    __getattr__ = _load
    #: what ``from autograd_lite import *`` brings: the public names, but for those of Python's own (sum, max …)
    __all__ = [name for name in __dir__() if not hasattr(builtins, name) and not name.startswith("_")]
