"""Expressions put together as text, with the parentheses that they need and no others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["LITERAL", "binding", "filled", "grouped", "joined", "number_source", "slices", "wrapped"]

#: a number
LITERAL = re.compile(r"\(?-?\d[\d.e+-]*\)?|float\(.*\)")
_ATOM = re.compile(r"[\w.]+(\([^()]*\)|\[[^\[\]]*\])?(\.T)?")
_OPERATOR = re.compile(r" (\+|-|\*\*|\*|/|@|==|!=|<=|>=|<|>|\||&|if) ")
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "@": 2, "**": 4}
NEGATION, ATOM = 3, 9


def binding(text: str) -> int:
    """How strongly an expression's outermost operator binds: 1 a sum, 2 a product, 3 a sign, 4 a power, 9 a name."""
    if _ATOM.fullmatch(text):
        return ATOM
    found = NEGATION if text.startswith("-") else ATOM
    depth = 0
    at = 0
    for match in re.finditer(r"[(\[]|[)\]]|" + _OPERATOR.pattern, text):
        at = match.start()
        if text[at] in "([":
            depth += 1
        elif text[at] in ")]":
            depth -= 1
        elif depth == 0:
            found = min(found, _STRENGTH.get(match[1], 0))
    return found


def grouped(text: str, need: int) -> str:
    """``text``, in parentheses if it binds less than ``need``."""
    return text if binding(text) >= need else f"({text})"


def wrapped(text: str) -> str:
    """``text`` in parentheses unless it is a name, a call or an index."""
    return grouped(text, ATOM)


#: operators, and how strongly their operands have to bind; a + (b + c) is not (a + b) + c
_OPERANDS = {
    "{0} + {1}": (1, 2), "{0} - {1}": (1, 2), "{0} * {1}": (2, 3), "{0} / {1}": (2, 3), "{0} @ {1}": (ATOM, ATOM),
    "-{0}": (4,), "{0}": (0,),
}  # fmt: skip


def filled(template: str, args: Sequence[str]) -> str:
    """A template of operands {0}, {1} … filled in; operands that are a whole argument of a call need no parentheses."""
    needs = _OPERANDS.get(template)
    if needs is not None:
        return template.format(*map(grouped, args, needs))
    parts = re.split(r"\{(\d+)\}", template)
    result = parts[0]
    for k in range(1, len(parts), 2):
        alone = re.search(r"(\(|, |\[)$", parts[k - 1]) and re.match(r"\)|,|\]", parts[k + 1])
        text = args[int(parts[k])]
        whole = not parts[k - 1] and not parts[k + 1] and len(parts) == 3
        result += (text if alone or whole else wrapped(text)) + parts[k + 1]
    return result


def joined(name: str, args: Sequence[str]) -> str:
    """Sums and products of any number of names, from left to right as the table's; empty for one of none."""
    half = len(args) // 2 if name in ("dot", "affine") else 0
    terms = [*args[2 * half :], *[f"{x} * {y}" for x, y in zip(args[:half], args[half : 2 * half])]]
    text = (" * " if name == "prod" else " + ").join(terms)
    return f"({text}) / {len(args)}" if name == "mean" else text


def number_source(x: float) -> str:
    """A float literal."""
    return repr(x) if x - x == 0.0 else f'float("{x!r}")'


def slices(index: Sequence[Any]) -> str:
    """The text between the brackets of an index."""
    parts = []
    for item in index:
        if item is None:
            parts.append("None")
        elif isinstance(item, tuple):
            start, stop, step = item
            first = "" if start in (0, None) and step == 1 else str(start)
            parts.append(f"{first}:{'' if stop is None else stop}" + (f":{step}" if step != 1 else ""))
        else:
            parts.append(str(item))
    while len(parts) > 1 and parts[-1] == ":":
        parts.pop()
    return ", ".join(parts)
