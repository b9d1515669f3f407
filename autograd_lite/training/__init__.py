"""The training loop, once."""

from .fit import History, fit

__all__ = ["History", "fit"]
