"""The map of all modules, ``modules.md``, made from the first line of every module: ``python docs/module_map.py``."""

from __future__ import annotations

import ast
from pathlib import Path

PAGE = Path(__file__).with_name("modules.md")
PACKAGE = Path(__file__).parents[1] / "autograd_lite"


def first_line(path: Path) -> str:
    """The first sentence of a module's docstring, on one line."""
    text = " ".join((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0].split())
    return text.replace("|", "\\|").replace("``", "`")


def module_map() -> str:
    """A table for each package: its modules, and what each is for."""
    lines = ["# Modules", "", "Made by `python docs/module_map.py`.", ""]
    for folder in [PACKAGE, *sorted(p.parent for p in PACKAGE.rglob("*/__init__.py"))]:
        name = ".".join(folder.relative_to(PACKAGE.parent).parts)
        lines += [f"**`{name}`** {first_line(folder / '__init__.py')}", "", "| module | |", "|---|---|"]
        modules = sorted(p for p in folder.glob("*.py") if p.stem != "__init__")
        lines += [f"| `{path.stem}` | {first_line(path)} |" for path in modules]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(module_map(), encoding="utf-8")
