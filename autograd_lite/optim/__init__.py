"""Optimisers in PyTorch's vocabulary, on Parameters and on loose Values.

Update rules have PyTorch's order of floating-point operations, without its fused multiply-adds. What a module of
optimisers has in its ``__all__`` is public here.
"""

from . import adafactor, adam, adam_variants, adaptive, descent, lbfgs, lr_scheduler, muon, step_sizes
from .adafactor import *  # noqa: F403
from .adam import *  # noqa: F403
from .adam_variants import *  # noqa: F403
from .adaptive import *  # noqa: F403
from .clip import clip_grad_norm_, clip_grad_value_
from .descent import *  # noqa: F403
from .lbfgs import *  # noqa: F403
from .muon import *  # noqa: F403
from .optimizer import Optimizer
from .step_sizes import *  # noqa: F403

__all__ = ["Optimizer", "clip_grad_norm_", "clip_grad_value_", "lr_scheduler"]
__all__ += adafactor.__all__
__all__ += adam.__all__
__all__ += adam_variants.__all__
__all__ += adaptive.__all__
__all__ += descent.__all__
__all__ += lbfgs.__all__
__all__ += muon.__all__
__all__ += step_sizes.__all__
