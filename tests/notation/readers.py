"""What the tests of words share."""

from __future__ import annotations

import re

from autograd_lite.notation import (
    Trace,
    explain,
)
from autograd_lite.notation.symbols import join_text


def derivatives(trace: Trace) -> dict[str, float]:
    return {row.wrt.text: row.value for section in trace.derivatives for row in section.rows}


# --- local derivatives as formulas ------------------------------------------------------------------------------------


def local(node, **options):
    """Lines of the table of local derivatives."""
    section = explain(node.named("y"), local=True, fold=True, **options).local
    return {row.symbol.text: join_text(row.expression) for row in section.rows}


COMMANDS = frozenset(
    [*"begin end text frac partial cdot sin cos left right backslash wedge sim times mathit".split()]  # noqa: SIM905
)


def balanced_latex(text, known=COMMANDS):
    """Braces and left/right balance, and only known commands occur."""
    depth = 0
    for found in re.finditer(r"\\[{}$&#_%]|[{}]", text):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        assert depth >= 0
    assert depth == 0
    assert text.count(r"\left") - text.count(r"\leftarrow") == text.count(r"\right")
    commands = set(re.findall(r"\\([A-Za-z]+)", text))
    assert known is None or commands <= known
    assert "$" not in text.replace(r"\$", "")
