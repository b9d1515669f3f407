"""The API pages, ``api/*.md``: one line a public name, by use, then the docstrings. ``python docs/api_pages.py``."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

FOLDER = Path(__file__).with_name("api")
PACKAGE = "autograd_lite"

#: page → title, and the modules whose public names it has
PAGES: dict[str, tuple[str, list[str]]] = {
    "values": ("Values and scopes", ["engine.value", "engine.grad_mode", "engine.sweeps", "primitives.primitive"]),
    "operations": (
        "Operations",
        [f"primitives.{page}" for page in (
            "arithmetic", "elementary", "trigonometric", "hyperbolic", "logistic", "activations", "piecewise",
            "rounding", "reductions", "statistics", "sequences", "selection", "linear_algebra", "special", "math_names",
        )],
    ),
    "derivatives": ("Derivatives of functions", ["functional.transforms", "functional.vmap", "functional.checkpoint"]),
    "compile": ("Compiled functions", ["compiler.call.compiling"]),
    "pictures": ("Pictures and words", ["drawing.draw", "explorer.page", "notation.trace"]),
    "diagnostics": (
        "What went wrong, what it costs",
        ["diagnostics.anomaly", "diagnostics.cost", "diagnostics.build_info", "errors"],
    ),
    "nn": (
        "Networks",
        [f"nn.{page}" for page in (
            "module", "containers", "parameter", "layers", "norms", "activations", "axis_activations",
            "hard_activations", "losses", "class_losses", "margin_losses", "distribution_losses",
            "micrograd", "functional", "init", "utils",
        )],
    ),
    "optim": (
        "Optimisers and schedules",
        [f"optim.{page}" for page in (
            "optimizer", "descent", "adam", "adam_variants", "adaptive", "step_sizes", "adafactor", "muon", "lbfgs",
            "clip", "schedule", "lr_scheduler", "lr_factors", "lr_cycles",
        )],
    ),
    "data": ("Data, random numbers, files, training", [
        "data.arrays", "data.datasets", "data.loaders", "data.made_up", "data.random", "io.state_files",
        "io.graph_json",
        "training.fit",
    ]),
    "testing": ("Testing", [f"testing.{page}" for page in (
        "check", "compare", "diagnosis", "numerical", "strategies", "expression",
    )]),
}  # fmt: skip

#: where a name is public
FACES = ["", "nn", "nn.functional", "nn.init", "nn.utils", "optim", "optim.lr_scheduler", "data", "testing", "errors"]


def public_names() -> dict[str, str]:
    """Every public name's defining path → the name a user writes."""
    found: dict[str, str] = {}
    for face in FACES:
        module = importlib.import_module(f"{PACKAGE}.{face}" if face else PACKAGE)
        for name in module.__all__ if face else dir(module):  # the package's __all__ spares sum, max … of Python
            item = getattr(module, name)
            if not inspect.ismodule(item) and not isinstance(item, float) and not name.startswith("_"):
                path, written = f"{home(item)}.{own_name(item, name)}", f"{face}.{name}" if face else name
                if path not in found or path.endswith(f".{written}"):  # an alias gives way to the name itself
                    found[path] = written
    return found


def home(item: object) -> str:
    """The module that defines an item: that of a primitive's function."""
    return getattr(getattr(item, "fn", None), "__module__", None) or getattr(item, "__module__", "")


def own_name(item: object, name: str) -> str:
    """The name under which its module defines it."""
    return getattr(item, "__name__", None) or name


def first_sentence(item: object) -> str:
    """What an item's docstring begins with, on one line."""
    text = " ".join((inspect.getdoc(item) or "").split("\n\n")[0].split())
    return text.replace("|", "\\|").replace("``", "`")


def rows(modules: list[str], public: dict[str, str]) -> list[str]:
    """A line for each public name of the modules, in the order of their ``__all__``."""
    lines = []
    for name in modules:
        module = importlib.import_module(f"{PACKAGE}.{name}")
        for own in module.__all__:
            path = f"{PACKAGE}.{name}.{own}"
            if path in public:
                lines.append(f"| [`{public[path]}`][{path}] | {first_sentence(getattr(module, own))} |")
    return lines


def pages() -> dict[str, str]:
    """File name → text."""
    public = public_names()
    index = ["# API", "", "One line a name, grouped by use. Made by `python docs/api_pages.py`.", ""]
    made = {}
    for page, (title, modules) in PAGES.items():
        index += [f"## {title}", "", "| | |", "|---|---|", *rows(modules, public), ""]
        parts = [f"# {title}", ""]
        for name in modules:
            module = importlib.import_module(f"{PACKAGE}.{name}")
            members = [own for own in module.__all__ if f"{PACKAGE}.{name}.{own}" in public]
            if members:
                parts += [f"::: {PACKAGE}.{name}", "    options:", f"      members: [{', '.join(members)}]", ""]
        made[f"{page}.md"] = "\n".join(parts)
    made["index.md"] = "\n".join(index)
    return made


def missing() -> list[str]:
    """Public names that no page has."""
    shown = {f"{PACKAGE}.{name}" for _, modules in PAGES.values() for name in modules}
    return sorted(name for path, name in public_names().items() if path.rpartition(".")[0] not in shown)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
