"""An array program as equations: LaTeX in a notebook, plain text elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..primitives.core import Primitive
from .choice import COMPARISONS
from .naming import all_names, leaf_names
from .scan import Scan
from .statements import ArrayProgram, Statement

__all__ = ["Equations", "equations"]


class Equations:
    """Equations, one per statement, forward and then backward.

    Attributes:
        lines: pairs of left and right sides in LaTeX.
        text: the same in plain characters, one line each.
    """

    def __init__(self, lines: list[tuple[str, str]], text: str) -> None:
        self.lines = lines
        self.text = text

    @property
    def latex(self) -> str:
        """One aligned block."""
        rows = " \\\\\n".join(f"{left} &= {right}" for left, right in self.lines)
        return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"

    def __len__(self) -> int:
        return len(self.lines)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex}\n$$"


#: binding strengths: sum, product, application and names
_SUM, _PRODUCT, _ATOM = 1, 2, 5

_Text = tuple[str, int]


class _Writer:
    """One notation: LaTeX, or plain characters."""

    def __init__(self, latex: bool) -> None:
        self.latex = latex

    def name(self, name: str) -> str:
        """f1 with its index below; W and b as the chapter's Ω and β; df1 as ∂ℓ/∂f1."""
        if re.fullmatch(r"d[A-Za-z]\w*", name):
            below = self.name(name[1:])
            return rf"\frac{{\partial \ell}}{{\partial {below}}}" if self.latex else f"∂ℓ/∂{below}"
        found = re.fullmatch(r"([A-Za-z]+)_?(\d+)", name)
        stem, index = (found[1], found[2]) if found else (name, "")
        chapter = {"W": (r"\boldsymbol{\Omega}", "Ω"), "b": (r"\boldsymbol{\beta}", "β")}
        if stem in chapter and index:
            stem = chapter[stem][0 if self.latex else 1]
        elif self.latex:
            stem = rf"\mathbf{{{stem}}}" if len(stem) == 1 else rf"\mathrm{{{stem}}}".replace("_", r"\_")
        return (f"{stem}_{{{index}}}" if self.latex else f"{stem}{index}") if index else stem

    def group(self, text: _Text, strength: int) -> str:
        """Parentheses around what binds less than ``strength``."""
        if text[1] >= strength:
            return text[0]
        return rf"\left({text[0]}\right)" if self.latex else f"({text[0]})"

    def statement(self, statement: Statement, args: Sequence[_Text], shapes: Sequence[tuple[int, ...]]) -> _Text:
        """The right side of a statement."""
        op = statement.op
        if op == "elementwise":
            assert statement.prim is not None
            return self.primitive(statement.prim, args, shapes)
        x = args[0]
        if op in ("reshape", "broadcast"):
            return x
        if op == "transpose":
            return self.group(x, _ATOM) + (r"^{\top}" if self.latex else "ᵀ"), _ATOM
        if op == "matmul":
            if len(shapes[0]) == 1 and len(shapes[1]) == 1:
                if args[0] == args[1]:
                    inside = x[0]
                    return (rf"\left\lVert {inside} \right\rVert^2" if self.latex else f"‖{inside}‖²"), _ATOM
                return f"{self.group(x, _PRODUCT)}{self.dot()}{self.group(args[1], _PRODUCT)}", _PRODUCT
            return f"{self.group(x, _PRODUCT)} {self.group(args[1], _PRODUCT)}", _PRODUCT
        if op == "sum":
            rows = statement.attrs == (0,) and len(shapes[0]) == 2
            sign = (r"\sum_i" if rows else r"\sum") if self.latex else "Σ"
            row = ("_{i}" if self.latex else "ᵢ") if rows else ""
            return f"{sign} {self.group(x, _PRODUCT)}{row}", _PRODUCT
        if op in ("index", "take"):
            where = r"_{\bullet}" if self.latex else "[…]"
            return self.group(x, _ATOM) + where, _ATOM
        called = rf"\operatorname{{{op}}}" if self.latex else op
        inside = ", ".join(a[0] for a in args)
        return (rf"{called}\left({inside}\right)" if self.latex else f"{called}({inside})"), _ATOM

    def dot(self) -> str:
        return r" \cdot " if self.latex else " · "

    def primitive(self, prim: Primitive, args: Sequence[_Text], shapes: Sequence[tuple[int, ...]]) -> _Text:
        """A primitive's own notation; products of arrays element by element are ⊙."""
        if prim.name in ("gate", "stop"):
            return args[0]
        if prim.name == "heaviside":
            inside = self.group(args[0], _SUM)
            return (rf"\mathbb{{I}}\left[{inside} > 0\right]" if self.latex else f"I[{inside} > 0]"), _ATOM
        if prim.name == "mul" and shapes[0] and shapes[1]:
            sign = r" \odot " if self.latex else " ⊙ "
            return sign.join(self.group(a, _PRODUCT) for a in args), _PRODUCT
        if prim.name == "mul" and args[0] == args[1]:
            return self.group(args[0], _ATOM) + ("^2" if self.latex else "²"), _ATOM
        if prim.name == "mul":  # the number first
            args = sorted(args, key=lambda a: not re.fullmatch(r"[\d.]+", a[0]))
        strength = prim.precedence if prim.name not in COMPARISONS else 0
        need = max(strength, 1) if strength < 5 else 0
        if not self.latex and prim.text.endswith(" {0}"):  # a function's name and its operand
            need = _ATOM
        template = prim.latex if self.latex else prim.text
        texts = [self.group(a, need + (1 if k and prim.name in ("sub", "div") else 0)) for k, a in enumerate(args)]
        if self.latex and prim.name == "div":
            texts = [a[0] for a in args]
        return template.format(
            *texts, args=", ".join(a[0] for a in args), n=len(args), last=texts[-1]
        ), strength or _SUM


def _number(x: float, latex: bool) -> _Text:
    text = f"{x:.6g}"
    if "e" in text and latex:
        mantissa, exponent = text.split("e")
        text = rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return text, _ATOM if x >= 0 and "e" not in text else _PRODUCT


def _sides(
    program: ArrayProgram, writer: _Writer, leaves: Sequence[_Text] | None = None, own: Sequence[str] = ()
) -> tuple[list[tuple[str, str]], list[_Text]]:
    """The equations, and what each statement is called in them.

    Args:
        leaves: what the leaves are called, if they are inputs of a loop's step.
        own: names of the step's statements.
    """
    names = own or all_names(program, leaf_names(program.leaves))
    uses = [0] * len(program.statements)
    for statement in program.statements:
        for a in statement.args:
            uses[a] += 1
    texts: list[_Text] = []
    lines: list[tuple[str, str]] = []
    results: dict[int, dict[Any, _Text]] = {}
    for i, statement in enumerate(program.statements):
        if statement.op == "leaf":
            texts.append((writer.name(names[i]), _ATOM) if leaves is None else leaves[statement.attrs])
            continue
        if statement.op == "scan":
            found, given = _loop(program, i, [texts[a] for a in statement.args], names, writer)
            lines += found
            results[i] = given
            texts.append(("", _ATOM))
            continue
        if statement.op == "result":
            texts.append(results[statement.args[0]][statement.attrs[:2]])
            continue
        if statement.op == "constant":
            array = r"\mathbf{c}" if writer.latex else "c"
            texts.append(_number(statement.attrs, writer.latex) if statement.shape == () else (array, _ATOM))
            continue
        shapes = [program.statements[a].shape for a in statement.args]
        text = writer.statement(statement, [texts[a] for a in statement.args], shapes)
        inline = i not in program.names and i not in program.outputs and (uses[i] == 1 or statement.op != "elementwise")
        if leaves is not None and not uses[i] and program.outputs.count(i) == 1:  # goes where the step's results go
            texts.append(text)
            continue
        if inline and (statement.op in ("reshape", "transpose", "index", "broadcast", "matmul") or uses[i] == 1):
            texts.append(text)
            continue
        left = writer.name(names[i])
        if (
            leaves is None
            and i == program.outputs[0]
            and statement.shape == ()
            and not names[i].startswith("d")
            and i not in program.names
        ):
            left = r"\ell" if writer.latex else "ℓ"
        lines.append((left, text[0]))
        texts.append((left, _ATOM))
    return lines, texts


def _loop(
    program: ArrayProgram, i: int, args: Sequence[_Text], names: Sequence[str], writer: _Writer
) -> tuple[list[tuple[str, str]], dict[Any, _Text]]:
    """A loop's equations, and what its results are called: for t = 1 … n, then one step's."""
    loop: Scan = program.statements[i].attrs
    wanted = [s.attrs for s in program.statements if s.op == "result" and s.args == (i,)]
    listed = list(dict.fromkeys(which for what, which, _ in wanted if what == "each"))
    taken = {*names}
    leaves: list[_Text] = []
    for k, found in enumerate(loop.inputs):
        item = args[k]
        if found.kind == "carry":
            stem = found.name or f"s{k + 1}"
            name = stem if stem not in taken else f"{stem}_t"
            taken.add(name)
            item = (writer.name(name), _ATOM)
        elif found.kind == "each":
            item = (writer.group(item, _ATOM) + ("_{t}" if writer.latex else "[t]"), _ATOM)
        leaves.append(item)
    step = loop.step(listed)
    own = all_names(step, [f"{n}" for n in range(len(loop.inputs))], taken)
    rows, texts = _sides(step, writer, leaves, own)
    steps = f"{loop.count} {'…'} 1" if loop.backwards else f"1 {'…'} {loop.count}"
    if writer.latex:
        steps = steps.replace("…", r"\dots")
    indent = r"\quad " if writer.latex else "    "
    carried = [leaves[k][0] for k in loop.carried]
    begin = [(name, args[k][0]) for name, k in zip(carried, loop.carried) if name != args[k][0]]
    new = [texts[o][0] for o in step.outputs[: len(carried)]]
    pairs = [(name, text) for name, text in zip(carried, new) if name != text]
    if any(a in text for a, _ in pairs for b, text in pairs if a != b):  # all at once
        pairs = [(", ".join(a for a, _ in pairs), ", ".join(b for _, b in pairs))]
    rows += pairs
    lines = [*begin, (r"\text{for } t" if writer.latex else "for t", steps), *[(indent + a, b) for a, b in rows]]
    results: dict[Any, _Text] = {}
    for what, which, _ in wanted:
        text = leaves[which] if what != "each" else texts[step.outputs[len(carried) + listed.index(which)]]
        results[what, which] = text
    return lines, results


def equations(program: ArrayProgram) -> Equations:
    """The statements as equations, small ones written into those that use them."""
    plain = "\n".join(f"{left} = {right}" for left, right in _sides(program, _Writer(False))[0])
    return Equations(_sides(program, _Writer(True))[0], plain)
