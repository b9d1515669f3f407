"""What a style says of itself; each style's module has one as ``STYLE``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..graph_view import Reading
from ..model import Picture

__all__ = ["Style"]


@dataclass(frozen=True)
class Style:
    """How a graph becomes a picture.

    Attributes:
        name: what ``draw(style=…)`` calls it.
        words: what it shows, for the documentation.
        lines: makes the picture of a graph that was read as lines (``graph_view.Reading``); None for a style with a
            reading of its own.
        whole: makes it from the roots, the options and what is highlighted, where ``lines`` is None.
        numbers: whether values, gradients and local derivatives are shown unasked.
        fold: whether unnamed intermediates fold; None leaves that to the graph.
    """

    name: str
    words: str
    lines: Callable[[Reading], Picture] | None = None
    whole: Callable[..., Picture] | None = None
    numbers: bool = True
    fold: bool | None = None

    def draw(self, *args: Any) -> Picture:
        """The picture, by whichever of the two there is."""
        make = self.lines or self.whole
        assert make is not None
        return make(*args)
