"""What a source says about the calls that it stands for: the guards as assertions, fixed integers as defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .texts import wrapped

__all__ = ["Ways"]

#: how a library says that all numbers, or any, of an array are true
_ALL = {"numpy": "np.all({})", "torch": "torch.all({})", "python": "{}"}


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

    def checks(self, texts: Sequence[str], truths: Sequence[bool], library: str, every: str = "") -> list[str]:
        """Assertions.

        Args:
            texts: the expressions of the guards' numbers; ``truths``, whether they are truth values.
            library: "numpy", "jax", "torch" or "python", whose comparisons of two numbers are Python's.
            every: how another library says that a comparison holds in every lane.
        """
        lines = [f"assert {name} == {number}" for name, number in self.fixed.items()]
        texts = [
            text if truth or exact else f"{wrapped(text)} != 0.0"
            for text, truth, (_, exact) in zip(texts, truths, self.guards)
        ]
        tests = [
            _test(text, *guard, library, every or _ALL[library]) for text, guard in zip(texts, self.guards, strict=True)
        ]
        return [
            *lines,
            *[f"# assert {test}" if library == "jax" else f"assert {test}" for test in dict.fromkeys(tests)],
        ]


def _test(text: str, wanted: Any, exact: bool, library: str, every: str) -> str:
    """The condition that a guard's numbers are as recorded."""
    numbers = np.ravel(wanted)
    if exact:
        if numbers.size == 1 and numbers[0] != numbers[0]:
            return every.format(f"{wrapped(text)} != {wrapped(text)}")
        return every.format(f"{wrapped(text)} == {_literal(numbers, library)}")
    if numbers.all():
        return every.format(text)
    if not numbers.any():
        return f"not {wrapped(text)}" if library == "python" else every.format(f"~{wrapped(text)}")
    return every.format(f"{wrapped(text)} == {_literal(numbers, library)}")


def _literal(numbers: Any, library: str) -> str:
    if numbers.size == 1:
        return repr(numbers[0].item())
    return f"{'torch.tensor' if library == 'torch' else 'np.array'}({numbers.tolist()})"
