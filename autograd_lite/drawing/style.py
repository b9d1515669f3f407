"""Colours and measures of the pictures: two palettes with the same names, and the sizes that every style shares."""

from __future__ import annotations

from ..errors import OptionError

__all__ = ["FONT", "PALETTES", "SERIF", "SIZE", "palette", "resolve"]

#: one family each: a comma list makes Graphviz fall back to the widths of Times
FONT, SERIF = "Arial", "Times-Roman"
SIZE = 11.0

_NAMES = (
    "value", "grad", "partial", "ink", "muted", "edge", "card", "card_line", "input", "input_line", "parameter",
    "parameter_line", "output", "output_line", "page", "cluster", "cluster_line", "blue", "orange",
)  # fmt: skip

_LIGHT = (
    "#17695F #A8461F #476779 #1B2A31 #5E6E75 #76878C #FFFFFF #33454E #EEF2F3 #8C9BA1 #FCF1EA #C98A66 #E3F3F0 #17695F "
    "#FFFFFF #F6F8F8 #D5DDDF #1F6FB5 #C8641B"
)
_DARK = (
    "#6CC4BB #F0A37E #9CC0D3 #E6EAEC #A3B0B5 #8A999E #2A2F32 #A9B6BB #24292B #6B797E #35291F #B0714A #1F3A37 #6CC4BB "
    "#1E1E1E #232729 #3A4448 #6FB4EE #F0A050"
)

#: colour by role ("value", "grad", "ink", "card", "card_line" …) for each theme
PALETTES: dict[str, dict[str, str]] = {
    "light": dict(zip(_NAMES, _LIGHT.split(), strict=True)),
    "dark": dict(zip(_NAMES, _DARK.split(), strict=True)),
}


def palette(theme: str) -> dict[str, str]:
    """The colours of a theme, by role.

    Args:
        theme: "light", "dark", or "auto": light, and in HTML whatever the page is (``themed``).

    Raises:
        OptionError: for another name.

    >>> palette("light")["value"]
    '#17695F'
    """
    if theme != "auto" and theme not in PALETTES:
        raise OptionError(f"there is no theme {theme!r}: take theme='light', theme='dark' or theme='auto'")
    return PALETTES["light" if theme == "auto" else theme]


def resolve(colour: str, colours: dict[str, str]) -> str:
    """The colour of a role, or the colour itself when it is none ("#FF0000", "red").

    >>> resolve("grad", palette("dark")), resolve("#123456", palette("dark"))
    ('#F0A37E', '#123456')
    """
    return colours.get(colour, colour)
