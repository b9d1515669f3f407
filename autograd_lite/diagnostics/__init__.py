"""What a graph costs, where a nan was born, and what this installation is made of."""

from .anomaly import detect_anomaly, explain_nonfinite
from .build_info import build_info
from .cost import cost

__all__ = ["build_info", "cost", "detect_anomaly", "explain_nonfinite"]
