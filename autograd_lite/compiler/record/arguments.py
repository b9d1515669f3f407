"""The arguments of a call: which of their integers are inputs of a program, and what the source calls their numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ...engine.sweeps import Node
from ..ir.scalar_program import CompileError
from .code import defined
from .structure import Fixed, fixed, flatten, leaves_of

__all__ = ["CONSTANT", "block_names", "check_unchanged", "fixed_integers", "integers_fixed"]

#: the level on which every integer is a constant
CONSTANT = 2


def integers_fixed(live: set[int], level: int, args: tuple[Any, ...], named: Any) -> tuple[tuple[Any, ...], Any]:
    """The arguments with integers as constants, except in those to differentiate (at the positions ``live``).

    A function is first recorded with every integer as an input (level 0). Where that fails, since it counts or
    indexes with one, those that stand alone are constants (1), and only if that fails too all of them, arrays and
    lists as well (2): then each of them, a mask say, is a recording of its own.
    """
    arrays = level == CONSTANT
    return (
        tuple(arg if k in live else fixed(arg, arrays) for k, arg in enumerate(args)),
        {name: fixed(arg, arrays) for name, arg in named.items()},
    )


def block_names(f: Callable[..., Any], args: Any, named: Any) -> list[str]:
    """A name for every block of the arguments: the parameter's, numbered if it has several."""
    result: list[str] = []
    for name, arg in _named(f, args, named):
        found: list[Any] = []
        flatten(arg, found)
        result += [name] if len(found) == 1 else [f"{name}{i}" for i in range(len(found))]
    return result


def fixed_integers(f: Callable[..., Any], args: Any, named: Any) -> dict[str, int]:
    """The arguments that are integers and constants of a recording, by name."""
    return {
        name: arg.thing for name, arg in _named(f, args, named) if isinstance(arg, Fixed) and type(arg.thing) is int
    }


def _named(f: Callable[..., Any], args: Any, named: Any) -> list[tuple[str, Any]]:
    """The arguments with the parameters' names."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    items = []
    for i, arg in enumerate(args):
        parameter = parameters[min(i, len(parameters) - 1)] if parameters else None
        if parameter is None or parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            items.append((f"{parameter.name if parameter is not None else 'x'}{i}", arg))
        else:
            items.append((parameter.name, arg))
    return items + list(named.items())


def check_unchanged(f: Callable[..., Any], before: list[Any], arguments: Any) -> None:
    """CompileError if the numbers in the arguments are not those of ``before`` any more."""
    after: list[Any] = []
    leaves_of(arguments, after)
    if len(before) != len(after) or not all(map(_unchanged, before, after)):
        raise CompileError(
            f"it changes its arguments in place (in {defined(f)}), which a program doesn't: work on a copy, list(p) "
            f"or np.array(p), and return it"
        )


def _unchanged(before: Any, after: Any) -> bool:
    return before is after or (not isinstance(before, Node) and type(before) is type(after) and before == after)
