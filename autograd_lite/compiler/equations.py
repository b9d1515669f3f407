"""An array program as equations: LaTeX in a notebook, plain text elsewhere."""

from __future__ import annotations

import re

from .statements import ArrayProgram

__all__ = ["Equations", "equations"]


class Equations:
    """Equations, one per line; ``str`` gives plain text, a notebook shows LaTeX.

    Attributes:
        lines: pairs of left and right sides in LaTeX.
    """

    def __init__(self, lines: list[tuple[str, str]], text: str) -> None:
        self.lines = lines
        self.text = text

    @property
    def latex(self) -> str:
        """One aligned block."""
        rows = " \\\\\n".join(f"{left} &= {right}" for left, right in self.lines)
        return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"

    def __str__(self) -> str:
        return self.text

    def __len__(self) -> int:
        return len(self.lines)

    def __repr__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex}\n$$"


def equations(program: ArrayProgram) -> Equations:
    raise NotImplementedError
