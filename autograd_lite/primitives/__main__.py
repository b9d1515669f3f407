"""Where an op is known: ``python -m autograd_lite.primitives NAME``; ``--methods`` writes the types of Value's methods.

An op is one entry in one page of the table. What else knows it by name are tables of words, one a target, for which the
entry's own notation is not enough; a target without words for it calls the float function, or refuses it by name.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from pathlib import Path

from .primitive import TABLE, Primitive

PACKAGE = Path(__file__).parents[1]
STUB = PACKAGE / "engine" / "methods.pyi"
#: what each target needs to know an op: the file with its words, or the entry's own field
TARGETS = {
    "NumPy, JAX and PyTorch programs": "compiler/emit/words.py",
    "Dr.Jit programs": "compiler/emit/drjit_words.py",
    "the interpreter and Python programs": "compiler/emit/python.py",
    "equations": "compiler/derive/textbook.py",
    "the stepping page": "explorer/javascript_ops.py",
}
#: what a target does with an op that it has no words for
GENERAL = {
    "NumPy, JAX and PyTorch programs": "its notation in the entry, array=",
    "Dr.Jit programs": "refused by name",
    "the interpreter and Python programs": "the float function is called",
    "equations": "the rule itself is written out",
    "the stepping page": "refused by name",
}


def report(entry: Primitive) -> list[str]:
    """Lines that say where an op is known, and what is missing."""
    home = inspect.getsourcefile(inspect.unwrap(entry.fn)) or "?"
    lines = [
        f"{entry.name}: {(entry.__doc__ or '').strip().splitlines()[0]}",
        f"  entry         {_shown(home)}",
        f"  operands      {entry.arity if entry.arity >= 0 else 'any number'}, tested in {entry.domain}",
        f"  text          {entry.text}",
        f"  LaTeX         {entry.latex}",
        f"  SymPy         {entry.sympy}",
        f"  array         {entry.array or 'none: the float function is called for each number'}",
    ]
    for target, name in TARGETS.items():
        known = _mentions(PACKAGE / name, entry.name)
        lines.append(f"  {'words for' if known else 'no words for'} {target}: {name if known else GENERAL[target]}")
    others = [_shown(path) for path in sorted(PACKAGE.rglob("*.py")) if _mentions(path, entry.name)]
    listed = {*TARGETS.values(), _shown(home)}
    lines.append(f"  named in      {', '.join(path for path in others if path not in listed) or 'no other module'}")
    if entry.arity > 0 and entry.name != "where" and not re.search(rf"^    def {entry.name}\(", STUB.read_text(), re.M):
        lines.append("  missing       its method in engine/methods.pyi: python -m autograd_lite.primitives --methods")
    oracle = PACKAGE.parent / "tests" / "oracle" / "mp_table.py"
    if oracle.exists() and not _mentions(oracle, entry.name):
        lines.append("  missing       its function of 50-digit numbers in tests/oracle/mp_table.py")
    return lines


def _shown(path: str | Path) -> str:
    path = Path(path)
    return str(path.relative_to(PACKAGE)) if path.is_relative_to(PACKAGE) else str(path)


def _mentions(path: Path, name: str) -> bool:
    return bool(re.search(rf'"{name}"', path.read_text(encoding="utf-8"))) if path.exists() else False


def methods() -> str:
    """The types of the table's methods of ``Value``, a line each."""
    lines = []
    for name, entry in sorted(TABLE.items()):
        if entry.arity < 1 or name == "where":
            continue
        parameters = list(inspect.signature(entry.fn).parameters.values())[1:]
        given = ["self"]
        for p in parameters:
            given.append(f"{p.name}: Number" + ("" if p.default is p.empty else f" = {p.default!r}"))
        if name == "gelu":
            given.append("approximate: str = 'none'".replace("'", '"'))
        if name == "log":
            given.append("base: Number = ...")
        if name == "hypot":
            given.append("*others: Number")
        lines.append(f"    def {name}({', '.join(given)}) -> Value: ...")
    return "\n".join(lines) + "\n"


def write_methods() -> None:
    """Put them in their place in ``engine/methods.pyi``."""
    text = STUB.read_text(encoding="utf-8")
    start, end = text.index("    # the table's\n"), text.index("    # its own\n")
    STUB.write_text(text[:start] + "    # the table's\n" + methods() + text[end:], encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m autograd_lite.primitives", description=__doc__)
    parser.add_argument("name", nargs="*", help="ops; all of them by default")
    parser.add_argument("--methods", action="store_true", help="write engine/methods.pyi")
    options = parser.parse_args(arguments)
    if options.methods:
        write_methods()
        return 0
    unknown = [name for name in options.name if name not in TABLE]
    if unknown:
        print(f"no op is called {unknown[0]!r}; there are {', '.join(sorted(TABLE))}", file=sys.stderr)
        return 2
    for name in options.name or sorted(TABLE):
        print("\n".join(report(TABLE[name])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
