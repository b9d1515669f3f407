"""A picture as DOT: the source that ``Drawing.source`` shows and Graphviz lays out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .model import Box, Cluster, Edge, Picture, Row
from .style import FONT, SIZE, palette, resolve
from .text import Line, Run, clean, escape_dot, escape_xml, missing_spaces

__all__ = ["attributes", "html", "statements"]

#: from this many edges on Graphviz's searches are cut short: their last steps cost seconds, and show little
_LARGE = 100
_LIMITS = {"nslimit": "1", "nslimit1": "1", "mclimit": "0.5", "searchsize": "10"}
_LIFT = '<BR/><FONT POINT-SIZE="3"> </FONT>'
_ANCHOR = {"left": "LEFT", "center": "CENTER", "right": "RIGHT"}


def attributes(picture: Picture) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The attributes of the graph, and the defaults for its nodes and edges."""
    colours = palette(picture.theme)
    graph = {
        "rankdir": picture.direction, "pad": "0.12", "nodesep": f"{picture.nodesep:g}",
        "ranksep": f"{picture.ranksep:g}", "fontname": FONT, "fontsize": "9", "fontcolor": colours["muted"],
        "labelloc": "b", "labeljust": "l", "bgcolor": colours["page"],
    }  # fmt: skip
    if len(picture.edges) > _LARGE:
        graph |= _LIMITS
    if picture.straight:
        graph["splines"] = "line"
    if picture.legend:
        graph["label"] = f"<{html(picture.legend, 9.0, colours)}>"
    node = {"shape": "plain", "fontname": FONT, "fontsize": f"{SIZE:g}", "fontcolor": colours["ink"]}
    edge = {
        "penwidth": "1.1", "arrowhead": "vee", "arrowsize": "0.6", "fontname": FONT, "fontsize": "9",
        "color": colours["edge"], "fontcolor": colours["partial"],
    }  # fmt: skip
    return graph, node, edge


def html(text: Line, size: float, colours: dict[str, str]) -> str:
    """A line in Graphviz's HTML-like markup."""
    return "".join(_run(run, size, colours) for run in text) or " "


def _run(run: Run, size: float, colours: dict[str, str]) -> str:
    text = clean(run.text)
    text += " " * missing_spaces(text)
    text = escape_xml(text)
    if run.italic:
        text = f"<I>{text}</I>"
    scale = 0.75 if run.shift else 1.0
    text = f'<FONT COLOR="{resolve(run.colour, colours)}" POINT-SIZE="{size * scale:g}">{text}</FONT>'
    if run.shift:
        tag = "SUB" if run.shift < 0 else "SUP"
        text = f"<{tag}>{text}</{tag}>"
    return text


def _table(item: Box, colours: dict[str, str]) -> str:
    rows = [_row(row, colours) for row in item.rows]
    if item.panel:
        inner = "".join(_row(row, colours) for row in item.panel)
        wide = max(sum(cell.span for cell in row.cells) for row in item.rows)
        rows.append(
            f'<TR><TD COLSPAN="{wide}" CELLPADDING="1"><TABLE BORDER="0" STYLE="ROUNDED" CELLBORDER="0" '
            f'CELLSPACING="0" CELLPADDING="2" BGCOLOR="{colours["parameter"]}">{inner}</TABLE></TD></TR>'
        )
    return (
        f'<TABLE BORDER="{item.pen:g}" STYLE="ROUNDED" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" '
        f'COLOR="{resolve(item.stroke, colours)}" BGCOLOR="{resolve(item.fill, colours)}">{"".join(rows)}</TABLE>'
    )


def _row(row: Row, colours: dict[str, str]) -> str:
    cells = []
    for i, cell in enumerate(row.cells):
        text = cell.line
        if i == 2 and cell.align == "right" and text:  # two columns of numbers need room between them
            text = (replace(text[0], text=" " + text[0].text), *text[1:])
        pad = ' CELLPADDING="1"' if row.joined else ""
        look = f'ALIGN="{_ANCHOR[cell.align]}" COLSPAN="{cell.span}"{pad}'
        cells.append(f"<TD {look}>{html(text, row.size, colours)}</TD>")
    return ("<HR/>" if row.rule else "") + f"<TR>{''.join(cells)}</TR>"


def _lines(rows: Iterable[Row], colours: dict[str, str]) -> str:
    return "<BR/>".join(html(cell.line, row.size, colours) for row in rows for cell in row.cells)


def _attributes(pairs: dict[str, str]) -> str:
    """``[a="1" b=<…>]``; values that begin with < are HTML, and every other one is already escaped."""
    return " ".join(f"{k}={v}" if v.startswith("<") else f'{k}="{v}"' for k, v in pairs.items())


def _node(item: Box, colours: dict[str, str]) -> str:
    pairs = {"id": item.id}
    if item.shape == "card":
        pairs["label"] = f"<{_table(item, colours)}>"
    else:
        pairs["label"] = f"<{_lines(item.rows, colours)}>"
        pairs["fontname"] = item.font
        pairs["shape"] = "plaintext" if item.shape == "text" else item.shape
        pairs["margin"] = "0.04,0.03"
        if item.shape != "text":
            pairs |= {
                "style": "filled", "fillcolor": resolve(item.fill, colours), "color": resolve(item.stroke, colours),
                "penwidth": f"{item.pen:g}",
            }  # fmt: skip
        if item.width:
            pairs |= {"width": f"{item.width / 72:.4f}", "height": f"{item.height / 72:.4f}", "fixedsize": "true"}
    if item.tooltip:
        pairs["tooltip"] = escape_dot(clean(item.tooltip, 2000))
    if item.spine:
        pairs["group"] = "spine"
    return f"{item.id} [{_attributes(pairs)}]"


def _edge(edge: Edge, across: bool, colours: dict[str, str]) -> str:
    pairs = {"id": edge.id}
    if edge.label:
        # off its own line: a thin line of nothing below it, or a space where the line runs down
        beside = html(edge.label if across else (Run(" "), *edge.label), edge.size, colours)
        pairs["label"] = f"<{beside}{_LIFT if across else ''}>"
    if edge.colour != "edge":
        pairs["color"] = resolve(edge.colour, colours)
    if edge.pen != 1.1:
        pairs["penwidth"] = f"{edge.pen:g}"
    if edge.weight != 1:
        pairs["weight"] = str(edge.weight)
    if edge.dashed:
        pairs["style"] = "dashed"
    if not edge.arrow:
        pairs["dir"] = "none"
    elif edge.back:
        pairs |= {"dir": "back", "arrowtail": "vee"}
    if edge.tooltip:
        text = escape_dot(clean(edge.tooltip, 2000))
        pairs |= {"tooltip": text, "labeltooltip": text}
    return f"{edge.tail} -> {edge.head} [{_attributes(pairs)}]"


def _cluster(cluster: Cluster, colours: dict[str, str]) -> list[str]:
    pairs = {
        "id": cluster.id, "label": f"<{html(cluster.title, 10.0, colours)}>", "style": "rounded,filled",
        "labeljust": "l", "labelloc": "t", "margin": "9", "fontsize": "10", "fillcolor": colours["cluster"],
        "color": colours["cluster_line"],
    }  # fmt: skip
    return [
        f"subgraph cluster_{cluster.id} {{",
        *(f"\t{k}={v if v.startswith('<') else chr(34) + v + chr(34)}" for k, v in pairs.items()),
        f"\t{'; '.join(cluster.members)}",
        "}",
    ]


def _columns(picture: Picture) -> list[str]:
    """Boxes of one column on one rank, in order; the columns one after the other."""
    lines = []
    for column in picture.columns:
        chain = " -> ".join(column)
        order = f"; {chain} [style=invis]" if len(column) > 1 else ""
        lines.append(f"{{ rank=same; {'; '.join(column)}{order} }}")
    joined = {(edge.tail, edge.head) for edge in picture.edges}
    for before, after in zip(picture.columns, picture.columns[1:]):
        if not any((a, b) in joined for a in before for b in after):
            lines.append(f"{before[0]} -> {after[0]} [style=invis weight=0]")
    return lines


def statements(picture: Picture) -> list[str]:
    """The statements of the graph's body, in the order in which the parts were made."""
    colours = palette(picture.theme)
    lines = [_node(item, colours) for item in picture.boxes]
    for cluster in picture.clusters:
        lines += _cluster(cluster, colours)
    lines += _columns(picture)
    lines += [_edge(edge, picture.direction == "LR", colours) for edge in picture.edges]
    return lines
