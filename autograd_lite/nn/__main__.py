"""``python -m autograd_lite.nn`` writes ``module_functions.pyi``: the types of the functions made of modules."""

from __future__ import annotations

import inspect
from pathlib import Path

from .activations import Activation
from .losses import Loss
from .module import Module
from .module_functions import KINDS, signature

STUB = Path(__file__).with_name("module_functions.pyi")
HEAD = '''"""Written by ``python -m autograd_lite.nn``."""

import inspect
from collections.abc import Sequence
from typing import Any, Literal, overload

from ..engine.value import Value
from .batches import Array
from .module import Module

KINDS: dict[str, type[Any]]

def signature(kind: type[Module]) -> inspect.Signature: ...
'''


def text() -> str:
    """What the file says."""
    names = "".join(f'    "{name}",\n' for name in sorted(KINDS))
    return f"{HEAD}\n__all__ = [\n{names}]\n\n" + "".join(_typed(*item) for item in sorted(KINDS.items()))


def _typed(name: str, kind: type[Module]) -> str:
    """The types of one function: those of its module's call."""
    taken = list(signature(kind).parameters.values())
    if issubclass(kind, Loss):
        reduced = ", ".join(f'"{r}"' for r in kind.reductions if r != "none")
        forms = [
            (_parameters(taken, reduction='Literal["none"]'), "Array"),
            (_parameters(taken, reduction=f'Literal[{reduced}] = "mean"'), "Value"),
        ]
    elif issubclass(kind, Activation):
        pairs = [("Array | Sequence[Any]", "Array"), ("Value", "Value"), ("float", "float")]
        forms = [(_parameters(taken, input=given), result) for given, result in pairs]
    else:
        forms = [(_parameters(taken), "Array")]
    mark = "@overload\n" if len(forms) > 1 else ""
    return "".join(f"{mark}def {name}(\n{parameters}) -> {result}: ...\n" for parameters, result in forms)


def _parameters(taken: list[inspect.Parameter], **types: str) -> str:
    """A line for each parameter; one without a default after others with one is taken by name."""
    lines, optional = [], False
    for p in taken:
        default = "" if p.default is p.empty else f" = {p.default!r}".replace("'", '"')
        written = types.get(p.name, f"{p.annotation}{default}")
        lines += ["    *,\n"] if optional and " = " not in written else []
        lines.append(f"    {p.name}: {written},\n")
        optional = " = " in written
    return "".join(lines)


if __name__ == "__main__":
    STUB.write_text(text(), encoding="utf-8")
