"""The styles of pictures, one a file; this table is the only place that lists them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..graph_view import Reading
from ..model import Picture
from .book import book
from .cards import cards
from .network import network
from .ops import ops

__all__ = ["STYLES", "Style"]


@dataclass(frozen=True)
class Style:
    """How a graph becomes a picture.

    Attributes:
        words: what it shows, for the documentation.
        lines: makes the picture of a graph that was read as lines (``graph_view.Reading``); None for a style with a
            reading of its own.
        whole: makes it from the roots, the options and what is highlighted, where ``lines`` is None.
        numbers: whether values, gradients and local derivatives are shown unasked.
        fold: whether unnamed intermediates fold; None leaves that to the graph.
    """

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


#: by the name that ``draw(style=…)`` takes
STYLES: dict[str, Style] = {
    "cards": Style("one card per named value, with its expression, value and gradient", cards),
    "ops": Style("every value and every operation, as micrograd draws them", ops, fold=False),
    "book": Style("circles are variables and boxes operations, as in figure 7.9", book, numbers=False),
    "network": Style("a circle for each neuron and an arrow for each weight, as in figure 7.1", whole=network),
}
