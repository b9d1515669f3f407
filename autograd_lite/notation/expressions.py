"""Expressions in words: an op's template filled with its operands, with the parentheses that precedence asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter
from typing import Any

from ..engine.sweeps import Node
from ..primitives.primitive import Primitive
from .symbols import Run, Symbol, join_text, number, number_latex

__all__ = ["STYLES", "Phrase", "phrase", "phrase_of_call", "phrase_of_number"]

STYLES = ("text", "latex", "sympy")

_ATOM, _POWER, _SIGN, _PRODUCT, _SUM = 5, 4, 3, 2, 1
_MANY = 6  # operands of an n-ary node that are shown before the middle is left out


@dataclass(slots=True)
class Phrase:
    """A rendered expression: its runs, how tightly it binds, whether it begins with a sign, whether it is an
    application: ``open`` is 2 for "sin x", 1 for "sin(x + y)", else 0."""

    runs: list[Run]
    precedence: int = _ATOM
    signed: bool = False
    open: int = 0

    @property
    def text(self) -> str:
        """The runs joined: unicode text, or LaTeX or SymPy source if that was the style."""
        return join_text(self.runs)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place in a template for operand ``which`` ("0", "1", "args", "n"), and what it asks of it."""

    which: str
    binding: int  # the least precedence that goes without parentheses
    first: bool  # a sign may stand here
    open: int  # how open an application ("sin x") may stand here


@dataclass(frozen=True, slots=True)
class _Template:
    pieces: tuple[str | _Slot, ...]
    precedence: int
    open: bool


@lru_cache(maxsize=1024)
def _template(source: str, precedence: int) -> _Template | None:
    """Take a template apart; None if it isn't one."""
    raw: list[tuple[bool, str]] = []
    try:
        for literal, name, _, _ in Formatter().parse(source):
            if literal:
                raw.append((False, literal))
            if name is not None:
                known = name.isdigit() or name in ("args", "n")
                raw.append((True, name) if known else (False, f"{{{name}}}"))
    except ValueError:
        return None
    pieces: list[str | _Slot] = []
    for i, (slot, text) in enumerate(raw):
        if slot:
            before = "".join(t for s, t in raw[i - 1 : i] if not s) if i else ""
            after = "".join(t for s, t in raw[i + 1 : i + 2] if not s)
            pieces.append(_slot(text, before, after, precedence))
        else:
            pieces.append(text)
    ends_open = (
        bool(raw) and not raw[0][0] and precedence == _ATOM and re.match(r"[^\W\d_]+ |[√∛]", raw[0][1]) is not None
    )
    if precedence == _ATOM and len(raw) > 1:
        precedence = _top_level(source.replace("{{", "{").replace("}}", "}"))
    elif pieces and isinstance(pieces[0], str) and isinstance(pieces[-1], str):
        precedence = max(precedence, _POWER)  # closed, like a fraction
    return _Template(tuple(pieces), precedence, ends_open)


_OPENING = ("(", "[", "{", "|", ",", "&", "\\\\", "cases}", "⌊", "⌈", "‖", "₍", "\\lfloor", "\\lceil", "\\lVert")
_CLOSING = (")", "]", "}", "|", ",", "&", "\\right", "\\\\", "⌋", "⌉", "‖", "₎")
_OPERATOR = r"\*\*|\^|\\cdot|\\,|\\bmod|\bmod\b|[-−+*/·<>=]"
_LEVELS = {"**": _POWER, "^": _POWER, "+": _SUM, "-": _SUM, "−": _SUM, "<": 0, ">": 0, "=": 0}


def _slot(which: str, before: str, after: str, precedence: int) -> _Slot:
    """What a place asks of its operand, from the operators beside it; beside anything else, an atom."""
    before, after = before.rstrip(), after.lstrip()
    fence_before = not before or (before.endswith(_OPENING) and not before.endswith(r"\,"))
    fence_after = not after or after.startswith(_CLOSING)
    needs = [0]
    tightest = 2
    if not fence_before:
        found = re.search(f"(?:{_OPERATOR})$", before)
        level = _LEVELS.get(found[0], _PRODUCT) if found else min(precedence, _POWER)
        prefix = found is not None and found.start() == 0 and precedence == _SIGN
        needs.append(_SIGN if prefix else _ATOM if level == _POWER else level + 1)
        tightest = min(tightest, 0 if level == _POWER else 2)
    if not fence_after:
        found = re.match(_OPERATOR, after)
        level = _LEVELS.get(found[0], _PRODUCT) if found else min(precedence, _POWER)
        needs.append(_ATOM if level == _POWER else max(level, _SUM))
        tightest = min(tightest, 0 if level == _POWER else 1 if level == _PRODUCT else 2)
    return _Slot(which, 0 if which == "n" else max(needs), fence_before, tightest)


def _top_level(source: str) -> int:
    """The precedence of a template that claims to be an application: lower if an operator stands outside brackets."""
    depth, lowest = 0, _ATOM
    for i, c in enumerate(source):
        if c in "([{⌊⌈":
            depth += 1
        elif c in ")]}⌋⌉":
            depth -= 1
        elif depth == 0:
            if c in "+-−·/" or (c == "*" and "**" not in source[max(i - 1, 0) : i + 2]):
                return _SUM
            if c in "^*":
                lowest = _POWER
    return lowest


def phrase_of_call(prim: Primitive, operands: Sequence[Phrase], style: str = "text") -> Phrase:
    """The notation of ``prim`` applied to operands that are phrases already."""
    special = _SPECIAL.get(prim.name) if prim.is_ours else None
    if special is not None:
        made = special(operands, style)
        if made is not None:
            return made
    source = {"text": prim.text, "latex": prim.latex, "sympy": prim.sympy}[style]
    template = _template(source, prim.precedence)
    if template is None or any(
        isinstance(p, _Slot) and p.which.isdigit() and int(p.which) >= len(operands) for p in template.pieces
    ):
        template = _template(f"{prim.name}({{args}})", _ATOM)
        assert template is not None
    if len(template.pieces) == 1 and isinstance(template.pieces[0], _Slot) and len(operands) == 1:
        return operands[0]
    runs: list[Run] = []
    bare = True
    for piece in template.pieces:
        if isinstance(piece, str):
            runs.append(("op", piece))
        elif piece.which == "n":
            runs.append(("num", str(len(operands))))
        elif piece.which == "args":
            runs += _listed(operands, style)
        else:
            operand = operands[int(piece.which)]
            wrapped = _wrap(operand, piece.binding, style, piece.first, piece.open)
            if wrapped is not operand.runs and runs and re.search(r"\b(?!mod )[^\W\d_]+ $", runs[-1][1]):
                runs[-1] = ("op", runs[-1][1][:-1])  # sin(…), without the space of sin x
            elif runs and style == "latex" and re.search(r"\\[A-Za-z]+$", runs[-1][1]):
                runs.append(("op", " "))  # \lfloor x, not \lfloorx
            runs += wrapped
            bare = wrapped is operand.runs
    signed = source[:1] in ("-", "−", "+")
    return Phrase(runs, template.precedence, signed, (2 if bare else 1) if template.open else 0)


def _wrap(operand: Phrase, binding: int, style: str, first: bool = False, allowed: int = 2) -> list[Run]:
    """The operand's runs, in parentheses if its place asks for tighter binding."""
    fits = operand.precedence >= binding and (first or not operand.signed) and operand.open <= allowed
    if fits or binding == 0:
        return operand.runs
    left, right = (r"\left(", r"\right)") if style == "latex" else ("(", ")")
    return [("op", left), *operand.runs, ("op", right)]


def _elide(items: Sequence[Any], style: str, limit: int = _MANY) -> tuple[Sequence[Any], Sequence[Any]]:
    """The items to show before and after the dots; SymPy source is always whole."""
    if style == "sympy" or len(items) <= limit:
        return items, ()
    return items[:3], items[-1:]


def _listed(operands: Sequence[Phrase], style: str) -> list[Run]:
    """a, b, …, z."""
    head, tail = _elide(operands, style)
    runs: list[Run] = []
    for operand in head:
        runs += [("op", ", "), *operand.runs] if runs else operand.runs
    for operand in tail:
        runs += [("op", r", \ldots, " if style == "latex" else ", …, "), *operand.runs]
    return runs


def _added(terms: Sequence[Phrase], style: str, whole: int = 0) -> Phrase:
    """a + b + … + z."""
    if not terms:
        return Phrase([("num", "0")])
    if len(terms) == 1:
        return terms[0]
    head, tail = _elide(terms, style, max(_MANY, whole))
    runs = list(_wrap(head[0], _SUM, style, first=True))
    for term in head[1:]:
        runs += [("op", " + "), *_wrap(term, _PRODUCT, style)]
    for term in tail:
        runs += [("op", r" + \cdots + " if style == "latex" else " + … + "), *_wrap(term, _PRODUCT, style)]
    return Phrase(runs, _SUM, head[0].signed)


def _times(a: Phrase, b: Phrase, style: str) -> Phrase:
    dot = {"text": " · ", "latex": r" \cdot ", "sympy": " * "}[style]
    return Phrase(
        [*_wrap(a, _PRODUCT, style, True, 1), ("op", dot), *_wrap(b, _SIGN, style)], _PRODUCT, a.signed, b.open
    )


def _sum(operands: Sequence[Phrase], style: str) -> Phrase | None:
    return _added(operands, style) if style == "sympy" or len(operands) <= _MANY else None


def _dot(operands: Sequence[Phrase], style: str) -> Phrase:
    n = len(operands) // 2
    return _added([_times(a, b, style) for a, b in zip(operands[:n], operands[n:])], style)


def _affine(operands: Sequence[Phrase], style: str) -> Phrase:
    """The book's order: the bias, then weight · input."""
    n = len(operands) // 2
    products = [_times(w, x, style) for x, w in zip(operands[:n], operands[n:-1])]
    return _added([operands[-1], *products], style)


def _pow(operands: Sequence[Phrase], style: str) -> Phrase | None:
    """A constant exponent as a superscript in text."""
    base, exponent = operands
    if style != "text" or len(exponent.runs) != 1 or exponent.runs[0][0] != "num":
        return None
    return Phrase([*_wrap(base, _ATOM, style, True, 0), ("sup", exponent.runs[0][1])], _POWER, False)


_SPECIAL: dict[str, Callable[[Sequence[Phrase], str], Phrase | None]] = {
    "sum": _sum, "fsum": _sum, "dot": _dot, "affine": _affine, "pow": _pow,
}  # fmt: skip


def phrase_of_number(x: float, style: str) -> Phrase:
    """A constant."""
    if style == "sympy":
        if x != x or x in (float("inf"), float("-inf")):
            return Phrase([("num", {"nan": "nan", "inf": "oo", "-inf": "-oo"}[repr(x)])], _ATOM, x < 0)
        shown = repr(int(x)) if x.is_integer() and abs(x) < 2**53 else repr(x)
    else:
        shown = number(x) if style == "text" else number_latex(x)
    negative = shown.startswith("-")
    binding = _SIGN if negative else _PRODUCT if r"\times" in shown else _ATOM
    return Phrase([("num", shown)], binding, negative)


def _name(found: Symbol | str, style: str) -> Phrase:
    if isinstance(found, str):
        return Phrase([("var", found)])
    if style == "text":
        compound = not found.math and re.fullmatch(r"\w+", found.stem) is None
        return Phrase(found.runs(), _SUM if compound else _ATOM)
    return Phrase([("var", found.latex if style == "latex" else found.identifier)])


def phrase(
    node: Any,
    names: Callable[[Any], Symbol | str],
    inline: Collection[int] = frozenset(),
    style: str = "text",
) -> Phrase:
    """The expression that made a node, in terms of the names of its operands.

    Args:
        node: a node; a leaf gives its number.
        names: the symbol (or the finished text) of an operand.
        inline: ids of nodes whose own expression stands in place of their name; each should have one consumer.
        style: "text", "latex" or "sympy".

    Returns:
        A Phrase; ``.text`` is the string.

    >>> from autograd_lite import Value
    >>> x, b = Value(2.0), Value(1.0)
    >>> phrase((b + x) ** 2, lambda v: "x" if v is x else "b" if v is b else "s").text
    's²'
    """
    if style not in STYLES:
        raise ValueError(f"style is one of {', '.join(STYLES)}, not {style!r}")
    if node.op is None:
        return phrase_of_number(node.data, style)
    done: dict[int, Phrase] = {}
    stack: list[tuple[Any, tuple[Any, ...], bool]] = [(node, node.args, False)]
    while stack:
        current, args, ready = stack.pop()
        if not ready:
            stack.append((current, args, True))
            for arg in args:
                if isinstance(arg, Node) and id(arg) in inline and id(arg) not in done and arg.parents:
                    stack.append((arg, arg.args, False))
            continue
        operands = [
            done.get(id(arg)) or _name(names(arg), style) if isinstance(arg, Node) else phrase_of_number(arg, style)
            for arg in args
        ]
        done[id(current)] = phrase_of_call(current.op, operands, style)
    return done[id(node)]
