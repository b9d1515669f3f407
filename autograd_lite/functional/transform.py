"""What a transform returns: a function that knows which transform of which function it is.

So ``compile`` can take it apart, and it pickles as long as its function does: pools and clusters send it by name.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from types import MethodType
from typing import Any

__all__ = ["Transform", "transformed"]


class Transform:
    """A function made of another by a transform; called, documented and bound to objects like a function.

    >>> import autograd_lite as ag, math, pickle
    >>> pickle.loads(pickle.dumps(ag.grad(ag.sin)))(0.0)
    1.0
    """

    def __init__(self, function: Callable[..., Any], kind: str, f: Callable[..., Any], options: Any) -> None:
        functools.update_wrapper(self, f, updated=())
        self.__transform__ = (kind, f, options)
        self._function = function

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def __get__(self, instance: object, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> Any:
        return _again, self.__transform__

    def __repr__(self) -> str:
        kind, f, _ = self.__transform__
        return f"<{kind} of {getattr(f, '__qualname__', f)!s}>"


def transformed(function: Callable[..., Any], kind: str, f: Callable[..., Any], options: Any) -> Callable[..., Any]:
    """``function``, which is the transform ``kind`` of ``f`` with these options (its second argument, or its named)."""
    return Transform(function, kind, f, options)


def _again(kind: str, f: Callable[..., Any], options: Any) -> Any:
    """The transform, made anew."""
    make = getattr(importlib.import_module(".transforms", __package__), kind)
    return make(f, **options) if isinstance(options, dict) else make(f, options)
