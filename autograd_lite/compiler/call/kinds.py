"""What generated calls take and return: how an argument is checked and read, and how results are made of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...primitives.sums import all_floats
from .forms import Form, Unlike

__all__ = ["NAMES", "Numbers", "array", "checks", "display", "flat", "listed"]

#: a result of more parts is put together item by item
MANY = 2000


#: what the expressions here name
NAMES: dict[str, Any] = {
    "_float": float, "_str": str, "_list": list, "_tuple": tuple, "_len": len, "_floats": all_floats,
    "_ndarray": np.ndarray, "_float64": np.dtype(np.float64), "_array": np.array,
}  # fmt: skip


def checks(form: Form, name: str, shape: str = "") -> list[str]:
    """That an argument is of a form, as expressions; not that the items of a list are floats.

    Args:
        form: what it is made of; arrays of integers are those that the function takes for labels.
        name: what it is called.
        shape: an expression of an array's shape, if that may differ.

    Raises:
        Unlike: if it is of a form that generated calls don't take.
    """
    kind = f"{name}.__class__ is _{'ndarray' if form.kind == 'array' else form.kind}"
    if form.kind == "float":
        return [kind]
    if form.kind == "array":
        plain = f"({name}.dtype is _float64 or {name}.dtype == _float64)"
        dtype = plain if form.char == "d" else f"{name}.dtype.char == {form.char!r}"
        return [kind, f"{name}.shape == {shape or repr(form.shape)}", dtype]
    if form.flat:
        return [kind, f"_len({name}) == {form.size}"]
    if form.kind != "static":
        raise Unlike
    text = [f"{name}.__class__ is _str", f"{name} == {form.thing!r}"]
    return text if type(form.thing) is str else [f"{name} is {form.thing}"]


def listed(form: Form, name: str) -> str:
    """The float, or the flat list of floats, that an argument is."""
    if form.kind == "array":
        return f"{name}.ravel(){'.astype(_float)' * (form.char != 'd')}.tolist()"
    return f"_list({name})" if form.kind == "tuple" else name


def array(form: Form, name: str) -> str:
    """The float, or the float array, that an argument is."""
    if form.kind == "array":
        return f"{name}{'.astype(_float)' * (form.char != 'd')}"
    return f"_array({name})" if form.flat else name


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
        text = f"{text}{'' if whole else f'.ravel()[{at.start}:{at.stop}]'}.copy()" if shape else f"_array({text})"
        return text if whole and shape == wanted else f"{text}.reshape({wanted!r})"

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


def display(form: Form, numbers: Numbers) -> str:
    """The expression of something of a form, of the next numbers.

    Raises:
        Unlike: if it is too long.
    """
    if form.kind == "float":
        return numbers.one()
    if form.kind == "static":
        return repr(form.thing)
    numbers.parts += 1
    if numbers.parts > MANY:
        raise Unlike
    if form.kind == "array":
        return numbers.array(form.shape)
    if form.kind == "dict":
        parts = [f"{key!r}: {display(item, numbers)}" for key, (item, _) in zip(form.keys, form.items)]
        return f"{{{', '.join(parts)}}}"
    if form.flat:
        row = numbers.row(form.size)
        return row if form.kind == "list" else f"({row[1:-1]},)" if row[0] == "[" else f"_tuple({row})"
    first, n = form.items[0] if len(form.items) == 1 else (form, 1)
    if first.kind == "array" and n > 1 and first.size:
        inside = f"*{numbers.array((n, *first.shape))}"
    else:
        inside = ", ".join([display(item, numbers) for item, n in form.items for _ in range(n)])
    return f"[{inside}]" if form.kind == "list" else f"({inside},)" if inside else "()"


def flat(x: Any) -> Any:
    """A number, or an array's as a list."""
    return x.ravel().tolist() if isinstance(x, np.ndarray) and x.shape else x
