"""The page that shows the figures with their traces, and the command that writes everything."""

from __future__ import annotations

import html
import importlib.resources
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from ..drawing import inline_html
from . import figures, networks
from .registry import Figure

__all__ = ["FIGURES", "Report", "page", "write"]

#: pictures are made smaller than this only by scrolling in their frame: text of 11 points stays over 12 pixels
_READABLE = 0.86


def _in_order(*sources: list[Figure]) -> list[Figure]:
    """Figures by number; a picture without one stays behind the figure that it follows in its module."""
    keyed: list[tuple[str, Figure]] = []
    for source in sources:
        number = ""
        for figure in source:
            number = figure.number or number
            keyed.append((number, figure))
    return [figure for _, figure in sorted(keyed, key=lambda pair: pair[0])]


#: every figure, in the order of the page
FIGURES: list[Figure] = _in_order(figures.FIGURES, networks.FIGURES)


@dataclass
class Report:
    """What ``write`` did: the files, and what could not be drawn here and why."""

    files: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def write(directory: Path | str = "figures", only: Collection[str] = ()) -> Report:
    """Write every figure as SVG, and ``index.html``, which shows them with their traces.

    Args:
        directory: where to; made if it is not there.
        only: the numbers of some figures, such as ("7.4", "7.5"); all by default.

    Returns:
        A Report. A figure that needs a library which is not installed is left out, with a note.

    Raises:
        OSError: if a file can't be written.
        ValueError: if there is no figure of a number in ``only``.

    >>> import tempfile
    >>> [path.name for path in write(tempfile.mkdtemp(), only=["7.9"]).files]
    ['figure_7_9.svg', 'index.html']
    """
    unknown = set(only) - {figure.number for figure in FIGURES}
    if unknown:
        known = ", ".join(figure.number for figure in FIGURES if figure.number)
        raise ValueError(f"there is no figure {min(unknown)} here, only {known}")
    chosen = [figure for figure in FIGURES if not only or figure.number in only]
    out = Path(directory)
    out.mkdir(parents=True, exist_ok=True)
    report = Report()
    sections: list[str] = []
    for figure in chosen:
        try:
            light, dark = figure.draw("light"), figure.draw("dark")
        except ImportError as error:
            note = f"{_name(figure)} is left out: {error} (pip install 'autograd-lite[plots]')"
            report.notes.append(note)
            sections.append(_section(figure, f'<p class="missing">{html.escape(note)}</p>'))
            continue
        (out / figure.file).write_text(light, encoding="utf-8")
        report.files.append(out / figure.file)
        least = f"min-width:{_READABLE * _width(light):.0f}pt"
        pictures = "".join(
            f'<div class="{theme}" style="{least}">{inline_html(svg)}</div>'
            for theme, svg in (("light", light), ("dark", dark))
        )
        sections.append(_section(figure, f'<div class="picture">{pictures}</div>'))
    index = out / "index.html"
    index.write_text(page(chosen, sections), encoding="utf-8")
    report.files.append(index)
    return report


def _name(figure: Figure) -> str:
    return f"figure {figure.number}" if figure.number else figure.title


def _width(svg: str) -> float:
    """Of a picture, in points."""
    found = re.search(r'<svg[^>]*\bwidth="([\d.]+)', svg)
    return float(found[1]) if found else 0.0


def _section(figure: Figure, picture: str) -> str:
    """One figure: title, picture, caption, and the trace folded below it."""
    number = f'<span class="number">{html.escape(figure.number)}</span>' if figure.number else ""
    notes = ""
    if figure.notes is not None:
        numbers = f'<div class="scroll">{figure.notes()}</div>'
        notes = f"<details open><summary>In numbers, step by step</summary>{numbers}</details>"
    anchor = figure.file.removesuffix(".svg").replace("_", "-")
    return (
        f'<section id="{html.escape(anchor)}"><h2>{number}{html.escape(figure.title)}</h2><figure>{picture}'
        f'<figcaption>{html.escape(figure.caption)} <a href="{html.escape(figure.file)}">SVG</a></figcaption></figure>'
        f"{notes}</section>"
    )


def page(chosen: list[Figure], sections: list[str]) -> str:
    """The whole page: no script or style from elsewhere, and no request to anywhere."""
    template = importlib.resources.files(__package__).joinpath("index.html").read_text(encoding="utf-8")
    links = []
    for figure in chosen:
        anchor = figure.file.removesuffix(".svg").replace("_", "-")
        text = figure.number or figure.title
        links.append(f'<a href="#{html.escape(anchor)}" title="{html.escape(figure.title)}">{html.escape(text)}</a>')
    parts = {"links": "\n".join(links), "sections": "\n".join(sections)}
    return re.sub(r"<!-- (links|sections) -->", lambda found: parts[found[1]], template)
