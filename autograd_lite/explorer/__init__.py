"""The stepping page: one HTML file that plays the forward and the backward pass of a graph."""

from __future__ import annotations

from .page import Explorer, explore
from .recording import Frame, snapshot

__all__ = ["Explorer", "Frame", "explore", "snapshot"]
