"""Optimisers in PyTorch's vocabulary, on Parameters and on loose Values.

Update rules have PyTorch's order of floating-point operations, without its fused multiply-adds.
"""

from . import lr_scheduler
from .adam import Adam, AdamW
from .adam_variants import Adamax, NAdam, RAdam
from .adaptive import Adagrad, RMSprop
from .clip import clip_grad_norm_, clip_grad_value_
from .descent import SGD
from .lbfgs import LBFGS
from .muon import Muon
from .optimizer import Optimizer
from .step_sizes import Adadelta, Rprop

__all__ = [
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "clip_grad_norm_",
    "clip_grad_value_",
    "lr_scheduler",
]
