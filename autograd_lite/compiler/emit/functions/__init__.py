"""Functions that sources define for themselves: files that are read and printed, and never run as they are here.

Each is a module for the linter; what it needs is imported ``if TYPE_CHECKING``, and a source that uses such a name
imports it.
"""

from __future__ import annotations

import ast
import functools
import pkgutil
import re
from collections.abc import Mapping

__all__ = ["called_by", "functions"]


@functools.cache
def functions(name: str, header: str = "", module: str = "", package: str = __name__) -> dict[str, str]:
    """The functions of a file, and the imports that they need, as text by name; none if there is no such file.

    Args:
        name: the file's, and ``package``, where it is.
        header: what a source begins with, whose imports need no other.
        module: what the library is imported as, if the file is written for ``np``.

    >>> print(functions("numpy")["_number"].strip())
    def _number(x):
        \"\"\"In double precision.\"\"\"
        return np.asarray(x, float)
    """
    try:
        text = (pkgutil.get_data(package, f"{name}.py") or b"").decode()
    except OSError:
        return {}
    lines = re.sub(r"  # (fmt|noqa).*", "", text).splitlines()
    found: dict[str, str] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            body = "\n".join(["", *lines[node.lineno - 1 : node.end_lineno], ""])
            found[node.name] = re.sub(r"\bnp\.", f"{module}.", body) if module else body
        elif isinstance(node, ast.If):
            for imported in node.body:
                if isinstance(imported, ast.Import) or (isinstance(imported, ast.ImportFrom) and not imported.level):
                    line = ast.unparse(imported)
                    known = line in header or (module and "import numpy" in line)
                    found |= {} if known else {item.asname or item.name: f"\n{line}\n" for item in imported.names}
    return found


def called_by(body: str, known: Mapping[str, str]) -> str:
    """The definitions of what a source calls, of those ``known`` by name; what others call comes first."""
    found: list[str] = []

    def add(text: str, own: str) -> None:
        called = {*re.findall(r"(?<![\w.])(\w+)[(.]", text), *re.findall(r"\bmap\((\w+)", text)}
        for name in known:
            if name != own and name not in found and name in called:
                add(known[name], name)
                found.append(name)

    add(body, "")
    imports = [known[name] for name in found if "\ndef " not in known[name]]
    return "".join([*imports, *("\n" + known[name] for name in found if "\ndef " in known[name])])
