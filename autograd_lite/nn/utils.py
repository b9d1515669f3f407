"""Gradient clipping under PyTorch's names: ``nn.utils.clip_grad_norm_`` is ``optim.clip_grad_norm_``."""

from ..optim.clip import clip_grad_norm_, clip_grad_value_

__all__ = ["clip_grad_norm_", "clip_grad_value_"]
