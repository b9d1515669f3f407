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
    from . import functional, init, utils
    from .activations import (
        CELU,
        ELU,
        GELU,
        SELU,
        Hardtanh,
        LeakyReLU,
        LogSigmoid,
        LogSoftmax,
        Mish,
        ReLU,
        ReLU6,
        Sigmoid,
        SiLU,
        Softmax,
        Softplus,
        Softsign,
        Tanh,
        Tanhshrink,
    )
    from .containers import ModuleDict, ModuleList, ParameterList, Sequential
    from .distribution_losses import GaussianNLLLoss, PoissonNLLLoss
    from .layers import Dropout, Embedding, Flatten, Identity, Linear
    from .losses import (
        BCELoss,
        BCEWithLogitsLoss,
        CrossEntropyLoss,
        HuberLoss,
        KLDivLoss,
        L1Loss,
        MSELoss,
        NLLLoss,
        SmoothL1Loss,
    )
    from .margin_losses import CosineEmbeddingLoss, HingeLoss, MarginRankingLoss, SoftMarginLoss, TripletMarginLoss
    from .micrograd import MLP, Layer, Neuron
    from .module import Module
    from .norms import BatchNorm1d, LayerNorm, RMSNorm
    from .parameter import Parameter

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

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "MLP",
    "SELU",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianNLLLoss",
    "Hardtanh",
    "HingeLoss",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "L1Loss",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MarginRankingLoss",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Neuron",
    "Parameter",
    "ParameterList",
    "PoissonNLLLoss",
    "RMSNorm",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "TripletMarginLoss",
    "functional",
    "init",
    "utils",
]


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
