"""What a source says about the calls that it stands for: the guards as assertions, fixed integers as defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .texts import wrapped

__all__ = ["Ways"]


class Ways:
    """The recorded way through a function.

    Attributes:
        guards: for each guard what its numbers have to be, and whether exactly (or only whether they are 0).
        fixed: integers by which the function counts or indexes, by the name of the argument.
    """

    def __init__(self, guards: Sequence[tuple[Any, bool]] = (), fixed: Mapping[str, int] | None = None) -> None:
        self.guards = list(guards)
        self.fixed = dict(fixed or {})

    def defaults(self, taken: Sequence[str]) -> list[str]:
        """The fixed integers as parameters."""
        return [f"{name}={number}" for name, number in self.fixed.items() if name not in taken]

    def checks(
        self, texts: Sequence[str], truths: Sequence[bool], every: str = "{}", array: str = "np.array"
    ) -> list[str]:
        """Assertions.

        Args:
            texts: the expressions of the guards' numbers; ``truths``, whether they are truth values.
            every: how the library says that a comparison holds of all numbers; ``{}`` if its comparisons are Python's.
            array: what makes an array of a list there.
        """
        tests = []
        for text, truth, (wanted, exact) in zip(texts, truths, self.guards, strict=True):
            numbers = np.ravel(wanted)
            text = text if truth or exact else f"{wrapped(text)} != 0.0"
            inside = wrapped(text)
            if exact and numbers.size == 1 and numbers[0] != numbers[0]:
                test = every.format(f"{inside} != {inside}")
            elif exact or numbers.any() != numbers.all():
                numbers_text = repr(numbers[0].item()) if numbers.size == 1 else f"{array}({numbers.tolist()})"
                test = every.format(f"{inside} == {numbers_text}")
            elif numbers.all():
                test = every.format(text)
            else:
                test = f"not {inside}" if every == "{}" else every.format(f"~{inside}")
            tests.append(f"assert {test}")
        return [*[f"assert {name} == {number}" for name, number in self.fixed.items()], *dict.fromkeys(tests)]
