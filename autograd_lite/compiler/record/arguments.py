"""The arguments of a call: which of their integers are inputs of a program, and what the source calls their numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from ...engine.sweeps import Node
from ..ir.scalar_program import CompileError
from .code import defined
from .structure import Fixed, Parts, fixed, flatten, parts_of

__all__ = ["CONSTANT", "block_names", "check_unchanged", "fixed_integers", "held", "integers_fixed"]

#: the level on which every integer is a constant
CONSTANT = 2


def integers_fixed(live: Collection[int], level: int, args: tuple[Any, ...], named: Any) -> tuple[tuple[Any, ...], Any]:
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
    """A name for every block of the arguments: the parameter's, and where in it the block is."""
    left = _named(f, args, named)[::-1]
    result: list[str] = []
    while left:
        name, arg = left.pop()
        count = _blocks(arg)
        if count == 1:
            result.append(name)
            continue
        parts = _parts(name, arg)
        if sum(_blocks(part) for _, part in parts) == count:
            left += parts[::-1]
        else:
            result += [f"{name}{i}" for i in range(count)]
    return result


def _blocks(arg: Any) -> int:
    """How many blocks an argument, or a part of one, has."""
    found = Parts()
    flatten(arg, found)
    return len(found)


def _parts(name: str, arg: Any) -> list[tuple[str, Any]]:
    """The items of a container by the names of what they are: ``p_w`` is p["w"], ``p0`` is p[0], ``p0_1`` p[0][1]."""
    if type(arg) is dict:
        return [(f"{name}_{key}", item) for key, item in arg.items()]
    fields = getattr(arg, "_fields", None)
    if isinstance(arg, (list, tuple)):
        between = "_" if name[-1:].isdigit() else ""
        keys = [f"_{field}" for field in fields] if fields else [f"{between}{i}" for i in range(len(arg))]
        return [(f"{name}{key}", item) for key, item in zip(keys, arg)]
    return []


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


def held(x: Any) -> list[Any]:
    """What is in an argument and where, the texts, keys and lengths too: to be compared with what is there later."""
    found: list[Any] = []
    waiting, met = [x], set[int]()
    while waiting:
        item = waiting.pop()
        parts = None
        if not isinstance(item, Node) and id(item) not in met:
            whole = isinstance(item, np.ndarray) and not isinstance(item, np.ma.MaskedArray)
            parts = item.ravel().tolist() if whole else parts_of(item)
        if parts is None:
            found.append(item)
            continue
        met.add(id(item))
        found.append((type(item), getattr(item, "shape", len(parts)), tuple(item) if isinstance(item, dict) else ()))
        waiting += parts
    return found


def check_unchanged(f: Callable[..., Any], before: list[Any], arguments: Any) -> None:
    """CompileError if the arguments hold something else than ``before``."""
    after = held(arguments)
    if len(before) != len(after) or not all(map(_unchanged, before, after)):
        raise CompileError(
            f"it changes its arguments in place (in {defined(f)}), which a program doesn't: work on a copy, list(p) "
            f"or np.array(p), and return it"
        )


def _unchanged(before: Any, after: Any) -> bool:
    return before is after or (not isinstance(before, Node) and type(before) is type(after) and before == after)
