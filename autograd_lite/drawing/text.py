"""Text in pictures: runs of one style, mathematical names with subscripts, widths, and escaping for hostile labels."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

__all__ = [
    "Line", "Run", "clean", "escape_dot", "escape_xml", "line", "mathematical", "measured", "missing_spaces", "plain",
    "recolour", "width",
]  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A piece of text in one style.

    Attributes:
        text: the characters.
        colour: a role of the palette or a colour.
        italic: slanted, as letters in formulas are.
        shift: -1 subscript, 1 superscript, 0 on the line; both at 0.75 of the size.
    """

    text: str
    colour: str = "ink"
    italic: bool = False
    shift: int = 0


#: a line of text: runs one after the other
Line = tuple[Run, ...]

_SUBSCRIPTS = dict(zip(map(ord, "₀₁₂₃₄₅₆₇₈₉"), "0123456789", strict=True))
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
#: invisible characters that turn text around, and so could make one name look like another
_BIDI = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_MAXIMUM = 500

_WORD = re.compile(
    r"(?P<name>[^\W\d_₀-₉⁰¹²³⁴-⁹]+)(?P<sub>_\{[^{}]*\}|_?[\d₀-₉]+(?![\w.]))?|(?P<digits>[\d₀-₉]+)|(?P<other>.)",
    re.DOTALL,
)


def clean(text: str, limit: int = _MAXIMUM) -> str:
    """``text`` as something every format can hold: no control characters, no lone surrogates, not endless.

    >>> clean("a\\x00b" + chr(0xD800)), clean("x" * 9, limit=4)
    ('a�b�', 'xxx…')
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return _BIDI.sub("", _BAD.sub("\N{REPLACEMENT CHARACTER}", text))


def escape_xml(text: str) -> str:
    """Text for XML, HTML and Graphviz's HTML labels, in element content or in a quoted attribute.

    >>> escape_xml('<a & "b">')
    '&lt;a &amp; &quot;b&quot;&gt;'
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (
        text.replace('"', "&quot;")
        .replace("'", "&#39;")
        .replace("\r", " ")
        .replace("\n", "&#10;")
        .replace("\t", "&#9;")
    )


def escape_dot(text: str) -> str:
    """Text between the quotes of a DOT string: backslashes doubled, markup as entities (which Graphviz resolves).

    >>> escape_dot('"' + chr(92)) == "&quot;" + 2 * chr(92)
    True
    """
    return escape_xml(text).replace("\\", "\\\\")


def mathematical(label: str, colour: str = "ink", limit: int = 28) -> Line:
    """A name as it is set in formulas: letters italic, digits after them as subscripts.

    >>> [(run.text, run.shift) for run in mathematical("f12")]
    [('f', 0), ('12', -1)]
    """
    text = re.sub(r"\s+", " ", clean(label, limit))
    runs: list[Run] = []
    for found in _WORD.finditer(text):
        if found["name"]:
            runs.append(Run(found["name"], colour, italic=True))
            sub = (found["sub"] or "").lstrip("_").strip("{}").translate(_SUBSCRIPTS)
            if sub:
                runs.append(Run(sub, colour, shift=-1))
        elif found["digits"] and "₀" <= found["digits"][0] <= "₉":
            runs.append(Run(found["digits"].translate(_SUBSCRIPTS), colour, shift=-1))
        else:
            runs.append(Run(found["digits"] or found["other"], colour))
    return line(*runs)


def line(*runs: Run | Line) -> Line:
    """One line of several runs and lines; neighbours of the same style are joined.

    >>> line(Run("a"), (Run("b"),))
    (Run(text='ab', colour='ink', italic=False, shift=0),)
    """
    joined: list[Run] = []
    for item in runs:
        for run in (item,) if isinstance(item, Run) else item:
            if joined and replace(joined[-1], text="") == replace(run, text=""):
                joined[-1] = replace(run, text=joined[-1].text + run.text)
            elif run.text:
                joined.append(run)
    return tuple(joined)


def recolour(text: Line, colour: str) -> Line:
    """The same line in another colour."""
    return tuple(replace(run, colour=colour) for run in text)


def plain(text: Iterable[Run]) -> str:
    """The characters alone, subscripts as unicode subscripts.

    >>> plain(mathematical("h3"))
    'h₃'
    """
    digits = {ord(str(digit)): sub for sub, digit in zip("₀₁₂₃₄₅₆₇₈₉", range(10), strict=True)}
    powers = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")
    shifts: dict[int, dict[int, Any]] = {0: {}, -1: digits, 1: powers}
    return "".join(run.text.translate(shifts[run.shift]) for run in text)


# Widths of Arial in thousandths of the font size (the same as Helvetica's, whose metrics Adobe published).
_ASCII = """
    278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556
    556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778
    667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556
    556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584
"""
_WIDTHS = {chr(32 + i): int(w) for i, w in enumerate(_ASCII.split())}
_WIDTHS.update(
    {
        "ω": 781,
        "ψ": 713,
        "φ": 648,
        "π": 690,
        "∂": 494,
        "•": 350,
        "·": 333,
        "−": 584,
        "√": 549,
        "Σ": 618,
        "ℓ": 420,
        "…": 1000,
    }
)


def width(text: Line, size: float) -> float:
    """The width of a line in points, with Arial's metrics.

    >>> round(width(mathematical("f0"), 10.0), 2)
    6.95
    """
    total = 0.0
    for run in text:
        scale = 0.75 if run.shift else 1.0
        total += scale * sum(_WIDTHS.get(c) or _other_width(c) for c in run.text)
    return total * size / 1000.0


def measured(text: Line, size: float) -> float:
    """The width that Graphviz without pango thinks a line has: a byte beyond ASCII is as wide as a space."""
    total = 0.0
    for run in text:
        odd = sum(278 * len(c.encode("utf-8", "replace")) for c in run.text if not c.isascii())
        even = sum(_WIDTHS.get(c, 0) for c in run.text if c.isascii())
        total += (0.75 if run.shift else 1.0) * (odd + even + 278 * missing_spaces(run.text))
    return total * size / 1000.0


def missing_spaces(text: str) -> int:
    """How many spaces make Graphviz give a text enough room.

    Without pango it measures every byte of a character beyond ASCII as one space: too little for ω, ψ, φ, π and for
    the letters of Chinese or Japanese.

    >>> missing_spaces("f = β"), missing_spaces("ω")
    (0, 1)
    """
    odd = [c for c in text if not c.isascii()]
    short = sum((_WIDTHS.get(c) or _other_width(c)) - 278 * len(c.encode("utf-8", "replace")) for c in odd)
    return max(0, math.ceil((short - 60) / 278))


def _other_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 1000 if unicodedata.east_asian_width(char) in "WF" else 600
