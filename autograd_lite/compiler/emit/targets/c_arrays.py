"""The statements of arrays as loops in C: every number of a sum is added in the order of its place."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...ir.array_program import Statement
from .c_index import Index, Reference, flattened
from .c_printer import Printer, indexed
from .c_words import MULTIPLY, UNARY, grouped

__all__ = ["ArrayPrinter", "filled"]

#: rows of a matrix that are multiplied side by side: as many sums that don't wait for each other
ROWS = 4


class ArrayPrinter(Printer):
    """A printer of arrays too."""

    def array(self, i: int, s: Statement) -> None:
        write = _WRITERS.get(s.op)
        if write is None:
            raise NotImplementedError(f"{s.op} in a program in C")
        write(self, i, s)


def _elementwise(printer: Printer, i: int, s: Statement) -> None:
    part = next((a for a in s.args if a in printer.deferred), None)
    if part is None:
        target = printer.place(i)
        printer.loops(s.shape, lambda p: [f"{target.at(flattened(p, s.shape))} = {printer.element_of(i, p)};"])
        return
    other = s.args[1] if s.args[0] == part else s.args[0]
    there = printer.follow(i, other)
    target = printer.place(i)
    if not there:
        printer.copy(target, other, s.shape)
    _put(printer, target, printer.program.statements[part], "+=")


def _put(printer: Printer, target: Reference, s: Statement, sign: str) -> None:
    """The numbers of a place or a scatter, where they belong among those at ``target``."""
    shape = printer.program.statements[s.args[0]].shape

    def line(p: list[Index]) -> list[str]:
        if s.op == "place":
            home = flattened(indexed(s.attrs[1], s.shape, p), s.shape)
        else:
            home = printer.taken(s.attrs[1], flattened(p, shape))
        return [f"{target.at(home)} {sign} {printer.element(s.args[0], p)[0]};"]

    printer.loops(shape, line)


def _placed(printer: Printer, i: int, s: Statement) -> None:
    target = printer.place(i)
    for first, count in _around(s):
        filled(printer, Reference(target.base, target.offset + Index(first)), count)
    _put(printer, target, s, "=" if s.op == "place" else "+=")


def filled(printer: Printer, target: Reference, count: int, text: str = "0.0") -> None:
    """Lines that make all numbers of an array the same."""
    printer.loops((count,), lambda p: [f"{target.at(p[0])} = {text};"])


def _around(s: Statement) -> list[tuple[int, int]]:
    """Where a place, or a scatter, leaves zeros, or may: runs of numbers, each by its first and how many there are."""
    size = math.prod(s.shape)
    if s.op == "place" and len(s.shape) == 1 and len(s.attrs[1]) == 1 and isinstance(s.attrs[1][0], tuple):
        written = range(*slice(*s.attrs[1][0]).indices(size))
        if written.step == 1 and len(written):
            return [(at, n) for at, n in ((0, written.start), (written.stop, size - written.stop)) if n]
    return [(0, size)]


def _given(printer: Printer, i: int, s: Statement) -> None:
    """A view, a constant or a leaf that has to have a place of its own."""
    target = printer.place(i)
    del printer.places[i]
    printer.copy(target, i, s.shape)
    printer.places[i] = target


def _packed(printer: Printer, i: int, s: Statement) -> None:
    target = printer.place(i)
    for k, a in enumerate(s.args):
        printer.lines.append(f"{target.at(Index(k))} = {printer.number(a)[0]};")


def _joined(printer: Printer, i: int, s: Statement) -> None:
    target, at = printer.place(i), 0
    for a in s.args:
        shape = printer.program.statements[a].shape

        def line(p: list[Index], a: int = a, at: int = at) -> list[str]:
            moved = [index + Index(at) if axis == s.attrs else index for axis, index in enumerate(p)]
            return [f"{target.at(flattened(moved, s.shape))} = {printer.element(a, p)[0]};"]

        printer.loops(shape, line)
        at += shape[s.attrs]


# --- reductions ---------------------------------------------------------------------------------------------------

_START = {"sum": "0.0", "prod": "1.0", "amax": "-INFINITY", "amin": "INFINITY"}
_STEP = {
    "sum": "{0} += {1};",
    "prod": "{0} *= {1};",
    "amax": "{{ const double ag_v = {1}; if (ag_v > {0} || ag_v != ag_v) {0} = ag_v; }}",
    "amin": "{{ const double ag_v = {1}; if (ag_v < {0} || ag_v != ag_v) {0} = ag_v; }}",
}


def _reduced(printer: Printer, i: int, s: Statement) -> None:
    a = s.args[0]
    shape = printer.program.statements[a].shape
    if s.shape == ():
        name = printer.accumulator(i, _START[s.op])
        printer.loops(shape, lambda p: [_STEP[s.op].format(name, printer.element(a, p)[0])])
        return
    target = printer.place(i)
    filled(printer, target, math.prod(s.shape), _START[s.op])

    def line(p: list[Index]) -> list[str]:
        kept = [index for axis, index in enumerate(p) if axis not in s.attrs]
        return [_STEP[s.op].format(target.at(flattened(kept, s.shape)), printer.element(a, p)[0])]

    printer.loops(shape, line)


def _rows(printer: Printer, s: Statement, axes: Sequence[int], body: Any) -> None:
    """Loops over the axes that are kept; ``body`` gets the index there, and makes lines from loops over the others."""
    a = s.args[0]
    shape = printer.program.statements[a].shape
    kept = [n for axis, n in enumerate(shape) if axis not in axes]

    def outer(q: list[Index]) -> list[str]:
        def within(make: Any) -> list[str]:
            before, printer.lines = printer.lines, []

            def line(r: list[Index]) -> list[str]:
                left, own = iter(q), iter(r)
                lines: list[str] = make([next(own) if axis in axes else next(left) for axis in range(len(shape))])
                return lines

            printer.loops([shape[axis] for axis in sorted(axes)], line)
            found, printer.lines = printer.lines, before
            return found

        found: list[str] = body(q, within)
        return found

    printer.loops(kept, outer)


def _logsumexp(printer: Printer, i: int, s: Statement) -> None:
    """The largest number in front of the logarithm; the other terms add up beside its 1."""
    a, single = s.args[0], s.shape == ()
    name = printer.accumulator(i, "0.0") if single else ""
    target = None if single else printer.place(i)

    def body(q: list[Index], within: Any) -> list[str]:
        result = name if target is None else target.at(flattened(q, s.shape))
        return [
            "double ag_top = -INFINITY, ag_terms = 0.0;",
            "int ag_seen = 0;",
            *within(lambda p: [_STEP["amax"].format("ag_top", printer.element(a, p)[0])]),
            *within(lambda p: [
                f"{{ const double ag_v = {printer.element(a, p)[0]}; "
                "if (ag_v == ag_top && !ag_seen) ag_seen = 1; else ag_terms += exp(ag_v - ag_top); }"
            ]),
            f"{result} = ag_top - ag_top != 0.0 ? ag_top : ag_top + log1p(ag_terms);",
        ]  # fmt: skip

    printer.lines.append("{")
    _rows(printer, s, tuple(s.attrs), body)
    printer.lines.append("}")


def _cumprod(printer: Printer, i: int, s: Statement) -> None:
    """The product of the numbers before each one along an axis, or after it."""
    axis, backwards = s.attrs
    target = printer.place(i)
    n = s.shape[axis]

    def body(q: list[Index], within: Any) -> list[str]:
        def line(p: list[Index]) -> list[str]:
            moved = [Index(n - 1) + index * -1 if k == axis and backwards else index for k, index in enumerate(p)]
            found = printer.element(s.args[0], moved)[0]
            return [f"{target.at(flattened(moved, s.shape))} = ag_product;", f"ag_product *= {found};"]

        return ["double ag_product = 1.0;", *within(line)]

    printer.lines.append("{")
    _rows(printer, s, (axis,), body)
    printer.lines.append("}")


# --- products of matrices -----------------------------------------------------------------------------------------


def _matmul(printer: Printer, i: int, s: Statement) -> None:
    a, b = s.args
    left, right = (printer.program.statements[x].shape for x in s.args)
    if len(left) == 1 and len(right) == 1:
        name = printer.accumulator(i, "0.0")
        printer.loops(left, lambda p: [f"{name} += {_product(printer, a, p, b, p)};"])
    elif len(right) == 1:
        _dots(printer, i, left[0], left[1], lambda row, term: _product(printer, a, [row, term], b, [term]))
    elif len(left) == 1:
        _dots(printer, i, right[1], right[0], lambda row, term: _product(printer, a, [term], b, [term, row]))
    else:
        _matrices(printer, i, s, left, right)


def _product(printer: Printer, a: int, p: Sequence[Index], b: int, q: Sequence[Index]) -> str:
    return f"{grouped(printer.element(a, p), MULTIPLY)} * {grouped(printer.element(b, q), UNARY)}"


def _dots(printer: Printer, i: int, rows: int, count: int, product: Callable[[Index, Index], str]) -> None:
    """One sum of products a row; several rows side by side."""
    target = printer.place(i)
    row, term = printer.layout.fresh("i"), printer.layout.fresh("j")
    whole = rows - rows % ROWS

    def block(head: str, start: Index, width: int) -> list[str]:
        sums = [f"ag_s{k}" for k in range(width)]
        return [
            head,
            f"  double {', '.join(f'{name} = 0.0' for name in sums)};",
            f"  for (int {term} = 0; {term} < {count}; {term}++) {{",
            *[f"    {name} += {product(start + Index(k), Index.of(term))};" for k, name in enumerate(sums)],
            "  }",
            *[f"  {target.at(start + Index(k))} = {name};" for k, name in enumerate(sums)],
            "}",
        ]

    if whole:
        printer.lines += block(f"for (int {row} = 0; {row} < {whole}; {row} += {ROWS}) {{", Index.of(row), ROWS)
    if whole < rows:
        printer.lines += block("{", Index(whole), rows - whole)
    printer.layout.taken -= {row, term}


def _matrices(printer: Printer, i: int, s: Statement, left: Sequence[int], right: Sequence[int]) -> None:
    """Row by row, a row of the second matrix times a number at a time: the inner loop runs along memory."""
    a, b = s.args
    target = printer.place(i)
    n, inner, m = left[-2], left[-1], right[-1]
    probe = printer.element(b, [*[Index()] * (len(right) - 2), Index.of("p_"), Index.of("q_")])[0]
    copy = None
    if n >= ROWS and len(right) == 2 and m > 1 and "* q_" in probe:  # its rows are not along memory
        copy = printer.scratch(inner * m)
        printer.copy(copy, b, (inner, m))

    def line(p: list[Index]) -> list[str]:
        *batch, row, term, column = p
        first = printer.element(a, [*batch, row, term])[0]
        if copy is None:
            second = printer.element(b, [*batch, term, column])[0]
        else:
            second = copy.at(flattened([term, column], (inner, m)))
        return [f"{target.at(flattened([*batch, row, column], s.shape))} += {first} * {second};"]

    filled(printer, target, math.prod(s.shape))
    printer.loops((*left, m), line)
    if copy is not None:
        printer.layout.release(copy, inner * m)


_WRITERS = {
    "elementwise": _elementwise,
    "place": _placed,
    "scatter": _placed,
    "pack": _packed,
    "concat": _joined,
    "sum": _reduced,
    "prod": _reduced,
    "amax": _reduced,
    "amin": _reduced,
    "logsumexp": _logsumexp,
    "cumprod": _cumprod,
    "matmul": _matmul,
    "gathered": lambda printer, i, s: s.attrs.write(printer, i),
    **dict.fromkeys(("leaf", "constant", "result", "reshape", "transpose", "index", "broadcast", "take"), _given),
}
