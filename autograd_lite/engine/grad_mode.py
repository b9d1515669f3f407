"""Switching recording off, zeroing gradients; what a scope is, as a context manager and a decorator."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .observers import Observing
from .sweeps import STATE, NaryOperands, Node
from .value import Value

__all__ = ["Scope", "cut", "no_grad", "zero_grad"]


class Scope(Observing):
    """A context manager and a decorator: within it, an observer sees every node that this context records."""

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isgeneratorfunction(f) or inspect.iscoroutinefunction(f) or inspect.isasyncgenfunction(f):
            raise TypeError(f"{f.__name__} is a generator or coroutine: use the scope inside it, in a with statement")

        @functools.wraps(f)
        def within(*args: Any, **kwargs: Any) -> Any:
            with Observing(self._view.observer):
                return f(*args, **kwargs)

        return within


class Cut:
    """Cuts each new node from its operands, so that it is a leaf."""

    cuts = True

    def __call__(self, node: Node) -> None:
        cut(node)


def cut(node: Node) -> None:
    """Make a leaf of a node."""
    node._prim = None
    node._a = node._b = None
    node._pa = STATE.recordings
    node._pb = 0.0
    if isinstance(node._info, NaryOperands):
        node._info = None


def no_grad(f: Callable[..., Any] | None = None) -> Any:
    """Within it nothing is recorded: results are leaves. A context manager and a decorator.

    It holds for this thread, or this asyncio task, and ends with its block.

    Args:
        f: the function, when used as ``@no_grad`` without parentheses.

    Returns:
        The context manager; or the decorated function.

    >>> import autograd_lite as ag
    >>> x = ag.Value(3.0)
    >>> with ag.no_grad():
    ...     y = x * x
    >>> y.data, y.parents
    (9.0, ())
    >>> @ag.no_grad()
    ... def square(x):
    ...     return x * x
    >>> square(x).parents
    ()
    """
    scope = Scope(Cut())
    return scope if f is None else scope(f)


def zero_grad(leaves: Any) -> None:
    """Set gradients to 0.

    Args:
        leaves: a Value, a module, a parameter or an optimiser; or any nesting of lists, tuples, dicts, sets, arrays and
            generators of them.

    Raises:
        TypeError: for anything else (in which case nothing before it in the collection is undone).

    >>> import autograd_lite as ag
    >>> x, y = ag.Value(2.0), ag.Value(3.0)
    >>> (x * y).backward()
    >>> ag.zero_grad({"x": x, "more": [y]}); x.grad, y.grad
    (0.0, 0.0)
    """
    waiting = [leaves]
    while waiting:
        x = waiting.pop()
        if isinstance(x, Value):
            x.grad = 0.0
        elif hasattr(x, "zero_grad"):
            x.zero_grad()
        elif isinstance(x, Mapping):
            waiting.extend(x.values())
        elif hasattr(x, "ravel"):
            waiting.extend(x.ravel().tolist())
        elif isinstance(x, Iterable) and not isinstance(x, (str, bytes)):
            waiting.extend(x)
        else:
            raise TypeError(f"zero_grad takes Values, modules and collections of them, not {type(x).__name__}")
