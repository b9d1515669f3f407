"""What this installation is made of: for bug reports, and to see which build runs."""

from __future__ import annotations

import html
import importlib
import platform
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

from ..engine import sweeps
from ..engine.user_frame import warn_at_user

__all__ = ["BuildInfo", "build_info", "compiled"]

_PACKAGE = __name__.partition(".")[0]
_FOLDER = Path(__file__).resolve().parent.parent


_LEFT = "style='text-align:left'"


def table(rows: list[tuple[str, str]]) -> str:
    """Rows of a name and a text as an HTML table."""
    lines = [
        f"<tr><th {_LEFT}>{html.escape(name)}</th><td {_LEFT}>{html.escape(text)}</td></tr>" for name, text in rows
    ]
    return f"<table>{''.join(lines)}</table>"


def compiled() -> bool:
    """Whether the hot modules are compiled."""
    return not str(sweeps.__file__).endswith((".py", ".pyc"))


class BuildInfo(dict[str, Any]):
    """What ``build_info`` found: a dict that shows itself as a table."""

    def __repr__(self) -> str:
        return "\n".join(f"{name:14} {text}" for name, text in self.items())

    def _repr_html_(self) -> str:
        return table([(name, str(text)) for name, text in self.items()])


def build_info() -> BuildInfo:
    """What this installation is made of: for bug reports, and to see which half of the package you run.

    Returns:
        A dict: "autograd_lite" (version), "engine" ("compiled" or "pure"), "from" (the folder it was imported from),
        "python", "platform", a version (or "not installed") for each library that can be used, "renderer": what draws
        graphs here, and "c_compiler": what ``compile(f, backend="c")`` builds with, or "none".

    Warns:
        UserWarning: if this is the plain source, and hides a native build that is installed: Python looks in the
            working directory first.

    >>> import autograd_lite as ag
    >>> ag.build_info()["engine"] in ("compiled", "pure")
    True
    """
    info = BuildInfo()
    info["autograd_lite"] = importlib.import_module(_PACKAGE).__version__
    info["engine"] = "compiled" if compiled() else "pure"
    info["from"] = str(_FOLDER)
    hidden = [] if compiled() else _native_builds(sys.path)
    if hidden:
        warn_at_user(
            f"this is the plain source in {_FOLDER.parent}, and the native build installed in {hidden[0]} is faster: "
            f"run Python in another directory, or with -P",
            UserWarning,
        )
    info["python"] = f"{platform.python_implementation()} {platform.python_version()}"
    info["platform"] = f"{platform.system()} {platform.machine()}"
    for name in ("numpy", "graphviz", "graphviz-pure", "matplotlib", "safetensors", "tqdm", "scipy", "sympy"):
        info[name] = _version(name)
    info["renderer"] = _renderer()
    info["c_compiler"] = _c_compiler()
    return info


def _native_builds(path: list[str]) -> list[str]:
    """The folders on ``path``, other than that of this package, in which a native build of it is installed."""
    found = []
    for entry in path:
        folder = Path(entry or ".").resolve()
        if folder != _FOLDER.parent:
            names = [folder / _PACKAGE / f"engine/sweeps{suffix}" for suffix in EXTENSION_SUFFIXES]
            found += [str(folder)] if any(name.is_file() for name in names) else []
    return found


def _version(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _c_compiler() -> str:
    try:
        return str(importlib.import_module(f"{_PACKAGE}.compiler.call.c_library").described())
    except Exception as error:
        return f"none ({type(error).__name__}: {error})"


def _renderer() -> str:
    """What ``drawing`` says it would draw with."""
    try:
        module = importlib.import_module(f"{_PACKAGE}.drawing.renderer")
        found = module.find_renderer()
        return " ".join(str(part) for part in (found.name, found.path) if part)
    except Exception as error:  # a report about a broken installation must not break
        return f"none ({type(error).__name__}: {error})"
