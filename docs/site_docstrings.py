"""For the site: docstrings as ``help()`` shows them, and their examples as code."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

import griffe

EXAMPLE = re.compile(r"^>>> .*\n?(?:.+\n?)*", re.MULTILINE)


class SiteDocstrings(griffe.Extension):
    """What Python makes of the source: sections that all ops share, functions made of modules."""

    def on_module_members(self, *, mod: griffe.Module, **kwargs: Any) -> None:
        """Take docstrings, and functions that no source has, from the imported module."""
        if mod.path != "autograd_lite.nn.functional" and not mod.path.startswith("autograd_lite.primitives."):
            return
        module = importlib.import_module(mod.path)
        for name in getattr(module, "__all__", ()):
            found, read = getattr(module, name), mod.members.get(name)
            if isinstance(found, type) or not callable(found) or (read is not None and read.is_alias):
                continue
            if read is None or not read.is_function:
                mod.set_member(name, made(name, found))
            item, text = mod.members[name], inspect.getdoc(found) or ""
            settings = {"parser": mod.docstring.parser, "parser_options": mod.docstring.parser_options}
            item.docstring = griffe.Docstring(text, parent=item, **settings)
            fence(item.docstring)

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Examples are code."""
        if obj.docstring is not None:
            fence(obj.docstring)


def fence(docstring: griffe.Docstring) -> None:
    """Put a fence around each example that has none: to Markdown, ``>>>`` is a quotation of a quotation."""
    if "```" not in docstring.value:
        docstring.value = EXAMPLE.sub(lambda found: f"```pycon\n{found[0].rstrip()}\n```\n", docstring.value)


def made(name: str, function: Any) -> griffe.Function:
    """What griffe would read in a source."""
    parameters = [
        griffe.Parameter(
            p.name,
            kind=griffe.ParameterKind[p.kind.name.lower()],
            annotation=None if p.annotation is p.empty else str(p.annotation),
            default=None if p.default is p.empty else repr(p.default),
        )
        for p in inspect.signature(function).parameters.values()
    ]
    return griffe.Function(name, parameters=griffe.Parameters(*parameters))
