"""What a figure of the chapter is, for the page that collects them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Figure"]


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        number: "7.4", or "" for a picture the chapter doesn't have.
        file: the file's name, ending in ``.svg``.
        title: a few words.
        caption: a sentence or two, plain text.
        draw: makes the SVG document for a theme, "light" or "dark"; may raise ImportError for a library that is an
            extra (the page then says which, and goes on).
        notes: makes HTML that goes below the figure, such as a trace; already escaped.
    """

    number: str
    file: str
    title: str
    caption: str
    draw: Callable[[str], str]
    notes: Callable[[], str] | None = None
