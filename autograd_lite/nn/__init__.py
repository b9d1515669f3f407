"""Neural networks of scalars, in PyTorch's vocabulary: parameters, modules, initialisers, losses; and micrograd's.

>>> from autograd_lite import nn
>>> model = nn.Sequential(nn.Linear(10, 40), nn.ReLU(), nn.Linear(40, 5))
>>> sum(p.numel() for p in model.parameters())
645
"""

from __future__ import annotations

from .activations import ELU, GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from .layers import Dropout, Embedding, Flatten, Identity, LayerNorm, Linear
from .micrograd import MLP, Layer, Neuron
from .module import Module, Sequential
from .parameter import Parameter

__all__ = [
    "ELU",
    "GELU",
    "MLP",
    "Dropout",
    "Embedding",
    "Flatten",
    "Identity",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "Module",
    "Neuron",
    "Parameter",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]
