"""How a call gives a function its arguments: what a generated function has as parameters, and how it hands them on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType, MethodType
from typing import Any

__all__ = ["MISSING", "Signature", "without_missing"]

#: the default of every parameter: what is missing is an error, or a default, of the function's own
MISSING: Any = object()


class Signature:
    """The parameters of a function that is generated for calls like one.

    The user's own, by their names, where the function has nothing but such; else one for each argument by position.

    Attributes:
        names: the parameter that each argument goes to: first those given by position, then those by keyword.
        left: the other parameters, which have to be missing.
        text: all of them, as written; ``hand`` is the line that hands a call on with them.
        empty: parameters that take whatever else is given.
    """

    def __init__(self, f: Callable[..., Any], wanted: Sequence[str], named: Sequence[str], exact: bool, least: int):
        """
        Args:
            f: the function.
            wanted: what the arguments by position are called where the function doesn't say it; ``named`` those by
                keyword.
            exact: whether arguments have to be given in the very same way.
            least: so many have to be given by position.

        Raises:
            ValueError: if no function can be generated.
        """
        found = None if exact else _declared(f)
        if found is None:
            if named:
                raise ValueError("keywords of a function that may treat them as it likes")
            positional, first, keywords = list(wanted), len(wanted), list[str]()
            self.empty = ["_more", "_named"]
        else:
            positional, first, keywords = found
            first, self.empty = max(first, least), ["_named"] * bool(least)
        self.names = [*positional[: len(wanted)], *named]
        self.left = [name for name in (*positional, *keywords) if name not in self.names]
        texts = [f"{name}=_missing" for name in positional]
        texts[first:first] = ["/"] * bool(first)
        more = ["*_more"] if "_more" in self.empty else ["*"] * bool(keywords)
        texts += [*more, *(f"{name}=_missing" for name in keywords), *["**_named"] * ("_named" in self.empty)]
        self.text = ", ".join(texts)
        handed = [*positional, *more * ("_more" in self.empty), *(f"{name}={name}" for name in keywords)]
        handed += ["**_named"] * ("_named" in self.empty)
        self.hand = f"return _slow({', '.join(handed)})"


def without_missing(f: Callable[..., Any], way: Callable[..., Any]) -> Callable[..., Any]:
    """The general way as what generated calls of ``f`` are handed to: without the arguments that are missing."""
    declared = _declared(f)
    names = declared[0] if declared is not None else []

    def given(*args: Any, **named: Any) -> Any:
        named = {name: x for name, x in named.items() if x is not MISSING}
        count = next((k for k, x in enumerate(args) if x is MISSING), len(args))
        named.update((name, x) for name, x in zip(names[count:], args[count:]) if x is not MISSING)
        return way(*args[:count], **named)

    return given


def _declared(f: Callable[..., Any]) -> tuple[list[str], int, list[str]] | None:
    """The parameters by position, how many of them are by position only, and those by keyword only.

    None for what is no function of Python's, or takes any number of arguments: a decorated one says of itself what is
    true of another.
    """
    bound = isinstance(f, MethodType)
    f = f.__func__ if isinstance(f, MethodType) else f
    if not isinstance(f, FunctionType) or f.__code__.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
        return None
    code = f.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if any(name.startswith("_") for name in names[bound:]):
        return None
    positional = list(names[: code.co_argcount])
    return positional[bound:], max(0, code.co_posonlyargcount - bound), list(names[code.co_argcount :])
