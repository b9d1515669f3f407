"""What a transform returns: a function that knows which transform of which function it is.

So ``compile`` can take it apart, and it pickles as long as its function does: pools and clusters send it by name.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from types import MethodType
from typing import Any

from .recording import Argnums, Recording, check_function

__all__ = ["Jacobian", "Transform", "transformed"]


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


class Jacobian:
    """What ``jacobian`` and ``hessian`` return: call it with the function's arguments.

    Attributes:
        mode: "forward" or "reverse": which one the latest call used (before any call, what was asked for).
    """

    def __init__(self, f: Callable[..., Any], argnums: Argnums, mode: str, name: str) -> None:
        if mode not in ("auto", "forward", "reverse"):
            raise ValueError(f"{name}: mode is 'auto', 'forward' or 'reverse', not {mode!r}")
        check_function(name, f, argnums)
        functools.update_wrapper(self, f, updated=())
        self.mode = mode
        self._asked = mode
        self._name = name
        self._f = f
        self._argnums = argnums

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        run = Recording(self._name, self._f, args, kwargs, self._argnums)
        outputs, structure = run.outputs()
        linear = run.linear(outputs)
        n, m = len(run.inputs), len(outputs)
        mode = self._asked if self._asked != "auto" else "forward" if n <= m else "reverse"
        self.mode = mode
        rows = linear.by_columns() if mode == "forward" else linear.by_rows()
        return structure.blocks(run.arguments, [run.finish([row.get(j) for j in range(n)]) for row in rows])


def transformed(function: Callable[..., Any], kind: str, f: Callable[..., Any], options: Any) -> Callable[..., Any]:
    """``function``, which is the transform ``kind`` of ``f`` with these options (its second argument, or its named)."""
    return Transform(function, kind, f, options)


def _again(kind: str, f: Callable[..., Any], options: Any) -> Any:
    """The transform, made anew."""
    make = getattr(importlib.import_module(".transforms", __package__), kind)
    return make(f, **options) if isinstance(options, dict) else make(f, options)
