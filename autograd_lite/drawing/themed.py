"""A picture whose colours follow the page it stands on: light on a light page, dark in a dark notebook.

Front ends say that they are dark in ways of their own; a style sheet knows them, and where none is known (or where the
style is dropped) the picture is light, on a white page of its own.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

from .model import Picture
from .style import PALETTES

__all__ = ["DARK_PAGES", "LIGHT_PAGES", "SVG", "by_role", "follow_page", "parse", "serialize"]

SVG = "http://www.w3.org/2000/svg"
#: how JupyterLab, VS Code, marimo, Colab, Sphinx themes, Material for MkDocs and Bootstrap say that they are dark
DARK_PAGES = (
    "[data-jp-theme-light=false],.vscode-dark,.vscode-high-contrast:not(.vscode-high-contrast-light),html.dark,.dark,"
    "html[theme=dark],[data-theme=dark],[data-md-color-scheme=slate],[data-bs-theme=dark]"
)
#: and that they are light
LIGHT_PAGES = (
    "[data-jp-theme-light=true],.vscode-light,.vscode-high-contrast-light,html.light,html[theme=light],"
    "[data-theme=light],[data-md-color-scheme=default],[data-bs-theme=light]"
)


def parse(svg: str) -> ET.Element:
    """The tree of an SVG document."""
    return ET.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", svg, count=1))


def serialize(root: ET.Element) -> str:
    """A tree as SVG for an HTML page, which needs no namespace."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib.pop("{http://www.w3.org/XML/1998/namespace}space", None)
    return ET.tostring(root, encoding="unicode", short_empty_elements=False)


def by_role(root: ET.Element, picture: Picture, write: Callable[[str, str], str]) -> None:
    """Write every colour of the light palette anew.

    Args:
        root: an SVG, as a renderer wrote it.
        picture: what it was made from; it says which white is a card and which the page.
        write: makes the new one from its role and the colour.
    """
    roles = {colour.lower(): role for role, colour in reversed(PALETTES["light"].items())}
    fills = {item.id: item.fill for item in picture.boxes}
    inside: dict[int, str] = {}
    for group in root.iter(f"{{{SVG}}}g"):
        if group.get("id") in fills:
            inside.update(dict.fromkeys(map(id, group.iter()), fills[group.get("id", "")]))
    for element in root.iter():
        for key in ("fill", "stroke"):
            colour = element.get(key, "")
            role = roles.get(colour.lower())
            if role in ("card", "page"):
                role = "page" if inside.get(id(element), "page") == "page" else "card"
            if role in ("value", "output_line") and element.tag.rpartition("}")[2] not in ("text", "tspan"):
                role = "output_line"
            if role:
                element.set(key, write(role, colour))


def follow_page(svg: str, picture: Picture) -> str:
    """An SVG as HTML, in the light colours or, on a page that is known to be dark, in the dark ones.

    >>> from autograd_lite.drawing import Box, Picture
    >>> "var(--agl-page,#FFFFFF)" in follow_page('<svg><rect fill="#FFFFFF"/></svg>', Picture([]))
    True
    """
    root = parse(svg)
    by_role(root, picture, lambda role, colour: f"var(--agl-{role.replace('_', '-')},{colour})")
    dark = "".join(f"--agl-{role.replace('_', '-')}:{colour};" for role, colour in PALETTES["dark"].items())
    sheet = ET.Element("style")
    sheet.text = f":is({DARK_PAGES}) .agl-picture{{{dark}}}"
    root.insert(0, sheet)
    root.set("class", "agl-picture")
    return serialize(root)
