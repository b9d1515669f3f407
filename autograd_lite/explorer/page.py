"""The stepping page: ``explore`` reads a graph and writes one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.resources
import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..drawing import Picture, picture_of_lines, render_svg
from ..drawing.graph_view import Options, Reading, read
from ..drawing.themed import DARK_PAGES, LIGHT_PAGES
from ..engine.sweeps import Node
from .inside import insides
from .javascript_rules import javascript
from .live_picture import live_svg, palette_css
from .recording import Frame, Tape, cards_data, frame_of, replayed, snapshot, tape_of

__all__ = ["Explorer", "explore"]

_THEMES = ("auto", "light", "dark")
#: what the frame does when its page is there: takes the height that the page asks for, says whether all around is dark
_HEIGHT = (
    "const f=this;window.addEventListener('message',e=>{if(e.source===f.contentWindow&&e.data.height>0)"
    "f.style.height=e.data.height+'px'});f.contentWindow.postMessage({},'*');"
)
_THEME = (
    "let was='';const on=s=>{for(let e=f;e;e=e.getRootNode().host)if(e.closest(s))return true};"  # out of shadow trees
    f"const say=()=>{{const t=on('{DARK_PAGES}')?'dark':on('{LIGHT_PAGES}')?'light':'';"
    "if(t&&t!==was)f.contentWindow.postMessage({theme:was=t},'*')};say();"
    "const o=new MutationObserver(()=>f.isConnected?say():o.disconnect());"
    "[document.documentElement,document.body].forEach(e=>o.observe(e,{attributes:true}))"
)
_MODES = ("reverse", "forward")


class Explorer:
    """A stepping page: notebooks show it, ``save`` writes it, ``html`` (and ``str``) is its source.

    Attributes:
        html: the page, one self-contained document.
        height: of the frame in notebooks, in pixels, until the page says what it needs.
    """

    def __init__(self, html: str, height: int, theme: str = "auto", picture: Picture | None = None) -> None:
        self.html = html
        self.height = height
        self._theme = theme
        self._picture = picture

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page.

        Args:
            path: of the HTML file.

        Returns:
            The path.
        """
        target = Path(path)
        target.write_text(self.html, encoding="utf-8", newline="\n")
        return target

    def __str__(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"<stepping page, {len(self.html.encode()) / 1000:.0f} kB: .save('page.html')>"

    def _repr_html_(self) -> str:
        """A frame with the page in it; its script can reach nothing outside. They tell each other the theme and the
        height."""
        talk = _HEIGHT + (_THEME if self._theme == "auto" else "")
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts" title="stepping page" '
            f'style="width:100%;height:{self.height}px;border:0" onload="{html.escape(talk)}"></iframe>'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, str]:
        """The page, and for viewers that run no pages (GitHub's) the picture."""
        made = {"text/html": self._repr_html_(), "text/plain": repr(self)}
        if self._picture is not None:
            made["image/svg+xml"] = render_svg(self._picture)
        return made

    def _mime_(self) -> tuple[str, str]:
        return "text/html", self._repr_html_()


def explore(
    y: Any = None,
    *,
    history: Iterable[Any] | None = None,
    mode: str = "reverse",
    wrt: Any = None,
    title: str = "",
    theme: str = "auto",
    direction: str = "LR",
    names: Mapping[str, Any] | None = None,
    clusters: bool | Mapping[str, Iterable[Any]] = True,
    fold: bool | None = None,
    max_nodes: int | None = 300,
    height: int = 860,
) -> Explorer:
    """A page that steps through the forward and the backward pass of a graph, with the chain rule's arithmetic.

    Forward value by value, the seed, then one step for each edge, with the term it adds and the sum so far; in graphs
    with several leaves first the intermediate quantities, then the inputs and parameters, as the chapter does. Sliders
    on the leaves recompute everything by the rules of the table. One file, no network.

    Args:
        y: the Value at the end of the graph; with ``history`` it may be left out.
        history: frames of a training run, all of the same graph: Values recorded one after the other (the loss of each
            epoch), what ``snapshot`` made of them, or, with ``y``, mappings from leaves (Values or labels) to numbers.
        mode: "reverse", or "forward" (problem 7.13), to begin with; the page has a switch.
        wrt: the input of forward mode, a Value or a label; by default the one that is used first.
        title: heading of the page; by default it names the output.
        theme: "auto" (the reader's), "light" or "dark".
        direction: "LR" (left to right) or "TB" (top to bottom).
        names, clusters, fold, max_nodes: as for ``draw``.
        height: of the frame in a notebook, in pixels.

    Returns:
        An Explorer: ``.save("page.html")``, ``.html``; a notebook shows it.

    Raises:
        TypeError: if ``y`` is not a Value.
        ValueError: for an empty history, frames of different graphs, an unknown mode or theme, a ``wrt`` that is no
            leaf of the graph.
        GraphChangedError: if leaves were changed after ``y`` was recorded, and their old numbers can't be found again.
        RenderError: for a graph of more than ``max_nodes`` cards.

    >>> import autograd_lite as ag
    >>> x = ag.Value(0.1, label="x"); y = ag.sin(ag.exp(x)).named("y")
    >>> explore(y).html.startswith("<!doctype html>")
    True
    """
    if theme not in _THEMES:
        raise ValueError(f"theme is 'auto', 'light' or 'dark', not {theme!r}")
    if mode not in _MODES:
        raise ValueError(f"mode is 'reverse' or 'forward', not {mode!r}")
    moments = list(history) if history is not None else None
    root = _root(y, moments)
    options = Options(direction=direction, fold=fold, max_nodes=max_nodes)
    reading = read([root], names, options)
    picture = picture_of_lines(reading, "cards", clusters=clusters)
    tape = tape_of(reading.outline.nodes)
    frames = _frames(tape, moments)
    data = _data(reading, picture, tape, frames)
    data["mode"] = mode
    data["wrt"] = _wrt(tape, data["lines"], wrt)
    used = {op.name: op for op in tape.ops if op is not None} if data["live"] else {}
    heading = title or f"Backpropagation, step by step: {reading.word(root)}"
    inner = insides(data, picture, tape)
    page = _page(heading, theme, live_svg(picture), inner, data, javascript(used.values()))
    return Explorer(page, height, theme, picture)


def _root(y: Any, moments: Sequence[Any] | None) -> Any:
    if moments is not None and not moments:
        raise ValueError("history is empty: pass at least one frame")
    if y is None and moments is not None:
        values = [moment for moment in moments if isinstance(moment, Node)]
        if not values:
            raise TypeError("a history of snapshots or of numbers needs the graph too: explore(y, history=…)")
        return values[0]
    if isinstance(y, (list, tuple)) and len(y) == 1:
        y = y[0]
    if not isinstance(y, Node):
        raise TypeError(
            f"explore takes one Value, not {type(y).__name__}: pass the result of the computation, such as the loss"
        )
    return y


def _frames(tape: Tape, moments: Sequence[Any] | None) -> list[Frame]:
    """The frames, all of one graph."""
    if moments is None:
        return [frame_of(tape)]
    frames = []
    for k, moment in enumerate(moments):
        if isinstance(moment, Frame):
            frame = moment
        elif isinstance(moment, Mapping):
            frame = replayed(tape, moment)
        else:
            frame = snapshot(moment)
        if frame.shape != tape.shape:
            raise ValueError(
                f"history: frame {k} is of another graph ({len(frame.shape)} nodes, not {len(tape.nodes)}, or other "
                f"operations); a page shows one graph at several moments"
            )
        frames.append(frame if frame.title else replace(frame, title=f"frame {k}"))
    return frames


def _wrt(tape: Tape, lines: Sequence[Any], wrt: Any) -> int:
    """The index of the input of forward mode."""
    leaves = tape.leaves
    if wrt is None:
        operands = (lines[place] for line in lines for place, *_ in line["links"])
        return next((int(line["n"]) for line in operands if line["kind"] == "input"), leaves[0] if leaves else 0)
    for i in leaves:
        if tape.nodes[i] is wrt or (isinstance(wrt, str) and tape.nodes[i].label == wrt):
            return i
    shown = repr(wrt) if isinstance(wrt, str) else "a Value that"
    raise ValueError(f"wrt: {shown} is no leaf of this graph")


def _number(x: float) -> float | str:
    """JSON has no nan and no infinities: they go as text."""
    return x if math.isfinite(x) else repr(x)


def _data(reading: Reading, picture: Picture, tape: Tape, frames: Sequence[Frame]) -> dict[str, Any]:
    missing = tape.missing()
    live = not missing
    data = cards_data(reading, picture, tape)
    root = reading.outline.roots[0]
    data["root"] = next(k for k, item in enumerate(reading.outline.lines) if item.node is root)
    data["nodes"] = [[op.name if op is not None else "", args] for op, args in zip(tape.ops, tape.args)]
    data["live"] = live
    data["note"] = _LIVE if live else _REPLAYED.format(", ".join(missing[:5]))
    data.update(_costs(tape))
    at = next(i for i, node in enumerate(tape.nodes) if node is root)
    made = []
    for k, frame in enumerate(frames):
        item: dict[str, Any] = {
            "t": frame.title,
            "l": [_number(frame.values[i]) for i in tape.leaves],
            "c": [_number(x) for x in frame.constants],
        }
        if k == 0 or not live:
            item["v"] = [_number(x) for x in frame.values]
            item["p"] = [[_number(x) for x in row] for row in frame.partials]
        made.append(item)
    data["frames"] = made
    data["curve"] = _curve([frame.values[at] for frame in frames])
    return data


_LIVE = (
    "Drag or type (inf and nan too): everything follows. The graph stays the one that was recorded; an if in Python is "
    "not asked again."
)
_REPLAYED = "No sliders: the page can't compute {}. It replays the numbers of Python."


def _costs(tape: Tape) -> dict[str, Any]:
    """Multiplications of a sweep in both modes, one for each edge that it passes, and what the page says of them."""
    leaves = tape.leaves
    reach = {leaf: _reach(tape, leaf) for leaf in leaves}
    count, total = len(leaves), sum(reach.values())
    many = count > 1
    words = {
        "start": "Start", "f": "Forward pass", "t": "Forward mode", "seed": "Seed", "b": "Backward pass", "end": "Done",
        "b1": "Backward pass #1: the intermediate quantities", "b2": "Backward pass #2: the inputs and parameters",
        "to reverse": "The values go forward, then the derivatives come back from ",
        "to forward": "Every value goes forward with its derivative with respect to ",
        "reverse": f"one sweep back gives all {count} derivatives" if many else "one sweep back gives the derivative",
        "forward": f"one derivative a sweep: all {count} take {count} sweeps, {total} multiplications" if many
        else "one sweep gives the derivative",
    }  # fmt: skip
    return {"all": sum(a >= 0 for args in tape.args for a in args), "reach": reach, "words": words}


def _reach(tape: Tape, leaf: int) -> int:
    """How many edges start at a leaf or at what depends on it."""
    reached = {leaf}
    count = 0
    for i, args in enumerate(tape.args):
        passed = sum(a in reached for a in args)
        count += passed
        if passed:
            reached.add(i)
    return count


def _curve(outputs: Sequence[float]) -> list[tuple[float, float]]:
    """The output over the frames as points in a box of 200 × 40; logarithmic where it falls far."""
    heights = list(outputs)
    if all(0.0 < y < math.inf for y in heights) and max(heights) > 50.0 * min(heights):
        heights = [math.log(y) for y in heights]
    finite = [y for y in heights if math.isfinite(y)] or [0.0]
    low, span = min(finite), max(finite) - min(finite) or 1.0
    last = max(len(heights) - 1, 1)
    return [
        (round(4 + 192 * k / last, 2), round(36 - 32 * (y - low) / span, 2) if math.isfinite(y) else 4.0)
        for k, y in enumerate(heights)
    ]


# --- the document -----------------------------------------------------------------------------------------------------


def _page(title: str, theme: str, svg: str, inner: str, data: Mapping[str, Any], ops: str) -> str:
    light, dark = palette_css()
    style = (
        f":root{{color-scheme:light;{light}}}"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}"
    )
    script = _fill(_short(_file("explorer.js")), {"ops": ops})
    stage = _short(_file("stage.js"))
    return _fill(
        _file("explorer.html"),
        {
            "title": html.escape(_plain(title)),
            "theme": theme,
            "digest": _digest(script),
            "stage_digest": _digest(stage),
            "style": style + _file("explorer.css"),
            "svg": svg,
            "note": html.escape(data["note"]),
            "layers": '<option value="layer">one layer</option>' if data["clusters"] else "",
            "data": _json(data),
            "script": script,
            "stage": stage,
            "inside": inner,
        },
    )


def _digest(script: str) -> str:
    """By which the page's policy knows a script."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _short(script: str) -> str:
    """A script without its comments' lines and its indentation."""
    return re.sub(r"(?m)^[ ]*(?://.*\n)?", "", script)


def _file(name: str) -> str:
    return importlib.resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _fill(template: str, parts: Mapping[str, str]) -> str:
    """A template with its marks replaced, each once: what is put in is not looked at again."""
    return re.sub(r"<!-- (\w+) -->", lambda found: parts[found[1]], template)


def _plain(text: str) -> str:
    """One line of text that every encoding can hold."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+", " ", text)[:200]


def _json(data: Any) -> str:
    """JSON that can stand in a script element: nothing in it can end the element, or begin a comment in it.

    >>> _json("</script><!--&" + chr(0x2028))
    '"\\\\u003c/script\\\\u003e\\\\u003c!--\\\\u0026\\\\u2028"'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return re.sub("[<>&\u2028\u2029\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)
