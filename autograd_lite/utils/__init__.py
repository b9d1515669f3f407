"""Where PyTorch's programs look for ``utils.data``: the same names as in ``autograd_lite.data``."""

from . import data

__all__ = ["data"]
