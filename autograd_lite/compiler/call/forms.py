"""What arguments and results are made of: the one description by which generated calls check, read and make them."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Form", "Unlike", "form_of"]

#: containers in containers, and unlike ones in one argument or result, at most
DEEPEST, MANY = 8, 2000


class Unlike(Exception):
    """What is to be described, or made, is of another kind."""


@dataclass(frozen=True)
class Form:
    """A float; a list, tuple, dict or array of floats; or what is no number: None, a truth value, a text.

    Attributes:
        kind: "float", "array", "list", "tuple", "dict" or "static".
        items: the forms of a container's items, as pairs with how many there are in a row.
        shape: an array's, and ``char`` that of its dtype: "d", or integers'.
        keys: a dict's.
        thing: what it is, if it is no number.
    """

    kind: str
    items: tuple[tuple[Form, int], ...] = ()
    shape: tuple[int, ...] = ()
    char: str = "d"
    keys: tuple[str | int, ...] = ()
    thing: Any = None

    @functools.cached_property
    def size(self) -> int:
        """How many numbers it has."""
        if self.kind == "float":
            return 1
        return math.prod(self.shape) if self.kind == "array" else sum(form.size * n for form, n in self.items)

    @functools.cached_property
    def count(self) -> int:
        """How many items it has."""
        return sum(n for _, n in self.items)

    def all(self) -> Iterator[Form]:
        """Itself, and the forms that it is written with."""
        yield self
        for form, _ in self.items:
            yield from form.all()

    @property
    def flat(self) -> bool:
        """Whether it is a list or a tuple of nothing but floats."""
        return self.kind in ("list", "tuple") and [form for form, _ in self.items] == [FLOAT]


FLOAT = Form("float")


def form_of(x: Any, integers: bool = False, depth: int = 0) -> Form:
    """The form of an argument or a result.

    Args:
        x: an example.
        integers: whether its integers stand for floats, as an argument's do; an array of them is of "labels".
        depth: how many containers it is in.

    Raises:
        Unlike: if it holds anything else, or is too deep.

    >>> form_of([1.0, 2.0]).size, form_of({"a": (1.0, [2.0])}).keys
    (2, ('a',))
    """
    kind = type(x)
    if kind is float or (integers and kind is int):
        return FLOAT
    if x is None or kind is bool or kind is str:
        return Form("static", thing=x)
    if kind is np.ndarray and x.shape and (x.dtype == np.float64 or (integers and x.dtype.kind in "iu")):
        return Form("array", shape=x.shape, char=x.dtype.char)
    if depth > DEEPEST or kind not in (list, tuple, dict):
        raise Unlike
    if kind is dict and not all(type(key) in (str, int) for key in x):
        raise Unlike
    runs: list[tuple[Form, int]] = []
    for item in x.values() if kind is dict else x:
        form = form_of(item, integers, depth + 1)
        if kind is not dict and runs and (form is runs[-1][0] or form == runs[-1][0]):
            runs[-1] = (form, runs[-1][1] + 1)
        else:
            runs.append((form, 1))
        if len(runs) > MANY:
            raise Unlike
    return Form(kind.__name__, tuple(runs), keys=tuple(x) if kind is dict else ())
