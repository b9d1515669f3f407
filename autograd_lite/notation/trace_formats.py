"""A trace as text, Markdown, HTML and LaTeX."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from .symbols import Symbol, escape_latex, escape_markdown, join_html, join_text, number, number_latex
from .trace_rows import Derivative, Rows, Section, Step, Term

__all__ = ["html_", "latex", "markdown", "text"]

_DIRECT = "∂⁺ is the derivative through the operation itself, with everything between held still."
_WIDEST = 44  # a column of text is padded up to here


# --- the pieces of a line ---------------------------------------------------------------------------------------------


def _ratio(of: str, wrt: str, direct: bool = False) -> str:
    return f"∂{'⁺' if direct else ''}{of}/∂{wrt}"


def _chain(row: Derivative, reverse: bool, show: Callable[[Symbol], str]) -> str:
    """∂f₂/∂f₁ · ∂y/∂f₂ + …, or "" where every term is direct."""
    if all(term.via is None for term in row.terms):
        return ""
    of, wrt = show(row.of), show(row.wrt)
    parts = []
    for term in row.terms:
        if term.via is None:
            parts.append(_ratio(of, wrt, direct=True))
        elif reverse:
            parts.append(f"{_ratio(show(term.via), wrt)} · {_ratio(of, show(term.via))}")
        else:
            parts.append(f"{_ratio(of, show(term.via))} · {_ratio(show(term.via), wrt)}")
    return " + ".join(parts) + (" + …" if row.more else "")


def _factor(x: float, first: bool, digits: int | None) -> str:
    shown = number(x, digits)
    return f"({shown})" if shown.startswith("-") and not first else shown


def _local(term: Term, first: bool, digits: int | None) -> str:
    if len(term.ways) == 1:
        return _factor(term.ways[0], first, digits)
    shown = [_factor(way, i == 0, digits) for i, way in enumerate(term.ways[:4])]
    return f"({' + '.join(shown)}{' + …' if len(term.ways) > 4 else ''})"


def _arithmetic(row: Derivative, digits: int | None = 6) -> str:
    """1.213 × 3.211 + …, or "" for the line that the sweep starts from."""
    parts = [
        f"{_local(term, i == 0, digits)} × {_factor(term.known, False, digits)}" for i, term in enumerate(row.terms)
    ]
    return " + ".join(parts) + (f" + … ({row.more} more)" if row.more else "")


def _has_direct(trace: Rows) -> bool:
    """Whether some line mixes direct terms with others."""
    return any(
        len({term.via is None for term in row.terms}) == 2 for section in trace.derivatives for row in section.rows
    )


def _notes(trace: Rows) -> list[str]:
    """What stands below the tables."""
    return [*([_DIRECT] if _has_direct(trace) else []), *trace.notes]


def _skipped(section: Section) -> str:
    return f"… {section.skipped:,} more (max_rows=None shows all)"


# --- text -------------------------------------------------------------------------------------------------------------


def text(trace: Rows) -> str:
    """The trace as plain text with aligned columns."""
    reverse = trace.mode == "reverse"
    blocks = [_block(trace.forward, [_step_cells(row, trace.digits) for row in trace.forward.rows])]
    if trace.local is not None:
        blocks.append(_block(trace.local, [_step_cells(row, trace.digits) for row in trace.local.rows]))
    for section in trace.derivatives:
        rows = []
        for row in section.rows:
            name = _ratio(row.of.text, row.wrt.text)
            chain, numbers = _chain(row, reverse, lambda s: s.text), _arithmetic(row)
            rows.append(
                [name, *([chain] if chain else []), *([numbers] if numbers else []), number(row.value, trace.digits)]
            )
        blocks.append(_block(section, rows))
    return "\n\n".join([*blocks, *_notes(trace)])


def _step_cells(row: Step, digits: int | None) -> list[str]:
    value = number(row.value, digits)
    return [row.symbol.text, join_text(row.expression), value] if row.expression else [row.symbol.text, value]


def _columns(shown: str) -> int:
    """How wide a terminal shows a line: a Chinese letter takes two columns, an accent none."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in shown)
    return len(shown) + wide - sum(unicodedata.combining(c) > 0 for c in shown)


def _block(section: Section, rows: Sequence[list[str]]) -> str:
    """A heading and aligned rows; the last cell of each row is aligned with the last of the others."""
    first = max((_columns(row[0]) for row in rows), default=0)
    middles = [" = ".join(row[1:-1]) for row in rows]
    width = max((_columns(m) for m in middles if len(m) <= 2 * _WIDEST), default=0)
    lines = [section.title]
    for i, (row, middle) in enumerate(zip(rows, middles)):
        if section.skipped and i == section.head:
            lines.append(f"  {_skipped(section)}")
        name, middle = (s + " " * (room - _columns(s)) for s, room in ((row[0], first), (middle, width)))
        lines.append(f"  {name} = " + (f"{middle} = " if middle.strip() else "") + row[-1])
    return "\n".join(lines)


# --- Markdown ---------------------------------------------------------------------------------------------------------


def markdown(trace: Rows) -> str:
    """The trace as Markdown tables."""
    reverse = trace.mode == "reverse"
    md = escape_markdown
    blocks = [_md_steps(trace.forward, "name", trace.digits)]
    if trace.local is not None:
        blocks.append(_md_steps(trace.local, "derivative", trace.digits))
    for section in trace.derivatives:
        rows = []
        for row in section.rows:
            name = _ratio(row.of.text, row.wrt.text)
            cells = [name, _chain(row, reverse, lambda s: s.text), _arithmetic(row), number(row.value, trace.digits)]
            rows.append([md(cell) for cell in cells])
        blocks.append(_md_table(section, ["derivative", "chain rule", "numbers", "value"], rows))
    return "\n\n".join([*blocks, *map(md, _notes(trace))])


def _md_steps(section: Section, name: str, digits: int | None) -> str:
    rows = [[escape_markdown(cell) for cell in _padded(_step_cells(row, digits))] for row in section.rows]
    return _md_table(section, [name, "expression", "value"], rows)


def _padded(cells: list[str]) -> list[str]:
    return cells if len(cells) == 3 else [cells[0], "", cells[1]]


def _md_table(section: Section, head: list[str], rows: list[list[str]]) -> str:
    if section.skipped:
        rows = [*rows[: section.head], [_skipped(section), *[""] * (len(head) - 1)], *rows[section.head :]]
    table = [head, ["---"] * (len(head) - 1) + ["---:"], *rows]
    return f"**{escape_markdown(section.title)}**\n\n" + "\n".join("| " + " | ".join(row) + " |" for row in table)


# --- HTML -------------------------------------------------------------------------------------------------------------

_STYLE = (
    "<style>.agl-trace{overflow-x:auto;max-width:100%}"
    ".agl-trace table{border-collapse:collapse;margin:.3em 0 1em;font-size:.95em}"
    ".agl-trace caption{text-align:left;font-weight:600;padding:.3em 0}"
    ".agl-trace th,.agl-trace td{text-align:left;padding:.16em .9em .16em 0;border:0;background:none}"
    ".agl-trace td{white-space:nowrap}.agl-trace th{font-weight:400;opacity:.65}"
    ".agl-trace tbody tr{border-top:1px solid rgba(128,128,128,.25)}"
    ".agl-trace td:last-child,.agl-trace th:last-child{text-align:right;padding-right:0}"
    ".agl-trace tbody td:last-child{font-weight:600;font-variant-numeric:tabular-nums}</style>"
)


def html_(trace: Rows) -> str:
    """The trace as HTML tables; colours come from the page, so that it reads on light and dark."""
    reverse = trace.mode == "reverse"
    forward = _html_steps(trace.forward, "name", "agl-forward", trace.digits)
    if trace.local is not None:
        forward += _html_steps(trace.local, "derivative", "agl-local", trace.digits)
    tables = []
    for section in trace.derivatives:
        rows = [
            [
                _ratio(row.of.html, row.wrt.html),
                _chain(row, reverse, lambda s: s.html),
                html.escape(_arithmetic(row)),
                html.escape(number(row.value, trace.digits)),
            ]
            for row in section.rows
        ]
        tables.append(_html_table(section, ["derivative", "chain rule", "numbers", "value"], rows, "agl-derivatives"))
    tables += [f"<p>{html.escape(note)}</p>" for note in _notes(trace)]
    return f'<div class="agl-trace">{_STYLE}{forward}<div>{"".join(tables)}</div></div>'


def page(trace: Rows) -> str:
    """The tables as a page of their own, light or dark as the reader's system is."""
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Evaluation trace</title>'
    style = "<style>:root{color-scheme:light dark;font:15px system-ui,sans-serif}</style>"
    return f'<!doctype html>\n<html lang="en"><head>{head}{style}</head><body>{html_(trace)}</body></html>'


def _html_steps(section: Section, name: str, kind: str, digits: int | None) -> str:
    rows = [
        [row.symbol.html, join_html(row.expression), html.escape(number(row.value, digits))] for row in section.rows
    ]
    return _html_table(section, [name, "expression", "value"], rows, kind)


def _html_table(section: Section, head: list[str], rows: list[list[str]], kind: str) -> str:
    body = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    if section.skipped:
        body.insert(section.head, f'<tr><td colspan="{len(head)}">{_skipped(section)}</td></tr>')
    columns = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    return (
        f'<table class="{kind}"><caption>{html.escape(section.title)}</caption>'
        f"<thead><tr>{columns}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    )


# --- LaTeX ------------------------------------------------------------------------------------------------------------


def latex(trace: Rows) -> str:
    """The trace as one ``aligned`` environment, derivatives as fractions of ∂."""
    lines: list[str] = []
    for steps in (trace.forward, trace.local):
        if steps is not None:
            rows = [_latex_step(row, trace.digits) for row in steps.rows]
            lines += [_title(steps), *_with_gap(steps, rows)]
    for section in trace.derivatives:
        lines.append(_title(section))
        lines += _with_gap(section, [_latex_row(row, trace) for row in section.rows])
    lines += [rf"&{escape_latex(note)}" for note in trace.notes]
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _latex_step(row: Step, digits: int | None) -> str:
    middle = f"{row.latex} = " if row.latex else ""
    return rf"{row.symbol.latex} &= {middle}{number_latex(row.value, digits)}"


def _title(section: Section) -> str:
    return rf"&{escape_latex(section.title)}"


def _with_gap(section: Section, rows: list[str]) -> list[str]:
    if not section.skipped:
        return rows
    return [*rows[: section.head], rf"&\vdots \quad {escape_latex(_skipped(section))}", *rows[section.head :]]


def _fraction(of: str, wrt: str, direct: bool = False) -> str:
    return rf"\frac{{\partial{'^{+}' if direct else ''} {of}}}{{\partial {wrt}}}"


def _latex_row(row: Derivative, trace: Rows) -> str:
    of, wrt = row.of.latex, row.wrt.latex
    parts: list[Any] = [_fraction(of, wrt) + " &"]
    chain, numbers = [], []
    for i, term in enumerate(row.terms):
        if term.via is None:
            chain.append(_fraction(of, wrt, direct=True))
        else:
            via = term.via.latex
            pair = (_fraction(via, wrt), _fraction(of, via))
            chain.append(" ".join(pair if trace.mode == "reverse" else pair[::-1]))
        ways = [_latex_factor(way, j == 0 and (len(term.ways) > 1 or i == 0)) for j, way in enumerate(term.ways[:4])]
        local = ways[0] if len(term.ways) == 1 else rf"\left({' + '.join(ways)}\right)"
        numbers.append(rf"{local} \cdot {_latex_factor(term.known, False)}")
    dots = r" + \cdots" if row.more else ""
    if any(term.via is not None for term in row.terms):
        parts.append(" + ".join(chain) + dots)
    if numbers:
        parts.append(" + ".join(numbers) + dots)
    parts.append(number_latex(row.value, trace.digits))
    return "= ".join(str(part) + (" " if i else "") for i, part in enumerate(parts)).rstrip()


def _latex_factor(x: float, first: bool) -> str:
    shown = number_latex(x)
    compound = r"\times" in shown
    return rf"\left({shown}\right)" if compound or (shown.startswith("-") and not first) else shown
