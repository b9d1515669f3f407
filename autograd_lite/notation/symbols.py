"""Names as mathematics: the label ``f1`` is f₁ in text, ``f_1`` in LaTeX, an italic letter with a subscript in HTML.

Labels are the user's text and may hold anything; what leaves this page is safe in the format it was made for.
"""

from __future__ import annotations

import html
import keyword
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..engine.sweeps import LayerInputs, Node

__all__ = [
    "Names", "Run", "Symbol", "clean", "escape_latex", "escape_markdown", "join_html", "join_text", "name_nodes",
    "number", "number_latex", "symbol",
]  # fmt: skip

#: a piece of text and what it is: "var" (italic), "sub", "sup", "num", "op" (upright), "text" (a literal label)
Run = tuple[str, str]

_GREEK_WORDS = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell
"""
_GREEK = dict(zip(_GREEK_WORDS.split(), "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩℓ", strict=True))
_GREEK_NAMES = {letter: name for name, letter in _GREEK.items()}
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_FROM_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_MATH = re.compile(r"([A-Za-zα-ωΓΔΘΛΞΠΣΥΦΨΩℓ]+)(?:_?(\d{1,6})|_([A-Za-z0-9]{1,6})|\[(\d+(?:, ?\d+)*)\])?")
_LABEL_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name: a stem with a subscript, or (``math`` false) a piece of literal text.

    Attributes:
        stem: the letters, Greek ones spelled as Greek letters.
        sub: the subscript, "" if none.
        mark: primes that tell apart several nodes with one label.
        math: whether the stem is set in italics.
    """

    stem: str
    sub: str = ""
    mark: int = 0
    math: bool = True

    def runs(self) -> list[Run]:
        """The name as pieces of text with their kinds."""
        pieces: list[Run] = [("var" if self.math else "text", self.stem)]
        if self.sub:
            pieces.append(("sub", self.sub))
        if self.mark:
            pieces.append(("op", "′" * self.mark if self.mark < 3 else f"⁽{str(self.mark).translate(_SUPERSCRIPTS)}⁾"))
        return pieces

    @property
    def text(self) -> str:
        """Unicode text: f₁."""
        return join_text(self.runs())

    @property
    def html(self) -> str:
        """HTML, escaped: <i>f</i><sub>1</sub>."""
        return join_html(self.runs())

    @property
    def latex(self) -> str:
        """LaTeX, for math mode: f_1."""
        if not self.math:
            base = escape_latex(self.stem)
        elif len(self.stem) == 1:
            base = f"\\{_GREEK_NAMES[self.stem]}" if self.stem in _GREEK_NAMES else self.stem
        else:
            letters = (f"\\{_GREEK_NAMES[c]}" if c in _GREEK_NAMES else c for c in self.stem)
            base = f"\\mathit{{{' '.join(letters) if not self.stem.isascii() else self.stem}}}"
        if self.sub:
            base += f"_{self.sub}" if len(self.sub) == 1 else f"_{{{self.sub}}}"
        if self.mark:
            base = f"{{{base}}}{chr(39) * self.mark}" if self.mark < 3 else f"{{{base}^{{({self.mark})}}}}"
        return base

    @property
    def identifier(self) -> str:
        """A Python identifier: f1, w_0_1; not always the label, and not always unique."""
        stem = "".join(_GREEK_NAMES.get(c, c) for c in self.stem)
        sub = re.sub(r"\W+", "_", self.sub)
        joined = (
            stem + ("_" if sub and not sub.isdigit() else "") + sub + ("_" + str(self.mark + 1) if self.mark else "")
        )
        found = re.sub(r"\W", "_", joined, flags=re.ASCII) or "_"
        if found[0].isdigit() or keyword.iskeyword(found):
            found = "_" + found if found[0].isdigit() else found + "_"
        return found


def symbol(label: str) -> Symbol:
    """The name that a label stands for.

    >>> symbol("f1").text, symbol("omega0").text, symbol("h_12").latex, symbol("beta").latex
    ('f₁', 'ω₀', 'h_{12}', '\\\\beta')
    >>> symbol("train loss").text
    'train loss'
    """
    short = clean(label, _LABEL_LIMIT)
    found = _MATH.fullmatch(short.translate(_FROM_SUBSCRIPTS))
    if found is None:
        return Symbol(short, math=False)
    stem, digits, letters, index = found.groups()
    return Symbol(_GREEK.get(stem, stem), (digits or letters or index or "").replace(" ", ""))


def clean(label: str, limit: int = _LABEL_LIMIT) -> str:
    """One line of printable text: control characters become spaces, lone surrogates �, a long label ends in ….

    >>> clean("a\\nb"), clean("x" * 100, 5)
    ('a b', 'xxxx…')
    """
    head = label[: limit + 1]
    shown = "".join("�" if "\ud800" <= c <= "\udfff" else c if c.isprintable() else " " for c in head)
    return shown[: limit - 1] + "…" if len(shown) > limit else shown


class Names:
    """A unique symbol for every node of a graph: its label, the variable it is held in, or v₁, v₂ …"""

    __slots__ = ("given", "symbols")

    def __init__(self, symbols: dict[int, Symbol], given: frozenset[int]) -> None:
        self.symbols = symbols
        self.given = given

    def __getitem__(self, node: Node) -> Symbol:
        return self.symbols[id(node)]

    def named(self, node: Node) -> bool:
        """Whether the user named this node."""
        return id(node) in self.given


def name_nodes(
    nodes: Sequence[Any], names: Mapping[str, Any] | None = None, keep: Iterable[Any] | None = None
) -> Names:
    """Name the nodes of a graph.

    Args:
        nodes: the nodes in topological order.
        names: variables by name, such as ``locals()``, for nodes without a label; arrays and lists name their elements.
        keep: the nodes without a name that need one (v₁, v₂ …); all by default.
    """
    variables = _variables(names) if names else {}
    symbols: dict[int, Symbol] = {}
    for node in nodes:
        label = node.label or (variables.get(id(node)) if variables else "")
        if label and not label.isspace():
            symbols[id(node)] = symbol(label)
    _mark(nodes, symbols)
    given = frozenset(symbols)
    taken = {(s.stem, s.sub) for s in symbols.values()}
    i = 0
    for node in nodes if keep is None else keep:
        if id(node) not in symbols:
            i += 1
            while ("v", str(i)) in taken:
                i += 1
            symbols[id(node)] = Symbol("v", str(i))
    return Names(symbols, given)


def _mark(nodes: Sequence[Any], symbols: dict[int, Symbol]) -> None:
    """Primes for names that occur several times. Those of one layer (a neuron's weights and bias, the elements of one
    parameter) carry the same, so that the mark says which layer it is."""
    layer: dict[int, int] = {}
    for node in nodes:
        if isinstance(node._b, LayerInputs):
            arity = len(node.args) // 2
            layer.update((id(arg), id(node._b.sink)) for arg in node.args[arity:] if isinstance(arg, Node))
    groups: dict[int, list[int]] = {}
    for node in nodes:
        if id(node) in symbols:
            key = layer.get(id(node), id(getattr(node, "storage", node)))
            groups.setdefault(key, []).append(id(node))
    marks: dict[Symbol, int] = {}  # the next that is free
    for members in groups.values():
        mark = max(marks.get(symbols[key], 0) for key in members)
        again: dict[Symbol, int] = {}  # within one layer, names that the user gave twice
        for key in members:
            base = symbols[key]
            here = mark + again.get(base, 0)
            again[base] = again.get(base, 0) + 1
            if here:
                symbols[key] = replace(base, mark=here)
            marks[base] = here + 1


def _variables(names: Mapping[str, Any]) -> dict[int, str]:
    """Names of nodes by id; the first name of a node counts, and names with a leading underscore do not."""
    found: dict[int, str] = {}
    if not hasattr(names, "items"):
        raise TypeError(f"names takes a dict from names to Values, such as locals(), not {type(names).__name__}")
    numpy = sys.modules.get("numpy")
    arrays = () if numpy is None else (numpy.ndarray,)
    for name, item in names.items():
        if not isinstance(name, str) or name.startswith("_"):
            continue
        if isinstance(item, Node):
            found.setdefault(id(item), name)
        elif isinstance(item, (list, tuple)) and len(item) <= 10_000:
            for i, element in enumerate(item):
                if isinstance(element, Node):
                    found.setdefault(id(element), f"{name}[{i}]")
        elif isinstance(item, arrays) and item.dtype.hasobject and item.size <= 10_000:
            width = item.shape
            for flat, element in enumerate(item.ravel()):
                if isinstance(element, Node):
                    place: list[str] = []
                    for size in reversed(width):
                        flat, at = divmod(flat, size)
                        place.insert(0, str(at))
                    found.setdefault(id(element), f"{name}[{','.join(place)}]")
    return found


# --- numbers ----------------------------------------------------------------------------------------------------------


def number(x: Any, digits: int | None = 6) -> str:
    """A number in text, with ``digits`` significant digits; None gives all (the shortest that reads back exactly).

    >>> number(2.0), number(1 / 3), number(1 / 3, None), number(-1e-7)
    ('2', '0.333333', '0.3333333333333333', '-1e-07')
    """
    x = float(x)
    if digits is None:
        shown = repr(x)
        return shown[:-2] if shown.endswith(".0") else shown
    return f"{x:.{digits}g}"


def number_latex(x: Any, digits: int | None = 6) -> str:
    """A number in LaTeX.

    >>> number_latex(-1e-7), number_latex(float("inf"))
    ('-1 \\\\times 10^{-7}', '\\\\infty')
    """
    shown = number(x, digits)
    if "inf" in shown:
        return shown.replace("inf", r"\infty")
    if "nan" in shown:
        return r"\mathrm{nan}"
    if "e" in shown:
        mantissa, exponent = shown.split("e")
        return rf"{mantissa} \times 10^{{{int(exponent)}}}"
    return shown


# --- runs and escapes -------------------------------------------------------------------------------------------------


def join_text(runs: Iterable[Run]) -> str:
    """Runs as one unicode string."""
    out: list[str] = []
    for kind, text in runs:
        if kind == "sub":
            if text.isdigit():
                text = text.translate(_SUBSCRIPTS)
            else:
                text = f"[{text}]" if "," in text else f"_{text}"
        elif kind == "sup":
            if set(text) <= set("0123456789-"):
                text = text.translate(_SUPERSCRIPTS)
            else:
                text = f"^({text})" if text.startswith("-") else f"^{text}"
        out.append(text)
    return "".join(out)


def join_html(runs: Iterable[Run]) -> str:
    """Runs as HTML, escaped."""
    tags = {"var": "i", "sub": "sub", "sup": "sup"}
    out: list[str] = []
    for kind, text in runs:
        safe = html.escape(text)
        tag = tags.get(kind)
        out.append(f"<{tag}>{safe}</{tag}>" if tag else safe)
    return "".join(out)


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is: its special characters as character references.

    >>> escape_markdown("a|b <i>")
    'a&#124;b &#60;i&#62;'
    """
    return re.sub(r"[\\`*_\[\]<>&|$~#!@:]", lambda found: f"&#{ord(found[0])};", text)


def escape_latex(text: str) -> str:
    """Literal text for math mode, in a form that LaTeX, MathJax and KaTeX all take.

    >>> escape_latex("a_b")
    '\\\\text{a\\\\_b}'
    """
    symbols = {"\\": r"\backslash", "^": r"\wedge", "~": r"\sim"}
    out: list[str] = []
    for piece in re.split(r"([\\^~])", text):
        if piece in symbols:
            out.append(f"{{{symbols[piece]}}}")
        elif piece:
            out.append(r"\text{" + re.sub(r"([{}$&#_%])", r"\\\1", piece) + "}")
    return "".join(out)
