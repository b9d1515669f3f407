"""Statements in mathematical notation: plain characters, or LaTeX."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ...notation import expressions as notation
from ..ir.array_program import ArrayProgram, Statement
from ..ir.control_ops import COMPARISONS
from ..ir.naming import VIEWS, Adjoint, through, weights_of

__all__ = ["Phrase", "Writer"]

#: binding strengths: sum, product, application and names
SUM, PRODUCT, ATOM = 1, 2, 5


@dataclasses.dataclass(slots=True)
class Phrase:
    """A piece of an equation.

    Attributes:
        text: how it is written.
        strength: how strongly its outermost operator binds.
        number, factors: of a product, the number in front and the rest: pairs of a text and whether it is an array's.
    """

    text: str
    strength: int = ATOM
    number: float = 1.0
    factors: tuple[tuple[str, bool], ...] | None = None

    @property
    def atom(self) -> bool:
        return self.strength >= ATOM


class Writer:
    """One notation.

    Attributes:
        latex: whether it is LaTeX.
        indent: what the lines of a loop's step begin with.
    """

    def __init__(self, latex: bool) -> None:
        self.latex = latex
        self.indent = r"\quad " if latex else "    "

    def choose(self, latex: str, plain: str) -> str:
        return latex if self.latex else plain

    def words(self, text: str) -> str:
        """``for t`` and the numbers it runs through."""
        if not self.latex:
            return text
        return text.replace("for ", r"\text{for } ").replace("…", r"\dots")

    # --- names ----------------------------------------------------------------------------------------------------

    def loss(self) -> Phrase:
        return Phrase(self.choose(r"\ell", "ℓ"))

    def named(self, name: str, shape: Sequence[int]) -> Phrase:
        """f1 with its index below; W, w and b as the chapter's Ω, ω and β; a derivative as ∂ℓ/∂f1."""
        below = name
        depth = 0
        while isinstance(below, Adjoint):
            below, depth = below.of, depth + 1
        text = self._letter(below, shape)
        for k in range(depth):
            inner = f"({text})" if k else text
            text = rf"\frac{{\partial \ell}}{{\partial {inner}}}" if self.latex else f"∂ℓ/∂{inner}"
        return Phrase(text)

    def _letter(self, name: str, shape: Sequence[int]) -> str:
        found = re.fullmatch(r"([^\W\d]+?)_?(\d+)", name)
        stem, index = (found[1], found[2]) if found else (name.rstrip("_"), "")
        chapter = {"W": (r"\Omega", "Ω"), "w": (r"\omega", "ω"), "b": (r"\beta", "β")}
        if stem in chapter and index:
            stem = chapter[stem][not self.latex]
            if self.latex and shape:
                stem = rf"\boldsymbol{{{stem}}}"
        elif self.latex:
            words = stem.replace("_", r"\_")
            stem = rf"\mathrm{{{words}}}" if len(stem) > 1 else rf"\mathbf{{{stem}}}" if shape else stem
        if not index:
            return stem
        return f"{stem}_{{{index}}}" if self.latex else f"{stem}{index}"

    def at(self, x: Phrase, where: str) -> Phrase:
        """x[where]; of ∂ℓ/∂x, the derivative with respect to x[where]."""
        derivative = r"\frac{\partial \ell}{\partial "
        if self.latex and x.atom and x.text.startswith(derivative) and x.text.endswith("}"):
            return Phrase(f"{x.text[:-1]}[{where}]}}")
        return Phrase(f"{self.group(x, ATOM)}[{where}]")

    def group(self, x: Phrase, need: int) -> str:
        """Parentheses around what binds less than ``need``."""
        return x.text if x.strength >= need else self.bracketed(x.text).text

    def bracketed(self, inside: str) -> Phrase:
        """Something in parentheses."""
        return Phrase(rf"\left({inside}\right)" if self.latex else f"({inside})")

    def transposed(self, x: Phrase) -> Phrase:
        if not self.latex:
            return Phrase(self.group(x, ATOM) + "ᵀ")
        text = rf"\left({x.text}\right)" if x.text.startswith(r"\frac") else self.group(x, ATOM)
        return Phrase(text + r"^{\top}")

    def call(self, name: str, *args: Phrase) -> Phrase:
        inside = ", ".join(a.text for a in args)
        if not self.latex:
            return Phrase(f"{name}({inside})")
        words = " ".join(rf"\operatorname{{{word}}}" for word in name.split())
        return Phrase(rf"{words}\left({inside}\right)")

    def number(self, x: float) -> Phrase:
        """A number in few digits, a simple fraction as such."""
        text = f"{x:.6g}"
        near = Fraction(x).limit_denominator(10_000) if abs(x) < 1e6 else Fraction(0)
        if len(text) > 6 and near and abs(near.numerator) < 100 and abs(float(near) - x) <= 1e-15 * abs(x):
            sign, top = "-" if x < 0 else "", abs(near.numerator)
            if self.latex:
                return Phrase(rf"{sign}\tfrac{{{top}}}{{{near.denominator}}}", ATOM if x >= 0 else PRODUCT, x, ())
            return Phrase(f"{sign}{top}/{near.denominator}".replace("-", "−"), PRODUCT, x, ())
        if "e" in text:
            mantissa, exponent = text.split("e")
            power = rf"10^{{{int(exponent)}}}" if self.latex else f"10^{int(exponent)}"
            if mantissa == "1":
                return Phrase(power.replace("-", self.choose("-", "−")), ATOM, x, ())
            return Phrase(f"{mantissa}{self.dot()}{power}".replace("-", self.choose("-", "−")), PRODUCT, x, ())
        text = {"inf": self.choose(r"\infty", "∞"), "-inf": self.choose(r"-\infty", "−∞")}.get(text, text)
        return Phrase(text.replace("-", self.choose("-", "−")), ATOM if x >= 0 or x != x else PRODUCT, x, ())

    def dot(self) -> str:
        return self.choose(r" \cdot ", " · ")

    # --- products and sums ----------------------------------------------------------------------------------------

    def factors_of(self, x: Phrase, array: bool) -> tuple[float, tuple[tuple[str, bool], ...]]:
        if x.factors is not None:
            return x.number, x.factors
        open_ended = x.text.startswith((r"\sum", "Σ")) or "/" in x.text
        return 1.0, ((self.group(x, ATOM if open_ended else PRODUCT), array),)

    def product(self, number: float, factors: Sequence[tuple[str, bool]]) -> Phrase:
        """The number, the single numbers, then the arrays."""
        ordered = tuple(sorted(factors, key=lambda f: f[1]))
        if not ordered:
            return self.number(number)
        text = ""
        last = False
        for k, (part, array) in enumerate(ordered):
            sign = self.choose(r" \odot ", " ⊙ ") if last and array else self.dot()
            text += (sign if k else "") + part
            last = array
        if number == -1.0:
            return Phrase(self.choose("-", "−") + text, PRODUCT, number, ordered)
        if number != 1.0:
            text = f"{self.number(number).text}{self.dot()}{text}"
        elif len(ordered) == 1:
            return Phrase(text, PRODUCT if " " in text else ATOM, 1.0, ordered)
        return Phrase(text, PRODUCT, number, ordered)

    def times(self, a: Phrase, b: Phrase, arrays: tuple[bool, bool]) -> Phrase:
        if a.text == b.text and not arrays[0] and a.factors is None:
            return Phrase(self.group(a, ATOM) + self.choose("^2", "²"))
        m, left = self.factors_of(a, arrays[0])
        n, right = self.factors_of(b, arrays[1])
        return self.product(m * n, (*left, *right))

    def scaled(self, x: Phrase, number: float, array: bool) -> Phrase:
        own, factors = self.factors_of(x, array)
        return self.product(own * number, factors)

    def plus(self, a: Phrase, b: Phrase, sign: float, arrays: tuple[bool, bool]) -> Phrase:
        """a + b or a − b; c·x − c·y is c·(x − y)."""
        for x, other, s in ((a, b, sign), (b, a, 1.0)):
            if x.factors == () and x.number == 0.0:
                return self.scaled(other, -1.0, arrays[1]) if other is b and s < 0 else other
        minus = self.choose(" - ", " − ")
        m, n = a.number, b.number * sign
        if a.factors and b.factors and m == -n and abs(m) != 1.0:
            x, y = (b, a) if n > 0 else (a, b)
            inner = Phrase(
                self.product(1.0, x.factors or ()).text + minus + self.product(1.0, y.factors or ()).text, SUM
            )
            return self.product(abs(m), ((self.group(inner, PRODUCT), any(arrays)),))
        if a.factors and m < 0 < n and sign > 0:  # the positive one first
            return Phrase(b.text + minus + self.scaled(a, -1.0, arrays[0]).text, SUM)
        if b.factors is not None and b.number < 0:
            b, sign = self.scaled(b, -1.0, arrays[1]) if b.factors else self.number(-b.number), -sign
        return Phrase(a.text + (" + " if sign > 0 else minus) + self.group(b, SUM if sign > 0 else PRODUCT), SUM)

    # --- statements -----------------------------------------------------------------------------------------------

    def transparent(self, program: ArrayProgram, i: int) -> bool:
        """Whether a statement is never called by a name: nothing happens in it, or it is one-hot labels."""
        s = program.statements[i]
        return s.name == "stop" or s.op in VIEWS or _labels(program, i) >= 0 or s.boolean

    def phrase(self, program: ArrayProgram, i: int, known: Sequence[Phrase]) -> Phrase:
        """The right side of statement ``i``, given what those before are called."""
        s = program.statements[i]
        args = [known[a] for a in s.args]
        below = [program.statements[a] for a in s.args]
        if s.op == "elementwise":
            return self._special(program, i, known) or self._primitive(s, args, below)
        if s.op == "constant":
            return self.number(s.attrs) if s.shape == () else self._constant(s)
        x = args[0]
        if s.op in ("reshape", "broadcast", "called"):
            return x
        if s.op == "transpose":
            return self.transposed(x)
        if s.op == "index":
            where = _slices(s.attrs, below[0].shape)
            return self.at(x, where) if where else x
        if s.op == "take":
            flat = s.attrs.ravel().tolist()
            shown = ", ".join(map(str, flat if len(flat) <= 6 else [*flat[:3], "…", flat[-1]]))
            return self.at(x, f"[{shown}]" if s.shape else str(flat[0]))
        if s.op == "matmul":
            return self._matmul(program, s, args, below)
        if s.op == "sum":
            return self._sum(program, s, x, below[0], known)
        if s.op in ("pack", "concat"):
            return self.bracketed(", ".join(a.text for a in args))
        if s.op == "place":
            return self._place(s, x)
        names = {"amax": "max", "amin": "min", "log_softmax": "log softmax", "scatter": "scattered"}
        return self.call(names.get(s.op, s.op), x)

    def _constant(self, s: Statement) -> Phrase:
        flat = np.ravel(s.attrs).tolist()
        if len(flat) > 6:
            return Phrase(self.choose(r"\mathbf{c}", "c"))
        return self.bracketed(", ".join(self.number(x).text for x in flat))

    def _matmul(
        self, program: ArrayProgram, s: Statement, args: Sequence[Phrase], below: Sequence[Statement]
    ) -> Phrase:
        if len(below[0].shape) == 1 and len(below[1].shape) == 1:
            if args[0].text == args[1].text:
                inside = args[0].text
                return Phrase(rf"\left\lVert {inside} \right\rVert^2" if self.latex else f"‖{inside}‖²")
            for k in (0, 1):  # a layer of one neuron: its weights are a row
                if _row_of_weights(program, s.args[k]):
                    return self._side_by_side(args[k], args[1 - k])
            if weights_of(program.statements, s.args[1]) >= 0 > weights_of(program.statements, s.args[0]):
                args = [args[1], args[0]]
            return self.dotted(args[0], args[1])
        return self._side_by_side(args[0], args[1])

    def dotted(self, a: Phrase, b: Phrase) -> Phrase:
        """An inner product."""
        return Phrase(f"{self.group(a, ATOM)}{self.dot()}{self.group(b, ATOM)}", PRODUCT)

    def _side_by_side(self, a: Phrase, b: Phrase) -> Phrase:
        return Phrase(f"{self.group(a, ATOM)} {self.group(b, ATOM)}", PRODUCT)

    def _sum(self, program: ArrayProgram, s: Statement, x: Phrase, below: Statement, known: Sequence[Phrase]) -> Phrase:
        picked = _picked(program, s.args[0])
        if picked is not None and s.attrs == (len(below.shape) - 1,):
            return self.at(known[picked[0]], known[picked[1]].text)
        number = x.number if x.factors else 1.0  # taken in front
        if number != 1.0:
            x = self.product(1.0, x.factors or ())
        if len(s.attrs) < len(below.shape) and s.attrs == (0,):
            found = Phrase(self.choose(r"\sum_i ", "Σᵢ ") + self.at(x, "i").text, PRODUCT)
        elif s.attrs == (1,) and len(below.shape) == 2:
            found = Phrase(self.choose(r"\sum_j ", "Σⱼ ") + self.at(x, ":, j").text, PRODUCT)
        else:
            found = Phrase(self.choose(r"\sum ", "Σ ") + self.group(x, PRODUCT), PRODUCT)
        return found if number == 1.0 else self.scaled(found, number, bool(s.shape))

    def _place(self, s: Statement, x: Phrase) -> Phrase:
        """Zeros with something at some places."""
        shape, where = s.attrs
        if math.prod(shape) == 1:
            return x
        if len(shape) == 1 and len(where) == 1:
            here = where[0]
            start, stop, step = (here, here + 1, 1) if isinstance(here, int) else slice(*here).indices(shape[0])
            if step == 1 and start >= 0:
                dots = self.choose(r", \dots, ", " … ")
                before, after = ([] if n == 0 else ["0"] if n == 1 else [f"0{dots}0"] for n in (start, shape[0] - stop))
                return self.bracketed(", ".join([*before, x.text, *after]))
        at = self.where(s)
        inside = rf"{x.text} \text{{ at }} [{at}], \text{{ else }} 0" if self.latex else f"{x.text} at [{at}], else 0"
        return self.bracketed(inside)

    def where(self, s: Statement) -> str:
        """Where a ``place`` statement places its operand."""
        return _slices(s.attrs[1], s.attrs[0]) or ":"

    def oriented(self, x: Phrase, s: Statement, program: ArrayProgram) -> str:
        """A derivative as its parameter lies: that of a row of weights is a row."""
        inner = program.statements[_through(program, s.args[0])] if s.op in ("reshape", "broadcast") else s
        if len(s.shape) == 2 and s.shape[0] == 1 and inner.shape == s.shape[1:] and s.shape[1] > 1:
            if x.factors and sum(array for _, array in x.factors) == 1:
                scalars = [f for f in x.factors if not f[1]]
                row = next(f for f in x.factors if f[1])[0] + self.choose(r"^{\top}", "ᵀ")
                text = self.product(x.number, scalars).text if scalars or x.number != 1.0 else ""
                return f"{text} {row}".strip()
            return self.transposed(x).text
        return x.text

    def _special(self, program: ArrayProgram, i: int, known: Sequence[Phrase]) -> Phrase | None:
        """Elementwise statements that have a notation together with those below: one-hot labels, outer products."""
        s = program.statements[i]
        if s.name == "where":
            labels = _labels(program, s.args[0])
            a, b = (program.statements[k] for k in s.args[1:])
            if labels >= 0 and b.op == "constant" and b.shape == () and b.attrs == 0.0:
                hot = self.call("onehot", known[labels])
                x = known[s.args[1]]
                return self.times(x, hot, (bool(a.shape), True)) if x.text != "1" else hot
        if s.name == "where":
            x, other = known[s.args[1]], known[s.args[2]]
            if other.text in ("nan", x.text):  # nan is where a number is neither above nor below another
                return x
        if s.name in ("sub", "exp"):
            inner = program.statements[s.args[0]] if s.name == "exp" else s
            total = program.statements[through(program.statements, inner.args[1], VIEWS)] if inner.name == "sub" else s
            if total.op == "logsumexp" and _through(program, total.args[0]) == _through(program, inner.args[0]):
                return self.call("softmax" if s.name == "exp" else "log softmax", known[inner.args[0]])
        if s.name == "mul":
            left, right = (program.statements[a] for a in s.args)
            if _new_axis(left) == 1 and _new_axis(right) == 0:
                return self._side_by_side(known[left.args[0]], self.transposed(known[right.args[0]]))
            for k in (0, 1):  # the adjoint of a single neuron's inputs
                if s.shape and _row_of_weights(program, s.args[1 - k]) and program.statements[s.args[k]].shape == ():
                    weights = known[s.args[1 - k]]
                    return self._side_by_side(self.transposed(weights), known[s.args[k]])
        return None

    def _primitive(self, s: Statement, args: Sequence[Phrase], below: Sequence[Statement]) -> Phrase:
        """A primitive's own notation; products of arrays element by element are ⊙."""
        prim = s.prim
        assert prim is not None
        arrays = [bool(x.shape) for x in below]
        if prim.name == "stop":
            return args[0]
        if prim.name == "heaviside":
            inside = self.group(args[0], SUM)
            return Phrase(rf"\mathbb{{I}}\left[{inside} > 0\right]" if self.latex else f"I[{inside} > 0]")
        if prim.name == "mul":
            return self.times(args[0], args[1], (arrays[0], arrays[1]))
        if prim.name == "neg":
            return self.scaled(args[0], -1.0, arrays[0])
        if prim.name in ("add", "sub"):
            if prim.name == "add" and below[0].op == "matmul" and args[1].atom:  # the bias first, as in the chapter
                args = [args[1], args[0]]
            return self.plus(args[0], args[1], 1.0 if prim.name == "add" else -1.0, (any(arrays), any(arrays)))
        if prim.name in ("dot", "affine", "sum", "fsum") and args:
            half = len(args) // 2 if prim.name in ("dot", "affine") else 0
            both = any(arrays)
            terms = [self.times(args[k], args[half + k], (both, both)) for k in range(half)]
            terms += args[2 * half :]
            total = terms[0]
            for term in terms[1:]:
                total = self.plus(total, term, 1.0, (both, both))
            return total
        signs = "" if prim.name in COMPARISONS else "-−"
        phrases = [notation.Phrase([("var", a.text)], a.strength, a.text.startswith(tuple(signs))) for a in args]
        found = notation.phrase_of_call(prim, phrases, "latex" if self.latex else "text")
        return Phrase(found.text, found.precedence)


def _slices(index: Sequence[Any], shape: Sequence[int]) -> str:
    """What stands between the brackets, without axes that nothing is taken from at the end; of one number, nothing."""
    parts = []
    axis = 0
    for item in index:
        if item is None:
            continue
        n = shape[axis]
        if isinstance(item, tuple):
            start, stop, step = slice(*item).indices(n)
            if step == 1:
                parts.append(f"{start or ''}:{stop if stop < n else ''}")
            else:
                parts.append(f"{item[0] or ''}:{'' if item[1] is None else item[1]}:{step}")
        else:
            parts.append("" if n == 1 and len(shape) == 1 else str(item))
        axis += 1
    while parts and parts[-1] in (":", ""):
        parts.pop()
    return ", ".join(parts)


def _new_axis(s: Statement) -> int:
    """Where a vector gets its new axis to be a matrix: 0 makes it a row, 1 a column; -1 if it does not."""
    if s.op != "index" or len(s.attrs) != 2 or len(s.shape) != 2:
        return -1
    full = [a for a, item in enumerate(s.attrs) if isinstance(item, tuple) and item[0] in (0, None) and item[2] == 1]
    return 1 - full[0] if len(full) == 1 and s.attrs[1 - full[0]] is None else -1


def _through(program: ArrayProgram, i: int) -> int:
    """What a statement is a reshaping or broadcasting of."""
    return through(program.statements, i, ("reshape", "broadcast"))


def _row_of_weights(program: ArrayProgram, i: int) -> bool:
    """Whether a statement is all of a leaf of one row."""
    s = program.statements[_through(program, i)]
    return s.op == "leaf" and len(s.shape) == 2 and s.shape[0] == 1 and s.shape[1] > 1


def _labels(program: ArrayProgram, i: int) -> int:
    """The labels whose one-hot rows a comparison is: the number of their statement; -1 if it is no such thing."""
    s = program.statements[i]
    if s.name != "eq" or not s.shape:
        return -1
    last = program.statements[_through(program, s.args[1])]
    if last.op != "constant" or not np.array_equal(np.ravel(last.attrs), np.arange(s.shape[-1])):
        return -1
    return s.args[0]


def _picked(program: ArrayProgram, i: int) -> tuple[int, int] | None:
    """The rows and the labels, if a statement is rows with zeros except at their labels."""
    s = program.statements[_through(program, i)]
    if s.name != "where":
        return None
    labels = _labels(program, s.args[0])
    zero = program.statements[s.args[2]]
    if labels < 0 or zero.op != "constant" or zero.shape != () or zero.attrs != 0.0:
        return None
    return s.args[1], labels
