"""A graph in words: names, expressions as unicode, LaTeX and SymPy source, and the evaluation trace."""

from __future__ import annotations

from .expressions import Phrase, phrase, phrase_of_call
from .outline import Line, Outline, expression, outline
from .recorded import Recorded, recorded
from .symbols import Names, Symbol, clean, join_html, join_text, name_nodes, number, number_latex, symbol
from .trace import Trace, explain

__all__ = [
    "Line", "Names", "Outline", "Phrase", "Recorded", "Symbol", "Trace", "clean", "explain", "expression", "join_html",
    "join_text", "name_nodes", "number", "number_latex", "outline", "phrase", "phrase_of_call", "recorded", "symbol",
]  # fmt: skip
