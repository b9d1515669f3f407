"""JavaScript of the ops that a graph uses: their float functions, and their partials traced from the table's own rules.

A rule ``partials(out, *args)`` is generic code: run on ``Symbol``s it writes its formula. So the page differentiates by
the same rules as Python, kinks and edges included, and a change of a rule changes the page. The functions are those of
``ops.js``, or what an entry's ``expression`` writes.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ..primitives.operators import Operators
from ..primitives.primitive import TABLE, Operand, Primitive

__all__ = ["Symbol", "how", "javascript", "partials_source", "supported", "words"]


#: what JavaScript writes as an operator
_INFIX = {"add": "({} + {})", "sub": "({} - {})", "mul": "({} * {})", "div": "({} / {})", "neg": "(-{})"}


class Symbol(Operators):
    """A number known only to the page: an operator or primitive applied to it writes JavaScript.

    Attributes:
        template: source with ``{}`` for each operand; the operands are Symbols or numbers.
        truth: whether it is a comparison.
    """

    __slots__ = ("operands", "template", "truth")

    def __init__(self, template: str, operands: tuple[Any, ...] = (), truth: bool = False) -> None:
        self.template = template
        self.operands = operands
        self.truth = truth

    def _apply(self, primitive: Any, args: tuple[Any, ...]) -> Symbol:
        name: str = primitive.name
        infix = _INFIX.get(name) if TABLE.get(name) is primitive else None
        return Symbol(infix or f"${name}({', '.join(['{}'] * len(args))})", args)

    def _choose(self, a: Any, b: Any) -> Symbol:
        return Symbol("({} ? {} : {})" if self.truth else "({} !== 0 ? {} : {})", (self, a, b))

    def _constant(self, number: Any) -> Any:
        return number

    def __lt__(self, other: Any) -> Symbol:
        return Symbol("({} < {})", (self, other), True)

    def __le__(self, other: Any) -> Symbol:
        return Symbol("({} <= {})", (self, other), True)

    def __gt__(self, other: Any) -> Symbol:
        return Symbol("({} > {})", (self, other), True)

    def __ge__(self, other: Any) -> Symbol:
        return Symbol("({} >= {})", (self, other), True)

    def __eq__(self, other: object) -> Symbol:  # type: ignore[override]  # a comparison to be written, not made
        return Symbol("({} == {})", (self, other), True)

    def __ne__(self, other: object) -> Symbol:  # type: ignore[override]
        return Symbol("({} != {})", (self, other), True)

    __hash__ = Operand.__hash__


def number_source(x: float) -> str:
    """A float as JavaScript.

    >>> number_source(0.5), number_source(-2.0), number_source(-math.inf), number_source(math.nan)
    ('0.5', '(-2)', '(-Infinity)', 'NaN')
    """
    if x != x:
        return "NaN"
    text = "Infinity" if math.isinf(x) else repr(math.fabs(x)).removesuffix(".0")
    return f"(-{text})" if math.copysign(1.0, x) < 0.0 else text


class _Writer:
    """Writes Symbols; what several others use gets a name."""

    def __init__(self, results: Iterable[Any]) -> None:
        self.uses: dict[int, int] = {}
        self.names: dict[int, str] = {}
        self.lines: list[str] = []
        for result in results:
            self._count(result)

    def _count(self, item: Any) -> None:
        if isinstance(item, Symbol):
            self.uses[id(item)] = self.uses.get(id(item), 0) + 1
            if self.uses[id(item)] == 1:
                for operand in item.operands:
                    self._count(operand)

    def write(self, item: Any) -> str:
        """The source of a Symbol or a number; rules are short, so it may recurse."""
        if not isinstance(item, Symbol):
            return number_source(float(item))
        if id(item) in self.names:
            return self.names[id(item)]
        source = item.template.format(*map(self.write, item.operands)) if item.operands else item.template
        if item.operands and self.uses[id(item)] > 1:
            self.names[id(item)] = name = f"t{len(self.lines)}"
            self.lines.append(f"{name} = {source}")
            return name
        return source


@functools.cache
def words() -> dict[str, str]:
    """The functions of ``ops.js``, by name."""
    text = importlib.resources.files(__package__).joinpath("ops.js").read_text(encoding="utf-8")
    found = re.findall(r"^const \$(\S+) = (.*?);$(?!\n  )", text, re.DOTALL | re.MULTILINE)
    return {name: re.sub(r"\n\s+", " ", source) for name, source in found}


def function_source(name: str) -> str:
    """The function of an op, or of a helper, in JavaScript.

    >>> function_source("exp2"), function_source("smooth_abs")
    ('x => Math.pow(2, x)', '(a, b) => $hypot(a, b)')
    """
    if name in words():
        return words()[name]
    entry = TABLE[name]
    assert entry.expression is not None
    names = "abcd"[: entry.arity]
    return _arrow(names, [entry.expression(*map(Symbol, names))], "{}")


def _arrow(parameters: Sequence[str], results: Sequence[Any], template: str) -> str:
    """A function in JavaScript; what its results use several times is computed once."""
    writer = _Writer(results)
    body = template.format(", ".join(map(writer.write, results)))
    if writer.lines:
        body = f"{{ const {', '.join(writer.lines)}; return {body}; }}"
    return f"({', '.join(parameters)}) => {body}"


def partials_source(primitive: Primitive) -> str:
    """``(out, …) => [partials]`` in JavaScript.

    >>> partials_source(TABLE["mul"]), partials_source(TABLE["relu"])
    ('(o, a, b) => [b, a]', '(o, a) => [((a > 0) ? 1 : ((a <= 0) ? 0 : NaN))]')
    """
    if primitive.arity < 0:
        return words()[f"${primitive.name}_partials"]
    names = "abcd"[: primitive.arity]
    return _arrow(["o", *names], primitive.partials(Symbol("o"), *map(Symbol, names)), "[{}]")


def how(primitive: Primitive) -> str:
    """Where the page's function of an op comes from; "missing: …" if it has none, and replays Python's numbers."""
    if not supported(primitive):
        return f"missing: {primitive.name} has no JavaScript: give its entry expression=…, or a line in explorer/ops.js"
    return "its own word" if primitive.name in words() else "the entry's expression"


def supported(primitive: Any) -> bool:
    """Whether the page can compute a primitive: it can those of the table, not a user's own."""
    known = primitive.name in words() or primitive.expression is not None
    return known and TABLE.get(primitive.name) is primitive


def javascript(primitives: Iterable[Primitive]) -> str:
    """The object ``OPS`` (name → [function, partials]) with all that its entries need, and nothing else.

    >>> from autograd_lite.primitives import TABLE
    >>> print(javascript([TABLE["sin"]]))
    const $sin = Math.sin;
    const $cos = Math.cos;
    const OPS = {
    "sin": [$sin, (o, a) => [$cos(a)]],
    };
    """
    chosen = {primitive.name: partials_source(primitive) for primitive in primitives}
    wanted = list(chosen)
    for source in chosen.values():
        wanted += re.findall(r"\$(\$?\w+)", source)
    written: dict[str, str] = {}
    while wanted:
        name = wanted.pop(0)
        if name not in written:
            written[name] = function_source(name)
            wanted += re.findall(r"\$(\$?\w+)", written[name])
    lines = [f"const ${name} = {source};" for name, source in written.items()]
    lines += ["const OPS = {", *(f"{json.dumps(name)}: [${name}, {rule}]," for name, rule in chosen.items()), "};"]
    return "\n".join(lines)
