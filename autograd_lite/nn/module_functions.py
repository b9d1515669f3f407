"""Activations and losses as functions: each class under its ``functional_name``, with its options as arguments.

Their types, ``module_functions.pyi``, are made of the classes too: ``python -m autograd_lite.nn``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

from .. import nn
from .module import Module

#: the class of each function
KINDS: dict[str, type[Any]] = {
    kind.functional_name: kind
    for kind in (getattr(nn, name) for name in nn.__all__ if name[0].isupper())
    if hasattr(kind, "functional_name")
}


def signature(kind: type[Module]) -> inspect.Signature:
    """What a module takes when it is called, then what it takes when it is made; ``inplace`` means nothing here."""
    inputs = list(inspect.signature(kind.forward).parameters.values())[1:]
    options = [p for p in inspect.signature(kind).parameters.values() if p.name != "inplace"]
    return inspect.Signature([*inputs, *options], return_annotation="Any")


def _function(kind: type[Module], name: str) -> Callable[..., Any]:
    taken = signature(kind)
    inputs = list(inspect.signature(kind.forward).parameters)[1:]

    def function(*args: Any, **named: Any) -> Any:
        bound = taken.bind(*args, **named)
        values = [bound.arguments.pop(p) for p in inputs]
        return kind(**bound.arguments)(*values)

    function.__name__ = function.__qualname__ = name
    function.__module__ = f"{__package__}.functional"
    function.__doc__ = _described(kind, inputs)
    function.__dict__["__signature__"] = taken
    return function


def _described(kind: type[Module], inputs: list[str]) -> str:
    """What a module says of itself, said of its function."""
    own = inspect.cleandoc(kind.__doc__ or "").replace(f"{kind.__name__}(", f"nn.{kind.__name__}(")
    said, _, example = own.partition("\n>>> ")
    before, _, options = said.partition("Args:\n")
    given = "".join(f"    {name}: numbers, Values, or (lists, arrays) of them.\n" for name in inputs)
    options = "" if re.fullmatch(r"\s*inplace:.*\s*", options) else options
    parts = [f"{before.rstrip()}\n\n``nn.{kind.__name__}`` as a function.\n\nArgs:\n{given}{options.rstrip()}"]
    return "\n\n".join(parts) + (f"\n\n>>> from autograd_lite import nn\n>>> {example}" if example else "")


globals().update({name: _function(kind, name) for name, kind in KINDS.items()})
__all__ = sorted(KINDS)
