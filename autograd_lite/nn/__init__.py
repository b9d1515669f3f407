"""Neural networks of scalars, in PyTorch's vocabulary: parameters, modules, initialisers, losses; and micrograd's.

>>> from autograd_lite import nn
>>> model = nn.Sequential(nn.Linear(10, 40), nn.ReLU(), nn.Linear(40, 5))
>>> sum(p.numel() for p in model.parameters())
645
"""

from __future__ import annotations

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
