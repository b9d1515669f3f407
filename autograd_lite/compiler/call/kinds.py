"""What generated calls take and return: how an argument is checked and read, and how results are made of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...primitives.sums import all_floats

__all__ = ["NAMES", "Kind", "Numbers", "Unlike", "display", "flat", "kind_of"]

#: a result of more parts is put together item by item
MANY = 2000
DEEPEST = 8


class Kind(NamedTuple):
    """Arguments of one kind, by expressions in which {0} is the argument.

    Attributes:
        check: whether it is like the one recorded, but for what ``items`` asks.
        items: whether its items are floats, if that is a question.
        listed: the float, or the flat list of floats, that it is.
        array: the float, or the float array.
        size: how many numbers it has; None if it is one.
    """

    check: str
    listed: str = ""
    array: str = ""
    size: int | None = None
    items: str = ""


#: what the expressions here name
NAMES: dict[str, Any] = {
    "_float": float, "_str": str, "_list": list, "_tuple": tuple, "_len": len, "_floats": all_floats,
    "_ndarray": np.ndarray, "_float64": np.dtype(np.float64), "_array": np.array,
}  # fmt: skip

_FLOAT = Kind("{0}.__class__ is _float", "{0}", "{0}")


def kind_of(x: Any, labels: bool = False, shape: str = "") -> Kind | None:
    """The kind of an argument like ``x``, whose integers are floats; None for one that generated calls don't take.

    Args:
        x: the argument.
        labels: whether it is an array of integers that the function takes for those.
        shape: an expression of an array's shape, if that may differ.
    """
    kind = type(x)
    if kind is np.ndarray and x.shape and (x.dtype == np.float64 or labels):
        check = f"{{0}}.__class__ is _ndarray and {{0}}.shape == {shape or repr(x.shape)} and "
        if labels:
            check += f"{{0}}.dtype.char == {x.dtype.char!r}"
            return Kind(check, "{0}.ravel().astype(_float).tolist()", "{0}.astype(_float)")
        check += "({0}.dtype is _float64 or {0}.dtype == _float64)"
        return Kind(check, "{0}.ravel().tolist()", "{0}", x.size)
    if labels:
        return None
    if kind is float or kind is int:
        return _FLOAT
    if kind in (list, tuple) and x and all(type(item) in (float, int) for item in x):
        check = f"{{0}}.__class__ is _{kind.__name__} and _len({{0}}) == {len(x)}"
        return Kind(check, "{0}" if kind is list else "_list({0})", "_array({0})", len(x), "_floats({0})")
    if x is None or kind is bool:
        return Kind(f"{{0}} is {x}")
    return Kind(f"{{0}}.__class__ is _str and {{0}} == {_quoted(x)}") if kind is str else None


def _quoted(text: str) -> str:
    """A text as one of Python's, in a template."""
    return repr(text).replace("{", "{{").replace("}", "}}")


class Unlike(Exception):
    """What is to be made is of another kind."""


class Numbers:
    """Expressions of the numbers in a program's outputs, taken in their order.

    Args:
        outputs: the expression of each output, or a list of those of its numbers; and its shape.
        arrays: whether outputs are arrays, whose memory the next call writes to; else floats and lists of floats.

    Attributes:
        before: the lines that have to come first.
        parts: how many parts of a result are made so far.
    """

    def __init__(self, outputs: Sequence[tuple[Any, tuple[int, ...]]], arrays: bool = False) -> None:
        self.before: list[str] = []
        self.parts = 0
        self._arrays = arrays
        self._left = [(text, shape, math.prod(shape)) for text, shape in outputs if 0 not in shape]
        self._at = 0

    def _take(self, n: int) -> tuple[Any, tuple[int, ...], slice, bool]:
        """Of the output with the next ``n`` numbers: itself, its shape, where they are, and if that is all."""
        if not self._left or self._at + n > self._left[0][2]:
            raise Unlike
        (text, shape, size), begin = self._left[0], self._at
        self._at += n
        if self._at == size:
            del self._left[0]
            self._at = 0
        return text, shape, slice(begin, begin + n), n == size

    def one(self) -> str:
        """The next number."""
        text, shape, at, _ = self._take(1)
        if shape:
            return str(text[at.start]) if isinstance(text, list) else f"{self._listed(text, False)}[{at.start}]"
        return f"_float({text})" if self._arrays else str(text)

    def row(self, n: int) -> str:
        """The next ``n``, as a list."""
        if n == 1 and self._left and not self._left[0][1]:
            return f"[{self.one()}]"
        text, _, at, whole = self._take(n)
        if isinstance(text, list):
            return f"[{', '.join(text[at])}]"
        return self._listed(text, whole) if whole else f"{self._listed(text, whole)}[{at.start}:{at.stop}]"

    def array(self, wanted: tuple[int, ...]) -> str:
        """The next numbers, as an array of its own."""
        if 0 in wanted or not self._arrays:
            return f"_array({self.row(math.prod(wanted)) if 0 not in wanted else '[]'}).reshape({wanted!r})"
        text, shape, at, whole = self._take(math.prod(wanted))
        if whole and shape == wanted:
            return f"{text}.copy()"
        return f"_array({text if whole else f'{text}.ravel()[{at.start}:{at.stop}]'}).reshape({wanted!r})"

    def _listed(self, text: str, whole: bool) -> str:
        """An output as a list, by a name where more than one expression needs it."""
        if not self._arrays:
            return text
        text = f"{text}.ravel().tolist()"
        line = next((line for line in self.before if line.endswith(f" = {text}")), "")
        if not whole and not line:
            line = f"_part{len(self.before)} = {text}"
            self.before.append(line)
        return text if whole else line.partition(" ")[0]


def display(like: Any, numbers: Numbers, integers: bool = False, depth: int = 0) -> str:
    """The expression of something like ``like`` of the next numbers: lists, tuples, dicts, float arrays and floats.

    What is no number stays what it is: None, truth values and texts.

    Args:
        like: an example.
        numbers: the numbers.
        integers: whether its integers stand for floats.

    Raises:
        Unlike: if it holds anything else, or is too deep.
    """
    kind = type(like)
    if kind is float or (integers and kind is int):
        return numbers.one()
    if like is None or kind is bool or kind is str:
        return repr(like)
    numbers.parts += 1
    if depth > DEEPEST or numbers.parts > MANY:
        raise Unlike
    if kind is np.ndarray and like.dtype == np.float64 and like.shape:
        return numbers.array(like.shape)
    if kind is dict and all(type(key) in (str, int) for key in like):
        return f"{{{', '.join(f'{k!r}: {display(x, numbers, integers, depth + 1)}' for k, x in like.items())}}}"
    if kind not in (list, tuple):
        raise Unlike
    if like and all(type(x) is float or (integers and type(x) is int) for x in like):
        row = numbers.row(len(like))
        return row if kind is list else f"({row[1:-1]},)" if row[0] == "[" else f"_tuple({row})"
    alike = len(like) > 1 and all(type(x) is np.ndarray and x.shape == like[0].shape for x in like)
    if alike and like[0].size and like[0].shape and all(x.dtype == np.float64 for x in like):
        inside = f"*{numbers.array((len(like), *like[0].shape))}"
    else:
        inside = ", ".join([display(x, numbers, integers, depth + 1) for x in like])
    return f"[{inside}]" if kind is list else f"({inside},)" if like else "()"


def flat(x: Any) -> Any:
    """A number, or an array's as a list."""
    return x.ravel().tolist() if isinstance(x, np.ndarray) and x.shape else x
