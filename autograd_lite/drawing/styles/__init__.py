"""The styles of pictures, one a module: a module with a ``STYLE`` is one, and listed nowhere else."""

from __future__ import annotations

import importlib
import pkgutil

from .registered import Style

__all__ = ["STYLES", "Style"]


def _found() -> list[Style]:
    modules = [importlib.import_module(f"{__name__}.{page.name}") for page in pkgutil.iter_modules(__path__)]
    return [module.STYLE for module in modules if hasattr(module, "STYLE")]


#: by the name that ``draw(style=…)`` takes
STYLES: dict[str, Style] = {style.name: style for style in _found()}
