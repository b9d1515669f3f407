"""How a printed function is called: the C that hands it its arguments, and what the entry in ``c_entry.c`` goes by.

Everything that a function is called with, and its results, are behind pointers: into memory of the entry's own, its
space, or into arrays. The entry is told in whole numbers, its words, what belongs where.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..emit.targets.c import Argument, CFunction
from .c_forms import Forms
from .forms import Form

__all__ = ["Call", "Entry", "with_trampoline"]

#: the words that come first: ``ag_words``
_HEADER = 9
#: where Python's functions raise
_FLAGS = "FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW"


def with_trampoline(function: CFunction) -> str:
    """The source of a function, and of ``ag_run``, which calls it."""
    given = [f"p[{k}]" if a.shape or a.output else f"*p[{k}]" for k, a in enumerate(function.arguments)]
    given += ["&guard"] * bool(function.guards) + ["w"] * bool(function.work)
    at = len(function.arguments)
    lines = [f"{f'*p[{at}] = ' * function.returns}{function.name}({', '.join(given)});", "(void)p; (void)w;"]
    if function.guarded:
        lines = ["int guard = 0;", *lines, f"*p[{at + function.returns}] = guard;"]
    if function.ordinary:  # results are in memory before the flags are read
        lines = [f"feclearexcept({_FLAGS});", *lines, f"*p[{at + function.returns}] += fetestexcept({_FLAGS}) != 0;"]
    body = "\n".join(f"  {line}" for line in lines)
    header = "#include <fenv.h>\n" * function.ordinary
    return f"{function.source()}\n{header}void ag_run(double **p, double *w) {{\n{body}\n}}\n"


class Entry:
    """One entry of a function: its space and its words.

    Attributes:
        pointers: for each of ``ag_run``'s pointers the place in the space that it points at; 0 if it is set by a call.
        guard: the place of the guard's number; 0 if there is none.
        forms: the words so far.
    """

    def __init__(self, function: CFunction) -> None:
        self.function = function
        self.pointers = [0] * (len(function.arguments) + function.returns + function.guarded)
        self.size = 1 + len(self.pointers)
        self.guard = 0
        self.forms = Forms(_HEADER)
        if function.guarded:
            self.guard = self.pointers[-1] = self.numbers(1)

    def numbers(self, count: int) -> int:
        """The place of so many numbers."""
        self.size += count
        return self.size - count

    def made(self, run: int, given: int, results: int, rest: Sequence[int]) -> tuple[bytes, Any]:
        """The words and the space.

        Args:
            run: the address of ``ag_run``.
            given, results: how many arguments and results there are.
            rest: what the entry has to know besides.
        """
        work = self.numbers(self.function.work)
        space = np.zeros(self.size)
        start = space.ctypes.data
        pointers = space[1:].view(np.uintp)
        for k, place in enumerate(self.pointers):
            pointers[k] = start + place * space.itemsize if place else 0
        words = self.forms.words
        words[:_HEADER] = [
            run, start, self.size, len(self.pointers), work, given, results, self.guard, len(words),
        ]  # fmt: skip
        words += rest
        return bytes((ctypes.c_ssize_t * len(words))(*words)), space


class Call:
    """One call: what it is given, and what it returns.

    Attributes:
        given: the form of each argument; ``homes`` says for each leaf of the program which of them it is in, and
            from which number on.
        results: the forms of the results besides the value; ``places`` says the same of each result of the program.
        value: whether the value is a result by itself, in front.
        guard: whether the last result is the number of the guard.
    """

    def __init__(
        self, given: Sequence[Form], homes: dict[int, tuple[int, int]], results: Sequence[Form],
        places: dict[int, tuple[int, int]], value: bool = False, guard: bool = False,
    ) -> None:  # fmt: skip
        self.given = given
        self.homes = homes
        self.results = results
        self.places = places
        self.value = value
        self.guard = guard

    def entry(self, function: CFunction, run: int) -> tuple[bytes, Any, list[Any]]:
        """``ag_call`` of a function: its words, its space, and the shapes and keys that these speak of."""
        entry = Entry(function)
        forms = [*self.given, *self.results]
        places = [0 if form.kind == "array" else entry.numbers(max(1, form.size)) for form in forms]
        if self.guard:
            places[-1] = entry.guard
        value = entry.numbers(1) if self.value and function.returns else 0
        wanted = [self._home(a) for a in function.arguments]
        if value:
            entry.pointers[len(wanted)] = value
        elif function.returns:
            wanted.append((len(self.given), 0))
        patches = []
        for k, (where, at) in enumerate(wanted):
            if forms[where].kind == "array":
                patches.append((where, k, at))
            else:
                entry.pointers[k] = places[where] + at
        rest = [value, *(n for form, place in zip(forms, places) for n in (entry.forms.place(form), place))]
        rest.append(len(patches))
        for where, k, at in sorted(patches):
            rest += [k, where, at]
        words, space = entry.made(run, len(self.given), len(self.results), rest)
        return words, space, entry.forms.objects

    def _home(self, a: Argument) -> tuple[int, int]:
        """Among arguments, and results behind them, the one that an argument of the function is in; and where there."""
        if not a.output:
            return self.homes[a.leaf]
        where, at = self.places[a.leaf]
        return len(self.given) + where, at
