"""A laid-out picture as SVG: the same cards, tooltips and ids that Graphviz gives."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .model import Box, Cluster, Edge, Picture, Row
from .sizes import AROUND, PAD, TIGHT, card_columns, label_size, row_height
from .style import SERIF, palette, resolve
from .text import Line, clean, escape_xml, recolour, width

if TYPE_CHECKING:
    from .layout import Layout

__all__ = ["centred", "text_at", "write"]

Point = tuple[float, float]
_MARGIN = 9.0
_FAMILY = {SERIF: "Times New Roman,Times,Liberation Serif,serif"}
_SANS = "Arial,Helvetica,Liberation Sans,sans-serif"
_ANCHOR = {"left": "start", "center": "middle", "right": "end"}


def write(picture: Picture, layout: Layout) -> str:
    """The SVG document."""
    colours = palette(picture.theme)
    edges, labels = _edges(picture, layout)
    frames = [_frame(cluster, layout, edges) for cluster in picture.clusters]
    left, top, right, bottom = _extent(layout, edges, labels, frames)
    if picture.legend:
        right = max(right, left + width(picture.legend, 9.0))
        bottom += 17.0
    w, h = right - left + 2 * _MARGIN, bottom - top + 2 * _MARGIN
    parts = [
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        f'<svg width="{w:.0f}pt" height="{h:.0f}pt" viewBox="{left - _MARGIN:.2f} {top - _MARGIN:.2f} {w:.2f} {h:.2f}" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="{_SANS}">',
        f'<rect x="{left - _MARGIN:.2f}" y="{top - _MARGIN:.2f}" width="{w:.2f}" height="{h:.2f}" '
        f'fill="{colours["page"]}"/>',
    ]
    parts += [_cluster(c, frame, colours) for c, frame in zip(picture.clusters, frames)]
    parts += [_edge(edge, points, colours) for edge, points in zip(picture.edges, edges)]
    parts += [_box(item, *layout.centres[item.id], *layout.sizes[item.id], colours) for item in picture.boxes]
    parts += [_label(edge, place, colours) for edge, place in zip(picture.edges, labels) if edge.label]
    if picture.legend:
        parts.append(text_at(picture.legend, left, bottom - 3.0, 9.0, "left", colours))
    return "\n".join(parts) + "\n</svg>\n"


def _extent(
    layout: Layout, edges: list[list[Point]], labels: list[Point], frames: Sequence[tuple[float, float, float, float]]
) -> list[float]:
    """The rectangle around everything."""
    xs, ys = [0.0], [0.0]
    for id, (x, y) in layout.centres.items():
        w, h = layout.sizes[id]
        xs += [x - w / 2, x + w / 2]
        ys += [y - h / 2, y + h / 2]
    if layout.centres:
        del xs[0], ys[0]
    for points in edges:
        xs += [x for x, _ in points]
        ys += [y for _, y in points]
    for edge, (x, y) in zip(layout.edges, labels):
        wide, high = label_size(edge)
        xs += [x - wide / 2, x + wide / 2] if x == x else []
        ys += [y - high, y] if y == y else []
    for x0, y0, x1, y1 in frames:
        xs += [x0, x1]
        ys += [y0, y1]
    return [min(xs), min(ys), max(xs), max(ys)]


# --- boxes ------------------------------------------------------------------------------------------------------------


def _box(item: Box, x: float, y: float, w: float, h: float, colours: dict[str, str]) -> str:
    title = f"<title>{escape_xml(clean(item.tooltip, 2000))}</title>" if item.tooltip else ""
    paint = f'fill="{resolve(item.fill, colours)}" stroke="{resolve(item.stroke, colours)}" stroke-width="{item.pen:g}"'
    corner = f'x="{x - w / 2:.2f}" y="{y - h / 2:.2f}" width="{w:.2f}" height="{h:.2f}"'
    if item.shape == "card":
        body = f'<rect {corner} rx="6" {paint}/>' + _rows(item, x - w / 2, y - h / 2, w, colours)
    elif item.shape == "circle":
        body = f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{w / 2:.2f}" {paint}/>' + centred(item, x, y, colours)
    else:
        outline = f"<rect {corner} {paint}/>" if item.shape == "box" else ""
        body = outline + centred(item, x, y, colours)
    family = f' font-family="{_FAMILY[item.font]}"' if item.font in _FAMILY else ""
    return f'<g id="{item.id}" class="node"{family}>{title}{body}</g>'


def _rows(item: Box, left: float, top: float, w: float, colours: dict[str, str]) -> str:
    """The table of a card, and its panel."""
    upper, lower = card_columns(item)
    parts = []
    for row in item.rows:
        high = row_height(row)
        if row.rule:
            stroke = resolve(item.stroke, colours)
            parts.append(f'<path d="M{left:.2f},{top:.2f}h{w:.2f}" stroke="{stroke}" stroke-width="0.8"/>')
        parts.append(_row(row, left, top + high / 2 - (1.7 if row.joined else 0.0), upper, PAD, colours))
        top += high
    if item.panel:
        whole = sum(row_height(row, inside=True) for row in item.panel)
        left, top = left + AROUND, top + AROUND
        parts.append(
            f'<rect x="{left:.2f}" y="{top:.2f}" width="{w - 2 * AROUND:.2f}" height="{whole:.2f}" rx="4" '
            f'fill="{colours["parameter"]}"/>'
        )
        for row in item.panel:
            high = row_height(row, inside=True)
            parts.append(_row(row, left, top + high / 2, lower, TIGHT, colours))
            top += high
    return "".join(parts)


def _row(row: Row, x: float, middle: float, widths: list[float], pad: float, colours: dict[str, str]) -> str:
    parts, at = [], 0
    for cell in row.cells:
        wide = sum(widths[at : at + cell.span])
        place = {"left": x + pad, "center": x + wide / 2, "right": x + wide - pad}[cell.align]
        parts.append(text_at(cell.line, place, middle + 0.36 * row.size, row.size, cell.align, colours))
        at += cell.span
        x += wide
    return "".join(parts)


def centred(item: Box, x: float, y: float, colours: dict[str, str]) -> str:
    """The lines of a circle or a box around its centre."""
    lines = [(cell.line, row.size) for row in item.rows for cell in row.cells]
    total = sum(1.2 * size for _, size in lines)
    at = y - total / 2
    parts = []
    for text, size in lines:
        parts.append(text_at(text, x, at + 0.6 * size + 0.33 * size, size, "center", colours))
        at += 1.2 * size
    return "".join(parts)


def text_at(text: Line, x: float, y: float, size: float, align: str, colours: dict[str, str], halo: str = "") -> str:
    """One line; subscripts are moved with dy, and what follows is moved back."""
    spans, back = [], 0.0
    for run in text:
        dy = {0: 0.0, -1: 0.2 * size, 1: -0.34 * size}[run.shift]
        move = f' dy="{dy - back:.2f}"' if dy != back else ""
        back = dy
        look = f' font-size="{0.75 * size:g}"' if run.shift else ""
        look += ' font-style="italic"' if run.italic else ""
        spans.append(f'<tspan fill="{resolve(run.colour, colours)}"{look}{move}>{escape_xml(clean(run.text))}</tspan>')
    glow = f' stroke="{halo}" stroke-width="2.4" stroke-linejoin="round"' if halo else ""
    return (
        f'<text xml:space="preserve" x="{x:.2f}" y="{y:.2f}" font-size="{size:g}" text-anchor="{_ANCHOR[align]}"{glow}>'
        f"{''.join(spans)}</text>"
    )


# --- clusters ---------------------------------------------------------------------------------------------------------


def _frame(cluster: Cluster, layout: Layout, edges: list[list[Point]]) -> tuple[float, float, float, float]:
    """The rectangle around the members and the edges between them, with room for the title above."""
    boxes = [(*layout.centres[m], *layout.sizes[m]) for m in cluster.members]
    inside = set(cluster.members)
    for edge, points in zip(layout.edges, edges):
        if edge.tail in inside and edge.head in inside:
            boxes += [(x, y, 0.0, 0.0) for x, y in points]
    left = min(x - w / 2 for x, _, w, _ in boxes) - 8.0
    right = max(x + w / 2 for x, _, w, _ in boxes) + 8.0
    right = max(right, left + width(cluster.title, 10.0) + 14.0)
    return left, min(y - h / 2 for _, y, _, h in boxes) - 21.0, right, max(y + h / 2 for _, y, _, h in boxes) + 8.0


def _cluster(cluster: Cluster, frame: tuple[float, ...], colours: dict[str, str]) -> str:
    left, top, right, bottom = frame
    return (
        f'<g id="{cluster.id}" class="cluster"><rect x="{left:.2f}" y="{top:.2f}" width="{right - left:.2f}" '
        f'height="{bottom - top:.2f}" rx="8" fill="{colours["cluster"]}" stroke="{colours["cluster_line"]}"/>'
        f"{text_at(cluster.title, left + 7.0, top + 13.5, 10.0, 'left', colours)}</g>"
    )


# --- edges ------------------------------------------------------------------------------------------------------------


def _edges(picture: Picture, layout: Layout) -> tuple[list[list[Point]], list[Point]]:
    """For each edge its Bézier points (start, then three for each piece) and where its label stands."""
    shapes = {item.id: item.shape for item in picture.boxes}
    twins = Counter((edge.tail, edge.head) for edge in picture.edges)
    seen: dict[tuple[str, str], int] = {}
    curves: list[list[Point]] = []
    for i, edge in enumerate(picture.edges):
        place, count = seen.get((edge.tail, edge.head), 0), twins[edge.tail, edge.head]
        seen[edge.tail, edge.head] = place + 1
        bow = (place - (count - 1) / 2) * 13.0
        plain = shapes[edge.tail] != "card" and shapes[edge.head] != "card"
        through = layout.routes[i]
        if picture.straight or (plain and not through and not bow):
            curves.append(_straight(edge, layout, shapes))
        else:
            curves.append(_curve(edge, layout, through, bow, picture.direction == "LR"))
    return curves, _label_places(picture, layout, curves)


def _straight(edge: Edge, layout: Layout, shapes: dict[str, str]) -> list[Point]:
    """Border to border on the line between the centres."""
    a, b = layout.centres[edge.tail], layout.centres[edge.head]
    start = _border(a, b, layout.sizes[edge.tail], shapes[edge.tail])
    end = _border(b, a, layout.sizes[edge.head], shapes[edge.head])
    third = ((end[0] - start[0]) / 3, (end[1] - start[1]) / 3)
    return [start, (start[0] + third[0], start[1] + third[1]), (end[0] - third[0], end[1] - third[1]), end]


def _border(a: Point, b: Point, size: Point, shape: str) -> Point:
    """Where the ray from the centre ``a`` to ``b`` leaves the shape, and a hair further."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = math.hypot(dx, dy) or 1.0
    if shape == "circle":
        t = size[0] / 2 / length
    else:
        t = min(size[0] / 2 / abs(dx) if dx else math.inf, size[1] / 2 / abs(dy) if dy else math.inf, 1.0)
    t = min(t + 0.8 / length, 1.0)
    return a[0] + t * dx, a[1] + t * dy


def _curve(edge: Edge, layout: Layout, through: list[Point], bow: float, across: bool) -> list[Point]:
    """From border to border, leaving and arriving along the direction of flow.

    Between the column of the tail and that of the head it passes the pieces of line of its dummies; inside the columns
    of its ends it runs straight, past boxes that are wider.
    """
    a, b = layout.centres[edge.tail], layout.centres[edge.head]
    (wa, ha), (wb, hb) = layout.sizes[edge.tail], layout.sizes[edge.head]
    leave, _, enter = layout.spaces[edge.id]
    if not across:
        a, b, wa, ha, wb, hb = a[::-1], b[::-1], ha, wa, hb, wb
        through = [(u, v) for v, u in through]
    first = through[0][1] if through else b[1]
    last = through[-1][1] if through else a[1]
    start = a[1] + (bow * 0.5 or _towards(first - a[1], 0.12 * ha))
    end = b[1] + (bow * 0.5 or _towards(last - b[1], 0.3 * hb))
    points = [(a[0] + wa / 2 + 0.8, start), *through, (b[0] - wb / 2 - 0.8, end)]
    if leave - points[0][0] > 3.0 and abs(first - start) > 4.0:
        points.insert(1, (leave, start))
    if points[-1][0] - enter > 3.0 and abs(last - end) > 4.0:
        points.insert(-1, (enter, end))
    curve = [points[0]]
    for (u0, v0), (u1, v1) in itertools.pairwise(points):
        soft = 0.3 * (u1 - u0) if through or abs(v1 - v0) > 2.0 * abs(u1 - u0) else 0.22 * (u1 - u0)
        lift = bow * 0.5 if len(points) == 2 else 0.0
        curve += [(u0 + soft, v0 + lift), (u1 - soft, v1 + lift), (u1, v1)]
    return curve if across else [(v, u) for u, v in curve]


def _towards(difference: float, most: float) -> float:
    return max(-most, min(most, 0.2 * difference))


def _crossing(curve: list[Point], u: float, across: bool) -> Point:
    """The point of a Bézier path at x = u (or y = u), by bisection: the paths go one way."""
    axis = 0 if across else 1
    for i in range(0, len(curve) - 1, 3):
        piece = curve[i : i + 4]
        if piece[0][axis] <= u <= piece[3][axis]:
            low, high = 0.0, 1.0
            for _ in range(20):
                t = (low + high) / 2
                if _at(piece, t)[axis] < u:
                    low = t
                else:
                    high = t
            return _at(piece, low)
    return _at(curve[-4:], 0.5)


def _at(piece: list[Point], t: float) -> Point:
    """The point of a cubic Bézier curve at t."""
    c = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    return sum(k * p[0] for k, p in zip(c, piece)), sum(k * p[1] for k, p in zip(c, piece))


def _label_places(picture: Picture, layout: Layout, curves: list[list[Point]]) -> list[Point]:
    """Where each label stands, moved apart where two would overlap; nan for no label."""
    places: list[Point] = []
    taken: list[tuple[float, float, float, float]] = []
    out, into = Counter(e.tail for e in picture.edges), Counter(e.head for e in picture.edges)
    for edge, curve in zip(picture.edges, curves):
        if not edge.label:
            places.append((math.nan, math.nan))
            continue
        w, h = label_size(edge)
        u = sum(layout.spaces[edge.id][1:]) / 2  # the middle of the space before its head
        x, y = _crossing(curve, u, picture.direction == "LR")
        if picture.direction == "LR":
            y += _off_the_line(_slope(curve, u), w, out[edge.tail] > 1, into[edge.head] > 1)
        else:
            x, y = x + w / 2 + 4.0, y + 3.0
        box = _free((x - w / 2, y - h, x + w / 2, y), taken)
        taken.append(box)
        places.append((x, box[3]))
    return places


def _slope(curve: list[Point], u: float) -> float:
    """dy/dx of a path around x = u."""
    (x0, y0), (x1, y1) = _crossing(curve, u - 4.0, True), _crossing(curve, u + 4.0, True)
    return (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0


def _off_the_line(slope: float, wide: float, fans_out: bool, fans_in: bool) -> float:
    """How far the foot of a label is from its line: on the outer side of a fan, on the line where that is too far."""
    lift = abs(slope) * wide / 2
    if lift > 18.0 or (fans_out and fans_in and lift > 3.0):
        return 3.0
    below = slope > 0.2 if not fans_in else slope < -0.2
    return lift + 10.0 if below else -3.5 - lift


def _free(
    box: tuple[float, float, float, float], taken: list[tuple[float, float, float, float]]
) -> tuple[float, float, float, float]:
    """The box, or the nearest one above or below it that overlaps none of those taken (the latest 200)."""
    x0, y0, x1, y1 = box
    near = [t for t in taken[-200:] if t[0] < x1 and x0 < t[2]]
    for step in range(24):
        dy = (step + 1) // 2 * 3.0 * (-1 if step % 2 else 1)
        if all(y1 + dy <= t[1] or t[3] <= y0 + dy for t in near):
            return x0, y0 + dy, x1, y1 + dy
    return box


def _edge(edge: Edge, points: list[Point], colours: dict[str, str]) -> str:
    colour = resolve(edge.colour, colours)
    title = f"<title>{escape_xml(clean(edge.tooltip, 2000))}</title>" if edge.tooltip else ""
    start = f"M{points[0][0]:.2f},{points[0][1]:.2f}"
    path = start + "".join(
        "C" + " ".join(f"{x:.2f},{y:.2f}" for x, y in points[i : i + 3]) for i in range(1, len(points), 3)
    )
    dash = ' stroke-dasharray="4 3"' if edge.dashed else ""
    body = f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{edge.pen:g}"{dash}/>'
    if edge.tooltip:  # a wide invisible line, so that the pointer finds it
        body += f'<path d="{path}" fill="none" stroke="none" stroke-width="9" pointer-events="stroke"/>'
    if edge.arrow:
        tip, back = (points[0], points[1]) if edge.back else (points[-1], points[-2])
        body += _head(tip, back, colour, edge.pen)
    return f'<g id="{edge.id}" class="edge">{title}{body}</g>'


def _label(edge: Edge, place: Point, colours: dict[str, str]) -> str:
    """The label of an edge, above all edges."""
    title = f"<title>{escape_xml(clean(edge.tooltip, 2000))}</title>" if edge.tooltip else ""
    halo = text_at(recolour(edge.label, "page"), *place, edge.size, "center", colours, halo=colours["page"])
    text = text_at(edge.label, *place, edge.size, "center", colours)
    return f'<g id="{edge.id}-label" class="edge-label">{title}<g aria-hidden="true">{halo}</g>{text}</g>'


def _head(tip: Point, back: Point, colour: str, pen: float) -> str:
    """A vee at ``tip``, away from ``back``."""
    angle = math.atan2(tip[1] - back[1], tip[0] - back[0])
    length, half = 6.0 + (pen - 1.1), 2.7 + 0.4 * (pen - 1.1)
    cos, sin = math.cos(angle), math.sin(angle)

    def point(along: float, side: float) -> str:
        return f"{tip[0] - along * cos - side * sin:.2f},{tip[1] - along * sin + side * cos:.2f}"

    corners = f"{point(0, 0)} {point(length, half)} {point(length * 0.55, 0)} {point(length, -half)}"
    return f'<polygon points="{corners}" fill="{colour}"/>'
