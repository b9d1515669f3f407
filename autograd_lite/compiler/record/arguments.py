"""The arguments of a call: which of their integers are inputs of a program, and what the source calls their numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ...engine.sweeps import Node
from ...functional.pytree import parts_of
from ..ir.scalar_program import CompileError
from .code import defined
from .integers import EXACT
from .pack import Pack
from .structure import Fixed, Parts, fixed, flatten

__all__ = ["CONSTANT", "Arguments", "block_names", "check_unchanged", "fixed_integers", "held"]

#: the level on which every integer is a constant
CONSTANT = 2


class Arguments(Parts):
    """The arguments of a call, taken apart.

    A function is first recorded with every integer as an input (level 0). Where that fails, since it counts or
    indexes with one, those that stand alone are constants (1), and only if that fails too all of them, arrays and
    lists as well (2): then each of them, a mask say, is a recording of its own.

    Args:
        args, named: the arguments.
        live: the positions of those to differentiate, whose integers are inputs on every level.
        level: which integers are constants.

    Attributes:
        given: the arguments as the function is recorded on them: with integers as constants.
        key: the description by which a call finds its program.
        starts: the number of the first block of each argument, and of all blocks.
        last: the program that ran on them.
    """

    def __init__(self, args: Any = (), named: Any = MappingProxyType({}), live: Collection[int] = (), level: int = 0):
        super().__init__()
        self.args, self.named, self.level = args, named, level
        self.given = args, named
        if level:
            arrays = level == CONSTANT
            self.given = (
                tuple(arg if k in live else fixed(arg, arrays) for k, arg in enumerate(args)),
                {name: fixed(arg, arrays) for name, arg in named.items()},
            )
        self.starts = [0]
        key: list[Any] = [tuple(named)]
        for arg in (*self.given[0], *self.given[1].values()):
            key.append(flatten(arg, self))
            self.starts.append(len(self))
        self.key = tuple(key)
        self.values.update(k for k, block in enumerate(self) if isinstance(block, (Node, Pack)))
        self.active.update(self.values)
        for n in live:
            self.active.update(range(self.starts[n], self.starts[n + 1]))
        self.last: Any = None

    def rounds(self) -> bool:
        """Whether an integer is so large that a float may be another number."""
        return any(np.max(np.abs(self[k]), initial=0.0) >= EXACT for k in self.integers)

    def fit(self, kinds: Iterable[tuple[tuple[str, int], bool]]) -> bool:
        """Whether questions of a function have the answers that they had when it was recorded."""
        return all(self.says(what, block) == wanted for (what, block), wanted in kinds)

    def typed(self) -> tuple[Any, ...]:
        """The key, and what a function may ask of its arguments besides: types, and which of them are one object."""
        ids = [*map(id, self.args)]
        ids += map(id, self.nodes())
        first = {found: k for k, found in reversed([*enumerate(ids)])}
        layouts = [(x.dtype, x.strides, x.flags.num) for x in self.args if isinstance(x, np.ndarray)]
        kinds = [*map(type, self.args), *map(type, self.nodes())]
        return self.key, *sorted(self.values), None, *sorted(self.integers), *map(first.get, ids), *kinds, *layouts


def block_names(f: Callable[..., Any], args: Any, named: Any) -> list[str]:
    """A name for every block of the arguments: the parameter's, and where in it the block is."""
    return [found for name, arg in _named(f, args, named) for found in _within(name, arg)]


def _within(name: str, arg: Any) -> list[str]:
    """Those of the blocks of one argument."""
    count = _blocks(arg)
    if count == 1:
        return [name]
    found = [inner for key, part in _parts(name, arg) for inner in _within(key, part)]
    return found if len(found) == count else [f"{name}{i}" for i in range(count)]


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
        found.append((type(item), getattr(item, "shape", len(parts)), tuple(item) if isinstance(item, Mapping) else ()))
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
