"""The evaluation trace: the forward pass as a table, then every derivative as the sum of its chain-rule terms.

Reverse mode gives the lines in the order in which a backward pass by hand would: the intermediate quantities from the
output to the input, then the parameters. Forward mode carries the derivatives with respect to one input along.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..engine.sweeps import Node, forward_sweep, topological_order
from ..primitives.primitive import as_float
from . import trace_formats as formats
from .local_derivatives import Formula, local_formulas, phrase_of_formula
from .outline import Line, Outline, outline
from .symbols import Symbol, number
from .trace_rows import Derivative, Quotient, Rows, Section, Step, Term

__all__ = ["Trace", "explain"]

_TERMS = 6  # chain-rule terms of one line that are shown
_NAMED = 6  # leaves that a note names


class Trace(Rows):
    """What ``explain`` returns: ``str()`` is the trace as text; notebooks show it as HTML.

    Attributes:
        mode: "reverse" or "forward".
        forward: the Section of the forward pass, rows of ``Step``.
        local: the Section of the local derivatives, rows of ``Step``; None if it was not asked for.
        derivatives: the Sections of the backward pass (or of the tangents), rows of ``Derivative``.
        notes: sentences below the tables, such as which leaves were changed since the graph was recorded.
    """

    def text(self) -> str:
        """Plain text with aligned columns."""
        return formats.text(self)

    def markdown(self) -> str:
        """Markdown tables."""
        return formats.markdown(self)

    def html(self) -> str:
        """HTML tables, every label escaped."""
        return formats.html_(self)

    def latex(self) -> str:
        """LaTeX for math mode: one ``aligned`` environment."""
        return formats.latex(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the trace, in the format that the file's ending says.

        Args:
            path: of a file that ends in .txt, .md, .html (a page of its own) or .tex (for ``\\input``).

        Returns:
            The path.

        Raises:
            ValueError: for another ending.

        >>> import autograd_lite as ag, os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     explain(ag.Value(3.0, label="x") ** 2).save(os.path.join(folder, "trace.md")).name
        'trace.md'
        """
        target = Path(path)
        written: dict[str, Callable[[], str]] = {
            ".txt": self.text,
            ".md": self.markdown,
            ".html": lambda: formats.page(self),
            ".tex": lambda: f"\\[\n{self.latex()}\n\\]",
        }
        make = written.get(target.suffix.lower())
        if make is None:
            raise ValueError(f"a trace is saved as {', '.join(written)}, by the file's ending, not as {target.name!r}")
        target.write_text(make().rstrip("\n") + "\n", encoding="utf-8", newline="\n")
        return target

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def _mime_(self) -> tuple[str, str]:
        return "text/html", self.html()

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"


def explain(
    v: Any,
    mode: str = "reverse",
    wrt: Any = None,
    names: Mapping[str, Any] | None = None,
    *,
    fold: bool | None = None,
    seed: float = 1.0,
    local: bool = False,
    max_rows: int | None = 100,
    digits: int | None = None,
) -> Trace:
    """The evaluation trace of a graph in words: forward pass, then the derivatives with the chain rule's arithmetic.

    Reads the graph and changes nothing: no ``grad`` is written. The numbers are those that ``backward()`` computes,
    bit for bit. A leaf that was changed since (by an optimiser's step) is shown with the number that was recorded, and
    a note says so.

    Args:
        v: the result, a Value; or several (a list, an array of Values), which get a backward pass each.
        mode: "reverse" for ∂v/∂· of everything, from the output back (problem 7.12 of the chapter); "forward" for
            ∂·/∂wrt of everything, from the input on (problem 7.13).
        wrt: in forward mode, the input: a Value or its label; may be left out when there is only one. In reverse
            mode, the leaves to list, one or several; all by default.
        names: variables by name, such as ``locals()``, for Values without a label.
        fold: whether unnamed intermediates with one consumer become part of its expression. By default they do when
            some intermediate has a name, or is a layer's neuron; in a graph without, every operation gets a line
            (v₁, v₂ …).
        seed: the number the reverse (or forward) sweep starts from.
        local: add a table of the local derivatives with their formulas, ∂f₂/∂f₁ = 2 · f₁.
        max_rows: rows shown of each table, the middle left out; None shows all.
        digits: significant digits of the results; None shows all of them.

    Returns:
        A Trace, with ``.text()``, ``.markdown()``, ``.html()``, ``.latex()`` and ``.save(path)``.

    Raises:
        TypeError: if ``v`` is neither a Value nor several.
        ValueError: for an unknown mode, or a ``wrt`` that is missing or not in the graph.

    >>> import autograd_lite as ag
    >>> x = ag.Value(3.0, label="x"); s = (x**2).named("s"); y = (s + x).named("y")
    >>> print(explain(y))
    Forward pass
      x = 3
      s = x²    = 9
      y = s + x = 12
    <BLANKLINE>
    Backward pass
      ∂y/∂y = 1
      ∂y/∂s = 1 × 1                                    = 1
      ∂y/∂x = ∂s/∂x · ∂y/∂s + ∂⁺y/∂x = 6 × 1 + 1 × 1 = 7
    <BLANKLINE>
    ∂⁺ is the derivative through the operation itself, with everything between held still.
    """
    results = _results(v)
    if mode not in ("reverse", "forward"):
        raise ValueError(f"mode is 'reverse' or 'forward', not {mode!r}")
    if max_rows is not None and max_rows < 2:
        raise ValueError(f"max_rows is at least 2, or None for all rows, not {max_rows}")
    start = as_float(seed, "seed")
    seen = outline(*results, names=names, fold=fold)
    steps = [*_leaves_in_order(seen, 1), *_inner(seen)]
    forward = _section("Forward pass", steps, max_rows, lambda nodes: [_step(seen, node) for node in nodes])
    below = _local(seen, max_rows) if local else None
    if mode == "reverse":
        derivatives = [section for root in results for section in _reverse(seen, root, wrt, start, max_rows)]
    else:
        derivatives = _tangents(seen, wrt, start, max_rows)
    return Trace(mode, forward, below, tuple(derivatives), digits, tuple(_changed(seen)))


def _results(v: Any) -> list[Any]:
    """The results, each once."""
    several = v.ravel().tolist() if hasattr(v, "ravel") else v
    found = [v] if isinstance(v, Node) else list(several) if isinstance(several, (list, tuple)) else [v]
    for result in found:
        if not isinstance(result, Node):
            raise TypeError(f"explain takes a Value, not {type(result).__name__}: pass the result of the computation")
    if not found:
        raise TypeError("explain takes a Value or several, and there are none")
    return list({id(result): result for result in found}.values())


def _changed(seen: Outline) -> list[str]:
    """Which leaves have another number now than the one that was recorded."""
    notes = []
    gone = seen.recorded.lost
    found = [leaf for leaf in seen.recorded.changed if id(leaf) not in gone]
    if found:
        now = [f"{seen.symbol(leaf).text} = {number(leaf.data)}" for leaf in found[:_NAMED]]
        notes.append(
            f"The numbers are those that were recorded; since then leaves have changed: now {_some(now, found)}."
        )
    several = [leaf for leaf in seen.recorded.changed if id(leaf) in seen.recorded.several]
    if several:
        named = _some([seen.symbol(leaf).text for leaf in several[:_NAMED]], several)
        notes.append(
            f"Changed while this was recorded, so that its nodes were computed with different numbers, and shown as "
            f"now: {named}."
        )
    lost = [leaf for leaf in seen.recorded.changed if id(leaf) in gone - seen.recorded.several]
    if lost:
        named = _some([seen.symbol(leaf).text for leaf in lost[:_NAMED]], lost)
        notes.append(
            f"Changed since this was recorded, and shown as now, because the recorded number can't be found again: "
            f"{named}. Explain a graph before the optimiser steps."
        )
    return notes


def _some(shown: list[str], items: Sequence[Any]) -> str:
    more = len(items) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _inner(seen: Outline) -> list[Any]:
    """The nodes that are not leaves, in topological order."""
    return [line.node for line in seen.lines if line.node.op is not None]


def _section(title: str, items: Sequence[Any], limit: int | None, make: Any) -> Section:
    """The rows of the items at both ends of a long list."""
    if limit is None or len(items) <= limit:
        return Section(title, tuple(make(items)), len(items), 0)
    head, tail = (limit + 1) // 2, limit // 2
    return Section(title, tuple(make([*items[:head], *items[-tail:]])), head, len(items) - limit)


def _step(seen: Outline, node: Any) -> Step:
    if node.op is None:
        return Step(seen.symbol(node), (), "", seen.number(node))
    return Step(seen.symbol(node), tuple(seen.phrase(node).runs), seen.phrase(node, "latex").text, node.data)


def _local(seen: Outline, limit: int | None) -> Section:
    """The derivative of every line with respect to each operand of its expression."""
    pairs = [(line, i) for line in seen.lines for i in range(len(line.operands))]
    formulas: dict[int, list[Any]] = {}

    def row(line: Line, i: int) -> Step:
        if id(line) not in formulas:
            formulas[id(line)] = local_formulas(seen, line)
        formula = formulas[id(line)][i]
        name = Quotient(seen.symbol(line.node), seen.symbol(line.operands[i]))
        value = sum(line.partials[i])
        if not isinstance(formula, Formula):
            return Step(name, (), "", value)
        return Step(name, tuple(phrase_of_formula(formula).runs), phrase_of_formula(formula, "latex").text, value)

    return _section("Local derivatives", pairs, limit, lambda chosen: [row(*pair) for pair in chosen])


def _chosen(seen: Outline, wrt: Any, candidates: Iterable[Any]) -> list[Any]:
    """The nodes that ``wrt`` names: Values or labels, one or several."""
    wanted = [wrt] if isinstance(wrt, (Node, str)) else list(wrt)
    present = list(candidates)
    found: list[Any] = []
    for item in wanted:
        matches = [n for n in present if n is item or (isinstance(item, str) and n.label == item)]
        if not matches:
            shown = repr(item) if isinstance(item, str) else "a Value that"
            known = ", ".join(repr(n.label) for n in present[:8] if n.label)
            raise ValueError(f"wrt: {shown} is not in this graph" + (f"; it has {known}" if known else ""))
        found += matches
    return found


# --- reverse mode -----------------------------------------------------------------------------------------------------


def _adjoints(seen: Outline, root: Any, seed: float) -> dict[int, float]:
    """∂root/∂node of every node by id, in the order of ``backward()``'s own sweep."""
    adjoints = {id(node): 0.0 for node in seen.nodes}
    adjoints[id(root)] = seed
    for node in reversed(seen.nodes):
        g = adjoints[id(node)]
        for parent, partial in zip(node.parents, node.local_partials):
            adjoints[id(parent)] += g * partial
    return adjoints


def _reverse(seen: Outline, root: Any, wrt: Any, seed: float, limit: int | None) -> list[Section]:
    adjoints = _adjoints(seen, root, seed)
    below = {id(node) for node in topological_order(root)}
    inner = [node for node in _inner(seen)[::-1] if id(node) in below]
    leaves = [leaf for leaf in _leaves_in_order(seen, -1) if id(leaf) in below]
    if wrt is not None:
        ids = {id(node) for node in _chosen(seen, wrt, seen.nodes)}
        leaves = [leaf for leaf in leaves if id(leaf) in ids]
    title = "Backward pass" if len(seen.roots) == 1 else f"Backward pass from {seen.symbol(root).text}"

    def make(nodes: Sequence[Any]) -> list[Derivative]:
        return _reverse_rows(seen, root, nodes, adjoints, below)

    if len(leaves) <= 1:
        return [_section(title, [*inner, *leaves], limit, make)]
    return [
        _section(f"{title} #1: the intermediate quantities", inner, limit, make),
        _section(f"{title} #2: the inputs and parameters", leaves, limit, make),
    ]


def _leaves_in_order(seen: Outline, way: int) -> list[Any]:
    """Leaves by the first line that uses them: as the forward pass meets them (``way`` 1), or as their derivatives
    become complete on the way back (−1); within one line in the order of its operands."""
    place: dict[int, tuple[int, int]] = {}
    leaves: dict[int, Any] = {}
    for i, line in enumerate(seen.lines):
        if line.node.op is None:
            leaves[id(line.node)] = line.node
        for j, operand in enumerate(line.operands):
            if operand.op is None:
                place.setdefault(id(operand), (way * i, j))
    return sorted(leaves.values(), key=lambda leaf: place.get(id(leaf), (0, 0)))


def _reverse_rows(
    seen: Outline, root: Any, nodes: Sequence[Any], adjoints: dict[int, float], below: set[int]
) -> list[Derivative]:
    terms: dict[int, list[Term]] = {id(node): [] for node in nodes}
    for line in seen.lines:
        if id(line.node) not in below:
            continue
        known = adjoints[id(line.node)]
        via = None if line.node is root else seen.symbol(line.node)
        for operand, ways in zip(line.operands, line.partials):
            if id(operand) in terms:
                terms[id(operand)].append(Term(tuple(ways), known, via))
    of = seen.symbol(root)
    return [_derivative(of, seen.symbol(node), terms[id(node)], adjoints[id(node)]) for node in nodes]


def _derivative(of: Symbol, wrt: Symbol, terms: list[Term], value: float) -> Derivative:
    more = len(terms) - _TERMS if len(terms) > _TERMS + 1 else 0
    return Derivative(of, wrt, tuple(terms[:_TERMS] if more else terms), value, more)


# --- forward mode -----------------------------------------------------------------------------------------------------


def _tangents(seen: Outline, wrt: Any, seed: float, limit: int | None) -> list[Section]:
    leaves = [line.node for line in seen.lines if line.node.op is None]
    if wrt is None:
        if len(leaves) != 1:
            known = ", ".join(seen.symbol(leaf).text for leaf in leaves[:8]) + (", …" if len(leaves) > 8 else "")
            raise ValueError(f"forward mode differentiates with respect to one input; say which, wrt=…: {known}")
        wrt = leaves[0]
    chosen = _chosen(seen, wrt, [line.node for line in seen.lines])
    if len(chosen) != 1:
        raise ValueError(f"forward mode differentiates with respect to one input, and wrt names {len(chosen)}")
    start = chosen[0]
    tangents = forward_sweep(seen.roots, [(start, seed)])
    reached = {id(start)}
    lines = []
    for line in seen.lines:
        if line.node is start:
            lines.append(line)
        elif any(id(operand) in reached for operand in line.operands):
            reached.add(id(line.node))
            lines.append(line)
    below = seen.symbol(start)

    def make(chosen: Sequence[Any]) -> list[Derivative]:
        rows = []
        for line in chosen:
            terms = [
                Term(tuple(ways), tangents[id(operand)], None if operand is start else seen.symbol(operand))
                for operand, ways in zip(line.operands, line.partials)
                if id(operand) in reached and line.node is not start
            ]
            rows.append(_derivative(seen.symbol(line.node), below, terms, tangents[id(line.node)]))
        return rows

    return [_section(f"Forward mode: the derivatives with respect to {below.text}", lines, limit, make)]
