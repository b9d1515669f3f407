"""Neural networks of scalars, in PyTorch's vocabulary: parameters, modules, initialisers, losses; and micrograd's.

>>> from autograd_lite import nn
>>> model = nn.Sequential(nn.Linear(10, 40), nn.ReLU(), nn.Linear(40, 5))
>>> sum(p.numel() for p in model.parameters())
645
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import functional as functional
    from . import init as init
    from . import utils as utils
    from .activations import *  # noqa: F403
    from .containers import *  # noqa: F403
    from .distribution_losses import *  # noqa: F403
    from .layers import *  # noqa: F403
    from .losses import *  # noqa: F403
    from .margin_losses import *  # noqa: F403
    from .micrograd import *  # noqa: F403
    from .module import Module as Module
    from .norms import *  # noqa: F403
    from .parameter import Parameter as Parameter

#: the public names by the module each lives in, loaded when one of them is first used: micrograd's need no NumPy
_LAZY = {
    "activations": [
        "CELU",
        "ELU",
        "GELU",
        "SELU",
        "Hardtanh",
        "LeakyReLU",
        "LogSigmoid",
        "LogSoftmax",
        "Mish",
        "ReLU",
        "ReLU6",
        "Sigmoid",
        "SiLU",
        "Softmax",
        "Softplus",
        "Softsign",
        "Tanh",
        "Tanhshrink",
    ],
    "containers": ["ModuleDict", "ModuleList", "ParameterList", "Sequential"],
    "distribution_losses": ["GaussianNLLLoss", "PoissonNLLLoss"],
    "layers": ["Dropout", "Embedding", "Flatten", "Identity", "Linear"],
    "losses": [
        "BCELoss",
        "BCEWithLogitsLoss",
        "CrossEntropyLoss",
        "HuberLoss",
        "KLDivLoss",
        "L1Loss",
        "MSELoss",
        "NLLLoss",
        "SmoothL1Loss",
    ],
    "margin_losses": ["CosineEmbeddingLoss", "HingeLoss", "MarginRankingLoss", "SoftMarginLoss", "TripletMarginLoss"],
    "micrograd": ["MLP", "Layer", "Neuron"],
    "module": ["Module"],
    "norms": ["BatchNorm1d", "LayerNorm", "RMSNorm"],
    "parameter": ["Parameter"],
}
_MODULES = {*_LAZY, "functional", "init", "utils"}
_HOME_OF = {name: module for module, names in _LAZY.items() for name in names}

__all__ = [*sorted(_HOME_OF), *sorted(_MODULES - set(_LAZY))]


def __getattr__(name: str) -> Any:
    """Load a module when one of its names is first used."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOME_OF:
        from .habits import LAYERS, hint

        known = hint(f"nn.{name}", LAYERS[name]) if name in LAYERS else f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(known)
    found = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
