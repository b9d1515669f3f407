"""``Drawing``: a ``graphviz.Digraph`` that can always be drawn, by whatever there is."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import graphviz

from ..errors import RenderError
from . import dot, layout, renderer
from .graphviz_svg import polish
from .model import Picture
from .themed import follow_page

__all__ = ["Drawing", "inline_html", "render_svg"]

_count = itertools.count()
_PICTURES = {".svg", ".png", ".pdf", ".jpg"}


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """A picture as a ``graphviz.Digraph``: ``source``, ``pipe``, ``render``, ``save`` work as its users know them.

    What differs: without any Graphviz program SVG still comes out (``pipe(format="svg")``, ``render(outfile="a.svg")``,
    notebooks), the format is svg unless another is asked for, and nothing is printed on stderr.

    Args:
        picture: what to draw; without one it is an ordinary ``Digraph``.
        **kwargs: as for ``graphviz.Digraph``.

    >>> from autograd_lite.drawing import Box, Picture, box, mathematical
    >>> drawing = Drawing(Picture([box("f", mathematical("f0"))]))
    >>> "<svg" in drawing.pipe(format="svg", encoding="utf-8")
    True
    """

    def __init__(self, picture: Picture | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("format", "svg")
        if picture is not None:
            graph, node, edge = dot.attributes(picture)
            kwargs.setdefault("name", picture.name)
            kwargs.setdefault("graph_attr", graph)
            kwargs.setdefault("node_attr", node)
            kwargs.setdefault("edge_attr", edge)
            kwargs.setdefault("body", _body(picture))
        super().__init__(**kwargs)
        self.picture = picture

    def _copy_kwargs(self, **kwargs: Any) -> Any:
        return super()._copy_kwargs(picture=self.picture, **kwargs)

    def pipe(
        self,
        format: str | None = None,
        renderer: str | None = None,
        formatter: str | None = None,
        neato_no_op: bool | int | None = None,
        quiet: bool = True,
        *,
        engine: str | None = None,
        encoding: str | None = None,
    ) -> Any:
        """The picture in a format, as bytes, or as a string with ``encoding``.

        Raises:
            RenderError: if no renderer that is here writes the format; the message says what to install.
        """
        chosen = format or self.format
        if renderer is None and formatter is None and neato_no_op is None:
            data = _draw(self, chosen, engine or self.engine)
            return data if encoding is None else data.decode("utf-8")
        found = _finder()
        if found.name == "builtin":
            raise RenderError(f"our own layout has no renderers and formatters to choose from: {_INSTALL}")
        with _use(found):
            return super().pipe(
                format=chosen, renderer=renderer, formatter=formatter, neato_no_op=neato_no_op, quiet=quiet,
                engine=engine, encoding=encoding,
            )  # fmt: skip

    def render(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,
        renderer: str | None = None,
        formatter: str | None = None,
        neato_no_op: bool | int | None = None,
        quiet: bool = True,
        quiet_view: bool = False,
        *,
        outfile: str | os.PathLike[str] | None = None,
        engine: str | None = None,
        raise_if_result_exists: bool = False,
        overwrite_source: bool = False,
    ) -> str:
        """Write the DOT source and the picture beside it; the arguments are those of ``graphviz.Digraph.render``.

        Args:
            filename: of the source; the picture's name is that and the format. A name that ends in one of svg, png, pdf
                or jpg is the picture's, as ``outfile`` is.
            directory: for both.
            outfile: of the picture; its ending is the format, and the source goes beside it as ``.gv``.
            cleanup: delete the source afterwards.
            view: open the picture.
            raise_if_result_exists: rather than write over a picture.

        Returns:
            The path of the picture.

        Raises:
            RenderError: if no renderer that is here writes the format.
        """
        if outfile is None and format is None and filename and Path(filename).suffix.lower() in _PICTURES:
            outfile, filename = filename, None
        if outfile is not None:
            target = Path(directory or "", outfile)
            chosen = format or target.suffix.lstrip(".").lower() or self.format
            source = Path(directory or "", filename) if filename is not None else target.with_suffix(".gv")
            if source == target and not overwrite_source:
                raise ValueError(f"outfile {str(outfile)!r} is also the file of the source: pass filename= as well")
        else:
            chosen = format or self.format
            source = Path(directory if directory is not None else self.directory, filename or self.filename)
            target = Path(f"{source}.{'.'.join(f for f in (formatter, renderer, chosen) if f)}")
        if raise_if_result_exists and target.exists():
            raise graphviz.FileExistsError(f"output file exists: {str(target)!r}")
        data = self.pipe(chosen, renderer, formatter, neato_no_op, quiet, engine=engine)
        self.save(filename=source.name, directory=str(source.parent))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        if cleanup:
            source.unlink()
        if view or quiet_view:
            self._view(str(target), format=chosen, quiet=quiet_view)
        return str(target)

    def to_html(self) -> str:
        """The picture as HTML: inline SVG, which keeps its tooltips, with ids of its own.

        With the theme "auto" it is dark where the page is known to be.
        """
        return self._html(self.pipe(format="svg", encoding="utf-8"))

    def _html(self, svg: str) -> str:
        if self.picture is not None and self.picture.theme == "auto" and _is_ours(self):
            return inline_html(follow_page(svg, self.picture))
        return inline_html(svg)

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **_: Any
    ) -> dict[str, Any]:
        """For notebooks: inline SVG as HTML first, since JupyterLab puts image/svg+xml where tooltips die."""
        wanted = set(include) if include is not None else {"text/html", "image/svg+xml"}
        wanted -= set(exclude or ())
        svg = self.pipe(format="svg", encoding="utf-8") if wanted & {"text/html", "image/svg+xml"} else ""
        made: dict[str, Any] = {"text/html": self._html(svg)} if "text/html" in wanted else {}
        made |= {"image/svg+xml": svg} if "image/svg+xml" in wanted else {}
        made |= super()._repr_mimebundle_(include=wanted - {"text/html", "image/svg+xml"})
        return made

    def _mime_(self) -> tuple[str, str]:
        return "text/html", self.to_html()

    def __repr__(self) -> str:
        if self.picture is None:
            return f"<Drawing {self.name or ''}>"
        return f"<picture of {len(self.picture.boxes)} boxes: .render(outfile='graph.svg')>"


# ``pipe`` and ``render`` have an argument named renderer, as graphviz has
_finder, _use, _INSTALL = renderer.find_renderer, renderer.use, renderer.INSTALL


def _draw(digraph: graphviz.Digraph, format: str, engine: str) -> bytes:
    """``digraph`` in ``format``, by the best renderer here; SVG by our own layout if the young one fails, or if
    whichever it is takes too long (network simplex can take minutes)."""
    found = renderer.find_renderer()
    renderer.check_format(found, format)
    source: str = digraph.source
    if found.name != "builtin":
        replaceable = format == "svg" and _is_ours(digraph)
        try:
            drawn = renderer.run(found, source, format, engine, renderer.PATIENCE if replaceable else None)
            return _polished(digraph, drawn) if format == "svg" else drawn
        except renderer.TooSlow:
            if not replaceable:
                raise
        except RenderError:
            if found.name == "dot" or not replaceable:
                raise
    if format != "svg":
        return source.encode("utf-8")
    picture: Picture | None = getattr(digraph, "picture", None)
    if picture is None or not _is_ours(digraph):
        raise RenderError(
            f"without Graphviz only what autograd_lite drew can be laid out, and this graph was made or changed by "
            f"hand: pip install graphviz-pure, or {renderer.INSTALL}"
        )
    return layout.to_svg(picture).encode("utf-8")


def _polished(digraph: graphviz.Digraph, svg: bytes) -> bytes:
    picture = digraph.picture if _is_ours(digraph) else None
    return polish(svg.decode("utf-8", "replace"), picture).encode("utf-8")


def _is_ours(digraph: graphviz.Digraph) -> bool:
    """Whether a graph is still what its picture was written as."""
    picture: Picture | None = getattr(digraph, "picture", None)
    if picture is None:
        return False
    return (digraph.graph_attr, digraph.node_attr, digraph.edge_attr) == dot.attributes(picture) and (
        digraph.body == _body(picture)
    )


def _body(picture: Picture) -> list[str]:
    return [f"\t{line}\n" for line in dot.statements(picture)]


def render_svg(figure: Picture | graphviz.Digraph | str) -> str:
    """A picture as SVG, by the best renderer here.

    Args:
        figure: a ``Picture`` or ``Drawing``, which every tier draws; or any ``graphviz.Digraph`` or DOT source, which
            needs a Graphviz program (a system's dot, or graphviz-pure).

    Raises:
        RenderError: if there is no program for a foreign graph, or if it fails.
    """
    if isinstance(figure, Picture):
        figure = Drawing(figure)
    elif isinstance(figure, str):
        figure = graphviz.Source(figure)
    return _draw(figure, "svg", "dot").decode("utf-8")


def inline_html(svg: str) -> str:
    """An SVG document as a piece of an HTML page: ids prefixed, so that two graphs on one page don't clash."""
    start = svg.find("<svg")
    digest = hashlib.sha256(svg.encode()).hexdigest()[:6]
    prefix = f"ag{next(_count)}{digest}-"
    body = re.sub(r'(<[^<>]*?\sid=")', rf"\g<1>{prefix}", svg[start:])
    body = re.sub(r'(\shref="#|:href="#|url\(#)', rf"\g<1>{prefix}", body)
    return body.replace("<svg", '<svg style="max-width:100%;height:auto"', 1)
