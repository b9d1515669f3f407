"""Optimisers in PyTorch's vocabulary, on Parameters and on loose Values.

Update rules have PyTorch's order of floating-point operations, without its fused multiply-adds.
"""

from . import lr_scheduler
from .adaptive import Adagrad, Adam, AdamW, RMSprop
from .clip import clip_grad_norm_, clip_grad_value_
from .descent import SGD
from .lbfgs import LBFGS
from .optimizer import Optimizer

__all__ = [
    "LBFGS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "clip_grad_norm_",
    "clip_grad_value_",
    "lr_scheduler",
]
