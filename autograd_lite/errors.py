"""The exceptions and warnings of this package: each message names the op, the argument, the point and the cure."""

from __future__ import annotations

import importlib

__all__ = [
    "AnomalyDivisionError",
    "AnomalyError",
    "AnomalyOverflowError",
    "AnomalyValueError",
    "AutogradError",
    "FileFormatError",
    "GraphChangedError",
    "LostGradientError",
    "MatrixError",
    "NonFiniteGradientWarning",
    "OptionError",
    "PartialsError",
    "ReentrantBackwardError",
    "RenderError",
    "StateError",
]


class AutogradError(Exception):
    """Base of every exception that this package defines."""


class LostGradientError(AutogradError, TypeError):
    """A Value was about to become a plain number, and its gradient would have been lost."""


class GraphChangedError(AutogradError, RuntimeError):
    """A leaf was changed after the graph was recorded, and the rules are asked for at the recorded point."""


class MatrixError(AutogradError, ValueError):
    """A matrix is not square, singular, or not positive definite where it has to be."""


class PartialsError(AutogradError, TypeError):
    """A primitive's ``partials`` rule returned the wrong number of partials, or something that is not a number."""


class ReentrantBackwardError(AutogradError, RuntimeError):
    """A sweep was started from inside a sweep of the same thread."""


class RenderError(AutogradError, RuntimeError):
    """A picture can't be made here; the message says what to install or which option to change."""


class OptionError(RenderError, ValueError):
    """A picture is asked for with an unknown option, or of a graph that is larger than its options allow."""


class FileFormatError(AutogradError, ValueError):
    """A file is truncated, malformed or hostile, or holds what this package doesn't read; nothing was loaded."""


class StateError(AutogradError, ValueError, RuntimeError):
    """A state dict doesn't fit what it is loaded into; nothing has been changed. (PyTorch raises RuntimeError.)"""


class AnomalyError(AutogradError, ArithmeticError):
    """Under ``detect_anomaly``: the first op whose finite operands make a nan or an infinity."""


class AnomalyValueError(AnomalyError, ValueError):
    """An anomaly where ``math`` raises ValueError (outside the domain: a nan)."""


class AnomalyOverflowError(AnomalyError, OverflowError):
    """An anomaly where ``math`` raises OverflowError (a result too large for a float)."""


class AnomalyDivisionError(AnomalyError, ZeroDivisionError):
    """An anomaly where plain Python raises ZeroDivisionError (a pole)."""


class NonFiniteGradientWarning(RuntimeWarning):
    """A leaf's gradient came out as nan or an infinity."""


def lost(kind: str) -> Exception:
    """The error for a Value that would become ``kind``, a plain number; what makes it is loaded when it is needed."""
    made: Exception = importlib.import_module(".engine.lost_gradient", __package__).lost(kind)
    return made
