"""Values in the user's own containers, as arrays: weights in lists of lists, in dicts, in attributes of objects.

A program starts from single Values. Where a function read them from containers of one shape, each of those is one
array, named after it: ``W[i][j]`` of a list of lists is an array ``W``, and ``layer.neurons[i].w[j]`` of the objects of
a layer an array ``w``. What is done with its numbers is then found to be matrix products and gathers, as with
parameters.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from ...engine.sweeps import Node
from ...engine.value import Value
from ...functional.pytree import attributes
from ..ir.scalar_program import Leaf
from .code import is_library, looks
from .pack import Pack
from .places import held

__all__ = ["arranged"]

#: containers in containers, and objects looked at, at most
DEEPEST, MOST = 10, 50_000
#: an array is one if at least one of so many of its Values is used
SPARSE = 16

_OPAQUE = (str, bytes, int, float, complex, bool, type(None), type, ModuleType, range)


class _Array(NamedTuple):
    """A candidate: Values in the order and shape in which containers hold them, and how they are reached."""

    path: tuple[Any, ...]
    nodes: list[Any]
    shape: tuple[int, ...]


class _Walk:
    """A walk from a function through what it can reach, in search of containers of Values."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Any, Any]] = {}  # what was looked at, and what it holds
        self.found: list[_Array] = []
        self.single: dict[int, tuple[Any, ...]] = {}  # how each Value is reached

    def tree(self, thing: Any, path: tuple[Any, ...]) -> Any:
        """What a thing holds: an ``_Array``, a dict of such by key, or None."""
        if isinstance(thing, Node):
            self.single.setdefault(id(thing), path)
            return _Array(path, [thing], ())
        if isinstance(thing, _OPAQUE) or len(path) > DEEPEST or len(self.known) > MOST:
            return None
        if id(thing) not in self.known:
            self.known[id(thing)] = thing, None  # a circle holds nothing more
            self.known[id(thing)] = thing, self._made(thing, path)
        return self.known[id(thing)][1]

    def _made(self, thing: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(thing, (list, tuple)) or (isinstance(thing, np.ndarray) and thing.dtype == object):
            items = thing.ravel().tolist() if isinstance(thing, np.ndarray) else list(thing)
            if not items or not all(isinstance(x, Node) for x in items):
                return self._row(items, path)
            for k, item in enumerate(items):
                self.single.setdefault(id(item), (*path, k))
            return self._note(_Array(path, items, np.shape(thing) if isinstance(thing, np.ndarray) else (len(items),)))
        if isinstance(thing, dict):
            return self._named(thing, path)
        if isinstance(thing, (FunctionType, MethodType, functools.partial)):
            for key, item in _reached(thing):
                self.tree(item, (key,) if key else ())
            return None
        if type(thing).__module__.split(".")[0] in ("autograd_lite", "numpy", "builtins"):
            return None
        return self._named(attributes(thing), path)

    def _named(self, items: dict[Any, Any], path: tuple[Any, ...]) -> Any:
        found = {key: self.tree(item, (*path, key)) for key, item in items.items()}
        return {key: tree for key, tree in found.items() if tree is not None} or None

    def _row(self, items: list[Any], path: tuple[Any, ...]) -> Any:
        """A sequence: one more axis if its items are alike, else each by itself."""
        found = self._named(dict(enumerate(items)), path) or {}
        alike = len(found) == len(items) and len(set(map(_signature, found.values()))) == 1
        return (self._stacked(list(found.values()), path) if alike else None) or found or None

    def _stacked(self, trees: list[Any], path: tuple[Any, ...]) -> Any:
        """Things that are alike as one with an axis more; None if that were too many axes."""
        first = trees[0]
        if isinstance(first, _Array):
            if len(first.shape) > 1:
                return None
            nodes = [node for tree in trees for node in tree.nodes]
            tail = first.path[len(path) + 1 :]
            return self._note(_Array((*path, *tail), nodes, (len(trees), *first.shape)))
        parts = {key: self._stacked([tree[key] for tree in trees], path) for key in first}
        return None if any(part is None for part in parts.values()) else parts

    def _note(self, array: _Array) -> _Array:
        self.found.append(array)
        return array


def _signature(tree: Any) -> Any:
    """What two containers that are alike have in common."""
    return tree.shape if isinstance(tree, _Array) else tuple((key, _signature(part)) for key, part in tree.items())


def _reached(f: Any) -> Iterator[tuple[str, Any]]:
    """The variables that a function closes over, its defaults, the globals that it names, the object it belongs to."""
    if isinstance(f, functools.partial):
        yield from (("", item) for item in (f.func, *f.args))
        yield from f.keywords.items()
    elif isinstance(f, MethodType):
        yield from (("", item) for item in (f.__self__, f.__func__))
    else:
        code, defaults = f.__code__, f.__defaults__ or ()
        yield from ((name, held(cell, "cell_contents")) for name, cell in zip(code.co_freevars, f.__closure__ or ()))
        yield from zip(code.co_varnames[code.co_argcount - len(defaults) :], defaults)
        yield from (f.__kwdefaults__ or {}).items()
        if not is_library(f.__module__):
            named = looks(code).globals & f.__globals__.keys()
            yield from ((name, f.__globals__[name]) for name in sorted(named))


def arranged(leaves: list[Leaf], f: Callable[..., Any], objects: Sequence[Any]) -> tuple[list[Leaf], Sequence[int]]:
    """A program's leaves with its live Values in the arrays that the user's containers are, and the new id of each.

    Args:
        leaves: each live Value is one of its own.
        f: the function that was recorded.
        objects: its arguments that are objects.
    """
    singles = {id(leaf.key): k for k, leaf in enumerate(leaves) if leaf.kind == "value"}
    if not singles:
        return leaves, range(sum(leaf.size for leaf in leaves))
    walk = _Walk()
    walk.tree(f, ())
    for thing in objects:
        walk.tree(thing, ())
    for leaf in leaves:
        if leaf.kind == "value" and not getattr(leaf.key, "label", "") and id(leaf.key) in walk.single:
            leaf.name = _name(walk.single[id(leaf.key)])
    return _renumbered(leaves, _chosen(walk.found, singles), singles)


def _chosen(found: list[_Array], singles: dict[int, int]) -> list[_Array]:
    """Arrays without a Value in common, those of more axes and more Values first."""
    taken: set[int] = set()
    chosen: list[_Array] = []
    for array in sorted(found, key=lambda a: (-len(a.shape), -len(a.nodes))):
        ids = {id(node) for node in array.nodes}
        used = sum(1 for i in ids if i in singles)
        if not array.shape or len(ids) < len(array.nodes) or SPARSE * used < len(ids) or ids & taken:
            continue
        if all(type(node) is Value and node._prim is None for node in array.nodes):
            taken |= ids
            chosen.append(array)
    return sorted(chosen, key=lambda a: min(singles.get(id(node), len(singles)) for node in a.nodes))


def _name(path: tuple[Any, ...]) -> str:
    """The last variable, attribute or key on the way, and numbers."""
    words = [key for key in path if isinstance(key, str)]
    return (words[-1] if words else "v") + "_".join(str(key) for key in path if isinstance(key, int))


def _names(arrays: list[_Array]) -> list[str]:
    """A name for each that tells them apart: the whole way to it if need be."""
    short = [_name(array.path) for array in arrays]
    return [name if short.count(name) == 1 else "_".join(map(str, a.path)) for name, a in zip(short, arrays)]


def _renumbered(old: list[Leaf], arrays: list[_Array], singles: dict[int, int]) -> tuple[list[Leaf], list[int]]:
    """The leaves with these arrays among them, and the new id of each of the old ones' numbers."""
    where: dict[int, tuple[int, int]] = {}  # by the old leaf: the array and the position in it
    for number, array in enumerate(arrays):
        for position, node in enumerate(array.nodes):
            if id(node) in singles:
                where[singles[id(node)]] = (number, position)
    leaves: list[Leaf] = []
    base = 0

    def add(kind: str, name: str, shape: tuple[int, ...], key: Any) -> Leaf:
        nonlocal base
        made = Leaf(kind, name, shape, key, base)
        base += made.size
        leaves.append(made)
        return made

    names = _names(arrays)
    made: dict[int, Leaf] = {}
    new: list[int] = []
    for k, leaf in enumerate(old):
        if k not in where:
            new += range(add(leaf.kind, leaf.name, leaf.shape, leaf.key).base, base)
            continue
        number, position = where[k]
        if number not in made:
            array = arrays[number]
            made[number] = add("value", names[number], array.shape, Pack(array.nodes, array.shape))
        new.append(made[number].base + position)
    return leaves, new
