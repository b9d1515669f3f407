"""``draw``: the live graph of a Value as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import OptionError, RenderError
from .drawing import Drawing
from .graph_view import Options, Reading, count_ops, read, roots_of, too_many
from .highlight import apply_highlight
from .model import Picture
from .style import palette
from .styles import STYLES, Style

__all__ = ["draw", "mimebundle", "picture_of", "picture_of_lines"]

_EDGES_A_BOX = 10  # of those that are allowed
_SMALL = 30  # boxes that a notebook shows unasked
_SMALL_OPS = 200


def draw(
    y: Any,
    *,
    style: str = "cards",
    theme: str = "auto",
    direction: str = "LR",
    values: bool | None = None,
    grads: bool | None = None,
    partials: bool | None = None,
    names: Mapping[str, Any] | None = None,
    highlight: Any = None,
    clusters: bool | Mapping[str, Iterable[Any]] = True,
    fold: bool | None = None,
    unfold: bool = False,
    max_nodes: int | None = 300,
) -> Drawing:
    """Draw the graph of a Value, as it is now.

    Call ``y.backward()`` first to see gradients. The result is a ``graphviz.Digraph``: it shows itself in a notebook,
    ``.render(outfile="graph.svg")`` writes it, ``.source`` is its DOT. SVG needs no Graphviz program.

    Args:
        y: a Value, or several (a list, an array of Values).
        style: "cards": one card per named value with its expression, value and gradient, unnamed intermediates folded
            into the expression that uses them; "ops": every value and every operation, as micrograd draws them;
            "book": circles are variables and boxes operations, as in figure 7.9; "network": a circle for each neuron
            and an arrow for each weight, as in figure 7.1.
        theme: "light", "dark", or "auto": light, but dark in a notebook that is (JupyterLab, VS Code, marimo, …).
        direction: "LR" (left to right) or "TB" (top to bottom).
        values, grads, partials: whether to show the values, the gradients, and on the edges the local derivatives; on
            by default, off in the style "book". What is False is left out of the tooltips too.
        names: variables by name, such as ``locals()``: names for values without a label.
        highlight: a Value (it in blue and everything downstream of it in orange, as in figure 7.2), a path of several,
            or a dict from a colour to Values, labels or pairs (tail, head).
        clusters: frames around the neurons of each layer (or of whatever module recorded them): True, the default;
            False for none; or frames of your own, a dict from a title to Values.
        fold: whether unnamed intermediates fold; by default if there is one with a name, or a layer's neurons, as for
            ``explain``.
        unfold: show every parameter of a card, however many.
        max_nodes: refuse a picture of more boxes than this; None draws it anyway.

    Returns:
        A ``Drawing``, a subclass of ``graphviz.Digraph``.

    Raises:
        OptionError: for a graph with more than ``max_nodes`` boxes, an unknown style, theme or direction.
        TypeError: for something else than Values.

    >>> import autograd_lite as ag
    >>> x = ag.Value(0.1, label="x"); f1 = ag.exp(x).named("f1"); y = (f1**2).named("y"); y.backward()
    >>> drawing = draw(y)
    >>> "n0 -> n1" in drawing.source, "<svg" in drawing.pipe(format="svg", encoding="utf-8")
    (True, True)
    """
    look = style_of(style)
    shown = look.numbers
    options = Options(
        values=shown if values is None else values, grads=shown if grads is None else grads,
        partials=shown if partials is None else partials, direction=direction, theme=theme,
        fold=look.fold if fold is None else fold, unfold=unfold, max_nodes=max_nodes,
        secret=frozenset(k for k, v in (("values", values), ("grads", grads), ("partials", partials)) if v is False),
    )  # fmt: skip
    return Drawing(picture_of(roots_of(y), style, options, names, highlight, clusters))


def picture_of(
    roots: list[Any],
    style: str,
    options: Options,
    names: Mapping[str, Any] | None = None,
    highlight: Any = None,
    clusters: bool | Mapping[str, Iterable[Any]] = True,
) -> Picture:
    """The picture that ``draw`` shows, before it is a Digraph; the arguments are those of ``draw``."""
    look = style_of(style)
    _check(options)
    if look.lines is None:
        return look.draw(roots, options, highlight)
    return picture_of_lines(read(roots, names, options), style, highlight, clusters)


def picture_of_lines(
    reading: Reading, style: str, highlight: Any = None, clusters: bool | Mapping[str, Iterable[Any]] = True
) -> Picture:
    """The picture of a graph that has been read already."""
    options = reading.options
    _check(options)
    picture = style_of(style).draw(reading)
    if options.max_nodes is not None and len(picture.edges) > _EDGES_A_BOX * options.max_nodes:
        raise too_many(f"{len(picture.edges):,} edges", options.max_nodes)
    boxes = {item.id for item in picture.boxes}
    shown = [item.node for item in reading.outline.lines if reading.ids[id(item.node)] in boxes]
    picture.clusters = reading.clusters(clusters, shown)
    if highlight is not None:
        apply_highlight(picture, reading, highlight)
    return picture


def style_of(name: str) -> Style:
    """The style of a name; OptionError if there is none."""
    if name not in STYLES:
        raise OptionError(f"there is no style {name!r}: take one of {', '.join(STYLES)}")
    return STYLES[name]


def _check(options: Options) -> None:
    if options.direction not in ("LR", "TB"):
        raise OptionError(f"there is no direction {options.direction!r}: take 'LR' (left to right) or 'TB' (down)")
    if options.max_nodes is not None and options.max_nodes < 1:
        raise OptionError(f"max_nodes is {options.max_nodes}: take the most boxes to draw, or None for no limit")
    palette(options.theme)


def mimebundle(value: Any) -> dict[str, str]:
    """What a notebook shows for a Value: its graph when it is small, else text alone.

    >>> from autograd_lite import Value
    >>> sorted(mimebundle((Value(2.0, label="x") ** 2).named("y")))
    ['image/svg+xml', 'text/html', 'text/plain']
    """
    text = {"text/plain": repr(value)}
    if value.op is None or not count_ops([value], _SMALL_OPS)[1]:
        return text
    try:
        drawing = draw(value, max_nodes=_SMALL)
        return {**text, **drawing._repr_mimebundle_()}
    except RenderError:  # too large, or a renderer that is broken: a cell must not fail because of its picture
        return text
