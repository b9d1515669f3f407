"""A sparse Jacobian as one function: the sweeps of its colouring, one after the other, and where its numbers are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .c import LOCAL, Argument, CFunction
from .c_names import RESERVED, table, unique

__all__ = ["over_sweeps"]


def over_sweeps(one: CFunction, colouring: Any, seeds: Sequence[int]) -> CFunction:
    """The function that finds the numbers of a Jacobian that may be other than 0.

    Args:
        one: a sweep: from the seeds to what it finds.
        colouring: whose members are found by which sweep, and where (``call/sparse.py``).
        seeds: the numbers of the leaves that are seeds.
    """
    rows, columns = colouring.shape
    given = [a for a in one.arguments if not a.output and a.leaf not in seeds]
    taken = {*RESERVED, *(a.name for a in one.arguments)}
    values, seed, found, sweep, k = unique(["values", "seed", "found", "sweep", "k"], taken)
    size = (columns, rows) if colouring.forward else (rows, columns)
    name = one.name
    one.name = f"{name}_sweep"
    tables = _tables(name, colouring)
    made = CFunction(name, [*given, Argument(values, (len(colouring.rows),), True, 0)], False, list(one.guards))
    made.note = [
        f"those of a matrix of {rows} rows (results) and {columns} columns (numbers given, in the",
        f"order of the arguments) that may be other than 0; {name}_places(row, column)",
        "says where they are. One that is not finite may stand for others of its sweep",
    ]
    local = one.work == 0 and sum(size) <= LOCAL
    made.work = 0 if local else one.work + sum(size)
    lines = [f"double {seed}[{size[0]}], {found}[{size[1]}];"] if local else [
        f"double *{seed} = w + {one.work}, *{found} = w + {one.work + size[0]};"
    ]  # fmt: skip
    call = f"{one.name}({', '.join(_passed(one, seeds, seed, found))});"
    lines += [
        f"for (int {sweep} = 0; {sweep} < {len(colouring.groups)}; {sweep}++) {{",
        f"  for (int {k} = 0; {k} < {size[0]}; {k}++) {seed}[{k}] = {name}_colour[{k}] == {sweep} ? 1.0 : 0.0;",
        f"  {call}",
        *["  if (*guard) return;"] * bool(one.guards),
        f"  for (int {k} = {name}_first[{sweep}]; {k} < {name}_first[{sweep} + 1]; {k}++) {{",
        f"    {values}[{name}_number[{k}]] = {found}[{name}_from[{k}]];",
        "  }",
        "}",
    ]
    body = "\n".join(f"  {line}" for line in lines)
    inner = one.texts[-1].replace(f" {name}(", f" {one.name}(", 1)
    made.texts = [
        *one.texts[:-1],
        *tables,
        f"static {inner}",
        f"{made.signature()} {{\n{body}\n}}",
        _places(name, len(colouring.rows)),
    ]
    return made


def _passed(one: CFunction, seeds: Sequence[int], seed: str, found: str) -> list[str]:
    """What a sweep is called with."""
    passed = []
    at = {True: 0, False: 0}
    for a in one.arguments:
        if not a.output and a.leaf not in seeds:
            passed.append(a.name)
            continue
        base = found if a.output else seed
        passed.append(f"{base}[{at[a.output]}]" if not (a.shape or a.output) else f"{base} + {at[a.output]}")
        at[a.output] += a.size
    return passed + ["guard"] * bool(one.guards) + ["w"] * bool(one.work)


def _tables(name: str, colouring: Any) -> list[str]:
    """Where the numbers are; the colour of each seed; and by sweep which numbers it finds, and where it has them."""
    order = sorted(range(len(colouring.rows)), key=lambda n: int(colouring.sweep[n]))
    first = [0] * (len(colouring.groups) + 1)
    for n in order:
        first[int(colouring.sweep[n]) + 1] += 1
    for n in range(len(colouring.groups)):
        first[n + 1] += first[n]
    colour = [0] * (colouring.shape[1] if colouring.forward else colouring.shape[0])
    for n, members in enumerate(colouring.groups):
        for member in members:
            colour[int(member)] = n
    along = colouring.rows if colouring.forward else colouring.columns
    numbers = {
        "row": colouring.rows, "column": colouring.columns, "colour": colour, "first": first, "number": order,
        "from": [along[n] for n in order],
    }  # fmt: skip
    return [table("int", f"{name}_{what}", [str(int(n)) for n in items]) for what, items in numbers.items()]


def _places(name: str, count: int) -> str:
    """The function that says where the numbers are."""
    return (
        f"void {name}_places(int *row, int *column) {{\n"
        f"  for (int k = 0; k < {count}; k++) {{\n"
        f"    row[k] = {name}_row[k];\n    column[k] = {name}_column[k];\n  }}\n}}"
    )
