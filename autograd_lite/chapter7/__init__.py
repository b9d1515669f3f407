"""The backpropagation chapter of Understanding Deep Learning as live graphs, with its figures redrawn from them."""

from __future__ import annotations

from .graphs import Layered, domke, layered_network, toy_chain
from .page import FIGURES, Report, write
from .registry import Figure

__all__ = ["FIGURES", "Figure", "Layered", "Report", "domke", "layered_network", "toy_chain", "write"]
