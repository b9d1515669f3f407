"""Where an op is known: ``python -m autograd_lite.primitives NAME``; ``--methods`` writes the types of Value's methods.

An op is one entry in one page of the table. A target has words for the basic ops; one that is composed of others is
written by its entry's ``expression``, and one that is neither is refused there by its name: that is what is missing.
"""

from __future__ import annotations

import argparse
import builtins
import importlib
import importlib.util
import inspect
import math
import re
import sys
from pathlib import Path

from .primitive import TABLE, Primitive

PACKAGE = Path(__file__).parents[1]
STUB = PACKAGE / "engine" / "methods.pyi"
ORACLE = PACKAGE.parent / "tests" / "oracle" / "mp_table.py"


def report(entry: Primitive) -> list[str]:
    """Lines that say where an op is known, and what is missing."""
    home = _shown(inspect.getsourcefile(inspect.unwrap(entry.fn)) or "?")
    public = getattr(sys.modules[entry.fn.__module__], "__all__", ())
    return [
        f"{entry.name}: {(entry.__doc__ or '').strip().splitlines()[0]}",
        f"  entry         {home}",
        f"  operands      {entry.arity if entry.arity >= 0 else 'any number'}, tested in {entry.domain}",
        f"  text          {entry.text}",
        f"  LaTeX         {entry.latex}",
        f"  SymPy         {entry.sympy}",
        *[f"  missing       sympy=…, in SymPy's words: it has no {name}" for name in _unknown_to_sympy(entry)],
        *[f"  {target:<13} {how}" for target, how in targets(entry).items()],
        *([] if entry.name in public else [f"  missing       its name in __all__ of {home}"]),
        *([] if _has_method(entry) else [f"  missing       its method in {_shown(STUB)}: --methods writes it"]),
        *(["  missing       its function of 50-digit numbers in tests/oracle/mp_table.py"] if _unjudged(entry) else []),
    ]


def targets(entry: Primitive) -> dict[str, str]:
    """How each target writes an op, by the target's name; "missing: …" where one can't."""
    registry = importlib.import_module("autograd_lite.compiler.emit.registry")  # these know the table, not it them
    page = importlib.import_module("autograd_lite.explorer.javascript_rules")
    found = {}
    for name, target in registry.TARGETS.items():
        try:
            found[name] = target.how(entry)
        except NotImplementedError as error:
            found[name] = f"missing: {error}"
    found["explorer"] = page.how(entry)
    return found


def _has_method(entry: Primitive) -> bool:
    if entry.arity < 1 or entry.name == "where":
        return True
    return re.search(rf"^    def {entry.name}\(", STUB.read_text(encoding="utf-8"), re.M) is not None


def _unknown_to_sympy(entry: Primitive) -> list[str]:
    """The functions in an op's SymPy source that SymPy has not; none where it is not installed."""
    if importlib.util.find_spec("sympy") is None:
        return []
    sympy = importlib.import_module("sympy")
    called = re.findall(r"([A-Za-z_]\w*)\(", entry.sympy)
    return [name for name in called if not hasattr(sympy, name) and not hasattr(builtins, name)]


def _unjudged(entry: Primitive) -> bool:
    return ORACLE.exists() and f'"{entry.name}"' not in ORACLE.read_text(encoding="utf-8")


def _shown(path: str | Path) -> str:
    path = Path(path)
    return str(path.relative_to(PACKAGE)) if path.is_relative_to(PACKAGE) else str(path)


def methods() -> str:
    """The types of the table's methods of ``Value``, a line each."""
    lines = []
    for name, entry in sorted(TABLE.items()):
        if entry.arity < 1 or name == "where":
            continue
        parameters = list(inspect.signature(entry.fn).parameters.values())[1:]
        given = ["self"]
        for p in parameters:
            default = "..." if p.default in (-math.inf, math.inf) else repr(p.default)
            given.append(f"{p.name}: Number" + ("" if p.default is p.empty else f" = {default}"))
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
