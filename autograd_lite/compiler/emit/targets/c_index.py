"""Places in arrays as C expressions: whole numbers times loop variables, kept apart so that they can be added up."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Index", "Reference", "Variable", "flattened", "unflattened"]


class Index:
    """``constant`` + Σ factor · text.

    >>> str(Index(2) + Index.of("i") * 3)
    '3 * i + 2'
    """

    __slots__ = ("constant", "terms")

    def __init__(self, constant: int = 0, terms: tuple[tuple[str, int], ...] = ()) -> None:
        self.constant = constant
        self.terms = terms

    @staticmethod
    def of(text: str) -> Index:
        """A variable, or any expression that is one atom."""
        return Index(0, ((text, 1),))

    def __add__(self, other: Index) -> Index:
        found = dict(self.terms)
        for text, factor in other.terms:
            found[text] = found.get(text, 0) + factor
        return Index(self.constant + other.constant, tuple((t, f) for t, f in found.items() if f))

    def __mul__(self, factor: int) -> Index:
        if factor == 0:
            return Index()
        return Index(self.constant * factor, tuple((text, f * factor) for text, f in self.terms))

    def factor(self, text: str) -> int:
        """What a variable is multiplied by; 0 if it is not in it."""
        return dict(self.terms).get(text, 0)

    def __str__(self) -> str:
        ordered = sorted(self.terms, key=lambda term: term[1] < 0)
        parts = [text if f == 1 else f"-{text}" if f == -1 else f"{f} * {text}" for text, f in ordered]
        if self.constant or not parts:
            front = bool(parts) and self.constant > 0 and parts[0].startswith("-")
            parts.insert(0 if front else len(parts), str(self.constant))
        return " + ".join(parts).replace("+ -", "- ")


class Reference:
    """Where an array's numbers are: ``base[offset + place]``, in row-major order."""

    __slots__ = ("base", "offset")

    def __init__(self, base: str, offset: Index | None = None) -> None:
        self.base = base
        self.offset = offset or Index()

    @property
    def pointer(self) -> str:
        """Where its first number is."""
        return f"{self.base} + {self.offset}" if str(self.offset) != "0" else self.base

    def at(self, place: Index) -> str:
        return f"{self.base}[{self.offset + place}]"


class Variable(Reference):
    """A single number: a name, or any expression that is one atom."""

    __slots__ = ()

    def at(self, place: Index) -> str:
        return self.base


def flattened(place: Sequence[Index], shape: Sequence[int]) -> Index:
    """The place in row-major order of an index for each axis."""
    total = Index()
    for index, n in zip(place, shape):
        total = total * n + index
    return total


def unflattened(place: Index, shape: Sequence[int]) -> list[Index]:
    """An index for each axis of a place in row-major order."""
    result: list[Index] = []
    below = 1
    for n in shape:
        below *= n
    rest = str(place)
    for n in shape:
        below //= n or 1
        if n == 1:
            result.append(Index())
        elif not place.terms:
            result.append(Index(place.constant // below % n))
        else:
            text = f"({rest}) / {below}" if below > 1 else f"({rest})"
            result.append(Index.of(f"({text} % {n})"))
    return result
