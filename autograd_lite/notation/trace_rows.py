"""The rows of an evaluation trace, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .symbols import Run, Symbol

__all__ = ["Derivative", "Quotient", "Rows", "Section", "Step", "Term"]


@dataclass(frozen=True, slots=True)
class Quotient:
    """The name of a derivative, ∂of/∂wrt."""

    of: Symbol
    wrt: Symbol

    @property
    def text(self) -> str:
        """Unicode text."""
        return f"∂{self.of.text}/∂{self.wrt.text}"

    @property
    def html(self) -> str:
        """HTML, escaped."""
        return f"∂{self.of.html}/∂{self.wrt.html}"

    @property
    def latex(self) -> str:
        """A fraction."""
        return rf"\frac{{\partial {self.of.latex}}}{{\partial {self.wrt.latex}}}"


@dataclass(frozen=True, slots=True)
class Step:
    """A line ``name = expression = value``, of the forward pass or a local derivative; a leaf has no expression."""

    symbol: Symbol | Quotient
    expression: tuple[Run, ...]
    latex: str
    value: float


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the chain rule: the local derivative (one number for each way) times a derivative known already.

    ``via`` is the quantity between; None where the derivative is direct, with nothing between.
    """

    ways: tuple[float, ...]
    known: float
    via: Symbol | None


@dataclass(frozen=True, slots=True)
class Derivative:
    """A line of a backward pass or a tangent trace: ∂of/∂wrt as a sum of terms (none: the number it starts from)."""

    of: Symbol
    wrt: Symbol
    terms: tuple[Term, ...]
    value: float
    more: int = 0  # terms that are not shown


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its rows; ``skipped`` rows are left out after the first ``head`` ones."""

    title: str
    rows: tuple[Any, ...]
    head: int
    skipped: int


@dataclass(frozen=True, repr=False, eq=False)
class Rows:
    """All rows of a trace: the forward pass, then the derivatives in one section or two; ``notes`` go below."""

    mode: str
    forward: Section
    local: Section | None
    derivatives: tuple[Section, ...]
    digits: int | None
    notes: tuple[str, ...] = ()
